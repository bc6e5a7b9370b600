#include "daemon/vault_state.h"

#include <stdio.h>
#include <string.h>

#include "crypto/label.h"

#define ARMOR_BEGIN "-----BEGIN AGE ENCRYPTED FILE-----\n"
#define ARMOR_END "-----END AGE ENCRYPTED FILE-----\n"
#define ARMOR_COLUMNS 64
/* With it, and the head, an answer still has room for its lines: a larger one
 * could be stored and never be read. */
#define PLAIN_HEADER_MAX (40 * 1024)
/* What still fits a text exchange once it is armored. */
#define ARMOR_INPUT_MAX (BUNDLE_TEXT_LEN / 65 * 48 - 256)

/*
 * Plain concerns: for a reporter with only age and curl. docs/PROTOCOL.md,
 * "Plain concerns".
 */

/* --- filing --- */

/* What stands for the preamble of a concern that has none. */
static void
plain_head(struct vault *v, struct op *op)
{
	char hash[2 * SHA256_LEN + 1];
	int n;

	hex_encode(hash, v->now.hash, SHA256_LEN);
	n = snprintf(op->plain_head, sizeof(op->plain_head),
	    "speakup: v1 plain\nroute: %u\nband: P%u\npolicy: %s\n",
	    (unsigned)op->route, (unsigned)op->band, hash);
	op->head = BYTES((const uint8_t *)op->plain_head, (size_t)n);
}

static enum err
plain_names(struct bytes file, struct op *op)
{
	const struct bytes part[] = { BYTES_LIT(LABEL_PLAIN_ID), file };
	uint8_t hash[SHA256_LEN];
	enum err e;

	if ((e = sha256_parts(part, 2, hash)) != ERR_OK)
		return e;
	memcpy(op->case_id, hash, sizeof(op->case_id));
	if ((e = sha256(file, hash)) != ERR_OK)
		return e;
	return sha256(BYTES(hash, sizeof(hash)), op->mailbox);
}

/* The plain route's first people of today. */
static void
plain_readers(struct vault *v, const struct policy_route *route, struct op *op)
{
	const struct policy_person *person;
	struct store_reader *r;

	for (size_t i = 0; i < route->n_first; i++) {
		person = policy_person(v->now.policy, route->first[i]);
		if (person == NULL ||
		    !policy_person_is_current(person, vault_day(v)))
			continue;
		if ((r = op_reader(op, person->number)) != NULL)
			r->access = READER_MEMBER | READER_RELEASED;
	}
}

/* Those whom its ladder tells: nobody could be left out of it. */
static enum err
plain_told(struct vault *v, const struct policy_route *route, struct op *op)
{
	struct member told[STORE_READERS_MAX];
	struct store_reader *r;
	size_t n = 0;
	enum err e = members_told(v->now.policy, route, NULL, 0, vault_day(v),
	    told, STORE_READERS_MAX, &n);

	for (size_t i = 0; i < n && e == ERR_OK; i++) {
		if ((r = op_reader(op, told[i].person)) == NULL)
			e = ERR_LIMIT;
		else
			r->access |= READER_TELL;
	}
	return e;
}

static enum answer
plain_take(struct bytes file, struct op *op)
{
	struct bytes header;
	bool kind_ok = false;
	uint8_t hash[1][SHA256_LEN];
	size_t n = 0;

	if (age_header_length(file, &n, &kind_ok) != ERR_OK || !kind_ok ||
	    file.n - n < age_payload_size(0))
		return ANSWER_BAD_BUNDLE;
	if (n > PLAIN_HEADER_MAX)
		return ANSWER_TOO_LARGE;
	header = BYTES(file.p, n);
	op->payload = BYTES(file.p + n, file.n - n);
	op->has_content = true;
	op->envelope[0].person = STORE_SHARED;
	op->envelope[0].header = header;
	op->n_envelopes = 1;
	if (payload_digest_of(op->payload, op->payload_digest) != ERR_OK ||
	    sha256(header, hash[0]) != ERR_OK)
		return ANSWER_DOWN;
	return answer_of(content_digest(op->payload_digest,
	    (const uint8_t(*)[SHA256_LEN])hash, 1, op->content));
}

