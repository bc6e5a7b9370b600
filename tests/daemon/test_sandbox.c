/*
 * Each role enters its sandbox in a process of its own and tries one thing:
 * what it may not do ends it with SIGSYS, or is refused; what its work needs
 * goes on. Without a sandbox, the same attempt succeeds: that is the control.
 */
#include "tests/daemon/sandbox_world.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "daemon/sandbox.h"
#include "daemon/sandbox_places.h"
#include "sandbox/landlock.h"

#define DESCRIPTORS 64
#define SKIPPED 77

static const char *const role_names[] = { "no sandbox", "front", "vault",
	"parent" };
static const char *const outcome_names[] = { "is done", "is killed",
	"is refused", "is too big" };

/* As the test has the configuration. */
static bool
counts_peers(void)
{
	return world.config.n_listeners > 0 &&
	    (world.config.listeners[0].flags & LISTENER_PEERS) != 0;
}

static enum err
enter(enum role role)
{
	switch (role) {
	case NOBODY:
		return ERR_OK;
	case FRONT:
		return sandbox_enter_front(DESCRIPTORS, counts_peers());
	case VAULT:
		return sandbox_enter_vault(DESCRIPTORS);
	case PARENT:
		return sandbox_enter_parent(&world.config);
	case ROLES:
		break;
	}
	return ERR_SYNTAX;
}

/* How a process ended that entered the role and made the call. */
static int
status_of(enum role role, int (*call)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		/* Nobody wants the core of a control that fails. */
		(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
		_exit(enter(role) == ERR_OK ? call() : 255);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static bool
came(int status, enum outcome wanted)
{
	const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;

	switch (wanted) {
	case DONE:
		return code == 0;
	case KILLED:
		return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
	case REFUSED:
		return code == EACCES || code == EPERM;
	case TOO_BIG:
		return code == EFBIG;
	}
	return false;
}

/* --- the tests --- */

static int
try_in_world(enum role role, int (*call)(void))
{
	int status;

	world_open();
	status = status_of(role, call);
	world_close();
	return status;
}

static void
expect(enum role role, int (*call)(void), enum outcome wanted, const char *name)
{
	int status = try_in_world(role, call);

	if (!came(status, wanted))
		fail_msg("%s: %s: status %#x, and it has to be that it %s",
		    role_names[role], name, (unsigned)status,
		    outcome_names[wanted]);
}

/* Without a sandbox nothing dies of SIGSYS, and all that takes neither rights
 * nor a young kernel is done. */
static bool
control(const struct attempt *a)
{
	int status = try_in_world(NOBODY, a->call);

	if (came(status, DONE))
		return true;
	if (!a->may_fail || came(status, KILLED))
		fail_msg("without a sandbox: %s: status %#x", a->name,
		    (unsigned)status);
	return false;
}

static void
check(const struct attempt *a, enum role role, bool can_be_done)
{
	if (role == PARENT && landlock_version() < a->landlock) {
		print_message("no Landlock %u: %s: skipped\n", a->landlock,
		    a->name);
		return;
	}
	if (a->of[role] == DONE && !can_be_done)
		return;
	expect(role, a->call, a->of[role], a->name);
}

static void
test_no_role_does_what_is_not_its_own(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_attempts; i++) {
		bool can_be_done = control(&attempts[i]);

		for (enum role role = FRONT; role < ROLES; role++)
			check(&attempts[i], role, can_be_done);
	}
}

/* qsort and malloc look at the system; clocks that the kernel does not lend
 * are system calls. */
static int
compare(const void *a, const void *b)
{
	return memcmp(a, b, 64);
}

static int
try_memory(void)
{
	const size_t n = 1024, each = 64;
	uint8_t *p = calloc(n, each), *q;
	struct timespec t;

	if (p == NULL)
		return ENOMEM;
	for (size_t i = 0; i < n * each; i++)
		p[i] = (uint8_t)(i * 131);
	qsort(p, n, each, compare);
	if ((q = realloc(p, 64 * 1024 * 1024)) == NULL)
		return ENOMEM;
	free(q);
	malloc_trim(0);
	return result(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t));
}

static int
try_peers(void)
{
	struct rlimit r;
	char byte;

	if (send(world.peers[0], "x", 1, MSG_NOSIGNAL) != 1 ||
	    recv(world.peers[1], &byte, 1, 0) != 1 ||
	    fcntl(world.peers[0], F_SETFL, O_NONBLOCK) != 0 ||
	    shutdown(world.peers[0], SHUT_WR) != 0 ||
	    getrlimit(RLIMIT_NOFILE, &r) != 0)
		return errno;
	return accept4(world.listener, NULL, NULL, SOCK_NONBLOCK) < 0 &&
		errno != EAGAIN
	    ? errno
	    : 0;
}

