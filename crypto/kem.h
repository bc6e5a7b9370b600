#pragma once

#include "crypto/env.h"

/*
 * The key encapsulations of HPKE that we speak; the numbers are those of the
 * IANA registry. Secrets are 32 bytes for both:
 *   DHKEM(X25519, HKDF-SHA256), RFC 9180 section 4.1: the scalar;
 *   MLKEM768-X25519, draft-ietf-hpke-pq-03 (X-Wing): the seed.
 */
enum kem {
	KEM_X25519 = 0x0020,
	KEM_MLKEM768_X25519 = 0x647a,
};

#define KEM_SECRET_LEN 32
#define KEM_SHARED_LEN 32
#define KEM_PUB_MAX 1216
#define KEM_ENC_MAX 1120

size_t kem_pub_len(enum kem kem);
size_t kem_enc_len(enum kem kem);

/* The hybrid: ERR_UNSUPPORTED without ML-KEM in libcrypto. pub has room for
 * kem_pub_len. */
enum err kem_public(enum kem kem, const uint8_t secret[static KEM_SECRET_LEN],
    uint8_t *pub) MUST_CHECK;
/*
 * pub is kem_pub_len long, enc has room for kem_enc_len. ERR_SYNTAX when pub
 * is no key: of small order, or past ML-KEM's modulus. All randomness is
 * asked for at once: X25519's key material, or ML-KEM's and then X25519's.
 */
enum err kem_encap(const struct env *env, enum kem kem, const uint8_t *pub,
    uint8_t *enc, uint8_t shared[static KEM_SHARED_LEN]) MUST_CHECK;
/* enc is kem_enc_len long; ERR_SYNTAX when its share is of small order, which
 * is found before ML-KEM is asked for. */
enum err kem_decap(enum kem kem, const uint8_t secret[static KEM_SECRET_LEN],
    const uint8_t *enc, uint8_t shared[static KEM_SHARED_LEN]) MUST_CHECK;
