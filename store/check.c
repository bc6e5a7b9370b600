#include <stdlib.h>
#include <string.h>

#include "store/inside.h"

/*
 * The whole store, read and compared: every value opens, the slots, indexes,
 * records and uploads name each other exactly once, chains and digests fit.
 */

/* A record and how often it was named; sorted by number at the end. */
struct named {
	uint64_t *record;
	size_t n, cap;
};

struct check {
	struct store *s;
	struct MDB_txn *txn;
	store_found *found;
	void *ctx;
	struct store_report report;
	struct named named;
	struct keyset cases; /* numbers in use */
	struct upload *upload;
	struct buf piece;
	uint64_t pages;
	size_t at; /* in named, while records are scanned */
	uint8_t page[SLOT_PAGE_PLAIN];
};

static void
finding(struct check *c, enum store_finding f, uint64_t number)
{
	c->report.findings++;
	if (c->found != NULL)
		c->found(c->ctx, f, number);
}

/* Only what makes going on senseless is an error; the rest is a finding. */
static bool
is_fatal(enum err e)
{
	return e != ERR_OK && e != ERR_CORRUPT && e != ERR_NOT_FOUND;
}

/* --- records --- */

static enum err
name_record(struct check *c, uint64_t record)
{
	struct named *x = &c->named;
	size_t cap = x->cap == 0 ? 1024 : 2 * x->cap;
	uint64_t *more;

	if (x->n == x->cap) {
		more = realloc(x->record, cap * sizeof(*more));
		if (more == NULL)
			return ERR_NOMEM;
		x->record = more;
		x->cap = cap;
	}
	x->record[x->n++] = record;
	return ERR_OK;
}

static enum err
check_record(struct check *c, const uint8_t *key, uint64_t record, size_t len)
{
	enum err e = name_record(c, record);

	if (e != ERR_OK)
		return e;
	buf_reset(&c->piece);
	e = load_record(c->s, c->txn, key, record, len, &c->piece);
	if (is_fatal(e))
		return e;
	if (e != ERR_OK)
		finding(c, FINDING_RECORD, record);
	c->report.bytes += c->piece.n;
	return ERR_OK;
}

static enum err
check_piece(struct check *c, const uint8_t *key, uint64_t record, size_t len,
    uint8_t hash[static SHA256_LEN])
{
	enum err e = check_record(c, key, record, len);

	return e == ERR_OK ? sha256(buf_bytes(&c->piece), hash) : e;
}

/* --- messages --- */

static enum err
check_payload(struct check *c, const struct slot *slot,
    const struct index_entry *e)
{
	const uint8_t *key = e->uploaded ? e->key : slot->key;
	uint8_t(*hash)[SHA256_LEN];
	uint8_t digest[SHA256_LEN];
	enum err err = ERR_OK;

	if (e->m.pieces == 0)
		return ERR_OK;
	hash = calloc(e->m.pieces, sizeof(*hash));
	if (hash == NULL)
		return ERR_NOMEM;
	for (uint32_t i = 0; i < e->m.pieces && err == ERR_OK; i++)
		err = check_piece(c, key, e->payload + i,
		    piece_len(e->m.payload_size, i), hash[i]);
	if (err == ERR_OK)
		err = payload_digest((const uint8_t(*)[SHA256_LEN])hash,
		    e->m.pieces, digest);
	free(hash);
	if (err == ERR_OK &&
	    memcmp(digest, e->m.payload_digest, sizeof(digest)) != 0)
		finding(c, FINDING_DIGEST, e->payload);
	return err;
}

static enum err
check_entry(struct check *c, const struct slot *slot,
    const struct index_entry *e)
{
	enum err err = check_record(c, slot->key, e->head, e->m.head_len);

	for (size_t i = 0; i < e->n_envelopes && err == ERR_OK; i++)
		err = check_record(c, slot->key, e->envelope[i].record,
		    e->envelope[i].len);
	c->report.messages++;
	return err == ERR_OK ? check_payload(c, slot, e) : err;
}

static bool
chain_fits(const struct store_case *c, const struct index *x,
    enum store_chain chain)
{
	uint32_t count = c->chain[chain].count;
	const struct index_entry *last;

	for (uint32_t seq = 0; seq < count; seq++)
		if (index_find(x, chain, seq) == NULL)
			return false;
	if (count == 0)
		return bytes_all_zero(c->chain[chain].head, LINK_LEN);
	last = index_find(x, chain, count - 1);
	return memcmp(last->m.link, c->chain[chain].head, LINK_LEN) == 0;
}

/* Envelopes are there for those only who may have them. */
static bool
envelopes_fit(const struct store_case *c, const struct index *x)
{
	for (size_t i = 0; i < x->n; i++)
		for (size_t k = 0; k < x->entry[i].n_envelopes; k++)
			if (!case_has_envelopes_for(c,
				x->entry[i].envelope[k].person))
				return false;
	return true;
}

