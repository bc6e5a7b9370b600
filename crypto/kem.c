#include "crypto/kem.h"

#include <openssl/evp.h>

#include <string.h>

#include "crypto/hpke_kdf.h"
#include "crypto/mlkem.h"
#include "crypto/x25519.h"

size_t
kem_pub_len(enum kem kem)
{
	switch (kem) {
	case KEM_X25519:
		return X25519_LEN;
	case KEM_MLKEM768_X25519:
		return MLKEM_PUB_LEN + X25519_LEN;
	}
	return 0;
}

size_t
kem_enc_len(enum kem kem)
{
	switch (kem) {
	case KEM_X25519:
		return X25519_LEN;
	case KEM_MLKEM768_X25519:
		return MLKEM_ENC_LEN + X25519_LEN;
	}
	return 0;
}

/* --- DHKEM(X25519, HKDF-SHA256) --- */

/* ExtractAndExpand of RFC 9180 section 4.1. */
static enum err
dh_extract(const uint8_t *dh, const uint8_t *enc, const uint8_t *pub,
    uint8_t *shared)
{
	struct hpke_suite_id id = hpke_suite_id_of_kem(KEM_X25519);
	uint8_t prk[SHA256_LEN], context[2 * X25519_LEN];
	enum err err;

	memcpy(context, enc, X25519_LEN);
	memcpy(context + X25519_LEN, pub, X25519_LEN);
	err = hpke_extract(&id, BYTES(NULL, 0), "eae_prk",
	    BYTES(dh, X25519_LEN), prk);
	if (err == ERR_OK)
		err = hpke_expand(&id, prk, "shared_secret",
		    BYTES(context, sizeof(context)), shared, KEM_SHARED_LEN);
	bytes_wipe(prk, sizeof(prk));
	return err;
}

/* DeriveKeyPair of RFC 9180 section 7.1.3. */
static enum err
dh_derive_secret(const uint8_t *ikm, uint8_t *secret)
{
	struct hpke_suite_id id = hpke_suite_id_of_kem(KEM_X25519);
	uint8_t prk[SHA256_LEN];
	enum err err;

	err = hpke_extract(&id, BYTES(NULL, 0), "dkp_prk",
	    BYTES(ikm, X25519_LEN), prk);
	if (err == ERR_OK)
		err = hpke_expand(&id, prk, "sk", BYTES(NULL, 0), secret,
		    X25519_LEN);
	bytes_wipe(prk, sizeof(prk));
	return err;
}

static enum err
dh_encap(const struct env *env, const uint8_t *pub, uint8_t *enc,
    uint8_t *shared)
{
	uint8_t ikm[X25519_LEN], secret[X25519_LEN], dh[X25519_LEN];
	enum err err;

	err = env_random(env, ikm, sizeof(ikm));
	if (err == ERR_OK)
		err = dh_derive_secret(ikm, secret);
	if (err == ERR_OK)
		err = x25519_public(secret, enc);
	if (err == ERR_OK)
		err = x25519_shared(secret, pub, dh);
	if (err == ERR_OK)
		err = dh_extract(dh, enc, pub, shared);
	bytes_wipe(ikm, sizeof(ikm));
	bytes_wipe(secret, sizeof(secret));
	bytes_wipe(dh, sizeof(dh));
	return err;
}

static enum err
dh_decap(const uint8_t *secret, const uint8_t *enc, uint8_t *shared)
{
	uint8_t dh[X25519_LEN], pub[X25519_LEN];
	enum err err;

	err = x25519_shared(secret, enc, dh);
	if (err == ERR_OK)
		err = x25519_public(secret, pub);
	if (err == ERR_OK)
		err = dh_extract(dh, enc, pub, shared);
	bytes_wipe(dh, sizeof(dh));
	return err;
}

/* --- MLKEM768-X25519 --- */

struct hybrid_secret {
	uint8_t mlkem[MLKEM_SEED_LEN];
	uint8_t x25519[X25519_LEN];
};

/* What both sides know of one encapsulation. */
struct hybrid_parts {
	uint8_t mlkem[MLKEM_SHARED_LEN];
	uint8_t dh[X25519_LEN];
};

/* n bytes of `name` (an algorithm of FIPS 202) over the parts. */
static enum err
sha3(const char *name, const struct bytes *part, size_t n_parts, uint8_t *out,
    size_t n)
{
	EVP_MD *md = EVP_MD_fetch(NULL, name, NULL);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int ok;

	ok =
	    md != NULL && ctx != NULL && EVP_DigestInit_ex2(ctx, md, NULL) == 1;
	for (size_t i = 0; ok && i < n_parts; i++)
		ok = EVP_DigestUpdate(ctx, part[i].p, part[i].n) == 1;
	if (ok && (EVP_MD_get_flags(md) & EVP_MD_FLAG_XOF) != 0)
		ok = EVP_DigestFinalXOF(ctx, out, n) == 1;
	else if (ok)
		ok = EVP_DigestFinal_ex(ctx, out, NULL) == 1;
	EVP_MD_CTX_free(ctx);
	EVP_MD_free(md);
	return ok ? ERR_OK : ERR_CRYPTO;
}

