#include <stdlib.h>
#include <string.h>

#include "store/inside.h"

/* Given up for one piece: each frees UPLOAD_LEAST at least. */
#define VICTIMS_MAX (PIECE_LEN / UPLOAD_LEAST + 2)

static enum err
upload_new(uint32_t number, uint64_t tag, struct txn_upload **ret)
{
	struct txn_upload *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return ERR_NOMEM;
	t->number = number;
	t->tag = tag;
	*ret = t;
	return ERR_OK;
}

static void
upload_keep(struct store_txn *txn, struct txn_upload *t)
{
	*txn->uploads_end = t;
	txn->uploads_end = &t->next;
}

static void
upload_free(struct txn_upload *t)
{
	bytes_wipe(t, sizeof(*t));
	free(t);
}

static struct upload_mark
mark_of(const struct txn_upload *t)
{
	return (struct upload_mark){ .tag = t->tag,
		.number = t->number,
		.hour = t->u.hour,
		.begun = t->begun,
		.due = t->due,
		.bytes = upload_taken_bytes(&t->u) };
}

static enum err
by_number(struct store_txn *txn, uint32_t number, uint64_t tag,
    struct txn_upload **ret)
{
	const struct upload_time *time;
	struct txn_upload *t;
	enum err e;

	for (t = txn->uploads; t != NULL; t = t->next)
		if (t->number == number) {
			*ret = t;
			return ERR_OK;
		}
	e = upload_new(number, tag, &t);
	if (e != ERR_OK)
		return e;
	e = load_upload(txn->s, txn->txn, number, &t->u);
	if (e != ERR_OK) {
		upload_free(t);
		return e;
	}
	if ((time = memory_upload_time(&txn->s->memory, number)) != NULL) {
		t->begun = time->begun;
		t->due = time->due;
	}
	t->existed = true;
	t->before = mark_of(t);
	upload_keep(txn, t);
	*ret = t;
	return ERR_OK;
}

static bool
is_live(const struct txn_upload *t, const uint8_t *id)
{
	return !t->gone && bytes_equal_ct(t->u.id, id, STORE_UPLOAD_ID_LEN);
}

enum err
txn_upload_of(struct store_txn *txn, const uint8_t *id, struct txn_upload **ret)
{
	const struct map *m = &txn->s->memory.uploads;
	uint64_t tag = map_tag(m, BYTES(id, STORE_UPLOAD_ID_LEN));
	struct txn_upload *t;
	uint32_t number;
	size_t at = 0;
	enum err e;

	for (t = txn->uploads; t != NULL; t = t->next)
		if (is_live(t, id)) {
			*ret = t;
			return ERR_OK;
		}
	while (map_next(m, tag, &at, &number)) {
		e = by_number(txn, number, tag, &t);
		if (e != ERR_OK)
			return e;
		if (is_live(t, id)) {
			*ret = t;
			return ERR_OK;
		}
	}
	return ERR_NOT_FOUND;
}

enum err
txn_upload_get(struct store_txn *txn,
    const uint8_t id[static STORE_UPLOAD_ID_LEN], struct store_upload *ret)
{
	struct txn_upload *t;
	enum err e;

	if (txn->err != ERR_OK)
		return txn->err;
	e = txn_upload_of(txn, id, &t);
	return e == ERR_OK ? upload_describe(&t->u, ret) : e;
}

/* --- pieces --- */

static enum err
check_piece(const struct store_piece *p)
{
	uint64_t max = (uint64_t)STORE_UPLOAD_PIECES_MAX * PIECE_LEN;

	if (p->size == 0 || p->size > max || p->index >= piece_count(p->size) ||
	    p->data.n != piece_len(p->size, p->index))
		return ERR_LIMIT;
	return ERR_OK;
}

static enum err
delete_pieces(struct store_txn *txn, const struct upload *u)
{
	enum err e = ERR_OK;

	for (uint32_t i = 0; i < u->pieces && e == ERR_OK; i++)
		if (upload_has(u, i))
			e = db_delete(txn->s->db, TABLE_RECORDS, u->first + i);
	return e;
}

/* It was there before this batch, which has not touched it. */
static enum err
give_up(struct store_txn *txn, struct txn_upload *t)
{
	/* Its tag may not have been at hand; it is needed to forget it. */
	t->tag = map_tag(&txn->s->memory.uploads,
	    BYTES(t->u.id, STORE_UPLOAD_ID_LEN));
	t->before.tag = t->tag;
	t->gone = true;
	txn->wrote = true;
	txn->freed_attachments += t->before.bytes;
	txn->freed_incoming += upload_charge(t->before.bytes);
	return txn_stick(txn, delete_pieces(txn, &t->u));
}

