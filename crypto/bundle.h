#pragma once

#include "crypto/link.h"
#include "crypto/sealed.h"
#include "crypto/state.h"
#include "crypto/work.h"

/*
 * Bundles: every request and answer of the daemon. docs/PROTOCOL.md, "Bundle":
 *
 *   speakup: v1 KIND
 *   name: value ...
 *   (empty line)
 *   blobs, in the order and with the lengths that the lines say
 *   zero bytes up to the fixed size
 *
 * A request that may need work (crypto/work.h) has it in the last
 * BUNDLE_WORK_LEN bytes of the fixed size: challenge, counter and 8 zero bytes,
 * or zeros throughout.
 *
 * Parsing borrows: every struct bytes points into the body that was parsed.
 * It is strict, and what it accepts has one form only: putting what was
 * parsed gives the same bytes again. ERR_SYNTAX for anything else.
 * Signatures, ages, chains and persons are for others to judge.
 */

#define BUNDLE_TEXT_LEN 49152	/* text and staff exchanges, each way */
#define BUNDLE_PIECE_LEN 263168 /* carries one piece */
#define BUNDLE_SMALL_LEN 1024	/* about pieces */
/* Preamble and blobs of a text or staff request: what carries a message must
 * leave room for the lines of the answer that will carry it. */
#define BUNDLE_MESSAGE_MAX (BUNDLE_TEXT_LEN - 512)
#define BUNDLE_POLICY_MAX (32 * BUNDLE_TEXT_LEN)

/* Where work is, in `concern` and `put`. */
#define BUNDLE_WORK_LEN 64

#define BUNDLE_UPLOAD_ID_LEN 16
#define BUNDLE_SESSION_LEN 32
#define BUNDLE_CHALLENGE_LEN 32
#define BUNDLE_CURSOR_MAX 64  /* printable bytes, no meaning to a client */
#define BUNDLE_PIECES_MAX 512 /* of one payload: 128 MiB, as the store */
#define BUNDLE_PAYLOAD_MAX ((uint64_t)BUNDLE_PIECES_MAX * PIECE_LEN)
#define BUNDLE_ROWS_MAX 160 /* of a queue answer */
#define BUNDLE_HEADS_MAX 64 /* messages in one answer */
#define BUNDLE_ROOTS_MAX 64
#define BUNDLE_ROUTES_MAX 64
#define BUNDLE_SEQ_MAX 999999	     /* messages of one chain */
#define BUNDLE_TELL_MAX 32	     /* people who may be told of one case */
#define BUNDLE_GRANTS_MAX 96	     /* envelopes in one request */
#define BUNDLE_PEOPLE_MAX 256	     /* investigators in one answer */
#define BUNDLE_TIME_MAX 253402300799 /* a deadline: 9999-12-31, its end */
#define BUNDLE_WATCH_SECONDS 300     /* the longest that `watch` is held */
#define BUNDLE_MARK_LEN 8	     /* of a queue, as it was seen */

/* Which POST a request belongs to. */
enum bundle_path {
	BUNDLE_PATH_TEXT,  /* /v1/text */
	BUNDLE_PATH_PIECE, /* /v1/piece */
	BUNDLE_PATH_STAFF, /* /v1/staff */
};

/* --- requests --- */

enum request_kind {
	REQUEST_CONCERN,
	REQUEST_FOLLOWUP,
	REQUEST_WITHDRAW,
	REQUEST_POLL,
	REQUEST_PUT,
	REQUEST_STATUS,
	REQUEST_GET,
	REQUEST_CHALLENGE,
	REQUEST_LOGIN,
	REQUEST_LOGOUT,
	REQUEST_QUEUE,
	REQUEST_CASE,
	REQUEST_POST,
	REQUEST_ENVELOPES,
	REQUEST_INVESTIGATORS,
	REQUEST_WATCH,
};
#define REQUEST_KINDS (REQUEST_WATCH + 1)
enum bundle_path request_path(enum request_kind k);
/* The body's exact length. */
size_t request_length(enum request_kind k);
/* Whether work may come with it: with all that a reporter sends as text, so
 * that who checks it takes as long for all of them; and with pieces. */
bool request_takes_work(enum request_kind k);
/* Whether the server may ask for work before it. */
bool request_needs_work(enum request_kind k);

struct bundle_to {
	uint16_t person; /* or PERSON_REPORTER */
	struct bytes envelope;
};

/* Envelopes and payload of one message. */
struct bundle_content {
	/* 1 to SEALED_TO_MAX, each person once; 0: the message has no
	 * content, and nothing below counts */
	size_t n_to;
	struct bundle_to to[SEALED_TO_MAX];
	bool is_upload;	      /* the payload went up before, in pieces */
	struct bytes payload; /* where it did not */
	uint8_t upload_id[BUNDLE_UPLOAD_ID_LEN]; /* where it did */
	uint64_t upload_len;
};

