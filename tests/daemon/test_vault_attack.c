#include "tests/daemon/vault_outsider.h"

#include <string.h>

/*
 * What somebody who has a part in a case, and a client of their own making,
 * may try against those who have it with them: none of it stops a case, takes
 * it from the others, or takes it back once it was let go.
 */

static const uint16_t guardians[] = { GUARDIAN, SECOND_GUARDIAN };

/* A case that both guardians have, and an adviser to whom it was given. */
static void
a_case(struct world *w, struct reporter *r)
{
	static const uint16_t all[] = { GUARDIAN, SECOND_GUARDIAN, EXECUTIVE,
		CHIEF, NED_LEAD, CHAIR, INVESTIGATOR, SECOND_INVESTIGATOR,
		ADVISER, DIRECTOR, DEPUTY };

	world_fresh(w);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		assert_int_equal(ANSWER_OK, login(w, all[i]));
	reporter_new(r, 1);
	file_concern_of(w, r);
	stage_access(w, r, ADVISER, GIVEN);
}

static struct entry
naming(enum message_kind kind, uint16_t author, uint16_t person)
{
	struct entry e = entry_of(kind, author);

	e.person = person;
	return e;
}

/* --- a legal hold --- */

static void
test_what_is_held_is_not_destroyed_by_a_withdrawal(void **state)
{
	struct world *w = *state;
	struct reporter r;

	a_case(w, &r);
	post_ok(w, &r, MESSAGE_HOLD, GUARDIAN, guardians, 2);
	post_ok(w, &r, MESSAGE_WITHDRAW, PERSON_REPORTER, NULL, 0);
	assert_int_equal(CASE_WITHDRAWN, state_now(w, &r));
	assert_int_equal(ANSWER_OK, open_case(w, GUARDIAN, &r, CHAIN_TALK, 0));
	assert_int_equal(2, w->answer.open.count);
}

/* --- places for readers --- */

/* One envelope of the concern, for each of `n` people from `first` on. */
static void
send_to_many(struct world *w, const struct reporter *r, uint16_t maker,
    uint16_t first, size_t n)
{
	struct bundle_request q = { .kind = REQUEST_ENVELOPES };
	CLEAN_BUF struct buf own = BUF_INIT(AGE_HEADER_MAX);

	assert_int_equal(ANSWER_OK, open_case(w, GUARDIAN, r, CHAIN_TALK, 0));
	buf_put_bytes(&own, w->answer.open.heads.at[0].envelope);
	memcpy(q.envelopes.session, w->person[maker].session,
	    BUNDLE_SESSION_LEN);
	memcpy(q.envelopes.case_id, r->keys.case_id, CASE_ID_LEN);
	q.envelopes.n = 1;
	q.envelopes.at[0].envelope = buf_bytes(&own);
	for (size_t i = 0; i < n; i++) {
		q.envelopes.person = (uint16_t)(first + i);
		assert_int_equal(ANSWER_OK, world_request(w, &q));
	}
}

/* All places but those that the case has by its route and by name. */
static void
fill_places(struct world *w, const struct reporter *r)
{
	struct store_case c;
	uint16_t stranger = 900;

	assert_int_equal(ERR_OK,
	    store_case_find(w->vault->store, r->keys.case_id, &c));
	for (size_t n = c.n_readers; n < STORE_READERS_MAX; n++)
		stage_access(w, r, stranger++, READER_PENDING);
}

static void
test_places_kept_for_people_whom_nobody_named_are_given_up(void **state)
{
	static const uint16_t with_chief[] = { GUARDIAN, SECOND_GUARDIAN,
		EXECUTIVE, NED_LEAD, CHIEF };
	struct world *w = *state;
	struct reporter r;
	struct entry e;

	a_case(w, &r);
	fill_places(w, &r);
	/* for envelopes, for a name, for somebody new in the policy */
	send_to_many(w, &r, ADVISER, DIRECTOR, 1);
	assert_int_equal(READER_PENDING, access_now(w, &r, DIRECTOR));
	post_ok(w, &r, MESSAGE_ACK, GUARDIAN, NULL, 0);
	e = naming(MESSAGE_ASSIGN, GUARDIAN, INVESTIGATOR);
	entry_ok(w, &r, &e, NULL, 0);
	assert_int_equal(GIVEN, access_now(w, &r, INVESTIGATOR));
	post_ok(w, &r, MESSAGE_FOLLOWUP, PERSON_REPORTER, with_chief, 5);
	assert_int_equal(READER_MEMBER, access_now(w, &r, CHIEF));
	assert_int_equal(RELEASED, access_now(w, &r, GUARDIAN));
	assert_int_equal(GIVEN, access_now(w, &r, ADVISER));
	e = entry_of(MESSAGE_ROUTE, GUARDIAN);
	entry_ok(w, &r, &e, NULL, 0);
}

