#pragma once

#include "crypto/age.h"
#include "crypto/kem.h"
#include "crypto/x25519.h"

/*
 * Recipient stanzas of C2SP age.md, inside age only: their grammar, and for
 * each type how it wraps the file key.
 */

#define AGE_WRAPPED_LEN 32 /* file key and tag: the body of every native type */
#define AGE_SALT_LEN 16
#define AGE_ARGS_KEPT 3

enum age_stanza_kind {
	AGE_STANZA_OTHER,
	AGE_STANZA_X25519,
	AGE_STANZA_HYBRID,
	AGE_STANZA_SCRYPT,
};

/* Borrows from the header. The fields after `kind` are those of its type. */
struct age_stanza {
	struct bytes arg[AGE_ARGS_KEPT];
	size_t n_args; /* may be more than are kept */
	size_t full_lines;
	struct bytes last_line;

	enum age_stanza_kind kind;
	uint8_t wrapped[AGE_WRAPPED_LEN];
	uint8_t share[KEM_ENC_MAX]; /* X25519: 32 bytes; scrypt: the salt */
	unsigned work;
};

/* Reads one stanza; native types must have their arguments and sizes right,
 * whoever holds what identity. ERR_SYNTAX. */
enum err age_stanza_read(struct reader *r, struct age_stanza *ret) MUST_CHECK;
/* args: what follows "-> ", already joined by spaces. */
void age_stanza_put(struct buf *out, struct bytes args,
    const uint8_t wrapped[static AGE_WRAPPED_LEN]);

/* ChaCha20-Poly1305 with a zero nonce: every wrap key is used once. */
enum err age_file_key_wrap(const uint8_t key[static 32],
    const uint8_t file_key[static AGE_FILE_KEY_LEN],
    uint8_t wrapped[static AGE_WRAPPED_LEN]) MUST_CHECK;
/* ERR_NOT_FOUND when it is another key's. */
enum err age_file_key_unwrap(const uint8_t key[static 32],
    const uint8_t wrapped[static AGE_WRAPPED_LEN],
    uint8_t file_key[static AGE_FILE_KEY_LEN]) MUST_CHECK;

/*
 * The types. Wrapping appends a stanza. Unwrapping takes a stanza of its own
 * kind: ERR_NOT_FOUND when it is for somebody else, ERR_SYNTAX when its share
 * is of small order, ERR_UNSUPPORTED without ML-KEM.
 */
enum err age_x25519_wrap(const struct env *env,
    const uint8_t recipient[static X25519_LEN],
    const uint8_t file_key[static AGE_FILE_KEY_LEN], struct buf *out)
    MUST_CHECK;
enum err age_x25519_unwrap(const struct age_stanza *s,
    const uint8_t identity[static AGE_IDENTITY_LEN],
    uint8_t file_key[static AGE_FILE_KEY_LEN]) MUST_CHECK;
enum err age_hybrid_wrap(const struct env *env,
    const uint8_t recipient[static AGE_HYBRID_PUB_LEN],
    const uint8_t file_key[static AGE_FILE_KEY_LEN], struct buf *out)
    MUST_CHECK;
enum err age_hybrid_unwrap(const struct age_stanza *s,
    const uint8_t identity[static AGE_IDENTITY_LEN],
    uint8_t file_key[static AGE_FILE_KEY_LEN]) MUST_CHECK;
enum err age_scrypt_wrap(const struct env *env, struct bytes passphrase,
    unsigned work, const uint8_t file_key[static AGE_FILE_KEY_LEN],
    struct buf *out) MUST_CHECK;
enum err age_scrypt_unwrap(const struct age_stanza *s, struct bytes passphrase,
    uint8_t file_key[static AGE_FILE_KEY_LEN]) MUST_CHECK;
