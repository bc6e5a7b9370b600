#include "tests/daemon/vault_cases.h"

#include <stdio.h>
#include <string.h>

/* What the clock says to reporters, and what becomes of people who left. */

#define P1 1
#define P3 3

/* --- silence --- */

/* As it is after a guardian has asked something. */
static void
ask(struct world *w, unsigned number)
{
	struct life l = life_of(w, number);

	l.state = CASE_HANDLING;
	l.flags |= CASE_IS_AWAITING;
	l.since[SINCE_ASKED] = w->now;
	case_set_life(w, number, &l);
}

static void
everybody_signs_in(struct world *w)
{
	for (uint16_t i = 1; i < PEOPLE; i++)
		signs_in(w, i);
}

static void
test_a_silent_reporter_is_prompted_and_then_the_case_is_closed_with_notice(
    void **state)
{
	static const struct {
		unsigned days;
		const char *talk;
	} steps[] = {
		{ 9, "" },
		{ 10, "prompt 1" },
		{ 20, "prompt 1, prompt 2" },
		{ 40, "prompt 1, prompt 2, prompt 3" },
		{ 59, "prompt 1, prompt 2, prompt 3" },
		{ 60, "prompt 1, prompt 2, prompt 3, silent 0" },
		{ 60 + 29, "prompt 1, prompt 2, prompt 3, silent 0" },
		{ 60 + 30, "prompt 1, prompt 2, prompt 3, silent 0, check 1" },
		{ 60 + 91,
		    "prompt 1, prompt 2, prompt 3, silent 0, check 1, "
		    "check 2" },
		{ 60 + 182,
		    "prompt 1, prompt 2, prompt 3, silent 0, check 1, "
		    "check 2, check 3" },
		{ 60 + 365,
		    "prompt 1, prompt 2, prompt 3, silent 0, check 1, "
		    "check 2, check 3, check 4" },
		{ 60 + 500,
		    "prompt 1, prompt 2, prompt 3, silent 0, check 1, "
		    "check 2, check 3, check 4" },
	};
	struct world *w = *state;
	const int64_t start = w->now;

	w->vault->now.policy->routes[0].n_rungs = 0;
	memset(w->vault->now.policy->deadline, 0,
	    sizeof(w->vault->now.policy->deadline));
	cases_add(w, 1, 1, ROUTE_GUARDIANS, P3);
	ask(w, 1);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		char story[256];

		snprintf(story, sizeof(story), " | %s", steps[i].talk);
		clock_live(w, start + steps[i].days * DAY_SECONDS);
		assert_story(w, 1, story);
		assert_int_equal(steps[i].days >= 60,
		    life_of(w, 1).state == CASE_CLOSED);
	}
}

static void
test_a_case_that_needs_two_people_is_not_closed_by_silence(void **state)
{
	struct world *w = *state;

	w->vault->now.policy->routes[0].n_rungs = 0;
	memset(w->vault->now.policy->deadline, 0,
	    sizeof(w->vault->now.policy->deadline));
	cases_add(w, 1, 1, ROUTE_GUARDIANS, P1);
	ask(w, 1);
	clock_live(w, w->now + 100 * DAY_SECONDS);
	assert_story(w, 1, "unanswered 0 | prompt 1, prompt 2, prompt 3");
	assert_int_equal(CASE_HANDLING, life_of(w, 1).state);
	assert_true((life_of(w, 1).flags & CASE_IS_SILENT) != 0);
}

static void
test_an_answer_ends_the_prompts(void **state)
{
	struct world *w = *state;
	struct life l;

	w->vault->now.policy->routes[0].n_rungs = 0;
	memset(w->vault->now.policy->deadline, 0,
	    sizeof(w->vault->now.policy->deadline));
	cases_add(w, 1, 1, ROUTE_GUARDIANS, P3);
	ask(w, 1);
	clock_live(w, w->now + 12 * DAY_SECONDS);
	l = life_of(w, 1);
	l.flags &= (uint16_t)~CASE_IS_AWAITING;
	l.since[SINCE_ASKED] = 0;
	l.prompts = 0;
	case_set_life(w, 1, &l);
	clock_live(w, w->now + 90 * DAY_SECONDS);
	assert_story(w, 1, " | prompt 1");
}

/* --- people who left --- */

/* By a policy that says that their last day was yesterday. */
static void
leaves(struct world *w, uint16_t person)
{
	w->vault->now.policy->people[person - 1].until = w->now / DAY_SECONDS;
	sweep_begin(w->vault);
	clock_settle_down(w);
}

static bool
has_envelope(struct world *w, unsigned number, uint16_t person)
{
	CLEAN_BUF struct buf out = BUF_INIT(STORE_ENVELOPE_MAX);
	struct store_view *view = NULL;
	struct store_case c;
	enum err e;

	case_get(w, number, &c);
	assert_int_equal(ERR_OK, store_view_open(w->vault->store, c.id, &view));
	e = view_envelope(view, STORE_TALK, 0, person, &out);
	store_view_close(view);
	return e == ERR_OK;
}