static bool
counts_fit(const struct store_case *c, const struct index *x)
{
	uint64_t attachments = 0;
	uint32_t reporters = 0;

	for (size_t i = 0; i < x->n; i++) {
		if (x->entry[i].uploaded)
			attachments += x->entry[i].m.payload_size;
		if (x->entry[i].m.author == STORE_REPORTER)
			reporters++;
	}
	return x->n ==
	    (size_t)c->chain[STORE_TALK].count + c->chain[STORE_STAFF].count &&
	    attachments == c->attachments && reporters == c->reporter_messages;
}

static enum err
check_messages(struct check *c, uint32_t number, const struct slot *slot)
{
	struct index x = { 0 };
	enum err e = load_index(c->s, c->txn, number, slot, &x);

	if (is_fatal(e))
		return e;
	if (e != ERR_OK) {
		finding(c, FINDING_INDEX, number);
		return ERR_OK;
	}
	if (!chain_fits(&slot->c, &x, STORE_TALK) ||
	    !chain_fits(&slot->c, &x, STORE_STAFF) ||
	    !counts_fit(&slot->c, &x) || !envelopes_fit(&slot->c, &x))
		finding(c, FINDING_CHAIN, number);
	for (size_t i = 0; i < x.n && e == ERR_OK; i++)
		e = check_entry(c, slot, &x.entry[i]);
	index_clear(&x);
	return e;
}

/* --- slots --- */

static bool
readers_fit(const struct store_case *c)
{
	for (size_t i = 0; i < c->n_readers; i++) {
		uint16_t person = c->reader[i].person;

		if (person == STORE_REPORTER || person == STORE_SHARED ||
		    !access_fits(c->reader[i].access) ||
		    store_case_reader(c, person) != &c->reader[i])
			return false;
	}
	return c->marks.band < 128 && c->filed_day >> 24 == 0;
}

/* Against the slots before it. Tags have 64 bits under a random key: two ids
 * do not meet by chance. */
static bool
is_known(const struct memory *m, const struct store_case *c)
{
	uint64_t id = map_tag(&m->ids, BYTES(c->id, sizeof(c->id)));
	uint64_t mailbox =
	    map_tag(&m->mailboxes, BYTES(c->mailbox, sizeof(c->mailbox)));
	size_t at_id = 0, at_mailbox = 0;
	uint32_t number;

	return map_next(&m->ids, id, &at_id, &number) ||
	    map_next(&m->mailboxes, mailbox, &at_mailbox, &number);
}

static enum err
check_slot(struct check *c, uint32_t number)
{
	struct slot slot;
	enum err e = slot_get(c->page, number % SLOTS_PER_PAGE, &slot);

	if (e != ERR_OK) {
		finding(c, FINDING_SLOT, number);
		return ERR_OK;
	}
	if (!slot.used)
		return ERR_OK;
	c->report.cases++;
	if (!readers_fit(&slot.c))
		finding(c, FINDING_SLOT, number);
	if (is_known(&c->s->memory, &slot.c))
		finding(c, FINDING_DUPLICATE, number);
	e = memory_change_slot(&c->s->memory, number, NULL, &slot);
	if (e == ERR_OK)
		e = keyset_add(&c->cases, number);
	if (e == ERR_OK)
		e = check_messages(c, number, &slot);
	bytes_wipe(&slot, sizeof(slot));
	return e;
}

static enum err
visit_page(void *ctx, uint64_t number, struct bytes key, struct bytes value)
{
	struct check *c = ctx;
	uint32_t first = (uint32_t)number * SLOTS_PER_PAGE;
	enum err e;

	(void)key;
	e = number != c->pages++
	    ? ERR_CORRUPT
	    : open_page(c->s, (uint32_t)number, value, c->page);
	if (is_fatal(e))
		return e;
	if (e != ERR_OK) {
		finding(c, FINDING_PAGE, number);
		return ERR_OK;
	}
	for (uint32_t i = 0; i < SLOTS_PER_PAGE && e == ERR_OK; i++)
		e = check_slot(c, first + i);
	return e;
}

/* --- uploads and values --- */

static enum err
check_upload(struct check *c, const struct upload *u)
{
	uint8_t hash[SHA256_LEN];
	enum err e = ERR_OK;

	for (uint32_t i = 0; i < u->pieces && e == ERR_OK; i++) {
		if (!upload_has(u, i))
			continue;
		e = check_piece(c, u->key, u->first + i, piece_len(u->size, i),
		    hash);
		if (e == ERR_OK && memcmp(hash, u->hash[i], sizeof(hash)) != 0)
			finding(c, FINDING_DIGEST, u->first + i);
	}
	return e;
}

static enum err
visit_upload(void *ctx, uint64_t number, struct bytes key, struct bytes value)
{
	struct check *c = ctx;
	enum err e = ERR_CORRUPT;

	(void)key;
	c->report.uploads++;
	if (number <= UINT32_MAX)
		e = open_upload(c->s, (uint32_t)number, value, c->upload);
	if (is_fatal(e))
		return e;
	if (e == ERR_OK)
		return check_upload(c, c->upload);
	finding(c, FINDING_UPLOAD, number);
	return ERR_OK;
}