enum answer
file_plain(struct vault *v, struct bytes file, struct op *op)
{
	const struct policy *policy = v->now.policy;
	const struct policy_route *route;
	struct store_case c;
	enum answer a;
	enum err e;

	if (policy->plain_route < 0 || env_now(v->env) >= policy->hard_expiry ||
	    (route = policy_route(policy, (unsigned)policy->plain_route)) ==
		NULL)
		return ANSWER_DENIED;
	op->kind = OP_CONCERN;
	op->message_kind = MESSAGE_CONCERN;
	op->case_kind = STORE_PLAIN;
	op->route = route->number;
	op->band = policy->plain_band;
	op->day = vault_day(v);
	op->policy_serial = policy->serial;
	plain_head(v, op);
	plain_readers(v, route, op);
	if (op->n_readers == 0)
		return ANSWER_DENIED;
	if ((a = answer_of(plain_told(v, route, op))) != ANSWER_OK ||
	    (a = plain_take(file, op)) != ANSWER_OK ||
	    (a = link_up(op)) != ANSWER_OK ||
	    (a = answer_of(plain_names(file, op))) != ANSWER_OK)
		return a;
	/* The name is the content: whatever is there is this file. */
	e = store_case_find(v->store, op->case_id, &c);
	if (e == ERR_OK)
		op->kind = OP_AGAIN;
	return e == ERR_NOT_FOUND ? ANSWER_OK : answer_of(e);
}

/* --- answers --- */

static enum err
parse_request(struct bytes body, uint8_t token[static TOKEN_LEN],
    uint64_t *ret_number)
{
	struct reader r = reader_over(body);
	struct bytes line = reader_line(&r);
	uint64_t number = 0;
	enum err e;

	if ((e = reader_end(&r)) != ERR_OK)
		return e;
	if (line.n < 2 * TOKEN_LEN)
		return ERR_SYNTAX;
	if ((e = hex_decode(BYTES(line.p, 2 * TOKEN_LEN), token, TOKEN_LEN)) !=
	    ERR_OK)
		return e;
	line = BYTES(line.p + 2 * TOKEN_LEN, line.n - 2 * TOKEN_LEN);
	if (line.n > 0) {
		if (line.p[0] != ' ')
			return ERR_SYNTAX;
		e = decimal_get(BYTES(line.p + 1, line.n - 1),
		    STORE_MESSAGES_MAX, &number);
		if (e != ERR_OK)
			return e;
		if (number == 0)
			return ERR_SYNTAX;
	}
	*ret_number = number;
	return ERR_OK;
}

/* Reply `number` from 1, or the newest (0). */
static enum err
find_reply(const struct store_view *view, uint64_t number,
    struct store_message *ret)
{
	const struct store_case *c = view_case(view);
	struct store_message m;
	enum err found = ERR_NOT_FOUND, e;
	uint64_t n = 0;

	for (uint32_t i = 0; i < c->chain[STORE_TALK].count; i++) {
		if ((e = view_message(view, STORE_TALK, i, &m)) != ERR_OK)
			return e;
		if (m.kind != MESSAGE_REPLY)
			continue;
		*ret = m;
		found = ERR_OK;
		if (++n == number)
			return ERR_OK;
	}
	return number == 0 ? found : ERR_NOT_FOUND;
}

/* envelope || payload, into v->read. */
static enum err
load_reply(struct vault *v, const uint8_t case_id[static CASE_ID_LEN],
    uint64_t number)
{
	struct store_message m;
	struct store_view *view;
	enum err e = store_view_open(v->store, case_id, &view);

	if (e != ERR_OK)
		return e;
	buf_reset(&v->read);
	e = find_reply(view, number, &m);
	if (e == ERR_OK)
		e = view_envelope(view, STORE_TALK, m.seq, STORE_REPORTER,
		    &v->read);
	if (e == ERR_OK && v->read.n + m.payload_size > ARMOR_INPUT_MAX)
		e = ERR_LIMIT;
	if (e == ERR_OK)
		e = view_piece(view, STORE_TALK, m.seq, 0, &v->read);
	store_view_close(view);
	return e;
}

static void
armor(struct bytes x, struct buf *out)
{
	CLEAN_BUF struct buf text = BUF_INIT(BUNDLE_TEXT_LEN);
	size_t n;

	base64_put(&text, x, B64_PADDED);
	buf_put_str(out, ARMOR_BEGIN);
	for (size_t i = 0; i < text.n; i += n) {
		n = text.n - i < ARMOR_COLUMNS ? text.n - i : ARMOR_COLUMNS;
		buf_put(out, text.p + i, n);
		buf_put_str(out, "\n");
	}
	buf_put_str(out, ARMOR_END);
	if (text.err != ERR_OK && out->err == ERR_OK)
		out->err = text.err;
}

enum answer
plain_answer(struct vault *v, struct bytes body)
{
	uint8_t token[TOKEN_LEN], mailbox[SHA256_LEN];
	struct store_case c;
	uint64_t number;
	enum err e;

	if (parse_request(body, token, &number) != ERR_OK)
		return ANSWER_BAD_REQUEST;
	if ((e = sha256(BYTES(token, sizeof(token)), mailbox)) != ERR_OK ||
	    (e = store_case_find_by_mailbox(v->store, mailbox, &c)) != ERR_OK ||
	    (e = load_reply(v, c.id, number)) != ERR_OK)
		return answer_of(e);
	buf_reset(&v->out);
	armor(buf_bytes(&v->read), &v->out);
	return answer_of(v->out.err);
}
