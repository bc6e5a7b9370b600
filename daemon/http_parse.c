#include "daemon/http_parse.h"

#include <string.h>

/*
 * A state per place in the grammar, a small function per state. Each takes
 * one byte and returns 0, or the status to refuse with. Text that decides
 * something (method, version, field names, values of our few fields) is kept
 * in p->text until it ends; a value that decides nothing only passes through.
 */
enum state {
	IN_METHOD = 0,
	IN_PATH,
	IN_VERSION,
	AFTER_VERSION, /* CR seen, LF must follow */
	AT_FIELD,
	IN_NAME,
	BEFORE_VALUE,
	IN_VALUE,
	IN_IGNORED,
	AFTER_VALUE,  /* CR seen, LF must follow */
	AFTER_FIELDS, /* CR seen, LF must follow */
	IS_DONE,
	IS_REFUSED,
};

enum field {
	FIELD_OTHER = 0,
	FIELD_HOST,
	FIELD_LENGTH,
	FIELD_CODING,
	FIELD_EXPECT,
	FIELD_CONNECTION,
};

static const char *const field_names[] = {
	[FIELD_OTHER] = "",
	[FIELD_HOST] = "host",
	[FIELD_LENGTH] = "content-length",
	[FIELD_CODING] = "transfer-encoding",
	[FIELD_EXPECT] = "expect",
	[FIELD_CONNECTION] = "connection",
};
#define N_FIELD_NAMES (sizeof(field_names) / sizeof(field_names[0]))

/* Character classes, one bit each. */
#define VALUE 0x01 /* RFC 9110 5.5: visible, SP, HTAB, 0x80 to 0xff */
#define TOKEN 0x02 /* RFC 9110 5.6.2 tchar */
#define PATH 0x04  /* RFC 3986 unreserved, and '/' */
#define NAME 0x08  /* what host names are written with */
#define DIGIT 0x10
#define HEX 0x20

#define V VALUE
#define T (VALUE | TOKEN)
#define S (VALUE | PATH)	 /* slash */
#define W (VALUE | TOKEN | PATH) /* wave */
#define N (VALUE | TOKEN | PATH | NAME)
#define D (VALUE | TOKEN | PATH | NAME | DIGIT | HEX)
#define H (VALUE | TOKEN | PATH | NAME | HEX)

/* clang-format off */
static const uint8_t class_of[256] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, V, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	/*   !  "  #  $  %  &  '  (  )  *  +  ,  -  .  / */
	V, T, V, T, T, T, T, T, V, V, T, T, V, N, N, S,
	/* 0 to 9              :  ;  <  =  >  ? */
	D, D, D, D, D, D, D, D, D, D, V, V, V, V, V, V,
	/* @  A to O */
	V, H, H, H, H, H, H, N, N, N, N, N, N, N, N, N,
	/* P to Z                       [  \  ]  ^  _ */
	N, N, N, N, N, N, N, N, N, N, N, V, V, V, T, N,
	/* `  a to o */
	T, H, H, H, H, H, H, N, N, N, N, N, N, N, N, N,
	/* p to z                       {  |  }  ~  DEL */
	N, N, N, N, N, N, N, N, N, N, N, V, T, V, W, 0,
	V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V,
	V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V,
	V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V,
	V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V,
	V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V,
	V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V,
	V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V,
	V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V,
};
/* clang-format on */
#undef V
#undef T
#undef S
#undef W
#undef N
#undef D
#undef H

static bool
is(uint8_t c, uint8_t class)
{
	return (class_of[c] & class) != 0;
}

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static uint8_t
lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

/* --- kept text --- */

static void
text_keep(struct http_parser *p, uint8_t c)
{
	if (p->n_text < sizeof(p->text))
		p->text[p->n_text] = c;
	p->n_text++;
}

static bool
text_is(const struct http_parser *p, const char *s)
{
	size_t n = strlen(s);

	return p->n_text == n && memcmp(p->text, s, n) == 0;
}

static void
text_trim(struct http_parser *p)
{
	while (p->n_text > 0 && is_blank(p->text[p->n_text - 1]))
		p->n_text--;
}

static bool
all(const uint8_t *s, size_t n, uint8_t class)
{
	for (size_t i = 0; i < n; i++)
		if (!is(s[i], class))
			return false;
	return n > 0;
}

/* --- request line --- */

static unsigned
take_method(struct http_parser *p)
{
	if (p->n_text == 0)
		return 400;
	if (text_is(p, "GET"))
		p->request.method = HTTP_GET;
	else if (text_is(p, "POST"))
		p->request.method = HTTP_POST;
	else
		return 501;
	p->n_text = 0;
	p->state = IN_PATH;
	return 0;
}

static unsigned
on_method(struct http_parser *p, uint8_t c)
{
	if (c == ' ')
		return take_method(p);
	if (!is(c, TOKEN))
		return 400;
	text_keep(p, c);
	return 0;
}

