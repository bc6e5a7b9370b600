#include "daemon/vault_clock.h"

#include <string.h>

#include "daemon/vault_event.h"
#include "daemon/vault_state.h"

#define CASES_AT_ONCE 64
/* In one case in one turn; what is left is due again at once. */
#define STEPS_AT_ONCE 64
#define POSTPONE_SECONDS 3600

/* --- marks --- */

/* A case whose route is gone from the policy has no ladder; its deadlines, and
 * what the reporter is told, go on. */
static const struct policy_route *
route_of(const struct vault *v, const struct store_case *c)
{
	static const struct policy_route none;
	const struct policy_route *r = policy_route(v->now.policy, c->route);

	return r == NULL ? &none : r;
}

void
life_to_marks(const struct vault *v, const struct store_case *c,
    const struct life *l, struct store_marks *m)
{
	enum policy_deadline which;
	int64_t deadline = 0;

	if (!clock_deadline(v->now.policy, l, &which, &deadline))
		deadline = 0;
	*m = (struct store_marks){
		.band = l->band,
		.closed = !life_is_open(l),
		.breached = (l->flags & CASE_IS_BREACHED) != 0,
		.deadline = deadline,
		.due = clock_due(v->now.policy, route_of(v, c), l),
	};
	life_put(l, m->life);
}

static bool
marks_equal(const struct store_marks *a, const struct store_marks *b)
{
	return a->band == b->band && a->closed == b->closed &&
	    a->breached == b->breached && a->deadline == b->deadline &&
	    a->due == b->due && memcmp(a->life, b->life, sizeof(a->life)) == 0;
}

/* --- rungs --- */

/* Whom of a case's readers a rung reaches. */
static bool
is_reached(const struct vault *v, const struct policy_rung *rung,
    const struct store_reader *r)
{
	const uint8_t needs =
	    rung->verb == VERB_JOIN ? READER_MEMBER : READER_TELL;
	const struct policy_person *who =
	    policy_person(v->now.policy, r->person);

	if ((r->access & needs) == 0 || who == NULL ||
	    !policy_person_is_current(who, vault_day(v)))
		return false;
	for (size_t i = 0; i < rung->n_who; i++)
		if (rung->who[i] == r->person)
			return true;
	return false;
}

/* What they become; the same where nothing is new to them. */
static uint8_t
access_after(enum rung_verb verb, uint8_t access)
{
	if (verb == VERB_JOIN)
		return (uint8_t)((access | READER_RELEASED) & ~READER_TOLD);
	return (access & READER_RELEASED) != 0
	    ? access
	    : (uint8_t)(access | READER_TOLD);
}

struct reached {
	bool is_living; /* somebody is */
	size_t n;	/* for whom it is new */
	uint16_t person[STORE_READERS_MAX];
};

static enum err
reach(struct store_txn *txn, struct vault *v, struct store_case *c,
    const struct policy_rung *rung, struct reached *who)
{
	enum err e;

	for (size_t i = 0; i < c->n_readers; i++) {
		struct store_reader *r = &c->reader[i];
		uint8_t access;

		if (!is_reached(v, rung, r))
			continue;
		who->is_living |= living_is(v, r->person);
		access = access_after(rung->verb, r->access);
		if (access == r->access)
			continue;
		e = txn_reader_put(txn, c->id, r->person, access);
		if (e != ERR_OK)
			return e;
		r->access = access;
		who->person[who->n++] = r->person;
		notify_person(v, r->person, c->marks.band);
	}
	return ERR_OK;
}

static enum err
say_reached(struct store_txn *txn, struct vault *v, struct store_case *c,
    enum rung_verb verb, unsigned rung, const struct reached *who)
{
	enum err e = ERR_OK;

	if (who->n > 0)
		e = event_append(txn, v, c,
		    verb == VERB_JOIN ? NOTICE_JOINED : NOTICE_TOLD,
		    (uint8_t)rung, who->person, who->n);
	if (e == ERR_OK && !who->is_living)
		e = event_append(txn, v, c, NOTICE_NOBODY, (uint8_t)rung, NULL,
		    0);
	return e;
}

enum err
clock_fire_rung(struct store_txn *txn, struct vault *v, struct store_case *c,
    struct life *l, unsigned rung)
{
	const struct policy_route *r = policy_route(v->now.policy, c->route);
	enum err e;

	clock_adopt(v->now.policy, l);
	while (r != NULL && rung > 0 && rung <= r->n_rungs) {
		const enum rung_verb verb = r->rungs[rung - 1].verb;
		struct reached who = { 0 };

		l->fired |= UINT32_C(1) << (rung - 1);
		e = reach(txn, v, c, &r->rungs[rung - 1], &who);
		if (e == ERR_OK)
			e = say_reached(txn, v, c, verb, rung, &who);
		if (e != ERR_OK)
			return e;
		if (who.is_living)
			return ERR_OK;
		rung = clock_next_rung(r, l, rung, verb);
		v->ledger.next.counts.nobody++;
		v->ledger.next.counts.lost += rung == 0;
	}
	return ERR_OK;
}

/* --- being told ends --- */

static bool
is_still_told(const struct policy_route *r, const struct life *l,
    uint16_t person)
{
	for (unsigned k = 1; r != NULL && k <= r->n_rungs; k++)
		if (r->rungs[k - 1].verb == VERB_TELL &&
		    (l->fired >> (k - 1) & 1) != 0 &&
		    members_rung_has(r, k, person) &&
		    clock_rung_stands(r, l, k))
			return true;
	return false;
}

