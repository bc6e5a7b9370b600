#include "tests/policy/lives.h"

#include "crypto/codec.h"

/* What time does to a case: ladders; and whatever the life, the same however
 * often one looks. */

/* --- ladders --- */

/* Route general, P3, from a Tuesday before Christmas: nobody does anything. */
static const char nobody_acts[] = "2026-11-26 10:00 breach acknowledge\n"
				  "2026-11-26 10:00 rung 3\n"
				  "2026-12-01 10:00 rung 6\n"
				  "2026-12-15 10:00 rung 9\n"
				  "2026-12-22 10:00 rung 8\n"
				  "2027-01-08 10:00 rung 10\n"
				  "2027-02-19 10:00 rung 11\n"
				  "2027-03-05 10:00 rung 12\n"
				  "2027-04-06 09:00 rung 13\n"; /* summer */

static void
test_rungs_fire_once_and_in_order(void **state)
{
	struct policy *p = example_policy(MADE_CLASSIC);
	const struct policy_route *r = policy_route(p, 1);
	struct life l = filed(p, 3, "2026-11-24 09:46");

	(void)state;
	assert_int_equal(clock_due(p, r, &l), utc("2026-11-26 10:00"));
	must_happen(p, r, "2026-11-26 09:59", &l, "");
	must_happen(p, r, "2027-10-01 00:00", &l, nobody_acts);
	assert_int_equal(clock_due(p, r, &l), 0);
	must_happen(p, r, "2028-10-01 00:00", &l, "");
	policy_free(p);
}

static void
test_nine_days_without_the_daemon_lose_nothing(void **state)
{
	struct policy *p = example_policy(MADE_CLASSIC);
	const struct policy_route *r = policy_route(p, 1);
	struct life l = filed(p, 3, "2026-11-24 09:46");

	(void)state;
	must_happen(p, r, "2026-11-25 12:00", &l, "");
	must_happen(p, r, "2026-12-04 12:00", &l,
	    "2026-11-26 10:00 breach acknowledge\n"
	    "2026-11-26 10:00 rung 3\n"
	    "2026-12-01 10:00 rung 6\n");
	policy_free(p);
}

static void
test_clock_set_back_and_forward_repeats_nothing(void **state)
{
	struct policy *p = example_policy(MADE_CLASSIC);
	const struct policy_route *r = policy_route(p, 1);
	struct life l = filed(p, 3, "2026-11-24 09:46");

	(void)state;
	must_happen(p, r, "2026-12-02 00:00", &l,
	    "2026-11-26 10:00 breach acknowledge\n"
	    "2026-11-26 10:00 rung 3\n"
	    "2026-12-01 10:00 rung 6\n");
	must_happen(p, r, "2020-01-01 00:00", &l, "");
	must_happen(p, r, "2026-11-27 00:00", &l, "");
	must_happen(p, r, "2026-12-14 00:00", &l, "");
	must_happen(p, r, "2026-12-16 00:00", &l, "2026-12-15 10:00 rung 9\n");
	policy_free(p);
}

/* From hours to seconds of summer: 10:00 in London stays 10:00 there. */
static void
test_ladder_keeps_the_hour_of_london_in_summer(void **state)
{
	struct policy *p = example_policy(MADE_CLASSIC);
	const struct policy_route *r = policy_route(p, 1);
	struct life l = filed(p, 3, "2027-03-25 10:00");

	(void)state;
	/* Good Friday and Easter Monday are between */
	must_happen(p, r, "2027-04-06 00:00", &l,
	    "2027-03-31 09:00 breach acknowledge\n"
	    "2027-03-31 09:00 rung 3\n"
	    "2027-04-05 09:00 rung 6\n");
	l = filed(p, 3, "2027-10-28 15:30");
	must_happen(p, r, "2027-11-02 00:00", &l,
	    "2027-11-01 16:30 breach acknowledge\n"
	    "2027-11-01 16:30 rung 3\n");
	policy_free(p);
}

/* P1 in the night of New Year: hours do not wait for a working day. */
static void
test_hours_run_through_the_night_and_the_year(void **state)
{
	struct policy *p = example_policy(MADE_CLASSIC);
	struct life l = filed(p, 1, "2026-12-31 22:10");

	(void)state;
	must_happen(p, policy_route(p, 2), "2027-01-02 00:00", &l,
	    "2026-12-31 23:15 rung 1\n"
	    "2027-01-01 02:15 breach acknowledge\n"
	    "2027-01-01 02:15 rung 2\n"
	    "2027-01-01 22:15 rung 3\n");
	policy_free(p);
}

