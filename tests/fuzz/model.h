#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/entry.h"
#include "crypto/receipt.h"
#include "crypto/state.h"
#include "daemon/wire.h"

/*
 * A small model of what docs/PROTOCOL.md says a vault is: cases, their chains
 * and readers, as plain arrays. It knows the small policy by heart and shares
 * with the daemon nothing but names: no table, no rule, no store.
 *
 * Which of several refusals is given is not written down anywhere, so the
 * model says which may be: a set of answers (bits), empty where the answer must
 * be ANSWER_OK.
 *
 * Working hours and deadlines are not computed. What the instance says of them
 * is heard, held against what it may say, and taken.
 */

#define MODEL_CASES 6
#define MODEL_MESSAGES 200 /* of one chain */
#define MODEL_PEOPLE 16
#define MODEL_ENVELOPES 1024
#define MODEL_SHARED 255 /* the envelope that all readers of a plain one have */

#define MAY(answer) (1u << (answer))

struct model_message {
	enum message_kind kind;
	uint16_t author;
	uint8_t link[LINK_LEN], content[SHA256_LEN];
	bool has_content, is_large;
	uint32_t number; /* of its payload */
};

struct model_envelope {
	uint16_t person; /* or MODEL_SHARED; PERSON_REPORTER */
	enum chain chain;
	uint32_t seq;
	uint32_t number;
	bool is_ahead; /* sent, and nobody has named it */
};

/* What a person is to a case. */
struct model_reader {
	bool has_envelopes, reads, is_given, is_awaited, may_be_told;
};

struct model_case {
	bool is_there, is_plain;
	uint8_t id[CASE_ID_LEN];
	uint16_t route;
	int64_t filed;
	uint32_t serial; /* by which it was filed */
	enum case_state state;
	unsigned flags; /* but CASE_IS_BREACHED */
	uint8_t band, gravest;
	uint16_t first, findings;
	uint32_t pending, disclosure;
	int64_t asked; /* since when an answer is awaited */
	uint32_t count[2];
	struct model_message message[2][MODEL_MESSAGES];
	struct model_reader reader[MODEL_PEOPLE];
	size_t n_envelopes;
	struct model_envelope envelope[MODEL_ENVELOPES];
};

/* People by number: what the policy says. */
bool model_has_left(uint32_t serial, uint16_t person);
bool model_can_read(uint32_t serial, uint16_t person);
bool model_is_investigator(uint16_t person);
bool model_route_is_there(uint16_t route);
bool model_is_first(uint16_t route, uint16_t person);
bool model_is_told(uint16_t route, uint16_t person);

/* An entry as it is sent, and what goes with it. */
struct model_post {
	uint32_t serial; /* of the policy in force */
	int64_t today;
	const struct entry *e;
	bool names_settled; /* its grants are over what was not sent ahead */
	bool has_content;
	size_t n_to;
	uint16_t to[MODEL_PEOPLE + 1]; /* the reporter among them */
	uint8_t link[LINK_LEN], content[SHA256_LEN];
	uint32_t number;
	bool is_large;
};

/*
 * Refusals that an author who reads the case may get. Whether a rung was
 * reached that found everybody reading already is nowhere said: `called` is
 * one of the two ways it can be.
 */
unsigned model_may(const struct model_case *c, const struct model_post *p,
    bool called);
/* The same of the life alone: state and part. */
unsigned model_may_live(const struct model_case *c, const struct entry *e,
    uint32_t serial, bool called);
void model_apply(struct model_case *c, const struct model_post *p, bool called);

/* A concern; `to` and `tell` are its people. */
struct model_concern {
	uint8_t id[CASE_ID_LEN], link[LINK_LEN], content[SHA256_LEN];
	bool is_plain;
	uint16_t route;
	uint8_t band;
	uint32_t serial, number; /* serial: by which it is sealed */
	int64_t today;
	bool is_large;
	size_t n_to, n_tell;
	uint16_t to[MODEL_PEOPLE + 1], tell[MODEL_PEOPLE];
};
/* c: not there. */
void model_file(struct model_case *c, const struct model_concern *q);

/* The instance has said this. */
void model_hear(struct model_case *c, const struct entry *e, uint32_t serial,
    int64_t today, const uint8_t link[static LINK_LEN]);
/* Those who have left and were only awaited go without a word. */
void model_sweep(struct model_case *c, uint32_t serial);

/* Envelopes sent ahead: refusals, and what they change. */
struct model_sending {
	uint16_t person;
	bool is_fresh;
	size_t n;
	struct model_envelope at[16];
};
unsigned model_may_send(const struct model_case *c,
    const struct model_sending *s);
void model_send(struct model_case *c, const struct model_sending *s);

/* The envelope that this person is given of a message; NULL: none. */
const struct model_envelope *model_envelope_for(const struct model_case *c,
    uint16_t person, enum chain chain, uint32_t seq);
bool model_is_open(const struct model_case *c);
/* Is a handler of it. */
bool model_handles(const struct model_case *c, uint16_t person, bool called);
