#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/store/kit.h"

/*
 * The system calls that LMDB and the store write with, taken over by this
 * program: the one chosen fails at its nth use from then on.
 */

#define EXPORT __attribute__((visibility("default")))

enum call {
	CALL_WRITE,
	CALL_FDATASYNC,
	CALL_FALLOCATE,
	CALL_FSYNC,
	CALL_FTRUNCATE,
	CALL_OPEN,
	CALL_MMAP,
	CALL_RENAME,
	CALLS
};

#define SHORT (-1) /* instead of an error: half is written */

static struct {
	enum call call;
	int error;   /* 0: nothing fails */
	unsigned at; /* uses until then */
	bool once;
	unsigned hits;
} fault;

static bool
fails(enum call call)
{
	if (fault.error == 0 || fault.call != call)
		return false;
	if (fault.at > 0) {
		fault.at--;
		return false;
	}
	if (fault.once && fault.hits > 0)
		return false;
	fault.hits++;
	if (fault.error != SHORT)
		errno = fault.error;
	return true;
}

/* How much of n bytes is written; less than 0: that is what is returned. */
static ssize_t
allowed(size_t n)
{
	if (!fails(CALL_WRITE))
		return (ssize_t)n;
	return fault.error == SHORT ? (ssize_t)(n / 2) : -1;
}

/* Names as the linker knows them; large-file headers rename some in C. */
EXPORT ssize_t faulty_pwrite(int, const void *, size_t,
    off_t) __asm__("pwrite");
EXPORT ssize_t faulty_pwritev(int, const struct iovec *, int,
    off_t) __asm__("pwritev");
EXPORT ssize_t faulty_writev(int, const struct iovec *, int) __asm__("writev");
EXPORT int faulty_fdatasync(int) __asm__("fdatasync");
EXPORT int faulty_fallocate(int, int, off_t, off_t) __asm__("fallocate");
EXPORT int faulty_fallocate64(int, int, off_t, off_t) __asm__("fallocate64");
EXPORT int faulty_fsync(int) __asm__("fsync");
EXPORT int faulty_ftruncate(int, off_t) __asm__("ftruncate");
EXPORT int faulty_ftruncate64(int, off_t) __asm__("ftruncate64");
EXPORT int faulty_open(const char *, int, mode_t) __asm__("open");
EXPORT int faulty_open64(const char *, int, mode_t) __asm__("open64");
EXPORT void *faulty_mmap(void *, size_t, int, int, int, off_t) __asm__("mmap");
EXPORT int faulty_rename(const char *, const char *) __asm__("rename");

ssize_t
faulty_pwrite(int fd, const void *p, size_t n, off_t at)
{
	ssize_t k = allowed(n);

	return k < 0 ? k : syscall(SYS_pwrite64, fd, p, k, at);
}

/* A short one of several buffers writes the first half of them. */
ssize_t
faulty_pwritev(int fd, const struct iovec *v, int n, off_t at)
{
	ssize_t k = allowed((size_t)n);

	return k < 0 ? k : syscall(SYS_pwritev, fd, v, k, at, 0);
}

ssize_t
faulty_writev(int fd, const struct iovec *v, int n)
{
	ssize_t k = allowed((size_t)n);

	return k < 0 ? k : syscall(SYS_writev, fd, v, k);
}

int
faulty_fsync(int fd)
{
	if (fails(CALL_FSYNC))
		return -1;
	return (int)syscall(SYS_fsync, fd);
}

int
faulty_ftruncate(int fd, off_t n)
{
	if (fails(CALL_FTRUNCATE))
		return -1;
	return (int)syscall(SYS_ftruncate, fd, n);
}

int
faulty_ftruncate64(int fd, off_t n)
{
	return faulty_ftruncate(fd, n);
}

