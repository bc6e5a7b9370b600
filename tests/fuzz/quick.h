#pragma once

#include "tests/daemon/vault_stage.h"

/*
 * A real vault that begins anew in a fraction of a millisecond, and requests
 * whose sealing is fixed material: the vault checks form and digests of what is
 * sealed, and the signatures, which are real.
 *
 * The policies have the serials 1 to QUICK_POLICIES: the small policy with the
 * people that vault_world.h adds. By the last one QUICK_LEAVER has left and
 * QUICK_REKEYED signs with another key.
 */

#define QUICK_POLICIES 3
#define QUICK_LEAVER INVESTIGATOR
#define QUICK_REKEYED SECOND_GUARDIAN
#define QUICK_REPORTERS 4

/* Lengths of sealed payloads: one that fits a message, and one in two pieces.
 */
#define QUICK_PAYLOAD 15904u
#define QUICK_LARGE_PLAIN 303104u

struct quick {
	struct world *w;
	struct reporter reporter[QUICK_REPORTERS]; /* keys only */
	struct buf bundle[QUICK_POLICIES + 1];	   /* by serial */
	uint8_t hash[QUICK_POLICIES + 1][SHA256_LEN];
	/* signing seeds: as world's, and that of the last policy */
	uint8_t new_seed[SIGN_SEED_LEN];
	uint32_t serial;    /* in force */
	struct buf store;   /* its file, as every run begins */
	struct buf payload; /* of the larger length; the smaller is its start */
	uint64_t large;	    /* that length */
};

/* Once; freed at exit. */
struct quick *quick_new(void);
/* An empty store, the first policy, the clock and randomness at their start. */
void quick_begin(struct quick *q);
/* The store as it is now is what every run begins with; the vault ends. */
void quick_keep(struct quick *q);
/* The process ends and starts again on the same store. */
void quick_restart(struct quick *q);
/* A policy that is not older than the one in force. */
void quick_policy(struct quick *q, uint32_t serial);
/* Ends the vault; the store holds together. */
void quick_check(struct quick *q);

const uint8_t *quick_seed(const struct quick *q, uint16_t author);

/* --- material --- */

#define QUICK_ENVELOPE_MAX 256
/* A classic envelope, other bytes for each (person, number). */
void quick_envelope(uint16_t person, uint32_t number, struct buf *out);
/* A payload of one of the two lengths, other bytes for each number; borrowed
 * until the next call. */
struct bytes quick_payload(struct quick *q, uint32_t number, bool is_large);
/* An age file as a reporter without our software makes it. */
void quick_plain(struct quick *q, uint32_t number, struct buf *out);
