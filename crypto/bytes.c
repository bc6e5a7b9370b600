#include "crypto/bytes.h"

#include <openssl/crypto.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUF_FIRST 64

struct bytes
bytes_str(const char *s)
{
	return BYTES((const uint8_t *)s, strlen(s));
}

bool
bytes_equal(struct bytes a, struct bytes b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool
bytes_equal_ct(const uint8_t *a, const uint8_t *b, size_t n)
{
	return CRYPTO_memcmp(a, b, n) == 0;
}

bool
bytes_all_zero(const uint8_t *p, size_t n)
{
	uint8_t any = 0;

	for (size_t i = 0; i < n; i++)
		any |= p[i];
	return any == 0;
}

bool
bytes_verdict(uint32_t off)
{
	return off == 0;
}

/* The C library's: OPENSSL_cleanse goes eight bytes at a time, which came to a
 * fifth of the vault's work. */
void
bytes_wipe(void *p, size_t n)
{
	if (n > 0)
		explicit_bzero(p, n);
}

static size_t
next_capacity(const struct buf *b, size_t need)
{
	size_t cap = b->cap < BUF_FIRST ? BUF_FIRST : b->cap;

	while (cap < need && cap <= b->max / 2)
		cap *= 2;
	return cap < need || cap > b->max ? b->max : cap;
}

/* Room for n more, and for the NUL that vsnprintf writes behind it. */
static bool
reserve(struct buf *b, size_t n)
{
	size_t cap;
	uint8_t *p;

	if (b->err != ERR_OK)
		return false;
	if (n > b->max || b->n > b->max - n) {
		b->err = ERR_LIMIT;
		return false;
	}
	if (b->p != NULL && b->n + n <= b->cap)
		return true;
	cap = next_capacity(b, b->n + n);
	p = cap < SIZE_MAX ? malloc(cap + 1) : NULL;
	if (p == NULL) {
		b->err = ERR_NOMEM;
		return false;
	}
	if (b->p != NULL) {
		memcpy(p, b->p, b->n);
		bytes_wipe(b->p, b->cap + 1);
		free(b->p);
	}
	b->p = p;
	b->cap = cap;
	return true;
}

static void
grow(struct buf *b, size_t n)
{
	b->n += n;
	if (b->n > b->most)
		b->most = b->n;
}

uint8_t *
buf_grow(struct buf *b, size_t n)
{
	uint8_t *at;

	if (!reserve(b, n))
		return NULL;
	at = b->p + b->n;
	grow(b, n);
	return at;
}

void
buf_put(struct buf *b, const void *p, size_t n)
{
	uint8_t *at = buf_grow(b, n);

	if (at != NULL && n > 0)
		memcpy(at, p, n);
}

void
buf_put_bytes(struct buf *b, struct bytes x)
{
	buf_put(b, x.p, x.n);
}

void
buf_put_str(struct buf *b, const char *s)
{
	buf_put(b, s, strlen(s));
}

void
buf_put_zeros(struct buf *b, size_t n)
{
	uint8_t *at = buf_grow(b, n);

	if (at != NULL)
		memset(at, 0, n);
}

static void
put_big_endian(struct buf *b, uint64_t v, size_t n)
{
	uint8_t *at = buf_grow(b, n);

	if (at == NULL)
		return;
	for (size_t i = n; i > 0; i--) {
		at[i - 1] = (uint8_t)(v & 0xff);
		v >>= 8;
	}
}

void
buf_put_u8(struct buf *b, uint8_t v)
{
	put_big_endian(b, v, 1);
}

void
buf_put_u16(struct buf *b, uint16_t v)
{
	put_big_endian(b, v, 2);
}

void
buf_put_u32(struct buf *b, uint32_t v)
{
	put_big_endian(b, v, 4);
}

void
buf_put_u64(struct buf *b, uint64_t v)
{
	put_big_endian(b, v, 8);
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || !reserve(b, (size_t)n)) {
		if (b->err == ERR_OK)
			b->err = ERR_LIMIT;
		return;
	}
	va_start(ap, fmt);
	vsnprintf((char *)(b->p + b->n), (size_t)n + 1, fmt, ap);
	va_end(ap);
	grow(b, (size_t)n);
}

/* What was never written to needs no wiping: half a mebibyte of an answer's
 * room, for the few lines of most. */
void
buf_reset(struct buf *b)
{
	if (b->p != NULL)
		bytes_wipe(b->p, b->most + 1);
	b->n = b->most = 0;
	b->err = ERR_OK;
}

void
buf_free(struct buf *b)
{
	buf_reset(b);
	free(b->p);
	b->p = NULL;
	b->cap = 0;
}

struct bytes
buf_bytes(const struct buf *b)
{
	return BYTES(b->p, b->n);
}

struct reader
reader_over(struct bytes x)
{
	return (struct reader){ .p = x.p, .n = x.n };
}

struct bytes
reader_bytes(struct reader *r, size_t n)
{
	struct bytes x = { 0 };

	if (r->err != ERR_OK)
		return x;
	if (n > r->n) {
		r->err = ERR_SYNTAX;
		return x;
	}
	x = BYTES(r->p, n);
	if (n > 0)
		r->p += n;
	r->n -= n;
	return x;
}

static uint64_t
get_big_endian(struct reader *r, size_t n)
{
	struct bytes x = reader_bytes(r, n);
	uint64_t v = 0;

	for (size_t i = 0; i < x.n; i++)
		v = v << 8 | x.p[i];
	return v;
}

uint8_t
reader_u8(struct reader *r)
{
	return (uint8_t)get_big_endian(r, 1);
}

uint16_t
reader_u16(struct reader *r)
{
	return (uint16_t)get_big_endian(r, 2);
}

uint32_t
reader_u32(struct reader *r)
{
	return (uint32_t)get_big_endian(r, 4);
}

uint64_t
reader_u64(struct reader *r)
{
	return get_big_endian(r, 8);
}

void
reader_copy(struct reader *r, uint8_t *out, size_t n)
{
	struct bytes x = reader_bytes(r, n);

	if (n == 0)
		return;
	if (x.p != NULL)
		memcpy(out, x.p, n);
	else
		memset(out, 0, n);
}

struct bytes
reader_line(struct reader *r)
{
	const uint8_t *end;
	struct bytes line;

	end = r->n > 0 ? memchr(r->p, '\n', r->n) : NULL;
	if (r->err != ERR_OK || end == NULL) {
		r->err = r->err != ERR_OK ? r->err : ERR_SYNTAX;
		return (struct bytes){ 0 };
	}
	line = reader_bytes(r, (size_t)(end - r->p));
	reader_bytes(r, 1);
	return line;
}

enum err
reader_end(const struct reader *r)
{
	if (r->err != ERR_OK)
		return r->err;
	return r->n == 0 ? ERR_OK : ERR_SYNTAX;
}
