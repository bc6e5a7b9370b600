#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/db_inside.h"
#include "store/inside.h"
#include "tests/store/kit.h"

/*
 * Copies. LMDB allows one environment a process, so a backup beside a writer
 * is made by a child, which waits at its first bytes until it is told to go on.
 */

#define CASES 60
/* More than pipes and LMDB's buffers take, about 6 MiB: as long as nobody takes
 * it, a copy of so many is not at its end. */
#define CASES_LONG 300
#define GROWTH_MAX (64 * 1024 * 1024)

static char copy_path[PATH_MAX];

struct child {
	pid_t pid;
	int began, go; /* ours to read, ours to write */
};

struct sink {
	int fd, began, go;
	uint64_t done;
};

static enum err
sink_put(void *ctx, struct bytes x, uint64_t total)
{
	struct sink *s = ctx;
	char c = 0;

	if (s->done == 0 && s->began >= 0 &&
	    (write(s->began, &c, 1) != 1 || read(s->go, &c, 1) != 1))
		return ERR_EXPIRED;
	s->done += x.n;
	if (total == 0 || write(s->fd, x.p, x.n) != (ssize_t)x.n)
		return ERR_IO;
	return ERR_OK;
}

static enum err
copy_to(const struct kit *k, uint64_t growth_max, int began, int go)
{
	struct sink s = { .began = began, .go = go };
	enum err e;

	s.fd = open(copy_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	e = store_backup(k->dir, growth_max, sink_put, &s);
	close(s.fd);
	return e;
}

/* Returns when the copy is under way. */
static struct child
child_start(const struct kit *k, uint64_t growth_max)
{
	struct child c;
	int began[2], go[2];
	char byte;

	assert_int_equal(pipe(began), 0);
	assert_int_equal(pipe(go), 0);
	c.pid = fork();
	assert_true(c.pid >= 0);
	if (c.pid == 0) {
		close(began[0]);
		close(go[1]);
		_exit((int)copy_to(k, growth_max, began[1], go[0]));
	}
	close(began[1]);
	close(go[0]);
	c.began = began[0];
	c.go = go[1];
	assert_int_equal(read(c.began, &byte, 1), 1);
	return c;
}

/* Lets it go on, or kills it; what store_backup returned. */
static enum err
child_end(struct child *c, int signal)
{
	int status = 0;

	if (signal != 0)
		assert_int_equal(kill(c->pid, signal), 0);
	else
		assert_int_equal(write(c->go, "", 1), 1);
	assert_int_equal(waitpid(c->pid, &status, 0), c->pid);
	close(c->began);
	close(c->go);
	if (signal != 0)
		assert_true(WIFSIGNALED(status));
	return WIFEXITED(status) ? (enum err)WEXITSTATUS(status) : ERR_OK;
}

static struct store_config
of_the_copy(const struct kit *k)
{
	struct store_config config = k->config;

	config.dir = copy_path;
	return config;
}

static int
setup(void **state)
{
	struct kit *k = calloc(1, sizeof(*k));

	kit_start(k);
	k->config.map_size = 2 * 1024 * 1024;
	kit_open(k);
	snprintf(copy_path, sizeof(copy_path), "%s/copy", k->dir);
	*state = k;
	return 0;
}

static enum err
destroy_batch(struct store_txn *txn, void *ctx)
{
	uint8_t id[STORE_CASE_ID_LEN];

	kit_id(*(const uint32_t *)ctx, id);
	return txn_case_destroy(txn, id);
}

/* --- what a copy has --- */

static void
test_a_copy_beside_a_writer_is_of_one_moment_and_whole(void **state)
{
	struct kit *k = *state;
	struct store_report r = { 0 };
	struct store_config config = of_the_copy(k);
	uint32_t gone = 7;
	struct child c;

	assert_int_equal(kit_add_many(k->s, 0, CASES_LONG), ERR_OK);
	c = child_start(k, GROWTH_MAX);
	assert_int_equal(kit_add_many(k->s, CASES_LONG, 200), ERR_OK);
	assert_int_equal(store_run(k->s, destroy_batch, &gone), ERR_OK);
	assert_int_equal(child_end(&c, 0), ERR_OK);
	assert_int_equal(store_check_copy(&config, NULL, NULL, &r), ERR_OK);
	assert_int_equal(r.cases, CASES_LONG);
	assert_int_equal(r.findings, 0);
	for (uint32_t n = CASES_LONG; n < CASES_LONG + 200; n++)
		assert_true(kit_is_whole(k->s, n, 1));
}

/* As DIR/db/data.mdb of another state directory it is the store. */
static void
test_a_copy_restored_is_the_store_of_that_moment(void **state)
{
	struct kit *k = *state, other;
	char path[PATH_MAX];

	assert_int_equal(kit_add_many(k->s, 0, CASES), ERR_OK);
	k->s = store_close(k->s);
	assert_int_equal(copy_to(k, GROWTH_MAX, -1, -1), ERR_OK);
	kit_start(&other);
	snprintf(path, sizeof(path), "%s/db", other.dir);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/db/data.mdb", other.dir);
	assert_int_equal(rename(copy_path, path), 0);
	assert_int_equal(kit_findings(&other), 0);
	kit_open(&other);
	for (uint32_t n = 0; n < CASES; n++)
		assert_true(kit_is_whole(other.s, n, 1));
	assert_int_equal(kit_add_many(other.s, CASES, 10), ERR_OK);
	kit_end(&other);
}

static enum err
check_cut(const struct kit *k, off_t length)
{
	struct store_config config = of_the_copy(k);
	struct store_report r = { 0 };

	assert_int_equal(truncate(copy_path, length), 0);
	return store_check_copy(&config, NULL, NULL, &r);
}

static void
test_a_copy_that_was_cut_off_is_damaged(void **state)
{
	struct kit *k = *state;
	struct stat st;

	assert_int_equal(kit_add_many(k->s, 0, CASES), ERR_OK);
	k->s = store_close(k->s);
	assert_int_equal(copy_to(k, GROWTH_MAX, -1, -1), ERR_OK);
	assert_int_equal(stat(copy_path, &st), 0);
	assert_int_equal(check_cut(k, st.st_size), ERR_OK);
	assert_int_equal(check_cut(k, st.st_size - 1), ERR_CORRUPT);
	assert_int_equal(check_cut(k, st.st_size / 2), ERR_CORRUPT);
	assert_int_equal(check_cut(k, 8192), ERR_CORRUPT);
	assert_int_not_equal(check_cut(k, 100), ERR_OK);
	assert_int_not_equal(check_cut(k, 0), ERR_OK);
}

static void
test_a_copy_with_one_bit_changed_is_damaged(void **state)
{
	struct kit *k = *state;
	struct store_config config = of_the_copy(k);
	struct store_report r = { 0 };
	struct stat st;
	uint8_t byte;
	int fd;

	assert_int_equal(kit_add_many(k->s, 0, CASES), ERR_OK);
	k->s = store_close(k->s);
	assert_int_equal(copy_to(k, GROWTH_MAX, -1, -1), ERR_OK);
	assert_int_equal(stat(copy_path, &st), 0);
	fd = open(copy_path, O_RDWR | O_CLOEXEC);
	assert_int_equal(pread(fd, &byte, 1, st.st_size / 2 + 2000), 1);
	byte ^= 4;
	assert_int_equal(pwrite(fd, &byte, 1, st.st_size / 2 + 2000), 1);
	close(fd);
	assert_int_equal(store_check_copy(&config, NULL, NULL, &r),
	    ERR_CORRUPT);
	assert_true(r.findings > 0);
}

static void
test_a_store_whose_write_failed_is_not_copied(void **state)
{
	struct kit *k = *state;

	assert_int_equal(kit_add_many(k->s, 0, 1), ERR_OK);
	db_latch(k->s->db);
	k->s = store_close(k->s);
	assert_int_equal(copy_to(k, GROWTH_MAX, -1, -1), ERR_CORRUPT);
	assert_int_equal(kit_findings(k), 0); /* lifts the mark */
	assert_int_equal(copy_to(k, GROWTH_MAX, -1, -1), ERR_OK);
}

/* --- what it costs the writer --- */

/* Half a MiB. */
static enum err
rewrite_batch(struct store_txn *txn, void *ctx)
{
	static const char *const name[] = { "a", "b", "c", "d", "e", "f", "g",
		"h" };
	static uint8_t value[STORE_VALUE_MAX];
	enum err e = ERR_OK;

	(void)ctx;
	for (unsigned i = 0; i < 8 && e == ERR_OK; i++)
		e = txn_value_put(txn, name[i], BYTES(value, sizeof(value)));
	return e;
}

static enum err
rewrite(struct kit *k, unsigned times)
{
	enum err e = ERR_OK;

	for (unsigned i = 0; i < times && e == ERR_OK; i++)
		e = store_run(k->s, rewrite_batch, NULL);
	return e;
}

static uint64_t
file_pages(const struct kit *k)
{
	MDB_envinfo info;

	assert_int_equal(mdb_env_info(k->s->db->env, &info), 0);
	return info.me_last_pgno;
}

static void
test_room_kept_for_a_copy_is_used_again_when_it_ends(void **state)
{
	struct kit *k = *state;
	uint64_t before, meanwhile;
	struct child c;

	assert_int_equal(kit_add_many(k->s, 0, CASES_LONG), ERR_OK);
	assert_int_equal(rewrite(k, 5), ERR_OK);
	before = file_pages(k);
	assert_int_equal(rewrite(k, 10), ERR_OK);
	assert_int_equal(file_pages(k), before);
	c = child_start(k, GROWTH_MAX);
	assert_int_equal(rewrite(k, 10), ERR_OK); /* it goes on, and grows */
	meanwhile = file_pages(k);
	assert_true(meanwhile > before + 1000);
	assert_int_equal(child_end(&c, 0), ERR_OK);
	assert_int_equal(rewrite(k, 30), ERR_OK);
	assert_int_equal(file_pages(k), meanwhile);
}

static void
test_a_copy_that_was_killed_keeps_no_room(void **state)
{
	struct kit *k = *state;
	struct child c;
	uint64_t size;

	assert_int_equal(kit_add_many(k->s, 0, CASES_LONG), ERR_OK);
	c = child_start(k, GROWTH_MAX);
	assert_int_equal(rewrite(k, 5), ERR_OK);
	(void)child_end(&c, SIGKILL);
	size = k->s->db->map_size;
	assert_int_equal(rewrite(k, 80), ERR_OK);
	assert_int_equal(k->s->db->map_size, size);
}

/* Its slot among the readers is free again, however many were killed. */
static void
test_copies_go_on_after_many_were_killed(void **state)
{
	struct kit *k = *state;
	struct child c;

	assert_int_equal(kit_add_many(k->s, 0, CASES_LONG), ERR_OK);
	for (unsigned i = 0; i < 40; i++) {
		c = child_start(k, GROWTH_MAX);
		(void)child_end(&c, SIGKILL);
	}
	c = child_start(k, GROWTH_MAX);
	assert_int_equal(child_end(&c, 0), ERR_OK);
}

/* The eighth at once opens the store, but LMDB has no slot for its snapshot. */
static void
test_a_copy_that_lmdb_does_not_make_is_not_called_one(void **state)
{
	struct kit *k = *state;
	struct child c[7];
	int status = 0;
	pid_t pid;

	assert_int_equal(kit_add_many(k->s, 0, CASES_LONG), ERR_OK);
	for (unsigned i = 0; i < 7; i++)
		c[i] = child_start(k, GROWTH_MAX);
	pid = fork();
	if (pid == 0)
		_exit((int)copy_to(k, GROWTH_MAX, -1, -1));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), ERR_IO);
	for (unsigned i = 0; i < 7; i++)
		assert_int_equal(child_end(&c[i], 0), ERR_OK);
}

