#include "crypto/bundle.h"

#include <inttypes.h>
#include <string.h>

#include "crypto/bundle_form.h"
#include "crypto/codec.h"

/*
 * Each kind of request has a function that reads its lines and one that
 * writes them. Writers check nothing: bundle_request_put reads back what they
 * wrote, so that what can be written is what can be read.
 */

/* --- reporter --- */

static void
get_tell(struct bundle_in *in, struct request_concern *r)
{
	struct bytes value;
	uint16_t person;

	while (in->lines.err == ERR_OK &&
	    lines_next(&in->lines, "tell", &value)) {
		person = bundle_word_person(in, &value);
		bundle_word_end(in, value);
		if (r->n_tell == COUNT(r->tell) ||
		    (r->n_tell > 0 && person <= r->tell[r->n_tell - 1])) {
			bundle_fail(in);
			return;
		}
		r->tell[r->n_tell++] = person;
	}
}

static void
get_concern(struct bundle_in *in, struct bundle_request *ret)
{
	struct request_concern *r = &ret->concern;

	r->route = (uint16_t)lines_get_number(&in->lines, "route", UINT16_MAX);
	r->band = (uint8_t)(bundle_get_one_of(in, "band", bundle_bands,
				COUNT(bundle_bands)) +
	    1);
	lines_get_hex(&in->lines, "policy", r->policy, sizeof(r->policy));
	lines_get_hex(&in->lines, "case-key", r->case_key, sizeof(r->case_key));
	lines_get_hex(&in->lines, "mailbox", r->mailbox, sizeof(r->mailbox));
	get_tell(in, r);
	bundle_get_content(in, &r->content);
	if (r->content.n_to == 0)
		bundle_fail(in);
}

static void
put_concern(struct bundle_out *o, const struct bundle_request *x)
{
	const struct request_concern *r = &x->concern;

	lines_put_number(o->out, "route", r->route);
	buf_printf(o->out, "band: P%u\n", r->band);
	lines_put_hex(o->out, "policy", r->policy, sizeof(r->policy));
	lines_put_hex(o->out, "case-key", r->case_key, sizeof(r->case_key));
	lines_put_hex(o->out, "mailbox", r->mailbox, sizeof(r->mailbox));
	for (size_t i = 0; i < r->n_tell && i < COUNT(r->tell); i++)
		lines_put_number(o->out, "tell", r->tell[i]);
	bundle_put_content(o, &r->content);
}

static void
get_followup(struct bundle_in *in, struct bundle_request *ret)
{
	ret->followup.entry = bundle_get_blob(in, "entry");
	bundle_get_content(in, &ret->followup.content);
}

static void
put_followup(struct bundle_out *o, const struct bundle_request *x)
{
	bundle_put_blob(o, "entry", x->followup.entry);
	bundle_put_content(o, &x->followup.content);
}

static void
get_withdraw(struct bundle_in *in, struct bundle_request *ret)
{
	ret->withdraw.entry = bundle_get_blob(in, "entry");
}

static void
put_withdraw(struct bundle_out *o, const struct bundle_request *x)
{
	bundle_put_blob(o, "entry", x->withdraw.entry);
}

static void
get_poll(struct bundle_in *in, struct bundle_request *ret)
{
	struct request_poll *r = &ret->poll;

	lines_get_hex(&in->lines, "token", r->token, sizeof(r->token));
	r->after =
	    (uint32_t)lines_get_number(&in->lines, "after", BUNDLE_SEQ_MAX);
}

static void
put_poll(struct bundle_out *o, const struct bundle_request *x)
{
	lines_put_hex(o->out, "token", x->poll.token, sizeof(x->poll.token));
	lines_put_number(o->out, "after", x->poll.after);
}

/* --- where staff is --- */

static void
get_session(struct bundle_in *in, uint8_t session[static BUNDLE_SESSION_LEN])
{
	lines_get_hex(&in->lines, "session", session, BUNDLE_SESSION_LEN);
}

