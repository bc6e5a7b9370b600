#include "tests/policy/lives.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/codec.h"
#include "policy/names.h"
#include "policy/wall.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* What time does to a case: silence, checks, deadlines. */

/* --- silence, and after closing --- */

static void
test_silent_reporter_is_asked_again_and_then_closed(void **state)
{
	struct policy *p = example_policy(MADE_CLASSIC);
	struct policy_route none = { 0 };
	struct life l = filed(p, 3, "2026-11-24 10:00");

	(void)state;
	act(p, &none, &l, MESSAGE_ACK, 3, "2026-11-24 11:00");
	act(p, &none, &l, MESSAGE_TRIAGE, 3, "2026-11-24 11:00");
	act(p, &none, &l, MESSAGE_ADVISE, 3, "2026-11-24 11:00");
	act(p, &none, &l, MESSAGE_ASK, 3, "2026-12-01 12:00");
	must_happen(p, &none, "2028-06-01 00:00", &l,
	    "2026-12-11 12:00 prompt 1\n"
	    "2026-12-21 12:00 prompt 2\n"
	    "2027-01-10 12:00 prompt 3\n"
	    "2027-01-30 12:00 silent\n"
	    "2027-03-01 12:00 check 1\n"
	    "2027-05-01 12:00 check 2\n"
	    "2027-07-31 12:00 check 3\n"
	    "2028-01-30 12:00 check 4\n");
	assert_int_equal(l.state, CASE_CLOSED);
	assert_int_equal(l.flags, 0);
	assert_int_equal(l.since[SINCE_CLOSED], utc("2027-01-30 12:00"));
	/* closed again, they are asked again */
	act(p, &none, &l, MESSAGE_FOLLOWUP, PERSON_REPORTER,
	    "2028-05-31 12:00");
	act(p, &none, &l, MESSAGE_CLOSE, 3, "2028-06-01 12:00");
	must_happen(p, &none, "2028-07-30 00:00", &l,
	    "2028-07-01 12:00 check 1\n");
	policy_free(p);
}

static void
test_answer_ends_the_prompts_and_starts_the_update(void **state)
{
	struct policy *p = example_policy(MADE_CLASSIC);
	struct policy_route none = { 0 };
	struct life l = filed(p, 3, "2026-11-24 10:00");

	(void)state;
	act(p, &none, &l, MESSAGE_ACK, 3, "2026-11-24 11:00");
	act(p, &none, &l, MESSAGE_TRIAGE, 3, "2026-11-24 11:00");
	act(p, &none, &l, MESSAGE_ADVISE, 3, "2026-11-24 11:00");
	act(p, &none, &l, MESSAGE_ASK, 3, "2026-12-01 12:00");
	/* by then the update would be overdue, were no answer awaited */
	must_happen(p, &none, "2027-01-05 00:00", &l,
	    "2026-12-11 12:00 prompt 1\n"
	    "2026-12-21 12:00 prompt 2\n");
	act(p, &none, &l, MESSAGE_FOLLOWUP, PERSON_REPORTER,
	    "2027-01-05 20:00");
	must_happen(p, &none, "2027-03-01 00:00", &l,
	    "2027-02-02 09:00 breach update\n");
	act(p, &none, &l, MESSAGE_ASK, 3, "2027-03-01 10:00");
	must_happen(p, &none, "2027-03-20 00:00", &l,
	    "2027-03-11 10:00 prompt 1\n");
	policy_free(p);
}

/* A band that takes two, a hold, findings of conduct: people close these. */
static void
test_clock_closes_nothing_that_people_must_close(void **state)
{
	static const struct {
		uint8_t band;
		enum case_state in;
		uint16_t flags;
		bool closes;
	} cases[] = {
		{ 3, CASE_TRIAGED, 0, true },
		{ 4, CASE_FEDBACK, 0, true },
		{ 1, CASE_TRIAGED, 0, false },
		{ 2, CASE_HANDLING, 0, false },
		{ 3, CASE_TRIAGED, CASE_IS_HELD, false },
		{ 3, CASE_TRIAGED, CASE_IS_CLOSING, false },
		{ 3, CASE_TRIAGED, CASE_IS_OVERRIDING, false },
		{ 3, CASE_HANDLING, CASE_IS_CONDUCT, false },
		{ 3, CASE_ASSIGNED, 0, false },
		{ 3, CASE_EVIDENCE, 0, false },
		{ 3, CASE_REPORTED, 0, false },
	};
	struct policy *p = example_policy(MADE_CLASSIC);
	struct policy_route none = { 0 };

	(void)state;
	for (unsigned i = 0; i < POLICY_DEADLINES; i++)
		memset(p->deadline[i], 0, sizeof(p->deadline[i]));
	p->limits.n_prompts = p->limits.n_detriment = 0;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct life l = filed(p, cases[i].band, "2026-12-01 12:00");

		l.state = cases[i].in;
		l.flags = cases[i].flags | CASE_IS_AWAITING;
		l.since[SINCE_ASKED] = utc("2026-12-01 12:00");
		must_happen(p, &none, "2027-12-01 00:00", &l,
		    cases[i].closes ? "2027-01-30 12:00 silent\n"
				    : "2027-01-30 12:00 unanswered\n");
		assert_int_equal(l.state,
		    cases[i].closes ? CASE_CLOSED : cases[i].in);
		assert_int_equal((l.flags & CASE_IS_SILENT) != 0,
		    !cases[i].closes);
	}
	policy_free(p);
}

