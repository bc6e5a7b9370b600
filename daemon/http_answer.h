#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Heads of HTTP/1.1 answers (RFC 9112 section 4). Every answer carries the
 * same fields in the same order; there is no Date, Server, ETag,
 * Last-Modified or Set-Cookie, so an answer says nothing about when, by what
 * build, or to whom it was given.
 */

/* All of them are this long, X-Padding sees to it: the length of what passes
 * over the network does not tell an answer from an error. */
#define HTTP_ANSWER_HEAD_LEN 256
/* And those of the pages for browsers, with all that they tell a browser. */
#define HTTP_PAGE_HEAD_LEN 1792

struct http_answer {
	unsigned status;  /* one of http_reason's */
	const char *type; /* Content-Type; NULL: none is sent */
	uint64_t content_length;
	bool closes; /* says Connection: close; the caller then closes */
	/* More fields, each ended by CRLF, or NULL: a page's security fields,
	 * Allow with 405. A constant of the program, never from outside. */
	const char *fields;
};

/* The interim answer to Expect: 100-continue, complete (RFC 9110 15.2.1). */
#define HTTP_CONTINUE "HTTP/1.1 100 Continue\r\n\r\n"

/* The reason phrase of a status that we answer with, or NULL. */
const char *http_reason(unsigned status);

/*
 * Writes the head with its empty line, `length` bytes in all (one of the two
 * above), and a NUL. False when the status is none
 * of ours or the head does not fit: both are faults of the caller, not of the
 * request.
 */
bool http_answer_head(const struct http_answer *a, char *out, size_t length);
