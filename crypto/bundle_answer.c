#include "crypto/bundle.h"

#include <inttypes.h>

#include "crypto/bundle_form.h"
#include "crypto/codec.h"

/* As for requests: a function to read and one to write for each kind, and
 * what was written is read back. */

static const char *const open_states[] = { "open", "withdrawn" };
static const char *const case_kinds[] = { "sealed", "plain" };

/* --- messages --- */

#define HEAD_LINE_MAX 64 /* one `head` line */
#define OTHER_LINES_MAX 256 /* all that stands before them, and the end */

_Static_assert(
    BUNDLE_MESSAGE_MAX + HEAD_LINE_MAX + OTHER_LINES_MAX <= BUNDLE_TEXT_LEN,
    "a message that went up in a bundle comes down in one");

static void
get_head(struct bundle_in *in, struct bytes value, struct answer_head *h)
{
	uint64_t head, envelope;

	h->seq = (uint32_t)bundle_word_number(in, &value, BUNDLE_SEQ_MAX);
	head = bundle_word_number(in, &value, BUNDLE_TEXT_LEN);
	envelope = bundle_word_number(in, &value, BUNDLE_TEXT_LEN);
	h->payload_len = bundle_word_number(in, &value, BUNDLE_PAYLOAD_MAX);
	h->pieces = (uint32_t)bundle_word_number(in, &value, BUNDLE_PIECES_MAX);
	bundle_word_end(in, value);
	if (head == 0 ||
	    (h->pieces > 0 && h->pieces != bundle_pieces(h->payload_len)))
		bundle_fail(in);
	h->head = bundle_take(in, head);
	h->envelope = bundle_take(in, envelope);
	if (h->pieces == 0)
		h->payload = bundle_take(in, h->payload_len);
}

static void
get_heads(struct bundle_in *in, struct answer_heads *h)
{
	struct bytes value;

	while (
	    in->lines.err == ERR_OK && lines_next(&in->lines, "head", &value)) {
		if (h->n == COUNT(h->at)) {
			bundle_fail(in);
			return;
		}
		get_head(in, value, &h->at[h->n]);
		if (h->n > 0 && h->at[h->n].seq != h->at[h->n - 1].seq + 1)
			bundle_fail(in);
		h->n++;
	}
}

static void
put_heads(struct bundle_out *o, const struct answer_heads *heads)
{
	for (size_t i = 0; i < heads->n && i < COUNT(heads->at); i++) {
		const struct answer_head *h = &heads->at[i];

		buf_printf(o->out,
		    "head: %" PRIu32 " %zu %zu %" PRIu64 " %" PRIu32 "\n",
		    h->seq, h->head.n, h->envelope.n, h->payload_len,
		    h->pieces);
		bundle_keep(o, h->head);
		bundle_keep(o, h->envelope);
		if (h->pieces == 0)
			bundle_keep(o, h->payload);
	}
}

static uint64_t
head_size(const struct answer_head *h)
{
	return HEAD_LINE_MAX + (uint64_t)h->head.n + h->envelope.n +
	    (h->pieces == 0 ? h->payload.n : 0);
}

bool
answer_heads_add(struct answer_heads *h, const struct answer_head *one)
{
	uint64_t size = OTHER_LINES_MAX + head_size(one);

	if (h->n == COUNT(h->at))
		return false;
	for (size_t i = 0; i < h->n; i++)
		size += head_size(&h->at[i]);
	if (size > BUNDLE_TEXT_LEN)
		return false;
	h->at[h->n++] = *one;
	return true;
}

/* --- reporter --- */

static void
get_stored(struct bundle_in *in, struct bundle_answer *ret)
{
	ret->stored.proof = bundle_get_blob(in, "proof");
}

static void
put_stored(struct bundle_out *o, const struct bundle_answer *a)
{
	bundle_put_blob(o, "proof", a->stored.proof);
}

