#include "daemon/endpoint.h"

#include <string.h>

#include "crypto/bundle.h"

#define PLAIN_ANSWER_MAX 80 /* 64 hex, a space, a number, a newline */

static const struct endpoint endpoints[] = {
	{ .path = "/v1/policy",
	    .method = HTTP_GET,
	    .page = PAGE_POLICY,
	    .listeners = LISTENER_PUBLIC | LISTENER_STAFF,
	    .error = BUNDLE_SMALL_LEN },
	{ .path = "/v1/text",
	    .method = HTTP_POST,
	    .wire = WIRE_TEXT,
	    .listeners = LISTENER_PUBLIC,
	    .body_min = BUNDLE_TEXT_LEN,
	    .body_max = BUNDLE_TEXT_LEN,
	    .answer = BUNDLE_TEXT_LEN,
	    .error = BUNDLE_TEXT_LEN },
	{ .path = "/v1/piece",
	    .method = HTTP_POST,
	    .wire = WIRE_PIECE,
	    .listeners = LISTENER_PUBLIC | LISTENER_STAFF,
	    .is_piece = true,
	    .body_min = BUNDLE_SMALL_LEN,
	    .body_max = BUNDLE_PIECE_LEN,
	    .answer = BUNDLE_SMALL_LEN,
	    .error = BUNDLE_SMALL_LEN },
	{ .path = "/v1/staff",
	    .method = HTTP_POST,
	    .wire = WIRE_STAFF,
	    .listeners = LISTENER_STAFF,
	    .body_min = BUNDLE_TEXT_LEN,
	    .body_max = BUNDLE_TEXT_LEN,
	    .answer = BUNDLE_TEXT_LEN,
	    .error = BUNDLE_TEXT_LEN },
	{ .path = "/v1/plain",
	    .method = HTTP_GET,
	    .page = PAGE_PLAIN,
	    .listeners = LISTENER_PUBLIC,
	    .is_text = true,
	    .error = BUNDLE_SMALL_LEN },
	{ .path = "/v1/plain",
	    .method = HTTP_POST,
	    .wire = WIRE_PLAIN,
	    .listeners = LISTENER_PUBLIC,
	    .is_text = true,
	    .body_min = 1,
	    .body_max = BUNDLE_MESSAGE_MAX,
	    .answer = BUNDLE_TEXT_LEN,
	    .error = BUNDLE_TEXT_LEN },
	{ .path = "/v1/plain/answer",
	    .method = HTTP_POST,
	    .wire = WIRE_PLAIN_ANSWER,
	    .listeners = LISTENER_PUBLIC,
	    .is_text = true,
	    .body_min = 2 * SHA256_LEN,
	    .body_max = PLAIN_ANSWER_MAX,
	    .answer = BUNDLE_TEXT_LEN,
	    .error = BUNDLE_TEXT_LEN },
	{ .path = "/",
	    .method = HTTP_GET,
	    .page = PAGE_WEB,
	    .listeners = LISTENER_PUBLIC,
	    .error = BUNDLE_SMALL_LEN },
	{ .path = "/staff",
	    .method = HTTP_GET,
	    .page = PAGE_WEB,
	    .listeners = LISTENER_STAFF,
	    .error = BUNDLE_SMALL_LEN },
	{ .path = "/web/",
	    .is_folder = true,
	    .method = HTTP_GET,
	    .page = PAGE_WEB,
	    .listeners = LISTENER_PUBLIC | LISTENER_STAFF,
	    .error = BUNDLE_SMALL_LEN },
};
#define ENDPOINTS (sizeof(endpoints) / sizeof(endpoints[0]))

static bool
fits(const struct endpoint *e, const char *path)
{
	return e->is_folder ? strncmp(path, e->path, strlen(e->path)) == 0
			    : strcmp(path, e->path) == 0;
}

enum endpoint_result
endpoint_find(const struct http_request *r, unsigned listeners,
    const struct endpoint **ret)
{
	enum endpoint_result result = ENDPOINT_UNKNOWN;

	for (size_t i = 0; i < ENDPOINTS; i++) {
		if ((endpoints[i].listeners & listeners) == 0 ||
		    !fits(&endpoints[i], r->path))
			continue;
		*ret = &endpoints[i];
		if (endpoints[i].method == r->method)
			return ENDPOINT_FOUND;
		result = ENDPOINT_METHOD;
	}
	return result;
}

bool
endpoint_takes(const struct endpoint *e, uint64_t length)
{
	if (e->is_text)
		return length >= e->body_min && length <= e->body_max;
	return length == e->body_min || length == e->body_max;
}

static enum bundle_path
path_of(enum wire_type wire)
{
	return wire == WIRE_TEXT ? BUNDLE_PATH_TEXT
	    : wire == WIRE_PIECE ? BUNDLE_PATH_PIECE
				 : BUNDLE_PATH_STAFF;
}

enum err
endpoint_check(const struct endpoint *e, struct bytes body,
    struct endpoint_body *ret)
{
	struct endpoint_body b = { .length = body.n,
		.answer = e->answer,
		.is_filing = e->wire == WIRE_PLAIN };
	struct bundle_request r;
	enum err err;

	if (e->is_text) {
		*ret = b;
		return ERR_OK;
	}
	err = bundle_request_parse(body, &r);
	if (err == ERR_OK &&
	    (request_path(r.kind) != path_of(e->wire) ||
		request_length(r.kind) != body.n))
		err = ERR_SYNTAX;
	if (err == ERR_OK) {
		b.length = r.length;
		b.is_filing = request_needs_work(r.kind);
		b.work = r.work;
		if (r.kind == REQUEST_GET)
			b.answer = BUNDLE_PIECE_LEN;
		if (request_takes_work(r.kind))
			request_purpose(&r, b.purpose);
		*ret = b;
	}
	bytes_wipe(&r, sizeof(r)); /* tokens and sessions are in it */
	return err;
}

bool
endpoint_is_held(const struct endpoint *e, struct bytes body)
{
	static const char first[] = "speakup: v1 watch\n";
	const size_t n = sizeof(first) - 1;

	return e->wire == WIRE_STAFF && body.n >= n &&
	    memcmp(body.p, first, n) == 0;
}
