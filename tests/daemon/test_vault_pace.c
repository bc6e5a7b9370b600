#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "daemon/vault_pace.h"

static int64_t later; /* seconds that pass while something is filed */

int __wrap_clock_gettime(clockid_t which, struct timespec *ret);
int __real_clock_gettime(clockid_t which, struct timespec *ret);

int
__wrap_clock_gettime(clockid_t which, struct timespec *ret)
{
	int r = __real_clock_gettime(which, ret);

	ret->tv_sec += later;
	return r;
}

struct heard {
	unsigned n;
	uint64_t id;
	enum answer status;
	struct buf body;
};

static void
hear(void *ctx, uint64_t id, enum answer status, struct bytes body)
{
	struct heard *h = ctx;

	h->n++;
	h->id = id;
	h->status = status;
	buf_reset(&h->body);
	buf_put_bytes(&h->body, body);
}

struct scene {
	struct event_base *base;
	struct pace *pace;
	struct heard one, two;
};

static void
begin(struct scene *s)
{
	*s = (struct scene){ .one.body.max = 64, .two.body.max = 64 };
	s->base = event_base_new();
	assert_non_null(s->base);
	s->pace = pace_new(s->base);
	assert_non_null(s->pace);
	pace_turn(s->pace);
}

static void
end(struct scene *s)
{
	s->pace = pace_free(s->pace);
	event_base_free(s->base);
	buf_free(&s->one.body);
	buf_free(&s->two.body);
}

static bool
keep(struct scene *s, struct heard *h, uint64_t id)
{
	return pace_keep(s->pace, hear, h, id, ANSWER_CONFLICT,
	    BYTES_LIT("words"));
}

static void
test_text_that_is_answered_at_once_waits_and_comes_as_it_was(void **state)
{
	struct scene s;

	(void)state;
	begin(&s);
	assert_true(keep(&s, &s.one, 7));
	pace_committed(s.pace);
	assert_int_equal(0, s.one.n);
	assert_int_equal(1, event_base_dispatch(s.base)); /* none are left */
	assert_int_equal(1, s.one.n);
	assert_int_equal(7, s.one.id);
	assert_int_equal(ANSWER_CONFLICT, s.one.status);
	assert_int_equal(5, s.one.body.n);
	assert_memory_equal("words", s.one.body.p, 5);
	end(&s);
}

static void
test_nothing_is_said_to_who_has_gone(void **state)
{
	struct scene s;

	(void)state;
	begin(&s);
	for (uint64_t id = 0; id < 6; id++)
		assert_true(keep(&s, id % 2 == 0 ? &s.one : &s.two, id));
	pace_forget(s.pace, &s.one);
	assert_int_equal(1, event_base_dispatch(s.base));
	assert_int_equal(0, s.one.n);
	assert_int_equal(3, s.two.n);
	end(&s);
}

static void
test_what_waits_is_said_before_the_end(void **state)
{
	struct scene s;

	(void)state;
	begin(&s);
	assert_true(keep(&s, &s.one, 1));
	assert_true(keep(&s, &s.two, 2));
	pace_release(s.pace);
	assert_int_equal(1, s.one.n);
	assert_int_equal(1, s.two.n);
	assert_int_equal(1, event_base_dispatch(s.base));
	assert_int_equal(1, s.one.n);
	end(&s);
}

struct waits {
	unsigned n;
	double least, most; /* seconds */
};

static int
wait_of(const struct event_base *base, const struct event *e, void *ctx)
{
	struct waits *w = ctx;
	struct timeval at = { 0 }, now;
	double s;

	(void)base;
	assert_true(event_pending(e, EV_TIMEOUT, &at));
	assert_int_equal(0, gettimeofday(&now, NULL));
	s = (double)(at.tv_sec - now.tv_sec) +
	    (double)(at.tv_usec - now.tv_usec) / 1e6;
	w->least = w->n == 0 || s < w->least ? s : w->least;
	w->most = s > w->most ? s : w->most;
	w->n++;
	return 0;
}

/* One stalled disk, and a year of few filings. Who polls often learns no time
 * that filings do not have. */
static void
test_nobody_waits_for_as_long_as_a_disk_stood_still(void **state)
{
	struct scene s;
	struct waits w = { 0 };

	(void)state;
	begin(&s);
	pace_filed(s.pace);
	later += 3600;
	pace_committed(s.pace);
	pace_turn(s.pace);
	for (uint64_t id = 0; id < 100; id++)
		assert_true(keep(&s, &s.one, id));
	assert_int_equal(0, event_base_foreach_event(s.base, wait_of, &w));
	assert_int_equal(100, w.n);
	assert_true(w.least > 1 && w.most < 11);
	assert_true(w.most - w.least > 0.3);
	end(&s);
}

/* Until there is a filing, of which nothing else is known then. */
static void
test_what_the_start_wrote_counts_until_the_first_filing(void **state)
{
	struct scene s;
	struct waits w = { 0 };

	(void)state;
	begin(&s);
	later += 5;
	pace_started(s.pace);
	pace_turn(s.pace);
	for (uint64_t id = 0; id < 100; id++)
		assert_true(keep(&s, &s.one, id));
	assert_int_equal(0, event_base_foreach_event(s.base, wait_of, &w));
	assert_true(w.least > 1 && w.most < 6);
	pace_release(s.pace);
	pace_filed(s.pace);
	pace_committed(s.pace);
	w = (struct waits){ 0 };
	for (uint64_t id = 0; id < 100; id++)
		assert_true(keep(&s, &s.one, id));
	assert_int_equal(0, event_base_foreach_event(s.base, wait_of, &w));
	assert_int_equal(100, w.n);
	assert_true(w.most < 1);
	end(&s);
}

/* A write of a start on a full disk fails at once. */
static void
test_where_the_start_wrote_nothing_a_slow_disk_is_assumed(void **state)
{
	struct timeval before, now;
	struct waits w = { 0 };
	struct scene s;

	(void)state;
	begin(&s);
	pace_untimed(s.pace);
	assert_int_equal(0, gettimeofday(&before, NULL));
	pace_turn(s.pace);
	for (uint64_t id = 0; id < 100; id++)
		assert_true(keep(&s, &s.one, id));
	assert_int_equal(0, event_base_foreach_event(s.base, wait_of, &w));
	assert_int_equal(0, gettimeofday(&now, NULL));
	w.least += (double)(now.tv_sec - before.tv_sec) +
	    (double)(now.tv_usec - before.tv_usec) / 1e6;
	assert_true(w.least > 0.04); /* as from the turn's begin */
	end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_text_that_is_answered_at_once_waits_and_comes_as_it_was),
		cmocka_unit_test(test_nothing_is_said_to_who_has_gone),
		cmocka_unit_test(test_what_waits_is_said_before_the_end),
		cmocka_unit_test(
		    test_nobody_waits_for_as_long_as_a_disk_stood_still),
		cmocka_unit_test(
		    test_what_the_start_wrote_counts_until_the_first_filing),
		cmocka_unit_test(
		    test_where_the_start_wrote_nothing_a_slow_disk_is_assumed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
