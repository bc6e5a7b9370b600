#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "client/record.h"

static const struct term quiet = { .program = "test" };

static struct policy_option kinds[] = {
	{ .slug = "patient-safety" },
	{ .slug = "bullying" },
};
static struct policy_field form[] = {
	{ .slug = "element",
	    .kind = FIELD_MANY,
	    .n_options = 2,
	    .options = kinds },
};
static const struct policy policy = { .n_form = 1, .form = form };

static enum exit_code
set(struct record *r, const char *field, const char *value)
{
	return record_set(&quiet, &policy, r, field, bytes_str(value));
}

static void
test_what_is_put_is_read_again(void **state)
{
	static const char *const with[][2] = { { "raised", "confidential" },
		{ "elements", "patient-safety,bullying" },
		{ "outcome", "The rota: changed, from May on." },
		{ "learning", "Ein Gespräch früher." },
		{ "would-speak-up-again", "yes" } };
	struct record r = { 0 }, back = { 0 };
	struct buf x CLEAN_BUF = BUF_INIT(RECORD_MAX);
	struct buf y CLEAN_BUF = BUF_INIT(RECORD_MAX);

	(void)state;
	for (size_t i = 0; i < sizeof(with) / sizeof(with[0]); i++)
		assert_int_equal(set(&r, with[i][0], with[i][1]), EXIT_DONE);
	record_put(&r, false, &x);
	assert_int_equal(record_read(&quiet, &policy, buf_bytes(&x), &back),
	    EXIT_DONE);
	record_put(&back, false, &y);
	assert_true(bytes_equal(buf_bytes(&x), buf_bytes(&y)));
	assert_string_equal(back.value[RECORD_LEARNING],
	    "Ein Gespräch früher.");
	record_free(&r);
	record_free(&back);
}

static void
test_an_editor_may_leave_lines_empty(void **state)
{
	static const char text[] = "# a remark\n\nraised: open\r\n"
				   "elements:\n  outcome:  Done. \nlearning: ";
	struct record r = { 0 };
	struct buf x CLEAN_BUF = BUF_INIT(RECORD_MAX);

	(void)state;
	assert_int_equal(record_read(&quiet, &policy, bytes_str(text), &r),
	    EXIT_DONE);
	record_put(&r, false, &x);
	buf_put_u8(&x, 0);
	assert_string_equal((const char *)x.p,
	    "raised: open\noutcome: Done.\n");
	record_free(&r);
}

static void
test_what_does_not_fit_is_refused_and_changes_nothing(void **state)
{
	static const char *const bad[][2] = { { "raised", "loudly" },
		{ "elements", "weather" }, { "elements", "bullying," },
		{ "elements", ",bullying" }, { "would-speak-up-again", "y" },
		{ "colour", "red" }, { "outcome", "two\nlines" },
		{ "outcome", "\x1b[2J" }, { "outcome", "\xff" } };
	struct record r = { 0 };

	(void)state;
	assert_int_equal(set(&r, "outcome", "As it was."), EXIT_DONE);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(set(&r, bad[i][0], bad[i][1]), EXIT_USAGE);
	assert_string_equal(r.value[RECORD_OUTCOME], "As it was.");
	assert_null(r.value[RECORD_ELEMENTS]);
	assert_int_equal(
	    record_read(&quiet, &policy, bytes_str("no colon here"), &r),
	    EXIT_USAGE);
	record_free(&r);
}

/* A form may lose an option; what was kept under it is still read. */
static void
test_options_of_an_older_form_are_kept(void **state)
{
	struct record r = { 0 };

	(void)state;
	assert_int_equal(
	    record_read(&quiet, NULL, bytes_str("elements: weather\n"), &r),
	    EXIT_DONE);
	assert_string_equal(r.value[RECORD_ELEMENTS], "weather");
	record_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_put_is_read_again),
		cmocka_unit_test(test_an_editor_may_leave_lines_empty),
		cmocka_unit_test(
		    test_what_does_not_fit_is_refused_and_changes_nothing),
		cmocka_unit_test(test_options_of_an_older_form_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
