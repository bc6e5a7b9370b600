#include "client/ctl_poster.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <qrencode.h>

#define LEFT 1500
#define WIDE (POSTER_WIDTH - 2 * LEFT)
#define BLUE "#005eb8"
#define DARK "#212b32"
#define GREY "#4c6272"
#define RED "#b3170f"

#define QR_SIDE 6000 /* with more white around it than scanners need */

static const char head[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"210mm\" "
    "height=\"297mm\" viewBox=\"0 0 21000 29700\">\n"
    "<style>\n"
    "text { font-family: Arial, 'Liberation Sans', Helvetica, sans-serif }\n"
    ".b, .m { font-weight: bold }\n"
    ".m { font-family: 'Liberation Mono', 'DejaVu Sans Mono', 'Courier New', "
    "monospace }\n"
    "</style>\n"
    "<rect width=\"21000\" height=\"29700\" fill=\"#fff\"/>\n";

static void
rect(struct buf *out, int x, int y, int w, int h, const char *colour)
{
	buf_printf(out,
	    "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" "
	    "fill=\"%s\"/>\n",
	    x, y, w, h, colour);
}

/* --- what it is for --- */

static void
draw_title(struct buf *out, const struct poster *p)
{
	const struct text_style title = { FACE_BOLD, "#fff", 1300 };
	const struct text_style second = { FACE_PLAIN, "#fff", 820 };
	const struct text_style org = { FACE_BOLD, "#fff", 520 };

	rect(out, 0, 0, POSTER_WIDTH, 6100, BLUE);
	text_line(out, LEFT, 2300, &title, "Something wrong at work?");
	text_line(out, LEFT, 3600, &second,
	    "Tell us, without saying who you are.");
	text_fit(out, LEFT, 4900, WIDE, 2, org, p->policy->org);
}

/* --- the address --- */

/* Dark modules, each run of a row as one rectangle. */
static void
put_modules(struct buf *out, const QRcode *qr)
{
	const unsigned char *m = qr->data;

	for (int y = 0; y < qr->width; y++) {
		for (int x = 0, n; x < qr->width; x += n) {
			const bool is_dark = (m[y * qr->width + x] & 1) != 0;

			for (n = 1; x + n < qr->width &&
			     ((m[y * qr->width + x + n] & 1) != 0) == is_dark;
			     n++)
				;
			if (is_dark)
				buf_printf(out, "M%d %dh%dv1h-%dz", x, y, n, n);
		}
	}
}

static enum err
draw_qr(struct buf *out, int x, int y, const char *text)
{
	QRcode *qr = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);

	if (qr == NULL)
		return ERR_LIMIT;
	buf_printf(out,
	    "<path transform=\"translate(%d %d) scale(%d)\" "
	    "shape-rendering=\"crispEdges\" fill=\"#000\" d=\"",
	    x, y, QR_SIDE / qr->width);
	put_modules(out, qr);
	buf_put_str(out, "\"/>\n");
	QRcode_free(qr);
	return ERR_OK;
}

static enum err
draw_address(struct buf *out, const struct poster *p)
{
	const struct text_style say = { FACE_PLAIN, DARK, 520 };
	const struct text_style address = { FACE_MONO, DARK, 680 };
	const struct text_style onion = { FACE_MONO, DARK, 450 };
	const int x = LEFT + QR_SIDE + 800;
	const int width = POSTER_WIDTH - LEFT - x;
	int y = 7500;

	y = text_line(out, x, y, &say, "Scan this with your own phone, or");
	y = text_line(out, x, y, &say, "go to this address:");
	y = text_fit(out, x, y + 350, width, strlen(p->server) < 45 ? 1 : 3,
	    address, p->server);
	y = text_fit(out, x, y + 500, width, 3, say,
	    p->onion == NULL ? "In Tor Browser, nobody on the way learns that "
			       "you came here."
			     : "In Tor Browser, nobody on the way learns that "
			       "you came here. It has an address of its own:");
	if (p->onion != NULL)
		text_fit(out, LEFT, 13700, WIDE, strlen(p->onion) < 80 ? 1 : 2,
		    onion, p->onion);
	return draw_qr(out, LEFT, 6950, p->server);
}

/* --- how to stay unknown --- */

