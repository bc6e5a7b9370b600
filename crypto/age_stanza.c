#include "crypto/age_stanza.h"

#include <string.h>

#include "crypto/aead.h"
#include "crypto/codec.h"

#define LINE_FULL 64 /* columns of every body line but the last */

static const uint8_t zero_nonce[AEAD_NONCE_LEN];

static bool
is_visible(struct bytes x)
{
	for (size_t i = 0; i < x.n; i++)
		if (x.p[i] < 0x21 || x.p[i] > 0x7e)
			return false;
	return x.n > 0;
}

/* arg-line = "-> " argument *(SP argument) LF */
static enum err
read_args(struct bytes line, struct age_stanza *s)
{
	if (line.n < 3 || memcmp(line.p, "-> ", 3) != 0)
		return ERR_SYNTAX;
	line = BYTES(line.p + 3, line.n - 3);
	for (;;) {
		const uint8_t *space =
		    line.n == 0 ? NULL : memchr(line.p, ' ', line.n);
		struct bytes arg = line;

		if (space != NULL)
			arg.n = (size_t)(space - line.p);
		if (!is_visible(arg))
			return ERR_SYNTAX;
		if (s->n_args < AGE_ARGS_KEPT)
			s->arg[s->n_args] = arg;
		s->n_args++;
		if (space == NULL)
			return ERR_OK;
		line = BYTES(space + 1, line.n - arg.n - 1);
	}
}

/* *full-line final-line, each canonical by itself */
static enum err
read_body(struct reader *r, struct age_stanza *s)
{
	uint8_t decoded[LINE_FULL / 4 * 3];

	for (;;) {
		struct bytes line = reader_line(r);
		enum err err;

		if (r->err != ERR_OK)
			return r->err;
		if (line.n > LINE_FULL)
			return ERR_SYNTAX;
		err = base64_get_exact(line, B64_UNPADDED, decoded,
		    line.n * 3 / 4);
		if (err != ERR_OK)
			return err;
		if (line.n < LINE_FULL) {
			s->last_line = line;
			return ERR_OK;
		}
		s->full_lines++;
	}
}

static enum age_stanza_kind
kind_of(struct bytes type)
{
	if (bytes_equal(type, BYTES_LIT("X25519")))
		return AGE_STANZA_X25519;
	if (bytes_equal(type, BYTES_LIT("mlkem768x25519")))
		return AGE_STANZA_HYBRID;
	if (bytes_equal(type, BYTES_LIT("scrypt")))
		return AGE_STANZA_SCRYPT;
	return AGE_STANZA_OTHER;
}

static enum err
read_share(struct age_stanza *s, size_t n_args, size_t n)
{
	if (s->n_args != n_args || s->full_lines != 0)
		return ERR_SYNTAX;
	return base64_get_exact(s->arg[1], B64_UNPADDED, s->share, n);
}

/* A work factor beyond what we are ready to spend is refused here. */
static enum err
read_work(struct age_stanza *s)
{
	uint64_t work;

	if (decimal_get(s->arg[2], AGE_SCRYPT_WORK_MAX, &work) != ERR_OK ||
	    work == 0)
		return ERR_SYNTAX;
	s->work = (unsigned)work;
	return ERR_OK;
}

static enum err
read_native(struct age_stanza *s)
{
	enum err err = ERR_SYNTAX;

	switch (s->kind) {
	case AGE_STANZA_OTHER:
		return ERR_OK;
	case AGE_STANZA_X25519:
		err = read_share(s, 2, X25519_LEN);
		break;
	case AGE_STANZA_HYBRID:
		err = read_share(s, 2, KEM_ENC_MAX);
		break;
	case AGE_STANZA_SCRYPT:
		err = read_share(s, 3, AGE_SALT_LEN);
		if (err == ERR_OK)
			err = read_work(s);
		break;
	}
	if (err != ERR_OK)
		return err;
	return base64_get_exact(s->last_line, B64_UNPADDED, s->wrapped,
	    AGE_WRAPPED_LEN);
}

enum err
age_stanza_read(struct reader *r, struct age_stanza *ret)
{
	struct age_stanza s = { 0 };
	struct bytes line = reader_line(r);
	enum err err;

	err = r->err != ERR_OK ? r->err : read_args(line, &s);
	if (err == ERR_OK)
		err = read_body(r, &s);
	if (err != ERR_OK)
		return err;
	s.kind = kind_of(s.arg[0]);
	err = read_native(&s);
	if (err == ERR_OK)
		*ret = s;
	return err;
}

void
age_stanza_put(struct buf *out, struct bytes args,
    const uint8_t wrapped[static AGE_WRAPPED_LEN])
{
	buf_put_str(out, "-> ");
	buf_put_bytes(out, args);
	buf_put_u8(out, '\n');
	base64_put(out, BYTES(wrapped, AGE_WRAPPED_LEN), B64_UNPADDED);
	buf_put_u8(out, '\n');
}

enum err
age_file_key_wrap(const uint8_t key[static 32],
    const uint8_t file_key[static AGE_FILE_KEY_LEN],
    uint8_t wrapped[static AGE_WRAPPED_LEN])
{
	struct aead_ctx *aead;
	enum err err;

	err = aead_new(AEAD_CHACHA20_POLY1305, &aead);
	if (err != ERR_OK)
		return err;
	err = aead_seal(aead, key, zero_nonce, BYTES(NULL, 0),
	    BYTES(file_key, AGE_FILE_KEY_LEN), wrapped);
	aead_free(aead);
	return err;
}

enum err
age_file_key_unwrap(const uint8_t key[static 32],
    const uint8_t wrapped[static AGE_WRAPPED_LEN],
    uint8_t file_key[static AGE_FILE_KEY_LEN])
{
	uint8_t plain[AGE_FILE_KEY_LEN];
	struct aead_ctx *aead;
	enum err err;

	err = aead_new(AEAD_CHACHA20_POLY1305, &aead);
	if (err != ERR_OK)
		return err;
	err = aead_open(aead, key, zero_nonce, BYTES(NULL, 0),
	    BYTES(wrapped, AGE_WRAPPED_LEN), plain);
	if (err == ERR_OK)
		memcpy(file_key, plain, sizeof(plain));
	bytes_wipe(plain, sizeof(plain));
	aead_free(aead);
	return err == ERR_CORRUPT ? ERR_NOT_FOUND : err;
}
