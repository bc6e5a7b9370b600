#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/age_stream.h"

/*
 * A chunk is sealed when the next byte comes, since only then is it known not
 * to be the final one. Whole chunks of the caller's are sealed from where they
 * are.
 */
struct age_writer {
	struct age_stream stream;
	age_sink *sink;
	void *ctx;
	enum err err;
	bool finished;
	size_t n;
	uint8_t plain[AGE_CHUNK];
	/* the nonce goes out together with the first chunk */
	uint8_t out[AGE_NONCE_LEN + AGE_CHUNK_SEALED];
};

enum err
age_writer_new(const struct env *env,
    const uint8_t file_key[static AGE_FILE_KEY_LEN], age_sink *sink, void *ctx,
    struct age_writer **ret)
{
	struct age_writer *w = calloc(1, sizeof(*w));
	enum err err;

	if (w == NULL)
		return ERR_NOMEM;
	w->sink = sink;
	w->ctx = ctx;
	err = env_random(env, w->out, AGE_NONCE_LEN);
	if (err == ERR_OK)
		err = age_stream_init(&w->stream, file_key, w->out);
	if (err != ERR_OK) {
		age_writer_free(w);
		return err;
	}
	*ret = w;
	return ERR_OK;
}

static enum err
emit(struct age_writer *w, struct bytes plain, bool final)
{
	size_t skip = w->stream.n_chunks == 0 ? 0 : AGE_NONCE_LEN;
	enum err err;

	err = age_stream_seal(&w->stream, plain, final, w->out + AGE_NONCE_LEN);
	if (err != ERR_OK)
		return err;
	return w->sink(w->ctx,
	    BYTES(w->out + skip,
		AGE_NONCE_LEN - skip + plain.n + AEAD_TAG_LEN));
}

/* Takes part of x; returns how much. */
static size_t
put_some(struct age_writer *w, struct bytes x)
{
	size_t n;

	if (w->n == AGE_CHUNK) {
		w->err = emit(w, BYTES(w->plain, AGE_CHUNK), false);
		w->n = 0;
		return 0;
	}
	if (w->n == 0 && x.n > AGE_CHUNK) {
		w->err = emit(w, BYTES(x.p, AGE_CHUNK), false);
		return AGE_CHUNK;
	}
	n = x.n < AGE_CHUNK - w->n ? x.n : AGE_CHUNK - w->n;
	memcpy(w->plain + w->n, x.p, n);
	w->n += n;
	return n;
}

enum err
age_writer_put(struct age_writer *w, struct bytes x)
{
	assert(!w->finished);
	while (w->err == ERR_OK && x.n > 0) {
		size_t n = put_some(w, x);

		x = BYTES(x.p + n, x.n - n);
	}
	return w->err;
}

enum err
age_writer_finish(struct age_writer *w)
{
	assert(!w->finished);
	if (w->err == ERR_OK)
		w->err = emit(w, BYTES(w->plain, w->n), true);
	w->finished = true;
	return w->err;
}

struct age_writer *
age_writer_free(struct age_writer *w)
{
	if (w == NULL)
		return NULL;
	age_stream_clear(&w->stream);
	bytes_wipe(w->plain, sizeof(w->plain));
	free(w);
	return NULL;
}
