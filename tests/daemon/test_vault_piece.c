#include "tests/daemon/vault_world.h"

#include <stdlib.h>
#include <string.h>

#define PIECES 3

static const uint16_t guardians[] = { GUARDIAN, SECOND_GUARDIAN };
static const uint8_t upload_id[BUNDLE_UPLOAD_ID_LEN] = { 0xab, 1 };

/* A payload of three pieces, of a length that a padded archive has. */
static struct buf big;

static int
setup(void **state)
{
	uint64_t plain = sealed_pad_size(2 * PIECE_LEN + 12345);
	size_t n = (size_t)age_payload_size(plain);

	big = (struct buf)BUF_INIT(1 << 20);
	assert_non_null(buf_grow(&big, n));
	for (size_t i = 0; i < n; i++)
		big.p[i] = (uint8_t)(i * 131 + i / 4099);
	*state = world_new();
	return 0;
}

static int
teardown(void **state)
{
	buf_free(&big);
	world_free(*state);
	return 0;
}

static struct bytes
piece(size_t i)
{
	size_t at = i * PIECE_LEN;

	return BYTES(big.p + at,
	    big.n - at < PIECE_LEN ? big.n - at : PIECE_LEN);
}

static enum answer
put(struct world *w, uint32_t index, struct bytes data)
{
	struct bundle_request q = { .kind = REQUEST_PUT,
		.put.size = big.n,
		.put.index = index,
		.put.piece = data };

	memcpy(q.put.upload_id, upload_id, sizeof(upload_id));
	return world_request(w, &q);
}

static void
assert_have(struct world *w, const char *have)
{
	struct bundle_request q = { .kind = REQUEST_STATUS };

	memcpy(q.status.upload_id, upload_id, sizeof(upload_id));
	assert_int_equal(ANSWER_OK, world_request(w, &q));
	assert_true(bytes_equal(w->answer.pieces.have, bytes_str(have)));
}

static void
upload_all(struct world *w)
{
	for (uint32_t i = 0; i < PIECES; i++)
		assert_int_equal(ANSWER_OK, put(w, i, piece(i)));
}

/* A concern whose payload is the upload. */
static void
draft_with_upload(struct world *w, struct reporter *r, struct draft *d)
{
	struct bundle_content *c = &d->request.concern.content;

	draft_concern(w, r, guardians, 2, d);
	c->is_upload = true;
	c->upload_len = big.n;
	memcpy(c->upload_id, upload_id, sizeof(upload_id));
	c->payload = BYTES(NULL, 0);
}

static void
test_an_upload_is_taken_up_where_it_stopped(void **state)
{
	struct world *w = *state;

	assert_have(w, "");
	assert_int_equal(ANSWER_OK, put(w, 1, piece(1)));
	assert_true(bytes_equal(w->answer.pieces.have, BYTES_LIT("010")));
	world_restart(w);
	assert_have(w, "010");
	assert_int_equal(ANSWER_OK, put(w, 1, piece(1))); /* the same again */
	assert_int_equal(ANSWER_OK, put(w, 2, piece(2)));
	assert_int_equal(ANSWER_OK, put(w, 0, piece(0)));
	assert_have(w, "111");
	world_check_store(w, 0);
}

static void
test_other_bytes_for_a_piece_are_refused(void **state)
{
	struct world *w = *state;

	assert_int_equal(ANSWER_OK, put(w, 0, piece(0)));
	assert_int_equal(ANSWER_EXISTS, put(w, 0, piece(1)));
	assert_have(w, "100");
}

static enum answer
get(struct world *w, const struct reporter *r, uint16_t person, uint32_t index)
{
	struct bundle_request q = { .kind = REQUEST_GET,
		.get.index = index,
		.get.is_staff = person != PERSON_REPORTER };

	memcpy(q.get.token, r->keys.token, TOKEN_LEN);
	memcpy(q.get.case_id, r->keys.case_id, CASE_ID_LEN);
	memcpy(q.get.session, w->person[person].session, BUNDLE_SESSION_LEN);
	return world_request(w, &q);
}

static void
test_a_concern_in_pieces_comes_back_to_both_sides(void **state)
{
	static const uint16_t readers[] = { PERSON_REPORTER, GUARDIAN };
	struct world *w = *state;
	const struct answer_piece *a = &w->answer.piece;
	CLEAN_DRAFT struct draft d = { 0 };
	struct reporter r;

	reporter_new(&r, 1);
	upload_all(w);
	draft_with_upload(w, &r, &d);
	assert_int_equal(ANSWER_OK, world_request(w, &d.request));
	assert_int_equal(ANSWER_OK, world_request(w, &d.request)); /* again */
	assert_have(w, ""); /* it is the message's now */
	assert_int_equal(ANSWER_OK, poll_mailbox(w, &r, 0));
	assert_int_equal(PIECES, w->answer.mailbox.heads.at[0].pieces);
	assert_int_equal(ANSWER_OK, login(w, GUARDIAN));
	assert_int_equal(ANSWER_OK, login(w, CHAIR));
	for (size_t k = 0; k < 2; k++)
		for (uint32_t i = 0; i < PIECES; i++) {
			assert_int_equal(ANSWER_OK, get(w, &r, readers[k], i));
			assert_int_equal(i, a->index);
			assert_int_equal(PIECES, a->count);
			assert_true(bytes_equal(a->piece, piece(i)));
		}
	assert_int_equal(ANSWER_UNKNOWN, get(w, &r, GUARDIAN, PIECES));
	assert_int_equal(ANSWER_UNKNOWN, get(w, &r, CHAIR, 0));
	world_check_store(w, 1);
}

