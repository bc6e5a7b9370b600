#include "tests/policy/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/simulate.h"
#include "policy/wall.h"

/*
 * The ten concerns of etc/demo/concerns.yaml under etc/policy.yaml, from
 * filing to detriment watch, beside timelines/ID.txt: those were written by
 * hand from the policy's text. Lines that begin with # are reasons.
 */

static void
put_event(void *ctx, int64_t at, enum simulated what, const char *sentence)
{
	char time[WALL_TEXT_MAX];

	(void)what;
	wall_format(&london, "Europe/London", at, time);
	buf_printf(ctx, "%s  %s\n", time, sentence);
}

/* Caller frees. */
static char *
without_reasons(const char *name)
{
	char path[128], *text, *to;

	(void)snprintf(path, sizeof(path), "tests/policy/timelines/%s.txt",
	    name);
	text = to = file_text(path);
	for (const char *at = text; *at != '\0';) {
		size_t n = strcspn(at, "\n") + 1;

		if (*at != '#') {
			memmove(to, at, n);
			to += n;
		}
		at += n;
	}
	*to = '\0';
	return text;
}

static struct yaml_doc *
yaml_of(const char *name)
{
	char *text = file_text(name);
	struct yaml_error problem = { 0 };
	struct yaml_doc *d = NULL;

	if (yaml_parse(bytes_str(text), name, &d, &problem) != ERR_OK)
		fail_msg("%s", problem.text);
	free(text);
	return d;
}

static void
read_scripts(const struct policy *p, struct script **ret, size_t *ret_n)
{
	struct yaml_doc *cases = yaml_of("tests/policy/timelines/cases.yaml");
	struct yaml_doc *concerns = yaml_of("etc/demo/concerns.yaml");

	if (script_read(p, &london, cases, concerns, ret, ret_n) != ERR_OK)
		fail_msg("%s%s", yaml_error_of(cases)->text,
		    yaml_error_of(concerns)->text);
	yaml_free(cases);
	yaml_free(concerns);
}

static void
test_each_concern_goes_as_the_policy_says(void **state)
{
	struct policy *p = example_policy(MADE_CLASSIC);
	struct script *s = NULL;
	size_t n = 0, failed = 0;

	(void)state;
	read_scripts(p, &s, &n);
	assert_int_equal(n, 11);
	for (size_t i = 0; i < n; i++) {
		struct buf out = BUF_INIT(65536);
		struct simulation_sum sum;
		char *expected = without_reasons(s[i].id);

		assert_int_equal(simulate(p, &s[i], put_event, &out, &sum),
		    ERR_OK);
		buf_put_u8(&out, 0);
		assert_int_equal(out.err, ERR_OK);
		printf("%s\n%s\n", s[i].id, (const char *)out.p);
		if (strcmp((const char *)out.p, expected) != 0) {
			printf("%s should be\n%s\n", s[i].id, expected);
			failed++;
		}
		if (s[i].until == 0)
			assert_int_equal(sum.state, CASE_CLOSED);
		free(expected);
		buf_free(&out);
	}
	assert_int_equal(failed, 0);
	free(s);
	policy_free(p);
}

/* Whatever is done or not done, a concern alone climbs its whole ladder. */
static void
test_concerns_on_which_nobody_acts_climb_to_the_end(void **state)
{
	struct policy *p = example_policy(MADE_CLASSIC);
	struct yaml_doc *concerns = yaml_of("etc/demo/concerns.yaml");
	struct script *s = NULL;
	size_t n = 0;

	(void)state;
	assert_int_equal(script_of_concerns(p, concerns, p->issued, &s, &n),
	    ERR_OK);
	assert_int_equal(n, 10);
	for (size_t i = 0; i < n; i++) {
		struct buf out = BUF_INIT(65536);
		struct simulation_sum sum;
		const char *text;

		assert_int_equal(simulate(p, &s[i], put_event, &out, &sum),
		    ERR_OK);
		buf_put_u8(&out, 0);
		text = (const char *)out.p;
		assert_int_equal(sum.state, CASE_RECEIVED);
		assert_int_equal(sum.overdue, 3);
		if (strstr(text, "partner-guardian may read") == NULL)
			fail_msg("%s:\n%s", s[i].id, text);
		buf_free(&out);
	}
	free(s);
	yaml_free(concerns);
	policy_free(p);
}

