#pragma once

#include "crypto/env.h"
#include "crypto/hash.h"
#include "crypto/link.h"

/*
 * Everything Speakup keeps, in one LMDB environment: cases, their messages,
 * uploads that are still coming in, and a few named values. Nothing here reads
 * a message or decides who may do what: that is the vault's.
 *
 * One process, one thread. Writing goes in batches (store_run), each one LMDB
 * transaction with one sync; reading goes through views, short snapshots taken
 * between batches. What is kept in memory (maps, queues, timers) changes only
 * after the commit, and is rebuilt at start.
 *
 * After store_open no file is opened; the system calls needed are pread,
 * pwrite, pwritev, write, writev, lseek, fdatasync, fsync, fallocate, mmap,
 * munmap, madvise, and fcntl with F_GETLK (whether a backup's process lives).
 */

#define STORE_KEY_LEN 32
#define STORE_CASE_ID_LEN 16
#define STORE_UPLOAD_ID_LEN 16
/* People who have, will have, or are told of a case. */
#define STORE_READERS_MAX 32
#define STORE_ENVELOPES_MAX 32 /* of one message, later ones included */
#define STORE_HEAD_MAX (48 * 1024)
#define STORE_ENVELOPE_MAX (48 * 1024)
#define STORE_PAYLOAD_MAX PIECE_LEN /* in a message; larger: an upload */
#define STORE_UPLOAD_PIECES_MAX 512 /* 128 MiB */
#define STORE_MESSAGES_MAX 1024	    /* of one case, both chains */
/* Of them for what has no content, by the reporter or the instance. */
#define STORE_MESSAGES_KEPT 128
#define STORE_AUTHOR_MESSAGES_MAX 384	/* of them from one of staff */
#define STORE_REPORTER_MESSAGES_MAX 256 /* from the reporter, with content */
#define STORE_NAME_MAX 32
#define STORE_VALUE_MAX (64 * 1024)

#define STORE_REPORTER 0      /* person number of the reporter */
#define STORE_SHARED 0xffff   /* "person" of a header that all readers share */
#define STORE_INSTANCE 0xffff /* the author of what the server says */

enum store_chain { STORE_TALK, STORE_STAFF };
#define STORE_CHAINS 2
enum store_kind { STORE_SEALED, STORE_PLAIN };

struct store;
struct store_txn;

/* --- opening --- */

struct store_config {
	const char *dir;       /* state directory; exists, mode 0700 */
	const uint8_t *key;    /* store key, 32 bytes; not kept */
	const struct env *env; /* borrowed until store_close */
	uint64_t size_max;     /* the database never grows over it; 0: 64 GiB */
	uint64_t attachments_max; /* of it for uploads; 0: half of size_max.
				     Half of that is for those that no message
				     has taken yet */
	uint64_t map_size;	  /* map to begin with; 0: 64 MiB */
	uint64_t headroom;	  /* kept allocated ahead of use; 0: 16 MiB */
	bool no_new;		  /* ERR_NOT_FOUND where there is no store */
};

/*
 * Opens the store, or makes one where there is none. ERR_VERSION: written by
 * a newer version. ERR_DENIED: the key does not fit. ERR_EXISTS: another
 * process has it open. ERR_CORRUPT: something in it does not open or is cut
 * off, or an earlier write failed and store_check has not passed since.
 * ERR_FULL, ERR_IO.
 */
enum err store_open(const struct store_config *config, struct store **ret)
    MUST_CHECK;
/* Whether something of the store in dir is there that this process may not read
 * and write: its path, and errno says why. */
#define STORE_PATH_MAX 4096
bool store_is_shut(const char *dir, char ret_path[static STORE_PATH_MAX]);
/* Takes NULL; returns NULL. No batch or view is open. */
struct store *store_close(struct store *s);

/* Gives memory back to the system: what was read through the map, what
 * batches used. To be called when idle; costs some microseconds. */
void store_trim(struct store *s);
/* True after a failed write or sync. Nothing is written any more (ERR_IO), and
 * reading may fail too; the vault ends, and the store does not open until
 * store_check has passed. */
