#pragma once

#include "policy/clock.h"
#include "policy/script.h"

/*
 * Plays a case through its life and its clock, as the vault and the clients
 * would: who comes in when, which deadlines pass, what is refused. Where a
 * moment is both an action's and the clock's, the action comes first.
 */

#define SIMULATE_EVENTS_MAX 2000

enum simulated {
	SIMULATED_FILED,
	SIMULATED_ACTED,   /* by staff or reporter */
	SIMULATED_REFUSED, /* an action that the case does not allow */
	SIMULATED_OVERDUE, /* a deadline passes */
	SIMULATED_JOINED,  /* people of a rung may read */
	SIMULATED_TOLD,	   /* people of a rung are told that it is overdue */
	SIMULATED_NOBODY,  /* nobody of a rung is living */
	SIMULATED_NOTICE,  /* the reporter, or the readers, hear of the clock */
};
const char *simulated_name(enum simulated what);

/* One sentence without a newline, with the slugs of people; borrowed. */
typedef void simulate_report(void *ctx, int64_t at, enum simulated what,
    const char *sentence);

struct simulation_sum {
	enum case_state state; /* at the end */
	unsigned refused, overdue;
};

/* ERR_LIMIT: more readers than a concern can have, or no end. */
enum err simulate(const struct policy *p, const struct script *s,
    simulate_report *report, void *ctx, struct simulation_sum *ret) MUST_CHECK;
