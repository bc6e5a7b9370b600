#pragma once

#include "crypto/bytes.h"

/*
 * "name: value" lines, the one text form of preambles, manifests, entries and
 * answers: names [a-z0-9-]+, one space after the colon, values of printable
 * UTF-8 without control characters (may be empty), '\n' at every end. Order
 * is part of each format: a reader asks for the lines it expects, in order.
 */

struct lines {
	struct bytes rest;
	enum err err; /* sticky: ERR_SYNTAX */
};

struct lines lines_over(struct bytes text);
/* The value of the next line, which must be called `name`; empty after an
 * error. */
struct bytes lines_get(struct lines *l, const char *name);
/* As lines_get where the next line has that name; otherwise leaves it there
 * and returns false. For optional and repeated lines. */
bool lines_next(struct lines *l, const char *name, struct bytes *ret_value);
/* Convenience over lines_get: decimal up to max; lower-case hex of n bytes. */
uint64_t lines_get_number(struct lines *l, const char *name, uint64_t max);
void lines_get_hex(struct lines *l, const char *name, uint8_t *out, size_t n);
/* ERR_OK when nothing failed and nothing is left. */
enum err lines_end(const struct lines *l) MUST_CHECK;

/*
 * The next word of a value (words are separated by exactly one space). Empty
 * at the end, and where there is a space too many, which is left in *value.
 */
struct bytes word_next(struct bytes *value);

/* A value with a control character or broken UTF-8 sets out->err to
 * ERR_SYNTAX, so that nothing can add a line of its own. */
void lines_put(struct buf *out, const char *name, struct bytes value);
void lines_put_str(struct buf *out, const char *name, const char *value);
void lines_put_number(struct buf *out, const char *name, uint64_t v);
void lines_put_hex(struct buf *out, const char *name, const uint8_t *p,
    size_t n);

/* UTF-8 in shortest form, without C0, DEL and C1 control characters. */
bool text_is_printable(struct bytes x);
