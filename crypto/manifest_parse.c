#include "crypto/manifest.h"

#include "crypto/codec.h"
#include "crypto/lines.h"

#include <string.h>

/*
 * The lines in their order: each function takes some of them, and leaves its
 * error in l->err, after which the rest find nothing.
 */

static void
check(struct lines *l, enum err err)
{
	if (l->err == ERR_OK)
		l->err = err;
}

static void
expect(struct lines *l, bool ok)
{
	check(l, ok ? ERR_OK : ERR_SYNTAX);
}

static enum err
person_get(struct bytes text, uint16_t *ret)
{
	uint64_t v = 0;
	enum err err;

	if (bytes_equal(text, BYTES_LIT("reporter"))) {
		*ret = PERSON_REPORTER;
		return ERR_OK;
	}
	err = decimal_get(text, UINT16_MAX, &v);
	if (err == ERR_OK && v == PERSON_REPORTER)
		err = ERR_SYNTAX;
	if (err == ERR_OK)
		*ret = (uint16_t)v;
	return err;
}

/* Copies a text into an array of `cap`, with its NUL. */
static enum err
text_get(struct bytes text, char *out, size_t cap)
{
	if (text.n >= cap)
		return ERR_LIMIT;
	if (text.n > 0)
		memcpy(out, text.p, text.n);
	out[text.n] = '\0';
	return ERR_OK;
}

static void
parse_kind(struct lines *l, struct manifest *m)
{
	check(l, message_kind_parse(lines_get(l, "kind"), &m->kind));
	expect(l, message_form(m->kind)->content != CONTENT_NONE);
	lines_get_hex(l, "case", m->case_id, CASE_ID_LEN);
	expect(l,
	    bytes_equal(lines_get(l, "chain"),
		bytes_str(chain_name(message_kind_chain(m->kind)))));
	check(l, person_get(lines_get(l, "author"), &m->author));
	expect(l,
	    message_kind_is_reporters(m->kind) ==
		(m->author == PERSON_REPORTER));
}

/* The place in the chain. */
static void
parse_place(struct lines *l, struct manifest *m)
{
	bool staff = message_kind_chain(m->kind) == CHAIN_STAFF;
	size_t most = m->kind == MESSAGE_CONCERN ? 0
	    : message_kind_is_reporters(m->kind) ? 1
						 : SEALED_SEEN_MAX;
	struct bytes value;

	m->seq = (uint32_t)lines_get_number(l, "seq", UINT32_MAX);
	expect(l, staff || (m->seq == 0) == (m->kind == MESSAGE_CONCERN));
	lines_get_hex(l, "prev", m->prev, LINK_LEN);
	expect(l, (m->seq == 0) == bytes_all_zero(m->prev, LINK_LEN));
	while (lines_next(l, "seen", &value)) {
		expect(l, m->n_seen < most);
		if (l->err == ERR_OK)
			check(l,
			    hex_decode(value, m->seen[m->n_seen++], LINK_LEN));
	}
}

static void
parse_route(struct lines *l, struct manifest *m)
{
	struct bytes value;

	lines_get_hex(l, "policy", m->policy, SHA256_LEN);
	m->route = (uint16_t)lines_get_number(l, "route", UINT16_MAX);
	value = lines_get(l, "band");
	expect(l,
	    value.n == 2 && value.p[0] == 'P' && value.p[1] >= '1' &&
		value.p[1] <= '4');
	if (l->err == ERR_OK)
		m->band = (uint8_t)(value.p[1] - '0');
	while (lines_next(l, "exclude", &value)) {
		uint64_t person = 0;

		check(l, decimal_get(value, UINT16_MAX, &person));
		expect(l,
		    m->n_exclude < SEALED_EXCLUDE_MAX &&
			person > (m->n_exclude > 0
					 ? m->exclude[m->n_exclude - 1]
					 : 0));
		if (l->err == ERR_OK)
			m->exclude[m->n_exclude++] = (uint16_t)person;
	}
}

static bool
is_slug(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return n > 0 && s[n] == '\0';
}

