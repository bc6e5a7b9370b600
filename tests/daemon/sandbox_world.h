#pragma once

#include "daemon/config.h"

/*
 * What a process in a sandbox may find around it, and what it may try with it:
 * for test_sandbox.c.
 */

enum role { NOBODY, FRONT, VAULT, PARENT, ROLES };

struct world {
	char dir[64];	  /* state/, inputs/policy, outside */
	char outside[80]; /* a file in no place of anybody's */
	struct config config;
	int victim;	  /* a process that waits */
	int file;	  /* open for reading and writing */
	int listener;	  /* on loopback */
	int connected[2]; /* a connection to it: visitor's end, our end */
	int unbound;	  /* a TCP socket made before */
	int peers[2];
};
extern struct world world;

void world_open(void);
void world_close(void);
void world_write_file(const char *path);

enum outcome {
	DONE,
	KILLED,	 /* by SIGSYS */
	REFUSED, /* EACCES or EPERM, by Landlock */
	TOO_BIG, /* EFBIG */
};
/* A call returns 0, or an errno. */
struct attempt {
	const char *name;
	int (*call)(void);
	bool may_fail; /* also without a sandbox: by rights, or an old kernel */
	unsigned landlock; /* the parent's outcome is from this version on */
	enum outcome of[ROLES];
};

extern const struct attempt attempts[];
extern const size_t n_attempts;

/* 0, or errno where rc is -1. */
int result(long rc);
/* Those that are tried in other ways too. */
int try_open(void);
int try_list_root(void);
int try_state_file(void);
int try_policy_file(void);
int try_exec(void);
int try_connect(void);
int try_bind(void);
int try_signal(void);
int try_accept_with_address(void);
