#include "policy/compile_parts.h"

#include <string.h>

/* --- places --- */

/* clang-format off */
static const struct yaml_field icb_fields[] = {
	{ .key = "slug", .kind = YAML_AS_SLUG, .required = true,
	    YAML_FIELD_OF(struct policy_icb, slug) },
	{ .key = "title", .kind = YAML_AS_TEXT, .required = true,
	    YAML_FIELD_OF(struct policy_icb, title) },
	{ .key = "lead", .kind = YAML_AS_BOOL,
	    YAML_FIELD_OF(struct policy_icb, lead) },
};

static const struct yaml_field area_fields[] = {
	{ .key = "slug", .kind = YAML_AS_SLUG, .required = true,
	    YAML_FIELD_OF(struct policy_area, slug) },
	{ .key = "title", .kind = YAML_AS_TEXT, .required = true,
	    YAML_FIELD_OF(struct policy_area, title) },
	{ .key = "icb", .kind = YAML_AS_SLUG,
	    YAML_FIELD_OF(struct policy_area, icb) },
	{ .key = "from", .kind = YAML_AS_DAY,
	    YAML_FIELD_OF(struct policy_area, from) },
	{ .key = "until", .kind = YAML_AS_DAY,
	    YAML_FIELD_OF(struct policy_area, until) },
};

static const struct yaml_field contact_fields[] = {
	{ .key = "name", .kind = YAML_AS_TEXT, .required = true,
	    YAML_FIELD_OF(struct policy_contact, name) },
	{ .key = "text", .kind = YAML_AS_TEXT,
	    YAML_FIELD_OF(struct policy_contact, text) },
	{ .key = "contact", .kind = YAML_AS_TEXT, .required = true,
	    YAML_FIELD_OF(struct policy_contact, contact) },
};
/* clang-format on */

/* A list of maps by table into fresh structs of that size. */
static enum err
read_structs(struct compiler *c, const struct yaml_node *at, size_t max,
    const struct yaml_field *fields, size_t n_fields, size_t size,
    void **ret_items, size_t *ret_n)
{
	const struct yaml_node *item = NULL;
	char *items;
	size_t n = 0;
	enum err e = list_items(c->doc, at, max, &item, &n);

	if (e != ERR_OK)
		return e;
	items = arena_alloc(c->arena, n, size);
	if (items == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++, item = item->next) {
		e = yaml_read_map(c->doc, item, fields, n_fields,
		    items + i * size);
		if (e != ERR_OK)
			return e;
	}
	*ret_items = items;
	*ret_n = n;
	return ERR_OK;
}

enum err
compile_places(struct compiler *c, const struct yaml_node *icbs,
    const struct yaml_node *areas)
{
	struct policy *p = c->policy;
	void *items;
	enum err e;

	e = read_structs(c, icbs, POLICY_ICBS_MAX, icb_fields,
	    COUNT(icb_fields), sizeof(*p->icbs), &items, &p->n_icbs);
	if (e != ERR_OK)
		return e;
	p->icbs = items;
	e = read_structs(c, areas, POLICY_AREAS_MAX, area_fields,
	    COUNT(area_fields), sizeof(*p->areas), &items, &p->n_areas);
	if (e != ERR_OK)
		return e;
	p->areas = items;
	return ERR_OK;
}

enum err
compile_contacts(struct compiler *c, const struct yaml_node *at,
    struct policy_contact **ret, size_t *ret_n)
{
	void *items;
	enum err e = read_structs(c, at, POLICY_CONTACTS_MAX, contact_fields,
	    COUNT(contact_fields), sizeof(**ret), &items, ret_n);

	if (e == ERR_OK)
		*ret = items;
	return e;
}

/* --- the form --- */

struct field_draft {
	struct policy_field f;
	const struct yaml_node *kind, *options;
};

/* clang-format off */
static const struct yaml_field form_fields[] = {
	{ .key = "field", .kind = YAML_AS_SLUG, .required = true,
	    YAML_FIELD_OF(struct field_draft, f.slug) },
	{ .key = "kind", .kind = YAML_AS_NODE, .required = true,
	    YAML_FIELD_OF(struct field_draft, kind) },
	{ .key = "ask", .kind = YAML_AS_TEXT, .required = true,
	    YAML_FIELD_OF(struct field_draft, f.ask) },
	{ .key = "hint", .kind = YAML_AS_TEXT,
	    YAML_FIELD_OF(struct field_draft, f.hint) },
	{ .key = "options", .kind = YAML_AS_NODE,
	    YAML_FIELD_OF(struct field_draft, options) },
};
/* clang-format on */

