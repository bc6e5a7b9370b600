#include "daemon/vault_clock.h"
#include "daemon/vault_event.h"
#include "daemon/vault_state.h"

#define PLACES_AT_ONCE 64

/* --- one case --- */

static bool
has_left(const struct vault *v, uint16_t person)
{
	const struct policy_person *p = policy_person(v->now.policy, person);

	return p == NULL || !policy_person_is_current(p, vault_day(v));
}

/* Takes reader i out, with their envelopes. */
static enum err
drop_reader(struct store_txn *txn, struct store_case *c, size_t i)
{
	enum err e = txn_reader_drop(txn, c->id, c->reader[i].person);

	if (e != ERR_OK)
		return e;
	c->n_readers--;
	for (; i < c->n_readers; i++)
		c->reader[i] = c->reader[i + 1];
	return ERR_OK;
}

/* Those who had the case, or would have. Who might only have been told goes
 * without a word. */
struct left {
	size_t n;
	uint16_t person[STORE_READERS_MAX];
	bool has_read; /* one of them did */
};

static enum err
drop_left(struct store_txn *txn, struct vault *v, struct store_case *c,
    struct left *left)
{
	size_t i = 0;
	enum err e;

	while (i < c->n_readers) {
		const struct store_reader r = c->reader[i];

		if (!has_left(v, r.person)) {
			i++;
			continue;
		}
		if ((e = drop_reader(txn, c, i)) != ERR_OK)
			return e;
		if ((r.access & READER_MEMBER) != 0)
			left->person[left->n++] = r.person;
		left->has_read |= (r.access & READER_RELEASED) != 0;
	}
	return ERR_OK;
}

static enum err
sweep_case(struct store_txn *txn, struct vault *v, struct store_case *c)
{
	struct left left = { 0 };
	struct life l;
	enum err e;

	if ((e = life_get(c->marks.life, &l)) != ERR_OK)
		return e;
	clock_adopt(v->now.policy, &l);
	e = drop_left(txn, v, c, &left);
	if (e == ERR_OK && left.n > 0)
		e = event_append(txn, v, c, NOTICE_LEFT, 0, left.person,
		    left.n);
	if (e == ERR_OK && left.has_read)
		e = clock_replace_handler(txn, v, c, &l);
	return e == ERR_OK ? clock_settle(txn, v, c, &l) : e;
}

/* --- all of them --- */

struct sweep_run {
	struct vault *v;
	uint32_t from, next;
	size_t cap;
};

static enum err
sweep_page(struct store_txn *txn, void *ctx)
{
	struct sweep_run *s = ctx;
	struct vault *v = s->v;
	size_t n = 0;
	enum err e;

	e = txn_case_page(txn, s->from, v->row, s->cap, &n, &s->next);
	for (size_t i = 0; e == ERR_OK && i < n; i++)
		e = sweep_case(txn, v, &v->row[i]);
	return e;
}

/* A case that cannot be looked at is passed over until the next day. */
static enum err
sweep_one(struct sweep_run *s)
{
	struct vault *v = s->v;
	enum err e;

	s->cap = 1;
	e = vault_run(v, sweep_page, s);
	if (e == ERR_OK || e == ERR_FULL || v->has_failed)
		return e;
	v->ledger.next.counts.postponed++;
	s->next = s->from + 1;
	return ERR_OK;
}

void
sweep_begin(struct vault *v)
{
	v->chores.is_sweeping = true;
	v->chores.sweep_from = 0;
	v->chores.swept_day = vault_day(v);
}

bool
sweep_run(struct vault *v)
{
	struct sweep_run s = { .v = v, .cap = PLACES_AT_ONCE };
	enum err e;

	if (vault_day(v) != v->chores.swept_day)
		sweep_begin(v);
	if (!v->chores.is_sweeping)
		return false;
	s.from = v->chores.sweep_from;
	e = vault_run(v, sweep_page, &s);
	if (e != ERR_OK && e != ERR_FULL && !v->has_failed)
		e = sweep_one(&s);
	if (e != ERR_OK)
		return false;
	v->chores.sweep_from = s.next;
	v->chores.is_sweeping = s.next != 0;
	return true;
}
