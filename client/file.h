#pragma once

#include "client/term.h"
#include "crypto/bytes.h"
#include "crypto/secret.h"

/*
 * Files that the person named. Failures are said here; EXIT_DONE or the code
 * to end with comes back. "-" is standard input or output.
 */

/* The whole file, appended; `out` bounds it. */
enum exit_code file_read(const struct term *t, const char *path,
    struct buf *out) MUST_CHECK;
enum file_mode {
	FILE_PUBLIC = 0644,
	FILE_PRIVATE = 0600,
};
/*
 * A file that is written beside its place, synced and moved there when it is
 * whole, so that there is all of it or nothing; or standard output for "-".
 * An existing file is left alone unless `over`.
 */
struct output {
	const struct term *term;
	const char *path; /* borrowed */
	char *beside;	  /* NULL: standard output */
	int fd;
	bool over;
};
enum exit_code output_open(const struct term *t, const char *path,
    enum file_mode mode, bool over, struct output *ret) MUST_CHECK;
enum err output_put(struct output *o, struct bytes x) MUST_CHECK;
enum exit_code output_commit(struct output *o) MUST_CHECK;
/* Removes what was not committed. May be called always. */
void output_close(struct output *o);

/* All of x by the same way. */
enum exit_code file_write(const struct term *t, const char *path,
    struct bytes x, enum file_mode mode, bool over) MUST_CHECK;
/* The names in the directory where `path` is are on the disk. */
enum exit_code file_sync_place(const struct term *t, const char *path)
    MUST_CHECK;
/* Makes a directory of mode 0700 where there is none; its parent exists. */
enum exit_code file_directory(const struct term *t, const char *path)
    MUST_CHECK;

/* A line, taken a byte at a time: the next reader of this descriptor gets what
 * follows it. ERR_IO at the end, ERR_LIMIT. Caller frees with secret_free. */
enum err secret_line(int fd, struct secret **ret) MUST_CHECK;

/* Where passphrases come from: the terminal, or lines of a descriptor. */
struct passphrase {
	const struct term *term;
	const char *fd; /* --passphrase-fd; NULL: ask */
};
enum exit_code passphrase_get(const struct passphrase *p, const char *prompt,
    struct secret **ret) MUST_CHECK;
enum exit_code passphrase_get_new(const struct passphrase *p,
    const char *prompt, struct secret **ret) MUST_CHECK;

/*
 * Small files of keys, either plain text or encrypted with a passphrase as
 * `age -p` does (armored or not); asks for the passphrase where there is one.
 */
#define KEY_FILE_MAX (64 * 1024)
enum exit_code key_file_read(const struct passphrase *p, const char *path,
    struct secret **ret) MUST_CHECK;
/* work: log2 of scrypt's N; 0: no passphrase, plain text. Never writes over
 * anything. */
enum exit_code key_file_write(const struct passphrase *p, const char *path,
    struct bytes text, unsigned work) MUST_CHECK;

/* "What was tried: why it failed", for errors of this machine. */
enum exit_code fail_err(const struct term *t, enum err err, const char *what);