static enum err
untell(struct store_txn *txn, struct vault *v, struct store_case *c,
    const struct life *l)
{
	const struct policy_route *r = policy_route(v->now.policy, c->route);
	enum err e;

	for (size_t i = 0; i < c->n_readers; i++) {
		struct store_reader *at = &c->reader[i];
		const uint8_t access = (uint8_t)(at->access & ~READER_TOLD);

		if (access == at->access || is_still_told(r, l, at->person))
			continue;
		e = txn_reader_put(txn, c->id, at->person, access);
		if (e != ERR_OK)
			return e;
		at->access = access;
	}
	return ERR_OK;
}

static bool
has_handler(const struct vault *v, const struct store_case *c,
    const struct life *l)
{
	for (size_t i = 0; i < c->n_readers; i++) {
		uint16_t person = c->reader[i].person;

		if ((case_parts_in(v, c, l, person) & PART_HANDLER) != 0 &&
		    living_is(v, person))
			return true;
	}
	return false;
}

enum err
clock_replace_handler(struct store_txn *txn, struct vault *v,
    struct store_case *c, struct life *l)
{
	const struct policy_route *r = policy_route(v->now.policy, c->route);
	unsigned rung;

	clock_adopt(v->now.policy, l);
	if (!life_is_open(l) || has_handler(v, c, l))
		return ERR_OK;
	rung = r == NULL ? 0 : clock_next_rung(r, l, 0, VERB_JOIN);
	if (rung != 0)
		return clock_fire_rung(txn, v, c, l, rung);
	v->ledger.next.counts.lost++;
	return ERR_OK;
}

/* --- a case that is due --- */

static enum err
act(struct store_txn *txn, struct vault *v, struct store_case *c,
    struct life *l, const struct clock_event *what)
{
	const uint8_t number = (uint8_t)what->number;

	switch (what->what) {
	case CLOCK_RUNG:
		return clock_fire_rung(txn, v, c, l, what->number);
	case CLOCK_BREACH:
		return event_append(txn, v, c, NOTICE_BREACHED,
		    (uint8_t)(number + 1), NULL, 0);
	case CLOCK_PROMPT:
		return event_append(txn, v, c, NOTICE_PROMPT, number, NULL, 0);
	case CLOCK_SILENT:
		return event_append(txn, v, c, NOTICE_SILENT, 0, NULL, 0);
	case CLOCK_UNANSWERED:
		return event_append(txn, v, c, NOTICE_UNANSWERED, 0, NULL, 0);
	case CLOCK_CHECK:
		return event_append(txn, v, c, NOTICE_CHECK, number, NULL, 0);
	}
	return ERR_OK;
}

enum err
clock_settle(struct store_txn *txn, struct vault *v, struct store_case *c,
    const struct life *l)
{
	struct store_marks m;
	enum err e;

	if ((e = untell(txn, v, c, l)) != ERR_OK)
		return e;
	life_to_marks(v, c, l, &m);
	if (marks_equal(&m, &c->marks))
		return ERR_OK;
	if ((e = txn_marks_set(txn, c->id, &m)) == ERR_OK)
		c->marks = m;
	return e;
}

/* What cannot be done now is tried again, and holds up nothing else. */
static enum err
postpone(struct store_txn *txn, struct vault *v, struct store_case *c)
{
	struct store_marks m = c->marks;

	m.due = env_now(v->env) + POSTPONE_SECONDS;
	v->ledger.next.counts.postponed++;
	return txn_marks_set(txn, c->id, &m);
}

/* All that has fallen due in this case by now, in order. */
static enum err
run_case(struct store_txn *txn, struct vault *v, struct store_case *c)
{
	const struct policy_route *r = route_of(v, c);
	const int64_t now = env_now(v->env);
	struct clock_event what;
	unsigned steps = 0;
	struct life l;
	enum err e = life_get(c->marks.life, &l);

	for (; e == ERR_OK && steps < STEPS_AT_ONCE &&
	     clock_step(v->now.policy, r, now, &l, &what);
	     steps++)
		e = act(txn, v, c, &l, &what);
	if (e == ERR_OK)
		e = clock_settle(txn, v, c, &l);
	if (e == ERR_OK && steps == 0 && c->marks.due != 0 &&
	    c->marks.due <= now)
		return postpone(txn, v, c);
	return e;
}

/* --- batches --- */

struct due_run {
	struct vault *v;
	size_t cap, n;
	bool postpones;
};

static enum err
run_due(struct store_txn *txn, void *ctx)
{
	struct due_run *d = ctx;
	struct vault *v = d->v;
	enum err e;

	e = txn_due_page(txn, env_now(v->env), v->row, d->cap, &d->n);
	for (size_t i = 0; e == ERR_OK && i < d->n; i++)
		e = d->postpones ? postpone(txn, v, &v->row[i])
				 : run_case(txn, v, &v->row[i]);
	return e;
}

/* A case that cannot be looked at is found by itself, and put off. */
static enum err
run_one(struct vault *v)
{
	struct due_run d = { .v = v, .cap = 1 };
	enum err e = vault_run(v, run_due, &d);

	if (e == ERR_OK || e == ERR_FULL || v->has_failed || d.n == 0)
		return e;
	d.postpones = true;
	return vault_run(v, run_due, &d);
}

static bool
is_due(const struct vault *v)
{
	const int64_t next = store_next_due(v->store);

	return next != 0 && next <= env_now(v->env);
}

bool
clock_run(struct vault *v)
{
	struct due_run d = { .v = v, .cap = CASES_AT_ONCE };
	enum err e;

	if (!is_due(v))
		return false;
	e = vault_run(v, run_due, &d);
	if (e != ERR_OK && e != ERR_FULL && !v->has_failed)
		e = run_one(v);
	return e == ERR_OK;
}
