#include "crypto/codec.h"
#include "crypto/entry.h"
#include "crypto/label.h"
#include "crypto/lines.h"

#include <string.h>

/* --- what must hold of an entry, read or about to be written --- */

static bool
author_fits(const struct entry *e)
{
	switch (message_form(e->kind)->author) {
	case AUTHOR_REPORTER:
		return e->author == PERSON_REPORTER;
	case AUTHOR_INSTANCE:
		return e->author == PERSON_INSTANCE;
	case AUTHOR_STAFF:
		break;
	}
	return e->author != PERSON_REPORTER && e->author != PERSON_INSTANCE;
}

static bool
content_fits(const struct entry *e)
{
	enum message_content content = message_form(e->kind)->content;

	return content == CONTENT_MAY ||
	    entry_has_content(e) == (content == CONTENT_MUST);
}

static bool
place_fits(const struct entry *e)
{
	return e->seq <= ENTRY_SEQ_MAX &&
	    (e->seq == 0) == bytes_all_zero(e->prev, LINK_LEN) &&
	    (e->author != PERSON_REPORTER || bytes_all_zero(e->seen, LINK_LEN));
}

static bool
is_person(uint16_t number)
{
	return number != PERSON_REPORTER && number != PERSON_INSTANCE;
}

static bool
people_fit(const struct entry *e)
{
	if (e->n_people > ENTRY_PEOPLE_MAX)
		return false;
	for (size_t i = 0; i < e->n_people; i++)
		if (!is_person(e->people[i]) ||
		    (i > 0 && e->people[i] <= e->people[i - 1]))
			return false;
	return true;
}

static bool
params_fit(const struct entry *e)
{
	unsigned has = message_form(e->kind)->params;

	return (!(has & PARAM_BAND) || (e->band >= 1 && e->band <= 4)) &&
	    (!(has & PARAM_FROM) ||
		(is_person(e->from) && e->from != e->person)) &&
	    (!(has & PARAM_PERSON) || is_person(e->person)) &&
	    (!(has & PARAM_ABOUT) || e->about <= ENTRY_SEQ_MAX) &&
	    (!(has & PARAM_CODE) || notice_code_kind(e->code) == e->kind) &&
	    (!(has & PARAM_PEOPLE) || people_fit(e));
}

static bool
is_sound(const struct entry *e)
{
	return e->kind != MESSAGE_CONCERN && author_fits(e) && place_fits(e) &&
	    content_fits(e) && params_fit(e);
}

bool
entry_has_content(const struct entry *e)
{
	return e->kind == MESSAGE_CONCERN ||
	    !bytes_all_zero(e->content, SHA256_LEN);
}

/* --- writing --- */

static void
put_bool(struct buf *out, const char *name, bool x)
{
	lines_put_str(out, name, x ? "yes" : "no");
}

static void
put_author(struct buf *out, uint16_t author)
{
	if (author == PERSON_REPORTER)
		lines_put_str(out, "author", "reporter");
	else if (author == PERSON_INSTANCE)
		lines_put_str(out, "author", "instance");
	else
		lines_put_number(out, "author", author);
}

static void
put_common(struct buf *out, const struct entry *e)
{
	char day[11];

	day_format(day, e->day);
	lines_put_hex(out, "case", e->case_id, CASE_ID_LEN);
	lines_put_str(out, "chain", chain_name(message_kind_chain(e->kind)));
	lines_put_number(out, "seq", e->seq);
	lines_put_hex(out, "prev", e->prev, LINK_LEN);
	lines_put_hex(out, "seen", e->seen, LINK_LEN);
	lines_put_str(out, "day", day);
	lines_put_str(out, "kind", message_kind_name(e->kind));
	put_author(out, e->author);
	lines_put_hex(out, "content", e->content, SHA256_LEN);
}

static void
put_people(struct buf *out, const struct entry *e)
{
	for (size_t i = 0; i < e->n_people; i++)
		lines_put_number(out, "who", e->people[i]);
}

static void
put_code(struct buf *out, const struct entry *e)
{
	buf_printf(out, "code: %s %u\n", notice_code_name(e->code), e->number);
}

