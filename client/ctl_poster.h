#pragma once

#include "crypto/receipt.h"
#include "policy/policy.h"

/*
 * The poster: one page of A4 as SVG. Lengths are hundredths of a millimetre.
 * Texts are set in fonts whose metrics are not known here, so their widths are
 * estimated from above: nothing is clipped, whatever names a policy has.
 */

#define POSTER_WIDTH 21000
#define POSTER_HEIGHT 29700
#define POSTER_URL_MAX 200
#define POSTER_MAX (512 * 1024) /* bytes of SVG */

struct poster {
	const struct policy *policy;
	const char *server;
	const char *onion;	      /* NULL: none */
	char words[RECEIPT_TEXT_MAX]; /* the fingerprint */
};

/* ERR_LIMIT: the address does not fit a QR code. */
enum err poster_put(const struct poster *p, struct buf *out) MUST_CHECK;

/* --- ctl_poster_text.c --- */

#define TEXT_LINES_MAX 16

enum text_face { FACE_PLAIN, FACE_BOLD, FACE_MONO };
struct text_style {
	enum text_face face;
	const char *colour;
	int size;
};

/* x, y: where the first line's letters stand. Returns where the next line
 * would stand. */
int text_line(struct buf *out, int x, int y, const struct text_style *s,
    const char *text);
/*
 * Breaks the text into lines of at most that width, and makes it smaller (down
 * to a third) until there are at most n of them.
 */
int text_fit(struct buf *out, int x, int y, int width, unsigned n,
    struct text_style s, const char *text);
