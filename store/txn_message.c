#include <assert.h>
#include <string.h>

#include "store/inside.h"

/* --- checking, before anything is written --- */

static enum err
check_envelopes(const struct store_case *c, const struct store_message_new *m)
{
	if (m->n_envelopes > STORE_ENVELOPES_MAX)
		return ERR_LIMIT;
	for (size_t i = 0; i < m->n_envelopes; i++) {
		if (!envelope_fits(&m->envelope[i]))
			return ERR_LIMIT;
		if (!case_has_envelopes_for(c, m->envelope[i].person))
			return ERR_DENIED;
		for (size_t k = 0; k < i; k++)
			if (m->envelope[k].person == m->envelope[i].person)
				return ERR_LIMIT;
	}
	return ERR_OK;
}

static enum err
check_upload(struct store_txn *txn, const struct store_message_new *m,
    struct txn_upload **ret)
{
	enum err e;

	if (m->upload == NULL)
		return ERR_OK;
	if (m->payload.n > 0)
		return ERR_LIMIT;
	e = txn_upload_of(txn, m->upload, ret);
	if (e != ERR_OK)
		return e;
	for (uint32_t i = 0; i < (*ret)->u.pieces; i++)
		if (!upload_has(&(*ret)->u, i))
			return ERR_DENIED;
	return ERR_OK;
}

/* A case that is full can still be withdrawn, and its clock goes on. */
static uint32_t
room_for(const struct store_message_new *m)
{
	bool is_kept_for = m->content == NULL &&
	    (m->author == STORE_REPORTER || m->author == STORE_INSTANCE);

	return is_kept_for ? STORE_MESSAGES_MAX
			   : STORE_MESSAGES_MAX - STORE_MESSAGES_KEPT;
}

/* Who reads a case cannot fill it alone. */
static enum err
check_author(const struct index *x, const struct store_message_new *m)
{
	size_t n = 0;

	if (m->author == STORE_REPORTER || m->author == STORE_INSTANCE)
		return ERR_OK;
	for (size_t i = 0; i < x->n; i++)
		n += x->entry[i].m.author == m->author;
	return n < STORE_AUTHOR_MESSAGES_MAX ? ERR_OK : ERR_LIMIT;
}

static enum err
check_message(struct store_txn *txn, const struct store_case *c,
    const struct store_message_new *m, struct txn_upload **ret_upload)
{
	uint32_t count =
	    c->chain[STORE_TALK].count + c->chain[STORE_STAFF].count;
	enum err e;

	assert(m->link != NULL);
	assert(m->payload.n == 0 || m->payload_digest != NULL);
	if (m->head.n == 0 || m->head.n > STORE_HEAD_MAX ||
	    m->payload.n > STORE_PAYLOAD_MAX || count >= room_for(m))
		return ERR_LIMIT;
	if (m->author == STORE_REPORTER && m->content != NULL &&
	    c->reporter_messages >= STORE_REPORTER_MESSAGES_MAX)
		return ERR_LIMIT;
	e = check_envelopes(c, m);
	return e == ERR_OK ? check_upload(txn, m, ret_upload) : e;
}

static enum err
check_readers(const struct store_case_new *n)
{
	if (n->n_readers > STORE_READERS_MAX)
		return ERR_LIMIT;
	for (size_t i = 0; i < n->n_readers; i++) {
		uint16_t person = n->reader[i].person;

		if (person == STORE_REPORTER || person == STORE_SHARED ||
		    !access_fits(n->reader[i].access))
			return ERR_LIMIT;
		for (size_t k = 0; k < i; k++)
			if (n->reader[k].person == person)
				return ERR_LIMIT;
	}
	return ERR_OK;
}

/* --- writing --- */

static void
set_payload(struct index_entry *entry, uint64_t size, uint64_t record)
{
	entry->m.payload_size = size;
	entry->m.pieces = piece_count(size);
	entry->payload = record;
}

static enum err
put_payload(struct store_txn *txn, const uint8_t *key,
    const struct store_message_new *m, struct index_entry *entry)
{
	uint64_t record;
	enum err e;

	if (m->payload.n == 0)
		return ERR_OK;
	e = txn_put_record(txn, key, m->payload, &record);
	set_payload(entry, m->payload.n, record);
	memcpy(entry->m.payload_digest, m->payload_digest, SHA256_LEN);
	return e;
}

/* The pieces stay where they are, under the upload's key. */
static enum err
take_upload(struct store_txn *txn, struct txn_upload *t,
    struct index_entry *entry)
{
	const struct upload *u = &t->u;

	set_payload(entry, u->size, u->first);
	entry->uploaded = true;
	memcpy(entry->key, u->key, sizeof(entry->key));
	t->gone = true;
	txn->wrote = true;
	return payload_digest(u->hash, u->pieces, entry->m.payload_digest);
}

static void
describe(const struct store_message_new *m, uint32_t seq,
    struct index_entry *entry)
{
	*entry = (struct index_entry){
		.m = {
			.chain = m->chain,
			.seq = seq,
			.kind = m->kind,
			.author = m->author,
			.day = m->day,
			.head_len = (uint32_t)m->head.n,
			.has_content = m->content != NULL,
		},
	};
	memcpy(entry->m.link, m->link, LINK_LEN);
	if (m->content != NULL)
		memcpy(entry->m.content, m->content, SHA256_LEN);
}

