#include "tests/daemon/vault_outsider.h"

#include <string.h>

static const uint16_t guardians[] = { GUARDIAN, SECOND_GUARDIAN };

/* --- every request that there is, about a case --- */

typedef void ask(const struct asking *a, struct bundle_request *q,
    struct draft *d);

static void
with_session(const struct asking *a, uint8_t out[static BUNDLE_SESSION_LEN])
{
	memcpy(out, a->w->person[a->person].session, BUNDLE_SESSION_LEN);
}

/* A concern of their own: under that case's name it would need its key. */
static void
ask_concern(const struct asking *a, struct bundle_request *q, struct draft *d)
{
	static const uint16_t to[] = { CHIEF }; /* in nobody's queue */
	struct reporter own;

	(void)q;
	reporter_new(&own, 200);
	draft_concern(a->w, &own, to, 1, d);
}

/* In the reporter's name, with another key. */
static void
forge(const struct asking *a, enum message_kind kind, struct draft *d)
{
	struct reporter forger = *a->r;
	const struct entry e = entry_of(kind, PERSON_REPORTER);

	memset(forger.keys.sign_seed, 7, SIGN_SEED_LEN);
	draft_entry(a->w, &forger, &e, NULL, 0, d);
}

static void
ask_followup(const struct asking *a, struct bundle_request *q, struct draft *d)
{
	(void)q;
	forge(a, MESSAGE_CONSENT, d);
}

static void
ask_withdraw(const struct asking *a, struct bundle_request *q, struct draft *d)
{
	(void)q;
	forge(a, MESSAGE_WITHDRAW, d);
}

static void
ask_poll(const struct asking *a, struct bundle_request *q, struct draft *d)
{
	(void)d;
	memcpy(q->poll.token, a->r->keys.case_id, CASE_ID_LEN);
}

static void
ask_put(const struct asking *a, struct bundle_request *q, struct draft *d)
{
	static const uint8_t piece[100];

	(void)d;
	memcpy(q->put.upload_id, a->r->keys.case_id, CASE_ID_LEN);
	q->put.size = sizeof(piece);
	q->put.piece = BYTES(piece, sizeof(piece));
}

static void
ask_status(const struct asking *a, struct bundle_request *q, struct draft *d)
{
	(void)d;
	memcpy(q->status.upload_id, a->r->keys.case_id, CASE_ID_LEN);
}

static void
ask_get(const struct asking *a, struct bundle_request *q, struct draft *d)
{
	(void)d;
	q->get.is_staff = true;
	with_session(a, q->get.session);
	memcpy(q->get.case_id, a->r->keys.case_id, CASE_ID_LEN);
}

static void
ask_challenge(const struct asking *a, struct bundle_request *q, struct draft *d)
{
	(void)d;
	q->challenge.person = a->person;
}

static void
ask_login(const struct asking *a, struct bundle_request *q, struct draft *d)
{
	struct login l = { .person = a->person };

	memcpy(l.root, a->w->first_root, sizeof(l.root));
	d->entry.max = LOGIN_NOTE_MAX;
	assert_int_equal(ERR_OK,
	    login_sign(&l, a->w->person[a->person].sign_seed, &d->entry));
	q->login.note = buf_bytes(&d->entry);
}

static void
ask_logout(const struct asking *a, struct bundle_request *q, struct draft *d)
{
	(void)d;
	memcpy(q->logout.session, a->r->keys.case_id, CASE_ID_LEN);
}

static void
ask_queue(const struct asking *a, struct bundle_request *q, struct draft *d)
{
	static char cursor[2 * CASE_ID_LEN + 1];

	(void)d;
	with_session(a, q->queue.session);
	hex_encode(cursor, a->r->keys.case_id, CASE_ID_LEN);
	q->queue.after = BYTES((const uint8_t *)cursor, 2 * CASE_ID_LEN);
	q->queue.limit = BUNDLE_ROWS_MAX;
}

static void
ask_case(const struct asking *a, struct bundle_request *q, struct draft *d)
{
	(void)d;
	with_session(a, q->open.session);
	memcpy(q->open.case_id, a->r->keys.case_id, CASE_ID_LEN);
}

static void
ask_post(const struct asking *a, struct bundle_request *q, struct draft *d)
{
	const struct entry e = entry_of(MESSAGE_NOTE, a->person);

	(void)q;
	draft_entry(a->w, a->r, &e, guardians, 2, d);
}

