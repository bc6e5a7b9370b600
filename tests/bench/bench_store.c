/*
 * The store beside what it cannot do without, in one run on one directory:
 *
 *   raw    LMDB puts of the same records, unsealed, in batches
 *   bare   the same puts sealed with AES-256-GCM, one Ed25519 signature and
 *          one commit a batch
 *   store  txn_case_add in the same batches, with the same signature
 *
 * usage: bench_store [-d DIRECTORY] [-n CONCERNS] [-c CASES] [-b BATCH]
 */
#include <err.h>
#include <ftw.h>
#include <getopt.h>
#include <lmdb.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "crypto/aead.h"
#include "crypto/sign.h"
#include "tests/store/kit.h"

#define RECORDS (1 + KIT_READERS + 1 + 1) /* head, envelopes, payload */
#define OVERHEAD 32
#define MAP_SIZE (64ull << 30)

struct options {
	const char *dir;
	uint32_t concerns; /* measured */
	uint32_t cases;	   /* there before, in the second round */
	uint32_t batch;
};

static double
seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
must(int rc, const char *what)
{
	if (rc != 0)
		errx(1, "%s: %d", what, rc);
}

static void
sign_batch(void)
{
	static const uint8_t seed[SIGN_SEED_LEN] = { 7 };
	static uint8_t pub[SIGN_PUB_LEN];
	uint8_t root[200] = { 1 }, sig[SIGN_LEN];

	if (bytes_all_zero(pub, sizeof(pub)))
		must((int)sign_public(seed, pub), "key");
	must((int)sign_make(seed, pub, BYTES(root, sizeof(root)), sig), "sign");
}

/* --- the bare loops --- */

struct bare {
	MDB_env *env;
	MDB_dbi dbi;
	bool sealed;
	struct aead_ctx *aead;
	uint8_t key[AEAD_KEY_LEN];
	uint64_t next;
	uint32_t cases;
	struct kit_message m;
	uint8_t out[KIT_PAYLOAD + OVERHEAD];
};

static void
bare_open(struct bare *b, const char *dir, const char *name, bool sealed)
{
	char path[256];
	MDB_txn *txn;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	must(mkdir(path, 0700), "mkdir");
	b->sealed = sealed;
	must((int)aead_new(AEAD_AES_256_GCM, &b->aead), "aead_new");
	must(mdb_env_create(&b->env), "env_create");
	must(mdb_env_set_mapsize(b->env, MAP_SIZE), "mapsize");
	must(mdb_env_open(b->env, path, MDB_NORDAHEAD, 0600), "env_open");
	must(mdb_txn_begin(b->env, NULL, 0, &txn), "txn_begin");
	must(mdb_dbi_open(txn, NULL, MDB_INTEGERKEY, &b->dbi), "dbi_open");
	must(mdb_txn_commit(txn), "commit");
}

static void
bare_close(struct bare *b)
{
	mdb_env_close(b->env);
	b->aead = aead_free(b->aead);
}

static void
bare_put(struct bare *b, MDB_txn *txn, struct bytes x)
{
	uint8_t nonce[AEAD_NONCE_LEN] = { 0 };
	MDB_val k = { sizeof(b->next), &b->next };
	MDB_val v = { x.n + OVERHEAD, b->out };

	memcpy(nonce, &b->next, sizeof(b->next));
	if (b->sealed)
		must((int)aead_seal(b->aead, b->key, nonce, BYTES(nonce, 8), x,
			 b->out),
		    "seal");
	else
		memcpy(b->out, x.p, x.n);
	must(mdb_put(txn, b->dbi, &k, &v, MDB_APPEND), "put");
	b->next++;
}

static void
bare_batch(struct bare *b, uint32_t count)
{
	MDB_txn *txn;

	must(mdb_txn_begin(b->env, NULL, 0, &txn), "txn_begin");
	for (uint32_t i = 0; i < count; i++) {
		bare_put(b, txn, b->m.m.head);
		for (size_t e = 0; e < b->m.m.n_envelopes; e++)
			bare_put(b, txn, b->m.envelope[e].header);
		bare_put(b, txn, b->m.m.payload);
	}
	if (b->sealed)
		sign_batch();
	must(mdb_txn_commit(txn), "commit");
	b->cases += count;
}

