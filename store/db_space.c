#include "store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/db_inside.h"

/* After reading about this much through the map, its pages are let go. */
#define TOUCHED_MAX (512 * 1024)
#define TOUCHED_PER_VALUE 4096

bool
db_map_is_full(const struct db *db)
{
	return db->map_full;
}

bool
db_forget_dead_readers(struct db *db)
{
	int dead = 0;

	return mdb_reader_check(db->env, &dead) == 0 && dead > 0;
}

enum err
db_grow(struct db *db)
{
	uint64_t size = db->map_size;

	/* A backup that was killed: the pages kept for it are room again. */
	if (db_forget_dead_readers(db))
		return ERR_OK;
	if (size >= db->size_max)
		return ERR_FULL;
	size = size > db->size_max / 2 ? db->size_max : size * 2;
	if (mdb_env_set_mapsize(db->env, size) != 0)
		return ERR_NOMEM;
	db->map_size = size;
	db->map = NULL;
	return ERR_OK;
}

/* --- space --- */

/* Where the file system keeps no room ahead, the file is longer at least: no
 * page that LMDB counts lies behind its end (store/db_open.c, is_whole). */
static bool
lengthen(const struct db *db, uint64_t far)
{
	struct stat st;

	if (fallocate(db->fd, 0, 0, (off_t)far) == 0)
		return true;
	if (errno != EOPNOTSUPP || fstat(db->fd, &st) != 0)
		return false;
	return (uint64_t)st.st_size >= far ||
	    ftruncate(db->fd, (off_t)far) == 0;
}

/* Allocates up to end, rounded up by a headroom so that this is rare. */
static bool
extend(struct db *db, uint64_t end)
{
	uint64_t far = end + db->headroom;

	if (far > db->size_max)
		far = db->size_max;
	for (;;) {
		if (lengthen(db, far)) {
			db->allocated = far;
			return true;
		}
		if (errno == EINTR)
			continue;
		if (far <= end)
			return false;
		far = end;
	}
}

enum err
db_allocate(struct db *db, uint64_t bytes)
{
	uint64_t end, want = bytes + db->headroom;
	uint64_t room = db->size_max;
	MDB_envinfo info;

	if (mdb_env_info(db->env, &info) != 0)
		return ERR_IO;
	end = (info.me_last_pgno + 1) * db->page + want;
	if (end > db->size_max)
		end = db->size_max;
	if (end > db->allocated && !extend(db, end))
		room = db->allocated;
	/* Pages that were freed count as room. */
	return db_used(db) + want <= room ? ERR_OK : ERR_FULL;
}

static uint64_t
pages_of(const MDB_stat *st)
{
	return st->ms_branch_pages + st->ms_leaf_pages + st->ms_overflow_pages;
}

uint64_t
db_used(const struct db *db)
{
	uint64_t pages = 2; /* LMDB's two meta pages */
	MDB_txn *txn = db->write;
	MDB_stat st;

	if (txn == NULL) {
		if (!db->reading && mdb_txn_renew(db->read) != 0)
			return 0;
		txn = db->read;
	}
	if (mdb_env_stat(db->env, &st) == 0)
		pages += pages_of(&st);
	for (unsigned i = 0; i < TABLES; i++)
		if (mdb_stat(txn, db->dbi[i], &st) == 0)
			pages += pages_of(&st);
	if (txn == db->read && !db->reading)
		mdb_txn_reset(db->read);
	return pages * db->page;
}

uint64_t
db_size_max(const struct db *db)
{
	return db->size_max;
}

/*
 * Where the map begins. mdb_env_info tells it only for fixed maps, so take it
 * from a value in it: each LMDB page begins with its own number, and a value
 * lies in the page, or begins in the first of a run of pages, that does so.
 */
static uint8_t *
map_of_value(const struct db *db, const MDB_val *v)
{
	uintptr_t page = (uintptr_t)v->mv_data & ~(uintptr_t)(db->page - 1);
	MDB_envinfo info;
	uint64_t pgno;

	memcpy(&pgno, (const void *)page, sizeof(pgno));
	if (mdb_env_info(db->env, &info) != 0 || pgno > info.me_last_pgno)
		return NULL;
	return (uint8_t *)(page - pgno * db->page);
}

static uint8_t *
map_find(struct db *db)
{
	char name[] = DB_VERSION_KEY;
	MDB_val k = { sizeof(name) - 1, name }, v;
	bool own = !db->reading;
	uint8_t *map = NULL;

	if (own && mdb_txn_renew(db->read) != 0)
		return NULL;
	if (mdb_get(db->read, db->dbi[TABLE_META], &k, &v) == 0)
		map = map_of_value(db, &v);
	if (own)
		mdb_txn_reset(db->read);
	return map;
}

void
db_trim(struct db *db)
{
	db->touched = 0;
	if (db->map == NULL)
		db->map = map_find(db);
	/* A shared map of a file: pages come back from the page cache. */
	if (db->map != NULL)
		(void)madvise(db->map, db->map_size, MADV_DONTNEED);
}

void
db_count_touched(struct db *db, size_t n)
{
	db->touched += n + TOUCHED_PER_VALUE;
	if (db->touched > TOUCHED_MAX)
		db_trim(db);
}
