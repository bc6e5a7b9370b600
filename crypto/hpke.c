#include "crypto/hpke.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/aead.h"
#include "crypto/hpke_kdf.h"

struct hpke {
	struct hpke_suite_id id;
	struct aead_ctx *aead;
	uint64_t sequence;
	uint8_t key[AEAD_KEY_LEN];
	uint8_t base_nonce[AEAD_NONCE_LEN];
	uint8_t exporter[SHA256_LEN];
};

#define MODE_BASE 0x00

static enum err
aead_of(enum hpke_aead id, enum aead *ret, size_t *ret_key_len)
{
	switch (id) {
	case HPKE_AES_128_GCM:
		*ret = AEAD_AES_128_GCM;
		*ret_key_len = 16;
		return ERR_OK;
	case HPKE_AES_256_GCM:
		*ret = AEAD_AES_256_GCM;
		*ret_key_len = AEAD_KEY_LEN;
		return ERR_OK;
	case HPKE_CHACHA20_POLY1305:
		*ret = AEAD_CHACHA20_POLY1305;
		*ret_key_len = AEAD_KEY_LEN;
		return ERR_OK;
	}
	return ERR_UNSUPPORTED;
}

/* mode || psk_id_hash || info_hash */
static enum err
schedule_context(const struct hpke_suite_id *id, struct bytes info,
    uint8_t out[static 1 + 2 * SHA256_LEN])
{
	enum err err;

	out[0] = MODE_BASE;
	err = hpke_extract(id, BYTES(NULL, 0), "psk_id_hash", BYTES(NULL, 0),
	    out + 1);
	if (err == ERR_OK)
		err = hpke_extract(id, BYTES(NULL, 0), "info_hash", info,
		    out + 1 + SHA256_LEN);
	return err;
}

/* KeySchedule of section 5.1. */
static enum err
schedule(struct hpke *h, size_t key_len, const uint8_t *shared,
    struct bytes info)
{
	uint8_t context[1 + 2 * SHA256_LEN], secret[SHA256_LEN];
	const struct bytes bound = BYTES(context, sizeof(context));
	enum err err;

	err = schedule_context(&h->id, info, context);
	if (err == ERR_OK)
		err = hpke_extract(&h->id, BYTES(shared, KEM_SHARED_LEN),
		    "secret", BYTES(NULL, 0), secret);
	if (err == ERR_OK)
		err =
		    hpke_expand(&h->id, secret, "key", bound, h->key, key_len);
	if (err == ERR_OK)
		err = hpke_expand(&h->id, secret, "base_nonce", bound,
		    h->base_nonce, sizeof(h->base_nonce));
	if (err == ERR_OK)
		err = hpke_expand(&h->id, secret, "exp", bound, h->exporter,
		    sizeof(h->exporter));
	bytes_wipe(secret, sizeof(secret));
	return err;
}

static enum err
hpke_new(struct hpke_suite suite, const uint8_t *shared, struct bytes info,
    struct hpke **ret)
{
	struct hpke *h;
	enum aead alg;
	size_t key_len;
	enum err err;

	err = aead_of(suite.aead, &alg, &key_len);
	if (err != ERR_OK)
		return err;
	h = calloc(1, sizeof(*h));
	if (h == NULL)
		return ERR_NOMEM;
	h->id = hpke_suite_id_of((uint16_t)suite.kem, (uint16_t)suite.aead);
	err = aead_new(alg, &h->aead);
	if (err == ERR_OK)
		err = schedule(h, key_len, shared, info);
	if (err != ERR_OK) {
		hpke_free(h);
		return err;
	}
	*ret = h;
	return ERR_OK;
}

enum err
hpke_sender(const struct env *env, struct hpke_suite suite, const uint8_t *pub,
    struct bytes info, uint8_t *enc, struct hpke **ret)
{
	uint8_t shared[KEM_SHARED_LEN];
	enum err err;

	err = kem_encap(env, suite.kem, pub, enc, shared);
	if (err == ERR_OK)
		err = hpke_new(suite, shared, info, ret);
	bytes_wipe(shared, sizeof(shared));
	return err;
}

