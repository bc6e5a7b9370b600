#include "store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/db_inside.h"

/*
 * LMDB writes a copy to a descriptor. It gets a pipe, in a thread of its own,
 * so that whoever takes the bytes can count them, slow down, and stop.
 */

#define PIPE_LEN (1024 * 1024)
#define BLOCK_LEN (8 * 1024)
#define RESIZED_MAX 8

struct copy {
	struct db *db;
	int in, out;	    /* of the pipe */
	int rc;		    /* LMDB's */
	uint64_t last_page; /* of the file, when it began */
	uint64_t growth_max;
};

static uint64_t
last_page(const struct db *db)
{
	MDB_envinfo info;

	return mdb_env_info(db->env, &info) == 0 ? info.me_last_pgno : 0;
}

/* The other process may have grown the file over our map just now; nothing is
 * written then. */
static int
copy_env(struct copy *c)
{
	int rc = MDB_MAP_RESIZED;

	for (int i = 0; i < RESIZED_MAX && rc == MDB_MAP_RESIZED; i++) {
		if (i > 0)
			(void)mdb_env_set_mapsize(c->db->env, 0);
		rc = mdb_env_copyfd2(c->db->env, c->out, MDB_CP_COMPACT);
	}
	return rc;
}

static void *
copy_main(void *arg)
{
	struct copy *c = arg;

	c->rc = copy_env(c);
	close(c->out);
	return NULL;
}

static enum err
pump(struct copy *c, db_sink *sink, void *ctx)
{
	uint64_t pages = c->growth_max / c->db->page;
	uint8_t block[BLOCK_LEN];
	enum err e = ERR_OK;
	ssize_t n;

	while (e == ERR_OK) {
		n = read(c->in, block, sizeof(block));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0 ? ERR_OK : ERR_IO;
		e = sink(ctx, BYTES(block, (size_t)n));
		if (e == ERR_OK && last_page(c->db) > c->last_page + pages)
			e = ERR_LIMIT;
	}
	return e;
}

/* A thread that has no signals: not those of the program, and no SIGPIPE for
 * a copy that was given up. */
static int
thread_start(pthread_t *ret, struct copy *c)
{
	sigset_t all, before;
	int rc;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_BLOCK, &all, &before);
	rc = pthread_create(ret, NULL, copy_main, c);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

static enum err
copy_run(struct copy *c, db_sink *sink, void *ctx)
{
	pthread_t thread;
	enum err e;

	if (thread_start(&thread, c) != 0) {
		close(c->in);
		close(c->out);
		return ERR_NOMEM;
	}
	e = pump(c, sink, ctx);
	close(c->in); /* ends the thread where it has not */
	(void)pthread_join(thread, NULL);
	return e == ERR_OK ? db_err_of(c->rc) : e;
}

enum err
db_copy(struct db *db, uint64_t growth_max, db_sink *sink, void *ctx)
{
	struct copy c = { .db = db, .growth_max = growth_max };
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) != 0)
		return ERR_IO;
	(void)fcntl(fds[1], F_SETPIPE_SZ, PIPE_LEN);
	c.in = fds[0];
	c.out = fds[1];
	c.last_page = last_page(db);
	return copy_run(&c, sink, ctx);
}

/* --- in place of the file itself --- */

static enum err
write_all(void *ctx, struct bytes x)
{
	const int *fd = ctx;

	while (x.n > 0) {
		ssize_t n = write(*fd, x.p, x.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == ENOSPC || errno == EDQUOT ? ERR_FULL
								  : ERR_IO;
		x = BYTES(x.p + n, x.n - (size_t)n);
	}
	return ERR_OK;
}

/* The operator's root may do this to a store of the daemon's user. */
static enum err
give_as(int fd, int model)
{
	struct stat st;

	if (fstat(model, &st) != 0 ||
	    (st.st_uid != geteuid() && fchown(fd, st.st_uid, st.st_gid) != 0))
		return ERR_IO;
	return ERR_OK;
}

static enum err
write_beside(struct db *db, const char *path)
{
	int fd = open(path,
	    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	enum err e;

	if (fd < 0)
		return errno == ENOSPC ? ERR_FULL : ERR_IO;
	e = give_as(fd, db->fd);
	if (e == ERR_OK)
		e = db_copy(db, UINT64_MAX, write_all, &fd);
	if (e == ERR_OK && fsync(fd) != 0)
		e = ERR_IO;
	if (close(fd) != 0 && e == ERR_OK)
		e = ERR_IO;
	return e;
}

enum err
db_compact(struct db *db, const char *dir)
{
	char data[PATH_MAX], beside[PATH_MAX], folder[PATH_MAX];
	enum err e;

	if (snprintf(data, sizeof(data), "%s/" DB_DATA, dir) >=
		(int)sizeof(data) ||
	    snprintf(beside, sizeof(beside), "%s/" DB_DATA ".new", dir) >=
		(int)sizeof(beside) ||
	    snprintf(folder, sizeof(folder), "%s/db", dir) >=
		(int)sizeof(folder))
		return ERR_LIMIT;
	e = write_beside(db, beside);
	if (e == ERR_OK && rename(beside, data) != 0)
		e = ERR_IO;
	if (e != ERR_OK) {
		(void)unlink(beside);
		return e;
	}
	return db_sync_directory(folder);
}
