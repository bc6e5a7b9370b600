#include "policy/shape.h"

#include <string.h>

#define PLACE(type, member) \
	.offset = offsetof(type, member), .size = sizeof(((type *)0)->member)
/* clang-format off */
#define TEXT(type, key_, member, min_) \
	{ .key = (key_), .kind = PART_TEXT, PLACE(type, member), .min = (min_) }
#define SLUG(type, key_, member, min_) \
	{ .key = (key_), .kind = PART_SLUG, PLACE(type, member), .min = (min_) }
#define NUMBER(type, key_, member, min_, max_) \
	{ .key = (key_), .kind = PART_NUMBER, PLACE(type, member), \
	  .min = (min_), .max = (max_) }
#define PART(type, key_, kind_, member) \
	{ .key = (key_), .kind = (kind_), PLACE(type, member) }
#define NAME(type, key_, member, names_) \
	{ .key = (key_), .kind = PART_NAME, PLACE(type, member), \
	  .names = (names_) }
#define NUMBERS(type, key_, member, count_, max_) \
	{ .key = (key_), .kind = PART_NUMBERS, PLACE(type, member), \
	  .count = offsetof(type, count_), .max = (max_) }
#define LIST(type, key_, member, count_, shape_, min_, max_) \
	{ .key = (key_), .kind = PART_LIST, PLACE(type, member), \
	  .count = offsetof(type, count_), .shape = (shape_), .min = (min_), \
	  .max = (max_) }
