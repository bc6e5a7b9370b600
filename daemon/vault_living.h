#pragma once

#include "daemon/vault.h"
#include "policy/policy.h"
#include "store/store.h"

/*
 * What the vault remembers of people, beside their cases: the day they last
 * signed in, and whether something waits for them. One small value of the
 * store. What changes within a batch is stored with it, or forgotten with it.
 */

struct ledger_person {
	uint16_t number;
	uint32_t day; /* of the last sign-in, or when a policy first had them */
	bool waits;   /* something waits for them (daemon/vault_notify.h) */
	bool is_urgent; /* and is to be said at once */
};
struct ledger {
	struct vault_health counts; /* not stored */
	size_t n;
	struct ledger_person at[POLICY_PEOPLE_MAX]; /* ascending */
};
/* As committed, and as it is being changed. */
struct ledgers {
	struct ledger now, next;
};

/* Reads what was stored before. ERR_CORRUPT. */
enum err ledger_open(struct vault *v) MUST_CHECK;
/* Everybody of the policy and nobody else, from the next batch on. */
void ledger_people(struct vault *v, const struct policy *p);
/* NULL: not of the policy. In `next`. */
struct ledger_person *ledger_person(struct vault *v, uint16_t number);

/*
 * store_run, with the ledger stored in the same transaction where it changed.
 * A store that failed is noted in v->has_failed.
 */
enum err vault_run(struct vault *v, store_batch *batch, void *ctx) MUST_CHECK;
/* The same without anything else, where the ledger changed since. */
void ledger_flush(struct vault *v);

/* They signed in today: known from now on, and stored with the next batch. */
void living_seen(struct vault *v, uint16_t person);
/* Signed in within the policy's living-days, or new since; and current. */
bool living_is(const struct vault *v, uint16_t person);
