/*
 * The power goes at every moment of a store's life, and what no completed sync
 * covers is lost, torn or older than it was. Whatever is left opens, passes
 * the check, and is exactly what was acknowledged, or that and the one batch
 * under way. With LMDB's NOSYNC, the same must find losses.
 *
 * usage: test_store_power_cut [--ctl SPEAKUPCTL] [IMAGES [SEED]]
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/store/kit.h"
#include "tests/store/power_disk.h"

#define BATCHES 40
#define CASES_MAX 128
#define MESSAGES_MAX 3
#define REKEY 30      /* the batch that is a new key instead */
#define CTL_EVERY 100 /* images for one run of speakupctl */
#define HOUR 500000
#define BATCH_NAME "batch"

static unsigned long images = 3000;
static uint64_t first_seed = 1;
static const char *ctl; /* speakupctl; NULL: not run */

/* --- a life of a store, from a seed --- */

enum deed { DEED_ADD, DEED_FOLLOW, DEED_DESTROY, DEED_UPLOAD, DEED_TAKE };

struct step {
	enum deed deed;
	uint32_t n;   /* the case */
	uint32_t seq; /* of a follow-up */
};

struct batch {
	size_t n;
	struct step step[16];
	/* after it */
	uint32_t value;		     /* what BATCH_NAME says */
	uint8_t messages[CASES_MAX]; /* 0: not there */
	bool uploads[CASES_MAX];
};

static struct batch plan[BATCHES + 1]; /* 0: an empty store */

static uint32_t
draw(uint64_t *luck, uint32_t below)
{
	uint32_t x;

	kit_fill((uint8_t *)&x, sizeof(x), ++*luck);
	return x % below;
}

static void
plan_step(struct batch *b, enum deed deed, uint32_t n)
{
	b->step[b->n++] = (struct step){ deed, n, b->messages[n] };
	switch (deed) {
	case DEED_ADD:
		b->messages[n] = 1;
		break;
	case DEED_FOLLOW:
		b->messages[n]++;
		break;
	case DEED_DESTROY:
		b->messages[n] = 0;
		break;
	case DEED_UPLOAD:
		b->uploads[n] = true;
		break;
	case DEED_TAKE:
		b->uploads[n] = false;
		b->messages[n] = 1;
		break;
	}
}

/* Up to `most` of the cases that were there before the batch, each once. */
static void
plan_changes(struct batch *b, uint32_t next, uint64_t *luck)
{
	bool done[CASES_MAX] = { false };

	for (uint32_t k = draw(luck, 7); k > 0 && next > 0; k--) {
		uint32_t n = draw(luck, next);

		if (done[n])
			continue;
		done[n] = true;
		if (b->uploads[n])
			plan_step(b, DEED_TAKE, n);
		else if (b->messages[n] == MESSAGES_MAX ||
		    (b->messages[n] > 0 && draw(luck, 2) == 0))
			plan_step(b, DEED_DESTROY, n);
		else if (b->messages[n] > 0)
			plan_step(b, DEED_FOLLOW, n);
	}
}

static void
plan_make(uint64_t luck)
{
	uint32_t next = 0;

	memset(plan, 0, sizeof(plan));
	for (uint32_t i = 1; i <= BATCHES; i++) {
		struct batch *b = &plan[i];

		*b = plan[i - 1];
		b->n = 0;
		if (i == REKEY)
			continue;
		b->value = i;
		plan_changes(b, next, &luck);
		for (uint32_t k = 1 + draw(&luck, 3); k > 0 && next < CASES_MAX;
		     k--, next++)
			plan_step(b, DEED_ADD, next);
		if (draw(&luck, 3) == 0 && next < CASES_MAX)
			plan_step(b, DEED_UPLOAD, next++);
	}
}

/* --- living it --- */

static void
upload_id(uint32_t n, uint8_t out[static STORE_UPLOAD_ID_LEN])
{
	kit_fill(out, STORE_UPLOAD_ID_LEN, 7000 + n);
}

/* A payload of one piece, the same as case n's first message has. */
static enum err
upload(struct store_txn *txn, uint32_t n)
{
	struct kit_message *m = calloc(1, sizeof(*m));
	uint8_t id[STORE_UPLOAD_ID_LEN];
	enum err e;

	assert_non_null(m);
	kit_message(n, 0, m);
	upload_id(n, id);
	e = txn_upload_piece(txn,
	    &(struct store_piece){ .upload = id,
		.size = KIT_PAYLOAD,
		.data = BYTES(m->payload, KIT_PAYLOAD),
		.hour = HOUR });
	free(m);
	return e;
}

