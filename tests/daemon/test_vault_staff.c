#include "tests/daemon/vault_world.h"

#include <string.h>

#include "daemon/vault_session.h"

static enum answer
ask_queue(struct world *w, uint16_t person)
{
	return queue(w, person, BYTES(NULL, 0), 10);
}

static enum answer
log_in_with(struct world *w, uint16_t person, const uint8_t *challenge,
    const uint8_t *seed)
{
	CLEAN_BUF struct buf note = BUF_INIT(LOGIN_NOTE_MAX);
	struct bundle_request q = { .kind = REQUEST_LOGIN };
	struct login l = { .person = person };

	memcpy(l.root, w->first_root, sizeof(l.root));
	memcpy(l.challenge, challenge, sizeof(l.challenge));
	assert_int_equal(ERR_OK, login_sign(&l, seed, &note));
	q.login.note = buf_bytes(&note);
	return world_request(w, &q);
}

static void
challenge_for(struct world *w, uint16_t person,
    uint8_t out[static BUNDLE_CHALLENGE_LEN])
{
	struct bundle_request q = { .kind = REQUEST_CHALLENGE,
		.challenge.person = person };

	assert_int_equal(ANSWER_OK, world_request(w, &q));
	memcpy(out, w->answer.challenge.challenge, BUNDLE_CHALLENGE_LEN);
}

static void
test_a_challenge_serves_once_for_its_person_and_for_a_minute(void **state)
{
	struct world *w = *state;
	uint8_t c[BUNDLE_CHALLENGE_LEN], made_up[BUNDLE_CHALLENGE_LEN] = { 1 };
	const uint8_t *one = w->person[GUARDIAN].sign_seed;
	const uint8_t *two = w->person[SECOND_GUARDIAN].sign_seed;

	challenge_for(w, GUARDIAN, c);
	assert_int_equal(ANSWER_BAD_SIGNATURE,
	    log_in_with(w, GUARDIAN, c, two));
	assert_int_equal(ANSWER_DENIED,
	    log_in_with(w, SECOND_GUARDIAN, c, two));
	assert_int_equal(ANSWER_DENIED, log_in_with(w, GUARDIAN, made_up, one));
	assert_int_equal(ANSWER_OK, log_in_with(w, GUARDIAN, c, one));
	assert_int_equal(ANSWER_DENIED, log_in_with(w, GUARDIAN, c, one));
	challenge_for(w, GUARDIAN, c);
	w->now += CHALLENGE_SECONDS - 1;
	assert_int_equal(ANSWER_OK, log_in_with(w, GUARDIAN, c, one));
	challenge_for(w, GUARDIAN, c);
	w->now += CHALLENGE_SECONDS;
	assert_int_equal(ANSWER_DENIED, log_in_with(w, GUARDIAN, c, one));
}

/* A hostile server passes our challenge on to somebody who logs in there: what
 * they sign names that organisation. */
static void
test_a_login_to_another_organisation_is_denied(void **state)
{
	struct world *w = *state;
	const uint8_t *seed = w->person[GUARDIAN].sign_seed;
	uint8_t c[BUNDLE_CHALLENGE_LEN];

	challenge_for(w, GUARDIAN, c);
	w->first_root[0] ^= 1;
	assert_int_equal(ANSWER_DENIED, log_in_with(w, GUARDIAN, c, seed));
	w->first_root[0] ^= 1;
	assert_int_equal(ANSWER_OK, log_in_with(w, GUARDIAN, c, seed));
}

/* Who is in the policy cannot be asked by way of challenges. */
static void
test_a_challenge_is_given_to_anybody_and_serves_nobody(void **state)
{
	struct world *w = *state;
	uint8_t c[BUNDLE_CHALLENGE_LEN];

	challenge_for(w, 999, c);
	assert_int_equal(ANSWER_BAD_SIGNATURE,
	    log_in_with(w, 999, c, w->person[GUARDIAN].sign_seed));
}

