#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/inside.h"
#include "tests/store/kit.h"

/*
 * Damage of each kind, made through the database or the store's own inside,
 * and what the check says of it.
 */

#define CASES 20
#define HOUR 7

static const uint8_t upload_id[STORE_UPLOAD_ID_LEN] = { 42 };
static uint8_t piece_data[PIECE_LEN];

static enum err
fill_batch(struct store_txn *txn, void *ctx)
{
	struct store_piece p = { .upload = upload_id,
		.size = PIECE_LEN + 9,
		.data = BYTES(piece_data, sizeof(piece_data)),
		.hour = HOUR };
	enum err e = ERR_OK;

	(void)ctx;
	for (uint32_t n = 0; n < CASES && e == ERR_OK; n++)
		e = kit_add(txn, n);
	if (e == ERR_OK)
		e = kit_append(txn, 3, 1);
	if (e == ERR_OK)
		e = txn_upload_piece(txn, &p);
	if (e == ERR_OK)
		e = txn_value_put(txn, "name", BYTES_LIT("value"));
	return e;
}

static int
setup(void **state)
{
	struct kit *k = calloc(1, sizeof(*k));

	kit_start(k);
	kit_open(k);
	assert_int_equal(store_run(k->s, fill_batch, NULL), ERR_OK);
	*state = k;
	return 0;
}

static int
teardown(void **state)
{
	struct kit *k = *state;

	kit_end(k);
	free(k);
	return 0;
}

/* --- damage --- */

typedef void damage(struct store *s, struct MDB_txn *txn);

/* Writes a value again with one bit changed. */
static void
flip(struct store *s, struct MDB_txn *txn, enum table table, uint64_t number)
{
	struct bytes x;
	uint8_t *copy, *out;

	assert_int_equal(db_get(s->db, txn, table, number, &x), ERR_OK);
	copy = malloc(x.n);
	memcpy(copy, x.p, x.n);
	copy[x.n / 2] ^= 1;
	assert_int_equal(db_reserve(s->db, table, number, x.n, DB_PUT, &out),
	    ERR_OK);
	memcpy(out, copy, x.n);
	free(copy);
}

static void
flip_page(struct store *s, struct MDB_txn *txn)
{
	flip(s, txn, TABLE_SLOTS, 1);
}

static void
flip_index(struct store *s, struct MDB_txn *txn)
{
	flip(s, txn, TABLE_INDEX, 4);
}

static void
flip_record(struct store *s, struct MDB_txn *txn)
{
	flip(s, txn, TABLE_RECORDS, 2);
}

static void
flip_upload(struct store *s, struct MDB_txn *txn)
{
	flip(s, txn, TABLE_UPLOADS, 0);
}

static void
lose_record(struct store *s, struct MDB_txn *txn)
{
	(void)txn;
	assert_int_equal(db_delete(s->db, TABLE_RECORDS, 0), ERR_OK);
}

static void
lose_index(struct store *s, struct MDB_txn *txn)
{
	(void)txn;
	assert_int_equal(db_delete(s->db, TABLE_INDEX, 4), ERR_OK);
}

static void
add_record(struct store *s, struct MDB_txn *txn)
{
	uint8_t *out;

	(void)txn;
	assert_int_equal(
	    db_reserve(s->db, TABLE_RECORDS, 1u << 30, 100, DB_APPEND, &out),
	    ERR_OK);
	memset(out, 0, 100);
}

static void
add_index(struct store *s, struct MDB_txn *txn)
{
	uint8_t *out;

	(void)txn;
	assert_int_equal(
	    db_reserve(s->db, TABLE_INDEX, 1u << 20, 100, DB_APPEND, &out),
	    ERR_OK);
	memset(out, 0, 100);
}

/* Two values change places: both are whole, in the wrong one. */
static void
swap_records(struct store *s, struct MDB_txn *txn)
{
	struct bytes a, b;
	uint8_t *one, *two, *out;
	size_t n;

	assert_int_equal(db_get(s->db, txn, TABLE_RECORDS, 1, &a), ERR_OK);
	assert_int_equal(db_get(s->db, txn, TABLE_RECORDS, 2, &b), ERR_OK);
	n = a.n;
	assert_int_equal(b.n, n);
	one = malloc(n);
	two = malloc(n);
	memcpy(one, a.p, n);
	memcpy(two, b.p, n);
	assert_int_equal(db_reserve(s->db, TABLE_RECORDS, 1, n, DB_PUT, &out),
	    ERR_OK);
	memcpy(out, two, n);
	assert_int_equal(db_reserve(s->db, TABLE_RECORDS, 2, n, DB_PUT, &out),
	    ERR_OK);
	memcpy(out, one, n);
	free(one);
	free(two);
}

