#include "store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB (1024ull * 1024)
#define SIZE_MAX_DEFAULT (64 * 1024 * MIB)
#define MAP_DEFAULT (64 * MIB)
#define HEADROOM_DEFAULT (16 * MIB)
#define READERS_MAX 16
/* After reading about this much through the map, its pages are let go. */
#define TOUCHED_MAX (1 * MIB)
#define TOUCHED_PER_VALUE 4096

static const char mark[] = "check\n";

static const struct {
	const char *name;
	unsigned flags;
} table_of[TABLES] = {
	[TABLE_META] = { "meta", 0 },
	[TABLE_SLOTS] = { "slots", MDB_INTEGERKEY },
	[TABLE_INDEX] = { "index", MDB_INTEGERKEY },
	[TABLE_RECORDS] = { "records", MDB_INTEGERKEY },
	[TABLE_UPLOADS] = { "uploads", MDB_INTEGERKEY },
	[TABLE_VALUES] = { "values", 0 },
};

struct db {
	MDB_env *env;
	MDB_dbi dbi[TABLES];
	MDB_txn *read;	/* reset between uses */
	MDB_txn *write; /* NULL between batches */
	bool reading;
	bool latched;
	bool map_full;
	bool may_allocate; /* the file system knows fallocate */
	int fd;		   /* of data.mdb, LMDB's */
	int state_fd;
	uint64_t page;
	uint8_t *map; /* where LMDB mapped the file; NULL: not known yet */
	uint64_t map_size;
	uint64_t size_max;
	uint64_t headroom;
	uint64_t allocated; /* bytes of data.mdb */
	uint64_t touched;
};

static enum err
err_of(int rc)
{
	switch (rc) {
	case MDB_SUCCESS:
		return ERR_OK;
	case MDB_NOTFOUND:
		return ERR_NOT_FOUND;
	case MDB_MAP_FULL:
	case MDB_TXN_FULL:
	case ENOSPC:
	case EDQUOT:
		return ERR_FULL;
	case ENOMEM:
		return ERR_NOMEM;
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
	case MDB_INVALID:
	case MDB_BAD_VALSIZE:
	case MDB_KEYEXIST:
		return ERR_CORRUPT;
	case MDB_VERSION_MISMATCH:
		return ERR_VERSION;
	default:
		return ERR_IO;
	}
}

/* --- the state file --- */

