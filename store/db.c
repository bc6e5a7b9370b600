#include "store/db.h"

#include <errno.h>
#include <string.h>

#include "store/db_inside.h"

enum err
db_err_of(int rc)
{
	switch (rc) {
	case MDB_SUCCESS:
		return ERR_OK;
	case MDB_NOTFOUND:
		return ERR_NOT_FOUND;
	case MDB_MAP_FULL:
	case MDB_TXN_FULL:
	case ENOSPC:
	case EDQUOT:
		return ERR_FULL;
	case ENOMEM:
		return ERR_NOMEM;
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
	case MDB_INVALID:
	case MDB_BAD_VALSIZE:
	case MDB_KEYEXIST:
		return ERR_CORRUPT;
	case MDB_VERSION_MISMATCH:
		return ERR_VERSION;
	default:
		return ERR_IO;
	}
}

/* --- transactions --- */

enum err
db_read_begin(struct db *db, struct MDB_txn **ret)
{
	int rc = mdb_txn_renew(db->read);

	if (rc != 0)
		return db_err_of(rc);
	db->reading = true;
	*ret = db->read;
	return ERR_OK;
}

void
db_read_end(struct db *db)
{
	if (!db->reading)
		return;
	mdb_txn_reset(db->read);
	db->reading = false;
}

enum err
db_write_begin(struct db *db, struct MDB_txn **ret)
{
	int rc;

	if (db->latched)
		return ERR_IO;
	db->map_full = false;
	rc = mdb_txn_begin(db->env, NULL, 0, &db->write);
	if (rc == ENOMEM)
		return ERR_NOMEM;
	if (rc != 0) {
		db->write = NULL;
		db_latch(db);
		return ERR_IO;
	}
	*ret = db->write;
	return ERR_OK;
}

/* What a failed change or commit means. Out of space or memory: LMDB has
 * changed nothing that is in use. Anything else: unknown, so latch. */
enum err
db_write_result(struct db *db, int rc)
{
	enum err e = db_err_of(rc);

	if (rc == MDB_MAP_FULL)
		db->map_full = true;
	if (e == ERR_IO)
		db_latch(db);
	return e;
}

/* LMDB gives up for good when its meta page could not be written, whatever
 * the error was. */
static bool
is_dead(struct db *db)
{
	if (mdb_txn_renew(db->read) != 0)
		return true;
	mdb_txn_reset(db->read);
	return false;
}

enum err
db_write_commit(struct db *db)
{
	MDB_txn *txn = db->write;
	enum err e;

	db->write = NULL;
	e = db_write_result(db, mdb_txn_commit(txn));
	if (e != ERR_OK && e != ERR_IO && is_dead(db)) {
		db_latch(db);
		return ERR_IO;
	}
	return e;
}

void
db_write_abort(struct db *db)
{
	if (db->write != NULL)
		mdb_txn_abort(db->write);
	db->write = NULL;
}

/* --- values --- */

static enum err
get(struct db *db, MDB_txn *txn, enum table table, MDB_val key,
    struct bytes *ret)
{
	MDB_val v;
	int rc = mdb_get(txn, db->dbi[table], &key, &v);

	if (rc != 0)
		return db_err_of(rc);
	db_count_touched(db, v.mv_size);
	*ret = BYTES(v.mv_data, v.mv_size);
	return ERR_OK;
}

enum err
db_get(struct db *db, struct MDB_txn *txn, enum table table, uint64_t number,
    struct bytes *ret)
{
	return get(db, txn, table, (MDB_val){ sizeof(number), &number }, ret);
}

static MDB_val
name_key(char out[static STORE_NAME_MAX], const char *name)
{
	size_t n = strnlen(name, STORE_NAME_MAX);

	memcpy(out, name, n);
	return (MDB_val){ n, out };
}

enum err
db_get_name(struct db *db, struct MDB_txn *txn, enum table table,
    const char *name, struct bytes *ret)
{
	char k[STORE_NAME_MAX];

	return get(db, txn, table, name_key(k, name), ret);
}

static enum err
number_of(MDB_val key, uint64_t *ret)
{
	if (key.mv_size != sizeof(*ret))
		return ERR_CORRUPT;
	memcpy(ret, key.mv_data, sizeof(*ret));
	return ERR_OK;
}

enum err
db_last(struct db *db, struct MDB_txn *txn, enum table table, uint64_t *ret)
{
	MDB_cursor *c;
	MDB_val k, v;
	int rc = mdb_cursor_open(txn, db->dbi[table], &c);

	if (rc != 0)
		return db_err_of(rc);
	rc = mdb_cursor_get(c, &k, &v, MDB_LAST);
	mdb_cursor_close(c);
	return rc == 0 ? number_of(k, ret) : db_err_of(rc);
}

static enum err
visit_all(struct db *db, MDB_cursor *c, enum table table, db_visit *visit,
    void *ctx)
{
	bool named = table == TABLE_META || table == TABLE_VALUES;
	uint64_t number = 0, count = 0;
	enum err e = ERR_OK;
	MDB_val k, v;
	int rc;

	while (e == ERR_OK) {
		rc = mdb_cursor_get(c, &k, &v, MDB_NEXT);
		if (rc != 0)
			return rc == MDB_NOTFOUND ? ERR_OK : db_err_of(rc);
		db_count_touched(db, v.mv_size);
		number = count++;
		if (!named)
			e = number_of(k, &number);
		if (e == ERR_OK)
			e = visit(ctx, number, BYTES(k.mv_data, k.mv_size),
			    BYTES(v.mv_data, v.mv_size));
	}
	return e;
}

enum err
db_scan(struct db *db, struct MDB_txn *txn, enum table table, db_visit *visit,
    void *ctx)
{
	MDB_cursor *c;
	enum err e;
	int rc = mdb_cursor_open(txn, db->dbi[table], &c);

	if (rc != 0)
		return db_err_of(rc);
	e = visit_all(db, c, table, visit, ctx);
	mdb_cursor_close(c);
	return e;
}

enum err
db_reserve(struct db *db, enum table table, uint64_t number, size_t n,
    enum db_how how, uint8_t **ret)
{
	unsigned flags = MDB_RESERVE | (how == DB_APPEND ? MDB_APPEND : 0u);
	MDB_val k = { sizeof(number), &number }, v = { n, NULL };
	int rc = mdb_put(db->write, db->dbi[table], &k, &v, flags);

	if (rc != 0)
		return db_write_result(db, rc);
	*ret = v.mv_data;
	return ERR_OK;
}

enum err
db_reserve_name(struct db *db, enum table table, const char *name, size_t n,
    uint8_t **ret)
{
	char buf[STORE_NAME_MAX];
	MDB_val k = name_key(buf, name), v = { n, NULL };
	int rc = mdb_put(db->write, db->dbi[table], &k, &v, MDB_RESERVE);

	if (rc != 0)
		return db_write_result(db, rc);
	*ret = v.mv_data;
	return ERR_OK;
}

enum err
db_delete(struct db *db, enum table table, uint64_t number)
{
	MDB_val k = { sizeof(number), &number };
	int rc = mdb_del(db->write, db->dbi[table], &k, NULL);

	return rc == MDB_NOTFOUND ? ERR_CORRUPT : db_write_result(db, rc);
}
