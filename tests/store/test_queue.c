#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "tests/store/kit.h"

static enum err
release_12(struct store_txn *txn, void *ctx)
{
	uint8_t id[STORE_CASE_ID_LEN];

	(void)ctx;
	kit_id(0, id);
	return txn_reader_put(txn, id, 12, READER_MEMBER | READER_RELEASED);
}

/* --- marks, queues, timers --- */

static enum err
set_marks(struct store_txn *txn, void *ctx)
{
	const struct store_case *c = ctx;

	return txn_marks_set(txn, c->id, &c->marks);
}

static void
change(struct kit *k, uint32_t n, bool closed, uint8_t band, int64_t due)
{
	struct store_case c;
	uint8_t id[STORE_CASE_ID_LEN];

	kit_id(n, id);
	assert_int_equal(store_case_find(k->s, id, &c), ERR_OK);
	c.marks.closed = closed;
	c.marks.band = band;
	c.marks.due = due;
	assert_int_equal(store_run(k->s, set_marks, &c), ERR_OK);
}

static void
set_deadline(struct kit *k, uint32_t n, int64_t deadline)
{
	struct store_case c;
	uint8_t id[STORE_CASE_ID_LEN];

	kit_id(n, id);
	assert_int_equal(store_case_find(k->s, id, &c), ERR_OK);
	c.marks.deadline = deadline;
	assert_int_equal(store_run(k->s, set_marks, &c), ERR_OK);
}

/* None comes last. */
static bool
deadline_before(const struct store_case *a, const struct store_case *b)
{
	return b->marks.deadline == 0 ||
	    (a->marks.deadline != 0 && a->marks.deadline < b->marks.deadline);
}

static int
compare_rows(const struct store_case *a, const struct store_case *b)
{
	if (a->marks.closed != b->marks.closed)
		return a->marks.closed ? 1 : -1;
	if (a->marks.band != b->marks.band)
		return a->marks.band < b->marks.band ? -1 : 1;
	if (a->marks.deadline != b->marks.deadline)
		return deadline_before(a, b) ? -1 : 1;
	return 0;
}

/* All rows in pages of 7, checked for order; returns how many. */
static size_t
walk_queue(struct kit *k, uint16_t person)
{
	struct store_case page[7], last = { 0 };
	const uint8_t *after = NULL;
	size_t n, all = 0;

	do {
		assert_int_equal(
		    store_queue_page(k->s, person, after, page, 7, &n), ERR_OK);
		for (size_t i = 0; i < n; i++, all++) {
			if (all > 0)
				assert_true(compare_rows(&last, &page[i]) <= 0);
			last = page[i];
		}
		after = last.id;
	} while (n == 7);
	return all;
}

static void
test_queue_pages_are_complete_and_in_order(void **state)
{
	struct kit *k = *state;

	assert_int_equal(kit_add_many(k->s, 0, 100), ERR_OK);
	for (int round = 0; round < 2; round++) {
		assert_int_equal(walk_queue(k, 10), 100);
		assert_int_equal(walk_queue(k, 11), 100);
		assert_int_equal(walk_queue(k, 12), 0);
		kit_reopen(k);
	}
	change(k, 8, true, 1, 0);
	change(k, 9, false, 1, 0);
	for (uint32_t n = 20; n < 40; n++)
		set_deadline(k, n, n % 3 == 0 ? 0 : (100 - (int64_t)n) * 9000);
	assert_int_equal(walk_queue(k, 10), 100);
	kit_reopen(k);
	assert_int_equal(walk_queue(k, 10), 100);
}

static void
test_a_queue_cursor_must_be_a_row_of_that_queue(void **state)
{
	struct kit *k = *state;
	struct store_case row;
	uint8_t id[STORE_CASE_ID_LEN];
	size_t n;

	assert_int_equal(kit_add_many(k->s, 0, 3), ERR_OK);
	kit_id(1, id);
	assert_int_equal(store_queue_page(k->s, 10, id, &row, 1, &n), ERR_OK);
	assert_int_equal(store_queue_page(k->s, 12, id, &row, 1, &n),
	    ERR_NOT_FOUND);
	/* 12 has a queue now, with another row */
	assert_int_equal(store_run(k->s, release_12, NULL), ERR_OK);
	assert_int_equal(store_queue_page(k->s, 12, NULL, &row, 1, &n), ERR_OK);
	assert_int_equal(n, 1);
	assert_int_equal(store_queue_page(k->s, 12, id, &row, 1, &n),
	    ERR_NOT_FOUND);
	kit_id(77, id);
	assert_int_equal(store_queue_page(k->s, 10, id, &row, 1, &n),
	    ERR_NOT_FOUND);
}

struct due {
	int64_t now;
	size_t n;
	struct store_case c[4];
};

static enum err
get_due(struct store_txn *txn, void *ctx)
{
	struct due *d = ctx;

	return txn_due_page(txn, d->now, d->c, 4, &d->n);
}

static void
test_timers_come_in_order_at_their_quarter(void **state)
{
	struct kit *k = *state;
	struct due d = { .now = 900 * 999 };

	assert_int_equal(kit_add_many(k->s, 0, 4), ERR_OK);
	assert_int_equal(store_next_due(k->s), 0);
	change(k, 0, false, 1, 900 * 1000 + 1);
	change(k, 1, false, 1, 900 * 1000);
	change(k, 2, false, 1, 900 * 2000);
	assert_int_equal(store_next_due(k->s), 900 * 1000);
	assert_int_equal(store_run(k->s, get_due, &d), ERR_OK);
	assert_int_equal(d.n, 0);
	d.now = 900 * 1000;
	kit_reopen(k);
	assert_int_equal(store_run(k->s, get_due, &d), ERR_OK);
	assert_int_equal(d.n, 1);
	assert_int_equal(d.c[0].marks.due, 900 * 1000);
	d.now = 900 * 1001;
	assert_int_equal(store_run(k->s, get_due, &d), ERR_OK);
	assert_int_equal(d.n, 2);
	change(k, 1, false, 1, 0);
	assert_int_equal(store_next_due(k->s), 900 * 1001);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		T(test_queue_pages_are_complete_and_in_order),
		T(test_a_queue_cursor_must_be_a_row_of_that_queue),
		T(test_timers_come_in_order_at_their_quarter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
