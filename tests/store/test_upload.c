#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "tests/store/kit.h"

#define PIECES 5
#define LAST 1000 /* bytes of the last piece */
#define SIZE ((uint64_t)(PIECES - 1) * PIECE_LEN + LAST)
#define HOUR 500000

static const uint8_t upload_id[STORE_UPLOAD_ID_LEN] = "an upload's name";
static uint8_t piece_data[PIECE_LEN];

static void
check_clean(struct kit *k)
{
	k->s = store_close(k->s);
	assert_int_equal(kit_findings(k), 0);
	kit_open(k);
}

struct one {
	struct store_piece p;
	enum err result;
};

static enum err
piece_batch(struct store_txn *txn, void *ctx)
{
	struct one *o = ctx;

	o->result = txn_upload_piece(txn, &o->p);
	return ERR_OK;
}

static struct store_piece
piece(uint64_t size, uint32_t index)
{
	uint64_t left = size - (uint64_t)index * PIECE_LEN;
	size_t n = left < PIECE_LEN ? (size_t)left : PIECE_LEN;

	kit_fill(piece_data, sizeof(piece_data), 900 + index);
	return (struct store_piece){ .upload = upload_id,
		.size = size,
		.index = index,
		.data = BYTES(piece_data, n),
		.hour = HOUR };
}

static enum err
send(struct kit *k, struct store_piece p)
{
	struct one o = { .p = p };
	enum err e = store_run(k->s, piece_batch, &o);

	return e != ERR_OK ? e : o.result;
}

static void
send_all(struct kit *k, uint64_t size, uint32_t pieces)
{
	for (uint32_t i = pieces; i-- > 0;)
		assert_int_equal(send(k, piece(size, i)), ERR_OK);
}

/* A case whose first message is the upload. */
static enum err
take_batch(struct store_txn *txn, void *ctx)
{
	struct kit_case *c = calloc(1, sizeof(*c));
	enum err *result = ctx;

	kit_case(1, c);
	c->c.first.payload.n = 0;
	c->c.first.upload = upload_id;
	*result = txn_case_add(txn, &c->c);
	free(c);
	return ERR_OK;
}

static enum err
take(struct kit *k)
{
	enum err result = ERR_NOMEM;
	enum err e = store_run(k->s, take_batch, &result);

	return e != ERR_OK ? e : result;
}

static void
check_taken(struct kit *k, uint64_t size, uint32_t pieces)
{
	CLEAN_BUF struct buf b = BUF_INIT(PIECE_LEN);
	uint8_t id[STORE_CASE_ID_LEN];
	struct store_message m;
	struct store_view *v;

	kit_id(1, id);
	assert_int_equal(store_view_open(k->s, id, &v), ERR_OK);
	assert_int_equal(view_message(v, STORE_TALK, 0, &m), ERR_OK);
	assert_int_equal(m.pieces, pieces);
	assert_int_equal(m.payload_size, size);
	for (uint32_t i = 0; i < pieces; i++) {
		buf_reset(&b);
		assert_int_equal(view_piece(v, STORE_TALK, 0, i, &b), ERR_OK);
		assert_true(bytes_equal(buf_bytes(&b), piece(size, i).data));
	}
	assert_int_equal(view_piece(v, STORE_TALK, 0, pieces, &b),
	    ERR_NOT_FOUND);
	store_view_close(v);
}

static void
test_pieces_in_any_order_become_a_message(void **state)
{
	struct kit *k = *state;
	struct store_upload u;

	assert_int_equal(take(k), ERR_NOT_FOUND);
	assert_int_equal(send(k, piece(SIZE, 3)), ERR_OK);
	assert_int_equal(send(k, piece(SIZE, 0)), ERR_OK);
	/* what else is stored meanwhile takes its own records */
	assert_int_equal(kit_add_many(k->s, 50, 3), ERR_OK);
	assert_int_equal(take(k), ERR_DENIED);
	kit_reopen(k);
	assert_int_equal(store_upload_find(k->s, upload_id, &u), ERR_OK);
	assert_int_equal(u.received, 2);
	assert_int_equal(u.pieces, PIECES);
	assert_int_equal(u.have[0], 1 << 3 | 1 << 0);
	check_clean(k);
	send_all(k, SIZE, PIECES);
	assert_int_equal(take(k), ERR_OK);
	assert_int_equal(store_upload_find(k->s, upload_id, &u), ERR_NOT_FOUND);
	check_taken(k, SIZE, PIECES);
	check_clean(k);
	check_taken(k, SIZE, PIECES);
	for (uint32_t n = 50; n < 53; n++)
		assert_true(kit_is_whole(k->s, n, 1));
}

