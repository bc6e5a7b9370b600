#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crypto/bundle.h"
#include "daemon/error_table.h"
#include "daemon/front_conn.h"
#include "daemon/front_reply.h"
#include "daemon/http_answer.h"
#include "daemon/wire_conn.h"
#include "policy/public_page.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/*
 * HTTP through a socket pair: a real front's connection without TLS, and at
 * the other end of its wire a vault that gives one answer to all. The input's
 * first byte says how what follows is split, the second what the vault does;
 * the rest is what the visitor sends.
 *
 * Held: as many answers as http_parse and the table of endpoints say, each of
 * the one size that its path has; every byte of them is one that the program
 * has by itself, so none of the visitor's comes back; and in the end nothing
 * is charged to anybody.
 */

#define MUST(x) ((x) ? (void)0 : abort())
#define INPUT_LEN_MAX (600 * 1024)
#define ANSWERS_MAX 64 /* what follows is not sent */
#define ALL_LISTENERS (LISTENER_PUBLIC | LISTENER_STAFF)
#define VAULT_SILENT 14 /* until the visitor has gone */
#define VAULT_ENDS 15	/* with the first request, and so does the front */
#define VAULT_MODES 16

/* Of "/" and of a script. */
static const char web_page[] = "page page page page page page page ";
static const uint8_t vault_body[40] = "0123456789012345678901234567890123456";

struct run {
	struct front *f;
	struct wire_conn *vault; /* NULL: ended */
	unsigned mode;
	int fd;		/* the visitor's end */
	struct buf out; /* what came back */
};

/* --- what must come --- */

struct expected {
	size_t length[ANSWERS_MAX];
	bool is_web[ANSWERS_MAX]; /* has the longer head */
	size_t n;
	bool is_over; /* the connection ends behind the last */
};

/* docs/PROTOCOL.md, "Errors", and not the program's own table. */
static size_t
error_size(const struct endpoint *at)
{
	return at == NULL || at->method == HTTP_GET || at->is_piece ? 1024
								    : 49152;
}

static bool
expect(struct expected *x, size_t length, bool ends)
{
	x->length[x->n++] = length;
	x->is_over = ends;
	return !ends && x->n < ANSWERS_MAX;
}

/* One request with its body; false: nothing more is answered. */
static bool
expect_body(struct expected *x, const struct run *r,
    const struct http_request *q, const struct endpoint *at, struct bytes body)
{
	struct endpoint_body b;

	if (endpoint_check(at, body, &b) != ERR_OK)
		return expect(x, error_size(at), !q->keep_alive);
	if (r->mode == VAULT_SILENT)
		return false;
	return expect(x, r->mode == ANSWER_OK ? b.answer : error_size(at),
	    !q->keep_alive || r->mode == VAULT_ENDS);
}

/* A page for browsers: what run_open has put there. */
static bool
expect_web(struct expected *x, const struct http_request *q)
{
	if (strcmp(q->path, "/") != 0 &&
	    strcmp(q->path, "/web/reporter.js") != 0)
		return expect(x, 1024, true);
	x->is_web[x->n] = true;
	return expect(x, strlen(web_page), !q->keep_alive);
}

/* Takes a request off `in`. */
static bool
expect_one(struct expected *x, const struct run *r, struct bytes *in)
{
	const struct endpoint *at = NULL;
	struct http_parser parser;
	enum endpoint_result found;
	const struct http_request *q = &parser.request;
	struct bytes body;
	size_t used = 0;

	http_parser_init(&parser);
	switch (http_parse(&parser, in->p, in->n, &used)) {
	case HTTP_MORE:
		return false;
	case HTTP_REFUSED:
		return expect(x, error_size(NULL), true);
	case HTTP_DONE:
		break;
	}
	*in = BYTES(in->p + used, in->n - used);
	found = endpoint_find(q, ALL_LISTENERS, &at);
	if (found != ENDPOINT_FOUND)
		return expect(x, error_size(at), true);
	if (at->page == PAGE_WEB)
		return expect_web(x, q);
	if (at->page != PAGE_NONE)
		return expect(x, BUNDLE_TEXT_LEN, !q->keep_alive);
	if (!endpoint_takes(at, q->content_length))
		return expect(x, error_size(at), true);
	if (q->content_length > in->n)
		return false;
	body = BYTES(in->p, (size_t)q->content_length);
	*in = BYTES(in->p + body.n, in->n - body.n);
	return expect_body(x, r, q, at, body);
}

