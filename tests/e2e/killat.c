/* LD_PRELOAD it: kills its process with SIGKILL at the call, of those that sync
 * or rename something, whose number KILL_AT says, from 1. Between two of them
 * nothing changes that another process could rely on. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

static void
step(void)
{
	static long count;
	const char *at = getenv("KILL_AT");

	if (at != NULL && ++count == strtol(at, NULL, 10))
		(void)kill(getpid(), SIGKILL);
}

EXPORT int
fsync(int fd)
{
	step();
	return (int)syscall(SYS_fsync, fd);
}

EXPORT int
fdatasync(int fd)
{
	step();
	return (int)syscall(SYS_fdatasync, fd);
}

EXPORT int
rename(const char *from, const char *to)
{
	step();
	return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

EXPORT int
renameat2(int from_at, const char *from, int to_at, const char *to,
    unsigned flags)
{
	step();
	return (int)syscall(SYS_renameat2, from_at, from, to_at, to, flags);
}

EXPORT int
unlink(const char *path)
{
	step();
	return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}
