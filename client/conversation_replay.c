#include "client/conversation_inside.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/codec.h"

/*
 * Both chains in the one order in which they were written. Every entry but a
 * reporter's names the head that the other chain had, and the vault takes none
 * that names another: so an entry of the staff chain stands behind the one of
 * the talk chain that it names, and an entry of the talk chain must name the
 * last of the staff chain that comes before it.
 */

struct replaying {
	struct conversation *c;
	const struct policy *fixed; /* NULL: the policy of each day */
	struct life life;
	size_t at;		   /* in c->message */
	const uint8_t *staff_head; /* as far as we are */
};

static void
merge(struct conversation *c)
{
	uint32_t staff = 0;
	size_t n = 0;

	for (uint32_t i = 0; i < c->count[CHAIN_TALK]; i++) {
		c->message[n++] = c->at[CHAIN_TALK][i];
		while (staff < c->count[CHAIN_STAFF] &&
		    c->at[CHAIN_STAFF][staff]->after == i)
			c->message[n++] = c->at[CHAIN_STAFF][staff++];
	}
}

/* --- what authors had seen --- */

static bool
has_link(const struct conversation *c, enum chain chain,
    const uint8_t link[static LINK_LEN])
{
	for (uint32_t i = 0; i < c->count[chain]; i++) {
		if (memcmp(c->at[chain][i]->link, link, LINK_LEN) == 0)
			return true;
	}
	return bytes_all_zero(link, LINK_LEN);
}

/* A reporter has no staff chain to look in. */
static enum refusal
check_seen(const struct replaying *r, const struct conversation_message *m)
{
	const struct conversation *c = r->c;
	size_t chains = c->person == PERSON_REPORTER ? 1 : 2;

	for (size_t k = 0; m->m != NULL && k < m->m->n_seen && k < chains;
	     k++) {
		if (!has_link(c, (enum chain)k, m->m->seen[k]))
			return REFUSAL_SEEN;
	}
	if (chains == 1 || m->author == PERSON_REPORTER ||
	    conversation_chain(m) == CHAIN_STAFF ||
	    memcmp(m->entry.seen, r->staff_head, LINK_LEN) == 0)
		return REFUSAL_NONE;
	return has_link(c, CHAIN_STAFF, m->entry.seen) ? REFUSAL_REORDERED
						       : REFUSAL_SEEN;
}

/* --- who --- */

/* The place in the talk chain that this message comes behind. */
static uint32_t
place_before(const struct conversation_message *m)
{
	return conversation_chain(m) == CHAIN_TALK ? m->seq - 1 : m->after;
}

static enum refusal
check_author(const struct conversation *c, const struct conversation_message *m)
{
	if (m->author == PERSON_REPORTER || m->author == PERSON_INSTANCE)
		return REFUSAL_NONE;
	return standing_at(c, m->author, place_before(m)).is_reader &&
		!is_excluded_at(c, m->author, m->entry.day, place_before(m))
	    ? REFUSAL_NONE
	    : REFUSAL_NOT_A_READER;
}

/* Whoever is to read, and in whose place. */
static enum refusal
check_person(const struct conversation *c, const struct conversation_message *m)
{
	const struct entry *e = &m->entry;
	uint32_t before = place_before(m);

	if ((message_form(e->kind)->params & PARAM_PERSON) == 0)
		return REFUSAL_NONE;
	if (is_excluded_at(c, e->person, e->day, before))
		return REFUSAL_EXCLUDED;
	if (!is_known(c, e->person) ||
	    (e->kind == MESSAGE_HANDOVER &&
		!standing_at(c, e->from, before).is_reader) ||
	    (e->kind == MESSAGE_GRANT &&
		!standing_at(c, e->person, before).is_reader))
		return REFUSAL_MEMBERS;
	return REFUSAL_NONE;
}

static bool
told_fits(const struct policy *p, const struct policy_route *r,
    const struct manifest *m, const struct entry *e)
{
	uint16_t told[POLICY_PEOPLE_MAX];
	size_t n = 0;

	return conversation_told(p, r, m, e->day, told, &n) == ERR_OK &&
	    n == e->n_people &&
	    memcmp(told, e->people, n * sizeof(told[0])) == 0;
}

