#pragma once

#include "crypto/hash.h"
#include "crypto/kind.h"

/*
 * What a message's content digest and its link in a chain are made of; the
 * labels are in crypto/label.h. Used by the vault (from stored bytes) and by
 * every client (from what it received), which must come to the same.
 */

#define PIECE_LEN (256 * 1024) /* every piece but the last of a payload */
#define LINK_LEN SHA256_LEN

/* SHA-256 over the concatenated SHA-256 of a payload's pieces. */
enum err payload_digest(const uint8_t (*piece)[SHA256_LEN], size_t n,
    uint8_t out[static SHA256_LEN]) MUST_CHECK;
/* The same of a payload in memory. */
enum err payload_digest_of(struct bytes payload, uint8_t out[static SHA256_LEN])
    MUST_CHECK;
/* The same of a payload that comes in parts of any size. */
struct payload_hash;
enum err payload_hash_new(struct payload_hash **ret) MUST_CHECK;
enum err payload_hash_put(struct payload_hash *h, struct bytes x) MUST_CHECK;
enum err payload_hash_finish(struct payload_hash *h,
    uint8_t out[static SHA256_LEN]) MUST_CHECK;
struct payload_hash *payload_hash_free(struct payload_hash *h);
/* envelope: SHA-256 of each, in the order of the `to` lines. */
enum err content_digest(const uint8_t payload[static SHA256_LEN],
    const uint8_t (*envelope)[SHA256_LEN], size_t n,
    uint8_t out[static SHA256_LEN]) MUST_CHECK;
/* head: the concern's preamble, or an entry note's text; content NULL where
 * the message has none. */
enum err link_digest(struct bytes head, const uint8_t *content,
    uint8_t out[static LINK_LEN]) MUST_CHECK;

/* One envelope of a person's, and the digest over all that they have of a
 * case, in order: talk chain first, by place. ERR_SYNTAX: not in order. */
struct grant {
	enum chain chain;
	uint32_t seq;
	uint8_t envelope[SHA256_LEN]; /* SHA-256 */
};
enum err grants_digest(const struct grant *g, size_t n,
    uint8_t out[static SHA256_LEN]) MUST_CHECK;
/* Whether it is the digest over no envelopes: who names it gives nothing. false
 * also where that cannot be computed. */
bool grants_are_none(const uint8_t digest[static SHA256_LEN]);
