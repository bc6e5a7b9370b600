#pragma once

#include "crypto/bytes.h"

/*
 * Text encodings of bytes. Decoders are strict (canonical input only) and
 * constant-time in the symbols, since some inputs are keys.
 */

/* Lower-case hex; out has room for 2 * n + 1, NUL-terminated. */
void hex_encode(char *out, const uint8_t *p, size_t n);
/* Exactly 2 * n lower-case digits. */
enum err hex_decode(struct bytes text, uint8_t *out, size_t n) MUST_CHECK;

/* RFC 4648 section 4; unpadded is age's form (C2SP age.md). */
enum b64_form { B64_PADDED, B64_UNPADDED };
void base64_put(struct buf *out, struct bytes x, enum b64_form form);
/* Canonical: no white space, right padding for the form, zero spare bits. */
enum err base64_get(struct bytes text, enum b64_form form, struct buf *out)
    MUST_CHECK;
/* How many bytes the text stands for, if it is well-formed at all. */
size_t base64_len(struct bytes text, enum b64_form form);
/* The same into an array; ERR_SYNTAX also where it is not exactly n bytes.
 * Needs no memory, so that a parser's only errors are its grammar's. */
enum err base64_get_exact(struct bytes text, enum b64_form form, uint8_t *out,
    size_t n) MUST_CHECK;

void decimal_put(struct buf *out, uint64_t v);
/* Decimal without sign or leading zero, at most max. */
enum err decimal_get(struct bytes text, uint64_t max, uint64_t *ret) MUST_CHECK;

/* Days as "2026-11-21", from and to days since 1970-01-01 (UTC, proleptic
 * Gregorian); out has room for 11. What is outside the years 1 to 9999 is
 * written as the nearest day in them. */
void day_format(char out[static 11], int64_t day);
enum err day_parse(struct bytes text, int64_t *ret) MUST_CHECK;
#define DAY_SECONDS 86400