static void
test_an_upload_keeps_its_records_over_a_new_start(void **state)
{
	struct kit *k = *state;

	assert_int_equal(send(k, piece(SIZE, 0)), ERR_OK);
	kit_reopen(k);
	assert_int_equal(kit_add_many(k->s, 50, 3), ERR_OK);
	send_all(k, SIZE, PIECES);
	assert_int_equal(take(k), ERR_OK);
	check_taken(k, SIZE, PIECES);
	check_clean(k);
	for (uint32_t n = 50; n < 53; n++)
		assert_true(kit_is_whole(k->s, n, 1));
}

static void
test_the_digest_of_an_upload_is_over_its_pieces(void **state)
{
	struct kit *k = *state;
	uint8_t hash[2][SHA256_LEN], want[SHA256_LEN];
	uint64_t size = PIECE_LEN + LAST;
	struct store_upload u;

	send_all(k, size, 2);
	for (uint32_t i = 0; i < 2; i++)
		assert_int_equal(sha256(piece(size, i).data, hash[i]), ERR_OK);
	assert_int_equal(
	    payload_digest((const uint8_t(*)[SHA256_LEN])hash, 2, want),
	    ERR_OK);
	assert_int_equal(store_upload_find(k->s, upload_id, &u), ERR_OK);
	assert_memory_equal(u.payload_digest, want, sizeof(want));
}

static void
test_a_piece_again_is_fine_and_another_in_its_place_refused(void **state)
{
	struct kit *k = *state;
	struct store_piece p = piece(SIZE, 1);
	struct store_counts before, after;

	assert_int_equal(send(k, p), ERR_OK);
	store_counts(k->s, &before);
	assert_int_equal(send(k, p), ERR_OK);
	store_counts(k->s, &after);
	assert_int_equal(before.attachments, after.attachments);
	piece_data[7] ^= 1;
	assert_int_equal(send(k, p), ERR_EXISTS);
	piece_data[7] ^= 1;
	p.size = SIZE + 1;
	assert_int_equal(send(k, p), ERR_EXISTS);
	assert_int_equal(send(k, piece(SIZE, 1)), ERR_OK);
	check_clean(k);
}

static void
test_pieces_of_wrong_size_or_number_are_refused(void **state)
{
	struct kit *k = *state;
	struct store_piece p = piece(SIZE, 1);

	p.data.n--;
	assert_int_equal(send(k, p), ERR_LIMIT);
	p = piece(SIZE, PIECES - 1);
	p.data.n++;
	assert_int_equal(send(k, p), ERR_LIMIT);
	p = piece(SIZE, 0);
	p.index = PIECES;
	assert_int_equal(send(k, p), ERR_LIMIT);
	p.index = 0;
	p.size = (uint64_t)STORE_UPLOAD_PIECES_MAX * PIECE_LEN + 1;
	assert_int_equal(send(k, p), ERR_LIMIT);
	p.size = 0;
	assert_int_equal(send(k, p), ERR_LIMIT);
}

static enum err
share_batch(struct store_txn *txn, void *ctx)
{
	struct store_piece p = piece(4 * PIECE_LEN, 3);

	(void)ctx;
	assert_int_equal(txn_upload_piece(txn, &p), ERR_FULL);
	return kit_add(txn, 9); /* text still goes */
}

static void
test_attachments_stop_at_their_share_and_text_goes_on(void **state)
{
	struct kit *k = *state;

	k->s = store_close(k->s);
	k->config.attachments_max = 2 * (3 * PIECE_LEN + 1024);
	kit_open(k);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(send(k, piece(4 * PIECE_LEN, i)), ERR_OK);
	assert_int_equal(send(k, piece(4 * PIECE_LEN, 3)), ERR_FULL);
	assert_int_equal(store_run(k->s, share_batch, NULL), ERR_OK);
	assert_true(kit_is_whole(k->s, 9, 1));
	kit_reopen(k);
	assert_int_equal(send(k, piece(4 * PIECE_LEN, 3)), ERR_FULL);
}

/* A single byte, the last of a whole upload, makes a value of 16 KiB: that
 * counts too, or such uploads would fill the space of text. */
static void
test_uploads_of_one_byte_are_counted_by_what_they_take(void **state)
{
	const uint32_t last = STORE_UPLOAD_PIECES_MAX - 1;
	struct kit *k = *state;
	struct store_piece p = piece((uint64_t)last * PIECE_LEN + 1, last);
	uint8_t id[STORE_UPLOAD_ID_LEN] = { 0 };
	struct store_counts counts;

	k->s = store_close(k->s);
	k->config.attachments_max = 2 * 3 * 64 * 1024;
	kit_open(k);
	p.upload = id;
	for (; id[0] < 3; id[0]++)
		assert_int_equal(send(k, p), ERR_OK);
	assert_int_equal(send(k, p), ERR_DENIED);
	store_counts(k->s, &counts);
	assert_in_range(counts.attachments, 48 * 1024, 64 * 1024);
	assert_int_equal(counts.incoming, 3 * 64 * 1024);
	kit_reopen(k);
	assert_int_equal(send(k, p), ERR_DENIED);
	check_clean(k);
}

