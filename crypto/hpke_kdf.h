#pragma once

#include "crypto/hash.h"

/*
 * RFC 9180 section 4: HKDF-SHA256 bound to a suite. Inside HPKE only.
 */

#define HPKE_KDF_HKDF_SHA256 0x0001
#define HPKE_SUITE_ID_MAX 10

struct hpke_suite_id {
	uint8_t p[HPKE_SUITE_ID_MAX];
	size_t n;
};

/* "KEM" || kem id. */
struct hpke_suite_id hpke_suite_id_of_kem(uint16_t kem);
/* "HPKE" || kem id || HKDF-SHA256 || aead id. */
struct hpke_suite_id hpke_suite_id_of(uint16_t kem, uint16_t aead);

/* LabeledExtract. */
enum err hpke_extract(const struct hpke_suite_id *id, struct bytes salt,
    const char *label, struct bytes ikm, uint8_t out[static SHA256_LEN])
    MUST_CHECK;
/* LabeledExpand. */
enum err hpke_expand(const struct hpke_suite_id *id,
    const uint8_t prk[static SHA256_LEN], const char *label, struct bytes info,
    uint8_t *out, size_t n) MUST_CHECK;
