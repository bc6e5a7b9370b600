#pragma once

#include "store/db.h"
#include "store/index.h"
#include "store/memory.h"
#include "store/slot.h"
#include "store/upload.h"

/*
 * What the files of store/ share: the store itself, a batch, and how stored
 * values are loaded. Not for others.
 */

#define PAGE_NONE UINT32_MAX

struct store {
	struct db *db;
	const struct env *env;
	struct sealer sealer;
	uint8_t epoch[AEAD_KEY_LEN];
	struct memory memory;
	uint64_t next_record;
	uint64_t next_index; /* one above the largest key of the table */
	uint32_t next_upload;
	uint64_t attachments_max;
	bool stale;	  /* memory could not follow a commit */
	bool has_written; /* the last batch, and it is on the disk */
	struct store_view *view;
	struct buf scratch; /* plain indexes and uploads on their way */
	/* the page of slots read last, within one call */
	uint32_t page_number;
	uint8_t page[SLOT_PAGE_PLAIN];
};

/* --- meta.c --- */

/* Makes, or checks and unwraps: version, store id, epoch key. */
enum err meta_open(struct store *s, const uint8_t key[static STORE_KEY_LEN])
    MUST_CHECK;
/* Inside a batch: draws a new epoch key and wraps it under another store key.
 * The store goes on with the old one. */
enum err meta_renew(struct store *s, struct MDB_txn *txn,
    const uint8_t key[static STORE_KEY_LEN], uint8_t epoch[static AEAD_KEY_LEN])
    MUST_CHECK;
/* Checks one stored named value without giving it out. */
enum err value_check(struct store *s, struct bytes name, struct bytes sealed)
    MUST_CHECK;
struct store_txn;
/* Seals a named value again, under another epoch key. */
enum err value_again(struct store_txn *txn, const char *name,
    const uint8_t epoch[static AEAD_KEY_LEN]) MUST_CHECK;

/* --- store.c --- */

/* Opens without building what is in memory. */
enum err store_open_bare(const struct store_config *config, enum db_use use,
    struct store **ret) MUST_CHECK;

/* --- read.c --- */

/* A case by its id, inside a snapshot. */
enum err slot_find(struct store *s, struct MDB_txn *txn, const uint8_t *id,
    uint32_t *ret_number, struct slot *ret) MUST_CHECK;

/* --- load.c: from the database, opened --- */

enum err load_page(struct store *s, struct MDB_txn *txn, uint32_t page,
    uint8_t out[static SLOT_PAGE_PLAIN]) MUST_CHECK;
enum err open_page(struct store *s, uint32_t page, struct bytes sealed,
    uint8_t out[static SLOT_PAGE_PLAIN]) MUST_CHECK;
/* Into an empty index. A missing one is ERR_CORRUPT. */
enum err load_index(struct store *s, struct MDB_txn *txn, uint32_t number,
    const struct slot *slot, struct index *ret) MUST_CHECK;
/* Appends exactly len bytes, or ERR_CORRUPT; ERR_LIMIT is out's. */
enum err load_record(struct store *s, struct MDB_txn *txn,
    const uint8_t key[static AEAD_KEY_LEN], uint64_t record, size_t len,
    struct buf *out) MUST_CHECK;
enum err open_upload(struct store *s, uint32_t number, struct bytes sealed,
    struct upload *ret) MUST_CHECK;
enum err load_upload(struct store *s, struct MDB_txn *txn, uint32_t number,
    struct upload *ret) MUST_CHECK;

/* --- a batch --- */

struct txn_page {
	struct txn_page *next;
	uint32_t number;
	bool existed, dirty;
	uint8_t before[SLOT_PAGE_PLAIN], now[SLOT_PAGE_PLAIN];
};

/* The index of a case the batch works on. */
struct txn_index {
	struct txn_index *next;
	uint32_t number;
	bool created; /* the case is this batch's */
	bool dirty, gone;
	uint64_t id_tag, mailbox_tag; /* when created */
	struct index x;
};

struct txn_upload {
	struct txn_upload *next;
	bool existed, dirty, gone;
	struct upload_mark before; /* when it existed */
	uint32_t number;
	uint32_t begun, due; /* seconds */
	uint64_t tag;
	struct upload u;
};

struct store_txn {
	struct store *s;
	struct MDB_txn *txn;
	enum err err;
	bool wrote;
	struct txn_page *pages, **pages_end;
	struct txn_index *indexes, **indexes_end;
	struct txn_upload *uploads, **uploads_end;
	uint64_t next_record, next_index;
	uint32_t next_upload;
	uint32_t slot_from;   /* free slots below it are taken */
	uint32_t slot_fresh;  /* first number in a page still to be made */
	uint64_t attachments; /* bytes added by this batch's pieces */
	uint64_t incoming;    /* the same, upload_charge of each upload */
	/* and what those had that were given up for them */
	uint64_t freed_attachments, freed_incoming;
	uint64_t bytes; /* about what it adds to the file */
};

/* Keeps an error from after the first write of an operation. */
enum err txn_stick(struct store_txn *txn, enum err e) MUST_CHECK;
/* Seals a value straight into the database's page. */
enum err txn_seal(struct store_txn *txn, const uint8_t key[static AEAD_KEY_LEN],
    enum table table, uint64_t number, enum db_how how, struct bytes in)
    MUST_CHECK;

/* --- txn_reader.c: records of a message, and who has them --- */

bool envelope_fits(const struct store_envelope *e);
enum err txn_put_record(struct store_txn *txn,
    const uint8_t key[static AEAD_KEY_LEN], struct bytes x, uint64_t *ret)
    MUST_CHECK;
enum err txn_put_envelope(struct store_txn *txn,
    const uint8_t key[static AEAD_KEY_LEN], const struct store_envelope *e,
    struct index_entry *entry) MUST_CHECK;

/* --- txn_slot.c --- */

struct case_at {
	uint32_t number;
	struct txn_page *page;
	struct slot slot;
};
void case_at_wipe(struct case_at *at);
#define CLEAN_CASE __attribute__((cleanup(case_at_wipe)))

enum err txn_page_get(struct store_txn *txn, uint32_t number,
    struct txn_page **ret) MUST_CHECK;
enum err txn_find(struct store_txn *txn, const uint8_t *id, struct case_at *ret)
    MUST_CHECK;
enum err txn_find_mailbox(struct store_txn *txn, const uint8_t *mailbox,
    struct case_at *ret) MUST_CHECK;
/* A free slot; it is taken when written. */
enum err txn_slot_new(struct store_txn *txn, struct case_at *ret) MUST_CHECK;
void txn_slot_write(struct store_txn *txn, const struct case_at *at);
enum err txn_index_get(struct store_txn *txn, const struct case_at *at,
    struct txn_index **ret) MUST_CHECK;
enum err txn_index_new(struct store_txn *txn, const struct case_at *at,
    struct txn_index **ret) MUST_CHECK;
/* Both were changed: a new version, written at the commit. */
void txn_index_write(struct store_txn *txn, struct case_at *at,
    struct txn_index *x);
void txn_forget(struct store_txn *txn);

/* --- txn_upload.c --- */

enum err txn_upload_of(struct store_txn *txn, const uint8_t *id,
    struct txn_upload **ret) MUST_CHECK;
enum err txn_uploads_flush(struct store_txn *txn) MUST_CHECK;
enum err txn_uploads_apply(struct store_txn *txn) MUST_CHECK;
void txn_uploads_forget(struct store_txn *txn);