struct request_concern {
	uint16_t route;
	uint8_t band; /* 1 to 4: P1 to P4 */
	uint8_t policy[SHA256_LEN];
	uint8_t case_key[SIGN_PUB_LEN];
	uint8_t mailbox[SHA256_LEN];
	/* who may be told that it is overdue, and reads nothing: `tell` lines,
	 * ascending */
	size_t n_tell;
	uint16_t tell[BUNDLE_TELL_MAX];
	struct bundle_content content;
};
/* Everything that the reporter signs, but a withdrawal. */
struct request_followup {
	struct bytes entry;
	struct bundle_content content; /* n_to = 0: none */
};
struct request_withdraw {
	struct bytes entry;
};
struct request_poll {
	uint8_t token[TOKEN_LEN];
	uint32_t after;
};
/* size: of the whole payload, 1 to BUNDLE_PAYLOAD_MAX. piece.n is PIECE_LEN
 * but for the last, which is what remains. Lines: `upload: ID SIZE`,
 * `piece: INDEX LENGTH`. */
struct request_put {
	uint8_t upload_id[BUNDLE_UPLOAD_ID_LEN];
	uint64_t size;
	uint32_t index;
	struct bytes piece;
};
struct request_status {
	uint8_t upload_id[BUNDLE_UPLOAD_ID_LEN];
};
struct request_get {
	bool is_staff;
	uint8_t token[TOKEN_LEN];	     /* reporter */
	uint8_t session[BUNDLE_SESSION_LEN]; /* staff, and the next two */
	uint8_t case_id[CASE_ID_LEN];
	enum chain chain; /* reporter: always CHAIN_TALK */
	uint32_t seq;
	uint32_t index;
};
struct request_challenge {
	uint16_t person;
};
struct request_login {
	struct bytes note;
};
struct request_logout {
	uint8_t session[BUNDLE_SESSION_LEN];
};
struct request_queue {
	uint8_t session[BUNDLE_SESSION_LEN];
	struct bytes after; /* cursor; empty at first */
	unsigned limit;	    /* 1 to BUNDLE_ROWS_MAX */
};
struct request_case {
	uint8_t session[BUNDLE_SESSION_LEN];
	uint8_t case_id[CASE_ID_LEN];
	enum chain chain;
	uint32_t after;
};
struct request_post {
	uint8_t session[BUNDLE_SESSION_LEN];
	struct bytes entry;
	struct bundle_content content; /* n_to = 0: none */
};

/*
 * Envelopes for somebody who is to read the case, of messages that are there.
 * They count for nothing until an entry (assign, handover, grant) names the
 * person and the digest of all that they have: so any number of these may come
 * before it, and all of it is given at once or not at all.
 */
struct request_envelopes {
	uint8_t session[BUNDLE_SESSION_LEN];
	uint8_t case_id[CASE_ID_LEN];
	uint16_t person;
	bool is_fresh; /* first forget what was sent so and never named */
	size_t n;      /* 1 to BUNDLE_GRANTS_MAX */
	struct bundle_grant {
		enum chain chain;
		uint32_t seq;
		struct bytes envelope;
	} at[BUNDLE_GRANTS_MAX]; /* talk chain first, by place */
};
/* Who could be given this case to investigate; the least busy first. */
struct request_investigators {
	uint8_t session[BUNDLE_SESSION_LEN];
	uint8_t case_id[CASE_ID_LEN];
};
/* Answered on a coarse, jittered tick, when the queue's mark is another, or
 * after some minutes in any case: within BUNDLE_WATCH_SECONDS. */
struct request_watch {
	uint8_t session[BUNDLE_SESSION_LEN];
	uint8_t mark[BUNDLE_MARK_LEN]; /* of the answer before; zero at first */
};

struct bundle_request {
	enum request_kind kind;
	/* All lines, without the empty one: the head of a concern. Parsing
	 * sets these three, writing does not read them. */
	struct bytes preamble;
	size_t length;	   /* of preamble, empty line and blobs */
	struct bytes work; /* WORK_LEN; empty: none, or the body is shorter */
	union {
		struct request_concern concern;
		struct request_followup followup;
		struct request_withdraw withdraw;
		struct request_poll poll;
		struct request_put put;
		struct request_status status;
		struct request_get get;
		struct request_challenge challenge;
		struct request_login login;
		struct request_logout logout;
		struct request_queue queue;
		struct request_case open;
		struct request_post post;
		struct request_envelopes envelopes;
		struct request_investigators investigators;
		struct request_watch watch;
	};
};

/* Zero bytes after the blobs are passed over, however many: whoever takes a
 * body from the network checks its length against request_length first. */
enum err bundle_request_parse(struct bytes body, struct bundle_request *ret)
    MUST_CHECK;
/* Appends preamble and blobs; bundle_pad does the rest. ERR_SYNTAX where a
 * field is out of range. */
enum err bundle_request_put(const struct bundle_request *r, struct buf *out)
    MUST_CHECK;
/* Appends zeros until out->n is length. ERR_LIMIT when it is longer. */
enum err bundle_pad(struct buf *out, size_t length) MUST_CHECK;
/* The same, with work at the end. ERR_LIMIT also where there is no room. */
enum err bundle_pad_work(struct buf *out, size_t length,
    const uint8_t work[static WORK_LEN]) MUST_CHECK;
