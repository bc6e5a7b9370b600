#pragma once

#include "crypto/manifest.h"

/*
 * The small signed and stated things of a case that carry no content of their
 * own. docs/PROTOCOL.md, "Chains", "Filing proof", "Staff's exchanges".
 */

/* --- entries: the head of every message but a concern --- */

/*
 * The body of a note NOTE_ENTRY, signed by the message's author, or of a note
 * NOTE_NOTICE, signed by the instance key:
 *
 *	case      32 hex
 *	chain     talk or staff, as the kind has it
 *	seq       place in the chain, from 0
 *	prev      64 hex: link of the message before; zeros at seq 0, only there
 *	seen      64 hex: head of the other chain; zeros where that is empty,
 *		  and always from the reporter, who does not know it
 *	day       by the author's clock
 *	kind      any but concern
 *	author    "reporter", "instance" or a person's number; fits the kind
 *	content   64 hex: content digest; zeros for what has no content
 *
 * and then what the kind's form asks for (crypto/kind.h), in this order:
 *
 *	band      P1 to P4
 *	complex, conduct, agree, investigate    yes or no
 *	route     a route's number
 *	from, person   a person's number; not the same
 *	grants    64 hex
 *	in        talk or staff: the chain that `about` counts in
 *	about     a place in the talk chain, or in that one
 *	code      CODE NUMBER (enum notice_code, 0 to 255)
 *	who       0+, a person's number, ascending: of an event, whom it is
 *		  about; of a route, who may be told that the case is overdue
 */
#define ENTRY_PEOPLE_MAX 32
struct entry {
	uint8_t case_id[CASE_ID_LEN];
	uint32_t seq;
	uint8_t prev[LINK_LEN], seen[LINK_LEN];
	int64_t day; /* since 1970-01-01 */
	enum message_kind kind;
	uint16_t author;
	uint8_t content[SHA256_LEN];
	/* zero where the kind has no such line */
	uint8_t band; /* 1 to 4 */
	bool is_complex, is_conduct, agrees, investigates;
	uint16_t route, from, person;
	uint8_t grants[SHA256_LEN];
	enum chain in;
	uint32_t about;
	enum notice_code code;
	uint8_t number;
	size_t n_people;
	uint16_t people[ENTRY_PEOPLE_MAX];
};
#define ENTRY_SEQ_MAX 999999
#define ENTRY_NOTE_MAX 2048

/* A concern, which has no entry, always has it. */
bool entry_has_content(const struct entry *e);
/* Appends the signed note. ERR_SYNTAX where fields contradict each other, or
 * where it is the instance's to sign. */
enum err entry_sign(const struct entry *e,
    const uint8_t seed[static SIGN_SEED_LEN], struct buf *out) MUST_CHECK;
/* The same of what the instance says. */
enum err entry_sign_instance(const struct entry *e, const struct note_key *key,
    const uint8_t seed[static SIGN_SEED_LEN], struct buf *out) MUST_CHECK;
/* The whole form is checked, and no signature. */
enum err entry_parse(struct bytes note, struct entry *ret) MUST_CHECK;
/* Whether e's author, with this key, signed the note that e was parsed from.
 * ERR_BAD_SIG. */
enum err entry_verify(struct bytes note, const struct entry *e,
    const uint8_t pub[static SIGN_PUB_LEN]) MUST_CHECK;
/* Whether one of these instance keys signed it. ERR_BAD_SIG. */
enum err entry_verify_instance(struct bytes note, const struct note_key *keys,
    size_t n_keys) MUST_CHECK;

/* --- statements: what a filing proof proves --- */

/*
 * Text, first line NOTE_STORED, then: case (32 hex), kind, day, policy (its
 * serial), link (64 hex).
 */
struct statement {
	uint8_t case_id[CASE_ID_LEN];
	enum message_kind kind;
	int64_t day; /* since 1970-01-01 */
	uint64_t policy;
	uint8_t link[LINK_LEN];
};
#define STATEMENT_MAX 256

void statement_put(const struct statement *s, struct buf *out);
enum err statement_parse(struct bytes text, struct statement *ret) MUST_CHECK;

/* --- logins --- */

/*
 * The body of a note NOTE_LOGIN: root (64 hex), person (a number), challenge
 * (64 hex). The root says which organisation it is for: a server that passes
 * on another one's challenge gets nothing that serves there.
 */
#define LOGIN_CHALLENGE_LEN 32
#define LOGIN_NOTE_MAX 1024
struct login {
	uint8_t root[SHA256_LEN]; /* of root 0's text */
	uint16_t person;
	uint8_t challenge[LOGIN_CHALLENGE_LEN];
};

enum err login_sign(const struct login *l,
    const uint8_t seed[static SIGN_SEED_LEN], struct buf *out) MUST_CHECK;
/* The form, and no signature. */
enum err login_parse(struct bytes note, struct login *ret) MUST_CHECK;
/* Whether this person, with this key, signed it. ERR_BAD_SIG. */
enum err login_verify(struct bytes note, uint16_t person,
    const uint8_t pub[static SIGN_PUB_LEN]) MUST_CHECK;