static void
put_session(struct bundle_out *o,
    const uint8_t session[static BUNDLE_SESSION_LEN])
{
	lines_put_hex(o->out, "session", session, BUNDLE_SESSION_LEN);
}

static void
get_session_case(struct bundle_in *in,
    uint8_t session[static BUNDLE_SESSION_LEN],
    uint8_t case_id[static CASE_ID_LEN])
{
	get_session(in, session);
	lines_get_hex(&in->lines, "case", case_id, CASE_ID_LEN);
}

static void
put_session_case(struct bundle_out *o,
    const uint8_t session[static BUNDLE_SESSION_LEN],
    const uint8_t case_id[static CASE_ID_LEN])
{
	put_session(o, session);
	lines_put_hex(o->out, "case", case_id, CASE_ID_LEN);
}

/* --- pieces --- */

static void
get_put(struct bundle_in *in, struct bundle_request *ret)
{
	struct request_put *r = &ret->put;
	struct bytes value = lines_get(&in->lines, "upload");
	uint64_t n, at;

	bundle_word_hex(in, &value, r->upload_id, sizeof(r->upload_id));
	r->size = bundle_word_number(in, &value, BUNDLE_PAYLOAD_MAX);
	bundle_word_end(in, value);
	value = lines_get(&in->lines, "piece");
	r->index =
	    (uint32_t)bundle_word_number(in, &value, BUNDLE_PIECES_MAX - 1);
	n = bundle_word_number(in, &value, PIECE_LEN);
	bundle_word_end(in, value);
	at = (uint64_t)r->index * PIECE_LEN;
	if (at >= r->size ||
	    n != (r->size - at < PIECE_LEN ? r->size - at : PIECE_LEN))
		bundle_fail(in);
	r->piece = bundle_take(in, n);
}

static void
put_put(struct bundle_out *o, const struct bundle_request *x)
{
	const struct request_put *r = &x->put;
	char id[2 * BUNDLE_UPLOAD_ID_LEN + 1];

	hex_encode(id, r->upload_id, sizeof(r->upload_id));
	buf_printf(o->out, "upload: %s %" PRIu64 "\n", id, r->size);
	buf_printf(o->out, "piece: %" PRIu32 " %zu\n", r->index, r->piece.n);
	bundle_keep(o, r->piece);
}

static void
get_status(struct bundle_in *in, struct bundle_request *ret)
{
	lines_get_hex(&in->lines, "upload", ret->status.upload_id,
	    sizeof(ret->status.upload_id));
}

static void
put_status(struct bundle_out *o, const struct bundle_request *x)
{
	lines_put_hex(o->out, "upload", x->status.upload_id,
	    sizeof(x->status.upload_id));
}

static enum chain
get_chain(struct bundle_in *in)
{
	return (enum chain)bundle_get_one_of(in, "chain", bundle_chains,
	    COUNT(bundle_chains));
}

static void
get_staff_place(struct bundle_in *in, struct request_get *r)
{
	get_session_case(in, r->session, r->case_id);
	r->chain = get_chain(in);
}

static void
get_get(struct bundle_in *in, struct bundle_request *ret)
{
	struct request_get *r = &ret->get;
	struct bytes token;

	if (lines_next(&in->lines, "token", &token)) {
		bundle_word_hex(in, &token, r->token, sizeof(r->token));
		bundle_word_end(in, token);
	} else {
		r->is_staff = true;
		get_staff_place(in, r);
	}
	r->seq = (uint32_t)lines_get_number(&in->lines, "seq", BUNDLE_SEQ_MAX);
	r->index = (uint32_t)lines_get_number(&in->lines, "piece",
	    BUNDLE_PIECES_MAX - 1);
}

static void
put_get(struct bundle_out *o, const struct bundle_request *x)
{
	const struct request_get *r = &x->get;

	if (r->is_staff) {
		put_session_case(o, r->session, r->case_id);
		lines_put_str(o->out, "chain", bundle_chains[r->chain]);
	} else {
		lines_put_hex(o->out, "token", r->token, sizeof(r->token));
	}
	lines_put_number(o->out, "seq", r->seq);
	lines_put_number(o->out, "piece", r->index);
}