/* Seals a changed page of slots as the store itself would. */
static void
change_slot(struct store *s, struct MDB_txn *txn, void (*change)(struct slot *))
{
	struct place at = place_number(TABLE_SLOTS, 0);
	uint8_t page[SLOT_PAGE_PLAIN], *out;
	struct slot slot;

	assert_int_equal(load_page(s, txn, 0, page), ERR_OK);
	assert_int_equal(slot_get(page, 3, &slot), ERR_OK);
	change(&slot);
	slot_put(page, 3, &slot);
	assert_int_equal(
	    db_reserve(s->db, TABLE_SLOTS, 0, SLOT_PAGE_LEN, DB_PUT, &out),
	    ERR_OK);
	assert_int_equal(seal_value(&s->sealer, s->epoch, &at,
			     BYTES(page, sizeof(page)), out),
	    ERR_OK);
}

static void
set_head(struct slot *slot)
{
	slot->c.chain[STORE_TALK].head[0] ^= 1;
}

static void
wrong_head(struct store *s, struct MDB_txn *txn)
{
	change_slot(s, txn, set_head);
}

static void
set_version(struct slot *slot)
{
	slot->version--;
}

static void
old_index(struct store *s, struct MDB_txn *txn)
{
	change_slot(s, txn, set_version);
}

static void
set_id(struct slot *slot)
{
	kit_id(2, slot->c.id);
}

static void
same_id(struct store *s, struct MDB_txn *txn)
{
	change_slot(s, txn, set_id);
}

static void
set_readers(struct slot *slot)
{
	slot->c.reader[1].person = slot->c.reader[0].person;
}

static void
reader_twice(struct store *s, struct MDB_txn *txn)
{
	change_slot(s, txn, set_readers);
}

static void
set_access(struct slot *slot)
{
	slot->c.reader[1].access = READER_RELEASED;
}

static void
access_unfit(struct store *s, struct MDB_txn *txn)
{
	change_slot(s, txn, set_access);
}

static void
set_told(struct slot *slot)
{
	slot->c.reader[1].access = READER_TELL;
}

static void
envelope_of_nobody(struct store *s, struct MDB_txn *txn)
{
	change_slot(s, txn, set_told);
}

/* Changes what the index of case 3 says, and seals it again. */
static void
change_index(struct store *s, struct MDB_txn *txn,
    void (*change)(struct index *))
{
	struct place at = place_number(TABLE_INDEX, 3);
	struct buf b = BUF_INIT(65536);
	uint8_t page[SLOT_PAGE_PLAIN], *out;
	struct index x = { 0 };
	struct slot slot;

	assert_int_equal(load_page(s, txn, 0, page), ERR_OK);
	assert_int_equal(slot_get(page, 3, &slot), ERR_OK);
	assert_int_equal(load_index(s, txn, 3, &slot, &x), ERR_OK);
	change(&x);
	index_put(&x, slot.version, &b);
	assert_int_equal(db_reserve(s->db, TABLE_INDEX, 3, b.n + SEAL_OVERHEAD,
			     DB_PUT, &out),
	    ERR_OK);
	assert_int_equal(
	    seal_value(&s->sealer, slot.key, &at, buf_bytes(&b), out), ERR_OK);
	index_clear(&x);
	buf_free(&b);
}

static void
set_digest(struct index *x)
{
	x->entry[1].m.payload_digest[5] ^= 1;
}

static void
wrong_digest(struct store *s, struct MDB_txn *txn)
{
	change_index(s, txn, set_digest);
}

static void
set_shared(struct index *x)
{
	x->entry[1].envelope[0] = x->entry[0].envelope[0];
}

static void
record_twice(struct store *s, struct MDB_txn *txn)
{
	change_index(s, txn, set_shared);
}

static void
flip_value(struct store *s, struct MDB_txn *txn)
{
	struct bytes x;
	uint8_t copy[200], *out;
	size_t n;

	assert_int_equal(db_get_name(s->db, txn, TABLE_VALUES, "name", &x),
	    ERR_OK);
	n = x.n;
	memcpy(copy, x.p, n);
	copy[n - 1] ^= 1;
	assert_int_equal(db_reserve_name(s->db, TABLE_VALUES, "name", n, &out),
	    ERR_OK);
	memcpy(out, copy, n);
}

