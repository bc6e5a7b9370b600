#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "crypto/codec.h"
#include "crypto/sealed.h"
#include "crypto/tar.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
test_constant_block_is_the_documented_one(void **state)
{
	uint8_t want[TAR_BLOCK] = { 0 }, got[TAR_BLOCK], digest[SHA256_LEN];
	char hex[2 * SHA256_LEN + 1];

	(void)state;
	memcpy(want, "speakup-v1", 10);
	memcpy(want + 100,
	    "0000600\0000000000\0000000000\0"
	    "00000000000\00000000000000\000007642\0 0",
	    57);
	memcpy(want + 257, "ustar\00000", 8);
	assert_int_equal(tar_header(TAR_CONSTANT_NAME, 0, got), ERR_OK);
	assert_memory_equal(got, want, TAR_BLOCK);
	assert_int_equal(sha256(BYTES(got, TAR_BLOCK), digest), ERR_OK);
	hex_encode(hex, digest, sizeof(digest));
	assert_string_equal(hex,
	    "37dcbd06f262c61b8db767e37f4893a5"
	    "9c4b9551337fda4811bbfa114953c394");
}

static void
test_padding_is_padme_in_whole_blocks(void **state)
{
	static const struct {
		uint64_t n, size;
	} row[] = {
		{ 0, SEALED_FLOOR },
		{ SEALED_FLOOR, SEALED_FLOOR },
		{ SEALED_FLOOR + 1, 16384 },
		{ 16384, 16384 },
		/* e = 14, s = 4: multiples of 1024 */
		{ 16385, 17408 },
		{ 17409, 18432 },
		/* e = 20, s = 5: multiples of 32768 */
		{ 1048577, 1081344 },
		{ 1ull << 30, 1ull << 30 },
		{ (1ull << 30) + 1, (1ull << 30) + (1ull << 25) },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++)
		assert_int_equal(sealed_pad_size(row[i].n), row[i].size);
	for (uint64_t n = SEALED_FLOOR; n < 1ull << 37; n += n / 7 + 3) {
		uint64_t size = sealed_pad_size(n);

		assert_true(size >= n && size % TAR_BLOCK == 0);
		assert_true(size - n <= n / 100 * 12 + TAR_BLOCK);
	}
}

static void
test_header_holds_what_ustar_can_hold(void **state)
{
	char name[300] = { 0 };
	uint8_t header[TAR_BLOCK];
	uint64_t size = 0;

	(void)state;
	memset(name, 'n', 100);
	assert_int_equal(tar_header(name, (1ull << 33) - 1, header), ERR_OK);
	assert_int_equal(tar_header_size(header, &size), ERR_OK);
	assert_true(size == (1ull << 33) - 1);
	assert_int_equal(tar_header(name, 1ull << 33, header), ERR_LIMIT);
	name[100] = 'n';
	assert_int_equal(tar_header(name, 0, header), ERR_LIMIT);
	memset(name, 'd', 155);
	name[155] = '/';
	memset(name + 156, 'n', 100);
	assert_int_equal(tar_header(name, 0, header), ERR_OK);
	assert_memory_equal(header, name + 156, 100);
	assert_memory_equal(header + 345, name, 155);
	memset(name, 'd', 156);
	name[156] = '/';
	assert_int_equal(tar_header(name, 0, header), ERR_LIMIT);
}

static void
test_size_is_octal_digits_only(void **state)
{
	static const char *const bad[] = { "0000000000 ", " 0000000000",
		"00000000008", "-0000000001", "0000000000x" };
	uint8_t header[TAR_BLOCK];
	uint64_t size = 7;

	(void)state;
	assert_int_equal(tar_header("a", 5, header), ERR_OK);
	for (size_t i = 0; i < COUNT(bad); i++) {
		memcpy(header + 124, bad[i], 11);
		assert_int_equal(tar_header_size(header, &size), ERR_SYNTAX);
	}
	assert_int_equal(size, 7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_constant_block_is_the_documented_one),
		cmocka_unit_test(test_padding_is_padme_in_whole_blocks),
		cmocka_unit_test(test_header_holds_what_ustar_can_hold),
		cmocka_unit_test(test_size_is_octal_digits_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
