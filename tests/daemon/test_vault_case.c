#include "tests/daemon/vault_world.h"

#include <string.h>

static const uint16_t guardians[] = { GUARDIAN, SECOND_GUARDIAN };
static const uint16_t all_members[] = { GUARDIAN, SECOND_GUARDIAN, EXECUTIVE,
	NED_LEAD };
static const uint8_t no_link[LINK_LEN];

static void
test_a_filed_concern_comes_back_by_token_and_opens(void **state)
{
	struct world *w = *state;
	struct answer_mailbox *m = &w->answer.mailbox;
	struct reporter r;

	reporter_new(&r, 1);
	file_concern_of(w, &r);
	assert_int_equal(ANSWER_OK, poll_mailbox(w, &r, 0));
	assert_int_equal(1, m->count);
	assert_false(m->is_withdrawn);
	assert_int_equal(1, m->heads.n);
	assert_opens(w, &m->heads.at[0], &r, PERSON_REPORTER, PERSON_REPORTER);
	assert_int_equal(ANSWER_OK, poll_mailbox(w, &r, 1));
	assert_int_equal(1, m->count);
	assert_int_equal(0, m->heads.n);
	world_restart(w);
	assert_int_equal(ANSWER_OK, poll_mailbox(w, &r, 0));
	assert_opens(w, &m->heads.at[0], &r, PERSON_REPORTER, PERSON_REPORTER);
	world_check_store(w, 1);
}

static void
test_the_same_bundle_again_is_stored_once_with_the_same_statement(void **state)
{
	struct world *w = *state;
	CLEAN_DRAFT struct draft d = { 0 }, other = { 0 };
	struct bytes first, again;
	uint8_t copy[PROOF_MAX];
	struct reporter r;

	reporter_new(&r, 1);
	draft_concern(w, &r, guardians, 2, &d);
	draft_concern(w, &r, guardians, 2, &other);
	assert_int_equal(ANSWER_OK, world_request(w, &d.request));
	assert_int_equal(ERR_OK,
	    proof_verify(w->answer.stored.proof, w->root.instance_keys, 1,
		&first));
	memcpy(copy, first.p, first.n);
	w->now += 3 * DAY_SECONDS;
	assert_int_equal(ANSWER_OK, world_request(w, &d.request));
	assert_int_equal(ERR_OK,
	    proof_verify(w->answer.stored.proof, w->root.instance_keys, 1,
		&again));
	assert_true(bytes_equal(again, BYTES(copy, first.n)));
	assert_int_equal(ANSWER_EXISTS, world_request(w, &other.request));
	world_check_store(w, 1);
}

/* Both in one batch: nobody can have had an answer yet. */
static void
test_the_same_bundle_twice_in_one_batch_is_stored_once(void **state)
{
	struct world *w = *state;
	CLEAN_BUF struct buf a = BUF_INIT(BUNDLE_TEXT_LEN);
	CLEAN_BUF struct buf b = BUF_INIT(BUNDLE_TEXT_LEN);
	CLEAN_DRAFT struct draft d = { 0 };
	struct reporter r;

	reporter_new(&r, 1);
	draft_concern(w, &r, guardians, 2, &d);
	world_send(w, &d.request, &a);
	world_send(w, &d.request, &b);
	assert_int_equal(2, vault_waiting(w->vault));
	assert_int_equal(0, w->answers);
	vault_commit(w->vault);
	assert_int_equal(2, w->answers);
	assert_int_equal(ANSWER_OK, w->status);
	world_check_store(w, 1);
}

enum fault {
	NONE,
	POLICY,
	ROUTE,
	TWICE,
	NO_REPORTER,
	ONLY_REPORTER,
	NOBODY,
	LONGER_ENVELOPE,
	TWO_STANZAS,
	UNPADDED,
	UNKNOWN_UPLOAD,
	FAULTS
};

/* An envelope in `odd` that is not sound. */
static struct bytes
odd_envelope(struct world *w, enum fault fault, struct bytes good,
    struct buf *odd)
{
	const struct age_recipient two[] = { w->person[1].key,
		w->person[2].key };
	const uint8_t file_key[AGE_FILE_KEY_LEN] = { 1 };

