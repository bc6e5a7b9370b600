#pragma once

#include "client/file.h"
#include "crypto/age.h"

/*
 * Plain age files of any size, from a file or pipe to a file or pipe, with
 * bounded memory: `speakup seal` and `ftsu open`.
 */

#define STREAM_RECIPIENTS_MAX 64

/* "age1…" recipients, and files with one a line. */
enum exit_code recipients_read(const struct term *t, const char *const *text,
    size_t n_text, const char *const *file, size_t n_file,
    struct age_recipient *out, size_t cap, size_t *ret_n) MUST_CHECK;

struct stream {
	const struct term *term;
	const char *in;	 /* NULL or "-": standard input */
	const char *out; /* NULL or "-": standard output */
	bool over;	 /* an existing output is replaced */
};
/* Either recipients, or a passphrase (n_to = 0). */
enum exit_code stream_seal(const struct stream *s,
    const struct age_recipient *to, size_t n_to, struct bytes passphrase)
    MUST_CHECK;
enum exit_code stream_open(const struct stream *s, const struct age_keys *keys)
    MUST_CHECK;
