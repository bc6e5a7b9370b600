#include "tests/daemon/vault_world.h"

#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "daemon/wire_conn.h"
#include "sandbox/left_out.h"
#include "store/memory.h"

/* The vault as a process of its own, between a parent and a front that are
 * this test. */

#define WAIT_MS 60000

struct process {
	struct world *w;
	pid_t pid;
	struct wire_conn *parent, *front;
};

static struct shared { /* with the vault's process */
	/* when what a batch changed is to be remembered, behind its commit */
	bool memory_is_out;
	bool disk_is_slow; /* a commit takes an hour, by the vault's clock: who
			      polls then waits for ten seconds */
	bool timers_are_precise;
} * shared;
static int64_t later;

enum err __wrap_memory_change_page(struct memory *m, uint32_t page,
    const uint8_t *before, const uint8_t *after);
enum err __real_memory_change_page(struct memory *m, uint32_t page,
    const uint8_t *before, const uint8_t *after);

enum err
__wrap_memory_change_page(struct memory *m, uint32_t page,
    const uint8_t *before, const uint8_t *after)
{
	if (shared->memory_is_out)
		return ERR_NOMEM;
	if (shared->disk_is_slow)
		later += 3600;
	return __real_memory_change_page(m, page, before, after);
}

int __wrap_clock_gettime(clockid_t which, struct timespec *ret);
int __real_clock_gettime(clockid_t which, struct timespec *ret);

int
__wrap_clock_gettime(clockid_t which, struct timespec *ret)
{
	int r = __real_clock_gettime(which, ret);

	if (which == CLOCK_MONOTONIC)
		ret->tv_sec += later;
	return r;
}

int __wrap_event_config_set_flag(struct event_config *config, int flags);
int __real_event_config_set_flag(struct event_config *config, int flags);

int
__wrap_event_config_set_flag(struct event_config *config, int flags)
{
	shared->timers_are_precise |=
	    (flags & EVENT_BASE_FLAG_PRECISE_TIMER) != 0;
	return __real_event_config_set_flag(config, flags);
}

static int
run_vault(int control)
{
	int code = vault_main(control);

	/* So that the sanitizer's own check at the end can look around. */
	if (!SANDBOX_IS_LEFT_OUT)
		return code;
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0 ? code : 99;
}

static void
spawn(struct process *p)
{
	int fd[2];

	assert_int_equal(0, socketpair(AF_UNIX, SOCK_STREAM, 0, fd));
	p->pid = fork();
	assert_true(p->pid >= 0);
	if (p->pid == 0) {
		close(fd[0]);
		_exit(run_vault(fd[1]));
	}
	close(fd[1]);
	assert_int_equal(ERR_OK,
	    wire_conn_new(fd[0], PEER_PARENT, PEER_VAULT, &p->parent));
}

/* Sends all that is queued and waits for a frame; false: the end. */
static bool
receive(struct wire_conn *c, struct wire_frame *ret)
{
	struct pollfd fd = { .fd = wire_conn_fd(c), .events = POLLIN };

	for (;;) {
		if (wire_conn_next(c, ret))
			return true;
		if (wire_conn_flush(c) == WIRE_FINE && wire_conn_unsent(c) > 0)
			fd.events = POLLIN | POLLOUT;
		else
			fd.events = POLLIN;
		assert_int_equal(1, poll(&fd, 1, WAIT_MS));
		if (wire_conn_fill(c) != WIRE_FINE && wire_conn_waiting(c) == 0)
			return false;
	}
}

/* The next frame of the vault to its parent that says something. */
static bool
parent_hears(struct process *p, struct wire_frame *ret)
{
	while (receive(p->parent, ret))
		if (ret->head.type != WIRE_ALIVE)
			return true;
	return false;
}

static void
tell(struct process *p, enum wire_type type, const struct buf *body)
{
	assert_int_equal(ERR_OK,
	    wire_conn_send(p->parent, type, 0, 0,
		body == NULL ? BYTES(NULL, 0) : buf_bytes(body)));
	assert_int_equal(WIRE_FINE, wire_conn_flush(p->parent));
}

