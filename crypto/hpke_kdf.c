#include "crypto/hpke_kdf.h"

#include <string.h>

#define VERSION BYTES_LIT("HPKE-v1")

static void
put(struct hpke_suite_id *id, const char *text)
{
	while (*text != '\0')
		id->p[id->n++] = (uint8_t)*text++;
}

static void
put_u16(struct hpke_suite_id *id, uint16_t v)
{
	id->p[id->n++] = (uint8_t)(v >> 8);
	id->p[id->n++] = (uint8_t)(v & 0xff);
}

struct hpke_suite_id
hpke_suite_id_of_kem(uint16_t kem)
{
	struct hpke_suite_id id = { 0 };

	put(&id, "KEM");
	put_u16(&id, kem);
	return id;
}

struct hpke_suite_id
hpke_suite_id_of(uint16_t kem, uint16_t aead)
{
	struct hpke_suite_id id = { 0 };

	put(&id, "HPKE");
	put_u16(&id, kem);
	put_u16(&id, HPKE_KDF_HKDF_SHA256);
	put_u16(&id, aead);
	return id;
}

enum err
hpke_extract(const struct hpke_suite_id *id, struct bytes salt,
    const char *label, struct bytes ikm, uint8_t out[static SHA256_LEN])
{
	const struct bytes part[] = { VERSION, BYTES(id->p, id->n),
		bytes_str(label), ikm };

	return hmac_sha256(salt, part, 4, out);
}

enum err
hpke_expand(const struct hpke_suite_id *id,
    const uint8_t prk[static SHA256_LEN], const char *label, struct bytes info,
    uint8_t *out, size_t n)
{
	const uint8_t len[2] = { (uint8_t)(n >> 8), (uint8_t)(n & 0xff) };
	const struct bytes part[] = { BYTES(len, 2), VERSION,
		BYTES(id->p, id->n), bytes_str(label), info };

	return hkdf_sha256_expand(prk, part, 5, out, n);
}
