#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/aead.h"
#include "crypto/codec.h"
#include "crypto/hash.h"
#include "crypto/label.h"
#include "store/slot.h"
#include "store/upload.h"

/*
 * What a thief does who has a store key and whole files: `pages KEYFILE
 * FILE...` looks at every place of every file where LMDB could have put
 * something, in use or not, whatever the file's own trees say; opens what opens
 * with any key that can be had; and uses keys that one file gave on the others
 * too. Prints one line an epoch key, and "case ID RECORDS" a case whose key was
 * found, with how many of its indexes and records opened.
 *
 * LMDB 0.9 on 64 bits: pages of 4096 bytes; header: page number (8), pad (2),
 * flags (2), lower (2), upper (2); then offsets (2 each) of nodes: size (4),
 * flags (2), length of the key (2), key, data, or the number of the page where
 * the data begins behind its header.
 */

#define PAGE 4096
#define PAGE_HEADER 16
#define NODE_HEADER 8
#define P_LEAF 0x02
#define F_BIGDATA 0x01
#define STORE_ID_LEN 16
#define WRAPPED_LEN (AEAD_NONCE_LEN + AEAD_KEY_LEN + AEAD_TAG_LEN)
#define FILES_MAX 8
#define KEYS_MAX 4096
#define CHECKED(x) ((void)((x) ? 0 : (abort(), 0)))

struct file {
	uint8_t *p;
	size_t n;
};

struct found_case {
	uint8_t id[STORE_CASE_ID_LEN], key[AEAD_KEY_LEN];
	uint64_t opened;
};

struct scan {
	struct sealer sealer;
	uint8_t key[STORE_KEY_LEN];
	struct file file[FILES_MAX];
	size_t n_files;
	uint8_t epoch[KEYS_MAX][AEAD_KEY_LEN];
	size_t n_epochs;
	struct found_case cases[KEYS_MAX];
	size_t n_cases;
	uint8_t upload[KEYS_MAX][AEAD_KEY_LEN];
	size_t n_uploads;
	uint8_t *plain;
};

static void
file_load(const char *path, struct file *ret)
{
	FILE *f = fopen(path, "rb");
	long n;

	if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (n = ftell(f)) < 0) {
		perror(path);
		exit(2);
	}
	rewind(f);
	ret->n = (size_t)n;
	ret->p = malloc(ret->n + 1);
	CHECKED(ret->p != NULL && fread(ret->p, 1, ret->n, f) == ret->n);
	fclose(f);
}

/* --- values, wherever a leaf names them --- */

typedef void visit(struct scan *s, struct bytes key, struct bytes value);

static uint32_t
get(const uint8_t *p, unsigned n)
{
	uint32_t x = 0;

	while (n-- > 0)
		x = x << 8 | p[n];
	return x;
}

static void
visit_node(struct scan *s, const struct file *f, const uint8_t *page, size_t at,
    visit *fn)
{
	size_t size, key_len, data;
	uint64_t to = 0;
	const uint8_t *node = page + at;

	if (at + NODE_HEADER > PAGE)
		return;
	size = get(node, 4);
	key_len = get(node + 6, 2);
	data = at + NODE_HEADER + key_len;
	if ((node[4] & F_BIGDATA) == 0) {
		if (data <= PAGE && size <= PAGE - data)
			fn(s, BYTES(node + NODE_HEADER, key_len),
			    BYTES(page + data, size));
		return;
	}
	if (data > PAGE - sizeof(to))
		return;
	memcpy(&to, page + data, sizeof(to));
	if (to < f->n / PAGE && size <= f->n - to * PAGE - PAGE_HEADER)
		fn(s, BYTES(node + NODE_HEADER, key_len),
		    BYTES(f->p + to * PAGE + PAGE_HEADER, size));
}

static void
visit_all(struct scan *s, visit *fn)
{
	for (size_t i = 0; i < s->n_files; i++) {
		const struct file *f = &s->file[i];

		for (size_t at = 0; at + PAGE <= f->n; at += PAGE) {
			const uint8_t *page = f->p + at;
			size_t lower = get(page + 12, 2);

			if ((page[10] & P_LEAF) == 0 || lower > PAGE)
				continue;
			for (size_t n = PAGE_HEADER; n + 2 <= lower; n += 2)
				visit_node(s, f, page, get(page + n, 2), fn);
		}
	}
}

static bool
number_of(struct bytes key, uint64_t *ret)
{
	if (key.n != sizeof(*ret))
		return false;
	memcpy(ret, key.p, sizeof(*ret));
	return true;
}

static bool
opens(struct scan *s, const uint8_t *key, enum table table, uint64_t number,
    struct bytes x)
{
	struct place at = place_number(table, number);

	return open_value(&s->sealer, key, &at, x, s->plain) == ERR_OK;
}

/* --- epoch keys: at every byte --- */

static void
add_epoch(struct scan *s, const uint8_t *key)
{
	for (size_t i = 0; i < s->n_epochs; i++)
		if (memcmp(s->epoch[i], key, AEAD_KEY_LEN) == 0)
			return;
	CHECKED(s->n_epochs < KEYS_MAX);
	memcpy(s->epoch[s->n_epochs++], key, AEAD_KEY_LEN);
}

static void
try_wrapped(struct scan *s, const uint8_t *kek, const uint8_t *p)
{
	static const uint8_t zero[WRAPPED_LEN];
	struct place at = place_name(TABLE_META, "epoch");
	uint8_t epoch[AEAD_KEY_LEN];

	if (memcmp(p, zero, sizeof(zero)) == 0)
		return;
	if (aead_open(s->sealer.aead, kek, p, BYTES(at.ad, at.n),
		BYTES(p + AEAD_NONCE_LEN, WRAPPED_LEN - AEAD_NONCE_LEN),
		epoch) == ERR_OK)
		add_epoch(s, epoch);
}

