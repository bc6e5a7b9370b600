#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <malloc.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/wire_conn.h"

struct pair {
	struct wire_conn *a, *b;
	int raw; /* instead of a: what a misbehaving peer writes to */
};

static void
socket_pair(int fd[2])
{
	assert_int_equal(0,
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd));
}

/* a and b are the two ends of one connection between these roles. */
static struct pair
pair_of(enum wire_peer a, enum wire_peer b)
{
	struct pair p = { .raw = -1 };
	int fd[2];

	socket_pair(fd);
	assert_int_equal(ERR_OK, wire_conn_new(fd[0], a, b, &p.a));
	assert_int_equal(ERR_OK, wire_conn_new(fd[1], b, a, &p.b));
	return p;
}

/* b hears from a raw socket that claims to be `a`. */
static struct pair
raw_to(enum wire_peer a, enum wire_peer b)
{
	struct pair p = { 0 };
	int fd[2];

	socket_pair(fd);
	p.raw = fd[0];
	assert_int_equal(ERR_OK, wire_conn_new(fd[1], b, a, &p.b));
	return p;
}

static void
pair_free(struct pair *p)
{
	wire_conn_free(p->a);
	wire_conn_free(p->b);
	if (p->raw >= 0)
		close(p->raw);
}

static void
write_head(int fd, uint16_t type, uint32_t length)
{
	uint8_t head[WIRE_HEAD_LEN];

	wire_head_put(head,
	    &(struct wire_head){ .length = length, .type = type, .id = 9 });
	assert_int_equal(sizeof(head), write(fd, head, sizeof(head)));
}

static void
test_a_head_comes_back_as_it_was(void **state)
{
	static const uint8_t bytes[WIRE_HEAD_LEN] = { 1, 2, 3, 4, 5, 6, 7, 8, 9,
		10, 11, 12, 13, 14, 15, 16 };
	uint8_t out[WIRE_HEAD_LEN];
	struct wire_head h;

	(void)state;
	wire_head_get(bytes, &h);
	assert_int_equal(0x01020304, h.length);
	assert_int_equal(0x0506, h.type);
	assert_int_equal(0x0708, h.status);
	assert_true(h.id == 0x090a0b0c0d0e0f10);
	wire_head_put(out, &h);
	assert_memory_equal(bytes, out, sizeof(out));
}

static void
test_only_the_table_is_allowed(void **state)
{
	static const struct {
		enum wire_peer from, to;
		unsigned types; /* bit 1 << type */
	} cases[] = {
		{ PEER_FRONT, PEER_VAULT,
		    1u << WIRE_TEXT | 1u << WIRE_PIECE | 1u << WIRE_STAFF |
			1u << WIRE_PLAIN | 1u << WIRE_PLAIN_ANSWER |
			1u << WIRE_WORKED_TEXT | 1u << WIRE_WORKED_PIECE },
		{ PEER_VAULT, PEER_FRONT, 1u << WIRE_ANSWER },
		{ PEER_PARENT, PEER_VAULT,
		    1u << WIRE_CONFIG | 1u << WIRE_SECRET | 1u << WIRE_POLICY |
			1u << WIRE_START | 1u << WIRE_LISTENER |
			1u << WIRE_PEER | 1u << WIRE_DRAIN },
		{ PEER_PARENT, PEER_FRONT,
		    1u << WIRE_CONFIG | 1u << WIRE_SECRET | 1u << WIRE_POLICY |
			1u << WIRE_START | 1u << WIRE_LISTENER |
			1u << WIRE_PEER | 1u << WIRE_DRAIN | 1u << WIRE_PAGES },
		{ PEER_VAULT, PEER_PARENT,
		    1u << WIRE_READY | 1u << WIRE_REFUSED | 1u << WIRE_ALIVE },
		{ PEER_FRONT, PEER_PARENT,
		    1u << WIRE_READY | 1u << WIRE_REFUSED | 1u << WIRE_ALIVE },
		{ PEER_FRONT, PEER_FRONT, 0 },
		{ PEER_PARENT, PEER_PARENT, 0 },
	};
	uint32_t max;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (uint16_t type = 0; type < 32; type++)
			assert_int_equal(cases[i].types >> type & 1,
			    wire_allowed(cases[i].from, cases[i].to, type,
				&max));
}

