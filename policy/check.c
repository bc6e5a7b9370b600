#include "policy/check.h"

#include <stdarg.h>
#include <stdio.h>

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
	check_deadlines(&c);
	e = check_combinations(&c);
	if (e != ERR_OK)
		return e;
	check_giveaways(&c);
	*ret = c.sum;
	return ERR_OK;
}