/* --- what came --- */

static bool
takes(struct bytes *x, const char *s)
{
	size_t n = strlen(s);

	if (x->n < n || memcmp(x->p, s, n) != 0)
		return false;
	*x = BYTES(x->p + n, x->n - n);
	return true;
}

static uint64_t
take_number(struct bytes *x)
{
	uint64_t v = 0;

	for (; x->n > 0 && *x->p >= '0' && *x->p <= '9'; x->p++, x->n--)
		v = 10 * v + (uint64_t)(*x->p - '0');
	return v;
}

/* One constant, which the black-box test of the front reads. */
static void
skip_web_fields(struct bytes *head)
{
	static const char last[] = "xr-spatial-tracking=()\r\n";
	const uint8_t *at;

	(void)takes(head, "Content-Encoding: gzip\r\n");
	MUST(takes(head, "Content-Security-Policy: default-src 'none'; "));
	at = memmem(head->p, head->n, last, strlen(last));
	MUST(at != NULL);
	at += strlen(last);
	*head = BYTES(at, head->n - (size_t)(at - head->p));
}

/* Every byte of the head is one of ours; returns the length of the body. */
static size_t
check_head(struct bytes head, bool is_web, unsigned *ret_status,
    bool *ret_closes)
{
	size_t length;

	MUST(takes(&head, "HTTP/1.1 "));
	*ret_status = (unsigned)take_number(&head);
	MUST(http_reason(*ret_status) != NULL);
	MUST(takes(&head, " ") && takes(&head, http_reason(*ret_status)) &&
	    takes(&head, "\r\nContent-Type: "));
	MUST(takes(&head, "application/json") ||
	    takes(&head, "application/octet-stream") ||
	    takes(&head, "text/plain; charset=utf-8") ||
	    takes(&head, "text/html; charset=utf-8") ||
	    takes(&head, "text/javascript; charset=utf-8"));
	MUST(takes(&head, "\r\nContent-Length: "));
	length = (size_t)take_number(&head);
	MUST(takes(&head,
	    "\r\nCache-Control: no-store\r\n"
	    "X-Content-Type-Options: nosniff\r\n"));
	*ret_closes = takes(&head, "Connection: close\r\n");
	if (*ret_status == 405)
		MUST(takes(&head, "Allow: GET\r\n") ||
		    takes(&head, "Allow: POST\r\n"));
	if (is_web)
		skip_web_fields(&head);
	MUST(takes(&head, "X-Padding: "));
	while (takes(&head, "0"))
		;
	MUST(takes(&head, "\r\n\r\n") && head.n == 0);
	return length;
}

static bool
is_text_of(struct bytes *body, const struct error_text *e)
{
	struct buf json = BUF_INIT(1024);
	bool same;

	buf_printf(&json, "{\"error\": \"%s\", \"text\": \"%s\"}\n", e->code,
	    e->text);
	buf_put_u8(&json, 0);
	MUST(json.err == ERR_OK);
	same = e->status != 200 &&
	    (takes(body, (const char *)json.p) ||
		(takes(body, e->text) && takes(body, "\n")));
	buf_free(&json);
	return same;
}

/* Text that an error of this status has, and padding. */
static void
check_error(struct bytes body, unsigned status)
{
	bool known = is_text_of(&body, error_of_status(status)) ||
	    (status == error_no_answer.status &&
		is_text_of(&body, &error_no_answer));

	for (int a = ANSWER_OK + 1; a < ANSWERS && !known; a++)
		known = error_of_answer((enum answer)a)->status == status &&
		    is_text_of(&body, error_of_answer((enum answer)a));
	MUST(known);
	for (size_t i = 0; i + 1 < body.n; i++)
		MUST(body.p[i] == ' ' || body.p[i] == '\r');
	MUST(body.n == 0 || body.p[body.n - 1] == '\n');
}

