#include "tests/policy/support.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/codec.h"
#include "policy/diff.h"
#include "policy/explain.h"

/* --- explain --- */

static uint16_t
number(const struct policy *p, const char *slug)
{
	return policy_person_by_slug(p, slug)->number;
}

static void
answer(const struct policy *p, uint64_t *mask, const char *field,
    const char *option)
{
	const struct policy_field *f = policy_field(p, field);

	mask[f - p->form] |= UINT64_C(1)
	    << (policy_option(f, option) - f->options);
}

static char *
explained(const struct policy *p, const uint64_t *mask, uint16_t marked)
{
	struct buf out = BUF_INIT(65536);
	struct explanation x;
	char *text;

	assert_int_equal(
	    explain(p, mask, &marked, marked != 0, p->issued / DAY_SECONDS, &x),
	    ERR_OK);
	explain_put(&x, &out);
	buf_put_u8(&out, 0);
	assert_int_equal(out.err, ERR_OK);
	text = strdup((const char *)out.p);
	buf_free(&out);
	return text;
}

static void
expect_in(const char *text, const char *const *expected)
{
	for (; *expected != NULL; expected++)
		if (strstr(text, *expected) == NULL)
			fail_msg("\"%s\" is not in:\n%s", *expected, text);
}

static void
test_explain_says_who_reads_when_and_who_never(void **state)
{
	static const char *const expected[] = {
		"It takes route 5, board (About an executive), and starts in "
		"band P2, by rule 2: it is about executive or executive-lead "
		"or chief-executive.\nAt once it can be read by:\n"
		"  ned-lead: Grace Amankwah (Non-executive director, lead for "
		"speaking up)\n  senior-independent-director: ",
		"Rung 1, if nobody has acknowledged it within 1 working day "
		"(only once it is in P1): it can be read by\n  chair: ",
		"Rung 2, if nobody has acknowledged it within 2 working days: "
		"it can be read by\n  chair: Farida Sultani (Chair of the "
		"board)\n  partner-guardian: ",
		"Rung 3, if nobody has decided how urgent it is within 5 "
		"working days: these are told that it is overdue, and cannot "
		"read it:\n  chair: ",
		"Rung 4, if nothing has moved for 30 working days: these are "
		"told that it is overdue, and cannot read it:\n  chair: Farida "
		"Sultani (Chair of the board)\n  region-lead:",
		"  finance-director: Colin Barrow (Director of Finance), who "
		"is marked\n  counter-fraud-specialist: Imran Qureshi (Local "
		"counter-fraud specialist), who reports to finance-director\n",
		"Deadlines in P2:\n  acknowledge: 1 working day\n  triage: 2 "
		"working days\n",
		"is asked again after 10, 20 and 40 days.\nAfter 60 days of "
		"silence its readers are told, since two people must close "
		"it.\n",
		"It is closed by two people, never by one alone.\n",
		NULL,
	};
	struct policy *p = example_policy(MADE_CLASSIC);
	uint64_t mask[POLICY_FIELDS_MAX] = { 0 };
	char *text;

	(void)state;
	answer(p, mask, "subcategory", "fraud");
	text = explained(p, mask, number(p, "finance-director"));
	expect_in(text, expected);
	assert_null(strstr(text, "\n  people-director"));
	free(text);
	policy_free(p);
}

static void
test_explain_says_who_is_named_and_not_there(void **state)
{
	static const char *const expected[] = {
		"guardian-west is named on this route, and has left.\n",
		"After 60 days of silence it is closed, with notice.\n",
		"It is closed by one person.\n",
		NULL,
	};
	char *yaml = with(file_text("etc/policy.yaml"), "slug: guardian-west\n",
	    "slug: guardian-west\n    until: 2026-01-01\n");
	char *keys = keys_text(yaml, MADE_CLASSIC), *text;
	uint64_t mask[POLICY_FIELDS_MAX] = { 0 };
	struct policy *p;

	(void)state;
	yaml = with(yaml, "first: [guardian]",
	    "first: [guardian-east, guardian-west]");
	p = policy_of(yaml, keys);
	text = explained(p, mask, 0);
	expect_in(text, expected);
	assert_null(strstr(text, "left out"));
	free(text);
	policy_free(p);
	free(keys);
	free(yaml);
}

