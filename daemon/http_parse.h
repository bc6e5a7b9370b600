#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A strict HTTP/1.1 request parser: bytes in, a request or a refusal out.
 * RFC 9112 (messages) and RFC 9110 (semantics), less everything that no
 * endpoint of ours needs and that two parsers could read in two ways. No
 * allocation, no I/O, no library, one fixed-size struct per connection.
 *
 * How the input is cut into pieces makes no difference to any outcome.
 *
 * What a request says about its sender (User-Agent, Cookie, Referer,
 * X-Forwarded-For, and every other field that is not named below) is checked
 * for its grammar as it passes and is never stored, so that no later code can
 * log it or keep it.
 *
 * Accepted is exactly:
 *   GET or POST, one space, a path, one space, HTTP/1.1, CRLF
 *   up to HTTP_FIELDS_MAX fields "name:" OWS value OWS CRLF
 *   CRLF
 * with one Host, at most one Content-Length (POST must have it, GET must not
 * announce content), at most one Expect, any Connection, no
 * Transfer-Encoding. An empty line before a request is refused: RFC 9112 lets
 * servers skip one for clients that ended a body with a CRLF too many, but
 * bytes that belong to no request are where two readers of one stream begin
 * to disagree.
 */

#define HTTP_HEAD_MAX 8192 /* request line, fields and their line ends; 431 */
#define HTTP_FIELDS_MAX 64 /* 431 */
#define HTTP_PATH_MAX 64   /* 414 */
#define HTTP_TEXT_MAX 264  /* a value that is interpreted; 431 */

enum http_method { HTTP_GET, HTTP_POST };

/* All that a handler ever sees of a request's head. */
struct http_request {
	enum http_method method;
	/* '/' first, then only RFC 3986 unreserved characters and '/': no
	 * query, no escapes, so comparing bytes is comparing paths. */
	char path[HTTP_PATH_MAX + 1];
	uint64_t content_length; /* 0 for GET */
	bool expects_continue;	 /* wants 100 before it sends its content */
	bool keep_alive;	 /* false: close after the answer */
};

enum http_result {
	HTTP_MORE,    /* everything was consumed; the head goes on */
	HTTP_DONE,    /* the head is complete: `request` holds it; content of
		       * content_length bytes begins at in + *ret_used */
	HTTP_REFUSED, /* answer `status`, then close: what follows on this
		       * connection cannot be told apart from content */
};

struct http_parser {
	struct http_request request; /* complete with HTTP_DONE only; wiped by
				      * a refusal */
	unsigned status; /* with HTTP_REFUSED: 400, 411, 413, 414, 417, 431,
			  * 501 or 505 */

	/* Private from here on. */
	unsigned state;
	unsigned field;
	unsigned seen;
	bool is_odd;
	unsigned n_head;
	unsigned n_fields;
	unsigned n_text; /* may run past the array; what does not fit is not
			  * kept */
	uint8_t text[HTTP_TEXT_MAX];
};

/* Makes ready for the next request. */
void http_parser_init(struct http_parser *p);

/*
 * Consumes bytes up to the end of the head or to the byte that decides a
 * refusal, and says how many in *ret_used (always written). After HTTP_DONE
 * or HTTP_REFUSED it consumes nothing more and repeats its result until
 * http_parser_init. n = 0 is allowed.
 */
enum http_result http_parse(struct http_parser *p, const uint8_t *in, size_t n,
    size_t *ret_used);
