#include "tests/policy/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/codec.h"
#include "crypto/note.h"
#include "policy/zone.h"

static enum err
compile(const char *yaml, const char *keys, const struct compile_zone *zone,
    struct buf *json, struct yaml_error *error)
{
	struct compile_input in = {
		.yaml = bytes_str(yaml),
		.file = "p",
		.keys = bytes_str(keys),
		.keys_file = "k",
		.zone = zone,
	};

	memset(error, 0, sizeof(*error));
	return policy_compile(&in, json, error);
}

static void
expect_same_after_reading(struct bytes json)
{
	struct buf again = BUF_INIT(POLICY_JSON_MAX);
	struct policy_problem problem;
	struct policy *p = NULL;

	if (policy_parse(json, &p, &problem) != ERR_OK)
		fail_msg("%s", problem.text);
	assert_int_equal(policy_put(p, &again), ERR_OK);
	assert_true(bytes_equal(json, buf_bytes(&again)));
	policy_free(p);
	buf_free(&again);
}

static void
test_examples_compile_to_one_line_that_reads_back(void **state)
{
	static const char *const files[] = { "etc/policy.yaml",
		"etc/policy-small.yaml" };
	struct buf json = BUF_INIT(POLICY_JSON_MAX);
	struct yaml_error error;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		char *yaml = file_text(files[i / 2]);
		char *keys =
		    keys_text(yaml, i % 2 ? MADE_HYBRID : MADE_CLASSIC);

		buf_reset(&json);
		if (compile(yaml, keys, &london, &json, &error) != ERR_OK)
			fail_msg("%s", error.text);
		assert_ptr_equal(memchr(json.p, '\n', json.n),
		    json.p + json.n - 1);
		expect_same_after_reading(buf_bytes(&json));
		free(keys);
		free(yaml);
	}
	buf_free(&json);
}

static void
test_best_keys_are_hybrid_only_when_everybody_has_one(void **state)
{
	char *yaml = file_text("etc/policy.yaml");
	char *keys = keys_text(yaml, MADE_HYBRID), *at;
	struct policy *p = policy_of(yaml, keys);

	(void)state;
	assert_int_equal(policy_route(p, 1)->keys, KEYS_HYBRID);
	assert_int_equal(policy_route(p, 9)->keys, KEYS_CLASSIC);
	policy_free(p);
	/* the counter-fraud specialist, on route 4 alone, loses theirs */
	at = strstr(keys, "counter-fraud-specialist");
	assert_non_null(at);
	at = strstr(at, ", hybrid: ");
	memmove(at, strstr(at, ", sign"), strlen(strstr(at, ", sign")) + 1);
	p = policy_of(yaml, keys);
	assert_int_equal(policy_route(p, 1)->keys, KEYS_HYBRID);
	assert_int_equal(policy_route(p, 4)->keys, KEYS_CLASSIC);
	policy_free(p);
	free(keys);
	free(yaml);
}

static void
test_issue_and_serial_can_come_from_outside(void **state)
{
	char *yaml = file_text("etc/policy-small.yaml");
	char *keys = keys_text(yaml, MADE_CLASSIC);
	uint8_t previous[SHA256_LEN] = { 1, 2, 3 };
	struct compile_input in = {
		.yaml = bytes_str(yaml),
		.file = "p",
		.keys = bytes_str(keys),
		.keys_file = "k",
		.zone = &london,
		.issued = 1900000000,
		.serial = 7,
		.previous = previous,
	};
	struct buf json = BUF_INIT(POLICY_JSON_MAX);
	struct yaml_error error;
	struct policy_problem problem;
	struct policy *p = NULL;

	(void)state;
	assert_int_equal(policy_compile(&in, &json, &error), ERR_OK);
	assert_int_equal(policy_parse(buf_bytes(&json), &p, &problem), ERR_OK);
	assert_int_equal(p->serial, 7);
	assert_int_equal(p->issued, 1900000000);
	assert_int_equal(p->soft_expiry, 1900000000 + 365 * DAY_SECONDS);
	assert_memory_equal(p->previous, previous, SHA256_LEN);
	assert_true(p->intervals[p->n_intervals - 1].end > p->hard_expiry);
	policy_free(p);
	buf_free(&json);
	free(keys);
	free(yaml);
}

