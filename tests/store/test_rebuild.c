#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "store/inside.h"
#include "tests/store/kit.h"

/*
 * What is in memory after any commits is what a new start would build; and
 * what a new key seals again.
 */

#define HOUR 7

static const uint8_t access[] = {
	READER_MEMBER,
	READER_MEMBER | READER_RELEASED,
	READER_MEMBER | READER_RELEASED | READER_GIVEN,
	READER_MEMBER | READER_TELL | READER_TOLD,
	READER_MEMBER | READER_RELEASED | READER_TELL | READER_TOLD,
	READER_PENDING,
	READER_TELL,
	READER_TELL | READER_TOLD,
};
#define ACCESSES (sizeof(access) / sizeof(access[0]))

/* People from 15 on have no envelopes, and so can be anything. */
static enum err
put_any(struct store_txn *txn, const uint8_t *id, uint32_t r)
{
	enum err e = txn_reader_put(txn, id, (uint16_t)(10 + r / 700 % 9),
	    access[r / 7000 % ACCESSES]);

	return e == ERR_LIMIT ? ERR_OK : e;
}

static enum err
piece_batch(struct store_txn *txn, void *ctx)
{
	static uint8_t data[PIECE_LEN];
	static const uint8_t id[STORE_UPLOAD_ID_LEN] = { 42 };
	struct store_piece p = { .upload = id,
		.size = PIECE_LEN + 9,
		.data = BYTES(data, sizeof(data)),
		.hour = HOUR };

	(void)ctx;
	return txn_upload_piece(txn, &p);
}

static enum err
random_batch(struct store_txn *txn, void *ctx)
{
	uint64_t *seed = ctx;
	uint8_t id[STORE_CASE_ID_LEN];
	struct store_case c;
	size_t expired;
	enum err e = ERR_OK;

	for (int i = 0; i < 10 && e == ERR_OK; i++) {
		uint32_t r, n;

		kit_fill((uint8_t *)&r, sizeof(r), (*seed)++);
		n = r / 8 % 40;
		kit_id(n, id);
		if (txn_case_get(txn, id, &c) != ERR_OK) {
			e = kit_add(txn, n);
			continue;
		}
		c.marks.due = (r / 400 % 3) * 90000;
		c.marks.band = (uint8_t)(r / 500 % 4);
		c.marks.closed = r / 600 % 2 == 0;
		c.marks.breached = r / 900 % 2 == 0;
		c.marks.deadline = (r / 1000 % 3) * 7000;
		if (r % 8 < 2)
			e = txn_case_destroy(txn, id);
		else if (r % 8 < 5)
			e = txn_marks_set(txn, id, &c.marks);
		else if (r % 8 < 7)
			e = put_any(txn, id, r);
		else
			e = txn_uploads_expire(txn, HOUR + 1, 1, &expired);
	}
	return e;
}

static void
same_keys(const struct keyset *a, const struct keyset *b)
{
	uint64_t x[256], y[256];
	size_t n = keyset_page(a, 0, x, 256);

	assert_int_equal(a->count, b->count);
	assert_int_equal(keyset_page(b, 0, y, 256), n);
	assert_memory_equal(x, y, n * sizeof(x[0]));
}

static void
same_counts(const struct store *a, const struct store *b, uint16_t person)
{
	struct store_queue_counts x, y;
	struct store_told told_x[8], told_y[8];
	size_t n_x, n_y;

	store_queue_counts(a, person, &x);
	store_queue_counts(b, person, &y);
	assert_memory_equal(&x, &y, sizeof(x));
	store_told(a, person, told_x, 8, &n_x);
	store_told(b, person, told_y, 8, &n_y);
	assert_int_equal(n_x, n_y);
	for (size_t i = 0; i < n_x; i++) {
		assert_int_equal(told_x[i].route, told_y[i].route);
		assert_int_equal(told_x[i].count, told_y[i].count);
	}
}

static void
same_memory(const struct store *a, const struct store *b)
{
	const struct memory *x = &a->memory, *y = &b->memory;

	assert_int_equal(x->ids.count, y->ids.count);
	assert_int_equal(x->mailboxes.count, y->mailboxes.count);
	assert_int_equal(x->uploads.count, y->uploads.count);
	assert_int_equal(x->cases, y->cases);
	assert_int_equal(x->n_uploads, y->n_uploads);
	assert_int_equal(x->attachments, y->attachments);
	assert_int_equal(x->pages, y->pages);
	same_keys(&x->free_slots, &y->free_slots);
	same_keys(&x->due, &y->due);
	same_keys(&x->upload_age, &y->upload_age);
	for (uint16_t person = 0; person < 20; person++) {
		same_counts(a, b, person);
		if (kit_rows(a, person) > 0)
			same_keys(&memory_queue(x, person)->keys,
			    &memory_queue(y, person)->keys);
	}
}

