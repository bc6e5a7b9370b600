#include "store/inside.h"

enum err
open_page(struct store *s, uint32_t page, struct bytes sealed,
    uint8_t out[static SLOT_PAGE_PLAIN])
{
	struct place at = place_number(TABLE_SLOTS, page);

	if (sealed.n != SLOT_PAGE_LEN)
		return ERR_CORRUPT;
	return open_value(&s->sealer, s->epoch, &at, sealed, out);
}

/* Something that must be there. */
static enum err
get(struct store *s, struct MDB_txn *txn, enum table table, uint64_t number,
    struct bytes *ret)
{
	enum err e = db_get(s->db, txn, table, number, ret);

	return e == ERR_NOT_FOUND ? ERR_CORRUPT : e;
}

enum err
load_page(struct store *s, struct MDB_txn *txn, uint32_t page,
    uint8_t out[static SLOT_PAGE_PLAIN])
{
	struct bytes sealed;
	enum err e = get(s, txn, TABLE_SLOTS, page, &sealed);

	return e == ERR_OK ? open_page(s, page, sealed, out) : e;
}

/* Opens into the scratch buffer; the caller resets it. */
static enum err
open_scratch(struct store *s, const uint8_t *key, const struct place *at,
    struct bytes sealed)
{
	uint8_t *out;

	if (sealed.n < SEAL_OVERHEAD)
		return ERR_CORRUPT;
	buf_reset(&s->scratch);
	out = buf_grow(&s->scratch, sealed.n - SEAL_OVERHEAD);
	if (out == NULL)
		return s->scratch.err;
	return open_value(&s->sealer, key, at, sealed, out);
}

enum err
load_index(struct store *s, struct MDB_txn *txn, uint32_t number,
    const struct slot *slot, struct index *ret)
{
	struct place at = place_number(TABLE_INDEX, number);
	struct bytes sealed;
	enum err e = get(s, txn, TABLE_INDEX, number, &sealed);

	if (e == ERR_OK)
		e = open_scratch(s, slot->key, &at, sealed);
	if (e == ERR_OK)
		e = index_get(buf_bytes(&s->scratch), slot->version, ret);
	buf_reset(&s->scratch);
	return e;
}

enum err
load_record(struct store *s, struct MDB_txn *txn,
    const uint8_t key[static AEAD_KEY_LEN], uint64_t record, size_t len,
    struct buf *out)
{
	struct place at = place_number(TABLE_RECORDS, record);
	struct bytes sealed;
	size_t start = out->n;
	uint8_t *p;
	enum err e = get(s, txn, TABLE_RECORDS, record, &sealed);

	if (e != ERR_OK)
		return e;
	if (sealed.n != len + SEAL_OVERHEAD)
		return ERR_CORRUPT;
	p = buf_grow(out, len);
	if (p == NULL)
		return out->err;
	e = open_value(&s->sealer, key, &at, sealed, p);
	if (e != ERR_OK)
		out->n = start;
	return e;
}

enum err
open_upload(struct store *s, uint32_t number, struct bytes sealed,
    struct upload *ret)
{
	struct place at = place_number(TABLE_UPLOADS, number);
	enum err e = open_scratch(s, s->epoch, &at, sealed);

	if (e == ERR_OK)
		e = upload_get(buf_bytes(&s->scratch), ret);
	buf_reset(&s->scratch);
	return e;
}

enum err
load_upload(struct store *s, struct MDB_txn *txn, uint32_t number,
    struct upload *ret)
{
	struct bytes sealed;
	enum err e = get(s, txn, TABLE_UPLOADS, number, &sealed);

	return e == ERR_OK ? open_upload(s, number, sealed, ret) : e;
}