static void
test_withdrawn_case_is_left_alone(void **state)
{
	struct policy *p = example_policy(MADE_CLASSIC);
	const struct policy_route *r = policy_route(p, 1);
	struct life l = filed(p, 1, "2026-11-24 10:00");

	(void)state;
	act(p, r, &l, MESSAGE_ACK, 3, "2026-11-24 11:00");
	act(p, r, &l, MESSAGE_ASK, 3, "2026-11-24 12:00");
	act(p, r, &l, MESSAGE_WITHDRAW, PERSON_REPORTER, "2026-11-24 12:00");
	assert_int_equal(clock_due(p, r, &l), 0);
	must_happen(p, r, "2028-01-01 00:00", &l, "");
	policy_free(p);
}

/* --- deadlines --- */

/* P3, filed on Monday 2026-11-23 at 10:00, moved and heard of on Tuesday at
 * 11:00, terms on Wednesday at 12:00. */
static const struct {
	enum case_state in;
	uint16_t flags;
	const char *run;	/* all that run */
	const char *which, *at; /* the first; NULL: none */
} deadlines[] = {
	{ CASE_RECEIVED, 0, "acknowledge triage update", "acknowledge",
	    "2026-11-25 10:00" },
	{ CASE_ACKNOWLEDGED, 0, "triage update", "triage", "2026-11-30 10:00" },
	{ CASE_TRIAGED, 0, "update route", "route", "2026-12-08 11:00" },
	{ CASE_ADVICE, 0, "update", "update", "2026-12-22 11:00" },
	{ CASE_HANDLING, 0, "update", "update", "2026-12-22 11:00" },
	{ CASE_REFERRED, 0, "update", "update", "2026-12-22 11:00" },
	{ CASE_HUB, CASE_IS_HELD, "update", "update", "2026-12-22 11:00" },
	{ CASE_HUB, CASE_IS_AWAITING, "", NULL, NULL },
	{ CASE_ASSIGNED, 0, "update terms", "terms", "2026-12-01 11:00" },
	{ CASE_TERMS, 0, "update report", "update", "2026-12-22 11:00" },
	{ CASE_TERMS, CASE_IS_AWAITING, "report", "report",
	    "2027-01-11 12:00" },
	{ CASE_EVIDENCE, CASE_IS_AWAITING, "report", "report",
	    "2027-01-11 12:00" },
	{ CASE_EVIDENCE, CASE_IS_AWAITING | CASE_IS_COMPLEX, "report-complex",
	    "report-complex", "2027-02-01 12:00" },
	{ CASE_REPORTED, 0, "update feedback", "feedback", "2026-12-01 11:00" },
	{ CASE_REPORTED, CASE_IS_CONDUCT, "update review", "review",
	    "2026-12-08 11:00" },
	{ CASE_REVIEWED, 0, "update feedback", "feedback", "2026-12-01 11:00" },
	{ CASE_ACTION, 0, "update feedback", "feedback", "2026-12-01 11:00" },
	{ CASE_FEDBACK, 0, "", NULL, NULL },
	{ CASE_CLOSED, 0, "", NULL, NULL },
	{ CASE_WITHDRAWN, 0, "", NULL, NULL },
};

static void
must_run(const struct policy *p, const struct life *l, const char *want)
{
	struct buf got CLEAN_BUF = BUF_INIT(256);
	int64_t at;

	for (unsigned i = 0; i < POLICY_DEADLINES; i++)
		if (clock_deadline_of(p, l, (enum policy_deadline)i, &at))
			buf_printf(&got, "%s%s", got.n > 0 ? " " : "",
			    policy_deadline_name((enum policy_deadline)i));
	buf_put_u8(&got, 0);
	assert_string_equal((const char *)got.p, want);
}

static void
test_each_state_has_its_deadline(void **state)
{
	struct policy *p = example_policy(MADE_CLASSIC);

	(void)state;
	for (size_t i = 0; i < COUNT(deadlines); i++) {
		struct life l = filed(p, 3, "2026-11-23 10:00");
		enum policy_deadline which = DEADLINE_ACKNOWLEDGE;
		int64_t at = 0;

		l.state = deadlines[i].in;
		l.flags = deadlines[i].flags;
		l.since[SINCE_UPDATE] = utc("2026-11-24 11:00");
		l.since[SINCE_MOVED] = l.since[SINCE_UPDATE];
		l.since[SINCE_TERMS] = utc("2026-11-25 12:00");
		must_run(p, &l, deadlines[i].run);
		assert_int_equal(clock_deadline(p, &l, &which, &at),
		    deadlines[i].which != NULL);
		if (deadlines[i].which == NULL)
			continue;
		if (strcmp(policy_deadline_name(which), deadlines[i].which) !=
			0 ||
		    at != utc(deadlines[i].at))
			fail_msg("line %zu: %s, %+ld minutes", i,
			    policy_deadline_name(which),
			    (long)(at - utc(deadlines[i].at)) / 60);
	}
	policy_free(p);
}

