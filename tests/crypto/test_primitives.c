#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/err.h>

#include <string.h>

#include "crypto/aead.h"
#include "crypto/codec.h"
#include "crypto/hash.h"
#include "crypto/mlkem.h"
#include "crypto/sign.h"
#include "crypto/x25519.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
assert_hex(const uint8_t *p, size_t n, const char *want)
{
	char got[256];

	assert_in_range(n, 1, 127);
	hex_encode(got, p, n);
	assert_string_equal(got, want);
}

/* --- hashes --- */

static void
test_sha256_is_that_of_fips_180(void **state)
{
	const struct bytes parts[] = { BYTES_LIT("a"), BYTES(NULL, 0),
		BYTES_LIT("bc") };
	static const char abc[] = "ba7816bf8f01cfea414140de5dae2223"
				  "b00361a396177a9cb410ff61f20015ad";
	struct sha256_ctx *c;
	uint8_t out[SHA256_LEN];

	(void)state;
	assert_int_equal(sha256(BYTES(NULL, 0), out), ERR_OK);
	assert_hex(out, sizeof(out),
	    "e3b0c44298fc1c149afbf4c8996fb924"
	    "27ae41e4649b934ca495991b7852b855");
	assert_int_equal(sha256(BYTES_LIT("abc"), out), ERR_OK);
	assert_hex(out, sizeof(out), abc);
	assert_int_equal(sha256_parts(parts, 3, out), ERR_OK);
	assert_hex(out, sizeof(out), abc);
	assert_int_equal(sha256_new(&c), ERR_OK);
	for (size_t i = 0; i < 3; i++) {
		uint8_t other[SHA256_LEN];

		assert_int_equal(sha256_update(c, parts[i]), ERR_OK);
		/* another digest in between changes nothing */
		assert_int_equal(sha256(BYTES_LIT("x"), other), ERR_OK);
	}
	assert_int_equal(sha256_final(c, out), ERR_OK);
	assert_hex(out, sizeof(out), abc);
	sha256_free(c);
}

/* RFC 4231, test cases 1, 2 and 6 (a key longer than a block). */
static void
test_hmac_is_that_of_rfc_4231(void **state)
{
	const struct bytes what[] = { BYTES_LIT("what do ya want "),
		BYTES_LIT("for nothing?") };
	const struct bytes hi = BYTES_LIT("Hi There");
	const struct bytes big =
	    BYTES_LIT("Test Using Larger Than Block-Size Key - Hash Key First");
	uint8_t key[131], out[SHA256_LEN];

	(void)state;
	memset(key, 0x0b, sizeof(key));
	assert_int_equal(hmac_sha256(BYTES(key, 20), &hi, 1, out), ERR_OK);
	assert_hex(out, sizeof(out),
	    "b0344c61d8db38535ca8afceaf0bf12b"
	    "881dc200c9833da726e9376c2e32cff7");
	assert_int_equal(hmac_sha256(BYTES_LIT("Jefe"), what, 2, out), ERR_OK);
	assert_hex(out, sizeof(out),
	    "5bdcc146bf60754e6a042426089575c7"
	    "5a003f089d2739839dec58b964ec3843");
	memset(key, 0xaa, sizeof(key));
	assert_int_equal(hmac_sha256(BYTES(key, 131), &big, 1, out), ERR_OK);
	assert_hex(out, sizeof(out),
	    "60e431591ee0b67f0d8a26aacbf5b77f"
	    "8e0bc6213728c5140546040f0ee37f54");
}