/* Another route, and who may be told on it. */
static enum refusal
check_route(const struct conversation *c,
    const struct conversation_message *message)
{
	const struct entry *e = &message->entry;
	const struct manifest *m = conversation_manifest(c);
	bool has_route = false;

	if (e->kind != MESSAGE_ROUTE || m == NULL ||
	    policy_on(c, e->day) == NULL)
		return REFUSAL_NONE;
	for (size_t i = 0; i < c->n_known; i++) {
		const struct policy *p = c->known[i].policy;
		const struct policy_route *r = policy_route(p, e->route);

		if (r != NULL && told_fits(p, r, m, e))
			return REFUSAL_NONE;
		has_route = has_route || r != NULL;
	}
	return has_route ? REFUSAL_TOLD : REFUSAL_MEMBERS;
}

/* --- what --- */

static const struct policy *
policy_for(const struct replaying *r, int64_t day)
{
	const struct policy *p = policy_on(r->c, day);

	if (r->fixed != NULL)
		return r->fixed;
	return p != NULL ? p : r->c->known[0].policy;
}

/* That no answer came, the server says when the time for it is over by each
 * policy that it may have gone by; a day lies between two clocks. */
static bool
is_too_soon(const struct replaying *r, const struct entry *e)
{
	int64_t asked = r->life.since[SINCE_ASKED] / DAY_SECONDS;
	const struct policy *p[2];
	size_t n = 0, soon = 0;

	if ((e->kind == MESSAGE_NOTICE && e->code == NOTICE_SILENT) ||
	    (e->kind == MESSAGE_EVENT && e->code == NOTICE_UNANSWERED))
		n = policies_of(r->c, e->day, p);
	for (size_t i = 0; i < n; i++) {
		unsigned days = p[i]->limits.close_after_days;

		soon += days == 0 || e->day + 1 < asked + days;
	}
	return n > 0 && soon == n;
}

static enum refusal
check_life(struct replaying *r, struct conversation_message *m)
{
	struct conversation *c = r->c;
	const struct entry *e = &m->entry;
	uint32_t before = place_before(m);
	bool is_staff = message_form(m->kind)->author == AUTHOR_STAFF;
	unsigned parts = is_staff && !is_let_in(c, m->author, r->at, before)
	    ? 0
	    : parts_at(c, m->author, before);
	enum life_refusal why = life_may(&r->life, e, parts);

	if (why == LIFE_OK && is_too_soon(r, e))
		why = LIFE_NOT_NOW;
	if (why != LIFE_OK) {
		c->refused.why = why;
		c->refused.state = r->life.state;
		return REFUSAL_NOT_ALLOWED;
	}
	life_apply(&r->life, policy_for(r, e->day), NULL, e,
	    e->day * DAY_SECONDS);
	m->state = r->life.state;
	return REFUSAL_NONE;
}

static enum refusal
replay_one(struct replaying *r, struct conversation_message *m)
{
	enum refusal refusal = check_seen(r, m);

	if (m->kind == MESSAGE_CONCERN || refusal != REFUSAL_NONE)
		return refusal;
	refusal = check_author(r->c, m);
	if (refusal == REFUSAL_NONE)
		refusal = check_person(r->c, m);
	if (refusal == REFUSAL_NONE)
		refusal = check_route(r->c, m);
	if (refusal == REFUSAL_NONE && r->c->person != PERSON_REPORTER)
		refusal = check_life(r, m);
	if (conversation_chain(m) == CHAIN_STAFF)
		r->staff_head = m->link;
	return refusal;
}

static enum refusal
run(struct conversation *c, const struct policy *fixed, size_t *ret_at)
{
	static const uint8_t none[LINK_LEN];
	struct replaying r = { .c = c, .fixed = fixed, .staff_head = none };
	enum refusal refusal = REFUSAL_NONE;

	life_begin(&r.life, c->band, policy_for(&r, c->filed)->serial,
	    c->filed * DAY_SECONDS);
	for (size_t i = 0; refusal == REFUSAL_NONE && i < c->n_messages; i++) {
		r.at = i;
		refusal = replay_one(&r, c->message[i]);
		if (refusal != REFUSAL_NONE)
			*ret_at = i;
	}
	if (refusal == REFUSAL_NONE)
		c->life = r.life;
	return refusal;
}

