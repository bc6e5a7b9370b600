#include "tests/daemon/vault_play.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/error_table.h"
#include "policy/route.h"

const struct world_org trust = {
	.name = "Northshire Ambulance Service (fictional)",
	.policy = POLICY_DIR "/policy.yaml",
	.more_people = "",
	.n = 25,
	.slugs = { NULL, "lead-guardian", "deputy-guardian", "guardian-east",
	    "guardian-west", "investigator-clinical", "investigator-conduct",
	    "investigator-operations", "people-director", "chief-executive",
	    "ned-lead", "senior-independent-director", "chair",
	    "finance-director", "nursing-director", "operations-director",
	    "safeguarding-lead", "patient-safety-lead", "hr-partner",
	    "counter-fraud-specialist", NULL, NULL, NULL, "partner-guardian",
	    NULL },
};

/* Whoever is not away signs in at least so often. */
#define VISIT_SECONDS (7 * DAY_SECONDS)

/* --- people --- */

const char *
play_slug(const struct play *y, uint16_t person)
{
	if (person == PERSON_REPORTER)
		return "reporter";
	return policy_person(y->w->policy, person)->slug;
}

bool
play_is_away(const struct play *y, uint16_t person)
{
	for (size_t i = 0; i < y->script->n_away; i++)
		if (y->script->away[i] == person)
			return true;
	return y->w->org->slugs[person] == NULL;
}

static void
everybody_signs_in(struct play *y)
{
	for (uint16_t i = 1; i < y->w->org->n; i++)
		if (!play_is_away(y, i))
			assert_int_equal(ANSWER_OK, login(y->w, i));
}

/* --- members, as every client computes them --- */

static enum err
members_now(const struct play *y, uint16_t *to, size_t *ret_n)
{
	struct member m[MEMBERS_MAX];
	enum err e = members_after(y->w->policy, y->began, y->r.exclude,
	    y->r.n_exclude, y->change, y->n_changes, y->w->now / DAY_SECONDS, m,
	    MEMBERS_MAX, ret_n);

	for (size_t i = 0; e == ERR_OK && i < *ret_n; i++)
		to[i] = m[i].person;
	return e;
}

static bool
is_left_out(const struct play *y, uint16_t person)
{
	uint16_t out[POLICY_PEOPLE_MAX];
	size_t n = 0;

	assert_int_equal(ERR_OK,
	    exclusions_close(y->w->policy, y->began, y->r.exclude,
		y->r.n_exclude, out, POLICY_PEOPLE_MAX, &n));
	for (size_t i = 0; i < n; i++)
		if (out[i] == person)
			return true;
	return false;
}

/* --- envelopes --- */

static void
note_made(struct play *y, const struct draft *d, enum chain chain, uint32_t seq)
{
	for (size_t i = 0; i < d->content.n_to; i++) {
		struct made *m = &y->made[y->n_made++];

		assert_true(y->n_made < MADE_MAX);
		m->person = d->content.to[i].person;
		m->grant.chain = chain;
		m->grant.seq = seq;
		assert_int_equal(ERR_OK,
		    sha256(d->content.to[i].envelope, m->grant.envelope));
	}
}

/* Those that authors made for somebody; where there are none, the author of
 * this entry makes them of the whole history. */
static void
grant_history(struct play *y, struct entry *e)
{
	static struct sent sent;

	sent.n = 0;
	for (int chain = 0; chain < 2; chain++)
		for (size_t i = 0; i < y->n_made; i++)
			if (y->made[i].person == e->person &&
			    (int)y->made[i].grant.chain == chain)
				sent.at[sent.n++] = y->made[i].grant;
	if (sent.n == 0)
		assert_int_equal(ANSWER_OK,
		    send_ahead(y->w, &y->r, e->author, e->person, SIZE_MAX,
			true, &sent));
	sent_digest(&sent, e->grants);
}

/* --- the concern --- */

