#include "crypto/age_stream.h"

#include "crypto/hash.h"

enum err
age_stream_init(struct age_stream *s,
    const uint8_t file_key[static AGE_FILE_KEY_LEN],
    const uint8_t nonce[static AGE_NONCE_LEN])
{
	enum err err;

	s->n_chunks = 0;
	err = hkdf_sha256(BYTES(file_key, AGE_FILE_KEY_LEN),
	    BYTES(nonce, AGE_NONCE_LEN), BYTES_LIT("payload"), s->key,
	    sizeof(s->key));
	if (err != ERR_OK)
		return err;
	return aead_new(AEAD_CHACHA20_POLY1305, &s->aead);
}

void
age_stream_clear(struct age_stream *s)
{
	s->aead = aead_free(s->aead);
	bytes_wipe(s->key, sizeof(s->key));
}

static void
chunk_nonce(const struct age_stream *s, bool final,
    uint8_t nonce[static AEAD_NONCE_LEN])
{
	for (size_t i = 0; i < 3; i++)
		nonce[i] = 0;
	for (size_t i = 0; i < 8; i++)
		nonce[3 + i] = (uint8_t)(s->n_chunks >> (56 - 8 * i));
	nonce[AEAD_NONCE_LEN - 1] = final;
}

enum err
age_stream_seal(struct age_stream *s, struct bytes plain, bool final,
    uint8_t *out)
{
	uint8_t nonce[AEAD_NONCE_LEN];
	enum err err;

	chunk_nonce(s, final, nonce);
	err = aead_seal(s->aead, s->key, nonce, BYTES(NULL, 0), plain, out);
	if (err == ERR_OK)
		s->n_chunks++;
	return err;
}

enum err
age_stream_open(struct age_stream *s, struct bytes sealed, bool final,
    uint8_t *out)
{
	uint8_t nonce[AEAD_NONCE_LEN];
	enum err err;

	chunk_nonce(s, final, nonce);
	err = aead_open(s->aead, s->key, nonce, BYTES(NULL, 0), sealed, out);
	if (err == ERR_OK)
		s->n_chunks++;
	return err;
}

uint64_t
age_payload_size(uint64_t n)
{
	uint64_t chunks = n == 0 ? 1 : (n - 1) / AGE_CHUNK + 1;

	return AGE_NONCE_LEN + n + chunks * AEAD_TAG_LEN;
}