static void
test_what_is_done_in_time_does_not_fire(void **state)
{
	struct policy *p = example_policy(MADE_CLASSIC);
	const struct policy_route *r = policy_route(p, 1);
	struct life l = filed(p, 3, "2026-11-24 09:46");

	(void)state;
	act(p, r, &l, MESSAGE_ACK, 3, "2026-11-25 10:00");
	must_happen(p, r, "2026-11-30 00:00", &l, "");
	act(p, r, &l, MESSAGE_TRIAGE, 3, "2026-11-30 10:00");
	act(p, r, &l, MESSAGE_HANDLE, 3, "2026-12-10 10:00");
	must_happen(p, r, "2026-12-21 00:00", &l, "");
	/* the hours of filing are forgotten: a day's beginning */
	must_happen(p, r, "2026-12-23 00:00", &l,
	    "2026-12-22 09:00 breach update\n"
	    "2026-12-22 09:00 rung 8\n");
	policy_free(p);
}

/* No update, no movement: once they were met, they can come again. */
static void
test_conditions_that_begin_anew_fire_again(void **state)
{
	struct policy *p = example_policy(MADE_CLASSIC);
	const struct policy_route *r = policy_route(p, 1);
	struct life l = filed(p, 1, "2026-11-24 09:46");

	(void)state;
	act(p, r, &l, MESSAGE_ACK, 3, "2026-11-24 10:00");
	act(p, r, &l, MESSAGE_TRIAGE, 3, "2026-11-24 10:00");
	act(p, r, &l, MESSAGE_HANDLE, 3, "2026-11-24 10:00");
	must_happen(p, r, "2026-12-16 00:00", &l,
	    "2026-12-08 09:00 breach update\n"
	    "2026-12-08 09:00 rung 7\n"
	    "2026-12-15 10:00 rung 9\n");
	act(p, r, &l, MESSAGE_REPLY, 3, "2026-12-16 10:00");
	assert_int_equal(l.flags, 0);
	must_happen(p, r, "2027-01-05 11:00", &l,
	    "2027-01-04 10:00 breach update\n"
	    "2027-01-04 10:00 rung 7\n");
	/* moving does not inform the reporter; rung 9 begins anew */
	act(p, r, &l, MESSAGE_HUB, 3, "2027-01-06 10:00");
	must_happen(p, r, "2027-01-28 00:00", &l, "2027-01-27 10:00 rung 9\n");
	policy_free(p);
}

/* A dismissal is no way around the ladder: an answer begins it anew, overdue by
 * the time since filing. */
static void
test_answer_to_a_dismissal_climbs_the_whole_ladder(void **state)
{
	struct policy *p = example_policy(MADE_CLASSIC);
	const struct policy_route *r = policy_route(p, 1);
	struct life l = filed(p, 3, "2026-11-24 09:46");

	(void)state;
	p->limits.n_detriment = 0;
	must_happen(p, r, "2026-11-27 00:00", &l,
	    "2026-11-26 10:00 breach acknowledge\n"
	    "2026-11-26 10:00 rung 3\n");
	act(p, r, &l, MESSAGE_DISMISS, 3, "2026-11-27 10:00");
	assert_int_equal(l.flags, CASE_IS_DISMISSED);
	must_happen(p, r, "2026-12-20 00:00", &l, "");
	act(p, r, &l, MESSAGE_FOLLOWUP, PERSON_REPORTER, "2026-12-20 12:00");
	assert_int_equal(l.state, CASE_RECEIVED);
	must_happen(p, r, "2026-12-21 00:00", &l,
	    "2026-11-26 09:00 breach acknowledge\n"
	    "2026-11-26 09:00 rung 3\n"
	    "2026-12-01 09:00 rung 6\n");
	policy_free(p);
}

/* Or one person alone, closing a case and opening it again, would take it from
 * those who were told of it. */
static void
test_who_was_told_is_told_again_of_a_case_opened_again(void **state)
{
	struct policy *p = example_policy(MADE_CLASSIC);
	struct policy_rung rung = { RUNG_UNRESOLVED, { 1, UNIT_DAYS },
		VERB_TELL, BANDS_ALL, 1, { 2 } };
	struct policy_route r = { .n_rungs = 1, .rungs = &rung };
	struct life l = filed(p, 3, "2026-11-24 09:46");

	(void)state;
	must_happen(p, &r, "2026-11-26 00:00", &l, "2026-11-25 10:00 rung 1\n");
	assert_true(clock_rung_stands(&r, &l, 1));
	act(p, &r, &l, MESSAGE_DISMISS, 3, "2026-11-26 00:30");
	assert_false(clock_rung_stands(&r, &l, 1));
	act(p, &r, &l, MESSAGE_REOPEN, 3, "2026-11-26 00:45");
	must_happen(p, &r, "2026-11-26 02:00", &l, "2026-11-25 00:00 rung 1\n");
	assert_true(clock_rung_stands(&r, &l, 1));
	policy_free(p);
}

