#include "tests/daemon/vault_world.h"

#include <stdio.h>
#include <string.h>

/* What `age -R` makes of the plain route's first people. */
static void
seal_plain(struct world *w, size_t n, struct buf *out)
{
	const struct age_recipient to[] = { w->person[GUARDIAN].key,
		w->person[SECOND_GUARDIAN].key };
	CLEAN_BUF struct buf text = BUF_INIT(BUNDLE_TEXT_LEN);

	buf_put_str(&text, "The lift is broken.\n");
	buf_put_zeros(&text, n);
	assert_int_equal(ERR_OK,
	    age_seal(&w->env, to, 2, buf_bytes(&text), out));
}

/* A reporter in name only: the case of that file. */
static void
case_of(struct bytes file, struct reporter *r)
{
	uint8_t hash[SHA256_LEN];
	const struct bytes part[] = { BYTES_LIT("speakup plain case v1"),
		file };

	memset(r, 0, sizeof(*r));
	assert_int_equal(ERR_OK, sha256_parts(part, 2, hash));
	memcpy(r->keys.case_id, hash, CASE_ID_LEN);
	assert_int_equal(ERR_OK, sha256(file, r->keys.token));
	r->route = 3;
	r->band = 3;
	r->talk = 1;
}

static void
test_a_plain_concern_reaches_its_readers_as_one_age_file(void **state)
{
	struct world *w = *state;
	CLEAN_BUF struct buf file = BUF_INIT(BUNDLE_TEXT_LEN);
	CLEAN_BUF struct buf got = BUF_INIT(BUNDLE_TEXT_LEN);
	CLEAN_BUF struct buf plain = BUF_INIT(BUNDLE_TEXT_LEN);
	const struct answer_head *h = &w->answer.open.heads.at[0];
	const struct age_keys keys = { .ids = &w->person[GUARDIAN].id,
		.n_ids = 1 };
	struct reporter r;

	seal_plain(w, 100, &file);
	case_of(buf_bytes(&file), &r);
	assert_int_equal(ANSWER_OK, world_ask(w, WIRE_PLAIN, buf_bytes(&file)));
	assert_int_equal(0, w->body.n);
	assert_int_equal(ANSWER_OK,
	    world_ask(w, WIRE_PLAIN, buf_bytes(&file))); /* again */
	assert_int_equal(ANSWER_OK, login(w, GUARDIAN));
	assert_int_equal(ANSWER_OK, login(w, EXECUTIVE));
	assert_int_equal(ANSWER_OK, queue(w, GUARDIAN, BYTES(NULL, 0), 10));
	assert_int_equal(1, w->answer.queue.n_rows);
	assert_true(w->answer.queue.row[0].is_plain);
	assert_int_equal(ANSWER_OK, open_case(w, GUARDIAN, &r, CHAIN_TALK, 0));
	assert_true(w->answer.open.is_plain);
	buf_put_bytes(&got, h->envelope);
	buf_put_bytes(&got, h->payload);
	assert_true(bytes_equal(buf_bytes(&got), buf_bytes(&file)));
	assert_int_equal(AGE_OK, age_open(&keys, buf_bytes(&got), &plain));
	assert_int_equal(ANSWER_UNKNOWN,
	    open_case(w, EXECUTIVE, &r, CHAIN_TALK, 0));
	world_check_store(w, 1);
}

/* The largest that may be sent does not fit an answer: it comes as a piece. */
/* Nobody can be left out of one: its ladder tells all whom it names. */
static void
test_a_plain_concern_that_waits_is_told_of(void **state)
{
	struct world *w = *state;
	CLEAN_BUF struct buf file = BUF_INIT(BUNDLE_TEXT_LEN);

	seal_plain(w, 100, &file);
	assert_int_equal(ANSWER_OK, world_ask(w, WIRE_PLAIN, buf_bytes(&file)));
	for (int days = 0; days < 2; days++) {
		assert_int_equal(ANSWER_OK, login(w, EXECUTIVE));
		assert_int_equal(ANSWER_OK,
		    queue(w, EXECUTIVE, BYTES(NULL, 0), 10));
		assert_int_equal(0, w->answer.queue.n_rows);
		assert_int_equal(days, w->answer.queue.n_overdue);
		w->now += 3 * DAY_SECONDS;
		while (vault_tick(w->vault))
			;
	}
	world_check_store(w, 1);
}