static void
test_a_copy_is_given_up_when_the_store_grows_too_much(void **state)
{
	struct kit *k = *state;
	struct child c;

	assert_int_equal(kit_add_many(k->s, 0, CASES_LONG), ERR_OK);
	c = child_start(k, 2 * 1024 * 1024);
	assert_int_equal(rewrite(k, 8), ERR_OK);
	assert_int_equal(child_end(&c, 0), ERR_LIMIT);
	c = child_start(k, 2 * 1024 * 1024);
	assert_int_equal(rewrite(k, 1), ERR_OK);
	assert_int_equal(child_end(&c, 0), ERR_OK);
}

static void
test_a_copy_that_stands_still_costs_room_and_nothing_else(void **state)
{
	struct kit *k = *state;
	struct child c;
	enum err e = ERR_OK;

	k->config.size_max = 16 * 1024 * 1024;
	kit_reopen(k);
	assert_int_equal(kit_add_many(k->s, 0, CASES_LONG), ERR_OK);
	c = child_start(k, GROWTH_MAX);
	for (unsigned i = 0; i < 50 && e == ERR_OK; i++)
		e = rewrite(k, 1);
	assert_int_equal(e, ERR_FULL);
	assert_false(store_is_latched(k->s));
	assert_int_equal(child_end(&c, 0), ERR_OK);
	assert_int_equal(rewrite(k, 20), ERR_OK);
	for (uint32_t n = 0; n < CASES_LONG; n++)
		assert_true(kit_is_whole(k->s, n, 1));
}

