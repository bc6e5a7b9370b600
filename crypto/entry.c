#include "crypto/entry.h"

#include "crypto/codec.h"
#include "crypto/label.h"
#include "crypto/lines.h"

#include <string.h>

/* --- common --- */

static const uint8_t no_case[CASE_ID_LEN];

static void
get_kind(struct lines *l, enum message_kind *kind)
{
	struct bytes value = lines_get(l, "kind");

	if (l->err == ERR_OK)
		l->err = message_kind_parse(value, kind);
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
login_sign(const struct login *l, const uint8_t seed[static SIGN_SEED_LEN],
    struct buf *out)
{
	CLEAN_BUF struct buf body = BUF_INIT(LOGIN_NOTE_MAX);

	if (l->person == PERSON_REPORTER)
		return ERR_SYNTAX;
	lines_put_hex(&body, "root", l->root, SHA256_LEN);
	lines_put_number(&body, "person", l->person);
	lines_put_hex(&body, "challenge", l->challenge, LOGIN_CHALLENGE_LEN);
	if (body.err != ERR_OK)
		return body.err;
	return author_sign(NOTE_LOGIN, buf_bytes(&body), no_case, l->person,
	    seed, out);
}

enum err
login_parse(struct bytes x, struct login *ret)
{
	struct login got = { 0 };
	struct note note;
	struct lines l;
	enum err e;

	if (x.n > LOGIN_NOTE_MAX)
		return ERR_LIMIT;
	if ((e = note_parse(x, NOTE_LOGIN, &note)) != ERR_OK)
		return e;
	l = lines_over(note.body);
	lines_get_hex(&l, "root", got.root, SHA256_LEN);
	got.person = (uint16_t)lines_get_number(&l, "person", UINT16_MAX);
	lines_get_hex(&l, "challenge", got.challenge, LOGIN_CHALLENGE_LEN);
	if ((e = lines_end(&l)) != ERR_OK)
		return e;
	if (got.person == PERSON_REPORTER)
		return ERR_SYNTAX;
	*ret = got;
	return ERR_OK;
}

enum err
login_verify(struct bytes note, uint16_t person,
    const uint8_t pub[static SIGN_PUB_LEN])
{
	return author_verify(note, NOTE_LOGIN, no_case, person, pub);
}
