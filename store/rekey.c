#include <stdlib.h>
#include <string.h>

#include "store/inside.h"

/*
 * A new epoch key, wrapped under a new store key, and everything that was
 * sealed under the old one sealed again, in one transaction. Case keys stay:
 * they live in the slots, so an old page or backup gives none of them away
 * once the old store key is destroyed.
 */

struct rekey {
	const uint8_t *key; /* the new store key */
	uint8_t epoch[AEAD_KEY_LEN];
	struct buf names; /* of values: NUL-terminated, one after another */
};

static enum err
page_again(struct store_txn *txn, const struct rekey *r, uint32_t page)
{
	uint8_t plain[SLOT_PAGE_PLAIN];
	enum err e = load_page(txn->s, txn->txn, page, plain);

	if (e == ERR_OK)
		e = txn_seal(txn, r->epoch, TABLE_SLOTS, page, DB_PUT,
		    BYTES(plain, sizeof(plain)));
	bytes_wipe(plain, sizeof(plain));
	return e;
}

static enum err
upload_again(struct store_txn *txn, const struct rekey *r, uint32_t number)
{
	struct buf b = BUF_INIT(UPLOAD_PLAIN_MAX);
	struct upload *u = calloc(1, sizeof(*u));
	enum err e;

	if (u == NULL)
		return ERR_NOMEM;
	e = load_upload(txn->s, txn->txn, number, u);
	if (e == ERR_OK) {
		upload_put(u, &b);
		e = b.err;
	}
	if (e == ERR_OK)
		e = txn_seal(txn, r->epoch, TABLE_UPLOADS, number, DB_PUT,
		    buf_bytes(&b));
	buf_free(&b);
	bytes_wipe(u, sizeof(*u));
	free(u);
	return e;
}

static enum err
uploads_again(struct store_txn *txn, const struct rekey *r)
{
	uint64_t key[64], from = 0;
	enum err e = ERR_OK;
	size_t n;

	do {
		n = keyset_page(&txn->s->memory.upload_age, from, key, 64);
		for (size_t i = 0; i < n && e == ERR_OK; i++)
			e = upload_again(txn, r, KEY_NUMBER(key[i]));
		if (n > 0)
			from = key[n - 1] + 1;
	} while (n > 0 && e == ERR_OK);
	return e;
}

static enum err
visit_name(void *ctx, uint64_t number, struct bytes key, struct bytes value)
{
	struct rekey *r = ctx;

	(void)number;
	(void)value;
	buf_put_bytes(&r->names, key);
	buf_put_u8(&r->names, 0);
	return r->names.err;
}

/* Names first: the table does not change under the scan. */
static enum err
values_again(struct store_txn *txn, struct rekey *r)
{
	enum err e;

	buf_reset(&r->names);
	e = db_scan(txn->s->db, txn->txn, TABLE_VALUES, visit_name, r);
	for (size_t at = 0; at < r->names.n && e == ERR_OK;) {
		const char *name = (const char *)r->names.p + at;

		e = value_again(txn, name, r->epoch);
		at += strlen(name) + 1;
	}
	return e;
}

static enum err
rekey_batch(struct store_txn *txn, void *ctx)
{
	struct rekey *r = ctx;
	enum err e = meta_renew(txn->s, txn->txn, r->key, r->epoch);

	txn->wrote = true;
	for (uint32_t i = 0; i < txn->s->memory.pages && e == ERR_OK; i++)
		e = page_again(txn, r, i);
	if (e == ERR_OK)
		e = uploads_again(txn, r);
	if (e == ERR_OK)
		e = values_again(txn, r);
	return e;
}

enum err
store_rekey(const struct store_config *config,
    const uint8_t new_key[static STORE_KEY_LEN])
{
	struct rekey r = { .key = new_key, .names = BUF_INIT(1024 * 1024) };
	struct store *s;
	enum err e = store_open(config, &s);

	if (e != ERR_OK)
		return e;
	e = store_run(s, rekey_batch, &r);
	store_close(s);
	buf_free(&r.names);
	bytes_wipe(&r, sizeof(r));
	return e;
}
