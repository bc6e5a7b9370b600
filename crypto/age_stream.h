#pragma once

#include "crypto/aead.h"
#include "crypto/age.h"

/*
 * The payload's chunks (C2SP age.md, "Payload"); inside age only. Nonces are
 * an 11-byte counter and a byte that marks the final chunk.
 */

#define AGE_NONCE_LEN 16
#define AGE_CHUNK_SEALED (AGE_CHUNK + AEAD_TAG_LEN)

struct age_stream {
	struct aead_ctx *aead;
	uint8_t key[AEAD_KEY_LEN];
	uint64_t n_chunks; /* done so far */
};

/* Freed with age_stream_clear, also after a failure. */
enum err age_stream_init(struct age_stream *s,
    const uint8_t file_key[static AGE_FILE_KEY_LEN],
    const uint8_t nonce[static AGE_NONCE_LEN]) MUST_CHECK;
void age_stream_clear(struct age_stream *s);

/* out has room for plain.n + AEAD_TAG_LEN. */
enum err age_stream_seal(struct age_stream *s, struct bytes plain, bool final,
    uint8_t *out) MUST_CHECK;
/* ERR_CORRUPT: not this chunk at this place; the place stays. */
enum err age_stream_open(struct age_stream *s, struct bytes sealed, bool final,
    uint8_t *out) MUST_CHECK;

/* Takes the payload after its nonce, in pieces. */
struct age_payload;
enum err age_payload_new(const uint8_t file_key[static AGE_FILE_KEY_LEN],
    const uint8_t nonce[static AGE_NONCE_LEN], age_sink *sink, void *ctx,
    struct age_payload **ret) MUST_CHECK;
/* ERR_CORRUPT: altered, cut, reordered or continued. */
enum err age_payload_put(struct age_payload *p, struct bytes x) MUST_CHECK;
enum err age_payload_finish(struct age_payload *p) MUST_CHECK;
struct age_payload *age_payload_free(struct age_payload *p);
