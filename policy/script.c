#include "policy/script.h"

#include <stdlib.h>
#include <string.h>

#include "policy/calendar.h"
#include "policy/compile_parts.h"
#include "policy/wall.h"

struct script_reader {
	const struct policy *p;
	const struct compile_zone *zone;
	struct yaml_doc *concerns; /* NULL: none */
	struct script *script;	   /* being read */
};

/* --- words --- */

static enum err
read_time(const struct script_reader *r, struct yaml_doc *d,
    const struct yaml_node *at, int64_t *ret)
{
	if (wall_parse(r->zone, r->p->zone, bytes_str(at->text), ret) == ERR_OK)
		return ERR_OK;
	return yaml_fail(d, at, "a time is written 2026-11-23 10:00");
}

static enum err
find_person(const struct policy *p, struct yaml_doc *d,
    const struct yaml_node *at, uint16_t *ret)
{
	const struct policy_person *who = policy_person_by_slug(p, at->text);

	if (who == NULL)
		return yaml_fail(d, at, "the policy names nobody \"%s\"",
		    at->text);
	*ret = who->number;
	return ERR_OK;
}

/* Ascending, each once. */
static enum err
read_people(const struct policy *p, struct yaml_doc *d,
    const struct yaml_node *at, uint16_t *out, size_t cap, size_t *ret_n)
{
	const struct yaml_node *item;
	size_t n, count = 0;
	enum err e = list_items(d, at, cap, &item, &n);

	for (; e == ERR_OK && n > 0; n--, item = item->next) {
		uint16_t who = 0;

		e = find_person(p, d, item, &who);
		for (size_t i = 0; e == ERR_OK && i < count; i++)
			if (out[i] == who)
				e = yaml_fail(d, item, "named twice");
		if (e == ERR_OK)
			out[count++] = who;
	}
	if (e != ERR_OK)
		return e;
	sort_numbers(out, count);
	*ret_n = count;
	return ERR_OK;
}

/* --- answers --- */

static enum err
read_option(const struct policy_field *f, struct yaml_doc *d,
    const struct yaml_node *at, uint64_t *mask)
{
	const struct policy_option *o = policy_option(f, at->text);

	if (o == NULL)
		return yaml_fail(d, at, "\"%s\" is no answer to %s", at->text,
		    f->slug);
	if (f->kind != FIELD_MANY && *mask != 0)
		return yaml_fail(d, at, "%s takes only one answer", f->slug);
	*mask |= UINT64_C(1) << (o - f->options);
	return ERR_OK;
}

static enum err
read_answer(struct script_reader *r, struct yaml_doc *d,
    const struct yaml_node *at)
{
	const struct policy_field *f = policy_field(r->p, at->key);
	const struct yaml_node *item;
	struct script *s = r->script;
	enum err e;
	size_t n;

	if (f == NULL)
		return yaml_fail(d, at, "the form has no question \"%s\"",
		    at->key);
	if (f->kind == FIELD_PEOPLE)
		return read_people(r->p, d, at, s->marked, SEALED_EXCLUDE_MAX,
		    &s->n_marked);
	e = list_items(d, at, POLICY_OPTIONS_MAX, &item, &n);
	for (; e == ERR_OK && n-- > 0; item = item->next)
		e = read_option(f, d, item, &s->answered[f - r->p->form]);
	return e;
}

/* Of a concern: what is about the reader, not the form, is passed over. */
static bool
is_aside(const char *key)
{
	return strcmp(key, "id") == 0 || strcmp(key, "band") == 0 ||
	    strcmp(key, "text") == 0;
}

static enum err
read_answers(struct script_reader *r, struct yaml_doc *d,
    const struct yaml_node *map, bool is_concern)
{
	enum err e = ERR_OK;

	if (map->kind != YAML_MAP)
		return yaml_fail(d, map, "answers are a map");
	for (const struct yaml_node *at = map->first; e == ERR_OK && at != NULL;
	     at = at->next)
		if (!is_concern || !is_aside(at->key))
			e = read_answer(r, d, at);
	return e;
}