/* --- what has come of it --- */

static uint32_t
since_of(const struct conversation *c, uint16_t person)
{
	uint32_t since = 0;

	for (uint32_t i = 1; i < c->count[CHAIN_TALK]; i++) {
		const struct entry *e = &c->at[CHAIN_TALK][i]->entry;
		bool is_named = (e->kind == MESSAGE_ASSIGN ||
				    e->kind == MESSAGE_HANDOVER) &&
		    e->person == person;
		bool is_first = since == 0 && e->kind == MESSAGE_ROUTE &&
		    !standing_at(c, person, i - 1).is_reader &&
		    standing_at(c, person, i).is_reader;

		if (is_named || is_first)
			since = i;
	}
	return since;
}

/* By the current policy; whoever has left it is none. */
static void
set_members(struct conversation *c)
{
	const struct policy *p = c->known[0].policy;
	const struct policy_route *r = policy_route(p, c->route);
	const struct manifest *m = conversation_manifest(c);
	struct member_change change[MEMBER_CHANGES_MAX];
	struct member member[MEMBERS_MAX];
	size_t n = 0,
	       n_changes =
		   conversation_changes(c, c->count[CHAIN_TALK], change);

	c->n_members = 0;
	c->now_on = c->route;
	if (r != NULL && (r = members_route(p, r, change, n_changes)) != NULL)
		c->now_on = r->number;
	if (m == NULL ||
	    readers_on(c, p, m, change, n_changes, c->today, member, &n) !=
		ERR_OK)
		return;
	for (size_t i = 0; i < n; i++)
		c->member[c->n_members++] =
		    (struct conversation_member){ .person = member[i].person,
			    .rung = member[i].rung,
			    .since = since_of(c, member[i].person) };
}

/* Whether one person could close a case, say, is in the policy of the moment,
 * and an entry names only its day: any policy that is known may be the one. */
enum refusal
replay(struct conversation *c, size_t *ret_at)
{
	enum refusal refusal;
	size_t at = 0;

	merge(c);
	refusal = run(c, NULL, ret_at);
	for (size_t i = 0; refusal == REFUSAL_NOT_ALLOWED && i < c->n_known;
	     i++) {
		struct conversation_refused first = c->refused;

		if (run(c, c->known[i].policy, &at) == REFUSAL_NONE) {
			refusal = REFUSAL_NONE;
			first.why = LIFE_OK;
		}
		c->refused = first;
	}
	if (refusal == REFUSAL_NONE)
		set_members(c);
	return refusal;
}

/* --- envelopes --- */

/* Where what we have begins to be ours. */
struct given {
	/* whose digest it is; NULL: none */
	const struct conversation_message *m;
	size_t at;     /* in c->message: nothing before it is due besides */
	bool is_named; /* behind it, by an entry that gave nothing */
};

/* The last entry that gave us what we lacked, since we last left. One that
 * names the digest of nothing takes nothing from what an earlier one says. */
static struct given
last_given(const struct conversation *c)
{
	struct given g = { 0 };

	for (size_t i = 0; c->person != PERSON_REPORTER && i < c->n_messages;
	     i++) {
		const struct entry *e = &c->message[i]->entry;

		if (conversation_leaves(e, c->person))
			g = (struct given){ .at = i };
		if ((message_form(e->kind)->params & PARAM_GRANTS) == 0 ||
		    e->person != c->person)
			continue;
		if (grants_are_none(e->grants))
			g.is_named = true;
		else
			g = (struct given){ .m = c->message[i], .at = i };
	}
	return g;
}

static enum err
add_grants(const struct conversation *c, enum chain chain, uint32_t end,
    struct grant *grant, size_t *n)
{
	enum err err = ERR_OK;

	for (uint32_t i = 0; err == ERR_OK && i < end; i++) {
		const struct buf *x = &c->at[chain][i]->envelope;

		if (x->n == 0)
			continue;
		grant[*n].chain = chain;
		grant[*n].seq = i;
		err = sha256(buf_bytes(x), grant[(*n)++].envelope);
	}
	return err;
}

/* How many entries of the staff chain come before this one of the talk. */
static uint32_t
staff_before(const struct conversation *c, uint32_t seq)
{
	uint32_t n = 0;

	while (n < c->count[CHAIN_STAFF] && c->at[CHAIN_STAFF][n]->after < seq)
		n++;
	return n;
}