static unsigned
on_path(struct http_parser *p, uint8_t c)
{
	if (c == ' ' && p->n_text > 0) {
		p->n_text = 0;
		p->state = IN_VERSION;
		return 0;
	}
	if (!is(c, PATH) || (p->n_text == 0 && c != '/'))
		return 400;
	if (p->n_text == HTTP_PATH_MAX)
		return 414;
	p->request.path[p->n_text++] = (char)c;
	return 0;
}

/* RFC 9112 2.3: "HTTP/" DIGIT "." DIGIT, in this case only. */
static unsigned
take_version(struct http_parser *p)
{
	if (p->n_text != 8 || memcmp(p->text, "HTTP/", 5) != 0 ||
	    !is(p->text[5], DIGIT) || p->text[6] != '.' ||
	    !is(p->text[7], DIGIT))
		return 400;
	if (!text_is(p, "HTTP/1.1"))
		return 505;
	p->state = AFTER_VERSION;
	return 0;
}

static unsigned
on_version(struct http_parser *p, uint8_t c)
{
	if (c == '\r')
		return take_version(p);
	if (!is(c, PATH))
		return 400;
	text_keep(p, c);
	return 0;
}

/* --- field values --- */

static bool
is_port(const uint8_t *s, size_t n)
{
	unsigned port = 0;

	if (n > 5 || !all(s, n, DIGIT))
		return false;
	for (size_t i = 0; i < n; i++)
		port = port * 10 + (unsigned)(s[i] - '0');
	return port <= 65535;
}

/* "[" IPv6 address "]": how many bytes, or 0. Digits and colons are enough
 * here: nothing is looked up. */
static size_t
literal_length(const uint8_t *s, size_t n)
{
	size_t i = 1;

	if (n == 0 || s[0] != '[')
		return 0;
	while (i < n && (is(s[i], HEX) || s[i] == ':' || s[i] == '.'))
		i++;
	return i > 2 && i < n && s[i] == ']' ? i + 1 : 0;
}

/* RFC 9110 7.2, without the escapes and sub-delims that no host has. */
static unsigned
take_host(struct http_parser *p)
{
	const uint8_t *s = p->text;
	size_t n = p->n_text;
	size_t end = literal_length(s, n);

	if (end == 0)
		while (end < n && is(s[end], NAME))
			end++;
	if (end == 0)
		return 400;
	if (end == n)
		return 0;
	return s[end] == ':' && is_port(s + end + 1, n - end - 1) ? 0 : 400;
}

/* RFC 9110 8.6, one number only and in its shortest form. */
static unsigned
take_length(struct http_parser *p)
{
	uint64_t v = 0;

	if (!all(p->text, p->n_text, DIGIT) ||
	    (p->n_text > 1 && p->text[0] == '0'))
		return 400;
	for (unsigned i = 0; i < p->n_text; i++) {
		uint64_t digit = (uint64_t)(p->text[i] - '0');

		if (v > (UINT64_MAX - digit) / 10)
			return 413;
		v = v * 10 + digit;
	}
	p->request.content_length = v;
	return 0;
}

static unsigned
take_expect(struct http_parser *p)
{
	if (!text_is(p, "100-continue"))
		return 417;
	p->request.expects_continue = true;
	return 0;
}

/* One option of Connection; the list may have empty members (RFC 9110
 * 5.6.1). "keep-alive" is what 1.1 does anyway, so only "close" counts. */
static unsigned
take_option(struct http_parser *p, const uint8_t *s, size_t n)
{
	while (n > 0 && is_blank(s[0])) {
		s++;
		n--;
	}
	while (n > 0 && is_blank(s[n - 1]))
		n--;
	if (n > 0 && !all(s, n, TOKEN))
		return 400;
	if (n == 5 && memcmp(s, "close", 5) == 0)
		p->request.keep_alive = false;
	return 0;
}

static unsigned
take_connection(struct http_parser *p)
{
	unsigned start = 0;

	for (unsigned i = 0; i <= p->n_text; i++) {
		if (i < p->n_text && p->text[i] != ',')
			continue;
		if (take_option(p, p->text + start, i - start) != 0)
			return 400;
		start = i + 1;
	}
	return 0;
}

static unsigned
take_value(struct http_parser *p)
{
	p->state = AFTER_VALUE;
	text_trim(p);
	switch ((enum field)p->field) {
	case FIELD_HOST:
		return take_host(p);
	case FIELD_LENGTH:
		return take_length(p);
	case FIELD_EXPECT:
		return take_expect(p);
	case FIELD_CONNECTION:
		return take_connection(p);
	case FIELD_CODING: /* refused at its name */
	case FIELD_OTHER:
		break;
	}
	return 0;
}

static unsigned
on_value(struct http_parser *p, uint8_t c)
{
	if (c == '\r')
		return take_value(p);
	if (!is(c, VALUE))
		return 400;
	if (p->n_text == sizeof(p->text))
		return 431;
	text_keep(p, lower(c));
	return 0;
}

static unsigned
on_ignored(struct http_parser *p, uint8_t c)
{
	if (c == '\r')
		p->state = AFTER_VALUE;
	else if (!is(c, VALUE))
		return 400;
	return 0;
}

