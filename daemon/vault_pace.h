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
 * wait. */
struct pace *pace_new(struct event_base *base);
/* Drops what waits. Takes NULL; returns NULL. */
struct pace *pace_free(struct pace *p);

/* Around a turn of the loop, and each of its requests: what was not answered
 * when it was handled is a filing, and took until the commit. */
void pace_turn(struct pace *p);
void pace_request(struct pace *p, unsigned wire_type);
void pace_handled(struct pace *p);
void pace_committed(struct pace *p);

/* Calls answer later, from the loop; body is copied. False: it never will, for
 * this is no text request that is being handled, or there is no memory. */
bool pace_keep(struct pace *p, vault_answer *answer, void *ctx, uint64_t id,
    enum answer status, struct bytes body) MUST_CHECK;
/* Nothing more is to be said to this ctx. */
void pace_forget(struct pace *p, const void *ctx);
/* Calls all that wait, now. */
void pace_release(struct pace *p);
