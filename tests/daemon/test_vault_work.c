#include "tests/daemon/vault_world.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/vault_work.h"

/* Work before filings: how much is asked for, and what counts as done. */

#define QUIET 8

static const uint16_t guardians[] = { GUARDIAN, SECOND_GUARDIAN };

/* --- how much --- */

static void
test_difficulty_is_none_in_quiet_times_and_rises_by_steps(void **state)
{
	static const struct {
		struct work_load l;
		unsigned bits;
	} cases[] = {
		{ { .quiet = 0,
		      .rate = 9999,
		      .backlog = 99999,
		      .used_percent = 99,
		      .is_pressed = true },
		    0 },
		{ { .quiet = 600 }, 0 },
		{ { .quiet = 600,
		      .rate = 600,
		      .backlog = 9600,
		      .used_percent = 74 },
		    0 },
		{ { .quiet = 600, .rate = 601 }, 1 },
		{ { .quiet = 600, .rate = 900 }, 1 },
		{ { .quiet = 600, .rate = 901 }, 2 },
		{ { .quiet = 600, .rate = 1200 }, 2 },
		{ { .quiet = 600, .rate = 1201 }, 3 },
		{ { .quiet = 600, .rate = 1801 }, 4 },
		{ { .quiet = 600, .rate = 2401 }, 5 },
		{ { .quiet = 600, .rate = 9601 }, 9 },
		{ { .quiet = 600, .rate = 14401 }, 10 },
		{ { .quiet = 600, .rate = 1000000 }, 10 },
		{ { .quiet = 600, .backlog = 9601 }, 1 },
		{ { .quiet = 600, .backlog = 10000000 }, 6 },
		{ { .quiet = 600, .used_percent = 75 }, 1 },
		{ { .quiet = 600, .used_percent = 78 }, 2 },
		{ { .quiet = 600, .used_percent = 100 }, 9 },
		{ { .quiet = 600, .is_pressed = true }, 4 },
		{ { .quiet = 600,
		      .rate = 601,
		      .backlog = 9601,
		      .used_percent = 75,
		      .is_pressed = true },
		    7 },
		{ { .quiet = 600,
		      .rate = 1000000,
		      .backlog = 10000000,
		      .used_percent = 100,
		      .is_pressed = true },
		    10 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (work_bits_of_text(&cases[i].l) != cases[i].bits)
			fail_msg("case %zu: %u", i,
			    work_bits_of_text(&cases[i].l));
}

/* Never a jump: more of anything asks for one bit more at most. */
static void
test_difficulty_is_smooth(void **state)
{
	struct work_load l = { .quiet = 600 };
	unsigned before = 0, bits;

	(void)state;
	for (l.rate = 0; l.rate < 60000; l.rate++, before = bits) {
		bits = work_bits_of_text(&l);
		assert_in_range(bits, before, before + 1);
	}
	assert_int_equal(before, 10);
	for (l.rate = before = 0; l.used_percent <= 100; l.used_percent++) {
		bits = work_bits_of_text(&l);
		assert_in_range(bits, before, before + 1);
		before = bits;
	}
	l.used_percent = before = 0;
	for (l.backlog = 0; l.backlog < 200000; l.backlog += 100) {
		bits = work_bits_of_text(&l);
		assert_in_range(bits, before, before + 1);
		before = bits;
	}
}

static void
test_uploads_need_more_the_fuller_their_share_and_the_larger_they_are(
    void **state)
{
	static const struct {
		struct work_share s;
		bool is_pressed;
		unsigned bits;
	} cases[] = {
		{ { .size = 1, .held = 0, .max = 6400 }, false, 0 },
		{ { .size = 6400, .held = 1600, .max = 6400 }, false, 0 },
		{ { .size = 1, .held = 1664, .max = 6400 }, false, 1 },
		{ { .size = 1, .held = 2176, .max = 6400 }, false, 2 },
		{ { .size = 1, .held = 6400, .max = 6400 }, false, 10 },
		{ { .size = 101, .held = 1664, .max = 6400 }, false, 2 },
		{ { .size = 401, .held = 1664, .max = 6400 }, false, 4 },
		{ { .size = 6400, .held = 1664, .max = 6400 }, false, 5 },
		{ { .size = 6400, .held = 6400, .max = 6400 }, false, 12 },
		{ { .size = 6400, .held = 9999, .max = 6400 }, true, 12 },
		{ { .size = 1, .held = 0, .max = 6400 }, true, 4 },
		{ { .size = 1, .held = 0, .max = 0 }, false, 12 },
	};
	struct work_load l = { .quiet = 600 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		l.is_pressed = cases[i].is_pressed;
		if (work_bits_of_upload(&l, &cases[i].s) != cases[i].bits)
			fail_msg("case %zu: %u", i,
			    work_bits_of_upload(&l, &cases[i].s));
	}
	l.quiet = 0;
	assert_int_equal(work_bits_of_upload(&l, &cases[8].s), 0);
}

/* --- what is counted --- */

struct clock {
	int64_t now;
	uint64_t drawn;
};

static int64_t
clock_now(void *ctx)
{
	return ((struct clock *)ctx)->now;
}

static enum err
clock_random(void *ctx, uint8_t *out, size_t n)
{
	struct clock *c = ctx;
	uint64_t v = ++c->drawn * UINT64_C(0x9e3779b97f4a7c15);

	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)(v >> i % 8 * 8);
	return ERR_OK;
}

static const uint8_t key[WORK_KEY_LEN] = { 7 };
static const uint8_t purpose[WORK_PURPOSE_LEN] = { 0, 1 };

#define CLOCK(name, w)                                             \
	struct clock name = { .now = WORLD_START };                \
	const struct env env = { clock_random, clock_now, &name }; \
	struct work w;                                             \
	work_init(&w, &env, key, 600)

static void
test_filings_count_for_two_minutes_and_cases_until_acknowledged(void **state)
{
	CLOCK(c, w);

	(void)state;
	for (int i = 0; i < 240; i++)
		work_filed(&w);
	assert_int_equal(work_load(&w, false).rate, 120);
	c.now += 60;
	work_filed(&w);
	work_filed(&w);
	assert_int_equal(work_load(&w, false).rate, 121);
	c.now += 60;
	assert_int_equal(work_load(&w, false).rate, 1);
	c.now += 86400;
	assert_int_equal(work_load(&w, false).rate, 0);
	for (uint32_t day = 0; day < 3; day++)
		work_waits(&w, (uint32_t)(c.now / 86400) - day);
	assert_int_equal(work_load(&w, false).backlog, 3);
	work_settled(&w, (uint32_t)(c.now / 86400) - 1);
	work_settled(&w, (uint32_t)(c.now / 86400) - 1);
	work_settled(&w, (uint32_t)(c.now / 86400) - 99);
	assert_int_equal(work_load(&w, false).backlog, 2);
	c.now += 5 * 86400;
	assert_int_equal(work_load(&w, false).backlog, 1);
	c.now += 2 * 86400;
	assert_int_equal(work_load(&w, false).backlog, 0);
	work_free(&w);
}

/* Without a way to do work, a share of their own that fills again. */
static void
test_plain_concerns_have_a_bucket_that_fills_again(void **state)
{
	unsigned n = 0;
	CLOCK(c, w);

	(void)state;
	while (work_takes_plain(&w, true))
		n++;
	assert_int_equal(n, 75);
	while (work_takes_plain(&w, false))
		n++;
	assert_int_equal(n, 150);
	c.now += 2;
	assert_true(work_takes_plain(&w, false));
	assert_false(work_takes_plain(&w, true));
	c.now += 60;
	for (n = 0; work_takes_plain(&w, false);)
		n++;
	assert_int_equal(n, 150);
	w.quiet = 0;
	assert_true(work_takes_plain(&w, true));
	work_free(&w);
}

static void
make(struct work *w, uint8_t work[static WORK_LEN])
{
	memset(work, 0, WORK_LEN);
	assert_int_equal(work_ask(w, 3, purpose, work), ERR_OK);
}

static void
test_work_counts_once_in_its_time_and_for_its_purpose(void **state)
{
	static const uint8_t other[WORK_PURPOSE_LEN] = { 0, 2 };
	uint8_t a[WORK_LEN], b[WORK_LEN];
	CLOCK(c, w);

	(void)state;
	make(&w, a);
	make(&w, b);
	assert_false(work_spend(&w, a, other));
	assert_true(work_spend(&w, a, purpose));
	assert_false(work_spend(&w, a, purpose));
	c.now += 14 * 60;
	assert_false(work_spend(&w, a, purpose));
	c.now += 60;
	assert_false(work_spend(&w, b, purpose));
	make(&w, b);
	b[WORK_CHALLENGE_LEN - 1] ^= 1;
	assert_false(work_spend(&w, b, purpose));
	work_free(&w);
}

/* However much comes, memory is bounded; what expires soonest goes first. */
static void
test_spent_work_is_bounded(void **state)
{
	uint8_t(*all)[WORK_LEN] = calloc(WORK_SPENT_MAX + 1, WORK_LEN);
	CLOCK(c, w);

	(void)state;
	assert_non_null(all);
	for (size_t i = 0; i <= WORK_SPENT_MAX; i++) {
		if (i == 10)
			c.now += 60;
		make(&w, all[i]);
		assert_true(work_spend(&w, all[i], purpose));
	}
	for (size_t i = 10; i <= WORK_SPENT_MAX; i++)
		assert_false(work_spend(&w, all[i], purpose));
	/* What went is not known to be new: it counts no more, nor does what
	 * came with it. A younger challenge does. */
	for (size_t i = 0; i < 10; i++)
		assert_false(work_spend(&w, all[i], purpose));
	make(&w, all[0]);
	assert_true(work_spend(&w, all[0], purpose));
	assert_false(work_spend(&w, all[0], purpose));
	/* After its time all of it is forgotten. */
	c.now += 16 * 60;
	make(&w, all[0]);
	for (size_t i = 0; i < 100; i++, make(&w, all[0]))
		assert_true(work_spend(&w, all[0], purpose));
	work_free(&w);
	free(all);
}

/* Whoever takes the machine finds nothing of when somebody did work, or filed,
 * but lately; also where nobody came since. */
static void
test_what_was_counted_goes_by_itself(void **state)
{
	uint8_t a[WORK_LEN];
	CLOCK(c, w);

	(void)state;
	work_filed(&w);
	make(&w, a);
	assert_true(work_spend(&w, a, purpose));
	c.now += 14 * 60;
	work_tick(&w);
	assert_false(work_spend(&w, a, purpose));
	assert_true(bytes_all_zero((const uint8_t *)w.filed, sizeof(w.filed)));
	c.now += 60;
	work_tick(&w);
	assert_null(w.spent);
	work_free(&w);
}

/* By mistake into the next year, and back: the same as before. */
static void
test_a_clock_that_was_set_back_shuts_nobody_out(void **state)
{
	const int64_t year = 365 * 86400;
	uint8_t a[WORK_LEN];
	CLOCK(c, w);

	(void)state;
	c.now += year;
	work_filed(&w);
	work_waits(&w, (uint32_t)(c.now / 86400));
	for (size_t i = 0; i <= WORK_SPENT_MAX; i++) {
		make(&w, a);
		assert_true(work_spend(&w, a, purpose));
		if (i == 0)
			c.now += 60;
	}
	c.now -= year;
	make(&w, a);
	assert_true(work_spend(&w, a, purpose));
	assert_false(work_spend(&w, a, purpose));
	for (int i = 0; i < 240; i++)
		work_filed(&w);
	work_waits(&w, (uint32_t)(c.now / 86400));
	assert_int_equal(work_load(&w, false).rate, 120);
	assert_int_equal(work_load(&w, false).backlog, 1);
	c.now += 120;
	assert_int_equal(work_load(&w, false).rate, 0);
	/* What a clock is set by every day changes nothing. */
	work_filed(&w);
	work_filed(&w);
	c.now -= 15;
	assert_int_equal(work_load(&w, false).rate, 1);
	work_free(&w);
}

/* --- in the vault --- */

/* As a front that has checked the work sends it. */
static enum answer
ask_with(struct world *w, enum wire_type type, const struct bundle_request *q,
    const uint8_t work[static WORK_LEN])
{
	CLEAN_BUF struct buf body = BUF_INIT(WIRE_PIECE_MAX);

	buf_put(&body, work, WORK_LEN);
	assert_int_equal(bundle_request_put(q, &body), ERR_OK);
	return world_ask(w, type, buf_bytes(&body));
}

static bool
asks_for_work(struct world *w, unsigned bits, uint8_t work[static WORK_LEN])
{
	if (w->status != ANSWER_OK || w->answer.kind != ANSWER_WORK)
		return false;
	assert_int_equal(w->answer.work.bits, bits);
	memset(work, 0, WORK_LEN);
	memcpy(work, w->answer.work.challenge, WORK_CHALLENGE_LEN);
	return true;
}

static int
setup(void **state)
{
	struct world *w = world_new();

	w->config.quiet = QUIET;
	memcpy(w->config.work_key, key, sizeof(key));
	world_restart(w);
	*state = w;
	return 0;
}

static void
draft(struct world *w, uint8_t seed, struct draft *d)
{
	struct reporter r;

	memset(d, 0, sizeof(*d));
	reporter_new(&r, seed);
	draft_concern(w, &r, guardians, 2, d);
}

/* Files without work until it is asked for. */
static uint8_t
flood(struct world *w, uint8_t work[static WORK_LEN])
{
	for (uint8_t seed = 1; seed < 250; seed++) {
		struct draft d;

		draft(w, seed, &d);
		assert_int_equal(world_request(w, &d.request), ANSWER_OK);
		draft_free(&d);
		if (w->answer.kind == ANSWER_WORK) {
			assert_true(asks_for_work(w, 1, work));
			return seed;
		}
	}
	fail();
	return 0;
}

static void
test_a_flood_needs_work_and_quiet_times_need_none(void **state)
{
	struct world *w = *state;
	uint8_t work[WORK_LEN], again[WORK_LEN];
	uint8_t seed = flood(w, work);
	struct draft d;

	/* eight a minute are quiet, over two minutes */
	assert_int_equal(seed, 2 * (QUIET + 1) + 1);
	draft(w, seed, &d);
	/* nothing was stored by what asked */
	assert_int_equal(ask_with(w, WIRE_WORKED_TEXT, &d.request, work),
	    ANSWER_OK);
	assert_int_equal(w->answer.kind, ANSWER_STORED);
	/* the answer was lost: the proof again, with and without work */
	assert_int_equal(ask_with(w, WIRE_WORKED_TEXT, &d.request, work),
	    ANSWER_OK);
	assert_int_equal(w->answer.kind, ANSWER_STORED);
	assert_int_equal(world_request(w, &d.request), ANSWER_OK);
	assert_int_equal(w->answer.kind, ANSWER_STORED);
	draft_free(&d);
	/* spent on that, it is none for the next */
	draft(w, (uint8_t)(seed + 1), &d);
	assert_int_equal(ask_with(w, WIRE_WORKED_TEXT, &d.request, work),
	    ANSWER_OK);
	assert_true(asks_for_work(w, 1, again));
	w->now += 130;
	assert_int_equal(world_request(w, &d.request), ANSWER_OK);
	assert_int_equal(w->answer.kind, ANSWER_STORED);
	draft_free(&d);
}

static void
test_who_is_pressed_needs_work_and_others_do_not(void **state)
{
	struct world *w = *state;
	uint8_t work[WORK_LEN];
	struct draft d;

	draft(w, 1, &d);
	w->is_pressed = true;
	assert_int_equal(world_request(w, &d.request), ANSWER_OK);
	assert_true(asks_for_work(w, 4, work));
	assert_int_equal(ask_with(w, WIRE_WORKED_TEXT, &d.request, work),
	    ANSWER_OK);
	assert_int_equal(w->answer.kind, ANSWER_STORED);
	draft_free(&d);
	w->is_pressed = false;
	draft(w, 2, &d);
	assert_int_equal(world_request(w, &d.request), ANSWER_OK);
	assert_int_equal(w->answer.kind, ANSWER_STORED);
	draft_free(&d);
}

static void
test_the_first_piece_of_an_upload_needs_work_and_the_others_none(void **state)
{
	static const uint8_t data[PIECE_LEN] = { 1 };
	struct world *w = *state;
	struct bundle_request q = { .kind = REQUEST_PUT,
		.put.upload_id = { 9 },
		.put.size = 3 * PIECE_LEN,
		.put.piece = BYTES(data, sizeof(data)) };
	uint8_t work[WORK_LEN];

	w->is_pressed = true;
	assert_int_equal(world_request(w, &q), ANSWER_OK);
	assert_true(asks_for_work(w, 4, work));
	q.put.upload_id[0] = 8;
	assert_int_equal(ask_with(w, WIRE_WORKED_PIECE, &q, work), ANSWER_OK);
	assert_int_equal(w->answer.kind, ANSWER_WORK);
	q.put.upload_id[0] = 9;
	assert_int_equal(ask_with(w, WIRE_WORKED_PIECE, &q, work), ANSWER_OK);
	assert_int_equal(w->answer.kind, ANSWER_PIECES);
	for (q.put.index = 1; q.put.index < 3; q.put.index++) {
		assert_int_equal(world_request(w, &q), ANSWER_OK);
		assert_int_equal(w->answer.kind, ANSWER_PIECES);
	}
}

/* Cases that staff have acknowledged are no backlog. */
static void
test_acknowledged_cases_ask_for_no_work(void **state)
{
	struct world *w = *state;
	struct reporter r;
	uint8_t work[WORK_LEN];
	struct draft d;

	w->config.quiet = 1;
	world_restart(w);
	/* sixteen minutes' worth, and one more, over an hour */
	for (uint8_t i = 1; i <= 17; i++, w->now += 200) {
		reporter_new(&r, i);
		file_concern_of(w, &r);
	}
	draft(w, 200, &d);
	assert_int_equal(world_request(w, &d.request), ANSWER_OK);
	assert_true(asks_for_work(w, 1, work));
	assert_int_equal(login(w, GUARDIAN), ANSWER_OK);
	post_ok(w, &r, MESSAGE_ACK, GUARDIAN, guardians, 2);
	assert_int_equal(world_request(w, &d.request), ANSWER_OK);
	assert_int_equal(w->answer.kind, ANSWER_STORED);
	draft_free(&d);
}

static void
test_frames_too_short_for_their_work_are_refused(void **state)
{
	struct world *w = *state;
	uint8_t zeros[WORK_LEN] = { 0 };

	for (size_t n = 0; n <= WORK_LEN; n += 8) {
		assert_int_not_equal(ANSWER_OK,
		    world_ask(w, WIRE_WORKED_TEXT, BYTES(zeros, n)));
		assert_int_not_equal(ANSWER_OK,
		    world_ask(w, WIRE_WORKED_PIECE, BYTES(zeros, n)));
	}
}

int
main(void)
{
#define IN_VAULT(f) cmocka_unit_test_setup_teardown(f, setup, world_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_difficulty_is_none_in_quiet_times_and_rises_by_steps),
		cmocka_unit_test(test_difficulty_is_smooth),
		cmocka_unit_test(
		    test_uploads_need_more_the_fuller_their_share_and_the_larger_they_are),
		cmocka_unit_test(
		    test_filings_count_for_two_minutes_and_cases_until_acknowledged),
		cmocka_unit_test(
		    test_plain_concerns_have_a_bucket_that_fills_again),
		cmocka_unit_test(
		    test_work_counts_once_in_its_time_and_for_its_purpose),
		cmocka_unit_test(test_spent_work_is_bounded),
		cmocka_unit_test(test_what_was_counted_goes_by_itself),
		cmocka_unit_test(
		    test_a_clock_that_was_set_back_shuts_nobody_out),
		IN_VAULT(test_a_flood_needs_work_and_quiet_times_need_none),
		IN_VAULT(test_who_is_pressed_needs_work_and_others_do_not),
		IN_VAULT(
		    test_the_first_piece_of_an_upload_needs_work_and_the_others_none),
		IN_VAULT(test_acknowledged_cases_ask_for_no_work),
		IN_VAULT(test_frames_too_short_for_their_work_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