#define BIT(f) (1u << (f))

static const struct {
	const char *what;
	damage *damage;
	unsigned want; /* findings, as bits; others may come with them */
} damages[] = {
	{ "a bit in a page of slots", flip_page,
	    BIT(FINDING_PAGE) | BIT(FINDING_ORPHAN) },
	{ "a bit in an index", flip_index,
	    BIT(FINDING_INDEX) | BIT(FINDING_ORPHAN) },
	{ "a bit in a record", flip_record, BIT(FINDING_RECORD) },
	{ "a bit in an upload", flip_upload,
	    BIT(FINDING_UPLOAD) | BIT(FINDING_ORPHAN) },
	{ "a bit in a value", flip_value, BIT(FINDING_VALUE) },
	{ "a lost record", lose_record, BIT(FINDING_RECORD) },
	{ "a lost index", lose_index,
	    BIT(FINDING_INDEX) | BIT(FINDING_ORPHAN) },
	{ "a record too many", add_record, BIT(FINDING_ORPHAN) },
	{ "an index too many", add_index, BIT(FINDING_ORPHAN) },
	{ "two records swapped", swap_records, BIT(FINDING_RECORD) },
	{ "a wrong head of a chain", wrong_head, BIT(FINDING_CHAIN) },
	{ "an index of another version", old_index,
	    BIT(FINDING_INDEX) | BIT(FINDING_ORPHAN) },
	{ "one id twice", same_id, BIT(FINDING_DUPLICATE) },
	{ "one reader twice", reader_twice,
	    BIT(FINDING_SLOT) | BIT(FINDING_CHAIN) },
	{ "released and no member", access_unfit,
	    BIT(FINDING_SLOT) | BIT(FINDING_CHAIN) },
	{ "an envelope for somebody who is told", envelope_of_nobody,
	    BIT(FINDING_CHAIN) },
	{ "a wrong digest", wrong_digest, BIT(FINDING_DIGEST) },
	{ "a record in two messages", record_twice,
	    BIT(FINDING_SHARED) | BIT(FINDING_ORPHAN) },
};

static void
note_finding(void *ctx, enum store_finding f, uint64_t number)
{
	unsigned *seen = ctx;

	(void)number;
	*seen |= BIT(f);
}

static void
make_damage(struct kit *k, damage *make)
{
	struct MDB_txn *txn;

	assert_int_equal(db_write_begin(k->s->db, &txn), ERR_OK);
	make(k->s, txn);
	assert_int_equal(db_write_commit(k->s->db), ERR_OK);
	k->s = store_close(k->s);
}

static void
test_each_damage_is_found_and_named(void **state)
{
	struct store_report report;
	unsigned seen;
	struct kit *k;

	for (size_t i = 0; i < sizeof(damages) / sizeof(*damages); i++) {
		teardown(state);
		setup(state);
		k = *state;
		make_damage(k, damages[i].damage);
		seen = 0;
		if (store_check(&k->config, note_finding, &seen, &report) !=
			ERR_CORRUPT ||
		    seen != damages[i].want)
			fail_msg("%s: %x", damages[i].what, seen);
	}
}

static void
test_a_sound_store_has_no_findings_and_is_counted(void **state)
{
	struct kit *k = *state;
	struct store_report r;

	k->s = store_close(k->s);
	assert_int_equal(store_check(&k->config, NULL, NULL, &r), ERR_OK);
	assert_int_equal(r.findings, 0);
	assert_int_equal(r.cases, CASES);
	assert_int_equal(r.messages, CASES + 1);
	assert_int_equal(r.uploads, 1);
	assert_int_equal(r.records, (CASES + 1) * (KIT_READERS + 3) + 1);
}

static void
test_a_store_that_is_open_is_not_checked(void **state)
{
	struct kit *k = *state;
	struct store_report r;

	assert_int_equal(store_check(&k->config, NULL, NULL, &r), ERR_EXISTS);
}

static enum err
append_5(struct store_txn *txn, void *ctx)
{
	(void)ctx;
	return kit_append(txn, 5, 1);
}

static enum err
open_view(struct store *s, uint32_t n)
{
	uint8_t id[STORE_CASE_ID_LEN];
	struct store_view *v;
	enum err e;

	kit_id(n, id);
	e = store_view_open(s, id, &v);
	if (e == ERR_OK)
		store_view_close(v);
	return e;
}

