#pragma once

#include "client/ftsu.h"

/*
 * Who could be given a case to investigate: by the policy (role, training for
 * what the case is about, area), by the reporter (who is left out), by the case
 * (who reads it already), and by the server, which alone knows how many cases
 * each has.
 */

#define OUT_EXCLUDED (1u << 0) /* by the reporter: never */
#define OUT_LEFT (1u << 1)
#define OUT_NO_KEY (1u << 2)
#define OUT_READS (1u << 3) /* already */
#define OUT_AWAY (1u << 4)  /* has not signed in for long */
#define OUT_TRAINING (1u << 5)
#define OUT_AREA (1u << 6)
#define OUT_FULL (1u << 7) /* caseload */
#define OUT_BITS 8
/* What a guardian may pass over who knows better. */
#define OUT_FORCIBLE (OUT_AWAY | OUT_TRAINING | OUT_AREA | OUT_FULL)

struct candidate {
	const struct policy_person *person;
	unsigned out; /* 0: eligible */
};
struct candidates {
	size_t n; /* by load, the least busy first; then those not listed */
	struct candidate at[POLICY_PEOPLE_MAX];
};

enum exit_code candidates_find(struct staff_case *k, struct candidates *ret)
    MUST_CHECK;
/* Everybody, not only investigators: what the policy, the reporter and the case
 * say of them; nothing of their load. */
unsigned candidate_reasons(const struct staff_case *k,
    const struct policy_person *person);
/* "not trained for medicines; has as many cases as the policy allows" */
void candidate_text(const struct staff_case *k, unsigned out, struct buf *ret);