#define OWN(key_, function) \
	{ .key = (key_), .kind = PART_OWN, .read = read_##function, \
	  .write = write_##function }
/* clang-format on */
#define SHAPE(name, type, parts)                         \
	static const struct shape name = {               \
		.part = (parts),                         \
		.n = sizeof(parts) / sizeof((parts)[0]), \
		.size = sizeof(type),                    \
	}

/* --- people --- */

/* "" where there is none. */
static enum err
read_hybrid(struct shape_reader *r, const json_t *j, void *into)
{
	struct policy_key *key = into;
	const char *text = json_string_value(j);
	enum err e;

	if (text == NULL)
		return shape_fail(r, "is a text");
	if (text[0] == '\0')
		return ERR_OK;
	e = age_recipient_parse(bytes_str(text), &key->hybrid);
	if (e == ERR_NOMEM)
		return e;
	if (e != ERR_OK || key->hybrid.kind != AGE_HYBRID)
		return shape_fail(r, "is not a recipient age1pq1…");
	key->has_hybrid = true;
	return ERR_OK;
}

static json_t *
write_hybrid(const struct policy *p, const void *from)
{
	const struct policy_key *key = from;
	CLEAN_BUF struct buf text = BUF_INIT(AGE_RECIPIENT_TEXT_MAX);

	(void)p;
	if (key->has_hybrid && age_recipient_put(&text, &key->hybrid) != ERR_OK)
		return NULL;
	return json_stringn(text.n > 0 ? (const char *)text.p : "", text.n);
}

static enum err
read_areas(struct shape_reader *r, const json_t *j, void *into)
{
	struct policy_person *person = into;
	const struct policy *p = r->policy;
	const struct policy_area *area;

	if (!json_is_array(j))
		return shape_fail(r, "is a list");
	for (size_t i = 0; i < json_array_size(j); i++) {
		const char *slug = json_string_value(json_array_get(j, i));

		area = slug != NULL ? policy_area(p, slug) : NULL;
		if (area == NULL)
			return shape_fail(r, "names an area that is not there");
		person->areas |= UINT64_C(1) << (area - p->areas);
	}
	return ERR_OK;
}

static json_t *
write_areas(const struct policy *p, const void *from)
{
	const struct policy_person *person = from;
	json_t *list = json_array();

	for (size_t i = 0; i < p->n_areas; i++)
		if (person->areas >> i & 1 &&
		    json_array_append_new(list, json_string(p->areas[i].slug)))
			goto fail;
	return list;
fail:
	json_decref(list);
	return NULL;
}

static const struct part key_parts[] = {
	PART(struct policy_key, "from", PART_TIME, from),
	PART(struct policy_key, "until", PART_TIME, until),
	PART(struct policy_key, "classic", PART_RECIPIENT, classic),
	OWN("hybrid", hybrid),
	PART(struct policy_key, "sign", PART_HEX, sign_pub),
};
SHAPE(key_shape, struct policy_key, key_parts);

static const struct part trained_parts[] = {
	SLUG(struct policy_trained, "subcategory", subcategory, 1),
	PART(struct policy_trained, "until", PART_TIME, until),
};
SHAPE(trained_shape, struct policy_trained, trained_parts);

static const struct part person_parts[] = {
	NUMBER(struct policy_person, "number", number, 1, POLICY_NUMBER_MAX),
	SLUG(struct policy_person, "slug", slug, 1),
	TEXT(struct policy_person, "name", name, 1),
	TEXT(struct policy_person, "title", title, 0),
	NAME(struct policy_person, "role", role, &role_names),
	OWN("areas", areas),
	PART(struct policy_person, "until", PART_TIME, until),
	NUMBERS(struct policy_person, "reports-to", reports_to, n_reports_to,
	    POLICY_MANAGERS_MAX),
	LIST(struct policy_person, "trained", trained, n_trained,
	    &trained_shape, 0, POLICY_TRAINED_MAX),
	LIST(struct policy_person, "keys", keys, n_keys, &key_shape, 0,
	    POLICY_KEYS_MAX),
};
SHAPE(person_shape, struct policy_person, person_parts);

/* --- places and form --- */

static const struct part icb_parts[] = {
	SLUG(struct policy_icb, "slug", slug, 1),
	TEXT(struct policy_icb, "title", title, 1),
	PART(struct policy_icb, "lead", PART_BOOL, lead),
};
SHAPE(icb_shape, struct policy_icb, icb_parts);

static const struct part area_parts[] = {
	SLUG(struct policy_area, "slug", slug, 1),
	TEXT(struct policy_area, "title", title, 1),
	SLUG(struct policy_area, "icb", icb, 0),
	PART(struct policy_area, "from", PART_TIME, from),
	PART(struct policy_area, "until", PART_TIME, until),
};
SHAPE(area_shape, struct policy_area, area_parts);

static const struct part option_parts[] = {
	SLUG(struct policy_option, "slug", slug, 1),
	TEXT(struct policy_option, "label", label, 1),
};
SHAPE(option_shape, struct policy_option, option_parts);

static const struct part field_parts[] = {
	SLUG(struct policy_field, "slug", slug, 1),
	NAME(struct policy_field, "kind", kind, &field_kind_names),
	TEXT(struct policy_field, "ask", ask, 1),
	TEXT(struct policy_field, "hint", hint, 0),
	LIST(struct policy_field, "options", options, n_options, &option_shape,
	    0, POLICY_OPTIONS_MAX),
};
SHAPE(field_shape, struct policy_field, field_parts);

/* --- routes and rules --- */

static const struct part rung_parts[] = {
	NAME(struct policy_rung, "when", when, &when_names),
	PART(struct policy_rung, "after", PART_DURATION, after),
	NAME(struct policy_rung, "verb", verb, &verb_names),
	PART(struct policy_rung, "bands", PART_BANDS, bands),
	NUMBERS(struct policy_rung, "who", who, n_who, POLICY_WHO_MAX),
};
SHAPE(rung_shape, struct policy_rung, rung_parts);

static const struct part route_parts[] = {
	NUMBER(struct policy_route, "number", number, 1, UINT16_MAX),
	SLUG(struct policy_route, "slug", slug, 1),
	TEXT(struct policy_route, "title", title, 1),
	NAME(struct policy_route, "keys", keys, &keys_names),
	PART(struct policy_route, "recuse-line", PART_BOOL, recuse_line),
	NUMBERS(struct policy_route, "first", first, n_first, POLICY_WHO_MAX),
	LIST(struct policy_route, "ladder", rungs, n_rungs, &rung_shape, 0,
	    POLICY_RUNGS_MAX),
};
SHAPE(route_shape, struct policy_route, route_parts);

static enum err
read_condition_field(struct shape_reader *r, const json_t *j, void *into)
{
	struct policy_condition *c = into;
	const char *slug = json_string_value(j);
	const struct policy_field *f;

	f = slug != NULL ? policy_field(r->policy, slug) : NULL;
	if (f == NULL)
		return shape_fail(r, "names a field that is not there");
	c->field = (uint8_t)(f - r->policy->form);
	return ERR_OK;
}

static json_t *
write_condition_field(const struct policy *p, const void *from)
{
	const struct policy_condition *c = from;

	return json_string(p->form[c->field].slug);
}

static enum err
read_condition_options(struct shape_reader *r, const json_t *j, void *into)
{
	struct policy_condition *c = into;
	const struct policy_field *f = &r->policy->form[c->field];
	const struct policy_option *option;

	if (!json_is_array(j))
		return shape_fail(r, "is a list");
	for (size_t i = 0; i < json_array_size(j); i++) {
		const char *slug = json_string_value(json_array_get(j, i));

		option = slug != NULL ? policy_option(f, slug) : NULL;
		if (option == NULL)
			return shape_fail(r, "names an option that %s has not",
			    f->slug);
		c->options |= UINT64_C(1) << (option - f->options);
	}
	return ERR_OK;
}

static json_t *
write_condition_options(const struct policy *p, const void *from)
{
	const struct policy_condition *c = from;
	const struct policy_field *f = &p->form[c->field];
	json_t *list = json_array();

	for (size_t i = 0; i < f->n_options; i++)
		if (c->options >> i & 1 &&
		    json_array_append_new(list,
			json_string(f->options[i].slug)) != 0)
			goto fail;
	return list;
fail:
	json_decref(list);
	return NULL;
}

static const struct part condition_parts[] = {
	OWN("field", condition_field),
	OWN("options", condition_options),
};
SHAPE(condition_shape, struct policy_condition, condition_parts);

static const struct part rule_parts[] = {
	LIST(struct policy_rule, "if", conditions, n_conditions,
	    &condition_shape, 0, POLICY_CONDITIONS_MAX),
	{ .key = "about-roles",
	    .kind = PART_NAMES,
	    PLACE(struct policy_rule, about_roles),
	    .names = &role_names },
	NUMBERS(struct policy_rule, "about-people", about, n_about,
	    POLICY_ABOUT_MAX),
	NUMBER(struct policy_rule, "route", route, 1, UINT16_MAX),
	PART(struct policy_rule, "band", PART_BAND, band),
};
SHAPE(rule_shape, struct policy_rule, rule_parts);

/* --- deadlines, calendar, the rest --- */

/* {"acknowledge": ["4 hours", … for each band], …} */
static enum err
read_deadlines(struct shape_reader *r, const json_t *j, void *into)
{
	struct policy *p = into;

	if (!json_is_object(j) || json_object_size(j) != POLICY_DEADLINES)
		return shape_fail(r, "has one list for each deadline");
	for (unsigned d = 0; d < POLICY_DEADLINES; d++) {
		const json_t *list = json_object_get(j, deadline_names.name[d]);

		if (json_array_size(list) != POLICY_BANDS)
			return shape_fail(r, "%s has a duration for each band",
			    deadline_names.name[d]);
		for (unsigned b = 0; b < POLICY_BANDS; b++) {
			const char *s =
			    json_string_value(json_array_get(list, b));

			if (s == NULL ||
			    duration_parse(bytes_str(s), &p->deadline[d][b]) !=
				ERR_OK)
				return shape_fail(r, "%s is malformed",
				    deadline_names.name[d]);
		}
	}
	return ERR_OK;
}

static json_t *
write_deadlines(const struct policy *p, const void *from)
{
	json_t *j = json_object(), *list;
	char text[DURATION_TEXT_MAX];

	(void)from;
	for (unsigned d = 0; d < POLICY_DEADLINES; d++) {
		list = json_array();
		for (unsigned b = 0; b < POLICY_BANDS; b++) {
			duration_format(&p->deadline[d][b], text);
			if (json_array_append_new(list, json_string(text)))
				goto fail;
		}
		if (json_object_set_new(j, deadline_names.name[d], list) != 0) {
			list = NULL;
			goto fail;
		}
	}
	return j;
fail:
	json_decref(list);
	json_decref(j);
	return NULL;
}

/* Flat: start, end, start, end. */
static enum err
read_intervals(struct shape_reader *r, const json_t *j, void *into)
{
	struct policy *p = into;
	size_t n = json_array_size(j);
	int64_t v[2];

	if (!json_is_array(j) || n % 2 != 0 || n / 2 > POLICY_INTERVALS_MAX)
		return shape_fail(r, "is a list of at most %d pairs",
		    POLICY_INTERVALS_MAX);
	p->intervals = arena_alloc(r->arena, n / 2, sizeof(*p->intervals));
	if (p->intervals == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		const json_t *item = json_array_get(j, i);

		v[i % 2] = json_integer_value(item);
		if (!json_is_integer(item) || v[i % 2] < 0 ||
		    v[i % 2] > TIME_MAX)
			return shape_fail(r, "is of times");
		if (i % 2 == 1)
			p->intervals[i / 2] =
			    (struct policy_interval){ .start = v[0],
				    .end = v[1] };
	}
	p->n_intervals = n / 2;
	return ERR_OK;
}

static json_t *
write_intervals(const struct policy *p, const void *from)
{
	json_t *list = json_array();

	(void)from;
	for (size_t i = 0; i < p->n_intervals; i++)
		if (json_array_append_new(list,
			json_integer(p->intervals[i].start)) != 0 ||
		    json_array_append_new(list,
			json_integer(p->intervals[i].end)) != 0)
			goto fail;
	return list;
fail:
	json_decref(list);
	return NULL;
}

/* 0 where none are taken. */
static enum err
read_plain_route(struct shape_reader *r, const json_t *j, void *into)
{
	struct policy *p = into;
	json_int_t v = json_integer_value(j);

	if (!json_is_integer(j) || v < 0 || v > UINT16_MAX)
		return shape_fail(r, "is a route's number, or 0");
	p->plain_route = v == 0 ? -1 : (int32_t)v;
	return ERR_OK;
}

static json_t *
write_plain_route(const struct policy *p, const void *from)
{
	(void)from;
	return json_integer(p->plain_route < 0 ? 0 : p->plain_route);
}

static const struct part limit_parts[] = {
	NUMBER(struct policy_limits, "living-days", living_days, 1, 365),
	NUMBER(struct policy_limits, "caseload", caseload, 1, 1000),
	NUMBER(struct policy_limits, "attachments-mib", attachments_mib, 0,
	    1000),
	NUMBER(struct policy_limits, "close-after-days", close_after_days, 1,
	    3650),
	NUMBER(struct policy_limits, "mailbox-days", mailbox_days, 1, 36500),
	NUMBERS(struct policy_limits, "prompt-days", prompt_days, n_prompts,
	    POLICY_TIMES_MAX),
	NUMBERS(struct policy_limits, "detriment-days", detriment_days,
	    n_detriment, POLICY_TIMES_MAX),
	NUMBER(struct policy_limits, "notify-minutes", notify_minutes, 15,
	    1440),
	PART(struct policy_limits, "notify-at-once", PART_BANDS,
	    notify_at_once),
	PART(struct policy_limits, "close-needs-second", PART_BANDS,
	    close_needs_second),
};
SHAPE(limit_shape, struct policy_limits, limit_parts);

static const struct part contact_parts[] = {
	TEXT(struct policy_contact, "name", name, 1),
	TEXT(struct policy_contact, "text", text, 0),
	TEXT(struct policy_contact, "contact", contact, 1),
};
SHAPE(contact_shape, struct policy_contact, contact_parts);

/* In this order: what refers to areas and fields comes after them. */
static const struct part parts[] = {
	NUMBER(struct policy, "serial", serial, 1, UINT32_MAX),
	PART(struct policy, "previous", PART_HEX, previous),
	TEXT(struct policy, "org", org, 1),
	PART(struct policy, "issued", PART_TIME, issued),
	PART(struct policy, "soft-expiry", PART_TIME, soft_expiry),
	PART(struct policy, "hard-expiry", PART_TIME, hard_expiry),
	TEXT(struct policy, "zone", zone, 1),
	LIST(struct policy, "icbs", icbs, n_icbs, &icb_shape, 0,
	    POLICY_ICBS_MAX),
	LIST(struct policy, "areas", areas, n_areas, &area_shape, 0,
	    POLICY_AREAS_MAX),
	LIST(struct policy, "people", people, n_people, &person_shape, 1,
	    POLICY_PEOPLE_MAX),
	LIST(struct policy, "form", form, n_form, &field_shape, 0,
	    POLICY_FIELDS_MAX),
	LIST(struct policy, "routes", routes, n_routes, &route_shape, 1,
	    POLICY_ROUTES_MAX),
	LIST(struct policy, "rules", rules, n_rules, &rule_shape, 1,
	    POLICY_RULES_MAX),
	OWN("plain-route", plain_route),
	PART(struct policy, "plain-band", PART_BAND, plain_band),
	OWN("deadlines", deadlines),
	OWN("intervals", intervals),
	{ .key = "limits",
	    .kind = PART_STRUCT,
	    PLACE(struct policy, limits),
	    .shape = &limit_shape },
	LIST(struct policy, "outside", outside, n_outside, &contact_shape, 0,
	    POLICY_CONTACTS_MAX),
	LIST(struct policy, "crisis", crisis, n_crisis, &contact_shape, 0,
	    POLICY_CONTACTS_MAX),
};
const struct shape policy_shape = {
	.part = parts,
	.n = sizeof(parts) / sizeof(parts[0]),
	.size = sizeof(struct policy),
};
