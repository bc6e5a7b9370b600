#pragma once

#include "crypto/age.h"
#include "crypto/hash.h"
#include "crypto/link.h"
#include "crypto/note.h"
#include "crypto/receipt.h"

/*
 * The sealed body: the tar archive inside the age payload, its manifest and
 * its padding. docs/PROTOCOL.md, "Sealed body".
 */

#define SEALED_FLOOR (31 * 512)	  /* smallest archive */
#define SEALED_TO_MAX 16	  /* envelopes of one message */
#define SEALED_FILES_MAX 64	  /* message.txt and attachments */
#define SEALED_SEEN_MAX 2
#define SEALED_EXCLUDE_MAX 64
#define SEALED_ANSWERS_MAX 64
#define SEALED_NAME_MAX 96	  /* bytes of an attachment's file name */
#define SEALED_FILE_MAX (1ull << 30)
#define MANIFEST_MAX (32 * 1024)
#define SEALED_NOTE_MAX (MANIFEST_MAX + 512) /* the manifest, signed */

#define PERSON_REPORTER 0 /* every other person has a number of the policy */

enum message_kind {
	MESSAGE_CONCERN,  /* reporter, first of the conversation */
	MESSAGE_FOLLOWUP, /* reporter */
	MESSAGE_WITHDRAW, /* reporter; no content */
	MESSAGE_REPLY,	  /* staff, conversation */
	MESSAGE_ACK,	  /* staff, conversation; no content */
	MESSAGE_NOTE,	  /* staff, among the case's readers */
};
enum chain { CHAIN_TALK, CHAIN_STAFF };
const char *message_kind_name(enum message_kind k);
enum err message_kind_parse(struct bytes text, enum message_kind *ret)
    MUST_CHECK;
enum chain message_kind_chain(enum message_kind k);
bool message_kind_has_content(enum message_kind k);
bool message_kind_is_reporters(enum message_kind k);
const char *chain_name(enum chain c);

struct manifest_file {
	char name[SEALED_NAME_MAX + 16]; /* "message.txt", "attachments/NAME" */
	uint64_t size;
	uint8_t sha256[SHA256_LEN];
};
struct manifest_to {
	uint16_t person;
	uint8_t sha256[SHA256_LEN]; /* of the envelope */
};
struct manifest_answer {
	char field[32];
	char value[64]; /* an option's slug; nothing free */
};

struct manifest {
	enum message_kind kind;
	uint8_t case_id[CASE_ID_LEN];
	uint16_t author; /* PERSON_REPORTER or a person */
	uint32_t seq;
	uint8_t prev[LINK_LEN]; /* zero when seq = 0 */
	size_t n_seen;
	uint8_t seen[SEALED_SEEN_MAX][LINK_LEN];
	uint8_t policy[SHA256_LEN];
	uint16_t route;
	uint8_t band; /* starting band, 1 to 4 */
	size_t n_exclude;
	uint16_t exclude[SEALED_EXCLUDE_MAX];
	size_t n_answers;
	struct manifest_answer answer[SEALED_ANSWERS_MAX];
	char reply[AGE_RECIPIENT_TEXT_MAX]; /* concern only; else "" */
	uint8_t mailbox[SHA256_LEN];	    /* concern only; else zero */
	size_t n_files;
	struct manifest_file file[SEALED_FILES_MAX];
	size_t n_to;
	struct manifest_to to[SEALED_TO_MAX];
};
/* Big; allocate it. */
struct manifest *manifest_new(void);
struct manifest *manifest_free(struct manifest *m);
void manifest_put(const struct manifest *m, struct buf *out);
/* Every limit above holds afterwards; names are checked (no climbing, no
 * control characters, no repeats; message.txt first where there is one). */
enum err manifest_parse(struct bytes body, struct manifest *ret) MUST_CHECK;
/*
 * Adds a file after those there are. name: "message.txt" (first, if at all) or
 * "attachments/NAME"; ERR_SYNTAX when sealed_name_ok says no or it is there
 * already, ERR_LIMIT: too many or too large.
 */
enum err manifest_add_file(struct manifest *m, const char *name, uint64_t size,
    const uint8_t sha256[static SHA256_LEN]) MUST_CHECK;
/*
 * Whether an attachment may be called so (without "attachments/"): 1 to
 * SEALED_NAME_MAX bytes of UTF-8 that are safe to unpack on any system: no
 * control, direction or separator characters, none of / \ < > : " | ? *, no
 * dot, dash or space in front, no dot or space at the end, no Windows device
 * name (CON, NUL, COM1 and so on, with any extension).
 */
bool sealed_name_ok(struct bytes name);
/* The note key name that must have signed: "speakup/case/<hex id>" or
 * "speakup/person/<n>". */
void author_key_name(char out[static NOTE_NAME_MAX + 1],
    const uint8_t case_id[static CASE_ID_LEN], uint16_t person);

/* --- padding --- */

/* Padmé (PURBs, Nikitin et al. 2019, algorithm 1), then up to whole blocks. */
uint64_t sealed_pad_size(uint64_t n);
/* The archive's size for a manifest note of note_len bytes and these files,
 * after padding. */
uint64_t sealed_archive_size(size_t note_len, const struct manifest_file *file,
    size_t n);

/* --- writing --- */

/* Gives the next bytes of file `index`: fills out[0..n) with 1..n bytes, or
 * 0 at its end. */
typedef enum err sealed_source(void *ctx, size_t index, uint8_t *out, size_t n,
    size_t *ret_n);
/* A source over files in memory: ctx is a struct sealed_memory whose `file`
 * has them in the manifest's order and whose other fields are zero. */
struct sealed_memory {
	const struct bytes *file;
	size_t index;
	size_t at;
};
sealed_source sealed_memory_source;
/*
 * Streams the archive into an age payload writer: constant block, manifest
 * note, files in the manifest's order, end, padding. ERR_CORRUPT when a file's
 * bytes are not what the manifest says (it changed while it was read).
 */
enum err sealed_write(struct age_writer *w, struct bytes manifest_note,
    const struct manifest *m, sealed_source *source, void *ctx) MUST_CHECK;

/* --- reading --- */

enum sealed_result {
	SEALED_OK,
	SEALED_NOT_SEALED,   /* the first block is not ours: another kind of
				content, or two texts under one concern */
	SEALED_BAD_ARCHIVE,  /* tar grammar, members, order, sizes, trailing */
	SEALED_BAD_MANIFEST, /* manifest grammar */
	SEALED_BAD_FILE,     /* a file's size or hash */
	SEALED_FAILED,	     /* memory or a sink's error */
};
const char *sealed_result_text(enum sealed_result r);

/*
 * A strict push parser over the archive's bytes. The manifest is kept; files
 * go to the sink as they come, and count only once sealed_reader_finish has
 * said SEALED_OK. The signature on the manifest is the caller's to verify.
 */
struct sealed_reader;
typedef enum err sealed_file_sink(void *ctx, size_t index, struct bytes x);
enum err sealed_reader_new(sealed_file_sink *sink, void *ctx,
    struct sealed_reader **ret) MUST_CHECK;
enum sealed_result sealed_reader_put(struct sealed_reader *r, struct bytes x)
    MUST_CHECK;
enum sealed_result sealed_reader_finish(struct sealed_reader *r) MUST_CHECK;
/* NULL until it has been read; borrowed until sealed_reader_free. */
const struct manifest *sealed_reader_manifest(const struct sealed_reader *r);
struct bytes sealed_reader_note(const struct sealed_reader *r);
enum err sealed_reader_error(const struct sealed_reader *r);
struct sealed_reader *sealed_reader_free(struct sealed_reader *r);
