#include "store/inside.h"

enum err
txn_stick(struct store_txn *txn, enum err e)
{
	if (e != ERR_OK && txn->err == ERR_OK)
		txn->err = e;
	return e;
}

enum err
txn_seal(struct store_txn *txn, const uint8_t key[static AEAD_KEY_LEN],
    enum table table, uint64_t number, enum db_how how, struct bytes in)
{
	struct place at = place_number(table, number);
	size_t n = in.n + SEAL_OVERHEAD;
	uint8_t *out;
	enum err e = db_reserve(txn->s->db, table, number, n, how, &out);

	txn->wrote = true;
	txn->bytes += n;
	if (e != ERR_OK)
		return e;
	return seal_value(&txn->s->sealer, key, &at, in, out);
}

/* --- what the batch changed, into the transaction --- */

static enum err
index_flush(struct store_txn *txn, const struct txn_index *x)
{
	struct store *s = txn->s;
	enum db_how how = x->number >= txn->next_index ? DB_APPEND : DB_PUT;
	struct txn_page *page;
	struct slot slot;
	enum err e = txn_page_get(txn, x->number / SLOTS_PER_PAGE, &page);

	if (e == ERR_OK)
		e = slot_get(page->now, x->number % SLOTS_PER_PAGE, &slot);
	if (e != ERR_OK)
		return e;
	buf_reset(&s->scratch);
	index_put(&x->x, slot.version, &s->scratch);
	e = s->scratch.err;
	if (e == ERR_OK)
		e = txn_seal(txn, slot.key, TABLE_INDEX, x->number, how,
		    buf_bytes(&s->scratch));
	buf_reset(&s->scratch);
	bytes_wipe(&slot, sizeof(slot));
	if (x->number >= txn->next_index)
		txn->next_index = (uint64_t)x->number + 1;
	return e;
}

static enum err
indexes_flush(struct store_txn *txn)
{
	enum err e = ERR_OK;

	for (struct txn_index *x = txn->indexes; x != NULL && e == ERR_OK;
	     x = x->next) {
		if (x->gone && !x->created)
			e = db_delete(txn->s->db, TABLE_INDEX, x->number);
		else if (x->dirty && !x->gone)
			e = index_flush(txn, x);
	}
	return e;
}

static enum err
pages_flush(struct store_txn *txn)
{
	enum err e = ERR_OK;

	for (struct txn_page *p = txn->pages; p != NULL && e == ERR_OK;
	     p = p->next)
		if (p->dirty)
			e = txn_seal(txn, txn->s->epoch, TABLE_SLOTS, p->number,
			    p->existed ? DB_PUT : DB_APPEND,
			    BYTES(p->now, sizeof(p->now)));
	return e;
}

static enum err
flush(struct store_txn *txn)
{
	enum err e = indexes_flush(txn);

	if (e == ERR_OK)
		e = pages_flush(txn);
	if (e == ERR_OK)
		e = txn_uploads_flush(txn);
	/* Without room the commit itself may still find free pages. */
	if (e == ERR_OK)
		(void)!db_allocate(txn->s->db, txn->bytes);
	return e;
}

/* --- what it changed, into memory --- */

static enum err
apply(struct store_txn *txn)
{
	struct store *s = txn->s;
	enum err e = ERR_OK;

	for (struct txn_page *p = txn->pages; p != NULL && e == ERR_OK;
	     p = p->next)
		if (p->dirty)
			e = memory_change_page(&s->memory, p->number,
			    p->existed ? p->before : NULL, p->now);
	if (e == ERR_OK)
		e = txn_uploads_apply(txn);
	s->next_record = txn->next_record;
	s->next_index = txn->next_index;
	s->next_upload = txn->next_upload;
	/* The commit stands: only a new start can follow it. */
	s->stale = e != ERR_OK;
	return e;
}

static enum err
begin(struct store *s, struct store_txn *txn)
{
	*txn = (struct store_txn){
		.s = s,
		.next_record = s->next_record,
		.next_index = s->next_index,
		.next_upload = s->next_upload,
		.slot_fresh = s->memory.pages * SLOTS_PER_PAGE,
	};
	txn->pages_end = &txn->pages;
	txn->indexes_end = &txn->indexes;
	txn->uploads_end = &txn->uploads;
	return db_write_begin(s->db, &txn->txn);
}

static enum err
run_once(struct store *s, store_batch *batch, void *ctx)
{
	struct store_txn txn;
	enum err e = begin(s, &txn);

	s->has_written = false;
	if (e != ERR_OK)
		return e;
	e = batch(&txn, ctx);
	if (txn.err != ERR_OK)
		e = txn.err;
	if (e == ERR_OK && txn.wrote)
		e = flush(&txn);
	if (e == ERR_OK && txn.wrote) {
		e = db_write_commit(s->db);
		s->has_written = e == ERR_OK;
		if (e == ERR_OK)
			e = apply(&txn);
	} else {
		db_write_abort(s->db);
	}
	txn_forget(&txn);
	return e;
}

enum err
store_run(struct store *s, store_batch *batch, void *ctx)
{
	enum err e;

	if (s->stale)
		return ERR_NOMEM;
	for (;;) {
		e = run_once(s, batch, ctx);
		if (e != ERR_FULL || !db_map_is_full(s->db))
			return e;
		e = db_grow(s->db);
		if (e != ERR_OK)
			return e;
	}
}
