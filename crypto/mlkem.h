#pragma once

#include "crypto/bytes.h"

/* ML-KEM-768 (FIPS 203), where libcrypto has it (OpenSSL >= 3.5). */

#define MLKEM_SEED_LEN 64 /* d || z */
#define MLKEM_PUB_LEN 1184
#define MLKEM_ENC_LEN 1088
#define MLKEM_SHARED_LEN 32
#define MLKEM_RANDOM_LEN 32 /* m */

/* Asked once, at run time. */
bool mlkem_available(void);

/* All: ERR_UNSUPPORTED where it is missing. */
enum err mlkem_public(const uint8_t seed[static MLKEM_SEED_LEN],
    uint8_t pub[static MLKEM_PUB_LEN]) MUST_CHECK;
/* ERR_SYNTAX: pub fails the modulus check of section 7.2. */
enum err mlkem_encap(const uint8_t pub[static MLKEM_PUB_LEN],
    const uint8_t m[static MLKEM_RANDOM_LEN], uint8_t enc[static MLKEM_ENC_LEN],
    uint8_t shared[static MLKEM_SHARED_LEN]) MUST_CHECK;
enum err mlkem_decap(const uint8_t seed[static MLKEM_SEED_LEN],
    const uint8_t enc[static MLKEM_ENC_LEN],
    uint8_t shared[static MLKEM_SHARED_LEN]) MUST_CHECK;
