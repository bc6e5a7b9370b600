#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/front_peer.h"

/* Peers by their addresses on the loopback, all of 127.0.0.0/8 being ours. */

struct scene {
	int64_t now;
	uint8_t drawn;
	bool is_empty; /* of randomness */
	struct env env;
	struct peers peers;
	int listener;
	struct sockaddr_in at;
};

static int64_t
now_of(void *ctx)
{
	return ((struct scene *)ctx)->now;
}

static enum err
draw(void *ctx, uint8_t *out, size_t n)
{
	struct scene *s = ctx;

	if (s->is_empty)
		return ERR_CRYPTO;
	memset(out, ++s->drawn, n);
	return ERR_OK;
}

static int
setup(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));
	socklen_t n = sizeof(s->at);

	assert_non_null(s);
	s->now = 1795428000;
	s->env = (struct env){ .random = draw, .now = now_of, .ctx = s };
	peers_init(&s->peers, &s->env);
	s->listener = socket(AF_INET, SOCK_STREAM, 0);
	s->at.sin_family = AF_INET;
	assert_true(s->listener >= 0);
	assert_int_equal(
	    bind(s->listener, (struct sockaddr *)&s->at, sizeof(s->at)), 0);
	assert_int_equal(listen(s->listener, 16), 0);
	assert_int_equal(
	    getsockname(s->listener, (struct sockaddr *)&s->at, &n), 0);
	s->at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct scene *s = *state;

	close(s->listener);
	free(s);
	return 0;
}

/* A connection from 127.0.X.Y; whether it is pressed. */
static bool
come_from(struct scene *s, unsigned xy)
{
	struct sockaddr_in from = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(0x7f000000u | xy) };
	const struct linger reset = { .l_onoff = 1 };
	int fd = socket(AF_INET, SOCK_STREAM, 0), got;
	bool is_pressed = true;

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof(from)), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&s->at, sizeof(s->at)),
	    0);
	got = peers_accept(&s->peers, s->listener, &is_pressed);
	assert_true(got >= 0);
	/* no port waits for its time after it */
	(void)setsockopt(got, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(got);
	close(fd);
	return is_pressed;
}

static bool
is_wiped(const struct peers *p)
{
	return !p->has_key && bytes_all_zero(p->key, sizeof(p->key)) &&
	    bytes_all_zero((const uint8_t *)p->place, sizeof(p->place));
}

static void
test_a_flood_from_one_address_is_pressed_and_others_are_not(void **state)
{
	struct scene *s = *state;

	for (unsigned i = 0; i < PEER_BURST; i++)
		assert_false(come_from(s, 1));
	assert_true(come_from(s, 1));
	assert_true(come_from(s, 1));
	assert_false(come_from(s, 0x0203));
	/* It is not shut out, and after a while it is as others are. */
	s->now += 10;
	for (unsigned i = 1; i < 10 * PEER_RATE; i++)
		assert_false(come_from(s, 1));
	assert_true(come_from(s, 1));
	s->now += PEER_BURST / PEER_RATE + 1;
	for (unsigned i = 0; i < PEER_BURST; i++)
		assert_false(come_from(s, 1));
}

static unsigned
places_used(const struct peers *p)
{
	unsigned n = 0;

	for (size_t i = 0; i < PEERS; i++)
		n += p->place[i].level > 0;
	return n;
}

static void
test_table_and_key_are_wiped_hourly(void **state)
{
	struct scene *s = *state;
	uint8_t before[sizeof(s->peers.key)];

	assert_true(is_wiped(&s->peers));
	for (unsigned i = 0; i <= PEER_BURST; i++)
		(void)come_from(s, 1);
	assert_false(is_wiped(&s->peers));
	memcpy(before, s->peers.key, sizeof(before));
	s->now += PEER_HOUR - 1;
	peers_turn(&s->peers);
	assert_memory_equal(before, s->peers.key, sizeof(before));
	s->now += 1;
	peers_turn(&s->peers);
	assert_true(is_wiped(&s->peers));
	/* The next key is another, and nothing is known of anybody. */
	for (unsigned i = 0; i < PEER_BURST; i++)
		assert_false(come_from(s, 1));
	assert_memory_not_equal(before, s->peers.key, sizeof(before));
	/* Where nobody came to turn it, a connection does. */
	memcpy(before, s->peers.key, sizeof(before));
	s->now += PEER_HOUR;
	assert_false(come_from(s, 1));
	assert_memory_not_equal(before, s->peers.key, sizeof(before));
	/* A clock that is set back keeps no key for longer. */
	s->now -= 2 * PEER_HOUR;
	peers_turn(&s->peers);
	assert_true(is_wiped(&s->peers));
}