/* clang-format off */
static const struct {
	const char *from, *to, *expected;
} faults[] = {
	{ "format: 1", "format: 2", "p:5:9: format is a number from 1 to 1" },
	{ "serial: 1", "serial: 0",
	    ":9: serial is a number from 1 to 4294967295" },
	{ "warn-after: 365 days", "warn-after: 600 days",
	    "p: issue, soft and hard expiry are not in order" },
	{ "warn-after: 365 days", "warn-after: 3 working days",
	    ":13: warn-after is a number of days" },
	{ "zone: Europe/London", "zone: Europe/Atlantis",
	    ":9: this system knows no time zone \"Europe/Atlantis\"" },
	{ "09:00-17:00", "09:10-17:00", ":18: working hours are written "
	    "09:00-17:00, in quarters of an hour" },
	{ "[monday,", "[funday,", ":18: there is no day of the week "
	    "\"funday\"" },
	{ "number: 2,", "number: 1,",
	    ":5: another person has this number or slug" },
	{ "slug: guardian-second,", "slug: guardian-first,",
	    ":5: another person has this number or slug" },
	{ "role: executive-lead", "role: wizard",
	    ": there is no role \"wizard\"" },
	{ "reports-to: chief-executive", "reports-to: nobody",
	    ": there is no person \"nobody\"" },
	{ "role: chief-executive", "role: chief-executive, reports-to: "
	    "guardian-first", "p: guardian-first reports to themselves, "
	    "directly or through others" },
	{ "first: [guardian]", "first: [wizards]",
	    ": there is no person and no role \"wizards\"" },
	{ "first: [guardian]", "first: [estates]",
	    ": nobody has the role \"estates\"" },
	{ "slug: guardian-first", "slug: guardian",
	    ": \"guardian\" is a person and a role that means others too" },
	{ "unacknowledged", "unhappy", ": there is no condition "
	    "\"unhappy\"" },
	{ "after: 4 hours", "after: 4 parsecs", ": a time is wanted here: \"4 "
	    "hours\", \"2 working days\", minutes in quarters" },
	{ "after: 4 hours", "after: 20 minutes", ": a time is wanted here: "
	    "\"4 hours\", \"2 working days\", minutes in quarters" },
	{ "after: 4 hours", "after: 0 hours", "p: route guardians, rung 1: "
	    "has no time after which it is reached" },
	{ "bands: [P1]", "bands: [P5]", ": there is no band \"P5\"" },
	{ "bands: [P1]", "bands: [P1, P1]", ": this band is here twice" },
	{ "bands: [P1]", "tell: chair", ": a rung has either tell or join" },
	{ "keys: best", "keys: quantum",
	    ": there is no kind of keys \"quantum\"" },
	{ "number: 2\n    slug: board", "number: 1\n    slug: board",
	    ": another route has this number" },
	{ "slug: board", "slug: guardians",
	    ": there is no route \"board\"" },
	{ "if: {at-risk-now: yes}", "if: {at-risk: yes}",
	    ": \"at-risk\" is not a field with options" },
	{ "if: {at-risk-now: yes}", "if: {about: yes}",
	    ": \"about\" is not a field with options" },
	{ "if: {at-risk-now: yes}", "if: {at-risk-now: maybe}",
	    ": the field at-risk-now has no option \"maybe\"" },
	{ "about: [guardian, executive-lead",
	    "about: [guardian, executive-leed",
	    ": there is no person and no role \"executive-leed\"" },
	{ "    route: board", "    route: bored",
	    ": there is no route \"bored\"" },
	{ "  - route: guardians\n    band: P3\n", "",
	    "p: the last rule must hold always" },
	{ "keys: classic", "keys: hybrid",
	    "p: the plain route has classic keys" },
	{ "kind: yes-no", "kind: yes-no\n    options: {a: b}",
	    ": a field of kind one or many has options; one of another kind "
	    "has not" },
	{ "acknowledge: {P1: 4 hours, ", "acknowledge: {",
	    ": \"P1\" is missing" },
	{ "  acknowledge: {", "  acknowlege: {",
	    ": there is no deadline \"acknowlege\"" },
	{ "crisis:\n", "crises:\n",
	    "there is no \"crises\" here; is it \"crisis\"?" },
};
/* clang-format on */

static void
test_faults_are_named_with_their_place(void **state)
{
	char *small = file_text("etc/policy-small.yaml");
	char *keys = keys_text(small, MADE_CLASSIC);
	struct buf json = BUF_INIT(POLICY_JSON_MAX);
	struct yaml_error error;

	(void)state;
	free(small);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		char *yaml = with(file_text("etc/policy-small.yaml"),
		    faults[i].from, faults[i].to);

		/* keys of somebody who was renamed are not this test's */
		if (compile(yaml,
			strstr(faults[i].to, "slug: guardian") ? "" : keys,
			&london, &json, &error) == ERR_OK)
			fail_msg("taken: %s", faults[i].to);
		if (strstr(error.text, faults[i].expected) == NULL)
			fail_msg("\"%s\" is not \"%s\"", error.text,
			    faults[i].expected);
		assert_int_equal(json.n, 0);
		free(yaml);
	}
	buf_free(&json);
	free(keys);
}