/* --- a case that is full --- */

static void
spam(struct world *w, struct reporter *r, uint16_t author)
{
	struct entry e = entry_of(MESSAGE_UNOPENED, author);
	enum answer a;

	do {
		CLEAN_DRAFT struct draft d = { 0 };

		draft_entry(w, r, &e, NULL, 0, &d);
		a = world_request(w, &d.request);
		if (a == ANSWER_OK)
			reporter_sync(w, r);
	} while (a == ANSWER_OK);
	assert_int_equal(ANSWER_TOO_LARGE, a);
}

static void
test_who_writes_without_end_stops_neither_the_others_nor_the_clock(void **state)
{
	struct world *w = *state;
	struct reporter r;

	a_case(w, &r);
	spam(w, &r, ADVISER);
	post_ok(w, &r, MESSAGE_NOTE, GUARDIAN, guardians, 2);
	post_ok(w, &r, MESSAGE_FOLLOWUP, PERSON_REPORTER, guardians, 2);
	spam(w, &r, GUARDIAN);
	spam(w, &r, SECOND_GUARDIAN);
	assert_int_equal(READER_MEMBER, access_now(w, &r, NED_LEAD));
	w->now += 100 * DAY_SECONDS;
	while (vault_tick(w->vault))
		;
	assert_int_equal(RELEASED, access_now(w, &r, EXECUTIVE));
	assert_int_equal(RELEASED, access_now(w, &r, NED_LEAD));
	reporter_sync(w, &r);
	post_ok(w, &r, MESSAGE_WITHDRAW, PERSON_REPORTER, NULL, 0);
}

/* --- who is what --- */

static void
test_nobody_is_less_for_being_given_what_their_route_gives_them(void **state)
{
	struct world *w = *state;
	struct reporter r;
	struct entry e;

	a_case(w, &r);
	post_ok(w, &r, MESSAGE_ACK, GUARDIAN, NULL, 0);
	/* named before their rung, and after it */
	stage_access(w, &r, EXECUTIVE, GIVEN);
	e = entry_of(MESSAGE_BAND, EXECUTIVE);
	assert_int_equal(ANSWER_DENIED, try_entry(w, &r, &e, NULL, 0));
	e = entry_of(MESSAGE_ESCALATE, GUARDIAN);
	entry_ok(w, &r, &e, NULL, 0);
	reporter_sync(w, &r);
	assert_int_equal(RELEASED, access_now(w, &r, NED_LEAD));
	stage_access(w, &r, NED_LEAD, GIVEN);
	e = entry_of(MESSAGE_BAND, EXECUTIVE);
	entry_ok(w, &r, &e, NULL, 0);
	e = entry_of(MESSAGE_BAND, NED_LEAD);
	entry_ok(w, &r, &e, NULL, 0);
}

static void
test_a_place_by_name_makes_nobody_more_than_it_was(void **state)
{
	struct world *w = *state;
	struct reporter r;
	struct entry e;

	a_case(w, &r);
	e = naming(MESSAGE_HANDOVER, ADVISER, DEPUTY);
	assert_int_equal(ANSWER_DENIED, try_entry(w, &r, &e, NULL, 0));
	e = naming(MESSAGE_HANDOVER, ADVISER, DIRECTOR);
	assert_int_equal(ANSWER_DENIED, try_entry(w, &r, &e, NULL, 0));
	assert_int_equal(GIVEN, access_now(w, &r, ADVISER));
	/* a handler decides who handles it */
	e.author = GUARDIAN;
	e.from = ADVISER;
	e.person = DEPUTY;
	entry_ok(w, &r, &e, NULL, 0);
	assert_int_equal(GIVEN, access_now(w, &r, DEPUTY));
	/* to one who handles it already */
	stage_access(w, &r, INVESTIGATOR, GIVEN);
	e = naming(MESSAGE_HANDOVER, INVESTIGATOR, DEPUTY);
	entry_ok(w, &r, &e, NULL, 0);
	e = entry_of(MESSAGE_BAND, DEPUTY);
	entry_ok(w, &r, &e, NULL, 0);
}

