#include "daemon/sandbox_places.h"

#include <link.h>

#include "sandbox/landlock.h"

enum err
sandbox_places_child(void)
{
	struct landlock l;
	enum err e = landlock_begin(LANDLOCK_FILES | LANDLOCK_TCP |
		LANDLOCK_SIGNALS | LANDLOCK_ABSTRACT,
	    &l);

	return e == ERR_OK ? landlock_enter(&l) : e;
}

/* Where this process's libraries and their loader are, so will be those of its
 * children; also after an upgrade has replaced them. */
static int
allow_library(struct dl_phdr_info *info, size_t size, void *l)
{
	(void)size;
	if (info->dlpi_name[0] == '/')
		landlock_allow_around(l, info->dlpi_name, LANDLOCK_RUN);
	return 0;
}

static void
allow_children(struct landlock *l, const struct config *c)
{
	landlock_allow_path(l, "/proc/self/exe", LANDLOCK_RUN);
	(void)dl_iterate_phdr(allow_library, l);
	landlock_allow_path(l, "/etc/ld.so.cache", LANDLOCK_READ);
	landlock_allow_path(l, "/etc/ssl/openssl.cnf", LANDLOCK_READ);
	landlock_allow_path(l, "/dev/urandom", LANDLOCK_READ);
	landlock_allow_path(l, "/dev/null", LANDLOCK_WRITE);
	landlock_allow_path(l, c->state, LANDLOCK_KEEP);
}

static void
allow_inputs(struct landlock *l, const struct config *c)
{
	for (size_t i = 0; i < c->n_roots; i++)
		landlock_allow_around(l, c->roots[i].path, LANDLOCK_READ);
	landlock_allow_around(l, c->policy, LANDLOCK_READ);
	if (c->web[0] != '\0')
		landlock_allow_around(l, c->web, LANDLOCK_READ);
	if (!c->has_tls)
		return;
	landlock_allow_around(l, c->tls.certificate, LANDLOCK_READ);
	landlock_allow_around(l, c->tls.key, LANDLOCK_READ);
}

/* Abstract sockets stay: systemd's may be one. */
enum err
sandbox_places_parent(const struct config *c)
{
	struct landlock l;
	enum err e = landlock_begin(
	    LANDLOCK_FILES | LANDLOCK_TCP | LANDLOCK_SIGNALS, &l);

	if (e != ERR_OK)
		return e;
	allow_children(&l, c);
	allow_inputs(&l, c);
	return landlock_enter(&l);
}
