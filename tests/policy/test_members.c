#include "tests/policy/support.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/codec.h"
#include "policy/members.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The next word of a text with spaces between; false at the end. */
static bool
next_word(const char **text, char word[64])
{
	size_t n;

	*text += strspn(*text, " ");
	n = strcspn(*text, " ");
	assert_true(n < 64);
	memcpy(word, *text, n);
	word[n] = '\0';
	*text += n;
	return n > 0;
}

static uint16_t
number_of(const struct policy *p, const char *slug)
{
	const struct policy_person *who = policy_person_by_slug(p, slug);

	if (who == NULL)
		fail_msg("no person %s", slug);
	return who != NULL ? who->number : 0;
}

static const struct policy_route *
route_of(const struct policy *p, const char *slug)
{
	for (size_t i = 0; i < p->n_routes; i++)
		if (strcmp(p->routes[i].slug, slug) == 0)
			return &p->routes[i];
	fail_msg("no route %s", slug);
	return NULL;
}

/* "+person" joins, "-person" leaves, ">route" is another route. */
static size_t
read_changes(const struct policy *p, const char *text,
    struct member_change out[16])
{
	char word[64];
	size_t n = 0;

	while (next_word(&text, word)) {
		assert_true(n < 16);
		if (word[0] == '>')
			out[n++] = (struct member_change){ CHANGE_ROUTE,
				route_of(p, word + 1)->number };
		else
			out[n++] = (struct member_change){
				word[0] == '+' ? CHANGE_JOIN : CHANGE_LEAVE,
				number_of(p, word + 1)
			};
	}
	return n;
}

static size_t
read_people(const struct policy *p, const char *text, uint16_t out[16])
{
	char word[64];
	size_t n = 0;

	while (next_word(&text, word))
		out[n++] = number_of(p, word);
	return n;
}

/* "person person@rung …" */
static void
put_members(const struct policy *p, const struct member *m, size_t n,
    struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_put_str(out, " ");
		buf_put_str(out, policy_person(p, m[i].person)->slug);
		if (m[i].rung > 0)
			buf_printf(out, "@%u", m[i].rung);
	}
	buf_put_u8(out, 0);
}

struct after_case {
	const char *route, *marked, *changes;
	const char *members; /* NULL: err */
	enum err err;
};

#define GENERAL_LADDER                                         \
	"ned-lead@10 senior-independent-director@10 chair@11 " \
	"partner-guardian@11"
#define GENERAL \
	"guardian-east guardian-west lead-guardian@1 deputy-guardian@1 " GENERAL_LADDER