static void
tell_policy(struct process *p, uint32_t serial)
{
	CLEAN_BUF struct buf body = BUF_INIT(WIRE_BODY_MAX);

	world_policy_bundle(p->w, serial, REALM, &body);
	tell(p, WIRE_POLICY, &body);
}

static void
introduce(struct process *p)
{
	CLEAN_BUF struct buf config = BUF_INIT(8192);
	CLEAN_BUF struct buf secret = BUF_INIT(8192);

	vault_config_put(&config, &p->w->config);
	vault_secret_put(&secret, &p->w->secret);
	tell(p, WIRE_CONFIG, &config);
	tell(p, WIRE_SECRET, &secret);
	tell_policy(p, 1);
	tell(p, WIRE_START, NULL);
}

static void
connect_front(struct process *p)
{
	int fd[2];

	assert_int_equal(0, socketpair(AF_UNIX, SOCK_STREAM, 0, fd));
	assert_int_equal(ERR_OK,
	    wire_conn_send_fd(p->parent, WIRE_PEER, 0, 0, fd[0]));
	assert_int_equal(WIRE_FINE, wire_conn_flush(p->parent));
	close(fd[0]);
	assert_int_equal(ERR_OK,
	    wire_conn_new(fd[1], PEER_FRONT, PEER_VAULT, &p->front));
}

static int
setup(void **state)
{
	struct process *p = calloc(1, sizeof(*p));
	struct wire_frame f;

	assert_non_null(p);
	*shared = (struct shared){ 0 };
	p->w = world_new();
	p->w->vault = vault_free(p->w->vault);
	spawn(p);
	introduce(p);
	assert_true(parent_hears(p, &f));
	assert_int_equal(WIRE_READY, f.head.type);
	connect_front(p);
	*state = p;
	return 0;
}