/* While a dismissal waits for a second person, nothing stands still. */
static void
test_ladder_goes_on_while_a_dismissal_waits(void **state)
{
	struct policy *p = example_policy(MADE_CLASSIC);
	const struct policy_route *r = policy_route(p, 2);
	struct life l = filed(p, 1, "2026-12-31 22:10");

	(void)state;
	act(p, r, &l, MESSAGE_DISMISS, 3, "2026-12-31 22:30");
	assert_int_equal(l.flags, CASE_IS_CLOSING);
	must_happen(p, r, "2027-01-02 00:00", &l,
	    "2026-12-31 23:15 rung 1\n"
	    "2027-01-01 02:15 breach acknowledge\n"
	    "2027-01-01 02:15 rung 2\n"
	    "2027-01-01 22:15 rung 3\n");
	policy_free(p);
}

/* Nobody is late with an update while the reporter is awaited. */
static void
test_no_update_waits_while_an_answer_is_awaited(void **state)
{
	struct policy *p = example_policy(MADE_CLASSIC);
	const struct policy_route *r = policy_route(p, 1);
	struct life l = filed(p, 1, "2026-11-24 09:46");

	(void)state;
	p->limits.n_prompts = 0;
	act(p, r, &l, MESSAGE_ACK, 3, "2026-11-24 10:00");
	act(p, r, &l, MESSAGE_TRIAGE, 3, "2026-11-24 10:00");
	act(p, r, &l, MESSAGE_HANDLE, 3, "2026-11-24 10:00");
	act(p, r, &l, MESSAGE_ASK, 3, "2026-11-25 10:00");
	must_happen(p, r, "2026-12-14 00:00", &l, "");
	act(p, r, &l, MESSAGE_FOLLOWUP, PERSON_REPORTER, "2026-12-14 20:00");
	must_happen(p, r, "2027-01-05 00:00", &l,
	    "2026-12-15 10:00 rung 9\n"
	    "2026-12-30 09:00 breach update\n"
	    "2026-12-30 09:00 rung 7\n");
	policy_free(p);
}

static void
test_rungs_count_for_the_band_as_it_is_now(void **state)
{
	struct policy *p = example_policy(MADE_CLASSIC);
	const struct policy_route *r = policy_route(p, 1);
	struct life l = filed(p, 4, "2026-11-24 09:46");

	(void)state;
	must_happen(p, r, "2026-11-25 12:00", &l, "");
	l.band = 1;
	must_happen(p, r, "2026-11-25 12:00", &l,
	    "2026-11-24 14:00 breach acknowledge\n"
	    "2026-11-24 14:00 rung 1\n"
	    "2026-11-25 10:00 rung 4\n");
	policy_free(p);
}

/* Its ladders are counted anew; what no longer stands does not come again. */
static void
test_another_policy_fires_anew_what_stands(void **state)
{
	struct policy *p = example_policy(MADE_CLASSIC);
	const struct policy_route *r = policy_route(p, 1);
	struct life l = filed(p, 3, "2026-11-24 09:46");

	(void)state;
	must_happen(p, r, "2026-12-16 00:00", &l,
	    "2026-11-26 10:00 breach acknowledge\n"
	    "2026-11-26 10:00 rung 3\n"
	    "2026-12-01 10:00 rung 6\n"
	    "2026-12-15 10:00 rung 9\n");
	assert_int_equal(clock_next_rung(r, &l, 0, VERB_JOIN), 10);
	l.state = CASE_ACKNOWLEDGED;
	p->serial++;
	assert_int_equal(clock_due(p, r, &l), utc("2026-12-01 10:00"));
	must_happen(p, r, "2026-12-16 00:00", &l,
	    "2026-12-01 10:00 rung 6\n"
	    "2026-12-15 10:00 rung 9\n");
	assert_int_equal(clock_next_rung(r, &l, 0, VERB_JOIN), 3);
	must_happen(p, r, "2026-12-17 00:00", &l, "");
	p->serial++;
	must_happen(p, r, "2026-11-01 00:00", &l, "");
	assert_false(clock_rung_stands(r, &l, 6));
	policy_free(p);
}

