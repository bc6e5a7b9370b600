#include "crypto/sign.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include <string.h>

#define Y_LEN 32 /* an encoded point: y, little-endian, and x's lowest bit */

/* clang-format off */
/* p = 2^255 - 19 */
static const uint8_t field_prime[Y_LEN] = {
	0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
};

/* L = 2^252 + 27742317777372353535851937790883648493, RFC 8032 5.1 */
static const uint8_t group_order[Y_LEN] = {
	0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,
	0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10,
};
/* clang-format on */

/*
 * The y of the eight points whose order divides 8: 1 (the neutral element),
 * p - 1 (order 2), 0 (order 4), and two values for order 8. Both signs of x
 * are of small order, so the sign bit is left out.
 */
static const uint8_t small_order_y[][Y_LEN] = {
	{ 0x01 },
	{ 0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
	{ 0x00 },
	{ 0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
	    0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
	    0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a },
	{ 0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
	    0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
	    0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05 },
};

/* Whether a < b, both little-endian. Signatures and public keys are public. */
static bool
is_below(const uint8_t *a, const uint8_t *b)
{
	for (size_t i = Y_LEN; i > 0; i--)
		if (a[i - 1] != b[i - 1])
			return a[i - 1] < b[i - 1];
	return false;
}

static bool
point_is_acceptable(const uint8_t *point)
{
	uint8_t y[Y_LEN];

	memcpy(y, point, Y_LEN);
	y[Y_LEN - 1] &= 0x7f;
	if (!is_below(y, field_prime))
		return false;
	for (size_t i = 0; i < sizeof(small_order_y) / Y_LEN; i++)
		if (memcmp(y, small_order_y[i], Y_LEN) == 0)
			return false;
	return true;
}

static EVP_PKEY *
private_key(const uint8_t *seed)
{
	return EVP_PKEY_new_raw_private_key_ex(NULL, "ED25519", NULL, seed,
	    SIGN_SEED_LEN);
}

enum err
sign_public(const uint8_t seed[static SIGN_SEED_LEN],
    uint8_t pub[static SIGN_PUB_LEN])
{
	EVP_PKEY *key = private_key(seed);
	size_t n = SIGN_PUB_LEN;
	int ok;

	ok = key != NULL && EVP_PKEY_get_raw_public_key(key, pub, &n) == 1;
	EVP_PKEY_free(key);
	return ok ? ERR_OK : ERR_CRYPTO;
}

static enum err
sign_with(EVP_PKEY *key, struct bytes msg, uint8_t *sig)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t n = SIGN_LEN;
	int ok;

	ok = ctx != NULL &&
	    EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1 &&
	    EVP_DigestSign(ctx, sig, &n, msg.p, msg.n) == 1;
	EVP_MD_CTX_free(ctx);
	return ok ? ERR_OK : ERR_CRYPTO;
}

enum err
sign_make(const uint8_t seed[static SIGN_SEED_LEN],
    const uint8_t pub[static SIGN_PUB_LEN], struct bytes msg,
    uint8_t sig[static SIGN_LEN])
{
	EVP_PKEY *key = private_key(seed);
	uint8_t is[SIGN_PUB_LEN];
	size_t n = sizeof(is);
	enum err err = ERR_CRYPTO;

	if (key != NULL && EVP_PKEY_get_raw_public_key(key, is, &n) == 1)
		err = memcmp(is, pub, sizeof(is)) == 0
		    ? sign_with(key, msg, sig)
		    : ERR_BAD_SIG;
	EVP_PKEY_free(key);
	return err;
}

static enum err
verify_once(EVP_PKEY *key, struct bytes msg, const uint8_t *sig)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	enum err err = ERR_CRYPTO;

	if (ctx != NULL &&
	    EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1)
		err = EVP_DigestVerify(ctx, sig, SIGN_LEN, msg.p, msg.n) == 1
		    ? ERR_OK
		    : ERR_BAD_SIG;
	EVP_MD_CTX_free(ctx);
	return err;
}

static EVP_PKEY *
public_key(const uint8_t *pub)
{
	return EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, pub,
	    SIGN_PUB_LEN);
}

/* RFC 8032 7.1, test 1: of the empty message. */
static enum err
verify_known(void)
{
	/* clang-format off */
	static const uint8_t pub[SIGN_PUB_LEN] = {
		0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7,
		0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a,
		0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25,
		0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a,
	};
	static const uint8_t sig[SIGN_LEN] = {
		0xe5, 0x56, 0x43, 0x00, 0xc3, 0x60, 0xac, 0x72,
		0x90, 0x86, 0xe2, 0xcc, 0x80, 0x6e, 0x82, 0x8a,
		0x84, 0x87, 0x7f, 0x1e, 0xb8, 0xe5, 0xd9, 0x74,
		0xd8, 0x73, 0xe0, 0x65, 0x22, 0x49, 0x01, 0x55,
		0x5f, 0xb8, 0x82, 0x15, 0x90, 0xa3, 0x3b, 0xac,
		0xc6, 0x1e, 0x39, 0x70, 0x1c, 0xf9, 0xb4, 0x6b,
		0xd2, 0x5b, 0xf5, 0xf0, 0x59, 0x5b, 0xbe, 0x24,
		0x65, 0x51, 0x41, 0x43, 0x8e, 0x7a, 0x10, 0x0b,
	};
	/* clang-format on */
	EVP_PKEY *key = public_key(pub);
	enum err err =
	    key != NULL ? verify_once(key, BYTES(NULL, 0), sig) : ERR_CRYPTO;

	EVP_PKEY_free(key);
	return err == ERR_OK ? ERR_OK : ERR_CRYPTO;
}

/*
 * OpenSSL says of a signature that it is wrong also where memory ran out on
 * the way. Nobody is to be called a forger for that: what does not verify is
 * asked about again, after one that is known to be right.
 */
static enum err
verify(EVP_PKEY *key, struct bytes msg, const uint8_t *sig)
{
	enum err err = verify_once(key, msg, sig);

	if (err != ERR_BAD_SIG)
		return err;
	err = verify_known();
	return err == ERR_OK ? verify_once(key, msg, sig) : err;
}

enum err
sign_verify(const uint8_t pub[static SIGN_PUB_LEN], struct bytes msg,
    const uint8_t sig[static SIGN_LEN])
{
	EVP_PKEY *key;
	enum err err;

	if (!point_is_acceptable(pub) || !point_is_acceptable(sig) ||
	    !is_below(sig + Y_LEN, group_order))
		return ERR_BAD_SIG;
	ERR_set_mark(); /* libssl would take what is left for its own */
	key = public_key(pub);
	err = key != NULL ? verify(key, msg, sig) : ERR_CRYPTO;
	EVP_PKEY_free(key);
	ERR_pop_to_mark();
	return err;
}
