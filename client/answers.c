#include "client/answers.h"

#include <stdio.h>
#include <string.h>

#include "policy/yaml.h"

static size_t
field_index(const struct answers *a, const struct policy_field *f)
{
	return (size_t)(f - a->policy->form);
}

/* Slugs are written with '-'; '_' is what many type. */
static void
to_slug(char *out, size_t cap, const char *text, size_t n)
{
	(void)snprintf(out, cap, "%.*s", (int)n, text);
	for (; *out != '\0'; out++)
		*out = *out == '_' ? '-' : *out;
}

static enum exit_code
unknown_option(const struct term *t, const struct policy_field *f,
    const char *value)
{
	term_warn(t, "\"%s\" is no answer to \"%s\". Answers are:", value,
	    f->slug);
	for (size_t i = 0; i < f->n_options; i++)
		fprintf(stderr, "  %s\n", f->options[i].slug);
	return EXIT_USAGE;
}

static enum exit_code
set_option(const struct term *t, struct answers *a,
    const struct policy_field *f, const char *value)
{
	const struct policy_option *o = policy_option(f, value);
	uint64_t *mask = &a->mask[field_index(a, f)];

	/* YAML people write true and false for yes and no */
	if (o == NULL && f->kind == FIELD_YES_NO)
		o = policy_option(f,
		    strcmp(value, "true") == 0	      ? "yes"
			: strcmp(value, "false") == 0 ? "no"
						      : value);
	if (o == NULL)
		return unknown_option(t, f, value);
	if (f->kind != FIELD_MANY && *mask != 0)
		return term_fail(t, EXIT_USAGE, "\"%s\" takes only one answer.",
		    f->slug);
	*mask |= UINT64_C(1) << (o - f->options);
	return EXIT_DONE;
}

enum exit_code
answers_add_about(const struct term *t, struct answers *a, const char *slug)
{
	const struct policy_person *p = policy_person_by_slug(a->policy, slug);
	size_t at = 0;

	if (p == NULL)
		return term_fail(t, EXIT_USAGE,
		    "The policy names nobody \"%s\". speakup policy shows "
		    "everybody.",
		    slug);
	while (at < a->n_about && a->about[at] < p->number)
		at++;
	if (at < a->n_about && a->about[at] == p->number)
		return EXIT_DONE;
	if (a->n_about == SEALED_EXCLUDE_MAX)
		return term_fail(t, EXIT_USAGE, "At most %d people.",
		    SEALED_EXCLUDE_MAX);
	memmove(&a->about[at + 1], &a->about[at],
	    (a->n_about - at) * sizeof(a->about[0]));
	a->about[at] = p->number;
	a->n_about++;
	return EXIT_DONE;
}

static enum exit_code
set_one(const struct term *t, struct answers *a, const char *field, size_t n,
    const char *value)
{
	char slug[POLICY_SLUG_MAX + 1];
	const struct policy_field *f;

	to_slug(slug, sizeof(slug), field, n);
	f = policy_field(a->policy, slug);
	if (f == NULL)
		return term_fail(t, EXIT_USAGE,
		    "The form has no question \"%s\".", slug);
	return f->kind == FIELD_PEOPLE ? answers_add_about(t, a, value)
				       : set_option(t, a, f, value);
}

enum exit_code
answers_add(const struct term *t, struct answers *a, const char *text)
{
	const char *equals = strchr(text, '=');

	if (equals == NULL)
		return term_fail(t, EXIT_USAGE,
		    "An answer is written FIELD=VALUE, not \"%s\".", text);
	return set_one(t, a, text, (size_t)(equals - text), equals + 1);
}

/* --- from YAML --- */

static enum exit_code
read_node(const struct term *t, struct answers *a, const struct yaml_node *at)
{
	enum exit_code code = EXIT_DONE;

	if (at->kind == YAML_TEXT)
		return set_one(t, a, at->key, strlen(at->key), at->text);
	for (const struct yaml_node *item = at->first;
	     code == EXIT_DONE && item != NULL; item = item->next)
		code = set_one(t, a, at->key, strlen(at->key), item->text);
	return code;
}

static enum exit_code
read_map(const struct term *t, struct answers *a, const struct yaml_node *map,
    struct buf *text)
{
	enum exit_code code = EXIT_DONE;

	for (const struct yaml_node *at = map->first;
	     code == EXIT_DONE && at != NULL; at = at->next) {
		if (strcmp(at->key, "text") == 0)
			buf_put_str(text, at->text);
		else if (strcmp(at->key, "id") != 0 &&
		    strcmp(at->key, "band") != 0)
			code = read_node(t, a, at);
	}
	return code;
}

static const struct yaml_node *
find_entry(const struct yaml_node *root, const char *entry)
{
	if (root->kind != YAML_LIST)
		return entry == NULL ? root : NULL;
	for (const struct yaml_node *at = root->first;
	     entry != NULL && at != NULL; at = at->next) {
		const struct yaml_node *id =
		    at->kind == YAML_MAP ? yaml_get(at, "id") : NULL;

		if (id != NULL && strcmp(id->text, entry) == 0)
			return at;
	}
	return NULL;
}

enum exit_code
answers_read(const struct term *t, struct answers *a, const char *path,
    const char *entry, struct buf *text)
{
	struct buf x CLEAN_BUF = BUF_INIT(YAML_SIZE_MAX);
	struct yaml_doc *d CLEAN_YAML = NULL;
	struct yaml_error problem = { 0 };
	const struct yaml_node *map;
	enum exit_code code = file_read(t, path, &x);

	if (code != EXIT_DONE)
		return code;
	if (yaml_parse(buf_bytes(&x), path, &d, &problem) != ERR_OK)
		return term_fail(t, EXIT_USAGE, "%s", problem.text);
	map = find_entry(yaml_root(d), entry);
	if (map == NULL || map->kind != YAML_MAP)
		return term_fail(t, EXIT_USAGE,
		    "%s: there are no answers here%s%s.", path,
		    entry != NULL ? " under " : "", entry != NULL ? entry : "");
	return read_map(t, a, map, text);
}

/* --- into the manifest --- */

static void
fill_field(const struct policy_field *f, uint64_t mask, struct manifest *m)
{
	for (size_t i = 0; i < f->n_options; i++) {
		struct manifest_answer *to = &m->answer[m->n_answers];

		if ((mask >> i & 1) == 0 || m->n_answers == SEALED_ANSWERS_MAX)
			continue;
		(void)snprintf(to->field, sizeof(to->field), "%s", f->slug);
		(void)snprintf(to->value, sizeof(to->value), "%s",
		    f->options[i].slug);
		m->n_answers++;
	}
}

enum exit_code
answers_fill(const struct term *t, const struct answers *a, struct manifest *m)
{
	size_t n = 0;

	for (size_t i = 0; i < a->policy->n_form; i++)
		n += (size_t)__builtin_popcountll(a->mask[i]);
	if (n > SEALED_ANSWERS_MAX)
		return term_fail(t, EXIT_USAGE, "At most %d answers.",
		    SEALED_ANSWERS_MAX);
	m->n_answers = 0;
	for (size_t i = 0; i < a->policy->n_form; i++)
		fill_field(&a->policy->form[i], a->mask[i], m);
	m->n_exclude = a->n_about;
	memcpy(m->exclude, a->about, a->n_about * sizeof(a->about[0]));
	return EXIT_DONE;
}