bool store_is_latched(const struct store *s);
/* True where memory ran out behind a commit, which stands: that batch and every
 * later one is ERR_NOMEM. Nothing is wrong on the disk; the store is to be
 * closed and opened again. */
bool store_is_stale(const struct store *s);

struct store_counts {
	uint64_t cases;	      /* not destroyed */
	uint64_t uploads;     /* incomplete, or not taken yet */
	uint64_t attachments; /* bytes of uploads, taken ones included */
	uint64_t incoming;    /* of them, of those not taken yet; each counts
				 as 64 KiB at least */
	uint64_t incoming_max;
	uint64_t used; /* bytes of the database in use or reusable */
	uint64_t size_max;
};
void store_counts(const struct store *s, struct store_counts *ret);

/* --- cases --- */

/* What a person is to a case. Envelopes exist for READER_MEMBER ones only, and
 * those sent ahead for READER_PENDING ones. RELEASED and GIVEN go with MEMBER;
 * PENDING does not. */
#define READER_MEMBER (1u << 0)	  /* has, or will have, envelopes */
#define READER_RELEASED (1u << 1) /* and is given them; a row in their queue */
#define READER_GIVEN (1u << 2)	  /* by assignment, not by the route */
/* Envelopes were sent ahead for them, and nothing names them yet. */
#define READER_PENDING (1u << 3)
#define READER_TELL (1u << 4) /* may be told that it is overdue */
#define READER_TOLD (1u << 5) /* is told: counted by store_told */
struct store_reader {
	uint16_t person;
	uint8_t access;
};

/* What changes in a case's life without a message. */
#define STORE_LIFE_LEN 56
struct store_marks {
	uint8_t band;	  /* 1 comes first in a queue; below 128 */
	bool closed;	  /* after all open ones in every queue */
	bool breached;	  /* counted by store_queue_counts */
	int64_t deadline; /* orders a queue within a band; 0: none, last */
	int64_t due;	  /* when to look again (txn_due_page); 0: never. Kept
			     as given, ordered by the quarter it falls in,
			     rounded up */
	uint8_t life[STORE_LIFE_LEN]; /* the vault's; the store does not look */
};

struct store_case {
	uint8_t id[STORE_CASE_ID_LEN];
	uint8_t mailbox[SHA256_LEN];
	uint8_t pub[32]; /* zero for plain */
	enum store_kind kind;
	uint16_t route;
	uint32_t filed_day;
	uint64_t policy_serial;
	struct store_marks marks;
	struct {
		uint32_t count;
		uint8_t head[LINK_LEN]; /* zero when count = 0 */
	} chain[STORE_CHAINS];
	uint32_t reporter_messages;
	uint64_t attachments; /* bytes */
	size_t n_readers;
	struct store_reader reader[STORE_READERS_MAX];
};
/* NULL where the person is not a reader. */
const struct store_reader *store_case_reader(const struct store_case *c,
    uint16_t person);

/* --- batches --- */

/*
 * Runs `batch` in one transaction and commits it: ERR_OK says that everything
 * it did is on disk. When the map must grow, the transaction is dropped and
 * `batch` runs once more from the start, so it keeps its input and sets every
 * result anew. A batch that returns an error stores nothing.
 *
 * Operations check before they write. An error found while checking
 * (ERR_NOT_FOUND, ERR_EXISTS, ERR_CONFLICT, ERR_DENIED, ERR_LIMIT, or
 * ERR_CORRUPT where the case itself does not open) leaves the batch as it was,
 * and the others go on. An error while writing sticks: all later operations
 * return it, and store_run does, with nothing stored. ERR_FULL: no space;
 * reads go on. ERR_IO: see store_is_latched. Operations see what earlier ones
 * of the same batch did.
 */
typedef enum err store_batch(struct store_txn *txn, void *ctx);
enum err store_run(struct store *s, store_batch *batch, void *ctx) MUST_CHECK;
/* Whether the last one put anything on the disk: one that changes nothing does
 * not wait for it. */
bool store_has_written(const struct store *s);

/* The case as the batch has it so far. Mailboxes are compared in constant
 * time. ERR_NOT_FOUND. */
