#pragma once

#include <lmdb.h>

#include "store/db.h"

/* What the db files share. Not for others. */

#define DB_DATA "db/data.mdb" /* in the state directory */

struct db {
	MDB_env *env;
	MDB_dbi dbi[TABLES];
	MDB_txn *read;	/* reset between uses */
	MDB_txn *write; /* NULL between batches */
	bool reading;
	bool latched;
	bool map_full;
	int fd; /* of data.mdb, LMDB's */
	int state_fd;
	uint64_t page;
	uint8_t *map; /* where LMDB mapped the file; NULL: not known yet */
	uint64_t map_size;
	uint64_t size_max;
	uint64_t headroom;
	uint64_t allocated; /* bytes of data.mdb */
	uint64_t touched;
};

enum err db_err_of(int rc) MUST_CHECK;
/* What a failed change or commit means; latches where it must. */
enum err db_write_result(struct db *db, int rc) MUST_CHECK;
/* LMDB keeps every page that a reader could need, and does not look by itself
 * whether the reader's process still lives. True: one did not. */
bool db_forget_dead_readers(struct db *db);
/* Counts bytes read through the map; lets it go when they are many. */
void db_count_touched(struct db *db, size_t n);