/* Whoever takes the machine finds only who came within the last minutes: of a
 * visitor seconds, of a flood what it takes to be forgiven. */
static void
test_a_place_is_empty_once_its_count_has_run_off(void **state)
{
	struct scene *s = *state;

	for (unsigned i = 1; i <= 20; i++)
		assert_false(come_from(s, i));
	for (unsigned i = 0; i < 100; i++)
		(void)come_from(s, 0x0203);
	s->now += 20;
	peers_turn(&s->peers);
	assert_int_equal(places_used(&s->peers), 1);
	s->now += 100 / PEER_RATE;
	peers_turn(&s->peers);
	assert_int_equal(places_used(&s->peers), 0);
	assert_true(bytes_all_zero((const uint8_t *)s->peers.place,
	    sizeof(s->peers.place)));
	assert_true(s->peers.has_key);
}

static void
test_places_are_few_and_the_key_chooses_them(void **state)
{
	struct scene *s = *state;
	unsigned same = 0;
	uint16_t first[PEERS];

	for (unsigned i = 1; i <= 200; i++)
		assert_false(come_from(s, i));
	for (size_t i = 0; i < PEERS; i++)
		first[i] = s->peers.place[i].level;
	assert_in_range(places_used(&s->peers), 150, 200);
	s->now += PEER_HOUR;
	for (unsigned i = 1; i <= 200; i++)
		assert_false(come_from(s, i));
	for (size_t i = 0; i < PEERS; i++)
		same += first[i] > 0 && s->peers.place[i].level > 0;
	assert_in_range(same, 0, 100);
}

static void
test_nobody_is_pressed_on_a_unix_socket_or_without_a_key(void **state)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct scene *s = *state;
	socklen_t n = sizeof(at);
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);
	bool is_pressed = true;

	/* an abstract name of the system's choice */
	assert_int_equal(
	    bind(listener, (struct sockaddr *)&at, sizeof(sa_family_t)), 0);
	assert_int_equal(listen(listener, 16), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &n), 0);
	for (unsigned i = 0; i < 2 * PEER_BURST; i++) {
		int fd = socket(AF_UNIX, SOCK_STREAM, 0), got;

		assert_int_equal(connect(fd, (struct sockaddr *)&at, n), 0);
		got = peers_accept(&s->peers, listener, &is_pressed);
		assert_true(got >= 0 && !is_pressed);
		close(got);
		close(fd);
	}
	assert_true(is_wiped(&s->peers));
	close(listener);
	s->is_empty = true;
	for (unsigned i = 0; i < 2 * PEER_BURST; i++)
		assert_false(come_from(s, 1));
}

static void
test_without_a_connection_nothing_changes(void **state)
{
	struct scene *s = *state;
	bool is_pressed = true;
	int listener = dup(s->listener);

	close(s->listener);
	s->listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(peers_accept(&s->peers, s->listener, &is_pressed), -1);
	assert_int_equal(errno, EINVAL);
	assert_true(is_pressed && is_wiped(&s->peers));
	close(listener);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_a_flood_from_one_address_is_pressed_and_others_are_not),
		T(test_table_and_key_are_wiped_hourly),
		T(test_a_place_is_empty_once_its_count_has_run_off),
		T(test_places_are_few_and_the_key_chooses_them),
		T(test_nobody_is_pressed_on_a_unix_socket_or_without_a_key),
		T(test_without_a_connection_nothing_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