static int
compare_people(const void *a, const void *b)
{
	return *(const uint16_t *)a - *(const uint16_t *)b;
}

static void
find_told(struct play *y)
{
	struct member m[BUNDLE_TELL_MAX];
	struct reporter *r = &y->r;

	assert_int_equal(ERR_OK,
	    members_told(y->w->policy, y->began, r->exclude, r->n_exclude,
		y->w->now / DAY_SECONDS, m, BUNDLE_TELL_MAX, &r->n_tell));
	for (size_t i = 0; i < r->n_tell; i++)
		r->tell[i] = m[i].person;
	qsort(r->tell, r->n_tell, sizeof(r->tell[0]), compare_people);
}

static void
concern_sealed(struct play *y)
{
	CLEAN_DRAFT struct draft d = { 0 };
	const struct script *s = y->script;
	const struct route_choice choice =
	    route_pick_masks(y->w->policy, s->answered, s->marked, s->n_marked);
	uint16_t to[MEMBERS_MAX];
	size_t n;

	reporter_new(&y->r, 1);
	y->r.route = choice.route;
	y->r.band = choice.band;
	y->r.n_exclude = s->n_marked;
	memcpy(y->r.exclude, s->marked, sizeof(y->r.exclude));
	y->began = y->route = policy_route(y->w->policy, choice.route);
	find_told(y);
	assert_int_equal(ERR_OK, members_now(y, to, &n));
	draft_concern(y->w, &y->r, to, n, &d);
	assert_int_equal(ANSWER_OK, world_request(y->w, &d.request));
	assert_proof(y->w, &y->r, MESSAGE_CONCERN, d.link);
	note_made(y, &d, CHAIN_TALK, 0);
}

/* What `age -R` makes of the plain route's first people. */
static void
concern_plain(struct play *y)
{
	const struct bytes label = BYTES_LIT("speakup plain case v1");
	CLEAN_BUF struct buf file = BUF_INIT(BUNDLE_TEXT_LEN);
	const struct policy *p = y->w->policy;
	const uint16_t number = (uint16_t)p->plain_route;
	static struct age_recipient to[POLICY_WHO_MAX];
	uint8_t hash[SHA256_LEN];

	y->began = y->route = policy_route(p, number);
	for (size_t i = 0; i < y->began->n_first; i++)
		to[i] = y->w->person[y->began->first[i]].key;
	assert_int_equal(ERR_OK,
	    age_seal(&y->w->env, to, y->began->n_first,
		BYTES_LIT("The lift is broken.\n"), &file));
	assert_int_equal(ANSWER_OK,
	    world_ask(y->w, WIRE_PLAIN, buf_bytes(&file)));
	assert_int_equal(ERR_OK,
	    sha256_parts((const struct bytes[]){ label, buf_bytes(&file) }, 2,
		hash));
	memset(&y->r, 0, sizeof(y->r));
	memcpy(y->r.keys.case_id, hash, CASE_ID_LEN);
	y->r.route = number;
	y->r.band = p->plain_band;
}

void
play_begin(struct play *y, struct world *w, const struct script *s,
    bool is_plain)
{
	memset(y, 0, sizeof(*y));
	y->w = w;
	y->script = s;
	y->is_plain = is_plain;
	y->out.max = 1 << 16;
	w->now = s->filed;
	everybody_signs_in(y);
	if (is_plain)
		concern_plain(y);
	else
		concern_sealed(y);
	reporter_sync(w, &y->r);
	sight_take(y);
}

void
play_end(struct play *y)
{
	buf_free(&y->out);
}

/* --- actions --- */

static void
refused(struct play *y, const struct entry *e, const char *by, const char *why)
{
	sight_time(y);
	buf_printf(&y->out, "refused by the %s: %s by %s: %s\n", by,
	    message_kind_name(e->kind), play_slug(y, e->author), why);
}

/* Whom the client would seal to, after the entry's own changes; false: it
 * refuses. */
