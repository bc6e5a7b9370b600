#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "crypto/err.h"
#include "sandbox/left_out.h"

/*
 * What a process may reach of the file system, the network and other processes
 * from now on, itself and all that it starts, whatever its user may: Landlock.
 * Kernels have it in versions (landlock(7)); each older one confines less, and
 * one without it nothing.
 *
 *	struct landlock l;
 *
 *	e = landlock_begin(LANDLOCK_FILES | LANDLOCK_SIGNALS, &l);
 *	landlock_allow_path(&l, "/etc/ssl", LANDLOCK_READ);
 *	e = landlock_enter(&l);
 *
 * Files that are open already stay usable.
 */

/* What is taken away, but for what is allowed next. */
enum landlock_what {
	LANDLOCK_FILES = 1,   /* opening, making, renaming, removing, running */
	LANDLOCK_TCP = 2,     /* bind and connect; version 4 */
	LANDLOCK_SIGNALS = 4, /* to others than what it started; version 6 */
	LANDLOCK_ABSTRACT = 8, /* UNIX sockets without a file; version 6 */
};

/* What is allowed below a directory, or with one file. */
enum landlock_use {
	LANDLOCK_READ,	/* files and directories */
	LANDLOCK_RUN,	/* reading and running them */
	LANDLOCK_WRITE, /* reading, and writing files that are there */
	LANDLOCK_KEEP,	/* and making and removing files and directories */
};

struct landlock {
	int rules; /* -1: the kernel has none */
	unsigned version, what;
	bool failed; /* an earlier call */
};

/* The kernel's version; 0: none. */
unsigned landlock_version(void);
/* ERR_IO. What was begun is entered, also to give it up. */
enum err landlock_begin(unsigned what, struct landlock *ret) MUST_CHECK;
/* A path that does not exist, or that we may not reach, allows nothing. */
void landlock_allow_path(struct landlock *l, const char *path,
    enum landlock_use use);
/* The directory that it is in, by its name and where its links lead to: it may
 * be replaced by renaming. */
void landlock_allow_around(struct landlock *l, const char *path,
    enum landlock_use use);
void landlock_allow_tcp_connect(struct landlock *l, uint16_t port);
/* Sets no-new-privileges too, for good. ERR_IO: a rule or the whole was
 * refused. */
enum err landlock_enter(struct landlock *l) MUST_CHECK;
