#pragma once

#include "crypto/bundle.h"
#include "crypto/lines.h"

/*
 * What requests and answers share; for bundle*.c alone. Lines are read in
 * order, and since blobs stand in the order of the lines that name them, each
 * blob is taken as soon as its length is read. Errors stick, in `lines`.
 */

extern const char *const bundle_chains[2]; /* by enum chain */
extern const char *const bundle_bands[4];
extern const char *const bundle_yes_no[2]; /* by bool */

struct bundle_in {
	struct lines lines;
	struct reader blobs;
	struct bytes kind;
	struct bytes preamble;
};

/* A reader whose lines fail where the body is no bundle at all. */
struct bundle_in bundle_open(struct bytes body);
/* ERR_OK when every line was read and nothing but zeros is left. */
enum err bundle_close(const struct bundle_in *in) MUST_CHECK;

void bundle_fail(struct bundle_in *in);
/* "NAME: LENGTH", 1 at least, and its blob. */
struct bytes bundle_get_blob(struct bundle_in *in, const char *name);
struct bytes bundle_take(struct bundle_in *in, uint64_t n);
/* "NAME: WORD", the index of WORD in names. */
unsigned bundle_get_one_of(struct bundle_in *in, const char *name,
    const char *const *names, size_t n);

/* Words of a value; bundle_word_end after the last of them. */
uint64_t bundle_word_number(struct bundle_in *in, struct bytes *value,
    uint64_t max);
void bundle_word_hex(struct bundle_in *in, struct bytes *value, uint8_t *out,
    size_t n);
unsigned bundle_word_one_of(struct bundle_in *in, struct bytes *value,
    const char *const *names, size_t n);
void bundle_word_end(struct bundle_in *in, struct bytes value);

/* A person's number, 1 at least. */
uint16_t bundle_word_person(struct bundle_in *in, struct bytes *value);
/* "NAME: yes" or "NAME: no". */
bool bundle_get_yes_no(struct bundle_in *in, const char *name);

/* Pieces that a payload of n bytes goes up in. */
uint64_t bundle_pieces(uint64_t n);

/* Lines go out as they are put, blobs after all of them. */
#define BUNDLE_BLOBS_MAX (3 * BUNDLE_HEADS_MAX)
struct bundle_out {
	struct buf *out;
	size_t start;
	struct bytes blob[BUNDLE_BLOBS_MAX];
	size_t n_blobs;
};

struct bundle_out bundle_begin(struct buf *out, const char *kind);
void bundle_keep(struct bundle_out *o, struct bytes blob);
void bundle_put_blob(struct bundle_out *o, const char *name, struct bytes blob);
/* Writes the blobs. */
void bundle_end(struct bundle_out *o);
/* Lines and blobs of one message's content; where there is no `to` line, none
 * at all. */
void bundle_get_content(struct bundle_in *in, struct bundle_content *c);
void bundle_put_content(struct bundle_out *o, const struct bundle_content *c);

/* `head` lines and their blobs. */
void bundle_get_heads(struct bundle_in *in, struct answer_heads *h);
void bundle_put_heads(struct bundle_out *o, const struct answer_heads *h);

/* Takes back what was put when err is one, and forwards it. */
enum err bundle_settle(struct bundle_out *o, enum err err) MUST_CHECK;

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