static const struct after_case after[] = {
	{ "general", "", "", GENERAL, ERR_OK },
	/* by name: at the end, once, at once */
	{ "general", "", "+hr-partner", GENERAL " hr-partner", ERR_OK },
	{ "general", "", "+hr-partner +safeguarding-lead +hr-partner",
	    GENERAL " hr-partner safeguarding-lead", ERR_OK },
	{ "general", "", "+chair",
	    "guardian-east guardian-west lead-guardian@1 deputy-guardian@1 "
	    "ned-lead@10 senior-independent-director@10 chair "
	    "partner-guardian@11",
	    ERR_OK },
	/* who leaves is gone, whenever they came */
	{ "general", "", "-guardian-west",
	    "guardian-east lead-guardian@1 deputy-guardian@1 " GENERAL_LADDER,
	    ERR_OK },
	{ "general", "", "+hr-partner -hr-partner", GENERAL, ERR_OK },
	{ "general", "", "-hr-partner", GENERAL, ERR_OK },
	/* and comes again by name only */
	{ "general", "", "-guardian-west >guardians +guardian-west",
	    "guardian-east lead-guardian@1 deputy-guardian@1 " GENERAL_LADDER
	    " people-director chief-executive@1 guardian-west",
	    ERR_OK },
	{ "general", "", "-lead-guardian >small-circle",
	    "guardian-east guardian-west deputy-guardian@1 " GENERAL_LADDER,
	    ERR_OK },
	{ "general", "", "-counter-fraud-specialist >money", GENERAL, ERR_OK },
	{ "general", "", "-hr-partner +hr-partner", GENERAL " hr-partner",
	    ERR_OK },
	/* a handover is a leave and a join */
	{ "general", "", "-guardian-east +hr-partner",
	    "guardian-west lead-guardian@1 deputy-guardian@1 " GENERAL_LADDER
	    " hr-partner",
	    ERR_OK },
	/* another route brings its people, behind who was there */
	{ "general", "", ">money", GENERAL " counter-fraud-specialist",
	    ERR_OK },
	{ "money", "", ">general",
	    "lead-guardian deputy-guardian counter-fraud-specialist "
	    "ned-lead@3 senior-independent-director@3 chair@4 "
	    "partner-guardian@4 guardian-east guardian-west",
	    ERR_OK },
	{ "general", "", "+counter-fraud-specialist >money",
	    GENERAL " counter-fraud-specialist", ERR_OK },
	/* whoever is marked is nowhere, nor is who reports to them */
	{ "general", "chair", "",
	    "guardian-east guardian-west lead-guardian@1 deputy-guardian@1 "
	    "ned-lead@10 senior-independent-director@10 partner-guardian@11",
	    ERR_OK },
	{ "general", "chair", "+chair", NULL, ERR_DENIED },
	{ "general", "chair", "-chair +chair", NULL, ERR_DENIED },
	{ "general", "finance-director", ">money", GENERAL, ERR_OK },
	{ "general", "finance-director", "+finance-director", NULL,
	    ERR_DENIED },
	{ "general", "finance-director", "+counter-fraud-specialist", GENERAL,
	    ERR_OK },
	/* the line stays out once a route of the case has left it out */
	{ "plain", "finance-director", "+counter-fraud-specialist",
	    "lead-guardian deputy-guardian guardian-east guardian-west "
	    "counter-fraud-specialist",
	    ERR_OK },
	{ "plain", "finance-director", ">money",
	    "lead-guardian deputy-guardian guardian-east guardian-west "
	    "ned-lead@3 senior-independent-director@3 chair@4 "
	    "partner-guardian@4",
	    ERR_OK },
	{ "plain", "finance-director",
	    ">general >plain +counter-fraud-specialist",
	    "lead-guardian deputy-guardian guardian-east guardian-west " GENERAL_LADDER,
	    ERR_OK },
};

static void
must_be_after(const struct policy *p, const struct after_case *c)
{
	struct buf got CLEAN_BUF = BUF_INIT(4096);
	struct member_change change[16];
	struct member m[MEMBERS_MAX];
	uint16_t marked[16];
	size_t n_marked = read_people(p, c->marked, marked);
	size_t n_changes = read_changes(p, c->changes, change), n = 0;
	enum err err = members_after(p, route_of(p, c->route), marked, n_marked,
	    change, n_changes, p->issued / DAY_SECONDS, m, MEMBERS_MAX, &n);

	if (err != c->err)
		fail_msg("%s, without %s, %s: %s", c->route, c->marked,
		    c->changes, err_name(err));
	if (c->members == NULL)
		return;
	put_members(p, m, n, &got);
	if (strcmp((const char *)got.p, c->members) != 0)
		fail_msg("%s, without %s, %s: %s", c->route, c->marked,
		    c->changes, (const char *)got.p);
}

static void
test_readers_after_changes_are_those_written_by_hand(void **state)
{
	struct policy *p = example_policy(MADE_HYBRID);

	(void)state;
	for (size_t i = 0; i < COUNT(after); i++)
		must_be_after(p, &after[i]);
	policy_free(p);
}

static void
must_be_the_same(const struct member *a, const struct member *b)
{
	assert_int_equal(a->person, b->person);
	assert_int_equal(a->rung, b->rung);
	assert_int_equal(a->verb, b->verb);
}

/* Without changes it is the rule of a new concern, whoever is marked. */
static void
test_without_changes_readers_are_those_of_a_new_concern(void **state)
{
	struct policy *p = example_policy(MADE_CLASSIC);
	int64_t day = p->issued / DAY_SECONDS;

	(void)state;
	for (size_t i = 0; i < p->n_routes; i++)
		for (size_t k = 0; k < p->n_people; k++) {
			const uint16_t marked = p->people[k].number;
			struct member a[MEMBERS_MAX], b[MEMBERS_MAX];
			size_t n_a = 0, n_b = 99;

			assert_int_equal(members_compute(p, &p->routes[i],
					     &marked, 1, day, a, MEMBERS_MAX,
					     &n_a),
			    ERR_OK);
			assert_int_equal(members_after(p, &p->routes[i],
					     &marked, 1, NULL, 0, day, b,
					     MEMBERS_MAX, &n_b),
			    ERR_OK);
			assert_int_equal(n_a, n_b);
			for (size_t j = 0; j < n_a; j++)
				must_be_the_same(&a[j], &b[j]);
		}
	policy_free(p);
}