static enum err
take(struct store_txn *txn, uint32_t n)
{
	struct kit_case *c = calloc(1, sizeof(*c));
	uint8_t id[STORE_UPLOAD_ID_LEN];
	enum err e;

	assert_non_null(c);
	kit_case(n, c);
	upload_id(n, id);
	c->c.first.payload.n = 0;
	c->c.first.upload = id;
	e = txn_case_add(txn, &c->c);
	free(c);
	return e;
}

static enum err
do_step(struct store_txn *txn, const struct step *s)
{
	uint8_t id[STORE_CASE_ID_LEN];

	switch (s->deed) {
	case DEED_ADD:
		return kit_add(txn, s->n);
	case DEED_FOLLOW:
		return kit_append(txn, s->n, s->seq);
	case DEED_DESTROY:
		kit_id(s->n, id);
		return txn_case_destroy(txn, id);
	case DEED_UPLOAD:
		return upload(txn, s->n);
	case DEED_TAKE:
		return take(txn, s->n);
	}
	return ERR_OK;
}

static enum err
do_batch(struct store_txn *txn, void *ctx)
{
	const struct batch *b = ctx;
	enum err e = ERR_OK;

	for (size_t i = 0; i < b->n && e == ERR_OK; i++)
		e = do_step(txn, &b->step[i]);
	return e == ERR_OK
	    ? txn_value_put(txn, BATCH_NAME,
		  BYTES((const uint8_t *)&b->value, sizeof(b->value)))
	    : e;
}

/* The same keys and nonces in each run of a seed. */
static enum err
counted(void *ctx, uint8_t *out, size_t n)
{
	kit_fill(out, n, ++*(uint64_t *)ctx);
	return ERR_OK;
}

static int64_t
no_time(void *ctx)
{
	(void)ctx;
	return 0;
}

struct life {
	struct kit kit;
	uint8_t new_key[STORE_KEY_LEN];
	uint64_t seed, drawn;
	struct env env;
};

static void
life_start(struct life *l, uint64_t seed)
{
	memset(l, 0, sizeof(*l));
	l->seed = seed;
	kit_start(&l->kit);
	kit_fill(l->new_key, sizeof(l->new_key), 2);
	l->drawn = seed * 1000000;
	l->env = (struct env){ counted, no_time, &l->drawn };
	l->kit.config.env = &l->env;
	/* It grows several times on its way. */
	l->kit.config.map_size = 512 * 1024;
}

static void
live(struct life *l)
{
	struct kit *k = &l->kit;

	plan_make(l->seed);
	disk_record();
	kit_open(k);
	for (uint32_t i = 1; i <= BATCHES; i++) {
		if (i == REKEY) {
			k->s = store_close(k->s);
			assert_int_equal(store_rekey(&k->config, l->new_key),
			    ERR_OK);
			k->config.key = l->new_key;
		} else {
			assert_int_equal(store_run(k->s, do_batch, &plan[i]),
			    ERR_OK);
		}
		disk_mark(i);
		/* Some starts are part of a life. */
		if (k->s == NULL || i % 9 == 0)
			kit_reopen(k);
	}
	k->s = store_close(k->s);
	disk_stop();
}

/* --- what the cut left --- */

static void
write_all(int fd, const uint8_t *p, size_t n)
{
	ssize_t k;

	for (size_t at = 0; at < n; at += (size_t)k) {
		k = write(fd, p + at, n - at);
		assert_true(k > 0);
	}
}

/* A state directory that holds it. */
static void
lay_down(struct kit *k, const struct disk_image *image, bool is_there)
{
	char dir[160], path[192];
	int fd;

	kit_start(k);
	k->config.map_size = 512 * 1024;
	snprintf(dir, sizeof(dir), "%s/db%s", k->dir,
	    image->is_named ? "" : ".new");
	snprintf(path, sizeof(path), "%s/data.mdb", dir);
	assert_int_equal(mkdir(dir, 0700), 0);
	if (!is_there && image->size == 0)
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	write_all(fd, image->p, image->data);
	assert_int_equal(ftruncate(fd, (off_t)image->size), 0);
	close(fd);
}

