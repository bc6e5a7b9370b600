#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "daemon/parent.h"
#include "daemon/wire_conn.h"

/*
 * The whole service stands still for a minute: for the parent, whose clock is
 * put forward, and whose children are this program again. Its front says that
 * it lives when it has come to it, a second later.
 */

#define CONTROL_FD 3
#define FROZEN_SECONDS 60
#define BEFORE_MS 200 /* from the front's start to the minute */
#define AFTER_MS 1500 /* to its first word */
#define WORD_MS 50    /* between the vault's, which keep the parent awake */

/* --- the parent's time --- */

static unsigned forks;
static int64_t front_began;

pid_t __wrap_fork(void);
pid_t __real_fork(void);

static int64_t
real_ms(void)
{
	struct timespec t;

	if (syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t) != 0)
		return 0;
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

pid_t
__wrap_fork(void)
{
	if (++forks == 2)
		front_began = real_ms();
	return __real_fork();
}

/* Also the event loop's. */
__attribute__((visibility("default"))) int
clock_gettime(clockid_t id, struct timespec *t)
{
	int r = (int)syscall(SYS_clock_gettime, id, t);

	if (r == 0 && id != CLOCK_REALTIME && front_began != 0 &&
	    real_ms() - front_began > BEFORE_MS)
		t->tv_sec += FROZEN_SECONDS;
	return r;
}

/* --- the children --- */

static bool
say(struct wire_conn *c, enum wire_type type)
{
	return wire_conn_send(c, type, 0, 0, BYTES(NULL, 0)) == ERR_OK &&
	    wire_conn_flush(c) == WIRE_FINE;
}

/* Whether to go on: not behind the end, or what tells it to. */
static bool
listen_for(struct wire_conn *c, int ms)
{
	struct pollfd fd = { .fd = wire_conn_fd(c), .events = POLLIN };
	struct wire_frame f;

	if (poll(&fd, 1, ms) > 0 && wire_conn_fill(c) != WIRE_FINE)
		return false;
	while (wire_conn_next(c, &f)) {
		if (f.fd >= 0)
			(void)close(f.fd);
		if (f.head.type == WIRE_DRAIN)
			return false;
	}
	return true;
}

static int
be(enum wire_peer role)
{
	const int64_t began = real_ms();
	struct wire_conn *c = NULL;
	bool has_spoken = role == PEER_VAULT;

	if (wire_conn_new(CONTROL_FD, role, PEER_PARENT, &c) != ERR_OK ||
	    !say(c, WIRE_READY))
		return 1;
	while (listen_for(c, WORD_MS)) {
		if (role == PEER_VAULT && !say(c, WIRE_ALIVE))
			break;
		if (has_spoken || real_ms() - began < AFTER_MS)
			continue;
		has_spoken = say(c, WIRE_ALIVE);
		(void)kill(getppid(), SIGTERM); /* that was all */
	}
	wire_conn_free(c);
	return 0;
}

/* --- the test --- */

static void
test_after_a_freeze_of_all_the_front_is_heard_before_it_is_judged(void **state)
{
	static struct config config = { .fronts = 1 };
	static struct parent p = { .config = &config };

	(void)state;
	config.limits.drain = 10;
	config.limits.connections = 8;
	assert_int_equal(0, parent_run(&p));
	assert_int_equal(2, forks); /* the vault, and one front */
	inputs_free(&p.inputs);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_after_a_freeze_of_all_the_front_is_heard_before_it_is_judged),
	};

	if (argc == 2 && strcmp(argv[1], "--role=vault") == 0)
		return be(PEER_VAULT);
	if (argc == 2 && strcmp(argv[1], "--role=front") == 0)
		return be(PEER_FRONT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
