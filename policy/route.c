#include "policy/route.h"

#include <string.h>

static bool
person_is_meant(const struct policy_rule *rule, const struct policy_person *who)
{
	if (rule->about_roles >> who->role & 1)
		return true;
	for (size_t i = 0; i < rule->n_about; i++)
		if (rule->about[i] == who->number)
			return true;
	return false;
}

static bool
about_holds(const struct policy *p, const struct policy_rule *rule,
    const uint16_t *excluded, size_t n)
{
	if (rule->about_roles == 0 && rule->n_about == 0)
		return true;
	for (size_t i = 0; i < n; i++) {
		const struct policy_person *who = policy_person(p, excluded[i]);

		if (who != NULL && person_is_meant(rule, who))
			return true;
	}
	return false;
}

static bool
conditions_hold(const struct policy_rule *rule, const uint64_t *answered)
{
	for (size_t i = 0; i < rule->n_conditions; i++) {
		const struct policy_condition *c = &rule->conditions[i];

		if ((answered[c->field] & c->options) == 0)
			return false;
	}
	return true;
}

struct route_choice
route_pick_masks(const struct policy *p, const uint64_t *answered,
    const uint16_t *excluded, size_t n_excluded)
{
	const struct policy_rule *rule = p->rules;
	size_t i = 0;

	while (i + 1 < p->n_rules &&
	    !(conditions_hold(&rule[i], answered) &&
		about_holds(p, &rule[i], excluded, n_excluded)))
		i++;
	return (struct route_choice){
		.route = rule[i].route,
		.band = rule[i].band,
		.rule = (uint16_t)i,
	};
}

static enum err
resolve(const struct policy *p, const struct manifest_answer *answer,
    uint64_t *answered)
{
	const struct policy_field *f = policy_field(p, answer->field);
	const struct policy_option *option;
	uint64_t bit, *mask;

	option = f != NULL ? policy_option(f, answer->value) : NULL;
	if (option == NULL)
		return ERR_NOT_FOUND;
	mask = &answered[f - p->form];
	bit = UINT64_C(1) << (option - f->options);
	if ((*mask & bit) != 0 || (*mask != 0 && f->kind != FIELD_MANY))
		return ERR_SYNTAX;
	*mask |= bit;
	return ERR_OK;
}

enum err
route_pick(const struct policy *p, const struct manifest_answer *answers,
    size_t n, const uint16_t *excluded, size_t n_excluded,
    struct route_choice *ret)
{
	uint64_t answered[POLICY_FIELDS_MAX] = { 0 };
	enum err e;

	for (size_t i = 0; i < n; i++)
		if ((e = resolve(p, &answers[i], answered)) != ERR_OK)
			return e;
	for (size_t i = 0; i < n_excluded; i++)
		if (policy_person(p, excluded[i]) == NULL)
			return ERR_NOT_FOUND;
	*ret = route_pick_masks(p, answered, excluded, n_excluded);
	return ERR_OK;
}