static void
test_entries_count_the_ladder_of_policy_and_route(void **state)
{
	struct policy *p = example_policy(MADE_CLASSIC);
	const struct policy_route *r = policy_route(p, 1);
	struct life l = filed(p, 3, "2026-11-24 09:46");

	(void)state;
	act(p, r, &l, MESSAGE_ACK, 3, "2026-11-24 10:00");
	l.fired = 0x7ff;
	act(p, r, &l, MESSAGE_NOTE, 3, "2026-11-24 10:00");
	assert_int_equal(l.fired, 0x7ff);
	p->serial++;
	act(p, r, &l, MESSAGE_NOTE, 3, "2026-11-24 10:00");
	assert_int_equal(l.serial, p->serial);
	assert_int_equal(l.fired, 0);
	l.fired = 0x7ff;
	act(p, policy_route(p, 3), &l, MESSAGE_ROUTE, 3, "2026-11-24 10:00");
	assert_int_equal(l.fired, 0);
	policy_free(p);
}

static void
test_rungs_behind_a_breach_follow_it(void **state)
{
	struct policy *p = example_policy(MADE_CLASSIC);
	struct policy_rung rungs[] = {
		{ RUNG_BREACHED, { 2, UNIT_WORKING_DAYS }, VERB_JOIN, BANDS_ALL,
		    1, { 1 } },
		{ RUNG_BREACHED, { 0, UNIT_HOURS }, VERB_TELL, BANDS_ALL, 1,
		    { 2 } },
		{ RUNG_UNRESOLVED, { 3, UNIT_DAYS }, VERB_TELL, BANDS_ALL, 1,
		    { 2 } },
	};
	struct policy_route r = { .n_rungs = 3, .rungs = rungs };
	struct life l = filed(p, 2, "2026-11-24 10:00");

	(void)state;
	must_happen(p, &r, "2026-11-26 00:00", &l,
	    "2026-11-25 10:00 breach acknowledge\n"
	    "2026-11-25 10:00 rung 2\n");
	assert_true(clock_rung_stands(&r, &l, 2));
	assert_false(clock_rung_stands(&r, &l, 1));
	act(p, &r, &l, MESSAGE_ACK, 3, "2026-11-26 09:30");
	act(p, &r, &l, MESSAGE_TRIAGE, 3, "2026-11-26 09:30");
	assert_false(clock_rung_stands(&r, &l, 2));
	assert_int_equal(clock_next_rung(&r, &l, 0, VERB_TELL), 2);
	must_happen(p, &r, "2026-12-07 00:00", &l, "2026-11-27 00:00 rung 3\n");
	/* the update of P2, ten working days after a day's beginning */
	must_happen(p, &r, "2026-12-11 00:00", &l,
	    "2026-12-08 09:00 breach update\n"
	    "2026-12-08 09:00 rung 2\n"
	    "2026-12-10 09:00 rung 1\n");
	policy_free(p);
}

static void
test_next_rung_is_of_the_verb_and_the_band(void **state)
{
	struct policy *p = example_policy(MADE_CLASSIC);
	const struct policy_route *r = policy_route(p, 1);
	struct life l = filed(p, 3, "2026-11-24 10:00");

	(void)state;
	assert_int_equal(clock_next_rung(r, &l, 0, VERB_JOIN), 3);
	assert_int_equal(clock_next_rung(r, &l, 3, VERB_JOIN), 10);
	assert_int_equal(clock_next_rung(r, &l, 11, VERB_JOIN), 13);
	assert_int_equal(clock_next_rung(r, &l, 13, VERB_JOIN), 0);
	assert_int_equal(clock_next_rung(r, &l, 0, VERB_TELL), 6);
	assert_int_equal(clock_next_rung(r, &l, 6, VERB_TELL), 8);
	l.fired = 1u << 2 | 1u << 9;
	assert_int_equal(clock_next_rung(r, &l, 0, VERB_JOIN), 11);
	l.band = 1;
	assert_int_equal(clock_next_rung(r, &l, 0, VERB_JOIN), 1);
	assert_false(clock_rung_stands(r, &l, 0));
	assert_false(clock_rung_stands(r, &l, 99));
	policy_free(p);
}

/* --- whatever the life --- */

#define LIVES 400
#define DAYS 45

/* Deterministic: numbers of a linear congruence. */
static uint32_t
draw(uint64_t *seed, uint32_t below)
{
	*seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)(*seed >> 33) % below;
}