static void
get_mailbox(struct bundle_in *in, struct bundle_answer *ret)
{
	struct answer_mailbox *a = &ret->mailbox;

	a->count =
	    (uint32_t)lines_get_number(&in->lines, "count", BUNDLE_SEQ_MAX);
	a->is_withdrawn = bundle_get_one_of(in, "state", open_states,
			      COUNT(open_states)) != 0;
	get_heads(in, &a->heads);
}

static void
put_mailbox(struct bundle_out *o, const struct bundle_answer *a)
{
	lines_put_number(o->out, "count", a->mailbox.count);
	lines_put_str(o->out, "state", open_states[a->mailbox.is_withdrawn]);
	put_heads(o, &a->mailbox.heads);
}

/* --- pieces --- */

static void
get_pieces(struct bundle_in *in, struct bundle_answer *ret)
{
	struct bytes have = lines_get(&in->lines, "have");

	if (have.n > BUNDLE_PIECES_MAX)
		bundle_fail(in);
	for (size_t i = 0; i < have.n; i++)
		if (have.p[i] != '0' && have.p[i] != '1')
			bundle_fail(in);
	ret->pieces.have = have;
}

static void
put_pieces(struct bundle_out *o, const struct bundle_answer *a)
{
	lines_put(o->out, "have", a->pieces.have);
}

static void
get_piece(struct bundle_in *in, struct bundle_answer *ret)
{
	struct answer_piece *a = &ret->piece;
	struct bytes value = lines_get(&in->lines, "piece");
	uint64_t n;

	a->index =
	    (uint32_t)bundle_word_number(in, &value, BUNDLE_PIECES_MAX - 1);
	a->count = (uint32_t)bundle_word_number(in, &value, BUNDLE_PIECES_MAX);
	n = bundle_word_number(in, &value, PIECE_LEN);
	bundle_word_end(in, value);
	if (a->index >= a->count || n == 0 ||
	    (a->index + 1 < a->count && n != PIECE_LEN))
		bundle_fail(in);
	a->piece = bundle_take(in, n);
}

static void
put_piece(struct bundle_out *o, const struct bundle_answer *a)
{
	buf_printf(o->out, "piece: %" PRIu32 " %" PRIu32 " %zu\n",
	    a->piece.index, a->piece.count, a->piece.piece.n);
	bundle_keep(o, a->piece.piece);
}

/* --- staff --- */

static void
get_challenge(struct bundle_in *in, struct bundle_answer *ret)
{
	lines_get_hex(&in->lines, "challenge", ret->challenge.challenge,
	    sizeof(ret->challenge.challenge));
}

static void
put_challenge(struct bundle_out *o, const struct bundle_answer *a)
{
	lines_put_hex(o->out, "challenge", a->challenge.challenge,
	    sizeof(a->challenge.challenge));
}

static void
get_session(struct bundle_in *in, struct bundle_answer *ret)
{
	lines_get_hex(&in->lines, "session", ret->session.session,
	    sizeof(ret->session.session));
}

static void
put_session(struct bundle_out *o, const struct bundle_answer *a)
{
	lines_put_hex(
	    o->out, "session", a->session.session, sizeof(a->session.session));
}

static void
get_ended(struct bundle_in *in, struct bundle_answer *ret)
{
	(void)in;
	(void)ret;
}

static void
put_ended(struct bundle_out *o, const struct bundle_answer *a)
{
	(void)o;
	(void)a;
}

static int64_t
get_day(struct bundle_in *in, struct bytes *value)
{
	int64_t day = 0;

	if (day_parse(word_next(value), &day) != ERR_OK)
		bundle_fail(in);
	return day;
}

static enum case_state
get_state(struct bundle_in *in, struct bytes word)
{
	enum case_state s = CASE_RECEIVED;

	if (case_state_parse(word, &s) != ERR_OK)
		bundle_fail(in);
	return s;
}

