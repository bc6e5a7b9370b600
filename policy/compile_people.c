#include "policy/compile_parts.h"

#include <string.h>

#include "crypto/codec.h"
#include "crypto/manifest.h"

/* --- keys --- */

static enum err
read_classic(struct yaml_doc *d, const struct yaml_node *at, void *into)
{
	struct policy_key *key = into;

	if (age_recipient_parse(bytes_str(at->text), &key->classic) != ERR_OK ||
	    key->classic.kind != AGE_X25519)
		return yaml_fail(d, at, "this is not a recipient age1…");
	return ERR_OK;
}

static enum err
read_hybrid(struct yaml_doc *d, const struct yaml_node *at, void *into)
{
	struct policy_key *key = into;

	if (age_recipient_parse(bytes_str(at->text), &key->hybrid) != ERR_OK ||
	    key->hybrid.kind != AGE_HYBRID)
		return yaml_fail(d, at, "this is not a recipient age1pq1…");
	key->has_hybrid = true;
	return ERR_OK;
}

struct key_draft {
	struct policy_key key; /* first: read_classic and read_hybrid */
	const struct yaml_node *sign;
};

/* clang-format off */
static const struct yaml_field key_fields[] = {
	{ .key = "classic", .kind = YAML_AS_HANDLER, .required = true,
	    .read = read_classic },
	{ .key = "hybrid", .kind = YAML_AS_HANDLER, .read = read_hybrid },
	{ .key = "sign", .kind = YAML_AS_NODE, .required = true,
	    YAML_FIELD_OF(struct key_draft, sign) },
	{ .key = "from", .kind = YAML_AS_DAY,
	    YAML_FIELD_OF(struct key_draft, key.from) },
	{ .key = "until", .kind = YAML_AS_DAY,
	    YAML_FIELD_OF(struct key_draft, key.until) },
};
/* clang-format on */

/* A verifier key in the person's name, or base64 of the public key. */
static enum err
read_sign(struct yaml_doc *d, const struct yaml_node *at, uint16_t person,
    uint8_t pub[static SIGN_PUB_LEN])
{
	static const uint8_t no_case[CASE_ID_LEN];
	struct bytes text = bytes_str(at->text);
	char name[NOTE_NAME_MAX + 1];
	struct note_key vkey;

	if (base64_get_exact(text, B64_PADDED, pub, SIGN_PUB_LEN) == ERR_OK)
		return ERR_OK;
	if (note_vkey_parse(text, &vkey) != ERR_OK)
		return yaml_fail(d, at,
		    "this is neither a verifier key nor 32 bytes in base64");
	author_key_name(name, no_case, person);
	if (strcmp(vkey.name, name) != 0)
		return yaml_fail(d, at, "this verifier key's name is not %s",
		    name);
	memcpy(pub, vkey.pub, SIGN_PUB_LEN);
	return ERR_OK;
}

static enum err
read_keys(struct compiler *c, struct yaml_doc *d, const struct yaml_node *at,
    struct policy_person *who)
{
	const struct yaml_node *item = NULL;
	size_t n = 0;
	enum err e = list_items(d, at, POLICY_KEYS_MAX, &item, &n);

	if (e != ERR_OK)
		return e;
	if (who->n_keys > 0)
		return yaml_fail(d, at, "%s has keys in the policy already",
		    who->slug);
	who->keys = arena_alloc(c->arena, n, sizeof(*who->keys));
	if (who->keys == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++, item = item->next) {
		struct key_draft draft = { .key.from = c->day };

		e = yaml_read_map(d, item, key_fields, COUNT(key_fields),
		    &draft);
		if (e == ERR_OK)
			e = read_sign(d, draft.sign, who->number,
			    draft.key.sign_pub);
		if (e != ERR_OK)
			return e;
		who->keys[i] = draft.key;
	}
	who->n_keys = n;
	return ERR_OK;
}

enum err
compile_keys_beside(struct compiler *c)
{
	struct beside {
		const struct yaml_node *keys;
	} beside = { 0 };
	static const struct yaml_field fields[] = {
		{ .key = "keys",
		    .kind = YAML_AS_NODE,
		    .required = true,
		    YAML_FIELD_OF(struct beside, keys) },
	};
	struct yaml_doc *d = c->keys_doc;
	struct policy *p = c->policy;
	enum err e;

	e = yaml_read_map(d, yaml_root(d), fields, COUNT(fields), &beside);
	if (e != ERR_OK)
		return e;
	if (beside.keys->kind != YAML_MAP)
		return yaml_fail(d, beside.keys, "keys is a map of people");
	for (const struct yaml_node *at = beside.keys->first; at != NULL;
	     at = at->next) {
		const struct policy_person *who =
		    policy_person_by_slug(p, at->key);

		if (who == NULL)
			return yaml_fail(d, at, "there is no person \"%s\"",
			    at->key);
		e = read_keys(c, d, at, &p->people[who - p->people]);
		if (e != ERR_OK)
			return e;
	}
	return ERR_OK;
}

/* --- people --- */

struct person_draft {
	struct policy_person p;
	const struct yaml_node *role, *areas, *reports_to, *trained, *keys;
};

