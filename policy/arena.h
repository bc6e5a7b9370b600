#pragma once

#include "crypto/bytes.h"

/* Memory that is freed all at once: what a tree of many small parts needs.
 * Each part is an allocation of its own, so that overreads are seen. */

struct arena_part;
struct arena {
	struct arena_part *last;
};

/* n * size zero bytes, aligned for anything; never NULL for n = 0. NULL when
 * there is no memory, or the product is too large. */
void *arena_alloc(struct arena *a, size_t n, size_t size);
/* The text with a NUL. */
char *arena_text(struct arena *a, struct bytes text);
void arena_free(struct arena *a);
