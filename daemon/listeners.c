#include "daemon/listeners.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 4096
#define SEND_BUFFER (256 * 1024)

union address {
	struct sockaddr any;
	struct sockaddr_in four;
	struct sockaddr_in6 six;
	struct sockaddr_un local;
};

/* The configuration has checked the text. */
static socklen_t
address_parse(const char *text, union address *ret)
{
	char host[CONFIG_ADDRESS_MAX + 1];
	const char *colon = strrchr(text, ':');
	in_port_t port = htons((uint16_t)strtoul(colon + 1, NULL, 10));

	memset(ret, 0, sizeof(*ret));
	if (strncmp(text, "unix:", 5) == 0) {
		ret->local.sun_family = AF_UNIX;
		memcpy(ret->local.sun_path, text + 5, strlen(text + 5));
		return sizeof(ret->local);
	}
	(void)snprintf(host, sizeof(host), "%.*s", (int)(colon - text), text);
	if (host[0] != '[') {
		ret->four.sin_family = AF_INET;
		ret->four.sin_port = port;
		(void)inet_pton(AF_INET, host, &ret->four.sin_addr);
		return sizeof(ret->four);
	}
	host[strlen(host) - 1] = '\0';
	ret->six.sin6_family = AF_INET6;
	ret->six.sin6_port = port;
	(void)inet_pton(AF_INET6, host + 1, &ret->six.sin6_addr);
	return sizeof(ret->six);
}

/* A socket that an earlier run left behind. */
static void
remove_stale(const union address *a)
{
	struct stat st;

	if (a->any.sa_family == AF_UNIX && lstat(a->local.sun_path, &st) == 0 &&
	    S_ISSOCK(st.st_mode))
		(void)unlink(a->local.sun_path);
}

/*
 * Connections inherit these from their listener. What a visitor does not read
 * is bounded in the kernel too: it would take some megabytes.
 */
static bool
set_options(int fd)
{
	const int on = 1, send_buffer = SEND_BUFFER;
	int domain = 0;
	socklen_t n = sizeof(domain);

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n) != 0)
		return false;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_buffer,
		sizeof(send_buffer)) != 0)
		return false;
	if (domain == AF_UNIX)
		return true;
	return setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0;
}

static bool
bind_and_listen(int fd, const union address *a, socklen_t n)
{
	const int on = 1;
	mode_t old;
	int bound;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0)
		return false;
	if (a->any.sa_family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) != 0)
		return false;
	remove_stale(a);
	old = umask(0117); /* a UNIX socket: owner and group may connect */
	bound = bind(fd, &a->any, n);
	umask(old);
	return bound == 0 && listen(fd, BACKLOG) == 0 && set_options(fd);
}

static enum err
open_own(const struct config_listener *l, int *ret, struct complaint *why)
{
	union address a;
	socklen_t n = address_parse(l->address, &a);
	int fd = socket(a.any.sa_family,
	    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0 && bind_and_listen(fd, &a, n)) {
		*ret = fd;
		return ERR_OK;
	}
	(void)snprintf(why->text, sizeof(why->text),
	    "Listener %s cannot listen on %s: %s.", l->name, l->address,
	    strerror(errno));
	if (fd >= 0)
		close(fd);
	return ERR_IO;
}

static enum err
take_passed(const struct config_listener *l, int fd, int *ret,
    struct complaint *why)
{
	int listens = 0, flags = fcntl(fd, F_GETFL);
	socklen_t n = sizeof(listens);

	if (flags < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &n) != 0 ||
	    listens == 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 || !set_options(fd)) {
		(void)snprintf(why->text, sizeof(why->text),
		    "The descriptor that systemd passed for listener %s is "
		    "not a listening stream socket.",
		    l->name);
		return ERR_SYNTAX;
	}
	*ret = fd;
	return ERR_OK;
}

/* Its descriptor, or -1 where systemd passed none of that name. */
static int
find_passed(const struct listen_fds *passed, const char *name)
{
	for (unsigned i = 0; i < passed->n; i++) {
		if (strcmp(passed->names[i], name) == 0)
			return LISTEN_FDS_FIRST + (int)i;
	}
	return -1;
}

static enum err
open_one(const struct config_listener *l, const struct listen_fds *passed,
    int *ret, struct complaint *why)
{
	int fd = find_passed(passed, l->name);

	if (fd >= 0)
		return take_passed(l, fd, ret, why);
	if (l->address[0] != '\0')
		return open_own(l, ret, why);
	(void)snprintf(why->text, sizeof(why->text),
	    "Listener %s has no address, and systemd passed no descriptor "
	    "of that name.",
	    l->name);
	return ERR_NOT_FOUND;
}

/* A socket that nothing would read from is a mistake in one of two files. */
static enum err
check_all_used(const struct config *c, const struct listen_fds *passed,
    struct complaint *why)
{
	for (unsigned i = 0; i < passed->n; i++) {
		bool used = strcmp(passed->names[i], CONFIG_NOTIFY) == 0;

		for (size_t j = 0; j < c->n_listeners; j++)
			used |=
			    strcmp(passed->names[i], c->listeners[j].name) == 0;
		if (used)
			continue;
		(void)snprintf(why->text, sizeof(why->text),
		    "systemd passed a descriptor called \"%s\", and no "
		    "listener has that name.",
		    passed->names[i]);
		return ERR_NOT_FOUND;
	}
	return ERR_OK;
}

enum err
listeners_open(const struct config *c, const struct listen_fds *passed,
    struct listeners *ret, struct complaint *ret_why)
{
	struct listeners l = { 0 };
	enum err e = check_all_used(c, passed, ret_why);

	l.has_notify = c->notify.address[0] != '\0' ||
	    find_passed(passed, CONFIG_NOTIFY) >= 0;
	if (e == ERR_OK && l.has_notify)
		e = open_one(&c->notify, passed, &l.notify, ret_why);
	if (e != ERR_OK)
		return e;
	for (; e == ERR_OK && l.n < c->n_listeners; l.n++) {
		e = open_one(&c->listeners[l.n], passed, &l.fd[l.n], ret_why);
		if (e != ERR_OK)
			break;
	}
	if (e != ERR_OK) {
		listeners_close(&l);
		return e;
	}
	*ret = l;
	return ERR_OK;
}

void
listeners_close(struct listeners *l)
{
	for (size_t i = 0; i < l->n; i++)
		close(l->fd[i]);
	if (l->has_notify)
		close(l->notify);
	l->has_notify = false;
	l->n = 0;
}
