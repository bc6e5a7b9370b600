#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/wait.h>
#include <unistd.h>

#include "client/hold.h"

/* Whatever somebody types, or the system says, to end a program that has
 * something half-written about waits until that is over. */

static void
test_every_signal_that_ends_a_program_waits(void **state)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		int done[2], status = -1;
		pid_t pid;
		char c;

		assert_int_equal(pipe(done), 0);
		if ((pid = fork()) == 0) {
			struct hold h = { 0 };

			(void)alarm(30);
			(void)signal(ends[i], SIG_DFL);
			hold_begin(&h);
			(void)raise(ends[i]);
			if (!hold_is_over() || write(done[1], "", 1) != 1)
				_exit(1);
			hold_end(&h);
			_exit(0);
		}
		assert_true(pid > 0);
		(void)close(done[1]);
		assert_int_equal(read(done[0], &c, 1), 1);
		(void)close(done[0]);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), ends[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_signal_that_ends_a_program_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