static struct life
any_life(const struct policy *p, uint64_t *seed, int64_t now)
{
	struct life l = { .state = (enum case_state)draw(seed, CASE_STATES),
		.band = (uint8_t)(1 + draw(seed, POLICY_BANDS)),
		.flags = (uint16_t)(draw(seed, 1u << CASE_FLAGS) &
		    draw(seed, 1u << CASE_FLAGS)),
		.fired = draw(seed, 1u << 12) & draw(seed, 1u << 12),
		.serial = p->serial + draw(seed, 2),
		.prompts = (uint8_t)draw(seed, 4),
		.checks = (uint8_t)draw(seed, 5) };

	l.gravest = (uint8_t)(1 + draw(seed, l.band));
	for (unsigned i = 0; i < LIFE_CLOCKS; i++)
		if (i == SINCE_FILED || draw(seed, 4) > 0)
			l.since[i] = now -
			    (int64_t)draw(seed, 60 * 96) * CALENDAR_QUARTER;
	return l;
}

static void
must_be_the_same_life(const struct life *a, const struct life *b)
{
	uint8_t x[LIFE_LEN], y[LIFE_LEN];

	life_put(a, x);
	life_put(b, y);
	assert_memory_equal(x, y, LIFE_LEN);
}

/* In one go after weeks, quarter by quarter, or whenever it says that it is
 * due: the same, in the same order. */
static void
test_how_often_one_looks_makes_no_difference(void **state)
{
	struct policy *p = example_policy(MADE_CLASSIC);
	int64_t begin = utc("2027-02-15 00:00"), end;
	struct buf one CLEAN_BUF = BUF_INIT(1 << 16);
	struct buf each CLEAN_BUF = BUF_INIT(1 << 16);
	struct buf due CLEAN_BUF = BUF_INIT(1 << 16);
	uint64_t seed = 1;
	size_t events = 0;

	(void)state;
	end = begin + DAYS * DAY_SECONDS;
	for (unsigned i = 0; i < LIVES; i++) {
		const struct policy_route *r =
		    &p->routes[draw(&seed, (uint32_t)p->n_routes)];
		struct life a = any_life(p, &seed, begin), b = a, c = a;

		buf_reset(&one);
		buf_reset(&each);
		buf_reset(&due);
		step_all(p, r, end, &a, &one);
		for (int64_t t = begin; t <= end; t += CALENDAR_QUARTER)
			step_all(p, r, t, &b, &each);
		for (int64_t t = clock_due(p, r, &c); t != 0 && t <= end;
		     t = clock_due(p, r, &c))
			step_all(p, r, t, &c, &due);
		assert_true(bytes_equal(buf_bytes(&one), buf_bytes(&each)));
		assert_true(bytes_equal(buf_bytes(&one), buf_bytes(&due)));
		must_be_the_same_life(&a, &b);
		clock_adopt(p, &c); /* where nothing was due it was not asked */
		must_be_the_same_life(&a, &c);
		events += one.n;
	}
	assert_true(events > LIVES * 40);
	policy_free(p);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rungs_fire_once_and_in_order),
		cmocka_unit_test(
		    test_nine_days_without_the_daemon_lose_nothing),
		cmocka_unit_test(
		    test_clock_set_back_and_forward_repeats_nothing),
		cmocka_unit_test(
		    test_ladder_keeps_the_hour_of_london_in_summer),
		cmocka_unit_test(test_hours_run_through_the_night_and_the_year),
		cmocka_unit_test(test_what_is_done_in_time_does_not_fire),
		cmocka_unit_test(test_conditions_that_begin_anew_fire_again),
		cmocka_unit_test(
		    test_answer_to_a_dismissal_climbs_the_whole_ladder),
		cmocka_unit_test(
		    test_who_was_told_is_told_again_of_a_case_opened_again),
		cmocka_unit_test(test_ladder_goes_on_while_a_dismissal_waits),
		cmocka_unit_test(
		    test_no_update_waits_while_an_answer_is_awaited),
		cmocka_unit_test(test_rungs_count_for_the_band_as_it_is_now),
		cmocka_unit_test(test_another_policy_fires_anew_what_stands),
		cmocka_unit_test(
		    test_entries_count_the_ladder_of_policy_and_route),
		cmocka_unit_test(test_rungs_behind_a_breach_follow_it),
		cmocka_unit_test(test_next_rung_is_of_the_verb_and_the_band),
		cmocka_unit_test(test_how_often_one_looks_makes_no_difference),
	};

	if (argc != 2)
		return 2;
	source_root = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