/* RFC 5869, test cases 1 and 3 (no salt, no info). */
static void
test_hkdf_is_that_of_rfc_5869(void **state)
{
	uint8_t ikm[22], salt[13], info[10], out[42], big[255 * 32 + 1];

	(void)state;
	memset(ikm, 0x0b, sizeof(ikm));
	for (size_t i = 0; i < sizeof(salt); i++)
		salt[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof(info); i++)
		info[i] = (uint8_t)(0xf0 + i);
	assert_int_equal(hkdf_sha256(BYTES(ikm, sizeof(ikm)),
			     BYTES(salt, sizeof(salt)),
			     BYTES(info, sizeof(info)), out, sizeof(out)),
	    ERR_OK);
	assert_hex(out, sizeof(out),
	    "3cb25f25faacd57a90434f64d0362f2a"
	    "2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
	assert_int_equal(hkdf_sha256(BYTES(ikm, sizeof(ikm)), BYTES(NULL, 0),
			     BYTES(NULL, 0), out, sizeof(out)),
	    ERR_OK);
	assert_hex(out, sizeof(out),
	    "8da4e775a563c18f715f802a063c5a31"
	    "b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
	assert_int_equal(hkdf_sha256(BYTES(ikm, 1), BYTES(NULL, 0),
			     BYTES(NULL, 0), big, sizeof(big)),
	    ERR_LIMIT);
	assert_int_equal(hkdf_sha256(BYTES(ikm, 1), BYTES(NULL, 0),
			     BYTES(NULL, 0), big, sizeof(big) - 1),
	    ERR_OK);
}

/* --- AEADs --- */

/* RFC 8439 section 2.8.2. */
static void
test_chacha20_poly1305_is_that_of_rfc_8439(void **state)
{
	const struct bytes plain = BYTES_LIT(
	    "Ladies and Gentlemen of the class of '99: If I could offer you "
	    "only one tip for the future, sunscreen would be it.");
	uint8_t key[AEAD_KEY_LEN], nonce[AEAD_NONCE_LEN], ad[12], out[130];
	struct aead_ctx *c;

	(void)state;
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(0x80 + i);
	assert_int_equal(hex_decode(BYTES_LIT("070000004041424344454647"),
			     nonce, sizeof(nonce)),
	    ERR_OK);
	assert_int_equal(
	    hex_decode(BYTES_LIT("50515253c0c1c2c3c4c5c6c7"), ad, sizeof(ad)),
	    ERR_OK);
	assert_int_equal(aead_new(AEAD_CHACHA20_POLY1305, &c), ERR_OK);
	assert_int_equal(
	    aead_seal(c, key, nonce, BYTES(ad, sizeof(ad)), plain, out),
	    ERR_OK);
	assert_hex(out, 16, "d31a8d34648e60db7b86afbc53ef7ec2");
	assert_hex(out + plain.n, AEAD_TAG_LEN,
	    "1ae10b594f09e26a7e902ecbd0600691");
	aead_free(c);
}

/* Test cases 3 and 15 of the GCM document (McGrew and Viega). */
static void
test_gcm_is_that_of_its_document(void **state)
{
	static const struct {
		enum aead alg;
		const char *key, *sealed, *tag;
	} cases[] = {
		{ AEAD_AES_128_GCM,
		    "feffe9928665731c6d6a8f9467308308"
		    "00000000000000000000000000000000",
		    "42831ec2217774244b7221b784d0d49c",
		    "4d5c2af327cd64a62cf35abd2ba6fab4" },
		{ AEAD_AES_256_GCM,
		    "feffe9928665731c6d6a8f9467308308"
		    "feffe9928665731c6d6a8f9467308308",
		    "522dc1f099567d07f47f37a32a84427d",
		    "b094dac5d93471bdec1a502270e3cc6c" },
	};
	static const char plain_hex[] =
	    "d9313225f88406e5a55909c5aff5269a"
	    "86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525"
	    "b16aedf5aa0de657ba637b391aafd255";
	uint8_t plain[64], key[32], nonce[AEAD_NONCE_LEN], out[80];

	(void)state;
	assert_int_equal(hex_decode(bytes_str(plain_hex), plain, 64), ERR_OK);
	assert_int_equal(hex_decode(BYTES_LIT("cafebabefacedbaddecaf888"),
			     nonce, sizeof(nonce)),
	    ERR_OK);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct aead_ctx *c;

		assert_int_equal(hex_decode(bytes_str(cases[i].key), key, 32),
		    ERR_OK);
		assert_int_equal(aead_new(cases[i].alg, &c), ERR_OK);
		assert_int_equal(aead_seal(c, key, nonce, BYTES(NULL, 0),
				     BYTES(plain, 64), out),
		    ERR_OK);
		assert_hex(out, 16, cases[i].sealed);
		assert_hex(out + 64, 16, cases[i].tag);
		aead_free(c);
	}
}

/* One context, both directions, in place, lengths around a block. */
static void
check_round_trips(enum aead alg)
{
	const uint8_t key[AEAD_KEY_LEN] = { 1, 2, 3 };
	const struct bytes ad = BYTES_LIT("table and key");
	struct aead_ctx *c;

	assert_int_equal(aead_new(alg, &c), ERR_OK);
	for (size_t n = 0; n <= 33; n++) {
		uint8_t nonce[AEAD_NONCE_LEN] = { (uint8_t)n };
		uint8_t x[33 + AEAD_TAG_LEN];

		memset(x, 0x5a, n);
		assert_int_equal(aead_seal(c, key, nonce, ad, BYTES(x, n), x),
		    ERR_OK);
		assert_int_equal(
		    aead_open(c, key, nonce, ad, BYTES(x, n + AEAD_TAG_LEN), x),
		    ERR_OK);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(x[i], 0x5a);
	}
	aead_free(c);
}

static void
test_one_context_seals_and_opens_in_place(void **state)
{
	(void)state;
	check_round_trips(AEAD_AES_128_GCM);
	check_round_trips(AEAD_AES_256_GCM);
	check_round_trips(AEAD_CHACHA20_POLY1305);
}

static void
test_any_change_is_refused_and_gives_nothing_out(void **state)
{
	const uint8_t key[AEAD_KEY_LEN] = { 1 }, nonce[AEAD_NONCE_LEN] = { 2 };
	uint8_t sealed[20 + AEAD_TAG_LEN], out[20];
	struct aead_ctx *c;

	(void)state;
	assert_int_equal(aead_new(AEAD_AES_256_GCM, &c), ERR_OK);
	memset(out, 'x', sizeof(out));
	assert_int_equal(
	    aead_seal(c, key, nonce, BYTES_LIT("ad"), BYTES(out, 20), sealed),
	    ERR_OK);
	for (size_t i = 0; i < sizeof(sealed); i++) {
		sealed[i] ^= 1;
		memset(out, 'x', sizeof(out));
		assert_int_equal(aead_open(c, key, nonce, BYTES_LIT("ad"),
				     BYTES(sealed, sizeof(sealed)), out),
		    ERR_CORRUPT);
		assert_true(bytes_all_zero(out, sizeof(out)));
		sealed[i] ^= 1;
	}
	assert_int_equal(aead_open(c, key, nonce, BYTES_LIT("da"),
			     BYTES(sealed, sizeof(sealed)), out),
	    ERR_CORRUPT);
	assert_int_equal(aead_open(c, key, nonce, BYTES_LIT("ad"),
			     BYTES(sealed, AEAD_TAG_LEN - 1), out),
	    ERR_CORRUPT);
	assert_int_equal(aead_open(c, key, nonce, BYTES_LIT("ad"),
			     BYTES(sealed, sizeof(sealed)), out),
	    ERR_OK);
	aead_free(c);
}

/* libssl looks at the queue of errors to tell what became of a connection. */
static void
test_refusals_leave_no_error_for_libssl_to_find(void **state)
{
	const uint8_t zero[X25519_LEN] = { 0 }, key[AEAD_KEY_LEN] = { 1 };
	const uint8_t seed[SIGN_SEED_LEN] = { 1 };
	uint8_t out[64] = { 0 }, pub[SIGN_PUB_LEN], sig[SIGN_LEN];
	static uint8_t no_key[MLKEM_PUB_LEN], enc[MLKEM_ENC_LEN];
	struct aead_ctx *c;

	(void)state;
	ERR_clear_error();
	assert_int_equal(x25519_shared(key, zero, out), ERR_SYNTAX);
	assert_int_equal(sign_public(seed, pub), ERR_OK);
	assert_int_equal(sign_make(seed, pub, BYTES_LIT("a"), sig), ERR_OK);
	assert_int_equal(sign_verify(pub, BYTES_LIT("b"), sig), ERR_BAD_SIG);
	assert_int_equal(aead_new(AEAD_AES_256_GCM, &c), ERR_OK);
	assert_int_equal(aead_open(c, key, zero, BYTES(NULL, 0),
			     BYTES(sig, sizeof(sig)), out),
	    ERR_CORRUPT);
	aead_free(c);
	memset(no_key, 0xff, sizeof(no_key));
	assert_int_equal(mlkem_encap(no_key, zero, enc, out),
	    mlkem_available() ? ERR_SYNTAX : ERR_UNSUPPORTED);
	assert_int_equal(ERR_peek_error(), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sha256_is_that_of_fips_180),
		cmocka_unit_test(test_hmac_is_that_of_rfc_4231),
		cmocka_unit_test(test_hkdf_is_that_of_rfc_5869),
		cmocka_unit_test(test_chacha20_poly1305_is_that_of_rfc_8439),
		cmocka_unit_test(test_gcm_is_that_of_its_document),
		cmocka_unit_test(test_one_context_seals_and_opens_in_place),
		cmocka_unit_test(
		    test_any_change_is_refused_and_gives_nothing_out),
		cmocka_unit_test(
		    test_refusals_leave_no_error_for_libssl_to_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
