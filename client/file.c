#include "client/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LEFT_MAX 1000 /* files that killed processes left beside one */

enum exit_code
fail_err(const struct term *t, enum err err, const char *what)
{
	switch (err) {
	case ERR_NOMEM:
		return term_fail(t, EXIT_FAILED,
		    "%s: there is not enough memory.", what);
	case ERR_UNSUPPORTED:
		return term_fail(t, EXIT_FAILED,
		    "%s: post-quantum (hybrid) keys need OpenSSL 3.5, which "
		    "this machine does not have. Debian 13 has it.",
		    what);
	case ERR_LIMIT:
		return term_fail(t, EXIT_FAILED, "%s: it is too large.", what);
	case ERR_SYNTAX:
		return term_fail(t, EXIT_FAILED,
		    "%s: it does not have the form that it should.", what);
	case ERR_OK:
	case ERR_CRYPTO:
	case ERR_BAD_SIG:
	case ERR_NOT_FOUND:
	case ERR_EXISTS:
	case ERR_CONFLICT:
	case ERR_DENIED:
	case ERR_EXPIRED:
	case ERR_FULL:
	case ERR_IO:
	case ERR_CORRUPT:
	case ERR_VERSION:
		break;
	}
	return term_fail(t, EXIT_FAILED, "%s: %s.", what, err_name(err));
}

static enum exit_code
fail_errno(const struct term *t, const char *path)
{
	return term_fail(t, EXIT_FAILED, "%s: %s.", path, strerror(errno));
}

static enum exit_code
read_fd(const struct term *t, int fd, const char *path, struct buf *out)
{
	uint8_t block[8192];

	for (;;) {
		ssize_t n = read(fd, block, sizeof(block));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_errno(t, path);
		if (n == 0)
			break;
		buf_put(out, block, (size_t)n);
	}
	bytes_wipe(block, sizeof(block));
	return out->err == ERR_OK ? EXIT_DONE : fail_err(t, out->err, path);
}

enum exit_code
file_read(const struct term *t, const char *path, struct buf *out)
{
	enum exit_code code;
	int fd;

	if (strcmp(path, "-") == 0)
		return read_fd(t, STDIN_FILENO, "standard input", out);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return fail_errno(t, path);
	code = read_fd(t, fd, path, out);
	(void)close(fd);
	return code;
}

/* A process that was killed leaves its file, and in a container the next one
 * has its number: then the next name that is free. Another container may write
 * the same file at this moment, so that nobody's is removed. */
static enum exit_code
open_beside(struct output *o, mode_t mode)
{
	long n = (long)getpid();

	for (long last = n + LEFT_MAX;; n++) {
		if (asprintf(&o->beside, "%s.%ld~", o->path, n) < 0)
			return fail_err(o->term, ERR_NOMEM, o->path);
		o->fd = open(o->beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		    mode);
		if (o->fd >= 0)
			return EXIT_DONE;
		free(o->beside);
		if (errno != EEXIST || n == last)
			return fail_errno(o->term, o->path);
	}
}

enum exit_code
output_open(const struct term *t, const char *path, enum file_mode mode,
    bool over, struct output *ret)
{
	struct output o = {
		.term = t, .path = path, .over = over, .fd = STDOUT_FILENO
	};
	enum exit_code code = EXIT_DONE;

	if (strcmp(path, "-") != 0)
		code = open_beside(&o, (mode_t)mode);
	if (code == EXIT_DONE)
		*ret = o;
	return code;
}

enum err
output_put(struct output *o, struct bytes x)
{
	while (x.n > 0) {
		ssize_t n = write(o->fd, x.p, x.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return ERR_IO;
		x = BYTES(x.p + n, x.n - (size_t)n);
	}
	return ERR_OK;
}

/* Some file systems have only the one way to move without replacing, some
 * only the other: a memory stick has no links. */
static bool
move_into_place(const struct output *o)
{
	if (o->over)
		return rename(o->beside, o->path) == 0;
	if (renameat2(AT_FDCWD, o->beside, AT_FDCWD, o->path,
		RENAME_NOREPLACE) == 0)
		return true;
	return errno == EINVAL && link(o->beside, o->path) == 0 &&
	    unlink(o->beside) == 0;
}

enum exit_code
output_commit(struct output *o)
{
	bool ok;

	if (o->beside == NULL)
		return EXIT_DONE;
	ok = fsync(o->fd) == 0 || errno == EINVAL;
	ok = close(o->fd) == 0 && ok;
	o->fd = -1;
	if (ok && move_into_place(o)) {
		free(o->beside);
		o->beside = NULL;
		return EXIT_DONE;
	}
	if (errno == EEXIST)
		return term_fail(o->term, EXIT_FAILED,
		    "%s is there already, and was left as it is.", o->path);
	return fail_errno(o->term, o->path);
}

void
output_close(struct output *o)
{
	if (o->beside == NULL)
		return;
	if (o->fd >= 0)
		(void)close(o->fd);
	(void)unlink(o->beside);
	free(o->beside);
	o->beside = NULL;
}

enum exit_code
file_write(const struct term *t, const char *path, struct bytes x,
    enum file_mode mode, bool over)
{
	struct output o = { 0 };
	enum exit_code code = output_open(t, path, mode, over, &o);

	if (code != EXIT_DONE)
		return code;
	if (output_put(&o, x) == ERR_OK)
		code = output_commit(&o);
	else
		code = fail_errno(t, path);
	output_close(&o);
	return code;
}

enum exit_code
file_sync_place(const struct term *t, const char *path)
{
	char *copy = strdup(path);
	int fd = -1;
	bool ok;

	if (copy == NULL)
		return fail_err(t, ERR_NOMEM, path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(copy);
	ok = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL);
	if (fd >= 0)
		(void)close(fd);
	return ok ? EXIT_DONE : fail_errno(t, path);
}

enum exit_code
file_directory(const struct term *t, const char *path)
{
	struct stat st;

	if (mkdir(path, 0700) == 0)
		return EXIT_DONE;
	if (errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return EXIT_DONE;
	return fail_errno(t, path);
}
