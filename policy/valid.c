#include "policy/valid.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "policy/calendar.h"

/* The first finding stays; everything after it is passed over. */
struct findings {
	const struct policy *p;
	struct policy_problem *problem;
	bool any;
};

static void __attribute__((format(printf, 3, 4)))
expect(struct findings *f, bool holds, const char *fmt, ...)
{
	va_list ap;

	if (holds || f->any)
		return;
	va_start(ap, fmt);
	vsnprintf(f->problem->text, sizeof(f->problem->text), fmt, ap);
	va_end(ap);
	f->any = true;
}

/* Ascending, each once, and each somebody's number. */
static void
expect_people(struct findings *f, const uint16_t *list, size_t n,
    const char *where)
{
	for (size_t i = 0; i < n; i++) {
		expect(f, policy_person(f->p, list[i]) != NULL,
		    "%s: there is no person %u", where, list[i]);
		expect(f, i == 0 || list[i - 1] < list[i],
		    "%s: people are not in order", where);
	}
}

static void
expect_unique_slugs(struct findings *f, const char *first, size_t stride,
    size_t n, const char *what)
{
	for (size_t i = 1; i < n; i++)
		for (size_t j = 0; j < i; j++)
			expect(f,
			    strcmp(first + i * stride, first + j * stride) != 0,
			    "%s \"%s\" is there twice", what,
			    first + i * stride);
}

#define UNIQUE_SLUGS(f, items, n, what)                          \
	expect_unique_slugs(f, (n) > 0 ? (items)[0].slug : NULL, \
	    sizeof((items)[0]), n, what)

static void
expect_keys(struct findings *f, const struct policy_person *who)
{
	for (size_t i = 0; i < who->n_keys; i++) {
		const struct policy_key *k = &who->keys[i];

		expect(f, k->until == 0 || k->from < k->until,
		    "%s: a key ends before it begins", who->slug);
		expect(f, k->classic.kind == AGE_X25519,
		    "%s: a classic key begins with age1 and is not hybrid",
		    who->slug);
	}
}

static void
expect_valid_people(struct findings *f)
{
	const struct policy *p = f->p;

	UNIQUE_SLUGS(f, p->people, p->n_people, "person");
	for (size_t i = 0; i < p->n_people; i++) {
		const struct policy_person *who = &p->people[i];

		expect(f, i == 0 || p->people[i - 1].number < who->number,
		    "people are not in the order of their numbers");
		expect_people(f, who->reports_to, who->n_reports_to, who->slug);
		expect(f,
		    f->any || !policy_reports_to(p, who->number, who->number),
		    "%s reports to themselves, directly or through others",
		    who->slug);
		expect_keys(f, who);
	}
}

static void
expect_valid_places(struct findings *f)
{
	const struct policy *p = f->p;
	size_t leads = 0;

	UNIQUE_SLUGS(f, p->icbs, p->n_icbs, "ICB");
	UNIQUE_SLUGS(f, p->areas, p->n_areas, "area");
	for (size_t i = 0; i < p->n_icbs; i++)
		leads += p->icbs[i].lead;
	expect(f, p->n_icbs == 0 || leads == 1, "one ICB is the lead ICB");
	for (size_t i = 0; i < p->n_areas; i++) {
		const struct policy_area *a = &p->areas[i];
		bool found = a->icb[0] == '\0';

		for (size_t k = 0; k < p->n_icbs; k++)
			found |= strcmp(p->icbs[k].slug, a->icb) == 0;
		expect(f, found, "area %s: there is no ICB \"%s\"", a->slug,
		    a->icb);
		expect(f, a->until == 0 || a->from < a->until,
		    "area %s ends before it begins", a->slug);
	}
}

static void
expect_valid_form(struct findings *f)
{
	const struct policy *p = f->p;
	size_t people = 0;

	UNIQUE_SLUGS(f, p->form, p->n_form, "field");
	for (size_t i = 0; i < p->n_form; i++) {
		const struct policy_field *field = &p->form[i];

		UNIQUE_SLUGS(f, field->options, field->n_options, "option");
		people += field->kind == FIELD_PEOPLE;
		expect(f,
		    (field->kind == FIELD_PEOPLE) == (field->n_options == 0),
		    "field %s: a field has options, unless it asks for people",
		    field->slug);
		expect(f,
		    field->kind != FIELD_YES_NO ||
			(field->n_options == 2 &&
			    policy_option(field, "yes") != NULL &&
			    policy_option(field, "no") != NULL),
		    "field %s: its options are yes and no", field->slug);
	}
	expect(f, people <= 1, "only one field asks for people");
}

