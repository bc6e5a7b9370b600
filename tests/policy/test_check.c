#include "tests/policy/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/codec.h"
#include "policy/check.h"

/* What a check said, one sentence a line behind its level. */
static void
collect(void *ctx, const struct check_finding *f)
{
	static const char *const names[] = { "error", "warning", "note" };

	buf_printf(ctx, "%s: %s\n", names[f->level], f->sentence);
}

static struct check_summary
check_text(const struct policy *p, char **ret_said)
{
	struct buf said = BUF_INIT(1024 * 1024);
	struct check_summary sum = { 0 };

	assert_int_equal(policy_check(p, collect, &said, &sum), ERR_OK);
	buf_put_u8(&said, 0);
	assert_int_equal(said.err, ERR_OK);
	*ret_said = strdup((const char *)said.p);
	buf_free(&said);
	return sum;
}

static void
expect_clean(const char *file, enum keys_made kind)
{
	char *yaml = file_text(file), *keys = keys_text(yaml, kind), *said;
	struct policy *p = policy_of(yaml, keys);
	struct check_summary sum = check_text(p, &said);

	if (sum.errors > 0 || sum.warnings > 0)
		fail_msg("%s: %s", file, said);
	assert_true(sum.combinations > 10);
	policy_free(p);
	free(said);
	free(keys);
	free(yaml);
}

static void
test_examples_are_without_errors_and_warnings(void **state)
{
	(void)state;
	expect_clean("etc/policy.yaml", MADE_CLASSIC);
	expect_clean("etc/policy.yaml", MADE_HYBRID);
	expect_clean("etc/policy-small.yaml", MADE_CLASSIC);
	expect_clean("etc/policy-small.yaml", MADE_HYBRID);
	expect_clean("etc/policy-eu.yaml", MADE_CLASSIC);
	expect_clean("etc/policy-eu.yaml", MADE_HYBRID);
}

static void
test_check_prints_what_route_and_band_give_away(void **state)
{
	struct policy *p = example_policy(MADE_CLASSIC);
	char *said;

	(void)state;
	(void)check_text(p, &said);
	assert_non_null(strstr(said,
	    "note: Route 3 in P1 tells the server: "
	    "subcategory is sexual-safety; or element is detriment.\n"));
	assert_non_null(strstr(said,
	    "note: Route 1 in P3 tells the server: "
	    "anything else.\n"));
	assert_non_null(strstr(said,
	    "note: Route 6 in P2 tells the server: "
	    "it is about ned or ned-lead or chair.\n"));
	assert_non_null(strstr(said,
	    "note: Route 9 tells the server: "
	    "sent without our software.\n"));
	assert_non_null(strstr(said, "note: Band P1 is notified at once"));
	policy_free(p);
	free(said);
}

