#include "crypto/bundle.h"

#include <string.h>

#include "crypto/bundle_form.h"
#include "crypto/codec.h"

#define VERSION "v1"

const char *const bundle_chains[] = {
	[CHAIN_TALK] = "talk",
	[CHAIN_STAFF] = "staff",
};
const char *const bundle_bands[] = { "P1", "P2", "P3", "P4" };
const char *const bundle_yes_no[] = { "no", "yes" };

/* --- reading --- */

size_t
bundle_preamble_length(struct bytes body)
{
	const uint8_t *end = NULL;

	if (body.n > 0)
		end = memmem(body.p, body.n, "\n\n", 2);
	return end == NULL ? 0 : (size_t)(end - body.p) + 1;
}

struct bundle_in
bundle_open(struct bytes body)
{
	struct bundle_in in = { 0 };
	size_t n = bundle_preamble_length(body);

	if (n == 0) {
		bundle_fail(&in);
		return in;
	}
	in.preamble = BYTES(body.p, n);
	in.lines = lines_over(in.preamble);
	in.blobs = reader_over(BYTES(body.p + n + 1, body.n - n - 1));
	in.kind = lines_get(&in.lines, "speakup");
	if (!bytes_equal(word_next(&in.kind), BYTES_LIT(VERSION)))
		bundle_fail(&in);
	return in;
}

enum err
bundle_close(const struct bundle_in *in)
{
	enum err err = lines_end(&in->lines);

	if (err != ERR_OK)
		return err;
	if (in->blobs.err != ERR_OK)
		return in->blobs.err;
	return bytes_all_zero(in->blobs.p, in->blobs.n) ? ERR_OK : ERR_SYNTAX;
}

void
bundle_fail(struct bundle_in *in)
{
	if (in->lines.err == ERR_OK)
		in->lines.err = ERR_SYNTAX;
}

struct bytes
bundle_take(struct bundle_in *in, uint64_t n)
{
	if (in->lines.err == ERR_OK && n <= in->blobs.n)
		return reader_bytes(&in->blobs, (size_t)n);
	bundle_fail(in);
	return BYTES(NULL, 0);
}

struct bytes
bundle_get_blob(struct bundle_in *in, const char *name)
{
	uint64_t n = lines_get_number(&in->lines, name, BUNDLE_POLICY_MAX);

	if (n == 0)
		bundle_fail(in);
	return bundle_take(in, n);
}

uint64_t
bundle_word_number(struct bundle_in *in, struct bytes *value, uint64_t max)
{
	uint64_t v = 0;

	if (decimal_get(word_next(value), max, &v) != ERR_OK)
		bundle_fail(in);
	return v;
}

void
bundle_word_hex(struct bundle_in *in, struct bytes *value, uint8_t *out,
    size_t n)
{
	if (hex_decode(word_next(value), out, n) != ERR_OK)
		bundle_fail(in);
}

unsigned
bundle_word_one_of(struct bundle_in *in, struct bytes *value,
    const char *const *names, size_t n)
{
	struct bytes word = word_next(value);

	for (unsigned i = 0; i < n; i++)
		if (bytes_equal(word, bytes_str(names[i])))
			return i;
	bundle_fail(in);
	return 0;
}

void
bundle_word_end(struct bundle_in *in, struct bytes value)
{
	if (value.n != 0)
		bundle_fail(in);
}

unsigned
bundle_get_one_of(struct bundle_in *in, const char *name,
    const char *const *names, size_t n)
{
	struct bytes value = lines_get(&in->lines, name);
	unsigned i = bundle_word_one_of(in, &value, names, n);

	bundle_word_end(in, value);
	return i;
}

bool
bundle_get_yes_no(struct bundle_in *in, const char *name)
{
	return bundle_get_one_of(in, name, bundle_yes_no, 2) != 0;
}

uint64_t
bundle_pieces(uint64_t n)
{
	return n / PIECE_LEN + (n % PIECE_LEN != 0);
}

/* --- writing --- */

struct bundle_out
bundle_begin(struct buf *out, const char *kind)
{
	struct bundle_out o = { .out = out, .start = out->n };

	buf_printf(out, "speakup: " VERSION " %s\n", kind);
	return o;
}

void
bundle_keep(struct bundle_out *o, struct bytes blob)
{
	if (o->n_blobs < COUNT(o->blob))
		o->blob[o->n_blobs++] = blob;
	else if (o->out->err == ERR_OK)
		o->out->err = ERR_LIMIT;
}

void
bundle_put_blob(struct bundle_out *o, const char *name, struct bytes blob)
{
	lines_put_number(o->out, name, blob.n);
	bundle_keep(o, blob);
}

void
bundle_end(struct bundle_out *o)
{
	buf_put_u8(o->out, '\n');
	for (size_t i = 0; i < o->n_blobs; i++)
		buf_put_bytes(o->out, o->blob[i]);
}

enum err
bundle_settle(struct bundle_out *o, enum err err)
{
	struct buf *out = o->out;

	if (err == ERR_OK || out->n <= o->start)
		return err;
	bytes_wipe(out->p + o->start, out->n - o->start);
	out->n = o->start;
	return err;
}

enum err
bundle_pad(struct buf *out, size_t length)
{
	if (out->err != ERR_OK)
		return out->err;
	if (out->n > length)
		return ERR_LIMIT;
	buf_put_zeros(out, length - out->n);
	return out->err;
}

enum err
bundle_pad_work(struct buf *out, size_t length,
    const uint8_t work[static WORK_LEN])
{
	enum err e = bundle_pad(out, length - BUNDLE_WORK_LEN);

	if (e != ERR_OK)
		return e;
	buf_put(out, work, WORK_LEN);
	return bundle_pad(out, length);
}