/* For oneself, what else. */
static void
ask_envelopes(const struct asking *a, struct bundle_request *q, struct draft *d)
{
	const struct entry e = entry_of(MESSAGE_NOTE, a->person);

	draft_entry(a->w, a->r, &e, &a->person, 1, d);
	with_session(a, q->envelopes.session);
	memcpy(q->envelopes.case_id, a->r->keys.case_id, CASE_ID_LEN);
	q->envelopes.person = a->person;
	q->envelopes.n = 1;
	q->envelopes.at[0].envelope = d->content.to[0].envelope;
}

static void
ask_investigators(const struct asking *a, struct bundle_request *q,
    struct draft *d)
{
	(void)d;
	with_session(a, q->investigators.session);
	memcpy(q->investigators.case_id, a->r->keys.case_id, CASE_ID_LEN);
}

/* Is answered later: tests/daemon/test_vault_access.c, "watching". */
static void
ask_watch(const struct asking *a, struct bundle_request *q, struct draft *d)
{
	(void)d;
	(void)a;
	memset(q->watch.session, 9, sizeof(q->watch.session));
}

static ask *const every_request[] = {
	[REQUEST_CONCERN] = ask_concern,
	[REQUEST_FOLLOWUP] = ask_followup,
	[REQUEST_WITHDRAW] = ask_withdraw,
	[REQUEST_POLL] = ask_poll,
	[REQUEST_PUT] = ask_put,
	[REQUEST_STATUS] = ask_status,
	[REQUEST_GET] = ask_get,
	[REQUEST_CHALLENGE] = ask_challenge,
	[REQUEST_LOGIN] = ask_login,
	[REQUEST_LOGOUT] = ask_logout,
	[REQUEST_QUEUE] = ask_queue,
	[REQUEST_CASE] = ask_case,
	[REQUEST_POST] = ask_post,
	[REQUEST_ENVELOPES] = ask_envelopes,
	[REQUEST_INVESTIGATORS] = ask_investigators,
	[REQUEST_WATCH] = ask_watch,
};
_Static_assert(sizeof(every_request) / sizeof(every_request[0]) ==
	REQUEST_KINDS,
    "every kind of request is asked");
/* Text, pieces and staff are bundles; the two of plain concerns know no case
 * by its id, and no session. */
_Static_assert(WIRE_ANSWER == WIRE_PLAIN_ANSWER + 1 &&
	WIRE_PLAIN_ANSWER == WIRE_TEXT + 4,
    "there is no other endpoint");

enum answer
ask_kind(const struct asking *a, unsigned kind)
{
	CLEAN_DRAFT struct draft d = { 0 };
	struct bundle_request q = { .kind = (enum request_kind)kind };

	assert_non_null(every_request[kind]);
	every_request[kind](a, &q, &d);
	/* a draft is a request by itself, where it is one of this kind */
	return world_request(a->w,
	    d.request.kind == q.kind && (d.entry.n > 0 || d.body.n > 0)
		? &d.request
		: &q);
}

/* --- nothing --- */

static bool
is_random(unsigned kind)
{
	return kind == REQUEST_CHALLENGE || kind == REQUEST_LOGIN ||
	    kind == REQUEST_CONCERN;
}

static void
assert_not_in(const struct world *w, const uint8_t *x, size_t n)
{
	assert_null(memmem(w->body.p, w->body.n, x, n));
}

/* They know the same of the case and of `ghost`, which never was. */
void
assert_sees_nothing(struct world *w, uint16_t person, const struct reporter *r)
{
	struct reporter ghost = *r;
	char hex[2 * CASE_ID_LEN + 1];

	hex_encode(hex, r->keys.case_id, CASE_ID_LEN);
	ghost.keys.case_id[0] ^= 0x55;
	for (unsigned k = 0; k < REQUEST_KINDS; k++) {
		const struct asking real = { w, person, r };
		const struct asking none = { w, person, &ghost };
		CLEAN_BUF struct buf body = BUF_INIT(BUNDLE_PIECE_LEN);
		enum answer of_ghost = ask_kind(&none, k), of_real;

		buf_put_bytes(&body, buf_bytes(&w->body));
		of_real = ask_kind(&real, k);
		if (k == REQUEST_CONCERN)
			continue; /* one of their own */
		if (of_ghost != of_real ||
		    (!is_random(k) &&
			!bytes_equal(buf_bytes(&body), buf_bytes(&w->body))))
			fail_msg("request %u tells %u: %d, %d", k, person,
			    (int)of_real, (int)of_ghost);
		assert_not_in(w, r->keys.case_id, CASE_ID_LEN);
		assert_not_in(w, (const uint8_t *)hex, 2 * CASE_ID_LEN);
	}
}
