#include "daemon/vault_clock.h"
#include "daemon/vault_state.h"

/*
 * What is done beside requests. Each turn does one batch at most, so that no
 * request waits for more than that.
 */

#define UPLOAD_HOURS 24
#define UPLOAD_TICK_SECONDS 600
#define EXPIRE_AT_ONCE 16 /* what the store does in one batch */

struct expiry {
	uint32_t hour;
	size_t n; /* removed */
};

static enum err
expire(struct store_txn *txn, void *ctx)
{
	struct expiry *x = ctx;

	return txn_uploads_expire(txn, x->hour, EXPIRE_AT_ONCE, &x->n);
}

/* Uploads that nobody went on with, every few minutes; true: there are more. */
static bool
expire_uploads(struct vault *v)
{
	const int64_t now = env_now(v->env);
	struct expiry x = { .hour = (uint32_t)(now / 3600) - UPLOAD_HOURS };
	struct store_counts counts;
	enum err e;

	store_counts(v->store, &counts);
	if (counts.uploads == 0 ||
	    (now < v->chores.uploads_at &&
		v->chores.uploads_at - now <= UPLOAD_TICK_SECONDS))
		return false;
	e = vault_run(v, expire, &x);
	if (e == ERR_OK && x.n == EXPIRE_AT_ONCE)
		return true;
	v->chores.uploads_at = now + UPLOAD_TICK_SECONDS;
	return false;
}

void
vault_health(const struct vault *v, struct vault_health *ret)
{
	*ret = v->ledger.now.counts;
}

bool
vault_tick(struct vault *v)
{
	bool more;

	if (v->has_failed || v->now.policy == NULL)
		return false;
	work_tick(&v->work);
	work_measure(v);
	more = clock_run(v) || sweep_run(v) || expire_uploads(v);
	ledger_flush(v);
	watch_tick(v);
	return more && !v->has_failed;
}
