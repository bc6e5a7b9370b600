#pragma once

#include <event2/event_struct.h>

#include "daemon/error_table.h"
#include "daemon/front_conn.h"

/*
 * What front_conn.c (the connection: its life, its end, libevent's calls) and
 * front_request.c (its requests and answers) share.
 */

enum conn_state {
	CONN_HANDSHAKE,
	CONN_IDLE,    /* between requests */
	CONN_HEAD,    /* within a request's head */
	CONN_BODY,    /* within its body */
	CONN_ASKING,  /* the body is there; waits for its work to be checked,
		       * for memory, or a ticket */
	CONN_WAITING, /* the vault has it */
	CONN_ANSWERING,
	CONN_LINGER, /* we have ended; what still comes is thrown away */
};

struct conn {
	struct front *front;
	TAILQ_ENTRY(conn) all, queued;
	struct conn_list *queue; /* that it stands in, if any */
	struct stream stream;
	struct event deadline;
	enum conn_state state;
	unsigned flags; /* the listener's */
	unsigned filings;
	bool is_pressed;     /* by many of its peer's, or its own filings */
	enum wire_type wire; /* ASKING on */
	uint8_t work_bits;   /* of work that is to be checked */
	bool is_refused;     /* closes after the answer */
	bool is_held;	     /* the vault takes minutes: nobody's fault */
	struct http_parser parser;
	const struct endpoint *endpoint; /* NULL: none found (yet) */
	uint8_t *body;
	size_t body_have, body_len; /* ASKING on: body_len without padding */
	size_t answer_len;
	size_t charged;
	size_t thrown_away;
	uint64_t ticket;
};

/* --- front_conn.c --- */

void conn_free(struct conn *c);
/* The visitor went. */
void conn_ended(struct conn *c);
/* Clean end of our side; what still comes is thrown away for a moment. Where
 * the visitor has ended as well, this frees it. */
void conn_linger(struct conn *c);
void conn_enter_queue(struct conn *c, struct conn_list *queue);
void conn_leave_queue(struct conn *c);
struct budget *conn_budget(struct conn *c);
/* Keeps only what `want` bytes need of the charge: the request's body is
 * complete, or not wanted any more. */
void conn_give_back(struct conn *c, size_t want);
/* From now on: a fixed time, and the time that n bytes take at the least rate
 * that is allowed. */
void conn_deadline(struct conn *c, uint64_t seconds, uint64_t n);

/* --- front_request.c --- */

void conn_begin_idle(struct conn *c);
/* Wipes and frees what has come of a request's body. */
void conn_drop_body(struct conn *c);
/* Takes what can be taken of the input now. */
void conn_take_input(struct conn *c);
/* Queues an error as the answer. */
void conn_answer_error(struct conn *c, const struct error_text *e);
/* The same, and ends: what follows on this connection could be anything. */
void conn_refuse(struct conn *c, const struct error_text *e);

/* --- front_work.c --- */

/* Whether the request came with work that has to be checked: it stands in line
 * for that, and then for memory and a ticket. */
bool conn_takes_work(struct conn *c, const struct endpoint_body *b) MUST_CHECK;