/* What the vault said, or a page, and padding. */
static void
check_good(struct bytes body)
{
	(void)(takes(&body, (const char *)vault_body) ||
	    takes(&body, "stored\n"));
	while (takes(&body, "page "))
		;
	for (size_t i = 0; i + 1 < body.n; i++)
		MUST(body.p[i] == 0 || body.p[i] == '\r' || body.p[i] == '.');
}

static void
check_answers(const struct expected *x, struct bytes out)
{
	unsigned status = 0;
	bool closes = false;
	struct bytes body;
	size_t head;

	for (size_t i = 0; i < x->n; i++) {
		while (takes(&out, HTTP_CONTINUE))
			;
		head = x->is_web[i] ? HTTP_PAGE_HEAD_LEN : HTTP_ANSWER_HEAD_LEN;
		MUST(out.n >= head + x->length[i]);
		MUST(check_head(BYTES(out.p, head), x->is_web[i], &status,
			 &closes) == x->length[i]);
		MUST(closes == (x->is_over && i + 1 == x->n));
		body = BYTES(out.p + head, x->length[i]);
		if (status == 200)
			check_good(body);
		else
			check_error(body, status);
		out = BYTES(body.p + body.n, out.n - head - body.n);
	}
	while (takes(&out, HTTP_CONTINUE))
		;
	MUST(out.n == 0);
}

/* --- the vault's side --- */

static bool
vault_serve(struct run *r, bool may_be_silent)
{
	struct wire_frame frame;
	bool any = false;

	if (r->vault == NULL || (may_be_silent && r->mode == VAULT_SILENT))
		return false;
	MUST(wire_conn_fill(r->vault) == WIRE_FINE);
	while (wire_conn_next(r->vault, &frame)) {
		any = true;
		if (r->mode == VAULT_ENDS) {
			r->vault = wire_conn_free(r->vault);
			return true;
		}
		MUST(wire_conn_send(r->vault, WIRE_ANSWER,
			 (uint16_t)(r->mode % VAULT_SILENT), frame.head.id,
			 r->mode == ANSWER_OK && frame.head.type != WIRE_PLAIN
			     ? BYTES(vault_body, sizeof(vault_body) - 1)
			     : BYTES(NULL, 0)) == ERR_OK);
	}
	MUST(wire_conn_flush(r->vault) == WIRE_FINE);
	return any;
}

/* --- the visitor's side --- */

static bool
visitor_read(struct run *r)
{
	static uint8_t part[64 * 1024];
	ssize_t n = recv(r->fd, part, sizeof(part), MSG_DONTWAIT);

	if (n <= 0)
		return false;
	buf_put(&r->out, part, (size_t)n);
	MUST(r->out.err == ERR_OK);
	return true;
}

/* Until nothing moves any more. */
static void
settle(struct run *r)
{
	for (int still = 0; still < 3; still++) {
		MUST(event_base_loop(r->f->base, EVLOOP_NONBLOCK) >= 0);
		if (vault_serve(r, true))
			still = 0;
		if (r->fd >= 0 && visitor_read(r))
			still = 0;
	}
}

static void
visitor_send(struct run *r, struct bytes in, uint8_t split)
{
	size_t most = split == 0 ? in.n : (size_t)split * split, k;
	ssize_t n;

	for (unsigned turn = 0; in.n > 0; turn++) {
		k = 1 + (most == 0 ? 0 : turn * 7919 % most);
		n = send(r->fd, in.p, split == 0 || k > in.n ? in.n : k,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN)
			return;
		if (n > 0)
			in = BYTES(in.p + n, in.n - (size_t)n);
		settle(r);
		if (n < 0) /* it does not read: it has ended, or waits */
			return;
	}
}

/* --- the front --- */

static void
on_resume(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd, (void)what, (void)ctx;
	abort(); /* with this budget nobody has to wait */
}

