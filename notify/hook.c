#include "notify/hook.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define HOOK_PATH_MAX 255

/* After the fork: only what a forked process may do. */
static _Noreturn void
become(char *path, char *number)
{
	char *const argv[] = { path, number, NULL };
	char *const none[] = { NULL };
	int null = open("/dev/null", O_RDWR);

	if (null >= 0 && setpgid(0, 0) == 0 && dup2(null, STDIN_FILENO) >= 0 &&
	    dup2(null, STDOUT_FILENO) >= 0 && dup2(null, STDERR_FILENO) >= 0 &&
	    close_range(STDERR_FILENO + 1, ~0U, 0) == 0)
		execve(path, argv, none);
	_exit(127);
}

/* Whether the process ended by itself in that time. */
static bool
ends_within(pid_t pid, unsigned seconds)
{
	struct pollfd fd = { .events = POLLIN };
	int n;

	fd.fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (fd.fd < 0)
		return false;
	do
		n = poll(&fd, 1, (int)seconds * 1000);
	while (n < 0 && errno == EINTR);
	close(fd.fd);
	return n == 1;
}

bool
hook_run(const char *path, uint16_t person, unsigned seconds)
{
	char program[HOOK_PATH_MAX + 1], number[8];
	int status, n;
	pid_t pid;

	n = snprintf(program, sizeof(program), "%s", path);
	if (n < 0 || n > HOOK_PATH_MAX)
		return false;
	(void)snprintf(number, sizeof(number), "%u", (unsigned)person);
	if ((pid = fork()) == 0)
		become(program, number);
	if (pid < 0)
		return false;
	if (!ends_within(pid, seconds)) {
		(void)kill(-pid, SIGKILL);
		(void)kill(pid, SIGKILL);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