static enum err
hybrid_expand(const uint8_t *seed, struct hybrid_secret *ret)
{
	uint8_t out[MLKEM_SEED_LEN + X25519_LEN];
	enum err err;

	err =
	    sha3("SHAKE256", &BYTES(seed, KEM_SECRET_LEN), 1, out, sizeof(out));
	if (err == ERR_OK) {
		memcpy(ret->mlkem, out, MLKEM_SEED_LEN);
		memcpy(ret->x25519, out + MLKEM_SEED_LEN, X25519_LEN);
	}
	bytes_wipe(out, sizeof(out));
	return err;
}

/* X-Wing's combiner; its label is a drawing of an X-wing. */
static enum err
hybrid_combine(const struct hybrid_parts *k, const uint8_t *dh_enc,
    const uint8_t *dh_pub, uint8_t *shared)
{
	const struct bytes part[] = {
		BYTES(k->mlkem, MLKEM_SHARED_LEN),
		BYTES(k->dh, X25519_LEN),
		BYTES(dh_enc, X25519_LEN),
		BYTES(dh_pub, X25519_LEN),
		BYTES_LIT("\\.//^\\"),
	};

	return sha3("SHA3-256", part, 5, shared, KEM_SHARED_LEN);
}

static enum err
hybrid_public(const uint8_t *seed, uint8_t *pub)
{
	struct hybrid_secret secret;
	enum err err;

	err = hybrid_expand(seed, &secret);
	if (err == ERR_OK)
		err = mlkem_public(secret.mlkem, pub);
	if (err == ERR_OK)
		err = x25519_public(secret.x25519, pub + MLKEM_PUB_LEN);
	bytes_wipe(&secret, sizeof(secret));
	return err;
}

static enum err
hybrid_encap(const struct env *env, const uint8_t *pub, uint8_t *enc,
    uint8_t *shared)
{
	uint8_t random[MLKEM_RANDOM_LEN + X25519_LEN];
	const uint8_t *dh_secret = random + MLKEM_RANDOM_LEN;
	const uint8_t *dh_pub = pub + MLKEM_PUB_LEN;
	uint8_t *dh_enc = enc + MLKEM_ENC_LEN;
	struct hybrid_parts k;
	enum err err;

	err = env_random(env, random, sizeof(random));
	if (err == ERR_OK)
		err = x25519_public(dh_secret, dh_enc);
	if (err == ERR_OK)
		err = x25519_shared(dh_secret, dh_pub, k.dh);
	if (err == ERR_OK)
		err = mlkem_encap(pub, random, enc, k.mlkem);
	if (err == ERR_OK)
		err = hybrid_combine(&k, dh_enc, dh_pub, shared);
	bytes_wipe(random, sizeof(random));
	bytes_wipe(&k, sizeof(k));
	return err;
}

static enum err
hybrid_decap(const uint8_t *seed, const uint8_t *enc, uint8_t *shared)
{
	const uint8_t *dh_enc = enc + MLKEM_ENC_LEN;
	struct hybrid_secret secret;
	struct hybrid_parts k;
	uint8_t dh_pub[X25519_LEN];
	enum err err;

	err = hybrid_expand(seed, &secret);
	if (err == ERR_OK)
		err = x25519_shared(secret.x25519, dh_enc, k.dh);
	if (err == ERR_OK)
		err = x25519_public(secret.x25519, dh_pub);
	if (err == ERR_OK)
		err = mlkem_decap(secret.mlkem, enc, k.mlkem);
	if (err == ERR_OK)
		err = hybrid_combine(&k, dh_enc, dh_pub, shared);
	bytes_wipe(&secret, sizeof(secret));
	bytes_wipe(&k, sizeof(k));
	return err;
}

/* --- either --- */

enum err
kem_public(enum kem kem, const uint8_t secret[static KEM_SECRET_LEN],
    uint8_t *pub)
{
	switch (kem) {
	case KEM_X25519:
		return x25519_public(secret, pub);
	case KEM_MLKEM768_X25519:
		return hybrid_public(secret, pub);
	}
	return ERR_UNSUPPORTED;
}

enum err
kem_encap(const struct env *env, enum kem kem, const uint8_t *pub, uint8_t *enc,
    uint8_t shared[static KEM_SHARED_LEN])
{
	switch (kem) {
	case KEM_X25519:
		return dh_encap(env, pub, enc, shared);
	case KEM_MLKEM768_X25519:
		return hybrid_encap(env, pub, enc, shared);
	}
	return ERR_UNSUPPORTED;
}

enum err
kem_decap(enum kem kem, const uint8_t secret[static KEM_SECRET_LEN],
    const uint8_t *enc, uint8_t shared[static KEM_SHARED_LEN])
{
	switch (kem) {
	case KEM_X25519:
		return dh_decap(secret, enc, shared);
	case KEM_MLKEM768_X25519:
		return hybrid_decap(secret, enc, shared);
	}
	return ERR_UNSUPPORTED;
}
