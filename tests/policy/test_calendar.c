#include "tests/policy/support.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/codec.h"
#include "policy/calendar.h"
#include "policy/names.h"

/* "2026-12-24 16:30", UTC. */
static int64_t
utc(const char *text)
{
	int64_t day;

	assert_int_equal(day_parse(BYTES((const uint8_t *)text, 10), &day),
	    ERR_OK);
	return day * DAY_SECONDS + strtol(text + 11, NULL, 10) * 3600 +
	    strtol(text + 14, NULL, 10) * 60;
}

/* Working time is 09:00 to 17:00 in London, Monday to Friday. */
static const struct {
	const char *from, *after, *due;
} sums[] = {
	/* plain time knows no calendar, and is rounded up to a quarter */
	{ "2026-11-21 10:00", "15 minutes", "2026-11-21 10:15" },
	{ "2026-11-21 10:01", "15 minutes", "2026-11-21 10:30" },
	{ "2026-11-21 10:00", "4 hours", "2026-11-21 14:00" },
	{ "2026-12-31 23:00", "4 hours", "2027-01-01 03:00" },
	{ "2026-11-21 10:00", "10 days", "2026-12-01 10:00" },
	/* working hours, within a day, over a night, over a week's end */
	{ "2026-11-23 10:00", "2 working hours", "2026-11-23 12:00" },
	{ "2026-11-23 16:00", "2 working hours", "2026-11-24 10:00" },
	{ "2026-11-27 16:00", "2 working hours", "2026-11-30 10:00" },
	{ "2026-11-28 12:00", "8 working hours", "2026-11-30 17:00" },
	{ "2026-11-28 12:00", "9 working hours", "2026-12-01 10:00" },
	/* working days keep the time of day; from outside they start with the
	 * next one */
	{ "2026-11-23 10:00", "1 working day", "2026-11-24 10:00" },
	{ "2026-11-27 16:30", "1 working day", "2026-11-30 16:30" },
	{ "2026-11-27 17:00", "1 working day", "2026-12-01 09:00" },
	{ "2026-11-28 12:00", "1 working day", "2026-12-01 09:00" },
	{ "2026-11-23 03:00", "5 working days", "2026-11-30 09:00" },
	/* Christmas, Boxing Day's Monday, New Year */
	{ "2026-12-24 16:00", "1 working day", "2026-12-29 16:00" },
	{ "2026-12-24 16:00", "2 working hours", "2026-12-29 10:00" },
	{ "2026-12-30 10:00", "3 working days", "2027-01-05 10:00" },
	/* clocks go forward on 2027-03-28: 09:00 is 08:00 UTC after it (Good
	 * Friday and Easter Monday are between) */
	{ "2027-03-25 10:00", "1 working day", "2027-03-30 09:00" },
	{ "2027-03-25 16:00", "2 working hours", "2027-03-30 09:00" },
	{ "2027-03-27 00:00", "2 working days", "2027-04-01 08:00" },
	/* and back on 2027-10-31 */
	{ "2027-10-29 08:00", "1 working day", "2027-11-01 09:00" },
	{ "2027-10-29 15:00", "2 working hours", "2027-11-01 10:00" },
	/* while an hour is an hour on both days */
	{ "2027-03-28 00:30", "2 hours", "2027-03-28 02:30" },
	{ "2027-10-31 00:30", "1 day", "2027-11-01 00:30" },
};

static void
test_sums_over_nights_holidays_and_clock_changes(void **state)
{
	struct policy *p = example_policy(MADE_CLASSIC);
	struct policy_duration d;
	int64_t due;

	(void)state;
	for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++) {
		assert_int_equal(duration_parse(bytes_str(sums[i].after), &d),
		    ERR_OK);
		assert_int_equal(calendar_add(p, utc(sums[i].from), d, &due),
		    ERR_OK);
		if (due != utc(sums[i].due))
			fail_msg("%s + %s is %+ld minutes from %s",
			    sums[i].from, sums[i].after,
			    (long)(due - utc(sums[i].due)) / 60, sums[i].due);
	}
	policy_free(p);
}

static void
test_sums_past_the_calendar_are_refused(void **state)
{
	struct policy *p = example_policy(MADE_CLASSIC);
	struct policy_duration far = { 1000, UNIT_WORKING_DAYS };
	struct policy_duration hours = { 1000, UNIT_WORKING_HOURS };
	struct policy_duration hour = { 1, UNIT_HOURS };
	int64_t last = p->intervals[p->n_intervals - 1].end, due = 7;

	(void)state;
	assert_int_equal(calendar_add(p, p->issued, far, &due), ERR_LIMIT);
	assert_int_equal(calendar_add(p, last - 3600, hours, &due), ERR_LIMIT);
	assert_int_equal(calendar_add(p, last, hours, &due), ERR_LIMIT);
	assert_int_equal(calendar_add(p, -1, hour, &due), ERR_LIMIT);
	assert_int_equal(due, 7);
	policy_free(p);
}

