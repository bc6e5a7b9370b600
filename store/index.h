#pragma once

#include "store/seal.h"

/*
 * A case's index: its messages in the order they came, and the records that
 * hold them. Sealed under the case's key. Plain form (big-endian):
 *
 *   version (4; the slot has the same), messages (2), then for each
 *   chain (1), kind (1), author (2), seq (4), day (4), flags (1),
 *   head: record (8), length (4); link (32);
 *   flag CONTENT: content digest (32);
 *   flag PAYLOAD: first record (8), size (8), payload digest (32); its pieces
 *   are consecutive records;
 *   flag UPLOADED: key of the pieces (32) (else they are under the case's);
 *   envelopes (1), for each: person (2), ahead (1), record (8), length (4);
 *
 * and zeros up to a size class, so that its length says little. The classes
 * are what fills LMDB's pages.
 */

struct index_envelope {
	uint16_t person;
	bool is_ahead; /* sent ahead, and given to nobody yet */
	uint32_t len;
	uint64_t record;
};

struct index_entry {
	struct store_message m;
	uint64_t head;	  /* record */
	uint64_t payload; /* first record */
	bool uploaded;
	uint8_t key[AEAD_KEY_LEN]; /* of the pieces, when uploaded */
	size_t n_envelopes;
	struct index_envelope envelope[STORE_ENVELOPES_MAX];
};

struct index {
	struct index_entry *entry;
	size_t n, cap;
};

/* Wipes and frees the entries. */
void index_clear(struct index *x);
/* Room for one more; counts only when the caller raises n. */
enum err index_reserve(struct index *x) MUST_CHECK;
/* NULL where there is none. */
struct index_entry *index_find(const struct index *x, enum store_chain chain,
    uint32_t seq);
const struct index_envelope *entry_envelope(const struct index_entry *e,
    uint16_t person);
void entry_envelope_settle(struct index_entry *e, uint16_t person);
/* Drops the envelope of a person; it must be there. */
void entry_envelope_drop(struct index_entry *e, uint16_t person);

/* Appends the plain form, padded. */
void index_put(const struct index *x, uint32_t version, struct buf *out);
/* ERR_CORRUPT: grammar, or another version. Into an empty index. */
enum err index_get(struct bytes plain, uint32_t version, struct index *ret)
    MUST_CHECK;

/* Pieces of a payload of `size` bytes, and how long piece i is. */
uint32_t piece_count(uint64_t size);
size_t piece_len(uint64_t size, uint32_t i);