/* Of one store there is one id, which stays: the first file's is enough. */
static void
visit_id(struct scan *s, struct bytes key, struct bytes value)
{
	static bool done;
	uint8_t kek[AEAD_KEY_LEN];

	if (done || !bytes_equal(key, BYTES_LIT("id")) ||
	    value.n != STORE_ID_LEN)
		return;
	done = true;
	CHECKED(hkdf_sha256(BYTES(s->key, sizeof(s->key)), value,
		    BYTES_LIT(LABEL_STORE_EPOCH), kek, sizeof(kek)) == ERR_OK);
	for (size_t i = 0; i < s->n_files; i++)
		for (size_t at = 0; at + WRAPPED_LEN <= s->file[i].n; at++)
			try_wrapped(s, kek, s->file[i].p + at);
}

/* --- keys of cases and uploads --- */

static void
add_case(struct scan *s, const struct slot *slot)
{
	struct found_case *c = &s->cases[s->n_cases];

	for (size_t i = 0; i < s->n_cases; i++)
		if (memcmp(s->cases[i].key, slot->key, AEAD_KEY_LEN) == 0)
			return;
	CHECKED(s->n_cases < KEYS_MAX);
	memcpy(c->id, slot->c.id, sizeof(c->id));
	memcpy(c->key, slot->key, sizeof(c->key));
	s->n_cases++;
}

static void
take_slots(struct scan *s)
{
	struct slot slot;

	for (unsigned i = 0; i < SLOTS_PER_PAGE; i++)
		if (slot_get(s->plain, i, &slot) == ERR_OK && slot.used)
			add_case(s, &slot);
}

/* A page of slots fills a page behind its header; which number it had is not
 * known where no leaf names it any more. */
static void
try_slot_places(struct scan *s, const uint8_t *epoch)
{
	for (size_t i = 0; i < s->n_files; i++)
		for (size_t at = 0; at + PAGE <= s->file[i].n; at += PAGE)
			for (uint64_t n = 0; n < 4; n++)
				if (opens(s, epoch, TABLE_SLOTS, n,
					BYTES(s->file[i].p + at + PAGE_HEADER,
					    SLOT_PAGE_LEN)))
					take_slots(s);
}

static void
visit_epoch_sealed(struct scan *s, struct bytes key, struct bytes value)
{
	static struct upload u;
	uint64_t n;

	for (size_t i = 0; i < s->n_epochs && number_of(key, &n); i++) {
		if (value.n == SLOT_PAGE_LEN &&
		    opens(s, s->epoch[i], TABLE_SLOTS, n, value))
			take_slots(s);
		if (value.n <= UPLOAD_PLAIN_MAX + SEAL_OVERHEAD &&
		    opens(s, s->epoch[i], TABLE_UPLOADS, n, value) &&
		    upload_get(BYTES(s->plain, value.n - SEAL_OVERHEAD), &u) ==
			ERR_OK &&
		    s->n_uploads < KEYS_MAX)
			memcpy(s->upload[s->n_uploads++], u.key, sizeof(u.key));
	}
}

static void
visit_case_sealed(struct scan *s, struct bytes key, struct bytes value)
{
	uint64_t n;

	for (size_t i = 0; i < s->n_cases && number_of(key, &n); i++)
		if (opens(s, s->cases[i].key, TABLE_RECORDS, n, value) ||
		    opens(s, s->cases[i].key, TABLE_INDEX, n, value))
			s->cases[i].opened++;
}

/* --- */

static void
key_load(const char *path, uint8_t key[static STORE_KEY_LEN])
{
	struct file f;

	file_load(path, &f);
	CHECKED(f.n >= 2 * STORE_KEY_LEN);
	CHECKED(hex_decode(BYTES(f.p, 2 * STORE_KEY_LEN), key, STORE_KEY_LEN) ==
	    ERR_OK);
	free(f.p);
}

static void
print_found(const struct scan *s)
{
	char id[2 * STORE_CASE_ID_LEN + 1];

	printf("epochs %zu\nuploads %zu\n", s->n_epochs, s->n_uploads);
	for (size_t i = 0; i < s->n_cases; i++) {
		hex_encode(id, s->cases[i].id, STORE_CASE_ID_LEN);
		printf("case %s %" PRIu64 "\n", id, s->cases[i].opened);
	}
}

static size_t
longest(const struct scan *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_files; i++)
		n = s->file[i].n > n ? s->file[i].n : n;
	return n;
}

int
main(int argc, char **argv)
{
	struct scan *s = calloc(1, sizeof(*s));

	if (argc < 3 || argc > 2 + FILES_MAX) {
		fprintf(stderr, "usage: pages KEYFILE FILE...\n");
		return 2;
	}
	CHECKED(s != NULL && sealer_init(&s->sealer, &env_system) == ERR_OK);
	key_load(argv[1], s->key);
	for (int i = 2; i < argc; i++)
		file_load(argv[i], &s->file[s->n_files++]);
	s->plain = malloc(longest(s) + 1);
	CHECKED(s->plain != NULL);
	visit_all(s, visit_id);
	for (size_t i = 0; i < s->n_epochs; i++)
		try_slot_places(s, s->epoch[i]);
	visit_all(s, visit_epoch_sealed);
	visit_all(s, visit_case_sealed);
	print_found(s);
	for (size_t i = 0; i < s->n_files; i++)
		free(s->file[i].p);
	sealer_clear(&s->sealer);
	free(s->plain);
	free(s);
	return 0;
}
