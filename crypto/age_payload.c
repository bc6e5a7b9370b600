#include <stdlib.h>
#include <string.h>

#include "crypto/age_stream.h"

/*
 * A full chunk is opened as soon as it is there: as one with more to follow,
 * else as the final one. A shorter chunk can only be the final one, and waits
 * for the end.
 */
struct age_payload {
	struct age_stream stream;
	age_sink *sink;
	void *ctx;
	bool ended; /* the final chunk has been opened */
	size_t n;
	uint8_t sealed[AGE_CHUNK_SEALED];
	uint8_t plain[AGE_CHUNK];
};

enum err
age_payload_new(const uint8_t file_key[static AGE_FILE_KEY_LEN],
    const uint8_t nonce[static AGE_NONCE_LEN], age_sink *sink, void *ctx,
    struct age_payload **ret)
{
	struct age_payload *p = calloc(1, sizeof(*p));
	enum err err;

	if (p == NULL)
		return ERR_NOMEM;
	p->sink = sink;
	p->ctx = ctx;
	err = age_stream_init(&p->stream, file_key, nonce);
	if (err != ERR_OK) {
		age_payload_free(p);
		return err;
	}
	*ret = p;
	return ERR_OK;
}

static enum err
release(struct age_payload *p, size_t n)
{
	return n == 0 ? ERR_OK : p->sink(p->ctx, BYTES(p->plain, n));
}

static enum err
open_full(struct age_payload *p, const uint8_t *sealed)
{
	struct bytes x = BYTES(sealed, AGE_CHUNK_SEALED);
	enum err err;

	err = age_stream_open(&p->stream, x, false, p->plain);
	if (err == ERR_CORRUPT) {
		err = age_stream_open(&p->stream, x, true, p->plain);
		p->ended = err == ERR_OK;
	}
	return err == ERR_OK ? release(p, AGE_CHUNK) : err;
}

/* Gathers up to a full chunk; returns how much it took. */
static size_t
gather(struct age_payload *p, struct bytes x)
{
	size_t room = AGE_CHUNK_SEALED - p->n;
	size_t n = x.n < room ? x.n : room;

	memcpy(p->sealed + p->n, x.p, n);
	p->n += n;
	return n;
}

enum err
age_payload_put(struct age_payload *p, struct bytes x)
{
	enum err err = ERR_OK;

	while (err == ERR_OK && x.n > 0) {
		size_t n = AGE_CHUNK_SEALED;

		if (p->ended)
			return ERR_CORRUPT;
		if (p->n == 0 && x.n >= AGE_CHUNK_SEALED) {
			err = open_full(p, x.p);
		} else {
			n = gather(p, x);
			if (p->n == AGE_CHUNK_SEALED) {
				p->n = 0;
				err = open_full(p, p->sealed);
			}
		}
		x = BYTES(x.p + n, x.n - n);
	}
	return err;
}

enum err
age_payload_finish(struct age_payload *p)
{
	enum err err;

	if (p->ended)
		return ERR_OK;
	/* an empty final chunk is for an empty payload only */
	if (p->n == AEAD_TAG_LEN && p->stream.n_chunks > 0)
		return ERR_CORRUPT;
	err =
	    age_stream_open(&p->stream, BYTES(p->sealed, p->n), true, p->plain);
	if (err != ERR_OK)
		return err;
	p->ended = true;
	return release(p, p->n - AEAD_TAG_LEN);
}

struct age_payload *
age_payload_free(struct age_payload *p)
{
	if (p == NULL)
		return NULL;
	age_stream_clear(&p->stream);
	bytes_wipe(p->plain, sizeof(p->plain));
	free(p);
	return NULL;
}
