#include "policy/compile_parts.h"

#include <string.h>

enum err
list_items(struct yaml_doc *d, const struct yaml_node *at, size_t max,
    const struct yaml_node **ret_first, size_t *ret_n)
{
	size_t n = at == NULL ? 0 : at->kind == YAML_TEXT ? 1 : at->n;

	if (at != NULL && at->kind == YAML_MAP)
		return yaml_fail(d, at, "%s is a list",
		    at->key != NULL ? at->key : "this");
	if (at != NULL && at->kind == YAML_TEXT && at->text[0] == '\0')
		return yaml_fail(d, at, "%s is empty",
		    at->key != NULL ? at->key : "this");
	if (n > max)
		return yaml_fail(d, at, "%s has %zu items, of at most %zu",
		    at->key != NULL ? at->key : "this", n, max);
	*ret_first = n == 0 ? NULL : at->kind == YAML_TEXT ? at : at->first;
	*ret_n = n;
	return ERR_OK;
}

enum err
read_word(struct yaml_doc *d, const struct yaml_node *at,
    const struct names *names, const char *what, unsigned *ret)
{
	if (at->kind != YAML_TEXT ||
	    names_find(names, bytes_str(at->text), ret) != ERR_OK)
		return yaml_fail(d, at, "there is no %s \"%s\"", what,
		    at->text);
	return ERR_OK;
}

enum err
read_band(struct yaml_doc *d, const struct yaml_node *at, uint8_t *ret)
{
	static const char *const bands[] = { "P1", "P2", "P3", "P4" };
	static const struct names names = { bands, COUNT(bands) };
	unsigned i;
	enum err e = read_word(d, at, &names, "band", &i);

	if (e == ERR_OK)
		*ret = (uint8_t)(i + 1);
	return e;
}

enum err
read_bands(struct yaml_doc *d, const struct yaml_node *at, uint8_t *ret)
{
	const struct yaml_node *item = NULL;
	uint8_t band, mask = at == NULL ? BANDS_ALL : 0;
	size_t n = 0;
	enum err e = list_items(d, at, POLICY_BANDS, &item, &n);

	for (; e == ERR_OK && n > 0; n--, item = item->next) {
		e = read_band(d, item, &band);
		if (e == ERR_OK && (mask & BAND_BIT(band)) != 0)
			e = yaml_fail(d, item, "this band is here twice");
		if (e == ERR_OK)
			mask |= BAND_BIT(band);
	}
	if (e == ERR_OK)
		*ret = mask;
	return e;
}

enum err
read_duration(struct yaml_doc *d, const struct yaml_node *at,
    struct policy_duration *ret)
{
	if (at->kind != YAML_TEXT ||
	    duration_parse(bytes_str(at->text), ret) != ERR_OK)
		return yaml_fail(d, at,
		    "a time is wanted here: \"4 hours\", \"2 working days\", "
		    "minutes in quarters");
	return ERR_OK;
}

enum err
read_person(struct compiler *c, const struct yaml_node *at, uint16_t *ret)
{
	const struct policy_person *who =
	    policy_person_by_slug(c->policy, at->text);

	if (who == NULL)
		return yaml_fail(c->doc, at, "there is no person \"%s\"",
		    at->text);
	*ret = who->number;
	return ERR_OK;
}

void
sort_numbers(uint16_t *v, size_t n)
{
	for (size_t i = 1; i < n; i++)
		for (size_t j = i; j > 0 && v[j - 1] > v[j]; j--) {
			uint16_t swap = v[j];

			v[j] = v[j - 1];
			v[j - 1] = swap;
		}
}

/* A list of people that is being made. */
struct crowd {
	uint16_t *out;
	size_t cap, n;
};

static bool
crowd_add(struct crowd *crowd, uint16_t number)
{
	for (size_t i = 0; i < crowd->n; i++)
		if (crowd->out[i] == number)
			return true;
	if (crowd->n == crowd->cap)
		return false;
	crowd->out[crowd->n++] = number;
	return true;
}

/* Everybody with that role who has not left when the policy is issued. */
static size_t
crowd_add_role(struct compiler *c, struct crowd *crowd, enum policy_role role,
    bool *fits)
{
	size_t n = 0;

	for (size_t i = 0; i < c->policy->n_people; i++) {
		const struct policy_person *who = &c->policy->people[i];

		if (who->role != role || !policy_person_is_current(who, c->day))
			continue;
		*fits = *fits && crowd_add(crowd, who->number);
		n++;
	}
	return n;
}

/* One word: a person, or a role. Where it is both, it must mean the same. */
static enum err
add_word(struct compiler *c, const struct yaml_node *at, struct crowd *crowd)
{
	const struct policy_person *who =
	    policy_person_by_slug(c->policy, at->text);
	bool fits = true, is_role;
	size_t holders = 0;
	unsigned role = 0;

	is_role = names_find(&role_names, bytes_str(at->text), &role) == ERR_OK;
	if (who == NULL && !is_role)
		return yaml_fail(c->doc, at,
		    "there is no person and no role \"%s\"", at->text);
	if (is_role)
		holders =
		    crowd_add_role(c, crowd, (enum policy_role)role, &fits);
	if (who == NULL && holders == 0)
		return yaml_fail(c->doc, at, "nobody has the role \"%s\"",
		    at->text);
	if (who != NULL && holders > 0 &&
	    (holders > 1 || who->role != (enum policy_role)role))
		return yaml_fail(c->doc, at,
		    "\"%s\" is a person and a role that means others too",
		    at->text);
	if (who != NULL)
		fits = fits && crowd_add(crowd, who->number);
	return fits ? ERR_OK
		    : yaml_fail(c->doc, at, "these are more than %zu people",
			  crowd->cap);
}

enum err
read_who(struct compiler *c, const struct yaml_node *at, uint16_t *out,
    size_t cap, size_t *ret_n)
{
	struct crowd crowd = { .out = out, .cap = cap };
	const struct yaml_node *item = NULL;
	size_t n = 0;
	enum err e = list_items(c->doc, at, cap, &item, &n);

	for (; e == ERR_OK && n > 0; n--, item = item->next)
		e = add_word(c, item, &crowd);
	if (e != ERR_OK)
		return e;
	sort_numbers(out, crowd.n);
	*ret_n = crowd.n;
	return ERR_OK;
}
