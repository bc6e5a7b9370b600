#pragma once

#include "crypto/hash.h"
#include "crypto/note.h"

/*
 * Filing proofs. The instance signs once per committed batch: a checkpoint
 * (C2SP tlog-checkpoint: origin, tree size, root) over an RFC 6962 Merkle tree
 * whose leaves are the batch's statements; each reporter gets their statement
 * and its path, in the form of C2SP tlog-proof. The tree lives for one batch
 * only; it is not a log.
 *
 * A proof as handed out and saved:
 *   the statement (lines of text, first line NOTE_STORED)
 *   an empty line
 *   "c2sp.org/tlog-proof@v1\n" "index N\n" one base64 hash a line, an empty
 *   line, and the signed checkpoint, whose origin line is NOTE_STORED.
 */

#define PROOF_LEAVES_MAX 64
#define PROOF_MAX 4096

struct proof_batch {
	size_t n;
	/* the tree by levels, each behind the one below; the leaves first */
	uint8_t node[2 * PROOF_LEAVES_MAX][SHA256_LEN];
};
/* Adds a statement; its index is the n before the call. ERR_LIMIT when full. */
enum err proof_batch_add(struct proof_batch *b, struct bytes statement)
    MUST_CHECK;
/* Makes the tree and signs it, once; checkpoint gets the complete note. */
enum err proof_batch_sign(struct proof_batch *b, const struct note_key *key,
    const uint8_t seed[static SIGN_SEED_LEN], struct buf *checkpoint)
    MUST_CHECK;
/* Writes the whole proof of leaf `index`, after proof_batch_sign. */
enum err proof_put(const struct proof_batch *b, size_t index,
    struct bytes statement, struct bytes checkpoint, struct buf *out)
    MUST_CHECK;

/* Checks signature and path; ret_statement borrows from x. ERR_SYNTAX,
 * ERR_BAD_SIG (signature or path does not fit). */
enum err proof_verify(struct bytes x, const struct note_key *keys,
    size_t n_keys, struct bytes *ret_statement) MUST_CHECK;
