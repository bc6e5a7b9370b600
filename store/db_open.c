#include "store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/db_inside.h"

#define MIB (1024ull * 1024)
#define SIZE_MAX_DEFAULT (64 * 1024 * MIB)
#define MAP_DEFAULT (64 * MIB)
#define HEADROOM_DEFAULT (16 * MIB)
#define READERS_MAX 16
#define LOCK_LEN 4096 /* more than LMDB's for so many readers */

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

/* --- the state file --- */

static enum err
state_open(struct db *db, const char *dir, enum db_use use)
{
	char path[PATH_MAX], word[sizeof(mark) - 1];
	ssize_t n;

	if (snprintf(path, sizeof(path), "%s/state", dir) >= (int)sizeof(path))
		return ERR_LIMIT;
	db->state_fd =
	    open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
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
	if (db->state_fd < 0)
		return ERR_OK; /* a copy has no mark */
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

enum err
db_sync_directory(const char *path)
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
drop_cache(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	close(fd);
}

static enum err
tables_open(struct db *db, bool writes)
{
	unsigned create = writes ? MDB_CREATE : 0u;
	MDB_txn *txn;
	int rc = mdb_txn_begin(db->env, NULL, writes ? 0 : MDB_RDONLY, &txn);

	if (rc != 0)
		return db_err_of(rc);
	for (unsigned i = 0; i < TABLES && rc == 0; i++)
		rc = mdb_dbi_open(txn, table_of[i].name,
		    create | table_of[i].flags, &db->dbi[i]);
	if (rc != 0) {
		mdb_txn_abort(txn);
		return rc == MDB_NOTFOUND ? ERR_CORRUPT : db_err_of(rc);
	}
	return db_err_of(mdb_txn_commit(txn));
}

static enum err
read_txn_make(struct db *db)
{
	int rc = mdb_txn_begin(db->env, NULL, MDB_RDONLY, &db->read);

	if (rc != 0)
		return db_err_of(rc);
	mdb_txn_reset(db->read);
	return ERR_OK;
}

/* A file that is shorter than to its last page was cut off, and reading its end
 * would be a bus error. */
static bool
is_whole(const struct db *db, const MDB_envinfo *info)
{
	struct stat st;

	return fstat(db->fd, &st) == 0 &&
	    (uint64_t)st.st_size / db->page > info->me_last_pgno;
}

/* A store that was restored and cut off, by a full disk: what is missing reads
 * as zeros, which is damage that is found. Only whoever has the state file's
 * lock writes. */
static enum err
fill_up(const struct db *db, const MDB_envinfo *info)
{
	uint64_t size = (info->me_last_pgno + 1) * db->page;

	return ftruncate(db->fd, (off_t)size) == 0 ? ERR_OK : db_err_of(errno);
}

static enum err
path_put(char out[static PATH_MAX], const char *dir, const char *name)
{
	return snprintf(out, PATH_MAX, "%s/%s", dir, name) >= PATH_MAX
	    ? ERR_LIMIT
	    : ERR_OK;
}

/* LMDB writes its lock file through a map, which on a full disk would be a bus
 * error. One that has its place is left alone: a process that closes it loses
 * its locks. */
static int
lock_allocate(const char *env_dir)
{
	char path[PATH_MAX];
	struct stat st;
	int fd, rc;

	if (path_put(path, env_dir, "lock.mdb") != ERR_OK)
		return ENAMETOOLONG;
	if (stat(path, &st) == 0 && st.st_blocks > 0)
		return 0;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return errno == ENOSPC ? ENOSPC : 0; /* LMDB says the rest */
	rc = fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, LOCK_LEN);
	rc = rc != 0 && (errno == ENOSPC || errno == EDQUOT) ? errno : 0;
	close(fd);
	return rc;
}