/* One change to the example, and the sentence that must name it. */
static const struct {
	const char *from, *to, *expected;
} faults[] = {
	{ "  - if: {at-risk-now: yes}\n    route: urgent",
	    "  - route: general\n    band: P3\n"
	    "  - if: {at-risk-now: yes}\n    route: urgent",
	    "error: Rule 6 (at-risk-now is yes) is never the first that "
	    "holds." },
	/* hidden behind an earlier condition, not behind a default */
	{ "  - if: {subcategory: safeguarding}\n",
	    "  - if: {subcategory: safeguarding, at-risk-now: yes}\n",
	    "error: Rule 6 (subcategory is safeguarding and at-risk-now is "
	    "yes) is never the first that holds." },
	{ "first: [ned-lead, senior-independent-director]", "first: [ned-lead]",
	    "warning: With no answers and people-director marked, a concern "
	    "takes route board in P2; living readers at once: 1, with its "
	    "ladder: 3." },
	/* no rule sends a concern about a guardian elsewhere */
	{ "  - about: [guardian, deputy-guardian, lead-guardian]\n"
	  "    route: guardians",
	    "  - about: region-lead\n    route: guardians",
	    "lead-guardian marked, a concern takes route small-circle in P1; "
	    "living readers at once: 0, with its ladder: 4." },
	{ "      - {when: no-movement, after: 30 working days, join: "
	  "[ned-lead, senior-independent-director]}\n      - {when: "
	  "no-movement, after: 60 working days, join: [chair, "
	  "partner-guardian]}\n      - {when: unresolved, after: 70 working "
	  "days, tell: [people-director, ned-lead]}\n      - {when: "
	  "unresolved, after: 90 working days, join: [ned-lead, "
	  "senior-independent-director]}\n",
	    "",
	    "error: Route general, band P1: the ladder ends at rung 9, with "
	    "nobody outside the line of management of its first people." },
	{ "after: 30 working days, join: [ned-lead,",
	    "after: 70 working days, join: [ned-lead,",
	    "error: Route general runs backwards: rung 11 (no-movement after "
	    "60 working days) can come before rung 10 (after 70 working "
	    "days)." },
	/* in units that differ: five working days span a week's end */
	{ "{when: no-movement, after: 30 working days, join: [ned-lead,",
	    "{when: no-movement, after: 20 days, join: [ned-lead,",
	    "error: Route general runs backwards: rung 10 (no-movement after "
	    "20 days) can come before rung 9 (after 15 working days)." },
	{ "tell: [ned-lead, chair]}\n\n# In order",
	    "join: [ned-lead, chair]}\n\n# In order",
	    "warning: Route plain takes plain concerns, and nobody seals them "
	    "to rung 3, which joins." },
	{ "triage: {P1: 1 day,", "triage: {P1: 3 hours,",
	    "error: Deadlines run backwards: triage comes after acknowledge: "
	    "3 hours can be over before 4 hours." },
	/* only from the morning of a working day */
	{ "acknowledge: {P1: 4 hours, P2: 1 working day,",
	    "acknowledge: {P1: 20 hours, P2: 8 working hours,",
	    "error: Deadlines run backwards: acknowledge: 8 working hours can "
	    "be over before 20 hours." },
	{ "update: {P1: 10 working days,", "update: {P1: 11 working days,",
	    "error: Deadlines run backwards: update: 10 working days can be "
	    "over before 11 working days." },
	{ "tell: [people-director, chief-executive]}",
	    "tell: [people-director]}",
	    "warning: Route general, rung 9: living people on it: 1; there "
	    "should be two." },
	{ "join: [chair, partner-guardian]}", "join: [chair, region-lead]}",
	    "error: region-lead is to read on route general and has no "
	    "classic key on the day of issue." },
	{ "slug: guardian-west\n",
	    "slug: guardian-west\n    until: 2026-01-01\n",
	    "warning: With no answers and nobody marked, a concern takes "
	    "route general in P3; living readers at once: 1, with its "
	    "ladder: 7." },
	{ "first: [guardian]\n    recuse-line: yes\n    ladder:\n      "
	  "- {when: unacknowledged, after: 4 hours, bands: [P1], join: [lead-guardian",
	    "first: [guardian-east]\n    recuse-line: yes\n    ladder:\n      "
	    "- {when: unacknowledged, after: 4 hours, bands: [P1], join: "
	    "[lead-guardian",
	    "warning: With no answers and nobody marked, a concern takes "
	    "route general in P3; living readers at once: 1, with its "
	    "ladder: 7." },
	{ "first: [ned-lead, senior-independent-director, chair, "
	  "partner-guardian]",
	    "first: [ned-lead, region-lead]",
	    "error: With no answers and ned-lead marked, a concern takes "
	    "route non-executives in P2; living readers, even with its whole "
	    "ladder: 0." },
	{ "[chair, partner-guardian]}\n      - {when: untriaged, after: 5 "
	  "working days, tell: [chair, partner-guardian]}\n      - {when: "
	  "no-movement, after: 30 working days, tell: [chair, region-lead]}"
	  "\n      - {when: unresolved, after: 70 working days, tell: [chair, "
	  "region-lead]}\n      - {when: unresolved, after: 90 working days, "
	  "join: [chair, partner-guardian]}",
	    "[chair, partner-guardian]}\n      - {when: no-movement, after: "
	    "30 working days, tell: [nursing-director, finance-director]}",
	    "warning: With no answers and chief-executive marked, a concern "
	    "takes route board in P2, whose ladder then ends at rung 3 with "
	    "nobody outside the line of management of its first people." },
	{ "close-needs-second: [P1, P2]", "close-needs-second: [P2]",
	    "warning: In P1 one person alone can close a case." },
	{ "close-after-days: 60", "close-after-days: 40",
	    "warning: A silent reporter is asked again after 40 days, and the "
	    "case is closed after 40." },
	{ "mailbox-days: 365", "mailbox-days: 364",
	    "warning: The reporter is asked how they are treated after 365 "
	    "days, and the mailbox is kept for 364." },
	{ "ladder:\n      - {when: unacknowledged, after: 2 working days, "
	  "tell: [chief-executive, region-lead]}\n      - {when: no-movement, "
	  "after: 30 working days, tell: [chief-executive, region-lead]}\n"
	  "      - {when: unresolved, after: 70 working days, tell: "
	  "[chief-executive, region-lead]}\n",
	    "ladder: []\n",
	    "error: Route non-executives has no ladder in band P1: what "
	    "nobody acts on stays there." },
};