/* What a challenge to work before this request is for. */
void request_purpose(const struct bundle_request *r,
    uint8_t out[static WORK_PURPOSE_LEN]);
/* The length of the preamble at the start of a body (also of one just put);
 * 0 where there is none. */
size_t bundle_preamble_length(struct bytes body);

/* --- answers --- */

enum answer_kind {
	ANSWER_STORED,
	ANSWER_MAILBOX,
	ANSWER_PIECES,
	ANSWER_PIECE,
	ANSWER_CHALLENGE,
	ANSWER_SESSION,
	ANSWER_ENDED, /* of logout */
	ANSWER_QUEUE,
	ANSWER_CASE,
	ANSWER_POLICY,
	ANSWER_KEPT, /* of envelopes */
	ANSWER_INVESTIGATORS,
	ANSWER_CHANGED, /* of watch */
	ANSWER_WORK,	/* instead of any: work first, then the same again */
};
/* The body's exact length; ANSWER_POLICY: the unit it is a multiple of;
 * ANSWER_WORK: of pieces; of text as other answers there. */
size_t answer_length(enum answer_kind k);

/* One message: payload is empty where it is in pieces (pieces > 0). */
struct answer_head {
	uint32_t seq;
	struct bytes head;
	struct bytes envelope; /* this reader's; empty: none for them */
	struct bytes payload;
	uint64_t payload_len;
	uint32_t pieces;
};
struct answer_heads {
	size_t n;
	struct answer_head at[BUNDLE_HEADS_MAX];
};
struct answer_stored {
	struct bytes proof;
};
struct answer_work {
	unsigned bits; /* 1 to WORK_BITS_MAX */
	uint8_t challenge[WORK_CHALLENGE_LEN];
};
/* A reporter is told whether the case is withdrawn, and nothing else of it. */
struct answer_mailbox {
	uint32_t count;
	bool is_withdrawn;
	struct answer_work
	    ahead; /* of the next filing; bits 0: none is asked */
	struct answer_heads heads;
};
struct answer_pieces {
	struct bytes have; /* '0' or '1' a piece; empty: unknown upload */
};
struct answer_piece {
	uint32_t index, count;
	struct bytes piece;
};
struct answer_challenge {
	uint8_t challenge[BUNDLE_CHALLENGE_LEN];
};
struct answer_session {
	uint8_t session[BUNDLE_SESSION_LEN];
};
struct answer_row {
	uint8_t case_id[CASE_ID_LEN];
	int64_t day; /* of filing, since 1970-01-01 */
	int64_t due; /* the next deadline, or the first that passed; 0: none */
	uint32_t talk, staff; /* messages in each chain */
	enum case_state state;
	uint16_t route;
	uint16_t flags; /* CASE_IS_… */
	uint8_t band;
	bool is_plain;
	bool is_given; /* this reader has it by assignment, not by its route */
};
/* Cases of a route are overdue: all that a `tell` says. */
struct answer_overdue {
	uint16_t route;
	uint32_t count;
};
struct answer_queue {
	uint32_t open, breached;
	size_t n_overdue;
	struct answer_overdue overdue[BUNDLE_ROUTES_MAX];
	struct bytes next; /* cursor; empty at the end */
	size_t n_rows;
	struct answer_row row[BUNDLE_ROWS_MAX];
};
struct answer_case {
	enum chain chain;
	uint32_t count;
	uint8_t link[LINK_LEN]; /* of the chain's last; zeros: it has none */
	enum case_state state;
	bool is_plain;
	int64_t filed; /* day */
	uint8_t band;
	int64_t due;
	uint16_t flags;
	bool is_given;
	struct answer_heads heads;
};
struct answer_investigators {
	size_t n; /* ascending by load */
	struct answer_investigator {
		uint16_t person;
		bool is_full; /* has as many cases as the policy allows */
	} at[BUNDLE_PEOPLE_MAX];
};
struct answer_changed {
	uint8_t mark[BUNDLE_MARK_LEN];
};
struct answer_policy {
	size_t n_roots; /* from 0 on, in order */
	struct bytes root[BUNDLE_ROOTS_MAX];
	struct bytes policy;
};

/* Some 10 KiB. */
struct bundle_answer {
	enum answer_kind kind;
	size_t length; /* of preamble, empty line and blobs; parsing sets it */
	union {
		struct answer_stored stored;
		struct answer_mailbox mailbox;
		struct answer_pieces pieces;
		struct answer_piece piece;
		struct answer_challenge challenge;
		struct answer_session session;
		struct answer_queue queue;
		struct answer_case open;
		struct answer_policy policy;
		struct answer_investigators investigators;
		struct answer_changed changed;
		struct answer_work work;
	};
};

/* As for requests. */
enum err bundle_answer_parse(struct bytes body, struct bundle_answer *ret)
    MUST_CHECK;
enum err bundle_answer_put(const struct bundle_answer *a, struct buf *out)
    MUST_CHECK;
/* Appends a message where it fits besides what `h` has and the answer's other
 * lines; false: it is full. For the vault, which fills answers up. */
bool answer_heads_add(struct answer_heads *h, const struct answer_head *one)
    MUST_CHECK;