/* Said of the case that asks for it. */
static enum err
read_concern(struct script_reader *r, struct yaml_doc *d,
    const struct yaml_node *at)
{
	const struct yaml_node *root =
	    r->concerns != NULL ? yaml_root(r->concerns) : NULL;

	for (const struct yaml_node *k = root != NULL ? root->first : NULL;
	     k != NULL; k = k->next) {
		const struct yaml_node *id =
		    k->kind == YAML_MAP ? yaml_get(k, "id") : NULL;

		if (id != NULL && strcmp(id->text, at->text) == 0)
			return read_answers(r, r->concerns, k, true);
	}
	return yaml_fail(d, at, "there is no concern \"%s\"", at->text);
}

/* --- actions --- */

struct action_nodes {
	const struct yaml_node *at, *after, *what, *by, *band, *complex,
	    *conduct, *agree, *investigate, *route, *person, *from, *says;
};

#define NODE(name, member, must)                                     \
	{                                                            \
		.key = name, .kind = YAML_AS_NODE, .required = must, \
		YAML_FIELD_OF(struct action_nodes, member)           \
	}
static const struct yaml_field action_fields[] = {
	NODE("at", at, false),
	NODE("after", after, false),
	NODE("do", what, true),
	NODE("by", by, true),
	NODE("band", band, false),
	NODE("complex", complex, false),
	NODE("conduct", conduct, false),
	NODE("agree", agree, false),
	NODE("investigate", investigate, false),
	NODE("route", route, false),
	NODE("person", person, false),
	NODE("from", from, false),
	NODE("says", says, false),
};

static enum err
read_when(const struct script_reader *r, struct yaml_doc *d,
    const struct yaml_node *at, const struct action_nodes *n, int64_t before,
    int64_t *ret)
{
	struct policy_duration after;
	enum err e;

	if ((n->at != NULL) == (n->after != NULL))
		return yaml_fail(d, at, "an action has `at` or `after`");
	if (n->at != NULL) {
		e = read_time(r, d, n->at, ret);
	} else {
		e = read_duration(d, n->after, &after);
		if (e == ERR_OK &&
		    calendar_add(r->p, before, after, ret) != ERR_OK)
			e = yaml_fail(d, n->after,
			    "this is behind the calendar's end");
	}
	if (e == ERR_OK && *ret < before)
		e = yaml_fail(d, at, "this is before the action before it");
	return e;
}

static enum err
read_yes(struct yaml_doc *d, const struct yaml_node *at, bool *ret)
{
	return at != NULL ? yaml_bool(d, at, ret) : ERR_OK;
}

static enum err
read_route(const struct policy *p, struct yaml_doc *d,
    const struct yaml_node *at, uint16_t *ret)
{
	for (size_t i = 0; i < p->n_routes; i++)
		if (strcmp(p->routes[i].slug, at->text) == 0) {
			*ret = p->routes[i].number;
			return ERR_OK;
		}
	return yaml_fail(d, at, "there is no route \"%s\"", at->text);
}

/* What the kind needs and what it has no line for. */
static enum err
check_lines(struct yaml_doc *d, const struct yaml_node *at,
    const struct action_nodes *n, unsigned params)
{
	const struct {
		const struct yaml_node *node;
		unsigned param;
		bool must;
		const char *name;
	} line[] = {
		{ n->band, PARAM_BAND, true, "band" },
		{ n->complex, PARAM_COMPLEX, false, "complex" },
		{ n->conduct, PARAM_CONDUCT, false, "conduct" },
		{ n->agree, PARAM_AGREE, false, "agree" },
		{ n->investigate, PARAM_INVESTIGATE, false, "investigate" },
		{ n->route, PARAM_ROUTE, true, "route" },
		{ n->person, PARAM_PERSON, true, "person" },
		{ n->from, PARAM_FROM, true, "from" },
	};

	for (size_t i = 0; i < COUNT(line); i++) {
		if (line[i].node != NULL && !(params & line[i].param))
			return yaml_fail(d, line[i].node,
			    "%s has nothing to do with it", line[i].name);
		if (line[i].node == NULL && line[i].must &&
		    (params & line[i].param))
			return yaml_fail(d, at, "%s is missing", line[i].name);
	}
	return ERR_OK;
}