static void
put_params(struct buf *out, const struct entry *e)
{
	unsigned has = message_form(e->kind)->params;

	if (has & PARAM_BAND)
		buf_printf(out, "band: P%u\n", e->band);
	if (has & PARAM_COMPLEX)
		put_bool(out, "complex", e->is_complex);
	if (has & PARAM_CONDUCT)
		put_bool(out, "conduct", e->is_conduct);
	if (has & PARAM_AGREE)
		put_bool(out, "agree", e->agrees);
	if (has & PARAM_INVESTIGATE)
		put_bool(out, "investigate", e->investigates);
	if (has & PARAM_ROUTE)
		lines_put_number(out, "route", e->route);
	if (has & PARAM_FROM)
		lines_put_number(out, "from", e->from);
	if (has & PARAM_PERSON)
		lines_put_number(out, "person", e->person);
	if (has & PARAM_GRANTS)
		lines_put_hex(out, "grants", e->grants, SHA256_LEN);
	if (has & PARAM_CHAIN)
		lines_put_str(out, "in", chain_name(e->in));
	if (has & PARAM_ABOUT)
		lines_put_number(out, "about", e->about);
	if (has & PARAM_CODE)
		put_code(out, e);
	if (has & PARAM_PEOPLE)
		put_people(out, e);
}

static enum err
put_body(const struct entry *e, struct buf *body)
{
	if (!is_sound(e))
		return ERR_SYNTAX;
	put_common(body, e);
	put_params(body, e);
	return body->err;
}

enum err
entry_sign(const struct entry *e, const uint8_t seed[static SIGN_SEED_LEN],
    struct buf *out)
{
	CLEAN_BUF struct buf body = BUF_INIT(ENTRY_NOTE_MAX);
	enum err err = put_body(e, &body);

	if (err != ERR_OK)
		return err;
	if (e->author == PERSON_INSTANCE)
		return ERR_SYNTAX;
	return author_sign(NOTE_ENTRY, buf_bytes(&body), e->case_id, e->author,
	    seed, out);
}

enum err
entry_sign_instance(const struct entry *e, const struct note_key *key,
    const uint8_t seed[static SIGN_SEED_LEN], struct buf *out)
{
	CLEAN_BUF struct buf body = BUF_INIT(ENTRY_NOTE_MAX);
	enum err err = put_body(e, &body);

	if (err != ERR_OK)
		return err;
	if (e->author != PERSON_INSTANCE)
		return ERR_SYNTAX;
	return note_sign(NOTE_NOTICE, buf_bytes(&body), key, seed, out);
}

/* --- reading --- */

static void
check(struct lines *l, enum err e)
{
	if (l->err == ERR_OK)
		l->err = e;
}

static bool
get_bool(struct lines *l, const char *name)
{
	struct bytes value = lines_get(l, name);
	bool yes = bytes_equal(value, BYTES_LIT("yes"));

	if (!yes && !bytes_equal(value, BYTES_LIT("no")))
		check(l, ERR_SYNTAX);
	return yes;
}

static uint16_t
get_author(struct lines *l)
{
	struct bytes value = lines_get(l, "author");
	uint64_t number = 0;

	if (bytes_equal(value, BYTES_LIT("reporter")))
		return PERSON_REPORTER;
	if (bytes_equal(value, BYTES_LIT("instance")))
		return PERSON_INSTANCE;
	check(l, decimal_get(value, UINT16_MAX, &number));
	if (!is_person((uint16_t)number))
		check(l, ERR_SYNTAX);
	return (uint16_t)number;
}

static void
get_common(struct lines *l, struct entry *e)
{
	struct bytes chain;

	lines_get_hex(l, "case", e->case_id, CASE_ID_LEN);
	chain = lines_get(l, "chain");
	e->seq = (uint32_t)lines_get_number(l, "seq", ENTRY_SEQ_MAX);
	lines_get_hex(l, "prev", e->prev, LINK_LEN);
	lines_get_hex(l, "seen", e->seen, LINK_LEN);
	check(l, day_parse(lines_get(l, "day"), &e->day));
	check(l, message_kind_parse(lines_get(l, "kind"), &e->kind));
	e->author = get_author(l);
	lines_get_hex(l, "content", e->content, SHA256_LEN);
	if (l->err == ERR_OK &&
	    !bytes_equal(chain,
		bytes_str(chain_name(message_kind_chain(e->kind)))))
		l->err = ERR_SYNTAX;
}

