#include "tests/daemon/vault_cases.h"

#include <string.h>

/* What time does to cases: rungs, deadlines, prompts and checks, in a vault
 * with the small policy and a clock that is the test's. */

#define P1 1
#define P3 3

/* --- when --- */

static void
test_rungs_and_deadlines_come_when_the_calendar_says(void **state)
{
	/* By hand from the policy's text, on the route to the guardians:
	 * acknowledge P1 within 4 hours, P3 within 2 working days; not done,
	 * the executive and the non-executive lead join at the same time. */
	static const struct {
		const char *what, *filed, *due;
		uint8_t band;
		const char *story;
	} cases[] = {
		{ "a Monday", "2026-11-23 10:00", "2026-11-25 10:00", P3,
		    "breached 1, joined 2 3 5 | " },
		{ "over a weekend", "2026-11-27 16:00", "2026-12-01 16:00", P3,
		    "breached 1, joined 2 3 5 | " },
		{ "at night: from the morning on", "2026-11-23 22:10",
		    "2026-11-26 09:00", P3, "breached 1, joined 2 3 5 | " },
		{ "Christmas, Boxing Day's substitute", "2026-12-24 12:00",
		    "2026-12-30 12:00", P3, "breached 1, joined 2 3 5 | " },
		{ "over the year's end", "2026-12-30 12:00", "2027-01-04 12:00",
		    P3, "breached 1, joined 2 3 5 | " },
		{ "Easter, and clocks forward on that Sunday",
		    "2027-03-25 12:00", "2027-03-31 11:00", P3,
		    "breached 1, joined 2 3 5 | " },
		{ "clocks back on that Sunday", "2027-10-29 10:00",
		    "2027-11-02 11:00", P3, "breached 1, joined 2 3 5 | " },
		{ "hours by the clock, over the year's end", "2026-12-31 22:07",
		    "2027-01-01 02:15", P1, "breached 1, joined 1 3 5 | " },
		{ "hours by the clock, while it goes forward",
		    "2027-03-27 23:00", "2027-03-28 03:00", P1,
		    "breached 1, joined 1 3 5 | " },
	};
	struct world *w = *state;

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		print_message("%s\n", cases[i].what);
		world_fresh(w);
		w->now = at_utc(cases[i].filed);
		signs_in(w, EXECUTIVE);
		cases_add(w, 1, 1, ROUTE_GUARDIANS, cases[i].band);
		clock_live(w, at_utc(cases[i].due) - 1);
		assert_story(w, 1, " | ");
		assert_int_equal(READER_MEMBER, case_access(w, 1, EXECUTIVE));
		clock_live(w, at_utc(cases[i].due));
		assert_story(w, 1, cases[i].story);
		assert_int_equal(READER_MEMBER | READER_RELEASED,
		    case_access(w, 1, EXECUTIVE));
	}
}

/* The non-executive lead and the chair are told after 30 working days without
 * movement. */
static const char all_of_it[] = "breached 1, joined 2 3 5, told 3 6 | ";

static void
test_a_daemon_that_was_down_does_all_that_fell_due_once_in_order(void **state)
{
	struct world *w = *state;

	signs_in(w, EXECUTIVE);
	cases_add(w, 1, 3, ROUTE_GUARDIANS, P3);
	clock_settle_down(w);
	w->vault = vault_free(w->vault);
	w->now += 9 * DAY_SECONDS;
	assert_int_equal(ERR_OK,
	    vault_new(&w->env, &w->config, &w->secret, &w->vault));
	world_switch_policy(w, 1);
	clock_settle_down(w);
	for (unsigned i = 1; i <= 3; i++)
		assert_story(w, i, "breached 1, joined 2 3 5 | ");
	w->now += 60 * DAY_SECONDS;
	world_restart(w);
	signs_in(w, CHAIR);
	clock_settle_down(w);
	clock_settle_down(w);
	for (unsigned i = 1; i <= 3; i++)
		assert_story(w, i, all_of_it);
}

