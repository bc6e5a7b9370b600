#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "store/inside.h"

/*
 * Copies of a store. Nothing is opened or sealed here: no key is needed.
 *
 * A backup may run beside the daemon, but not while the data file is replaced:
 * LMDB's lock file would then go with two data files. So backups hold the
 * folder's lock together, and store_hold_backups holds it alone.
 */

static enum err
lock_folder(const char *dir, int how, int *ret_fd)
{
	char path[PATH_MAX];
	int fd;

	if (snprintf(path, sizeof(path), "%s/db", dir) >= (int)sizeof(path))
		return ERR_LIMIT;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;
	if (flock(fd, how | LOCK_NB) != 0) {
		enum err e = errno == EWOULDBLOCK ? ERR_EXISTS : ERR_IO;

		close(fd);
		return e;
	}
	*ret_fd = fd;
	return ERR_OK;
}

enum err
store_hold_backups(const char *dir, int *ret_fd)
{
	return lock_folder(dir, LOCK_EX, ret_fd);
}

struct backup {
	store_backup_sink *sink;
	void *ctx;
	uint64_t total;
};

static enum err
pass_on(void *ctx, struct bytes x)
{
	const struct backup *b = ctx;

	return b->sink(b->ctx, x, b->total);
}

enum err
store_backup(const char *dir, uint64_t growth_max, store_backup_sink *sink,
    void *ctx)
{
	struct store_config config = { .dir = dir };
	struct backup b = { .sink = sink, .ctx = ctx };
	struct db *db = NULL;
	int lock = -1;
	enum err e = lock_folder(dir, LOCK_SH, &lock);

	if (e == ERR_OK)
		e = db_open(&config, DB_BESIDE, &db);
	if (e == ERR_OK) {
		b.total = db_used(db);
		e = db_copy(db, growth_max, pass_on, &b);
	}
	db_close(db);
	if (lock >= 0)
		close(lock);
	return e;
}

enum err
store_compact(const struct store_config *config)
{
	struct db *db = NULL;
	enum err e = db_open(config, DB_SERVE, &db);

	if (e == ERR_OK)
		e = db_compact(db, config->dir);
	db_close(db);
	return e;
}