static enum err
parse_answer(struct bytes value, struct manifest_answer *a)
{
	const uint8_t *equals = memchr(value.p, '=', value.n);
	size_t n = equals == NULL ? 0 : (size_t)(equals - value.p);
	enum err err;

	if (equals == NULL)
		return ERR_SYNTAX;
	err = text_get(BYTES(value.p, n), a->field, sizeof(a->field));
	if (err == ERR_OK)
		err = text_get(BYTES(equals + 1, value.n - n - 1), a->value,
		    sizeof(a->value));
	if (err == ERR_OK && (!is_slug(a->field) || !is_slug(a->value)))
		err = ERR_SYNTAX;
	return err;
}

static void
parse_answers(struct lines *l, struct manifest *m)
{
	struct bytes value;

	while (lines_next(l, "answer", &value)) {
		expect(l, value.n > 0 && m->n_answers < SEALED_ANSWERS_MAX);
		if (l->err == ERR_OK)
			check(l,
			    parse_answer(value, &m->answer[m->n_answers++]));
	}
}

/* Where answers go: fixed by the concern for the life of the case. */
static void
parse_return(struct lines *l, struct manifest *m)
{
	struct age_recipient recipient;
	struct bytes value;

	if (m->kind != MESSAGE_CONCERN)
		return;
	value = lines_get(l, "reply");
	if (l->err == ERR_OK)
		check(l, age_recipient_parse(value, &recipient));
	check(l, text_get(value, m->reply, sizeof(m->reply)));
	lines_get_hex(l, "mailbox", m->mailbox, SHA256_LEN);
}

static enum err
parse_file(struct bytes value, struct manifest *m)
{
	char name[sizeof(m->file[0].name)];
	uint8_t sha256[SHA256_LEN];
	uint64_t size = 0;
	enum err err;

	err = decimal_get(word_next(&value), SEALED_FILE_MAX, &size);
	if (err == ERR_OK)
		err = hex_decode(word_next(&value), sha256, sizeof(sha256));
	if (err == ERR_OK)
		err = text_get(value, name, sizeof(name));
	return err == ERR_OK ? manifest_add_file(m, name, size, sha256) : err;
}

static bool
is_excluded(const struct manifest *m, uint16_t person)
{
	for (size_t i = 0; i < m->n_exclude; i++) {
		if (m->exclude[i] == person)
			return true;
	}
	return false;
}

static enum err
parse_to(struct bytes value, struct manifest *m)
{
	struct manifest_to *to = &m->to[m->n_to];
	enum err err;

	if (m->n_to == SEALED_TO_MAX)
		return ERR_LIMIT;
	err = person_get(word_next(&value), &to->person);
	if (err == ERR_OK)
		err = hex_decode(value, to->sha256, SHA256_LEN);
	if (err == ERR_OK && is_excluded(m, to->person))
		err = ERR_SYNTAX;
	for (size_t i = 0; i < m->n_to && err == ERR_OK; i++) {
		if (m->to[i].person == to->person)
			err = ERR_SYNTAX;
	}
	if (err == ERR_OK)
		m->n_to++;
	return err;
}

static void
parse_content(struct lines *l, struct manifest *m)
{
	struct bytes value;

	while (lines_next(l, "file", &value))
		check(l, parse_file(value, m));
	while (lines_next(l, "to", &value))
		check(l, parse_to(value, m));
	expect(l, m->n_to > 0);
}

enum err
manifest_parse(struct bytes body, struct manifest *ret)
{
	struct manifest *m;
	struct lines l;
	enum err err;

	if (body.n > MANIFEST_MAX)
		return ERR_LIMIT;
	m = manifest_new();
	if (m == NULL)
		return ERR_NOMEM;
	l = lines_over(body);
	parse_kind(&l, m);
	parse_place(&l, m);
	parse_route(&l, m);
	parse_answers(&l, m);
	parse_return(&l, m);
	parse_content(&l, m);
	err = lines_end(&l);
	if (err == ERR_OK)
		memcpy(ret, m, sizeof(*ret));
	manifest_free(m);
	return err;
}