static bool
is_among(const struct member *m, size_t n, uint16_t person)
{
	for (size_t i = 0; i < n; i++)
		if (m[i].person == person)
			return true;
	return false;
}

/* Nobody left out comes in by any single change, on any two routes; only who
 * read it by the first one goes on. */
static void
test_no_change_brings_in_who_is_left_out(void **state)
{
	struct policy *p = example_policy(MADE_CLASSIC);
	int64_t day = p->issued / DAY_SECONDS;
	const uint16_t marked[] = { number_of(p, "finance-director"),
		number_of(p, "lead-guardian"), number_of(p, "ned-lead") };

	(void)state;
	for (size_t i = 0; i < p->n_routes; i++)
		for (size_t k = 0; k < p->n_routes * p->n_people; k++) {
			size_t to = k / p->n_people, who = k % p->n_people;
			struct member_change c[] = {
				{ CHANGE_ROUTE, p->routes[to].number },
				{ CHANGE_JOIN, p->people[who].number },
			};
			uint16_t out[POLICY_PEOPLE_MAX];
			struct member m[MEMBERS_MAX], was[MEMBERS_MAX];
			size_t n = 0, n_was = 0, n_out = 0;
			enum err err = members_after(p, &p->routes[i], marked,
			    3, c, 2, day, m, MEMBERS_MAX, &n);

			assert_int_equal(exclusions_close(p, &p->routes[to],
					     marked, 3, out, POLICY_PEOPLE_MAX,
					     &n_out),
			    ERR_OK);
			assert_int_equal(members_compute(p, &p->routes[i],
					     marked, 3, day, was, MEMBERS_MAX,
					     &n_was),
			    ERR_OK);
			if (c[1].who == marked[0] || c[1].who == marked[1] ||
			    c[1].who == marked[2])
				assert_int_equal(err, ERR_DENIED);
			for (size_t a = 0; err == ERR_OK && a < n; a++)
				for (size_t b = 0; b < n_out; b++)
					assert_true(m[a].person != out[b] ||
					    is_among(was, n_was, out[b]));
		}
	policy_free(p);
}

/* Whoever is told on some route, left out, or their superior: then they are
 * not, and nobody else comes instead. */
static void
test_nobody_who_is_left_out_is_told(void **state)
{
	struct policy *p = example_policy(MADE_CLASSIC);
	int64_t day = p->issued / DAY_SECONDS;
	size_t left_out = 0;

	(void)state;
	for (size_t i = 0; i < p->n_routes * p->n_people; i++) {
		const struct policy_route *r = &p->routes[i / p->n_people];
		uint16_t marked = p->people[i % p->n_people].number;
		struct member all[POLICY_PEOPLE_MAX], m[POLICY_PEOPLE_MAX];
		uint16_t out[POLICY_PEOPLE_MAX];
		size_t n_all = 0, n = 0, n_out = 0, told = 0;

		assert_int_equal(ERR_OK,
		    members_told(p, r, NULL, 0, day, all, POLICY_PEOPLE_MAX,
			&n_all));
		assert_int_equal(ERR_OK,
		    members_told(p, r, &marked, 1, day, m, POLICY_PEOPLE_MAX,
			&n));
		assert_int_equal(ERR_OK,
		    exclusions_close(p, r, &marked, 1, out, POLICY_PEOPLE_MAX,
			&n_out));
		for (size_t k = 0; k < n_out; k++) {
			assert_false(is_among(m, n, out[k]));
			told += is_among(all, n_all, out[k]);
		}
		assert_int_equal(n_all, n + told);
		left_out += told;
	}
	assert_true(left_out > 0);
	policy_free(p);
}

