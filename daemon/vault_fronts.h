#pragma once

#include <event2/event.h>

#include "daemon/vault.h"

/*
 * The vault's side of the sockets to its fronts. What has come by them is
 * handled in turns: all of it, one commit, and the answers leave; while the
 * disk syncs, the next requests gather in the sockets. A front that breaks the
 * rules, goes over its credits, or takes nothing of its answers is ended.
 */
struct fronts;

/* Borrows the loop, which is best pace_loop's. NULL: no memory. */
struct fronts *fronts_new(struct event_base *base);
/* Closes all. Takes NULL; returns NULL. */
struct fronts *fronts_free(struct fronts *p);

/* Closes all, and from now on it is this vault (borrowed) that is asked; NULL:
 * none. */
void fronts_serve(struct fronts *p, struct vault *vault);
/* Learns how slow the disk is, by a write: whoever polls before the first
 * filing waits for about as long as that one will take. As vault_touch. */
enum err fronts_measure(struct fronts *p) MUST_CHECK;
/* Takes fd. ERR_LIMIT, ERR_NOMEM, ERR_IO. */
enum err fronts_add(struct fronts *p, int fd) MUST_CHECK;

/* After each round of the loop. */
void fronts_turn(struct fronts *p);
/* Sends what was answered outside of a turn. */
void fronts_flush(struct fronts *p);
/* Answers that wait (vault_pace.h) leave now. */
void fronts_release(struct fronts *p);
/* The last turn: what was sent before is still done and answered. */
void fronts_drain(struct fronts *p);
/* Reads what has come, without the loop. */
void fronts_fill(struct fronts *p);
/* So many seconds since the last time; whether anything was asked in them. */
bool fronts_beat(struct fronts *p, unsigned seconds);
