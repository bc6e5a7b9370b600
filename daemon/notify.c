#include "daemon/notify.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "crypto/codec.h"

void
notify_send(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	socklen_t len;
	int fd;

	if (path == NULL || (path[0] != '/' && path[0] != '@') ||
	    strlen(path) >= sizeof(to.sun_path))
		return;
	memcpy(to.sun_path, path, strlen(path));
	len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
	    strlen(path) + (path[0] == '/' ? 1 : 0));
	if (path[0] == '@')
		to.sun_path[0] = '\0';
	if ((fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) < 0)
		return;
	(void)sendto(fd, state, strlen(state), MSG_NOSIGNAL,
	    (const struct sockaddr *)&to, len);
	close(fd);
}

void
notify_reloading(void)
{
	struct timespec t;
	char state[64];

	if (clock_gettime(CLOCK_MONOTONIC, &t) != 0)
		return;
	(void)snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%lld",
	    (long long)t.tv_sec * 1000000 + t.tv_nsec / 1000);
	notify_send(state);
}

/* A decimal number from the environment; false where there is none. */
static bool
env_number(const char *name, uint64_t max, uint64_t *ret)
{
	const char *text = getenv(name);

	return text != NULL && decimal_get(bytes_str(text), max, ret) == ERR_OK;
}

/* Whether a variable names this process. */
static bool
env_is_us(const char *name)
{
	uint64_t pid;

	return env_number(name, INT32_MAX, &pid) && (pid_t)pid == getpid();
}

uint64_t
notify_watchdog(void)
{
	uint64_t usec;

	if (!env_number("WATCHDOG_USEC", INT64_MAX, &usec))
		return 0;
	if (getenv("WATCHDOG_PID") != NULL && !env_is_us("WATCHDOG_PID"))
		return 0;
	return usec / 2;
}

/* The i-th of the names, which are separated by colons. */
static bool
listen_name(unsigned i, char *out)
{
	const char *at = getenv("LISTEN_FDNAMES");
	size_t n;

	out[0] = '\0';
	while (at != NULL && i > 0) {
		at = strchr(at, ':');
		at = at == NULL ? NULL : at + 1;
		i--;
	}
	if (at == NULL)
		return true;
	n = strcspn(at, ":");
	if (n > LISTEN_NAME_MAX)
		return false;
	memcpy(out, at, n);
	out[n] = '\0';
	return true;
}

bool
notify_listen_fds(struct listen_fds *ret)
{
	struct listen_fds fds = { 0 };
	uint64_t n;

	if (getenv("LISTEN_FDS") == NULL || !env_is_us("LISTEN_PID")) {
		*ret = fds;
		return true;
	}
	if (!env_number("LISTEN_FDS", LISTEN_FDS_MAX, &n))
		return false;
	for (fds.n = 0; fds.n < n; fds.n++) {
		if (!listen_name(fds.n, fds.names[fds.n]))
			return false;
	}
	*ret = fds;
	return true;
}

void
notify_forget(void)
{
	static const char *const names[] = { "NOTIFY_SOCKET", "LISTEN_FDS",
		"LISTEN_PID", "LISTEN_FDNAMES", "WATCHDOG_USEC",
		"WATCHDOG_PID" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unsetenv(names[i]);
}