static enum err
options_new(struct compiler *c, struct policy_field *f, size_t n)
{
	f->options = arena_alloc(c->arena, n, sizeof(*f->options));
	if (f->options == NULL)
		return ERR_NOMEM;
	f->n_options = n;
	return ERR_OK;
}

static enum err
options_of_areas(struct compiler *c, struct policy_field *f)
{
	const struct policy *p = c->policy;
	enum err e = options_new(c, f, p->n_areas);

	for (size_t i = 0; e == ERR_OK && i < p->n_areas; i++) {
		memcpy(f->options[i].slug, p->areas[i].slug,
		    sizeof(f->options[i].slug));
		memcpy(f->options[i].label, p->areas[i].title,
		    sizeof(f->options[i].label));
	}
	return e;
}

static enum err
options_yes_no(struct compiler *c, struct policy_field *f)
{
	static const struct policy_option yes = { "yes", "Yes" };
	static const struct policy_option no = { "no", "No" };
	enum err e = options_new(c, f, 2);

	if (e == ERR_OK) {
		f->options[0] = yes;
		f->options[1] = no;
	}
	return e;
}

/* `slug: label`, in order; the key is held to a slug's grammar too. */
static enum err
options_listed(struct compiler *c, const struct yaml_node *at,
    struct policy_field *f)
{
	const struct yaml_node *item = at->first;
	enum err e;

	if (at->kind != YAML_MAP || at->n > POLICY_OPTIONS_MAX)
		return yaml_fail(c->doc, at,
		    "options are a map of at most %d slugs and labels",
		    POLICY_OPTIONS_MAX);
	if ((e = options_new(c, f, at->n)) != ERR_OK)
		return e;
	for (size_t i = 0; i < at->n; i++, item = item->next) {
		struct yaml_node slug = *item;

		slug.text = item->key;
		if ((e = yaml_slug(c->doc, &slug, f->options[i].slug,
			 sizeof(f->options[i].slug))) != ERR_OK ||
		    (e = yaml_text(c->doc, item, f->options[i].label,
			 sizeof(f->options[i].label))) != ERR_OK)
			return e;
	}
	return ERR_OK;
}

static enum err
read_options(struct compiler *c, const struct yaml_node *at,
    struct field_draft *d)
{
	bool wants = d->f.kind == FIELD_ONE || d->f.kind == FIELD_MANY;

	if (wants != (d->options != NULL))
		return yaml_fail(c->doc, at,
		    "a field of kind one or many has options; one of another "
		    "kind has not");
	if (d->f.kind == FIELD_YES_NO)
		return options_yes_no(c, &d->f);
	if (d->f.kind == FIELD_PEOPLE)
		return ERR_OK;
	if (d->options->kind == YAML_TEXT &&
	    strcmp(d->options->text, "areas") == 0)
		return options_of_areas(c, &d->f);
	return options_listed(c, d->options, &d->f);
}

static enum err
read_field(struct compiler *c, const struct yaml_node *at,
    struct policy_field *out)
{
	struct field_draft draft = { 0 };
	unsigned kind = 0;
	enum err e;

	if ((e = yaml_read_map(c->doc, at, form_fields, COUNT(form_fields),
		 &draft)) != ERR_OK ||
	    (e = read_word(c->doc, draft.kind, &field_kind_names, "kind",
		 &kind)) != ERR_OK)
		return e;
	draft.f.kind = (enum policy_field_kind)kind;
	if ((e = read_options(c, at, &draft)) != ERR_OK)
		return e;
	*out = draft.f;
	return ERR_OK;
}

enum err
compile_form(struct compiler *c, const struct yaml_node *at)
{
	struct policy *p = c->policy;
	const struct yaml_node *item = NULL;
	size_t n = 0;
	enum err e = list_items(c->doc, at, POLICY_FIELDS_MAX, &item, &n);

	if (e != ERR_OK)
		return e;
	p->form = arena_alloc(c->arena, n, sizeof(*p->form));
	if (p->form == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++, item = item->next) {
		if ((e = read_field(c, item, &p->form[i])) != ERR_OK)
			return e;
		p->n_form = i + 1;
	}
	return ERR_OK;
}