static enum err
env_open(struct db *db, const char *path, unsigned flags)
{
	bool is_copy = (flags & MDB_NOSUBDIR) != 0;
	MDB_envinfo info;
	MDB_stat st;
	int rc = is_copy ? 0 : lock_allocate(path);

	if (rc == 0)
		rc = mdb_env_create(&db->env);
	if (rc == 0)
		rc = mdb_env_set_maxdbs(db->env, TABLES);
	if (rc == 0)
		rc = mdb_env_set_maxreaders(db->env, READERS_MAX);
	if (rc == 0)
		rc = mdb_env_set_mapsize(db->env, db->map_size);
	if (rc == 0)
		rc = mdb_env_open(db->env, path, flags | MDB_NOTLS, 0600);
	if (rc == 0)
		rc = mdb_env_info(db->env, &info);
	if (rc == 0)
		rc = mdb_env_stat(db->env, &st);
	if (rc == 0)
		rc = mdb_env_get_fd(db->env, &db->fd);
	if (rc != 0)
		return db_err_of(rc);
	db->map_size = info.me_mapsize;
	db->page = st.ms_psize;
	if (is_whole(db, &info))
		return ERR_OK;
	return (flags & MDB_RDONLY) != 0 ? ERR_CORRUPT : fill_up(db, &info);
}

static enum err
directory_make(const char *path)
{
	if (mkdir(path, 0700) == 0 || errno == EEXIST)
		return ERR_OK;
	return errno == ENOSPC ? ERR_FULL : ERR_IO;
}

/* What an earlier start did not finish. */
static enum err
empty_out(const char *env_dir)
{
	static const char *const names[] = { "data.mdb", "lock.mdb" };
	char path[PATH_MAX];
	enum err e = ERR_OK;

	for (size_t i = 0; i < 2 && e == ERR_OK; i++) {
		e = path_put(path, env_dir, names[i]);
		if (e == ERR_OK && unlink(path) != 0 && errno != ENOENT)
			e = ERR_IO;
	}
	return e;
}

/*
 * LMDB writes its meta pages long before the first sync: after a power cut in
 * between nobody could open the file. So a new environment gets its name when
 * it is whole on the disk.
 */
static enum err
env_make(struct db *db, const char *dir, const char *env_dir)
{
	char fresh[PATH_MAX];
	enum err e = path_put(fresh, dir, "db.new");

	if (e == ERR_OK)
		e = directory_make(fresh);
	if (e == ERR_OK)
		e = empty_out(fresh);
	if (e == ERR_OK)
		e = env_open(db, fresh, MDB_NORDAHEAD);
	if (e == ERR_OK)
		e = tables_open(db, true);
	if (db->env != NULL)
		mdb_env_close(db->env);
	db->env = NULL;
	if (e == ERR_OK)
		e = db_sync_directory(fresh);
	if (e == ERR_OK && rename(fresh, env_dir) != 0)
		e = ERR_IO;
	return e;
}

/* What has its name was whole on the disk. LMDB would begin anew where its file
 * is missing or empty. */
static enum err
refuse_empty(const char *data)
{
	struct stat st;

	if (stat(data, &st) != 0)
		return errno == ENOENT ? ERR_CORRUPT : ERR_IO;
	return st.st_size == 0 ? ERR_CORRUPT : ERR_OK;
}

/* Where the environment is; one is made where there is none. */
static enum err
env_find(struct db *db, const char *dir, char ret[static PATH_MAX])
{
	enum err e = path_put(ret, dir, "db");

	if (e == ERR_OK && access(ret, F_OK) != 0)
		e = errno == ENOENT ? env_make(db, dir, ret) : ERR_IO;
	if (e == ERR_OK)
		e = path_put(ret, dir, DB_DATA);
	if (e == ERR_OK)
		e = refuse_empty(ret);
	return e == ERR_OK ? path_put(ret, dir, "db") : e;
}

static enum err
db_open_env(struct db *db, const struct store_config *config, enum db_use use)
{
	char path[PATH_MAX];
	enum err e = path_put(path, config->dir, DB_DATA);

	if (e == ERR_OK && use == DB_CHECK)
		drop_cache(path);
	if (e == ERR_OK)
		e = env_find(db, config->dir, path);
	if (e == ERR_OK)
		e = env_open(db, path, MDB_NORDAHEAD);
	if (e == ERR_OK)
		e = tables_open(db, true);
	if (e == ERR_OK)
		e = read_txn_make(db);
	/* LMDB syncs the file, not the names that lead to it. */
	if (e == ERR_OK)
		e = db_sync_directory(path);
	if (e == ERR_OK)
		e = db_sync_directory(config->dir);
	return e;
}