static void
get_row(struct bundle_in *in, struct bytes value, struct answer_row *r)
{
	bundle_word_hex(in, &value, r->case_id, sizeof(r->case_id));
	r->is_plain =
	    bundle_word_one_of(in, &value, case_kinds, COUNT(case_kinds)) != 0;
	r->state = get_state(in, word_next(&value));
	r->band = (uint8_t)(bundle_word_one_of(
				in, &value, bundle_bands, COUNT(bundle_bands)) +
	    1);
	r->route = (uint16_t)bundle_word_number(in, &value, UINT16_MAX);
	r->day = get_day(in, &value);
	r->talk = (uint32_t)bundle_word_number(in, &value, BUNDLE_SEQ_MAX);
	r->staff = (uint32_t)bundle_word_number(in, &value, BUNDLE_SEQ_MAX);
	bundle_word_end(in, value);
}

static void
get_queue(struct bundle_in *in, struct bundle_answer *ret)
{
	struct answer_queue *a = &ret->queue;
	struct bytes value;

	a->open = (uint32_t)lines_get_number(&in->lines, "open", UINT32_MAX);
	a->next = lines_get(&in->lines, "next");
	if (a->next.n > BUNDLE_CURSOR_MAX)
		bundle_fail(in);
	while (
	    in->lines.err == ERR_OK && lines_next(&in->lines, "row", &value)) {
		if (a->n_rows == COUNT(a->row)) {
			bundle_fail(in);
			return;
		}
		get_row(in, value, &a->row[a->n_rows++]);
	}
}

static void
put_row(struct bundle_out *o, const struct answer_row *r)
{
	char id[2 * CASE_ID_LEN + 1];
	char day[11];

	hex_encode(id, r->case_id, sizeof(r->case_id));
	day_format(day, r->day);
	buf_printf(o->out, "row: %s %s %s P%u %u %s %" PRIu32 " %" PRIu32 "\n",
	    id, case_kinds[r->is_plain], case_state_name(r->state), r->band, r->route,
	    day, r->talk, r->staff);
}

static void
put_queue(struct bundle_out *o, const struct bundle_answer *a)
{
	const struct answer_queue *q = &a->queue;

	lines_put_number(o->out, "open", q->open);
	lines_put(o->out, "next", q->next);
	for (size_t i = 0; i < q->n_rows && i < COUNT(q->row); i++)
		put_row(o, &q->row[i]);
}

static void
get_case(struct bundle_in *in, struct bundle_answer *ret)
{
	struct answer_case *a = &ret->open;
	struct bytes filed;

	a->chain = (enum chain)bundle_get_one_of(
	    in, "chain", bundle_chains, COUNT(bundle_chains));
	a->count =
	    (uint32_t)lines_get_number(&in->lines, "count", BUNDLE_SEQ_MAX);
	a->state = get_state(in, lines_get(&in->lines, "state"));
	a->is_plain =
	    bundle_get_one_of(in, "kind", case_kinds, COUNT(case_kinds)) != 0;
	filed = lines_get(&in->lines, "filed");
	a->filed = get_day(in, &filed);
	bundle_word_end(in, filed);
	get_heads(in, &a->heads);
}

static void
put_case(struct bundle_out *o, const struct bundle_answer *x)
{
	const struct answer_case *a = &x->open;
	char day[11];

	day_format(day, a->filed);
	lines_put_str(o->out, "chain", bundle_chains[a->chain]);
	lines_put_number(o->out, "count", a->count);
	lines_put_str(o->out, "state", case_state_name(a->state));
	lines_put_str(o->out, "kind", case_kinds[a->is_plain]);
	lines_put_str(o->out, "filed", day);
	put_heads(o, &a->heads);
}

/* --- policy --- */

