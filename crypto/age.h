#pragma once

#include "crypto/env.h"
#include "crypto/secret.h"

/*
 * age v1 files (C2SP age.md): X25519, scrypt and mlkem768x25519 stanzas.
 * A header may carry any number of stanzas; Speakup's envelopes are headers
 * with exactly one, several of them over one payload, so that
 * `envelope || payload` is an ordinary age file.
 */

#define AGE_FILE_KEY_LEN 16
#define AGE_IDENTITY_LEN 32
#define AGE_CHUNK 65536 /* plaintext bytes in a full chunk */
#define AGE_HEADER_MAX (64 * 1024)
#define AGE_HYBRID_PUB_LEN 1216 /* ML-KEM-768 1184 || X25519 32 */
#define AGE_SCRYPT_WORK 18	/* log2 N when we write */
#define AGE_SCRYPT_WORK_MAX 20	/* above it a file is refused, unread */
#define AGE_RECIPIENT_TEXT_MAX 2048
#define AGE_IDENTITY_TEXT_MAX 96

enum age_kind { AGE_X25519, AGE_HYBRID };

struct age_recipient {
	enum age_kind kind;
	uint8_t key[AGE_HYBRID_PUB_LEN]; /* X25519: the first 32 */
};

struct age_identity {
	enum age_kind kind;
	uint8_t secret[AGE_IDENTITY_LEN]; /* X25519 scalar, hybrid seed */
};

/* What opening can come to. */
enum age_result {
	AGE_OK,
	AGE_NO_MATCH,	 /* no identity opens it */
	AGE_HEADER_BAD,	 /* not age's grammar, or a stanza that is malformed */
	AGE_HMAC_BAD,	 /* header altered */
	AGE_PAYLOAD_BAD, /* payload altered, cut or reordered */
	AGE_ARMOR_BAD,
	AGE_UNSUPPORTED, /* only a hybrid identity could open it, and this
			    build's OpenSSL (< 3.5) has no ML-KEM */
	AGE_FAILED,	 /* memory, a sink's error, or libcrypto */
};
const char *age_result_text(enum age_result r);

/* Whether this build's OpenSSL has ML-KEM-768 (>= 3.5), asked at run time. */
bool age_hybrid_available(void);

/* "age1…" or "age1pq1…" (Bech32, any-case rules of the document). */
enum err age_recipient_parse(struct bytes text, struct age_recipient *ret)
    MUST_CHECK;
enum err age_recipient_put(struct buf *out, const struct age_recipient *r)
    MUST_CHECK;
/* "AGE-SECRET-KEY-1…" or "AGE-SECRET-KEY-PQ-1…". */
enum err age_identity_parse(struct bytes text, struct age_identity *ret)
    MUST_CHECK;
enum err age_identity_put(struct buf *out, const struct age_identity *id)
    MUST_CHECK;
enum err age_identity_new(const struct env *env, enum age_kind kind,
    struct age_identity *ret) MUST_CHECK;
/* Hybrid: ERR_UNSUPPORTED without ML-KEM. */
enum err age_identity_recipient(const struct age_identity *id,
    struct age_recipient *ret) MUST_CHECK;
/* An identity file: one identity a line, '#' comments, empty lines.
 * ERR_SYNTAX, ERR_LIMIT when there are more than max. */
enum err age_identities_parse(struct bytes file, struct age_identity *out,
    size_t max, size_t *ret_n) MUST_CHECK;

/* --- headers --- */

/* Appends a header with a stanza for each recipient. ERR_DENIED when classic
 * and hybrid recipients are mixed, ERR_UNSUPPORTED for hybrid without
 * ML-KEM. */
enum err age_header_seal(const struct env *env,
    const uint8_t file_key[static AGE_FILE_KEY_LEN],
    const struct age_recipient *to, size_t n, struct buf *out) MUST_CHECK;
enum err age_header_seal_passphrase(const struct env *env,
    const uint8_t file_key[static AGE_FILE_KEY_LEN], struct bytes passphrase,
    unsigned work_factor, struct buf *out) MUST_CHECK;
/* Syntax only, no key needed: the length of the header that x begins with.
 * A stanza of a native type must have its arguments and sizes right here as
 * everywhere, whoever holds which identity.
 * ret_kind_ok, where not NULL: every stanza is one that Speakup's recipients
 * use, with the right sizes, and all are of one kind. */
enum err age_header_length(struct bytes x, size_t *ret_len, bool *ret_kind_ok)
    MUST_CHECK;
enum age_result age_header_open(struct bytes header,
    const struct age_identity *ids, size_t n,
    uint8_t file_key[static AGE_FILE_KEY_LEN]) MUST_CHECK;
enum age_result age_header_open_passphrase(struct bytes header,
    struct bytes passphrase, uint8_t file_key[static AGE_FILE_KEY_LEN])
    MUST_CHECK;

/* --- payload, streaming, bounded memory --- */

/* Receives output in order; an error stops the stream and is forwarded. */
typedef enum err age_sink(void *ctx, struct bytes x);

/* Size of the payload (nonce, chunks, tags) for n plaintext bytes. */
uint64_t age_payload_size(uint64_t n);

struct age_writer;
enum err age_writer_new(const struct env *env,
    const uint8_t file_key[static AGE_FILE_KEY_LEN], age_sink *sink, void *ctx,
    struct age_writer **ret) MUST_CHECK;
enum err age_writer_put(struct age_writer *w, struct bytes x) MUST_CHECK;
enum err age_writer_finish(struct age_writer *w) MUST_CHECK;
struct age_writer *age_writer_free(struct age_writer *w);

/*
 * Reads a whole age file (armored or not) pushed in pieces of any size. The
 * sink gets only authenticated plaintext, a chunk at a time; what a file's
 * damaged end had before it is released, as the document's vectors ask, so a
 * caller that needs all or nothing keeps it back until AGE_OK.
 */
struct age_reader;
struct age_keys {
	const struct age_identity *ids;
	size_t n_ids;
	struct bytes passphrase; /* n = 0: none */
	/* not NULL: the payload's key is known, only a payload follows */
	const uint8_t *file_key;
};
/* keys are borrowed until age_reader_free. */
enum err age_reader_new(const struct age_keys *keys, age_sink *sink, void *ctx,
    struct age_reader **ret) MUST_CHECK;
/* AGE_OK: go on. Anything else is final and repeated. */
enum age_result age_reader_put(struct age_reader *r, struct bytes x) MUST_CHECK;
enum age_result age_reader_finish(struct age_reader *r) MUST_CHECK;
/* The sink's or libcrypto's error behind AGE_FAILED. */
enum err age_reader_error(const struct age_reader *r);
struct age_reader *age_reader_free(struct age_reader *r);

/* Whole small files, in memory. */
enum err age_seal(const struct env *env, const struct age_recipient *to,
    size_t n, struct bytes plain, struct buf *out) MUST_CHECK;
enum age_result age_open(const struct age_keys *keys, struct bytes file,
    struct buf *out) MUST_CHECK;
