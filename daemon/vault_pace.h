#pragma once

#include <event2/event.h>

#include "daemon/vault.h"

/*
 * What is read is answered as late as what is written: somebody on the line, who
 * sees one size each way, would otherwise know a filing by the disk's time. An
 * answer to a text request that is ready at once (a mailbox, a refusal) waits
 * for as long as one of the last filings took, which one is drawn. Nothing else
 * is kept of filings: durations, in memory.
 */
struct pace;

/* Borrows base. NULL: no memory. The others take NULL, where nothing is to
 * wait: pace_keep has no memory then. */
struct pace *pace_new(struct event_base *base);
/* Drops what waits. Takes NULL; returns NULL. */
struct pace *pace_free(struct pace *p);

/* Microseconds from a filing's arrival until its answer left. */
void pace_learn(struct pace *p, uint64_t us);
/* How long the next answer would wait, microseconds. */
uint64_t pace_draw(const struct pace *p) MUST_CHECK;
/* Calls answer later, from the loop; body is copied. ERR_NOMEM: it never
 * will. */
enum err pace_keep(struct pace *p, vault_answer *answer, void *ctx,
    uint64_t id, enum answer status, struct bytes body) MUST_CHECK;
/* Nothing more is to be said to this ctx. */
void pace_forget(struct pace *p, const void *ctx);
/* Calls all that wait, now. */
void pace_release(struct pace *p);
