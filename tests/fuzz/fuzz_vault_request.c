#include "tests/daemon/vault_stage.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/*
 * A vault under requests that are right, nearly right, and anything else, in
 * any order. However they come: each gets exactly one answer, and the store
 * holds together afterwards.
 *
 * An input is a series of steps: which request (or, where there is none of
 * that number, the next bytes as they are), what is changed in it, and what
 * happens then.
 */

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

#define REQUESTS_MAX 32
#define STEPS_MAX 64
#define RAW_MAX 200

/* What happens after a step. */
#define STEP_COMMIT 1u
#define STEP_HOUR 2u
#define STEP_TICK 4u
#define STEP_RESTART 8u

static struct {
	struct world *w;
	struct reporter r;
	size_t n;
	struct {
		enum wire_type type;
		struct buf body;
	} request[REQUESTS_MAX];
	size_t sent, answered;
	struct buf held[STEPS_MAX]; /* borrowed by the vault until it commits */
	size_t n_held;
} fuzz;

static void
keep(enum wire_type type, const struct bundle_request *q)
{
	struct buf *body = &fuzz.request[fuzz.n].body;

	body->max = BUNDLE_PIECE_LEN;
	fuzz.request[fuzz.n++].type = type;
	assert(bundle_request_put(q, body) == ERR_OK);
}

static void
keep_messages(void)
{
	static const uint16_t to[] = { GUARDIAN, SECOND_GUARDIAN };
	static const enum message_kind kinds[] = { MESSAGE_FOLLOWUP,
		MESSAGE_WITHDRAW, MESSAGE_ACK, MESSAGE_REPLY, MESSAGE_NOTE };
	static const uint8_t zero[LINK_LEN];
	CLEAN_DRAFT struct draft concern = { 0 };
	struct reporter other;

	for (size_t i = 0; i < 5; i++) {
		CLEAN_DRAFT struct draft d = { 0 };
		bool is_note = kinds[i] == MESSAGE_NOTE;
		bool is_reporters = message_kind_is_reporters(kinds[i]);

		draft_message(fuzz.w, &fuzz.r, kinds[i],
		    is_reporters ? PERSON_REPORTER : GUARDIAN, !is_note,
		    is_note ? zero : fuzz.r.head, to, 2, &d);
		keep(is_reporters ? WIRE_TEXT : WIRE_STAFF, &d.request);
	}
	reporter_new(&other, 2);
	draft_concern(fuzz.w, &other, to, 2, &concern);
	keep(WIRE_TEXT, &concern.request);
	concern.request.concern.content.is_upload = true;
	concern.request.concern.content.upload_len =
	    concern.request.concern.content.payload.n;
	keep(WIRE_TEXT, &concern.request);
	keep(WIRE_PIECE,
	    &(struct bundle_request){ .kind = REQUEST_PUT,
		.put.size = concern.payload.n,
		.put.piece = buf_bytes(&concern.payload) });
}

/* What changes who reads. */
static void
keep_actions(void)
{
	static const enum message_kind kinds[] = { MESSAGE_ASSIGN,
		MESSAGE_HANDOVER, MESSAGE_RECUSE, MESSAGE_ESCALATE };
	struct bundle_request q = { .kind = REQUEST_INVESTIGATORS };
	const uint8_t *session = fuzz.w->person[GUARDIAN].session;

	memcpy(q.investigators.session, session, BUNDLE_SESSION_LEN);
	memcpy(q.investigators.case_id, fuzz.r.keys.case_id, CASE_ID_LEN);
	keep(WIRE_STAFF, &q);
	for (size_t i = 0; i < 4; i++) {
		CLEAN_DRAFT struct draft d = { 0 };
		const struct entry e = entry_of(kinds[i], GUARDIAN);

		draft_entry(fuzz.w, &fuzz.r, &e, NULL, 0, &d);
		keep(WIRE_STAFF, &d.request);
	}
}

/* For the one whom the two above name, who then is to have another digest. */
static void
keep_envelopes(void)
{
	static const uint16_t to[] = { SECOND_INVESTIGATOR };
	CLEAN_DRAFT struct draft d = { 0 };
	const struct entry e = entry_of(MESSAGE_NOTE, GUARDIAN);
	struct bundle_request q = { .kind = REQUEST_ENVELOPES };

	draft_entry(fuzz.w, &fuzz.r, &e, to, 1, &d);
	memcpy(q.envelopes.session, fuzz.w->person[GUARDIAN].session,
	    BUNDLE_SESSION_LEN);
	memcpy(q.envelopes.case_id, fuzz.r.keys.case_id, CASE_ID_LEN);
	q.envelopes.person = SECOND_INVESTIGATOR;
	q.envelopes.n = 1;
	q.envelopes.at[0].envelope = d.content.to[0].envelope;
	keep(WIRE_STAFF, &q);
	q.envelopes.is_fresh = true;
	keep(WIRE_STAFF, &q);
}