enum err
hpke_receiver(struct hpke_suite suite,
    const uint8_t secret[static KEM_SECRET_LEN], struct bytes enc,
    struct bytes info, struct hpke **ret)
{
	uint8_t shared[KEM_SHARED_LEN];
	enum err err;

	if (enc.n == 0 || enc.n != kem_enc_len(suite.kem))
		return ERR_SYNTAX;
	err = kem_decap(suite.kem, secret, enc.p, shared);
	if (err == ERR_OK)
		err = hpke_new(suite, shared, info, ret);
	bytes_wipe(shared, sizeof(shared));
	return err;
}

/* ComputeNonce of section 5.2; a sequence of 2^64 does not run out. */
static void
nonce_of(const struct hpke *h, uint8_t nonce[static AEAD_NONCE_LEN])
{
	memcpy(nonce, h->base_nonce, AEAD_NONCE_LEN);
	for (size_t i = 0; i < 8; i++)
		nonce[AEAD_NONCE_LEN - 1 - i] ^=
		    (uint8_t)(h->sequence >> (8 * i));
}

enum err
hpke_seal(struct hpke *h, struct bytes ad, struct bytes plain, struct buf *out)
{
	uint8_t nonce[AEAD_NONCE_LEN];
	size_t start = out->n;
	uint8_t *at;
	enum err err;

	if (plain.n > SIZE_MAX - AEAD_TAG_LEN)
		return ERR_LIMIT;
	at = buf_grow(out, plain.n + AEAD_TAG_LEN);
	if (at == NULL)
		return out->err;
	nonce_of(h, nonce);
	err = aead_seal(h->aead, h->key, nonce, ad, plain, at);
	if (err == ERR_OK)
		h->sequence++;
	else
		out->n = start;
	return err;
}

enum err
hpke_open(struct hpke *h, struct bytes ad, struct bytes sealed, struct buf *out)
{
	uint8_t nonce[AEAD_NONCE_LEN];
	size_t start = out->n;
	uint8_t *at;
	enum err err;

	if (sealed.n < AEAD_TAG_LEN)
		return ERR_CORRUPT;
	at = buf_grow(out, sealed.n - AEAD_TAG_LEN);
	if (at == NULL)
		return out->err;
	nonce_of(h, nonce);
	err = aead_open(h->aead, h->key, nonce, ad, sealed, at);
	if (err == ERR_OK)
		h->sequence++;
	else
		out->n = start;
	return err;
}

enum err
hpke_export(const struct hpke *h, struct bytes context, uint8_t *out, size_t n)
{
	return hpke_expand(&h->id, h->exporter, "sec", context, out, n);
}

struct hpke *
hpke_free(struct hpke *h)
{
	if (h == NULL)
		return NULL;
	aead_free(h->aead);
	bytes_wipe(h, sizeof(*h));
	free(h);
	return NULL;
}

enum err
hpke_seal_once(const struct env *env, struct hpke_suite suite,
    const uint8_t *pub, struct bytes info, struct bytes ad, struct bytes plain,
    struct buf *out)
{
	uint8_t enc[KEM_ENC_MAX];
	size_t start = out->n;
	struct hpke *h;
	enum err err;

	err = hpke_sender(env, suite, pub, info, enc, &h);
	if (err != ERR_OK)
		return err;
	buf_put(out, enc, kem_enc_len(suite.kem));
	err = hpke_seal(h, ad, plain, out);
	if (err != ERR_OK)
		out->n = start;
	hpke_free(h);
	return err;
}

enum err
hpke_open_once(struct hpke_suite suite,
    const uint8_t secret[static KEM_SECRET_LEN], struct bytes info,
    struct bytes ad, struct bytes sealed, struct buf *out)
{
	size_t enc_len = kem_enc_len(suite.kem);
	struct hpke *h;
	enum err err;

	if (sealed.n < enc_len + AEAD_TAG_LEN)
		return ERR_SYNTAX;
	err = hpke_receiver(suite, secret, BYTES(sealed.p, enc_len), info, &h);
	if (err != ERR_OK)
		return err;
	err = hpke_open(h, ad, BYTES(sealed.p + enc_len, sealed.n - enc_len),
	    out);
	hpke_free(h);
	return err;
}