static void
test_frames_that_come_byte_by_byte_come_out_whole(void **state)
{
	struct pair p = raw_to(PEER_FRONT, PEER_VAULT);
	struct wire_frame f;
	uint8_t bytes[2 * WIRE_HEAD_LEN + 5];

	(void)state;
	for (unsigned i = 0; i < 2; i++)
		wire_head_put(bytes + i * (WIRE_HEAD_LEN + 5),
		    &(struct wire_head){ .length = i ? 0 : 5,
			.type = i ? WIRE_STAFF : WIRE_TEXT,
			.id = 70 + i });
	memcpy(bytes + WIRE_HEAD_LEN, "hello", 5);
	for (size_t i = 0; i < sizeof(bytes); i++) {
		assert_int_equal(i == sizeof(bytes) ? 2 : i >= 21,
		    wire_conn_waiting(p.b));
		assert_int_equal(1, write(p.raw, bytes + i, 1));
		assert_int_equal(WIRE_FINE, wire_conn_fill(p.b));
	}
	assert_true(wire_conn_next(p.b, &f));
	assert_int_equal(WIRE_TEXT, f.head.type);
	assert_int_equal(70, f.head.id);
	assert_true(bytes_equal(f.body, BYTES_LIT("hello")));
	assert_true(wire_conn_next(p.b, &f));
	assert_int_equal(WIRE_STAFF, f.head.type);
	assert_int_equal(0, f.body.n);
	assert_false(wire_conn_next(p.b, &f));
	pair_free(&p);
}

static void
test_a_peer_that_breaks_the_rules_is_found_before_the_body(void **state)
{
	static const struct {
		enum wire_peer from;
		uint16_t type;
		uint32_t length;
	} bad[] = {
		{ PEER_FRONT, WIRE_ANSWER, 0 }, { PEER_FRONT, WIRE_PEER, 0 },
		{ PEER_FRONT, 0, 0 }, { PEER_FRONT, 999, 0 },
		{ PEER_FRONT, WIRE_TEXT, WIRE_TEXT_MAX + 1 },
		{ PEER_FRONT, WIRE_PIECE, UINT32_MAX },
		{ PEER_PARENT, WIRE_TEXT, 0 },
		{ PEER_PARENT, WIRE_PEER, 0 }, /* without a descriptor */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct pair p = raw_to(bad[i].from, PEER_VAULT);

		write_head(p.raw, bad[i].type, bad[i].length);
		assert_int_equal(WIRE_BROKEN, wire_conn_fill(p.b));
		assert_int_equal(0, wire_conn_waiting(p.b));
		pair_free(&p);
	}
}

static void
test_frames_before_the_end_can_still_be_had(void **state)
{
	struct pair p = raw_to(PEER_FRONT, PEER_VAULT);
	struct wire_frame f;

	(void)state;
	write_head(p.raw, WIRE_TEXT, 0);
	write_head(p.raw, WIRE_TEXT, 8); /* never comes whole */
	close(p.raw);
	p.raw = -1;
	assert_int_equal(WIRE_GONE, wire_conn_fill(p.b));
	assert_int_equal(1, wire_conn_waiting(p.b));
	assert_true(wire_conn_next(p.b, &f));
	assert_false(wire_conn_next(p.b, &f));
	assert_int_equal(WIRE_GONE, wire_conn_fill(p.b));
	pair_free(&p);
}

/* Sends the write end of a pipe and keeps the read end. */
static int
send_pipe(struct wire_conn *c, enum wire_type type, uint16_t status)
{
	int fd[2];

	assert_int_equal(0, pipe2(fd, O_CLOEXEC | O_NONBLOCK));
	assert_int_equal(ERR_OK, wire_conn_send_fd(c, type, status, 0, fd[1]));
	close(fd[1]);
	return fd[0];
}

