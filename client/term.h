#pragma once

#include <stdio.h>

#include "client/exit.h"
#include "crypto/bytes.h"
#include "crypto/secret.h"

/*
 * Talking with a person. Whatever is printed goes through text_clean, so that
 * nothing from a message, a file name or a policy can steer a terminal.
 * With --json, standard output is kept for the JSON and sentences go to
 * standard error. Questions are asked on /dev/tty, since standard input may
 * carry a message.
 */

#define TERM_WIDTH 78
#define TERM_LINE_MAX 1024

struct term {
	const char *program;
	bool json;
	bool yes; /* --yes: questions that only confirm are not asked */
};

/*
 * Appends x with everything replaced by U+FFFD that a terminal could act on or
 * that reorders what is read: control characters but newline (a tab becomes
 * a space), direction marks and overrides, line and paragraph separators,
 * invisible tags, bytes that are not UTF-8.
 */
void text_clean(struct buf *out, struct bytes x);
/* The same, and broken into lines of at most TERM_WIDTH columns, each behind
 * `indent` spaces; ends with a newline. */
void text_wrap(struct buf *out, struct bytes x, unsigned indent);

/* A paragraph. */
void term_say(const struct term *t, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* A paragraph behind two spaces for each level. */
void term_item(const struct term *t, unsigned level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Text from outside, indented. */
void term_quote(const struct term *t, struct bytes x, unsigned level);
/* A complaint on standard error; returns code. */
enum exit_code term_fail(const struct term *t, enum exit_code code,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* A remark on standard error. */
void term_warn(const struct term *t, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* One line, without its newline; false when there is nobody to ask. */
bool term_ask(const struct term *t, const char *prompt, char *out, size_t cap);
/* True at --yes and at "y" or "yes"; false also when nobody can be asked. */
bool term_agree(const struct term *t, const char *question);
/* A line that is not shown. ERR_NOT_FOUND: nobody to ask; ERR_LIMIT. Caller
 * frees with secret_free. */
enum err term_secret(const struct term *t, const char *prompt,
    struct secret **ret) MUST_CHECK;
/* Asks twice until both are the same and not empty. */
enum err term_new_secret(const struct term *t, const char *prompt,
    struct secret **ret) MUST_CHECK;

/* A bar on standard error, where that is a terminal; nothing otherwise. */
struct progress {
	const char *label; /* NULL: nothing is shown */
	const char *unit;  /* "cases"; NULL: bytes, shown as KiB */
	uint64_t total, done;
	int64_t drawn; /* milliseconds */
};
void progress_start(struct progress *p, const char *label, uint64_t total);
void progress_start_of(struct progress *p, const char *label, uint64_t total,
    const char *unit);
void progress_add(struct progress *p, uint64_t n);
/* Takes the bar away for what is printed next; it comes back with the next
 * progress_add. */
void progress_hide(struct progress *p);
void progress_end(struct progress *p);