static enum err
read_lines(const struct script_reader *r, struct yaml_doc *d,
    const struct action_nodes *n, struct entry *e)
{
	enum message_content content = message_form(e->kind)->content;
	bool says = content == CONTENT_MUST;
	enum err err = read_yes(d, n->says, &says);

	e->agrees = (message_form(e->kind)->params & PARAM_AGREE) != 0;
	if (err == ERR_OK && content != CONTENT_NONE && says)
		memset(e->content, 0xff, sizeof(e->content));
	if (err == ERR_OK && n->band != NULL)
		err = read_band(d, n->band, &e->band);
	if (err == ERR_OK)
		err = read_yes(d, n->complex, &e->is_complex);
	if (err == ERR_OK)
		err = read_yes(d, n->conduct, &e->is_conduct);
	if (err == ERR_OK)
		err = read_yes(d, n->agree, &e->agrees);
	if (err == ERR_OK)
		err = read_yes(d, n->investigate, &e->investigates);
	if (err == ERR_OK && n->route != NULL)
		err = read_route(r->p, d, n->route, &e->route);
	if (err == ERR_OK && n->person != NULL)
		err = find_person(r->p, d, n->person, &e->person);
	if (err == ERR_OK && n->from != NULL)
		err = find_person(r->p, d, n->from, &e->from);
	return err;
}

static enum err
read_kind(const struct script_reader *r, struct yaml_doc *d,
    const struct action_nodes *n, struct entry *e)
{
	bool by_reporter = strcmp(n->by->text, "reporter") == 0;
	enum message_author author;

	if (message_kind_parse(bytes_str(n->what->text), &e->kind) != ERR_OK)
		return yaml_fail(d, n->what, "\"%s\" is no action",
		    n->what->text);
	author = message_form(e->kind)->author;
	if (e->kind == MESSAGE_CONCERN || author == AUTHOR_INSTANCE)
		return yaml_fail(d, n->what, "nobody does this to a case");
	if (by_reporter != (author == AUTHOR_REPORTER))
		return yaml_fail(d, n->by, "%s is %s the reporter to do",
		    n->what->text, by_reporter ? "not for" : "for");
	e->author = PERSON_REPORTER;
	return by_reporter ? ERR_OK : find_person(r->p, d, n->by, &e->author);
}

static enum err
read_action(struct yaml_doc *d, const struct yaml_node *at, void *into)
{
	struct script_reader *r = into;
	struct script *s = r->script;
	struct script_action a = { 0 };
	struct action_nodes n = { 0 };
	int64_t before =
	    s->n_actions > 0 ? s->action[s->n_actions - 1].at : s->filed;
	enum err e =
	    yaml_read_map(d, at, action_fields, COUNT(action_fields), &n);

	if (e == ERR_OK)
		e = read_kind(r, d, &n, &a.entry);
	if (e == ERR_OK)
		e = check_lines(d, at, &n, message_form(a.entry.kind)->params);
	if (e == ERR_OK)
		e = read_lines(r, d, &n, &a.entry);
	if (e == ERR_OK)
		e = read_when(r, d, at, &n, before, &a.at);
	if (e == ERR_OK)
		s->action[s->n_actions++] = a;
	return e;
}

/* --- cases --- */

struct case_nodes {
	char id[POLICY_SLUG_MAX + 1];
	const struct yaml_node *filed, *until, *answers, *concern, *away,
	    *actions;
};