static int
ended_with(struct process *p)
{
	int status;

	assert_int_equal(p->pid, waitpid(p->pid, &status, 0));
	p->pid = 0;
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int
teardown(void **state)
{
	struct process *p = *state;

	wire_conn_free(p->parent);
	wire_conn_free(p->front);
	if (p->pid > 0) {
		kill(p->pid, SIGKILL);
		waitpid(p->pid, NULL, 0);
	}
	world_free(p->w);
	free(p);
	return 0;
}

static void
ask_poll(struct process *p, uint64_t id)
{
	CLEAN_BUF struct buf body = BUF_INIT(BUNDLE_TEXT_LEN);
	struct bundle_request q = { .kind = REQUEST_POLL };

	assert_int_equal(ERR_OK, bundle_request_put(&q, &body));
	assert_int_equal(ERR_OK,
	    wire_conn_send(p->front, WIRE_TEXT, 0, id, buf_bytes(&body)));
}

static void
test_what_was_stored_is_there_for_the_next_process(void **state)
{
	static const uint16_t to[] = { GUARDIAN, SECOND_GUARDIAN };
	struct process *p = *state;
	CLEAN_DRAFT struct draft d = { 0 };
	struct wire_frame f;
	struct reporter r;

	reporter_new(&r, 1);
	draft_concern(p->w, &r, to, 2, &d);
	assert_int_equal(ERR_OK,
	    wire_conn_send(p->front, WIRE_TEXT, 0, 5, buf_bytes(&d.body)));
	assert_true(receive(p->front, &f));
	assert_int_equal(WIRE_ANSWER, f.head.type);
	assert_int_equal(5, f.head.id);
	assert_int_equal(ANSWER_OK, f.head.status);
	p->front = wire_conn_free(p->front);
	tell(p, WIRE_DRAIN, NULL);
	assert_int_equal(VAULT_EXIT_OK, ended_with(p));
	assert_int_equal(ERR_OK,
	    vault_new(&p->w->env, &p->w->config, &p->w->secret, &p->w->vault));
	world_switch_policy(p->w, 1);
	assert_int_equal(ANSWER_OK, poll_mailbox(p->w, &r, 0));
	assert_int_equal(1, p->w->answer.mailbox.count);
}

/* Nothing is told to be stored, and the next process knows that it is. */
static void
test_without_memory_behind_a_commit_it_ends_to_be_started_anew(void **state)
{
	static const uint16_t to[] = { GUARDIAN, SECOND_GUARDIAN };
	struct process *p = *state;
	CLEAN_DRAFT struct draft d = { 0 };
	struct wire_frame f;
	struct reporter r;

	reporter_new(&r, 1);
	draft_concern(p->w, &r, to, 2, &d);
	shared->memory_is_out = true;
	assert_int_equal(ERR_OK,
	    wire_conn_send(p->front, WIRE_TEXT, 0, 5, buf_bytes(&d.body)));
	assert_true(receive(p->front, &f));
	assert_int_equal(ANSWER_DOWN, f.head.status);
	assert_int_equal(VAULT_EXIT_FAILED, ended_with(p));
	shared->memory_is_out = false;
	assert_int_equal(ERR_OK,
	    vault_new(&p->w->env, &p->w->config, &p->w->secret, &p->w->vault));
	world_switch_policy(p->w, 1);
	assert_int_equal(ANSWER_OK, world_request(p->w, &d.request));
	assert_proof(p->w, &r, MESSAGE_CONCERN, d.link);
	assert_int_equal(ANSWER_OK, poll_mailbox(p->w, &r, 0));
	assert_int_equal(1, p->w->answer.mailbox.count);
}

static void
test_many_requests_are_each_answered_once(void **state)
{
	struct process *p = *state;
	bool answered[WIRE_CREDITS] = { false };
	struct wire_frame f;

	for (uint64_t i = 0; i < WIRE_CREDITS; i++)
		ask_poll(p, i);
	for (size_t i = 0; i < WIRE_CREDITS; i++) {
		assert_true(receive(p->front, &f));
		assert_in_range(f.head.id, 0, WIRE_CREDITS - 1);
		assert_false(answered[f.head.id]);
		answered[f.head.id] = true;
	}
}

#define LARGE_ANSWERS 400 /* more than the buffer takes */

/* All at once, of a mailbox that has something in it; and the front is busy
 * while their time comes. */
static void
test_many_large_answers_that_waited_all_come(void **state)
{
	static const uint16_t to[] = { GUARDIAN, SECOND_GUARDIAN };
	const struct timespec while_busy = { .tv_nsec = 300000000 };
	CLEAN_BUF struct buf body = BUF_INIT(BUNDLE_TEXT_LEN);
	struct bundle_request q = { .kind = REQUEST_POLL };
	struct process *p = *state;
	CLEAN_DRAFT struct draft d = { 0 };
	struct wire_frame f;
	struct reporter r;

	reporter_new(&r, 1);
	draft_concern(p->w, &r, to, 2, &d);
	assert_int_equal(ERR_OK,
	    wire_conn_send(p->front, WIRE_TEXT, 0, 0, buf_bytes(&d.body)));
	assert_true(receive(p->front, &f));
	memcpy(q.poll.token, r.keys.token, TOKEN_LEN);
	assert_int_equal(ERR_OK, bundle_request_put(&q, &body));
	for (uint64_t i = 0; i < LARGE_ANSWERS; i++)
		assert_int_equal(ERR_OK,
		    wire_conn_send(p->front, WIRE_TEXT, 0, i,
			buf_bytes(&body)));
	assert_int_equal(WIRE_FINE, wire_conn_flush(p->front));
	(void)nanosleep(&while_busy, NULL);
	for (uint64_t i = 0; i < LARGE_ANSWERS; i++) {
		assert_true(receive(p->front, &f));
		assert_int_equal(ANSWER_OK, f.head.status);
		assert_true(f.body.n > WIRE_BUFFER_MAX / LARGE_ANSWERS);
	}
}

/* Without the socket's help: what one read brings is over the credits. */
static void
test_a_front_over_its_credits_is_cut_off(void **state)
{
	struct process *p = *state;
	struct wire_frame f;

	for (uint64_t i = 0; i < 40 * WIRE_CREDITS; i++)
		if (wire_conn_send(p->front, WIRE_STAFF, 0, i,
			BYTES(NULL, 0)) != ERR_OK)
			break;
	while (receive(p->front, &f))
		assert_int_equal(ANSWER_BAD_BUNDLE, f.head.status);
}

/* --- what waits --- */

static void
send_text(struct process *p, uint64_t id, const struct draft *d)
{
	assert_int_equal(ERR_OK,
	    wire_conn_send(p->front, WIRE_TEXT, 0, id, buf_bytes(&d->body)));
}

static void
must_hear(struct process *p, uint64_t id, enum answer status)
{
	struct wire_frame f;

	assert_true(receive(p->front, &f));
	assert_int_equal(id, f.head.id);
	assert_int_equal(status, f.head.status);
}

/* Staff's are answered at once: what was asked in text waits longer. */
static void
must_wait(struct process *p)
{
	for (uint64_t id = 1000; id < 1002; id++) {
		assert_int_equal(ERR_OK,
		    wire_conn_send(p->front, WIRE_STAFF, 0, id,
			BYTES(NULL, 0)));
		must_hear(p, id, ANSWER_BAD_BUNDLE);
	}
}

/* Files it: from here on filings took long. */
static void
learn_to_wait(struct process *p, struct draft *d)
{
	static const uint16_t to[] = { GUARDIAN, SECOND_GUARDIAN };
	struct reporter r;

	reporter_new(&r, 1);
	draft_concern(p->w, &r, to, 2, d);
	shared->disk_is_slow = true;
	send_text(p, 1, d);
	must_hear(p, 1, ANSWER_OK);
	shared->disk_is_slow = false;
}

static void
must_hear_at_the_end(struct process *p, uint64_t from, uint64_t to)
{
	uint64_t heard = 0;
	struct wire_frame f;

	tell(p, WIRE_DRAIN, NULL);
	while (receive(p->front, &f)) {
		assert_in_range(f.head.id, from, to);
		assert_int_equal(ANSWER_OK, f.head.status);
		heard++;
	}
	assert_int_equal(to - from + 1, heard);
	assert_int_equal(VAULT_EXIT_OK, ended_with(p));
}

static void
test_a_poll_waits_as_long_as_a_filing_took(void **state)
{
	struct process *p = *state;
	CLEAN_DRAFT struct draft d = { 0 };

	learn_to_wait(p, &d);
	ask_poll(p, 2);
	must_wait(p);
	must_hear_at_the_end(p, 2, 2);
}

/* Libevent's others go off at whole milliseconds, which no filing does. */
static void
test_what_waits_does_not_end_at_whole_milliseconds(void **state)
{
	(void)state;
	assert_true(shared->timers_are_precise);
}

/* Or it would be known from a new one, and the next polls from filings. */
static void
test_what_is_stored_already_waits_too_and_teaches_nothing(void **state)
{
	struct process *p = *state;
	CLEAN_DRAFT struct draft d = { 0 };
	uint64_t id;

	learn_to_wait(p, &d);
	for (id = 2; id < 20; id++) {
		send_text(p, id, &d);
		must_wait(p);
	}
	for (; id < 40; id++)
		ask_poll(p, id);
	must_wait(p);
	must_hear_at_the_end(p, 2, 39);
}

/* As many answers wait as a front may have asked for; the rest is not read. */
static void
test_no_more_waits_for_a_front_than_its_credits(void **state)
{
	struct process *p = *state;
	CLEAN_DRAFT struct draft d = { 0 };
	uint64_t id = 2;
	struct wire_frame f;

	learn_to_wait(p, &d);
	for (; id < WIRE_CREDITS; id++)
		ask_poll(p, id);
	must_wait(p);
	for (; id < 2 + WIRE_CREDITS; id++)
		ask_poll(p, id);
	assert_int_equal(ERR_OK,
	    wire_conn_send(p->front, WIRE_STAFF, 0, 5000, BYTES(NULL, 0)));
	while (wire_conn_flush(p->front) == WIRE_FINE &&
	    wire_conn_unsent(p->front) > 0)
		continue;
	tell_policy(p, 4);
	assert_true(parent_hears(p, &f));
	assert_int_equal(WIRE_READY, f.head.type);
	must_hear_at_the_end(p, 2, 1 + WIRE_CREDITS);
}

static void
test_a_front_that_sends_what_it_may_not_is_cut_off(void **state)
{
	struct process *p = *state;
	uint8_t head[WIRE_HEAD_LEN];
	struct wire_frame f;
	struct wire_conn *bad = p->front;

	wire_head_put(head, &(struct wire_head){ .type = WIRE_DRAIN });
	assert_int_equal(sizeof(head),
	    write(wire_conn_fd(bad), head, sizeof(head)));
	assert_false(receive(bad, &f));
	wire_conn_free(bad);
	/* Only that one: another is answered. */
	connect_front(p);
	ask_poll(p, 3);
	assert_true(receive(p->front, &f));
	assert_int_equal(ANSWER_OK, f.head.status);
}

static void
test_a_new_policy_is_taken_and_an_old_one_refused(void **state)
{
	struct process *p = *state;
	struct wire_frame f;

	tell_policy(p, 4);
	assert_true(parent_hears(p, &f));
	assert_int_equal(WIRE_READY, f.head.type);
	tell_policy(p, 3);
	assert_true(parent_hears(p, &f));
	assert_int_equal(WIRE_REFUSED, f.head.type);
	assert_int_equal(ERR_DENIED, f.head.status);
}

static void
test_it_ends_with_its_parent(void **state)
{
	struct process *p = *state;

	p->parent = wire_conn_free(p->parent);
	assert_int_equal(VAULT_EXIT_OK, ended_with(p));
}

static void
test_a_parent_that_breaks_the_rules_ends_it(void **state)
{
	struct process *p = *state;

	tell(p, WIRE_START, NULL); /* once more */
	assert_int_equal(VAULT_EXIT_PARENT, ended_with(p));
}

static void
test_a_store_key_that_does_not_fit_is_refused(void **state)
{
	struct process *p = *state;
	struct wire_frame f;

	tell(p, WIRE_DRAIN, NULL);
	assert_int_equal(VAULT_EXIT_OK, ended_with(p));
	wire_conn_free(p->parent);
	p->w->secret.store_key[0] ^= 1;
	spawn(p);
	introduce(p);
	assert_true(parent_hears(p, &f));
	assert_int_equal(WIRE_REFUSED, f.head.type);
	assert_int_equal(ERR_DENIED, f.head.status);
	assert_int_equal(VAULT_EXIT_REFUSED, ended_with(p));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_what_was_stored_is_there_for_the_next_process),
		TEST(
		    test_without_memory_behind_a_commit_it_ends_to_be_started_anew),
		TEST(test_many_requests_are_each_answered_once),
		TEST(test_many_large_answers_that_waited_all_come),
		TEST(test_a_front_over_its_credits_is_cut_off),
		TEST(test_a_poll_waits_as_long_as_a_filing_took),
		TEST(test_what_waits_does_not_end_at_whole_milliseconds),
		TEST(test_what_is_stored_already_waits_too_and_teaches_nothing),
		TEST(test_no_more_waits_for_a_front_than_its_credits),
		TEST(test_a_front_that_sends_what_it_may_not_is_cut_off),
		TEST(test_a_new_policy_is_taken_and_an_old_one_refused),
		TEST(test_it_ends_with_its_parent),
		TEST(test_a_parent_that_breaks_the_rules_ends_it),
		TEST(test_a_store_key_that_does_not_fit_is_refused),
	};

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