static struct evbuffer *
page_new(void)
{
	struct evbuffer *page = evbuffer_new();

	MUST(page != NULL);
	while (evbuffer_get_length(page) + 5 <= BUNDLE_TEXT_LEN)
		MUST(evbuffer_add(page, "page ", 5) == 0);
	while (evbuffer_get_length(page) < BUNDLE_TEXT_LEN)
		MUST(evbuffer_add(page, ".", 1) == 0);
	return page;
}

static void
put_web(struct front *f)
{
	struct web_page index = { .name = BYTES_LIT(WEB_INDEX),
		.content = BYTES_LIT("page " PUBLIC_PAGE_MARK "page ") };
	struct web_page script = { .name = BYTES_LIT("reporter.js"),
		.content = BYTES_LIT(web_page),
		.is_gzip = true };
	struct buf body = BUF_INIT(4096);

	web_page_put(&body, &index);
	web_page_put(&body, &script);
	MUST(front_web_take(&f->web, buf_bytes(&body)) == ERR_OK);
	MUST(front_web_say(&f->web, BYTES_LIT("page page page page page "),
		 BYTES_LIT("policy")) == ERR_OK);
	buf_free(&body);
}

static void
run_open(struct run *r)
{
	struct front *f = calloc(1, sizeof(*f));
	int wire[2], visitor[2];

	MUST(f != NULL && (f->base = event_base_new()) != NULL);
	TAILQ_INIT(&f->conns);
	TAILQ_INIT(&f->early);
	TAILQ_INIT(&f->early_pressed);
	tickets_init(f);
	reply_init();
	f->config = (struct front_config){ .connections = 4,
		.rate = 1024,
		.handshake = 60,
		.header = 60,
		.body = 60,
		.answer = 60,
		.idle = 60,
		.drain = 60 };
	budget_init(&f->text, 1 << 20);
	budget_init(&f->pieces, 1 << 20);
	f->resume = event_new(f->base, -1, 0, on_resume, f);
	f->page_policy = page_new();
	f->page_plain = page_new();
	put_web(f);
	MUST(f->resume != NULL && front_work_open(f) == ERR_OK);
	MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, wire) == 0 &&
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, visitor) == 0);
	MUST(front_open_vault(f, wire[0]) == ERR_OK);
	MUST(wire_conn_new(wire[1], PEER_VAULT, PEER_FRONT, &r->vault) ==
	    ERR_OK);
	MUST(conn_new(f, visitor[0], ALL_LISTENERS, false) == ERR_OK);
	r->fd = visitor[1];
	r->f = f;
}

/* The visitor goes; whatever was under way is answered to nobody. */
static void
run_leave(struct run *r)
{
	close(r->fd);
	r->fd = -1;
	settle(r);
	if (r->mode == VAULT_SILENT)
		conn_free_all(r->f);
	(void)vault_serve(r, false);
	settle(r);
	MUST(r->f->n_conns == 0 && TAILQ_EMPTY(&r->f->conns));
	MUST(r->f->text.used == 0 && r->f->pieces.used == 0);
	MUST(r->f->text.favoured == NULL && r->f->pieces.favoured == NULL);
	for (size_t i = 0; i < WIRE_CREDITS; i++)
		MUST(!r->f->tickets[i].is_used);
}

static void
run_close(struct run *r)
{
	struct front *f = r->f;

	f->vault = channel_free(f->vault);
	wire_conn_free(r->vault);
	evbuffer_free(f->page_policy);
	evbuffer_free(f->page_plain);
	front_web_free(&f->web);
	event_free(f->resume);
	event_free(f->check);
	event_base_free(f->base);
	free(f);
	buf_free(&r->out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct run r = { .out = BUF_INIT(64 * 1024 * 1024) };
	struct expected x = { 0 };
	struct bytes in, left;

	if (n < 2 || n > INPUT_LEN_MAX)
		return 0;
	r.mode = p[1] % VAULT_MODES;
	in = left = BYTES(p + 2, n - 2);
	while (expect_one(&x, &r, &left))
		;
	if (x.n == ANSWERS_MAX)
		in.n -= left.n;
	run_open(&r);
	visitor_send(&r, in, p[0]);
	run_leave(&r);
	check_answers(&x, buf_bytes(&r.out));
	run_close(&r);
	return 0;
}
