#include "sandbox/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/landlock.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * linux/landlock.h as of version 6; that of an older system knows less than
 * the kernel may.
 */
#define FS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define FS_WRITE (LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE)
#define FS_KEEP                                                      \
	(LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_DIR | \
	    LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR)
#define FS_REFER (1ull << 13)	  /* from version 2 on */
#define FS_TRUNCATE (1ull << 14)  /* 3 */
#define FS_IOCTL_DEV (1ull << 15) /* 5 */
/* What there is for a file that is no directory. */
#define FS_OF_FILE                                                   \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | \
	    LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE | FS_IOCTL_DEV)
#define NET_BIND_TCP (1ull << 0) /* 4 */
#define NET_CONNECT_TCP (1ull << 1)
#define SCOPE_ABSTRACT (1ull << 0) /* 6 */
#define SCOPE_SIGNAL (1ull << 1)
#define RULE_NET_PORT 2

struct ruleset {
	uint64_t fs;
	uint64_t net;	 /* 4 */
	uint64_t scoped; /* 6 */
};

struct net_port {
	uint64_t access;
	uint64_t port;
};

unsigned
landlock_version(void)
{
	long n;

	if (SANDBOX_IS_LEFT_OUT)
		return 0;
	n = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);

	return n > 0 ? (unsigned)n : 0;
}

/* Every right over files that this version knows. */
static uint64_t
all_files(unsigned version)
{
	uint64_t all = FS_REFER - 1;

	if (version >= 2)
		all |= FS_REFER;
	if (version >= 3)
		all |= FS_TRUNCATE;
	if (version >= 5)
		all |= FS_IOCTL_DEV;
	return all;
}

static size_t
ruleset_size(unsigned version)
{
	if (version >= 6)
		return sizeof(struct ruleset);
	return version >= 4 ? offsetof(struct ruleset, scoped)
			    : offsetof(struct ruleset, net);
}

/* False: this version has nothing of what is to be taken away. */
static bool
ruleset_fill(unsigned version, unsigned what, struct ruleset *r)
{
	if ((what & LANDLOCK_FILES) != 0)
		r->fs = all_files(version);
	if ((what & LANDLOCK_TCP) != 0 && version >= 4)
		r->net = NET_BIND_TCP | NET_CONNECT_TCP;
	if ((what & LANDLOCK_SIGNALS) != 0 && version >= 6)
		r->scoped |= SCOPE_SIGNAL;
	if ((what & LANDLOCK_ABSTRACT) != 0 && version >= 6)
		r->scoped |= SCOPE_ABSTRACT;
	return (r->fs | r->net | r->scoped) != 0;
}

enum err
landlock_begin(unsigned what, struct landlock *ret)
{
	struct landlock l = {
		.rules = -1, .version = landlock_version(), .what = what
	};
	struct ruleset r = { 0 };

	if (l.version > 0 && ruleset_fill(l.version, what, &r)) {
		l.rules = (int)syscall(SYS_landlock_create_ruleset, &r,
		    ruleset_size(l.version), 0);
		if (l.rules < 0)
			return ERR_IO;
	}
	*ret = l;
	return ERR_OK;
}

static uint64_t
rights_of(enum landlock_use use)
{
	switch (use) {
	case LANDLOCK_READ:
		return FS_READ;
	case LANDLOCK_RUN:
		return FS_READ | LANDLOCK_ACCESS_FS_EXECUTE;
	case LANDLOCK_WRITE:
		return FS_READ | FS_WRITE;
	case LANDLOCK_KEEP:
		return FS_READ | FS_WRITE | FS_KEEP;
	}
	return 0;
}

void
landlock_allow_path(struct landlock *l, const char *path, enum landlock_use use)
{
	struct landlock_path_beneath_attr rule = { 0 };
	struct stat st;

	if (l->rules < 0 || (l->what & LANDLOCK_FILES) == 0 ||
	    (rule.parent_fd = open(path, O_PATH | O_CLOEXEC)) < 0)
		return;
	rule.allowed_access = rights_of(use) & all_files(l->version);
	if (fstat(rule.parent_fd, &st) != 0)
		l->failed = true;
	else if (!S_ISDIR(st.st_mode))
		rule.allowed_access &= FS_OF_FILE;
	if (syscall(SYS_landlock_add_rule, l->rules, LANDLOCK_RULE_PATH_BENEATH,
		&rule, 0) != 0)
		l->failed = true;
	close(rule.parent_fd);
}

static void
allow_directory_of(struct landlock *l, const char *path, enum landlock_use use)
{
	char copy[PATH_MAX];

	if (strlen(path) >= sizeof(copy))
		return;
	memcpy(copy, path, strlen(path) + 1);
	landlock_allow_path(l, dirname(copy), use);
}

void
landlock_allow_around(struct landlock *l, const char *path,
    enum landlock_use use)
{
	char *real = realpath(path, NULL);

	allow_directory_of(l, path, use);
	if (real != NULL)
		allow_directory_of(l, real, use);
	free(real);
}

void
landlock_allow_tcp_connect(struct landlock *l, uint16_t port)
{
	const struct net_port rule = { NET_CONNECT_TCP, port };

	if (l->rules < 0 || (l->what & LANDLOCK_TCP) == 0 || l->version < 4)
		return;
	if (syscall(SYS_landlock_add_rule, l->rules, RULE_NET_PORT, &rule, 0) !=
	    0)
		l->failed = true;
}

enum err
landlock_enter(struct landlock *l)
{
	bool done = !l->failed;

	if (l->rules < 0)
		return ERR_OK;
	if (done)
		done = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
		    syscall(SYS_landlock_restrict_self, l->rules, 0) == 0;
	close(l->rules);
	l->rules = -1;
	return done ? ERR_OK : ERR_IO;
}