static void
expect_valid_rung(struct findings *f, const struct policy_route *r, size_t i)
{
	const struct policy_rung *g = &r->rungs[i];

	expect(f, g->bands != 0, "route %s, rung %zu: counts in no band",
	    r->slug, i + 1);
	expect(f, g->n_who > 0, "route %s, rung %zu: names nobody", r->slug,
	    i + 1);
	expect(f, g->after.amount > 0 || g->when == RUNG_BREACHED,
	    "route %s, rung %zu: has no time after which it is reached",
	    r->slug, i + 1);
	expect_people(f, g->who, g->n_who, r->slug);
}

static void
expect_valid_routes(struct findings *f)
{
	const struct policy *p = f->p;

	UNIQUE_SLUGS(f, p->routes, p->n_routes, "route");
	for (size_t i = 0; i < p->n_routes; i++) {
		const struct policy_route *r = &p->routes[i];

		expect(f, i == 0 || p->routes[i - 1].number < r->number,
		    "routes are not in the order of their numbers");
		expect(f, r->n_first > 0, "route %s: nobody is first", r->slug);
		expect_people(f, r->first, r->n_first, r->slug);
		for (size_t k = 0; k < r->n_rungs; k++)
			expect_valid_rung(f, r, k);
	}
	if (p->plain_route >= 0) {
		const struct policy_route *r =
		    policy_route(p, (unsigned)p->plain_route);

		expect(f, r != NULL, "the plain route is not there");
		expect(f, r == NULL || r->keys == KEYS_CLASSIC,
		    "the plain route has classic keys");
	}
}

static void
expect_valid_rules(struct findings *f)
{
	const struct policy *p = f->p;

	for (size_t i = 0; i < p->n_rules; i++) {
		const struct policy_rule *rule = &p->rules[i];
		uint32_t seen = 0;
		bool always;

		expect(f, policy_route(p, rule->route) != NULL,
		    "rule %zu: there is no route %u", i + 1, rule->route);
		expect_people(f, rule->about, rule->n_about, "about");
		for (size_t k = 0; k < rule->n_conditions; k++) {
			const struct policy_condition *c = &rule->conditions[k];

			expect(f, (seen >> c->field & 1) == 0,
			    "rule %zu: a field is asked twice", i + 1);
			expect(f, c->options != 0,
			    "rule %zu: a condition without options", i + 1);
			seen |= 1u << c->field;
		}
		always = rule->n_conditions == 0 && rule->about_roles == 0 &&
		    rule->n_about == 0;
		expect(f, i + 1 < p->n_rules || always,
		    "the last rule must hold always");
	}
}

static void
expect_ascending(struct findings *f, const uint16_t *days, size_t n,
    const char *what)
{
	for (size_t i = 0; i < n; i++)
		expect(f, days[i] > (i == 0 ? 0 : days[i - 1]),
		    "%s are not in order", what);
}

static void
expect_valid_times(struct findings *f)
{
	const struct policy *p = f->p;

	expect(f,
	    p->issued < p->soft_expiry && p->soft_expiry <= p->hard_expiry,
	    "issue, soft and hard expiry are not in order");
	for (size_t i = 0; i < p->n_intervals; i++) {
		const struct policy_interval *v = &p->intervals[i];

		expect(f,
		    v->start < v->end &&
			(i == 0 || p->intervals[i - 1].end < v->start),
		    "the calendar is not in order");
		expect(f,
		    v->start % CALENDAR_QUARTER == 0 &&
			v->end % CALENDAR_QUARTER == 0,
		    "the calendar is not in quarters of an hour");
	}
	expect_ascending(f, p->limits.prompt_days, p->limits.n_prompts,
	    "prompts to a silent reporter");
	expect_ascending(f, p->limits.detriment_days, p->limits.n_detriment,
	    "detriment checks");
}

enum err
policy_valid(const struct policy *p, struct policy_problem *ret_problem)
{
	struct findings f = { .p = p, .problem = ret_problem };

	expect_valid_times(&f);
	expect_valid_places(&f);
	expect_valid_people(&f);
	expect_valid_form(&f);
	expect_valid_routes(&f);
	expect_valid_rules(&f);
	return f.any ? ERR_SYNTAX : ERR_OK;
}