static void
test_descriptors_stay_with_their_frames(void **state)
{
	struct pair p = pair_of(PEER_PARENT, PEER_FRONT);
	struct wire_frame f;
	int from[3];
	char got;

	(void)state;
	for (uint16_t i = 0; i < 3; i++) {
		assert_int_equal(ERR_OK,
		    wire_conn_send(p.a, WIRE_CONFIG, 0, 0,
			BYTES_LIT("some lines")));
		from[i] = send_pipe(p.a, WIRE_LISTENER, i);
	}
	assert_int_equal(WIRE_FINE, wire_conn_flush(p.a));
	assert_int_equal(0, wire_conn_unsent(p.a));
	assert_int_equal(WIRE_FINE, wire_conn_fill(p.b));
	assert_int_equal(6, wire_conn_waiting(p.b));
	for (uint16_t i = 0; i < 3; i++) {
		assert_true(wire_conn_next(p.b, &f));
		assert_int_equal(WIRE_CONFIG, f.head.type);
		assert_int_equal(-1, f.fd);
		assert_true(wire_conn_next(p.b, &f));
		assert_int_equal(WIRE_LISTENER, f.head.type);
		assert_int_equal(i, f.head.status);
		assert_int_equal(1, write(f.fd, &"abc"[i], 1));
		close(f.fd);
		assert_int_equal(1, read(from[i], &got, 1));
		assert_int_equal("abc"[i], got);
		close(from[i]);
	}
	pair_free(&p);
}

static void
test_descriptors_nobody_took_are_closed(void **state)
{
	struct pair p = pair_of(PEER_PARENT, PEER_FRONT);
	int from = send_pipe(p.a, WIRE_PEER, 0), to;
	char got;

	(void)state;
	to = send_pipe(p.a, WIRE_PEER, 0);
	assert_int_equal(WIRE_FINE, wire_conn_flush(p.a));
	assert_int_equal(WIRE_FINE, wire_conn_fill(p.b));
	assert_int_equal(-1, read(from, &got, 1));
	assert_int_equal(EAGAIN, errno);
	pair_free(&p);
	assert_int_equal(0, read(from, &got, 1)); /* no writer left */
	assert_int_equal(0, read(to, &got, 1));
	close(from);
	close(to);
}

static void
test_a_descriptor_from_a_front_breaks_the_rules(void **state)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	uint8_t head[WIRE_HEAD_LEN];
	struct iovec v = { .iov_base = head, .iov_len = sizeof(head) };
	struct msghdr m = { .msg_iov = &v,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);
	struct pair p = raw_to(PEER_FRONT, PEER_VAULT);

	(void)state;
	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_RIGHTS;
	h->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(h), &p.raw, sizeof(int));
	wire_head_put(head, &(struct wire_head){ .type = WIRE_TEXT });
	assert_int_equal(sizeof(head), sendmsg(p.raw, &m, 0));
	assert_int_equal(WIRE_BROKEN, wire_conn_fill(p.b));
	pair_free(&p);
}

static void
test_what_may_not_be_sent_is_not_queued(void **state)
{
	struct pair p = pair_of(PEER_FRONT, PEER_VAULT);
	uint8_t *big = calloc(1, WIRE_TEXT_MAX + 1);
	size_t n = 0;
	enum err e;

	(void)state;
	assert_non_null(big);
	assert_int_equal(ERR_DENIED,
	    wire_conn_send(p.a, WIRE_ANSWER, 0, 0, BYTES(NULL, 0)));
	assert_int_equal(ERR_DENIED,
	    wire_conn_send(p.a, WIRE_TEXT, 0, 0,
		BYTES(big, WIRE_TEXT_MAX + 1)));
	assert_int_equal(ERR_DENIED,
	    wire_conn_send_fd(p.a, WIRE_PEER, 0, 0, 0));
	assert_int_equal(0, wire_conn_unsent(p.a));
	while ((e = wire_conn_send(p.a, WIRE_TEXT, 0, n,
		    BYTES(big, WIRE_TEXT_MAX))) == ERR_OK)
		n++;
	assert_int_equal(ERR_LIMIT, e);
	assert_int_equal(WIRE_BUFFER_MAX / (WIRE_TEXT_MAX + WIRE_HEAD_LEN), n);
	free(big);
	pair_free(&p);
}

/* More than both buffers and the socket hold, in pieces as they fit. */
static void
test_a_stream_of_frames_arrives_in_order(void **state)
{
	struct pair p = pair_of(PEER_FRONT, PEER_VAULT);
	uint8_t *body = malloc(WIRE_PIECE_MAX);
	uint64_t sent = 0, got = 0;
	struct wire_frame f;

	(void)state;
	assert_non_null(body);
	while (got < 100) {
		memset(body, (int)sent, WIRE_PIECE_MAX);
		while (sent < 100 &&
		    wire_conn_send(p.a, WIRE_PIECE, 0, sent,
			BYTES(body, WIRE_PIECE_MAX - sent)) == ERR_OK)
			memset(body, (int)++sent, WIRE_PIECE_MAX);
		assert_int_equal(WIRE_FINE, wire_conn_flush(p.a));
		assert_int_equal(WIRE_FINE, wire_conn_fill(p.b));
		while (wire_conn_next(p.b, &f)) {
			assert_true(f.head.id == got);
			assert_int_equal(WIRE_PIECE_MAX - got, f.body.n);
			assert_int_equal(got, f.body.p[0]);
			assert_int_equal(got, f.body.p[f.body.n - 1]);
			got++;
		}
		wire_conn_trim(p.b);
	}
	wire_conn_trim(p.a);
	free(body);
	pair_free(&p);
}

