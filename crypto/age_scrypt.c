#include <openssl/evp.h>

#include <string.h>

#include "crypto/age_stanza.h"
#include "crypto/codec.h"

#define LABEL "age-encryption.org/v1/scrypt"
#define LABEL_LEN (sizeof(LABEL) - 1)
#define BLOCK_SIZE 8 /* r */

/* RFC 7914, N = 2^work, r = 8, p = 1: takes 2^(work + 10) bytes of memory. */
static enum err
wrap_key(struct bytes passphrase, const uint8_t *salt, unsigned work,
    uint8_t *key)
{
	const uint64_t n = UINT64_C(1) << work;
	const uint64_t memory = 128 * BLOCK_SIZE * (n + 2) + 1024;
	uint8_t labelled[LABEL_LEN + AGE_SALT_LEN];
	int ok;

	memcpy(labelled, LABEL, LABEL_LEN);
	memcpy(labelled + LABEL_LEN, salt, AGE_SALT_LEN);
	ok = EVP_PBE_scrypt_ex((const char *)passphrase.p, passphrase.n,
	    labelled, sizeof(labelled), n, BLOCK_SIZE, 1, memory, key, 32, NULL,
	    NULL);
	return ok == 1 ? ERR_OK : ERR_NOMEM;
}

static enum err
put_stanza(const uint8_t *salt, unsigned work, const uint8_t *wrapped,
    struct buf *out)
{
	CLEAN_BUF struct buf args = BUF_INIT(64);

	buf_put_str(&args, "scrypt ");
	base64_put(&args, BYTES(salt, AGE_SALT_LEN), B64_UNPADDED);
	buf_printf(&args, " %u", work);
	if (args.err != ERR_OK)
		return args.err;
	age_stanza_put(out, buf_bytes(&args), wrapped);
	return out->err;
}

enum err
age_scrypt_wrap(const struct env *env, struct bytes passphrase, unsigned work,
    const uint8_t file_key[static AGE_FILE_KEY_LEN], struct buf *out)
{
	uint8_t salt[AGE_SALT_LEN], key[32], wrapped[AGE_WRAPPED_LEN];
	enum err err;

	if (work == 0 || work > AGE_SCRYPT_WORK_MAX)
		return ERR_LIMIT;
	err = env_random(env, salt, sizeof(salt));
	if (err == ERR_OK)
		err = wrap_key(passphrase, salt, work, key);
	if (err == ERR_OK)
		err = age_file_key_wrap(key, file_key, wrapped);
	if (err == ERR_OK)
		err = put_stanza(salt, work, wrapped, out);
	bytes_wipe(key, sizeof(key));
	return err;
}

enum err
age_scrypt_unwrap(const struct age_stanza *s, struct bytes passphrase,
    uint8_t file_key[static AGE_FILE_KEY_LEN])
{
	uint8_t key[32];
	enum err err;

	err = wrap_key(passphrase, s->share, s->work, key);
	if (err == ERR_OK)
		err = age_file_key_unwrap(key, s->wrapped, file_key);
	bytes_wipe(key, sizeof(key));
	return err;
}
