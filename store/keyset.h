#pragma once

#include "crypto/bytes.h"

/*
 * A sorted set of 64-bit keys in chunks of at most 512: finding and changing
 * cost O(log n) and the moving of one chunk. Zeroed memory is an empty set.
 */
struct keyset_chunk {
	uint64_t *key;
	uint32_t n, cap;
};
struct keyset {
	struct keyset_chunk *chunk; /* none is empty */
	size_t n_chunks, cap;
	uint64_t count;
};

void keyset_clear(struct keyset *s);
/* ERR_NOMEM leaves the set as it was. A key that is there is ERR_OK. */
enum err keyset_add(struct keyset *s, uint64_t key) MUST_CHECK;
void keyset_remove(struct keyset *s, uint64_t key);
bool keyset_has(const struct keyset *s, uint64_t key);
/* Up to cap keys, in order, from the first that is at least `from`. */
size_t keyset_page(const struct keyset *s, uint64_t from, uint64_t *out,
    size_t cap);
