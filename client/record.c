#include "client/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/lines.h"

static const struct {
	const char *name;
	const char *form;  /* question whose options these are */
	const char *words; /* what else it may be; "": anything */
	bool many;
} fields[RECORD_FIELDS] = {
	[RECORD_RAISED] = { "raised", NULL, "open confidential anonymous",
	    false },
	[RECORD_ELEMENTS] = { "elements", "element", "", true },
	[RECORD_SUBCATEGORY] = { "subcategory", "subcategory", "", false },
	[RECORD_GROUP] = { "worker-group", "group", "", false },
	[RECORD_ACTIONS] = { "actions", NULL, "", false },
	[RECORD_OUTCOME] = { "outcome", NULL, "", false },
	[RECORD_LEARNING] = { "learning", NULL, "", false },
	[RECORD_AGAIN] = { "would-speak-up-again", NULL, "yes no maybe unknown",
	    false },
	[RECORD_RECEIPT] = { "receipt", NULL, "", false },
};

void
record_free(struct record *r)
{
	for (size_t i = 0; i < RECORD_FIELDS; i++) {
		if (r->value[i] != NULL)
			bytes_wipe(r->value[i], strlen(r->value[i]));
		free(r->value[i]);
		r->value[i] = NULL;
	}
}

const char *
record_field_name(enum record_field f)
{
	return fields[f].name;
}

/* --- values --- */

static bool
is_one_of(const char *words, struct bytes value)
{
	struct bytes rest = bytes_str(words);

	while (rest.n > 0) {
		if (bytes_equal(word_next(&rest), value))
			return true;
	}
	return words[0] == '\0';
}

static bool
is_option(const struct policy_field *f, struct bytes value)
{
	for (size_t i = 0; i < f->n_options; i++) {
		if (bytes_equal(bytes_str(f->options[i].slug), value))
			return true;
	}
	return false;
}

/* Slugs with commas between; one only, unless many. */
static bool
are_options(const struct policy_field *f, struct bytes value, bool many)
{
	while (value.n > 0) {
		const uint8_t *comma = memchr(value.p, ',', value.n);
		size_t n = comma != NULL ? (size_t)(comma - value.p) : value.n;

		if (!is_option(f, BYTES(value.p, n)) ||
		    (comma != NULL && (!many || n + 1 == value.n)))
			return false;
		n += comma != NULL ? 1 : 0;
		value = BYTES(value.p + n, value.n - n);
	}
	return true;
}

static const struct policy_field *
form_of(const struct policy *p, size_t field)
{
	return p != NULL && fields[field].form != NULL
	    ? policy_field(p, fields[field].form)
	    : NULL;
}

static bool
is_good(const struct policy *p, size_t field, struct bytes value)
{
	const struct policy_field *f = form_of(p, field);

	return value.n <= RECORD_VALUE_MAX && text_is_printable(value) &&
	    is_one_of(fields[field].words, value) &&
	    (f == NULL || are_options(f, value, fields[field].many));
}

static enum exit_code
bad_value(const struct term *t, const struct policy *p, size_t field,
    struct bytes value)
{
	const struct policy_field *f = form_of(p, field);

	(void)term_fail(t, EXIT_USAGE, "%s cannot be \"%.*s\".%s%s",
	    fields[field].name, (int)(value.n < 80 ? value.n : 80), value.p,
	    fields[field].words[0] != '\0' ? " It is one of: " : "",
	    fields[field].words);
	for (size_t i = 0; f != NULL && i < f->n_options; i++)
		fprintf(stderr, "  %s\n", f->options[i].slug);
	return EXIT_USAGE;
}

static enum exit_code
no_field(const struct term *t, const char *name)
{
	(void)term_fail(t, EXIT_USAGE,
	    "A record has no field \"%s\". Fields are:", name);
	for (size_t i = 0; i < RECORD_FIELDS; i++)
		fprintf(stderr, "  %s\n", fields[i].name);
	return EXIT_USAGE;
}