static bool
client_allows(struct play *y, const struct entry *e, uint16_t *to, size_t *n)
{
	y->n_changes += member_changes_of(e, &y->change[y->n_changes]);
	if (e->person == 0 || !is_left_out(y, e->person))
		return members_now(y, to, n) == ERR_OK;
	return false;
}

static void
complete(struct play *y, struct entry *e)
{
	const unsigned params = message_form(e->kind)->params;
	struct life l;

	stage_life(y->w, &y->r, &l);
	if (params & PARAM_ABOUT)
		e->about = e->kind == MESSAGE_CONSENT ? l.asked : l.pending;
	if (params & PARAM_GRANTS)
		grant_history(y, e);
}

static void
send_entry(struct play *y, struct entry *e, const uint16_t *to, size_t n,
    size_t changes_before)
{
	const bool speaks = entry_has_content(e);
	const enum chain chain = message_kind_chain(e->kind);
	CLEAN_DRAFT struct draft d = { 0 };
	enum answer a;

	complete(y, e);
	draft_entry(y->w, &y->r, e, to, speaks ? n : 0, &d);
	a = world_request(y->w, &d.request);
	if (a != ANSWER_OK) {
		y->n_changes = changes_before;
		refused(y, e, "vault", error_of_answer(a)->code);
		return;
	}
	assert_proof(y->w, &y->r, e->kind, d.link);
	note_made(y, &d, chain, chain == CHAIN_TALK ? y->r.talk : y->r.staff);
	if (e->kind == MESSAGE_ROUTE)
		y->route = policy_route(y->w->policy, e->route);
	reporter_sync(y->w, &y->r);
}

/* What a reporter does is kept by its day, whatever the hour. */
static void
must_keep_days_only(struct play *y, const struct life *before)
{
	struct life l;

	stage_life(y->w, &y->r, &l);
	for (int i = 0; i < LIFE_CLOCKS; i++)
		if (l.since[i] != before->since[i])
			assert_int_equal(0, l.since[i] % DAY_SECONDS);
}

static void
act(struct play *y, const struct script_action *a)
{
	const size_t before = y->n_changes;
	struct life life;
	struct entry e = a->entry;
	uint16_t to[MEMBERS_MAX];
	size_t n = 0;

	if (e.author != PERSON_REPORTER)
		assert_int_equal(ANSWER_OK, login(y->w, e.author));
	stage_life(y->w, &y->r, &life);
	if (client_allows(y, &e, to, &n)) {
		send_entry(y, &e, to, n, before);
	} else {
		y->n_changes = before;
		refused(y, &e, "client", "the reporter left them out");
	}
	if (e.author == PERSON_REPORTER)
		must_keep_days_only(y, &life);
	sight_take(y);
}

/* --- time --- */

/* The earlier of two; 0 is never. */
static int64_t
earlier(int64_t a, int64_t b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

static void
tick(struct play *y)
{
	while (vault_tick(y->w->vault))
		;
	reporter_sync(y->w, &y->r);
	sight_take(y);
}

/* When there is something to look at: an action, or the vault's own clock,
 * which the written timeline judges. 0: nothing ever. */
static int64_t
next_time(const struct play *y, size_t i)
{
	const struct script *s = y->script;
	const int64_t action = i < s->n_actions ? s->action[i].at : 0;
	const int64_t next =
	    earlier(action, store_next_due(y->w->vault->store));

	return s->until != 0 && next > s->until ? 0 : next;
}

void
play_run(struct play *y)
{
	const struct script *s = y->script;
	int64_t visit = s->filed, next;
	size_t i = 0;

	while ((next = next_time(y, i)) != 0) {
		for (; visit <= next; visit += VISIT_SECONDS) {
			if (visit < y->w->now)
				continue;
			y->w->now = visit;
			everybody_signs_in(y);
		}
		assert_true(next >= y->w->now);
		y->w->now = next;
		for (; i < s->n_actions && s->action[i].at == next; i++)
			act(y, &s->action[i]);
		tick(y);
	}
}
