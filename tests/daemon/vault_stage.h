#pragma once

#include "daemon/vault_state.h"
#include "tests/daemon/vault_world.h"

/* A case put where a test wants it, without the way there. */

#define RELEASED (READER_MEMBER | READER_RELEASED)
#define GIVEN (RELEASED | READER_GIVEN)

void stage_life(struct world *w, const struct reporter *r, struct life *ret);
void stage_set_life(struct world *w, const struct reporter *r,
    const struct life *l);
/* As it begins, but in that state and with these flags; what a second person
 * must agree to was asked by `first`, at place 0. */
void stage_state(struct world *w, const struct reporter *r, enum case_state s,
    unsigned flags, uint16_t first);
/* access 0: nothing any more. */
void stage_access(struct world *w, const struct reporter *r, uint16_t person,
    unsigned access);
uint8_t access_now(struct world *w, const struct reporter *r, uint16_t person);
enum case_state state_now(struct world *w, const struct reporter *r);

/* An entry of this kind that is sound: about place 0, investigators are named,
 * nobody has been sent anything. */
struct entry entry_of(enum message_kind kind, uint16_t author);
/* The answer to it; nothing is expected of it. */
enum answer try_entry(struct world *w, const struct reporter *r,
    const struct entry *e, const uint16_t *to, size_t n);

/*
 * Envelopes of messages that are there, made by `maker` (who opens their own)
 * for `person`: of all that maker has, or of the first `n` alone. What is sent
 * is noted, for the digest.
 */
struct sent {
	size_t n;
	struct grant at[2 * STORE_MESSAGES_MAX];
};
enum answer send_ahead(struct world *w, const struct reporter *r,
    uint16_t maker, uint16_t person, size_t n, bool is_fresh,
    struct sent *sent);
void sent_digest(const struct sent *s, uint8_t out[static SHA256_LEN]);
