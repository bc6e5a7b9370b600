#include "crypto/bundle.h"

#include <inttypes.h>

#include "crypto/bundle_form.h"
#include "crypto/codec.h"

/* As for requests: a function to read and one to write for each kind, and
 * what was written is read back. */

static const char *const open_states[] = { "open", "withdrawn" };
static const char *const case_kinds[] = { "sealed", "plain" };
static const char *const ways_in[] = { "route", "given" };
static const char *const loads[] = { "free", "full" };

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
get_asked(struct bundle_in *in, struct bytes value, struct answer_work *ret)
{
	ret->bits = (unsigned)bundle_word_number(in, &value, WORK_BITS_MAX);
	if (ret->bits == 0)
		bundle_fail(in);
	bundle_word_hex(in, &value, ret->challenge, sizeof(ret->challenge));
	bundle_word_end(in, value);
}

static void
put_asked(struct bundle_out *o, const struct answer_work *a)
{
	char hex[2 * WORK_CHALLENGE_LEN + 1];

	hex_encode(hex, a->challenge, WORK_CHALLENGE_LEN);
	buf_printf(o->out, "challenge: %u %s\n", a->bits, hex);
}

static void
get_mailbox(struct bundle_in *in, struct bundle_answer *ret)
{
	struct answer_mailbox *a = &ret->mailbox;
	struct bytes value;

	a->count =
	    (uint32_t)lines_get_number(&in->lines, "count", BUNDLE_SEQ_MAX);
	a->is_withdrawn = bundle_get_one_of(in, "state", open_states,
			      COUNT(open_states)) != 0;
	if (lines_next(&in->lines, "challenge", &value))
		get_asked(in, value, &a->ahead);
	bundle_get_heads(in, &a->heads);
}

static void
put_mailbox(struct bundle_out *o, const struct bundle_answer *a)
{
	lines_put_number(o->out, "count", a->mailbox.count);
	lines_put_str(o->out, "state", open_states[a->mailbox.is_withdrawn]);
	if (a->mailbox.ahead.bits > 0)
		put_asked(o, &a->mailbox.ahead);
	bundle_put_heads(o, &a->mailbox.heads);
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
	lines_put_hex(o->out, "session", a->session.session,
	    sizeof(a->session.session));
}

static void
get_nothing(struct bundle_in *in, struct bundle_answer *ret)
{
	(void)in;
	(void)ret;
}

static void
put_nothing(struct bundle_out *o, const struct bundle_answer *a)
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

/* Seconds since 1970, or "-" for 0. */
static int64_t
get_due(struct bundle_in *in, struct bytes *value)
{
	struct bytes word = word_next(value);
	uint64_t v = 0;

	if (bytes_equal(word, BYTES_LIT("-")))
		return 0;
	if (decimal_get(word, BUNDLE_TIME_MAX, &v) != ERR_OK || v == 0)
		bundle_fail(in);
	return (int64_t)v;
}

static void
put_due(struct buf *out, int64_t due)
{
	if (due == 0)
		buf_put_str(out, "-");
	else
		buf_printf(out, "%" PRId64, due);
}

static uint16_t
get_flags(struct bundle_in *in, struct bytes word)
{
	uint16_t flags = 0;

	if (case_flags_parse(word, &flags) != ERR_OK)
		bundle_fail(in);
	return flags;
}

static void
get_row(struct bundle_in *in, struct bytes value, struct answer_row *r)
{
	bundle_word_hex(in, &value, r->case_id, sizeof(r->case_id));
	r->is_plain =
	    bundle_word_one_of(in, &value, case_kinds, COUNT(case_kinds)) != 0;
	r->state = get_state(in, word_next(&value));
	r->band = (uint8_t)(bundle_word_one_of(in, &value, bundle_bands,
				COUNT(bundle_bands)) +
	    1);
	r->route = (uint16_t)bundle_word_number(in, &value, UINT16_MAX);
	r->day = get_day(in, &value);
	r->talk = (uint32_t)bundle_word_number(in, &value, BUNDLE_SEQ_MAX);
	r->staff = (uint32_t)bundle_word_number(in, &value, BUNDLE_SEQ_MAX);
	r->due = get_due(in, &value);
	r->is_given =
	    bundle_word_one_of(in, &value, ways_in, COUNT(ways_in)) != 0;
	r->flags = get_flags(in, word_next(&value));
	bundle_word_end(in, value);
}

