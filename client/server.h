#pragma once

#include "client/even.h"
#include "client/http.h"
#include "client/roots.h"
#include "crypto/bundle.h"
#include "crypto/entry.h"

/*
 * A server whose roots and policy were fetched and checked, and the exchanges
 * of docs/PROTOCOL.md with it.
 */

struct server_config {
	struct http_config http;
	const char *pin; /* --root-hash; NULL: trust begins with this answer */
};

/* Work that was asked for (bits 0: none), and what was done of it. */
struct working {
	struct answer_work asked;
	bool is_done;
	uint8_t work[WORK_LEN];
};

struct server {
	const struct term *term;
	struct http *http;
	struct even even; /* of a reporter's session */
	/* By the last mailbox, before whatever is filed next. Done but not
	 * used yet it comes with every request of text. */
	struct working ahead;
	uint8_t hash0[SHA256_LEN];
	struct root root;
	struct policy *policy;
	struct policy_status status;
	struct buf note;   /* the policy's, as it came */
	struct buf answer; /* of the last exchange */
	struct bundle_answer *parsed;
	enum http_result transport; /* behind REPLY_NONE */
	/* Set where something that is to be stored was sent, and no answer
	 * says what became of it; whoever sends sets it back. */
	bool is_unsure;
};

/* Fetches and checks. Complaints are said; EXIT_REFUSED: signatures, pin,
 * rollback, expiry. server_close in any case. */
enum exit_code server_open(const struct term *t,
    const struct server_config *config, struct server *ret) MUST_CHECK;
void server_close(struct server *s);
/* Where nobody said whose server it should be: the fingerprint, to be held
 * against the poster. Silent with --json, which nobody reads. */
void server_warn_unpinned(const struct server *s, const char *pin);

enum reply {
	REPLY_OK,
	REPLY_NONE, /* no answer, or none of this protocol */
	REPLY_BAD_REQUEST,
	REPLY_BAD_POLICY,
	REPLY_BAD_SIGNATURE,
	REPLY_NO_SESSION,
	REPLY_DENIED,
	REPLY_UNKNOWN,
	REPLY_CONFLICT,
	REPLY_EXISTS,
	REPLY_INCOMPLETE, /* other envelopes are there than were named */
	REPLY_NOT_NOW, /* the case does not allow it; and why, the next four */
	REPLY_NEEDS_REVIEW,
	REPLY_SAME_PERSON,
	REPLY_NOTHING_ASKED,
	REPLY_ON_HOLD,
	REPLY_WRONG_DAY,
	REPLY_TOO_LARGE,
	REPLY_BUSY,
	REPLY_DOWN,
	REPLY_FULL,
	REPLY_WORK, /* it asked for work again and again */
};
/* The code of an error's JSON body; REPLY_NONE where it is none. */
enum reply reply_parse(struct bytes json);

/* One exchange; the answer is borrowed until the next. Only an answer of the
 * kind that belongs to the request is REPLY_OK. Where a busy server asks for
 * work first, it is done, with a line on a terminal, and the same is sent
 * again: a few times, then it is REPLY_WORK. In a reporter's session what a
 * mailbox asked for is done before the next exchange, whatever that is. */
enum reply server_ask(struct server *s, const struct bundle_request *r,
    const struct bundle_answer **ret) MUST_CHECK;
/* The same for requests that may be sent again: tries a few times while
 * nobody answers or the server is busy. */
enum reply server_ask_again(struct server *s, const struct bundle_request *r,
    const struct bundle_answer **ret) MUST_CHECK;
/* A poll of a mailbox that does not exist: on the line as any other exchange
 * of text (client/even.h). Whatever comes of it. */
void server_cover(struct server *s);
/* As many of them as a reporter's session lacks, where it has begun. */
void server_even_out(struct server *s);
/* A body that is complete already, to /v1/text. */
enum reply server_send_text(struct server *s, struct bytes body,
    const struct bundle_answer **ret) MUST_CHECK;
/* Says what a reply means for the person; `what`: "Your concern was not
 * stored." or such, said first, may be "". */
enum exit_code server_fail(const struct server *s, enum reply r,
    const char *what);

/*
 * Whether this proof, signed by an instance key of the root, states what we
 * sent: case, kind, link, and the policy's serial where sent->policy is not 0
 * (of a concern: that of its policy; of later messages: that of the moment,
 * which may have changed since we asked). *ret_day: the day it was stored.
 * ERR_BAD_SIG: it does not; ERR_NOMEM, ERR_CRYPTO: it could not be looked at.
 */
enum err server_check_proof(const struct server *s, struct bytes proof,
    const struct statement *sent, int64_t *ret_day) MUST_CHECK;

/* Today, in days since 1970-01-01 UTC. */
int64_t today(void);