static void
keep_reads(void)
{
	struct bundle_request q = { .kind = REQUEST_POLL };
	const uint8_t *session = fuzz.w->person[GUARDIAN].session;

	memcpy(q.poll.token, fuzz.r.keys.token, TOKEN_LEN);
	keep(WIRE_TEXT, &q);
	q = (struct bundle_request){ .kind = REQUEST_QUEUE, .queue.limit = 3 };
	memcpy(q.queue.session, session, BUNDLE_SESSION_LEN);
	keep(WIRE_STAFF, &q);
	q = (struct bundle_request){ .kind = REQUEST_CASE };
	memcpy(q.open.session, session, BUNDLE_SESSION_LEN);
	memcpy(q.open.case_id, fuzz.r.keys.case_id, CASE_ID_LEN);
	keep(WIRE_STAFF, &q);
	q = (struct bundle_request){ .kind = REQUEST_GET };
	memcpy(q.get.token, fuzz.r.keys.token, TOKEN_LEN);
	keep(WIRE_PIECE, &q);
	keep(WIRE_PIECE, &(struct bundle_request){ .kind = REQUEST_STATUS });
	keep(WIRE_STAFF,
	    &(struct bundle_request){
		.kind = REQUEST_CHALLENGE, .challenge.person = GUARDIAN });
}

static void
keep_plain(void)
{
	struct buf *body = &fuzz.request[fuzz.n].body;

	body->max = BUNDLE_TEXT_LEN;
	fuzz.request[fuzz.n++].type = WIRE_PLAIN;
	assert(age_seal(&fuzz.w->env, &fuzz.w->person[GUARDIAN].key, 1,
		   BYTES_LIT("The lift is broken."), body) == ERR_OK);
}

/* A challenge carries its own proof, by a key that is the same each time. */
static void
keep_login(void)
{
	CLEAN_BUF struct buf note = BUF_INIT(LOGIN_NOTE_MAX);
	struct bundle_request q = { .kind = REQUEST_CHALLENGE,
		.challenge.person = GUARDIAN };
	struct login l = { .person = GUARDIAN };

	assert(world_request(fuzz.w, &q) == ANSWER_OK);
	memcpy(l.root, fuzz.w->first_root, sizeof(l.root));
	memcpy(l.challenge, fuzz.w->answer.challenge.challenge,
	    sizeof(l.challenge));
	assert(login_sign(&l, fuzz.w->person[GUARDIAN].sign_seed, &note) ==
	    ERR_OK);
	q = (struct bundle_request){ .kind = REQUEST_LOGIN,
		.login.note = buf_bytes(&note) };
	keep(WIRE_STAFF, &q);
}

static void
end(void)
{
	for (size_t i = 0; i < fuzz.n; i++)
		buf_free(&fuzz.request[i].body);
	world_free(fuzz.w);
}

/* One case, and a guardian logged in: the same each time. */
static void
begin(void)
{
	if (fuzz.w == NULL) {
		fuzz.w = world_new();
		assert(atexit(end) == 0);
	}
	world_fresh(fuzz.w);
	reporter_new(&fuzz.r, 1);
	file_concern_of(fuzz.w, &fuzz.r);
	assert(login(fuzz.w, GUARDIAN) == ANSWER_OK);
	if (fuzz.n > 0)
		return;
	keep_messages();
	keep_reads();
	keep_plain();
	keep_login();
	keep_actions();
	keep_envelopes();
}

static void
on_answer(void *ctx, uint64_t id, enum answer status, struct bytes body)
{
	(void)ctx;
	assert(status < ANSWERS && id < fuzz.sent);
	assert(status == ANSWER_OK || body.n == 0);
	assert(body.n <= BUNDLE_PIECE_LEN);
	fuzz.answered++;
}

static void
commit(void)
{
	vault_commit(fuzz.w->vault);
	assert(fuzz.answered == fuzz.sent);
	for (size_t i = 0; i < fuzz.n_held; i++)
		buf_free(&fuzz.held[i]);
	fuzz.n_held = 0;
}

/* Up to three bytes of it, somewhere, changed. */
static void
change(struct reader *r, struct buf *body)
{
	unsigned changes = reader_u8(r) & 3;

	while (changes-- > 0 && body->n > 0) {
		size_t at = reader_u16(r) % body->n;

		body->p[at] ^= reader_u8(r);
	}
}

static void
send(struct reader *r)
{
	size_t which = reader_u8(r) % REQUESTS_MAX;
	struct buf *body = &fuzz.held[fuzz.n_held++];
	enum wire_type type = WIRE_TEXT + which % 5;

	*body = (struct buf)BUF_INIT(BUNDLE_PIECE_LEN);
	if (which < fuzz.n) {
		type = fuzz.request[which].type;
		buf_put_bytes(body, buf_bytes(&fuzz.request[which].body));
	} else {
		size_t n = r->n < RAW_MAX ? r->n : RAW_MAX;

		buf_put_bytes(body, reader_bytes(r, n));
	}
	change(r, body);
	vault_handle(
	    fuzz.w->vault, type, fuzz.sent++, buf_bytes(body), on_answer, NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct reader r = reader_over(BYTES(p, n));

	begin();
	fuzz.sent = fuzz.answered = 0;
	for (size_t step = 0; step < STEPS_MAX && r.n > 0; step++) {
		send(&r);
		uint8_t then = reader_u8(&r);

		if (then & (STEP_COMMIT | STEP_TICK | STEP_RESTART))
			commit();
		if (then & STEP_HOUR)
			fuzz.w->now += 3600;
		if (then & STEP_TICK)
			vault_tick(fuzz.w->vault);
		if (then & STEP_RESTART)
			world_restart(fuzz.w);
	}
	commit();
	world_check_store(fuzz.w, UINT64_MAX);
	return 0;
}
