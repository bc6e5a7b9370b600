#pragma once

#include "policy/members.h"
#include "policy/simulate.h"

/* A case that is being played. */

struct person_state {
	bool reads, given;
};

struct play {
	const struct policy *p;
	const struct script *s;
	simulate_report *report;
	void *ctx;
	const struct policy_route *began, *route; /* now */
	struct life life;
	int64_t now;
	uint32_t seq; /* of the talk chain, next */
	struct person_state person[POLICY_PEOPLE_MAX]; /* by place */
	size_t n_changes;
	struct member_change change[MEMBER_CHANGES_MAX];
	int64_t passed[POLICY_DEADLINES]; /* said already, at which time */
	unsigned said;
	struct simulation_sum sum;
};

void simulate_say(struct play *y, enum simulated what, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* --- simulate_people.c --- */

struct person_state *simulate_state(struct play *y, uint16_t person);
/* The readers after all changes so far; MEMBERS_MAX at most. */
enum err simulate_members(const struct play *y, struct member *out,
    size_t *ret_n) MUST_CHECK;
bool simulate_is_away(const struct play *y, uint16_t person);
/* Those of a rung (0: the first people) who do not read yet may; who they are,
 * and how many of the rung are living. */
size_t simulate_release(struct play *y, unsigned rung, uint16_t *who,
    size_t *living);
/* A rung is reached, and while nobody living stands on it, the next of its
 * verb. */
void simulate_climb(struct play *y, unsigned rung, const char *why);
/* The next rung that joins, at once. */
void simulate_next_join(struct play *y, const char *why);
