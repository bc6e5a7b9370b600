#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/policy/print.h"

/*
 * What the C makes of policies and cases, as JSON, so that another
 * implementation can be held against it:
 *
 *	print_policies ROOT example classic|hybrid   etc/policy.yaml, compiled
 *	print_policies ROOT yaml FILE                a file below ROOT
 *	print_policies ROOT table                    the table of a case's life
 *	print_policies ROOT random N [FIRST-SEED]    a line for each policy
 *	print_policies ROOT parse                    reads lines, each a text in
 *	    quotes, and says of each whether it is a policy
 */

static void
print(json_t *j)
{
	assert_non_null(j);
	assert_int_equal(json_dumpf(j, stdout, JSON_COMPACT), 0);
	putchar('\n');
	json_decref(j);
}

static void
print_example(const char *keys)
{
	bool hybrid = strcmp(keys, "hybrid") == 0;
	struct policy *p = example_policy(hybrid ? MADE_HYBRID : MADE_CLASSIC);
	struct buf out CLEAN_BUF = BUF_INIT(POLICY_JSON_MAX);

	assert_int_equal(policy_put(p, &out), ERR_OK);
	fwrite(out.p, 1, out.n, stdout);
	policy_free(p);
}

static json_t *
json_of(const struct yaml_node *at)
{
	json_t *j;

	if (at->kind == YAML_TEXT)
		return json_string(at->text);
	j = at->kind == YAML_MAP ? json_object() : json_array();
	for (const struct yaml_node *c = at->first; c != NULL; c = c->next)
		assert_int_equal(at->kind == YAML_MAP
			? json_object_set_new(j, c->key, json_of(c))
			: json_array_append_new(j, json_of(c)),
		    0);
	return j;
}

static void
print_yaml(const char *file)
{
	char *text = file_text(file);
	struct yaml_doc *d = NULL;
	struct yaml_error error;

	if (yaml_parse(bytes_str(text), file, &d, &error) != ERR_OK)
		fail_msg("%s", error.text);
	print(json_of(yaml_root(d)));
	yaml_free(d);
	free(text);
}

static bool
is_policy(const char *line)
{
	json_t *text = json_loads(line, JSON_DECODE_ANY, NULL);
	struct policy *p = NULL;
	struct policy_problem problem;
	bool ok;

	assert_true(json_is_string(text));
	ok = policy_parse(BYTES((const uint8_t *)json_string_value(text),
			      json_string_length(text)),
		 &p, &problem) == ERR_OK;
	policy_free(p);
	json_decref(text);
	return ok;
}

static void
print_parsed(void)
{
	char *line = NULL;
	size_t cap = 0;

	while (getline(&line, &cap, stdin) > 0)
		puts(is_policy(line) ? "true" : "false");
	free(line);
}

/* --- random ones --- */

/* A second key, and days on which keys begin and end. */
static void
shake_keys(struct dice *d, struct policy_person *who, struct policy_key keys[2],
    int64_t day)
{
	if (who->n_keys == 1 && in_a_hundred(d, 30)) {
		keys[0] = keys[1] = who->keys[0];
		memset(keys[1].classic.key, (int)below(d, 250), 32);
		who->keys = keys;
		who->n_keys = 2;
	}
	for (size_t i = 0; i < who->n_keys; i++) {
		struct policy_key *k = &who->keys[i];

		if (in_a_hundred(d, 15 * (unsigned)who->n_keys))
			k->from = day - 50 + below(d, 100);
		if (in_a_hundred(d, 15))
			k->until = k->from + 1 + below(d, 2500);
		if (in_a_hundred(d, 10))
			k->has_hybrid = false;
	}
}

/* What generate.c does not vary. */
static void
shake(struct dice *d, struct policy *p)
{
	static struct policy_key keys[POLICY_PEOPLE_MAX][2];
	int64_t day = p->issued / DAY_SECONDS;

	for (size_t i = 0; i < p->n_people; i++) {
		shake_keys(d, &p->people[i], keys[i], day);
		if (in_a_hundred(d, 20))
			p->people[i].until = day - 50 + below(d, 200);
	}
	for (size_t i = 0; i < p->n_intervals; i++)
		if (in_a_hundred(d, 10))
			p->intervals[i].end -=
			    (1 + below(d, 20)) * CALENDAR_QUARTER;
	for (size_t i = 0; i < p->n_routes; i++)
		if (in_a_hundred(d, 20))
			p->routes[i].keys =
			    (enum policy_keys)below(d, KEYS_HYBRID + 1);
	for (unsigned i = 0; i < POLICY_DEADLINES; i++)
		for (unsigned b = 0; b < POLICY_BANDS; b++)
			p->deadline[i][b] = random_duration(d);
	p->limits.close_needs_second = (uint8_t)below(d, BANDS_ALL + 1);
}

static json_t *
repeat(struct dice *d, const struct policy *p, unsigned n,
    json_t *(*make)(struct dice *, const struct policy *))
{
	json_t *list = json_array();

	for (unsigned i = 0; i < n; i++)
		assert_int_equal(json_array_append_new(list, make(d, p)), 0);
	return list;
}

static void
print_random(uint64_t seed)
{
	struct dice d = { .state = seed };
	char *yaml = random_policy(seed);
	char *keys =
	    keys_text(yaml, seed % 3 == 0 ? MADE_HYBRID : MADE_CLASSIC);
	struct policy *p = policy_of(yaml, keys);
	struct buf text CLEAN_BUF = BUF_INIT(POLICY_JSON_MAX);
	json_t *j;

	shake(&d, p);
	assert_int_equal(policy_put(p, &text), ERR_OK);
	j = json_pack("{s:I, s:o, s:o}", "seed", (json_int_t)seed, "policy",
	    json_stringn((const char *)text.p, text.n), "people",
	    print_people(p));
	json_object_set_new(j, "concerns", repeat(&d, p, 12, print_concern));
	json_object_set_new(j, "lives", repeat(&d, p, 3, print_life));
	json_object_set_new(j, "sums", repeat(&d, p, 20, print_sum));
	print(j);
	policy_free(p);
	free(keys);
	free(yaml);
}

int
main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[2] : "";
	uint64_t first = argc > 4 ? strtoull(argv[4], NULL, 10) : 1;

	if (argc < 3)
		return 2;
	source_root = argv[1];
	if (argc == 4 && strcmp(what, "example") == 0)
		print_example(argv[3]);
	else if (argc == 4 && strcmp(what, "yaml") == 0)
		print_yaml(argv[3]);
	else if (argc == 3 && strcmp(what, "table") == 0)
		print(print_table());
	else if (argc == 3 && strcmp(what, "parse") == 0)
		print_parsed();
	else if (argc >= 4 && strcmp(what, "random") == 0)
		for (uint64_t i = 0; i < strtoull(argv[3], NULL, 10); i++)
			print_random(first + i);
	else
		return 2;
	return 0;
}