static void
test_only_who_handles_a_case_lets_anybody_in(void **state)
{
	struct world *w = *state;
	struct reporter r;
	struct entry e;

	a_case(w, &r);
	post_ok(w, &r, MESSAGE_RECUSE, SECOND_GUARDIAN, NULL, 0);
	assert_sees_nothing(w, SECOND_GUARDIAN, &r);
	/* they are of the route, and have a friend */
	e = naming(MESSAGE_GRANT, ADVISER, SECOND_GUARDIAN);
	assert_int_not_equal(ANSWER_OK, try_entry(w, &r, &e, NULL, 0));
	assert_int_equal(0, access_now(w, &r, SECOND_GUARDIAN));
	post_ok(w, &r, MESSAGE_NOTE, ADVISER, guardians, 2);
	assert_sees_nothing(w, SECOND_GUARDIAN, &r);
	/* whom the policy has put there since, others let in */
	post_ok(w, &r, MESSAGE_NOTE, GUARDIAN, guardians, 2);
	assert_int_equal(RELEASED, access_now(w, &r, SECOND_GUARDIAN));
}

/* --- nobody is left --- */

static void
test_a_case_that_nobody_is_left_for_is_said_to_the_operator(void **state)
{
	struct world *w = *state;
	struct vault_health health;
	struct reporter r;

	a_case(w, &r);
	post_ok(w, &r, MESSAGE_RECUSE, GUARDIAN, NULL, 0);
	post_ok(w, &r, MESSAGE_RECUSE, SECOND_GUARDIAN, NULL, 0);
	reporter_sync(w, &r);
	assert_int_equal(RELEASED, access_now(w, &r, NED_LEAD));
	post_ok(w, &r, MESSAGE_RECUSE, EXECUTIVE, NULL, 0);
	vault_health(w->vault, &health);
	assert_int_equal(0, health.lost);
	/* the ladder has nobody more */
	post_ok(w, &r, MESSAGE_RECUSE, NED_LEAD, NULL, 0);
	vault_health(w->vault, &health);
	assert_int_equal(1, health.lost);
}

/* --- a route that a policy has no more --- */

static enum err
lose_route(struct store_txn *txn, void *ctx)
{
	const struct reporter *r = ctx;

	return txn_route_set(txn, r->keys.case_id, 77);
}

static void
test_the_clock_of_a_case_goes_on_without_its_route(void **state)
{
	struct world *w = *state;
	struct reporter r;
	struct life l;

	a_case(w, &r);
	assert_int_equal(ERR_OK, vault_run(w->vault, lose_route, &r));
	/* as after a new policy: all cases are looked at */
	world_switch_policy(w, 2);
	w->now += 100 * DAY_SECONDS;
	while (vault_tick(w->vault))
		;
	stage_life(w, &r, &l);
	assert_true((l.flags & CASE_IS_BREACHED) != 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_what_is_held_is_not_destroyed_by_a_withdrawal),
		cmocka_unit_test(
		    test_places_kept_for_people_whom_nobody_named_are_given_up),
		cmocka_unit_test(
		    test_who_writes_without_end_stops_neither_the_others_nor_the_clock),
		cmocka_unit_test(
		    test_nobody_is_less_for_being_given_what_their_route_gives_them),
		cmocka_unit_test(
		    test_a_place_by_name_makes_nobody_more_than_it_was),
		cmocka_unit_test(test_only_who_handles_a_case_lets_anybody_in),
		cmocka_unit_test(
		    test_a_case_that_nobody_is_left_for_is_said_to_the_operator),
		cmocka_unit_test(
		    test_the_clock_of_a_case_goes_on_without_its_route),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