/* The files are closed, what was in memory is kept to compare. */
static void
test_memory_follows_commits_as_a_new_start_would_build_it(void **state)
{
	struct kit k;
	struct store *live;
	uint64_t seed = 1;

	(void)state;
	kit_start(&k);
	kit_open(&k);
	assert_int_equal(store_run(k.s, piece_batch, NULL), ERR_OK);
	for (int i = 0; i < 150; i++) {
		assert_int_equal(store_run(k.s, random_batch, &seed), ERR_OK);
		if (i % 10 != 0)
			continue;
		live = k.s;
		live->db = db_close(live->db);
		kit_open(&k);
		same_memory(live, k.s);
		store_close(live);
	}
	k.s = store_close(k.s);
	assert_int_equal(kit_findings(&k), 0);
	kit_end(&k);
}

static enum err
value_batch(struct store_txn *txn, void *ctx)
{
	(void)ctx;
	return txn_value_put(txn, "name", BYTES_LIT("value"));
}

static void
fill(struct kit *k)
{
	assert_int_equal(kit_add_many(k->s, 0, 100), ERR_OK);
	assert_int_equal(store_run(k->s, piece_batch, NULL), ERR_OK);
	assert_int_equal(store_run(k->s, value_batch, NULL), ERR_OK);
	k->s = store_close(k->s);
}

static void
test_a_new_key_opens_everything_and_the_old_one_nothing(void **state)
{
	CLEAN_BUF struct buf b = BUF_INIT(100);
	static const uint8_t upload[STORE_UPLOAD_ID_LEN] = { 42 };
	uint8_t new_key[STORE_KEY_LEN] = { 9 };
	struct store_upload u;
	struct kit k;

	(void)state;
	kit_start(&k);
	kit_open(&k);
	fill(&k);
	assert_int_equal(store_rekey(&k.config, new_key), ERR_OK);
	assert_int_equal(store_open(&k.config, &k.s), ERR_DENIED);
	k.config.key = new_key;
	assert_int_equal(kit_findings(&k), 0);
	kit_open(&k);
	for (uint32_t n = 0; n < 100; n++)
		assert_true(kit_is_whole(k.s, n, 1));
	assert_int_equal(store_upload_find(k.s, upload, &u), ERR_OK);
	assert_int_equal(store_value_get(k.s, "name", &b), ERR_OK);
	assert_true(bytes_equal(buf_bytes(&b), BYTES_LIT("value")));
	kit_end(&k);
}

/* What was sealed under the old epoch key does not open under the new. */
static void
test_a_new_key_changes_every_page_of_cases(void **state)
{
	uint8_t old[SLOT_PAGE_LEN], plain[SLOT_PAGE_PLAIN];
	uint8_t new_key[STORE_KEY_LEN] = { 9 };
	struct MDB_txn *txn;
	struct bytes x;
	struct kit k;

	(void)state;
	kit_start(&k);
	kit_open(&k);
	fill(&k);
	kit_open(&k);
	assert_int_equal(db_read_begin(k.s->db, &txn), ERR_OK);
	assert_int_equal(db_get(k.s->db, txn, TABLE_SLOTS, 2, &x), ERR_OK);
	assert_int_equal(x.n, sizeof(old));
	memcpy(old, x.p, sizeof(old));
	db_read_end(k.s->db);
	x = BYTES(old, sizeof(old));
	assert_int_equal(open_page(k.s, 2, x, plain), ERR_OK);
	k.s = store_close(k.s);
	assert_int_equal(store_rekey(&k.config, new_key), ERR_OK);
	k.config.key = new_key;
	kit_open(&k);
	assert_int_equal(open_page(k.s, 2, x, plain), ERR_CORRUPT);
	kit_end(&k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_memory_follows_commits_as_a_new_start_would_build_it),
		cmocka_unit_test(
		    test_a_new_key_opens_everything_and_the_old_one_nothing),
		cmocka_unit_test(test_a_new_key_changes_every_page_of_cases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
