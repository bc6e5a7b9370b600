#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/store/kit.h"

static void
check_clean(struct kit *k)
{
	k->s = store_close(k->s);
	assert_int_equal(kit_findings(k), 0);
	kit_open(k);
}

static void
test_the_map_grows_by_running_the_batch_again(void **state)
{
	struct kit *k = *state;

	k->s = store_close(k->s);
	k->config.map_size = 512 * 1024;
	kit_open(k);
	for (uint32_t n = 0; n < 300; n += 60)
		assert_int_equal(kit_add_many(k->s, n, 60), ERR_OK);
	for (uint32_t n = 0; n < 300; n++)
		assert_true(kit_is_whole(k->s, n, 1));
	check_clean(k);
}

static void
test_a_full_store_refuses_and_goes_on_reading(void **state)
{
	struct kit *k = *state;
	enum err e = ERR_OK;
	uint32_t n = 0;

	k->s = store_close(k->s);
	k->config.map_size = 512 * 1024;
	k->config.size_max = 2 * 1024 * 1024;
	kit_open(k);
	while (e == ERR_OK && n < 1000) {
		e = kit_add_many(k->s, n, 10);
		n += 10;
	}
	assert_int_equal(e, ERR_FULL);
	assert_true(n > 40);
	assert_false(store_is_latched(k->s));
	assert_int_equal(kit_add_many(k->s, n, 10), ERR_FULL);
	for (uint32_t i = 0; i < n - 10; i++)
		assert_true(kit_is_whole(k->s, i, 1));
	assert_false(kit_is_whole(k->s, n - 10, 1));
	check_clean(k);
}

static enum err
pieces_then_text(struct store_txn *txn, void *ctx)
{
	static const uint8_t id[STORE_UPLOAD_ID_LEN] = { 1 };
	static uint8_t data[PIECE_LEN];
	struct store_piece p = { .upload = id,
		.size = 64 * PIECE_LEN,
		.data = BYTES(data, sizeof(data)) };
	uint32_t *pieces = ctx;
	enum err e = ERR_OK;

	for (p.index = 0; e == ERR_OK && p.index < 64; p.index++)
		e = txn_upload_piece(txn, &p);
	assert_int_equal(e, ERR_FULL);
	*pieces = p.index - 1;
	return kit_add(txn, 0);
}

static void
test_pieces_stop_before_the_room_of_text_and_do_not_spoil_the_batch(
    void **state)
{
	struct kit *k = *state;
	uint32_t pieces, n = 1;

	k->s = store_close(k->s);
	k->config.size_max = 6 * 1024 * 1024;
	k->config.attachments_max = 64 * 1024 * 1024;
	kit_open(k);
	assert_int_equal(store_run(k->s, pieces_then_text, &pieces), ERR_OK);
	assert_in_range(pieces, 8, 20);
	assert_true(kit_is_whole(k->s, 0, 1));
	while (kit_add_many(k->s, n, 1) == ERR_OK)
		n++;
	/* at least half of the headroom was left for text */
	assert_true(n * KIT_PAYLOAD > 512 * 1024);
	check_clean(k);
}

static bool
say(const char *path, const char *what)
{
	FILE *f = fopen(path, "w");
	bool fine = f != NULL && fprintf(f, "%s", what) > 0;

	return f != NULL && fclose(f) == 0 && fine;
}

/* Whoever is not root becomes it among themselves. */
static bool
get_room(void)
{
	char uid[32], gid[32];

	if (geteuid() == 0)
		return unshare(CLONE_NEWNS) == 0;
	(void)snprintf(uid, sizeof(uid), "0 %u 1", geteuid());
	(void)snprintf(gid, sizeof(gid), "0 %u 1", getegid());
	return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 &&
	    say("/proc/self/uid_map", uid) &&
	    say("/proc/self/setgroups", "deny") &&
	    say("/proc/self/gid_map", gid);
}

/* A small disk of this process's own, if the machine lets it have one. */
static bool
get_disk(const char *dir)
{
	return get_room() &&
	    mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0 &&
	    mount("disk", dir, "tmpfs", 0, "size=128k,mode=0700") == 0;
}

static void
fill_disk(const char *dir)
{
	char path[128], block[4096] = "";
	int fd;

	(void)snprintf(path, sizeof(path), "%s/fill", dir);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	while (fd >= 0 && write(fd, block, sizeof(block)) > 0)
		;
	close(fd);
}

/* LMDB writes its lock file through a map. */
static void
test_a_full_disk_is_said_and_is_no_bus_error(void **state)
{
	struct kit *k = *state;
	struct store *s = NULL;
	int status;
	pid_t pid;

	k->s = store_close(k->s);
	if ((pid = fork()) == 0) {
		(void)signal(SIGBUS, SIG_DFL); /* cmocka's goes on */
		if (!get_disk(k->dir))
			_exit(77);
		fill_disk(k->dir);
		_exit(store_open(&k->config, &s) == ERR_FULL ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(status, 0);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		T(test_the_map_grows_by_running_the_batch_again),
		T(test_a_full_store_refuses_and_goes_on_reading),
		T(test_a_full_disk_is_said_and_is_no_bus_error),
		T(test_pieces_stop_before_the_room_of_text_and_do_not_spoil_the_batch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
