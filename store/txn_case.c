#include <string.h>

#include "store/inside.h"

enum err
txn_case_get(struct store_txn *txn, const uint8_t id[static STORE_CASE_ID_LEN],
    struct store_case *ret)
{
	struct case_at at CLEAN_CASE = { 0 };
	enum err e = txn->err;

	if (e == ERR_OK)
		e = txn_find(txn, id, &at);
	if (e == ERR_OK)
		*ret = at.slot.c;
	return e;
}

enum err
txn_case_get_by_mailbox(struct store_txn *txn,
    const uint8_t mailbox[static SHA256_LEN], struct store_case *ret)
{
	struct case_at at CLEAN_CASE = { 0 };
	enum err e = txn->err;

	if (e == ERR_OK)
		e = txn_find_mailbox(txn, mailbox, &at);
	if (e == ERR_OK)
		*ret = at.slot.c;
	return e;
}

enum err
txn_marks_set(struct store_txn *txn, const uint8_t id[static STORE_CASE_ID_LEN],
    const struct store_marks *marks)
{
	struct case_at at CLEAN_CASE = { 0 };
	enum err e = txn->err;

	if (e == ERR_OK)
		e = txn_find(txn, id, &at);
	if (e != ERR_OK)
		return e;
	if (marks->band >= 128)
		return ERR_LIMIT;
	at.slot.c.marks = *marks;
	txn_slot_write(txn, &at);
	return ERR_OK;
}

/* --- readers --- */

static struct store_reader *
find_reader(struct store_case *c, uint16_t person)
{
	for (size_t i = 0; i < c->n_readers; i++)
		if (c->reader[i].person == person)
			return &c->reader[i];
	return NULL;
}

enum err
txn_reader_put(struct store_txn *txn,
    const uint8_t id[static STORE_CASE_ID_LEN], uint16_t person, bool released)
{
	struct case_at at CLEAN_CASE = { 0 };
	struct store_case *c = &at.slot.c;
	struct store_reader *r;
	enum err e = txn->err;

	if (e == ERR_OK)
		e = txn_find(txn, id, &at);
	if (e != ERR_OK)
		return e;
	r = find_reader(c, person);
	if (r == NULL) {
		if (c->n_readers == STORE_READERS_MAX ||
		    person == STORE_REPORTER || person == STORE_SHARED)
			return ERR_LIMIT;
		r = &c->reader[c->n_readers++];
	}
	*r = (struct store_reader){ .person = person, .released = released };
	txn_slot_write(txn, &at);
	return ERR_OK;
}

static void
remove_reader(struct store_case *c, uint16_t person)
{
	struct store_reader *r = find_reader(c, person);
	size_t i = (size_t)(r - c->reader);

	c->n_readers--;
	memmove(r, r + 1, (c->n_readers - i) * sizeof(*r));
}

static enum err
delete_envelopes_of(struct store_txn *txn, struct txn_index *x, uint16_t person)
{
	enum err e = ERR_OK;

	for (size_t i = 0; i < x->x.n && e == ERR_OK; i++) {
		const struct index_envelope *env =
		    entry_envelope(&x->x.entry[i], person);

		if (env == NULL)
			continue;
		e = db_delete(txn->s->db, TABLE_RECORDS, env->record);
		entry_envelope_drop(&x->x.entry[i], person);
	}
	return e;
}

enum err
txn_reader_drop(struct store_txn *txn,
    const uint8_t id[static STORE_CASE_ID_LEN], uint16_t person)
{
	struct case_at at CLEAN_CASE = { 0 };
	struct txn_index *x;
	enum err e = txn->err;

	if (e == ERR_OK)
		e = txn_find(txn, id, &at);
	if (e != ERR_OK)
		return e;
	if (find_reader(&at.slot.c, person) == NULL)
		return ERR_NOT_FOUND;
	e = txn_index_get(txn, &at, &x);
	if (e != ERR_OK)
		return e;
	e = delete_envelopes_of(txn, x, person);
	remove_reader(&at.slot.c, person);
	txn_index_write(txn, &at, x);
	return txn_stick(txn, e);
}

/* --- the end of a case --- */

static enum err
delete_entry(struct store_txn *txn, const struct index_entry *e)
{
	struct db *db = txn->s->db;
	enum err err = db_delete(db, TABLE_RECORDS, e->head);

	for (size_t i = 0; i < e->n_envelopes && err == ERR_OK; i++)
		err = db_delete(db, TABLE_RECORDS, e->envelope[i].record);
	for (uint32_t i = 0; i < e->m.pieces && err == ERR_OK; i++)
		err = db_delete(db, TABLE_RECORDS, e->payload + i);
	return err;
}

enum err
txn_case_destroy(
    struct store_txn *txn, const uint8_t id[static STORE_CASE_ID_LEN])
{
	struct case_at at CLEAN_CASE = { 0 };
	struct txn_index *x;
	enum err e = txn->err;

	if (e == ERR_OK)
		e = txn_find(txn, id, &at);
	if (e == ERR_OK)
		e = txn_index_get(txn, &at, &x);
	if (e != ERR_OK)
		return e;
	for (size_t i = 0; i < x->x.n && e == ERR_OK; i++)
		e = delete_entry(txn, &x->x.entry[i]);
	x->gone = true;
	at.slot.used = false;
	txn_slot_write(txn, &at);
	return txn_stick(txn, e);
}

/* --- timers --- */

#define DUE_CHUNK 64

/* Skips cases that this batch destroyed. */
static enum err
due_case(
    struct store_txn *txn, uint32_t number, struct store_case *out, size_t *n)
{
	unsigned i = number % SLOTS_PER_PAGE;
	struct txn_page *page;
	struct slot slot;
	enum err e = txn_page_get(txn, number / SLOTS_PER_PAGE, &page);

	if (e == ERR_OK)
		e = slot_get(page->now, i, &slot);
	if (e == ERR_OK && slot.used)
		out[(*n)++] = slot.c;
	bytes_wipe(&slot, sizeof(slot));
	return e;
}

enum err
txn_due_page(struct store_txn *txn, int64_t now, struct store_case *out,
    size_t cap, size_t *ret_n)
{
	uint64_t key[DUE_CHUNK];
	uint64_t last = now < 0 ? 0 : (uint64_t)now / QUARTER_SECONDS;
	size_t got, n = 0;
	enum err e = txn->err;

	got = keyset_page(
	    &txn->s->memory.due, 0, key, cap < DUE_CHUNK ? cap : DUE_CHUNK);
	for (size_t i = 0; i < got && e == ERR_OK && key[i] >> 32 <= last; i++)
		e = due_case(txn, KEY_NUMBER(key[i]), out, &n);
	if (e == ERR_OK)
		*ret_n = n;
	return e;
}