static void
test_what_was_sent_counts_on_while_more_is_queued(void **state)
{
	struct pair p = pair_of(PEER_VAULT, PEER_FRONT);
	uint8_t *body = calloc(1, WIRE_PIECE_MAX);
	uint64_t before = 0;
	size_t unsent;

	(void)state;
	assert_non_null(body);
	for (int i = 0; i < 8; i++)
		assert_int_equal(ERR_OK,
		    wire_conn_send(p.a, WIRE_ANSWER, 0, 0,
			BYTES(body, WIRE_PIECE_MAX)));
	assert_int_equal(WIRE_FINE, wire_conn_flush(p.a));
	unsent = wire_conn_unsent(p.a);
	for (int i = 0; i < 3; i++) {
		assert_true(wire_conn_sent(p.a) > before);
		before = wire_conn_sent(p.a);
		assert_int_equal(WIRE_FINE, wire_conn_flush(p.a));
		assert_true(wire_conn_sent(p.a) == before); /* it is full */
		assert_int_equal(WIRE_FINE, wire_conn_fill(p.b));
		while (wire_conn_unsent(p.a) < unsent + WIRE_PIECE_MAX)
			assert_int_equal(ERR_OK,
			    wire_conn_send(p.a, WIRE_ANSWER, 0, 0,
				BYTES(body, WIRE_PIECE_MAX)));
		assert_int_equal(WIRE_FINE, wire_conn_flush(p.a));
	}
	free(body);
	pair_free(&p);
}

/* --- what is left in memory --- */

#define SECRET_TAIL "store key, instance key, TLS key"
#define SECRET "the first of it is written over " SECRET_TAIL

static size_t freed_with_secret;

void __real_free(void *p);
void __wrap_free(void *p);

/* What the library frees is looked through first. */
void
__wrap_free(void *p)
{
	if (p != NULL &&
	    memmem(p, malloc_usable_size(p), SECRET_TAIL,
		strlen(SECRET_TAIL)) != NULL)
		freed_with_secret++;
	__real_free(p);
}

static void
test_secrets_do_not_stay_in_memory_that_is_given_back(void **state)
{
	struct pair p = pair_of(PEER_PARENT, PEER_VAULT);
	struct wire_frame f;

	(void)state;
	freed_with_secret = 0;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ERR_OK,
		    wire_conn_send(p.a, i == 0 ? WIRE_SECRET : WIRE_POLICY, 0,
			0, i == 0 ? BYTES_LIT(SECRET) : BYTES_LIT("x")));
		assert_int_equal(WIRE_FINE, wire_conn_flush(p.a));
		assert_int_equal(WIRE_FINE, wire_conn_fill(p.b));
		assert_true(wire_conn_next(p.b, &f));
	}
	wire_conn_trim(p.a);
	wire_conn_trim(p.b);
	assert_int_equal(0, freed_with_secret);
	pair_free(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_head_comes_back_as_it_was),
		cmocka_unit_test(test_only_the_table_is_allowed),
		cmocka_unit_test(
		    test_frames_that_come_byte_by_byte_come_out_whole),
		cmocka_unit_test(
		    test_a_peer_that_breaks_the_rules_is_found_before_the_body),
		cmocka_unit_test(test_frames_before_the_end_can_still_be_had),
		cmocka_unit_test(test_descriptors_stay_with_their_frames),
		cmocka_unit_test(test_descriptors_nobody_took_are_closed),
		cmocka_unit_test(
		    test_a_descriptor_from_a_front_breaks_the_rules),
		cmocka_unit_test(test_what_may_not_be_sent_is_not_queued),
		cmocka_unit_test(test_a_stream_of_frames_arrives_in_order),
		cmocka_unit_test(
		    test_what_was_sent_counts_on_while_more_is_queued),
		cmocka_unit_test(
		    test_secrets_do_not_stay_in_memory_that_is_given_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
