#include "tests/fuzz/requests.h"

#include <assert.h>
#include <string.h>

void
requests_add(struct requests *all, enum wire_type type,
    const struct bundle_request *q)
{
	struct buf *body = &all->at[all->n].body;

	body->max = BUNDLE_PIECE_LEN;
	all->at[all->n++].type = type;
	assert(all->n <= REQUESTS_MAX && bundle_request_put(q, body) == ERR_OK);
}

static void
keep_messages(struct requests *all)
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

		draft_message(all->w, all->r, kinds[i],
		    is_reporters ? PERSON_REPORTER : GUARDIAN, !is_note,
		    is_note ? zero : all->r->head, to, 2, &d);
		requests_add(all, is_reporters ? WIRE_TEXT : WIRE_STAFF,
		    &d.request);
	}
	reporter_new(&other, 2);
	draft_concern(all->w, &other, to, 2, &concern);
	requests_add(all, WIRE_TEXT, &concern.request);
	concern.request.concern.content.is_upload = true;
	concern.request.concern.content.upload_len =
	    concern.request.concern.content.payload.n;
	requests_add(all, WIRE_TEXT, &concern.request);
	requests_add(all, WIRE_PIECE,
	    &(struct bundle_request){ .kind = REQUEST_PUT,
		.put.size = concern.payload.n,
		.put.piece = buf_bytes(&concern.payload) });
}

/* What changes who reads. */
static void
keep_actions(struct requests *all)
{
	static const enum message_kind kinds[] = { MESSAGE_ASSIGN,
		MESSAGE_HANDOVER, MESSAGE_RECUSE, MESSAGE_ESCALATE };
	struct bundle_request q = { .kind = REQUEST_INVESTIGATORS };
	const uint8_t *session = all->w->person[GUARDIAN].session;

	memcpy(q.investigators.session, session, BUNDLE_SESSION_LEN);
	memcpy(q.investigators.case_id, all->r->keys.case_id, CASE_ID_LEN);
	requests_add(all, WIRE_STAFF, &q);
	for (size_t i = 0; i < 4; i++) {
		CLEAN_DRAFT struct draft d = { 0 };
		const struct entry e = entry_of(kinds[i], GUARDIAN);

		draft_entry(all->w, all->r, &e, NULL, 0, &d);
		requests_add(all, WIRE_STAFF, &d.request);
	}
}

/* For the one whom the two above name, who then is to have another digest. */
static void
keep_envelopes(struct requests *all)
{
	static const uint16_t to[] = { SECOND_INVESTIGATOR };
	CLEAN_DRAFT struct draft d = { 0 };
	const struct entry e = entry_of(MESSAGE_NOTE, GUARDIAN);
	struct bundle_request q = { .kind = REQUEST_ENVELOPES };

	draft_entry(all->w, all->r, &e, to, 1, &d);
	memcpy(q.envelopes.session, all->w->person[GUARDIAN].session,
	    BUNDLE_SESSION_LEN);
	memcpy(q.envelopes.case_id, all->r->keys.case_id, CASE_ID_LEN);
	q.envelopes.person = SECOND_INVESTIGATOR;
	q.envelopes.n = 1;
	q.envelopes.at[0].envelope = d.content.to[0].envelope;
	requests_add(all, WIRE_STAFF, &q);
	q.envelopes.is_fresh = true;
	requests_add(all, WIRE_STAFF, &q);
}

static void
keep_reads(struct requests *all)
{
	struct bundle_request q = { .kind = REQUEST_POLL };
	const uint8_t *session = all->w->person[GUARDIAN].session;

	memcpy(q.poll.token, all->r->keys.token, TOKEN_LEN);
	requests_add(all, WIRE_TEXT, &q);
	q = (struct bundle_request){ .kind = REQUEST_QUEUE, .queue.limit = 3 };
	memcpy(q.queue.session, session, BUNDLE_SESSION_LEN);
	requests_add(all, WIRE_STAFF, &q);
	q = (struct bundle_request){ .kind = REQUEST_CASE };
	memcpy(q.open.session, session, BUNDLE_SESSION_LEN);
	memcpy(q.open.case_id, all->r->keys.case_id, CASE_ID_LEN);
	requests_add(all, WIRE_STAFF, &q);
	q = (struct bundle_request){ .kind = REQUEST_GET };
	memcpy(q.get.token, all->r->keys.token, TOKEN_LEN);
	requests_add(all, WIRE_PIECE, &q);
	requests_add(all, WIRE_PIECE,
	    &(struct bundle_request){ .kind = REQUEST_STATUS });
	requests_add(all, WIRE_STAFF,
	    &(struct bundle_request){
		.kind = REQUEST_CHALLENGE, .challenge.person = GUARDIAN });
}

static void
keep_plain(struct requests *all)
{
	struct buf *body = &all->at[all->n].body;

	body->max = BUNDLE_TEXT_LEN;
	all->at[all->n++].type = WIRE_PLAIN;
	assert(age_seal(&all->w->env, &all->w->person[GUARDIAN].key, 1,
		   BYTES_LIT("The lift is broken."), body) == ERR_OK);
}

/* A challenge carries its own proof, by a key that is the same each time. */
static void
keep_login(struct requests *all)
{
	CLEAN_BUF struct buf note = BUF_INIT(LOGIN_NOTE_MAX);
	struct bundle_request q = { .kind = REQUEST_CHALLENGE,
		.challenge.person = GUARDIAN };
	struct login l = { .person = GUARDIAN };

	assert(world_request(all->w, &q) == ANSWER_OK);
	memcpy(l.root, all->w->first_root, sizeof(l.root));
	memcpy(l.challenge, all->w->answer.challenge.challenge,
	    sizeof(l.challenge));
	assert(login_sign(&l, all->w->person[GUARDIAN].sign_seed, &note) ==
	    ERR_OK);
	q = (struct bundle_request){ .kind = REQUEST_LOGIN,
		.login.note = buf_bytes(&note) };
	requests_add(all, WIRE_STAFF, &q);
}

/* What is answered later, what ends the session, what a plain reporter asks. */
static void
keep_rest(struct requests *all)
{
	const uint8_t *session = all->w->person[GUARDIAN].session;
	struct bundle_request q = { .kind = REQUEST_WATCH };
	struct buf *body;

	memcpy(q.watch.session, session, BUNDLE_SESSION_LEN);
	requests_add(all, WIRE_STAFF, &q);
	q = (struct bundle_request){ .kind = REQUEST_LOGOUT };
	memcpy(q.logout.session, session, BUNDLE_SESSION_LEN);
	requests_add(all, WIRE_STAFF, &q);
	body = &all->at[all->n].body;
	body->max = BUNDLE_TEXT_LEN;
	all->at[all->n++].type = WIRE_PLAIN_ANSWER;
	for (size_t i = 0; i < TOKEN_LEN; i++)
		buf_printf(body, "%02x", all->r->keys.token[i]);
	buf_put_str(body, "\n");
	assert(body->err == ERR_OK);
}

void
requests_make(struct requests *q, struct world *w, const struct reporter *r)
{
	*q = (struct requests){ .w = w, .r = r };
	keep_messages(q);
	keep_reads(q);
	keep_plain(q);
	keep_login(q);
	keep_actions(q);
	keep_envelopes(q);
	keep_rest(q);
}

void
requests_free(struct requests *q)
{
	for (size_t i = 0; i < q->n; i++)
		buf_free(&q->at[i].body);
}
