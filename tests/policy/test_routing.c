#include "tests/policy/support.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/codec.h"
#include "policy/members.h"
#include "policy/route.h"

#define ANSWERS_MAX 32

/* One case of tests/cases/routing.yaml. */
struct routing_case {
	const char *id;
	struct manifest_answer answer[ANSWERS_MAX];
	size_t n_answers;
	uint16_t marked[8];
	size_t n_marked;
};

static void
add_answer(struct routing_case *c, const char *field, const char *value)
{
	struct manifest_answer *a = &c->answer[c->n_answers++];

	assert_true(c->n_answers <= ANSWERS_MAX);
	assert_true(strlen(field) < sizeof(a->field));
	assert_true(strlen(value) < sizeof(a->value));
	strncpy(a->field, field, sizeof(a->field) - 1);
	strncpy(a->value, value, sizeof(a->value) - 1);
}

static uint16_t
number_of(const struct policy *p, const char *slug)
{
	const struct policy_person *who = policy_person_by_slug(p, slug);

	if (who == NULL)
		fail_msg("no person %s", slug);
	return who != NULL ? who->number : 0;
}

static void
read_case(const struct policy *p, const struct yaml_node *at,
    struct routing_case *c)
{
	const struct yaml_node *marked = yaml_get(at, "marked");

	c->id = yaml_get(at, "id")->text;
	for (const struct yaml_node *a = yaml_get(at, "answers")->first;
	     a != NULL; a = a->next) {
		if (a->kind == YAML_TEXT)
			add_answer(c, a->key, a->text);
		for (const struct yaml_node *v = a->first; v != NULL;
		     v = v->next)
			add_answer(c, a->key, v->text);
	}
	for (const struct yaml_node *m = marked != NULL ? marked->first : NULL;
	     m != NULL; m = m->next)
		c->marked[c->n_marked++] = number_of(p, m->text);
}

/* Each rung's list, in order, is exactly what was computed. */
static void
expect_members(const struct policy *p, const char *id,
    const struct yaml_node *rungs, const struct member *got, size_t n)
{
	size_t i = 0;

	for (const struct yaml_node *r = rungs->first; r != NULL; r = r->next)
		for (const struct yaml_node *who = r->first; who != NULL;
		     who = who->next, i++) {
			uint16_t person = number_of(p, who->text);

			if (i >= n || got[i].person != person ||
			    got[i].rung != strtoul(r->key, NULL, 10))
				fail_msg("%s: %s at %s is not the next: "
					 "%u at %u is",
				    id, who->text, r->key,
				    i < n ? got[i].person : 0,
				    i < n ? got[i].rung : 0);
		}
	if (i != n)
		fail_msg("%s: %zu people, not %zu", id, n, i);
}

static void
expect_excluded(const struct policy *p, const struct routing_case *c,
    const struct policy_route *r, const struct yaml_node *list)
{
	uint16_t got[POLICY_PEOPLE_MAX];
	size_t n = 0, i = 0;

	assert_int_equal(exclusions_close(p, r, c->marked, c->n_marked, got,
			     POLICY_PEOPLE_MAX, &n),
	    ERR_OK);
	for (const struct yaml_node *x = list->first; x != NULL;
	     x = x->next, i++)
		if (i >= n || got[i] != number_of(p, x->text))
			fail_msg("%s: %s is not left out", c->id, x->text);
	if (i != n)
		fail_msg("%s: %zu people left out, not %zu", c->id, n, i);
}

static void
expect_case(const struct policy *p, const struct yaml_node *at)
{
	struct routing_case c = { 0 };
	struct route_choice choice;
	const struct policy_route *r;
	struct member got[POLICY_PEOPLE_MAX];
	const struct yaml_node *told = yaml_get(at, "told");
	const struct yaml_node *excluded = yaml_get(at, "excluded");
	int64_t day = p->issued / DAY_SECONDS;
	size_t n = 0;

	read_case(p, at, &c);
	assert_int_equal(
	    route_pick(p, c.answer, c.n_answers, c.marked, c.n_marked, &choice),
	    ERR_OK);
	r = policy_route(p, choice.route);
	assert_non_null(r);
	if (strcmp(r->slug, yaml_get(at, "route")->text) != 0 ||
	    yaml_get(at, "band")->text[1] - '0' != choice.band)
		fail_msg("%s: goes to %s, P%u", c.id, r->slug, choice.band);
	assert_int_equal(members_compute(p, r, c.marked, c.n_marked, day, got,
			     MEMBERS_MAX, &n),
	    ERR_OK);
	expect_members(p, c.id, yaml_get(at, "members"), got, n);
	for (size_t i = 0; i < n; i++)
		assert_non_null(members_recipient(p, r, got[i].person, day));
	if (told != NULL) {
		assert_int_equal(members_told(p, r, c.marked, c.n_marked, day,
				     got, POLICY_PEOPLE_MAX, &n),
		    ERR_OK);
		expect_members(p, c.id, told, got, n);
	}
	if (excluded != NULL)
		expect_excluded(p, &c, r, excluded);
}