static void
test_latest_route_says_which_keys_are_needed(void **state)
{
	struct policy *p = example_policy(MADE_HYBRID);
	const struct policy_route *plain = route_of(p, "plain");
	const struct policy_route *money = route_of(p, "money");
	struct member_change c[] = { { CHANGE_ROUTE, money->number },
		{ CHANGE_JOIN, number_of(p, "hr-partner") } };
	struct policy_person *lead = &p->people[0];
	int64_t day = p->issued / DAY_SECONDS;
	struct member m[MEMBERS_MAX];
	size_t n = 0;

	(void)state;
	assert_ptr_equal(members_route(p, plain, c, 0), plain);
	assert_ptr_equal(members_route(p, plain, c, 2), money);
	assert_string_equal(lead->slug, "lead-guardian");
	lead->keys[0].has_hybrid = false;
	assert_int_equal(
	    members_after(p, plain, NULL, 0, c, 0, day, m, MEMBERS_MAX, &n),
	    ERR_OK);
	assert_int_equal(m[0].person, lead->number);
	assert_int_equal(
	    members_after(p, plain, NULL, 0, c, 2, day, m, MEMBERS_MAX, &n),
	    ERR_OK);
	for (size_t i = 0; i < n; i++)
		assert_int_not_equal(m[i].person, lead->number);
	c[0].who = 4711;
	assert_null(members_route(p, plain, c, 2));
	assert_int_equal(
	    members_after(p, plain, NULL, 0, c, 2, day, m, MEMBERS_MAX, &n),
	    ERR_NOT_FOUND);
	policy_free(p);
}

/* Fifteen at the end, however many there were on the way. */
static void
test_fifteen_count_at_the_end(void **state)
{
	static const char *const more[] = { "+investigator-clinical",
		"+investigator-conduct", "+investigator-operations",
		"+people-director", "+chief-executive", "+finance-director",
		"+nursing-director", "+safeguarding-lead", "-chair", NULL };
	struct policy *p = example_policy(MADE_CLASSIC);
	const struct policy_route *r = route_of(p, "general");
	struct buf text CLEAN_BUF = BUF_INIT(1024);
	struct member_change c[16];
	struct member m[MEMBERS_MAX];
	size_t n = 8;

	(void)state;
	for (size_t i = 0; more[i] != NULL; i++) {
		enum err want = i == 7 ? ERR_LIMIT : ERR_OK;
		enum err err;
		size_t n_c;

		buf_printf(&text, "%s ", more[i]);
		buf_put_u8(&text, 0);
		n_c = read_changes(p, (const char *)text.p, c);
		text.n--;
		err = members_after(p, r, NULL, 0, c, n_c,
		    p->issued / DAY_SECONDS, m, MEMBERS_MAX, &n);
		if (err != want)
			fail_msg("%zu: %s", i, err_name(err));
		assert_int_equal(n, i < 7 ? 9 + i : 15);
	}
	policy_free(p);
}

static void
test_changes_of_each_kind(void **state)
{
	(void)state;
	for (unsigned k = 0; k < MESSAGE_KINDS; k++) {
		struct entry e = { .kind = (enum message_kind)k,
			.author = 1,
			.from = 2,
			.person = 3,
			.route = 4 };
		struct member_change c[2] = { 0 };
		size_t n = member_changes_of(&e, c);

		if (k == MESSAGE_ASSIGN) {
			assert_int_equal(n, 1);
			assert_int_equal(c[0].what, CHANGE_JOIN);
			assert_int_equal(c[0].who, 3);
		} else if (k == MESSAGE_RECUSE) {
			assert_int_equal(n, 1);
			assert_int_equal(c[0].what, CHANGE_LEAVE);
			assert_int_equal(c[0].who, 1);
		} else if (k == MESSAGE_ROUTE) {
			assert_int_equal(n, 1);
			assert_int_equal(c[0].what, CHANGE_ROUTE);
			assert_int_equal(c[0].who, 4);
		} else if (k == MESSAGE_HANDOVER) {
			assert_int_equal(n, 2);
			assert_int_equal(c[0].what, CHANGE_LEAVE);
			assert_int_equal(c[0].who, 2);
			assert_int_equal(c[1].what, CHANGE_JOIN);
			assert_int_equal(c[1].who, 3);
		} else {
			assert_int_equal(n, 0);
		}
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_readers_after_changes_are_those_written_by_hand),
		cmocka_unit_test(
		    test_without_changes_readers_are_those_of_a_new_concern),
		cmocka_unit_test(test_no_change_brings_in_who_is_left_out),
		cmocka_unit_test(test_nobody_who_is_left_out_is_told),
		cmocka_unit_test(test_latest_route_says_which_keys_are_needed),
		cmocka_unit_test(test_fifteen_count_at_the_end),
		cmocka_unit_test(test_changes_of_each_kind),
	};

	source_root = argc > 1 ? argv[1] : ".";
	return cmocka_run_group_tests(tests, NULL, NULL);
}
