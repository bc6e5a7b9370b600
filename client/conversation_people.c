#include "client/conversation_inside.h"

#include <string.h>

#include "crypto/codec.h"

/* Who may read a case, and what they are to it: from the policy, the people
 * whom the reporter left out, and what the entries of the talk chain say. */

/* --- policies --- */

const struct policy *
policy_of(const struct conversation *c, const uint8_t hash[static SHA256_LEN])
{
	for (size_t i = 0; i < c->n_known; i++) {
		if (memcmp(c->known[i].hash, hash, SHA256_LEN) == 0)
			return c->known[i].policy;
	}
	return NULL;
}

const struct policy *
policy_on(const struct conversation *c, int64_t day)
{
	const struct policy *best = NULL;

	for (size_t i = 0; i < c->n_known; i++) {
		const struct policy *p = c->known[i].policy;

		if (p->issued / DAY_SECONDS <= day &&
		    (best == NULL || p->serial > best->serial))
			best = p;
	}
	return best;
}

/* The one that followed p was seen here as well, or there is none. */
static bool
is_followed(const struct conversation *c, const struct policy *p)
{
	const struct policy *next = NULL;

	for (size_t i = 0; i < c->n_known; i++) {
		const struct policy *q = c->known[i].policy;

		if (q->serial > p->serial &&
		    (next == NULL || q->serial < next->serial))
			next = q;
	}
	return next == NULL || next->serial == p->serial + 1;
}

size_t
policies_of(const struct conversation *c, int64_t day,
    const struct policy *out[static 2])
{
	const struct policy *now = policy_on(c, day);
	const struct policy *before = policy_on(c, day - 1);

	if (now == NULL || !is_followed(c, now) ||
	    (before == NULL && !bytes_all_zero(now->previous, SHA256_LEN)) ||
	    (before != NULL && !is_followed(c, before)))
		return 0;
	out[0] = now;
	out[1] = before;
	return before == NULL || before == now ? 1 : 2;
}

/* --- left out --- */

const struct manifest *
conversation_manifest(const struct conversation *c)
{
	for (size_t i = 0; i < c->n_messages; i++) {
		if (c->message[i]->m != NULL)
			return c->message[i]->m;
	}
	return NULL;
}

static bool
is_in(const uint16_t *list, size_t n, uint16_t person)
{
	for (size_t i = 0; i < n; i++) {
		if (list[i] == person)
			return true;
	}
	return false;
}

static bool
is_in_line(const struct policy *p, unsigned route, const struct manifest *m,
    uint16_t person)
{
	uint16_t out[POLICY_PEOPLE_MAX];
	const struct policy_route *r = policy_route(p, route);
	size_t n = 0;

	return r != NULL &&
	    exclusions_close(p, r, m->exclude, m->n_exclude, out,
		POLICY_PEOPLE_MAX, &n) == ERR_OK &&
	    is_in(out, n, person);
}

/* By this policy somebody marked is over them, and a route that the case has
 * taken counts that. */
static bool
is_under(const struct conversation *c, const struct policy *p,
    const struct manifest *m, uint16_t person, uint32_t seq)
{
	if (is_in_line(p, c->route, m, person))
		return true;
	for (uint32_t i = 1; i <= seq; i++) {
		const struct entry *e = &c->at[CHAIN_TALK][i]->entry;

		if (e->kind == MESSAGE_ROUTE &&
		    is_in_line(p, e->route, m, person))
			return true;
	}
	return false;
}

/* Who reports to whom changes with a policy, and on the day of the change both
 * are right. */
bool
is_excluded_at(const struct conversation *c, uint16_t person, int64_t day,
    uint32_t seq)
{
	const struct manifest *m = conversation_manifest(c);
	const struct policy *now = policy_on(c, day);
	const struct policy *before = policy_on(c, day - 1);

	if (m == NULL)
		return false;
	if (is_in(m->exclude, m->n_exclude, person))
		return true;
	return now != NULL && is_under(c, now, m, person, seq) &&
	    (before == NULL || is_under(c, before, m, person, seq));
}

bool
conversation_is_excluded(const struct conversation *c, uint16_t person,
    int64_t day)
{
	return is_excluded_at(c, person, day, c->count[CHAIN_TALK] - 1);
}

/* --- changes --- */