static void
get_overdue(struct bundle_in *in, struct answer_queue *a)
{
	struct answer_overdue *o;
	struct bytes value;

	while (in->lines.err == ERR_OK &&
	    lines_next(&in->lines, "overdue", &value)) {
		if (a->n_overdue == COUNT(a->overdue)) {
			bundle_fail(in);
			return;
		}
		o = &a->overdue[a->n_overdue];
		o->route = (uint16_t)bundle_word_number(in, &value, UINT16_MAX);
		o->count = (uint32_t)bundle_word_number(in, &value, UINT32_MAX);
		bundle_word_end(in, value);
		if (o->count == 0 ||
		    (a->n_overdue > 0 && o->route <= o[-1].route))
			bundle_fail(in);
		a->n_overdue++;
	}
}

static void
get_queue(struct bundle_in *in, struct bundle_answer *ret)
{
	struct answer_queue *a = &ret->queue;
	struct bytes value;

	a->open = (uint32_t)lines_get_number(&in->lines, "open", UINT32_MAX);
	a->breached =
	    (uint32_t)lines_get_number(&in->lines, "breached", UINT32_MAX);
	get_overdue(in, a);
	a->next = lines_get(&in->lines, "next");
	if (a->next.n > BUNDLE_CURSOR_MAX)
		bundle_fail(in);
	while (in->lines.err == ERR_OK &&
	    lines_next(&in->lines, "row", &value)) {
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
	buf_printf(o->out, "row: %s %s %s P%u %u %s %" PRIu32 " %" PRIu32 " ",
	    id, case_kinds[r->is_plain], case_state_name(r->state), r->band,
	    r->route, day, r->talk, r->staff);
	put_due(o->out, r->due);
	buf_printf(o->out, " %s ", ways_in[r->is_given]);
	case_flags_put(o->out, r->flags);
	buf_put_u8(o->out, '\n');
}

static void
put_queue(struct bundle_out *o, const struct bundle_answer *a)
{
	const struct answer_queue *q = &a->queue;

	lines_put_number(o->out, "open", q->open);
	lines_put_number(o->out, "breached", q->breached);
	for (size_t i = 0; i < q->n_overdue && i < COUNT(q->overdue); i++)
		buf_printf(o->out, "overdue: %u %" PRIu32 "\n",
		    q->overdue[i].route, q->overdue[i].count);
	lines_put(o->out, "next", q->next);
	for (size_t i = 0; i < q->n_rows && i < COUNT(q->row); i++)
		put_row(o, &q->row[i]);
}

static void
get_case(struct bundle_in *in, struct bundle_answer *ret)
{
	struct answer_case *a = &ret->open;
	struct bytes filed, due;

	a->chain = (enum chain)bundle_get_one_of(in, "chain", bundle_chains,
	    COUNT(bundle_chains));
	a->count =
	    (uint32_t)lines_get_number(&in->lines, "count", BUNDLE_SEQ_MAX);
	lines_get_hex(&in->lines, "link", a->link, sizeof(a->link));
	a->state = get_state(in, lines_get(&in->lines, "state"));
	a->is_plain =
	    bundle_get_one_of(in, "kind", case_kinds, COUNT(case_kinds)) != 0;
	filed = lines_get(&in->lines, "filed");
	a->filed = get_day(in, &filed);
	bundle_word_end(in, filed);
	a->band = (uint8_t)(bundle_get_one_of(in, "band", bundle_bands,
				COUNT(bundle_bands)) +
	    1);
	due = lines_get(&in->lines, "due");
	a->due = get_due(in, &due);
	bundle_word_end(in, due);
	a->is_given = bundle_get_yes_no(in, "given");
	a->flags = get_flags(in, lines_get(&in->lines, "flags"));
	bundle_get_heads(in, &a->heads);
}

static void
put_case(struct bundle_out *o, const struct bundle_answer *x)
{
	const struct answer_case *a = &x->open;
	char day[11];

	day_format(day, a->filed);
	lines_put_str(o->out, "chain", bundle_chains[a->chain]);
	lines_put_number(o->out, "count", a->count);
	lines_put_hex(o->out, "link", a->link, sizeof(a->link));
	lines_put_str(o->out, "state", case_state_name(a->state));
	lines_put_str(o->out, "kind", case_kinds[a->is_plain]);
	lines_put_str(o->out, "filed", day);
	buf_printf(o->out, "band: P%u\ndue: ", a->band);
	put_due(o->out, a->due);
	buf_printf(o->out, "\ngiven: %s\nflags: ", bundle_yes_no[a->is_given]);
	case_flags_put(o->out, a->flags);
	buf_put_u8(o->out, '\n');
	bundle_put_heads(o, &a->heads);
}

static void
get_investigators(struct bundle_in *in, struct bundle_answer *ret)
{
	struct answer_investigators *a = &ret->investigators;
	struct bytes value;

	while (in->lines.err == ERR_OK &&
	    lines_next(&in->lines, "investigator", &value)) {
		if (a->n == COUNT(a->at)) {
			bundle_fail(in);
			return;
		}
		a->at[a->n].person = bundle_word_person(in, &value);
		a->at[a->n].is_full =
		    bundle_word_one_of(in, &value, loads, COUNT(loads)) != 0;
		bundle_word_end(in, value);
		a->n++;
	}
}

static void
put_investigators(struct bundle_out *o, const struct bundle_answer *x)
{
	const struct answer_investigators *a = &x->investigators;

	for (size_t i = 0; i < a->n && i < COUNT(a->at); i++)
		buf_printf(o->out, "investigator: %u %s\n", a->at[i].person,
		    loads[a->at[i].is_full]);
}

static void
get_changed(struct bundle_in *in, struct bundle_answer *ret)
{
	lines_get_hex(&in->lines, "mark", ret->changed.mark,
	    sizeof(ret->changed.mark));
}

static void
put_changed(struct bundle_out *o, const struct bundle_answer *a)
{
	lines_put_hex(o->out, "mark", a->changed.mark, sizeof(a->changed.mark));
}

/* --- work --- */

static void
get_work(struct bundle_in *in, struct bundle_answer *ret)
{
	get_asked(in, lines_get(&in->lines, "challenge"), &ret->work);
}

static void
put_work(struct bundle_out *o, const struct bundle_answer *a)
{
	put_asked(o, &a->work);
}

/* --- policy --- */

static void
get_policy(struct bundle_in *in, struct bundle_answer *ret)
{
	struct answer_policy *a = &ret->policy;
	struct bytes value;

	while (in->lines.err == ERR_OK &&
	    lines_next(&in->lines, "root", &value)) {
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
	[ANSWER_ENDED] = { "ended", TEXT, get_nothing, put_nothing },
	[ANSWER_QUEUE] = { "queue", TEXT, get_queue, put_queue },
	[ANSWER_CASE] = { "case", TEXT, get_case, put_case },
	[ANSWER_POLICY] = { "policy", BUNDLE_TEXT_LEN, BUNDLE_POLICY_MAX,
	    get_policy, put_policy },
	[ANSWER_KEPT] = { "kept", TEXT, get_nothing, put_nothing },
	[ANSWER_INVESTIGATORS] = { "investigators", TEXT, get_investigators,
	    put_investigators },
	[ANSWER_CHANGED] = { "changed", TEXT, get_changed, put_changed },
	[ANSWER_WORK] = { "work", SMALL, get_work, put_work },
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

	while (k < COUNT(kinds) &&
	    !bytes_equal(in.kind, bytes_str(kinds[k].name)))
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
