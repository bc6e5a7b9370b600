#pragma once

#include "crypto/bundle.h"
#include "crypto/codec.h"
#include "crypto/entry.h"
#include "crypto/proof.h"
#include "daemon/vault.h"
#include "daemon/vault_living.h"
#include "daemon/vault_notify.h"
#include "daemon/vault_session.h"
#include "daemon/vault_watch.h"
#include "daemon/vault_work.h"
#include "policy/life.h"
#include "policy/members.h"
#include "policy/root.h"
#include "store/store.h"

/*
 * What the parts of the vault share. Handlers return ANSWER_OK, having filled
 * what they were given to fill, or what went wrong.
 */

/* A batch: one transaction, one sync. Each filing proof's tree has at most
 * PROOF_LEAVES_MAX of them. */
#define BATCH_OPS_MAX 128
#define BATCH_BYTES_MAX (4 * 1024 * 1024)
#define PLAIN_HEAD_MAX 160
#define POLICY_GRACE_SECONDS DAY_SECONDS

enum op_kind {
	OP_CONCERN, /* sealed or plain */
	OP_MESSAGE, /* every other message */
	OP_AGAIN,   /* stored before: only the proof is wanted again */
	OP_PIECE,
	OP_ENVELOPES,
};

/* A request that waits in the batch. Bytes are borrowed from its body. */
struct op {
	enum op_kind kind;
	uint64_t id;
	vault_answer *answer;
	void *ctx;
	enum answer result; /* after the commit */
	/* of the transaction: why not, where the error is not enough; whether
	 * it changed anything */
	enum answer refusal;
	bool has_written;
	/* the same, of a case: it waits for its acknowledgement since that day,
	 * or did so and does no more */
	bool begins, settles;
	uint32_t begun_day, settled_day;

	/* messages */
	uint8_t case_id[CASE_ID_LEN];
	enum message_kind message_kind;
	uint16_t author;
	uint32_t seq;
	uint8_t prev[LINK_LEN], link[LINK_LEN];
	uint8_t content[SHA256_LEN], payload_digest[SHA256_LEN];
	uint8_t upload_id[STORE_UPLOAD_ID_LEN];
	struct entry entry; /* of all but concerns */
	struct bytes head;
	struct bytes payload;
	bool has_content, is_upload;
	size_t n_envelopes;
	struct store_envelope envelope[STORE_READERS_MAX + 1];
	uint32_t day;
	uint64_t policy_serial;

	/* concerns */
	size_t n_readers;
	struct store_reader reader[STORE_READERS_MAX];
	enum store_kind case_kind;
	uint8_t mailbox[SHA256_LEN], pub[SIGN_PUB_LEN];
	uint16_t route;
	uint8_t band;
	char plain_head[PLAIN_HEAD_MAX];

	/* pieces */
	struct store_piece piece;
	uint8_t piece_upload[STORE_UPLOAD_ID_LEN];
	struct store_upload upload; /* after the commit */

	/* envelopes, by author: the request, to be parsed again when it is
	 * applied; every op would be twice as large with room for them */
	struct bytes envelopes;
};

struct batch {
	size_t n, bytes;
	bool has_written; /* and is being answered */
	struct op op[BATCH_OPS_MAX];
};

struct rules {
	struct policy *policy; /* NULL: none */
	uint8_t hash[SHA256_LEN];
	int64_t until; /* of rules that were replaced */
};

/* What is done beside requests, a batch at a time: vault_tick.c. */
struct chores {
	int64_t uploads_at; /* when to look for those that are given up */
	bool is_sweeping;   /* daemon/vault_clock.h */
	uint32_t sweep_from, swept_day;
};

struct vault {
	const struct env *env;
	struct store *store;
	uint64_t attachments_max;
	bool has_failed;
	uint8_t instance_seed[INSTANCE_SEED_LEN];
	struct note_key instance_key;
	uint8_t first_root[SHA256_LEN]; /* which organisation this is */
	struct rules now, before;
	struct sessions sessions;
	struct ledgers ledger;
	struct notifier notifier;
	struct watches watches;
	struct chores chores;
	struct work work;
	/* A mailbox that exists, for the work of looking into one that does
	 * not; zero until there is one. */
	uint8_t decoy[SHA256_LEN];
	/* Scratch for one request: never grows while it is borrowed from. */
	struct buf read, out;
	struct bundle_answer reply;
	struct store_case row[BUNDLE_ROWS_MAX];
	struct batch batch;
};

/* --- vault.c --- */

enum answer answer_of(enum err e);
uint32_t vault_day(const struct vault *v);
/* The person whose session it is, and who still is one of the policy's, with
 * the key that they logged in with. */
enum answer vault_staff(struct vault *v,
    const uint8_t token[static BUNDLE_SESSION_LEN], uint16_t *ret) MUST_CHECK;
/* v->reply, as the body of an ANSWER_OK. */
void vault_reply(struct vault *v, uint64_t id, vault_answer *answer, void *ctx);

/* --- vault_life.c: a case's life, in its marks --- */

enum err case_life(const struct store_case *c, struct life *ret) MUST_CHECK;
/* The marks of a case that is filed now; its band is set. */
void case_begin(const struct vault *v, struct store_case_new *new);
/* Whether this person may read the case now. */
bool case_is_read_by(const struct store_case *c, uint16_t person);
/* PART_…; 0: nothing, and they are to know nothing of it. */
unsigned case_parts(const struct vault *v, const struct store_case *c,
    uint16_t person);
/* The same, by the life as it is about to be stored. */
unsigned case_parts_in(const struct vault *v, const struct store_case *c,
    const struct life *l, uint16_t person);
/* Whether its route gives them the case now: as one of its first people, or by
 * a rung that was reached. */
