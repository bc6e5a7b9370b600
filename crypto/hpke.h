#pragma once

#include "crypto/kem.h"

/*
 * HPKE in base mode (RFC 9180), with HKDF-SHA256. One sender and one receiver
 * context, each for its own direction only.
 */

enum hpke_aead {
	HPKE_AES_128_GCM = 0x0001,
	HPKE_AES_256_GCM = 0x0002,
	HPKE_CHACHA20_POLY1305 = 0x0003,
};

struct hpke_suite {
	enum kem kem;
	enum hpke_aead aead;
};

struct hpke;
/* SetupBaseS; pub as in kem_encap, enc gets kem_enc_len bytes. */
enum err hpke_sender(const struct env *env, struct hpke_suite suite,
    const uint8_t *pub, struct bytes info, uint8_t *enc, struct hpke **ret)
    MUST_CHECK;
/* SetupBaseR; errors as in kem_decap, and ERR_SYNTAX for an enc of another
 * length. */
enum err hpke_receiver(struct hpke_suite suite,
    const uint8_t secret[static KEM_SECRET_LEN], struct bytes enc,
    struct bytes info, struct hpke **ret) MUST_CHECK;
/* Appends the next message of the sequence, ciphertext and tag. */
enum err hpke_seal(struct hpke *h, struct bytes ad, struct bytes plain,
    struct buf *out) MUST_CHECK;
/* ERR_CORRUPT: altered, or not the next of the sequence, which does not move
 * on then. */
enum err hpke_open(struct hpke *h, struct bytes ad, struct bytes sealed,
    struct buf *out) MUST_CHECK;
/* Section 5.3; n <= 255 * 32. */
enum err hpke_export(const struct hpke *h, struct bytes context, uint8_t *out,
    size_t n) MUST_CHECK;
/* Wipes; takes NULL, returns NULL. */
struct hpke *hpke_free(struct hpke *h);

/* Section 6.1, one message: appends enc || ciphertext. */
enum err hpke_seal_once(const struct env *env, struct hpke_suite suite,
    const uint8_t *pub, struct bytes info, struct bytes ad, struct bytes plain,
    struct buf *out) MUST_CHECK;
/* ERR_SYNTAX where it is shorter than enc and tag. */
enum err hpke_open_once(struct hpke_suite suite,
    const uint8_t secret[static KEM_SECRET_LEN], struct bytes info,
    struct bytes ad, struct bytes sealed, struct buf *out) MUST_CHECK;
