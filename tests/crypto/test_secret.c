#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <unistd.h>

#include "crypto/secret.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
test_secret_keeps_and_shortens(void **state)
{
	CLEAN_SECRET struct secret *s = NULL;

	(void)state;
	assert_int_equal(secret_copy(BYTES_LIT("passphrase"), &s), ERR_OK);
	assert_int_equal(secret_len(s), 10);
	secret_truncate(s, 4);
	secret_truncate(s, 9);
	assert_int_equal(secret_len(s), 4);
	assert_memory_equal(secret_bytes(s), "pass\0\0\0\0\0\0", 10);
}

/* The kernel says EFAULT where a store of ours would be a fault. */
static bool
is_writable(uint8_t *at)
{
	int fd[2];
	ssize_t n;

	assert_int_equal(pipe(fd), 0);
	assert_int_equal(write(fd[1], "", 1), 1);
	n = read(fd[0], at, 1);
	close(fd[0]);
	close(fd[1]);
	return n == 1;
}

static void
test_secret_has_a_guard_right_behind_it(void **state)
{
	static const size_t sizes[] = { 1, 32, 4096, 5000 };

	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		CLEAN_SECRET struct secret *s = NULL;

		assert_int_equal(secret_new(sizes[i], &s), ERR_OK);
		assert_true(bytes_all_zero(secret_bytes(s), sizes[i]));
		assert_true(is_writable(secret_bytes(s) + sizes[i] - 1));
		assert_false(is_writable(secret_bytes(s) + sizes[i]));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_secret_keeps_and_shortens),
		cmocka_unit_test(test_secret_has_a_guard_right_behind_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