static void
test_a_concern_with_half_an_upload_is_refused(void **state)
{
	struct world *w = *state;
	CLEAN_DRAFT struct draft d = { 0 };
	struct reporter r;

	reporter_new(&r, 1);
	assert_int_equal(ANSWER_OK, put(w, 0, piece(0)));
	draft_with_upload(w, &r, &d);
	assert_int_equal(ANSWER_DENIED, world_request(w, &d.request));
	d.request.concern.content.upload_len =
	    age_payload_size(sealed_pad_size(5 * PIECE_LEN));
	assert_int_equal(ANSWER_BAD_BUNDLE, world_request(w, &d.request));
	world_check_store(w, 0);
}

static void
test_an_upload_nobody_goes_on_with_is_gone_after_a_day(void **state)
{
	struct world *w = *state;

	assert_int_equal(ANSWER_OK, put(w, 0, piece(0)));
	w->now += 23 * 3600;
	vault_tick(w->vault);
	assert_have(w, "100");
	assert_int_equal(ANSWER_OK, put(w, 1, piece(1))); /* goes on */
	w->now += 23 * 3600;
	vault_tick(w->vault);
	assert_have(w, "110");
	w->now += 3 * 3600;
	vault_tick(w->vault);
	assert_have(w, "");
	world_check_store(w, 0);
}

static void
test_uploads_expire_faster_than_they_can_be_made(void **state)
{
	struct world *w = *state;
	struct bundle_request q = {
		.kind = REQUEST_PUT, .put.size = 1, .put.piece = BYTES_LIT("x")
	};
	unsigned ticks = 0;

	for (unsigned n = 0; n < 50; n++) {
		q.put.upload_id[0] = (uint8_t)n;
		assert_int_equal(ANSWER_OK, world_request(w, &q));
	}
	w->now += 25 * 3600;
	while (vault_tick(w->vault))
		ticks++;
	assert_in_range(ticks, 1, 10);
	q.kind = REQUEST_STATUS;
	for (unsigned n = 0; n < 50; n++) {
		memset(&q.status, 0, sizeof(q.status));
		q.status.upload_id[0] = (uint8_t)n;
		assert_int_equal(ANSWER_OK, world_request(w, &q));
		assert_int_equal(0, w->answer.pieces.have.n);
	}
}

static void
test_uploads_fill_their_share_and_text_goes_on(void **state)
{
	CLEAN_BUF struct buf piece_body = BUF_INIT(BUNDLE_PIECE_LEN);
	CLEAN_BUF struct buf text_body = BUF_INIT(BUNDLE_TEXT_LEN);
	CLEAN_DRAFT struct draft d = { 0 };
	struct world *w = *state;
	enum answer a = ANSWER_OK;
	struct reporter r;
	struct bundle_request q = { .kind = REQUEST_PUT,
		.put.size = 100 * PIECE_LEN };
	unsigned n = 0;

	for (; a == ANSWER_OK && n < 2000; n++) {
		q.put.upload_id[0] = (uint8_t)n;
		q.put.upload_id[1] = (uint8_t)(n >> 8);
		q.put.piece = piece(0);
		a = world_request(w, &q);
	}
	assert_int_equal(ANSWER_BUSY, a);
	assert_in_range(n, 2, 257); /* half of half of 256 MiB */
	reporter_new(&r, 1);
	file_concern_of(w, &r);
	/* also text that is in one batch with a piece */
	reporter_new(&r, 2);
	draft_concern(w, &r, guardians, 2, &d);
	w->answers = 0;
	world_send(w, &q, &piece_body);
	world_send(w, &d.request, &text_body);
	vault_commit(w->vault);
	assert_int_equal(2, w->answers);
	assert_int_equal(ANSWER_OK, w->status);
	/* Nobody goes on with any of them: there is room again. */
	w->now += 301;
	assert_int_equal(ANSWER_OK, world_request(w, &q));
	world_check_store(w, 2);
}

static void
test_an_upload_over_the_policys_limit_is_refused(void **state)
{
	struct world *w = *state;
	struct bundle_request q = { .kind = REQUEST_PUT,
		.put.piece = piece(0),
		.put.size = BUNDLE_PAYLOAD_MAX };

	assert_true(w->policy->limits.attachments_mib < 100);
	assert_int_equal(ANSWER_TOO_LARGE, world_request(w, &q));
	world_check_store(w, 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_an_upload_is_taken_up_where_it_stopped),
		TEST(test_other_bytes_for_a_piece_are_refused),
		TEST(test_a_concern_in_pieces_comes_back_to_both_sides),
		TEST(test_a_concern_with_half_an_upload_is_refused),
		TEST(test_an_upload_nobody_goes_on_with_is_gone_after_a_day),
		TEST(test_uploads_expire_faster_than_they_can_be_made),
		TEST(test_uploads_fill_their_share_and_text_goes_on),
		TEST(test_an_upload_over_the_policys_limit_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
