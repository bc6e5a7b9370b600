#include "store/seal.h"

#include <string.h>

#include "crypto/hash.h"
#include "crypto/label.h"

static const uint8_t zero_nonce[AEAD_NONCE_LEN];

struct place
place_number(enum table table, uint64_t number)
{
	struct place at = { .table = table, .n = 1 + 8 };

	at.ad[0] = (uint8_t)table;
	for (int i = 0; i < 8; i++)
		at.ad[1 + i] = (uint8_t)(number >> (56 - 8 * i));
	return at;
}

struct place
place_name(enum table table, const char *name)
{
	size_t len = strnlen(name, STORE_NAME_MAX);
	struct place at = { .table = table, .n = 1 + len };

	at.ad[0] = (uint8_t)table;
	memcpy(at.ad + 1, name, len);
	return at;
}

static struct bytes
table_label(enum table table)
{
	switch (table) {
	case TABLE_SLOTS:
		return BYTES_LIT(LABEL_STORE_SLOT);
	case TABLE_INDEX:
		return BYTES_LIT(LABEL_STORE_INDEX);
	case TABLE_RECORDS:
		return BYTES_LIT(LABEL_STORE_RECORD);
	case TABLE_UPLOADS:
		return BYTES_LIT(LABEL_STORE_UPLOAD);
	case TABLE_META:
	case TABLE_VALUES:
		break;
	}
	return BYTES_LIT(LABEL_STORE_VALUE);
}

enum err
sealer_init(struct sealer *s, const struct env *env)
{
	s->env = env;
	s->left = 0;
	return aead_new(AEAD_AES_256_GCM, &s->aead);
}

void
sealer_clear(struct sealer *s)
{
	s->aead = aead_free(s->aead);
	bytes_wipe(s->pool, sizeof(s->pool));
	s->left = 0;
}

/* Salts come from a pool: one call to the generator for many. */
static enum err
take_salt(struct sealer *s, uint8_t out[static SEAL_SALT_LEN])
{
	enum err e;

	if (s->left == 0) {
		e = env_random(s->env, s->pool, sizeof(s->pool));
		if (e != ERR_OK)
			return e;
		s->left = sizeof(s->pool);
	}
	s->left -= SEAL_SALT_LEN;
	memcpy(out, s->pool + s->left, SEAL_SALT_LEN);
	return ERR_OK;
}

static enum err
value_key(const uint8_t key[static AEAD_KEY_LEN], enum table table,
    const uint8_t salt[static SEAL_SALT_LEN], uint8_t out[static AEAD_KEY_LEN])
{
	struct bytes part[] = { table_label(table),
		BYTES(salt, SEAL_SALT_LEN) };

	return hmac_sha256(BYTES(key, AEAD_KEY_LEN), part, 2, out);
}

enum err
seal_value(struct sealer *s, const uint8_t key[static AEAD_KEY_LEN],
    const struct place *at, struct bytes in, uint8_t *out)
{
	uint8_t once[AEAD_KEY_LEN];
	enum err e = take_salt(s, out);

	if (e == ERR_OK)
		e = value_key(key, at->table, out, once);
	if (e == ERR_OK)
		e = aead_seal(s->aead, once, zero_nonce, BYTES(at->ad, at->n),
		    in, out + SEAL_SALT_LEN);
	bytes_wipe(once, sizeof(once));
	return e;
}

enum err
open_value(struct sealer *s, const uint8_t key[static AEAD_KEY_LEN],
    const struct place *at, struct bytes in, uint8_t *out)
{
	uint8_t once[AEAD_KEY_LEN];
	enum err e;

	if (in.n < SEAL_OVERHEAD)
		return ERR_CORRUPT;
	e = value_key(key, at->table, in.p, once);
	if (e == ERR_OK)
		e = aead_open(s->aead, once, zero_nonce, BYTES(at->ad, at->n),
		    BYTES(in.p + SEAL_SALT_LEN, in.n - SEAL_SALT_LEN), out);
	bytes_wipe(once, sizeof(once));
	return e;
}