static void
expect_cases(enum keys_made kind)
{
	char *text = file_text("tests/cases/routing.yaml");
	struct policy *p = example_policy(kind);
	struct yaml_doc *d = NULL;
	struct yaml_error error;
	size_t n = 0;

	if (yaml_parse(bytes_str(text), "routing.yaml", &d, &error) != ERR_OK)
		fail_msg("%s", error.text);
	for (const struct yaml_node *at = yaml_root(d)->first; at != NULL;
	     at = at->next, n++)
		expect_case(p, at);
	assert_true(n >= 20);
	yaml_free(d);
	policy_free(p);
	free(text);
}

static void
test_cases_written_by_hand_hold_with_classic_keys(void **state)
{
	(void)state;
	expect_cases(MADE_CLASSIC);
}

static void
test_cases_written_by_hand_hold_with_hybrid_keys(void **state)
{
	(void)state;
	expect_cases(MADE_HYBRID);
}

/* The sample concerns answer with options of the form, and start in the band
 * that they say. */
static void
test_ten_concerns_start_in_their_band(void **state)
{
	static const char *const not_answers[] = { "id", "band", "about",
		"text" };
	char *text = file_text("etc/demo/concerns.yaml");
	struct policy *p = example_policy(MADE_CLASSIC);
	struct yaml_doc *d = NULL;
	struct yaml_error error;
	size_t n = 0;

	(void)state;
	if (yaml_parse(bytes_str(text), "concerns.yaml", &d, &error) != ERR_OK)
		fail_msg("%s", error.text);
	for (const struct yaml_node *at = yaml_root(d)->first; at != NULL;
	     at = at->next, n++) {
		struct routing_case c = { .id = yaml_get(at, "id")->text };
		const struct yaml_node *about = yaml_get(at, "about");
		struct route_choice choice;

		for (const struct yaml_node *a = at->first; a != NULL;
		     a = a->next) {
			bool skip = false;

			for (size_t i = 0; i < 4; i++)
				skip |= strcmp(a->key, not_answers[i]) == 0;
			if (skip)
				continue;
			if (a->kind == YAML_TEXT)
				add_answer(&c, a->key, a->text);
			for (const struct yaml_node *v = a->first; v != NULL;
			     v = v->next)
				add_answer(&c, a->key, v->text);
		}
		if (about != NULL)
			c.marked[c.n_marked++] =
			    number_of(p, about->first->text);
		if (route_pick(p, c.answer, c.n_answers, c.marked, c.n_marked,
			&choice) != ERR_OK)
			fail_msg("%s: not answers of this form", c.id);
		if (choice.band != yaml_get(at, "band")->text[1] - '0')
			fail_msg("%s: starts in P%u", c.id, choice.band);
	}
	assert_int_equal(n, 10);
	yaml_free(d);
	policy_free(p);
	free(text);
}

static const struct {
	const char *answers[3][2];
	uint16_t marked;
	enum err expected;
} refused[] = {
	{ { { "colour", "red" } }, 0, ERR_NOT_FOUND },
	{ { { "element", "weather" } }, 0, ERR_NOT_FOUND },
	{ { { "about", "finance-director" } }, 0, ERR_NOT_FOUND },
	{ { { "area", "coast" }, { "area", "north" } }, 0, ERR_SYNTAX },
	{ { { "element", "bullying" }, { "element", "bullying" } }, 0,
	    ERR_SYNTAX },
	{ { { NULL } }, 999, ERR_NOT_FOUND },
	{ { { "element", "bullying" }, { "element", "attitudes" } }, 13,
	    ERR_OK },
};

