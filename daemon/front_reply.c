#include "daemon/front_reply.h"

#include <string.h>

#include "crypto/bundle.h"
#include "daemon/http_answer.h"

#define ERROR_BODY_MAX 512

/* What answers end in; pads[PAD_ZEROS] stays as the system gave it, and costs
 * no memory. */
static uint8_t zeros[REPLY_PAD_MAX];
static uint8_t spaces[BUNDLE_TEXT_LEN];
static uint8_t returns[BUNDLE_TEXT_LEN];

void
reply_init(void)
{
	memset(spaces, ' ', sizeof(spaces));
	spaces[sizeof(spaces) - 1] = '\n';
	memset(returns, '\r', sizeof(returns));
	returns[sizeof(returns) - 1] = '\n';
}

/* The last n bytes of one kind of padding. */
static struct bytes
padding(enum padding p, size_t n)
{
	switch (p) {
	case PAD_ZEROS:
		return BYTES(zeros, n <= sizeof(zeros) ? n : 0);
	case PAD_SPACES:
		return n <= sizeof(spaces)
		    ? BYTES(spaces + sizeof(spaces) - n, n)
		    : BYTES(NULL, 0);
	case PAD_RETURNS:
		return n <= sizeof(returns)
		    ? BYTES(returns + sizeof(returns) - n, n)
		    : BYTES(NULL, 0);
	}
	return BYTES(NULL, 0);
}

static size_t
head_length(const struct reply *r)
{
	return r->is_for_browsers ? HTTP_PAGE_HEAD_LEN : HTTP_ANSWER_HEAD_LEN;
}

static enum err
put_head(struct evbuffer *out, const struct reply *r, size_t length)
{
	const struct http_answer a = { .status = r->status,
		.type = r->type,
		.content_length = length,
		.closes = r->closes,
		.fields = r->fields };
	const size_t n = head_length(r);
	char head[HTTP_PAGE_HEAD_LEN + 1];

	if (!http_answer_head(&a, head, n))
		return ERR_LIMIT;
	return evbuffer_add(out, head, n) == 0 ? ERR_OK : ERR_NOMEM;
}

/* libevent also says that it went well where memory ended in the midst. */
static enum err
put_page(struct evbuffer *out, struct evbuffer *page)
{
	size_t n = evbuffer_get_length(out) + evbuffer_get_length(page);

	return evbuffer_add_buffer_reference(out, page) == 0 &&
		evbuffer_get_length(out) == n
	    ? ERR_OK
	    : ERR_NOMEM;
}

static enum err
put_body(struct evbuffer *out, struct bytes body, struct bytes pad)
{
	if ((body.n > 0 && evbuffer_add(out, body.p, body.n) != 0) ||
	    (pad.n > 0 &&
		evbuffer_add_reference(out, pad.p, pad.n, NULL, NULL) != 0))
		return ERR_NOMEM;
	return ERR_OK;
}

enum err
reply_put(struct evbuffer *out, const struct reply *r)
{
	size_t own = r->page == NULL ? r->body.n : evbuffer_get_length(r->page);
	size_t length = r->length == 0 ? own : r->length;
	struct bytes pad;
	enum err e;

	if (own > length)
		return ERR_LIMIT;
	pad = padding(r->padding, length - own);
	if (pad.n != length - own)
		return ERR_LIMIT;
	if (evbuffer_expand(out, head_length(r) + r->body.n) != 0)
		return ERR_NOMEM;
	if ((e = put_head(out, r, length)) != ERR_OK)
		return e;
	return r->page != NULL ? put_page(out, r->page)
			       : put_body(out, r->body, pad);
}

size_t
reply_error_length(const struct endpoint *at)
{
	return at == NULL ? BUNDLE_SMALL_LEN : at->error;
}

enum err
reply_put_error(struct evbuffer *out, const struct endpoint *at,
    const struct error_text *e, bool closes)
{
	const bool is_text = at != NULL && at->is_text;
	struct buf body = BUF_INIT(ERROR_BODY_MAX);
	struct reply r = { .status = e->status,
		.closes = closes,
		.length = reply_error_length(at),
		.type =
		    is_text ? "text/plain; charset=utf-8" : "application/json",
		.padding = is_text ? PAD_RETURNS : PAD_SPACES };
	enum err err;

	if (is_text)
		buf_printf(&body, "%s\n", e->text);
	else
		error_put_json(&body, e);
	if (e->status == 405)
		r.fields = at != NULL && at->method == HTTP_GET
		    ? "Allow: GET\r\n"
		    : "Allow: POST\r\n";
	r.body = buf_bytes(&body);
	err = body.err != ERR_OK ? body.err : reply_put(out, &r);
	buf_free(&body);
	return err;
}