static void
test_explain_sums_up_each_route(void **state)
{
	static const char *const expected[] = {
		"Route 4, money (Guardian and counter-fraud specialist)\n"
		"  taken, in P2, by rule 10: subcategory is fraud\n"
		"  at once: lead-guardian, deputy-guardian and "
		"counter-fraud-specialist\n"
		"  rung 1, if nobody has acknowledged it within 1 working day, "
		"in all bands: ned-lead and senior-independent-director are "
		"told\n",
		"  taken, in P3, by what is sent without our software\n",
		NULL,
	};
	struct policy *p = example_policy(MADE_CLASSIC);
	struct buf out = BUF_INIT(65536);

	(void)state;
	explain_routes(p, &out);
	buf_put_u8(&out, 0);
	assert_int_equal(out.err, ERR_OK);
	expect_in((const char *)out.p, expected);
	buf_free(&out);
	policy_free(p);
}

/* --- diff --- */

static void
collect(void *ctx, enum diff_part part, const char *sentence)
{
	buf_printf(ctx, "%s: %s\n", diff_part_name(part), sentence);
}

/* clang-format off */
/* What changes when the first text of the example becomes the second. */
static const struct {
	const char *from, *to, *expected;
	uint64_t moved;
} changes[] = {
	{ "slug: guardian-west\n",
	    "slug: guardian-west\n    until: 2027-02-01\n",
	    "people: guardian-west is gone from 2027-02-01 on.\n", 0 },
	{ "title: HR business partner\n    role: hr\n"
	  "    reports-to: people-director",
	    "title: HR business partner\n    role: hr\n"
	    "    reports-to: finance-director",
	    "people: hr-partner reports to finance-director, before to "
	    "people-director.\n", 0 },
	{ "title: HR business partner\n    role: hr\n"
	  "    reports-to: people-director",
	    "title: HR business partner\n    role: hr\n"
	    "    reports-to: finance-director",
	    "exclusions: When finance-director is marked, their line of "
	    "management includes hr-partner now.\n", 0 },
	{ "number: 24\n    slug: region-lead", "number: 25\n    slug: "
	  "region-lead",
	    "people: region-lead is not in it any more: what they wrote "
	    "cannot be checked. An `until` would end their part.\n", 0 },
	{ "after: 15 working days, tell: [people-director, chief-executive]",
	    "after: 15 working days, tell: [people-director, chair]",
	    "routes: Route general, to be told if nothing has moved for 15 "
	    "working days, in all bands: chair comes on.\nroutes: Route "
	    "general, to be told if nothing has moved for 15 working days, in "
	    "all bands: chief-executive goes off.\n", 0 },
	{ "after: 60 working days, join: [chair, partner-guardian]}",
	    "after: 50 working days, join: [chair, partner-guardian]}",
	    "routes: Route general, to read if nothing has moved for 50 "
	    "working days, in all bands: before it was 60 working days.\n", 0 },
	/* by hand: of the eight ways to answer element (of three classes) the
	 * four without detriment, with nobody or one of the twelve marked
	 * whom no earlier rule is about: 4 times 13 */
	{ "if: {subcategory: fraud}", "if: {subcategory: [fraud, records]}",
	    "take route money in P2, before general in P4. With element none, "
	    "subcategory records and nobody marked, for one.\n", 52 },
	{ "acknowledge: {P1: 4 hours", "acknowledge: {P1: 2 hours",
	    "times: The deadline acknowledge in P1: 2 hours, before 4 "
	    "hours.\n", 0 },
	{ "    - 2028-08-28\n", "    - 2028-08-29\n",
	    "times: There is new working time on 1 days, first on "
	    "2028-08-28.\n", 0 },
	{ "close-needs-second: [P1, P2]", "close-needs-second: [P1]",
	    "limits: Closed only by two people: P1, before P1 and P2.\n", 0 },
	{ "prompt-days: [10, 20, 40]", "prompt-days: [10, 20]",
	    "limits: Days after which a silent reporter is asked again: 10, "
	    "20, before 10, 20, 40.\n", 0 },
	{ "      records: Records\n", "",
	    "form: subcategory cannot be answered with records any more.\n",
	    0 },
	{ "plain: {route: plain, band: P3}", "plain: {route: plain, band: P2}",
	    "concerns: What is sent without our software takes route plain in "
	    "P2.\n", 0 },
};
/* clang-format on */

