#include "policy/compile.h"

#include <string.h>

#include "crypto/codec.h"
#include "policy/compile_parts.h"
#include "policy/valid.h"

struct sections {
	uint64_t format;
	uint32_t serial;
	char org[POLICY_NAME_MAX + 1];
	int64_t issued; /* a day */
	const struct yaml_node *previous, *warn_after, *refuse_after, *calendar,
	    *icbs, *areas, *people, *form, *routes, *rules, *plain, *deadlines,
	    *limits, *outside, *crisis;
};

/* clang-format off */
#define SECTION(key_, member, required_) \
	{ .key = (key_), .kind = YAML_AS_NODE, .required = (required_), \
	  YAML_FIELD_OF(struct sections, member) }

static const struct yaml_field fields[] = {
	{ .key = "format", .kind = YAML_AS_NUMBER, .required = true,
	    YAML_FIELD_OF(struct sections, format), .min = 1, .max = 1 },
	{ .key = "serial", .kind = YAML_AS_NUMBER, .required = true,
	    YAML_FIELD_OF(struct sections, serial), .min = 1,
	    .max = UINT32_MAX },
	SECTION("previous", previous, false),
	{ .key = "organisation", .kind = YAML_AS_TEXT, .required = true,
	    YAML_FIELD_OF(struct sections, org) },
	{ .key = "issued", .kind = YAML_AS_DAY, .required = true,
	    YAML_FIELD_OF(struct sections, issued) },
	SECTION("warn-after", warn_after, true),
	SECTION("refuse-after", refuse_after, true),
	SECTION("calendar", calendar, true),
	SECTION("icbs", icbs, false),
	SECTION("areas", areas, false),
	SECTION("people", people, true),
	SECTION("form", form, true),
	SECTION("routes", routes, true),
	SECTION("rules", rules, true),
	SECTION("plain", plain, false),
	SECTION("deadlines", deadlines, true),
	SECTION("limits", limits, false),
	SECTION("outside", outside, false),
	SECTION("crisis", crisis, false),
};
/* clang-format on */

/* Days after issue. */
static enum err
read_expiry(struct compiler *c, const struct yaml_node *at, int64_t *ret)
{
	struct policy_duration d = { 0 };
	enum err e = read_duration(c->doc, at, &d);

	if (e != ERR_OK)
		return e;
	if (d.unit != UNIT_DAYS || d.amount == 0)
		return yaml_fail(c->doc, at, "%s is a number of days", at->key);
	*ret = c->policy->issued + (int64_t)d.amount * DAY_SECONDS;
	return ERR_OK;
}

static enum err
compile_head(struct compiler *c, const struct compile_input *in,
    const struct sections *s)
{
	struct policy *p = c->policy;
	enum err e;

	p->serial = in->serial != 0 ? in->serial : s->serial;
	memcpy(p->org, s->org, sizeof(p->org));
	p->issued = in->issued != 0 ? in->issued : s->issued * DAY_SECONDS;
	if (p->issued < 0 || p->issued > YAML_DAY_MAX * (int64_t)DAY_SECONDS)
		return yaml_fail(c->doc, yaml_get(yaml_root(c->doc), "issued"),
		    "this day is too far away");
	c->day = p->issued / DAY_SECONDS;
	if (in->previous != NULL)
		memcpy(p->previous, in->previous, sizeof(p->previous));
	else if (s->previous != NULL &&
	    hex_decode(bytes_str(s->previous->text), p->previous,
		sizeof(p->previous)) != ERR_OK)
		return yaml_fail(c->doc, s->previous,
		    "previous is 64 hexadecimal digits");
	if ((e = read_expiry(c, s->warn_after, &p->soft_expiry)) != ERR_OK)
		return e;
	return read_expiry(c, s->refuse_after, &p->hard_expiry);
}

static enum err
compile_sections(struct compiler *c, const struct sections *s)
{
	struct policy *p = c->policy;
	enum err e;

	if ((e = compile_calendar(c, s->calendar)) != ERR_OK ||
	    (e = compile_places(c, s->icbs, s->areas)) != ERR_OK ||
	    (e = compile_people(c, s->people)) != ERR_OK)
		return e;
	if (c->keys_doc != NULL && (e = compile_keys_beside(c)) != ERR_OK)
		return e;
	if ((e = compile_form(c, s->form)) != ERR_OK ||
	    (e = compile_routes(c, s->routes)) != ERR_OK ||
	    (e = compile_rules(c, s->rules)) != ERR_OK ||
	    (e = compile_plain(c, s->plain)) != ERR_OK ||
	    (e = compile_deadlines(c, s->deadlines)) != ERR_OK ||
	    (e = compile_limits(c, s->limits)) != ERR_OK ||
	    (e = compile_contacts(c, s->outside, &p->outside, &p->n_outside)) !=
		ERR_OK)
		return e;
	return compile_contacts(c, s->crisis, &p->crisis, &p->n_crisis);
}

static enum err
compile_whole(struct compiler *c, const struct compile_input *in,
    struct buf *json)
{
	CLEAN_BUF struct buf out = BUF_INIT(POLICY_JSON_MAX);
	struct policy_problem problem = { 0 };
	struct sections s = { 0 };
	enum err e;

	if ((e = yaml_read_map(c->doc, yaml_root(c->doc), fields, COUNT(fields),
		 &s)) != ERR_OK ||
	    (e = compile_head(c, in, &s)) != ERR_OK ||
	    (e = compile_sections(c, &s)) != ERR_OK)
		return e;
	e = policy_valid(c->policy, &problem);
	if (e == ERR_SYNTAX)
		return yaml_fail(c->doc, NULL, "%s", problem.text);
	if (e != ERR_OK || (e = policy_put(c->policy, &out)) != ERR_OK)
		return e;
	buf_put_bytes(json, buf_bytes(&out));
	return json->err;
}

enum err
policy_compile(const struct compile_input *in, struct buf *json,
    struct yaml_error *ret_error)
{
	CLEAN_YAML struct yaml_doc *doc = NULL;
	CLEAN_YAML struct yaml_doc *keys_doc = NULL;
	CLEAN_POLICY struct policy *p = NULL;
	struct compiler c = { .zone = in->zone };
	struct policy_holder *h;
	enum err e;

	if ((e = yaml_parse(in->yaml, in->file, &doc, ret_error)) != ERR_OK)
		return e;
	if (in->keys.n > 0 &&
	    (e = yaml_parse(in->keys, in->keys_file, &keys_doc, ret_error)) !=
		ERR_OK)
		return e;
	h = policy_holder_new();
	if (h == NULL)
		return ERR_NOMEM;
	p = c.policy = &h->policy;
	c.arena = &h->arena;
	c.doc = doc;
	c.keys_doc = keys_doc;
	e = compile_whole(&c, in, json);
	if (e != ERR_OK)
		*ret_error =
		    keys_doc != NULL && yaml_error_of(keys_doc)->text[0] != '\0'
		    ? *yaml_error_of(keys_doc)
		    : *yaml_error_of(doc);
	return e;
}