static void
test_each_fault_is_found_and_named(void **state)
{
	char *sample = file_text("etc/policy.yaml");
	char *keys = keys_text(sample, MADE_CLASSIC), *said;

	(void)state;
	free(sample);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		char *yaml = with(file_text("etc/policy.yaml"), faults[i].from,
		    faults[i].to);
		struct policy *p = policy_of(yaml, keys);

		(void)check_text(p, &said);
		if (strstr(said, faults[i].expected) == NULL)
			fail_msg("fault %zu: \"%s\" is not in:\n%s", i,
			    faults[i].expected, said);
		free(said);
		policy_free(p);
		free(yaml);
	}
	free(keys);
}

/* Small, without executives: an investigation whose findings are of conduct
 * waits for a review that nobody may chair. */
static const char guardians_only[] =
    "format: 1\nserial: 1\norganisation: O\nissued: 2026-11-21\n"
    "warn-after: 30 days\nrefuse-after: 60 days\n"
    "calendar:\n  zone: Europe/London\n  working-days: [monday]\n"
    "  working-hours: 09:00-17:00\n"
    "people:\n"
    "  - {number: 1, slug: g, name: G, role: guardian}\n"
    "  - {number: 2, slug: h, name: H, role: guardian}\n"
    "  - {number: 3, slug: x, name: X, role: external}\n"
    "  - {number: 4, slug: y, name: Y, role: external}\n"
    "  - {number: 5, slug: i, name: I, role: investigator}\n"
    "form:\n  - {field: about, kind: people, ask: A}\n"
    "routes:\n  - number: 1\n    slug: a\n    title: A\n    keys: best\n"
    "    first: [g, h]\n    recuse-line: yes\n    ladder:\n"
    "      - {when: no-movement, after: 2 days, join: [x, y]}\n"
    "rules:\n  - {route: a, band: P3}\n"
    "deadlines: {acknowledge: 2 days}\n"
    "outside:\n  - {name: N, text: T, contact: C}\n"
    "crisis:\n  - {name: N, text: T, contact: C}\n";

static void
expect_said(const char *yaml, const char *expected)
{
	char *keys = keys_text(yaml, MADE_CLASSIC), *said;
	struct policy *p = policy_of(yaml, keys);

	(void)check_text(p, &said);
	if (strstr(said, expected) == NULL)
		fail_msg("\"%s\" is not in:\n%s", expected, said);
	policy_free(p);
	free(said);
	free(keys);
}