static void
test_a_clock_set_back_or_forward_fires_nothing_twice_and_loses_nothing(
    void **state)
{
	struct world *w = *state;
	const int64_t start = w->now;

	signs_in(w, EXECUTIVE);
	signs_in(w, CHAIR);
	cases_add(w, 1, 1, ROUTE_GUARDIANS, P3);
	clock_live(w, start + 3 * DAY_SECONDS);
	assert_story(w, 1, "breached 1, joined 2 3 5 | ");
	w->now = start - 40 * DAY_SECONDS;
	clock_settle_down(w);
	world_restart(w);
	clock_settle_down(w);
	assert_story(w, 1, "breached 1, joined 2 3 5 | ");
	clock_live(w, start + 4 * DAY_SECONDS);
	assert_story(w, 1, "breached 1, joined 2 3 5 | ");
	clock_live(w, start + 29 * DAY_SECONDS);
	signs_in(w, CHAIR);
	clock_live(w, start + 60 * DAY_SECONDS);
	assert_story(w, 1, all_of_it);
	w->now = start;
	clock_settle_down(w);
	clock_live(w, start + 61 * DAY_SECONDS);
	assert_story(w, 1, all_of_it);
}

/* --- many --- */

#define MANY 10000

static void
test_ten_thousand_in_one_second_hold_up_no_submission(void **state)
{
	struct world *w = *state;
	struct reporter r;
	unsigned ticks = 0, filed = 0;

	signs_in(w, EXECUTIVE);
	cases_add(w, 1, MANY, ROUTE_GUARDIANS, P3);
	clock_settle_down(w);
	w->now += 2 * DAY_SECONDS;
	while (vault_tick(w->vault)) {
		if (++ticks % 16 == 0) {
			reporter_new(&r, (uint8_t)++filed);
			file_concern_of(w, &r); /* stored, with one commit */
		}
		assert_true(ticks <= MANY);
	}
	assert_true(ticks >= MANY / 64);
	assert_true(filed >= MANY / 64 / 16);
	for (unsigned i = 1; i <= MANY; i += 97)
		assert_story(w, i, "breached 1, joined 2 3 5 | ");
	assert_int_equal(0, w->vault->ledger.now.counts.postponed);
}

static void
test_a_restart_in_the_middle_goes_on_where_it_was(void **state)
{
	struct world *w = *state;

	signs_in(w, EXECUTIVE);
	cases_add(w, 1, 300, ROUTE_GUARDIANS, P3);
	clock_settle_down(w);
	w->now += 2 * DAY_SECONDS;
	assert_true(vault_tick(w->vault));
	assert_true(vault_tick(w->vault));
	world_restart(w);
	clock_settle_down(w);
	for (unsigned i = 1; i <= 300; i++)
		assert_story(w, i, "breached 1, joined 2 3 5 | ");
	world_check_store(w, 300);
}

static enum err
spoil(struct store_txn *txn, void *ctx)
{
	const struct store_case *c = ctx;
	struct store_marks m = c->marks;

	memset(m.life, 0xff, sizeof(m.life));
	return txn_marks_set(txn, c->id, &m);
}

static void
test_a_case_that_cannot_be_looked_at_holds_up_no_other(void **state)
{
	struct world *w = *state;
	struct store_case c;

	signs_in(w, EXECUTIVE);
	cases_add(w, 1, 100, ROUTE_GUARDIANS, P3);
	clock_settle_down(w);
	case_get(w, 40, &c);
	assert_int_equal(ERR_OK, vault_run(w->vault, spoil, &c));
	w->now += 2 * DAY_SECONDS;
	assert_true(clock_settle_down(w) < 200);
	for (unsigned i = 1; i <= 100; i++)
		assert_story(w, i,
		    i == 40 ? " | " : "breached 1, joined 2 3 5 | ");
	assert_true(w->vault->ledger.now.counts.postponed > 0);
}

/* --- who --- */

