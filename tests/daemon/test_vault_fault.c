#include "tests/daemon/vault_world.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What a vault does when the disk is full, and when it fails. */

static bool disk_fails;

/* Instead of the C library's, for LMDB too: the declaration there has a
 * leading name of its own, so this one goes by its symbol. */
__attribute__((visibility("default"))) int failing_fdatasync(int) __asm__(
    "fdatasync");

int
failing_fdatasync(int fd)
{
	if (disk_fails) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_fdatasync, fd);
}

static int
setup(void **state)
{
	disk_fails = false;
	*state = world_new();
	return 0;
}

static int
teardown(void **state)
{
	disk_fails = false;
	world_free(*state);
	return 0;
}

static void
test_a_failed_sync_is_never_called_stored(void **state)
{
	static const uint16_t to[] = { GUARDIAN, SECOND_GUARDIAN };
	struct world *w = *state;
	CLEAN_DRAFT struct draft d = { 0 };
	struct reporter before, r;

	reporter_new(&before, 1);
	reporter_new(&r, 2);
	file_concern_of(w, &before);
	draft_concern(w, &r, to, 2, &d);
	disk_fails = true;
	assert_int_equal(ANSWER_DOWN, world_request(w, &d.request));
	assert_true(vault_has_failed(w->vault));
	/* Also when the disk has thought better of it. */
	disk_fails = false;
	assert_int_equal(ANSWER_DOWN, world_request(w, &d.request));
	assert_int_equal(ANSWER_DOWN, poll_mailbox(w, &before, 0));
	w->vault = vault_free(w->vault);
	assert_int_equal(ERR_CORRUPT,
	    vault_new(&w->env, &w->config, &w->secret, &w->vault));
	world_check_store(w, UINT64_MAX);
	assert_int_equal(ERR_OK,
	    vault_new(&w->env, &w->config, &w->secret, &w->vault));
	world_switch_policy(w, 1);
	assert_int_equal(ANSWER_OK, world_request(w, &d.request));
}

static void
test_a_full_store_refuses_and_goes_on_reading(void **state)
{
	static const uint16_t to[] = { GUARDIAN, SECOND_GUARDIAN };
	struct world *w = *state;
	struct reporter first, r;
	enum answer a = ANSWER_OK;
	unsigned n = 0;

	w->config.space = 32 * 1024 * 1024;
	world_fresh(w);
	w->drawn = 0;
	reporter_new(&first, 255);
	file_concern_of(w, &first);
	for (; a == ANSWER_OK && n < 4000; n++) {
		CLEAN_DRAFT struct draft d = { 0 };

		memset(&r, 0, sizeof(r));
		reporter_new(&r, (uint8_t)n);
		r.keys.mailbox[0] ^= (uint8_t)(n >> 8);
		r.keys.sign_seed[31] ^= (uint8_t)(n >> 8);
		assert_int_equal(ERR_OK,
		    sign_public(r.keys.sign_seed, r.keys.sign_pub));
		assert_int_equal(ERR_OK,
		    case_id_of(r.keys.sign_pub, r.keys.case_id));
		if (n == 255)
			continue; /* is `first` */
		draft_concern(w, &r, to, 2, &d);
		a = world_request(w, &d.request);
	}
	assert_int_equal(ANSWER_FULL, a);
	assert_in_range(n, 500, 2000);
	assert_false(vault_has_failed(w->vault));
	assert_int_equal(ANSWER_OK, poll_mailbox(w, &first, 0));
	assert_int_equal(1, w->answer.mailbox.count);
	world_check_store(w, n - 1);
}

/* Also where nobody files anything: what is read might not be on the disk. */
static void
test_a_failed_sync_of_a_policy_ends_it_as_well(void **state)
{
	CLEAN_BUF struct buf bundle = BUF_INIT(BUNDLE_POLICY_MAX);
	struct world *w = *state;

	world_policy_bundle(w, 2, REALM, &bundle);
	disk_fails = true;
	assert_int_equal(ERR_IO, vault_policy(w->vault, buf_bytes(&bundle)));
	assert_true(vault_has_failed(w->vault));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_a_failed_sync_is_never_called_stored),
		TEST(test_a_full_store_refuses_and_goes_on_reading),
		TEST(test_a_failed_sync_of_a_policy_ends_it_as_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
