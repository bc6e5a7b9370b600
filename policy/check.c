#include "policy/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "crypto/codec.h"
#include "policy/check_parts.h"
#include "policy/members.h"

#define SENTENCE_MAX 600

void
check_say(struct checker *c, struct check_finding f, const char *fmt, ...)
{
	char sentence[SENTENCE_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(sentence, sizeof(sentence), fmt, ap);
	va_end(ap);
	f.sentence = sentence;
	c->sum.errors += f.level == CHECK_ERROR;
	c->sum.warnings += f.level == CHECK_WARNING;
	c->report(c->ctx, &f);
}

bool
check_lives(const struct checker *c, const struct policy_route *r,
    enum rung_verb verb, uint16_t person)
{
	if (verb == VERB_JOIN)
		return members_recipient(c->p, r, person, c->day) != NULL;
	return policy_person_is_current(policy_person(c->p, person), c->day);
}

enum err
policy_check(const struct policy *p, check_report *report, void *ctx,
    struct check_summary *ret)
{
	struct checker c = {
		.p = p,
		.report = report,
		.ctx = ctx,
		.day = p->issued / DAY_SECONDS,
	};
	enum err e;

	check_routes(&c);
	check_limits(&c);
	e = check_combinations(&c);
	if (e != ERR_OK)
		return e;
	check_giveaways(&c);
	*ret = c.sum;
	return ERR_OK;
}

/* --- beside the policy before --- */

/* A name may change, and so may keys; hardly both in one step. */
static bool
is_same_person(const struct policy_person *a, const struct policy_person *b)
{
	if (strcmp(a->slug, b->slug) == 0)
		return true;
	for (size_t i = 0; i < a->n_keys; i++)
		for (size_t k = 0; k < b->n_keys; k++)
			if (memcmp(a->keys[i].sign_pub, b->keys[k].sign_pub,
				SIGN_PUB_LEN) == 0)
				return true;
	return false;
}

static bool
is_among(uint16_t number, const uint16_t *who, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (who[i] == number)
			return true;
	return false;
}

static bool
is_on(const struct policy_route *r, uint16_t number)
{
	if (is_among(number, r->first, r->n_first))
		return true;
	for (size_t i = 0; i < r->n_rungs; i++)
		if (is_among(number, r->rungs[i].who, r->rungs[i].n_who))
			return true;
	return false;
}

static void
check_stays(struct checker *c, const struct policy_route *old,
    const struct policy_person *was)
{
	const struct policy_person *is = policy_person(c->p, was->number);
	const struct policy_route *r = policy_route(c->p, old->number);

	if (is == NULL)
		check_say(c,
		    FOUND(CHECK_ERROR, CHECK_CHANGE, .route = r,
			.person = was->number),
		    "%s was on route %s and is not in this policy any more: "
		    "what they wrote could not be checked. Who leaves is "
		    "given an `until`, and stays.",
		    was->slug, old->slug);
	else if (!is_same_person(was, is))
		check_say(c,
		    FOUND(CHECK_ERROR, CHECK_CHANGE, .route = r,
			.person = was->number),
		    "Number %u was that of %s, on route %s, and is now that "
		    "of %s: a number belongs to one person for ever.",
		    was->number, was->slug, old->slug, is->slug);
	else if (r != NULL && !is_on(r, was->number))
		check_say(c,
		    FOUND(CHECK_WARNING, CHECK_CHANGE, .route = r,
			.person = was->number),
		    "%s was on route %s and is not any more: what they wrote "
		    "there could not be checked.",
		    was->slug, old->slug);
}

static void
check_route_stays(struct checker *c, const struct policy_route *old)
{
	if (policy_route(c->p, old->number) == NULL)
		check_say(c, FOUND(CHECK_WARNING, CHECK_CHANGE),
		    "Route %u, %s, is not in this policy any more: nobody can "
		    "write on its open cases, their reporters neither, and no "
		    "rung of theirs is reached. Move them first, or keep it, "
		    "with no rule that leads there.",
		    old->number, old->slug);
}

void
policy_check_change(const struct policy *old, const struct policy *new,
    check_report *report, void *ctx, struct check_summary *sum)
{
	struct checker c = {
		.p = new,
		.report = report,
		.ctx = ctx,
		.day = new->issued / DAY_SECONDS,
		.sum = *sum,
	};

	for (size_t i = 0; i < old->n_routes; i++)
		check_route_stays(&c, &old->routes[i]);
	for (size_t i = 0; i < old->n_routes; i++)
		for (size_t k = 0; k < old->n_people; k++)
			if (is_on(&old->routes[i], old->people[k].number))
				check_stays(&c, &old->routes[i],
				    &old->people[k]);
	*sum = c.sum;
}