static size_t
add_changes(const struct entry *e, struct member_change *out, size_t n)
{
	return n + 2 <= MEMBER_CHANGES_MAX ? n + member_changes_of(e, out + n)
					   : n;
}

size_t
conversation_changes(const struct conversation *c, uint32_t seq,
    struct member_change out[static MEMBER_CHANGES_MAX])
{
	size_t n = 0;

	for (uint32_t i = 1; i <= seq && i < c->count[CHAIN_TALK]; i++)
		n = add_changes(&c->at[CHAIN_TALK][i]->entry, out, n);
	return n;
}

size_t
changes_at(const struct conversation *c, const struct entry *e, uint32_t after,
    struct member_change out[static MEMBER_CHANGES_MAX])
{
	if (e->kind == MESSAGE_CONCERN)
		return 0;
	if (message_kind_chain(e->kind) == CHAIN_STAFF)
		return conversation_changes(c, after, out);
	return add_changes(e, out, conversation_changes(c, e->seq - 1, out));
}

/* --- readers --- */

/* Asks of the route that the case began on, and of each that it took since, by
 * every policy that is known. */
typedef bool route_has(const struct policy *p, unsigned route, unsigned rung,
    uint16_t person);

static bool
any_route(const struct conversation *c, route_has *has, unsigned rung,
    uint16_t person, uint32_t seq)
{
	for (size_t i = 0; i < c->n_known; i++) {
		const struct policy *p = c->known[i].policy;

		if (has(p, c->route, rung, person))
			return true;
		for (uint32_t k = 1; k <= seq; k++) {
			const struct entry *e = &c->at[CHAIN_TALK][k]->entry;

			if (e->kind == MESSAGE_ROUTE &&
			    has(p, e->route, rung, person))
				return true;
		}
	}
	return false;
}

static bool
is_anywhere(const struct policy *p, unsigned route, unsigned rung,
    uint16_t person)
{
	const struct policy_route *r = policy_route(p, route);

	(void)rung;
	for (unsigned k = 0; r != NULL && k <= r->n_rungs; k++) {
		if ((k == 0 || r->rungs[k - 1].verb == VERB_JOIN) &&
		    members_rung_has(r, k, person))
			return true;
	}
	return false;
}

static bool
is_on_rung(const struct policy *p, unsigned route, unsigned rung,
    uint16_t person)
{
	const struct policy_route *r = policy_route(p, route);

	return r != NULL && members_rung_has(r, rung, person);
}

/* A join rung was reached that they are on. */
static bool
has_joined(const struct conversation *c, const struct entry *e, uint16_t person,
    uint32_t seq)
{
	return e->kind == MESSAGE_EVENT && e->code == NOTICE_JOINED &&
	    (is_in(e->people, e->n_people, person) ||
		any_route(c, is_on_rung, e->number, person, seq));
}

static bool
has_come(const struct conversation *c, const struct entry *e, uint16_t person,
    uint32_t seq)
{
	return (message_form(e->kind)->params & PARAM_GRANTS) != 0
	    ? e->person == person
	    : has_joined(c, e, person, seq);
}

/* Whether a route gives them the case, whatever somebody else did. */
static bool
is_called(const struct conversation *c, uint16_t person, uint32_t seq)
{
	if (any_route(c, is_on_rung, 0, person, seq))
		return true;
	for (uint32_t i = 0; i < c->count[CHAIN_STAFF]; i++) {
		const struct conversation_message *m = c->at[CHAIN_STAFF][i];

		if (m->after <= seq && has_joined(c, &m->entry, person, seq))
			return true;
	}
	return false;
}

bool
is_let_in(const struct conversation *c, uint16_t person, size_t end,
    uint32_t seq)
{
	const struct policy *p[2];

	if (any_route(c, is_on_rung, 0, person, seq))
		return true;
	for (size_t i = 0; i < end; i++) {
		if (has_come(c, &c->message[i]->entry, person, seq))
			return true;
	}
	/* by a policy that is not known, perhaps */
	return policies_of(c, c->message[end]->entry.day, p) == 0;
}

/* By a policy that is not known any more: a message up to there was sealed to
 * them by somebody who could read the case. */
