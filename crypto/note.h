#pragma once

#include "crypto/sign.h"

/*
 * C2SP signed-note: a text, an empty line, and lines
 * "— NAME BASE64(key id (4) || Ed25519 signature (64))".
 * Key id = first 4 bytes of SHA-256(NAME || "\n" || 0x01 || public key).
 * The only signature format in Speakup; the first line of the text is a
 * namespace from crypto/label.h, and is part of what a caller asks for.
 */

#define NOTE_NAME_MAX 128
#define NOTE_MAX (1024 * 1024)
#define NOTE_SIGS_MAX 32
#define NOTE_KEYS_MAX 64 /* that one note is verified with */

struct note_key {
	char name[NOTE_NAME_MAX + 1]; /* no spaces, no '+', not empty */
	uint8_t pub[SIGN_PUB_LEN];
};

/* The C2SP verifier key "NAME+HEXID+BASE64(0x01 || public key)". */
enum err note_vkey_parse(struct bytes text, struct note_key *ret) MUST_CHECK;
void note_vkey_put(struct buf *out, const struct note_key *key);
/* name is checked; pub is copied. */
enum err note_key_init(struct note_key *key, const char *name,
    const uint8_t pub[static SIGN_PUB_LEN]) MUST_CHECK;

/* Parsed and not yet verified; all fields borrow from the parsed bytes. */
struct note {
	struct bytes text; /* with its final newline; what is signed */
	struct bytes body; /* text after the namespace line */
	struct {
		struct bytes name;
		uint8_t key_id[4];
		uint8_t sig[SIGN_LEN];
		bool is_ed25519; /* by length; others are never counted */
	} sigs[NOTE_SIGS_MAX];
	size_t n_sigs;
};

/* ERR_SYNTAX also when the first line is not `space`. */
enum err note_parse(struct bytes x, const char *space, struct note *ret)
    MUST_CHECK;

/*
 * ERR_OK when at least `quorum` distinct keys of `keys` signed. A signature by
 * a listed key that does not verify is ERR_BAD_SIG; signatures by keys that
 * are not listed are passed over, as the C2SP document asks. The same public
 * key under two names counts once; a quorum of 0 means 1. ERR_LIMIT: more than
 * NOTE_KEYS_MAX keys.
 */
enum err note_verify(const struct note *note, const struct note_key *keys,
    size_t n_keys, unsigned quorum) MUST_CHECK;

/* Writes namespace line, body (ends in "\n"), empty line and one signature.
 * ERR_SYNTAX: not UTF-8, or with control characters; ERR_BAD_SIG: the seed is
 * not that of key->pub. */
enum err note_sign(const char *space, struct bytes body,
    const struct note_key *key, const uint8_t seed[static SIGN_SEED_LEN],
    struct buf *out) MUST_CHECK;
/* Appends a signature to a complete note in `out` (k of n). ERR_EXISTS when
 * this key has signed already. */
enum err note_add_signature(struct buf *note, const struct note_key *key,
    const uint8_t seed[static SIGN_SEED_LEN]) MUST_CHECK;
