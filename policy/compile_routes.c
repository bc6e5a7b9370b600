#include "policy/compile_parts.h"

#include <string.h>

/* --- ladders --- */

struct rung_draft {
	struct policy_rung rung;
	const struct yaml_node *when, *after, *bands, *tell, *join;
};

/* clang-format off */
static const struct yaml_field rung_fields[] = {
	{ .key = "when", .kind = YAML_AS_NODE, .required = true,
	    YAML_FIELD_OF(struct rung_draft, when) },
	{ .key = "after", .kind = YAML_AS_NODE, .required = true,
	    YAML_FIELD_OF(struct rung_draft, after) },
	{ .key = "bands", .kind = YAML_AS_NODE,
	    YAML_FIELD_OF(struct rung_draft, bands) },
	{ .key = "tell", .kind = YAML_AS_NODE,
	    YAML_FIELD_OF(struct rung_draft, tell) },
	{ .key = "join", .kind = YAML_AS_NODE,
	    YAML_FIELD_OF(struct rung_draft, join) },
};
/* clang-format on */

static enum err
read_rung(struct compiler *c, const struct yaml_node *at,
    struct policy_rung *out)
{
	struct rung_draft d = { 0 };
	unsigned when = 0;
	enum err e;

	if ((e = yaml_read_map(c->doc, at, rung_fields, COUNT(rung_fields),
		 &d)) != ERR_OK)
		return e;
	if ((d.tell == NULL) == (d.join == NULL))
		return yaml_fail(c->doc, at, "a rung has either tell or join");
	d.rung.verb = d.join != NULL ? VERB_JOIN : VERB_TELL;
	if ((e = read_word(c->doc, d.when, &when_names, "condition", &when)) !=
		ERR_OK ||
	    (e = read_duration(c->doc, d.after, &d.rung.after)) != ERR_OK ||
	    (e = read_bands(c->doc, d.bands, &d.rung.bands)) != ERR_OK ||
	    (e = read_who(c, d.join != NULL ? d.join : d.tell, d.rung.who,
		 POLICY_WHO_MAX, &d.rung.n_who)) != ERR_OK)
		return e;
	d.rung.when = (enum rung_when)when;
	*out = d.rung;
	return ERR_OK;
}

static enum err
read_ladder(struct compiler *c, const struct yaml_node *at,
    struct policy_route *r)
{
	const struct yaml_node *item = NULL;
	size_t n = 0;
	enum err e = list_items(c->doc, at, POLICY_RUNGS_MAX, &item, &n);

	if (e != ERR_OK)
		return e;
	r->rungs = arena_alloc(c->arena, n, sizeof(*r->rungs));
	if (r->rungs == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++, item = item->next) {
		if ((e = read_rung(c, item, &r->rungs[i])) != ERR_OK)
			return e;
		r->n_rungs = i + 1;
	}
	return ERR_OK;
}

/* --- routes --- */

struct route_draft {
	struct policy_route r;
	const struct yaml_node *keys, *first, *ladder;
};

/* clang-format off */
static const struct yaml_field route_fields[] = {
	{ .key = "number", .kind = YAML_AS_NUMBER, .required = true,
	    YAML_FIELD_OF(struct route_draft, r.number), .min = 1,
	    .max = UINT16_MAX },
	{ .key = "slug", .kind = YAML_AS_SLUG, .required = true,
	    YAML_FIELD_OF(struct route_draft, r.slug) },
	{ .key = "title", .kind = YAML_AS_TEXT, .required = true,
	    YAML_FIELD_OF(struct route_draft, r.title) },
	{ .key = "keys", .kind = YAML_AS_NODE, .required = true,
	    YAML_FIELD_OF(struct route_draft, keys) },
	{ .key = "first", .kind = YAML_AS_NODE, .required = true,
	    YAML_FIELD_OF(struct route_draft, first) },
	{ .key = "recuse-line", .kind = YAML_AS_BOOL, .required = true,
	    YAML_FIELD_OF(struct route_draft, r.recuse_line) },
	{ .key = "ladder", .kind = YAML_AS_NODE,
	    YAML_FIELD_OF(struct route_draft, ladder) },
};
/* clang-format on */

/* Whether those of them who have a key that day have a hybrid one; counts
 * the ones who have. */
static bool
have_hybrid(const struct compiler *c, const uint16_t *who, size_t n,
    size_t *with_key)
{
	for (size_t i = 0; i < n; i++) {
		const struct policy_key *key =
		    policy_key_at(policy_person(c->policy, who[i]), c->day);

		if (key != NULL && !key->has_hybrid)
			return false;
		*with_key += key != NULL;
	}
	return true;
}

