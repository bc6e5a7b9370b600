#pragma once

#include "store/seal.h"

/*
 * The only code that knows LMDB (db*.c): one environment, fully synchronised,
 * six tables, one write transaction and one reusable read transaction, growth
 * of the map, space allocated ahead, and the latch after a failed write.
 *
 * Files: DIR/db/data.mdb and lock.mdb (LMDB's; made in DIR/db.new), DIR/state,
 * which holds the lock of the one process that may use the store, and the word
 * "check" after a failed write.
 */

struct db;
struct MDB_txn;

/* In TABLE_META; there in every store, from its first batch on. */
#define DB_VERSION_KEY "version"

enum db_use {
	DB_SERVE,
	DB_CHECK,  /* opens in spite of the mark; drops the page cache first */
	DB_COPY,   /* a backup: dir is the file; read only, cache dropped */
	DB_BESIDE, /* read only, while another process may write; one with a
		      mark is refused, and nothing is made */
};

/* Errors as store_open; DB_BESIDE: ERR_NOT_FOUND where no store is. */
enum err db_open(const struct store_config *config, enum db_use use,
    struct db **ret) MUST_CHECK;
struct db *db_close(struct db *db);

/* One snapshot at a time; what db_get returns is borrowed until the end. */
enum err db_read_begin(struct db *db, struct MDB_txn **ret) MUST_CHECK;
void db_read_end(struct db *db);

enum err db_write_begin(struct db *db, struct MDB_txn **ret) MUST_CHECK;
/* ERR_OK: on disk. ERR_IO latches. Ends the transaction in any case. */
enum err db_write_commit(struct db *db) MUST_CHECK;
void db_write_abort(struct db *db);

/* Whether the last ERR_FULL came from the map; db_grow makes it larger, with
 * no transaction open. ERR_FULL: it may not grow any more. */
bool db_map_is_full(const struct db *db);
enum err db_grow(struct db *db) MUST_CHECK;

/* Inside a write transaction, values are borrowed until the next change. */
enum err db_get(struct db *db, struct MDB_txn *txn, enum table table,
    uint64_t number, struct bytes *ret) MUST_CHECK;
enum err db_get_name(struct db *db, struct MDB_txn *txn, enum table table,
    const char *name, struct bytes *ret) MUST_CHECK;
/* The largest key; ERR_NOT_FOUND in an empty table. */
enum err db_last(struct db *db, struct MDB_txn *txn, enum table table,
    uint64_t *ret) MUST_CHECK;
/* Visits every value in order of keys; an error of the visitor ends it. For
 * tables with names, number counts from 0. */
typedef enum err db_visit(void *ctx, uint64_t number, struct bytes key,
    struct bytes value);
enum err db_scan(struct db *db, struct MDB_txn *txn, enum table table,
    db_visit *visit, void *ctx) MUST_CHECK;

/* Room for a value of n bytes, to be filled before the next change. DB_APPEND:
 * number is larger than every key of the table. */
enum db_how { DB_PUT, DB_APPEND };
enum err db_reserve(struct db *db, enum table table, uint64_t number, size_t n,
    enum db_how how, uint8_t **ret) MUST_CHECK;
enum err db_reserve_name(struct db *db, enum table table, const char *name,
    size_t n, uint8_t **ret) MUST_CHECK;
/* ERR_CORRUPT when it is not there. */
enum err db_delete(struct db *db, enum table table, uint64_t number) MUST_CHECK;

/*
 * Makes sure that `bytes` more can be written and the headroom still stays.
 * ERR_FULL: the file system, or the size the store may have, does not give
 * that. For attachments; text may use the headroom up, and the commit decides.
 */
enum err db_allocate(struct db *db, uint64_t bytes) MUST_CHECK;
/* Bytes in live pages, as last committed. */
uint64_t db_used(const struct db *db);
uint64_t db_size_max(const struct db *db);

/*
 * All live pages as last committed, in a form that is a whole data file, in
 * order, to sink; free pages are left out. db_used bytes and what is committed
 * until the copy begins. While it lasts no page that it needs is used again,
 * so the file of a store that is written to grows; over growth_max bytes the
 * copy is given up (ERR_LIMIT). What sink returns ends it.
 */
typedef enum err db_sink(void *ctx, struct bytes x);
enum err db_copy(struct db *db, uint64_t growth_max, db_sink *sink, void *ctx)
    MUST_CHECK;
/* The data file of a store that is open and idle, replaced by a copy of itself
 * without its free pages. Close it afterwards, without writing. ERR_FULL:
 * nothing was changed. */
enum err db_compact(struct db *db, const char *dir) MUST_CHECK;
enum err db_sync_directory(const char *path) MUST_CHECK;

void db_trim(struct db *db);
bool db_is_latched(const struct db *db);
void db_latch(struct db *db);
/* Lifts the mark of a failed write. */
enum err db_unmark(struct db *db) MUST_CHECK;
