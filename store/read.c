#include <stdlib.h>

#include "store/inside.h"

/* --- cases, as committed --- */

/* Ends what a call read: the page with its keys is wiped. */
static void
read_end(struct store *s)
{
	db_read_end(s->db);
	bytes_wipe(s->page, sizeof(s->page));
	s->page_number = PAGE_NONE;
}

/* Into s->page; neighbours in a queue often share one. */
static enum err
read_page(struct store *s, struct MDB_txn *txn, uint32_t page)
{
	enum err e;

	if (s->page_number == page)
		return ERR_OK;
	s->page_number = PAGE_NONE;
	e = load_page(s, txn, page, s->page);
	if (e == ERR_OK)
		s->page_number = page;
	return e;
}

static enum err
read_slot(struct store *s, struct MDB_txn *txn, uint32_t number,
    struct slot *ret)
{
	enum err e = read_page(s, txn, number / SLOTS_PER_PAGE);

	if (e == ERR_OK)
		e = slot_get(s->page, number % SLOTS_PER_PAGE, ret);
	return e == ERR_OK && !ret->used ? ERR_CORRUPT : e;
}

typedef bool slot_has(const uint8_t page[static SLOT_PAGE_PLAIN], unsigned i,
    const uint8_t *id);

static enum err
find(struct store *s, struct MDB_txn *txn, const struct map *m, struct bytes id,
    slot_has *has, uint32_t *ret)
{
	uint64_t tag = map_tag(m, id);
	uint32_t number;
	size_t at = 0;
	enum err e;

	while (map_next(m, tag, &at, &number)) {
		e = read_page(s, txn, number / SLOTS_PER_PAGE);
		if (e != ERR_OK)
			return e;
		if (has(s->page, number % SLOTS_PER_PAGE, id.p)) {
			*ret = number;
			return ERR_OK;
		}
	}
	return ERR_NOT_FOUND;
}

static enum err
find_case(struct store *s, const struct map *m, struct bytes id, slot_has *has,
    struct store_case *ret)
{
	struct MDB_txn *txn;
	struct slot slot;
	uint32_t number;
	enum err e = db_read_begin(s->db, &txn);

	if (e != ERR_OK)
		return e;
	e = find(s, txn, m, id, has, &number);
	if (e == ERR_OK)
		e = read_slot(s, txn, number, &slot);
	if (e == ERR_OK)
		*ret = slot.c;
	read_end(s);
	bytes_wipe(&slot, sizeof(slot));
	return e;
}

enum err
store_case_find(struct store *s, const uint8_t id[static STORE_CASE_ID_LEN],
    struct store_case *ret)
{
	return find_case(s, &s->memory.ids, BYTES(id, STORE_CASE_ID_LEN),
	    slot_has_id, ret);
}

enum err
store_case_find_by_mailbox(struct store *s,
    const uint8_t mailbox[static SHA256_LEN], struct store_case *ret)
{
	return find_case(s, &s->memory.mailboxes, BYTES(mailbox, SHA256_LEN),
	    slot_has_mailbox, ret);
}

enum err
slot_find(struct store *s, struct MDB_txn *txn, const uint8_t *id,
    uint32_t *ret_number, struct slot *ret)
{
	enum err e = find(s, txn, &s->memory.ids, BYTES(id, STORE_CASE_ID_LEN),
	    slot_has_id, ret_number);

	if (e == ERR_OK)
		e = read_slot(s, txn, *ret_number, ret);
	bytes_wipe(s->page, sizeof(s->page));
	s->page_number = PAGE_NONE;
	return e;
}

/* --- queues --- */

/* The key behind which a page begins. */
static enum err
cursor_key(struct store *s, struct MDB_txn *txn, const struct keyset *q,
    const uint8_t *after, uint64_t *ret)
{
	struct slot slot;
	uint32_t number;
	uint64_t key;
	enum err e;

	if (after == NULL) {
		*ret = 0;
		return ERR_OK;
	}
	e = slot_find(s, txn, after, &number, &slot);
	if (e != ERR_OK)
		return e;
	key = queue_key(&slot.c, number);
	bytes_wipe(&slot, sizeof(slot));
	if (!keyset_has(q, key))
		return ERR_NOT_FOUND;
	*ret = key + 1;
	return ERR_OK;
}

#define QUEUE_CHUNK 64

static enum err
queue_rows(struct store *s, struct MDB_txn *txn, const uint64_t *key, size_t n,
    struct store_case *out)
{
	struct slot slot;
	enum err e = ERR_OK;

