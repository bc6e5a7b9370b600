#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

#include "client/term.h"

/* A secret is asked for on a terminal, and a signal comes just when the prompt
 * was written: before anything waits for what is typed. */

#define PROMPT "Passphrase: "
#define ANSWERED 3
#define SECONDS 30

static int signal_behind_prompt; /* 0: none */

ssize_t __real_write(int fd, const void *p, size_t n);
ssize_t __wrap_write(int fd, const void *p, size_t n);

ssize_t
__wrap_write(int fd, const void *p, size_t n)
{
	ssize_t done = __real_write(fd, p, n);

	if (signal_behind_prompt != 0 && n == strlen(PROMPT) &&
	    memcmp(p, PROMPT, n) == 0)
		(void)raise(signal_behind_prompt);
	return done;
}

static _Noreturn void
ask(int slave, int sig)
{
	struct term t = { .program = "test" };
	struct secret *s CLEAN_SECRET = NULL;

	(void)alarm(SECONDS);
	if (login_tty(slave) != 0)
		_exit(1);
	/* whoever runs the tests may have it ignored */
	if (sig != 0)
		(void)signal(sig, SIG_DFL);
	signal_behind_prompt = sig;
	_exit(term_secret(&t, PROMPT, &s) == ERR_OK ? ANSWERED : 2);
}

/* The status of a process that asked. The terminal is kept open here, so that
 * it can be looked at when the process is gone. */
static int
status_of(int master, int slave, int sig, const char *typed)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		ask(slave, sig);
	assert_true(pid > 0);
	if (typed != NULL) {
		char seen[64];

		assert_true(read(master, seen, sizeof(seen)) > 0);
		assert_int_equal(write(master, typed, strlen(typed)),
		    (int)strlen(typed));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
assert_shown_again(int slave)
{
	struct termios now;

	assert_int_equal(tcgetattr(slave, &now), 0);
	assert_true((now.c_lflag & ECHO) != 0);
}

static void
test_signal_behind_the_prompt_ends_the_program(void **state)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		int master, slave, status;

		assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
		status = status_of(master, slave, ends[i], NULL);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), ends[i]);
		assert_shown_again(slave);
		(void)close(master);
		(void)close(slave);
	}
}

static void
test_answer_is_read(void **state)
{
	int master, slave, status;

	(void)state;
	assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
	status = status_of(master, slave, 0, "something\n");
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), ANSWERED);
	assert_shown_again(slave);
	(void)close(master);
	(void)close(slave);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_signal_behind_the_prompt_ends_the_program),
		cmocka_unit_test(test_answer_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
