#include "crypto/hash.h"

#include <openssl/evp.h>

#include <string.h>

#define BLOCK 64 /* of SHA-256; RFC 2104's B */

struct sha256_ctx {
	EVP_MD_CTX *md;
};

static EVP_MD *
algorithm(void)
{
	static EVP_MD *md;

	if (md == NULL)
		md = EVP_MD_fetch(NULL, "SHA256", NULL);
	return md;
}

/* One context for all that is hashed at once: making one costs as much as
 * hashing a short input. */
static EVP_MD_CTX *
shared_context(void)
{
	static EVP_MD_CTX *ctx;

	if (ctx == NULL)
		ctx = EVP_MD_CTX_new();
	return ctx;
}

static enum err
start(EVP_MD_CTX *md)
{
	EVP_MD *alg = algorithm();

	if (md == NULL || alg == NULL)
		return ERR_NOMEM;
	return EVP_DigestInit_ex2(md, alg, NULL) == 1 ? ERR_OK : ERR_CRYPTO;
}

static enum err
update(EVP_MD_CTX *md, struct bytes x)
{
	if (x.n == 0)
		return ERR_OK;
	return EVP_DigestUpdate(md, x.p, x.n) == 1 ? ERR_OK : ERR_CRYPTO;
}

static enum err
finish(EVP_MD_CTX *md, uint8_t *out)
{
	return EVP_DigestFinal_ex(md, out, NULL) == 1 ? ERR_OK : ERR_CRYPTO;
}

/* The digest of first (may be empty) and the parts. */
static enum err
digest(struct bytes first, const struct bytes *part, size_t n, uint8_t *out)
{
	EVP_MD_CTX *md = shared_context();
	enum err err = start(md);

	if (err == ERR_OK)
		err = update(md, first);
	for (size_t i = 0; err == ERR_OK && i < n; i++)
		err = update(md, part[i]);
	return err == ERR_OK ? finish(md, out) : err;
}

enum err
sha256(struct bytes x, uint8_t out[static SHA256_LEN])
{
	return digest(x, NULL, 0, out);
}

enum err
sha256_parts(const struct bytes *part, size_t n, uint8_t out[static SHA256_LEN])
{
	return digest(BYTES(NULL, 0), part, n, out);
}

enum err
sha256_new(struct sha256_ctx **ret)
{
	struct sha256_ctx *c = OPENSSL_zalloc(sizeof(*c));
	enum err err;

	if (c == NULL)
		return ERR_NOMEM;
	c->md = EVP_MD_CTX_new();
	err = start(c->md);
	if (err != ERR_OK) {
		sha256_free(c);
		return err;
	}
	*ret = c;
	return ERR_OK;
}

enum err
sha256_update(struct sha256_ctx *c, struct bytes x)
{
	return update(c->md, x);
}

enum err
sha256_final(struct sha256_ctx *c, uint8_t out[static SHA256_LEN])
{
	return finish(c->md, out);
}

struct sha256_ctx *
sha256_free(struct sha256_ctx *c)
{
	if (c == NULL)
		return NULL;
	EVP_MD_CTX_free(c->md);
	OPENSSL_free(c);
	return NULL;
}

/* The key, hashed where it is longer than a block, exclusive-or'ed over the
 * pad. */
static enum err
key_block(struct bytes key, uint8_t pad, uint8_t block[static BLOCK])
{
	uint8_t hashed[SHA256_LEN];

	if (key.n > BLOCK) {
		enum err err = sha256(key, hashed);

		if (err != ERR_OK)
			return err;
		key = BYTES(hashed, sizeof(hashed));
	}
	memset(block, pad, BLOCK);
	for (size_t i = 0; i < key.n; i++)
		block[i] ^= key.p[i];
	bytes_wipe(hashed, sizeof(hashed));
	return ERR_OK;
}

/*
 * Two digests rather than EVP_MAC: setting an EVP_MAC's key costs several
 * times what it takes to authenticate a short input.
 */
enum err
hmac_sha256(struct bytes key, const struct bytes *part, size_t n,
    uint8_t out[static SHA256_LEN])
{
	uint8_t block[BLOCK], inner[SHA256_LEN];
	enum err err;

	err = key_block(key, 0x36, block);
	if (err == ERR_OK)
		err = digest(BYTES(block, BLOCK), part, n, inner);
	for (size_t i = 0; i < BLOCK; i++)
		block[i] ^= 0x36 ^ 0x5c;
	if (err == ERR_OK)
		err = digest(BYTES(block, BLOCK), &BYTES(inner, SHA256_LEN), 1,
		    out);
	if (err == ERR_OK)
		err = start(shared_context()); /* forgets the key's state */
	bytes_wipe(block, sizeof(block));
	bytes_wipe(inner, sizeof(inner));
	return err;
}

enum err
hkdf_sha256_expand(const uint8_t prk[static SHA256_LEN],
    const struct bytes *info, size_t n_info, uint8_t *out, size_t n)
{
	struct bytes part[HKDF_PARTS_MAX + 2]; /* last block, info, number */
	uint8_t block[SHA256_LEN], number = 0;
	enum err err = ERR_OK;

	if (n > 255 * SHA256_LEN || n_info > HKDF_PARTS_MAX)
		return ERR_LIMIT;
	part[0] = BYTES(NULL, 0);
	for (size_t i = 0; i < n_info; i++)
		part[i + 1] = info[i];
	part[n_info + 1] = BYTES(&number, 1);
	while (err == ERR_OK && n > 0) {
		size_t now = n < SHA256_LEN ? n : SHA256_LEN;

		number++;
		err = hmac_sha256(BYTES(prk, SHA256_LEN), part, n_info + 2,
		    block);
		part[0] = BYTES(block, SHA256_LEN);
		memcpy(out, block, now);
		out += now;
		n -= now;
	}
	bytes_wipe(block, sizeof(block));
	return err;
}

enum err
hkdf_sha256(struct bytes ikm, struct bytes salt, struct bytes info,
    uint8_t *out, size_t n)
{
	uint8_t prk[SHA256_LEN];
	enum err err;

	err = hmac_sha256(salt, &ikm, 1, prk);
	if (err == ERR_OK)
		err = hkdf_sha256_expand(prk, &info, 1, out, n);
	bytes_wipe(prk, sizeof(prk));
	return err;
}