	for (size_t i = 0; i < n && e == ERR_OK; i++) {
		e = read_slot(s, txn, KEY_NUMBER(key[i]), &slot);
		if (e == ERR_OK)
			out[i] = slot.c;
	}
	bytes_wipe(&slot, sizeof(slot));
	return e;
}

static enum err
queue_fill(struct store *s, struct MDB_txn *txn, const struct keyset *q,
    uint64_t from, struct store_case *out, size_t cap, size_t *ret_n)
{
	uint64_t key[QUEUE_CHUNK];
	size_t n = 0, want, got;
	enum err e = ERR_OK;

	do {
		want = cap - n < QUEUE_CHUNK ? cap - n : QUEUE_CHUNK;
		got = keyset_page(q, from, key, want);
		e = queue_rows(s, txn, key, got, out + n);
		n += got;
		if (got > 0)
			from = key[got - 1] + 1;
	} while (e == ERR_OK && got == want && n < cap);
	*ret_n = n;
	return e;
}

enum err
store_queue_page(struct store *s, uint16_t person, const uint8_t *after,
    struct store_case *out, size_t cap, size_t *ret_n)
{
	const struct person_queue *q = memory_queue(&s->memory, person);
	struct MDB_txn *txn;
	uint64_t from;
	size_t n = 0;
	enum err e;

	if (q == NULL && after != NULL)
		return ERR_NOT_FOUND;
	if (q == NULL || cap == 0) {
		*ret_n = 0;
		return ERR_OK;
	}
	e = db_read_begin(s->db, &txn);
	if (e != ERR_OK)
		return e;
	e = cursor_key(s, txn, &q->keys, after, &from);
	if (e == ERR_OK)
		e = queue_fill(s, txn, &q->keys, from, out, cap, &n);
	read_end(s);
	if (e == ERR_OK)
		*ret_n = n;
	return e;
}

void
store_queue_counts(const struct store *s, uint16_t person,
    struct store_queue_counts *ret)
{
	const struct person_queue *q = memory_queue(&s->memory, person);

	*ret = (struct store_queue_counts){ 0 };
	if (q == NULL)
		return;
	ret->all = q->keys.count;
	ret->open = q->open;
	ret->breached = q->breached;
	ret->given = q->given;
}

void
store_told(const struct store *s, uint16_t person, struct store_told *out,
    size_t cap, size_t *ret_n)
{
	const struct person_queue *q = memory_queue(&s->memory, person);
	size_t n = q == NULL ? 0 : q->n_told;

	if (n > cap)
		n = cap;
	for (size_t i = 0; i < n; i++)
		out[i] = q->told[i];
	*ret_n = n;
}

uint64_t
store_queue_version(const struct store *s, uint16_t person)
{
	const struct person_queue *q = memory_queue(&s->memory, person);

	return s->memory.start + (q == NULL ? 0 : q->changes);
}

int64_t
store_next_due(const struct store *s)
{
	uint64_t key;

	if (keyset_page(&s->memory.due, 0, &key, 1) == 0)
		return 0;
	return (int64_t)(key >> 32) * QUARTER_SECONDS;
}

/* --- uploads --- */

static enum err
upload_find(struct store *s, struct MDB_txn *txn, const uint8_t *id,
    struct upload *u)
{
	const struct map *m = &s->memory.uploads;
	uint64_t tag = map_tag(m, BYTES(id, STORE_UPLOAD_ID_LEN));
	uint32_t number;
	size_t at = 0;
	enum err e;

	while (map_next(m, tag, &at, &number)) {
		e = load_upload(s, txn, number, u);
		if (e != ERR_OK)
			return e;
		if (bytes_equal_ct(u->id, id, STORE_UPLOAD_ID_LEN))
			return ERR_OK;
	}
	return ERR_NOT_FOUND;
}

enum err
store_upload_find(struct store *s, const uint8_t id[static STORE_UPLOAD_ID_LEN],
    struct store_upload *ret)
{
	struct upload *u = calloc(1, sizeof(*u));
	struct MDB_txn *txn;
	enum err e;

	if (u == NULL)
		return ERR_NOMEM;
	e = db_read_begin(s->db, &txn);
	if (e == ERR_OK) {
		e = upload_find(s, txn, id, u);
		db_read_end(s->db);
	}
	if (e == ERR_OK)
		e = upload_describe(u, ret);
	bytes_wipe(u, sizeof(*u));
	free(u);
	return e;
}