	if (fault == TWO_STANZAS) {
		assert_int_equal(ERR_OK,
		    age_header_seal(&w->env, file_key, two, 2, odd));
	} else {
		buf_put_bytes(odd, good);
		buf_put_str(odd, "x");
	}
	return buf_bytes(odd);
}

static void
spoil(struct world *w, enum fault fault, struct request_concern *c,
    struct buf *odd)
{
	struct bundle_to *to = c->content.to;

	switch (fault) {
	case NONE:
	case FAULTS:
		break;
	case POLICY:
		c->policy[0] ^= 1;
		break;
	case ROUTE:
		c->route = 999;
		break;
	case TWICE:
		to[1].person = GUARDIAN;
		break;
	case NO_REPORTER:
		c->content.n_to = 2;
		break;
	case ONLY_REPORTER:
		to[0] = to[2];
		c->content.n_to = 1;
		break;
	case NOBODY:
		to[0].person = 4321;
		break;
	case LONGER_ENVELOPE:
	case TWO_STANZAS:
		to[0].envelope = odd_envelope(w, fault, to[0].envelope, odd);
		break;
	case UNPADDED:
		c->content.payload.n -= 16;
		break;
	case UNKNOWN_UPLOAD:
		c->content.is_upload = true;
		c->content.upload_len = c->content.payload.n;
		c->content.upload_id[0] = 7;
		break;
	}
}

/* Refused concerns leave nothing behind: the good one comes last, under the
 * same case key. */
static void
test_concerns_that_break_the_rules_are_refused(void **state)
{
	static const enum answer want[FAULTS] = {
		[NONE] = ANSWER_OK,
		[POLICY] = ANSWER_BAD_POLICY,
		[ROUTE] = ANSWER_BAD_BUNDLE,
		[TWICE] = ANSWER_BAD_BUNDLE,
		[NO_REPORTER] = ANSWER_BAD_BUNDLE,
		[ONLY_REPORTER] = ANSWER_BAD_BUNDLE,
		[NOBODY] = ANSWER_DENIED,
		[LONGER_ENVELOPE] = ANSWER_BAD_BUNDLE,
		[TWO_STANZAS] = ANSWER_BAD_BUNDLE,
		[UNPADDED] = ANSWER_BAD_BUNDLE,
		[UNKNOWN_UPLOAD] = ANSWER_UNKNOWN,
	};
	struct world *w = *state;
	struct reporter r;

	reporter_new(&r, 9);
	for (int fault = FAULTS - 1; fault >= NONE; fault--) {
		CLEAN_DRAFT struct draft d = { 0 };
		CLEAN_BUF struct buf odd = BUF_INIT(4096);
		CLEAN_BUF struct buf body = BUF_INIT(BUNDLE_PIECE_LEN);

		draft_concern(w, &r, guardians, 2, &d);
		spoil(w, (enum fault)fault, &d.request.concern, &odd);
		/* What no client can even write, the parser refuses. */
		if (bundle_request_put(&d.request, &body) != ERR_OK)
			assert_int_equal(ANSWER_BAD_BUNDLE, want[fault]);
		else
			assert_int_equal(want[fault],
			    world_ask(w, WIRE_TEXT, buf_bytes(&body)));
	}
	world_check_store(w, 1);
}

