#include "policy/combine.h"

#include <stdio.h>
#include <string.h>

/* --- the forms, taken together --- */

static struct combine_field *
field_of(struct combine *c, const struct policy_field *f)
{
	struct combine_field *to;

	for (size_t i = 0; i < c->n_fields; i++)
		if (strcmp(c->field[i].slug, f->slug) == 0)
			return &c->field[i];
	to = &c->field[c->n_fields++];
	*to = (struct combine_field){
		.slug = f->slug,
		.place = { POLICY_FIELDS_MAX, POLICY_FIELDS_MAX },
	};
	return to;
}

static struct combine_option *
option_of(struct combine_field *f, const char *slug)
{
	for (size_t i = 0; i < f->n_options; i++)
		if (strcmp(f->option[i].slug, slug) == 0)
			return &f->option[i];
	f->option[f->n_options] = (struct combine_option){ .slug = slug };
	return &f->option[f->n_options++];
}

static void
add_form(struct combine *c, unsigned which)
{
	const struct policy *p = c->p[which];

	for (size_t i = 0; i < p->n_form; i++) {
		const struct policy_field *f = &p->form[i];
		struct combine_field *to;

		if (f->kind == FIELD_PEOPLE)
			continue;
		to = field_of(c, f);
		to->many |= f->kind == FIELD_MANY;
		to->place[which] = (uint8_t)i;
		for (size_t k = 0; k < f->n_options; k++)
			option_of(to, f->options[k].slug)->bit[which] =
			    UINT64_C(1) << k;
	}
}

/* --- classes --- */

/* Whether some condition of a policy tells a from b; with b NULL, from no
 * answer. */
static bool
tells_apart(const struct policy *p, unsigned which,
    const struct combine_field *f, const struct combine_option *a,
    const struct combine_option *b)
{
	for (size_t i = 0; i < p->n_rules; i++)
		for (size_t k = 0; k < p->rules[i].n_conditions; k++) {
			const struct policy_condition *c =
			    &p->rules[i].conditions[k];
			bool with_a = (c->options & a->bit[which]) != 0;
			bool with_b =
			    b != NULL && (c->options & b->bit[which]) != 0;

			if (c->field == f->place[which] && with_a != with_b)
				return true;
		}
	return false;
}

static bool
differ(const struct combine *c, const struct combine_field *f,
    const struct combine_option *a, const struct combine_option *b)
{
	for (unsigned which = 0; which < 2 && c->p[which] != NULL; which++)
		if (tells_apart(c->p[which], which, f, a, b))
			return true;
	return false;
}

/* Keeps the first option of each class that some condition names. */
static void
keep_classes(const struct combine *c, struct combine_field *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n_options; i++) {
		bool fresh = differ(c, f, &f->option[i], NULL);

		for (size_t k = 0; k < n && fresh; k++)
			fresh = differ(c, f, &f->option[i], &f->option[k]);
		if (fresh)
			f->option[n++] = f->option[i];
	}
	f->n_options = n;
	f->n = n + 1;
	if (f->many)
		f->n = n < 32 ? UINT64_C(1) << n : UINT64_MAX;
}

enum err
combine_start(struct combine *c, const struct policy *a, const struct policy *b,
    uint64_t max, uint64_t *ret_n)
{
	uint64_t n = 1;

	c->p[0] = a;
	c->p[1] = b;
	c->n_fields = 0;
	add_form(c, 0);
	if (b != NULL)
		add_form(c, 1);
	for (size_t i = 0; i < c->n_fields; i++) {
		keep_classes(c, &c->field[i]);
		if (__builtin_mul_overflow(n, c->field[i].n, &n) || n > max)
			return ERR_LIMIT;
	}
	*ret_n = n;
	return ERR_OK;
}

/* --- one combination --- */

bool
combine_next(struct combine *c)
{
	for (size_t i = 0; i < c->n_fields; i++) {
		if (++c->field[i].at < c->field[i].n)
			return true;
		c->field[i].at = 0;
	}
	return false;
}

static bool
is_answered(const struct combine_field *f, size_t option)
{
	return f->many ? (f->at >> option & 1) != 0 : f->at == option + 1;
}

void
combine_answers(const struct combine *c, unsigned which,
    uint64_t answered[static POLICY_FIELDS_MAX])
{
	memset(answered, 0, POLICY_FIELDS_MAX * sizeof(answered[0]));
	for (size_t i = 0; i < c->n_fields; i++) {
		const struct combine_field *f = &c->field[i];

		for (size_t k = 0; k < f->n_options; k++)
			if (f->place[which] < POLICY_FIELDS_MAX &&
			    is_answered(f, k))
				answered[f->place[which]] |=
				    f->option[k].bit[which];
	}
}

static void
append(char *out, size_t cap, const char *text)
{
	size_t n = strlen(out);

	if (n < cap)
		snprintf(out + n, cap - n, "%s", text);
}

void
combine_words(const struct combine *c, const struct policy_person *marked,
    char *out, size_t cap)
{
	bool any = false;

	out[0] = '\0';
	for (size_t i = 0; i < c->n_fields; i++)
		for (size_t k = 0; k < c->field[i].n_options; k++) {
			if (!is_answered(&c->field[i], k))
				continue;
			append(out, cap, any ? ", " : "With ");
			append(out, cap, c->field[i].slug);
			append(out, cap, " ");
			append(out, cap, c->field[i].option[k].slug);
			any = true;
		}
	append(out, cap, any ? " and " : "With no answers and ");
	append(out, cap, marked != NULL ? marked->slug : "nobody");
	append(out, cap, " marked");
}
