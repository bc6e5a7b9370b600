#include <stdlib.h>
#include <string.h>

#include "crypto/age_armor.h"
#include "crypto/age_header.h"
#include "crypto/age_stream.h"

enum stage { STAGE_START, STAGE_HEADER, STAGE_NONCE, STAGE_PAYLOAD };

struct age_reader {
	const struct age_keys *keys;
	age_sink *sink;
	void *ctx;
	enum stage stage;
	enum age_result result;
	enum err err;
	bool armored;
	struct age_armor armor;
	struct buf header;
	size_t line; /* where its current line begins */
	uint8_t file_key[AGE_FILE_KEY_LEN];
	uint8_t nonce[AGE_NONCE_LEN];
	size_t n_nonce;
	struct age_payload *payload;
};

enum err
age_reader_new(const struct age_keys *keys, age_sink *sink, void *ctx,
    struct age_reader **ret)
{
	struct age_reader *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return ERR_NOMEM;
	r->keys = keys;
	r->sink = sink;
	r->ctx = ctx;
	r->header.max = AGE_HEADER_MAX;
	if (keys->file_key != NULL) {
		memcpy(r->file_key, keys->file_key, AGE_FILE_KEY_LEN);
		r->stage = STAGE_NONCE;
	}
	*ret = r;
	return ERR_OK;
}

static enum age_result
failed(struct age_reader *r, enum err err)
{
	r->err = err;
	return AGE_FAILED;
}

static enum age_result
unlock(struct age_reader *r)
{
	enum err err =
	    age_header_unlock(buf_bytes(&r->header), r->keys, r->file_key);
	enum age_result result = age_header_result(err);

	if (result == AGE_FAILED)
		return failed(r, err);
	r->stage = STAGE_NONCE;
	return result;
}

/* So that what is no age file is refused at its first bytes. */
static bool
may_be_header(struct bytes x)
{
	static const char first[] = AGE_VERSION_LINE "\n";
	size_t n = x.n < sizeof(first) - 1 ? x.n : sizeof(first) - 1;

	return memcmp(x.p, first, n) == 0;
}

/* Takes at most the rest of a line. */
static enum age_result
take_header(struct age_reader *r, struct bytes *x)
{
	const uint8_t *end = memchr(x->p, '\n', x->n);
	size_t n = end != NULL ? (size_t)(end - x->p) + 1 : x->n;
	const uint8_t *line;

	buf_put(&r->header, x->p, n);
	*x = BYTES(x->p + n, x->n - n);
	if (r->header.err == ERR_NOMEM)
		return failed(r, ERR_NOMEM);
	if (r->header.err != ERR_OK || !may_be_header(buf_bytes(&r->header)))
		return AGE_HEADER_BAD;
	if (end == NULL)
		return AGE_OK;
	line = r->header.p + r->line;
	n = r->header.n - r->line;
	r->line = r->header.n;
	return n >= 3 && memcmp(line, "---", 3) == 0 ? unlock(r) : AGE_OK;
}

static enum age_result
take_nonce(struct age_reader *r, struct bytes *x)
{
	size_t room = AGE_NONCE_LEN - r->n_nonce;
	size_t n = x->n < room ? x->n : room;
	enum err err;

	memcpy(r->nonce + r->n_nonce, x->p, n);
	r->n_nonce += n;
	*x = BYTES(x->p + n, x->n - n);
	if (r->n_nonce < AGE_NONCE_LEN)
		return AGE_OK;
	r->stage = STAGE_PAYLOAD;
	err = age_payload_new(r->file_key, r->nonce, r->sink, r->ctx,
	    &r->payload);
	return err == ERR_OK ? AGE_OK : failed(r, err);
}

static enum age_result
payload_result(struct age_reader *r, enum err err)
{
	if (err == ERR_OK)
		return AGE_OK;
	return err == ERR_CORRUPT ? AGE_PAYLOAD_BAD : failed(r, err);
}

/* Takes bytes of the file, out of their armor. */
static enum age_result
take(void *ctx, struct bytes x)
{
	struct age_reader *r = ctx;
	enum age_result result = AGE_OK;

	while (result == AGE_OK && x.n > 0) {
		switch (r->stage) {
		case STAGE_START:
		case STAGE_HEADER:
			result = take_header(r, &x);
			break;
		case STAGE_NONCE:
			result = take_nonce(r, &x);
			break;
		case STAGE_PAYLOAD:
			return payload_result(r,
			    age_payload_put(r->payload, x));
		}
	}
	return result;
}

enum age_result
age_reader_put(struct age_reader *r, struct bytes x)
{
	if (r->result != AGE_OK || x.n == 0)
		return r->result;
	if (r->stage == STAGE_START) {
		/* an age file begins with the first letter of "age" */
		r->armored = x.p[0] != AGE_VERSION_LINE[0];
		r->stage = STAGE_HEADER;
	}
	r->result =
	    r->armored ? age_armor_put(&r->armor, x, take, r) : take(r, x);
	return r->result;
}

static enum age_result
finish(struct age_reader *r)
{
	if (r->armored) {
		enum age_result result = age_armor_finish(&r->armor);

		if (result != AGE_OK)
			return result;
	}
	if (r->stage == STAGE_PAYLOAD)
		return payload_result(r, age_payload_finish(r->payload));
	/* of a whole file the nonce counts as header, as the vectors have it */
	return r->keys->file_key != NULL ? AGE_PAYLOAD_BAD : AGE_HEADER_BAD;
}

enum age_result
age_reader_finish(struct age_reader *r)
{
	if (r->result == AGE_OK)
		r->result = finish(r);
	return r->result;
}

enum err
age_reader_error(const struct age_reader *r)
{
	return r->err;
}

struct age_reader *
age_reader_free(struct age_reader *r)
{
	if (r == NULL)
		return NULL;
	buf_free(&r->header);
	age_payload_free(r->payload);
	bytes_wipe(r, sizeof(*r));
	free(r);
	return NULL;
}
