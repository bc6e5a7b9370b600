#pragma once

#include <event2/buffer.h>

#include "daemon/front_reply.h"
#include "policy/web_manifest.h"

/*
 * The pages for browsers, docs/PROTOCOL.md, "Pages": the files of WIRE_PAGES in
 * memory, and the reporter's page with what the policy says in it.
 */

struct front_file {
	char name[WEB_NAME_MAX + 1];
	bool is_gzip;
	struct evbuffer *body;
};

struct front_web {
	size_t n; /* 0: there are no pages */
	struct front_file file[WEB_FILES_MAX + 1];
	struct buf section;	 /* of the policy; empty before the first */
	struct evbuffer *index;	 /* the reporter's page; NULL: not there */
	struct evbuffer *policy; /* what GET /v1/policy gives, gzipped */
};

/* The body of WIRE_PAGES, instead of the files before. ERR_SYNTAX, ERR_LIMIT,
 * ERR_NOMEM: nothing has changed. */
enum err front_web_take(struct front_web *w, struct bytes body) MUST_CHECK;
/* What the policy says, and the bundle with it, which are copied. The same
 * errors. */
enum err front_web_say(struct front_web *w, struct bytes section,
    struct bytes bundle) MUST_CHECK;
/* Answers that are on their way keep what they need. */
void front_web_free(struct front_web *w);

/* Fills what r has to say to a GET of this path through a listener with these
 * flags; false: there is no such page. */
bool front_web_find(const struct front_web *w, const char *path,
    unsigned listeners, struct reply *r);
