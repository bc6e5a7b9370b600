#include "crypto/lines.h"

#include <string.h>

#include "crypto/codec.h"
#include "crypto/utf8.h"

bool
text_is_printable(struct bytes x)
{
	uint32_t c;

	while (x.n > 0)
		if (!utf8_next(&x, &c) || c < 0x20 || (c >= 0x7f && c < 0xa0))
			return false;
	return true;
}

struct lines
lines_over(struct bytes text)
{
	return (struct lines){ .rest = text };
}

/* The next line has that name: splits off value and rest. */
static bool
split(struct bytes text, const char *name, struct bytes *value,
    struct bytes *rest)
{
	size_t n = strlen(name);
	const uint8_t *end;

	end = text.n > 0 ? memchr(text.p, '\n', text.n) : NULL;
	if (end == NULL || (size_t)(end - text.p) < n + 2 ||
	    memcmp(text.p, name, n) != 0 || memcmp(text.p + n, ": ", 2) != 0)
		return false;
	*value = BYTES(text.p + n + 2, (size_t)(end - text.p) - n - 2);
	*rest = BYTES(end + 1, text.n - (size_t)(end + 1 - text.p));
	return true;
}

bool
lines_next(struct lines *l, const char *name, struct bytes *ret_value)
{
	struct bytes value, rest;

	if (l->err != ERR_OK || !split(l->rest, name, &value, &rest))
		return false;
	if (!text_is_printable(value)) {
		l->err = ERR_SYNTAX;
		return false;
	}
	l->rest = rest;
	*ret_value = value;
	return true;
}

struct bytes
lines_get(struct lines *l, const char *name)
{
	struct bytes value;

	if (lines_next(l, name, &value))
		return value;
	l->err = ERR_SYNTAX;
	return (struct bytes){ 0 };
}

uint64_t
lines_get_number(struct lines *l, const char *name, uint64_t max)
{
	struct bytes value = lines_get(l, name);
	uint64_t v = 0;

	if (l->err == ERR_OK && decimal_get(value, max, &v) != ERR_OK)
		l->err = ERR_SYNTAX;
	return v;
}

void
lines_get_hex(struct lines *l, const char *name, uint8_t *out, size_t n)
{
	struct bytes value = lines_get(l, name);

	if (l->err == ERR_OK && hex_decode(value, out, n) != ERR_OK)
		l->err = ERR_SYNTAX;
}

enum err
lines_end(const struct lines *l)
{
	if (l->err != ERR_OK)
		return l->err;
	return l->rest.n == 0 ? ERR_OK : ERR_SYNTAX;
}

struct bytes
word_next(struct bytes *value)
{
	struct bytes word = *value;
	const uint8_t *space;

	space = value->n > 0 ? memchr(value->p, ' ', value->n) : NULL;
	if (space == NULL) {
		*value = BYTES(NULL, 0);
		return word;
	}
	word.n = (size_t)(space - value->p);
	if (word.n == 0 || word.n + 1 == value->n)
		return BYTES(NULL, 0);
	value->p += word.n + 1;
	value->n -= word.n + 1;
	return word;
}

static void
put_name(struct buf *out, const char *name)
{
	buf_put_str(out, name);
	buf_put_str(out, ": ");
}

void
lines_put(struct buf *out, const char *name, struct bytes value)
{
	if (!text_is_printable(value) && out->err == ERR_OK)
		out->err = ERR_SYNTAX;
	put_name(out, name);
	buf_put_bytes(out, value);
	buf_put_u8(out, '\n');
}

void
lines_put_str(struct buf *out, const char *name, const char *value)
{
	lines_put(out, name, bytes_str(value));
}

void
lines_put_number(struct buf *out, const char *name, uint64_t v)
{
	put_name(out, name);
	decimal_put(out, v);
	buf_put_u8(out, '\n');
}

void
lines_put_hex(struct buf *out, const char *name, const uint8_t *p, size_t n)
{
	uint8_t *at;

	put_name(out, name);
	at = buf_grow(out, 2 * n + 1);
	if (at == NULL)
		return;
	hex_encode((char *)at, p, n);
	at[2 * n] = '\n';
}
