#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "crypto/codec.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
test_hex_goes_both_ways(void **state)
{
	uint8_t all[256], back[256];
	char text[513];

	(void)state;
	for (unsigned i = 0; i < 256; i++)
		all[i] = (uint8_t)i;
	hex_encode(text, all, 256);
	assert_memory_equal(text + 2 * 0xaf, "af", 2);
	assert_int_equal(hex_decode(bytes_str(text), back, 256), ERR_OK);
	assert_memory_equal(all, back, 256);
}

static void
test_hex_refuses_what_it_would_not_write(void **state)
{
	static const char *const bad[] = { "", "0", "000", "0g", "0A", "0/",
		"0:", "0`", " 0", "0x" };
	uint8_t out[1] = { 9 };

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(hex_decode(bytes_str(bad[i]), out, 1),
		    ERR_SYNTAX);
	assert_int_equal(out[0], 9);
}

/* RFC 4648 section 10, and the two symbols it does not use. */
static const struct {
	const char *plain, *padded, *unpadded;
} base64[] = {
	{ "", "", "" },
	{ "f", "Zg==", "Zg" },
	{ "fo", "Zm8=", "Zm8" },
	{ "foo", "Zm9v", "Zm9v" },
	{ "foob", "Zm9vYg==", "Zm9vYg" },
	{ "fooba", "Zm9vYmE=", "Zm9vYmE" },
	{ "foobar", "Zm9vYmFy", "Zm9vYmFy" },
	{ "\xfb\xef\xff", "++//", "++//" },
};

static void
check_base64(const char *plain, const char *text, enum b64_form form)
{
	CLEAN_BUF struct buf b = BUF_INIT(64);
	uint8_t out[8];

	base64_put(&b, bytes_str(plain), form);
	assert_true(bytes_equal(buf_bytes(&b), bytes_str(text)));
	buf_reset(&b);
	assert_int_equal(base64_get(bytes_str(text), form, &b), ERR_OK);
	assert_true(bytes_equal(buf_bytes(&b), bytes_str(plain)));
	assert_int_equal(
	    base64_get_exact(bytes_str(text), form, out, strlen(plain)),
	    ERR_OK);
	assert_memory_equal(out, plain, strlen(plain));
	assert_int_equal(
	    base64_get_exact(bytes_str(text), form, out, strlen(plain) + 1),
	    ERR_SYNTAX);
}

static void
test_base64_goes_both_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(base64); i++) {
		check_base64(base64[i].plain, base64[i].padded, B64_PADDED);
		check_base64(base64[i].plain, base64[i].unpadded, B64_UNPADDED);
	}
}

static void
test_base64_refuses_what_it_would_not_write(void **state)
{
	/* clang-format off */
	static const struct {
		const char *text;
		enum b64_form form;
	} bad[] = {
		{ "Zg", B64_PADDED }, { "Zg=", B64_PADDED },
		{ "Zg===", B64_PADDED }, { "=", B64_PADDED },
		{ "Z===", B64_PADDED }, { "Zh==", B64_PADDED },
		{ "Zm9=", B64_PADDED }, { "Zg==Zg==", B64_PADDED },
		{ "Zm9v\n", B64_PADDED }, { "Zm-_", B64_PADDED },
		{ "Zg==", B64_UNPADDED }, { "Zh", B64_UNPADDED },
		{ "Zm9", B64_UNPADDED }, { "Z", B64_UNPADDED },
		{ "Zm9v=", B64_UNPADDED }, { "Zm 9", B64_UNPADDED },
		{ "Zm9v\xc3", B64_UNPADDED }, { "Zm\x80v", B64_UNPADDED },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		CLEAN_BUF struct buf b = BUF_INIT(64);

		buf_put_str(&b, "kept");
		if (base64_get(bytes_str(bad[i].text), bad[i].form, &b) !=
		    ERR_SYNTAX)
			fail_msg("%s was taken", bad[i].text);
		assert_int_equal(b.n, 4);
	}
}

static void
test_decimal_has_one_form(void **state)
{
	static const char *const bad[] = { "", "-1", "+1", "01", "00", " 1",
		"1 ", "0x1", "1.0" };
	uint64_t v = 7;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(decimal_get(bytes_str(bad[i]), UINT64_MAX, &v),
		    ERR_SYNTAX);
	assert_int_equal(
	    decimal_get(bytes_str("18446744073709551616"), UINT64_MAX, &v),
	    ERR_LIMIT);
	assert_int_equal(decimal_get(bytes_str("256"), 255, &v), ERR_LIMIT);
	assert_int_equal(v, 7);
	assert_int_equal(decimal_get(bytes_str("255"), 255, &v), ERR_OK);
	assert_int_equal(v, 255);
	assert_int_equal(
	    decimal_get(bytes_str("18446744073709551615"), UINT64_MAX, &v),
	    ERR_OK);
	assert_true(v == UINT64_MAX);
}

static void
test_days_are_those_of_the_calendar(void **state)
{
	/* clang-format off */
	static const struct {
		const char *text;
		int64_t day;
	} days[] = {
		{ "0001-01-01", -719162 }, { "1969-12-31", -1 },
		{ "1970-01-01", 0 }, { "2000-02-29", 11016 },
		{ "2000-03-01", 11017 }, { "2026-11-21", 20778 },
		{ "2100-02-28", 47540 }, { "2100-03-01", 47541 },
		{ "9999-12-31", 2932896 },
	};
	/* clang-format on */
	char text[11];
	int64_t day;

	(void)state;
	for (size_t i = 0; i < COUNT(days); i++) {
		day_format(text, days[i].day);
		assert_string_equal(text, days[i].text);
		assert_int_equal(day_parse(bytes_str(text), &day), ERR_OK);
		assert_true(day == days[i].day);
	}
}

static void
test_every_day_of_four_centuries_comes_back(void **state)
{
	char text[11];
	int64_t back;

	(void)state;
	for (int64_t day = -10; day < 146097 + 10; day++) {
		day_format(text, day);
		assert_int_equal(day_parse(bytes_str(text), &back), ERR_OK);
		assert_true(back == day);
	}
}

static void
test_days_that_are_not_are_refused(void **state)
{
	static const char *const bad[] = { "", "2026-02-29", "2100-02-29",
		"2026-04-31", "2026-00-10", "2026-13-01", "2026-01-00",
		"2026-01-32", "0000-01-01", "2026-1-01", "2026/01/01",
		"2026-01-01 ", "-026-01-01", "2026-0a-01" };
	int64_t day;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		if (day_parse(bytes_str(bad[i]), &day) != ERR_SYNTAX)
			fail_msg("%s was taken", bad[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hex_goes_both_ways),
		cmocka_unit_test(test_hex_refuses_what_it_would_not_write),
		cmocka_unit_test(test_base64_goes_both_ways),
		cmocka_unit_test(test_base64_refuses_what_it_would_not_write),
		cmocka_unit_test(test_decimal_has_one_form),
		cmocka_unit_test(test_days_are_those_of_the_calendar),
		cmocka_unit_test(test_every_day_of_four_centuries_comes_back),
		cmocka_unit_test(test_days_that_are_not_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
