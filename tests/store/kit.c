#include "tests/store/kit.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
need(bool fine, const char *what)
{
	if (fine)
		return;
	fprintf(stderr, "kit: %s\n", what);
	abort();
}

void
kit_start(struct kit *k)
{
	const char *base = getenv("KIT_DIR");

	*k = (struct kit){ 0 };
	snprintf(k->dir, sizeof(k->dir), "%s/speakup-store-XXXXXX",
	    base != NULL ? base : "/tmp");
	need(mkdtemp(k->dir) != NULL, "mkdtemp");
	kit_fill(k->key, sizeof(k->key), 1);
	k->config = (struct store_config){ .dir = k->dir,
		.key = k->key,
		.env = &env_system,
		.headroom = 1024 * 1024 };
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *f)
{
	(void)st;
	(void)type;
	(void)f;
	return remove(path);
}

void
kit_end(struct kit *k)
{
	k->s = store_close(k->s);
	nftw(k->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void
kit_open(struct kit *k)
{
	need(store_open(&k->config, &k->s) == ERR_OK, "store_open");
}

void
kit_reopen(struct kit *k)
{
	k->s = store_close(k->s);
	kit_open(k);
}

/* --- bytes from numbers --- */

static uint64_t
mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

void
kit_fill(uint8_t *out, size_t n, uint64_t seed)
{
	uint64_t x = mix(seed), word;

	for (size_t i = 0; i < n; i += 8) {
		word = x = x * 6364136223846793005 + 1442695040888963407;
		word ^= word >> 29;
		memcpy(out + i, &word, n - i < 8 ? n - i : 8);
	}
}

static uint64_t
seed_of(unsigned what, uint32_t n, uint32_t seq)
{
	return (uint64_t)what << 56 | (uint64_t)seq << 32 | n;
}

void
kit_id(uint32_t n, uint8_t out[static STORE_CASE_ID_LEN])
{
	kit_fill(out, STORE_CASE_ID_LEN, seed_of(1, n, 0));
}

void
kit_mailbox(uint32_t n, uint8_t out[static SHA256_LEN])
{
	kit_fill(out, SHA256_LEN, seed_of(2, n, 0));
}

void
kit_link(uint32_t n, uint32_t seq, uint8_t out[static LINK_LEN])
{
	kit_fill(out, LINK_LEN, seed_of(3, n, seq));
}

static uint16_t
envelope_person(unsigned i)
{
	return i == 0 ? STORE_REPORTER : (uint16_t)(KIT_FIRST_PERSON + i - 1);
}

void
kit_message(uint32_t n, uint32_t seq, struct kit_message *ret)
{
	struct kit_message *k = ret;

	kit_fill(k->head, sizeof(k->head), seed_of(4, n, seq));
	kit_fill(k->payload, sizeof(k->payload), seed_of(5, n, seq));
	kit_fill(k->content, sizeof(k->content), seed_of(6, n, seq));
	kit_link(n, seq, k->link);
	need(payload_digest_of(BYTES(k->payload, sizeof(k->payload)),
		 k->digest) == ERR_OK,
	    "payload_digest_of");
	for (unsigned i = 0; i <= KIT_READERS; i++) {
		kit_fill(k->header[i], KIT_ENVELOPE, seed_of(7 + i, n, seq));
		k->envelope[i].person = envelope_person(i);
		k->envelope[i].header = BYTES(k->header[i], KIT_ENVELOPE);
	}
	k->m = (struct store_message_new){ .chain = STORE_TALK,
		.kind = (uint8_t)(seq % 5),
		.author = STORE_REPORTER,
		.day = KIT_DAY + seq,
		.head = BYTES(k->head, sizeof(k->head)),
		.envelope = k->envelope,
		.n_envelopes = KIT_READERS + 1,
		.payload = BYTES(k->payload, sizeof(k->payload)),
		.payload_digest = k->digest,
		.content = k->content,
		.link = k->link };
}

void
kit_case(uint32_t n, struct kit_case *ret)
{
	struct kit_case *k = ret;

	kit_id(n, k->id);
	kit_mailbox(n, k->mailbox);
	kit_fill(k->pub, sizeof(k->pub), seed_of(30, n, 0));
	kit_message(n, 0, &k->first);
	for (unsigned i = 0; i < KIT_READERS; i++)
		k->reader[i] =
		    (struct store_reader){ .person =
					       (uint16_t)(KIT_FIRST_PERSON + i),
			    .access = i < KIT_RELEASED
				? READER_MEMBER | READER_RELEASED
				: READER_MEMBER };
	k->c = (struct store_case_new){ .id = k->id,
		.mailbox = k->mailbox,
		.pub = k->pub,
		.kind = STORE_SEALED,
		.route = (uint16_t)(n % 7),
		.filed_day = KIT_DAY + n % 30,
		.policy_serial = 3,
		.reader = k->reader,
		.n_readers = KIT_READERS,
		.first = k->first.m };
	k->c.marks.band = (uint8_t)(1 + n % 4);
}

/* --- batches --- */

enum err
kit_add(struct store_txn *txn, uint32_t n)
{
	struct kit_case *k = calloc(1, sizeof(*k));
	enum err e;

	need(k != NULL, "calloc");
	kit_case(n, k);
	e = txn_case_add(txn, &k->c);
	free(k);
	return e;
}

enum err
kit_append(struct store_txn *txn, uint32_t n, uint32_t seq)
{
	struct kit_message *k = calloc(1, sizeof(*k));
	uint8_t id[STORE_CASE_ID_LEN], prev[LINK_LEN];
	enum err e;

	need(k != NULL, "calloc");
	kit_message(n, seq, k);
	kit_id(n, id);
	kit_link(n, seq - 1, prev);
	e = txn_append(txn, id, prev, &k->m);
	free(k);
	return e;
}

struct range {
	uint32_t first, count;
};

static enum err
add_range(struct store_txn *txn, void *ctx)
{
	const struct range *r = ctx;
	enum err e = ERR_OK;

	for (uint32_t i = 0; i < r->count && e == ERR_OK; i++)
		e = kit_add(txn, r->first + i);
	return e;
}

enum err
kit_add_many(struct store *s, uint32_t first, uint32_t count)
{
	struct range r = { first, count };

	return store_run(s, add_range, &r);
}

/* --- comparing --- */

static bool
same(struct buf *got, enum err e, struct bytes want)
{
	bool fine = e == ERR_OK && bytes_equal(buf_bytes(got), want);

	buf_reset(got);
	return fine;
}

static bool
message_is_whole(struct store_view *v, uint32_t seq,
    const struct kit_message *k, struct buf *b)
{
	struct store_message m;
	bool fine;

	if (view_message(v, STORE_TALK, seq, &m) != ERR_OK ||
	    memcmp(m.link, k->link, LINK_LEN) != 0 ||
	    memcmp(m.payload_digest, k->digest, SHA256_LEN) != 0 ||
	    m.payload_size != KIT_PAYLOAD || m.day != k->m.day)
		return false;
	fine = same(b, view_head(v, STORE_TALK, seq, b), k->m.head) &&
	    same(b, view_piece(v, STORE_TALK, seq, 0, b), k->m.payload);
	for (unsigned i = 0; i <= KIT_RELEASED && fine; i++)
		fine = same(b,
		    view_envelope(v, STORE_TALK, seq, k->envelope[i].person, b),
		    k->envelope[i].header);
	return fine;
}

bool
kit_is_whole(struct store *s, uint32_t n, uint32_t messages)
{
	CLEAN_BUF struct buf b = BUF_INIT(PIECE_LEN);
	struct kit_message *k = calloc(1, sizeof(*k));
	uint8_t id[STORE_CASE_ID_LEN];
	struct store_view *v = NULL;
	bool fine;

	need(k != NULL, "calloc");
	kit_id(n, id);
	fine = store_view_open(s, id, &v) == ERR_OK &&
	    view_case(v)->chain[STORE_TALK].count == messages;
	for (uint32_t seq = 0; seq < messages && fine; seq++) {
		kit_message(n, seq, k);
		fine = message_is_whole(v, seq, k, &b);
	}
	v = store_view_close(v);
	free(k);
	return fine;
}

uint64_t
kit_rows(const struct store *s, uint16_t person)
{
	struct store_queue_counts counts;

	store_queue_counts(s, person, &counts);
	return counts.all;
}

static void
print_finding(void *ctx, enum store_finding f, uint64_t number)
{
	(void)ctx;
	fprintf(stderr, "finding: %s (%llu)\n", store_finding_text(f),
	    (unsigned long long)number);
}

int64_t
kit_findings(const struct kit *k)
{
	struct store_report report = { 0 };
	enum err e = store_check(&k->config, print_finding, NULL, &report);

	if (e != ERR_OK && e != ERR_CORRUPT) {
		fprintf(stderr, "store_check: %s\n", err_name(e));
		return -1;
	}
	return (int64_t)report.findings;
}

int
kit_setup(void **state)
{
	struct kit *k = calloc(1, sizeof(*k));

	kit_start(k);
	kit_open(k);
	*state = k;
	return 0;
}

int
kit_teardown(void **state)
{
	struct kit *k = *state;

	kit_end(k);
	free(k);
	return 0;
}
