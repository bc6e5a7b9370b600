#include "crypto/aead.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include <limits.h>
#include <stdlib.h>

struct aead_ctx {
	EVP_CIPHER_CTX *c;
};

static EVP_CIPHER *
fetch(enum aead alg)
{
	static EVP_CIPHER *aes256, *aes128, *chacha;
	EVP_CIPHER **kept = NULL;
	const char *name = NULL;

	switch (alg) {
	case AEAD_AES_256_GCM:
		kept = &aes256;
		name = "AES-256-GCM";
		break;
	case AEAD_AES_128_GCM:
		kept = &aes128;
		name = "AES-128-GCM";
		break;
	case AEAD_CHACHA20_POLY1305:
		kept = &chacha;
		name = "ChaCha20-Poly1305";
		break;
	}
	if (*kept == NULL)
		*kept = EVP_CIPHER_fetch(NULL, name, NULL);
	return *kept;
}

enum err
aead_new(enum aead alg, struct aead_ctx **ret)
{
	EVP_CIPHER *cipher = fetch(alg);
	struct aead_ctx *c = calloc(1, sizeof(*c));

	if (cipher == NULL || c == NULL) {
		free(c);
		return ERR_NOMEM;
	}
	c->c = EVP_CIPHER_CTX_new();
	if (c->c == NULL ||
	    EVP_CipherInit_ex2(c->c, cipher, NULL, NULL, 1, NULL) != 1) {
		aead_free(c);
		return ERR_NOMEM;
	}
	*ret = c;
	return ERR_OK;
}

struct aead_ctx *
aead_free(struct aead_ctx *c)
{
	if (c == NULL)
		return NULL;
	EVP_CIPHER_CTX_free(c->c);
	free(c);
	return NULL;
}

/* out NULL: associated data. */
static bool
update(EVP_CIPHER_CTX *c, uint8_t *out, struct bytes x)
{
	int n;

	return x.n == 0 || EVP_CipherUpdate(c, out, &n, x.p, (int)x.n) == 1;
}

static bool
tag_control(EVP_CIPHER_CTX *c, int what, uint8_t *tag)
{
	return EVP_CIPHER_CTX_ctrl(c, what, AEAD_TAG_LEN, tag) == 1;
}

enum err
aead_seal(struct aead_ctx *c, const uint8_t *key,
    const uint8_t nonce[static AEAD_NONCE_LEN], struct bytes ad,
    struct bytes in, uint8_t *out)
{
	uint8_t none[AEAD_TAG_LEN];
	int n;

	if (in.n > INT_MAX || ad.n > INT_MAX)
		return ERR_LIMIT;
	if (EVP_CipherInit_ex2(c->c, NULL, key, nonce, 1, NULL) != 1 ||
	    !update(c->c, NULL, ad) || !update(c->c, out, in) ||
	    EVP_CipherFinal_ex(c->c, none, &n) != 1 ||
	    !tag_control(c->c, EVP_CTRL_AEAD_GET_TAG, out + in.n))
		return ERR_CRYPTO;
	return ERR_OK;
}

enum err
aead_open(struct aead_ctx *c, const uint8_t *key,
    const uint8_t nonce[static AEAD_NONCE_LEN], struct bytes ad,
    struct bytes in, uint8_t *out)
{
	uint8_t none[AEAD_TAG_LEN], tag[AEAD_TAG_LEN];
	enum err err = ERR_CRYPTO;
	int n;

	if (in.n < AEAD_TAG_LEN)
		return ERR_CORRUPT;
	in.n -= AEAD_TAG_LEN;
	if (in.n > INT_MAX || ad.n > INT_MAX)
		return ERR_LIMIT;
	for (size_t i = 0; i < AEAD_TAG_LEN; i++)
		tag[i] = in.p[in.n + i];
	ERR_set_mark(); /* libssl would take what is left for its own */
	if (EVP_CipherInit_ex2(c->c, NULL, key, nonce, 0, NULL) == 1 &&
	    tag_control(c->c, EVP_CTRL_AEAD_SET_TAG, tag) &&
	    update(c->c, NULL, ad) && update(c->c, out, in))
		err = EVP_CipherFinal_ex(c->c, none, &n) == 1 ? ERR_OK
							      : ERR_CORRUPT;
	ERR_pop_to_mark();
	if (err != ERR_OK)
		bytes_wipe(out, in.n);
	return err;
}
