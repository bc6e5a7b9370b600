#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "tests/store/kit.h"

static void
check_clean(struct kit *k)
{
	k->s = store_close(k->s);
	assert_int_equal(kit_findings(k), 0);
	kit_open(k);
}

static void
test_a_case_reads_back_whole_now_and_after_reopening(void **state)
{
	struct kit *k = *state;

	assert_int_equal(kit_add_many(k->s, 0, 20), ERR_OK);
	for (int round = 0; round < 2; round++) {
		for (uint32_t n = 0; n < 20; n++)
			assert_true(kit_is_whole(k->s, n, 1));
		assert_false(kit_is_whole(k->s, 20, 1));
		kit_reopen(k);
	}
	check_clean(k);
}

static void
test_mailbox_finds_its_case_and_no_other(void **state)
{
	struct kit *k = *state;
	uint8_t mailbox[SHA256_LEN], id[STORE_CASE_ID_LEN];
	struct store_case c;

	assert_int_equal(kit_add_many(k->s, 0, 9), ERR_OK);
	for (uint32_t n = 0; n < 9; n++) {
		kit_mailbox(n, mailbox);
		kit_id(n, id);
		assert_int_equal(store_case_find_by_mailbox(k->s, mailbox, &c),
		    ERR_OK);
		assert_memory_equal(c.id, id, sizeof(id));
		mailbox[31] ^= 1;
		assert_int_equal(store_case_find_by_mailbox(k->s, mailbox, &c),
		    ERR_NOT_FOUND);
	}
}

/* --- one batch, several operations --- */

static enum err
two_on_one_case(struct store_txn *txn, void *ctx)
{
	uint8_t id[STORE_CASE_ID_LEN], stale[LINK_LEN];
	struct kit_message *m = calloc(1, sizeof(*m));
	struct store_case c;

	(void)ctx;
	kit_id(5, id);
	assert_int_equal(txn_case_get(txn, id, &c), ERR_NOT_FOUND);
	assert_int_equal(kit_add(txn, 5), ERR_OK);
	assert_int_equal(kit_add(txn, 5), ERR_EXISTS);
	assert_int_equal(kit_append(txn, 5, 1), ERR_OK);
	assert_int_equal(kit_append(txn, 5, 1), ERR_CONFLICT);
	kit_message(5, 2, m);
	kit_link(5, 0, stale);
	assert_int_equal(txn_append(txn, id, stale, &m->m), ERR_CONFLICT);
	assert_int_equal(kit_append(txn, 5, 2), ERR_OK);
	assert_int_equal(kit_append(txn, 6, 1), ERR_NOT_FOUND);
	assert_int_equal(txn_case_get(txn, id, &c), ERR_OK);
	assert_int_equal(c.chain[STORE_TALK].count, 3);
	assert_memory_equal(c.chain[STORE_TALK].head, m->link, LINK_LEN);
	free(m);
	return ERR_OK;
}

static void
test_operations_of_one_batch_see_each_other_and_fail_alone(void **state)
{
	struct kit *k = *state;

	assert_int_equal(store_run(k->s, two_on_one_case, NULL), ERR_OK);
	assert_true(kit_is_whole(k->s, 5, 3));
	check_clean(k);
	assert_true(kit_is_whole(k->s, 5, 3));
}

static enum err
add_and_fail(struct store_txn *txn, void *ctx)
{
	(void)ctx;
	assert_int_equal(kit_add(txn, 1), ERR_OK);
	assert_int_equal(kit_append(txn, 0, 1), ERR_OK);
	return ERR_DENIED;
}

static void
test_a_batch_that_returns_an_error_stores_nothing(void **state)
{
	struct kit *k = *state;

	assert_int_equal(kit_add_many(k->s, 0, 1), ERR_OK);
	assert_int_equal(store_run(k->s, add_and_fail, NULL), ERR_DENIED);
	assert_true(kit_is_whole(k->s, 0, 1));
	assert_false(kit_is_whole(k->s, 1, 1));
	assert_int_equal(kit_add_many(k->s, 1, 1), ERR_OK);
	assert_true(kit_is_whole(k->s, 1, 1));
	check_clean(k);
}

/* A generator that gives out after some calls. */
static unsigned random_left;

static enum err
failing_random(void *ctx, uint8_t *out, size_t n)
{
	if (random_left == 0)
		return ERR_CRYPTO;
	random_left--;
	return env_system.random(ctx, out, n);
}