static enum err
state_open(struct db *db, const char *dir, enum db_use use)
{
	char path[PATH_MAX], word[sizeof(mark) - 1];
	ssize_t n;

	if (snprintf(path, sizeof(path), "%s/state", dir) >= (int)sizeof(path))
		return ERR_LIMIT;
	db->state_fd = open(path,
	    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (db->state_fd < 0)
		return ERR_IO;
	if (flock(db->state_fd, LOCK_EX | LOCK_NB) != 0)
		return errno == EWOULDBLOCK ? ERR_EXISTS : ERR_IO;
	n = pread(db->state_fd, word, sizeof(word), 0);
	if (n < 0)
		return ERR_IO;
	if (n > 0 && use == DB_SERVE)
		return ERR_CORRUPT;
	return ERR_OK;
}

void
db_latch(struct db *db)
{
	if (db->latched)
		return;
	db->latched = true;
	/* As far as a failing disk lets us; the vault's exit code says it
	 * too. */
	if (lseek(db->state_fd, 0, SEEK_SET) == 0 &&
	    write(db->state_fd, mark, sizeof(mark) - 1) > 0)
		(void)fsync(db->state_fd);
}

enum err
db_unmark(struct db *db)
{
	if (ftruncate(db->state_fd, 0) != 0 || fsync(db->state_fd) != 0)
		return ERR_IO;
	return ERR_OK;
}

bool
db_is_latched(const struct db *db)
{
	return db->latched;
}

/* --- opening --- */

static enum err
sync_directory(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc;

	if (fd < 0)
		return ERR_IO;
	rc = fsync(fd);
	close(fd);
	return rc == 0 ? ERR_OK : ERR_IO;
}

/* What is read afterwards comes from the disk, not from a page cache that a
 * failed sync may have left wrong. */
static void
drop_cache(const char *env_dir)
{
	char path[PATH_MAX];
	int fd;

	if (snprintf(path, sizeof(path), "%s/data.mdb", env_dir) >=
	    (int)sizeof(path))
		return;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	close(fd);
}

static enum err
tables_open(struct db *db)
{
	MDB_txn *txn;
	int rc = mdb_txn_begin(db->env, NULL, 0, &txn);

	if (rc != 0)
		return err_of(rc);
	for (unsigned i = 0; i < TABLES && rc == 0; i++)
		rc = mdb_dbi_open(txn, table_of[i].name,
		    MDB_CREATE | table_of[i].flags, &db->dbi[i]);
	if (rc != 0) {
		mdb_txn_abort(txn);
		return err_of(rc);
	}
	return err_of(mdb_txn_commit(txn));
}

static enum err
read_txn_make(struct db *db)
{
	int rc = mdb_txn_begin(db->env, NULL, MDB_RDONLY, &db->read);

	if (rc != 0)
		return err_of(rc);
	mdb_txn_reset(db->read);
	return ERR_OK;
}

static enum err
env_open(struct db *db, const char *env_dir)
{
	unsigned flags = MDB_NORDAHEAD | MDB_NOTLS;
	MDB_envinfo info;
	MDB_stat st;
	int rc = mdb_env_create(&db->env);

	if (rc == 0)
		rc = mdb_env_set_maxdbs(db->env, TABLES);
	if (rc == 0)
		rc = mdb_env_set_maxreaders(db->env, READERS_MAX);
	if (rc == 0)
		rc = mdb_env_set_mapsize(db->env, db->map_size);
	if (rc == 0)
		rc = mdb_env_open(db->env, env_dir, flags, 0600);
	if (rc == 0)
		rc = mdb_env_info(db->env, &info);
	if (rc == 0)
		rc = mdb_env_stat(db->env, &st);
	if (rc == 0)
		rc = mdb_env_get_fd(db->env, &db->fd);
	if (rc != 0)
		return err_of(rc);
	db->map_size = info.me_mapsize;
	db->page = st.ms_psize;
	return ERR_OK;
}

static enum err
db_open_env(struct db *db, const struct store_config *config, enum db_use use)
{
	char env_dir[PATH_MAX];
	enum err e;

	if (snprintf(env_dir, sizeof(env_dir), "%s/db", config->dir) >=
	    (int)sizeof(env_dir))
		return ERR_LIMIT;
	if (mkdir(env_dir, 0700) != 0 && errno != EEXIST)
		return errno == ENOSPC ? ERR_FULL : ERR_IO;
	if (use == DB_CHECK)
		drop_cache(env_dir);
	e = env_open(db, env_dir);
	if (e == ERR_OK)
		e = tables_open(db);
	if (e == ERR_OK)
		e = read_txn_make(db);
	/* LMDB syncs the file, not the names that lead to it. */
	if (e == ERR_OK)
		e = sync_directory(env_dir);
	if (e == ERR_OK)
		e = sync_directory(config->dir);
	return e;
}

static uint64_t
or_default(uint64_t x, uint64_t fallback)
{
	return x != 0 ? x : fallback;
}

static struct db *
db_new(const struct store_config *config)
{
	struct db *db = calloc(1, sizeof(*db));

	if (db == NULL)
		return NULL;
	db->state_fd = -1;
	db->may_allocate = true;
	db->size_max = or_default(config->size_max, SIZE_MAX_DEFAULT);
	db->map_size = or_default(config->map_size, MAP_DEFAULT);
	db->headroom = or_default(config->headroom, HEADROOM_DEFAULT);
	if (db->map_size > db->size_max)
		db->map_size = db->size_max;
	return db;
}

enum err
db_open(const struct store_config *config, enum db_use use, struct db **ret)
{
	struct db *db = db_new(config);
	enum err e;

	if (db == NULL)
		return ERR_NOMEM;
	e = state_open(db, config->dir, use);
	if (e == ERR_OK)
		e = db_open_env(db, config, use);
	if (e != ERR_OK) {
		db_close(db);
		return e;
	}
	/* A full disk does not keep a store from being read. */
	if (use == DB_SERVE)
		(void)!db_allocate(db, 0);
	*ret = db;
	return ERR_OK;
}

struct db *
db_close(struct db *db)
{
	if (db == NULL)
		return NULL;
	db_write_abort(db);
	if (db->read != NULL)
		mdb_txn_abort(db->read);
	if (db->env != NULL)
		mdb_env_close(db->env);
	if (db->state_fd >= 0)
		close(db->state_fd);
	free(db);
	return NULL;
}

/* --- transactions --- */

enum err
db_read_begin(struct db *db, struct MDB_txn **ret)
{
	int rc = mdb_txn_renew(db->read);

	if (rc != 0)
		return err_of(rc);
	db->reading = true;
	*ret = db->read;
	return ERR_OK;
}

void
db_read_end(struct db *db)
{
	if (!db->reading)
		return;
	mdb_txn_reset(db->read);
	db->reading = false;
}

enum err
db_write_begin(struct db *db, struct MDB_txn **ret)
{
	int rc;

	if (db->latched)
		return ERR_IO;
	db->map_full = false;
	rc = mdb_txn_begin(db->env, NULL, 0, &db->write);
	if (rc == ENOMEM)
		return ERR_NOMEM;
	if (rc != 0) {
		db->write = NULL;
		db_latch(db);
		return ERR_IO;
	}
	*ret = db->write;
	return ERR_OK;
}

/* What a failed change or commit means. Out of space or memory: LMDB has
 * changed nothing that is in use. Anything else: unknown, so latch. */
static enum err
write_result(struct db *db, int rc)
{
	enum err e = err_of(rc);

	if (rc == MDB_MAP_FULL)
		db->map_full = true;
	if (e == ERR_IO)
		db_latch(db);
	return e;
}

/* LMDB gives up for good when its meta page could not be written, whatever
 * the error was. */
static bool
is_dead(struct db *db)
{
	if (mdb_txn_renew(db->read) != 0)
		return true;
	mdb_txn_reset(db->read);
	return false;
}

enum err
db_write_commit(struct db *db)
{
	MDB_txn *txn = db->write;
	enum err e;

	db->write = NULL;
	e = write_result(db, mdb_txn_commit(txn));
	if (e != ERR_OK && e != ERR_IO && is_dead(db)) {
		db_latch(db);
		return ERR_IO;
	}
	return e;
}

void
db_write_abort(struct db *db)
{
	if (db->write != NULL)
		mdb_txn_abort(db->write);
	db->write = NULL;
}

bool
db_map_is_full(const struct db *db)
{
	return db->map_full;
}

enum err
db_grow(struct db *db)
{
	uint64_t size = db->map_size;

	if (size >= db->size_max)
		return ERR_FULL;
	size = size > db->size_max / 2 ? db->size_max : size * 2;
	if (mdb_env_set_mapsize(db->env, size) != 0)
		return ERR_NOMEM;
	db->map_size = size;
	db->map = NULL;
	return ERR_OK;
}

/* --- values --- */

static void
count_touched(struct db *db, size_t n)
{
	db->touched += n + TOUCHED_PER_VALUE;
	if (db->touched > TOUCHED_MAX)
		db_trim(db);
}

static enum err
get(struct db *db, MDB_txn *txn, enum table table, MDB_val key,
    struct bytes *ret)
{
	MDB_val v;
	int rc = mdb_get(txn, db->dbi[table], &key, &v);

	if (rc != 0)
		return err_of(rc);
	count_touched(db, v.mv_size);
	*ret = BYTES(v.mv_data, v.mv_size);
	return ERR_OK;
}

enum err
db_get(struct db *db, struct MDB_txn *txn, enum table table, uint64_t number,
    struct bytes *ret)
{
	return get(db, txn, table, (MDB_val){ sizeof(number), &number }, ret);
}

static MDB_val
name_key(char out[static STORE_NAME_MAX], const char *name)
{
	size_t n = strnlen(name, STORE_NAME_MAX);

	memcpy(out, name, n);
	return (MDB_val){ n, out };
}

enum err
db_get_name(struct db *db, struct MDB_txn *txn, enum table table,
    const char *name, struct bytes *ret)
{
	char k[STORE_NAME_MAX];

	return get(db, txn, table, name_key(k, name), ret);
}

static enum err
number_of(MDB_val key, uint64_t *ret)
{
	if (key.mv_size != sizeof(*ret))
		return ERR_CORRUPT;
	memcpy(ret, key.mv_data, sizeof(*ret));
	return ERR_OK;
}

enum err
db_last(struct db *db, struct MDB_txn *txn, enum table table, uint64_t *ret)
{
	MDB_cursor *c;
	MDB_val k, v;
	int rc = mdb_cursor_open(txn, db->dbi[table], &c);

	if (rc != 0)
		return err_of(rc);
	rc = mdb_cursor_get(c, &k, &v, MDB_LAST);
	mdb_cursor_close(c);
	return rc == 0 ? number_of(k, ret) : err_of(rc);
}

static enum err
visit_all(struct db *db, MDB_cursor *c, enum table table, db_visit *visit,
    void *ctx)
{
	bool named = (table_of[table].flags & MDB_INTEGERKEY) == 0;
	uint64_t number = 0, count = 0;
	enum err e = ERR_OK;
	MDB_val k, v;
	int rc;

	while (e == ERR_OK) {
		rc = mdb_cursor_get(c, &k, &v, MDB_NEXT);
		if (rc != 0)
			return rc == MDB_NOTFOUND ? ERR_OK : err_of(rc);
		count_touched(db, v.mv_size);
		number = count++;
		if (!named)
			e = number_of(k, &number);
		if (e == ERR_OK)
			e = visit(ctx, number, BYTES(k.mv_data, k.mv_size),
			    BYTES(v.mv_data, v.mv_size));
	}
	return e;
}

enum err
db_scan(struct db *db, struct MDB_txn *txn, enum table table, db_visit *visit,
    void *ctx)
{
	MDB_cursor *c;
	enum err e;
	int rc = mdb_cursor_open(txn, db->dbi[table], &c);

	if (rc != 0)
		return err_of(rc);
	e = visit_all(db, c, table, visit, ctx);
	mdb_cursor_close(c);
	return e;
}

enum err
db_reserve(struct db *db, enum table table, uint64_t number, size_t n,
    enum db_how how, uint8_t **ret)
{
	unsigned flags = MDB_RESERVE | (how == DB_APPEND ? MDB_APPEND : 0u);
	MDB_val k = { sizeof(number), &number }, v = { n, NULL };
	int rc = mdb_put(db->write, db->dbi[table], &k, &v, flags);

	if (rc != 0)
		return write_result(db, rc);
	*ret = v.mv_data;
	return ERR_OK;
}

enum err
db_reserve_name(struct db *db, enum table table, const char *name, size_t n,
    uint8_t **ret)
{
	char buf[STORE_NAME_MAX];
	MDB_val k = name_key(buf, name), v = { n, NULL };
	int rc = mdb_put(db->write, db->dbi[table], &k, &v, MDB_RESERVE);

	if (rc != 0)
		return write_result(db, rc);
	*ret = v.mv_data;
	return ERR_OK;
}

enum err
db_delete(struct db *db, enum table table, uint64_t number)
{
	MDB_val k = { sizeof(number), &number };
	int rc = mdb_del(db->write, db->dbi[table], &k, NULL);

	return rc == MDB_NOTFOUND ? ERR_CORRUPT : write_result(db, rc);
}

/* --- space --- */

/* Allocates up to end, rounded up by a headroom so that this is rare. */
static bool
extend(struct db *db, uint64_t end)
{
	uint64_t far = end + db->headroom;

	if (far > db->size_max)
		far = db->size_max;
	for (;;) {
		if (fallocate(db->fd, 0, 0, (off_t)far) == 0) {
			db->allocated = far;
			return true;
		}
		if (errno == EINTR)
			continue;
		if (errno == EOPNOTSUPP) {
			db->may_allocate = false;
			return true;
		}
		if (far <= end)
			return false;
		far = end;
	}
}

enum err
db_allocate(struct db *db, uint64_t bytes)
{
	uint64_t end, want = bytes + db->headroom;
	MDB_envinfo info;

	if (!db->may_allocate)
		return ERR_OK;
	if (mdb_env_info(db->env, &info) != 0)
		return ERR_IO;
	end = (info.me_last_pgno + 1) * db->page + want;
	if (end > db->size_max)
		end = db->size_max;
	if (end <= db->allocated || extend(db, end))
		return ERR_OK;
	return db_used(db) + want <= db->allocated ? ERR_OK : ERR_FULL;
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
