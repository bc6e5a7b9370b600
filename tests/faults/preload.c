/*
 * For LD_PRELOAD: one chosen call of a command fails at its n-th use. By the
 * environment:
 *
 *   FAULT_CALL   write, fsync, open, rename, mkdir, link or malloc
 *   FAULT_ERROR  a number of errno, or "short": half is written
 *   FAULT_AT     n, from 0
 *   FAULT_FROM   not empty: and all behind it
 *   FAULT_UNDER  only files in this directory; of malloc, of no meaning
 *   FAULT_SAY    a file, into which a byte goes when it has failed
 *   FAULT_LOG    a file, into which a line goes for each call that has
 *                succeeded under FAULT_UNDER: its name, and the paths with a
 *                tab before each
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define SHORT (-1)

static struct {
	char call[16], under[PATH_MAX], say[PATH_MAX], log[PATH_MAX];
	int error; /* 0: nothing fails */
	unsigned long at, seen;
	bool from;
} fault;

static void
copy(char *out, size_t max, const char *name)
{
	const char *x = getenv(name);

	(void)snprintf(out, max, "%s", x == NULL ? "" : x);
}

__attribute__((constructor)) static void
begin(void)
{
	const char *at = getenv("FAULT_AT"), *error = getenv("FAULT_ERROR");

	copy(fault.under, sizeof(fault.under), "FAULT_UNDER");
	copy(fault.log, sizeof(fault.log), "FAULT_LOG");
	if (at == NULL || error == NULL)
		return;
	copy(fault.call, sizeof(fault.call), "FAULT_CALL");
	copy(fault.say, sizeof(fault.say), "FAULT_SAY");
	fault.at = strtoul(at, NULL, 10);
	fault.from = getenv("FAULT_FROM") != NULL;
	fault.error =
	    strcmp(error, "short") == 0 ? SHORT : (int)strtol(error, NULL, 10);
}

/* Without a call that might fail itself. */
static void
append(const char *path, const char *text)
{
	long fd = syscall(SYS_openat, AT_FDCWD, path,
	    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	if (fd < 0)
		return;
	(void)syscall(SYS_write, (int)fd, text, strlen(text));
	(void)syscall(SYS_close, (int)fd);
}

static bool
fails(const char *call)
{
	unsigned long n;

	if (fault.error == 0 || strcmp(call, fault.call) != 0)
		return false;
	n = fault.seen++;
	if (n != fault.at && !(fault.from && n > fault.at))
		return false;
	append(fault.say, "x");
	if (fault.error != SHORT)
		errno = fault.error;
	return true;
}

static bool
is_under(const char *path)
{
	size_t n = strlen(fault.under);

	return n > 0 && strncmp(path, fault.under, n) == 0;
}

/* The file's path; "" where it is not there, or nobody wants to know. */
static const char *
path_of(int fd, char path[static PATH_MAX])
{
	char link[64];
	ssize_t n = -1;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (fault.error != 0 || fault.log[0] != '\0')
		n = readlink(link, path, PATH_MAX - 1);
	path[n < 0 ? 0 : n] = '\0';
	return path;
}

static bool
fd_is_under(int fd)
{
	char path[PATH_MAX];

	return is_under(path_of(fd, path));
}

/* Returns what the call gave, whose errno stays. */
static long
done(long r, const char *call, const char *from, const char *to)
{
	char line[2 * PATH_MAX + 32];
	int error = errno;

	if (r >= 0 && fault.log[0] != '\0' &&
	    (is_under(from) || is_under(to))) {
		(void)snprintf(line, sizeof(line), "%s\t%s%s%s\n", call, from,
		    to[0] == '\0' ? "" : "\t", to);
		append(fault.log, line);
	}
	errno = error;
	return r;
}

/* --- the calls, under the names that the linker knows --- */

EXPORT ssize_t preload_write(int, const void *, size_t) __asm__("write");
EXPORT int preload_fsync(int) __asm__("fsync");
EXPORT int preload_open(const char *, int, mode_t) __asm__("open");
EXPORT int preload_open64(const char *, int, mode_t) __asm__("open64");
EXPORT int preload_rename(const char *, const char *) __asm__("rename");
EXPORT int preload_renameat2(int, const char *, int, const char *,
    unsigned) __asm__("renameat2");
EXPORT int preload_link(const char *, const char *) __asm__("link");
EXPORT int preload_mkdir(const char *, mode_t) __asm__("mkdir");

ssize_t
preload_write(int fd, const void *p, size_t n)
{
	char path[PATH_MAX];

	if (fd_is_under(fd) && fails("write")) {
		if (fault.error != SHORT)
			return -1;
		n = n / 2 + (n == 1);
	}
	return done(syscall(SYS_write, fd, p, n), "write", path_of(fd, path),
	    "");
}

int
preload_fsync(int fd)
{
	char path[PATH_MAX];

	if (fd_is_under(fd) && fails("fsync"))
		return -1;
	return (int)done(syscall(SYS_fsync, fd), "fsync", path_of(fd, path),
	    "");
}

int
preload_open(const char *path, int flags, mode_t mode)
{
	if (is_under(path) && fails("open"))
		return -1;
	return (int)done(syscall(SYS_openat, AT_FDCWD, path, flags, mode),
	    (flags & O_CREAT) != 0 ? "create" : "open", path, "");
}

int
preload_open64(const char *path, int flags, mode_t mode)
{
	return preload_open(path, flags, mode);
}

int
preload_rename(const char *from, const char *to)
{
	return preload_renameat2(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int
preload_renameat2(int from_fd, const char *from, int to_fd, const char *to,
    unsigned flags)
{
	if (is_under(to) && fails("rename"))
		return -1;
	return (int)done(
	    syscall(SYS_renameat2, from_fd, from, to_fd, to, flags), "rename",
	    from, to);
}

int
preload_link(const char *from, const char *to)
{
	if (is_under(to) && fails("link"))
		return -1;
	return (int)done(syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0),
	    "rename", from, to);
}

int
preload_mkdir(const char *path, mode_t mode)
{
	if (is_under(path) && fails("mkdir"))
		return -1;
	return (int)done(syscall(SYS_mkdirat, AT_FDCWD, path, mode), "create",
	    path, "");
}

#ifdef FAULT_MALLOC
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);

EXPORT void *
malloc(size_t n)
{
	return fails("malloc") ? NULL : __libc_malloc(n);
}

EXPORT void *
calloc(size_t n, size_t size)
{
	return fails("malloc") ? NULL : __libc_calloc(n, size);
}

EXPORT void *
realloc(void *p, size_t n)
{
	if (n == 0 || !fails("malloc"))
		return __libc_realloc(p, n);
	return NULL;
}
#endif
