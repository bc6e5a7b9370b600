#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "crypto/codec.h"
#include "crypto/sign.h"

static void
from_hex(const char *hex, uint8_t *out, size_t n)
{
	assert_int_equal(hex_decode(bytes_str(hex), out, n), ERR_OK);
}

/* RFC 8032 section 7.1, tests 1 to 3. */
static const struct {
	const char *seed, *pub, *msg, *sig;
} rfc8032[] = {
	{ "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
	    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
	    "",
	    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
	    "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b" },
	{ "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
	    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
	    "72",
	    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
	    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00" },
	{ "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
	    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
	    "af82",
	    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
	    "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a" },
};

static void
test_rfc8032_vectors_come_out(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rfc8032) / sizeof(rfc8032[0]); i++) {
		uint8_t seed[SIGN_SEED_LEN], pub[SIGN_PUB_LEN];
		uint8_t want[SIGN_LEN], sig[SIGN_LEN], text[2];
		struct bytes msg = BYTES(text, strlen(rfc8032[i].msg) / 2);

		from_hex(rfc8032[i].msg, text, msg.n);
		from_hex(rfc8032[i].seed, seed, sizeof(seed));
		from_hex(rfc8032[i].sig, want, sizeof(want));
		from_hex(rfc8032[i].pub, pub, sizeof(pub));
		assert_int_equal(sign_make(seed, pub, msg, sig), ERR_OK);
		assert_memory_equal(sig, want, sizeof(sig));
		assert_int_equal(sign_public(seed, want), ERR_OK);
		assert_memory_equal(pub, want, sizeof(pub));
		assert_int_equal(sign_verify(pub, msg, sig), ERR_OK);
	}
}

static void
test_nothing_is_signed_as_another_key(void **state)
{
	const uint8_t seed[SIGN_SEED_LEN] = { 7 };
	uint8_t pub[SIGN_PUB_LEN], sig[SIGN_LEN] = { 0 };

	(void)state;
	assert_int_equal(sign_public(seed, pub), ERR_OK);
	pub[3] ^= 1;
	assert_int_equal(sign_make(seed, pub, BYTES_LIT("a"), sig),
	    ERR_BAD_SIG);
	assert_true(bytes_all_zero(sig, sizeof(sig)));
}

static void
test_any_changed_bit_is_refused(void **state)
{
	const uint8_t seed[SIGN_SEED_LEN] = { 7 };
	uint8_t pub[SIGN_PUB_LEN], sig[SIGN_LEN], text[] = "a concern";
	struct bytes msg = BYTES(text, sizeof(text));

	(void)state;
	assert_int_equal(sign_public(seed, pub), ERR_OK);
	assert_int_equal(sign_make(seed, pub, msg, sig), ERR_OK);
	for (unsigned i = 0; i < 8 * SIGN_LEN; i++) {
		sig[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_int_equal(sign_verify(pub, msg, sig), ERR_BAD_SIG);
		sig[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	text[0] ^= 1;
	assert_int_equal(sign_verify(pub, msg, sig), ERR_BAD_SIG);
	text[0] ^= 1;
	assert_int_equal(sign_verify(pub, msg, sig), ERR_OK);
}

/* Every encoding of the eight points of small order: canonical, with y at or
 * above the prime, and with the sign of an x that is zero. */
static const char *const small_order[] = {
	"0100000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000080",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0000000000000000000000000000000000000000000000000000000000000080",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
};
#define N_SMALL_ORDER (sizeof(small_order) / sizeof(small_order[0]))

/*
 * With S = 0 the equation S*B = R + k*A holds for many pairs of small order
 * whatever the message is; without the check at least A = R = the neutral
 * element passes.
 */
static void
test_keys_of_small_order_sign_nothing(void **state)
{
	(void)state;
	for (size_t a = 0; a < N_SMALL_ORDER; a++) {
		for (size_t r = 0; r < N_SMALL_ORDER; r++) {
			uint8_t pub[SIGN_PUB_LEN], sig[SIGN_LEN] = { 0 };

			from_hex(small_order[a], pub, sizeof(pub));
			from_hex(small_order[r], sig, 32);
			assert_int_equal(
			    sign_verify(pub, BYTES_LIT("any"), sig),
			    ERR_BAD_SIG);
		}
	}
}

/*
 * With A the neutral element, R = B and S = 1 sign every message; so does each
 * of its other encodings where a library takes them.
 */
static void
test_neutral_element_is_no_key(void **state)
{
	static const char base_point[] =
	    "5866666666666666666666666666666666666666666666666666666666666666";

	(void)state;
	for (size_t a = 0; a < N_SMALL_ORDER; a++) {
		uint8_t pub[SIGN_PUB_LEN], sig[SIGN_LEN] = { 0 };

		from_hex(small_order[a], pub, sizeof(pub));
		from_hex(base_point, sig, 32);
		sig[32] = 1;
		assert_int_equal(sign_verify(pub, BYTES_LIT("any"), sig),
		    ERR_BAD_SIG);
	}
}

#define SMALL_R_SIGNATURE                                                  \
	"0100000000000000000000000000000000000000000000000000000000000000" \
	"51face3630a0be70010b02d9e4cce9276c33cb6f0e2c2b25df53e396512aec05"

/*
 * R = the neutral element and S = k*a, made by whoever has the key a: every
 * library that only checks the equation accepts it (vector 1 of RFC 8032's
 * key, message "forged").
 */
static void
test_r_of_small_order_is_refused(void **state)
{
	uint8_t pub[SIGN_PUB_LEN], sig[SIGN_LEN];

	(void)state;
	from_hex(rfc8032[0].pub, pub, sizeof(pub));
	from_hex(SMALL_R_SIGNATURE, sig, sizeof(sig));
	assert_int_equal(sign_verify(pub, BYTES_LIT("forged"), sig),
	    ERR_BAD_SIG);
}

/* S + L verifies like S where S is not checked against the order L. */
static void
test_s_at_or_above_the_order_is_refused(void **state)
{
	static const char order[] =
	    "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
	uint8_t pub[SIGN_PUB_LEN], sig[SIGN_LEN], add[32];
	unsigned carry = 0;

	(void)state;
	from_hex(rfc8032[0].pub, pub, sizeof(pub));
	from_hex(rfc8032[0].sig, sig, sizeof(sig));
	from_hex(order, add, sizeof(add));
	assert_int_equal(sign_verify(pub, BYTES_LIT(""), sig), ERR_OK);
	for (size_t i = 0; i < 32; i++) {
		carry += sig[32 + i] + (unsigned)add[i];
		sig[32 + i] = (uint8_t)(carry & 0xff);
		carry >>= 8;
	}
	assert_int_equal(sign_verify(pub, BYTES_LIT(""), sig), ERR_BAD_SIG);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc8032_vectors_come_out),
		cmocka_unit_test(test_nothing_is_signed_as_another_key),
		cmocka_unit_test(test_any_changed_bit_is_refused),
		cmocka_unit_test(test_keys_of_small_order_sign_nothing),
		cmocka_unit_test(test_neutral_element_is_no_key),
		cmocka_unit_test(test_r_of_small_order_is_refused),
		cmocka_unit_test(test_s_at_or_above_the_order_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