static struct bytes
trim(struct bytes x)
{
	while (x.n > 0 && (x.p[0] == ' ' || x.p[0] == '\t'))
		x = BYTES(x.p + 1, x.n - 1);
	while (x.n > 0 && strchr(" \t\r", x.p[x.n - 1]) != NULL)
		x.n--;
	return x;
}

enum exit_code
record_set(const struct term *t, const struct policy *p, struct record *r,
    const char *field, struct bytes value)
{
	char *copy = NULL;
	size_t i = 0;

	while (i < RECORD_FIELDS && strcmp(fields[i].name, field) != 0)
		i++;
	if (i == RECORD_FIELDS)
		return no_field(t, field);
	value = trim(value);
	if (value.n > 0 && !is_good(p, i, value))
		return bad_value(t, p, i, value);
	if (value.n > 0) {
		copy = strndup((const char *)value.p, value.n);
		if (copy == NULL)
			return fail_err(t, ERR_NOMEM, "The record");
	}
	free(r->value[i]);
	r->value[i] = copy;
	return EXIT_DONE;
}

/* --- text --- */

static enum exit_code
read_line(const struct term *t, const struct policy *p, struct bytes line,
    struct record *r)
{
	const uint8_t *colon;
	char name[32];

	line = trim(line);
	if (line.n == 0 || line.p[0] == '#')
		return EXIT_DONE;
	colon = memchr(line.p, ':', line.n);
	if (colon == NULL || (size_t)(colon - line.p) >= sizeof(name))
		return term_fail(t, EXIT_USAGE,
		    "A line of a record is "
		    "\"field: value\", not \"%.*s\".",
		    (int)(line.n < 80 ? line.n : 80), line.p);
	(void)snprintf(name, sizeof(name), "%.*s", (int)(colon - line.p),
	    line.p);
	return record_set(t, p, r, name,
	    BYTES(colon + 1, line.n - (size_t)(colon + 1 - line.p)));
}

enum exit_code
record_read(const struct term *t, const struct policy *p, struct bytes text,
    struct record *r)
{
	enum exit_code code = EXIT_DONE;

	while (code == EXIT_DONE && text.n > 0) {
		const uint8_t *end = memchr(text.p, '\n', text.n);
		size_t n = end != NULL ? (size_t)(end - text.p) : text.n;

		code = read_line(t, p, BYTES(text.p, n), r);
		n += end != NULL ? 1 : 0;
		text = BYTES(text.p + n, text.n - n);
	}
	return code;
}

void
record_put(const struct record *r, bool all, struct buf *out)
{
	for (size_t i = 0; i < RECORD_FIELDS; i++) {
		if (r->value[i] != NULL || all)
			buf_printf(out, "%s: %s\n", fields[i].name,
			    r->value[i] != NULL ? r->value[i] : "");
	}
}

/* --- of a case --- */

const struct conversation_message *
record_find(const struct conversation *c)
{
	for (size_t i = c->n_messages; i-- > 0;) {
		const struct conversation_message *m = c->message[i];

		if (m->kind == MESSAGE_RECORD && m->is_readable)
			return m;
	}
	return NULL;
}

bool
record_latest(const struct conversation *c, const char *field, char *out,
    size_t cap)
{
	const struct conversation_message *m = record_find(c);
	struct reader r =
	    reader_over(m != NULL ? buf_bytes(&m->text) : BYTES(NULL, 0));
	size_t n = strlen(field);

	while (r.err == ERR_OK && r.n > 0) {
		struct bytes line = reader_line(&r);

		if (line.n > n + 2 && memcmp(line.p, field, n) == 0 &&
		    memcmp(line.p + n, ": ", 2) == 0) {
			(void)snprintf(out, cap, "%.*s", (int)(line.n - n - 2),
			    line.p + n + 2);
			return true;
		}
	}
	return false;
}
