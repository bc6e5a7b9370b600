#include "crypto/x25519.h"

#include <openssl/err.h>
#include <openssl/evp.h>

enum err
x25519_public(const uint8_t secret[static X25519_LEN],
    uint8_t pub[static X25519_LEN])
{
	EVP_PKEY *key;
	size_t n = X25519_LEN;
	int ok;

	key = EVP_PKEY_new_raw_private_key_ex(NULL, "X25519", NULL, secret,
	    X25519_LEN);
	ok = key != NULL && EVP_PKEY_get_raw_public_key(key, pub, &n) == 1;
	EVP_PKEY_free(key);
	return ok ? ERR_OK : ERR_CRYPTO;
}

/* libcrypto refuses to derive an all-zero secret. */
static enum err
derive(EVP_PKEY *ours, EVP_PKEY *theirs, uint8_t *out)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, ours, NULL);
	size_t n = X25519_LEN;
	enum err err = ERR_CRYPTO;

	if (ctx != NULL && EVP_PKEY_derive_init(ctx) == 1 &&
	    EVP_PKEY_derive_set_peer(ctx, theirs) == 1)
		err = EVP_PKEY_derive(ctx, out, &n) == 1 ? ERR_OK : ERR_SYNTAX;
	EVP_PKEY_CTX_free(ctx);
	return err;
}

enum err
x25519_shared(const uint8_t secret[static X25519_LEN],
    const uint8_t pub[static X25519_LEN], uint8_t out[static X25519_LEN])
{
	EVP_PKEY *ours, *theirs;
	enum err err = ERR_CRYPTO;

	ERR_set_mark(); /* libssl would take what is left for its own */
	ours = EVP_PKEY_new_raw_private_key_ex(NULL, "X25519", NULL, secret,
	    X25519_LEN);
	theirs = EVP_PKEY_new_raw_public_key_ex(NULL, "X25519", NULL, pub,
	    X25519_LEN);
	if (ours != NULL && theirs != NULL)
		err = derive(ours, theirs, out);
	if (err == ERR_OK && bytes_all_zero(out, X25519_LEN))
		err = ERR_SYNTAX;
	EVP_PKEY_free(ours);
	EVP_PKEY_free(theirs);
	ERR_pop_to_mark();
	return err;
}
