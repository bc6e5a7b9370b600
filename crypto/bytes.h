#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/err.h"

/* A borrowed run of bytes. */
struct bytes {
	const uint8_t *p;
	size_t n;
};

#define BYTES(ptr, len) ((struct bytes){ .p = (ptr), .n = (len) })
/* The bytes of a string literal, without its NUL. */
#define BYTES_LIT(s) BYTES((const uint8_t *)(s), sizeof(s) - 1)
/* The bytes of a NUL-terminated string, without its NUL. */
struct bytes bytes_str(const char *s);

bool bytes_equal(struct bytes a, struct bytes b);
/* In time that depends only on n. */
bool bytes_equal_ct(const uint8_t *a, const uint8_t *b, size_t n);
bool bytes_all_zero(const uint8_t *p, size_t n);
/* Whether what was computed from a secret without branches came to zero: the
 * one bit of it that may be known, and so decided upon. */
bool bytes_verdict(uint32_t off);
/* Wipes in a way the compiler keeps. NULL with n = 0 is allowed. */
void bytes_wipe(void *p, size_t n);

/*
 * A bounded, growing, wiping buffer. Errors stick: after the first failure
 * every further put does nothing, and the caller checks `err` once at the end.
 * Growth copies to fresh memory and wipes the old.
 */
struct buf {
	uint8_t *p;
	size_t n;
	size_t cap;
	size_t most; /* of n, since all of it was wiped */
	size_t max;  /* n never exceeds this; ERR_LIMIT */
	enum err err;
};

/* clang-format off */
#define BUF_INIT(limit) { .max = (limit) }
/* clang-format on */
void buf_put(struct buf *b, const void *p, size_t n);
void buf_put_bytes(struct buf *b, struct bytes x);
void buf_put_str(struct buf *b, const char *s);
void buf_put_zeros(struct buf *b, size_t n);
void buf_put_u8(struct buf *b, uint8_t v);
/* Big-endian. */
void buf_put_u16(struct buf *b, uint16_t v);
void buf_put_u32(struct buf *b, uint32_t v);
void buf_put_u64(struct buf *b, uint64_t v);
void buf_printf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Makes room for n bytes, adds them to b->n and returns where they start;
 * NULL after an error. */
uint8_t *buf_grow(struct buf *b, size_t n);
/* Wipes the content, keeps the memory and the limit, clears the error. */
void buf_reset(struct buf *b);
/* Wipes and frees; the struct may be used again. */
void buf_free(struct buf *b);
struct bytes buf_bytes(const struct buf *b);

#define CLEAN_BUF __attribute__((cleanup(buf_free)))

/* A cursor over untrusted bytes with a sticky error: after the first short
 * read every further read gives zeros, and `err` is ERR_SYNTAX. */
struct reader {
	const uint8_t *p;
	size_t n; /* what is left */
	enum err err;
};

struct reader reader_over(struct bytes x);
uint8_t reader_u8(struct reader *r);
uint16_t reader_u16(struct reader *r);
uint32_t reader_u32(struct reader *r);
uint64_t reader_u64(struct reader *r);
/* Borrowed from the input; {NULL, 0} after an error. */
struct bytes reader_bytes(struct reader *r, size_t n);
void reader_copy(struct reader *r, uint8_t *out, size_t n);
/* One line up to '\n', which is consumed and not returned; ERR_SYNTAX where
 * there is none. */
struct bytes reader_line(struct reader *r);
/* ERR_OK only when nothing failed and nothing is left. */
enum err reader_end(const struct reader *r) MUST_CHECK;