/* The index as it was before the last message comes back. */
static void
test_an_older_index_is_found(void **state)
{
	struct kit *k = *state;
	struct MDB_txn *txn;
	uint8_t old[8192], *out;
	struct bytes x;
	size_t n;

	assert_int_equal(db_read_begin(k->s->db, &txn), ERR_OK);
	assert_int_equal(db_get(k->s->db, txn, TABLE_INDEX, 5, &x), ERR_OK);
	n = x.n;
	memcpy(old, x.p, n);
	db_read_end(k->s->db);
	assert_int_equal(store_run(k->s, append_5, NULL), ERR_OK);
	assert_true(kit_is_whole(k->s, 5, 2));
	assert_int_equal(db_write_begin(k->s->db, &txn), ERR_OK);
	assert_int_equal(db_reserve(k->s->db, TABLE_INDEX, 5, n, DB_PUT, &out),
	    ERR_OK);
	memcpy(out, old, n);
	assert_int_equal(db_write_commit(k->s->db), ERR_OK);
	assert_int_equal(open_view(k->s, 5), ERR_CORRUPT);
}

static void
newer_version(struct store *s, struct MDB_txn *txn)
{
	uint8_t *out;

	(void)txn;
	assert_int_equal(
	    db_reserve_name(s->db, TABLE_META, DB_VERSION_KEY, 4, &out),
	    ERR_OK);
	memcpy(out, "\0\0\0\3", 4);
}

static void
test_a_newer_schema_is_refused(void **state)
{
	struct kit *k = *state;
	struct store_report r;

	make_damage(k, newer_version);
	assert_int_equal(store_open(&k->config, &k->s), ERR_VERSION);
	assert_null(k->s);
	assert_int_equal(store_check(&k->config, NULL, NULL, &r), ERR_VERSION);
}

static void
test_a_damaged_page_of_slots_is_not_opened_quietly(void **state)
{
	struct kit *k = *state;

	make_damage(k, flip_page);
	assert_int_equal(store_open(&k->config, &k->s), ERR_CORRUPT);
	assert_null(k->s);
}

static void
test_damage_to_one_case_leaves_the_others(void **state)
{
	struct kit *k = *state;

	make_damage(k, flip_index);
	kit_open(k);
	for (uint32_t n = 5; n < CASES; n++)
		assert_true(kit_is_whole(k->s, n, 1));
	assert_false(kit_is_whole(k->s, 4, 1));
	assert_int_equal(kit_add_many(k->s, 50, 2), ERR_OK);
}

/* --- nothing in clear --- */

static bool
file_contains(const char *path, const uint8_t *p, size_t n)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data;
	long size;
	bool found;

	assert_non_null(f);
	fseek(f, 0, SEEK_END);
	size = ftell(f);
	rewind(f);
	data = malloc((size_t)size);
	assert_int_equal(fread(data, 1, (size_t)size, f), size);
	fclose(f);
	found = memmem(data, (size_t)size, p, n) != NULL;
	free(data);
	return found;
}

static void
test_no_id_mailbox_or_content_is_on_the_disk_in_clear(void **state)
{
	struct kit *k = *state;
	struct kit_case *c = calloc(1, sizeof(*c));
	char path[128];

	k->s = store_close(k->s);
	snprintf(path, sizeof(path), "%s/db/data.mdb", k->dir);
	assert_true(file_contains(path, (const uint8_t *)"records", 7));
	for (uint32_t n = 0; n < CASES; n++) {
		kit_case(n, c);
		assert_false(file_contains(path, c->id, 8));
		assert_false(file_contains(path, c->mailbox, 8));
		assert_false(file_contains(path, c->pub, 8));
		assert_false(file_contains(path, c->first.payload + 99, 8));
		assert_false(file_contains(path, c->first.header[2], 8));
		assert_false(file_contains(path, c->first.link, 8));
	}
	free(c);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_each_damage_is_found_and_named),
		T(test_a_sound_store_has_no_findings_and_is_counted),
		T(test_a_store_that_is_open_is_not_checked),
		T(test_an_older_index_is_found),
		T(test_a_newer_schema_is_refused),
		T(test_a_damaged_page_of_slots_is_not_opened_quietly),
		T(test_damage_to_one_case_leaves_the_others),
		T(test_no_id_mailbox_or_content_is_on_the_disk_in_clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
