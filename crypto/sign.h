#pragma once

#include "crypto/bytes.h"

#define SIGN_SEED_LEN 32
#define SIGN_PUB_LEN 32
#define SIGN_LEN 64

/* Ed25519, RFC 8032 section 5.1 (the seed is its 32-byte private key). */
enum err sign_public(const uint8_t seed[static SIGN_SEED_LEN],
    uint8_t pub[static SIGN_PUB_LEN]) MUST_CHECK;
/* pub: the seed's; ERR_BAD_SIG where it is another's. It is derived to sign,
 * which is half of the work, and so checked on the way. */
enum err sign_make(const uint8_t seed[static SIGN_SEED_LEN],
    const uint8_t pub[static SIGN_PUB_LEN], struct bytes msg,
    uint8_t sig[static SIGN_LEN]) MUST_CHECK;
/*
 * Strict: public keys and R that are of small order or not canonically
 * encoded, and S not below the group order, are refused before OpenSSL is
 * asked, so that C and browser agree on every input. ERR_BAD_SIG.
 */
enum err sign_verify(const uint8_t pub[static SIGN_PUB_LEN], struct bytes msg,
    const uint8_t sig[static SIGN_LEN]) MUST_CHECK;