static void
draw_warning(struct buf *out)
{
	const struct text_style strong = { FACE_BOLD, DARK, 720 };
	const struct text_style say = { FACE_PLAIN, DARK, 480 };
	int y = 15500;

	rect(out, LEFT, 14500, WIDE, 3000, "#fff9c4");
	rect(out, LEFT, 14500, 220, 3000, "#ffb81c");
	y = text_line(out, LEFT + 600, y, &strong,
	    "Not from a work phone or network");
	text_fit(out, LEFT + 600, y + 50, WIDE - 1000, 2, say,
	    "They can record where you go and what you type. Use a phone or "
	    "computer of your own, away from the wifi at work.");
}

/* --- is it the right page --- */

static void
draw_words(struct buf *out, int y, const char *words)
{
	const struct text_style number = { FACE_PLAIN, GREY, 320 };
	const struct text_style word = { FACE_MONO, DARK, 520 };
	const int column = WIDE / 4, row = 850;
	char text[RECEIPT_TEXT_MAX], digits[8];

	for (int i = 0; *words != '\0' && i < 12; i++) {
		const size_t n = strcspn(words, " ");
		const int x = LEFT + i % 4 * column;

		(void)snprintf(text, sizeof(text), "%.*s", (int)n, words);
		(void)snprintf(digits, sizeof(digits), "%d", i + 1);
		text_line(out, x, y + i / 4 * row, &number, digits);
		text_line(out, x + 500, y + i / 4 * row, &word, text);
		words += n + (words[n] == ' ');
	}
}

static void
draw_check(struct buf *out, const struct poster *p)
{
	const struct text_style strong = { FACE_BOLD, DARK, 640 };
	const struct text_style say = { FACE_PLAIN, DARK, 440 };
	const struct text_style small = { FACE_PLAIN, GREY, 360 };
	const struct text_style command = { FACE_MONO, GREY, 340 };
	char text[POSTER_URL_MAX + 64];
	int y = 18700;

	y = text_line(out, LEFT, y, &strong, "Is it the right page?");
	y = text_fit(out, LEFT, y, WIDE, 2, say,
	    "The page shows these twelve words. If it shows others, it is not "
	    "ours: close it.");
	draw_words(out, y + 350, p->words);
	y = text_line(out, LEFT, y + 2850, &small,
	    "Anybody can check that the page is the one that was signed:");
	(void)snprintf(text, sizeof(text),
	    "speakupctl web manifest --server %s", p->server);
	text_fit(out, LEFT, y, WIDE, 2, command, text);
}

/* --- in danger --- */

/* As many as there is room for, in the policy's order. */
static void
draw_crisis(struct buf *out, const struct poster *p)
{
	const struct text_style strong = { FACE_BOLD, RED, 560 };
	const struct text_style say = { FACE_PLAIN, DARK, 440 };
	const struct policy *policy = p->policy;
	char text[POLICY_NAME_MAX + POLICY_TEXT_MAX + 8];
	int y = 25900;

	if (policy->n_crisis == 0)
		return;
	rect(out, LEFT, 25050, WIDE, 30, RED);
	y = text_line(out, LEFT, y, &strong, "If somebody is in danger now");
	for (size_t i = 0; i < policy->n_crisis && y < 28000; i++) {
		(void)snprintf(text, sizeof(text), "%s: %s",
		    policy->crisis[i].name, policy->crisis[i].contact);
		y = text_fit(out, LEFT, y + 60, WIDE, 2, say, text);
	}
}

static void
draw_foot(struct buf *out, const struct poster *p)
{
	const struct text_style small = { FACE_PLAIN, GREY, 300 };
	char text[64];

	(void)snprintf(text, sizeof(text),
	    "Freedom to Speak Up. Policy %" PRIu32 ".", p->policy->serial);
	text_line(out, LEFT, POSTER_HEIGHT - 700, &small, text);
}

enum err
poster_put(const struct poster *p, struct buf *out)
{
	enum err e;

	buf_put_str(out, head);
	draw_title(out, p);
	e = draw_address(out, p);
	draw_warning(out);
	draw_check(out, p);
	draw_crisis(out, p);
	draw_foot(out, p);
	buf_put_str(out, "</svg>\n");
	return e == ERR_OK ? out->err : e;
}