int
faulty_open(const char *path, int flags, mode_t mode)
{
	if (fails(CALL_OPEN))
		return -1;
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int
faulty_open64(const char *path, int flags, mode_t mode)
{
	return faulty_open(path, flags, mode);
}

void *
faulty_mmap(void *p, size_t n, int prot, int flags, int fd, off_t at)
{
	if (fails(CALL_MMAP))
		return MAP_FAILED;
	return (void *)syscall(SYS_mmap, p, n, prot, flags, fd, at);
}

int
faulty_rename(const char *from, const char *to)
{
	if (fails(CALL_RENAME))
		return -1;
	return (int)syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
}

int
faulty_fdatasync(int fd)
{
	if (fails(CALL_FDATASYNC))
		return -1;
	return (int)syscall(SYS_fdatasync, fd);
}

int
faulty_fallocate(int fd, int mode, off_t at, off_t n)
{
	if (fails(CALL_FALLOCATE))
		return -1;
	return (int)syscall(SYS_fallocate, fd, mode, at, n);
}

int
faulty_fallocate64(int fd, int mode, off_t at, off_t n)
{
	return faulty_fallocate(fd, mode, at, n);
}

static void
fault_set(enum call call, int error, unsigned at, bool once)
{
	fault.call = call;
	fault.error = error;
	fault.at = at;
	fault.once = once;
	fault.hits = 0;
}

static void
fault_clear(void)
{
	fault.error = 0;
}

/* --- the tests --- */

static int
setup(void **state)
{
	struct kit *k = calloc(1, sizeof(*k));

	fault_clear();
	kit_start(k);
	kit_open(k);
	*state = k;
	return 0;
}

static int
teardown(void **state)
{
	struct kit *k = *state;

	fault_clear();
	kit_end(k);
	free(k);
	return 0;
}

/* Ten cases, a follow-up to the first, and nothing else. */
static void
check_untouched(struct kit *k)
{
	for (uint32_t n = 0; n < 10; n++)
		assert_true(kit_is_whole(k->s, n, 1));
	for (uint32_t n = 10; n < 20; n++)
		assert_false(kit_is_whole(k->s, n, 1));
	assert_int_equal(kit_rows(k->s, 10), 10);
}

static enum err
big_batch(struct store_txn *txn, void *ctx)
{
	(void)ctx;
	for (uint32_t n = 10; n < 20; n++)
		if (kit_add(txn, n) != ERR_OK)
			return ERR_OK; /* what sticks is returned anyway */
	(void)!kit_append(txn, 0, 1);
	return ERR_OK;
}

static void
renew(void **state)
{
	teardown(state);
	setup(state);
}

/* Fails the nth use of a call, on a fresh store, until no use is left.
 * Returns how many uses there were. */
typedef void after_fault(struct kit *k, enum err result);

static unsigned
fail_each(void **state, enum call call, int error, after_fault *check)
{
	struct kit *k;
	enum err e;
	unsigned n;

	for (n = 0;; n++) {
		renew(state);
		k = *state;
		assert_int_equal(kit_add_many(k->s, 0, 10), ERR_OK);
		fault_set(call, error, n, true);
		e = store_run(k->s, big_batch, NULL);
		if (fault.hits == 0)
			break;
		fault_clear();
		check(k, e);
	}
	fault_clear();
	assert_int_equal(e, ERR_OK);
	return n;
}

static void
check_works(struct kit *k)
{
	check_untouched(k);
	assert_int_equal(store_run(k->s, big_batch, NULL), ERR_OK);
	assert_true(kit_is_whole(k->s, 19, 1));
	assert_true(kit_is_whole(k->s, 0, 2));
	k->s = store_close(k->s);
	assert_int_equal(kit_findings(k), 0);
}

static void
check_latched(struct kit *k, enum err result)
{
	struct store *again = NULL;

	assert_int_equal(result, ERR_IO);
	assert_true(store_is_latched(k->s));
	assert_int_equal(store_run(k->s, big_batch, NULL), ERR_IO);
	k->s = store_close(k->s);
	assert_int_equal(store_open(&k->config, &again), ERR_CORRUPT);
	assert_null(again);
	assert_int_equal(kit_findings(k), 0);
	kit_open(k);
	check_works(k);
}

/* Only the write of LMDB's own meta page cannot be taken back. */
static void
check_refused(struct kit *k, enum err result)
{
	if (store_is_latched(k->s)) {
		check_latched(k, result);
		return;
	}
	assert_int_equal(result, ERR_FULL);
	check_untouched(k);
	kit_reopen(k);
	check_works(k);
}

static void
test_a_full_disk_refuses_the_batch_and_reads_go_on(void **state)
{
	struct kit *k = *state;

	assert_true(fail_each(state, CALL_WRITE, ENOSPC, check_refused) >= 2);
	renew(state);
	k = *state;
	assert_int_equal(kit_add_many(k->s, 0, 10), ERR_OK);
	fault_set(CALL_WRITE, ENOSPC, 0, true);
	assert_int_equal(store_run(k->s, big_batch, NULL), ERR_FULL);
	fault_clear();
	assert_false(store_is_latched(k->s));
	check_works(k);
}

static void
test_a_failed_write_latches_until_checked(void **state)
{
	assert_true(fail_each(state, CALL_WRITE, EIO, check_latched) >= 2);
}

static void
test_a_failed_sync_latches_until_checked(void **state)
{
	assert_true(fail_each(state, CALL_FDATASYNC, EIO, check_latched) >= 1);
}

/* Whatever it says is so: all of the batch, or nothing. */
static void
check_as_it_says(struct kit *k, enum err result)
{
	if (result != ERR_OK) {
		check_refused(k, result);
		return;
	}
	assert_true(kit_is_whole(k->s, 0, 2));
	for (uint32_t n = 1; n < 20; n++)
		assert_true(kit_is_whole(k->s, n, 1));
	k->s = store_close(k->s);
	assert_int_equal(kit_findings(k), 0);
}

static void
test_every_call_of_a_batch_fails_in_turn_in_every_way(void **state)
{
	static const int errors[] = { EINTR, SHORT, EDQUOT };
	unsigned n = 0;

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		n += fail_each(state, CALL_WRITE, errors[i], check_as_it_says);
	n += fail_each(state, CALL_FDATASYNC, EINTR, check_as_it_says);
	n += fail_each(state, CALL_FDATASYNC, ENOSPC, check_as_it_says);
	n += fail_each(state, CALL_FALLOCATE, EIO, check_as_it_says);
	print_message("%u faults\n", n);
}

/* Of a store with so many cases, or of none; opened again without a fault,
 * everything is there. */
static void
fail_opening(struct kit *k, uint32_t cases)
{
	enum err e = store_open(&k->config, &k->s);
	struct store_report r;

	if (fault.hits == 0)
		assert_int_equal(e, ERR_OK);
	fault_clear();
	k->s = store_close(k->s);
	e = store_check(&k->config, NULL, NULL, &r);
	if (cases > 0 || e != ERR_NOT_FOUND) /* one was made */
		assert_int_equal(e, ERR_OK);
	kit_open(k);
	assert_int_equal(kit_rows(k->s, KIT_FIRST_PERSON), cases);
	for (uint32_t n = 0; n < cases; n++)
		assert_true(kit_is_whole(k->s, n, 1));
	assert_int_equal(kit_add_many(k->s, cases, 1), ERR_OK);
	k->s = store_close(k->s);
}

static unsigned
fail_openings(enum call call, int error, uint32_t cases)
{
	struct kit k;
	unsigned n = 0, hits;

	do {
		kit_start(&k);
		if (cases > 0) {
			kit_open(&k);
			assert_int_equal(kit_add_many(k.s, 0, cases), ERR_OK);
			k.s = store_close(k.s);
		}
		fault_set(call, error, n++, true);
		fail_opening(&k, cases);
		hits = fault.hits;
		kit_end(&k);
	} while (hits > 0);
	return n - 1;
}

static void
test_every_call_of_a_start_fails_in_turn_and_the_next_start_has_all(
    void **state)
{
	static const int errors[] = { EIO, ENOSPC, EINTR };
	unsigned n = 0;

	(void)state;
	for (int call = 0; call < CALLS; call++)
		for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
			for (uint32_t cases = 0; cases <= 5; cases += 5)
				n += fail_openings((enum call)call, errors[i],
				    cases);
	n += fail_openings(CALL_WRITE, SHORT, 0);
	print_message("%u faults\n", n);
	assert_true(n > 60);
}

static void
test_the_latch_holds_and_reads_go_on_after_a_failed_sync(void **state)
{
	struct kit *k = *state;

	assert_int_equal(kit_add_many(k->s, 0, 10), ERR_OK);
	fault_set(CALL_FDATASYNC, EIO, 0, false);
	for (int i = 0; i < 3; i++)
		assert_int_equal(store_run(k->s, big_batch, NULL), ERR_IO);
	assert_int_equal(fault.hits, 1); /* not tried again */
	check_untouched(k);
	fault_clear();
	check_latched(k, ERR_IO);
}

struct attach {
	enum err piece, text;
};

static enum err
piece_and_text(struct store_txn *txn, void *ctx)
{
	static const uint8_t id[STORE_UPLOAD_ID_LEN] = { 1 };
	static uint8_t data[PIECE_LEN];
	struct store_piece p = { .upload = id,
		.size = PIECE_LEN,
		.data = BYTES(data, sizeof(data)) };
	struct attach *a = ctx;

	a->piece = txn_upload_piece(txn, &p);
	a->text = kit_add(txn, 10);
	return ERR_OK;
}

static void
test_without_room_ahead_attachments_are_refused_and_text_stored(void **state)
{
	struct kit *k = *state;
	struct attach a;

	assert_int_equal(kit_add_many(k->s, 0, 10), ERR_OK);
	k->s = store_close(k->s);
	k->config.headroom = 64 * 1024 * 1024;
	fault_set(CALL_FALLOCATE, ENOSPC, 0, false);
	kit_open(k);
	assert_int_equal(store_run(k->s, piece_and_text, &a), ERR_OK);
	assert_int_equal(a.piece, ERR_FULL);
	assert_int_equal(a.text, ERR_OK);
	assert_true(kit_is_whole(k->s, 10, 1));
	fault_clear();
	assert_int_equal(store_run(k->s, piece_and_text, &a), ERR_OK);
	assert_int_equal(a.piece, ERR_OK);
	assert_int_equal(a.text, ERR_EXISTS);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_a_full_disk_refuses_the_batch_and_reads_go_on),
		T(test_a_failed_write_latches_until_checked),
		T(test_a_failed_sync_latches_until_checked),
		T(test_every_call_of_a_batch_fails_in_turn_in_every_way),
		T(test_every_call_of_a_start_fails_in_turn_and_the_next_start_has_all),
		T(test_the_latch_holds_and_reads_go_on_after_a_failed_sync),
		T(test_without_room_ahead_attachments_are_refused_and_text_stored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