static int
try_store(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_len = 1 };
	void *p;

	if (fallocate(world.file, 0, 0, 65536) != 0 && errno != EOPNOTSUPP)
		return errno;
	if (pwrite(world.file, "x", 1, 9) != 1 || fsync(world.file) != 0 ||
	    fdatasync(world.file) != 0 || ftruncate(world.file, 8192) != 0 ||
	    fcntl(world.file, F_GETLK, &lock) != 0)
		return errno;
	p = mmap(NULL, 8192, PROT_READ, MAP_SHARED, world.file, 0);
	if (p == MAP_FAILED || madvise(p, 8192, MADV_DONTNEED) != 0)
		return errno;
	return result(munmap(p, 8192));
}

static int
try_abort(void)
{
	abort();
}

static void
expect_done(enum role role, int (*call)(void), const char *name)
{
	expect(role, call, DONE, name);
}

static void
test_each_role_does_its_work(void **state)
{
	(void)state;
	for (enum role role = NOBODY; role < ROLES; role++) {
		expect_done(role, try_memory, "memory");
		expect_done(role, try_peers, "peers");
	}
	expect_done(VAULT, try_store, "the store");
}

/* The parent too: its children's filters only take away. */
static void
test_accept_tells_an_address_only_where_peers_are_counted(void **state)
{
	(void)state;
	world.config.n_listeners = 1;
	for (int counts = 0; counts < 2; counts++) {
		world.config.listeners[0].flags = counts ? LISTENER_PEERS : 0;
		for (enum role role = FRONT; role < ROLES; role++)
			expect(role, try_accept_with_address,
			    counts && role != VAULT ? DONE : KILLED,
			    "accept with the address");
	}
	world.config.n_listeners = 0;
}

/* What a failed assertion does has to look like one. */
static void
test_an_abort_is_an_abort(void **state)
{
	(void)state;
	for (enum role role = FRONT; role < ROLES; role++) {
		int status = try_in_world(role, try_abort);

		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGABRT);
	}
}

/* --- renewed files: what certbot and package managers do --- */

/* The parent enters its sandbox, is let go after the change, and reads. */
static void
expect_read_after(void (*change)(void))
{
	int status, go[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(go), 0);
	if ((pid = fork()) == 0) {
		close(go[1]);
		if (enter(PARENT) != ERR_OK || read(go[0], &byte, 1) != 0)
			_exit(255);
		_exit(try_policy_file());
	}
	close(go[0]);
	change();
	close(go[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(came(status, DONE));
}

static void
rename_into_place(void)
{
	char fresh[96];

	(void)snprintf(fresh, sizeof(fresh), "%s/new", world.dir);
	world_write_file(fresh);
	assert_int_equal(rename(fresh, world.config.policy), 0);
}

/* inputs/policy leads to archive/NAME, which is new. */
static void
lead_to(const char *name)
{
	char target[96], link[96];

	(void)snprintf(target, sizeof(target), "%s/archive/%s", world.dir,
	    name);
	(void)snprintf(link, sizeof(link), "%s/link", world.dir);
	world_write_file(target);
	assert_int_equal(symlink(target, link), 0);
	assert_int_equal(rename(link, world.config.policy), 0);
}

static void
lead_to_the_next(void)
{
	lead_to("2");
}

static void
test_the_parent_reads_what_was_renamed_into_place(void **state)
{
	char archive[96];

	(void)state;
	world_open();
	expect_read_after(rename_into_place);
	(void)snprintf(archive, sizeof(archive), "%s/archive", world.dir);
	assert_int_equal(mkdir(archive, 0700), 0);
	lead_to("1");
	expect_read_after(lead_to_the_next);
	world_close();
}

/* --- Landlock without the list of calls: a wall of its own --- */

static const struct {
	const char *name;
	int (*call)(void);
	unsigned version;
} walled[] = {
	{ "open", try_open, 1 },
	{ "list", try_list_root, 1 },
	{ "make", try_state_file, 1 },
	{ "run", try_exec, 1 },
	{ "connect", try_connect, 4 },
	{ "bind", try_bind, 4 },
	{ "signal", try_signal, 6 },
};

static int
walled_status(int (*call)(void), bool is_walled)
{
	int status;
	pid_t pid;

	world_open();
	if ((pid = fork()) == 0)
		_exit(is_walled && sandbox_places_child() != ERR_OK ? 255
								    : call());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	world_close();
	return status;
}

static void
test_landlock_alone_holds_children_too(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(walled) / sizeof(walled[0]); i++) {
		if (landlock_version() < walled[i].version)
			continue;
		if (!came(walled_status(walled[i].call, true), REFUSED) ||
		    !came(walled_status(walled[i].call, false), DONE))
			fail_msg("%s", walled[i].name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_role_does_what_is_not_its_own),
		cmocka_unit_test(test_each_role_does_its_work),
		cmocka_unit_test(
		    test_accept_tells_an_address_only_where_peers_are_counted),
		cmocka_unit_test(test_an_abort_is_an_abort),
		cmocka_unit_test(
		    test_the_parent_reads_what_was_renamed_into_place),
		cmocka_unit_test(test_landlock_alone_holds_children_too),
	};

	if (SANDBOX_IS_LEFT_OUT) {
		print_message("Builds with sanitizers or coverage have no "
			      "sandbox: skipped.\n");
		return SKIPPED;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
