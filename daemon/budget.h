#pragma once

#include <sys/queue.h>

#include "crypto/bytes.h"

/*
 * Memory that requests may hold on a front: charged as their bytes arrive,
 * given back when they are answered. A connection that would go over it waits
 * in line and is not read from. Attachments have a budget of their own, so
 * that they never stand in the way of text.
 */

#define BUDGET_UNIT 4096 /* memory comes in pages, so charges do */

struct conn;
TAILQ_HEAD(conn_list, conn);

struct budget {
	uint64_t max, used;
	struct conn_list waiting; /* first come, first served */
};

void budget_init(struct budget *b, uint64_t max);
/* Raises what is charged (*charged) to at least `want` bytes; false, and
 * nothing changed, where there is no room. The first to charge always can. */
bool budget_charge(struct budget *b, size_t *charged, size_t want);
/* Lowers it to what `want` needs; 0 gives all back. */
void budget_release(struct budget *b, size_t *charged, size_t want);
