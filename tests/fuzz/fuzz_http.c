#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "daemon/http_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(x) ((x) ? (void)0 : abort())

struct outcome {
	enum http_result result;
	unsigned status;
	size_t used;
	struct http_request request;
};

/* Parses in pieces of 1 to `most` bytes; most = 0: in one. */
static struct outcome
parse(const uint8_t *p, size_t n, size_t most)
{
	struct http_parser parser;
	struct outcome o = { 0 };
	size_t used, piece;

	http_parser_init(&parser);
	for (size_t turn = 0; o.result == HTTP_MORE && o.used < n; turn++) {
		piece = most == 0 ? n : turn % most + 1;
		if (piece > n - o.used)
			piece = n - o.used;
		o.result = http_parse(&parser, p + o.used, piece, &used);
		MUST(used <= piece);
		MUST(o.result != HTTP_MORE || used == piece);
		o.used += used;
	}
	o.status = parser.status;
	o.request = parser.request;
	return o;
}

static void
must_be_same(const struct outcome *a, const struct outcome *b)
{
	MUST(a->result == b->result);
	MUST(a->status == b->status);
	MUST(a->used == b->used);
	if (a->result != HTTP_DONE)
		return;
	MUST(a->request.method == b->request.method);
	MUST(strcmp(a->request.path, b->request.path) == 0);
	MUST(a->request.content_length == b->request.content_length);
	MUST(a->request.expects_continue == b->request.expects_continue);
	MUST(a->request.keep_alive == b->request.keep_alive);
}

/* Fields called `name`, in any case, in a head whose lines all end in CRLF. */
static unsigned
count_fields(const uint8_t *p, size_t n, const char *name)
{
	size_t len = strlen(name);
	unsigned count = 0;

	for (size_t i = 0; i + 1 + len < n; i++)
		if (p[i] == '\n' && p[i + 1 + len] == ':' &&
		    strncasecmp((const char *)p + i + 1, name, len) == 0)
			count++;
	return count;
}

/* What every other reader of the same bytes would have to agree on. */
static void
must_be_unambiguous(const uint8_t *p, size_t n, const struct http_request *r)
{
	MUST(n <= HTTP_HEAD_MAX);
	MUST(memmem(p, n, "\r\n\r\n", 4) == p + n - 4);
	for (size_t i = 0; i < n; i++) {
		MUST(p[i] >= ' ' || p[i] == '\t' || p[i] == '\r' ||
		    p[i] == '\n');
		MUST((p[i] == '\r') == (i + 1 < n && p[i + 1] == '\n'));
		MUST(p[i] != '\n' || i + 1 == n ||
		    (p[i + 1] != ' ' && p[i + 1] != '\t'));
	}
	MUST(count_fields(p, n, "Transfer-Encoding") == 0);
	MUST(count_fields(p, n, "Host") == 1);
	MUST(count_fields(p, n, "Content-Length") <= 1);
	MUST(r->method == HTTP_GET ||
	    count_fields(p, n, "Content-Length") == 1);
	MUST(r->path[0] == '/' && strpbrk(r->path, "?%#\\") == NULL);
}

/* The request, written plainly, is the same request. */
static void
must_survive_writing(const struct outcome *o)
{
	const struct http_request *r = &o->request;
	struct outcome again;
	char head[400];
	int n;

	n = snprintf(head, sizeof(head),
	    "%s %s HTTP/1.1\r\nHost: a\r\nContent-Length: %llu\r\n%s%s\r\n",
	    r->method == HTTP_GET ? "GET" : "POST", r->path,
	    (unsigned long long)r->content_length,
	    r->keep_alive ? "" : "Connection: close\r\n",
	    r->expects_continue ? "Expect: 100-continue\r\n" : "");
	MUST(n > 0 && (size_t)n < sizeof(head));
	again = parse((const uint8_t *)head, (size_t)n, 0);
	MUST(again.used == (size_t)n);
	again.used = o->used;
	must_be_same(o, &again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct outcome whole = parse(data, size, 0);

	for (size_t most = 1; most <= 5; most += 2) {
		struct outcome pieces = parse(data, size, most);

		must_be_same(&whole, &pieces);
	}
	if (whole.result != HTTP_DONE)
		return 0;
	must_be_unambiguous(data, whole.used, &whole.request);
	must_survive_writing(&whole);
	return 0;
}
