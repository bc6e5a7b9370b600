#include <string.h>

#include "crypto/label.h"
#include "store/inside.h"

/*
 * TABLE_META, in clear:
 *   "version"  schema version (4, big-endian)
 *   "id"       store id (16), random
 *   "epoch"    nonce (12) || AES-256-GCM of the epoch key (32) || tag (16)
 *              under HKDF(store key, salt = store id, LABEL_STORE_EPOCH)
 */
#define SCHEMA_VERSION 2
#define KEY_ID "id"
#define KEY_EPOCH "epoch"
#define STORE_ID_LEN 16
#define WRAPPED_LEN (AEAD_NONCE_LEN + AEAD_KEY_LEN + AEAD_TAG_LEN)

static enum err
wrap_key(const uint8_t key[static STORE_KEY_LEN],
    const uint8_t id[static STORE_ID_LEN], uint8_t out[static AEAD_KEY_LEN])
{
	return hkdf_sha256(BYTES(key, STORE_KEY_LEN), BYTES(id, STORE_ID_LEN),
	    BYTES_LIT(LABEL_STORE_EPOCH), out, AEAD_KEY_LEN);
}

static enum err
epoch_unwrap(struct store *s, const uint8_t *key, struct bytes id,
    struct bytes wrapped)
{
	struct place at = place_name(TABLE_META, KEY_EPOCH);
	uint8_t kek[AEAD_KEY_LEN];
	enum err e;

	if (id.n != STORE_ID_LEN || wrapped.n != WRAPPED_LEN)
		return ERR_CORRUPT;
	e = wrap_key(key, id.p, kek);
	if (e == ERR_OK)
		e = aead_open(s->sealer.aead, kek, wrapped.p,
		    BYTES(at.ad, at.n),
		    BYTES(wrapped.p + AEAD_NONCE_LEN,
			wrapped.n - AEAD_NONCE_LEN),
		    s->epoch);
	bytes_wipe(kek, sizeof(kek));
	return e == ERR_CORRUPT ? ERR_DENIED : e;
}

static enum err
epoch_wrap(struct store *s, const uint8_t *key, const uint8_t *epoch,
    const uint8_t *id, uint8_t out[static WRAPPED_LEN])
{
	struct place at = place_name(TABLE_META, KEY_EPOCH);
	uint8_t kek[AEAD_KEY_LEN];
	enum err e = env_random(s->env, out, AEAD_NONCE_LEN);

	if (e == ERR_OK)
		e = wrap_key(key, id, kek);
	if (e == ERR_OK)
		e = aead_seal(s->sealer.aead, kek, out, BYTES(at.ad, at.n),
		    BYTES(epoch, AEAD_KEY_LEN), out + AEAD_NONCE_LEN);
	bytes_wipe(kek, sizeof(kek));
	return e;
}

static enum err
put_meta(struct store *s, const char *name, struct bytes x)
{
	uint8_t *out;
	enum err e = db_reserve_name(s->db, TABLE_META, name, x.n, &out);

	if (e == ERR_OK)
		memcpy(out, x.p, x.n);
	return e;
}

static enum err
meta_write(struct store *s, const uint8_t *key)
{
	static const uint8_t version[4] = { 0, 0, 0, SCHEMA_VERSION };
	uint8_t id[STORE_ID_LEN], wrapped[WRAPPED_LEN];
	enum err e = env_random(s->env, id, sizeof(id));

	if (e == ERR_OK)
		e = env_random(s->env, s->epoch, sizeof(s->epoch));
	if (e == ERR_OK)
		e = epoch_wrap(s, key, s->epoch, id, wrapped);
	if (e == ERR_OK)
		e = put_meta(s, KEY_ID, BYTES(id, sizeof(id)));
	if (e == ERR_OK)
		e = put_meta(s, KEY_EPOCH, BYTES(wrapped, sizeof(wrapped)));
	if (e == ERR_OK)
		e = put_meta(s, DB_VERSION_KEY,
		    BYTES(version, sizeof(version)));
	return e;
}

enum err
meta_renew(struct store *s, struct MDB_txn *txn,
    const uint8_t key[static STORE_KEY_LEN], uint8_t epoch[static AEAD_KEY_LEN])
{
	uint8_t wrapped[WRAPPED_LEN];
	struct bytes id;
	enum err e = env_random(s->env, epoch, AEAD_KEY_LEN);

	if (e == ERR_OK)
		e = db_get_name(s->db, txn, TABLE_META, KEY_ID, &id);
	if (e == ERR_OK && id.n != STORE_ID_LEN)
		e = ERR_CORRUPT;
	if (e == ERR_OK)
		e = epoch_wrap(s, key, epoch, id.p, wrapped);
	if (e == ERR_OK)
		e = put_meta(s, KEY_EPOCH, BYTES(wrapped, sizeof(wrapped)));
	return e;
}