bool case_calls(const struct vault *v, const struct store_case *c,
    const struct life *l, uint16_t person);
/* Whether a route would ever let them read (NULL: none). */
bool route_reads(const struct policy_route *r, uint16_t person);
/* Whether all of them are people of its `tell` rungs. */
bool route_tells(const struct policy_route *r, const uint16_t *people,
    size_t n);

/* --- vault_content.c: envelopes, payloads, digests --- */

/* Of what kind the stanzas must be; WANT_ANY: all of one. */
enum keys_wanted { WANT_CLASSIC, WANT_HYBRID, WANT_ANY };
/*
 * Checks a message's content and puts it into op: who it is sealed to, one
 * stanza each, all of one kind, padding, digests. op says already which message
 * of which case it is: the kind says whether it is for the reporter. policy
 * NULL: of no policy any more, whoever reads it.
 */
enum answer content_take(struct vault *v, const struct policy *policy,
    const struct bundle_content *c, enum keys_wanted keys, struct op *op)
    MUST_CHECK;
/* One stanza and nothing else, of a kind that our recipients have. */
bool envelope_is_sound(struct bytes envelope, bool *ret_hybrid) MUST_CHECK;

/* --- vault_filing.c: what is checked before a message goes into a batch --- */

/* Of a concern: what this person is to be to it, added where they were
 * nothing; NULL: there are too many. */
struct store_reader *op_reader(struct op *op, uint16_t person);
/* Sets op->link from head and content. */
enum answer link_up(struct op *op) MUST_CHECK;
enum answer file_concern(struct vault *v, const struct bundle_request *q,
    struct op *op) MUST_CHECK;
/* Follow-ups and withdrawals: author is PERSON_REPORTER; posts: the person
 * whose session it is. */
enum answer file_message(struct vault *v, struct bytes entry,
    const struct bundle_content *c, uint16_t author, struct op *op) MUST_CHECK;
enum answer file_piece(struct vault *v, const struct request_put *q,
    struct op *op) MUST_CHECK;

/* --- vault_batch.c --- */

/* A zeroed op for the next request; the caller counts it in with batch_keep
 * once it is filled. Commits first where the batch is full. */
struct op *batch_next(struct vault *v);
enum store_chain op_chain(const struct op *op);
struct store_message_new message_of(const struct op *op);
void batch_keep(struct vault *v, size_t bytes);

/* --- vault_action.c, vault_grant.c: within a batch --- */

/* Whether the message in op is the newest of its chain. */
bool op_is_head(const struct store_case *c, const struct op *op);
enum err apply_message(struct store_txn *txn, struct vault *v, struct op *op)
    MUST_CHECK;
/* txn_reader_put, for somebody new in the place of whoever was only sent
 * envelopes ahead, where all places are taken. */
enum err reader_put(struct store_txn *txn, const uint8_t id[static CASE_ID_LEN],
    uint16_t person, unsigned access) MUST_CHECK;
enum answer file_envelopes(struct vault *v, const struct bundle_request *q,
    uint16_t author, struct op *op) MUST_CHECK;
enum err apply_envelopes(struct store_txn *txn, struct op *op) MUST_CHECK;
/* Whether this is the digest of all envelopes that the person has of the case;
 * or, !*ret_ahead, of those that count already: what others sent ahead is in
 * the way of nobody who sends nothing. ERR_CONFLICT: neither. */
enum err grants_match(struct store_txn *txn,
    const uint8_t id[static CASE_ID_LEN], uint16_t person,
    const uint8_t digest[static SHA256_LEN], bool *ret_ahead) MUST_CHECK;

/* --- vault_effort.c: work before what is stored --- */

/*
 * Whether op may be stored now, with the work that came with it (or none); it
 * is spent, but where op is refused. *ret_asked: v->reply asks for work
 * instead.
 */
enum answer work_before(struct vault *v, const struct bundle_request *q,
    const struct op *op, struct bytes work, bool is_pressed, bool is_refused,
    bool *ret_asked) MUST_CHECK;
/* What v->reply, a mailbox, says of the work before the next filing. */
enum answer work_ahead(struct vault *v, bool is_pressed) MUST_CHECK;
/* How full the store is, every few seconds. */
void work_measure(struct vault *v);
/* Around a message in a transaction: whether its case waits for its
 * acknowledgement, and since when. */
bool case_waits(struct store_txn *txn, const uint8_t id[static CASE_ID_LEN],
    uint32_t *ret_day) MUST_CHECK;
/* What a batch that was stored brought. */
void work_count(struct vault *v);

/* --- vault_read.c: fill v->reply --- */

enum answer read_poll(struct vault *v, const struct request_poll *q,
    bool is_pressed) MUST_CHECK;
enum answer read_case(struct vault *v, const struct request_case *q,
    uint16_t person) MUST_CHECK;
enum answer read_queue(struct vault *v, const struct request_queue *q,
    uint16_t person) MUST_CHECK;
enum answer read_piece(struct vault *v, const struct request_get *q) MUST_CHECK;
enum answer read_status(struct vault *v, const struct request_status *q)
    MUST_CHECK;
/* vault_investigators.c */
enum answer read_investigators(struct vault *v,
    const struct request_investigators *q, uint16_t person) MUST_CHECK;
/* v->reply from an upload; `have` is written into v->read. */
void reply_pieces(struct vault *v, const struct store_upload *u);

/* --- vault_policy.c --- */

void rules_free(struct rules *r);

/* --- vault_plain.c --- */

enum answer file_plain(struct vault *v, struct bytes file, struct op *op)
    MUST_CHECK;
/* `TOKEN` or `TOKEN N`: the armored answer, in v->out. */
enum answer plain_answer(struct vault *v, struct bytes body) MUST_CHECK;