/* A breach lasts while any deadline that passed is not met. */
static void
test_breach_ends_with_the_last_that_is_late(void **state)
{
	struct policy *p = example_policy(MADE_CLASSIC);
	struct policy_route none = { 0 };
	struct life l = filed(p, 3, "2026-11-23 10:00");

	(void)state;
	must_happen(p, &none, "2026-12-04 12:00", &l,
	    "2026-11-25 10:00 breach acknowledge\n");
	act(p, &none, &l, MESSAGE_ACK, 3, "2026-12-04 12:00");
	assert_int_equal(l.flags, CASE_IS_BREACHED); /* triage is late, too */
	assert_int_equal(l.since[SINCE_BREACHED], utc("2026-11-25 10:00"));
	act(p, &none, &l, MESSAGE_TRIAGE, 3, "2026-12-04 12:00");
	assert_int_equal(l.flags, 0);
	assert_int_equal(l.since[SINCE_BREACHED], 0);
	policy_free(p);
}

/* Past the calendar, days count as they come: early rather than never. */
static void
test_what_lies_behind_the_calendar_still_comes(void **state)
{
	struct policy *p = example_policy(MADE_CLASSIC);
	const struct policy_route *r = policy_route(p, 1);
	struct life l = { 0 };
	int64_t last = p->intervals[p->n_intervals - 1].end;

	(void)state;
	life_begin(&l, 3, p->serial, last);
	assert_int_equal(clock_due(p, r, &l), last + 2 * DAY_SECONDS);
	policy_free(p);
}

/* --- tests/cases/deadlines.yaml --- */

static int64_t
wall(const struct policy *p, const struct yaml_node *at, const char *key)
{
	int64_t t = 0;

	assert_int_equal(wall_parse(&london, p->zone,
			     bytes_str(yaml_get(at, key)->text), &t),
	    ERR_OK);
	return t;
}

static int64_t
due_of(const struct policy *p, const struct yaml_node *at)
{
	const struct yaml_node *after = yaml_get(at, "after");
	int64_t filed_at = wall(p, at, "filed"), due = 0;
	struct policy_duration d;
	struct life l;
	unsigned which = 0;

	if (after != NULL) {
		assert_int_equal(duration_parse(bytes_str(after->text), &d),
		    ERR_OK);
		assert_int_equal(calendar_add(p, filed_at, d, &due), ERR_OK);
		return due;
	}
	assert_int_equal(names_find(&deadline_names,
			     bytes_str(yaml_get(at, "deadline")->text), &which),
	    ERR_OK);
	life_begin(&l, (uint8_t)(yaml_get(at, "band")->text[1] - '0'),
	    p->serial, filed_at);
	assert_true(
	    clock_deadline_of(p, &l, (enum policy_deadline)which, &due));
	return due;
}

static void
test_cases_written_by_hand_hold(void **state)
{
	char *text = file_text("tests/cases/deadlines.yaml");
	struct policy *p = example_policy(MADE_CLASSIC);
	struct yaml_doc *d = NULL;
	struct yaml_error error;
	char got[WALL_TEXT_MAX];
	size_t n = 0;

	(void)state;
	if (yaml_parse(bytes_str(text), "deadlines.yaml", &d, &error) != ERR_OK)
		fail_msg("%s", error.text);
	for (const struct yaml_node *at = yaml_root(d)->first; at != NULL;
	     at = at->next, n++) {
		wall_format(&london, p->zone, due_of(p, at), got);
		if (strcmp(got, yaml_get(at, "due")->text) != 0)
			fail_msg("line %u: %s", at->line, got);
	}
	assert_true(n >= 30);
	yaml_free(d);
	policy_free(p);
	free(text);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_silent_reporter_is_asked_again_and_then_closed),
		cmocka_unit_test(
		    test_answer_ends_the_prompts_and_starts_the_update),
		cmocka_unit_test(
		    test_clock_closes_nothing_that_people_must_close),
		cmocka_unit_test(test_withdrawn_case_is_left_alone),
		cmocka_unit_test(test_each_state_has_its_deadline),
		cmocka_unit_test(test_breach_ends_with_the_last_that_is_late),
		cmocka_unit_test(
		    test_what_lies_behind_the_calendar_still_comes),
		cmocka_unit_test(test_cases_written_by_hand_hold),
	};

	if (argc != 2)
		return 2;
	source_root = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
