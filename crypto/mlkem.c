#include "crypto/mlkem.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <string.h>

/*
 * Names rather than macros, so that this compiles against the headers of
 * OpenSSL 3.0 and works with any library from 3.5 on.
 */
#define ALGORITHM "ML-KEM-768"
#define PARAM_SEED "seed"
#define PARAM_IKME "ikme"

bool
mlkem_available(void)
{
	static enum { UNASKED, PRESENT, ABSENT } answer;

	if (answer == UNASKED) {
		EVP_KEM *kem;

		ERR_set_mark(); /* libssl would take it for its own */
		kem = EVP_KEM_fetch(NULL, ALGORITHM, NULL);
		answer = kem != NULL ? PRESENT : ABSENT;
		EVP_KEM_free(kem);
		ERR_pop_to_mark();
	}
	return answer == PRESENT;
}

static OSSL_PARAM
octets(const char *name, uint8_t *p, size_t n)
{
	return OSSL_PARAM_construct_octet_string(name, p, n);
}

/* NULL on failure. */
static EVP_PKEY *
key_from_seed(const uint8_t *seed)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, ALGORITHM, NULL);
	uint8_t copy[MLKEM_SEED_LEN];
	OSSL_PARAM params[] = { octets(PARAM_SEED, copy, sizeof(copy)),
		OSSL_PARAM_END };
	EVP_PKEY *key = NULL;

	memcpy(copy, seed, sizeof(copy));
	if (ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	bytes_wipe(copy, sizeof(copy));
	return key;
}

enum err
mlkem_public(const uint8_t seed[static MLKEM_SEED_LEN],
    uint8_t pub[static MLKEM_PUB_LEN])
{
	EVP_PKEY *key;
	size_t n = MLKEM_PUB_LEN;
	int ok;

	if (!mlkem_available())
		return ERR_UNSUPPORTED;
	key = key_from_seed(seed);
	ok = key != NULL && EVP_PKEY_get_raw_public_key(key, pub, &n) == 1;
	EVP_PKEY_free(key);
	return ok ? ERR_OK : ERR_CRYPTO;
}

static enum err
encap(EVP_PKEY *key, const uint8_t *m, uint8_t *enc, uint8_t *shared)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	uint8_t copy[MLKEM_RANDOM_LEN];
	OSSL_PARAM params[] = { octets(PARAM_IKME, copy, sizeof(copy)),
		OSSL_PARAM_END };
	size_t enc_len = MLKEM_ENC_LEN, shared_len = MLKEM_SHARED_LEN;
	int ok;

	memcpy(copy, m, sizeof(copy));
	ok = ctx != NULL && EVP_PKEY_encapsulate_init(ctx, params) == 1 &&
	    EVP_PKEY_encapsulate(ctx, enc, &enc_len, shared, &shared_len) == 1;
	EVP_PKEY_CTX_free(ctx);
	bytes_wipe(copy, sizeof(copy));
	return ok ? ERR_OK : ERR_CRYPTO;
}

enum err
mlkem_encap(const uint8_t pub[static MLKEM_PUB_LEN],
    const uint8_t m[static MLKEM_RANDOM_LEN], uint8_t enc[static MLKEM_ENC_LEN],
    uint8_t shared[static MLKEM_SHARED_LEN])
{
	EVP_PKEY *key;
	enum err err;

	if (!mlkem_available())
		return ERR_UNSUPPORTED;
	ERR_set_mark();
	key = EVP_PKEY_new_raw_public_key_ex(NULL, ALGORITHM, NULL, pub,
	    MLKEM_PUB_LEN);
	err = key != NULL ? encap(key, m, enc, shared) : ERR_SYNTAX;
	EVP_PKEY_free(key);
	ERR_pop_to_mark();
	return err;
}

enum err
mlkem_decap(const uint8_t seed[static MLKEM_SEED_LEN],
    const uint8_t enc[static MLKEM_ENC_LEN],
    uint8_t shared[static MLKEM_SHARED_LEN])
{
	EVP_PKEY *key;
	EVP_PKEY_CTX *ctx = NULL;
	size_t n = MLKEM_SHARED_LEN;
	int ok;

	if (!mlkem_available())
		return ERR_UNSUPPORTED;
	key = key_from_seed(seed);
	if (key != NULL)
		ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	ok = ctx != NULL && EVP_PKEY_decapsulate_init(ctx, NULL) == 1 &&
	    EVP_PKEY_decapsulate(ctx, shared, &n, enc, MLKEM_ENC_LEN) == 1;
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
	return ok ? ERR_OK : ERR_CRYPTO;
}