static void
get_policy(struct bundle_in *in, struct bundle_answer *ret)
{
	struct answer_policy *a = &ret->policy;
	struct bytes value;

	while (
	    in->lines.err == ERR_OK && lines_next(&in->lines, "root", &value)) {
		uint64_t n = bundle_word_number(in, &value, BUNDLE_POLICY_MAX);

		bundle_word_end(in, value);
		if (n == 0 || a->n_roots == COUNT(a->root)) {
			bundle_fail(in);
			return;
		}
		a->root[a->n_roots++] = bundle_take(in, n);
	}
	if (a->n_roots == 0)
		bundle_fail(in);
	a->policy = bundle_get_blob(in, "policy");
}

static void
put_policy(struct bundle_out *o, const struct bundle_answer *x)
{
	const struct answer_policy *a = &x->policy;

	for (size_t i = 0; i < a->n_roots && i < COUNT(a->root); i++)
		bundle_put_blob(o, "root", a->root[i]);
	bundle_put_blob(o, "policy", a->policy);
}

/* --- all of them --- */

static const struct {
	const char *name;
	size_t body; /* its length with padding */
	size_t most; /* without */
	void (*get)(struct bundle_in *in, struct bundle_answer *ret);
	void (*put)(struct bundle_out *o, const struct bundle_answer *a);
} kinds[] = {
#define TEXT BUNDLE_TEXT_LEN, BUNDLE_TEXT_LEN
#define PIECE BUNDLE_PIECE_LEN, BUNDLE_PIECE_LEN
#define SMALL BUNDLE_SMALL_LEN, BUNDLE_SMALL_LEN
	[ANSWER_STORED] = { "stored", TEXT, get_stored, put_stored },
	[ANSWER_MAILBOX] = { "mailbox", TEXT, get_mailbox, put_mailbox },
	[ANSWER_PIECES] = { "pieces", SMALL, get_pieces, put_pieces },
	[ANSWER_PIECE] = { "piece", PIECE, get_piece, put_piece },
	[ANSWER_CHALLENGE] = { "challenge", TEXT, get_challenge,
	    put_challenge },
	[ANSWER_SESSION] = { "session", TEXT, get_session, put_session },
	[ANSWER_ENDED] = { "ended", TEXT, get_ended, put_ended },
	[ANSWER_QUEUE] = { "queue", TEXT, get_queue, put_queue },
	[ANSWER_CASE] = { "case", TEXT, get_case, put_case },
	[ANSWER_POLICY] = { "policy", BUNDLE_TEXT_LEN, BUNDLE_POLICY_MAX,
	    get_policy, put_policy },
#undef TEXT
#undef PIECE
#undef SMALL
};

size_t
answer_length(enum answer_kind k)
{
	return kinds[k].body;
}

enum err
bundle_answer_parse(struct bytes body, struct bundle_answer *ret)
{
	struct bundle_in in = bundle_open(body);
	struct bundle_answer a = { 0 };
	enum err err;
	size_t k = 0;

	while (
	    k < COUNT(kinds) && !bytes_equal(in.kind, bytes_str(kinds[k].name)))
		k++;
	if (in.lines.err != ERR_OK || k == COUNT(kinds))
		return ERR_SYNTAX;
	a.kind = (enum answer_kind)k;
	kinds[k].get(&in, &a);
	err = bundle_close(&in);
	if (err != ERR_OK)
		return err;
	a.length = body.n - in.blobs.n;
	if (a.length > kinds[k].most)
		return ERR_LIMIT;
	*ret = a;
	return ERR_OK;
}

enum err
bundle_answer_put(const struct bundle_answer *a, struct buf *out)
{
	struct bundle_out o = bundle_begin(out, kinds[a->kind].name);
	struct bundle_answer back;
	struct bytes put;

	kinds[a->kind].put(&o, a);
	bundle_end(&o);
	if (out->err != ERR_OK)
		return bundle_settle(&o, out->err);
	put = BYTES(out->p + o.start, out->n - o.start);
	return bundle_settle(&o, bundle_answer_parse(put, &back));
}