static const struct {
	const char *keys, *expected;
} key_faults[] = {
	{ "keys: {nobody: []}", "k:1:16: there is no person \"nobody\"" },
	{ "kees: {}", "k:1:7: there is no \"kees\" here; is it \"keys\"?" },
	{ "keys: [1]", "k:1:7: keys is a map of people" },
	{ "keys: {chair: [{classic: age1x, sign: x}]}",
	    "k:1:26: this is not a recipient age1…" },
	{ "keys: {chair: [{sign: x}]}", "k:1:16: \"classic\" is missing" },
	{ "keys: {chair: [{classic: age1qyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqs"
	  "zqgpqyqszqgpqyqs3290gq, sign: x}]}",
	    ": this is neither a verifier key nor 32 bytes in base64" },
};

static void
test_faults_in_keys_are_named_in_their_file(void **state)
{
	char *yaml = file_text("etc/policy-small.yaml");
	struct buf json = BUF_INIT(POLICY_JSON_MAX);
	struct yaml_error error;

	(void)state;
	for (size_t i = 0; i < sizeof(key_faults) / sizeof(key_faults[0]);
	     i++) {
		assert_int_equal(
		    compile(yaml, key_faults[i].keys, &london, &json, &error),
		    ERR_SYNTAX);
		if (strstr(error.text, key_faults[i].expected) == NULL)
			fail_msg("\"%s\" is not \"%s\"", error.text,
			    key_faults[i].expected);
	}
	buf_free(&json);
	free(yaml);
}

/* A verifier key is taken when its name is the person's, and only then. */
static void
test_verifier_key_must_be_in_the_persons_name(void **state)
{
	static const char *const names[] = { "speakup/person/6",
		"speakup/person/5" };
	char *yaml = file_text("etc/policy-small.yaml");
	struct age_recipient to = { .kind = AGE_X25519, .key = { 9 } };
	uint8_t seed[SIGN_SEED_LEN] = { 5 }, pub[SIGN_PUB_LEN];

	(void)state;
	assert_int_equal(sign_public(seed, pub), ERR_OK);
	for (size_t i = 0; i < 2; i++) {
		struct buf keys = BUF_INIT(4096);
		struct buf json = BUF_INIT(POLICY_JSON_MAX);
		struct yaml_error error;
		struct note_key key;

		assert_int_equal(note_key_init(&key, names[i], pub), ERR_OK);
		buf_put_str(&keys, "keys: {chair: [{classic: ");
		assert_int_equal(age_recipient_put(&keys, &to), ERR_OK);
		buf_put_str(&keys, ", sign: ");
		note_vkey_put(&keys, &key);
		buf_put_str(&keys, "}]}");
		buf_put_u8(&keys, 0);
		assert_int_equal(
		    compile(yaml, (const char *)keys.p, &london, &json, &error),
		    i == 0 ? ERR_OK : ERR_SYNTAX);
		buf_free(&json);
		buf_free(&keys);
	}
	free(yaml);
}

/* --- the compiled form --- */