static enum err
add_and_swallow(struct store_txn *txn, void *ctx)
{
	(void)ctx;
	for (uint32_t n = 1; n < 60; n++)
		(void)!kit_add(txn, n);
	return ERR_OK;
}

static void
test_an_error_while_writing_sticks_though_the_batch_says_nothing(void **state)
{
	struct kit *k = *state;
	struct env env = { .random = failing_random, .now = env_system.now };

	k->s = store_close(k->s);
	k->config.env = &env;
	random_left = 100;
	kit_open(k);
	assert_int_equal(kit_add_many(k->s, 0, 1), ERR_OK);
	random_left = 20;
	assert_int_equal(store_run(k->s, add_and_swallow, NULL), ERR_CRYPTO);
	assert_false(store_is_latched(k->s));
	random_left = 1000;
	assert_true(kit_is_whole(k->s, 0, 1));
	assert_false(kit_is_whole(k->s, 1, 1));
	k->s = store_close(k->s);
	assert_int_equal(kit_findings(k), 0);
	k->config.env = &env_system;
	kit_open(k);
}

static enum err
same_mailbox(struct store_txn *txn, void *ctx)
{
	struct kit_case *a = calloc(1, sizeof(*a)), *b = calloc(1, sizeof(*b));
	const uint32_t *first = ctx;

	kit_case(*first, a);
	kit_case(*first + 1, b);
	b->c.mailbox = a->mailbox;
	assert_int_equal(txn_case_add(txn, &a->c), ERR_OK);
	assert_int_equal(txn_case_add(txn, &b->c), ERR_EXISTS);
	free(a);
	free(b);
	return ERR_OK;
}

static void
test_a_mailbox_belongs_to_one_case(void **state)
{
	struct kit *k = *state;
	uint32_t first = 0;

	assert_int_equal(store_run(k->s, same_mailbox, &first), ERR_OK);
	assert_false(kit_is_whole(k->s, 1, 1));
	check_clean(k);
}

/* --- limits and refusals, each leaving nothing behind --- */

struct refusal {
	const char *what;
	enum err want;
	void (*spoil)(struct kit_case *k);
};

static void
spoil_head(struct kit_case *k)
{
	k->c.first.head.n = 0;
}

static void
spoil_reader(struct kit_case *k)
{
	k->c.n_readers = KIT_READERS - 1;
}

static void
spoil_twice(struct kit_case *k)
{
	k->first.envelope[2].person = k->first.envelope[1].person;
}

static void
spoil_reader_twice(struct kit_case *k)
{
	k->reader[1].person = k->reader[0].person;
}

static void
spoil_upload(struct kit_case *k)
{
	k->c.first.payload.n = 0;
	k->c.first.upload = k->id;
}

static void
spoil_both(struct kit_case *k)
{
	k->c.first.upload = k->id;
}

static void
spoil_band(struct kit_case *k)
{
	k->c.marks.band = 128;
}

static void
spoil_reporter(struct kit_case *k)
{
	k->reader[0].person = STORE_REPORTER;
}

static const struct refusal refusals[] = {
	{ "empty head", ERR_LIMIT, spoil_head },
	{ "envelope for one who is no reader", ERR_DENIED, spoil_reader },
	{ "two envelopes for one", ERR_LIMIT, spoil_twice },
	{ "a reader twice", ERR_LIMIT, spoil_reader_twice },
	{ "an upload that is not there", ERR_NOT_FOUND, spoil_upload },
	{ "upload and payload", ERR_LIMIT, spoil_both },
	{ "band", ERR_LIMIT, spoil_band },
	{ "reporter as reader", ERR_LIMIT, spoil_reporter },
};

static enum err
refuse_all(struct store_txn *txn, void *ctx)
{
	struct kit_case *k = calloc(1, sizeof(*k));

	(void)ctx;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
		kit_case(100, k);
		refusals[i].spoil(k);
		if (txn_case_add(txn, &k->c) != refusals[i].want)
			fail_msg("%s", refusals[i].what);
	}
	free(k);
	return kit_add(txn, 7);
}

static void
test_refused_cases_leave_nothing_and_the_batch_goes_on(void **state)
{
	struct kit *k = *state;
	struct store_counts counts;

	assert_int_equal(store_run(k->s, refuse_all, NULL), ERR_OK);
	store_counts(k->s, &counts);
	assert_int_equal(counts.cases, 1);
	assert_true(kit_is_whole(k->s, 7, 1));
	check_clean(k);
}

/* --- readers --- */