static void
test_reporter_and_staff_talk_both_ways(void **state)
{
	struct world *w = *state;
	CLEAN_DRAFT struct draft note = { 0 };
	struct answer_heads *h = &w->answer.mailbox.heads;
	struct reporter r;

	reporter_new(&r, 1);
	file_concern_of(w, &r);
	assert_int_equal(ANSWER_OK, login(w, GUARDIAN));
	assert_int_equal(ANSWER_OK, login(w, SECOND_GUARDIAN));
	post_ok(w, &r, MESSAGE_ACK, GUARDIAN, NULL, 0);
	post_ok(w, &r, MESSAGE_REPLY, GUARDIAN, all_members, 4);
	post_ok(w, &r, MESSAGE_FOLLOWUP, PERSON_REPORTER, all_members, 4);
	post_ok(w, &r, MESSAGE_REPLY, SECOND_GUARDIAN, all_members, 4);
	draft_message(w, &r, MESSAGE_NOTE, GUARDIAN, 0, no_link, guardians, 2,
	    &note);
	assert_int_equal(ANSWER_OK, world_request(w, &note.request));
	assert_proof(w, &r, MESSAGE_NOTE, note.link);

	assert_int_equal(ANSWER_OK, poll_mailbox(w, &r, 0));
	assert_int_equal(5, w->answer.mailbox.count);
	assert_int_equal(3, h->n);		  /* what fits */
	assert_int_equal(0, h->at[1].envelope.n); /* an ack has none */
	assert_int_equal(ANSWER_OK, poll_mailbox(w, &r, 2));
	assert_opens(w, &h->at[0], &r, PERSON_REPORTER, GUARDIAN);
	assert_int_equal(ANSWER_OK, poll_mailbox(w, &r, 4));
	assert_opens(w, &h->at[0], &r, PERSON_REPORTER, SECOND_GUARDIAN);

	h = &w->answer.open.heads;
	assert_int_equal(ANSWER_OK,
	    open_case(w, SECOND_GUARDIAN, &r, CHAIN_STAFF, 0));
	assert_int_equal(1, w->answer.open.count);
	assert_opens(w, &h->at[0], &r, SECOND_GUARDIAN, GUARDIAN);
	assert_int_equal(ANSWER_OK,
	    open_case(w, SECOND_GUARDIAN, &r, CHAIN_TALK, 3));
	assert_int_equal(CASE_ACKNOWLEDGED, w->answer.open.state);
	assert_opens(w, &h->at[0], &r, SECOND_GUARDIAN, PERSON_REPORTER);
	world_check_store(w, 1);
}

static void
test_withdrawn_before_the_acknowledgement_it_is_gone(void **state)
{
	struct world *w = *state;
	struct reporter r;

	reporter_new(&r, 1);
	file_concern_of(w, &r);
	post_ok(w, &r, MESSAGE_FOLLOWUP, PERSON_REPORTER, guardians, 2);
	post_ok(w, &r, MESSAGE_WITHDRAW, PERSON_REPORTER, NULL, 0);
	assert_int_equal(ANSWER_OK, poll_mailbox(w, &r, 0));
	assert_int_equal(0, w->answer.mailbox.count);
	assert_int_equal(ANSWER_OK, login(w, GUARDIAN));
	assert_int_equal(ANSWER_OK, queue(w, GUARDIAN, BYTES(NULL, 0), 10));
	assert_int_equal(0, w->answer.queue.n_rows);
	assert_int_equal(0, w->answer.queue.open);
	assert_int_equal(ANSWER_UNKNOWN,
	    open_case(w, GUARDIAN, &r, CHAIN_TALK, 0));
	world_check_store(w, 0);
}

static void
test_withdrawn_after_the_acknowledgement_it_is_marked(void **state)
{
	struct world *w = *state;
	CLEAN_DRAFT struct draft d = { 0 };
	const struct answer_queue *q = &w->answer.queue;
	struct reporter r, later;

	reporter_new(&r, 1);
	reporter_new(&later, 2);
	file_concern_of(w, &r);
	w->now += DAY_SECONDS;
	file_concern_of(w, &later);
	assert_int_equal(ANSWER_OK, login(w, GUARDIAN));
	post_ok(w, &r, MESSAGE_ACK, GUARDIAN, NULL, 0);
	post_ok(w, &r, MESSAGE_WITHDRAW, PERSON_REPORTER, NULL, 0);
	assert_int_equal(ANSWER_OK, poll_mailbox(w, &r, 0));
	assert_int_equal(3, w->answer.mailbox.count);
	assert_true(w->answer.mailbox.is_withdrawn);
	assert_int_equal(ANSWER_OK, open_case(w, GUARDIAN, &r, CHAIN_TALK, 0));
	assert_int_equal(CASE_WITHDRAWN, w->answer.open.state);
	draft_message(w, &r, MESSAGE_FOLLOWUP, PERSON_REPORTER, r.talk, r.head,
	    guardians, 2, &d);
	assert_int_equal(ANSWER_DENIED, world_request(w, &d.request));
	/* What is still open comes before it. */
	assert_int_equal(ANSWER_OK, queue(w, GUARDIAN, BYTES(NULL, 0), 10));
	assert_int_equal(2, q->n_rows);
	assert_memory_equal(later.keys.case_id, q->row[0].case_id, CASE_ID_LEN);
	assert_int_equal(CASE_WITHDRAWN, q->row[1].state);
	world_check_store(w, 2);
}

