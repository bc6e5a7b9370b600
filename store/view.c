#include <assert.h>
#include <stdlib.h>

#include "store/inside.h"

struct store_view {
	struct store *s;
	struct MDB_txn *txn;
	struct slot slot;
	struct index index;
};

static enum err
view_load(struct store_view *v, const uint8_t *id)
{
	uint32_t number;
	enum err e = slot_find(v->s, v->txn, id, &number, &v->slot);

	if (e == ERR_OK)
		e = load_index(v->s, v->txn, number, &v->slot, &v->index);
	return e;
}

enum err
store_view_open(struct store *s, const uint8_t id[static STORE_CASE_ID_LEN],
    struct store_view **ret)
{
	struct store_view *v = calloc(1, sizeof(*v));
	enum err e;

	assert(s->view == NULL);
	if (v == NULL)
		return ERR_NOMEM;
	v->s = s;
	e = db_read_begin(s->db, &v->txn);
	if (e == ERR_OK)
		e = view_load(v, id);
	if (e != ERR_OK) {
		store_view_close(v);
		return e;
	}
	s->view = v;
	*ret = v;
	return ERR_OK;
}

struct store_view *
store_view_close(struct store_view *v)
{
	if (v == NULL)
		return NULL;
	db_read_end(v->s->db);
	v->s->view = NULL;
	index_clear(&v->index);
	bytes_wipe(v, sizeof(*v));
	free(v);
	return NULL;
}

const struct store_case *
view_case(const struct store_view *v)
{
	return &v->slot.c;
}

enum err
view_message(const struct store_view *v, enum store_chain chain, uint32_t seq,
    struct store_message *ret)
{
	const struct index_entry *e = index_find(&v->index, chain, seq);

	if (e == NULL)
		return ERR_NOT_FOUND;
	*ret = e->m;
	return ERR_OK;
}

/* --- content --- */

enum err
view_head(struct store_view *v, enum store_chain chain, uint32_t seq,
    struct buf *out)
{
	const struct index_entry *e = index_find(&v->index, chain, seq);

	if (e == NULL)
		return ERR_NOT_FOUND;
	return load_record(v->s, v->txn, v->slot.key, e->head, e->m.head_len,
	    out);
}

static bool
may_read(const struct store_view *v, uint16_t person)
{
	const struct store_reader *r;

	if (person == STORE_REPORTER)
		return true;
	r = store_case_reader(&v->slot.c, person);
	return r != NULL && (r->access & READER_RELEASED) != 0;
}

static const struct index_envelope *
given_to(const struct index_entry *e, uint16_t person)
{
	const struct index_envelope *x = entry_envelope(e, person);

	return x == NULL || x->is_ahead ? NULL : x;
}

static enum err
find_envelope(const struct store_view *v, enum store_chain chain, uint32_t seq,
    uint16_t person, const struct index_envelope **ret)
{
	const struct index_entry *e = index_find(&v->index, chain, seq);
	const struct index_envelope *x;

	if (e == NULL)
		return ERR_NOT_FOUND;
	if (!may_read(v, person))
		return ERR_DENIED;
	x = given_to(e, person);
	if (x == NULL)
		x = given_to(e, STORE_SHARED);
	if (x == NULL)
		return ERR_NOT_FOUND;
	*ret = x;
	return ERR_OK;
}

enum err
view_envelope_len(const struct store_view *v, enum store_chain chain,
    uint32_t seq, uint16_t person, uint32_t *ret)
{
	const struct index_envelope *x;
	enum err e = find_envelope(v, chain, seq, person, &x);

	if (e == ERR_OK)
		*ret = x->len;
	return e;
}

enum err
view_envelope(struct store_view *v, enum store_chain chain, uint32_t seq,
    uint16_t person, struct buf *out)
{
	const struct index_envelope *x;
	enum err e = find_envelope(v, chain, seq, person, &x);

	if (e != ERR_OK)
		return e;
	return load_record(v->s, v->txn, v->slot.key, x->record, x->len, out);
}

enum err
view_piece(struct store_view *v, enum store_chain chain, uint32_t seq,
    uint32_t index, struct buf *out)
{
	const struct index_entry *e = index_find(&v->index, chain, seq);

	if (e == NULL || index >= e->m.pieces)
		return ERR_NOT_FOUND;
	return load_record(v->s, v->txn, e->uploaded ? e->key : v->slot.key,
	    e->payload + index, piece_len(e->m.payload_size, index), out);
}