enum err txn_case_get(struct store_txn *txn,
    const uint8_t id[static STORE_CASE_ID_LEN], struct store_case *ret)
    MUST_CHECK;
enum err txn_case_get_by_mailbox(struct store_txn *txn,
    const uint8_t mailbox[static SHA256_LEN], struct store_case *ret)
    MUST_CHECK;

struct store_envelope {
	uint16_t person; /* STORE_REPORTER, a reader, or STORE_SHARED */
	struct bytes header;
};

/* A message to store. Everything is borrowed for the call. */
struct store_message_new {
	enum store_chain chain;
	uint8_t kind;	 /* the vault's */
	uint16_t author; /* nobody takes all the room from the others */
	uint32_t day;
	struct bytes head; /* preamble or note text; not empty */
	const struct store_envelope *envelope;
	size_t n_envelopes;
	/* The payload: none (payload.n = 0, upload NULL), here, or an upload,
	 * complete, which is thereby taken: its pieces become the message's. */
	struct bytes payload;
	const uint8_t *upload;	       /* id, 16 bytes */
	const uint8_t *payload_digest; /* with payload: payload_digest_of() */
	const uint8_t *content; /* content digest; NULL without content */
	const uint8_t *link;	/* of this message, 32 bytes */
};

struct store_case_new {
	const uint8_t *id;	/* 16 bytes */
	const uint8_t *mailbox; /* 32 bytes */
	const uint8_t *pub;	/* 32 bytes; NULL for plain */
	enum store_kind kind;
	uint16_t route;
	uint32_t filed_day; /* below 2^24 */
	uint64_t policy_serial;
	struct store_marks marks;
	const struct store_reader *reader;
	size_t n_readers;
	struct store_message_new first; /* chain STORE_TALK, seq 0 */
};

/* ERR_EXISTS: the id or the mailbox is there already. ERR_NOT_FOUND: no such
 * upload. ERR_DENIED: the upload is not complete, or an envelope is for
 * someone who is not a reader. ERR_LIMIT: a limit above is passed, or a person
 * repeats. */
enum err txn_case_add(struct store_txn *txn, const struct store_case_new *c)
    MUST_CHECK;
/* Adds a message. prev: what the caller holds to be the chain's head (32
 * bytes, zero for the first); ERR_CONFLICT where it is not. Otherwise as
 * txn_case_add. */
enum err txn_append(struct store_txn *txn,
    const uint8_t id[static STORE_CASE_ID_LEN],
    const uint8_t prev[static LINK_LEN], const struct store_message_new *m)
    MUST_CHECK;
/* Replaces the marks as a whole (get, change, set). */
enum err txn_marks_set(struct store_txn *txn,
    const uint8_t id[static STORE_CASE_ID_LEN], const struct store_marks *marks)
    MUST_CHECK;
/* The case takes another route: what its readers are told by. */
enum err txn_route_set(struct store_txn *txn,
    const uint8_t id[static STORE_CASE_ID_LEN], uint16_t route) MUST_CHECK;
/* Adds a reader, or changes what they are to the case. ERR_LIMIT: too many, or
 * bits that do not go together; with envelopes, bits that allow none. */
enum err txn_reader_put(struct store_txn *txn,
    const uint8_t id[static STORE_CASE_ID_LEN], uint16_t person, uint8_t access)
    MUST_CHECK;
/* Takes a reader away and deletes all their envelopes of this case. */
enum err txn_reader_drop(struct store_txn *txn,
    const uint8_t id[static STORE_CASE_ID_LEN], uint16_t person) MUST_CHECK;
/* Sends one envelope of a stored message ahead: nobody is given it before
 * txn_envelopes_settle. The same bytes once more are ERR_OK. ERR_EXISTS: the
 * person has another. ERR_DENIED: neither READER_MEMBER nor READER_PENDING.
 * ERR_NOT_FOUND: no such message. ERR_LIMIT. */
enum err txn_envelope_put(struct store_txn *txn,
    const uint8_t id[static STORE_CASE_ID_LEN], enum store_chain chain,
    uint32_t seq, const struct store_envelope *e) MUST_CHECK;