/* --- staff --- */

static void
get_challenge(struct bundle_in *in, struct bundle_request *ret)
{
	struct bytes value = lines_get(&in->lines, "person");

	ret->challenge.person = bundle_word_person(in, &value);
	bundle_word_end(in, value);
}

static void
put_challenge(struct bundle_out *o, const struct bundle_request *x)
{
	lines_put_number(o->out, "person", x->challenge.person);
}

static void
get_login(struct bundle_in *in, struct bundle_request *ret)
{
	ret->login.note = bundle_get_blob(in, "note");
}

static void
put_login(struct bundle_out *o, const struct bundle_request *x)
{
	bundle_put_blob(o, "note", x->login.note);
}

static void
get_logout(struct bundle_in *in, struct bundle_request *ret)
{
	get_session(in, ret->logout.session);
}

static void
put_logout(struct bundle_out *o, const struct bundle_request *x)
{
	put_session(o, x->logout.session);
}

static void
get_queue(struct bundle_in *in, struct bundle_request *ret)
{
	struct request_queue *r = &ret->queue;

	get_session(in, r->session);
	r->after = lines_get(&in->lines, "after");
	r->limit =
	    (unsigned)lines_get_number(&in->lines, "limit", BUNDLE_ROWS_MAX);
	if (r->after.n > BUNDLE_CURSOR_MAX || r->limit == 0)
		bundle_fail(in);
}

static void
put_queue(struct bundle_out *o, const struct bundle_request *x)
{
	put_session(o, x->queue.session);
	lines_put(o->out, "after", x->queue.after);
	lines_put_number(o->out, "limit", x->queue.limit);
}

static void
get_case(struct bundle_in *in, struct bundle_request *ret)
{
	struct request_case *r = &ret->open;

	get_session_case(in, r->session, r->case_id);
	r->chain = get_chain(in);
	r->after =
	    (uint32_t)lines_get_number(&in->lines, "after", BUNDLE_SEQ_MAX);
}

static void
put_case(struct bundle_out *o, const struct bundle_request *x)
{
	const struct request_case *r = &x->open;

	put_session_case(o, r->session, r->case_id);
	lines_put_str(o->out, "chain", bundle_chains[r->chain]);
	lines_put_number(o->out, "after", r->after);
}

static void
get_post(struct bundle_in *in, struct bundle_request *ret)
{
	get_session(in, ret->post.session);
	ret->post.entry = bundle_get_blob(in, "entry");
	bundle_get_content(in, &ret->post.content);
}

static void
put_post(struct bundle_out *o, const struct bundle_request *x)
{
	put_session(o, x->post.session);
	bundle_put_blob(o, "entry", x->post.entry);
	bundle_put_content(o, &x->post.content);
}

static bool
grants_ascend(const struct bundle_grant *a, const struct bundle_grant *b)
{
	return a->chain < b->chain || (a->chain == b->chain && a->seq < b->seq);
}

static void
get_grant(struct bundle_in *in, struct bytes value, struct bundle_grant *g)
{
	uint64_t n;

	g->chain = (enum chain)bundle_word_one_of(in, &value, bundle_chains,
	    COUNT(bundle_chains));
	g->seq = (uint32_t)bundle_word_number(in, &value, BUNDLE_SEQ_MAX);
	n = bundle_word_number(in, &value, BUNDLE_TEXT_LEN);
	bundle_word_end(in, value);
	if (n == 0)
		bundle_fail(in);
	g->envelope = bundle_take(in, n);
}