static enum err
visit_value(void *ctx, uint64_t number, struct bytes key, struct bytes value)
{
	struct check *c = ctx;
	enum err e = value_check(c->s, key, value);

	if (is_fatal(e))
		return e;
	if (e != ERR_OK)
		finding(c, FINDING_VALUE, number);
	return ERR_OK;
}

/* --- nothing without an owner, nothing with two --- */

static int
compare_records(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void
sort_named(struct check *c)
{
	struct named *x = &c->named;

	if (x->n > 0)
		qsort(x->record, x->n, sizeof(x->record[0]), compare_records);
	for (size_t i = 1; i < x->n; i++)
		if (x->record[i] == x->record[i - 1])
			finding(c, FINDING_SHARED, x->record[i]);
}

/* Both are in order, so one walk tells. */
static enum err
visit_record(void *ctx, uint64_t number, struct bytes key, struct bytes value)
{
	struct check *c = ctx;
	const struct named *x = &c->named;

	(void)key;
	(void)value;
	c->report.records++;
	while (c->at < x->n && x->record[c->at] < number)
		c->at++;
	if (c->at == x->n || x->record[c->at] != number)
		finding(c, FINDING_ORPHAN, number);
	return ERR_OK;
}

static enum err
visit_index(void *ctx, uint64_t number, struct bytes key, struct bytes value)
{
	struct check *c = ctx;

	(void)key;
	(void)value;
	if (!keyset_has(&c->cases, number))
		finding(c, FINDING_ORPHAN, number);
	return ERR_OK;
}

/* --- the whole --- */

static enum err
check_all(struct check *c)
{
	struct db *db = c->s->db;
	enum err e = db_scan(db, c->txn, TABLE_SLOTS, visit_page, c);

	if (e == ERR_OK)
		e = db_scan(db, c->txn, TABLE_UPLOADS, visit_upload, c);
	if (e == ERR_OK)
		e = db_scan(db, c->txn, TABLE_VALUES, visit_value, c);
	if (e == ERR_OK)
		e = db_scan(db, c->txn, TABLE_INDEX, visit_index, c);
	if (e != ERR_OK)
		return e;
	sort_named(c);
	return db_scan(db, c->txn, TABLE_RECORDS, visit_record, c);
}

static struct check *
check_free(struct check *c)
{
	if (c == NULL)
		return NULL;
	buf_free(&c->piece);
	keyset_clear(&c->cases);
	free(c->named.record);
	if (c->upload != NULL)
		bytes_wipe(c->upload, sizeof(*c->upload));
	free(c->upload);
	c->s = store_close(c->s);
	bytes_wipe(c, sizeof(*c));
	free(c);
	return NULL;
}

static enum err
check_new(const struct store_config *config, enum db_use use,
    struct check **ret)
{
	struct check *c = calloc(1, sizeof(*c));
	enum err e = ERR_NOMEM;

	if (c == NULL)
		return ERR_NOMEM;
	c->piece = (struct buf)BUF_INIT(PIECE_LEN + STORE_HEAD_MAX);
	c->upload = calloc(1, sizeof(*c->upload));
	if (c->upload != NULL)
		e = store_open_bare(config, use, &c->s);
	if (e != ERR_OK) {
		check_free(c);
		return e;
	}
	*ret = c;
	return ERR_OK;
}

static enum err
check_as(const struct store_config *config, enum db_use use, store_found *found,
    void *ctx, struct store_report *ret)
{
	struct check *c;
	enum err e = check_new(config, use, &c);

	if (e != ERR_OK)
		return e;
	c->found = found;
	c->ctx = ctx;
	e = db_read_begin(c->s->db, &c->txn);
	if (e == ERR_OK) {
		e = check_all(c);
		db_read_end(c->s->db);
	}
	if (e == ERR_OK) {
		*ret = c->report;
		e = c->report.findings > 0 ? ERR_CORRUPT : db_unmark(c->s->db);
	}
	check_free(c);
	return e;
}

enum err
store_check(const struct store_config *config, store_found *found, void *ctx,
    struct store_report *ret)
{
	return check_as(config, DB_CHECK, found, ctx, ret);
}

enum err
store_check_copy(const struct store_config *config, store_found *found,
    void *ctx, struct store_report *ret)
{
	return check_as(config, DB_COPY, found, ctx, ret);
}

const char *
store_finding_text(enum store_finding f)
{
	switch (f) {
	case FINDING_PAGE:
		return "a page of cases does not open";
	case FINDING_SLOT:
		return "a case contradicts itself";
	case FINDING_DUPLICATE:
		return "two cases have one id or one mailbox";
	case FINDING_INDEX:
		return "the list of a case's messages does not open";
	case FINDING_CHAIN:
		return "a case's messages do not fit its chains";
	case FINDING_RECORD:
		return "a record is missing or does not open";
	case FINDING_DIGEST:
		return "the digest of a payload does not fit";
	case FINDING_SHARED:
		return "a record belongs to two things";
	case FINDING_ORPHAN:
		return "a record or list belongs to nothing";
	case FINDING_UPLOAD:
		return "an upload does not open";
	case FINDING_VALUE:
		return "a named value does not open";
	}
	return "unknown";
}
