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

enum err
txn_route_set(struct store_txn *txn, const uint8_t id[static STORE_CASE_ID_LEN],
    uint16_t route)
{
	struct case_at at CLEAN_CASE = { 0 };
	enum err e = txn->err;

	if (e == ERR_OK)
		e = txn_find(txn, id, &at);
	if (e != ERR_OK)
		return e;
	at.slot.c.route = route;
	txn_slot_write(txn, &at);
	return ERR_OK;
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
txn_case_destroy(struct store_txn *txn,
    const uint8_t id[static STORE_CASE_ID_LEN])
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

#define CASE_CHUNK 64

/* Skips empty places, and cases that this batch destroyed. */
static enum err
case_in(struct store_txn *txn, uint32_t number, struct store_case *out,
    size_t *n)
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
	uint64_t key[CASE_CHUNK];
	uint64_t last = now < 0 ? 0 : (uint64_t)now / QUARTER_SECONDS;
	size_t got, n = 0;
	enum err e = txn->err;

	got = keyset_page(&txn->s->memory.due, 0, key,
	    cap < CASE_CHUNK ? cap : CASE_CHUNK);
	for (size_t i = 0; i < got && e == ERR_OK && key[i] >> 32 <= last; i++)
		e = case_in(txn, KEY_NUMBER(key[i]), out, &n);
	if (e == ERR_OK)
		*ret_n = n;
	return e;
}

/* --- all of them --- */

enum err
txn_case_page(struct store_txn *txn, uint32_t from, struct store_case *out,
    size_t cap, size_t *ret_n, uint32_t *ret_next)
{
	const uint32_t end = txn->s->memory.pages * SLOTS_PER_PAGE;
	size_t looked = 0, n = 0;
	enum err e;

	if ((e = txn->err) != ERR_OK)
		return e;
	for (; from < end && looked < cap && looked < CASE_CHUNK; looked++)
		if ((e = case_in(txn, from++, out, &n)) != ERR_OK)
			return e;
	*ret_n = n;
	*ret_next = from < end ? from : 0;
	return ERR_OK;
}
