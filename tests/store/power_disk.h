#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A disk that remembers. While it records, every write, change of size and
 * sync of a file named data.mdb is noted, and the rename that gives its
 * directory its name; afterwards it makes what a power cut could have left.
 *
 * What it assumes of a disk is what LMDB does: a sector of 512 bytes is there
 * as a whole or not at all. Everything else that no completed sync covers may
 * be there, be missing, be torn between sectors, or be older than what was
 * written before it.
 */

#define DISK_SECTOR 512

void disk_record(void);
void disk_stop(void);
void disk_forget(void);
/* A number of the caller's, noted between what is written. */
void disk_mark(uint32_t number);

/* How many moments there are to cut at, and the number marked last before
 * moment i (0: none). */
size_t disk_moments(void);
uint32_t disk_marked(size_t i);

enum disk_fate {
	FATE_NOTHING, /* of what no sync covers */
	FATE_ALL,
	FATE_LAST, /* only what was written last */
	FATE_BUT_ONE,
	FATE_SOME,     /* in any order */
	FATE_SOME_TOO, /* with other luck */
	FATE_TORN,     /* any sectors of all */
	FATE_ONE_TORN,
	FATES
};

struct disk_image {
	uint8_t *p; /* of `data` bytes; the rest up to `size` is zero */
	size_t data, size;
	bool is_named; /* its directory has the name it was given */
};
/*
 * What is on the disk when the power goes at moment i, while the i-th thing
 * noted is under way. Moments are asked for in order; disk_rewind begins
 * again. Borrowed until the next call.
 */
void disk_rewind(void);
const struct disk_image *disk_cut(size_t i, enum disk_fate fate, uint64_t luck);
