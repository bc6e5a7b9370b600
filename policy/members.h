#pragma once

#include "crypto/entry.h"
#include "policy/policy.h"

/*
 * Who may read a new concern, now and at each rung: a pure function of policy,
 * route and marked people, computed by every client and refused where a
 * manifest's list differs. `excluded` is everywhere the list of people that
 * the reporter marked, as the manifest has it; closing it over the line of
 * management is done inside.
 */

#define MEMBERS_MAX 15 /* and the reporter: SEALED_TO_MAX */

struct member {
	uint16_t person;
	uint8_t rung; /* 0: at once; k: the earliest rung (from 1) of the ladder
			 with them, whatever its bands */
	enum rung_verb verb;
};

/*
 * The marked people and, where the route says so, everybody who reports to
 * them, directly or through others. Ascending, each once. ERR_LIMIT when there
 * are more than cap.
 */
enum err exclusions_close(const struct policy *p, const struct policy_route *r,
    const uint16_t *marked, size_t n, uint16_t *out, size_t cap, size_t *ret_n)
    MUST_CHECK;

/*
 * Everybody to whom an envelope is sealed: first recipients, ascending by
 * number, then the `join` rungs in order, ascending within each; each person
 * once, at the earliest. Only people who are current that day and have a key
 * of the route's kind. ERR_LIMIT when there are more than cap (at most
 * MEMBERS_MAX); none at all is ERR_OK with 0, and the caller's to refuse.
 */
enum err members_compute(const struct policy *p, const struct policy_route *r,
    const uint16_t *excluded, size_t n_excluded, int64_t day,
    struct member *out, size_t cap, size_t *ret_n) MUST_CHECK;

/* The people of `tell` rungs, by the same order and rules; no key needed. */
enum err members_told(const struct policy *p, const struct policy_route *r,
    const uint16_t *excluded, size_t n_excluded, int64_t day,
    struct member *out, size_t cap, size_t *ret_n) MUST_CHECK;

/* Whether that rung (from 1; 0 is the first recipients) names this person. */
bool members_rung_has(const struct policy_route *r, unsigned rung,
    uint16_t person);

/* What to seal to: the person's key of the route's kind that day; NULL when
 * they are not current or have none. */
const struct age_recipient *members_recipient(const struct policy *p,
    const struct policy_route *r, uint16_t person, int64_t day);

/* --- of a case that has moved on --- */

/*
 * What entries of the talk chain do to the readers: MESSAGE_ASSIGN joins,
 * MESSAGE_RECUSE leaves (the author), MESSAGE_HANDOVER is a leave and a join,
 * MESSAGE_ROUTE adds the people of another route.
 */
enum member_change_what { CHANGE_JOIN, CHANGE_LEAVE, CHANGE_ROUTE };
struct member_change {
	uint8_t what; /* enum member_change_what */
	uint16_t who; /* a person, or the route's number */
};
#define MEMBER_CHANGES_MAX 2048 /* two by each message of a case */
/* Appends what this entry changes, at most two: returns how many. */
size_t member_changes_of(const struct entry *e, struct member_change out[2]);

/*
 * Everybody who reads the case after these changes, in order: as
 * members_compute for the route it began on, without those who left; behind
 * them, in the order of the changes, who joined and who came with another
 * route (each once, where they came first; rung of the route they came by, 0
 * for who joined, also where they were there before). Whoever left is taken in
 * again only by name. The kind of keys is that of the latest route; who has
 * none, or is not current that day, is passed over. Once a route of the case
 * leaves out the marked people's line of management, it stays left out for all
 * who come after.
 * ERR_DENIED: somebody marked joins. Who joins and is of their line is passed
 * over, for who is changes with each policy: whether they could join on the day
 * that they did is asked of exclusions_close, by that day's policy.
 * ERR_LIMIT: more than cap or MEMBERS_MAX at the end.
 * ERR_NOT_FOUND: a route that the policy does not have.
 */
enum err members_after(const struct policy *p, const struct policy_route *r,
    const uint16_t *excluded, size_t n_excluded,
    const struct member_change *change, size_t n_changes, int64_t day,
    struct member *out, size_t cap, size_t *ret_n) MUST_CHECK;
/* The route after these changes; NULL where the policy does not have it. */
const struct policy_route *members_route(const struct policy *p,
    const struct policy_route *r, const struct member_change *change,
    size_t n_changes);
