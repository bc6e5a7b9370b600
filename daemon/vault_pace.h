#pragma once

#include <event2/event.h>

#include "daemon/vault.h"

/*
 * What is read is answered as late as what is written: somebody on the line,
 * who sees one size each way, would otherwise know a filing by the disk's time.
 * An answer to a text request that the disk was not waited for (a mailbox, a
 * refusal, what is stored already) waits for about as long as one of the last
 * filings took, which one is drawn. Nothing else is kept of filings: durations,
 * in memory; and of none that wrote nothing, or whoever sends an old one again
 * would teach the others to be quick. Until there was one they wait for about
 * as long as a write of the start's took.
 */
struct pace;

/* A loop whose timers are precise. NULL: no memory. */
struct event_base *pace_loop(void);
/* Borrows base. NULL: no memory. The others take NULL, where nothing is to
 * wait. */
struct pace *pace_new(struct event_base *base);
/* Drops what waits. Takes NULL; returns NULL. */
struct pace *pace_free(struct pace *p);

/* Whether a request of this type is one of text. */
bool pace_is_for(unsigned wire_type);

/* A turn of the loop begins; a filing of it is on the disk; all that is so was
 * answered. */
void pace_turn(struct pace *p);
void pace_filed(struct pace *p);
void pace_committed(struct pace *p);
/* What the start wrote in this turn is on the disk. */
void pace_started(struct pace *p);
/* The start could write nothing: a slow disk is assumed. */
void pace_untimed(struct pace *p);

/* Calls answer later, from the loop; body is copied. False: it never will, for
 * want of memory. */
bool pace_keep(struct pace *p, vault_answer *answer, void *ctx, uint64_t id,
    enum answer status, struct bytes body) MUST_CHECK;
/* Nothing more is to be said to this ctx. */
void pace_forget(struct pace *p, const void *ctx);
/* Calls all that wait, now. */
void pace_release(struct pace *p);