static void
test_of_two_writers_one_wins_and_the_other_signs_again(void **state)
{
	struct world *w = *state;
	CLEAN_BUF struct buf a = BUF_INIT(BUNDLE_TEXT_LEN);
	CLEAN_BUF struct buf b = BUF_INIT(BUNDLE_TEXT_LEN);
	CLEAN_DRAFT struct draft one = { 0 }, two = { 0 };
	struct reporter r;

	reporter_new(&r, 1);
	file_concern_of(w, &r);
	assert_int_equal(ANSWER_OK, login(w, GUARDIAN));
	assert_int_equal(ANSWER_OK, login(w, SECOND_GUARDIAN));
	draft_message(w, &r, MESSAGE_REPLY, GUARDIAN, 1, r.head, guardians, 2,
	    &one);
	draft_message(w, &r, MESSAGE_REPLY, SECOND_GUARDIAN, 1, r.head,
	    guardians, 2, &two);
	world_send(w, &one.request, &a);
	world_send(w, &two.request, &b);
	vault_commit(w->vault);
	assert_int_equal(ANSWER_CONFLICT, w->status); /* of the second */
	assert_int_equal(ANSWER_CONFLICT, world_request(w, &two.request));
	assert_int_equal(ANSWER_OK, world_request(w, &one.request)); /* again */
	assert_proof(w, &r, MESSAGE_REPLY, one.link);
	draft_free(&two);
	draft_message(w, &r, MESSAGE_REPLY, SECOND_GUARDIAN, 2, one.link,
	    guardians, 2, &two);
	assert_int_equal(ANSWER_OK, world_request(w, &two.request));
	world_check_store(w, 1);
}

/* The bytes of an envelope are nowhere in the last answer. */
static void
assert_not_served(struct world *w, struct bytes envelope)
{
	assert_true(w->body.n == 0 ||
	    memmem(w->body.p, w->body.n, envelope.p, envelope.n) == NULL);
}

static void
test_an_envelope_of_a_later_rung_is_never_served(void **state)
{
	struct world *w = *state;
	CLEAN_DRAFT struct draft d = { 0 }, post = { 0 };
	struct bundle_request get = { .kind = REQUEST_GET,
		.get.is_staff = true };
	struct reporter r;
	struct bytes kept_back;

	reporter_new(&r, 1);
	draft_concern(w, &r, all_members, 4, &d);
	assert_int_equal(ANSWER_OK, world_request(w, &d.request));
	kept_back = d.content.to[2].envelope; /* EXECUTIVE's */
	assert_int_equal(ANSWER_OK, login(w, EXECUTIVE));
	assert_int_equal(ANSWER_OK, login(w, GUARDIAN));
	assert_int_equal(ANSWER_OK, queue(w, EXECUTIVE, BYTES(NULL, 0), 10));
	assert_int_equal(0, w->answer.queue.open);
	assert_int_equal(0, w->answer.queue.n_rows);
	assert_int_equal(ANSWER_UNKNOWN,
	    open_case(w, EXECUTIVE, &r, CHAIN_TALK, 0));
	memcpy(get.get.session, w->person[EXECUTIVE].session,
	    BUNDLE_SESSION_LEN);
	memcpy(get.get.case_id, r.keys.case_id, CASE_ID_LEN);
	assert_int_equal(ANSWER_UNKNOWN, world_request(w, &get));
	draft_message(w, &r, MESSAGE_ACK, EXECUTIVE, 1, d.link, NULL, 0, &post);
	assert_int_equal(ANSWER_UNKNOWN, world_request(w, &post.request));
	assert_int_equal(ANSWER_OK, open_case(w, GUARDIAN, &r, CHAIN_TALK, 0));
	assert_opens(w, &w->answer.open.heads.at[0], &r, GUARDIAN,
	    PERSON_REPORTER);
	assert_not_served(w, kept_back);
	assert_int_equal(ANSWER_OK, poll_mailbox(w, &r, 0));
	assert_not_served(w, kept_back);
}

