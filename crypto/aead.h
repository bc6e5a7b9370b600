#pragma once

#include "crypto/bytes.h"

#define AEAD_KEY_LEN 32
#define AEAD_NONCE_LEN 12
#define AEAD_TAG_LEN 16

enum aead { AEAD_AES_256_GCM, AEAD_CHACHA20_POLY1305, AEAD_AES_128_GCM };

/*
 * A context that is made once and used for many messages (making one costs
 * more than sealing a small value). Not shared between processes or threads.
 */
struct aead_ctx;
enum err aead_new(enum aead alg, struct aead_ctx **ret) MUST_CHECK;
struct aead_ctx *aead_free(struct aead_ctx *c);

/* out has room for in.n + AEAD_TAG_LEN; may not overlap in, unless out == in.p
 * exactly. key is 32 bytes (16 for AES-128). */
enum err aead_seal(struct aead_ctx *c, const uint8_t *key,
    const uint8_t nonce[static AEAD_NONCE_LEN], struct bytes ad,
    struct bytes in, uint8_t *out) MUST_CHECK;
/* in includes the tag; out has room for in.n - AEAD_TAG_LEN and is wiped when
 * the tag does not fit. ERR_CORRUPT: tag wrong or in too short. */
enum err aead_open(struct aead_ctx *c, const uint8_t *key,
    const uint8_t nonce[static AEAD_NONCE_LEN], struct bytes ad,
    struct bytes in, uint8_t *out) MUST_CHECK;