/* Opens with either key, where the new one may be in force already. */
static enum err
open_either(struct life *l, struct kit *k, uint32_t said)
{
	enum err e;

	if (said >= REKEY)
		k->config.key = l->new_key;
	e = store_open(&k->config, &k->s);
	if (e == ERR_DENIED && said == REKEY - 1) {
		k->config.key = l->new_key;
		e = store_open(&k->config, &k->s);
	}
	return e;
}

static uint32_t
value_of(struct store *s)
{
	CLEAN_BUF struct buf b = BUF_INIT(16);
	uint32_t value = 0;

	if (store_value_get(s, BATCH_NAME, &b) == ERR_OK &&
	    b.n == sizeof(value))
		memcpy(&value, b.p, sizeof(value));
	return value;
}

static bool
case_is_right(struct store *s, uint32_t n, const struct batch *b)
{
	uint8_t id[STORE_CASE_ID_LEN], up[STORE_UPLOAD_ID_LEN];
	struct store_upload u;
	struct store_case c;

	kit_id(n, id);
	upload_id(n, up);
	if ((store_upload_find(s, up, &u) == ERR_OK) != b->uploads[n])
		return false;
	return b->messages[n] > 0 ? kit_is_whole(s, n, b->messages[n])
				  : store_case_find(s, id, &c) == ERR_NOT_FOUND;
}

/* Everything that batches up to `said` stored, and of the next one either all
 * or nothing. NULL, or what is wrong. */
static const char *
judge(struct life *l, struct kit *k, uint32_t said)
{
	uint32_t under_way = said < BATCHES ? said + 1 : said;
	const struct batch *b;
	uint32_t value;

	if (open_either(l, k, said) != ERR_OK)
		return "does not open";
	value = value_of(k->s);
	if (value == plan[said].value)
		b = &plan[said];
	else if (value == plan[under_way].value)
		b = &plan[under_way];
	else
		return "an acknowledged batch is lost";
	for (uint32_t n = 0; n < CASES_MAX; n++)
		if (!case_is_right(k->s, n, b))
			return "a case is lost or half there";
	k->s = store_close(k->s);
	if (kit_findings(k) != 0)
		return "the check finds something";
	return NULL;
}

/* And life goes on. */
static const char *
go_on(struct kit *k)
{
	if (store_open(&k->config, &k->s) != ERR_OK ||
	    kit_add_many(k->s, CASES_MAX, 3) != ERR_OK)
		return "nothing can be stored in it";
	for (uint32_t n = 0; n < 3; n++)
		if (!kit_is_whole(k->s, CASES_MAX + n, 1))
			return "what it stores afterwards is lost";
	k->s = store_close(k->s);
	return kit_findings(k) == 0 ? NULL : "the check finds something then";
}

/* --- the command --- */