static void
get_envelopes(struct bundle_in *in, struct bundle_request *ret)
{
	struct request_envelopes *r = &ret->envelopes;
	struct bytes value;

	get_session_case(in, r->session, r->case_id);
	value = lines_get(&in->lines, "person");
	r->person = bundle_word_person(in, &value);
	bundle_word_end(in, value);
	r->is_fresh = bundle_get_yes_no(in, "fresh");
	while (in->lines.err == ERR_OK &&
	    lines_next(&in->lines, "envelope", &value)) {
		if (r->n == COUNT(r->at)) {
			bundle_fail(in);
			return;
		}
		get_grant(in, value, &r->at[r->n]);
		if (r->n > 0 && !grants_ascend(&r->at[r->n - 1], &r->at[r->n]))
			bundle_fail(in);
		r->n++;
	}
	if (r->n == 0)
		bundle_fail(in);
}

static void
put_envelopes(struct bundle_out *o, const struct bundle_request *x)
{
	const struct request_envelopes *r = &x->envelopes;

	put_session_case(o, r->session, r->case_id);
	lines_put_number(o->out, "person", r->person);
	lines_put_str(o->out, "fresh", bundle_yes_no[r->is_fresh]);
	for (size_t i = 0; i < r->n && i < COUNT(r->at); i++) {
		buf_printf(o->out, "envelope: %s %" PRIu32 " %zu\n",
		    bundle_chains[r->at[i].chain], r->at[i].seq,
		    r->at[i].envelope.n);
		bundle_keep(o, r->at[i].envelope);
	}
}

static void
get_investigators(struct bundle_in *in, struct bundle_request *ret)
{
	get_session_case(in, ret->investigators.session,
	    ret->investigators.case_id);
}

static void
put_investigators(struct bundle_out *o, const struct bundle_request *x)
{
	put_session_case(o, x->investigators.session, x->investigators.case_id);
}

static void
get_watch(struct bundle_in *in, struct bundle_request *ret)
{
	get_session(in, ret->watch.session);
	lines_get_hex(&in->lines, "mark", ret->watch.mark,
	    sizeof(ret->watch.mark));
}

static void
put_watch(struct bundle_out *o, const struct bundle_request *x)
{
	put_session(o, x->watch.session);
	lines_put_hex(o->out, "mark", x->watch.mark, sizeof(x->watch.mark));
}

/* --- all of them --- */

static const struct {
	const char *name;
	enum bundle_path path;
	size_t body; /* its length with padding */
	size_t most; /* without */
	bool takes_work, needs_work;
	void (*get)(struct bundle_in *in, struct bundle_request *ret);
	void (*put)(struct bundle_out *o, const struct bundle_request *r);
} kinds[] = {
#define FILING BUNDLE_PATH_TEXT, BUNDLE_TEXT_LEN, BUNDLE_MESSAGE_MAX, true, true
#define TEXT BUNDLE_PATH_TEXT, BUNDLE_TEXT_LEN, BUNDLE_MESSAGE_MAX, true, false
#define STAFF \
	BUNDLE_PATH_STAFF, BUNDLE_TEXT_LEN, BUNDLE_MESSAGE_MAX, false, false
#define PIECE                                \
	BUNDLE_PATH_PIECE, BUNDLE_PIECE_LEN, \
	    BUNDLE_PIECE_LEN - BUNDLE_WORK_LEN, true, true
#define SMALL \
	BUNDLE_PATH_PIECE, BUNDLE_SMALL_LEN, BUNDLE_SMALL_LEN, false, false
	[REQUEST_CONCERN] = { "concern", FILING, get_concern, put_concern },
	[REQUEST_FOLLOWUP] = { "followup", FILING, get_followup, put_followup },
	[REQUEST_WITHDRAW] = { "withdraw", TEXT, get_withdraw, put_withdraw },
	[REQUEST_POLL] = { "poll", TEXT, get_poll, put_poll },
	[REQUEST_PUT] = { "put", PIECE, get_put, put_put },
	[REQUEST_STATUS] = { "status", SMALL, get_status, put_status },
	[REQUEST_GET] = { "get", SMALL, get_get, put_get },
	[REQUEST_CHALLENGE] = { "challenge", STAFF, get_challenge,
	    put_challenge },
	[REQUEST_LOGIN] = { "login", STAFF, get_login, put_login },
	[REQUEST_LOGOUT] = { "logout", STAFF, get_logout, put_logout },
	[REQUEST_QUEUE] = { "queue", STAFF, get_queue, put_queue },
	[REQUEST_CASE] = { "case", STAFF, get_case, put_case },
	[REQUEST_POST] = { "post", STAFF, get_post, put_post },
	[REQUEST_ENVELOPES] = { "envelopes", STAFF, get_envelopes,
	    put_envelopes },
	[REQUEST_INVESTIGATORS] = { "investigators", STAFF, get_investigators,
	    put_investigators },
	[REQUEST_WATCH] = { "watch", STAFF, get_watch, put_watch },
#undef FILING
#undef TEXT
#undef STAFF
#undef PIECE
#undef SMALL
};

