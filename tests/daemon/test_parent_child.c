#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <event2/event.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/parent.h"

/* A child shares the descriptors of the parent's loop until it is another
 * program; this one, which ends at once. */

pid_t __wrap_fork(void);
pid_t __real_fork(void);

/* As from a terminal, or from whoever signals a whole group, and at once. */
pid_t
__wrap_fork(void)
{
	pid_t pid = __real_fork();

	if (pid == 0)
		(void)raise(SIGTERM);
	return pid;
}

static unsigned heard;

static void
on_signal(evutil_socket_t sig, short what, void *ctx)
{
	(void)sig, (void)what, (void)ctx;
	heard++;
}

static bool
on_frame(void *ctx, const struct wire_frame *f)
{
	(void)ctx, (void)f;
	return false;
}

static void
on_ended(void *ctx, enum wire_state why)
{
	struct child *c = ctx;

	(void)why;
	c->channel = channel_free(c->channel);
	event_base_loopbreak(c->parent->base);
}

static void
test_a_signal_to_a_new_child_is_not_the_parents(void **state)
{
	static const struct channel_calls calls = { .frame = on_frame,
		.ended = on_ended };
	struct parent p = { .base = event_base_new() };
	struct child c = { .parent = &p };
	struct event *term;
	int status = -1;

	(void)state;
	assert_non_null(p.base);
	term = evsignal_new(p.base, SIGTERM, on_signal, NULL);
	assert_non_null(term);
	assert_int_equal(0, event_add(term, NULL));
	assert_int_equal(ERR_OK, child_start(&c, &calls));
	assert_int_equal(0, event_base_dispatch(p.base)); /* until it ended */
	assert_int_equal(c.pid, waitpid(c.pid, &status, 0));
	assert_int_equal(0, event_base_loop(p.base, EVLOOP_NONBLOCK));
	assert_true(WIFEXITED(status));
	assert_int_equal(0, WEXITSTATUS(status));
	assert_int_equal(0, heard);
	/* Its own are still heard. */
	assert_int_equal(0, raise(SIGTERM));
	assert_int_equal(0, event_base_loop(p.base, EVLOOP_ONCE));
	assert_int_equal(1, heard);
	event_free(term);
	event_base_free(p.base);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_a_signal_to_a_new_child_is_not_the_parents),
	};

	if (argc == 2 && strncmp(argv[1], "--role=", 7) == 0)
		return 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