static enum err
put_message(struct store_txn *txn, struct case_at *at, struct txn_index *x,
    const struct store_message_new *m, struct txn_upload *upload)
{
	struct store_case *c = &at->slot.c;
	struct index_entry *entry = &x->x.entry[x->x.n];
	const uint8_t *key = at->slot.key;
	enum err e;

	describe(m, c->chain[m->chain].count, entry);
	e = txn_put_record(txn, key, m->head, &entry->head);
	for (size_t i = 0; i < m->n_envelopes && e == ERR_OK; i++)
		e = txn_put_envelope(txn, key, &m->envelope[i], entry);
	if (e == ERR_OK)
		e = put_payload(txn, key, m, entry);
	if (e == ERR_OK && upload != NULL)
		e = take_upload(txn, upload, entry);
	if (e != ERR_OK)
		return e;
	x->x.n++;
	c->chain[m->chain].count++;
	memcpy(c->chain[m->chain].head, m->link, LINK_LEN);
	if (m->author == STORE_REPORTER)
		c->reporter_messages++;
	if (upload != NULL)
		c->attachments += upload->u.size;
	txn_index_write(txn, at, x);
	return ERR_OK;
}

/* --- operations --- */

static enum err
check_is_new(struct store_txn *txn, const struct store_case_new *n)
{
	struct case_at found CLEAN_CASE = { 0 };
	enum err e = txn_find(txn, n->id, &found);

	if (e == ERR_NOT_FOUND)
		e = txn_find_mailbox(txn, n->mailbox, &found);
	if (e == ERR_NOT_FOUND)
		return ERR_OK;
	return e == ERR_OK ? ERR_EXISTS : e;
}

static void
fill_case(const struct store_case_new *n, struct store_case *c)
{
	memcpy(c->id, n->id, sizeof(c->id));
	memcpy(c->mailbox, n->mailbox, sizeof(c->mailbox));
	if (n->pub != NULL)
		memcpy(c->pub, n->pub, sizeof(c->pub));
	c->kind = n->kind;
	c->route = n->route;
	c->filed_day = n->filed_day;
	c->policy_serial = n->policy_serial;
	c->marks = n->marks;
	c->n_readers = n->n_readers;
	for (size_t i = 0; i < n->n_readers; i++)
		c->reader[i] = n->reader[i];
}

/* Slot, key and an empty index; still only in the batch's memory. */
static enum err
make_case(struct store_txn *txn, const struct store_case_new *n,
    struct case_at *at, struct txn_index **ret)
{
	enum err e = txn_slot_new(txn, at);

	if (e != ERR_OK)
		return e;
	fill_case(n, &at->slot.c);
	e = env_random(txn->s->env, at->slot.key, sizeof(at->slot.key));
	if (e == ERR_OK)
		e = txn_index_new(txn, at, ret);
	if (e == ERR_OK)
		e = index_reserve(&(*ret)->x);
	return e;
}

enum err
txn_case_add(struct store_txn *txn, const struct store_case_new *n)
{
	struct case_at at CLEAN_CASE = { 0 };
	struct store_case c = { 0 };
	struct txn_upload *upload = NULL;
	struct txn_index *x;
	enum err e = txn->err;

	assert(n->first.chain == STORE_TALK);
	if (e == ERR_OK)
		e = check_readers(n);
	if (e == ERR_OK)
		e = check_is_new(txn, n);
	if (e != ERR_OK)
		return e;
	if (n->filed_day >> 24 != 0 || n->marks.band >= 128)
		return ERR_LIMIT;
	fill_case(n, &c);
	e = check_message(txn, &c, &n->first, &upload);
	if (e != ERR_OK)
		return e;
	e = make_case(txn, n, &at, &x);
	if (e == ERR_OK)
		e = put_message(txn, &at, x, &n->first, upload);
	return txn_stick(txn, e);
}

enum err
txn_append(struct store_txn *txn, const uint8_t id[static STORE_CASE_ID_LEN],
    const uint8_t prev[static LINK_LEN], const struct store_message_new *m)
{
	struct case_at at CLEAN_CASE = { 0 };
	struct txn_upload *upload = NULL;
	struct txn_index *x;
	enum err e = txn->err;

	if (e == ERR_OK)
		e = txn_find(txn, id, &at);
	if (e != ERR_OK)
		return e;
	if (!bytes_equal(BYTES(at.slot.c.chain[m->chain].head, LINK_LEN),
		BYTES(prev, LINK_LEN)))
		return ERR_CONFLICT;
	e = check_message(txn, &at.slot.c, m, &upload);
	if (e == ERR_OK)
		e = txn_index_get(txn, &at, &x);
	if (e == ERR_OK)
		e = check_author(&x->x, m);
	if (e == ERR_OK)
		e = index_reserve(&x->x);
	if (e != ERR_OK)
		return e;
	return txn_stick(txn, put_message(txn, &at, x, m, upload));
}
