#include "crypto/entry.h"

#include "crypto/codec.h"
#include "crypto/label.h"
#include "crypto/lines.h"

#include <string.h>

/* --- common --- */

static const uint8_t no_case[CASE_ID_LEN];

static enum err
key_of(const uint8_t case_id[static CASE_ID_LEN], uint16_t person,
    const uint8_t pub[static SIGN_PUB_LEN], struct note_key *ret)
{
	char name[NOTE_NAME_MAX + 1];

	author_key_name(name, case_id, person);
	return note_key_init(ret, name, pub);
}

static enum err
sign(const char *space, struct bytes body,
    const uint8_t case_id[static CASE_ID_LEN], uint16_t person,
    const uint8_t seed[static SIGN_SEED_LEN], struct buf *out)
{
	uint8_t pub[SIGN_PUB_LEN];
	struct note_key key;
	enum err e;

	if ((e = sign_public(seed, pub)) != ERR_OK ||
	    (e = key_of(case_id, person, pub, &key)) != ERR_OK)
		return e;
	return note_sign(space, body, &key, seed, out);
}

static enum err
verify(struct bytes x, const char *space,
    const uint8_t case_id[static CASE_ID_LEN], uint16_t person,
    const uint8_t pub[static SIGN_PUB_LEN])
{
	struct note_key key;
	struct note note;
	enum err e;

	if ((e = note_parse(x, space, &note)) != ERR_OK ||
	    (e = key_of(case_id, person, pub, &key)) != ERR_OK)
		return e;
	return note_verify(&note, &key, 1, 1);
}

static void
get_kind(struct lines *l, enum message_kind *kind)
{
	struct bytes value = lines_get(l, "kind");

	if (l->err == ERR_OK)
		l->err = message_kind_parse(value, kind);
}

/* --- entries --- */

static bool
entry_is_sound(const struct entry *e)
{
	return e->kind != MESSAGE_CONCERN && e->seq <= ENTRY_SEQ_MAX &&
	    (e->author == PERSON_REPORTER) ==
	    message_kind_is_reporters(e->kind) &&
	    (e->seq == 0) == bytes_all_zero(e->prev, LINK_LEN) &&
	    message_kind_has_content(e->kind) ==
	    !bytes_all_zero(e->content, SHA256_LEN);
}

enum err
entry_sign(const struct entry *e, const uint8_t seed[static SIGN_SEED_LEN],
    struct buf *out)
{
	CLEAN_BUF struct buf body = BUF_INIT(ENTRY_NOTE_MAX);

	if (!entry_is_sound(e))
		return ERR_SYNTAX;
	lines_put_hex(&body, "case", e->case_id, CASE_ID_LEN);
	lines_put_str(&body, "chain", chain_name(message_kind_chain(e->kind)));
	lines_put_number(&body, "seq", e->seq);
	lines_put_hex(&body, "prev", e->prev, LINK_LEN);
	lines_put_str(&body, "kind", message_kind_name(e->kind));
	if (e->author == PERSON_REPORTER)
		lines_put_str(&body, "author", "reporter");
	else
		lines_put_number(&body, "author", e->author);
	lines_put_hex(&body, "content", e->content, SHA256_LEN);
	if (body.err != ERR_OK)
		return body.err;
	return sign(
	    NOTE_ENTRY, buf_bytes(&body), e->case_id, e->author, seed, out);
}

static enum err
get_author(struct bytes value, uint16_t *ret)
{
	uint64_t number;
	enum err e;

	if (bytes_equal(value, BYTES_LIT("reporter"))) {
		*ret = PERSON_REPORTER;
		return ERR_OK;
	}
	if ((e = decimal_get(value, UINT16_MAX, &number)) != ERR_OK)
		return e;
	if (number == PERSON_REPORTER)
		return ERR_SYNTAX;
	*ret = (uint16_t)number;
	return ERR_OK;
}