enum bundle_path
request_path(enum request_kind k)
{
	return kinds[k].path;
}

size_t
request_length(enum request_kind k)
{
	return kinds[k].body;
}

bool
request_takes_work(enum request_kind k)
{
	return kinds[k].takes_work;
}

bool
request_needs_work(enum request_kind k)
{
	return kinds[k].needs_work;
}

void
request_purpose(const struct bundle_request *r,
    uint8_t out[static WORK_PURPOSE_LEN])
{
	_Static_assert(1 + BUNDLE_UPLOAD_ID_LEN == WORK_PURPOSE_LEN,
	    "an upload's id has its place");
	if (r->kind == REQUEST_PUT) {
		out[0] = 1;
		memcpy(out + 1, r->put.upload_id, BUNDLE_UPLOAD_ID_LEN);
	} else {
		work_purpose_of_text(out);
	}
}

/* Takes the work off the end of a whole body: what is left of it may be zeros
 * as other padding is. */
static void
get_work(struct bundle_in *in, size_t k, size_t body, struct bundle_request *r)
{
	struct bytes area;

	if (!kinds[k].takes_work || body != kinds[k].body ||
	    in->blobs.n < BUNDLE_WORK_LEN)
		return;
	in->blobs.n -= BUNDLE_WORK_LEN;
	area = BYTES(in->blobs.p + in->blobs.n, BUNDLE_WORK_LEN);
	if (!bytes_all_zero(area.p + WORK_LEN, area.n - WORK_LEN))
		bundle_fail(in);
	else if (!bytes_all_zero(area.p, WORK_LEN))
		r->work = BYTES(area.p, WORK_LEN);
}

static enum err
parse(struct bytes body, struct bundle_request *r)
{
	struct bundle_in in = bundle_open(body);
	enum err err;
	size_t k = 0;

	r->preamble = in.preamble;
	while (k < COUNT(kinds) &&
	    !bytes_equal(in.kind, bytes_str(kinds[k].name)))
		k++;
	if (in.lines.err != ERR_OK || k == COUNT(kinds))
		return ERR_SYNTAX;
	r->kind = (enum request_kind)k;
	kinds[k].get(&in, r);
	get_work(&in, k, body.n, r);
	err = bundle_close(&in);
	if (err != ERR_OK)
		return err;
	r->length = (size_t)(in.blobs.p - body.p);
	return r->length > kinds[k].most ? ERR_LIMIT : ERR_OK;
}

enum err
bundle_request_parse(struct bytes body, struct bundle_request *ret)
{
	struct bundle_request r = { 0 };
	enum err err = parse(body, &r);

	if (err == ERR_OK)
		*ret = r;
	bytes_wipe(&r, sizeof(r)); /* tokens and sessions are in it */
	return err;
}

enum err
bundle_request_put(const struct bundle_request *r, struct buf *out)
{
	struct bundle_out o = bundle_begin(out, kinds[r->kind].name);
	struct bundle_request back;
	struct bytes put;

	kinds[r->kind].put(&o, r);
	bundle_end(&o);
	if (out->err != ERR_OK)
		return bundle_settle(&o, out->err);
	put = BYTES(out->p + o.start, out->n - o.start);
	return bundle_settle(&o, bundle_request_parse(put, &back));
}