/* Sealed later to somebody who is nowhere on the route: kept back as well. */
static void
test_a_message_sealed_to_a_stranger_does_not_let_them_in(void **state)
{
	static const uint16_t with_chair[] = { GUARDIAN, CHAIR };
	struct world *w = *state;
	struct reporter r;

	reporter_new(&r, 1);
	file_concern_of(w, &r);
	post_ok(w, &r, MESSAGE_FOLLOWUP, PERSON_REPORTER, with_chair, 2);
	assert_int_equal(ANSWER_OK, login(w, CHAIR));
	assert_int_equal(ANSWER_UNKNOWN,
	    open_case(w, CHAIR, &r, CHAIN_TALK, 0));
	assert_int_equal(ANSWER_OK, queue(w, CHAIR, BYTES(NULL, 0), 10));
	assert_int_equal(0, w->answer.queue.n_rows);
	world_check_store(w, 1);
}

/* The entry in d, signed with another key in the author's name. */
static void
forge(struct draft *d)
{
	const uint8_t seed[SIGN_SEED_LEN] = { 3 };
	struct bytes *in = d->request.kind == REQUEST_POST
	    ? &d->request.post.entry
	    : &d->request.followup.entry;
	struct entry e;

	assert_int_equal(ERR_OK, entry_parse(buf_bytes(&d->entry), &e));
	buf_reset(&d->entry);
	assert_int_equal(ERR_OK, entry_sign(&e, seed, &d->entry));
	*in = buf_bytes(&d->entry);
}

enum wrong { RIGHT, SIGNER, CONTENT, READERS };

struct bad_message {
	enum message_kind kind;
	uint16_t author;
	uint16_t session; /* of whom; 0: none */
	enum wrong wrong;
	enum answer want;
};

static enum answer
send_message(struct world *w, const struct reporter *r,
    const struct bad_message *bad)
{
	static const uint8_t no_session[BUNDLE_SESSION_LEN];
	CLEAN_DRAFT struct draft d = { 0 };
	struct bundle_content *c;

	draft_message(w, r, bad->kind, bad->author, 1, r->head, guardians, 2,
	    &d);
	c = bad->author == PERSON_REPORTER ? &d.request.followup.content
					   : &d.request.post.content;
	if (bad->author != PERSON_REPORTER)
		memcpy(d.request.post.session,
		    bad->session == 0 ? no_session
				      : w->person[bad->session].session,
		    BUNDLE_SESSION_LEN);
	if (bad->wrong == SIGNER)
		forge(&d);
	else if (bad->wrong == CONTENT)
		c->to[0].envelope = c->to[1].envelope;
	else if (bad->wrong == READERS)
		c->n_to = 2;
	return world_request(w, &d.request);
}

static void
test_messages_that_break_the_rules_are_refused(void **state)
{
	static const struct bad_message bad[] = {
		{ MESSAGE_REPLY, GUARDIAN, SECOND_GUARDIAN, RIGHT,
		    ANSWER_DENIED },
		{ MESSAGE_REPLY, GUARDIAN, GUARDIAN, SIGNER,
		    ANSWER_BAD_SIGNATURE },
		{ MESSAGE_REPLY, GUARDIAN, GUARDIAN, CONTENT,
		    ANSWER_BAD_SIGNATURE },
		{ MESSAGE_REPLY, CHAIR, CHAIR, RIGHT, ANSWER_UNKNOWN },
		{ MESSAGE_REPLY, EXECUTIVE, EXECUTIVE, RIGHT, ANSWER_UNKNOWN },
		{ MESSAGE_REPLY, GUARDIAN, 0, RIGHT, ANSWER_NO_SESSION },
		/* a reply that the reporter could not read */
		{ MESSAGE_REPLY, GUARDIAN, GUARDIAN, READERS,
		    ANSWER_BAD_BUNDLE },
		{ MESSAGE_FOLLOWUP, PERSON_REPORTER, 0, SIGNER,
		    ANSWER_UNKNOWN },
		{ MESSAGE_FOLLOWUP, PERSON_REPORTER, 0, CONTENT,
		    ANSWER_BAD_SIGNATURE },
	};
	struct world *w = *state;
	struct reporter r;

	reporter_new(&r, 1);
	file_concern_of(w, &r);
	for (uint16_t i = 1; i <= CHAIR; i++)
		assert_int_equal(ANSWER_OK, login(w, i));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(bad[i].want, send_message(w, &r, &bad[i]));
	assert_int_equal(ANSWER_OK, poll_mailbox(w, &r, 0));
	assert_int_equal(1, w->answer.mailbox.count);
	world_check_store(w, 1);
}

