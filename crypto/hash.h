#pragma once

#include "crypto/bytes.h"

#define SHA256_LEN 32

/* FIPS 180-4. The algorithms are fetched once and kept for the process. */
enum err sha256(struct bytes x, uint8_t out[static SHA256_LEN]) MUST_CHECK;
/* Over the parts in order. */
enum err sha256_parts(const struct bytes *part, size_t n,
    uint8_t out[static SHA256_LEN]) MUST_CHECK;
/* Incremental. */
struct sha256_ctx;
enum err sha256_new(struct sha256_ctx **ret) MUST_CHECK;
enum err sha256_update(struct sha256_ctx *c, struct bytes x) MUST_CHECK;
enum err sha256_final(struct sha256_ctx *c, uint8_t out[static SHA256_LEN])
    MUST_CHECK;
struct sha256_ctx *sha256_free(struct sha256_ctx *c);

/* RFC 2104, over the parts in order. */
enum err hmac_sha256(struct bytes key, const struct bytes *part, size_t n,
    uint8_t out[static SHA256_LEN]) MUST_CHECK;
/*
 * RFC 5869. Extract is hmac_sha256 with the salt as its key; expand takes its
 * info in parts (at most HKDF_PARTS_MAX); hkdf_sha256 is both.
 * n <= 255 * 32, else ERR_LIMIT.
 */
#define HKDF_PARTS_MAX 6
enum err hkdf_sha256_expand(const uint8_t prk[static SHA256_LEN],
    const struct bytes *info, size_t n_info, uint8_t *out, size_t n) MUST_CHECK;
enum err hkdf_sha256(struct bytes ikm, struct bytes salt, struct bytes info,
    uint8_t *out, size_t n) MUST_CHECK;