static unsigned
before_value(struct http_parser *p, uint8_t c)
{
	if (is_blank(c))
		return 0;
	if (p->field == FIELD_OTHER) {
		p->state = IN_IGNORED;
		return on_ignored(p, c);
	}
	p->state = IN_VALUE;
	return on_value(p, c);
}

/* --- field names --- */

static enum field
field_find(const struct http_parser *p)
{
	for (unsigned f = FIELD_HOST; f < N_FIELD_NAMES; f++)
		if (text_is(p, field_names[f]))
			return (enum field)f;
	return FIELD_OTHER;
}

static unsigned
take_name(struct http_parser *p)
{
	enum field f = field_find(p);
	unsigned bit = 1u << f;

	/* "Content_Length" is one of ours to some servers and not to others. */
	if (f != FIELD_OTHER && p->is_odd)
		return 400;
	if (f == FIELD_CODING)
		return 501;
	if (f != FIELD_OTHER && f != FIELD_CONNECTION && (p->seen & bit) != 0)
		return 400;
	p->seen |= bit;
	p->field = f;
	p->n_text = 0;
	p->state = BEFORE_VALUE;
	return 0;
}

static unsigned
on_name(struct http_parser *p, uint8_t c)
{
	if (c == ':')
		return take_name(p);
	if (!is(c, TOKEN))
		return 400;
	if (c == '_')
		p->is_odd = true;
	text_keep(p, c == '_' ? '-' : lower(c));
	return 0;
}

/* The first byte of a line: a name begins, or the head ends. A blank would
 * be a folded line (RFC 9112 5.2): refused like any other byte. */
static unsigned
at_field(struct http_parser *p, uint8_t c)
{
	if (c == '\r') {
		p->state = AFTER_FIELDS;
		return 0;
	}
	if (c == ':')
		return 400;
	if (p->n_fields == HTTP_FIELDS_MAX)
		return 431;
	p->n_fields++;
	p->n_text = 0;
	p->is_odd = false;
	p->state = IN_NAME;
	return on_name(p, c);
}

/* --- the whole --- */

static unsigned
take_head(struct http_parser *p)
{
	struct http_request *r = &p->request;

	if ((p->seen & 1u << FIELD_HOST) == 0)
		return 400;
	if (r->method == HTTP_POST && (p->seen & 1u << FIELD_LENGTH) == 0)
		return 411;
	if (r->method == HTTP_GET && r->content_length > 0)
		return 400;
	if (r->content_length == 0)
		r->expects_continue = false; /* RFC 9110 10.1.1 */
	memset(p->text, 0, sizeof(p->text));
	p->state = IS_DONE;
	return 0;
}

static unsigned
on_line_feed(struct http_parser *p, uint8_t c)
{
	if (c != '\n')
		return 400;
	if (p->state == AFTER_FIELDS)
		return take_head(p);
	p->state = AT_FIELD;
	return 0;
}

static unsigned
on_byte(struct http_parser *p, uint8_t c)
{
	if (p->n_head++ == HTTP_HEAD_MAX)
		return 431;
	switch ((enum state)p->state) {
	case IN_METHOD:
		return on_method(p, c);
	case IN_PATH:
		return on_path(p, c);
	case IN_VERSION:
		return on_version(p, c);
	case AT_FIELD:
		return at_field(p, c);
	case IN_NAME:
		return on_name(p, c);
	case BEFORE_VALUE:
		return before_value(p, c);
	case IN_VALUE:
		return on_value(p, c);
	case IN_IGNORED:
		return on_ignored(p, c);
	case AFTER_VERSION:
	case AFTER_VALUE:
	case AFTER_FIELDS:
		return on_line_feed(p, c);
	case IS_DONE:
	case IS_REFUSED:
		break;
	}
	return 400;
}

/* Most bytes of a request are values that nobody reads: passes over them
 * without the detour through the states. Changes nothing but speed. */
static size_t
skip_ignored(struct http_parser *p, const uint8_t *in, size_t n)
{
	size_t room = HTTP_HEAD_MAX - p->n_head;
	size_t i = 0;

	if (n > room)
		n = room;
	while (i < n && is(in[i], VALUE))
		i++;
	p->n_head += (unsigned)i;
	return i;
}

static void
refuse(struct http_parser *p, unsigned status)
{
	memset(p, 0, sizeof(*p));
	p->state = IS_REFUSED;
	p->status = status;
}

void
http_parser_init(struct http_parser *p)
{
	memset(p, 0, sizeof(*p));
	p->request.keep_alive = true;
}

enum http_result
http_parse(struct http_parser *p, const uint8_t *in, size_t n, size_t *ret_used)
{
	size_t i = 0;
	unsigned status;

	while (i < n && p->state < IS_DONE) {
		if (p->state == IN_IGNORED)
			i += skip_ignored(p, in + i, n - i);
		if (i == n)
			break;
		status = on_byte(p, in[i++]);
		if (status != 0)
			refuse(p, status);
	}
	*ret_used = i;
	if (p->state == IS_REFUSED)
		return HTTP_REFUSED;
	return p->state == IS_DONE ? HTTP_DONE : HTTP_MORE;
}
