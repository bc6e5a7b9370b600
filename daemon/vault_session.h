#pragma once

#include "crypto/bundle.h"
#include "crypto/env.h"

/*
 * Challenges and sessions of staff. A challenge is not remembered: it carries
 * its time and a MAC, so that nobody can use the table up by asking; only those
 * that a login has spent are kept, until they expire. Of a session the token's
 * hash is kept.
 */

#define CHALLENGE_SECONDS 60
#define SESSION_IDLE_SECONDS (15 * 60)
#define SESSION_TOTAL_SECONDS (12 * 3600)
#define SESSIONS_MAX 512
#define SESSIONS_OF_ONE_MAX 8 /* a person's; a new one ends the most idle */
#define SPENT_MAX 256

struct session {
	uint8_t token_hash[SHA256_LEN];
	uint16_t person;	   /* 0: free */
	uint8_t key[SIGN_PUB_LEN]; /* that the person logged in with */
	int64_t begun, used;
};

struct sessions {
	const struct env *env;
	uint8_t key[SHA256_LEN]; /* of the challenges' MAC */
	struct session at[SESSIONS_MAX];
	struct {
		uint8_t challenge[BUNDLE_CHALLENGE_LEN];
		int64_t until;
	} spent[SPENT_MAX];
};

/* env is borrowed. */
enum err sessions_init(struct sessions *s, const struct env *env) MUST_CHECK;
void sessions_wipe(struct sessions *s);

enum err challenge_new(struct sessions *s, uint16_t person,
    uint8_t ret[static BUNDLE_CHALLENGE_LEN]) MUST_CHECK;
/*
 * Spends a challenge and begins a session: for whoever has proved, with that
 * key, to be that person. ERR_DENIED: not a challenge for this person, too old,
 * or spent. ERR_LIMIT: no room.
 */
enum err session_begin(struct sessions *s, uint16_t person,
    const uint8_t key[static SIGN_PUB_LEN],
    const uint8_t challenge[static BUNDLE_CHALLENGE_LEN],
    uint8_t ret_token[static BUNDLE_SESSION_LEN]) MUST_CHECK;
/* Whose session it is, and by which key; it goes on. ERR_NOT_FOUND: nobody's,
 * or over. */
enum err session_person(struct sessions *s,
    const uint8_t token[static BUNDLE_SESSION_LEN], uint16_t *ret_person,
    uint8_t ret_key[static SIGN_PUB_LEN]) MUST_CHECK;
enum err session_end(struct sessions *s,
    const uint8_t token[static BUNDLE_SESSION_LEN]) MUST_CHECK;