/* --- room for those who go on --- */

#define NOW (HOUR * 3600u)

static struct store_piece
timed(uint8_t name, uint64_t pieces, uint32_t index, uint32_t second)
{
	static uint8_t id[STORE_UPLOAD_ID_LEN];
	struct store_piece p = piece(pieces * PIECE_LEN, index);

	id[0] = name;
	p.upload = id;
	p.second = second;
	p.hour = second / 3600;
	return p;
}

static bool
is_there(struct kit *k, uint8_t name)
{
	const uint8_t id[STORE_UPLOAD_ID_LEN] = { name };
	struct store_upload u;

	return store_upload_find(k->s, id, &u) == ERR_OK;
}

/* Room for so many pieces with what goes with them. */
static void
open_room(struct kit *k, uint64_t pieces)
{
	k->s = store_close(k->s);
	k->config.attachments_max = 2 * (pieces * PIECE_LEN + 16 * 1024);
	kit_open(k);
}

static void
test_the_upload_that_was_left_longest_makes_room(void **state)
{
	struct kit *k = *state;

	open_room(k, 3);
	assert_int_equal(send(k, timed(1, 9, 0, NOW)), ERR_OK);
	assert_int_equal(send(k, timed(2, 9, 0, NOW + 60)), ERR_OK);
	assert_int_equal(send(k, timed(3, 9, 0, NOW + 120)), ERR_OK);
	/* Nobody was away for minutes yet; the same piece again is nothing. */
	assert_int_equal(send(k, timed(4, 9, 0, NOW + 299)), ERR_DENIED);
	assert_int_equal(send(k, timed(1, 9, 0, NOW + 299)), ERR_OK);
	assert_int_equal(send(k, timed(4, 9, 0, NOW + 301)), ERR_OK);
	assert_false(is_there(k, 1));
	assert_true(is_there(k, 2) && is_there(k, 3) && is_there(k, 4));
	assert_int_equal(send(k, timed(5, 9, 0, NOW + 302)), ERR_DENIED);
	check_clean(k);
}

static void
test_holding_room_is_not_going_on(void **state)
{
	struct kit *k = *state;

	open_room(k, 9);
	/* A piece every four minutes: never idle, and much too slow. */
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(send(k, timed(1, 20, i, NOW + i * 240)),
		    ERR_OK);
	for (uint32_t i = 0; i < 5; i++)
		assert_int_equal(send(k, timed(2, 20, i, NOW + 720 + i)),
		    ERR_OK);
	assert_int_equal(send(k, timed(3, 20, 0, NOW + 730)), ERR_OK);
	assert_false(is_there(k, 1));
	assert_true(is_there(k, 2));
	check_clean(k);
}

/*
 * Somebody with a hundred connections fills the room, keeps every upload going
 * and comes back for whatever gets free, and sends four pieces where the
 * reporter sends one. The reporter's upload of 24 pieces ends.
 */
static void
test_an_honest_upload_ends_while_another_fills_the_room(void **state)
{
	struct kit *k = *state;
	uint32_t now = NOW, had[40] = { 0 }, mine = 0, busy = 0;
	struct store_upload u;

	open_room(k, 64);
	for (unsigned turn = 0; mine < 24 && turn < 2000; turn++, now += 3) {
		for (unsigned n = 0; n < 4; n++) {
			unsigned who = (4 * turn + n) % 40;
			enum err e = send(k,
			    timed((uint8_t)(100 + who), 32, had[who], now));

			if (!is_there(k, (uint8_t)(100 + who)))
				had[who] = 0;
			else if (e == ERR_OK)
				had[who] = (had[who] + 1) % 32;
		}
		if (turn < 200)
			continue;
		if (send(k, timed(1, 24, mine, now)) == ERR_OK)
			mine++;
		else
			busy++;
		assert_true(mine < 2 || is_there(k, 1));
	}
	assert_int_equal(mine, 24);
	assert_true(busy < 200);
	assert_int_equal(store_upload_find(k->s, timed(1, 24, 0, 0).upload, &u),
	    ERR_OK);
	assert_int_equal(u.received, 24);
	check_clean(k);
}

