#include "store/store.h"

#include <malloc.h>
#include <stdlib.h>

#include "store/inside.h"

#define SCRATCH_MAX (2 * 1024 * 1024)

/* --- opening --- */

enum err
store_open_bare(const struct store_config *config, enum db_use use,
    struct store **ret)
{
	struct store *s = calloc(1, sizeof(*s));
	enum err e;

	if (s == NULL)
		return ERR_NOMEM;
	s->env = config->env;
	s->scratch = (struct buf)BUF_INIT(SCRATCH_MAX);
	s->page_number = PAGE_NONE;
	e = sealer_init(&s->sealer, config->env);
	if (e == ERR_OK)
		e = memory_init(&s->memory, config->env);
	if (e == ERR_OK)
		e = db_open(config, use, &s->db);
	if (e == ERR_OK)
		e = meta_open(s, config->key);
	if (e != ERR_OK) {
		store_close(s);
		return e;
	}
	s->attachments_max = config->attachments_max != 0
	    ? config->attachments_max
	    : db_size_max(s->db) / 2;
	*ret = s;
	return ERR_OK;
}

static enum err
visit_page(void *ctx, uint64_t number, struct bytes key, struct bytes value)
{
	struct store *s = ctx;
	enum err e;

	(void)key;
	/* Pages are numbered without gaps. */
	if (number != s->memory.pages)
		return ERR_CORRUPT;
	e = open_page(s, (uint32_t)number, value, s->page);
	if (e != ERR_OK)
		return e;
	return memory_change_page(&s->memory, (uint32_t)number, NULL, s->page);
}

static enum err
upload_remember(struct store *s, uint32_t number, const struct upload *u)
{
	struct upload_mark mark = {
		.tag = map_tag(&s->memory.uploads, BYTES(u->id, sizeof(u->id))),
		.number = number,
		.hour = u->hour,
		.begun = (u->hour + 1) * 3600,
		.due = (u->hour + 1) * 3600,
		.bytes = upload_taken_bytes(u),
	};

	if (s->next_record < u->first + u->pieces)
		s->next_record = u->first + u->pieces;
	return memory_add_upload(&s->memory, &mark);
}

static enum err
visit_upload(void *ctx, uint64_t number, struct bytes key, struct bytes value)
{
	struct store *s = ctx;
	struct upload *u = calloc(1, sizeof(*u));
	enum err e = u == NULL ? ERR_NOMEM : ERR_OK;

	(void)key;
	if (number > UINT32_MAX)
		e = ERR_CORRUPT;
	if (e == ERR_OK)
		e = open_upload(s, (uint32_t)number, value, u);
	if (e == ERR_OK)
		e = upload_remember(s, (uint32_t)number, u);
	if (u != NULL)
		bytes_wipe(u, sizeof(*u));
	free(u);
	s->next_upload = (uint32_t)number + 1;
	return e;
}

/* One above the largest key, or 0. */
static enum err
next_key(struct store *s, struct MDB_txn *txn, enum table table, uint64_t *ret)
{
	uint64_t last;
	enum err e = db_last(s->db, txn, table, &last);

	if (e == ERR_OK)
		*ret = last + 1;
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err
memory_build(struct store *s, struct MDB_txn *txn)
{
	enum err e = next_key(s, txn, TABLE_RECORDS, &s->next_record);

	if (e == ERR_OK)
		e = next_key(s, txn, TABLE_INDEX, &s->next_index);
	if (e == ERR_OK)
		e = db_scan(s->db, txn, TABLE_SLOTS, visit_page, s);
	if (e == ERR_OK)
		e = db_scan(s->db, txn, TABLE_UPLOADS, visit_upload, s);
	bytes_wipe(s->page, sizeof(s->page));
	return e;
}

enum err
store_open(const struct store_config *config, struct store **ret)
{
	struct MDB_txn *txn;
	struct store *s;
	enum err e = store_open_bare(config, DB_SERVE, &s);

	if (e != ERR_OK)
		return e;
	e = db_read_begin(s->db, &txn);
	if (e == ERR_OK) {
		e = memory_build(s, txn);
		db_read_end(s->db);
	}
	if (e != ERR_OK) {
		store_close(s);
		return e;
	}
	store_trim(s);
	*ret = s;
	return ERR_OK;
}

struct store *
store_close(struct store *s)
{
	if (s == NULL)
		return NULL;
	s->view = store_view_close(s->view);
	s->db = db_close(s->db);
	memory_clear(&s->memory);
	sealer_clear(&s->sealer);
	buf_free(&s->scratch);
	bytes_wipe(s, sizeof(*s));
	free(s);
	return NULL;
}

void
store_trim(struct store *s)
{
	db_trim(s->db);
	buf_free(&s->scratch);
	malloc_trim(0);
}

bool
store_is_latched(const struct store *s)
{
	return db_is_latched(s->db);
}

bool
store_is_stale(const struct store *s)
{
	return s->stale;
}

bool
store_has_written(const struct store *s)
{
	return s->has_written;
}

void
store_counts(const struct store *s, struct store_counts *ret)
{
	*ret = (struct store_counts){
		.cases = s->memory.cases,
		.uploads = s->memory.n_uploads,
		.attachments = s->memory.attachments,
		.incoming = s->memory.incoming,
		.incoming_max = s->attachments_max / 2,
		.used = db_used(s->db),
		.size_max = db_size_max(s->db),
	};
}
