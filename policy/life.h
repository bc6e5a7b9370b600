#pragma once

#include "crypto/entry.h"
#include "crypto/state.h"
#include "policy/calendar.h"
#include "policy/policy.h"

/*
 * The life of a case: its states (crypto/state.h), and the one table that says
 * who may do what, from which state, to which, with what proof. Used by the
 * vault, which refuses the rest, and by every client, which replays the chains
 * and refuses what the vault should have refused. Pure; docs/PROTOCOL.md,
 * "States".
 *
 * The clock that runs beside it is policy/clock.h.
 */

/* Clocks: when something began, in seconds, rounded up to the quarter; 0: not
 * running. */
enum life_clock {
	SINCE_FILED,  /* the day alone once acknowledged and triaged */
	SINCE_UPDATE, /* the reporter heard of us, or gave the answer that was
			 awaited, or it was reopened; at first as SINCE_FILED */
	SINCE_MOVED,  /* the state or the route changed */
	SINCE_TERMS,  /* terms of reference were set */
	SINCE_ASKED,  /* an answer is awaited */
	SINCE_CLOSED,
	SINCE_BREACHED,
};
#define LIFE_CLOCKS (SINCE_BREACHED + 1)

struct life {
	enum case_state state;
	uint8_t band;	   /* 1 to 4 */
	uint8_t gravest;   /* that it ever had */
	uint16_t flags;	   /* CASE_IS_… */
	uint16_t first;	   /* who asked for what a second must agree to */
	uint32_t pending;  /* its place in the talk chain */
	uint32_t asked;	   /* that of the latest MESSAGE_DISCLOSE */
	uint16_t findings; /* who wrote the report; 0: nobody */
	int64_t since[LIFE_CLOCKS];
	uint32_t fired;	 /* bit k - 1: rung k of the route, for serial */
	uint32_t serial; /* of the policy that `fired` counts by */
	uint8_t prompts, checks; /* that were sent */
};

/* As it is kept in a case's slot; all zero is not one. */
#define LIFE_LEN 56
void life_put(const struct life *l, uint8_t out[static LIFE_LEN]);
/* ERR_CORRUPT. */
enum err life_get(const uint8_t in[static LIFE_LEN], struct life *ret)
    MUST_CHECK;

/* As it begins. now: rounded up to the quarter here. */
void life_begin(struct life *l, uint8_t band, uint32_t serial, int64_t now);

/* --- who somebody is to a case --- */

#define PART_REPORTER (1u << 0)
/* Has the case by its route, or as a guardian to whom it was given. */
#define PART_HANDLER (1u << 1)
#define PART_INVESTIGATOR (1u << 2) /* to whom it was given */
#define PART_EXECUTIVE (1u << 3) /* may chair a review; may be a handler too */
#define PART_ADVISER (1u << 4)	 /* anybody else to whom it was given */
#define PART_INSTANCE (1u << 5)
#define PARTS 6
/* Of a reader of the case: by route (first people, or a rung), or because it
 * was given to them (MESSAGE_ASSIGN; the successor in a MESSAGE_HANDOVER is
 * what the other was). NULL: of somebody who has left, only an adviser. */
unsigned life_parts(const struct policy_person *person, bool is_given);

/* --- what may be done --- */

enum life_refusal {
	LIFE_OK,
	LIFE_NOT_YOURS,	    /* not for somebody with these parts */
	LIFE_NOT_NOW,	    /* not in this state */
	LIFE_WITHDREW,	    /* the reporter took it back */
	LIFE_NEEDS_REVIEW,  /* findings of conduct: no way around the review */
	LIFE_SAME_PERSON,   /* a second person must be another */
	LIFE_NOTHING_ASKED, /* nothing waits for a second person, or for
			       consent, or not that */
	LIFE_ON_HOLD,	    /* legal hold */
};
#define LIFE_REFUSALS (LIFE_ON_HOLD + 1)
/* A sentence for people. */
const char *life_refusal_text(enum life_refusal r);

/* May this entry (of the kind, author and lines it has) be added to a case as
 * it stands, by somebody with these parts? */
enum life_refusal life_may(const struct life *l, const struct entry *e,
    unsigned parts) MUST_CHECK;
/*
 * What it changes; life_may has said LIFE_OK. now: the vault's clock, or where
 * chains are replayed the entry's day; what a reporter does counts from the
 * beginning of the day. p: the policy in force; r: the route as it is after
 * the entry, NULL where rungs do not matter (they are the vault's).
 */
void life_apply(struct life *l, const struct policy *p,
    const struct policy_route *r, const struct entry *e, int64_t now);
/* Whether one person cannot close it: by the gravest band that it ever had, or
 * whoever wants it closed would only set another first. */
bool life_needs_second(const struct life *l, const struct policy *p);

/* For documents, clients' menus and tests: whether the table has any way. */
bool life_table_allows(enum case_state s, enum message_kind k, unsigned parts);
/* The state after it, where it changes; else s. */
enum case_state life_table_next(enum case_state s, enum message_kind k);
/* Open: counted, with deadlines. */
bool life_is_open(const struct life *l);
/* Nobody ever acknowledged it. */
bool life_is_unread(const struct life *l);