static const struct {
	const char *from, *to, *expected;
} json_faults[] = {
	{ "{\"areas\":", "{\"extra\":1,\"areas\":",
	    "has a member that is not known" },
	{ "\"crisis\":", "\"crises\":", "crisis: is missing" },
	{ "\"serial\":1", "\"serial\":\"1\"",
	    "serial: is a number from 1 to 4294967295" },
	{ "\"serial\":1", "\"serial\":1.0",
	    "serial: is a number from 1 to 4294967295" },
	{ "\"serial\":1", "\"serial\":1,\"serial\":1", "this is not JSON" },
	{ "\"recuse-line\":true", "\"recuse-line\":1",
	    "routes[0].recuse-line: is true or false" },
	{ "\"role\":\"guardian\"", "\"role\":\"wizard\"",
	    "people[0].role: is not one of the words that can be here" },
	{ "\"number\":2,", "\"number\":65535,",
	    "people[1].number: is a number from 1 to 65534" },
	{ "\"number\":2,", "\"number\":1,",
	    "people are not in the order of their numbers" },
	{ "\"reports-to\":[3]", "\"reports-to\":[99]",
	    "guardian-first: there is no person 99" },
	{ "\"slug\":\"board\"", "\"slug\":\"guardians\"",
	    "route \"guardians\" is there twice" },
	{ "\"first\":[1,2]", "\"first\":[2,1]",
	    "guardians: people are not in order" },
	{ "\"slug\":\"chair\"", "\"slug\":\"Chair\"",
	    "people[5].slug: is of small letters, digits and '-'" },
	{ "\"bands\":[\"P1\"]", "\"bands\":[\"P1\",\"P1\"]",
	    "bands: repeats a word, or is unordered" },
	{ "\"classic\":\"age1", "\"classic\":\"age2",
	    "people[0].keys[0].classic: is malformed" },
	{ "\"name\":\"Sam Archer\"", "\"name\":\"Sam\\nArcher\"",
	    "people[0].name: is one line of 1 to 80 bytes" },
	{ "\"about-roles\":[\"guardian\"", "\"about-roles\":[\"wizard\"",
	    "rules[0].about-roles: is not one of the words" },
	{ "\"field\":\"at-risk-now\"", "\"field\":\"about-risk\"",
	    "rules[1].if[0].field: names a field that is not there" },
	{ "\"options\":[\"yes\"]", "\"options\":[\"maybe\"]",
	    "rules[1].if[0].options: names an option that at-risk-now has "
	    "not" },
	{ "\"plain-route\":3", "\"plain-route\":33",
	    "the plain route is not there" },
	{ "\"review\":[\"", "\"review\":[\"minus ",
	    "deadlines: review is malformed" },
};

static void
test_compiled_form_is_read_strictly(void **state)
{
	char *yaml = file_text("etc/policy-small.yaml");
	char *keys = keys_text(yaml, MADE_CLASSIC);
	struct buf json = BUF_INIT(POLICY_JSON_MAX);
	struct yaml_error error;
	struct policy_problem problem;

	(void)state;
	assert_int_equal(compile(yaml, keys, &london, &json, &error), ERR_OK);
	buf_put_u8(&json, 0);
	for (size_t i = 0; i < sizeof(json_faults) / sizeof(json_faults[0]);
	     i++) {
		char *changed = with(strdup((const char *)json.p),
		    json_faults[i].from, json_faults[i].to);
		struct policy *p = NULL;

		assert_int_equal(policy_parse(bytes_str(changed), &p, &problem),
		    ERR_SYNTAX);
		if (strstr(problem.text, json_faults[i].expected) == NULL)
			fail_msg("\"%s\" is not \"%s\"", problem.text,
			    json_faults[i].expected);
		free(changed);
	}
	buf_free(&json);
	free(keys);
	free(yaml);
}

/* Two independent ways to the same instants, over both changes of the clock,
 * and the environment is as it was. */
static void
test_system_zone_agrees_with_the_law(void **state)
{
	int64_t first, system, rule;

	(void)state;
	assert_int_equal(day_parse(BYTES_LIT("2026-01-01"), &first), ERR_OK);
	assert_int_equal(setenv("TZ", "Asia/Tokyo", 1), 0);
	for (int64_t day = first; day < first + 3 * 366; day++) {
		assert_int_equal(zone_system.to_utc(NULL, "Europe/London", day,
				     9 * 60, &system),
		    ERR_OK);
		assert_int_equal(
		    london.to_utc(NULL, "Europe/London", day, 9 * 60, &rule),
		    ERR_OK);
		assert_int_equal(system, rule);
	}
	assert_string_equal(getenv("TZ"), "Asia/Tokyo");
	assert_int_equal(
	    zone_system.to_utc(NULL, "Europe/Atlantis", first, 0, &system),
	    ERR_NOT_FOUND);
	assert_int_equal(
	    zone_system.to_utc(NULL, "../localtime", first, 0, &system),
	    ERR_NOT_FOUND);
	assert_int_equal(unsetenv("TZ"), 0);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_examples_compile_to_one_line_that_reads_back),
		cmocka_unit_test(
		    test_best_keys_are_hybrid_only_when_everybody_has_one),
		cmocka_unit_test(test_issue_and_serial_can_come_from_outside),
		cmocka_unit_test(test_faults_are_named_with_their_place),
		cmocka_unit_test(test_faults_in_keys_are_named_in_their_file),
		cmocka_unit_test(test_verifier_key_must_be_in_the_persons_name),
		cmocka_unit_test(test_compiled_form_is_read_strictly),
		cmocka_unit_test(test_system_zone_agrees_with_the_law),
	};

	if (argc != 2)
		return 2;
	source_root = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