/* The upload that is due first, and before `due`. ERR_NOT_FOUND. */
static enum err
first_due(struct store_txn *txn, uint32_t due, const struct txn_upload * not,
    struct txn_upload **ret)
{
	uint64_t key[VICTIMS_MAX + 2];
	size_t n = keyset_page(&txn->s->memory.upload_due, 0, key,
	    sizeof(key) / sizeof(key[0]));
	struct txn_upload *t;
	enum err e;

	for (size_t i = 0; i < n && key[i] >> 32 < due; i++) {
		if ((e = by_number(txn, KEY_NUMBER(key[i]), 0, &t)) != ERR_OK)
			return e;
		if (t == not || t->gone || t->dirty)
			continue;
		*ret = t;
		return ERR_OK;
	}
	return ERR_NOT_FOUND;
}

static bool
has_share(const struct store_txn *txn, uint64_t n, uint64_t charge)
{
	const struct store *s = txn->s;
	const struct memory *m = &s->memory;

	return m->attachments + txn->attachments + n <=
	    s->attachments_max + txn->freed_attachments &&
	    m->incoming + txn->incoming + charge <=
	    s->attachments_max / 2 + txn->freed_incoming;
}

/* Room for n bytes of a piece that belongs to t (NULL: to a new upload), by
 * giving up what is due before it. */
static enum err
make_room(struct store_txn *txn, const struct txn_upload *t, uint64_t n,
    uint32_t second)
{
	uint64_t had = t == NULL ? 0 : upload_taken_bytes(&t->u);
	uint64_t charge =
	    upload_charge(had + n) - (t == NULL ? 0 : upload_charge(had));
	uint32_t due =
	    t == NULL ? second : upload_due(had + n, t->begun, second);
	struct txn_upload *victim;
	enum err e = ERR_OK;

	for (int i = 0; e == ERR_OK && !has_share(txn, n, charge); i++) {
		e = i < VICTIMS_MAX ? first_due(txn, due, t, &victim)
				    : ERR_NOT_FOUND;
		if (e == ERR_OK)
			e = give_up(txn, victim);
	}
	if (e != ERR_NOT_FOUND)
		return e;
	/* Taken ones give nothing back; others that come in will. */
	return txn->s->memory.n_uploads > (t != NULL && t->existed) ? ERR_DENIED
								    : ERR_FULL;
}

static enum err
check_room(struct store_txn *txn, const struct txn_upload *t, uint64_t n,
    uint32_t second)
{
	enum err e = make_room(txn, t, n, second);

	return e == ERR_OK ? db_allocate(txn->s->db, txn->bytes + n) : e;
}

/* Numbers wrap; those of uploads that are still there are passed over. */
static enum err
free_number(struct store_txn *txn, uint32_t *ret)
{
	struct bytes taken;
	enum err e = ERR_OK;

	for (uint64_t tries = 0; tries <= txn->s->memory.n_uploads; tries++) {
		e = db_get(txn->s->db, txn->txn, TABLE_UPLOADS,
		    txn->next_upload, &taken);
		if (e == ERR_NOT_FOUND) {
			*ret = txn->next_upload++;
			return ERR_OK;
		}
		if (e != ERR_OK)
			return e;
		txn->next_upload++;
	}
	return ERR_FULL;
}

/* Takes consecutive record numbers for all pieces. */
static enum err
upload_make(struct store_txn *txn, const struct store_piece *p,
    struct txn_upload **ret)
{
	const struct map *m = &txn->s->memory.uploads;
	struct txn_upload *t;
	uint32_t number;
	enum err e = free_number(txn, &number);

	if (e == ERR_OK)
		e = upload_new(number,
		    map_tag(m, BYTES(p->upload, STORE_UPLOAD_ID_LEN)), &t);
	if (e != ERR_OK)
		return e;
	e = env_random(txn->s->env, t->u.key, sizeof(t->u.key));
	if (e != ERR_OK) {
		upload_free(t);
		return e;
	}
	memcpy(t->u.id, p->upload, STORE_UPLOAD_ID_LEN);
	t->u.size = p->size;
	t->u.pieces = piece_count(p->size);
	t->u.first = txn->next_record;
	t->begun = p->second;
	txn->attachments += upload_value_bytes(t->u.pieces);
	txn->next_record += t->u.pieces;
	upload_keep(txn, t);
	*ret = t;
	return ERR_OK;
}

/* ERR_OK: the piece is new. Otherwise *ret_done says if it is there. */
static enum err
compare_piece(const struct upload *u, const struct store_piece *p,
    const uint8_t hash[static SHA256_LEN], bool *ret_done)
{
	if (u->size != p->size)
		return ERR_EXISTS;
	*ret_done = upload_has(u, p->index);
	if (*ret_done && !bytes_equal_ct(u->hash[p->index], hash, SHA256_LEN))
		return ERR_EXISTS;
	return ERR_OK;
}