static enum err
meta_make(struct store *s, const uint8_t *key)
{
	struct MDB_txn *txn;
	enum err e = db_write_begin(s->db, &txn);

	if (e != ERR_OK)
		return e;
	e = meta_write(s, key);
	if (e != ERR_OK) {
		db_write_abort(s->db);
		return e;
	}
	return db_write_commit(s->db);
}

static enum err
meta_read(struct store *s, struct MDB_txn *txn, const uint8_t *key)
{
	struct bytes version, id, epoch;
	struct reader r;
	enum err e =
	    db_get_name(s->db, txn, TABLE_META, DB_VERSION_KEY, &version);

	if (e != ERR_OK)
		return e;
	r = reader_over(version);
	if (reader_u32(&r) != SCHEMA_VERSION || r.err != ERR_OK)
		return r.err != ERR_OK ? ERR_CORRUPT : ERR_VERSION;
	e = db_get_name(s->db, txn, TABLE_META, KEY_ID, &id);
	if (e == ERR_OK)
		e = db_get_name(s->db, txn, TABLE_META, KEY_EPOCH, &epoch);
	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_CORRUPT : e;
	return epoch_unwrap(s, key, id, epoch);
}

enum err
meta_open(struct store *s, const uint8_t key[static STORE_KEY_LEN])
{
	struct MDB_txn *txn;
	enum err e = db_read_begin(s->db, &txn);

	if (e != ERR_OK)
		return e;
	e = meta_read(s, txn, key);
	db_read_end(s->db);
	return e == ERR_NOT_FOUND ? meta_make(s, key) : e;
}

/* --- named values, sealed under the epoch key --- */

static enum err
value_put(struct store_txn *txn, const char *name, const uint8_t *epoch,
    struct bytes x)
{
	struct place at = place_name(TABLE_VALUES, name);
	size_t n = x.n + SEAL_OVERHEAD;
	uint8_t *out;
	enum err e = db_reserve_name(txn->s->db, TABLE_VALUES, name, n, &out);

	txn->wrote = true;
	txn->bytes += n;
	if (e == ERR_OK)
		e = seal_value(&txn->s->sealer, epoch, &at, x, out);
	return e;
}

enum err
txn_value_put(struct store_txn *txn, const char *name, struct bytes x)
{
	size_t len = strlen(name);

	if (txn->err != ERR_OK)
		return txn->err;
	if (len == 0 || len > STORE_NAME_MAX || x.n > STORE_VALUE_MAX)
		return ERR_LIMIT;
	return txn_stick(txn, value_put(txn, name, txn->s->epoch, x));
}

static enum err
value_load(struct store *s, struct MDB_txn *txn, const char *name,
    struct buf *out)
{
	struct place at = place_name(TABLE_VALUES, name);
	struct bytes sealed;
	size_t start = out->n;
	uint8_t *p;
	enum err e = db_get_name(s->db, txn, TABLE_VALUES, name, &sealed);

	if (e != ERR_OK)
		return e;
	if (sealed.n < SEAL_OVERHEAD)
		return ERR_CORRUPT;
	p = buf_grow(out, sealed.n - SEAL_OVERHEAD);
	if (p == NULL)
		return out->err;
	e = open_value(&s->sealer, s->epoch, &at, sealed, p);
	if (e != ERR_OK)
		out->n = start;
	return e;
}

enum err
value_again(struct store_txn *txn, const char *name,
    const uint8_t epoch[static AEAD_KEY_LEN])
{
	CLEAN_BUF struct buf b = BUF_INIT(STORE_VALUE_MAX);
	enum err e = value_load(txn->s, txn->txn, name, &b);

	return e == ERR_OK ? value_put(txn, name, epoch, buf_bytes(&b)) : e;
}

enum err
store_value_get(struct store *s, const char *name, struct buf *out)
{
	size_t len = strlen(name);
	struct MDB_txn *txn;
	enum err e;

	if (len == 0 || len > STORE_NAME_MAX)
		return ERR_NOT_FOUND;
	e = db_read_begin(s->db, &txn);
	if (e != ERR_OK)
		return e;
	e = value_load(s, txn, name, out);
	db_read_end(s->db);
	return e;
}

enum err
value_check(struct store *s, struct bytes name, struct bytes sealed)
{
	char text[STORE_NAME_MAX + 1] = "";
	struct place at;
	uint8_t *out;
	enum err e;

	if (name.n > STORE_NAME_MAX || sealed.n < SEAL_OVERHEAD)
		return ERR_CORRUPT;
	memcpy(text, name.p, name.n);
	at = place_name(TABLE_VALUES, text);
	buf_reset(&s->scratch);
	out = buf_grow(&s->scratch, sealed.n - SEAL_OVERHEAD);
	if (out == NULL)
		return s->scratch.err;
	e = open_value(&s->sealer, s->epoch, &at, sealed, out);
	buf_reset(&s->scratch);
	return e;
}