#define CASE_NODE(name, must)                                         \
	{                                                             \
		.key = #name, .kind = YAML_AS_NODE, .required = must, \
		YAML_FIELD_OF(struct case_nodes, name)                \
	}
static const struct yaml_field case_fields[] = {
	{ .key = "id",
	    .kind = YAML_AS_SLUG,
	    YAML_FIELD_OF(struct case_nodes, id) },
	CASE_NODE(filed, true),
	CASE_NODE(until, false),
	CASE_NODE(answers, false),
	CASE_NODE(concern, false),
	CASE_NODE(away, false),
	CASE_NODE(actions, false),
};

static enum err
read_case(struct script_reader *r, struct yaml_doc *d,
    const struct yaml_node *at)
{
	struct script *s = r->script;
	struct case_nodes n = { 0 };
	enum err e = yaml_read_map(d, at, case_fields, COUNT(case_fields), &n);

	memcpy(s->id, n.id, sizeof(s->id));
	if (e == ERR_OK)
		e = read_time(r, d, n.filed, &s->filed);
	if (e == ERR_OK && n.until != NULL)
		e = read_time(r, d, n.until, &s->until);
	if (e == ERR_OK && n.answers != NULL && n.concern != NULL)
		e = yaml_fail(d, n.concern,
		    "a case has answers of its own or "
		    "of a concern, not both");
	if (e == ERR_OK && n.concern != NULL)
		e = read_concern(r, d, n.concern);
	if (e == ERR_OK && n.answers != NULL)
		e = read_answers(r, d, n.answers, false);
	if (e == ERR_OK && n.away != NULL)
		e = read_people(r->p, d, n.away, s->away, SCRIPT_AWAY_MAX,
		    &s->n_away);
	if (e == ERR_OK && n.actions != NULL)
		e = yaml_read_list(d, n.actions, 0, SCRIPT_ACTIONS_MAX,
		    read_action, r);
	return e;
}

static enum err
read_all(struct script_reader *r, struct yaml_doc *d, int64_t filed,
    bool are_concerns, struct script **ret, size_t *ret_n)
{
	const struct yaml_node *root = yaml_root(d), *at = root;
	size_t n = root->kind == YAML_LIST ? root->n : 1;
	struct script *all;
	enum err e = ERR_OK;

	if (n == 0 || n > SCRIPT_CASES_MAX)
		return yaml_fail(d, root, "1 to %d cases", SCRIPT_CASES_MAX);
	if ((all = calloc(n, sizeof(*all))) == NULL)
		return ERR_NOMEM;
	if (root->kind == YAML_LIST)
		at = root->first;
	for (size_t i = 0; e == ERR_OK && i < n; i++, at = at->next) {
		r->script = &all[i];
		all[i].filed = filed;
		e = are_concerns ? read_answers(r, d, at, true)
				 : read_case(r, d, at);
		if (e == ERR_OK && are_concerns && yaml_get(at, "id") != NULL)
			e = yaml_slug(d, yaml_get(at, "id"), all[i].id,
			    sizeof(all[i].id));
	}
	if (e != ERR_OK) {
		free(all);
		return e;
	}
	*ret = all;
	*ret_n = n;
	return ERR_OK;
}

enum err
script_read(const struct policy *p, const struct compile_zone *z,
    struct yaml_doc *cases, struct yaml_doc *concerns, struct script **ret,
    size_t *ret_n)
{
	struct script_reader r = { .p = p, .zone = z, .concerns = concerns };

	return read_all(&r, cases, 0, false, ret, ret_n);
}

enum err
script_of_concerns(const struct policy *p, struct yaml_doc *concerns,
    int64_t filed, struct script **ret, size_t *ret_n)
{
	struct script_reader r = { .p = p };

	return read_all(&r, concerns, filed, true, ret, ret_n);
}
