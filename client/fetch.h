#pragma once

#include "client/conversation.h"
#include "client/folder.h"
#include "client/server.h"

/* Brings a case from the server, message by message, through the checks of
 * conversation.h and, where asked for, into a folder. */

struct fetch {
	struct server *server;
	struct conversation *c;
	struct folder *folder;
	/* who asks */
	bool is_staff;
	const uint8_t *token;	/* reporter */
	const uint8_t *session; /* staff; the case is c->case_id */
	/* what the server says of the case */
	uint32_t count; /* messages of the chain fetched last */
	/* The staff chain goes on behind messages of the talk chain that have
	 * come meanwhile: fetch that, and then this again. */
	bool is_ahead;
	int64_t due;	/* staff: the next deadline, or the first that passed */
	uint16_t flags; /* staff: CASE_IS_… */
	struct progress progress;
};

/* From c->count[chain] on, to the end. What is wrong is said. EXIT_UNKNOWN is
 * not: staff, no such case. */
enum exit_code fetch_chain(struct fetch *f, enum chain chain) MUST_CHECK;
/* Says what was refused, and which message: EXIT_REFUSED, or what the reason
 * asks for. */
enum exit_code fetch_refused(const struct term *t, const struct conversation *c,
    enum refusal r);