static enum policy_keys
best_keys(const struct compiler *c, const struct policy_route *r)
{
	size_t with_key = 0;

	if (!have_hybrid(c, r->first, r->n_first, &with_key))
		return KEYS_CLASSIC;
	for (size_t i = 0; i < r->n_rungs; i++)
		if (r->rungs[i].verb == VERB_JOIN &&
		    !have_hybrid(c, r->rungs[i].who, r->rungs[i].n_who,
			&with_key))
			return KEYS_CLASSIC;
	return with_key > 0 ? KEYS_HYBRID : KEYS_CLASSIC;
}

static enum err
read_keys_kind(struct compiler *c, const struct yaml_node *at,
    struct policy_route *r)
{
	unsigned kind = 0;
	enum err e;

	if (strcmp(at->text, "best") == 0) {
		r->keys = best_keys(c, r);
		return ERR_OK;
	}
	e = read_word(c->doc, at, &keys_names, "kind of keys", &kind);
	if (e == ERR_OK)
		r->keys = (enum policy_keys)kind;
	return e;
}

static enum err
read_route(struct compiler *c, const struct yaml_node *at,
    struct policy_route *out)
{
	struct route_draft d = { 0 };
	enum err e;

	if ((e = yaml_read_map(c->doc, at, route_fields, COUNT(route_fields),
		 &d)) != ERR_OK ||
	    (e = read_who(c, d.first, d.r.first, POLICY_WHO_MAX,
		 &d.r.n_first)) != ERR_OK ||
	    (e = read_ladder(c, d.ladder, &d.r)) != ERR_OK ||
	    (e = read_keys_kind(c, d.keys, &d.r)) != ERR_OK)
		return e;
	if (policy_route(c->policy, d.r.number) != NULL)
		return yaml_fail(c->doc, at, "another route has this number");
	*out = d.r;
	return ERR_OK;
}

static void
insert_route(struct policy *p, const struct policy_route *r)
{
	size_t i = p->n_routes++;

	while (i > 0 && p->routes[i - 1].number > r->number) {
		p->routes[i] = p->routes[i - 1];
		i--;
	}
	p->routes[i] = *r;
}

enum err
compile_routes(struct compiler *c, const struct yaml_node *at)
{
	struct policy *p = c->policy;
	const struct yaml_node *item = NULL;
	struct policy_route route;
	size_t n = 0;
	enum err e = list_items(c->doc, at, POLICY_ROUTES_MAX, &item, &n);

	if (e != ERR_OK)
		return e;
	p->routes = arena_alloc(c->arena, n, sizeof(*p->routes));
	if (p->routes == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++, item = item->next) {
		if ((e = read_route(c, item, &route)) != ERR_OK)
			return e;
		insert_route(p, &route);
	}
	return ERR_OK;
}

/* --- rules --- */

struct rule_draft {
	struct policy_rule rule;
	const struct yaml_node *conditions, *about, *route, *band;
};

/* clang-format off */
static const struct yaml_field rule_fields[] = {
	{ .key = "if", .kind = YAML_AS_NODE,
	    YAML_FIELD_OF(struct rule_draft, conditions) },
	{ .key = "about", .kind = YAML_AS_NODE,
	    YAML_FIELD_OF(struct rule_draft, about) },
	{ .key = "route", .kind = YAML_AS_NODE, .required = true,
	    YAML_FIELD_OF(struct rule_draft, route) },
	{ .key = "band", .kind = YAML_AS_NODE, .required = true,
	    YAML_FIELD_OF(struct rule_draft, band) },
};
/* clang-format on */

static enum err
read_condition(struct compiler *c, const struct yaml_node *at,
    struct policy_condition *out)
{
	const struct policy_field *f = policy_field(c->policy, at->key);
	const struct yaml_node *item = NULL;
	size_t n = 0;
	enum err e;

	if (f == NULL || f->kind == FIELD_PEOPLE)
		return yaml_fail(c->doc, at,
		    "\"%s\" is not a field with options", at->key);
	e = list_items(c->doc, at, POLICY_OPTIONS_MAX, &item, &n);
	for (; e == ERR_OK && n > 0; n--, item = item->next) {
		const struct policy_option *option =
		    policy_option(f, item->text);

		if (option == NULL)
			return yaml_fail(c->doc, item,
			    "the field %s has no option \"%s\"", f->slug,
			    item->text);
		out->options |= UINT64_C(1) << (option - f->options);
	}
	out->field = (uint8_t)(f - c->policy->form);
	return e;
}

static enum err
read_conditions(struct compiler *c, const struct yaml_node *at,
    struct policy_rule *rule)
{
	const struct yaml_node *item;
	enum err e = ERR_OK;

