#pragma once

#include "crypto/bytes.h"

#define X25519_LEN 32

/* RFC 7748 section 5: the public share of a secret scalar. */
enum err x25519_public(const uint8_t secret[static X25519_LEN],
    uint8_t pub[static X25519_LEN]) MUST_CHECK;
/* Section 6.1. ERR_SYNTAX when the result is all zero: the share is a point of
 * small order. */
enum err x25519_shared(const uint8_t secret[static X25519_LEN],
    const uint8_t pub[static X25519_LEN], uint8_t out[static X25519_LEN])
    MUST_CHECK;
