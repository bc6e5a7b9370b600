#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "client/term.h"

#define BAD "\xef\xbf\xbd"

/* clang-format off */
/* What reaches a terminal of text from outside. */
static const struct {
	const char *in, *out;
} cleaned[] = {
	{ "plain text", "plain text" },
	{ "two\nlines", "two\nlines" },
	{ "a\tb", "a b" },
	{ "\x1b[31mred\x1b]0;title\x07", BAD "[31mred" BAD "]0;title" BAD },
	{ "a\rb\x08" "c\x7f", "a" BAD "b" BAD "c" BAD },
	{ "C1 \xc2\x9b" "31m", "C1 " BAD "31m" },
	{ "file\xe2\x80\xae" "txt.exe", "file" BAD "txt.exe" },
	{ "\xe2\x81\xa6" "isolate\xe2\x81\xa9", BAD "isolate" BAD },
	{ "arabic \xd8\x9cmark", "arabic " BAD "mark" },
	{ "zero\xe2\x80\x8bwidth", "zero" BAD "width" },
	{ "line\xe2\x80\xa8separator", "line" BAD "separator" },
	{ "tag \xf3\xa0\x81\x81", "tag " BAD },
	{ "broken \xff\xc3", "broken " BAD BAD },
	{ "caf\xc3\xa9 \xe2\x82\xac", "caf\xc3\xa9 \xe2\x82\xac" },
};
/* clang-format on */

static void
test_nothing_that_steers_a_terminal_is_left(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cleaned) / sizeof(cleaned[0]); i++) {
		struct buf out CLEAN_BUF = BUF_INIT(4096);

		text_clean(&out, bytes_str(cleaned[i].in));
		buf_put_u8(&out, 0);
		assert_string_equal((const char *)out.p, cleaned[i].out);
	}
}

static void
test_lines_are_indented_and_not_too_long(void **state)
{
	struct buf in CLEAN_BUF = BUF_INIT(65536);
	struct buf out CLEAN_BUF = BUF_INIT(65536);
	size_t column = 0, words = 0;

	(void)state;
	for (int i = 0; i < 500; i++)
		buf_put_str(&in, i % 37 == 0 ? "word\n" : "word ");
	text_wrap(&out, buf_bytes(&in), 4);
	assert_int_equal(out.err, ERR_OK);
	for (size_t i = 0; i < out.n; i++) {
		if (out.p[i] == '\n') {
			column = 0;
			continue;
		}
		assert_true(column++ < TERM_WIDTH);
		if (column <= 4)
			assert_int_equal(out.p[i], ' ');
		words += out.p[i] == 'w';
	}
	assert_int_equal(words, 500);
}

static void
test_spaces_inside_a_line_stay(void **state)
{
	struct buf out CLEAN_BUF = BUF_INIT(4096);

	(void)state;
	text_wrap(&out, bytes_str("a    b\n\nc"), 2);
	buf_put_u8(&out, 0);
	assert_string_equal((const char *)out.p, "  a    b\n\n  c\n");
}

static void
test_no_length_of_text_is_lost(void **state)
{
	struct buf in CLEAN_BUF = BUF_INIT(65536);
	struct buf out CLEAN_BUF = BUF_INIT(65536);

	(void)state;
	for (int i = 0; i < 20000; i++)
		buf_put_str(&in, "x"); /* one word, longer than any line */
	text_wrap(&out, buf_bytes(&in), 0);
	assert_int_equal(out.n, in.n + 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_that_steers_a_terminal_is_left),
		cmocka_unit_test(test_lines_are_indented_and_not_too_long),
		cmocka_unit_test(test_spaces_inside_a_line_stay),
		cmocka_unit_test(test_no_length_of_text_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
