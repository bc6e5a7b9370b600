#pragma once

#include "crypto/env.h"
#include "daemon/handover.h"
#include "daemon/wire.h"

/*
 * The vault: sole writer, sole judge of who may do what. A pure machine over a
 * store, a policy and a clock; the process around it is vault_main.c.
 *
 * Requests that only read are answered at once. Those that write are checked
 * as far as they can be and gather in a batch, which vault_commit stores with
 * one sync and then answers, each with a filing proof where it has one.
 */

struct vault;

/* body: with ANSWER_OK what daemon/wire.h says, otherwise empty; borrowed for
 * the call, which must not come back into the vault. */
typedef void vault_answer(void *ctx, uint64_t id, enum answer status,
    struct bytes body);

/*
 * Opens the store in config->state, or makes one. env is borrowed until
 * vault_free. Errors as store_open. Nothing is answered but `down` until
 * vault_policy has succeeded.
 */
enum err vault_new(const struct env *env, const struct vault_config *config,
    const struct vault_secret *secret, struct vault **ret) MUST_CHECK;
/* Drops what has not been committed, unanswered. Takes NULL; returns NULL. */
struct vault *vault_free(struct vault *v);

/*
 * Takes roots and policy, as served by GET /v1/policy. Verified: the walk of
 * the roots, the policy's signatures and expiry, that our instance key is in
 * the root. ERR_DENIED: a rollback, another realm than the store's, another
 * policy under a serial seen before, or an instance key the root does not
 * have. With any error the old policy stays. The one that is replaced is
 * accepted in concerns for another day.
 */
enum err vault_policy(struct vault *v, struct bytes bundle) MUST_CHECK;
/* Serial of the policy in force; 0: none. */
uint32_t vault_policy_serial(const struct vault *v);

/*
 * One request of a front. Any bytes get exactly one answer: at once, from
 * vault_commit, or, of a `watch`, from vault_tick, within some minutes; `body`
 * is borrowed until vault_commit. Commits first where the batch is full.
 * is_pressed: the frame's status (WIRE_PRESSED); such a request needs more
 * work.
 */
void vault_handle(struct vault *v, enum wire_type type, bool is_pressed,
    uint64_t id, struct bytes body, vault_answer *answer, void *ctx);
/* Requests that wait for vault_commit; whether the batch takes no more. */
size_t vault_waiting(const struct vault *v);
bool vault_is_full(const struct vault *v);
void vault_commit(struct vault *v);
/* While vault_commit answers: whether it waited for the disk. What is stored
 * already, or refused in the batch, does not. */
bool vault_has_written(const struct vault *v);

/* Stores once more which policy was taken, as slowly as a filing: where one was
 * taken. As store_run. */
enum err vault_touch(struct vault *v) MUST_CHECK;

/* Whoever has this ctx is gone: what would still be answered to them is not.
 * Nothing waits for a commit. */
void vault_forget(struct vault *v, const void *ctx);

/* What time brings: at most one batch of it; true: there is more. To be called
 * every few seconds, and between requests while there is more; nothing waits
 * for a commit. */
bool vault_tick(struct vault *v);
/* What an operator should know of the clock; since the start. */
struct vault_health {
	uint64_t nobody;    /* rungs that were reached with nobody living */
	uint64_t lost;	    /* cases that the ladder has nobody more for, after
			     * such a rung, or when their last handler left */
	uint64_t postponed; /* cases that could not be looked at */
};
void vault_health(const struct vault *v, struct vault_health *ret);

/* When idle: gives memory back. */
void vault_trim(struct vault *v);
/* A write or sync failed: everything was answered `down` since, and the
 * process ends with VAULT_EXIT_STORAGE. */
bool vault_has_failed(const struct vault *v);
/* Memory ran out behind a commit: a new process, with VAULT_EXIT_FAILED, knows
 * again what is stored. */
bool vault_is_stale(const struct vault *v);

/*
 * The process: speaks to the parent on control_fd, which it takes
 * (daemon/handover.h), and to the fronts whose sockets it is given. Returns
 * the exit status.
 */
enum vault_exit {
	VAULT_EXIT_OK = 0,	/* drained, or the parent went */
	VAULT_EXIT_FAILED = 1,	/* memory, or the event loop */
	VAULT_EXIT_PARENT = 2,	/* the parent broke the rules */
	VAULT_EXIT_REFUSED = 3, /* store or policy not usable as given */
	/* Storage failed: what is on the disk is not known. Not to be started
	 * again before `speakupctl check`: RestartPreventExitStatus=. */
	VAULT_EXIT_STORAGE = 74,
};
int vault_main(int control_fd);