/* What was sent ahead for this person counts from now on; or it is deleted.
 * ERR_NOT_FOUND: not a reader. */
enum err txn_envelopes_settle(struct store_txn *txn,
    const uint8_t id[static STORE_CASE_ID_LEN], uint16_t person) MUST_CHECK;
enum err txn_envelopes_forget(struct store_txn *txn,
    const uint8_t id[static STORE_CASE_ID_LEN], uint16_t person) MUST_CHECK;
/* All that this person has of the case, sent ahead and not settled or not: talk
 * chain first, by place. What `found` returns ends it. */
typedef enum err store_envelope_found(void *ctx, enum store_chain chain,
    uint32_t seq, bool is_ahead, struct bytes header);
enum err txn_envelopes_visit(struct store_txn *txn,
    const uint8_t id[static STORE_CASE_ID_LEN], uint16_t person,
    store_envelope_found *found, void *ctx) MUST_CHECK;
/* Deletes all records, and the case's key with its slot. */
enum err txn_case_destroy(struct store_txn *txn,
    const uint8_t id[static STORE_CASE_ID_LEN]) MUST_CHECK;

/* Cases whose `due` (rounded up to a quarter) is at or before `now`, earliest
 * first, by what was due before this batch; *ret_n of at most cap (and at most
 * 64). Set another `due` for each, or they come again. */
enum err txn_due_page(struct store_txn *txn, int64_t now,
    struct store_case *out, size_t cap, size_t *ret_n) MUST_CHECK;

/*
 * All cases, one after another, in an arbitrary order that stays: looks at up
 * to cap (and at most 64) places from `from` on, 0 at first. *ret_n of them
 * hold a case; *ret_next: where to go on; 0: these were the last.
 */
enum err txn_case_page(struct store_txn *txn, uint32_t from,
    struct store_case *out, size_t cap, size_t *ret_n, uint32_t *ret_next)
    MUST_CHECK;

/* --- uploads --- */

struct store_piece {
	const uint8_t *upload; /* id, 16 bytes, random, made by the client */
	uint64_t size;	       /* of the whole payload; says how many pieces */
	uint32_t index;	       /* from 0 */
	struct bytes data;     /* PIECE_LEN; the last what remains */
	uint32_t hour;	       /* now, hours since 1970: for expiry */
	uint32_t second; /* now, since 1970: for room; never on the disk */
};
/*
 * Stores a piece; the first that arrives, whichever it is, makes the upload.
 * The same bytes once more are ERR_OK. ERR_EXISTS: other bytes, or another
 * size. ERR_LIMIT: too many pieces, or data.n is not what size and index ask.
 * ERR_FULL: attachments have used their share of the space, or the disk has no
 * more than what is kept for text; the rest of the batch goes on.
 *
 * Where it is uploads that nobody has taken that fill the share, or their half
 * of it, one of them is given up for the piece: the one that is due first. An
 * upload is due 5 minutes after its last new piece, and at the latest when it
 * has had 10 minutes and the time that what it has takes at 64 KiB a second:
 * so who uploads is left alone, and who only holds room is not. A new upload
 * takes the room of those that are due by now; one that has begun of any that
 * is due before itself, and so ends if it is no slower than the others.
 * ERR_DENIED: there is none; it is worth trying again in some minutes.
 */
enum err txn_upload_piece(struct store_txn *txn, const struct store_piece *p)
    MUST_CHECK;

struct store_upload {
	uint64_t size;
	uint32_t pieces;
	uint32_t received;
	uint8_t have[STORE_UPLOAD_PIECES_MAX / 8]; /* bit i%8 of byte i/8 */
	uint8_t payload_digest[SHA256_LEN];	   /* when received == pieces */
};
enum err txn_upload_get(struct store_txn *txn,
    const uint8_t id[static STORE_UPLOAD_ID_LEN], struct store_upload *ret)
    MUST_CHECK;
/* Deletes up to max (and at most 16) uploads whose last piece came before
 * `hour`; the oldest first. To be called until *ret_n is 0. */
enum err txn_uploads_expire(struct store_txn *txn, uint32_t hour, size_t max,
    size_t *ret_n) MUST_CHECK;

/* --- named values --- */