/* --- the store --- */

struct ours {
	struct kit k;
	struct kit_case c;
	uint32_t cases;
};

struct job {
	struct ours *o;
	uint32_t count;
};

/* Only what names a case changes: bytes are as hard to seal anyhow. */
static enum err
ours_batch(struct store_txn *txn, void *ctx)
{
	struct job *j = ctx;
	struct ours *o = j->o;
	enum err e = ERR_OK;

	for (uint32_t i = 0; i < j->count && e == ERR_OK; i++) {
		uint32_t n = o->cases + i;

		kit_id(n, o->c.id);
		kit_mailbox(n, o->c.mailbox);
		o->c.c.filed_day = KIT_DAY + n / 1000;
		o->c.c.marks.band = (uint8_t)(1 + n % 4);
		o->c.c.marks.due = (int64_t)(o->c.c.filed_day + 7) * 86400;
		e = txn_case_add(txn, &o->c.c);
	}
	sign_batch();
	return e;
}

static void
ours_run(struct ours *o, uint32_t count)
{
	struct job j = { o, count };

	must((int)store_run(o->k.s, ours_batch, &j), "store_run");
	o->cases += count;
}

/* --- measuring --- */

typedef void one_batch(void *ctx, uint32_t count);

static void
run_bare(void *ctx, uint32_t count)
{
	bare_batch(ctx, count);
}

static void
run_ours(void *ctx, uint32_t count)
{
	ours_run(ctx, count);
}

struct spent {
	double wall, cpu;
};

static void
measure(one_batch *run, void *ctx, uint32_t batch, struct spent *sum)
{
	double wall = seconds(CLOCK_MONOTONIC);
	double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);

	run(ctx, batch);
	sum->wall += seconds(CLOCK_MONOTONIC) - wall;
	sum->cpu += seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
}

static void
fill(one_batch *run, void *ctx, const uint32_t *have, uint32_t want)
{
	while (*have < want)
		run(ctx, 512);
}

static void
report(const char *name, uint32_t n, struct spent t, struct spent bare)
{
	printf("  %-6s %9.0f /s %9.0f /CPU s   beside bare %.2f, CPU %.2f\n",
	    name, n / t.wall, n / t.cpu, bare.wall / t.wall, bare.cpu / t.cpu);
}

/* The three take turns, batch by batch, so that whatever else the machine does
 * meets all of them. */
static void
round_of(struct bare *raw, struct bare *bare, struct ours *ours,
    const struct options *o)
{
	struct spent of_raw = { 0 }, of_bare = { 0 }, of_ours = { 0 };
	uint32_t n;

	printf("%u cases there, ", ours->cases);
	for (n = 0; n < o->concerns; n += o->batch) {
		measure(run_bare, raw, o->batch, &of_raw);
		measure(run_bare, bare, o->batch, &of_bare);
		measure(run_ours, ours, o->batch, &of_ours);
	}
	printf("%u more in batches of %u\n", n, o->batch);
	report("raw", n, of_raw, of_bare);
	report("bare", n, of_bare, of_bare);
	report("store", n, of_ours, of_bare);
	fflush(stdout);
}

/* --- reading, and the start --- */

static long
pss_kib(void)
{
	char line[256];
	long kib = 0;
	FILE *f = fopen("/proc/self/smaps_rollup", "r");

	if (f == NULL)
		return 0;
	while (fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "Pss: %ld kB", &kib) == 1)
			break;
	fclose(f);
	return kib;
}

#define POLLS 20000
#define PAGE_ROWS 50

static void
poll_one(struct ours *o, uint32_t n, struct buf *b)
{
	uint8_t mailbox[SHA256_LEN];
	struct store_view *v;
	struct store_case c;

	buf_reset(b);
	kit_mailbox(n, mailbox);
	must((int)store_case_find_by_mailbox(o->k.s, mailbox, &c), "find");
	must((int)store_view_open(o->k.s, c.id, &v), "view");
	must((int)view_head(v, STORE_TALK, 0, b), "head");
	must((int)view_envelope(v, STORE_TALK, 0, 0, b), "envelope");
	must((int)view_piece(v, STORE_TALK, 0, 0, b), "piece");
	store_view_close(v);
}

