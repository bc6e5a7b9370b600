#pragma once

#include <sys/queue.h>

#include "crypto/bytes.h"

/*
 * Memory that requests may hold on a front: charged as their bytes arrive,
 * given back when they are answered. A connection that would go over it waits
 * in line and is not read from. Attachments have a budget of their own, so
 * that they never stand in the way of text.
 *
 * Were that all, many bodies that are each half here could wait for one
 * another's memory. So one connection, the first that would have to wait, may
 * go over the budget until its request is complete, or until nothing has come
 * of it for a while; then the next one may.
 */

#define BUDGET_UNIT 4096 /* memory comes in pages, so charges do */

struct conn;
TAILQ_HEAD(conn_list, conn);

struct budget {
	uint64_t max, used;
	const struct conn *favoured; /* may go over max; or NULL */
	uint64_t now, favoured_at;   /* in ticks of the front */
	struct conn_list waiting;    /* first come, first served */
};

void budget_init(struct budget *b, uint64_t max);
/* Raises what is charged to c (*charged) to at least `want` bytes; false, and
 * nothing changed, where there is no room. */
bool budget_charge(struct budget *b, const struct conn *c, size_t *charged,
    size_t want);
/* Lowers it to what `want` needs; 0 gives all back. */
void budget_release(struct budget *b, size_t *charged, size_t want);
/* Time passes: one tick. */
void budget_tick(struct budget *b);
/* The connection's request is complete, or it goes away. */
void budget_unfavour(struct budget *b, const struct conn *c);
