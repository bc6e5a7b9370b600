#pragma once

#include "crypto/bytes.h"

/*
 * From an id that outsiders choose to a number, without keeping the id: the
 * map holds a 64-bit tag, SipHash-2-4 under a key drawn at each start, and the
 * caller compares what it finds behind each number. Open addressing, linear
 * probing. Zeroed memory with a key is an empty map.
 */
#define MAP_KEY_LEN 16

struct map_entry {
	uint64_t tag; /* 0: free */
	uint32_t number;
};
struct map {
	uint8_t key[MAP_KEY_LEN];
	struct map_entry *entry;
	size_t size; /* a power of two, or 0 */
	size_t count;
};

/* Never 0. */
uint64_t map_tag(const struct map *m, struct bytes id);
void map_clear(struct map *m);
/* ERR_NOMEM leaves the map as it was. */
enum err map_add(struct map *m, uint64_t tag, uint32_t number) MUST_CHECK;
void map_remove(struct map *m, uint64_t tag, uint32_t number);
/* Goes through the numbers under a tag: *at is 0 to begin with. */
bool map_next(const struct map *m, uint64_t tag, size_t *at,
    uint32_t *ret_number);

/* SipHash-2-4 (Aumasson and Bernstein, 2012). */
uint64_t siphash(const uint8_t key[static MAP_KEY_LEN], struct bytes x);
