#pragma once

#include "policy/life.h"

/*
 * What time does to a case: rungs of the ladder, deadlines, prompts to a
 * silent reporter, checks after closing. A pure function of policy, route and
 * life; the vault asks it what is due, and the simulator the same.
 *
 * A rung fires once for each time that its condition begins: `no update`, `no
 * movement` and `breached` can come again after they were met, the others
 * cannot. A clock set back fires nothing again, since what fired is kept; one
 * that was not looked at for days fires what fell due, in order of the time it
 * fell due, rungs in the ladder's order where that is the same. Behind the last
 * day of the policy's calendar every day counts as a working day: what was
 * promised comes rather early than never.
 */

enum clock_what {
	CLOCK_RUNG,	  /* number: of the rung, from 1 */
	CLOCK_BREACH,	  /* number: enum policy_deadline */
	CLOCK_PROMPT,	  /* number: of the prompt, from 1 */
	CLOCK_SILENT,	  /* the silent reporter's case is closed */
	CLOCK_UNANSWERED, /* the same, where two people must close it */
	CLOCK_CHECK,	  /* number: of the detriment check, from 1 */
};

struct clock_event {
	enum clock_what what;
	unsigned number;
	int64_t at; /* when it fell due */
};

/* When to look again; 0: never. Rungs of another serial than the policy's
 * count as not fired. */
int64_t clock_due(const struct policy *p, const struct policy_route *r,
    const struct life *l);

/* From now on rungs are counted by this policy's ladders: what fired by
 * another's counts no more, and fires again where it still stands. clock_step
 * and life_apply begin with it; the functions below that take no policy expect
 * that it was done. */
void clock_adopt(const struct policy *p, struct life *l);

/*
 * The earliest that is due at `now`, already noted in *l (fired, breached,
 * prompts, checks, the state where it closes); false: nothing more. The caller
 * asks until then, and acts on each.
 */
bool clock_step(const struct policy *p, const struct policy_route *r,
    int64_t now, struct life *l, struct clock_event *ret);

/* The next rung of the verb `join` or `tell` after `rung` that counts for this
 * band and has not fired; 0: none. For a rung with nobody living, and for a
 * guardian who escalates. */
unsigned clock_next_rung(const struct policy_route *r, const struct life *l,
    unsigned rung, enum rung_verb verb);

/* Whether a rung's condition still holds: else those it told are told no
 * more. */
bool clock_rung_stands(const struct policy_route *r, const struct life *l,
    unsigned rung);

/* Whether a case may be closed because no answer came, as far as its life
 * says: CLOCK_SILENT, where its band lets one person close it. */
bool clock_may_close(const struct life *l);

/* The deadline that comes first, or passed first; false: none runs. What is
 * shown in a queue and orders it. */
bool clock_deadline(const struct policy *p, const struct life *l,
    enum policy_deadline *ret_which, int64_t *ret_at);
/* The same of one of them. */
bool clock_deadline_of(const struct policy *p, const struct life *l,
    enum policy_deadline which, int64_t *ret_at);