static uint8_t
get_band(struct lines *l)
{
	struct bytes value = lines_get(l, "band");

	if (value.n != 2 || value.p[0] != 'P' || value.p[1] < '1' ||
	    value.p[1] > '4') {
		check(l, ERR_SYNTAX);
		return 0;
	}
	return (uint8_t)(value.p[1] - '0');
}

static void
get_code(struct lines *l, struct entry *e)
{
	struct bytes value = lines_get(l, "code");
	uint64_t number = 0;

	check(l, notice_code_parse(word_next(&value), &e->code));
	check(l, decimal_get(value, UINT8_MAX, &number));
	e->number = (uint8_t)number;
}

static void
get_people(struct lines *l, struct entry *e)
{
	struct bytes value;
	uint64_t number = 0;

	while (l->err == ERR_OK && lines_next(l, "who", &value)) {
		check(l, decimal_get(value, UINT16_MAX, &number));
		if (e->n_people == ENTRY_PEOPLE_MAX)
			check(l, ERR_SYNTAX);
		else
			e->people[e->n_people++] = (uint16_t)number;
	}
}

static void
get_params(struct lines *l, struct entry *e)
{
	unsigned has = message_form(e->kind)->params;

	if (has & PARAM_BAND)
		e->band = get_band(l);
	if (has & PARAM_COMPLEX)
		e->is_complex = get_bool(l, "complex");
	if (has & PARAM_CONDUCT)
		e->is_conduct = get_bool(l, "conduct");
	if (has & PARAM_AGREE)
		e->agrees = get_bool(l, "agree");
	if (has & PARAM_INVESTIGATE)
		e->investigates = get_bool(l, "investigate");
	if (has & PARAM_ROUTE)
		e->route = (uint16_t)lines_get_number(l, "route", UINT16_MAX);
	if (has & PARAM_FROM)
		e->from = (uint16_t)lines_get_number(l, "from", UINT16_MAX);
	if (has & PARAM_PERSON)
		e->person = (uint16_t)lines_get_number(l, "person", UINT16_MAX);
	if (has & PARAM_GRANTS)
		lines_get_hex(l, "grants", e->grants, SHA256_LEN);
	if (has & PARAM_CHAIN)
		check(l, chain_parse(lines_get(l, "in"), &e->in));
	if (has & PARAM_ABOUT)
		e->about =
		    (uint32_t)lines_get_number(l, "about", ENTRY_SEQ_MAX);
	if (has & PARAM_CODE)
		get_code(l, e);
	if (has & PARAM_PEOPLE)
		get_people(l, e);
}

/* What the instance says is a note of another namespace. */
static enum err
note_of(struct bytes x, struct note *ret, bool *ret_is_instance)
{
	enum err e = note_parse(x, NOTE_ENTRY, ret);

	*ret_is_instance = e != ERR_OK;
	return e == ERR_OK ? e : note_parse(x, NOTE_NOTICE, ret);
}

enum err
entry_parse(struct bytes x, struct entry *ret)
{
	struct entry got = { 0 };
	bool is_instance = false;
	struct note note;
	struct lines l;
	enum err e;

	if (x.n > ENTRY_NOTE_MAX)
		return ERR_LIMIT;
	if ((e = note_of(x, &note, &is_instance)) != ERR_OK)
		return e;
	l = lines_over(note.body);
	get_common(&l, &got);
	if (l.err == ERR_OK)
		get_params(&l, &got);
	if ((e = lines_end(&l)) != ERR_OK)
		return e;
	if (!is_sound(&got) || is_instance != (got.author == PERSON_INSTANCE))
		return ERR_SYNTAX;
	*ret = got;
	return ERR_OK;
}

enum err
entry_verify(struct bytes note, const struct entry *e,
    const uint8_t pub[static SIGN_PUB_LEN])
{
	return author_verify(note, NOTE_ENTRY, e->case_id, e->author, pub);
}

enum err
entry_verify_instance(struct bytes x, const struct note_key *keys,
    size_t n_keys)
{
	struct note note;
	enum err e = note_parse(x, NOTE_NOTICE, &note);

	return e != ERR_OK ? e : note_verify(&note, keys, n_keys, 1);
}
