/*
 * A child stores and acknowledges after each commit; it is killed at a random
 * moment. Afterwards everything acknowledged is there, whole, everything else
 * is whole or absent, and the check finds nothing.
 *
 * usage: test_store_crash [ROUNDS]
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/store/kit.h"

#define BATCH 8
#define CASES_MAX 100000
#define LIFE_MAX_US 15000

static unsigned rounds = 15;

struct said {
	uint32_t first; /* of a batch of BATCH */
};

static bool
is_followed_up(uint32_t n)
{
	return n % 8 == 1;
}

static bool
is_destroyed(uint32_t n)
{
	return n % 8 == 2;
}

/* Adds BATCH cases; follows up and destroys cases of the batch before. */
static enum err
child_batch(struct store_txn *txn, void *ctx)
{
	const struct said *s = ctx;
	uint8_t id[STORE_CASE_ID_LEN];
	enum err e = ERR_OK;

	for (uint32_t n = s->first; n < s->first + BATCH && e == ERR_OK; n++) {
		e = kit_add(txn, n);
		if (n < BATCH || e != ERR_OK)
			continue;
		kit_id(n - BATCH, id);
		if (is_followed_up(n))
			e = kit_append(txn, n - BATCH, 1);
		else if (is_destroyed(n))
			e = txn_case_destroy(txn, id);
	}
	return e;
}

static void
child(struct kit *k, uint32_t first, int pipe_fd)
{
	struct said s = { first };

	kit_open(k);
	for (; s.first < CASES_MAX; s.first += BATCH) {
		if (store_run(k->s, child_batch, &s) != ERR_OK)
			_exit(1);
		if (write(pipe_fd, &s, sizeof(s)) != sizeof(s))
			_exit(2);
	}
	_exit(0);
}

/* What the child said before it was killed; the number after its last case. */
static uint32_t
listen_to(int fd, uint32_t next)
{
	struct said s;

	while (read(fd, &s, sizeof(s)) == sizeof(s))
		next = s.first + BATCH;
	return next;
}

/* at_once: the time runs from the fork, so that opening (at first, making)
 * the store is hit too; otherwise from the first acknowledgement. */
static uint32_t
run_child(struct kit *k, uint32_t first, unsigned life, bool at_once)
{
	struct timespec t = { 0, (long)life * 1000 };
	int fd[2], status;
	struct said s;
	uint32_t next;
	pid_t pid;

	assert_int_equal(pipe(fd), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(fd[0]);
		child(k, first, fd[1]);
	}
	close(fd[1]);
	next = first;
	if (!at_once && read(fd[0], &s, sizeof(s)) == sizeof(s))
		next = s.first + BATCH;
	nanosleep(&t, NULL);
	kill(pid, SIGKILL);
	next = listen_to(fd[0], next);
	close(fd[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	return next;
}

static bool
is_there(struct kit *k, uint32_t n)
{
	uint8_t id[STORE_CASE_ID_LEN];
	struct store_case c;

	kit_id(n, id);
	return store_case_find(k->s, id, &c) == ERR_OK;
}

/* Cases below `next` were acknowledged; follow-ups and removals came with the
 * batch after theirs. */
static void
check_case(struct kit *k, uint32_t n, uint32_t next)
{
	bool later = n + BATCH < next;

	if (later && is_destroyed(n))
		assert_false(is_there(k, n));
	else
		assert_true(
		    kit_is_whole(k->s, n, later && is_followed_up(n) ? 2 : 1));
}

/* The batch that was under way is there as a whole or not at all. Returns the
 * number that the next child begins with. */
static uint32_t
check_all(struct kit *k, uint32_t from, uint32_t next)
{
	uint32_t end = next;

	kit_open(k);
	if (is_there(k, next))
		end = next + BATCH;
	for (uint32_t n = from; n < end; n++)
		check_case(k, n, end);
	for (uint32_t n = end; n < end + BATCH; n++)
		assert_false(is_there(k, n));
	k->s = store_close(k->s);
	assert_int_equal(kit_findings(k), 0);
	return end;
}

static void
test_what_was_acknowledged_outlives_kill_9_and_nothing_is_half(void **state)
{
	struct kit k;
	uint32_t next = 0, from;
	uint64_t seed = (uint64_t)time(NULL);
	uint32_t life;

	(void)state;
	print_message("seed %llu\n", (unsigned long long)seed);
	kit_start(&k);
	for (unsigned i = 0; i < rounds; i++) {
		kit_fill((uint8_t *)&life, sizeof(life), seed + i);
		/* the last ones of earlier rounds again */
		from = next > 200 ? next - 200 : 0;
		next = run_child(&k, next, life % LIFE_MAX_US, i % 3 == 0);
		next = check_all(&k, from, next);
	}
	print_message("%u cases in %u rounds\n", next, rounds);
	assert_true(next > 0);
	kit_end(&k);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_what_was_acknowledged_outlives_kill_9_and_nothing_is_half),
	};

	if (argc > 1)
		rounds = (unsigned)strtoul(argv[1], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
