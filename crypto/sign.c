#include "crypto/sign.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include <string.h>

#define Y_LEN 32 /* an encoded point: y, little-endian, and x's lowest bit */

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

/*
 * The y of the eight points whose order divides 8: 1 (the neutral element),
 * p - 1 (order 2), 0 (order 4), and two values for order 8. Both signs of x
 * are of small order, so the sign bit is left out.
 */
static const uint8_t small_order_y[][Y_LEN] = {
	{ 0x01 },
	{ 0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
	{ 0x00 },
	{ 0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f,
	  0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
	  0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6,
	  0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a },
	{ 0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0,
	  0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
	  0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39,
	  0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05 },
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
		err = memcmp(is, pub, sizeof(is)) == 0 ?
		    sign_with(key, msg, sig) : ERR_BAD_SIG;
	EVP_PKEY_free(key);
	return err;
}

static enum err
verify(EVP_PKEY *key, struct bytes msg, const uint8_t *sig)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	enum err err = ERR_CRYPTO;

	if (ctx != NULL &&
	    EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1)
		err = EVP_DigestVerify(ctx, sig, SIGN_LEN, msg.p, msg.n) == 1 ?
		    ERR_OK : ERR_BAD_SIG;
	EVP_MD_CTX_free(ctx);
	return err;
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
	key = EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, pub,
	    SIGN_PUB_LEN);
	err = key != NULL ? verify(key, msg, sig) : ERR_CRYPTO;
	EVP_PKEY_free(key);
	ERR_pop_to_mark();
	return err;
}