static void
test_only_the_first_acknowledgement_is_taken(void **state)
{
	struct world *w = *state;
	CLEAN_DRAFT struct draft d = { 0 };
	struct reporter r;

	reporter_new(&r, 1);
	file_concern_of(w, &r);
	assert_int_equal(ANSWER_OK, login(w, GUARDIAN));
	assert_int_equal(ANSWER_OK, login(w, SECOND_GUARDIAN));
	post_ok(w, &r, MESSAGE_ACK, GUARDIAN, NULL, 0);
	draft_message(w, &r, MESSAGE_ACK, SECOND_GUARDIAN, r.talk, r.head, NULL,
	    0, &d);
	assert_int_equal(ANSWER_NOT_NOW, world_request(w, &d.request));
}

/* Whoever guesses tokens learns nothing: not from the answer. */
static void
test_an_unknown_mailbox_answers_like_an_empty_one(void **state)
{
	struct world *w = *state;
	struct reporter r, nobody;
	uint8_t before[128];
	size_t n;

	reporter_new(&r, 1);
	reporter_new(&nobody, 2);
	assert_int_equal(ANSWER_OK, poll_mailbox(w, &nobody, 0));
	assert_int_equal(0, w->answer.mailbox.count);
	n = w->body.n;
	assert_true(n < sizeof(before));
	memcpy(before, w->body.p, n);
	file_concern_of(w, &r); /* now there is something to look into */
	assert_int_equal(ANSWER_OK, poll_mailbox(w, &nobody, 0));
	assert_int_equal(n, w->body.n);
	assert_memory_equal(before, w->body.p, n);
}

static void
test_a_refused_message_gives_nobody_the_case(void **state)
{
	struct world *w = *state;
	CLEAN_DRAFT struct draft d = { 0 };
	struct reporter r;

	reporter_new(&r, 1);
	draft_concern(w, &r, guardians, 1, &d);
	assert_int_equal(ANSWER_OK, world_request(w, &d.request));
	memcpy(r.head, d.link, LINK_LEN);
	r.talk = 1;
	draft_free(&d);
	while (r.talk < STORE_REPORTER_MESSAGES_MAX)
		post_ok(w, &r, MESSAGE_FOLLOWUP, PERSON_REPORTER, guardians, 1);
	draft_message(w, &r, MESSAGE_FOLLOWUP, PERSON_REPORTER, r.talk, r.head,
	    guardians, 2, &d);
	assert_int_equal(ANSWER_TOO_LARGE, world_request(w, &d.request));
	assert_int_equal(ANSWER_OK, login(w, SECOND_GUARDIAN));
	assert_int_equal(ANSWER_OK,
	    queue(w, SECOND_GUARDIAN, BYTES(NULL, 0), 10));
	assert_int_equal(0, w->answer.queue.open);
	world_check_store(w, 1);
}

int
main(void)
{
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_a_filed_concern_comes_back_by_token_and_opens),
		TEST(
		    test_the_same_bundle_again_is_stored_once_with_the_same_statement),
		TEST(test_the_same_bundle_twice_in_one_batch_is_stored_once),
		TEST(test_concerns_that_break_the_rules_are_refused),
		TEST(test_reporter_and_staff_talk_both_ways),
		TEST(test_withdrawn_before_the_acknowledgement_it_is_gone),
		TEST(test_withdrawn_after_the_acknowledgement_it_is_marked),
		TEST(test_of_two_writers_one_wins_and_the_other_signs_again),
		TEST(test_an_envelope_of_a_later_rung_is_never_served),
		TEST(test_a_message_sealed_to_a_stranger_does_not_let_them_in),
		TEST(test_messages_that_break_the_rules_are_refused),
		TEST(test_only_the_first_acknowledgement_is_taken),
		TEST(test_an_unknown_mailbox_answers_like_an_empty_one),
		TEST(test_a_refused_message_gives_nobody_the_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
