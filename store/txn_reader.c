#include <string.h>

#include "store/inside.h"

/* --- records --- */

bool
envelope_fits(const struct store_envelope *e)
{
	return e->header.n > 0 && e->header.n <= STORE_ENVELOPE_MAX;
}

enum err
txn_put_record(struct store_txn *txn, const uint8_t key[static AEAD_KEY_LEN],
    struct bytes x, uint64_t *ret)
{
	*ret = txn->next_record++;
	return txn_seal(txn, key, TABLE_RECORDS, *ret, DB_APPEND, x);
}

enum err
txn_put_envelope(struct store_txn *txn, const uint8_t key[static AEAD_KEY_LEN],
    const struct store_envelope *e, struct index_entry *entry)
{
	struct index_envelope *x = &entry->envelope[entry->n_envelopes++];

	x->person = e->person;
	x->is_ahead = false;
	x->len = (uint32_t)e->header.n;
	return txn_put_record(txn, key, e->header, &x->record);
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

/* Whether the person, who is to have none, has envelopes. */
static enum err
check_without(struct store_txn *txn, const struct case_at *at, uint16_t person)
{
	struct txn_index *x;
	enum err e = txn_index_get(txn, at, &x);

	for (size_t i = 0; e == ERR_OK && i < x->x.n; i++)
		if (entry_envelope(&x->x.entry[i], person) != NULL)
			return ERR_LIMIT;
	return e;
}

enum err
txn_reader_put(struct store_txn *txn,
    const uint8_t id[static STORE_CASE_ID_LEN], uint16_t person, uint8_t access)
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
	if (!access_fits(access) || person == STORE_REPORTER ||
	    person == STORE_SHARED ||
	    (r == NULL && c->n_readers == STORE_READERS_MAX))
		return ERR_LIMIT;
	if (r == NULL)
		r = &c->reader[c->n_readers++];
	else if ((access & (READER_MEMBER | READER_PENDING)) == 0 &&
	    (e = check_without(txn, &at, person)) != ERR_OK)
		return e;
	*r = (struct store_reader){ .person = person, .access = access };
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

enum which { ALL, ONLY_AHEAD };

static enum err
delete_envelopes(struct store_txn *txn, struct txn_index *x, uint16_t person,
    enum which which)
{
	enum err e = ERR_OK;

	for (size_t i = 0; i < x->x.n && e == ERR_OK; i++) {
		const struct index_envelope *env =
		    entry_envelope(&x->x.entry[i], person);

		if (env == NULL || (which == ONLY_AHEAD && !env->is_ahead))
			continue;
		e = db_delete(txn->s->db, TABLE_RECORDS, env->record);
		entry_envelope_drop(&x->x.entry[i], person);
	}
	return e;
}

/* The case with its index, for a person who is one of its readers. */
static enum err
find_of(struct store_txn *txn, const uint8_t *id, uint16_t person,
    struct case_at *at, struct txn_index **ret)
{
	enum err e = txn->err;

	if (e == ERR_OK)
		e = txn_find(txn, id, at);
	if (e != ERR_OK)
		return e;
	if (find_reader(&at->slot.c, person) == NULL)
		return ERR_NOT_FOUND;
	return txn_index_get(txn, at, ret);
}

enum err
txn_reader_drop(struct store_txn *txn,
    const uint8_t id[static STORE_CASE_ID_LEN], uint16_t person)
{
	struct case_at at CLEAN_CASE = { 0 };
	struct txn_index *x;
	enum err e = find_of(txn, id, person, &at, &x);

	if (e != ERR_OK)
		return e;
	e = delete_envelopes(txn, x, person, ALL);
	remove_reader(&at.slot.c, person);
	txn_index_write(txn, &at, x);
	return txn_stick(txn, e);
}

/* --- envelopes that come after their message --- */

/* Whether the one that is there is this one. */
static enum err
compare_envelope(struct store_txn *txn, const struct case_at *at,
    const struct index_envelope *x, struct bytes header)
{
	CLEAN_BUF struct buf b = BUF_INIT(STORE_ENVELOPE_MAX);
	enum err e =
	    load_record(txn->s, txn->txn, at->slot.key, x->record, x->len, &b);

	if (e != ERR_OK)
		return e;
	return bytes_equal(buf_bytes(&b), header) ? ERR_OK : ERR_EXISTS;
}

enum err
txn_envelope_put(struct store_txn *txn,
    const uint8_t id[static STORE_CASE_ID_LEN], enum store_chain chain,
    uint32_t seq, const struct store_envelope *e)
{
	struct case_at at CLEAN_CASE = { 0 };
	const struct index_envelope *known;
	struct index_entry *entry;
	struct txn_index *x;
	enum err err = txn->err;

	if (err == ERR_OK)
		err = txn_find(txn, id, &at);
	if (err == ERR_OK)
		err = txn_index_get(txn, &at, &x);
	if (err != ERR_OK)
		return err;
	if ((entry = index_find(&x->x, chain, seq)) == NULL)
		return ERR_NOT_FOUND;
	if (!case_has_envelopes_for(&at.slot.c, e->person))
		return ERR_DENIED;
	if ((known = entry_envelope(entry, e->person)) != NULL)
		return compare_envelope(txn, &at, known, e->header);
	if (entry->n_envelopes == STORE_ENVELOPES_MAX || !envelope_fits(e))
		return ERR_LIMIT;
	err = txn_put_envelope(txn, at.slot.key, e, entry);
	entry->envelope[entry->n_envelopes - 1].is_ahead = true;
	txn_index_write(txn, &at, x);
	return txn_stick(txn, err);
}

enum err
txn_envelopes_settle(struct store_txn *txn,
    const uint8_t id[static STORE_CASE_ID_LEN], uint16_t person)
{
	struct case_at at CLEAN_CASE = { 0 };
	struct txn_index *x;
	enum err e = find_of(txn, id, person, &at, &x);

	if (e != ERR_OK)
		return e;
	for (size_t i = 0; i < x->x.n; i++)
		entry_envelope_settle(&x->x.entry[i], person);
	txn_index_write(txn, &at, x);
	return ERR_OK;
}

enum err
txn_envelopes_forget(struct store_txn *txn,
    const uint8_t id[static STORE_CASE_ID_LEN], uint16_t person)
{
	struct case_at at CLEAN_CASE = { 0 };
	struct txn_index *x;
	enum err e = find_of(txn, id, person, &at, &x);

	if (e != ERR_OK)
		return e;
	e = delete_envelopes(txn, x, person, ONLY_AHEAD);
	txn_index_write(txn, &at, x);
	return txn_stick(txn, e);
}

struct visit {
	uint16_t person;
	store_envelope_found *found;
	void *ctx;
};

static enum err
visit_chain(struct store_txn *txn, const struct case_at *at,
    const struct index *x, enum store_chain chain, const struct visit *v)
{
	CLEAN_BUF struct buf b = BUF_INIT(STORE_ENVELOPE_MAX);
	const struct index_envelope *env;
	enum err e = ERR_OK;

	/* Within a chain, messages are in the order of their places. */
	for (size_t i = 0; i < x->n && e == ERR_OK; i++) {
		env = entry_envelope(&x->entry[i], v->person);
		if (x->entry[i].m.chain != chain || env == NULL)
			continue;
		buf_reset(&b);
		e = load_record(txn->s, txn->txn, at->slot.key, env->record,
		    env->len, &b);
		if (e == ERR_OK)
			e = v->found(v->ctx, chain, x->entry[i].m.seq,
			    env->is_ahead, buf_bytes(&b));
	}
	return e;
}

enum err
txn_envelopes_visit(struct store_txn *txn,
    const uint8_t id[static STORE_CASE_ID_LEN], uint16_t person,
    store_envelope_found *found, void *ctx)
{
	const struct visit v = { person, found, ctx };
	struct case_at at CLEAN_CASE = { 0 };
	struct txn_index *x;
	enum err e = txn->err;

	if (e == ERR_OK)
		e = txn_find(txn, id, &at);
	if (e == ERR_OK)
		e = txn_index_get(txn, &at, &x);
	if (e == ERR_OK)
		e = visit_chain(txn, &at, &x->x, STORE_TALK, &v);
	if (e == ERR_OK)
		e = visit_chain(txn, &at, &x->x, STORE_STAFF, &v);
	return e;
}
