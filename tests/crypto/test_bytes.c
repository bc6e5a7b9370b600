#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "crypto/bytes.h"

static void
test_integers_are_written_big_endian_and_read_back(void **state)
{
	CLEAN_BUF struct buf b = BUF_INIT(64);
	struct reader r;

	(void)state;
	buf_put_u8(&b, 0x01);
	buf_put_u16(&b, 0x0203);
	buf_put_u32(&b, 0x04050607);
	buf_put_u64(&b, 0x08090a0b0c0d0e0f);
	assert_int_equal(b.err, ERR_OK);
	for (size_t i = 0; i < b.n; i++)
		assert_int_equal(b.p[i], i + 1);
	r = reader_over(buf_bytes(&b));
	assert_int_equal(reader_u8(&r), 0x01);
	assert_int_equal(reader_u16(&r), 0x0203);
	assert_int_equal(reader_u32(&r), 0x04050607);
	assert_true(reader_u64(&r) == 0x08090a0b0c0d0e0f);
	assert_int_equal(reader_end(&r), ERR_OK);
}

static void
test_buffer_stops_at_its_limit_and_stays_stopped(void **state)
{
	CLEAN_BUF struct buf b = BUF_INIT(100);

	(void)state;
	buf_put_zeros(&b, 99);
	buf_put_str(&b, "ab");
	assert_int_equal(b.err, ERR_LIMIT);
	buf_put_u8(&b, 1);
	assert_int_equal(b.n, 99);
	assert_null(buf_grow(&b, 0));
	buf_reset(&b);
	assert_int_equal(b.err, ERR_OK);
	buf_put_zeros(&b, 100);
	assert_int_equal(b.err, ERR_OK);
	assert_null(buf_grow(&b, SIZE_MAX));
	assert_int_equal(b.err, ERR_LIMIT);
}

static void
test_growth_keeps_what_was_put(void **state)
{
	CLEAN_BUF struct buf b = BUF_INIT(1 << 20);

	(void)state;
	for (unsigned i = 0; i < 100000; i++)
		buf_printf(&b, "%u\n", i % 10);
	assert_int_equal(b.err, ERR_OK);
	assert_int_equal(b.n, 200000);
	for (unsigned i = 0; i < 100000; i++)
		assert_int_equal(b.p[2 * i], '0' + i % 10);
}

/* Also of what was taken back before, or written after an earlier reset. */
static void
test_reset_wipes_all_that_was_ever_there(void **state)
{
	static const size_t length[] = { 100, 7, 60, 0 };
	CLEAN_BUF struct buf b = BUF_INIT(200);

	(void)state;
	for (size_t i = 0; i < sizeof(length) / sizeof(length[0]); i++) {
		memset(buf_grow(&b, length[i]), 'S', length[i]);
		b.n = length[i] / 2;
		buf_printf(&b, "%s", "secret");
		buf_reset(&b);
		assert_int_equal(b.n, 0);
		assert_true(bytes_all_zero(b.p, length[i]));
	}
}

static void
test_reset_wipes_what_was_there(void **state)
{
	CLEAN_BUF struct buf b = BUF_INIT(64);
	size_t n;

	(void)state;
	buf_put_str(&b, "secret");
	n = b.n;
	buf_reset(&b);
	assert_true(bytes_all_zero(b.p, n));
}

static void
test_short_reads_stick_and_give_zeros(void **state)
{
	struct reader r = reader_over(BYTES_LIT("\x01\x02\x03"));
	uint8_t out[2] = { 9, 9 };

	(void)state;
	assert_int_equal(reader_u32(&r), 0);
	assert_int_equal(r.err, ERR_SYNTAX);
	assert_int_equal(reader_u8(&r), 0);
	reader_copy(&r, out, 2);
	assert_true(bytes_all_zero(out, 2));
	assert_null(reader_bytes(&r, 1).p);
	assert_int_equal(reader_end(&r), ERR_SYNTAX);
}

static void
test_lines_end_in_a_newline(void **state)
{
	struct reader r = reader_over(BYTES_LIT("one\n\ntwo"));

	(void)state;
	assert_true(bytes_equal(reader_line(&r), BYTES_LIT("one")));
	assert_int_equal(reader_line(&r).n, 0);
	assert_int_equal(r.err, ERR_OK);
	assert_int_equal(reader_line(&r).n, 0);
	assert_int_equal(r.err, ERR_SYNTAX);
}

static void
test_what_is_left_over_is_an_error(void **state)
{
	struct reader r = reader_over(BYTES_LIT("ab"));

	(void)state;
	reader_u8(&r);
	assert_int_equal(reader_end(&r), ERR_SYNTAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_integers_are_written_big_endian_and_read_back),
		cmocka_unit_test(
		    test_buffer_stops_at_its_limit_and_stays_stopped),
		cmocka_unit_test(test_growth_keeps_what_was_put),
		cmocka_unit_test(test_reset_wipes_what_was_there),
		cmocka_unit_test(test_reset_wipes_all_that_was_ever_there),
		cmocka_unit_test(test_short_reads_stick_and_give_zeros),
		cmocka_unit_test(test_lines_end_in_a_newline),
		cmocka_unit_test(test_what_is_left_over_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