static void
test_cases_that_get_stuck_are_found(void **state)
{
	char *yaml = strdup(guardians_only);

	(void)state;
	expect_said(yaml,
	    "error: With no answers and nobody marked, a concern takes route a "
	    "in P3; once it is reported with findings of conduct, nobody who "
	    "reads it or could be given it may bring it to its end.");
	/* marked, the only executive is no way out */
	yaml = with(yaml, "name: Y, role: external", "name: Y, role: ned");
	expect_said(yaml,
	    "error: With no answers and y marked, a concern takes route a in "
	    "P3; once it is reported");
	/* without investigations there are no findings */
	yaml = with(yaml, "name: I, role: investigator",
	    "name: I, role: external");
	expect_said(yaml,
	    "note: Nobody who could read is an investigator: no case can be "
	    "investigated.");
	free(yaml);
}

/* n externals named on a line of the ladder, in rungs of eight. */
static char *
many_people(unsigned n, const char *verb)
{
	char *yaml = strdup(guardians_only);
	struct buf people = BUF_INIT(65536), rungs = BUF_INIT(65536);

	for (unsigned i = 0; i < n; i++) {
		buf_printf(&people,
		    "  - {number: %u, slug: e%u, name: E, role: external}\n",
		    10 + i, i);
		if (i % 8 == 0)
			buf_printf(&rungs,
			    "%s      - {when: no-movement, after: %u days, %s: "
			    "[",
			    i == 0 ? "" : "]}\n", 3 + i, verb);
		buf_printf(&rungs, "%se%u", i % 8 == 0 ? "" : ", ", i);
	}
	buf_put_str(&people, "form:\n");
	buf_put_str(&rungs, "]}\nrules:\n");
	buf_put_u8(&people, 0);
	buf_put_u8(&rungs, 0);
	yaml = with(yaml, "form:\n", (const char *)people.p);
	yaml = with(yaml, "rules:\n", (const char *)rungs.p);
	buf_free(&people);
	buf_free(&rungs);
	return yaml;
}

static void
test_limits_of_people_are_checked_at_their_edge(void **state)
{
	static const char *const told =
	    "error: Route a tells more than 32 people, with all its rungs.";
	static const char *const full =
	    "warning: Route a has 15 readers, with all its rungs: a case on "
	    "it cannot be given to anybody else.";
	char *yaml = many_people(33, "tell"), *keys, *said;
	struct policy *p;

	(void)state;
	expect_said(yaml, told);
	free(yaml);
	yaml = many_people(32, "tell");
	keys = keys_text(yaml, MADE_CLASSIC);
	p = policy_of(yaml, keys);
	(void)check_text(p, &said);
	assert_null(strstr(said, told));
	policy_free(p);
	free(said);
	free(keys);
	free(yaml);
	yaml = many_people(11, "join");
	expect_said(yaml, full);
	free(yaml);
	yaml = many_people(12, "join");
	expect_said(yaml, "error: Route a has more than 15 readers");
	free(yaml);
}

static void
test_routes_between_which_a_case_cannot_move_are_found(void **state)
{
	char *yaml = many_people(7, "join");

	(void)state;
	yaml = with(yaml, "rules:\n",
	    "  - number: 2\n    slug: b\n    title: "
	    "B\n    keys: best\n    first: [i, e5]\n    recuse-line: yes\n"
	    "    ladder:\n      - {when: no-movement, after: 2 days, join: "
	    "[e6, f0, f1, f2, f3, f4]}\nrules:\n  - {about: x, route: b, "
	    "band: P2}\n");
	for (char c = '0'; c < '5'; c++) {
		char line[80];

		(void)snprintf(line, sizeof(line),
		    "  - {number: 9%c, slug: f%c, name: F, role: "
		    "external}\nform:\n",
		    c, c);
		yaml = with(yaml, "form:\n", line);
	}
	expect_said(yaml,
	    "warning: A case on route a cannot take route b: it would have "
	    "more than 15 readers.");
	free(yaml);
}

