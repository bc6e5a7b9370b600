#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/lines.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
test_written_lines_are_read_back_in_order(void **state)
{
	CLEAN_BUF struct buf b = BUF_INIT(256);
	const uint8_t raw[] = { 0xde, 0xad };
	struct bytes value;
	struct lines l;
	uint8_t got[2];

	(void)state;
	lines_put_str(&b, "name", "Zo\xc3\xab");
	lines_put_str(&b, "empty", "");
	lines_put_number(&b, "number", 42);
	lines_put_hex(&b, "hex", raw, sizeof(raw));
	assert_true(bytes_equal(buf_bytes(&b),
	    BYTES_LIT("name: Zo\xc3\xab\nempty: \nnumber: 42\nhex: dead\n")));
	l = lines_over(buf_bytes(&b));
	assert_true(
	    bytes_equal(lines_get(&l, "name"), BYTES_LIT("Zo\xc3\xab")));
	assert_false(lines_next(&l, "number", &value));
	assert_true(lines_next(&l, "empty", &value));
	assert_int_equal(value.n, 0);
	assert_int_equal(lines_get_number(&l, "number", 42), 42);
	assert_int_equal(lines_end(&l), ERR_SYNTAX);
	lines_get_hex(&l, "hex", got, sizeof(got));
	assert_memory_equal(got, raw, sizeof(raw));
	assert_int_equal(lines_end(&l), ERR_OK);
}

static void
test_lines_of_another_form_are_refused(void **state)
{
	static const char *const bad[] = { "", "a: 1", "a:1\n", "a : 1\n",
		"A: 1\n", "b: 1\n", " a: 1\n", "a: 1\r\n", "a: \t\n",
		"a: \x7f\n", "a: \xc2\x85\n", "a: \xff\n", "a: \xc0\xaf\n",
		"a: \xed\xa0\x80\n", "a: \xf4\x90\x80\x80\n", "a: \xe2\x82\n",
		"aa: 1\n" };

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct lines l = lines_over(bytes_str(bad[i]));

		lines_get(&l, "a");
		if (lines_end(&l) != ERR_SYNTAX)
			fail_msg("line %zu was taken", i);
	}
}

static void
test_errors_stick(void **state)
{
	struct lines l = lines_over(BYTES_LIT("n: x\nm: 1\n"));

	(void)state;
	assert_int_equal(lines_get_number(&l, "n", 9), 0);
	assert_int_equal(lines_get_number(&l, "m", 9), 0);
	assert_int_equal(lines_end(&l), ERR_SYNTAX);
}

static void
test_a_value_cannot_add_a_line(void **state)
{
	CLEAN_BUF struct buf b = BUF_INIT(64);

	(void)state;
	lines_put_str(&b, "name", "x\nband: 1");
	assert_int_equal(b.err, ERR_SYNTAX);
}

static void
test_words_are_one_space_apart(void **state)
{
	/* clang-format off */
	static const struct {
		const char *text;
		unsigned words;
		bool all; /* nothing is left */
	} cases[] = {
		{ "", 0, true }, { "a", 1, true }, { "a bc d", 3, true },
		{ " a", 0, false }, { "a ", 0, false }, { "a  b", 1, false },
		{ "a b ", 1, false }, { " ", 0, false },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct bytes value = bytes_str(cases[i].text);
		unsigned n = 0;

		while (word_next(&value).n > 0)
			n++;
		assert_int_equal(n, cases[i].words);
		assert_int_equal(value.n == 0, cases[i].all);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_written_lines_are_read_back_in_order),
		cmocka_unit_test(test_lines_of_another_form_are_refused),
		cmocka_unit_test(test_errors_stick),
		cmocka_unit_test(test_a_value_cannot_add_a_line),
		cmocka_unit_test(test_words_are_one_space_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