static void
test_a_rung_with_nobody_living_says_so_and_the_next_one_is_taken(void **state)
{
	static struct policy_rung rungs[] = {
		{ .when = RUNG_UNACKNOWLEDGED,
		    .after = { 1, UNIT_HOURS },
		    .verb = VERB_JOIN,
		    .bands = BANDS_ALL,
		    .n_who = 1,
		    .who = { EXECUTIVE } },
		{ .when = RUNG_UNACKNOWLEDGED,
		    .after = { 2, UNIT_HOURS },
		    .verb = VERB_TELL,
		    .bands = BANDS_ALL,
		    .n_who = 1,
		    .who = { CHAIR } },
		{ .when = RUNG_UNACKNOWLEDGED,
		    .after = { 9, UNIT_DAYS },
		    .verb = VERB_JOIN,
		    .bands = BANDS_ALL,
		    .n_who = 1,
		    .who = { NED_LEAD } },
	};
	struct world *w = *state;
	struct policy_route *r = &w->vault->now.policy->routes[0];

	r->rungs = rungs;
	r->n_rungs = 3;
	w->now += 31 * DAY_SECONDS; /* nobody has signed in since */
	signs_in(w, NED_LEAD);
	cases_add(w, 1, 1, ROUTE_GUARDIANS, P3);
	clock_live(w, w->now + 3600);
	assert_story(w, 1, "joined 1 3, nobody 1, joined 3 5 | ");
	assert_int_equal(1, w->vault->ledger.now.counts.nobody);
	assert_int_equal(0, w->vault->ledger.now.counts.lost);
	clock_live(w, w->now + 3600);
	assert_story(w, 1,
	    "joined 1 3, nobody 1, joined 3 5, told 2 6, nobody 2 | ");
	assert_int_equal(1, w->vault->ledger.now.counts.lost);
}

static void
test_living_is_who_signed_in_lately_or_is_new(void **state)
{
	struct world *w = *state;

	assert_true(living_is(w->vault, EXECUTIVE));
	assert_false(living_is(w->vault, 60000));
	w->now += w->policy->limits.living_days * DAY_SECONDS;
	assert_true(living_is(w->vault, EXECUTIVE));
	w->now += DAY_SECONDS;
	assert_false(living_is(w->vault, EXECUTIVE));
	assert_int_equal(ANSWER_OK, login(w, EXECUTIVE));
	assert_true(living_is(w->vault, EXECUTIVE));
	clock_settle_down(w);
	world_restart(w);
	assert_true(living_is(w->vault, EXECUTIVE));
	assert_false(living_is(w->vault, CHAIR));
	w->vault->now.policy->people[EXECUTIVE - 1].until =
	    w->now / DAY_SECONDS;
	assert_false(living_is(w->vault, EXECUTIVE));
}

static size_t
told(struct world *w, uint16_t person, uint16_t route)
{
	struct store_told at[8];
	size_t n = 0;

	store_told(w->vault->store, person, at, 8, &n);
	for (size_t i = 0; i < n; i++)
		if (at[i].route == route)
			return at[i].count;
	return 0;
}

static void
test_who_is_told_counts_cases_until_they_move(void **state)
{
	struct world *w = *state;
	struct life l;

	signs_in(w, EXECUTIVE);
	cases_add(w, 1, 5, ROUTE_GUARDIANS, P3);
	assert_int_equal(0, told(w, CHAIR, ROUTE_GUARDIANS));
	w->now += 60 * DAY_SECONDS;
	signs_in(w, CHAIR);
	signs_in(w, EXECUTIVE);
	clock_settle_down(w);
	assert_int_equal(5, told(w, CHAIR, ROUTE_GUARDIANS));
	assert_int_equal(0, told(w, CHAIR, ROUTE_BOARD));
	/* Who can read it is not told as well. */
	assert_int_equal(0, told(w, NED_LEAD, ROUTE_GUARDIANS));
	for (unsigned i = 1; i <= 2; i++) {
		l = life_of(w, i);
		l.state = CASE_CLOSED;
		case_set_life(w, i, &l);
	}
	assert_int_equal(3, told(w, CHAIR, ROUTE_GUARDIANS));
	assert_int_equal(READER_TELL, case_access(w, 1, CHAIR));
	world_restart(w);
	assert_int_equal(3, told(w, CHAIR, ROUTE_GUARDIANS));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
		TEST(test_rungs_and_deadlines_come_when_the_calendar_says),
		TEST(
		    test_a_daemon_that_was_down_does_all_that_fell_due_once_in_order),
		TEST(
		    test_a_clock_set_back_or_forward_fires_nothing_twice_and_loses_nothing),
		TEST(test_ten_thousand_in_one_second_hold_up_no_submission),
		TEST(test_a_restart_in_the_middle_goes_on_where_it_was),
		TEST(test_a_case_that_cannot_be_looked_at_holds_up_no_other),
		TEST(
		    test_a_rung_with_nobody_living_says_so_and_the_next_one_is_taken),
		TEST(test_living_is_who_signed_in_lately_or_is_new),
		TEST(test_who_is_told_counts_cases_until_they_move),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