static void
test_who_leaves_loses_their_envelopes_in_every_case(void **state)
{
	struct world *w = *state;

	everybody_signs_in(w);
	cases_add(w, 1, 200, ROUTE_GUARDIANS, P3);
	clock_settle_down(w);
	assert_true(has_envelope(w, 7, GUARDIAN));
	leaves(w, GUARDIAN);
	for (unsigned i = 1; i <= 200; i++) {
		assert_story(w, i, "left 0 1 | ");
		assert_int_equal(0, case_access(w, i, GUARDIAN));
		assert_false(has_envelope(w, i, GUARDIAN));
		assert_true(has_envelope(w, i, SECOND_GUARDIAN));
	}
	w->now += DAY_SECONDS;
	clock_settle_down(w);
	assert_story(w, 7, "left 0 1 | ");
	world_check_store(w, 200);
}

static void
test_a_day_that_passes_ends_access_without_a_new_policy(void **state)
{
	struct world *w = *state;

	everybody_signs_in(w);
	cases_add(w, 1, 1, ROUTE_GUARDIANS, P3);
	w->vault->now.policy->people[GUARDIAN - 1].until =
	    w->now / DAY_SECONDS + 1;
	clock_settle_down(w);
	assert_story(w, 1, " | ");
	w->now += DAY_SECONDS;
	clock_settle_down(w);
	assert_story(w, 1, "left 0 1 | ");
}

static void
test_where_the_last_handler_leaves_the_next_rung_comes_at_once(void **state)
{
	struct world *w = *state;

	everybody_signs_in(w);
	cases_add(w, 1, 1, ROUTE_GUARDIANS, P3);
	clock_settle_down(w);
	leaves(w, GUARDIAN);
	assert_int_equal(READER_MEMBER, case_access(w, 1, EXECUTIVE));
	leaves(w, SECOND_GUARDIAN);
	assert_story(w, 1, "left 0 1, left 0 2, joined 2 3 5 | ");
	assert_int_equal(READER_MEMBER | READER_RELEASED,
	    case_access(w, 1, EXECUTIVE));
	clock_live(w, w->now + 10 * DAY_SECONDS);
	assert_story(w, 1, "left 0 1, left 0 2, joined 2 3 5, breached 1 | ");
}

static void
test_all_who_leave_on_one_day_are_in_one_entry(void **state)
{
	struct world *w = *state;

	everybody_signs_in(w);
	cases_add(w, 1, 1, ROUTE_BOARD, P3);
	clock_settle_down(w);
	w->vault->now.policy->people[CHAIR - 1].until = w->now / DAY_SECONDS;
	leaves(w, GUARDIAN);
	assert_story(w, 1, "left 0 1 6 | ");
}

static void
test_who_would_join_later_and_left_never_does(void **state)
{
	struct world *w = *state;

	everybody_signs_in(w);
	cases_add(w, 1, 1, ROUTE_GUARDIANS, P3);
	clock_settle_down(w);
	leaves(w, EXECUTIVE);
	clock_live(w, w->now + 10 * DAY_SECONDS);
	assert_story(w, 1, "left 0 3, breached 1, joined 2 5 | ");
	assert_false(has_envelope(w, 1, EXECUTIVE));
}

static void
test_a_new_policy_moves_what_is_due(void **state)
{
	struct world *w = *state;
	struct store_case c;
	int64_t due;

	everybody_signs_in(w);
	cases_add(w, 1, 1, ROUTE_GUARDIANS, P3);
	case_get(w, 1, &c);
	due = c.marks.due;
	for (unsigned d = 0; d < POLICY_DEADLINES; d++)
		w->vault->now.policy->deadline[d][P3 - 1] =
		    (struct policy_duration){ 15, UNIT_MINUTES };
	sweep_begin(w->vault);
	clock_settle_down(w);
	case_get(w, 1, &c);
	assert_true(c.marks.due < due);
	clock_live(w, w->now + 900);
	assert_story(w, 1, "breached 1 | ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
		TEST(
		    test_a_silent_reporter_is_prompted_and_then_the_case_is_closed_with_notice),
		TEST(
		    test_a_case_that_needs_two_people_is_not_closed_by_silence),
		TEST(test_an_answer_ends_the_prompts),
		TEST(test_who_leaves_loses_their_envelopes_in_every_case),
		TEST(test_a_day_that_passes_ends_access_without_a_new_policy),
		TEST(
		    test_where_the_last_handler_leaves_the_next_rung_comes_at_once),
		TEST(test_all_who_leave_on_one_day_are_in_one_entry),
		TEST(test_who_would_join_later_and_left_never_does),
		TEST(test_a_new_policy_moves_what_is_due),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