static void
test_the_largest_plain_concern_can_be_read(void **state)
{
	struct world *w = *state;
	CLEAN_BUF struct buf file = BUF_INIT(BUNDLE_TEXT_LEN);
	const struct answer_head *h = &w->answer.open.heads.at[0];
	struct bundle_request get = { .kind = REQUEST_GET,
		.get.is_staff = true };
	struct reporter r;
	size_t header = 0;

	seal_plain(w, BUNDLE_TEXT_LEN - 600, &file);
	assert_in_range(file.n, BUNDLE_TEXT_LEN - 400, BUNDLE_TEXT_LEN);
	case_of(buf_bytes(&file), &r);
	assert_int_equal(ANSWER_OK, world_ask(w, WIRE_PLAIN, buf_bytes(&file)));
	assert_int_equal(ANSWER_OK, login(w, GUARDIAN));
	assert_int_equal(ANSWER_OK, open_case(w, GUARDIAN, &r, CHAIN_TALK, 0));
	assert_int_equal(1, h->pieces);
	header = h->envelope.n;
	memcpy(get.get.session, w->person[GUARDIAN].session,
	    BUNDLE_SESSION_LEN);
	memcpy(get.get.case_id, r.keys.case_id, CASE_ID_LEN);
	assert_int_equal(ANSWER_OK, world_request(w, &get));
	assert_true(bytes_equal(w->answer.piece.piece,
	    BYTES(file.p + header, file.n - header)));
}

/* The same stanzas over and over: nobody could fetch it. */
static void
test_a_header_that_no_answer_could_bring_is_refused(void **state)
{
	struct world *w = *state;
	CLEAN_BUF struct buf file = BUF_INIT(BUNDLE_TEXT_LEN);
	CLEAN_BUF struct buf long_one = BUF_INIT(BUNDLE_TEXT_LEN);
	struct reader r;
	struct bytes stanza;
	const uint8_t *mac;

	seal_plain(w, 0, &file);
	r = reader_over(buf_bytes(&file));
	buf_put_bytes(&long_one, reader_line(&r));
	buf_put_str(&long_one, "\n");
	mac = memmem(r.p, r.n, "---", 3);
	assert_non_null(mac);
	stanza = BYTES(r.p, (size_t)(mac - r.p));
	while (long_one.n + stanza.n + file.n < BUNDLE_MESSAGE_MAX)
		buf_put_bytes(&long_one, stanza);
	buf_put(&long_one, mac, (size_t)(file.p + file.n - mac));
	assert_int_equal(ERR_OK, long_one.err);
	assert_int_equal(ANSWER_TOO_LARGE,
	    world_ask(w, WIRE_PLAIN, buf_bytes(&long_one)));
	world_check_store(w, 0);
}

static void
test_what_is_not_an_age_file_of_ours_is_refused(void **state)
{
	static const uint8_t junk[] = "age-encryption.org/v1\nnot really";
	struct world *w = *state;
	CLEAN_BUF struct buf file = BUF_INIT(BUNDLE_TEXT_LEN);
	size_t header = 0;

	seal_plain(w, 0, &file);
	assert_int_equal(ERR_OK,
	    age_header_length(buf_bytes(&file), &header, NULL));
	assert_int_equal(ANSWER_BAD_BUNDLE,
	    world_ask(w, WIRE_PLAIN, BYTES(junk, sizeof(junk))));
	assert_int_equal(ANSWER_BAD_BUNDLE,
	    world_ask(w, WIRE_PLAIN, BYTES(NULL, 0)));
	assert_int_equal(ANSWER_BAD_BUNDLE,
	    world_ask(w, WIRE_PLAIN, BYTES(file.p, header + 8)));
	world_check_store(w, 0);
}