/* By hand, from the text of etc/policy-eu.yaml: seven days, three months. */
static const char eu_case[] =
    "filed: 2027-03-01 12:00\n"
    "answers: {subject: conduct, relation: student}\n"
    "actions: [{at: 2027-03-09 10:00, do: ack, by: audit-chair}]\n"
    "until: 2027-06-05 00:00\n";
static const char eu_timeline[] =
    "2027-03-01 12:00  filed on route designated in P3: designated-first and "
    "designated-second may read\n"
    "2027-03-06 12:00  rung 2, unacknowledged for 5 days: audit-chair and "
    "board-member may read\n"
    "2027-03-08 12:00  overdue: acknowledge\n"
    "2027-03-08 12:00  rung 5, breached for 0 hours: nobody who does not read "
    "it already\n"
    "2027-03-09 10:00  ack by audit-chair: acknowledged\n"
    "2027-03-15 12:00  overdue: triage\n"
    "2027-03-15 12:00  rung 5, breached for 0 hours: nobody who does not read "
    "it already\n"
    /* thirty working days after 9 March: not 17 nor 29 March */
    "2027-04-22 10:00  rung 6, no-movement for 30 working days: "
    "neighbour-first and neighbour-second may read\n"
    /* sixty days, in summer time */
    "2027-04-30 13:00  rung 3, no-update for 60 days: nobody who does not "
    "read it already\n"
    "2027-05-20 13:00  rung 4, unresolved for 80 days: nobody who does not "
    "read it already\n"
    "2027-05-30 13:00  overdue: update\n";

static void
test_times_of_the_eu_profile(void **state)
{
	char *yaml = file_text("etc/policy-eu.yaml");
	char *keys = keys_text(yaml, MADE_CLASSIC);
	struct policy *p = policy_of(yaml, keys);
	struct yaml_error problem = { 0 };
	struct yaml_doc *d = NULL;
	struct script *s = NULL;
	struct buf out = BUF_INIT(65536);
	struct simulation_sum sum;
	size_t n;

	(void)state;
	assert_int_equal(yaml_parse(bytes_str(eu_case), "c", &d, &problem),
	    ERR_OK);
	assert_int_equal(script_read(p, &london, d, NULL, &s, &n), ERR_OK);
	assert_int_equal(simulate(p, s, put_event, &out, &sum), ERR_OK);
	buf_put_u8(&out, 0);
	assert_string_equal((const char *)out.p, eu_timeline);
	buf_free(&out);
	free(s);
	yaml_free(d);
	policy_free(p);
	free(keys);
	free(yaml);
}

static const char marked_case[] =
    "filed: 2026-11-23 07:00\n"
    "answers: {subcategory: fatigue, about: [operations-director]}\n"
    "until: 2026-11-24 07:00\n"
    "actions:\n"
    "  - {after: 1 hour, do: ack, by: lead-guardian}\n"
    "  - {after: 1 hour, do: ack, by: ned-lead}\n"
    "  - {after: 1 hour, do: triage, by: ned-lead, band: P3}\n"
    "  - {after: 1 hour, do: handover, by: ned-lead,\n"
    "     from: senior-independent-director, person: coast-manager}\n";
/* The first answers to operations-director; with four who may read by the
 * route, the last would be the sixteenth. */
static const char *const assigned[] = { "investigator-operations",
	"lead-guardian", "deputy-guardian", "guardian-east", "guardian-west",
	"investigator-clinical", "investigator-conduct", "people-director",
	"chief-executive", "finance-director", "nursing-director",
	"safeguarding-lead", "patient-safety-lead" };
static const char *const refusals[] = {
	"08:00  refused: ack by lead-guardian: they do not read it\n",
	"11:00  refused: handover by ned-lead: the reporter left this person "
	"out\n",
	"12:00  refused: assign by ned-lead: the reporter left this person "
	"out\n",
	"00:00  refused: assign by ned-lead: there would be too many readers\n",
};