/* --- in place --- */

static bool
file_has(const struct kit *k, struct bytes x)
{
	char path[PATH_MAX];
	struct stat st;
	uint8_t *all;
	bool found;
	int fd;

	snprintf(path, sizeof(path), "%s/db/data.mdb", k->dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(fstat(fd, &st), 0);
	all = malloc((size_t)st.st_size);
	assert_int_equal(read(fd, all, (size_t)st.st_size), st.st_size);
	close(fd);
	found = memmem(all, (size_t)st.st_size, x.p, x.n) != NULL;
	free(all);
	return found;
}

static void
test_what_was_destroyed_is_not_in_the_file_after_it_is_compacted(void **state)
{
	struct kit *k = *state;
	struct MDB_txn *txn;
	uint8_t sealed[64];
	uint32_t gone = 7;
	struct bytes x;

	assert_int_equal(kit_add_many(k->s, 0, CASES), ERR_OK);
	/* a payload: the last record of the case before the next one's */
	assert_int_equal(db_read_begin(k->s->db, &txn), ERR_OK);
	for (uint64_t n = 0;; n++) {
		assert_int_equal(db_get(k->s->db, txn, TABLE_RECORDS, n, &x),
		    ERR_OK);
		if (x.n > KIT_PAYLOAD && gone-- == 0)
			break;
	}
	memcpy(sealed, x.p, sizeof(sealed));
	db_read_end(k->s->db);
	gone = 7;
	assert_int_equal(store_run(k->s, destroy_batch, &gone), ERR_OK);
	k->s = store_close(k->s);
	assert_true(file_has(k, BYTES(sealed, sizeof(sealed))));
	assert_int_equal(store_compact(&k->config), ERR_OK);
	assert_false(file_has(k, BYTES(sealed, sizeof(sealed))));
	assert_int_equal(kit_findings(k), 0);
	kit_open(k);
	for (uint32_t n = 0; n < CASES; n++)
		assert_int_equal(kit_is_whole(k->s, n, 1), n != 7);
	assert_int_equal(kit_add_many(k->s, CASES, 10), ERR_OK);
}

/* What root makes there, the daemon's user has to read. */
static void
test_a_compacted_file_belongs_to_whom_it_did(void **state)
{
	struct kit *k = *state;
	char path[PATH_MAX];
	struct stat st;

	if (geteuid() != 0)
		skip();
	assert_int_equal(kit_add_many(k->s, 0, 1), ERR_OK);
	k->s = store_close(k->s);
	snprintf(path, sizeof(path), "%s/db/data.mdb", k->dir);
	assert_int_equal(chown(path, 12345, 12346), 0);
	assert_int_equal(store_compact(&k->config), ERR_OK);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_uid, 12345);
	assert_int_equal(st.st_gid, 12346);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void
test_no_copy_is_made_while_the_file_may_be_replaced(void **state)
{
	struct kit *k = *state;
	int hold, other;
	struct child c;

	assert_int_equal(kit_add_many(k->s, 0, 1), ERR_OK);
	c = child_start(k, GROWTH_MAX); /* it holds the lock to its end */
	assert_int_equal(store_hold_backups(k->dir, &other), ERR_EXISTS);
	assert_int_equal(child_end(&c, 0), ERR_OK);
	k->s = store_close(k->s);
	assert_int_equal(store_hold_backups(k->dir, &hold), ERR_OK);
	assert_int_equal(copy_to(k, GROWTH_MAX, -1, -1), ERR_EXISTS);
	close(hold);
	assert_int_equal(copy_to(k, GROWTH_MAX, -1, -1), ERR_OK);
}

static void
test_where_no_store_is_none_is_made(void **state)
{
	struct kit k;
	int fd;

	(void)state;
	kit_start(&k);
	assert_int_equal(copy_to(&k, GROWTH_MAX, -1, -1), ERR_NOT_FOUND);
	assert_int_equal(store_hold_backups(k.dir, &fd), ERR_NOT_FOUND);
	assert_int_equal(rmdir(k.dir), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, kit_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_copy_beside_a_writer_is_of_one_moment_and_whole),
		TEST(test_a_copy_restored_is_the_store_of_that_moment),
		TEST(test_a_copy_that_was_cut_off_is_damaged),
		TEST(test_a_copy_with_one_bit_changed_is_damaged),
		TEST(test_a_store_whose_write_failed_is_not_copied),
		TEST(test_room_kept_for_a_copy_is_used_again_when_it_ends),
		TEST(test_a_copy_that_was_killed_keeps_no_room),
		TEST(test_copies_go_on_after_many_were_killed),
		TEST(test_a_copy_that_lmdb_does_not_make_is_not_called_one),
		TEST(test_a_copy_is_given_up_when_the_store_grows_too_much),
		TEST(test_a_copy_that_stands_still_costs_room_and_nothing_else),
		TEST(
		    test_what_was_destroyed_is_not_in_the_file_after_it_is_compacted),
		TEST(test_a_compacted_file_belongs_to_whom_it_did),
		TEST(test_no_copy_is_made_while_the_file_may_be_replaced),
		TEST(test_where_no_store_is_none_is_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