bool
store_is_shut(const char *dir, char ret_path[static STORE_PATH_MAX])
{
	static const struct {
		const char *name;
		int mode;
	} parts[] = {
		{ "", R_OK | W_OK | X_OK },
		{ "/state", R_OK | W_OK },
		{ "/db", R_OK | W_OK | X_OK },
		{ "/" DB_DATA, R_OK | W_OK },
		{ "/db/lock.mdb", R_OK | W_OK },
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (snprintf(ret_path, STORE_PATH_MAX, "%s%s", dir,
			parts[i].name) >= STORE_PATH_MAX)
			return false;
		if (access(ret_path, parts[i].mode) != 0 && errno != ENOENT)
			return true;
	}
	return false;
}

/* --- copies, and stores that another process writes --- */

/* One file by itself. */
static enum err
open_copy(struct db *db, const char *path)
{
	enum err e;

	drop_cache(path);
	e = env_open(db, path,
	    MDB_NOSUBDIR | MDB_RDONLY | MDB_NOLOCK | MDB_NORDAHEAD);
	if (e == ERR_OK)
		e = tables_open(db, false);
	return e == ERR_OK ? read_txn_make(db) : e;
}

/* After a failed write nobody knows what the page cache shows. */
static enum err
refuse_marked(const char *dir)
{
	char path[PATH_MAX];
	struct stat st;
	enum err e = path_put(path, dir, "state");

	if (e != ERR_OK)
		return e;
	if (stat(path, &st) != 0)
		return errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;
	return st.st_size > 0 ? ERR_CORRUPT : ERR_OK;
}

/* Reads all of it in order, so the kernel may read ahead. */
static enum err
open_beside(struct db *db, const char *dir)
{
	char path[PATH_MAX];
	enum err e = refuse_marked(dir);

	if (e == ERR_OK)
		e = path_put(path, dir, DB_DATA);
	if (e == ERR_OK)
		e = refuse_empty(path);
	if (e == ERR_OK)
		e = path_put(path, dir, "db");
	if (e == ERR_OK)
		e = env_open(db, path, MDB_RDONLY);
	if (e != ERR_OK)
		return e;
	(void)db_forget_dead_readers(db);
	e = tables_open(db, false);
	return e == ERR_OK ? read_txn_make(db) : e;
}

static enum err
refuse_none(const char *dir)
{
	char path[PATH_MAX];
	enum err e = path_put(path, dir, "db");

	if (e == ERR_OK && access(path, F_OK) != 0)
		e = errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;
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
	db->size_max = or_default(config->size_max, SIZE_MAX_DEFAULT);
	db->map_size = or_default(config->map_size, MAP_DEFAULT);
	db->headroom = or_default(config->headroom, HEADROOM_DEFAULT);
	if (db->map_size > db->size_max)
		db->map_size = db->size_max;
	return db;
}

static enum err
open_as(struct db *db, const struct store_config *config, enum db_use use)
{
	enum err e;

	switch (use) {
	case DB_COPY:
		return open_copy(db, config->dir);
	case DB_BESIDE:
		return open_beside(db, config->dir);
	case DB_SERVE:
	case DB_CHECK:
		break;
	}
	e = use == DB_CHECK || config->no_new ? refuse_none(config->dir)
					      : ERR_OK;
	if (e == ERR_OK)
		e = state_open(db, config->dir, use);
	return e == ERR_OK ? db_open_env(db, config, use) : e;
}

enum err
db_open(const struct store_config *config, enum db_use use, struct db **ret)
{
	struct db *db = db_new(config);
	enum err e;

	if (db == NULL)
		return ERR_NOMEM;
	e = open_as(db, config, use);
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