/* A small sealed value of the vault's own (policy serial seen, latest time
 * seen, …). name: 1 to STORE_NAME_MAX bytes. Replaces. */
enum err txn_value_put(struct store_txn *txn, const char *name, struct bytes x)
    MUST_CHECK;

/* --- reading --- */

/* These look at what is committed. */
enum err store_case_find(struct store *s,
    const uint8_t id[static STORE_CASE_ID_LEN], struct store_case *ret)
    MUST_CHECK;
enum err store_case_find_by_mailbox(struct store *s,
    const uint8_t mailbox[static SHA256_LEN], struct store_case *ret)
    MUST_CHECK;
enum err store_upload_find(struct store *s,
    const uint8_t id[static STORE_UPLOAD_ID_LEN], struct store_upload *ret)
    MUST_CHECK;
/* ERR_NOT_FOUND; ERR_LIMIT when out cannot take it. Appends. */
enum err store_value_get(struct store *s, const char *name, struct buf *out)
    MUST_CHECK;

/*
 * One page of a person's queue: the cases released to them, open before
 * closed, then by band, deadline, and an arbitrary number. after: id of
 * the last case of the page before, or NULL to begin; ERR_NOT_FOUND where that
 * case is not (or no longer) in this queue. *ret_n of at most cap; less than
 * cap: the end. Costs O(log n + page).
 */
enum err store_queue_page(struct store *s, uint16_t person,
    const uint8_t *after, struct store_case *out, size_t cap, size_t *ret_n)
    MUST_CHECK;
/* How many rows the queue has; of all, closed ones included; open; and open
 * and breached. given: open and READER_GIVEN. */
struct store_queue_counts {
	uint64_t all, open, breached, given;
};
void store_queue_counts(const struct store *s, uint16_t person,
    struct store_queue_counts *ret);
/* Of how many cases of each route this person is told (and is not released),
 * routes ascending. *ret_n of at most cap. */
struct store_told {
	uint16_t route;
	uint32_t count;
};
void store_told(const struct store *s, uint16_t person, struct store_told *out,
    size_t cap, size_t *ret_n);
/* Changes with every commit that changes this person's queue or what they are
 * told; of no other meaning, and another after each start. */
uint64_t store_queue_version(const struct store *s, uint16_t person);
/* The earliest `due` of all cases, rounded up to its quarter; 0: none. */
int64_t store_next_due(const struct store *s);

/*
 * A view is one case opened for reading, on a snapshot of its own. At most one
 * is open, and none while a batch runs.
 */
struct store_view;
enum err store_view_open(struct store *s,
    const uint8_t id[static STORE_CASE_ID_LEN], struct store_view **ret)
    MUST_CHECK;
/* Takes NULL; returns NULL. Wipes. */
struct store_view *store_view_close(struct store_view *v);
/* Borrowed until store_view_close. */
const struct store_case *view_case(const struct store_view *v);

struct store_message {
	enum store_chain chain;
	uint32_t seq;
	uint8_t kind;
	uint16_t author;
	uint32_t day;
	uint32_t head_len;
	bool has_content;
	uint64_t payload_size; /* 0: none */
	uint32_t pieces;
	uint8_t payload_digest[SHA256_LEN];
	uint8_t content[SHA256_LEN];
	uint8_t link[LINK_LEN];
};
/* seq from 0 below chain[].count; ERR_NOT_FOUND. */
enum err view_message(const struct store_view *v, enum store_chain chain,
    uint32_t seq, struct store_message *ret) MUST_CHECK;
/* Length of the envelope this person would get; errors as view_envelope. */
enum err view_envelope_len(const struct store_view *v, enum store_chain chain,
    uint32_t seq, uint16_t person, uint32_t *ret) MUST_CHECK;

/* Each appends to out, whose limit is the caller's (ERR_LIMIT). */
enum err view_head(struct store_view *v, enum store_chain chain, uint32_t seq,
    struct buf *out) MUST_CHECK;
/* The person's own envelope, or the shared one. ERR_DENIED: kept back, or not
 * a reader (the reporter always is). ERR_NOT_FOUND: none of this message. */