/* Nobody lets in whom the reporter left out, nor too many. */
static void
test_what_is_refused_changes_nothing(void **state)
{
	struct policy *p = example_policy(MADE_CLASSIC);
	struct yaml_error problem = { 0 };
	struct yaml_doc *d = NULL;
	struct script *s = NULL;
	struct buf in = BUF_INIT(8192), out = BUF_INIT(65536);
	struct simulation_sum sum;
	const char *at;
	size_t n;

	(void)state;
	buf_put_str(&in, marked_case);
	for (size_t i = 0; i < sizeof(assigned) / sizeof(assigned[0]); i++) {
		buf_put_str(&in,
		    "  - {after: 1 hour, do: assign, by: ned-lead, "
		    "investigate: no, says: yes, person: ");
		buf_put_str(&in, assigned[i]);
		buf_put_str(&in, "}\n");
	}
	assert_int_equal(yaml_parse(buf_bytes(&in), "c", &d, &problem), ERR_OK);
	if (script_read(p, &london, d, NULL, &s, &n) != ERR_OK)
		fail_msg("%s", yaml_error_of(d)->text);
	assert_int_equal(simulate(p, s, put_event, &out, &sum), ERR_OK);
	buf_put_u8(&out, 0);
	at = (const char *)out.p;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		if ((at = strstr(at, refusals[i])) == NULL)
			fail_msg("no %s\n%s", refusals[i], (const char *)out.p);
		at += strlen(refusals[i]);
	}
	assert_null(strstr(at, "refused"));
	buf_free(&in);
	buf_free(&out);
	free(s);
	yaml_free(d);
	policy_free(p);
}

/* One case with one fault, and the sentence that names it. */
static const struct {
	const char *yaml, *expected;
} faults[] = {
	{ "filed: 2026-11-23\n", "c:1:8: a time is written" },
	{ "filed: 2026-11-23 10:00\nanswer: {}\n",
	    "c:2:9: there is no \"answer\" here" },
	{ "filed: 2026-11-23 10:00\nanswers: {element: gossip}\n",
	    "c:2:20: \"gossip\" is no answer to element" },
	{ "filed: 2026-11-23 10:00\nanswers: {area: [coast, north]}\n",
	    "area takes only one answer" },
	{ "filed: 2026-11-23 10:00\nconcern: rota-gap\n",
	    "there is no concern \"rota-gap\"" },
	{ "filed: 2026-11-23 10:00\naway: [chair, chair]\n", "named twice" },
	{ "filed: 2026-11-23 10:00\nactions:\n  - {do: ack, by: chair}\n",
	    "an action has `at` or `after`" },
	{ "filed: 2026-11-23 10:00\nactions:\n"
	  "  - {at: 2026-11-23 09:00, do: ack, by: chair}\n",
	    "this is before the action before it" },
	{ "filed: 2026-11-23 10:00\nactions:\n"
	  "  - {after: 1 hour, do: applaud, by: chair}\n",
	    "\"applaud\" is no action" },
	{ "filed: 2026-11-23 10:00\nactions:\n"
	  "  - {after: 1 hour, do: notice, by: chair}\n",
	    "nobody does this to a case" },
	{ "filed: 2026-11-23 10:00\nactions:\n"
	  "  - {after: 1 hour, do: ack, by: reporter}\n",
	    "ack is not for the reporter to do" },
	{ "filed: 2026-11-23 10:00\nactions:\n"
	  "  - {after: 1 hour, do: triage, by: chair}\n",
	    "band is missing" },
	{ "filed: 2026-11-23 10:00\nactions:\n"
	  "  - {after: 1 hour, do: ack, by: chair, band: P1}\n",
	    "band has nothing to do with it" },
	{ "filed: 2026-11-23 10:00\nactions:\n"
	  "  - {after: 1 hour, do: route, by: chair, route: nowhere}\n",
	    "there is no route \"nowhere\"" },
};

static void
test_faults_of_a_case_are_named_with_their_place(void **state)
{
	struct policy *p = example_policy(MADE_CLASSIC);

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct yaml_error problem = { 0 };
		struct yaml_doc *d = NULL;
		struct script *s = NULL;
		size_t n;

		if (yaml_parse(bytes_str(faults[i].yaml), "c", &d, &problem) !=
		    ERR_OK)
			fail_msg("%s", problem.text);
		assert_int_equal(script_read(p, &london, d, NULL, &s, &n),
		    ERR_SYNTAX);
		if (strstr(yaml_error_of(d)->text, faults[i].expected) == NULL)
			fail_msg("\"%s\" is not \"%s\"", yaml_error_of(d)->text,
			    faults[i].expected);
		yaml_free(d);
	}
	policy_free(p);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_concern_goes_as_the_policy_says),
		cmocka_unit_test(
		    test_concerns_on_which_nobody_acts_climb_to_the_end),
		cmocka_unit_test(test_times_of_the_eu_profile),
		cmocka_unit_test(test_what_is_refused_changes_nothing),
		cmocka_unit_test(
		    test_faults_of_a_case_are_named_with_their_place),
	};

	if (argc != 2)
		return 2;
	source_root = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
