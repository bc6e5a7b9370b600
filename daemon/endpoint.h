#pragma once

#include "daemon/handover.h"
#include "daemon/http_parse.h"
#include "daemon/wire.h"

/* The pages of the service, docs/PROTOCOL.md, "HTTP". */

enum page {
	PAGE_NONE,   /* the vault answers */
	PAGE_POLICY, /* answered from memory */
	PAGE_PLAIN,
	PAGE_WEB, /* for browsers: front_web.h */
};

/* How an answer is made as long as the others of its kind. */
enum padding {
	PAD_ZEROS,   /* bundles */
	PAD_SPACES,  /* JSON */
	PAD_RETURNS, /* text for a terminal, where they cannot be seen */
};

struct endpoint {
	const char *path;
	bool is_folder; /* and everything behind it */
	enum http_method method;
	unsigned listeners; /* enum listener_flag: where it is answered */
	enum page page;
	enum wire_type wire;
	bool is_piece; /* draws on the share of attachments */
	bool is_text;  /* for people with curl: text, also for errors */
	size_t body_min, body_max; /* lengths of a body: these two, or also
				    * all between where it is text */
	size_t answer;		   /* length of an answer that went well */
	size_t error;		   /* length of one that did not */
};

enum endpoint_result { ENDPOINT_FOUND, ENDPOINT_UNKNOWN, ENDPOINT_METHOD };

/* listeners: the flags of the listener that the request came through. With
 * ENDPOINT_METHOD, ret is what the path has for the other method. */
enum endpoint_result endpoint_find(const struct http_request *r,
    unsigned listeners, const struct endpoint **ret);
/* Whether a body of this length is one that the endpoint takes. */
bool endpoint_takes(const struct endpoint *e, uint64_t length);

struct endpoint_body {
	size_t length;	   /* without its padding */
	size_t answer;	   /* how long its answer is to be */
	bool is_filing;	   /* work may be asked for before it */
	struct bytes work; /* that it brings, in the body; empty: none */
	uint8_t purpose[WORK_PURPOSE_LEN]; /* of that work */
};
/* Holds a complete body to the endpoint's grammar: of its kind, of that kind's
 * length. ERR_SYNTAX. */
enum err endpoint_check(const struct endpoint *e, struct bytes body,
    struct endpoint_body *ret) MUST_CHECK;
/* Whether such a body's answer may be held for BUNDLE_WATCH_SECONDS. */
bool endpoint_is_held(const struct endpoint *e, struct bytes body);
