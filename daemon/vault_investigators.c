#include "daemon/vault_state.h"

#include <stdlib.h>

/* Who could be given a case to investigate. */

struct load {
	uint16_t person;
	uint64_t cases; /* that were given to them, and are open */
};

static int
compare_loads(const void *a, const void *b)
{
	const struct load *x = a, *y = b;

	if (x->cases != y->cases)
		return x->cases < y->cases ? -1 : 1;
	return x->person < y->person ? -1 : x->person > y->person;
}

static bool
is_candidate(const struct vault *v, const struct store_case *c,
    const struct policy_person *p)
{
	return p->role == ROLE_INVESTIGATOR &&
	    policy_person_is_current(p, vault_day(v)) &&
	    policy_key_at(p, vault_day(v)) != NULL &&
	    !case_is_read_by(c, p->number);
}

static size_t
gather(const struct vault *v, const struct store_case *c,
    struct load out[static BUNDLE_PEOPLE_MAX])
{
	const struct policy *policy = v->now.policy;
	struct store_queue_counts counts;
	size_t n = 0;

	for (size_t i = 0; i < policy->n_people && n < BUNDLE_PEOPLE_MAX; i++) {
		const struct policy_person *p = &policy->people[i];

		if (!is_candidate(v, c, p))
			continue;
		store_queue_counts(v->store, p->number, &counts);
		out[n++] = (struct load){ p->number, counts.given };
	}
	qsort(out, n, sizeof(out[0]), compare_loads);
	return n;
}

enum answer
read_investigators(struct vault *v, const struct request_investigators *q,
    uint16_t person)
{
	struct answer_investigators *a = &v->reply.investigators;
	struct load load[BUNDLE_PEOPLE_MAX];
	struct store_case c;
	unsigned parts;
	enum err e = store_case_find(v->store, q->case_id, &c);

	if (e != ERR_OK)
		return answer_of(e);
	if ((parts = case_parts(v, &c, person)) == 0)
		return ANSWER_UNKNOWN;
	if ((parts & PART_HANDLER) == 0)
		return ANSWER_DENIED;
	v->reply.kind = ANSWER_INVESTIGATORS;
	a->n = gather(v, &c, load);
	for (size_t i = 0; i < a->n; i++) {
		a->at[i].person = load[i].person;
		a->at[i].is_full =
		    load[i].cases >= v->now.policy->limits.caseload;
	}
	return ANSWER_OK;
}
