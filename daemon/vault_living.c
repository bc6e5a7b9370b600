#include "daemon/vault_living.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/vault_state.h"

/*
 * The value "people", a record for each:
 *
 *   u16 number   u32 day   u8 1: something waits, 2: and is urgent
 */
#define LEDGER_NAME "people"
#define LEDGER_RECORD 7
#define LEDGER_MAX (POLICY_PEOPLE_MAX * LEDGER_RECORD)
#define IS_WAITING 1u
#define IS_URGENT 2u

/* --- the value --- */

static void
ledger_put(const struct ledger *l, struct buf *out)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct ledger_person *p = &l->at[i];

		buf_put_u16(out, p->number);
		buf_put_u32(out, p->day);
		buf_put_u8(out,
		    (uint8_t)((p->waits ? IS_WAITING : 0) |
			(p->is_urgent ? IS_URGENT : 0)));
	}
}

static enum err
ledger_get(struct bytes x, struct ledger *ret)
{
	struct reader r = reader_over(x);
	unsigned last = 0;

	if (x.n > LEDGER_MAX)
		return ERR_CORRUPT;
	for (ret->n = 0; r.n > 0 && r.err == ERR_OK; ret->n++) {
		struct ledger_person *p = &ret->at[ret->n];
		unsigned bits;

		p->number = reader_u16(&r);
		p->day = reader_u32(&r);
		bits = reader_u8(&r);
		p->waits = (bits & IS_WAITING) != 0;
		p->is_urgent = (bits & IS_URGENT) != 0;
		if (p->number <= last || bits > (IS_WAITING | IS_URGENT))
			return ERR_CORRUPT;
		last = p->number;
	}
	return r.err == ERR_OK ? ERR_OK : ERR_CORRUPT;
}

static bool
ledgers_differ(const struct ledgers *l)
{
	if (l->now.n != l->next.n)
		return true;
	for (size_t i = 0; i < l->now.n; i++) {
		const struct ledger_person *a = &l->now.at[i];
		const struct ledger_person *b = &l->next.at[i];

		if (a->number != b->number || a->day != b->day ||
		    a->waits != b->waits || a->is_urgent != b->is_urgent)
			return true;
	}
	return false;
}

enum err
ledger_open(struct vault *v)
{
	CLEAN_BUF struct buf value = BUF_INIT(LEDGER_MAX);
	enum err e = store_value_get(v->store, LEDGER_NAME, &value);

	if (e == ERR_NOT_FOUND)
		return ERR_OK;
	if (e == ERR_OK)
		e = ledger_get(buf_bytes(&value), &v->ledger.now);
	v->ledger.next = v->ledger.now;
	return e == ERR_LIMIT ? ERR_CORRUPT : e;
}

/* --- batches --- */

struct ledger_run {
	struct vault *v;
	store_batch *batch;
	void *ctx;
	struct ledger before; /* the batch may run twice */
};

static enum err
ledger_store(struct store_txn *txn, struct vault *v)
{
	CLEAN_BUF struct buf value = BUF_INIT(LEDGER_MAX);

	if (!ledgers_differ(&v->ledger))
		return ERR_OK;
	ledger_put(&v->ledger.next, &value);
	if (value.err != ERR_OK)
		return value.err;
	return txn_value_put(txn, LEDGER_NAME, buf_bytes(&value));
}

static enum err
run_batch(struct store_txn *txn, void *ctx)
{
	struct ledger_run *r = ctx;
	enum err e = ERR_OK;

	r->v->ledger.next = r->before;
	if (r->batch != NULL)
		e = r->batch(txn, r->ctx);
	return e == ERR_OK ? ledger_store(txn, r->v) : e;
}

enum err
vault_run(struct vault *v, store_batch *batch, void *ctx)
{
	struct ledger_run r = { .v = v, .batch = batch, .ctx = ctx };
	enum err e;

	r.before = v->ledger.next;
	e = store_run(v->store, run_batch, &r);
	if (e == ERR_OK)
		v->ledger.now = v->ledger.next;
	else
		v->ledger.next = r.before;
	if (store_is_latched(v->store))
		v->has_failed = true;
	return e;
}

void
ledger_flush(struct vault *v)
{
	if (!v->has_failed && ledgers_differ(&v->ledger))
		(void)!vault_run(v, NULL, NULL);
}

/* --- people --- */

static int
compare_numbers(const void *a, const void *b)
{
	const struct ledger_person *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

static struct ledger_person *
find(const struct ledger *l, uint16_t number)
{
	const struct ledger_person key = { .number = number };

	return bsearch(&key, l->at, l->n, sizeof(l->at[0]), compare_numbers);
}

struct ledger_person *
ledger_person(struct vault *v, uint16_t number)
{
	return find(&v->ledger.next, number);
}

void
ledger_people(struct vault *v, const struct policy *p)
{
	const struct ledger old = v->ledger.next;
	struct ledger *new = &v->ledger.next;

	memset(new->at, 0, sizeof(new->at));
	for (size_t i = 0; i < p->n_people; i++) {
		const struct ledger_person *was =
		    find(&old, p->people[i].number);

		new->at[i] = was != NULL
		    ? *was
		    : (struct ledger_person){ .number = p->people[i].number,
			      .day = vault_day(v) };
	}
	new->n = p->n_people;
}

void
living_seen(struct vault *v, uint16_t person)
{
	struct ledger_person *p = ledger_person(v, person);

	if (p != NULL)
		p->day = vault_day(v);
}

bool
living_is(const struct vault *v, uint16_t person)
{
	const struct policy_person *who = policy_person(v->now.policy, person);
	const struct ledger_person *p = find(&v->ledger.next, person);
	const int64_t today = vault_day(v);

	return who != NULL && p != NULL &&
	    policy_person_is_current(who, today) &&
	    today - (int64_t)p->day <= v->now.policy->limits.living_days;
}
