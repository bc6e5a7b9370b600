#pragma once

#include "crypto/aead.h"
#include "crypto/env.h"
#include "store/store.h"

/*
 * One stored value: salt (16) || ciphertext || tag (16).
 *
 * Its key is HMAC-SHA256(key, label of the table || salt), used once, so the
 * nonce is zero; the associated data is the table's number and the value's
 * key. Rewriting a value takes a fresh salt and thereby a fresh key.
 */
#define SEAL_SALT_LEN 16
#define SEAL_OVERHEAD (SEAL_SALT_LEN + AEAD_TAG_LEN)

/* The numbers are part of the format. */
enum table {
	TABLE_META,    /* in clear: version, store id, wrapped epoch key */
	TABLE_SLOTS,   /* page number -> 8 case slots */
	TABLE_INDEX,   /* case number -> its messages and their records */
	TABLE_RECORDS, /* heads, envelopes, payload pieces */
	TABLE_UPLOADS, /* what an upload has so far */
	TABLE_VALUES,  /* named values */
};
#define TABLES 6

/* Where a value lives: table (1) || integer key (8, big-endian) or name. */
struct place {
	enum table table;
	uint8_t ad[1 + STORE_NAME_MAX];
	size_t n;
};
struct place place_number(enum table table, uint64_t number);
struct place place_name(enum table table, const char *name);

#define SALT_POOL (64 * SEAL_SALT_LEN)

struct sealer {
	struct aead_ctx *aead;
	const struct env *env;
	uint8_t pool[SALT_POOL]; /* random, drawn ahead */
	size_t left;
};
enum err sealer_init(struct sealer *s, const struct env *env) MUST_CHECK;
void sealer_clear(struct sealer *s);

/* out has room for in.n + SEAL_OVERHEAD. */
enum err seal_value(struct sealer *s, const uint8_t key[static AEAD_KEY_LEN],
    const struct place *at, struct bytes in, uint8_t *out) MUST_CHECK;
/* out has room for in.n - SEAL_OVERHEAD. ERR_CORRUPT. */
enum err open_value(struct sealer *s, const uint8_t key[static AEAD_KEY_LEN],
    const struct place *at, struct bytes in, uint8_t *out) MUST_CHECK;
