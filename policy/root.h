#pragma once

#include "crypto/note.h"
#include "crypto/receipt.h"
#include "policy/policy.h"

/*
 * The root note: who signs policies and filing proofs, and the organisation's
 * realm. docs/PROTOCOL.md, "Root". Its body, in this order:
 *
 *   realm: <64 hex>
 *   org: <name>
 *   serial: <number, 0 for the first>
 *   previous: <64 hex: SHA-256 of the text of the root before; zeros for 0>
 *   quorum: <k>
 *   policy-key: <verifier key>      one or more
 *   instance-key: <verifier key>    one or more
 */

#define ROOT_KEYS_MAX 16
#define ROOTS_MAX 64 /* in one walk */

struct root {
	uint8_t realm[REALM_LEN];
	char org[POLICY_NAME_MAX + 1];
	uint32_t serial;
	uint8_t previous[SHA256_LEN];
	unsigned quorum; /* 1 to n_policy_keys */
	size_t n_policy_keys;
	struct note_key policy_keys[ROOT_KEYS_MAX];
	size_t n_instance_keys;
	struct note_key instance_keys[ROOT_KEYS_MAX];
	/* Not written by root_put. */
	uint8_t hash[SHA256_LEN];  /* of the note's text */
	uint8_t first[SHA256_LEN]; /* root 0's hash, which names the
				      organisation; only from roots_walk */
};

/* text: as note.text, namespace line included. No signature is checked. */
enum err root_parse(struct bytes text, struct root *ret) MUST_CHECK;
/* The body, without the namespace line: what note_sign takes. */
void root_put(const struct root *root, struct buf *out);

/*
 * From the first root to the newest: root 0 is signed by a quorum of its own
 * policy keys and has the pinned hash (where not NULL: without a pin, trust
 * begins with what is given); each next one names the one before, keeps its
 * realm, counts on by one, and is signed by a quorum of the old keys and a
 * quorum of its own. ERR_BAD_SIG, ERR_DENIED (not the pinned one),
 * ERR_CORRUPT (not a chain), ERR_SYNTAX.
 */
enum err roots_walk(const struct bytes *notes, size_t n,
    const uint8_t *pinned_hash0, struct root *ret) MUST_CHECK;

/* The hash of root 0 as 12 words, for the poster: BIP39 over its first 16
 * bytes. */
enum err root_fingerprint(const uint8_t hash0[static SHA256_LEN],
    char out[static RECEIPT_TEXT_MAX]) MUST_CHECK;

struct policy_status {
	bool soft_expired;
	uint8_t hash[SHA256_LEN]; /* of the note's text: what manifests name */
};

/*
 * Opens a policy note: signed by a quorum of the root's policy keys
 * (ERR_BAD_SIG), of the root's organisation (ERR_CORRUPT), not past its hard
 * expiry (ERR_EXPIRED), serial at least min_serial (ERR_DENIED: a rollback).
 * ERR_SYNTAX. Caller frees the policy.
 */
enum err policy_open(struct bytes note, const struct root *root, int64_t now,
    uint32_t min_serial, struct policy **ret, struct policy_status *ret_status)
    MUST_CHECK;
