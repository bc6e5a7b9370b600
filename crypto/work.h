#pragma once

#include "crypto/hash.h"

/*
 * Work that a client does before a busy server stores for it: a number for
 * which scrypt gives a hash that begins with zeros. docs/PROTOCOL.md, "Work".
 * Nothing of a challenge is kept by who makes it, and nothing in it says who
 * asked. Pure but for scrypt, which takes 1 MiB for some milliseconds.
 *
 *   challenge: expiry (u32, minutes since 1970) || bits (u8) || 3 zero bytes ||
 *              nonce (16) || MAC (24)
 *   counter:   u64
 *
 * big-endian. To clients the challenge is 48 bytes without a meaning.
 */

#define WORK_KEY_LEN 32
#define WORK_PURPOSE_LEN 17
#define WORK_NONCE_LEN 16
#define WORK_CHALLENGE_LEN 48
#define WORK_COUNTER_LEN 8
#define WORK_LEN (WORK_CHALLENGE_LEN + WORK_COUNTER_LEN)
#define WORK_BITS_MAX 12    /* minutes on a phone: no server keeps one busier */
#define WORK_MINUTES_MAX 15 /* from making to expiry */

/* What a challenge is for: a concern or follow-up, whosever (zeros). Of an
 * upload it is 1 and the upload's id, which is its sender's to choose: none is
 * text. */
void work_purpose_of_text(uint8_t out[static WORK_PURPOSE_LEN]);

struct work_terms {
	uint32_t expiry; /* the first minute in which it is not taken */
	uint8_t bits;	 /* 1 to WORK_BITS_MAX */
	uint8_t nonce[WORK_NONCE_LEN];
};

/* ERR_LIMIT: bits out of range. */
enum err work_challenge_make(const uint8_t key[static WORK_KEY_LEN],
    const struct work_terms *terms,
    const uint8_t purpose[static WORK_PURPOSE_LEN],
    uint8_t out[static WORK_CHALLENGE_LEN]) MUST_CHECK;
/* ERR_DENIED: not made with this key, not for this, or not of this time.
 * minute: now, since 1970. */
enum err work_challenge_open(const uint8_t key[static WORK_KEY_LEN],
    const uint8_t purpose[static WORK_PURPOSE_LEN], uint32_t minute,
    const uint8_t challenge[static WORK_CHALLENGE_LEN], struct work_terms *ret)
    MUST_CHECK;

/* scrypt (RFC 7914) of the counter with the challenge as salt, N = 1024, r = 8,
 * p = 1. ERR_NOMEM. */
enum err work_hash(const uint8_t challenge[static WORK_CHALLENGE_LEN],
    uint64_t counter, uint8_t out[static SHA256_LEN]) MUST_CHECK;
bool work_hash_has(const uint8_t hash[static SHA256_LEN], unsigned bits);
/* challenge || counter, as it is sent: ERR_DENIED where the counter is none. */
enum err work_check(const uint8_t work[static WORK_LEN], unsigned bits)
    MUST_CHECK;
/* Tries the counters from *counter on, at most `tries`; *counter goes on to the
 * next one to try, or is the one that was found. */
enum err work_solve(const uint8_t challenge[static WORK_CHALLENGE_LEN],
    unsigned bits, unsigned tries, uint64_t *counter, bool *ret_found)
    MUST_CHECK;
/* As it is sent. */
void work_put(const uint8_t challenge[static WORK_CHALLENGE_LEN],
    uint64_t counter, uint8_t out[static WORK_LEN]);