static enum err
envelope_of(struct store *s, uint32_t n, uint16_t person, struct buf *out)
{
	uint8_t id[STORE_CASE_ID_LEN];
	struct store_view *v;
	enum err e;

	kit_id(n, id);
	buf_reset(out);
	e = store_view_open(s, id, &v);
	if (e != ERR_OK)
		return e;
	e = view_envelope(v, STORE_TALK, 0, person, out);
	store_view_close(v);
	return e;
}

static enum err
release_12(struct store_txn *txn, void *ctx)
{
	uint8_t id[STORE_CASE_ID_LEN];

	(void)ctx;
	kit_id(0, id);
	return txn_reader_put(txn, id, 12, READER_MEMBER | READER_RELEASED);
}

static enum err
drop_10(struct store_txn *txn, void *ctx)
{
	uint8_t id[STORE_CASE_ID_LEN];

	(void)ctx;
	kit_id(0, id);
	assert_int_equal(txn_reader_drop(txn, id, 99), ERR_NOT_FOUND);
	return txn_reader_drop(txn, id, 10);
}

static void
test_envelopes_are_kept_back_until_released_and_gone_when_dropped(void **state)
{
	CLEAN_BUF struct buf b = BUF_INIT(4096);
	struct kit *k = *state;

	assert_int_equal(kit_add_many(k->s, 0, 1), ERR_OK);
	assert_int_equal(envelope_of(k->s, 0, 10, &b), ERR_OK);
	assert_int_equal(envelope_of(k->s, 0, 12, &b), ERR_DENIED);
	assert_int_equal(envelope_of(k->s, 0, 99, &b), ERR_DENIED);
	assert_int_equal(envelope_of(k->s, 0, STORE_REPORTER, &b), ERR_OK);
	assert_int_equal(kit_rows(k->s, 12), 0);
	assert_int_equal(store_run(k->s, release_12, NULL), ERR_OK);
	assert_int_equal(envelope_of(k->s, 0, 12, &b), ERR_OK);
	assert_int_equal(b.n, KIT_ENVELOPE);
	assert_int_equal(kit_rows(k->s, 12), 1);
	assert_int_equal(store_run(k->s, drop_10, NULL), ERR_OK);
	assert_int_equal(envelope_of(k->s, 0, 10, &b), ERR_DENIED);
	assert_int_equal(kit_rows(k->s, 10), 0);
	check_clean(k);
	assert_int_equal(envelope_of(k->s, 0, 12, &b), ERR_OK);
	assert_int_equal(envelope_of(k->s, 0, 10, &b), ERR_DENIED);
}

static enum err
add_plain(struct store_txn *txn, void *ctx)
{
	struct kit_case *k = calloc(1, sizeof(*k));
	enum err e;

	(void)ctx;
	kit_case(0, k);
	k->c.kind = STORE_PLAIN;
	k->c.pub = NULL;
	k->first.envelope[0].person = STORE_SHARED;
	k->c.first.n_envelopes = 1;
	e = txn_case_add(txn, &k->c);
	free(k);
	return e;
}

static void
test_a_plain_cases_shared_header_is_for_released_readers(void **state)
{
	CLEAN_BUF struct buf b = BUF_INIT(4096);
	struct kit *k = *state;

	assert_int_equal(store_run(k->s, add_plain, NULL), ERR_OK);
	assert_int_equal(envelope_of(k->s, 0, 10, &b), ERR_OK);
	assert_int_equal(envelope_of(k->s, 0, 11, &b), ERR_OK);
	assert_int_equal(envelope_of(k->s, 0, 12, &b), ERR_DENIED);
	check_clean(k);
}

/* --- destroying --- */

static enum err
destroy(struct store_txn *txn, void *ctx)
{
	uint8_t id[STORE_CASE_ID_LEN];

	kit_id(*(const uint32_t *)ctx, id);
	return txn_case_destroy(txn, id);
}

static enum err
add_and_destroy(struct store_txn *txn, void *ctx)
{
	uint32_t n = *(const uint32_t *)ctx;

	assert_int_equal(kit_add(txn, n), ERR_OK);
	assert_int_equal(kit_append(txn, n, 1), ERR_OK);
	assert_int_equal(destroy(txn, ctx), ERR_OK);
	assert_int_equal(destroy(txn, ctx), ERR_NOT_FOUND);
	return kit_add(txn, n);
}

