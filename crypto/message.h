#pragma once

#include "crypto/sealed.h"

/*
 * A whole message: the manifest is filled and signed, everything is archived
 * and sealed, one envelope for each reader; and the way back. Used by every
 * client; nothing here talks to the network or the disk.
 */

/* --- sealing --- */

struct message_to {
	uint16_t person; /* PERSON_REPORTER or a person; each only once */
	struct age_recipient key;
};

/*
 * First the envelopes and the manifest (so that a preamble with all lengths
 * can be sent ahead), then the payload as a stream:
 *
 *	message_seal_new -> _envelope(0..n-1), _payload_size
 *	message_seal_payload -> sink -> _content
 */
struct message_seal;

/*
 * m: all but `to` filled in by the caller (files with size and hash, see
 * manifest_add_file); `to` is filled in here, in the order given, which is the
 * order of the envelopes. Borrowed until message_seal_free, as is env. `seed`
 * is the author's signing seed: the case key's (receipt_keys.sign_seed) or a
 * staff member's (staff_sign_seed).
 *
 * ERR_SYNTAX: the manifest would not parse (a kind without content, a field
 * that does not fit the kind, a repeated person); ERR_LIMIT: more than
 * SEALED_TO_MAX; ERR_DENIED: classic and hybrid recipients mixed;
 * ERR_BAD_SIG: the reporter's seed is not that of m->case_id;
 * ERR_UNSUPPORTED: hybrid without ML-KEM.
 */
enum err message_seal_new(const struct env *env, struct manifest *m,
    const uint8_t seed[static SIGN_SEED_LEN], const struct message_to *to,
    size_t n_to, struct message_seal **ret) MUST_CHECK;

/* Borrowed until message_seal_free. Their SHA-256 are in m->to. */
struct bytes message_seal_envelope(const struct message_seal *s, size_t i);
/* The signed manifest, as it goes into the archive. */
struct bytes message_seal_note(const struct message_seal *s);
/* What message_seal_payload is going to write, to the byte. */
uint64_t message_seal_payload_size(const struct message_seal *s);

/*
 * Writes the payload to the sink, in pieces of any size. Once only (ERR_EXISTS
 * after that: a second payload under one manifest is never made; whoever must
 * send again keeps the first). ERR_CORRUPT: a file changed since it was
 * hashed; what the sink has is then of no use.
 */
enum err message_seal_payload(struct message_seal *s, sealed_source *source,
    void *source_ctx, age_sink *sink, void *sink_ctx) MUST_CHECK;
/* The content digest (crypto/link.h) of payload and envelopes; ERR_NOT_FOUND
 * before message_seal_payload has succeeded. */
enum err message_seal_content(const struct message_seal *s,
    uint8_t out[static SHA256_LEN]) MUST_CHECK;
/* Takes NULL; returns NULL; wipes. */
struct message_seal *message_seal_free(struct message_seal *s);

/*
 * A further envelope for a message that one of `ids` can read: opens
 * `envelope` and appends one for `to`. For members who join later; a signed
 * grant names its SHA-256, since the manifest cannot. Read the message in full
 * first, so that no one is handed what does not open.
 */
enum age_result message_add_envelope(const struct env *env,
    struct bytes envelope, const struct age_identity *ids, size_t n_ids,
    const struct age_recipient *to, struct buf *out) MUST_CHECK;

/* --- opening --- */

enum message_result {
	MESSAGE_OK,
	MESSAGE_NOT_FOR_US,   /* no identity opens the envelope */
	MESSAGE_UNSUPPORTED,  /* hybrid, and this OpenSSL has no ML-KEM */
	MESSAGE_DAMAGED,      /* age: altered, cut, or not an age file */
	MESSAGE_NOT_SEALED,   /* opens, but is not a sealed body: another kind
				 of content (a plain concern is one), or two
				 texts under one concern */
	MESSAGE_BAD_BODY,     /* archive, manifest or a file breaks its rules;
				 message_open_sealed says which */
	MESSAGE_BAD_AUTHOR,   /* not signed by a key of who it says */
	MESSAGE_BAD_ENVELOPE, /* not the envelope that the author made for this
				 person, nor the one granted */
	MESSAGE_FAILED,	      /* memory, a sink's error, or libcrypto */
};
const char *message_result_text(enum message_result r);

/*
 * Reads one age file (envelope || payload, binary) pushed in pieces of any
 * size.
 *
 *	message_open_new -> _put ... -> (_claim: who says to be the author)
 *	-> _finish with that author's keys
 *
 * Files go to the sink as they come and count only once message_open_finish
 * has said MESSAGE_OK; until then keep them apart and show nothing.
 */
struct message_open;
struct message_as {
	const struct age_identity *ids; /* borrowed until message_open_free */
	size_t n_ids;
	uint16_t person; /* who reads: PERSON_REPORTER or a person */
	/* NULL: the manifest must list the envelope for this person. Else the
	 * SHA-256 of the envelope from a grant whose signature was checked. */
	const uint8_t *granted;
};
enum err message_open_new(const struct message_as *as, sealed_file_sink *sink,
    void *ctx, struct message_open **ret) MUST_CHECK;
/* MESSAGE_OK: go on. Anything else is final and repeated. */
enum message_result message_open_put(struct message_open *o, struct bytes x)
    MUST_CHECK;
/*
 * The manifest as it stands, once it has been read (NULL before), NOT yet
 * verified: to look up the author's keys, and to find a file's name in the
 * sink. Borrowed until message_open_free.
 */
const struct manifest *message_open_claim(const struct message_open *o);
/*
 * The end of the file. pub: the signing keys that the author had, from the
 * policy; for the reporter the case key (whose hash must be the case id), which
 * is the same for every message of the case. ret_manifest: verified, borrowed
 * until message_open_free.
 */
enum message_result message_open_finish(struct message_open *o,
    const uint8_t (*pub)[SIGN_PUB_LEN], size_t n_pub,
    const struct manifest **ret_manifest) MUST_CHECK;
/* More about MESSAGE_BAD_BODY; the error behind MESSAGE_FAILED. */
enum sealed_result message_open_sealed(const struct message_open *o);
enum err message_open_error(const struct message_open *o);
struct message_open *message_open_free(struct message_open *o);