static bool
was_addressed(const struct conversation *c, uint16_t person, uint32_t seq)
{
	for (uint32_t i = 0; i <= seq; i++) {
		const struct manifest *m = c->at[CHAIN_TALK][i]->m;

		for (size_t k = 0; m != NULL && k < m->n_to; k++) {
			if (m->to[k].person == person)
				return true;
		}
	}
	return false;
}

bool
conversation_leaves(const struct entry *e, uint16_t person)
{
	return (e->kind == MESSAGE_RECUSE && e->author == person) ||
	    (e->kind == MESSAGE_HANDOVER && e->from == person);
}

/* The last entry about them decides; whoever took a place is what the other
 * was. */
struct standing
standing_at(const struct conversation *c, uint16_t person, uint32_t seq)
{
	for (uint32_t i = seq; i >= 1; i--) {
		const struct entry *e = &c->at[CHAIN_TALK][i]->entry;

		if (e->kind == MESSAGE_ASSIGN && e->person == person)
			return (struct standing){ true, true };
		if (conversation_leaves(e, person))
			return (struct standing){ false, false };
		if (e->kind == MESSAGE_HANDOVER && e->person == person) {
			person = e->from;
			seq = i - 1;
		}
	}
	return (struct standing){ .is_reader = any_route(c, is_anywhere, 0,
						   person, seq) ||
		    was_addressed(c, person, seq) };
}

/* What somebody was by any policy that is known: their role may be another
 * by now. Nobody is less for being given what their route gives them too. */
unsigned
parts_at(const struct conversation *c, uint16_t person, uint32_t seq)
{
	struct standing s;
	unsigned parts = 0;
	bool is_both;

	if (person == PERSON_REPORTER)
		return PART_REPORTER;
	if (person == PERSON_INSTANCE)
		return PART_INSTANCE;
	s = standing_at(c, person, seq);
	is_both = s.is_given && is_called(c, person, seq);
	for (size_t i = 0; s.is_reader && i < c->n_known; i++) {
		const struct policy_person *p =
		    policy_person(c->known[i].policy, person);

		parts |= life_parts(p, s.is_given);
		if (is_both)
			parts |= life_parts(p, false);
	}
	return parts;
}

unsigned
conversation_parts(const struct conversation *c, uint16_t person)
{
	return conversation_is_excluded(c, person, c->today)
	    ? 0
	    : parts_at(c, person, c->count[CHAIN_TALK] - 1);
}

/* Who is on no route that is known came by a policy that is not. */
bool
conversation_reads_now(const struct conversation *c, uint16_t person)
{
	uint32_t seq = c->count[CHAIN_TALK] - 1;

	if (conversation_parts(c, person) == 0)
		return false;
	for (size_t i = 0; i < c->n_messages; i++) {
		if (has_come(c, &c->message[i]->entry, person, seq))
			return true;
	}
	return any_route(c, is_on_rung, 0, person, seq) ||
	    !any_route(c, is_anywhere, 0, person, seq);
}

bool
is_known(const struct conversation *c, uint16_t person)
{
	for (size_t i = 0; i < c->n_known; i++) {
		if (policy_person(c->known[i].policy, person) != NULL)
			return true;
	}
	return false;
}

/* --- lists --- */

enum err
readers_on(const struct conversation *c, const struct policy *p,
    const struct manifest *m, const struct member_change *change,
    size_t n_changes, int64_t day, struct member out[static MEMBERS_MAX],
    size_t *ret_n)
{
	const struct policy_route *r = policy_route(p, c->route);

	return r == NULL ? ERR_NOT_FOUND
			 : members_after(p, r, m->exclude, m->n_exclude, change,
			       n_changes, day, out, MEMBERS_MAX, ret_n);
}

enum err
conversation_told(const struct policy *p, const struct policy_route *r,
    const struct manifest *m, int64_t day,
    uint16_t out[static POLICY_PEOPLE_MAX], size_t *ret_n)
{
	struct member told[POLICY_PEOPLE_MAX];
	size_t n = 0;
	enum err err = members_told(p, r, m->exclude, m->n_exclude, day, told,
	    POLICY_PEOPLE_MAX, &n);

	for (size_t i = 0; err == ERR_OK && i < n; i++) {
		size_t k = i;

		for (; k > 0 && out[k - 1] > told[i].person; k--)
			out[k] = out[k - 1];
		out[k] = told[i].person;
	}
	if (err == ERR_OK)
		*ret_n = n;
	return err;
}