enum err
entry_parse(struct bytes x, struct entry *ret)
{
	struct entry got = { 0 };
	struct bytes chain;
	struct note note;
	struct lines l;
	enum err e;

	if (x.n > ENTRY_NOTE_MAX)
		return ERR_LIMIT;
	if ((e = note_parse(x, NOTE_ENTRY, &note)) != ERR_OK)
		return e;
	l = lines_over(note.body);
	lines_get_hex(&l, "case", got.case_id, CASE_ID_LEN);
	chain = lines_get(&l, "chain");
	got.seq = (uint32_t)lines_get_number(&l, "seq", ENTRY_SEQ_MAX);
	lines_get_hex(&l, "prev", got.prev, LINK_LEN);
	get_kind(&l, &got.kind);
	if (l.err == ERR_OK)
		l.err = get_author(lines_get(&l, "author"), &got.author);
	lines_get_hex(&l, "content", got.content, SHA256_LEN);
	if ((e = lines_end(&l)) != ERR_OK)
		return e;
	if (!entry_is_sound(&got) ||
	    !bytes_equal(
		chain, bytes_str(chain_name(message_kind_chain(got.kind)))))
		return ERR_SYNTAX;
	*ret = got;
	return ERR_OK;
}

enum err
entry_verify(struct bytes note, const struct entry *e,
    const uint8_t pub[static SIGN_PUB_LEN])
{
	return verify(note, NOTE_ENTRY, e->case_id, e->author, pub);
}

/* --- statements --- */

void
statement_put(const struct statement *s, struct buf *out)
{
	char day[11];

	day_format(day, s->day);
	buf_put_str(out, NOTE_STORED "\n");
	lines_put_hex(out, "case", s->case_id, CASE_ID_LEN);
	lines_put_str(out, "kind", message_kind_name(s->kind));
	lines_put_str(out, "day", day);
	lines_put_number(out, "policy", s->policy);
	lines_put_hex(out, "link", s->link, LINK_LEN);
}

enum err
statement_parse(struct bytes text, struct statement *ret)
{
	struct reader r = reader_over(text);
	struct statement got = { 0 };
	struct lines l;
	enum err e;

	if (!bytes_equal(reader_line(&r), BYTES_LIT(NOTE_STORED)))
		return ERR_SYNTAX;
	l = lines_over(BYTES(r.p, r.n));
	lines_get_hex(&l, "case", got.case_id, CASE_ID_LEN);
	get_kind(&l, &got.kind);
	if (l.err == ERR_OK)
		l.err = day_parse(lines_get(&l, "day"), &got.day);
	got.policy = lines_get_number(&l, "policy", UINT32_MAX);
	lines_get_hex(&l, "link", got.link, LINK_LEN);
	if ((e = lines_end(&l)) != ERR_OK)
		return e;
	*ret = got;
	return ERR_OK;
}

/* --- logins --- */

enum err
login_sign(uint16_t person, const uint8_t challenge[static LOGIN_CHALLENGE_LEN],
    const uint8_t seed[static SIGN_SEED_LEN], struct buf *out)
{
	CLEAN_BUF struct buf body = BUF_INIT(LOGIN_NOTE_MAX);

	if (person == PERSON_REPORTER)
		return ERR_SYNTAX;
	lines_put_number(&body, "person", person);
	lines_put_hex(&body, "challenge", challenge, LOGIN_CHALLENGE_LEN);
	if (body.err != ERR_OK)
		return body.err;
	return sign(NOTE_LOGIN, buf_bytes(&body), no_case, person, seed, out);
}

enum err
login_parse(struct bytes x, uint16_t *ret_person,
    uint8_t ret_challenge[static LOGIN_CHALLENGE_LEN])
{
	uint8_t challenge[LOGIN_CHALLENGE_LEN] = { 0 };
	struct note note;
	struct lines l;
	uint16_t person;
	enum err e;

	if (x.n > LOGIN_NOTE_MAX)
		return ERR_LIMIT;
	if ((e = note_parse(x, NOTE_LOGIN, &note)) != ERR_OK)
		return e;
	l = lines_over(note.body);
	person = (uint16_t)lines_get_number(&l, "person", UINT16_MAX);
	lines_get_hex(&l, "challenge", challenge, LOGIN_CHALLENGE_LEN);
	if ((e = lines_end(&l)) != ERR_OK)
		return e;
	if (person == PERSON_REPORTER)
		return ERR_SYNTAX;
	*ret_person = person;
	memcpy(ret_challenge, challenge, sizeof(challenge));
	return ERR_OK;
}

enum err
login_verify(
    struct bytes note, uint16_t person, const uint8_t pub[static SIGN_PUB_LEN])
{
	return verify(note, NOTE_LOGIN, no_case, person, pub);
}
