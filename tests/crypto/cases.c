#include "tests/crypto/cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/codec.h"
#include "crypto/note.h"

json_t *
cases_load(const char *dir, const char *name)
{
	json_error_t error;
	char path[4096];
	json_t *j;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	j = json_load_file(path, 0, &error);
	if (j == NULL) {
		fprintf(stderr, "%s: %s\n", path, error.text);
		exit(2);
	}
	return j;
}

json_t *
cases_get(const json_t *of, const char *key)
{
	json_t *j = json_object_get(of, key);

	if (j == NULL) {
		fprintf(stderr, "a case has no %s\n", key);
		exit(2);
	}
	return j;
}

const char *
cases_text(const json_t *of, const char *key)
{
	const char *text = json_string_value(cases_get(of, key));

	assert_non_null(text);
	return text;
}

struct bytes
cases_bytes(const json_t *of, const char *key)
{
	return bytes_str(cases_text(of, key));
}

uint64_t
cases_number(const json_t *of, const char *key)
{
	const json_t *j = cases_get(of, key);

	assert_true(json_is_integer(j) && json_integer_value(j) >= 0);
	return (uint64_t)json_integer_value(j);
}

void
cases_hex(const json_t *of, const char *key, uint8_t *out, size_t n)
{
	assert_int_equal(hex_decode(cases_bytes(of, key), out, n), ERR_OK);
}

json_t *
cases_named(const json_t *list, const char *why)
{
	json_t *x;
	size_t i;

	json_array_foreach(list, i,
	    x) if (strcmp(cases_text(x, "why"), why) == 0) return x;
	fprintf(stderr, "no case is called \"%s\"\n", why);
	exit(2);
}

static void
put_each(const json_t *part, struct buf *out)
{
	const char *each = cases_text(part, "each");
	uint64_t to = cases_number(part, "to");

	for (uint64_t n = cases_number(part, "from"); n <= to; n++) {
		for (const char *c = each; *c != '\0'; c++) {
			if (*c == '#')
				buf_printf(out, "%llu", (unsigned long long)n);
			else
				buf_put_u8(out, (uint8_t)*c);
		}
	}
}

void
cases_put_text(const json_t *text, struct buf *out)
{
	json_t *part;
	size_t i;

	if (json_is_string(text))
		buf_put_str(out, json_string_value(text));
	json_array_foreach(text, i, part)
	{
		if (json_is_string(part))
			buf_put_str(out, json_string_value(part));
		else
			put_each(part, out);
	}
	assert_int_equal(out->err, ERR_OK);
}

/* Puts text with one edit. */
static void
put_edit(struct bytes text, const json_t *edit, struct buf *out)
{
	struct bytes from =
	    bytes_str(json_string_value(json_array_get(edit, 0)));
	const uint8_t *at = memmem(text.p, text.n, from.p, from.n), *after;
	size_t before, left;

	assert_non_null(at);
	before = (size_t)(at - text.p);
	after = at + from.n;
	left = text.n - before - from.n;
	assert_null(memmem(at + 1, text.n - before - 1, from.p, from.n));
	buf_put(out, text.p, before);
	buf_put_str(out, json_string_value(json_array_get(edit, 1)));
	buf_put(out, after, left);
}

void
cases_put_edited(struct bytes text, const json_t *edits, struct buf *out)
{
	CLEAN_BUF struct buf now = BUF_INIT(CASES_MAX);
	json_t *edit;
	size_t i;

	buf_put_bytes(&now, text);
	json_array_foreach(edits, i, edit)
	{
		CLEAN_BUF struct buf next = BUF_INIT(CASES_MAX);

		put_edit(buf_bytes(&now), edit, &next);
		buf_reset(&now);
		buf_put_bytes(&now, buf_bytes(&next));
	}
	buf_put_bytes(out, buf_bytes(&now));
	assert_int_equal(out->err, ERR_OK);
}

static void
edit_bytes(struct buf *x, const json_t *edit)
{
	size_t at = (size_t)json_integer_value(json_array_get(edit, 0));
	struct bytes hex =
	    bytes_str(json_string_value(json_array_get(edit, 1)));

	assert_true(at + hex.n / 2 <= x->n);
	assert_int_equal(hex_decode(hex, x->p + at, hex.n / 2), ERR_OK);
}

void
cases_edit_bytes(struct buf *x, const json_t *edits, const json_t *length)
{
	json_t *edit;
	size_t i, n = x->n;

	json_array_foreach(edits, i, edit) edit_bytes(x, edit);
	if (length != NULL)
		n = (size_t)json_integer_value(length);
	if (n > x->n)
		buf_put_zeros(x, n - x->n);
	x->n = n;
	assert_int_equal(x->err, ERR_OK);
}

void
cases_put_filled(const json_t *runs, struct buf *out)
{
	json_t *run;
	size_t i;

	json_array_foreach(runs, i, run)
	{
		int byte = (int)json_integer_value(json_array_get(run, 0));
		size_t n = (size_t)json_integer_value(json_array_get(run, 1));
		uint8_t *at = buf_grow(out, n);

		assert_non_null(at);
		memset(at, byte, n);
	}
}

bool
cases_is_hex(const uint8_t *p, size_t n, const json_t *of, const char *key)
{
	CLEAN_BUF struct buf text = BUF_INIT(CASES_MAX);
	uint8_t *at = buf_grow(&text, 2 * n);

	assert_non_null(at);
	hex_encode((char *)at, p, n);
	return bytes_equal(buf_bytes(&text), cases_bytes(of, key));
}

void
cases_expect(bool ok, const json_t *x)
{
	if (!ok)
		fail_msg("%s",
		    json_is_object(x) ? cases_text(x, "why")
				      : json_string_value(x));
}

enum err
cases_sign(struct bytes text, const char *name,
    const uint8_t seed[static SIGN_SEED_LEN], struct buf *out)
{
	struct reader r = reader_over(text);
	struct bytes first = reader_line(&r);
	uint8_t pub[SIGN_PUB_LEN];
	struct note_key key;
	char space[64] = "";

	assert_true(r.err == ERR_OK && first.n < sizeof(space));
	memcpy(space, first.p, first.n);
	assert_int_equal(sign_public(seed, pub), ERR_OK);
	assert_int_equal(note_key_init(&key, name, pub), ERR_OK);
	return note_sign(space, BYTES(r.p, r.n), &key, seed, out);
}