static void
test_too_many_readers_are_found(void **state)
{
	struct buf people = BUF_INIT(YAML_SIZE_MAX);
	char *yaml, *keys, *said;
	struct policy *p;

	(void)state;
	for (unsigned i = 30; i < 40; i++)
		buf_printf(&people,
		    "  - {number: %u, slug: ned-%u, name: N, role: ned}\n", i,
		    i);
	buf_put_str(&people, "\n# Nothing is asked twice");
	buf_put_u8(&people, 0);
	yaml = with(file_text("etc/policy.yaml"), "\n# Nothing is asked twice",
	    (const char *)people.p);
	yaml = with(yaml, "join: [chair, partner-guardian]}", "join: [ned]}");
	keys = keys_text(yaml, MADE_CLASSIC);
	p = policy_of(yaml, keys);
	(void)check_text(p, &said);
	assert_non_null(strstr(said,
	    "error: Route general has more than 15 "
	    "readers, with all its rungs."));
	policy_free(p);
	free(said);
	free(keys);
	free(yaml);
	buf_free(&people);
}

/* --- beside the policy before --- */

static void
take_out(struct policy *p, uint16_t number)
{
	for (size_t i = 0; i + 1 < p->n_people; i++)
		if (p->people[i].number >= number)
			p->people[i] = p->people[i + 1];
	p->n_people--;
}

static void
gone(struct policy *p)
{
	take_out(p, 2);
}

static void
leaves(struct policy *p)
{
	p->people[1].until = 20800;
}

static void
nobodys_reader(struct policy *p)
{
	take_out(p, 4); /* on no route */
}

static void
renamed(struct policy *p)
{
	strcpy(p->people[1].slug, "leila-before-she-married");
}

static void
somebody_else(struct policy *p)
{
	renamed(p);
	p->people[1].keys[0].sign_pub[0] ^= 1;
}

static void
new_key(struct policy *p)
{
	p->people[1].keys[0].sign_pub[0] ^= 1;
}

static void
off_the_route(struct policy *p)
{
	p->routes[0].n_first = 1;
}

static void
route_is_gone(struct policy *p)
{
	p->n_routes--;
}

static const struct {
	void (*change)(struct policy *p);
	const char *expected; /* NULL: nothing is said */
} changes[] = {
	{ gone,
	    "error: guardian-second was on route guardians and is not in "
	    "this policy any more" },
	{ somebody_else,
	    "error: Number 2 was that of guardian-second, on "
	    "route guardians, and is now that of" },
	{ off_the_route,
	    "warning: guardian-second was on route guardians "
	    "and is not any more" },
	{ route_is_gone,
	    "is not in this policy any more: nobody can write on its open "
	    "cases, their reporters neither, and no rung of theirs is "
	    "reached." },
	{ leaves, NULL },
	{ nobodys_reader, NULL },
	{ renamed, NULL },
	{ new_key, NULL },
};

static void
test_who_could_write_on_a_route_stays_in_the_policy(void **state)
{
	char *yaml = file_text("etc/policy-small.yaml");
	char *keys = keys_text(yaml, MADE_CLASSIC);
	struct policy *old = policy_of(yaml, keys);

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct policy *new = policy_of(yaml, keys);
		struct buf said = BUF_INIT(64 * 1024);
		struct check_summary sum = { 0 };

		changes[i].change(new);
		policy_check_change(old, new, collect, &said, &sum);
		buf_put_u8(&said, 0);
		if (changes[i].expected == NULL)
			assert_int_equal(said.n, 1);
		else if (strstr((char *)said.p, changes[i].expected) == NULL)
			fail_msg("change %zu: %s", i, (char *)said.p);
		assert_int_equal(said.n > 1, sum.errors + sum.warnings > 0);
		buf_free(&said);
		policy_free(new);
	}
	policy_free(old);
	free(keys);
	free(yaml);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples_are_without_errors_and_warnings),
		cmocka_unit_test(
		    test_check_prints_what_route_and_band_give_away),
		cmocka_unit_test(test_each_fault_is_found_and_named),
		cmocka_unit_test(test_cases_that_get_stuck_are_found),
		cmocka_unit_test(
		    test_limits_of_people_are_checked_at_their_edge),
		cmocka_unit_test(
		    test_routes_between_which_a_case_cannot_move_are_found),
		cmocka_unit_test(test_too_many_readers_are_found),
		cmocka_unit_test(
		    test_who_could_write_on_a_route_stays_in_the_policy),
	};

	if (argc != 2)
		return 2;
	source_root = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