static enum refusal
check_grant(const struct conversation *c, const struct conversation_message *m)
{
	struct grant *grant = calloc(CONVERSATION_MESSAGES_MAX, sizeof(*grant));
	uint8_t digest[SHA256_LEN];
	size_t n = 0;
	enum err err = grant != NULL ? ERR_OK : ERR_NOMEM;

	if (err == ERR_OK)
		err = add_grants(c, CHAIN_TALK, m->seq, grant, &n);
	if (err == ERR_OK)
		err = add_grants(c, CHAIN_STAFF, staff_before(c, m->seq), grant,
		    &n);
	if (err == ERR_OK)
		err = grants_digest(grant, n, digest);
	free(grant);
	if (err != ERR_OK)
		return REFUSAL_FAILED;
	return memcmp(digest, m->entry.grants, SHA256_LEN) == 0
	    ? REFUSAL_NONE
	    : REFUSAL_ENVELOPE;
}

static bool
is_listed(const struct conversation *c, const struct policy *p,
    const struct conversation_message *m, int64_t day)
{
	const struct manifest *any = conversation_manifest(c);
	struct member_change change[MEMBER_CHANGES_MAX];
	struct member member[MEMBERS_MAX];
	size_t n_changes = changes_at(c, &m->entry, m->after, change);
	size_t n = 0;

	if (any == NULL ||
	    readers_on(c, p, any, change, n_changes, day, member, &n) != ERR_OK)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (member[i].person == c->person)
			return true;
	}
	return false;
}

/* It was sealed to us, by whichever policy it was: so we were to have it. */
static bool
is_due(const struct conversation *c, const struct conversation_message *m)
{
	const struct policy *p[2] = { NULL, NULL };
	bool is_concern = m->kind == MESSAGE_CONCERN;
	int64_t day = is_concern ? c->filed : m->entry.day;
	size_t n = policies_of(c, day, p);

	if (is_concern && preamble_names(c, c->person))
		return true;
	for (size_t i = 0; i < n; i++) {
		if (!is_listed(c, p[i], m, day))
			return false;
	}
	return n > 0;
}

/* Some message was sealed to us by its author. */
static bool
is_addressed(const struct conversation *c)
{
	for (size_t i = 0; i < c->n_messages; i++) {
		if (c->message[i]->is_readable && !c->message[i]->is_granted)
			return true;
	}
	return false;
}

/* Whoever is new in the policy, or given the case and nothing of before, gets
 * what is written from then on. */
static enum refusal
check_envelope(const struct conversation *c, const struct given *g,
    const struct conversation_message *m)
{
	if (m->envelope.n > 0)
		return m->is_granted ? REFUSAL_ENVELOPE : REFUSAL_NONE;
	if (m->has_content && is_due(c, m))
		return REFUSAL_ENVELOPE;
	return m->kind == MESSAGE_CONCERN && !g->is_named && !is_addressed(c)
	    ? REFUSAL_NO_CONCERN
	    : REFUSAL_NONE;
}

/* One that we were to have and have not: the server may keep it from us, or its
 * author made none. It is said, and the others are read. */
static bool
is_left_out(const struct given *g, const struct conversation_message *m,
    enum refusal refusal)
{
	return refusal == REFUSAL_ENVELOPE && m->envelope.n == 0 &&
	    (m->kind != MESSAGE_CONCERN || g->is_named);
}

/* The digest covers all that we have of before; what comes behind is for us
 * because we are on the list. */
enum refusal
envelopes_check(const struct conversation *c, size_t *ret_at)
{
	const struct given g = last_given(c);
	enum refusal refusal = g.m != NULL ? check_grant(c, g.m) : REFUSAL_NONE;

	if (refusal != REFUSAL_NONE)
		*ret_at = g.at;
	for (size_t i = g.at; refusal == REFUSAL_NONE && i < c->n_messages;
	     i++) {
		refusal = check_envelope(c, &g, c->message[i]);
		if (is_left_out(&g, c->message[i], refusal)) {
			c->message[i]->failure = refusal;
			refusal = REFUSAL_NONE;
		}
		*ret_at = i;
	}
	return refusal;
}
