#pragma once

#include <event2/buffer.h>

#include "daemon/endpoint.h"
#include "daemon/error_table.h"

/*
 * Answers as bytes: a head and a body as long as the others of its kind. The
 * padding is shared by all answers and never copied.
 */

#define REPLY_PAD_MAX (257 * 1024)

struct reply {
	unsigned status;
	const char *type;   /* Content-Type */
	const char *fields; /* of http_answer; or NULL */
	struct bytes body;
	struct evbuffer *page; /* shared, instead of body; or NULL */
	bool is_for_browsers;  /* the longer head, of which fields are part */
	size_t length;	       /* of the whole body; 0: as long as it is */
	enum padding padding;
	bool closes;
};

/* Once, before the first reply. */
void reply_init(void);
/* Appends the answer. ERR_LIMIT: longer than its length; ERR_NOMEM. */
enum err reply_put(struct evbuffer *out, const struct reply *r) MUST_CHECK;
/* The same for an error, in the form of the endpoint (NULL: none was found). */
enum err reply_put_error(struct evbuffer *out, const struct endpoint *at,
    const struct error_text *e, bool closes) MUST_CHECK;
/* How many bytes of body go out with an error there. */
size_t reply_error_length(const struct endpoint *at);
