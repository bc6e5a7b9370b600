#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <unistd.h>

#include "tests/store/kit.h"

/*
 * What a restore left: a store that a full disk cut off, or none.
 */

#define PATH_LEN 128
#define CASES 5

static void
path_of(const struct kit *k, const char *name, char out[static PATH_LEN])
{
	assert_true(snprintf(out, PATH_LEN, "%s/%s", k->dir, name) < PATH_LEN);
}

static enum err
write_copy(void *ctx, struct bytes x, uint64_t total)
{
	(void)total;
	return fwrite(x.p, 1, x.n, ctx) == x.n ? ERR_OK : ERR_IO;
}

/* In place of the store, as the manual restores one; its length. */
static long
restore(struct kit *k, const char *backup)
{
	char data[PATH_LEN], lock[PATH_LEN];
	FILE *f = fopen(backup, "wb");
	long size;

	assert_non_null(f);
	assert_int_equal(store_backup(k->dir, UINT64_MAX, write_copy, f),
	    ERR_OK);
	size = ftell(f);
	assert_int_equal(fclose(f), 0);
	path_of(k, "db/data.mdb", data);
	path_of(k, "db/lock.mdb", lock);
	assert_int_equal(rename(backup, data), 0);
	assert_int_equal(unlink(lock), 0);
	return size;
}

/* Neither a bus error nor a sound store, wherever a full disk ended it. */
static void
test_a_restored_store_that_was_cut_off_is_damaged(void **state)
{
	char data[PATH_LEN], backup[PATH_LEN];
	struct kit *k = *state;
	struct store_report r;
	long size;

	path_of(k, "db/data.mdb", data);
	path_of(k, "backup", backup);
	assert_int_equal(kit_add_many(k->s, 0, CASES), ERR_OK);
	k->s = store_close(k->s);
	for (size = restore(k, backup) - 4096; size >= 0; size -= 4096) {
		assert_int_equal(truncate(data, size), 0);
		assert_int_equal(store_check(&k->config, NULL, NULL, &r),
		    ERR_CORRUPT);
		assert_int_equal(truncate(data, size), 0);
		if (store_open(&k->config, &k->s) == ERR_OK)
			k->s = store_close(k->s);
		assert_int_equal(truncate(data, size), 0);
		assert_int_equal(store_backup(k->dir, UINT64_MAX, NULL, NULL),
		    ERR_CORRUPT);
	}
	assert_int_equal(store_open(&k->config, &k->s), ERR_CORRUPT);
}

static void
test_no_store_is_none_and_none_is_made_of_it(void **state)
{
	struct store_report r;
	struct store *s;
	struct kit none;

	(void)state;
	kit_start(&none);
	assert_int_equal(store_check(&none.config, NULL, NULL, &r),
	    ERR_NOT_FOUND);
	none.config.no_new = true;
	assert_int_equal(store_open(&none.config, &s), ERR_NOT_FOUND);
	assert_int_equal(rmdir(none.dir), 0); /* nothing is in it */
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		T(test_a_restored_store_that_was_cut_off_is_damaged),
		T(test_no_store_is_none_and_none_is_made_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
