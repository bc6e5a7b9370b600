#include "client/ctl.h"

#include <string.h>

#include "client/answers.h"
#include "client/json.h"
#include "crypto/codec.h"
#include "policy/explain.h"
#include "policy/names.h"

#define EXPLAIN_MAX (256 * 1024)

void
ctl_warn_keyless(const struct term *t, const struct policy *p)
{
	for (size_t i = 0; i < p->n_people; i++)
		if (p->people[i].n_keys > 0)
			return;
	term_warn(t,
	    "Nobody in this policy has a key, so nobody can read: "
	    "where keys are kept beside it, give --keys FILE.");
}

void
ctl_say_lines(const struct term *t, const struct buf *text)
{
	struct reader r = reader_over(buf_bytes(text));

	while (r.n > 0 && r.err == ERR_OK) {
		struct bytes line = reader_line(&r);
		unsigned level = 0;

		while (line.n >= 2 && memcmp(line.p, "  ", 2) == 0) {
			line = BYTES(line.p + 2, line.n - 2);
			level++;
		}
		term_item(t, level, "%.*s", (int)line.n, (const char *)line.p);
	}
}

/* --- JSON --- */

static json_t *
slugs(const struct policy *p, const uint16_t *who, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		(void)json_array_append_new(list,
		    json_string(policy_person(p, who[i])->slug));
	return list;
}

/* Those of one rung who stand in the list of members or of the told. */
static json_t *
slugs_of_rung(const struct policy *p, const struct policy_rung *g,
    const struct member *m, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < g->n_who; i++)
		for (size_t k = 0; k < n; k++)
			if (m[k].person == g->who[i])
				(void)json_array_append_new(list,
				    json_string(
					policy_person(p, g->who[i])->slug));
	return list;
}

static json_t *
first_json(const struct explanation *x)
{
	json_t *list = json_array();

	for (size_t i = 0; i < x->n_members; i++)
		if (x->member[i].rung == 0)
			(void)json_array_append_new(list,
			    json_string(policy_person(x->p, x->member[i].person)
					    ->slug));
	return list;
}

static json_t *
rung_json(const struct explanation *x, unsigned rung)
{
	const struct policy_rung *g = &x->route->rungs[rung - 1];
	char after[DURATION_TEXT_MAX];
	json_t *who = g->verb == VERB_JOIN
	    ? slugs_of_rung(x->p, g, x->member, x->n_members)
	    : slugs_of_rung(x->p, g, x->told, x->n_told);

	duration_format(&g->after, after);
	return json_pack("{s:i, s:s, s:s, s:s, s:b, s:o}", "rung", (int)rung,
	    "when", rung_when_name(g->when), "after", after, "verb",
	    rung_verb_name(g->verb), "counts", explain_rung_counts(x, rung),
	    "people", who);
}

static json_t *
deadlines_json(const struct explanation *x)
{
	json_t *all = json_object();
	char after[DURATION_TEXT_MAX];

	for (unsigned i = 0; i < POLICY_DEADLINES; i++) {
		const struct policy_duration *d =
		    &x->p->deadline[i][x->choice.band - 1];

		duration_format(d, after);
		if (d->amount > 0)
			(void)json_object_set_new(all, deadline_names.name[i],
			    json_string(after));
	}
	return all;
}

static enum exit_code
print_json(const struct term *t, const struct explanation *x)
{
	json_t *ladder = json_array();

	for (unsigned i = 1; i <= x->route->n_rungs; i++)
		(void)json_array_append_new(ladder, rung_json(x, i));
	return json_print(t,
	    json_pack("{s:s, s:i, s:i, s:o, s:o, s:o, s:o}", "route",
		x->route->slug, "band", x->choice.band, "rule",
		x->choice.rule + 1, "first", first_json(x), "ladder", ladder,
		"left_out", slugs(x->p, x->out, x->n_out), "deadlines",
		deadlines_json(x)));
}

static json_t *
route_json(const struct policy *p, const struct policy_route *r)
{
	json_t *ladder = json_array();
	char after[DURATION_TEXT_MAX];

	for (size_t i = 0; i < r->n_rungs; i++) {
		const struct policy_rung *g = &r->rungs[i];

		duration_format(&g->after, after);
		(void)json_array_append_new(ladder,
		    json_pack("{s:I, s:s, s:s, s:s, s:o}", "rung",
			(json_int_t)i + 1, "when", rung_when_name(g->when),
			"after", after, "verb", rung_verb_name(g->verb),
			"people", slugs(p, g->who, g->n_who)));
	}
	return json_pack("{s:i, s:s, s:o, s:o}", "number", r->number, "route",
	    r->slug, "first", slugs(p, r->first, r->n_first), "ladder", ladder);
}

/* --- the command --- */

static enum exit_code
say_text(const struct term *t, const struct buf *text, const char *path)
{
	if (text->err != ERR_OK)
		return fail_err(t, text->err, path);
	ctl_say_lines(t, text);
	return EXIT_DONE;
}

static enum exit_code
explain_all(const struct term *t, const struct policy *p, const char *path)
{
	struct buf text CLEAN_BUF = BUF_INIT(EXPLAIN_MAX);
	json_t *list;

	if (!t->json) {
		explain_routes(p, &text);
		return say_text(t, &text, path);
	}
	list = json_array();
	for (size_t i = 0; i < p->n_routes; i++)
		(void)json_array_append_new(list, route_json(p, &p->routes[i]));
	return json_print(t, list);
}

static enum exit_code
explain_one(const struct term *t, const struct answers *a, const char *path)
{
	struct buf text CLEAN_BUF = BUF_INIT(EXPLAIN_MAX);
	struct explanation x;
	enum err e = explain(a->policy, a->mask, a->about, a->n_about,
	    a->policy->issued / DAY_SECONDS, &x);

	if (e == ERR_LIMIT)
		return term_fail(t, EXIT_REFUSED,
		    "This route has more readers "
		    "than a concern can have: speakupctl policy check.");
	if (e != ERR_OK)
		return fail_err(t, e, path);
	if (t->json)
		return print_json(t, &x);
	explain_put(&x, &text);
	return say_text(t, &text, path);
}

enum exit_code
ctl_policy_explain(const void *values, const struct args *args)
{
	const struct ctl_options *o = values;
	struct term t = ctl_term(o);
	struct policy *p CLEAN_POLICY = NULL;
	struct answers a = { 0 };
	enum exit_code code = ctl_policy_load(o, &t, args->at[0], &p);

	if (code == EXIT_DONE)
		ctl_warn_keyless(&t, p);
	a.policy = p;
	for (size_t i = 1; code == EXIT_DONE && i < args->n; i++)
		code = answers_add(&t, &a, args->at[i]);
	for (size_t i = 0; code == EXIT_DONE && i < o->about.n; i++)
		code = answers_add_about(&t, &a, o->about.at[i]);
	if (code != EXIT_DONE)
		return code;
	return args->n == 1 && o->about.n == 0
	    ? explain_all(&t, p, args->at[0])
	    : explain_one(&t, &a, args->at[0]);
}