static const char *
run_ctl(const struct kit *k)
{
	char key[192], hex[2 * STORE_KEY_LEN + 1];
	char *argv[] = { (char *)(uintptr_t)ctl, (char *)(uintptr_t) "check",
		(char *)(uintptr_t)k->dir, (char *)(uintptr_t) "--store-key",
		key, NULL };
	posix_spawn_file_actions_t quiet;
	int fd, status;
	pid_t pid;

	for (size_t i = 0; i < STORE_KEY_LEN; i++)
		snprintf(hex + 2 * i, 3, "%02x", k->config.key[i]);
	snprintf(key, sizeof(key), "%s/store.key", k->dir);
	fd = open(key, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	write_all(fd, (const uint8_t *)hex, sizeof(hex) - 1);
	close(fd);
	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
	assert_int_equal(posix_spawn(&pid, ctl, &quiet, NULL, argv, environ),
	    0);
	posix_spawn_file_actions_destroy(&quiet);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0
	    ? NULL
	    : "speakupctl check does not pass";
}

/* --- the test and its control --- */

struct tally {
	unsigned long images, wrong, dead, by_command;
};

static void
cut_here(struct life *l, size_t moment, enum disk_fate fate, uint64_t luck,
    struct tally *t)
{
	const struct disk_image *image = disk_cut(moment, fate, luck);
	uint32_t said = disk_marked(moment);
	const char *wrong;
	struct kit k;

	lay_down(&k, image, luck % 2 == 0);
	wrong = judge(l, &k, said);
	if (wrong == NULL && ctl != NULL && t->images % CTL_EVERY == 0) {
		t->by_command++;
		wrong = run_ctl(&k);
	}
	if (wrong == NULL && t->images % 8 == 0)
		wrong = go_on(&k);
	t->images++;
	if (wrong != NULL)
		fail_msg("%s: cut at %zu of %zu, batch %u, fate %d, luck %llu, "
			 "seed %llu",
		    wrong, moment, disk_moments(), said, (int)fate,
		    (unsigned long long)luck, (unsigned long long)l->seed);
	kit_end(&k);
}

/* Every moment once in each round, with another fate. */
static void
cut_everywhere(struct life *l, struct tally *t)
{
	uint64_t luck = l->seed << 32;

	for (unsigned round = 0; round < FATES && t->images < images; round++) {
		disk_rewind();
		for (size_t i = 0; i <= disk_moments(); i++) {
			cut_here(l, i, (enum disk_fate)((i + round) % FATES),
			    luck, t);
			luck += 1000003;
		}
	}
}

static void
test_a_power_cut_loses_nothing_acknowledged_and_leaves_nothing_half(
    void **state)
{
	struct tally t = { 0 };
	struct life l;
	size_t moments = 0;

	(void)state;
	for (uint64_t seed = first_seed; t.images < images; seed++) {
		life_start(&l, seed);
		live(&l);
		moments = disk_moments();
		cut_everywhere(&l, &t);
		kit_end(&l.kit);
		disk_forget();
	}
	print_message("%lu images of cuts at %zu moments of a life; %lu times "
		      "speakupctl check\n",
	    t.images, moments, t.by_command);
	assert_true(moments > 10 * BATCHES);
}

/* LMDB itself, told not to wait for the disk. */
static bool without_sync;
int __real_mdb_env_open(MDB_env *, const char *, unsigned, mdb_mode_t);
int __wrap_mdb_env_open(MDB_env *, const char *, unsigned, mdb_mode_t);

int
__wrap_mdb_env_open(MDB_env *env, const char *path, unsigned flags,
    mdb_mode_t mode)
{
	return __real_mdb_env_open(env, path,
	    flags | (without_sync ? MDB_NOSYNC : 0u), mode);
}

/* In a process of its own: LMDB does not outlive every ruin. */
static void
look_at_ruin(struct life *l, size_t moment, enum disk_fate fate, uint64_t luck,
    struct tally *t)
{
	/* cmocka would make a failed test of them */
	static const int ruin[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
	const struct disk_image *image = disk_cut(moment, fate, luck);
	uint32_t said = disk_marked(moment);
	int status;
	struct kit k;
	pid_t pid;

	lay_down(&k, image, true);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		for (size_t i = 0; i < sizeof(ruin) / sizeof(ruin[0]); i++)
			signal(ruin[i], SIG_DFL);
		alarm(20);
		(void)!freopen("/dev/null", "w", stderr);
		_exit(judge(l, &k, said) == NULL ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	t->images++;
	if (!WIFEXITED(status))
		t->dead++;
	else if (WEXITSTATUS(status) != 0)
		t->wrong++;
	kit_end(&k);
}

static void
test_the_same_without_syncs_finds_losses(void **state)
{
	struct tally t = { 0 };
	uint64_t luck = first_seed << 32;
	struct life l;

	(void)state;
	without_sync = true;
	life_start(&l, first_seed);
	live(&l);
	without_sync = false;
	disk_rewind();
	for (size_t i = 0; i <= disk_moments(); i++, luck += 1000003)
		if (i % 3 == 0)
			look_at_ruin(&l, i, (enum disk_fate)(i / 3 % FATES),
			    luck, &t);
	print_message("without syncs: of %lu images %lu lost something, and "
		      "%lu killed their reader\n",
	    t.images, t.wrong, t.dead);
	assert_true(t.images > 50);
	assert_true(t.wrong + t.dead > t.images / 3);
	kit_end(&l.kit);
	disk_forget();
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_a_power_cut_loses_nothing_acknowledged_and_leaves_nothing_half),
		cmocka_unit_test(test_the_same_without_syncs_finds_losses),
	};
	int at = 1;

	if (argc > 2 && strcmp(argv[1], "--ctl") == 0) {
		ctl = argv[2];
		at = 3;
	}
	if (argc > at)
		images = strtoul(argv[at], NULL, 10);
	if (argc > at + 1)
		first_seed = strtoull(argv[at + 1], NULL, 10);
	/* In memory: what a disk keeps is what is simulated. */
	if (getenv("KIT_DIR") == NULL && access("/dev/shm", W_OK | X_OK) == 0)
		setenv("KIT_DIR", "/dev/shm", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
