#include "client/ctl_poster.h"

#include <string.h>

#include "crypto/markup.h"
#include "crypto/utf8.h"

#define LEADING 124 /* per cent of the size, from line to line */
#define SHRINK 96   /* per cent, at a time */

/* Of a character, in hundredths of the size; not narrower than any common
 * sans-serif has it in bold. */
static int
glyph_width(uint32_t c)
{
	if (c >= 0x250)
		return 105;
	if (c >= 0x80)
		return 80;
	if (strchr(" .,:;'!|ijl", (int)c) != NULL)
		return 34;
	if (strchr("frtI()[]{}/\\-`\"*", (int)c) != NULL)
		return 45;
	if (strchr("mwMW@%", (int)c) != NULL)
		return 110;
	if (c >= 'A' && c <= 'Z')
		return 78;
	return 65;
}

static int
char_width(const struct text_style *s, uint32_t c)
{
	switch (s->face) {
	case FACE_MONO:
		return (c >= 0x250 ? 120 : 61) * s->size / 100;
	case FACE_BOLD:
		return glyph_width(c) * s->size / 100;
	case FACE_PLAIN:
		return glyph_width(c) * s->size / 108;
	}
	return s->size;
}

/* --- breaking --- */

struct broken {
	size_t n; /* may be more than there is room for */
	struct bytes line[TEXT_LINES_MAX];
};

/* How much of x fits a line: up to the last space that does, or, where a word
 * alone is too long, a part of it. */
static size_t
take_line(const struct text_style *s, int width, struct bytes x)
{
	struct bytes rest = x;
	size_t at, space = 0;
	uint32_t c;
	int w = 0;

	while (rest.n > 0) {
		at = x.n - rest.n;
		if (*rest.p == ' ')
			space = at;
		if (!utf8_next(&rest, &c))
			return x.n;
		w += char_width(s, c);
		if (w > width)
			return space > 0 ? space : (at > 0 ? at : 1);
	}
	return x.n;
}

static void
break_text(const struct text_style *s, int width, const char *text,
    struct broken *b)
{
	struct bytes x = bytes_str(text);
	size_t n;

	b->n = 0;
	while (x.n > 0) {
		n = take_line(s, width, x);
		if (b->n < TEXT_LINES_MAX)
			b->line[b->n] = BYTES(x.p, n);
		b->n++;
		x = BYTES(x.p + n, x.n - n);
		if (x.n > 0 && *x.p == ' ')
			x = BYTES(x.p + 1, x.n - 1);
	}
}

/* --- writing --- */

static int
put_line(struct buf *out, int x, int y, const struct text_style *s,
    struct bytes text)
{
	static const char *const classes[] = { "p", "b", "m" };

	buf_printf(out,
	    "<text class=\"%s\" x=\"%d\" y=\"%d\" font-size=\"%d\" "
	    "fill=\"%s\">",
	    classes[s->face], x, y, s->size, s->colour);
	markup_put(out, text);
	buf_put_str(out, "</text>\n");
	return y + s->size * LEADING / 100;
}

int
text_line(struct buf *out, int x, int y, const struct text_style *s,
    const char *text)
{
	return put_line(out, x, y, s, bytes_str(text));
}

int
text_fit(struct buf *out, int x, int y, int width, unsigned n,
    struct text_style s, const char *text)
{
	const int least = s.size / 3;
	struct broken b;

	break_text(&s, width, text, &b);
	while (b.n > n && s.size > least) {
		s.size = s.size * SHRINK / 100;
		break_text(&s, width, text, &b);
	}
	for (size_t i = 0; i < b.n && i < TEXT_LINES_MAX; i++)
		y = put_line(out, x, y, &s, b.line[i]);
	return y;
}