/* A later start is never over earlier, and nothing is over before it began. */
static void
test_sums_never_run_backwards(void **state)
{
	struct policy *p = example_policy(MADE_CLASSIC);
	struct policy_duration d = { .amount = 3 };
	int64_t due, before;

	(void)state;
	for (unsigned unit = 0; unit < POLICY_UNITS; unit++) {
		d.unit = (enum policy_unit)unit;
		before = 0;
		for (int64_t t = p->issued; t < p->hard_expiry; t += 4000) {
			assert_int_equal(calendar_add(p, t, d, &due), ERR_OK);
			assert_true(due >= before && due > t);
			assert_int_equal(due % CALENDAR_QUARTER, 0);
			before = due;
		}
	}
	policy_free(p);
}

/* The same distance from the start, or the end of a day that is shorter. */
static void
test_short_days_end_at_their_end(void **state)
{
	struct policy_interval days[] = {
		{ .start = 9 * 3600, .end = 17 * 3600 },
		{ .start = (24 + 9) * 3600, .end = (24 + 12) * 3600 },
	};
	struct policy p = { .n_intervals = 2, .intervals = days };
	struct policy_duration day = { 1, UNIT_WORKING_DAYS };
	int64_t due;

	(void)state;
	assert_int_equal(calendar_add(&p, 11 * 3600, day, &due), ERR_OK);
	assert_int_equal(due, (24 + 11) * 3600);
	assert_int_equal(calendar_add(&p, 16 * 3600, day, &due), ERR_OK);
	assert_int_equal(due, (24 + 12) * 3600);
}

static void
test_working_time_is_what_the_calendar_says(void **state)
{
	struct policy *p = example_policy(MADE_CLASSIC);

	(void)state;
	assert_true(calendar_is_working(p, utc("2026-11-23 09:00")));
	assert_true(calendar_is_working(p, utc("2026-11-23 16:59")));
	assert_false(calendar_is_working(p, utc("2026-11-23 17:00")));
	assert_false(calendar_is_working(p, utc("2026-11-23 08:59")));
	assert_true(calendar_is_working(p, utc("2027-06-01 08:00")));
	assert_false(calendar_is_working(p, utc("2026-11-22 12:00")));
	assert_false(calendar_is_working(p, utc("2026-12-25 12:00")));
	policy_free(p);
}

static const struct {
	const char *text;
	enum err expected;
} durations[] = {
	{ "4 hours", ERR_OK },
	{ "1 hour", ERR_OK },
	{ "1 working day", ERR_OK },
	{ "1000 days", ERR_OK },
	{ "45 minutes", ERR_OK },
	{ "40 minutes", ERR_SYNTAX },
	{ "1001 days", ERR_SYNTAX },
	{ "4  hours", ERR_SYNTAX },
	{ "04 hours", ERR_SYNTAX },
	{ "-4 hours", ERR_SYNTAX },
	{ "4", ERR_SYNTAX },
	{ "4 ", ERR_SYNTAX },
	{ " hours", ERR_SYNTAX },
	{ "4 weeks", ERR_SYNTAX },
	{ "", ERR_SYNTAX },
};

static void
test_durations_are_read_as_they_are_written(void **state)
{
	char text[DURATION_TEXT_MAX];
	struct policy_duration d;

	(void)state;
	for (size_t i = 0; i < sizeof(durations) / sizeof(durations[0]); i++) {
		if (duration_parse(bytes_str(durations[i].text), &d) !=
		    durations[i].expected)
			fail_msg("\"%s\"", durations[i].text);
		if (durations[i].expected != ERR_OK)
			continue;
		duration_format(&d, text);
		assert_string_equal(text, durations[i].text);
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_sums_over_nights_holidays_and_clock_changes),
		cmocka_unit_test(test_sums_past_the_calendar_are_refused),
		cmocka_unit_test(test_sums_never_run_backwards),
		cmocka_unit_test(test_short_days_end_at_their_end),
		cmocka_unit_test(test_working_time_is_what_the_calendar_says),
		cmocka_unit_test(test_durations_are_read_as_they_are_written),
	};

	if (argc != 2)
		return 2;
	source_root = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
