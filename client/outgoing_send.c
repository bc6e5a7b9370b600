#include "client/outgoing.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "crypto/env.h"

/* What preamble, entry and lengths may take of a text exchange. */
#define OVERHEAD (2048 + ENTRY_NOTE_MAX)

/* --- reading the files again --- */

struct source {
	const struct outgoing *o;
	size_t index;
	int fd;	   /* of the file at index; -1 */
	size_t at; /* in memory */
};

static enum err
source_open(struct source *s, size_t index)
{
	if (s->index == index && s->fd >= 0)
		return ERR_OK;
	if (s->fd >= 0)
		(void)close(s->fd);
	s->index = index;
	s->fd = open(s->o->file[index].path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	return s->fd >= 0 ? ERR_OK : ERR_IO;
}

static enum err
from_files(void *ctx, size_t index, uint8_t *out, size_t n, size_t *ret_n)
{
	struct source *s = ctx;
	const struct outgoing_file *f = &s->o->file[index];
	enum err err;
	ssize_t got;

	if (f->path == NULL) {
		size_t left = f->memory.n - s->at;

		*ret_n = left < n ? left : n;
		if (*ret_n > 0)
			memcpy(out, f->memory.p + s->at, *ret_n);
		s->at += *ret_n;
		return ERR_OK;
	}
	err = source_open(s, index);
	if (err != ERR_OK)
		return err;
	do
		got = read(s->fd, out, n);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return ERR_IO;
	*ret_n = (size_t)got;
	return ERR_OK;
}

static enum err
seal_to(struct outgoing *o, struct message_seal *seal, age_sink *sink,
    void *ctx)
{
	struct source s = { .o = o, .fd = -1 };
	enum err err = message_seal_payload(seal, from_files, &s, sink, ctx);

	if (s.fd >= 0)
		(void)close(s.fd);
	return err == ERR_OK ? message_seal_content(seal, o->content) : err;
}

/* --- the payload, here or ahead in pieces --- */

struct upload {
	struct server *server;
	struct request_put put;
	struct buf piece;
	struct progress progress;
	enum reply reply; /* of what went wrong */
};

static enum err
upload_flush(struct upload *u)
{
	struct bundle_request r = { .kind = REQUEST_PUT };
	const struct bundle_answer *a;

	u->put.piece = buf_bytes(&u->piece);
	r.put = u->put;
	u->reply = server_ask_again(u->server, &r, &a);
	if (u->reply != REPLY_OK)
		return ERR_IO;
	progress_add(&u->progress, u->piece.n);
	u->put.index++;
	u->piece.n = 0;
	return ERR_OK;
}

static enum err
to_pieces(void *ctx, struct bytes x)
{
	struct upload *u = ctx;

	while (x.n > 0) {
		size_t room = PIECE_LEN - u->piece.n;
		size_t n = x.n < room ? x.n : room;

		buf_put(&u->piece, x.p, n);
		if (u->piece.err != ERR_OK)
			return u->piece.err;
		x = BYTES(x.p + n, x.n - n);
		if (u->piece.n == PIECE_LEN && upload_flush(u) != ERR_OK)
			return ERR_IO;
	}
	return ERR_OK;
}

static enum err
to_buf(void *ctx, struct bytes x)
{
	struct buf *out = ctx;

	buf_put_bytes(out, x);
	return out->err;
}

static enum err
send_pieces(struct outgoing *o, struct message_seal *seal,
    struct bundle_content *c, enum reply *ret)
{
	struct upload u = { .server = o->server,
		.reply = REPLY_OK,
		.piece = BUF_INIT(PIECE_LEN) };
	enum err err =
	    env_random(&env_system, u.put.upload_id, sizeof(u.put.upload_id));

	u.put.size = message_seal_payload_size(seal);
	if (u.put.size > BUNDLE_PAYLOAD_MAX) {
		*ret = REPLY_TOO_LARGE;
		return ERR_IO;
	}
	progress_start(&u.progress, "Sending", u.put.size);
	if (err == ERR_OK)
		err = seal_to(o, seal, to_pieces, &u);
	if (err == ERR_OK && u.piece.n > 0)
		err = upload_flush(&u);
	progress_end(&u.progress);
	buf_free(&u.piece);
	c->is_upload = true;
	c->upload_len = u.put.size;
	memcpy(c->upload_id, u.put.upload_id, sizeof(c->upload_id));
	*ret = u.reply;
	return err;
}

static bool
fits_in_text(const struct message_seal *seal, size_t n_to)
{
	uint64_t n = message_seal_payload_size(seal) + OVERHEAD;

	for (size_t i = 0; i < n_to; i++)
		n += message_seal_envelope(seal, i).n;
	return n <= BUNDLE_TEXT_LEN;
}

/* payload holds what c borrows. *ret: what a server said against a piece. */
static enum err
make_content(struct outgoing *o, struct message_seal *seal, struct buf *payload,
    struct bundle_content *c, enum reply *ret)
{
	enum err err;

	c->n_to = o->n_to;
	for (size_t i = 0; i < o->n_to; i++) {
		c->to[i].person = o->to[i].person;
		c->to[i].envelope = message_seal_envelope(seal, i);
	}
	if (!fits_in_text(seal, o->n_to))
		return send_pieces(o, seal, c, ret);
	err = seal_to(o, seal, to_buf, payload);
	c->payload = buf_bytes(payload);
	return err;
}

/* --- the request --- */

static enum err
put_entry(struct outgoing *o, const uint8_t seed[static SIGN_SEED_LEN],
    bool has_content)
{
	if (has_content)
		memcpy(o->entry.content, o->content, sizeof(o->content));
	buf_reset(&o->head);
	return entry_sign(&o->entry, seed, &o->head);
}

/* Who may be told that it is overdue. */
static enum err
put_told(const struct outgoing *o, struct request_concern *q)
{
	const struct policy *p = o->server->policy;
	const struct policy_route *r = policy_route(p, o->m->route);
	uint16_t told[POLICY_PEOPLE_MAX];
	size_t n = 0;
	enum err err = r == NULL
	    ? ERR_NOT_FOUND
	    : conversation_told(p, r, o->m, o->entry.day, told, &n);

	if (err == ERR_OK && n > BUNDLE_TELL_MAX)
		err = ERR_LIMIT;
	if (err != ERR_OK)
		return err;
	q->n_tell = n;
	memcpy(q->tell, told, n * sizeof(told[0]));
	return ERR_OK;
}

/* A concern's head is its preamble. */
static enum err
put_concern(struct outgoing *o, const struct bundle_content *c,
    const uint8_t *case_key, struct bundle_request *r)
{
	enum err err;

	r->kind = REQUEST_CONCERN;
	r->concern.route = o->m->route;
	r->concern.band = o->m->band;
	memcpy(r->concern.policy, o->m->policy, SHA256_LEN);
	memcpy(r->concern.case_key, case_key, SIGN_PUB_LEN);
	memcpy(r->concern.mailbox, o->m->mailbox, SHA256_LEN);
	r->concern.content = *c;
	buf_reset(&o->body);
	o->is_whole = !c->is_upload;
	err = put_told(o, &r->concern);
	if (err == ERR_OK)
		err = bundle_request_put(r, &o->body);
	if (err != ERR_OK)
		return err;
	buf_reset(&o->head);
	buf_put(&o->head, o->body.p,
	    bundle_preamble_length(buf_bytes(&o->body)));
	err = bundle_pad(&o->body, BUNDLE_TEXT_LEN);
	return err == ERR_OK ? o->head.err : err;
}

static enum err
put_request(struct outgoing *o, const struct bundle_content *c,
    const uint8_t seed[static SIGN_SEED_LEN], const uint8_t *session,
    const uint8_t *case_key, struct bundle_request *r)
{
	enum err err;

	if (case_key != NULL)
		return put_concern(o, c, case_key, r);
	err = put_entry(o, seed, c->n_to > 0);
	if (err != ERR_OK)
		return err;
	if (session != NULL) {
		r->kind = REQUEST_POST;
		memcpy(r->post.session, session, BUNDLE_SESSION_LEN);
		r->post.entry = buf_bytes(&o->head);
		r->post.content = *c;
	} else if (o->m->kind == MESSAGE_WITHDRAW) {
		r->kind = REQUEST_WITHDRAW;
		r->withdraw.entry = buf_bytes(&o->head);
	} else {
		r->kind = REQUEST_FOLLOWUP;
		r->followup.entry = buf_bytes(&o->head);
		r->followup.content = *c;
	}
	return ERR_OK;
}

/* so: where it is certain. An answer that was lost may have been the proof,
 * also where a later one says what is wrong. */
static enum exit_code
fail(const struct server *s, enum reply r, const char *so)
{
	enum exit_code code;

	if (r != REPLY_NONE && !s->is_unsure)
		return server_fail(s, r, so);
	code = server_fail(s, r,
	    "Without the server's proof it is to be taken as NOT stored.");
	return code == EXIT_NOT_STORED ? EXIT_UNAVAILABLE : code;
}

static const char *
not_stored(const struct outgoing *o)
{
	if (o->m->kind == MESSAGE_CONCERN)
		return "Your concern was NOT stored.";
	if (o->m->kind == MESSAGE_WITHDRAW)
		return "Your concern was NOT withdrawn.";
	if (!message_kind_has_content(o->m->kind))
		return "It was NOT stored.";
	return "Your message was NOT stored.";
}

/* Only a proof that was looked at is held against anybody. */
static enum exit_code
proof_failed(const struct term *t, enum err err, const char *so,
    const char *advice)
{
	if (err != ERR_BAD_SIG)
		return fail_err(t, err,
		    "The server's proof, without which it is to be taken as "
		    "NOT stored");
	return term_fail(t, EXIT_REFUSED,
	    "%s The server's proof does not fit what was sent%s", so, advice);
}

static enum reply
check_proof(struct outgoing *o, struct bytes proof, bool has_content,
    enum exit_code *ret_code)
{
	struct statement sent = { .kind = o->m->kind };
	enum err err;

	if (o->m->kind == MESSAGE_CONCERN)
		sent.policy = o->server->policy->serial;
	memcpy(sent.case_id, o->m->case_id, CASE_ID_LEN);
	if (link_digest(buf_bytes(&o->head), has_content ? o->content : NULL,
		o->link) != ERR_OK) {
		*ret_code =
		    fail_err(o->server->term, ERR_CRYPTO, not_stored(o));
		return REPLY_NONE;
	}
	memcpy(sent.link, o->link, LINK_LEN);
	err = server_check_proof(o->server, proof, &sent, &o->day);
	if (err != ERR_OK) {
		*ret_code = proof_failed(o->server->term, err, not_stored(o),
		    ": somebody may have changed it on the way. Please do "
		    "not rely on it; try again later or use another way.");
		return REPLY_NONE;
	}
	buf_reset(&o->proof);
	buf_put_bytes(&o->proof, proof);
	return REPLY_OK;
}

/* What they had, they have no more once it is stored. */
static bool
is_gone(const struct outgoing *o)
{
	return o->m->kind == MESSAGE_WITHDRAW ||
	    (o->server->is_unsure &&
		(o->m->kind == MESSAGE_RECUSE ||
		    o->m->kind == MESSAGE_HANDOVER));
}

/* It was there a moment ago. Who removed it is not known for certain, so this
 * is no success. */
static enum exit_code
gone(const struct outgoing *o)
{
	if (o->m->kind != MESSAGE_WITHDRAW)
		return term_fail(o->server->term, EXIT_UNKNOWN,
		    "The server says that you do not read this case any more. "
		    "Most likely you gave it up just now, and the answer with "
		    "the proof was lost on the way. To be sure, look for it: "
		    "ftsu queue should not list it.");
	return term_fail(o->server->term, EXIT_UNKNOWN,
	    "The server says that "
	    "your concern is not there any more. Most likely you withdrew it "
	    "just now, and the answer with the proof was lost on the way. To "
	    "be sure, look again later: speakup inbox should find nothing.");
}

static enum reply
exchange(struct outgoing *o, const struct bundle_request *r, bool has_content,
    enum exit_code *ret_code)
{
	const struct bundle_answer *a;
	enum reply reply;

	o->server->is_unsure = false;
	reply = server_ask_again(o->server, r, &a);
	if (reply == REPLY_OK)
		return check_proof(o, a->stored.proof, has_content, ret_code);
	if (reply == REPLY_CONFLICT || reply == REPLY_BAD_POLICY ||
	    reply == REPLY_INCOMPLETE)
		*ret_code = EXIT_NOT_STORED;
	else if (reply == REPLY_UNKNOWN && is_gone(o))
		*ret_code = gone(o);
	else
		*ret_code = fail(o->server, reply, not_stored(o));
	return reply;
}

static enum reply
send_sealed(struct outgoing *o, struct message_seal *seal,
    const uint8_t seed[static SIGN_SEED_LEN], const uint8_t *session,
    const uint8_t *case_key, enum exit_code *ret_code)
{
	struct buf payload CLEAN_BUF = BUF_INIT(BUNDLE_TEXT_LEN);
	struct bundle_content content = { 0 };
	struct bundle_request r = { 0 };
	enum reply reply = REPLY_OK;
	enum err err = make_content(o, seal, &payload, &content, &reply);

	if (reply != REPLY_OK) {
		*ret_code = server_fail(o->server, reply, not_stored(o));
		return reply;
	}
	if (err == ERR_OK)
		err = put_request(o, &content, seed, session, case_key, &r);
	if (err != ERR_OK) {
		*ret_code = fail_err(o->server->term, err, not_stored(o));
		return REPLY_NONE;
	}
	return exchange(o, &r, true, ret_code);
}

static enum reply
send_bare(struct outgoing *o, const uint8_t seed[static SIGN_SEED_LEN],
    const uint8_t *session, enum exit_code *ret_code)
{
	struct bundle_content none = { 0 };
	struct bundle_request r = { 0 };
	enum err err = put_request(o, &none, seed, session, NULL, &r);

	if (err != ERR_OK) {
		*ret_code = fail_err(o->server->term, err, not_stored(o));
		return REPLY_NONE;
	}
	return exchange(o, &r, false, ret_code);
}

enum reply
outgoing_send(struct outgoing *o, const uint8_t seed[static SIGN_SEED_LEN],
    const uint8_t *session, const uint8_t *case_key, enum exit_code *ret_code)
{
	struct message_seal *seal = NULL;
	enum reply reply = REPLY_NONE;
	enum err err;

	if (o->n_to == 0)
		return send_bare(o, seed, session, ret_code);
	err = message_seal_new(&env_system, o->m, seed, o->to, o->n_to, &seal);
	if (err == ERR_OK)
		reply = send_sealed(o, seal, seed, session, case_key, ret_code);
	else
		*ret_code = fail_err(o->server->term, err, not_stored(o));
	seal = message_seal_free(seal);
	return reply;
}

/* --- a concern that was saved sealed --- */

static enum err
saved_statement(const struct server *s, struct bytes body,
    struct statement *ret)
{
	struct bundle_request r;
	uint8_t envelope[SEALED_TO_MAX][SHA256_LEN];
	uint8_t payload[SHA256_LEN], content[SHA256_LEN];
	const struct bundle_content *c = &r.concern.content;
	enum err err = bundle_request_parse(body, &r);

	if (err == ERR_OK &&
	    (r.kind != REQUEST_CONCERN || c->is_upload ||
		body.n != BUNDLE_TEXT_LEN))
		err = ERR_SYNTAX;
	if (err == ERR_OK)
		err = case_id_of(r.concern.case_key, ret->case_id);
	if (err == ERR_OK)
		err = payload_digest_of(c->payload, payload);
	for (size_t i = 0; err == ERR_OK && i < c->n_to; i++)
		err = sha256(c->to[i].envelope, envelope[i]);
	if (err == ERR_OK)
		err = content_digest(payload,
		    (const uint8_t(*)[SHA256_LEN])envelope, c->n_to, content);
	if (err == ERR_OK)
		err = link_digest(r.preamble, content, ret->link);
	if (err == ERR_OK &&
	    memcmp(r.concern.policy, s->status.hash, SHA256_LEN) == 0)
		ret->policy = s->policy->serial;
	return err;
}

enum exit_code
outgoing_send_saved(struct server *s, struct bytes body, struct buf *ret_proof,
    int64_t *ret_day)
{
	struct statement sent = { .kind = MESSAGE_CONCERN };
	const struct bundle_answer *a;
	enum reply reply;
	enum err err;

	if (saved_statement(s, body, &sent) != ERR_OK)
		return term_fail(s->term, EXIT_USAGE,
		    "This is not a concern that speakup saved.");
	reply = server_send_text(s, body, &a);
	if (reply != REPLY_OK)
		return fail(s, reply, "Your concern was NOT stored.");
	err = server_check_proof(s, a->stored.proof, &sent, ret_day);
	if (err != ERR_OK)
		return proof_failed(s->term, err,
		    "Your concern was NOT stored.", ".");
	buf_put_bytes(ret_proof, a->stored.proof);
	return EXIT_DONE;
}
