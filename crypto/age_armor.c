#include "crypto/age_armor.h"

#include <string.h>

#include "crypto/codec.h"

#define BEGIN BYTES_LIT("-----BEGIN AGE ENCRYPTED FILE-----")
#define END BYTES_LIT("-----END AGE ENCRYPTED FILE-----")
#define COLUMNS 64

static bool
is_space(struct bytes x)
{
	for (size_t i = 0; i < x.n; i++)
		if (memchr(" \t\r\n", x.p[i], 4) == NULL)
			return false;
	return true;
}

static size_t
decoded_len(struct bytes line)
{
	size_t n = line.n / 4 * 3;

	if (line.n > 0 && line.p[line.n - 1] == '=')
		n -= line.p[line.n - 2] == '=' ? 2 : 1;
	return n;
}

/* A line of the body; one that is short or padded is the last. */
static enum age_result
body_line(struct age_armor *a, struct bytes line, age_armor_sink *sink,
    void *ctx)
{
	uint8_t decoded[COLUMNS / 4 * 3];
	size_t n;

	if (line.n == 0 || line.n > COLUMNS || line.n % 4 != 0)
		return AGE_ARMOR_BAD;
	n = decoded_len(line);
	if (base64_get_exact(line, B64_PADDED, decoded, n) != ERR_OK)
		return AGE_ARMOR_BAD;
	if (n < sizeof(decoded))
		a->state = ARMOR_LAST;
	return sink(ctx, BYTES(decoded, n));
}

static enum age_result
line_done(struct age_armor *a, age_armor_sink *sink, void *ctx)
{
	struct bytes line = BYTES(a->line, a->n);
	bool ends;

	a->n = 0;
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	ends = bytes_equal(line, END);
	switch (a->state) {
	case ARMOR_BEFORE:
		if (bytes_equal(line, BEGIN))
			a->state = ARMOR_BODY;
		else if (!is_space(line))
			return AGE_ARMOR_BAD;
		return AGE_OK;
	case ARMOR_BODY:
		if (!ends)
			return body_line(a, line, sink, ctx);
		a->state = ARMOR_AFTER;
		return AGE_OK;
	case ARMOR_LAST:
		a->state = ARMOR_AFTER;
		return ends ? AGE_OK : AGE_ARMOR_BAD;
	case ARMOR_AFTER:
		return is_space(line) ? AGE_OK : AGE_ARMOR_BAD;
	}
	return AGE_ARMOR_BAD;
}

/* Keeps what x has of the current line; false when that is too long. */
static bool
gather(struct age_armor *a, struct bytes x)
{
	if (x.n > sizeof(a->line) - a->n)
		return false;
	if (x.n > 0)
		memcpy(a->line + a->n, x.p, x.n);
	a->n += x.n;
	return true;
}

enum age_result
age_armor_put(struct age_armor *a, struct bytes x, age_armor_sink *sink,
    void *ctx)
{
	enum age_result result = AGE_OK;

	while (result == AGE_OK && x.n > 0) {
		const uint8_t *end = memchr(x.p, '\n', x.n);
		size_t n = end != NULL ? (size_t)(end - x.p) : x.n;

		if (!gather(a, BYTES(x.p, n)))
			return AGE_ARMOR_BAD;
		if (end == NULL)
			return AGE_OK;
		result = line_done(a, sink, ctx);
		x = BYTES(end + 1, x.n - n - 1);
	}
	return result;
}

/* The last line needs no end of line, and no body comes so late. */
static enum age_result
no_body(void *ctx, struct bytes x)
{
	(void)ctx;
	(void)x;
	return AGE_ARMOR_BAD;
}

enum age_result
age_armor_finish(struct age_armor *a)
{
	enum age_result result = line_done(a, no_body, NULL);

	if (result != AGE_OK)
		return result;
	return a->state == ARMOR_AFTER ? AGE_OK : AGE_ARMOR_BAD;
}
