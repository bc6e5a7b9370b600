#include "tests/daemon/vault_play.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/zone.h"

/*
 * The ten concerns of etc/demo/concerns.yaml, and some more, in a real vault
 * under etc/policy.yaml: from filing to detriment watch, as everybody sees it.
 * timelines/ID.txt say what there is to be seen, and were written by hand from
 * the policy's text; lines that begin with # are reasons.
 */

static const char *root; /* of the tree */

/* Caller frees. */
static char *
text_of(const char *dir, const char *name)
{
	CLEAN_BUF struct buf out = BUF_INIT(YAML_SIZE_MAX + 1);
	char path[4096], block[4096];
	size_t n;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s/%s", root, dir, name);
	f = fopen(path, "rb");
	if (f == NULL)
		fail_msg("cannot read %s", path);
	while (f != NULL && (n = fread(block, 1, sizeof(block), f)) > 0)
		buf_put(&out, block, n);
	if (f != NULL)
		fclose(f);
	buf_put_u8(&out, 0);
	assert_int_equal(ERR_OK, out.err);
	return strdup((const char *)out.p);
}

/* What is to be seen: without the reasons. Caller frees. */
static char *
expected_of(const char *id)
{
	char name[64], *text, *to;

	(void)snprintf(name, sizeof(name), "%s.txt", id);
	text = to = text_of("tests/daemon/timelines", name);
	for (const char *at = text; *at != '\0';) {
		const size_t n = strcspn(at, "\n") + 1;

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
yaml_of(const char *dir, const char *name)
{
	char *text = text_of(dir, name);
	struct yaml_error problem = { 0 };
	struct yaml_doc *d = NULL;

	if (yaml_parse(bytes_str(text), name, &d, &problem) != ERR_OK)
		fail_msg("%s", problem.text);
	free(text);
	return d;
}

static size_t
scripts_of(const struct policy *p, const char *dir, struct script **ret)
{
	struct yaml_doc *cases = yaml_of(dir, "cases.yaml");
	struct yaml_doc *concerns = yaml_of("etc/demo", "concerns.yaml");
	size_t n = 0;

	if (script_read(p, &zone_system, cases, concerns, ret, &n) != ERR_OK)
		fail_msg("%s%s", yaml_error_of(cases)->text,
		    yaml_error_of(concerns)->text);
	yaml_free(cases);
	yaml_free(concerns);
	return n;
}

/* Whether it went as it is written. */
static bool
goes_as_written(struct world *w, const struct script *s)
{
	static struct play y;
	char *expected = expected_of(s->id);
	bool same;

	world_fresh(w);
	play_begin(&y, w, s, strcmp(s->id, "plain") == 0);
	play_run(&y);
	play_replay(&y);
	buf_put_u8(&y.out, 0);
	assert_int_equal(ERR_OK, y.out.err);
	printf("%s\n%s\n", s->id, (const char *)y.out.p);
	same = strcmp((const char *)y.out.p, expected) == 0;
	if (!same)
		printf("%s should be\n%s\n", s->id, expected);
	play_end(&y);
	free(expected);
	world_check_store(w, 1);
	return same;
}

static void
play_all(const char *dir, size_t want)
{
	struct world *w = world_new_of(&trust);
	struct script *s = NULL;
	const size_t n = scripts_of(w->policy, dir, &s);
	size_t failed = 0;

	assert_int_equal(want, n);
	for (size_t i = 0; i < n; i++)
		failed += !goes_as_written(w, &s[i]);
	assert_int_equal(0, failed);
	free(s);
	world_free(w);
}

static void
test_each_concern_goes_through_the_vault_as_the_policy_says(void **state)
{
	(void)state;
	play_all("tests/policy/timelines", 11);
}

static void
test_nobody_acting_reaches_the_board_and_plain_concerns_are_told_of(
    void **state)
{
	(void)state;
	play_all("tests/daemon/timelines", 2);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_each_concern_goes_through_the_vault_as_the_policy_says),
		cmocka_unit_test(
		    test_nobody_acting_reaches_the_board_and_plain_concerns_are_told_of),
	};

	if (argc != 2)
		return 2;
	root = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