static void
test_answers_outside_the_form_are_refused(void **state)
{
	struct policy *p = example_policy(MADE_CLASSIC);
	struct route_choice choice = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct routing_case c = { 0 };

		for (size_t k = 0; refused[i].answers[k][0] != NULL; k++)
			add_answer(&c, refused[i].answers[k][0],
			    refused[i].answers[k][1]);
		c.marked[0] = refused[i].marked;
		assert_int_equal(route_pick(p, c.answer, c.n_answers, c.marked,
				     refused[i].marked != 0, &choice),
		    refused[i].expected);
	}
	policy_free(p);
}

/* A key that ends, a person who leaves: no envelope from that day on. */
static void
test_who_left_or_has_no_key_that_day_is_no_member(void **state)
{
	char *yaml = file_text("etc/policy.yaml");
	char *keys = keys_text(yaml, MADE_CLASSIC);
	struct member got[MEMBERS_MAX];
	const struct policy_route *r;
	struct policy *p;
	int64_t day;
	size_t n = 0;

	(void)state;
	yaml = with(yaml, "slug: guardian-west\n",
	    "slug: guardian-west\n    until: 2027-02-01\n");
	p = policy_of(yaml, keys);
	r = policy_route(p, 1);
	assert_int_equal(day_parse(BYTES_LIT("2027-01-31"), &day), ERR_OK);
	assert_int_equal(
	    members_compute(p, r, NULL, 0, day, got, MEMBERS_MAX, &n), ERR_OK);
	assert_int_equal(n, 8);
	assert_int_equal(
	    members_compute(p, r, NULL, 0, day + 1, got, MEMBERS_MAX, &n),
	    ERR_OK);
	assert_int_equal(n, 7);
	assert_null(members_recipient(p, r, 4, day + 1));
	/* before 2020 nobody had a key */
	assert_int_equal(
	    members_compute(p, r, NULL, 0, 100, got, MEMBERS_MAX, &n), ERR_OK);
	assert_int_equal(n, 0);
	policy_free(p);
	free(keys);
	free(yaml);
}

/* Of the keys in force the newest counts; `until` is the first day without. */
static void
test_key_of_the_day_is_the_newest_in_force(void **state)
{
	struct policy_key keys[] = {
		{ .from = 10, .until = 30 },
		{ .from = 20, .until = 0 },
		{ .from = 25, .until = 28 },
	};
	static const struct {
		int64_t day;
		int key;
	} expected[] = { { 9, -1 }, { 10, 0 }, { 19, 0 }, { 20, 1 }, { 24, 1 },
		{ 25, 2 }, { 27, 2 }, { 28, 1 }, { 99, 1 } };
	struct policy_person who = { .keys = keys, .n_keys = 3 };

	(void)state;
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		assert_ptr_equal(policy_key_at(&who, expected[i].day),
		    expected[i].key < 0 ? NULL : &keys[expected[i].key]);
	who.n_keys = 1;
	assert_non_null(policy_key_at(&who, 29));
	assert_null(policy_key_at(&who, 30));
}

static void
test_more_members_than_fit_are_refused(void **state)
{
	struct policy *p = example_policy(MADE_CLASSIC);
	struct member got[MEMBERS_MAX];
	size_t n = 77;

	(void)state;
	assert_int_equal(members_compute(p, policy_route(p, 1), NULL, 0,
			     p->issued / DAY_SECONDS, got, 7, &n),
	    ERR_LIMIT);
	assert_int_equal(n, 77);
	assert_int_equal(exclusions_close(p, policy_route(p, 1),
			     (const uint16_t[]){ 9 }, 1, NULL, 0, &n),
	    ERR_LIMIT);
	policy_free(p);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_cases_written_by_hand_hold_with_classic_keys),
		cmocka_unit_test(
		    test_cases_written_by_hand_hold_with_hybrid_keys),
		cmocka_unit_test(test_ten_concerns_start_in_their_band),
		cmocka_unit_test(test_answers_outside_the_form_are_refused),
		cmocka_unit_test(
		    test_who_left_or_has_no_key_that_day_is_no_member),
		cmocka_unit_test(test_key_of_the_day_is_the_newest_in_force),
		cmocka_unit_test(test_more_members_than_fit_are_refused),
	};

	if (argc != 2)
		return 2;
	source_root = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
