#pragma once

#include "crypto/age.h"
#include "crypto/hash.h"
#include "crypto/kind.h"
#include "crypto/link.h"
#include "crypto/note.h"
#include "crypto/receipt.h"

/*
 * The manifest of a sealed body: the body of a note (NOTE_MANIFEST) that the
 * message's author signs. docs/PROTOCOL.md, "Sealed body".
 *
 *	kind      a kind that has, or may have, content (crypto/kind.h)
 *	case      32 hex
 *	chain     talk or staff, as the kind has it
 *	author    "reporter" or a person's number; fits the kind
 *	seq       from 0; 0 is the concern, or the first note
 *	prev      64 hex, zeros at seq 0 and only there
 *	seen      0+, 64 hex: none in a concern, at most 1 from the reporter
 *	policy    64 hex
 *	route     decimal
 *	band      P1 to P4
 *	exclude   0+, person, strictly ascending
 *	answer    0+, FIELD=VALUE, both [a-z0-9-]+
 *	reply     concern only: an age recipient
 *	mailbox   concern only: 64 hex
 *	file      0+, SIZE SHA256 NAME (the name last: it may have spaces)
 *	to        1+, PERSON SHA256, PERSON as for author, each once and none
 *		  of the excluded; in the order of the envelopes
 */

#define SEALED_TO_MAX 16    /* envelopes of one message */
#define SEALED_FILES_MAX 64 /* message.txt and attachments */
#define SEALED_SEEN_MAX 2
#define SEALED_EXCLUDE_MAX 64
#define SEALED_ANSWERS_MAX 64
#define SEALED_NAME_MAX 96 /* bytes of an attachment's file name */
#define SEALED_FILE_MAX (1ull << 30)
#define MANIFEST_MAX (32 * 1024)
#define SEALED_NOTE_MAX (MANIFEST_MAX + 512) /* the manifest, signed */

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
 * "attachments/NAME"; ERR_SYNTAX when manifest_name_ok says no or it is there
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
bool manifest_name_ok(struct bytes name);
/* The note key name that must have signed: "speakup/case/<hex id>" or
 * "speakup/person/<n>". */
void author_key_name(char out[static NOTE_NAME_MAX + 1],
    const uint8_t case_id[static CASE_ID_LEN], uint16_t person);
/* That key, for a public key that the author is said to have. ERR_BAD_SIG when
 * the author is the reporter and the case id is not made of pub. */
enum err author_key_init(struct note_key *key,
    const uint8_t case_id[static CASE_ID_LEN], uint16_t person,
    const uint8_t pub[static SIGN_PUB_LEN]) MUST_CHECK;
/* Signs a body as that author, and asks whether they did: the case id counts
 * for the reporter only. ERR_BAD_SIG. */
enum err author_sign(const char *space, struct bytes body,
    const uint8_t case_id[static CASE_ID_LEN], uint16_t person,
    const uint8_t seed[static SIGN_SEED_LEN], struct buf *out) MUST_CHECK;
enum err author_verify(struct bytes note, const char *space,
    const uint8_t case_id[static CASE_ID_LEN], uint16_t person,
    const uint8_t pub[static SIGN_PUB_LEN]) MUST_CHECK;