static enum err
piece_store(struct store_txn *txn, struct txn_upload *t,
    const struct store_piece *p, const uint8_t hash[static SHA256_LEN])
{
	uint64_t record = t->u.first + p->index;
	bool is_first = !t->existed && !t->dirty;
	uint64_t had = upload_taken_bytes(&t->u);

	memcpy(t->u.hash[p->index], hash, SHA256_LEN);
	t->u.hour = p->hour;
	t->due = upload_due(had + p->data.n, t->begun, p->second);
	t->dirty = true;
	txn->attachments += p->data.n;
	txn->incoming += upload_charge(had + p->data.n) -
	    (is_first ? 0 : upload_charge(had));
	return txn_stick(txn,
	    txn_seal(txn, t->u.key, TABLE_RECORDS, record, DB_PUT, p->data));
}

enum err
txn_upload_piece(struct store_txn *txn, const struct store_piece *p)
{
	struct txn_upload *t = NULL;
	uint8_t hash[SHA256_LEN];
	bool done = false;
	enum err e = txn->err;

	if (e == ERR_OK)
		e = check_piece(p);
	if (e == ERR_OK)
		e = sha256(p->data, hash);
	if (e != ERR_OK)
		return e;
	e = txn_upload_of(txn, p->upload, &t);
	if (e == ERR_OK)
		e = compare_piece(&t->u, p, hash, &done);
	else if (e == ERR_NOT_FOUND)
		e = ERR_OK;
	if (e != ERR_OK || done)
		return e;
	e = check_room(txn, t,
	    p->data.n +
		(t == NULL ? upload_value_bytes(piece_count(p->size)) : 0),
	    p->second);
	if (e == ERR_OK && t == NULL)
		e = upload_make(txn, p, &t);
	return e == ERR_OK ? piece_store(txn, t, p, hash) : e;
}

/* --- expiry --- */

static enum err
expire_one(struct store_txn *txn, uint32_t number, uint32_t hour, size_t *count)
{
	struct txn_upload *t;
	enum err e = by_number(txn, number, 0, &t);

	if (e != ERR_OK)
		return e;
	if (t->gone || t->u.hour >= hour)
		return ERR_OK; /* touched by this batch */
	(*count)++;
	return give_up(txn, t);
}

#define EXPIRE_MAX 16

enum err
txn_uploads_expire(struct store_txn *txn, uint32_t hour, size_t max,
    size_t *ret_n)
{
	uint64_t key[EXPIRE_MAX];
	size_t n, count = 0;
	enum err e = txn->err;

	if (max > EXPIRE_MAX)
		max = EXPIRE_MAX;
	n = keyset_page(&txn->s->memory.upload_age, 0, key, max);
	for (size_t i = 0; i < n && e == ERR_OK; i++)
		if (key[i] >> 32 < hour)
			e = expire_one(txn, KEY_NUMBER(key[i]), hour, &count);
	if (e == ERR_OK)
		*ret_n = count;
	return e;
}

/* --- commit --- */

static enum err
upload_flush(struct store_txn *txn, const struct txn_upload *t)
{
	struct buf *b = &txn->s->scratch;
	enum err e;

	if (t->gone && t->existed)
		return db_delete(txn->s->db, TABLE_UPLOADS, t->number);
	if (t->gone || !t->dirty)
		return ERR_OK;
	buf_reset(b);
	upload_put(&t->u, b);
	e = b->err;
	if (e == ERR_OK)
		e = txn_seal(txn, txn->s->epoch, TABLE_UPLOADS, t->number,
		    DB_PUT, buf_bytes(b));
	buf_reset(b);
	return e;
}

enum err
txn_uploads_flush(struct store_txn *txn)
{
	enum err e = ERR_OK;

	for (struct txn_upload *t = txn->uploads; t != NULL && e == ERR_OK;
	     t = t->next)
		e = upload_flush(txn, t);
	return e;
}

enum err
txn_uploads_apply(struct store_txn *txn)
{
	struct memory *m = &txn->s->memory;
	enum err e = ERR_OK;

	for (struct txn_upload *t = txn->uploads; t != NULL && e == ERR_OK;
	     t = t->next) {
		struct upload_mark now = mark_of(t);

		if (!t->dirty && !t->gone)
			continue;
		if (t->existed)
			memory_remove_upload(m, &t->before);
		if (!t->gone)
			e = memory_add_upload(m, &now);
	}
	return e;
}

void
txn_uploads_forget(struct store_txn *txn)
{
	while (txn->uploads != NULL) {
		struct txn_upload *t = txn->uploads;

		txn->uploads = t->next;
		upload_free(t);
	}
}