/* clang-format off */
static const struct yaml_field person_fields[] = {
	{ .key = "number", .kind = YAML_AS_NUMBER, .required = true,
	    YAML_FIELD_OF(struct person_draft, p.number), .min = 1,
	    .max = POLICY_NUMBER_MAX },
	{ .key = "slug", .kind = YAML_AS_SLUG, .required = true,
	    YAML_FIELD_OF(struct person_draft, p.slug) },
	{ .key = "name", .kind = YAML_AS_TEXT, .required = true,
	    YAML_FIELD_OF(struct person_draft, p.name) },
	{ .key = "title", .kind = YAML_AS_TEXT,
	    YAML_FIELD_OF(struct person_draft, p.title) },
	{ .key = "role", .kind = YAML_AS_NODE, .required = true,
	    YAML_FIELD_OF(struct person_draft, role) },
	{ .key = "areas", .kind = YAML_AS_NODE,
	    YAML_FIELD_OF(struct person_draft, areas) },
	{ .key = "reports-to", .kind = YAML_AS_NODE,
	    YAML_FIELD_OF(struct person_draft, reports_to) },
	{ .key = "until", .kind = YAML_AS_DAY,
	    YAML_FIELD_OF(struct person_draft, p.until) },
	{ .key = "trained", .kind = YAML_AS_NODE,
	    YAML_FIELD_OF(struct person_draft, trained) },
	{ .key = "keys", .kind = YAML_AS_NODE,
	    YAML_FIELD_OF(struct person_draft, keys) },
};
/* clang-format on */

static enum err
read_areas(struct compiler *c, const struct yaml_node *at, uint64_t *ret)
{
	const struct yaml_node *item = NULL;
	const struct policy *p = c->policy;
	uint64_t mask = 0;
	size_t n = 0;
	enum err e = list_items(c->doc, at, POLICY_AREAS_MAX, &item, &n);

	for (; e == ERR_OK && n > 0; n--, item = item->next) {
		const struct policy_area *area = policy_area(p, item->text);

		if (area == NULL)
			e = yaml_fail(c->doc, item, "there is no area \"%s\"",
			    item->text);
		else
			mask |= UINT64_C(1) << (area - p->areas);
	}
	if (e == ERR_OK)
		*ret = mask;
	return e;
}

/* clang-format off */
static const struct yaml_field trained_fields[] = {
	{ .key = "in", .kind = YAML_AS_SLUG, .required = true,
	    YAML_FIELD_OF(struct policy_trained, subcategory) },
	{ .key = "until", .kind = YAML_AS_DAY, .required = true,
	    YAML_FIELD_OF(struct policy_trained, until) },
};
/* clang-format on */

static enum err
read_trained(struct compiler *c, const struct yaml_node *at,
    struct policy_person *who)
{
	const struct yaml_node *item = NULL;
	size_t n = 0;
	enum err e = list_items(c->doc, at, POLICY_TRAINED_MAX, &item, &n);

	if (e != ERR_OK)
		return e;
	who->trained = arena_alloc(c->arena, n, sizeof(*who->trained));
	if (who->trained == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++, item = item->next) {
		e = yaml_read_map(c->doc, item, trained_fields,
		    COUNT(trained_fields), &who->trained[i]);
		if (e != ERR_OK)
			return e;
	}
	who->n_trained = n;
	return ERR_OK;
}

/* All of a person but whom they report to: those may come later. */
static enum err
read_draft(struct compiler *c, const struct yaml_node *at,
    struct person_draft *d)
{
	unsigned role = 0;
	enum err e;

	if ((e = yaml_read_map(c->doc, at, person_fields, COUNT(person_fields),
		 d)) != ERR_OK ||
	    (e = read_word(c->doc, d->role, &role_names, "role", &role)) !=
		ERR_OK ||
	    (e = read_areas(c, d->areas, &d->p.areas)) != ERR_OK ||
	    (e = read_trained(c, d->trained, &d->p)) != ERR_OK ||
	    (e = read_keys(c, c->doc, d->keys, &d->p)) != ERR_OK)
		return e;
	d->p.role = (enum policy_role)role;
	for (size_t i = 0; i < c->policy->n_people; i++)
		if (c->policy->people[i].number == d->p.number ||
		    strcmp(c->policy->people[i].slug, d->p.slug) == 0)
			return yaml_fail(c->doc, at,
			    "another person has this number or slug");
	return ERR_OK;
}

/* Keeps people in the order of their numbers. */
static void
insert_person(struct policy *p, const struct policy_person *who)
{
	size_t i = p->n_people++;

	while (i > 0 && p->people[i - 1].number > who->number) {
		p->people[i] = p->people[i - 1];
		i--;
	}
	p->people[i] = *who;
}

static enum err
read_managers(struct compiler *c, const struct yaml_node *at)
{
	const struct yaml_node *slug = yaml_get(at, "slug"), *item = NULL;
	const struct policy_person *found =
	    policy_person_by_slug(c->policy, slug->text);
	struct policy_person *who =
	    &c->policy->people[found - c->policy->people];
	size_t n = 0;
	enum err e = list_items(c->doc, yaml_get(at, "reports-to"),
	    POLICY_MANAGERS_MAX, &item, &n);

	for (size_t i = 0; e == ERR_OK && i < n; i++, item = item->next)
		e = read_person(c, item, &who->reports_to[i]);
	if (e != ERR_OK)
		return e;
	who->n_reports_to = n;
	sort_numbers(who->reports_to, n);
	return ERR_OK;
}

enum err
compile_people(struct compiler *c, const struct yaml_node *at)
{
	const struct yaml_node *first = NULL, *item;
	size_t n = 0;
	enum err e = list_items(c->doc, at, POLICY_PEOPLE_MAX, &first, &n);

	if (e != ERR_OK)
		return e;
	c->policy->people =
	    arena_alloc(c->arena, n, sizeof(*c->policy->people));
	if (c->policy->people == NULL)
		return ERR_NOMEM;
	item = first;
	for (size_t i = 0; i < n; i++, item = item->next) {
		struct person_draft draft = { 0 };

		if ((e = read_draft(c, item, &draft)) != ERR_OK)
			return e;
		insert_person(c->policy, &draft.p);
	}
	item = first;
	for (size_t i = 0; e == ERR_OK && i < n; i++, item = item->next)
		e = read_managers(c, item);
	return e;
}
