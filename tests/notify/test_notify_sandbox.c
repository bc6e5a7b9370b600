/*
 * speakup-notify enters its sandbox in a process of its own and tries one
 * thing: what sending mail does not need is refused. Controls without a sandbox
 * are in tests/daemon/test_sandbox.c, which has the same attempts.
 */
#include "notify/sandbox.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/landlock.h"
#include "tests/daemon/sandbox_world.h"

#define SKIPPED 77

/* Sending mail needs these. */
static const char *const needed[] = { "make a TCP socket", "make a UDP socket",
	"make a netlink socket", "make a UNIX socket",
	"ask for a peer's address", "ask who is at a socket", "ioctl",
	"write to an open file", "map a file to run" };

static bool
is_needed(const char *name)
{
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (strcmp(needed[i], name) == 0)
			return true;
	return false;
}

/* The port that connect() tries is discard's: it is no mail server's. */
static int
errno_of(int (*call)(void), bool has_smtp)
{
	static struct notify_config c;
	int status;
	pid_t pid;

	c.has_smtp = has_smtp;
	c.smtp.port = 25;
	world_open();
	if ((pid = fork()) == 0)
		_exit(sandbox_enter(&c) == ERR_OK ? call() : 255);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	world_close();
	/* a call by another convention */
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		return ENOSYS;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static bool
is_refusal(int e)
{
	return e == ENOSYS || e == EACCES || e == EPERM;
}

/* Landlock's part is what Landlock's version allows to expect. */
static bool
needs_landlock(const struct attempt *a)
{
	return landlock_version() < 4 &&
	    (a->of[PARENT] == REFUSED || a->call == try_connect ||
		a->call == try_policy_file || a->call == try_state_file);
}

static void
test_what_mail_does_not_need_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_attempts; i++) {
		const struct attempt *a = &attempts[i];
		int e;

		if (needs_landlock(a))
			continue;
		e = errno_of(a->call, true);
		if (is_needed(a->name) ? is_refusal(e) : !is_refusal(e))
			fail_msg("%s: %d", a->name, e);
	}
}

static void *
look_up(void *ret)
{
	struct addrinfo *list = NULL;

	*(int *)ret = getaddrinfo("localhost", "25", NULL, &list);
	if (list != NULL)
		freeaddrinfo(list);
	return NULL;
}

/* As libcurl does it. */
static int
try_look_up(void)
{
	pthread_t thread;
	int found = EAI_FAIL;

	if (pthread_create(&thread, NULL, look_up, &found) != 0 ||
	    pthread_join(thread, NULL) != 0)
		return EAGAIN;
	return found == 0 ? 0 : ENOENT;
}

static void
test_a_thread_looks_names_up(void **state)
{
	(void)state;
	assert_int_equal(errno_of(try_look_up, true), 0);
}

static void
test_a_hook_may_be_run(void **state)
{
	(void)state;
	assert_int_equal(errno_of(try_exec, false), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_mail_does_not_need_is_refused),
		cmocka_unit_test(test_a_thread_looks_names_up),
		cmocka_unit_test(test_a_hook_may_be_run),
	};

	if (SANDBOX_IS_LEFT_OUT) {
		print_message("Builds with sanitizers or coverage have no "
			      "sandbox: skipped.\n");
		return SKIPPED;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