static double
polls_per_second(struct ours *o)
{
	struct buf b = BUF_INIT(PIECE_LEN);
	double t = seconds(CLOCK_MONOTONIC);

	for (uint32_t i = 0; i < POLLS; i++)
		poll_one(o, (uint32_t)(i * 7919ull % o->cases), &b);
	buf_free(&b);
	return POLLS / (seconds(CLOCK_MONOTONIC) - t);
}

/* Pages through a queue; the mean time of one page. */
static double
page_time(struct ours *o, unsigned pages)
{
	static struct store_case row[PAGE_ROWS];
	uint8_t after[STORE_CASE_ID_LEN];
	double t = seconds(CLOCK_MONOTONIC);
	size_t n;

	for (unsigned i = 0; i < pages; i++) {
		must((int)store_queue_page(o->k.s, KIT_FIRST_PERSON,
			 i == 0 ? NULL : after, row, PAGE_ROWS, &n),
		    "queue");
		if (n < PAGE_ROWS)
			break;
		memcpy(after, row[n - 1].id, sizeof(after));
	}
	return (seconds(CLOCK_MONOTONIC) - t) / pages;
}

static void
reading(struct ours *o)
{
	double t;
	long before, after;

	printf("reading with %u cases\n", o->cases);
	printf("  %9.0f mailboxes read /s (head, envelope, 16 KiB payload)\n",
	    polls_per_second(o));
	printf("  %9.0f us a queue page of %d rows\n", page_time(o, 100) * 1e6,
	    PAGE_ROWS);
	o->k.s = store_close(o->k.s);
	malloc_trim(0);
	before = pss_kib();
	t = seconds(CLOCK_MONOTONIC);
	kit_open(&o->k);
	t = seconds(CLOCK_MONOTONIC) - t;
	after = pss_kib();
	printf("  %9.3f s to open; %ld KiB more, %.0f bytes a case\n", t,
	    after - before, (double)(after - before) * 1024 / (double)o->cases);
	fflush(stdout);
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *f)
{
	(void)st;
	(void)type;
	(void)f;
	return remove(path);
}

static void
bench(const struct options *o)
{
	static struct bare raw, bare;
	static struct ours ours;
	char dir[128];

	snprintf(dir, sizeof(dir), "%s/bench-store-XXXXXX", o->dir);
	if (mkdtemp(dir) == NULL)
		err(1, "%s", dir);
	kit_start(&ours.k);
	ours.k.config.headroom = 0; /* the default */
	kit_open(&ours.k);
	kit_case(0, &ours.c);
	kit_message(0, 0, &raw.m);
	kit_message(0, 0, &bare.m);
	bare_open(&raw, dir, "raw", false);
	bare_open(&bare, dir, "bare", true);
	round_of(&raw, &bare, &ours, o);
	reading(&ours);
	if (o->cases > 0) {
		fill(run_bare, &raw, &raw.cases, o->cases);
		fill(run_bare, &bare, &bare.cases, o->cases);
		fill(run_ours, &ours, &ours.cases, o->cases);
		round_of(&raw, &bare, &ours, o);
		reading(&ours);
	}
	bare_close(&raw);
	bare_close(&bare);
	kit_end(&ours.k);
	nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int
main(int argc, char **argv)
{
	struct options o = {
		.dir = "/tmp", .concerns = 6400, .cases = 200000, .batch = 64
	};
	int c;

	while ((c = getopt(argc, argv, "d:n:c:b:")) != -1) {
		switch (c) {
		case 'd':
			o.dir = optarg;
			break;
		case 'n':
			o.concerns = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 'c':
			o.cases = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 'b':
			o.batch = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		default:
			fprintf(stderr,
			    "usage: bench_store [-d DIRECTORY] "
			    "[-n CONCERNS] [-c CASES] [-b BATCH]\n");
			return 2;
		}
	}
	if (o.batch == 0 || o.concerns < o.batch)
		errx(2, "a batch is 1 to CONCERNS");
	setenv("KIT_DIR", o.dir, 1);
	bench(&o);
	return 0;
}
