#include <string.h>

#include "crypto/age_stanza.h"
#include "crypto/codec.h"
#include "crypto/hash.h"

/* HKDF(shared secret, share || recipient, "age-encryption.org/v1/X25519") */
static enum err
wrap_key(const uint8_t *shared, const uint8_t *share, const uint8_t *recipient,
    uint8_t *key)
{
	uint8_t salt[2 * X25519_LEN];

	memcpy(salt, share, X25519_LEN);
	memcpy(salt + X25519_LEN, recipient, X25519_LEN);
	return hkdf_sha256(BYTES(shared, X25519_LEN), BYTES(salt, sizeof(salt)),
	    BYTES_LIT("age-encryption.org/v1/X25519"), key, 32);
}

static enum err
put_stanza(const uint8_t *share, const uint8_t *wrapped, struct buf *out)
{
	CLEAN_BUF struct buf args = BUF_INIT(64);

	buf_put_str(&args, "X25519 ");
	base64_put(&args, BYTES(share, X25519_LEN), B64_UNPADDED);
	if (args.err != ERR_OK)
		return args.err;
	age_stanza_put(out, buf_bytes(&args), wrapped);
	return out->err;
}

enum err
age_x25519_wrap(const struct env *env,
    const uint8_t recipient[static X25519_LEN],
    const uint8_t file_key[static AGE_FILE_KEY_LEN], struct buf *out)
{
	uint8_t secret[X25519_LEN], share[X25519_LEN], shared[X25519_LEN];
	uint8_t key[32], wrapped[AGE_WRAPPED_LEN];
	enum err err;

	err = env_random(env, secret, sizeof(secret));
	if (err == ERR_OK)
		err = x25519_public(secret, share);
	if (err == ERR_OK)
		err = x25519_shared(secret, recipient, shared);
	if (err == ERR_OK)
		err = wrap_key(shared, share, recipient, key);
	if (err == ERR_OK)
		err = age_file_key_wrap(key, file_key, wrapped);
	if (err == ERR_OK)
		err = put_stanza(share, wrapped, out);
	bytes_wipe(secret, sizeof(secret));
	bytes_wipe(shared, sizeof(shared));
	bytes_wipe(key, sizeof(key));
	return err;
}

enum err
age_x25519_unwrap(const struct age_stanza *s,
    const uint8_t identity[static AGE_IDENTITY_LEN],
    uint8_t file_key[static AGE_FILE_KEY_LEN])
{
	uint8_t recipient[X25519_LEN], shared[X25519_LEN], key[32];
	enum err err;

	err = x25519_shared(identity, s->share, shared);
	if (err == ERR_OK)
		err = x25519_public(identity, recipient);
	if (err == ERR_OK)
		err = wrap_key(shared, s->share, recipient, key);
	if (err == ERR_OK)
		err = age_file_key_unwrap(key, s->wrapped, file_key);
	bytes_wipe(shared, sizeof(shared));
	bytes_wipe(key, sizeof(key));
	return err;
}
