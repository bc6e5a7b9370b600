#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "client/even.h"

#define EVERY 21600000 /* six hours */

/* One in each span, and by what is drawn only: none before its span begins or
 * after it has ended. */
static void
test_a_cover_has_its_moment_in_each_span(void **state)
{
	(void)state;
	for (int64_t span = 0; span < 3; span++) {
		const int64_t begin = span * EVERY;

		assert_int_equal(begin, even_moment(span, EVERY, 0));
		assert_int_equal(begin + EVERY / 2,
		    even_moment(span, EVERY, UINT32_C(1) << 31));
		assert_in_range(even_moment(span, EVERY, UINT32_MAX), begin,
		    begin + EVERY - 1);
	}
	assert_true(even_moment(1, EVERY, 1000000000) >
	    even_moment(1, EVERY, 999000000));
}

static void
test_a_visit_takes_no_place_of_the_next(void **state)
{
	(void)state;
	assert_int_equal(1, even_span(0, EVERY, 0));
	assert_int_equal(1, even_span(0, EVERY, EVERY - 1));
	assert_int_equal(1, even_span(0, EVERY, EVERY + 1));
	assert_int_equal(6, even_span(5, EVERY, 5 * (int64_t)EVERY + 7));
}

static void
test_spans_that_were_slept_through_are_not_made_up_for(void **state)
{
	(void)state;
	assert_int_equal(9, even_span(2, EVERY, 9 * (int64_t)EVERY + 7));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_cover_has_its_moment_in_each_span),
		cmocka_unit_test(test_a_visit_takes_no_place_of_the_next),
		cmocka_unit_test(
		    test_spans_that_were_slept_through_are_not_made_up_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
