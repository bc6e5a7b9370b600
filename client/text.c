#include "client/term.h"

#include "crypto/utf8.h"

#define REPLACEMENT "\xef\xbf\xbd"

static bool
in_range(uint32_t c, uint32_t from, uint32_t to)
{
	return c >= from && c <= to;
}

/* Moves the cursor, changes direction, or cannot be seen. */
static bool
is_unsafe(uint32_t c)
{
	return (c < 0x20 && c != '\n') || in_range(c, 0x7f, 0x9f) ||
	    c == 0xad || c == 0x061c || in_range(c, 0x200b, 0x200f) ||
	    in_range(c, 0x2028, 0x202e) || in_range(c, 0x2060, 0x206f) ||
	    c == 0xfeff || in_range(c, 0xfff0, 0xfffb) ||
	    in_range(c, 0xe0000, 0xe0fff);
}

/* Takes one character off x and appends what may be shown of it. */
static uint32_t
clean_one(struct buf *out, struct bytes *x)
{
	struct bytes before = *x;
	uint32_t c;

	if (!utf8_next(x, &c)) {
		*x = BYTES(before.p + 1, before.n - 1);
		buf_put_str(out, REPLACEMENT);
		return 0xfffd;
	}
	if (c == '\t') {
		buf_put_str(out, " ");
		return ' ';
	}
	if (is_unsafe(c))
		buf_put_str(out, REPLACEMENT);
	else
		buf_put(out, before.p, before.n - x->n);
	return c;
}

void
text_clean(struct buf *out, struct bytes x)
{
	while (x.n > 0)
		(void)clean_one(out, &x);
}

struct wrap {
	struct buf *out;
	unsigned indent;
	unsigned column; /* of the current line; 0: nothing there yet */
	size_t pending;	 /* spaces before the word */
};

static void
wrap_newline(struct wrap *w)
{
	buf_put_str(w->out, "\n");
	w->column = 0;
	w->pending = 0;
}

static void
wrap_word(struct wrap *w, struct bytes word, unsigned columns)
{
	if (w->column > 0 &&
	    w->column + w->pending + columns > TERM_WIDTH - w->indent)
		wrap_newline(w);
	if (w->column == 0)
		for (unsigned i = 0; i < w->indent; i++)
			buf_put_str(w->out, " ");
	for (size_t i = 0; i < w->pending; i++)
		buf_put_str(w->out, " ");
	buf_put_bytes(w->out, word);
	w->column += (unsigned)w->pending + columns;
	w->pending = 0;
}

void
text_wrap(struct buf *out, struct bytes x, unsigned indent)
{
	struct buf word CLEAN_BUF = BUF_INIT(out->max);
	struct wrap w = { .out = out, .indent = indent };
	unsigned columns = 0;

	while (x.n > 0 && word.err == ERR_OK) {
		size_t before = word.n;
		uint32_t c = clean_one(&word, &x);

		if (c != ' ' && c != '\n') {
			columns++;
			continue;
		}
		word.n = before;
		if (columns > 0)
			wrap_word(&w, buf_bytes(&word), columns);
		buf_reset(&word);
		columns = 0;
		if (c == '\n')
			wrap_newline(&w);
		else
			w.pending++;
	}
	if (columns > 0)
		wrap_word(&w, buf_bytes(&word), columns);
	if (w.column > 0)
		wrap_newline(&w);
}