static void
test_a_session_ends_idle_or_after_its_time_or_when_told(void **state)
{
	struct world *w = *state;
	struct bundle_request out = { .kind = REQUEST_LOGOUT };

	assert_int_equal(ANSWER_OK, login(w, GUARDIAN));
	w->now += SESSION_IDLE_SECONDS - 1;
	assert_int_equal(ANSWER_OK, ask_queue(w, GUARDIAN));
	w->now += SESSION_IDLE_SECONDS;
	assert_int_equal(ANSWER_NO_SESSION, ask_queue(w, GUARDIAN));

	assert_int_equal(ANSWER_OK, login(w, GUARDIAN));
	for (int64_t t = 0; t + 600 < SESSION_TOTAL_SECONDS; t += 600) {
		w->now += 600;
		assert_int_equal(ANSWER_OK, ask_queue(w, GUARDIAN));
	}
	w->now += 600;
	assert_int_equal(ANSWER_NO_SESSION, ask_queue(w, GUARDIAN));

	assert_int_equal(ANSWER_OK, login(w, GUARDIAN));
	memcpy(out.logout.session, w->person[GUARDIAN].session,
	    BUNDLE_SESSION_LEN);
	assert_int_equal(ANSWER_OK, world_request(w, &out));
	assert_int_equal(ANSWER_ENDED, w->answer.kind);
	assert_int_equal(ANSWER_NO_SESSION, ask_queue(w, GUARDIAN));
	assert_int_equal(ANSWER_NO_SESSION, world_request(w, &out));
}

/* A key that somebody else may have is taken out by a new policy: what was
 * begun with it ends with it, and nobody else notices. */
static void
test_a_session_ends_with_the_key_it_was_begun_with(void **state)
{
	struct world *w = *state;

	assert_int_equal(ANSWER_OK, login(w, GUARDIAN));
	assert_int_equal(ANSWER_OK, login(w, SECOND_GUARDIAN));
	w->person[GUARDIAN].sign_seed[0] ^= 1;
	world_switch_policy(w, 2);
	assert_int_equal(ANSWER_NO_SESSION, ask_queue(w, GUARDIAN));
	assert_int_equal(ANSWER_OK, ask_queue(w, SECOND_GUARDIAN));
	assert_int_equal(ANSWER_OK, login(w, GUARDIAN));
	assert_int_equal(ANSWER_OK, ask_queue(w, GUARDIAN));
}

static void
test_a_session_that_nobody_was_given_is_none(void **state)
{
	struct world *w = *state;

	assert_int_equal(ANSWER_NO_SESSION, ask_queue(w, GUARDIAN));
	assert_int_equal(ANSWER_OK, login(w, GUARDIAN));
	w->person[GUARDIAN].session[31] ^= 1;
	assert_int_equal(ANSWER_NO_SESSION, ask_queue(w, GUARDIAN));
	w->person[GUARDIAN].session[31] ^= 1;
	assert_int_equal(ANSWER_OK, ask_queue(w, GUARDIAN));
	world_restart(w);
	assert_int_equal(ANSWER_NO_SESSION, ask_queue(w, GUARDIAN));
}

/* One person's many logins end their own sessions, nobody else's. */
static void
test_too_many_sessions_end_the_persons_most_idle_one(void **state)
{
	struct world *w = *state;
	uint8_t first[BUNDLE_SESSION_LEN];

	assert_int_equal(ANSWER_OK, login(w, SECOND_GUARDIAN));
	assert_int_equal(ANSWER_OK, login(w, GUARDIAN));
	memcpy(first, w->person[GUARDIAN].session, sizeof(first));
	for (size_t i = 0; i < SESSIONS_OF_ONE_MAX; i++) {
		w->now++;
		assert_int_equal(ANSWER_OK, login(w, GUARDIAN));
	}
	assert_int_equal(ANSWER_OK, ask_queue(w, GUARDIAN));
	memcpy(w->person[GUARDIAN].session, first, sizeof(first));
	assert_int_equal(ANSWER_NO_SESSION, ask_queue(w, GUARDIAN));
	assert_int_equal(ANSWER_OK, ask_queue(w, SECOND_GUARDIAN));
}