	if (at == NULL)
		return ERR_OK;
	if (at->kind != YAML_MAP || at->n > POLICY_CONDITIONS_MAX)
		return yaml_fail(c->doc, at,
		    "if is a map of at most %d fields and options",
		    POLICY_CONDITIONS_MAX);
	rule->conditions =
	    arena_alloc(c->arena, at->n, sizeof(*rule->conditions));
	if (rule->conditions == NULL)
		return ERR_NOMEM;
	item = at->first;
	for (size_t i = 0; e == ERR_OK && i < at->n; i++, item = item->next)
		e = read_condition(c, item, &rule->conditions[i]);
	rule->n_conditions = at->n;
	return e;
}

/* Roles stay roles, so that their next holders are meant too; a person who is
 * called like the role that they have needs no second mention. */
static enum err
read_about(struct compiler *c, const struct yaml_node *at,
    struct policy_rule *rule)
{
	const struct yaml_node *item = NULL;
	size_t n = 0;
	unsigned role = 0;
	enum err e = list_items(c->doc, at, POLICY_ABOUT_MAX, &item, &n);

	for (; e == ERR_OK && n > 0; n--, item = item->next) {
		const struct policy_person *who =
		    policy_person_by_slug(c->policy, item->text);
		bool is_role = names_find(&role_names, bytes_str(item->text),
				   &role) == ERR_OK;

		if (is_role)
			rule->about_roles |= 1u << role;
		if (who != NULL &&
		    !(is_role && who->role == (enum policy_role)role))
			rule->about[rule->n_about++] = who->number;
		if (!is_role && who == NULL)
			e = yaml_fail(c->doc, item,
			    "there is no person and no role \"%s\"",
			    item->text);
	}
	sort_numbers(rule->about, rule->n_about);
	return e;
}

static enum err
read_route_slug(struct compiler *c, const struct yaml_node *at, uint16_t *ret)
{
	const struct policy *p = c->policy;

	for (size_t i = 0; i < p->n_routes; i++)
		if (strcmp(p->routes[i].slug, at->text) == 0) {
			*ret = p->routes[i].number;
			return ERR_OK;
		}
	return yaml_fail(c->doc, at, "there is no route \"%s\"", at->text);
}

static enum err
read_rule(struct compiler *c, const struct yaml_node *at,
    struct policy_rule *out)
{
	struct rule_draft d = { 0 };
	enum err e;

	if ((e = yaml_read_map(c->doc, at, rule_fields, COUNT(rule_fields),
		 &d)) != ERR_OK ||
	    (e = read_conditions(c, d.conditions, &d.rule)) != ERR_OK ||
	    (e = read_about(c, d.about, &d.rule)) != ERR_OK ||
	    (e = read_route_slug(c, d.route, &d.rule.route)) != ERR_OK ||
	    (e = read_band(c->doc, d.band, &d.rule.band)) != ERR_OK)
		return e;
	*out = d.rule;
	return ERR_OK;
}

enum err
compile_rules(struct compiler *c, const struct yaml_node *at)
{
	struct policy *p = c->policy;
	const struct yaml_node *item = NULL;
	size_t n = 0;
	enum err e = list_items(c->doc, at, POLICY_RULES_MAX, &item, &n);

	if (e != ERR_OK)
		return e;
	p->rules = arena_alloc(c->arena, n, sizeof(*p->rules));
	if (p->rules == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; e == ERR_OK && i < n; i++, item = item->next)
		e = read_rule(c, item, &p->rules[i]);
	p->n_rules = n;
	return e;
}

enum err
compile_plain(struct compiler *c, const struct yaml_node *at)
{
	struct plain_draft {
		const struct yaml_node *route, *band;
	} d = { 0 };
	/* clang-format off */
	static const struct yaml_field fields[] = {
		{ .key = "route", .kind = YAML_AS_NODE, .required = true,
		    YAML_FIELD_OF(struct plain_draft, route) },
		{ .key = "band", .kind = YAML_AS_NODE, .required = true,
		    YAML_FIELD_OF(struct plain_draft, band) },
	};
	/* clang-format on */
	uint16_t route = 0;
	enum err e;

	if (at == NULL)
		return ERR_OK;
	if ((e = yaml_read_map(c->doc, at, fields, COUNT(fields), &d)) !=
		ERR_OK ||
	    (e = read_route_slug(c, d.route, &route)) != ERR_OK ||
	    (e = read_band(c->doc, d.band, &c->policy->plain_band)) != ERR_OK)
		return e;
	c->policy->plain_route = route;
	return ERR_OK;
}