static enum answer
ask_answer(struct world *w, const struct reporter *r, const char *tail)
{
	char token[2 * TOKEN_LEN + 1], body[128];
	int n;

	hex_encode(token, r->keys.token, TOKEN_LEN);
	n = snprintf(body, sizeof(body), "%s%s", token, tail);
	return world_ask(w, WIRE_PLAIN_ANSWER,
	    BYTES((const uint8_t *)body, (size_t)n));
}

static void
test_answers_come_back_armored_to_whoever_has_the_file(void **state)
{
	static const uint16_t to[] = { GUARDIAN, SECOND_GUARDIAN };
	struct world *w = *state;
	CLEAN_BUF struct buf file = BUF_INIT(BUNDLE_TEXT_LEN);
	CLEAN_BUF struct buf plain = BUF_INIT(BUNDLE_TEXT_LEN);
	struct reporter r, keys;
	struct age_keys age = { .n_ids = 1 };

	reporter_new(&keys, 7);
	seal_plain(w, 0, &file);
	case_of(buf_bytes(&file), &r);
	r.keys.reply[0] = keys.keys.reply[0];
	age.ids = &r.keys.reply[0];
	assert_int_equal(ANSWER_OK, world_ask(w, WIRE_PLAIN, buf_bytes(&file)));
	assert_int_equal(ANSWER_UNKNOWN, ask_answer(w, &r, "\n"));
	assert_int_equal(ANSWER_OK, login(w, GUARDIAN));
	assert_int_equal(ANSWER_OK, open_case(w, GUARDIAN, &r, CHAIN_TALK, 0));
	/* The link of what has no preamble: over the head that was served. */
	{
		const struct answer_head *h = &w->answer.open.heads.at[0];
		uint8_t payload[SHA256_LEN], content[SHA256_LEN];
		uint8_t header[1][SHA256_LEN];

		assert_int_equal(ERR_OK,
		    payload_digest_of(h->payload, payload));
		assert_int_equal(ERR_OK, sha256(h->envelope, header[0]));
		assert_int_equal(ERR_OK,
		    content_digest(payload,
			(const uint8_t(*)[SHA256_LEN])header, 1, content));
		assert_int_equal(ERR_OK, link_digest(h->head, content, r.head));
	}
	post_ok(w, &r, MESSAGE_REPLY, GUARDIAN, to, 2);
	assert_int_equal(ANSWER_OK, ask_answer(w, &r, "\n"));
	assert_int_equal(AGE_OK, age_open(&age, buf_bytes(&w->body), &plain));
	assert_int_equal(ANSWER_OK, ask_answer(w, &r, " 1\n"));
	assert_int_equal(ANSWER_UNKNOWN, ask_answer(w, &r, " 2\n"));
	assert_int_equal(ANSWER_BAD_REQUEST, ask_answer(w, &r, " 0\n"));
	assert_int_equal(ANSWER_BAD_REQUEST, ask_answer(w, &r, ""));
	assert_int_equal(ANSWER_BAD_REQUEST, ask_answer(w, &r, "1\n"));
	assert_int_equal(ANSWER_BAD_REQUEST, ask_answer(w, &r, "\n\n"));
	world_check_store(w, 1);
}

int
main(void)
{
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_a_plain_concern_reaches_its_readers_as_one_age_file),
		TEST(test_a_plain_concern_that_waits_is_told_of),
		TEST(test_the_largest_plain_concern_can_be_read),
		TEST(test_a_header_that_no_answer_could_bring_is_refused),
		TEST(test_what_is_not_an_age_file_of_ours_is_refused),
		TEST(test_answers_come_back_armored_to_whoever_has_the_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
