#include "policy/check_parts.h"

#include <stdio.h>
#include <string.h>

#include "policy/names.h"

/* Text that is made in a fixed place, and cut where it ends. */
struct words {
	char *out;
	size_t cap;
	bool any;
};

static void
add(struct words *w, const char *text)
{
	size_t n = strlen(w->out);

	if (n < w->cap)
		snprintf(w->out + n, w->cap - n, "%s", text);
}

/* Between the first and the next. */
static void
add_joined(struct words *w, const char *joint, const char *text)
{
	if (w->any)
		add(w, joint);
	add(w, text);
	w->any = true;
}

static void
describe_condition(const struct policy *p, const struct policy_condition *c,
    struct words *w)
{
	const struct policy_field *f = &p->form[c->field];
	struct words options = { .out = w->out, .cap = w->cap };

	add_joined(w, " and ", f->slug);
	add(w, " is ");
	for (size_t i = 0; i < f->n_options; i++)
		if (c->options >> i & 1)
			add_joined(&options, " or ", f->options[i].slug);
}

static void
describe_about(const struct policy *p, const struct policy_rule *rule,
    struct words *w)
{
	struct words people = { .out = w->out, .cap = w->cap };

	if (rule->about_roles == 0 && rule->n_about == 0)
		return;
	add_joined(w, " and ", "it is about ");
	for (unsigned i = 0; i < POLICY_ROLES; i++)
		if (rule->about_roles >> i & 1)
			add_joined(&people, " or ", role_names.name[i]);
	for (size_t i = 0; i < rule->n_about; i++)
		add_joined(&people, " or ",
		    policy_person(p, rule->about[i])->slug);
}

void
check_describe_rule(const struct policy *p, const struct policy_rule *rule,
    char *out, size_t cap)
{
	struct words w = { .out = out, .cap = cap };

	out[0] = '\0';
	for (size_t i = 0; i < rule->n_conditions; i++)
		describe_condition(p, &rule->conditions[i], &w);
	describe_about(p, rule, &w);
	if (!w.any)
		add(&w, "anything else");
}

/* All rules that lead to one route and band. */
static void
check_giveaway(struct checker *c, const struct policy_route *r, uint8_t band)
{
	const struct policy *p = c->p;
	char text[480] = "", one[320];
	struct words w = { .out = text, .cap = sizeof(text) };

	for (size_t i = 0; i < p->n_rules; i++) {
		const struct policy_rule *rule = &p->rules[i];

		if (rule->route != r->number || rule->band != band)
			continue;
		check_describe_rule(p, rule, one, sizeof(one));
		add_joined(&w, "; or ", one);
	}
	if (w.any)
		check_say(c,
		    FOUND(CHECK_NOTE, CHECK_TELLS, .route = r, .band = band),
		    "Route %u in P%u tells the server: %s.", r->number, band,
		    text);
}

/* A notification that does not wait for the next tick, with everybody's, can
 * be laid beside the times at which people were at a computer. */
static void
check_at_once(struct checker *c, uint8_t band)
{
	if ((c->p->limits.notify_at_once & BAND_BIT(band)) == 0)
		return;
	check_say(c, FOUND(CHECK_NOTE, CHECK_TELLS, .band = band),
	    "Band P%u is notified at once: whoever sees the notification knows "
	    "to the minute when something came, and can match that with who "
	    "was at a computer then. In other bands it is hidden among all "
	    "that happens in %u minutes.",
	    band, c->p->limits.notify_minutes);
}

void
check_giveaways(struct checker *c)
{
	const struct policy *p = c->p;

	for (size_t i = 0; i < p->n_routes; i++) {
		const struct policy_route *r = &p->routes[i];

		for (uint8_t band = 1; band <= POLICY_BANDS; band++)
			check_giveaway(c, r, band);
		if (p->plain_route == r->number)
			check_say(c, FOUND(CHECK_NOTE, CHECK_TELLS, .route = r),
			    "Route %u tells the server: sent without our "
			    "software.",
			    r->number);
	}
	for (uint8_t band = 1; band <= POLICY_BANDS; band++)
		check_at_once(c, band);
}