static void
test_diff_says_what_changes_for_people(void **state)
{
	char *before = file_text("etc/policy.yaml");
	char *keys = keys_text(before, MADE_CLASSIC);
	struct policy *old = policy_of(before, keys);

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		char *yaml = with(file_text("etc/policy.yaml"), changes[i].from,
		    changes[i].to);
		struct policy *new = policy_of(yaml, keys);
		struct buf said = BUF_INIT(65536);
		struct diff_summary sum;

		assert_int_equal(policy_diff(old, new, collect, &said, &sum),
		    ERR_OK);
		buf_put_u8(&said, 0);
		if (strstr((const char *)said.p, changes[i].expected) == NULL)
			fail_msg("change %zu: \"%s\" is not in:\n%s", i,
			    changes[i].expected, (const char *)said.p);
		assert_int_equal(sum.moved, changes[i].moved);
		assert_true(sum.said > 0);
		buf_free(&said);
		policy_free(new);
		free(yaml);
	}
	policy_free(old);
	free(keys);
	free(before);
}

/* Its rule leads elsewhere, and the route itself goes. */
static char *
without_money(void)
{
	char *yaml =
	    with(file_text("etc/policy.yaml"), "    route: money\n    band: P2",
		"    route: general\n    band: P2");
	char *from = strstr(yaml, "  - number: 4\n    slug: money\n");
	char *to = strstr(yaml, "  - number: 5\n    slug: board\n");

	assert_true(from != NULL && to > from);
	memmove(from, to, strlen(to) + 1);
	return yaml;
}

static void
test_diff_says_what_becomes_of_cases_whose_route_goes(void **state)
{
	char *before = file_text("etc/policy.yaml"), *after = without_money();
	char *keys = keys_text(before, MADE_CLASSIC);
	struct policy *old = policy_of(before, keys);
	struct policy *new = policy_of(after, keys);
	struct buf said = BUF_INIT(65536);
	struct diff_summary sum;

	(void)state;
	assert_int_equal(policy_diff(old, new, collect, &said, &sum), ERR_OK);
	buf_put_u8(&said, 0);
	assert_non_null(strstr((const char *)said.p,
	    "routes: Route 4, money, is gone. Its open cases are stuck: nobody "
	    "can write on them any more, their reporters neither; no rung is "
	    "reached, whatever is overdue.\n"));
	assert_int_equal(sum.gone, 1);
	/* a new route sticks nobody */
	assert_int_equal(policy_diff(new, old, collect, &said, &sum), ERR_OK);
	assert_int_equal(sum.gone, 0);
	buf_free(&said);
	policy_free(new);
	policy_free(old);
	free(keys);
	free(after);
	free(before);
}

static void
test_diff_of_a_policy_with_itself_says_nothing(void **state)
{
	struct policy *p = example_policy(MADE_HYBRID);
	struct buf said = BUF_INIT(1024);
	struct diff_summary sum;

	(void)state;
	assert_int_equal(policy_diff(p, p, collect, &said, &sum), ERR_OK);
	assert_int_equal(sum.said, 0);
	assert_int_equal(said.n, 0);
	assert_true(sum.combinations > 1000);
	policy_free(p);
}

static void
test_diff_sees_other_keys(void **state)
{
	char *yaml = file_text("etc/policy-small.yaml");
	char *classic = keys_text(yaml, MADE_CLASSIC);
	char *hybrid = keys_text(yaml, MADE_HYBRID);
	struct policy *old = policy_of(yaml, classic);
	struct policy *new = policy_of(yaml, hybrid);
	struct buf said = BUF_INIT(65536);
	struct diff_summary sum;

	(void)state;
	assert_int_equal(policy_diff(old, new, collect, &said, &sum), ERR_OK);
	buf_put_u8(&said, 0);
	assert_non_null(strstr((const char *)said.p,
	    "keys: guardian-first has a hybrid key now.\n"));
	assert_non_null(strstr((const char *)said.p,
	    "routes: Route guardians has hybrid keys, before classic.\n"));
	buf_free(&said);
	policy_free(new);
	policy_free(old);
	free(hybrid);
	free(classic);
	free(yaml);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_explain_says_who_reads_when_and_who_never),
		cmocka_unit_test(test_explain_says_who_is_named_and_not_there),
		cmocka_unit_test(test_explain_sums_up_each_route),
		cmocka_unit_test(test_diff_says_what_changes_for_people),
		cmocka_unit_test(
		    test_diff_says_what_becomes_of_cases_whose_route_goes),
		cmocka_unit_test(
		    test_diff_of_a_policy_with_itself_says_nothing),
		cmocka_unit_test(test_diff_sees_other_keys),
	};

	if (argc != 2)
		return 2;
	source_root = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