static void
test_what_messages_took_is_never_given_up(void **state)
{
	struct kit *k = *state;
	struct store_piece p;

	open_room(k, PIECES);
	send_all(k, SIZE, PIECES);
	assert_int_equal(take(k), ERR_OK);
	for (uint8_t n = 1; n <= PIECES; n++)
		assert_int_equal(send(k, timed(n, 1, 0, NOW)), ERR_OK);
	p = timed(9, 1, 0, NOW + 86400);
	assert_int_equal(send(k, p), ERR_OK);
	check_taken(k, SIZE, PIECES);
	check_clean(k);
}

struct expiry {
	uint32_t hour;
	size_t n;
};

static enum err
expire_batch(struct store_txn *txn, void *ctx)
{
	struct expiry *x = ctx;

	return txn_uploads_expire(txn, x->hour, 10, &x->n);
}

static void
test_an_abandoned_upload_is_gone_after_its_time(void **state)
{
	struct kit *k = *state;
	struct expiry x = { .hour = HOUR };
	struct store_counts counts;
	struct store_upload u;

	send_all(k, SIZE, 3);
	assert_int_equal(store_run(k->s, expire_batch, &x), ERR_OK);
	assert_int_equal(x.n, 0);
	kit_reopen(k);
	x.hour = HOUR + 1;
	assert_int_equal(store_run(k->s, expire_batch, &x), ERR_OK);
	assert_int_equal(x.n, 1);
	assert_int_equal(store_upload_find(k->s, upload_id, &u), ERR_NOT_FOUND);
	store_counts(k->s, &counts);
	assert_int_equal(counts.attachments, 0);
	assert_int_equal(counts.uploads, 0);
	check_clean(k);
	assert_int_equal(store_run(k->s, expire_batch, &x), ERR_OK);
	assert_int_equal(x.n, 0);
}

static enum err
piece_and_expire(struct store_txn *txn, void *ctx)
{
	struct expiry *x = ctx;
	struct store_piece p = piece(SIZE, 1);

	p.hour = HOUR + 5;
	assert_int_equal(txn_upload_piece(txn, &p), ERR_OK);
	return txn_uploads_expire(txn, x->hour, 10, &x->n);
}

static void
test_an_upload_that_goes_on_is_not_expired_in_the_same_batch(void **state)
{
	struct kit *k = *state;
	struct expiry x = { .hour = HOUR + 1 };
	struct store_upload u;

	assert_int_equal(send(k, piece(SIZE, 0)), ERR_OK);
	assert_int_equal(store_run(k->s, piece_and_expire, &x), ERR_OK);
	assert_int_equal(x.n, 0);
	assert_int_equal(store_upload_find(k->s, upload_id, &u), ERR_OK);
	assert_int_equal(u.received, 2);
	assert_int_equal(store_run(k->s, expire_batch, &x), ERR_OK);
	assert_int_equal(x.n, 0);
	check_clean(k);
}

/* Everything of an upload's life in one batch. */
static enum err
whole_life(struct store_txn *txn, void *ctx)
{
	struct store_upload u;
	struct store_piece p;
	enum err result;

	(void)ctx;
	for (uint32_t i = 0; i < PIECES; i++) {
		p = piece(SIZE, i);
		assert_int_equal(txn_upload_piece(txn, &p), ERR_OK);
	}
	assert_int_equal(txn_upload_get(txn, upload_id, &u), ERR_OK);
	assert_int_equal(u.received, PIECES);
	assert_int_equal(take_batch(txn, &result), ERR_OK);
	assert_int_equal(result, ERR_OK);
	assert_int_equal(txn_upload_get(txn, upload_id, &u), ERR_NOT_FOUND);
	return ERR_OK;
}

static void
test_pieces_and_their_message_fit_in_one_batch(void **state)
{
	struct kit *k = *state;

	assert_int_equal(store_run(k->s, whole_life, NULL), ERR_OK);
	check_taken(k, SIZE, PIECES);
	check_clean(k);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		T(test_pieces_in_any_order_become_a_message),
		T(test_an_upload_keeps_its_records_over_a_new_start),
		T(test_the_digest_of_an_upload_is_over_its_pieces),
		T(test_a_piece_again_is_fine_and_another_in_its_place_refused),
		T(test_pieces_of_wrong_size_or_number_are_refused),
		T(test_attachments_stop_at_their_share_and_text_goes_on),
		T(test_uploads_of_one_byte_are_counted_by_what_they_take),
		T(test_the_upload_that_was_left_longest_makes_room),
		T(test_holding_room_is_not_going_on),
		T(test_an_honest_upload_ends_while_another_fills_the_room),
		T(test_what_messages_took_is_never_given_up),
		T(test_an_abandoned_upload_is_gone_after_its_time),
		T(test_an_upload_that_goes_on_is_not_expired_in_the_same_batch),
		T(test_pieces_and_their_message_fit_in_one_batch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
