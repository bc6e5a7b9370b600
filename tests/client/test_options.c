#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/options.h"

enum { GO = 1, STAY = 2 };

struct values {
	bool fast;
	const char *to;
	struct option_list with;
	uint64_t times;
};

static const struct option options[] = {
	{ GO, "fast", 'f', OPTION_FLAG, NULL, offsetof(struct values, fast),
	    "" },
	{ GO | STAY, "to", 't', OPTION_TEXT, "X", offsetof(struct values, to),
	    "" },
	{ GO, "with", 0, OPTION_LIST, "X", offsetof(struct values, with), "" },
	{ GO, "times", 0, OPTION_NUMBER, "N", offsetof(struct values, times),
	    "" },
};
static const struct command commands[] = {
	{ GO, "go", "PLACE", 0, 2, "", NULL },
	{ STAY, "stay here", "", 0, 0, "", NULL },
};
static const struct program program = { "test", "", commands, 2, options,
	sizeof(options) / sizeof(options[0]) };

#define ARGS_MAX 8

static struct parsed
parse(const char *const *words, struct values *v, char **argv)
{
	int argc = 0;

	argv[argc++] = (char *)(uintptr_t) "test";
	for (; *words != NULL; words++)
		argv[argc++] = (char *)(uintptr_t)*words;
	*v = (struct values){ 0 };
	return options_parse(&program, argc, argv, v);
}

static void
test_options_and_arguments_may_be_mixed(void **state)
{
	const char *const words[] = { "go", "a", "--with=1", "-f", "b",
		"--with", "2", NULL };
	char *argv[ARGS_MAX + 2];
	struct values v;
	struct parsed p = parse(words, &v, argv);

	(void)state;
	assert_ptr_equal(p.command, &commands[0]);
	assert_true(v.fast);
	assert_int_equal(v.with.n, 2);
	assert_string_equal(v.with.at[1], "2");
	assert_int_equal(p.args.n, 2);
	assert_string_equal(p.args.at[0], "a");
	assert_string_equal(p.args.at[1], "b");
}

static void
test_two_words_name_a_command_and_a_dash_is_an_argument(void **state)
{
	const char *const stay[] = { "stay", "here", "-tx", NULL };
	const char *const dash[] = { "go", "-", "--", NULL };
	const char *const rest[] = { "go", "--", "-f", NULL };
	char *argv[ARGS_MAX + 2];
	struct values v;

	(void)state;
	assert_ptr_equal(parse(stay, &v, argv).command, &commands[1]);
	assert_string_equal(v.to, "x");
	assert_int_equal(parse(dash, &v, argv).args.n, 1);
	assert_int_equal(parse(rest, &v, argv).args.n, 1);
	assert_false(v.fast);
}

static const char *const wrong[][ARGS_MAX] = {
	{ NULL },
	{ "come", NULL },
	{ "stay", NULL },
	{ "go", "--slow", NULL },
	{ "go", "-x", NULL },
	{ "go", "--fast=1", NULL },
	{ "go", "--to", NULL },
	{ "go", "--times", "ten", NULL },
	{ "go", "--times", "-1", NULL },
	{ "go", "--times", "99999999999999999999", NULL },
	{ "go", "--times=", NULL },
	{ "go", "a", "b", "c", NULL },
	{ "stay", "here", "--fast", NULL },
	{ "stay", "here", "a", NULL },
};

static void
test_wrong_command_lines_are_refused(void **state)
{
	char *argv[ARGS_MAX + 2];
	struct values v;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct parsed p = parse(wrong[i], &v, argv);

		assert_null(p.command);
		assert_int_equal(p.code, EXIT_USAGE);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options_and_arguments_may_be_mixed),
		cmocka_unit_test(
		    test_two_words_name_a_command_and_a_dash_is_an_argument),
		cmocka_unit_test(test_wrong_command_lines_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
