#include "tests/daemon/vault_stage.h"
#include "tests/daemon/vault_world.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/event.h>

#include "daemon/vault_notifier.h"

/* The socket that the notifier comes to, on a loop with nothing else. */

struct socket_pair {
	int listener, visitor;
};

/* A name that no file has: the kernel chooses it. */
static struct socket_pair
come(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	socklen_t n = sizeof(at);
	struct socket_pair s = {
		.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0),
		.visitor = socket(AF_UNIX, SOCK_STREAM, 0),
	};

	assert_int_equal(0,
	    bind(s.listener, (struct sockaddr *)&at, sizeof(at.sun_family)));
	assert_int_equal(0,
	    getsockname(s.listener, (struct sockaddr *)&at, &n));
	assert_int_equal(0, listen(s.listener, 1));
	assert_int_equal(0, connect(s.visitor, (struct sockaddr *)&at, n));
	return s;
}

/* Once; 1: there is nothing that it could turn for. */
static int
turn(struct event_base *base)
{
	return event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

/* No descriptor more than there are now. */
static struct rlimit
take_descriptors(void)
{
	struct rlimit before, none;
	int next = open("/dev/null", O_RDONLY);

	assert_true(next >= 0);
	close(next);
	assert_int_equal(0, getrlimit(RLIMIT_NOFILE, &before));
	none = before;
	none.rlim_cur = (rlim_t)next;
	assert_int_equal(0, setrlimit(RLIMIT_NOFILE, &none));
	return before;
}

static void
test_without_descriptors_its_loop_rests_until_the_next_beat(void **state)
{
	struct world *w = *state;
	struct event_base *base = event_base_new();
	struct vault_notifier *n = NULL;
	const struct socket_pair s = come();
	struct rlimit before;
	uint8_t line[16];

	assert_int_equal(ERR_OK,
	    vault_notifier_new(base, s.listener, w->vault, &n));
	before = take_descriptors();
	for (int i = 0; i < 3; i++) {
		assert_int_equal(0, turn(base));
		assert_int_equal(1, turn(base));
		vault_notifier_beat(n);
	}
	assert_int_equal(0, setrlimit(RLIMIT_NOFILE, &before));
	assert_int_equal(0, turn(base));
	/* Whoever is taken in, and says what is no number, is let go. */
	assert_int_equal(2, write(s.visitor, "x\n", 2));
	assert_int_equal(0, turn(base));
	assert_int_equal(0, recv(s.visitor, line, sizeof(line), MSG_DONTWAIT));
	close(s.visitor);
	n = vault_notifier_free(n);
	event_base_free(base);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_without_descriptors_its_loop_rests_until_the_next_beat,
		    world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
