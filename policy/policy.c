#include "policy/policy.h"

#include <stdlib.h>
#include <string.h>

#include "policy/holder.h"
#include "policy/shape.h"
#include "policy/valid.h"

struct policy_holder *
policy_holder_new(void)
{
	struct policy_holder *h = calloc(1, sizeof(*h));

	if (h != NULL) {
		h->policy.plain_route = -1;
		h->policy.plain_band = POLICY_BANDS;
	}
	return h;
}

struct policy *
policy_free(struct policy *p)
{
	struct policy_holder *h = (struct policy_holder *)(void *)p;

	if (h != NULL)
		arena_free(&h->arena);
	free(h);
	return NULL;
}

void
policy_freep(struct policy **p)
{
	*p = policy_free(*p);
}

static json_t *
load_once(struct bytes json, json_error_t *where)
{
	return json_loadb((const char *)json.p, json.n, JSON_REJECT_DUPLICATES,
	    where);
}

/*
 * Where memory runs out while it reads, jansson calls it bad syntax, or goes on
 * without a character of a text or a number. So it reads twice, and both have
 * to say the same; and what does not parse is called false only after something
 * that does. NULL with ERR_SYNTAX or ERR_NOMEM.
 */
static json_t *
load(struct bytes json, json_error_t *where, enum err *ret_err)
{
	json_t *j = load_once(json, where), *again = load_once(json, where);
	json_t *known = json_loads("{\"a\": [1]}", 0, NULL);
	bool is_false = j == NULL && again == NULL && known != NULL &&
	    json_error_code(where) != json_error_out_of_memory;

	if (j == NULL || again == NULL || !json_equal(j, again)) {
		*ret_err = is_false ? ERR_SYNTAX : ERR_NOMEM;
		json_decref(j);
		j = NULL;
	}
	json_decref(again);
	json_decref(known);
	return j;
}

/* Into a holder that the caller frees. */
static enum err
parse_into(struct bytes json, struct policy_holder *h,
    struct policy_problem *problem)
{
	struct shape_reader r = {
		.policy = &h->policy,
		.arena = &h->arena,
		.problem = problem,
	};
	json_error_t where;
	enum err e = ERR_OK;
	json_t *j = load(json, &where, &e);

	if (j == NULL)
		return e == ERR_NOMEM
		    ? e
		    : shape_fail(&r, "this is not JSON (at byte %d)",
			  where.position);
	e = shape_read(&r, j, &policy_shape, &h->policy);
	json_decref(j);
	return e == ERR_OK ? policy_valid(&h->policy, problem) : e;
}

enum err
policy_parse(struct bytes json, struct policy **ret,
    struct policy_problem *ret_problem)
{
	struct policy_holder *h;
	enum err e;

	memset(ret_problem, 0, sizeof(*ret_problem));
	if (json.n > POLICY_JSON_MAX)
		return ERR_LIMIT;
	h = policy_holder_new();
	if (h == NULL)
		return ERR_NOMEM;
	e = parse_into(json, h, ret_problem);
	if (e != ERR_OK) {
		policy_free(&h->policy);
		return e;
	}
	*ret = &h->policy;
	return ERR_OK;
}

static int
put_json(const char *p, size_t n, void *out)
{
	buf_put(out, p, n);
	return 0; /* the buffer knows */
}

/* Not into jansson's own string: it goes on without a key for which there was
 * no memory. */
enum err
policy_put(const struct policy *p, struct buf *out)
{
	CLEAN_BUF struct buf text = BUF_INIT(out->max);
	json_t *j = shape_write(p, &policy_shape, p);
	bool ok = j != NULL &&
	    json_dump_callback(j, put_json, &text,
		JSON_COMPACT | JSON_SORT_KEYS) == 0;

	json_decref(j);
	if (!ok)
		return ERR_NOMEM;
	buf_put_str(&text, "\n");
	if (text.err != ERR_OK)
		return text.err;
	buf_put_bytes(out, buf_bytes(&text));
	return out->err;
}

const struct policy_person *
policy_person(const struct policy *p, uint16_t number)
{
	for (size_t i = 0; i < p->n_people; i++)
		if (p->people[i].number == number)
			return &p->people[i];
	return NULL;
}

const struct policy_person *
policy_person_by_slug(const struct policy *p, const char *slug)
{
	for (size_t i = 0; i < p->n_people; i++)
		if (strcmp(p->people[i].slug, slug) == 0)
			return &p->people[i];
	return NULL;
}

const struct policy_route *
policy_route(const struct policy *p, unsigned number)
{
	for (size_t i = 0; i < p->n_routes; i++)
		if (p->routes[i].number == number)
			return &p->routes[i];
	return NULL;
}

const struct policy_field *
policy_field(const struct policy *p, const char *slug)
{
	for (size_t i = 0; i < p->n_form; i++)
		if (strcmp(p->form[i].slug, slug) == 0)
			return &p->form[i];
	return NULL;
}

const struct policy_option *
policy_option(const struct policy_field *f, const char *slug)
{
	for (size_t i = 0; i < f->n_options; i++)
		if (strcmp(f->options[i].slug, slug) == 0)
			return &f->options[i];
	return NULL;
}

const struct policy_area *
policy_area(const struct policy *p, const char *slug)
{
	for (size_t i = 0; i < p->n_areas; i++)
		if (strcmp(p->areas[i].slug, slug) == 0)
			return &p->areas[i];
	return NULL;
}

bool
policy_person_is_current(const struct policy_person *person, int64_t day)
{
	return person->until == 0 || day < person->until;
}

const struct policy_key *
policy_key_at(const struct policy_person *person, int64_t day)
{
	const struct policy_key *newest = NULL;

	for (size_t i = 0; i < person->n_keys; i++) {
		const struct policy_key *k = &person->keys[i];

		if (k->from <= day && (k->until == 0 || day < k->until) &&
		    (newest == NULL || k->from > newest->from))
			newest = k;
	}
	return newest;
}
