#pragma once

#include <jansson.h>

#include "crypto/sign.h"

/*
 * Reading tests/cases, which the browser's code runs too
 * (tests/web/core.test.ts). What is wrong with a file ends the program.
 */

/* Any of the texts and archives there. */
#define CASES_MAX (4 * 1024 * 1024)

/* dir: tests/cases. Caller frees with json_decref. */
json_t *cases_load(const char *dir, const char *name);
/* What must be there. Borrowed. */
json_t *cases_get(const json_t *of, const char *key);
const char *cases_text(const json_t *of, const char *key);
struct bytes cases_bytes(const json_t *of, const char *key);
uint64_t cases_number(const json_t *of, const char *key);
/* Exactly n bytes of hex. */
void cases_hex(const json_t *of, const char *key, uint8_t *out, size_t n);
/* The element of a list that is called so. */
json_t *cases_named(const json_t *list, const char *why);

/* A text, or parts of one: {each, from, to} is `each` for every number, which
 * is its '#'. */
void cases_put_text(const json_t *text, struct buf *out);
/* Edits: pairs of what is there once and what takes its place. NULL: none. */
void cases_put_edited(struct bytes text, const json_t *edits, struct buf *out);
/* Pairs of an offset and hex, then another length (zeros, where longer). NULL:
 * as it is. */
void cases_edit_bytes(struct buf *x, const json_t *edits, const json_t *length);
/* Runs of [byte, count]. */
void cases_put_filled(const json_t *runs, struct buf *out);

/* Whether the bytes are what the hex of that name says. */
bool cases_is_hex(const uint8_t *p, size_t n, const json_t *of,
    const char *key);
/* Fails with what the case is called, or with its text. */
void cases_expect(bool ok, const json_t *x);
/* Signs a text whose first line is its namespace, as the key of that name. */
enum err cases_sign(struct bytes text, const char *name,
    const uint8_t seed[static SIGN_SEED_LEN], struct buf *out) MUST_CHECK;