static void
test_a_destroyed_case_is_gone_and_its_slot_used_again(void **state)
{
	struct kit *k = *state;
	struct store_counts before, after;
	uint32_t n = 3;

	assert_int_equal(kit_add_many(k->s, 0, 16), ERR_OK);
	store_counts(k->s, &before);
	for (int i = 0; i < 50; i++) {
		assert_int_equal(store_run(k->s, destroy, &n), ERR_OK);
		assert_false(kit_is_whole(k->s, n, 1));
		assert_int_equal(store_run(k->s, destroy, &n), ERR_NOT_FOUND);
		assert_int_equal(store_run(k->s, add_and_destroy, &n), ERR_OK);
		assert_true(kit_is_whole(k->s, n, 1));
		if (i % 10 == 0)
			kit_reopen(k);
	}
	store_counts(k->s, &after);
	assert_int_equal(after.cases, before.cases);
	assert_int_equal(kit_rows(k->s, 10), 16);
	/* no page of slots more, and the freed pages were used again */
	assert_true(after.used <= before.used + 64 * 4096);
	for (uint32_t i = 0; i < 16; i++)
		assert_true(kit_is_whole(k->s, i, 1));
	check_clean(k);
}

/* --- limits of a case --- */

static enum err
append_until_limit(struct store_txn *txn, void *ctx)
{
	uint32_t *n = ctx;
	enum err e = ERR_OK;

	for (*n = 1; e == ERR_OK; (*n)++)
		e = kit_append(txn, 0, *n);
	(*n)--;
	assert_int_equal(e, ERR_LIMIT);
	return ERR_OK;
}

static void
test_a_reporter_cannot_fill_a_case(void **state)
{
	struct kit *k = *state;
	uint32_t n;

	assert_int_equal(kit_add_many(k->s, 0, 1), ERR_OK);
	assert_int_equal(store_run(k->s, append_until_limit, &n), ERR_OK);
	assert_int_equal(n, STORE_REPORTER_MESSAGES_MAX);
	assert_true(kit_is_whole(k->s, 0, STORE_REPORTER_MESSAGES_MAX));
	check_clean(k);
	assert_true(kit_is_whole(k->s, 0, STORE_REPORTER_MESSAGES_MAX));
}

/* --- values, keys, versions --- */

static enum err
put_value(struct store_txn *txn, void *ctx)
{
	const char *text = ctx;

	assert_int_equal(txn_value_put(txn, "", BYTES_LIT("x")), ERR_LIMIT);
	return txn_value_put(txn, "serial", bytes_str(text));
}

static void
test_named_values_are_replaced_and_kept(void **state)
{
	CLEAN_BUF struct buf b = BUF_INIT(100);
	struct kit *k = *state;
	char one[] = "one", three[] = "three";

	assert_int_equal(store_value_get(k->s, "serial", &b), ERR_NOT_FOUND);
	assert_int_equal(store_run(k->s, put_value, one), ERR_OK);
	assert_int_equal(store_run(k->s, put_value, three), ERR_OK);
	check_clean(k);
	assert_int_equal(store_value_get(k->s, "serial", &b), ERR_OK);
	assert_true(bytes_equal(buf_bytes(&b), BYTES_LIT("three")));
}

static void
test_another_key_and_a_second_process_are_refused(void **state)
{
	struct kit *k = *state;
	struct store *second = NULL;

	assert_int_equal(store_open(&k->config, &second), ERR_EXISTS);
	k->s = store_close(k->s);
	k->key[0] ^= 1;
	assert_int_equal(store_open(&k->config, &second), ERR_DENIED);
	assert_null(second);
	k->key[0] ^= 1;
	kit_open(k);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		T(test_a_case_reads_back_whole_now_and_after_reopening),
		T(test_mailbox_finds_its_case_and_no_other),
		T(test_operations_of_one_batch_see_each_other_and_fail_alone),
		T(test_a_batch_that_returns_an_error_stores_nothing),
		T(test_an_error_while_writing_sticks_though_the_batch_says_nothing),
		T(test_a_mailbox_belongs_to_one_case),
		T(test_refused_cases_leave_nothing_and_the_batch_goes_on),
		T(test_envelopes_are_kept_back_until_released_and_gone_when_dropped),
		T(test_a_plain_cases_shared_header_is_for_released_readers),
		T(test_a_destroyed_case_is_gone_and_its_slot_used_again),
		T(test_a_reporter_cannot_fill_a_case),
		T(test_named_values_are_replaced_and_kept),
		T(test_another_key_and_a_second_process_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
