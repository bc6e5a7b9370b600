#pragma once

#include "store/seal.h"

/*
 * An upload that is coming in. Its pieces are consecutive records, numbered
 * when the first piece arrives, sealed under the upload's own key. Plain form
 * of its value (big-endian), sealed under the epoch key:
 *
 *   id (16), key (32), size (8), first record (8), hour of the last piece (4),
 *   per piece SHA-256 (32), zero while it has not come.
 */
#define UPLOAD_HEAD_LEN (STORE_UPLOAD_ID_LEN + AEAD_KEY_LEN + 8 + 8 + 4)
#define UPLOAD_PLAIN_MAX \
	(UPLOAD_HEAD_LEN + STORE_UPLOAD_PIECES_MAX * SHA256_LEN)

struct upload {
	uint8_t id[STORE_UPLOAD_ID_LEN];
	uint8_t key[AEAD_KEY_LEN];
	uint64_t size;
	uint64_t first; /* record */
	uint32_t hour;
	uint32_t pieces;
	uint8_t hash[STORE_UPLOAD_PIECES_MAX][SHA256_LEN];
};

void upload_put(const struct upload *u, struct buf *out);
/* ERR_CORRUPT. */
enum err upload_get(struct bytes plain, struct upload *ret) MUST_CHECK;

bool upload_has(const struct upload *u, uint32_t piece);
/* What it takes of the attachments' share: the pieces that came, and its own
 * value, which is long before the first has. */
uint64_t upload_taken_bytes(const struct upload *u);
uint64_t upload_value_bytes(uint32_t pieces);
/* What so many bytes of one upload count for among those that are coming in:
 * small ones cost the store more than their bytes. */
#define UPLOAD_LEAST 65536
uint64_t upload_charge(uint64_t bytes);
/* The second in which it is due, see store.h. */
uint32_t upload_due(uint64_t bytes, uint32_t begun, uint32_t last);
/* What callers of the store see. */
enum err upload_describe(const struct upload *u, struct store_upload *ret)
    MUST_CHECK;
