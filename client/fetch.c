#include "client/fetch.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/codec.h"

enum exit_code
fetch_refused(const struct term *t, const struct conversation *c,
    enum refusal r)
{
	struct buf which CLEAN_BUF = BUF_INIT(TERM_LINE_MAX);

	switch ((int)r) {
	case REFUSAL_NONE:
		return EXIT_DONE;
	case REFUSAL_NOT_FOR_US:
		return term_fail(t, EXIT_SECRET, "%s", refusal_text(r));
	case REFUSAL_UNSUPPORTED:
	case REFUSAL_FAILED:
		return term_fail(t, EXIT_FAILED, "%s", refusal_text(r));
	default:
		conversation_refused_text(c, &which);
		return term_fail(t, EXIT_REFUSED,
		    "This case was refused, "
		    "because something in it does not fit: %s %.*s%sPlease "
		    "tell the people who run the service, and do not rely on "
		    "what it shows.",
		    refusal_text(r), (int)which.n,
		    which.n > 0 ? (const char *)which.p : "",
		    which.n > 0 ? " " : "");
	}
}

/* Into the checks, and into the saved age file. */
static enum exit_code
take(struct fetch *f, struct bytes x)
{
	enum refusal r = conversation_put(f->c, x);

	if (r != REFUSAL_NONE)
		return fetch_refused(f->server->term, f->c, r);
	return folder_put_sealed(f->folder, x);
}

static enum exit_code
fetch_piece(struct fetch *f, enum chain chain, const struct answer_head *h,
    uint32_t index)
{
	struct bundle_request r = { .kind = REQUEST_GET };
	const struct bundle_answer *a;
	enum reply reply;

	r.get.is_staff = f->is_staff;
	if (f->is_staff) {
		memcpy(r.get.session, f->session, BUNDLE_SESSION_LEN);
		memcpy(r.get.case_id, f->c->case_id, CASE_ID_LEN);
	} else {
		memcpy(r.get.token, f->token, TOKEN_LEN);
	}
	r.get.chain = chain;
	r.get.seq = h->seq;
	r.get.index = index;
	reply = server_ask_again(f->server, &r, &a);
	bytes_wipe(&r, sizeof(r));
	if (reply != REPLY_OK)
		return server_fail(f->server, reply, "");
	if (a->piece.index != index || a->piece.count != h->pieces)
		return server_fail(f->server, REPLY_NONE, "");
	progress_add(&f->progress, a->piece.piece.n);
	return take(f, a->piece.piece);
}

static enum exit_code
fetch_payload(struct fetch *f, enum chain chain, const struct answer_head *h)
{
	enum exit_code code = EXIT_DONE;

	if (h->envelope.n == 0)
		return EXIT_DONE;
	if (h->pieces == 0)
		return take(f, h->payload);
	progress_start(&f->progress, "Fetching", h->payload_len);
	for (uint32_t i = 0; code == EXIT_DONE && i < h->pieces; i++)
		code = fetch_piece(f, chain, h, i);
	progress_end(&f->progress);
	return code;
}

static enum exit_code
fetch_message(struct fetch *f, enum chain chain, const struct answer_head *h)
{
	const struct term *t = f->server->term;
	const struct conversation_message *m = NULL;
	enum refusal r =
	    conversation_begin(f->c, chain, h->seq, h->head, h->envelope);
	enum exit_code code;

	if (r == REFUSAL_SEEN) {
		f->is_ahead = true;
		return EXIT_DONE;
	}
	if (r != REFUSAL_NONE)
		return fetch_refused(t, f->c, r);
	code = folder_begin(f->folder);
	if (code == EXIT_DONE && h->envelope.n > 0)
		code = folder_put_sealed(f->folder, h->envelope);
	if (code == EXIT_DONE)
		code = fetch_payload(f, chain, h);
	if (code != EXIT_DONE)
		return code;
	r = conversation_end(f->c, &m);
	return r == REFUSAL_NONE ? folder_end(f->folder, m)
				 : fetch_refused(t, f->c, r);
}

static enum reply
ask(struct fetch *f, enum chain chain, const struct bundle_answer **ret)
{
	struct bundle_request r = { .kind = REQUEST_POLL };
	enum reply reply;

	if (f->is_staff) {
		r.kind = REQUEST_CASE;
		memcpy(r.open.session, f->session, BUNDLE_SESSION_LEN);
		memcpy(r.open.case_id, f->c->case_id, CASE_ID_LEN);
		r.open.chain = chain;
		r.open.after = f->c->count[chain];
	} else {
		memcpy(r.poll.token, f->token, TOKEN_LEN);
		r.poll.after = f->c->count[chain];
	}
	reply = server_ask_again(f->server, &r, ret);
	bytes_wipe(&r, sizeof(r));
	return reply;
}

/* What the answer says of the case: its kind and day are settled before the
 * first message is read, and stay. The state is in the messages themselves. */
static const struct answer_heads *
read_answer(struct fetch *f, const struct bundle_answer *a)
{
	if (!f->is_staff) {
		f->count = a->mailbox.count;
		return &a->mailbox.heads;
	}
	f->count = a->open.count;
	f->due = a->open.due;
	f->flags = a->open.flags;
	if (f->c->n_messages == 0) {
		f->c->is_plain = a->open.is_plain;
		f->c->filed = a->open.filed;
	}
	return &a->open.heads;
}

/* One answer's messages. Those in pieces need exchanges of their own, so the
 * answer is moved out of the server's keeping first. */
static enum exit_code
take_answer(struct fetch *f, enum chain chain, const struct bundle_answer *a)
{
	const struct answer_heads *heads = read_answer(f, a);
	struct buf held CLEAN_BUF = f->server->answer;
	enum exit_code code = EXIT_DONE;

	f->server->answer = (struct buf)BUF_INIT(held.max);
	if (heads->n == 0 && f->c->count[chain] < f->count)
		return fetch_refused(f->server->term, f->c, REFUSAL_DROPPED);
	for (size_t i = 0; code == EXIT_DONE && !f->is_ahead && i < heads->n;
	     i++)
		code = fetch_message(f, chain, &heads->at[i]);
	return code;
}

static enum exit_code
fetch_page(struct fetch *f, enum chain chain, struct bundle_answer *copy)
{
	const struct bundle_answer *a;
	enum reply reply = ask(f, chain, &a);

	if (reply == REPLY_UNKNOWN)
		return EXIT_UNKNOWN;
	if (reply != REPLY_OK)
		return server_fail(f->server, reply, "");
	*copy = *a;
	return take_answer(f, chain, copy);
}

enum exit_code
fetch_chain(struct fetch *f, enum chain chain)
{
	struct bundle_answer *copy = malloc(sizeof(*copy));
	enum exit_code code;

	if (copy == NULL)
		return fail_err(f->server->term, ERR_NOMEM, "The case");
	f->is_ahead = false;
	do
		code = fetch_page(f, chain, copy);
	while (code == EXIT_DONE && !f->is_ahead &&
	    f->c->count[chain] < f->count);
	free(copy);
	return code;
}