enum err view_envelope(struct store_view *v, enum store_chain chain,
    uint32_t seq, uint16_t person, struct buf *out) MUST_CHECK;
/* Piece `index` of the payload: PIECE_LEN bytes, the last what remains. */
enum err view_piece(struct store_view *v, enum store_chain chain, uint32_t seq,
    uint32_t index, struct buf *out) MUST_CHECK;

/* --- checking a whole store, with no daemon running --- */

enum store_finding {
	FINDING_PAGE,	   /* a page of slots does not open */
	FINDING_SLOT,	   /* a slot contradicts itself */
	FINDING_DUPLICATE, /* two slots have one id or one mailbox */
	FINDING_INDEX,	   /* a case's index is missing or does not open */
	FINDING_CHAIN,	   /* messages do not fit the slot's chains */
	FINDING_RECORD,	   /* a record is missing or does not open */
	FINDING_DIGEST,	   /* a payload's digest does not fit */
	FINDING_SHARED,	   /* a record belongs to two things */
	FINDING_ORPHAN,	   /* a record or index belongs to nothing */
	FINDING_UPLOAD,	   /* an upload does not open or contradicts itself */
	FINDING_VALUE,	   /* a named value does not open */
};
const char *store_finding_text(enum store_finding f);

struct store_report {
	uint64_t cases, messages, records, uploads, bytes;
	uint64_t findings;
};
/* number: of the page, slot, record or upload. */
typedef void store_found(void *ctx, enum store_finding f, uint64_t number);
/*
 * Reads everything, past the page cache. ERR_OK with no findings also lifts
 * the mark that a failed write left; with findings it returns ERR_CORRUPT.
 * Errors of opening as store_open; ERR_NOT_FOUND: no store, and none is made.
 * found may be NULL.
 */
enum err store_check(const struct store_config *config, store_found *found,
    void *ctx, struct store_report *ret) MUST_CHECK;

/* The same of a backup, which is one file, wherever it lies; it is not changed.
 * config->dir names the file. */
enum err store_check_copy(const struct store_config *config, store_found *found,
    void *ctx, struct store_report *ret) MUST_CHECK;

/* --- backups --- */

/*
 * A consistent copy of a store that a daemon may be using, as sealed as it is:
 * no key is needed. Gives its bytes in order to `sink`; total is about how many
 * there will be, in all. As DIR/db/data.mdb of an empty state directory they
 * are the store of that moment.
 *
 * Each commit meanwhile takes new space, which is used again afterwards; a copy
 * during which the file grew over growth_max bytes is given up (ERR_LIMIT). A
 * process that is killed here does no harm: the space kept for it is used again
 * when the map is full, or after the next backup has begun.
 *
 * ERR_NOT_FOUND: no store. ERR_CORRUPT: an earlier write failed. ERR_EXISTS:
 * the store is being given a new key. Whatever sink returned; ERR_IO.
 */
typedef enum err store_backup_sink(void *ctx, struct bytes x, uint64_t total);
enum err store_backup(const char *dir, uint64_t growth_max,
    store_backup_sink *sink, void *ctx) MUST_CHECK;

/* No backup is made until the descriptor is closed. ERR_EXISTS: one is being
 * made. ERR_NOT_FOUND: no store. */
enum err store_hold_backups(const char *dir, int *ret_fd) MUST_CHECK;

/* --- a new key, with no daemon running --- */

/*
 * Makes a new epoch key under a new store key, and seals again what the old
 * one sealed, as one transaction. Once the old store key is destroyed, what
 * old pages and backups hold of destroyed cases can be opened by nobody.
 * Needs memory in proportion to the cases (about 0.6 KiB each). Errors of
 * store_open and store_run.
 */
enum err store_rekey(const struct store_config *config,
    const uint8_t new_key[static STORE_KEY_LEN]) MUST_CHECK;
/*
 * Writes the data file anew without what is not in use any more, and puts it in
 * the old one's place. Needs as much space again, and store_hold_backups.
 * ERR_FULL: there is none, and nothing was changed. Errors of store_open,
 * but for ERR_DENIED: the key is not used.
 */
enum err store_compact(const struct store_config *config) MUST_CHECK;