static void
test_a_queue_is_ones_own_in_pages_oldest_first(void **state)
{
	enum { N = 5 };
	struct world *w = *state;
	struct answer_queue *a = &w->answer.queue;
	struct reporter r[N], board;
	char cursor[BUNDLE_CURSOR_MAX];
	size_t n;

	for (uint8_t i = 0; i < N; i++) {
		reporter_new(&r[i], i);
		file_concern_of(w, &r[i]);
		w->now += DAY_SECONDS;
	}
	reporter_new(&board, 99);
	board.route = ROUTE_BOARD;
	file_concern_of(w, &board);
	assert_int_equal(ANSWER_OK, login(w, GUARDIAN));
	assert_int_equal(ANSWER_OK, login(w, CHAIR));
	assert_int_equal(ANSWER_OK, queue(w, GUARDIAN, BYTES(NULL, 0), 3));
	assert_int_equal(N, a->open);
	assert_int_equal(3, a->n_rows);
	for (size_t i = 0; i < 3; i++) {
		assert_memory_equal(r[i].keys.case_id, a->row[i].case_id,
		    CASE_ID_LEN);
		assert_int_equal(ROUTE_GUARDIANS, a->row[i].route);
		assert_int_equal(CASE_RECEIVED, a->row[i].state);
		assert_int_equal(1, a->row[i].talk);
	}
	n = a->next.n;
	assert_in_range(n, 1, sizeof(cursor));
	memcpy(cursor, a->next.p, n);
	assert_int_equal(ANSWER_OK,
	    queue(w, GUARDIAN, BYTES((const uint8_t *)cursor, n), 3));
	assert_int_equal(2, a->n_rows);
	assert_int_equal(0, a->next.n);
	assert_memory_equal(r[4].keys.case_id, a->row[1].case_id, CASE_ID_LEN);
	assert_int_equal(ANSWER_OK, ask_queue(w, CHAIR));
	assert_int_equal(1, a->n_rows);
	assert_memory_equal(board.keys.case_id, a->row[0].case_id, CASE_ID_LEN);
	assert_int_equal(ANSWER_BAD_BUNDLE,
	    queue(w, CHAIR, BYTES_LIT("not a cursor"), 3));
}

/* Staff requests are answered on the staff endpoint, and nowhere else. */
static void
test_a_request_on_the_wrong_endpoint_is_refused(void **state)
{
	static const struct {
		enum request_kind kind;
		enum wire_type right;
	} cases[] = {
		{ REQUEST_CHALLENGE, WIRE_STAFF },
		{ REQUEST_POLL, WIRE_TEXT },
		{ REQUEST_STATUS, WIRE_PIECE },
	};
	static const enum wire_type types[] = { WIRE_TEXT, WIRE_PIECE,
		WIRE_STAFF };
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEAN_BUF struct buf body = BUF_INIT(BUNDLE_TEXT_LEN);
		struct bundle_request q = { .kind = cases[i].kind };

		if (q.kind == REQUEST_CHALLENGE)
			q.challenge.person = GUARDIAN;
		assert_int_equal(ERR_OK, bundle_request_put(&q, &body));
		for (size_t k = 0; k < 3; k++)
			assert_int_equal(types[k] == cases[i].right
				? ANSWER_OK
				: ANSWER_BAD_REQUEST,
			    world_ask(w, types[k], buf_bytes(&body)));
	}
}

int
main(void)
{
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(
		    test_a_challenge_serves_once_for_its_person_and_for_a_minute),
		TEST(test_a_login_to_another_organisation_is_denied),
		TEST(test_a_challenge_is_given_to_anybody_and_serves_nobody),
		TEST(test_a_session_ends_idle_or_after_its_time_or_when_told),
		TEST(test_a_session_ends_with_the_key_it_was_begun_with),
		TEST(test_a_session_that_nobody_was_given_is_none),
		TEST(test_too_many_sessions_end_the_persons_most_idle_one),
		TEST(test_a_queue_is_ones_own_in_pages_oldest_first),
		TEST(test_a_request_on_the_wrong_endpoint_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
