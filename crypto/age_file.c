#include "crypto/age.h"

const char *
age_result_text(enum age_result r)
{
	switch (r) {
	case AGE_OK:
		return "opened";
	case AGE_NO_MATCH:
		return "no identity opens it";
	case AGE_HEADER_BAD:
		return "the header is malformed";
	case AGE_HMAC_BAD:
		return "the header was altered";
	case AGE_PAYLOAD_BAD:
		return "the content was altered or cut short";
	case AGE_ARMOR_BAD:
		return "neither an age file nor a well-formed armored one";
	case AGE_UNSUPPORTED:
		return "a hybrid identity needs OpenSSL 3.5 or newer";
	case AGE_FAILED:
		return "could not be read";
	}
	return "unknown result";
}

static enum err
into_buf(void *ctx, struct bytes x)
{
	struct buf *out = ctx;

	buf_put_bytes(out, x);
	return out->err;
}

static enum err
seal_payload(const struct env *env, const uint8_t *file_key, struct bytes plain,
    struct buf *out)
{
	struct age_writer *w;
	enum err err;

	err = age_writer_new(env, file_key, into_buf, out, &w);
	if (err != ERR_OK)
		return err;
	err = age_writer_put(w, plain);
	if (err == ERR_OK)
		err = age_writer_finish(w);
	age_writer_free(w);
	return err;
}

enum err
age_seal(const struct env *env, const struct age_recipient *to, size_t n,
    struct bytes plain, struct buf *out)
{
	uint8_t file_key[AGE_FILE_KEY_LEN];
	size_t start = out->n;
	enum err err;

	err = env_random(env, file_key, sizeof(file_key));
	if (err == ERR_OK)
		err = age_header_seal(env, file_key, to, n, out);
	if (err == ERR_OK)
		err = seal_payload(env, file_key, plain, out);
	if (err != ERR_OK)
		out->n = start;
	bytes_wipe(file_key, sizeof(file_key));
	return err;
}

enum age_result
age_open(const struct age_keys *keys, struct bytes file, struct buf *out)
{
	size_t start = out->n;
	struct age_reader *r;
	enum age_result result;

	if (age_reader_new(keys, into_buf, out, &r) != ERR_OK)
		return AGE_FAILED;
	result = age_reader_put(r, file);
	if (result == AGE_OK)
		result = age_reader_finish(r);
	if (result != AGE_OK && out->p != NULL) {
		bytes_wipe(out->p + start, out->n - start);
		out->n = start;
	}
	age_reader_free(r);
	return result;
}
