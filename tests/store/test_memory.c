#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/store/kit.h"

/* Sanitizers keep what is freed, so there is nothing to see under them. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#define PIECES 256
#define SIZE ((uint64_t)PIECES * PIECE_LEN)
#define GROWTH_MAX 4096 /* KiB */

static const uint8_t upload_id[STORE_UPLOAD_ID_LEN] = "an upload's name";
static uint8_t piece_data[PIECE_LEN];

/* Anonymous memory, and what is resident of databases. How much of libraries'
 * pages counts for a process changes with what else runs. -1: not known. */
static long
own_kib(void)
{
	char line[512];
	bool is_database = false;
	long own = -1, kib;
	FILE *f = fopen("/proc/self/smaps", "r");

	if (f == NULL)
		return -1;
	while (fgets(line, sizeof(line), f) != NULL)
		if (line[strcspn(line, " :")] != ':')
			is_database = strstr(line, ".mdb") != NULL;
		else if (sscanf(line,
			     is_database ? "Rss: %ld kB" : "Anonymous: %ld kB",
			     &kib) == 1)
			own = kib + (own < 0 ? 0 : own);
	fclose(f);
	return own;
}

static enum err
piece_batch(struct store_txn *txn, void *ctx)
{
	const uint32_t *index = ctx;
	struct store_piece p = { .upload = upload_id,
		.size = SIZE,
		.index = *index,
		.data = BYTES(piece_data, PIECE_LEN) };

	return txn_upload_piece(txn, &p);
}

static enum err
take_batch(struct store_txn *txn, void *ctx)
{
	struct kit_case *c = calloc(1, sizeof(*c));
	enum err e;

	(void)ctx;
	kit_case(1, c);
	c->c.first.payload.n = 0;
	c->c.first.upload = upload_id;
	e = txn_case_add(txn, &c->c);
	free(c);
	return e;
}

static void
send_all(struct kit *k, long limit)
{
	for (uint32_t i = 0; i < PIECES; i++) {
		kit_fill(piece_data, sizeof(piece_data), i);
		assert_int_equal(store_run(k->s, piece_batch, &i), ERR_OK);
		assert_true(own_kib() <= limit);
	}
}

static void
read_back(struct kit *k, long limit)
{
	CLEAN_BUF struct buf b = BUF_INIT(PIECE_LEN);
	uint8_t id[STORE_CASE_ID_LEN];
	struct store_view *v;

	kit_id(1, id);
	for (uint32_t i = 0; i < PIECES; i++) {
		buf_reset(&b);
		assert_int_equal(store_view_open(k->s, id, &v), ERR_OK);
		assert_int_equal(view_piece(v, STORE_TALK, 0, i, &b), ERR_OK);
		store_view_close(v);
		kit_fill(piece_data, sizeof(piece_data), i);
		assert_memory_equal(b.p, piece_data, PIECE_LEN);
		assert_true(own_kib() <= limit);
	}
}

static void
test_64_mib_go_up_and_down_in_less_than_4_mib(void **state)
{
	struct kit k;
	long limit;

	(void)state;
	if (SANITIZED || own_kib() < 0)
		skip();
	kit_start(&k);
	kit_open(&k);
	assert_int_equal(kit_add_many(k.s, 100, 64), ERR_OK);
	limit = own_kib() + GROWTH_MAX;
	send_all(&k, limit);
	assert_int_equal(store_run(k.s, take_batch, NULL), ERR_OK);
	read_back(&k, limit);
	kit_reopen(&k);
	read_back(&k, limit);
	kit_end(&k);
}

static long
cost_of_opening(struct kit *k)
{
	long before;

	k->s = store_close(k->s);
	malloc_trim(0); /* what was freed before is not there to be used */
	before = own_kib();
	kit_open(k);
	return own_kib() - before;
}

/* The start reads every page of slots, and lets them go. */
static void
test_many_cases_cost_little_memory(void **state)
{
	struct kit k;
	long few;

	(void)state;
	if (SANITIZED || own_kib() < 0)
		skip();
	kit_start(&k);
	kit_open(&k);
	assert_int_equal(kit_add_many(k.s, 0, 100), ERR_OK);
	few = cost_of_opening(&k);
	for (uint32_t n = 100; n < 5000; n += 100)
		assert_int_equal(kit_add_many(k.s, n, 100), ERR_OK);
	/* 150 bytes a case */
	assert_true(cost_of_opening(&k) - few <= 4900 * 150 / 1024);
	kit_end(&k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_64_mib_go_up_and_down_in_less_than_4_mib),
		cmocka_unit_test(test_many_cases_cost_little_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
