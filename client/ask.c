#include "client/answers.h"

#include <stdlib.h>
#include <string.h>

/*
 * The form on a terminal: one question at a time, every answer a number, and
 * every question may be passed over by pressing Enter.
 */

/* A number from 1 to max at the front of *text, which moves behind it. */
static bool
next_number(const char **text, size_t max, size_t *ret)
{
	const char *at = *text + strspn(*text, " ,");
	char *end;
	unsigned long v = strtoul(at, &end, 10);

	if (end == at || v < 1 || v > max)
		return false;
	*text = end;
	*ret = (size_t)v;
	return true;
}

static bool
is_end(const char *text)
{
	return text[strspn(text, " ,")] == '\0';
}

/* One number, or several; false where something else was typed. */
static bool
parse_numbers(const char *text, size_t max, bool many, uint8_t *chosen)
{
	size_t n, count = 0;

	memset(chosen, 0, max);
	while (!is_end(text)) {
		if (!next_number(&text, max, &n) || (count++ > 0 && !many))
			return false;
		chosen[n - 1] = 1;
	}
	return true;
}

static enum exit_code
ask_numbers(const struct term *t, size_t max, bool many, uint8_t *chosen)
{
	char line[TERM_LINE_MAX];

	for (;;) {
		if (!term_ask(t,
			many ? "Numbers, or Enter to go on: "
			     : "Number, or Enter to go on: ",
			line, sizeof(line)))
			return term_fail(t, EXIT_DECLINED,
			    "The questions could not be asked. Programs answer "
			    "with --answer and --yes.");
		if (parse_numbers(line, max, many, chosen))
			return EXIT_DONE;
		term_say(t, "Please type %s from 1 to %zu.",
		    many ? "numbers" : "one number", max);
	}
}

static enum exit_code
ask_options(const struct term *t, struct answers *a, size_t index)
{
	const struct policy_field *f = &a->policy->form[index];
	uint8_t chosen[POLICY_OPTIONS_MAX];
	enum exit_code code;

	for (size_t i = 0; i < f->n_options; i++)
		term_item(t, 1, "%zu  %s", i + 1, f->options[i].label);
	code = ask_numbers(t, f->n_options, f->kind == FIELD_MANY, chosen);
	for (size_t i = 0; code == EXIT_DONE && i < f->n_options; i++) {
		if (chosen[i] != 0)
			a->mask[index] |= UINT64_C(1) << i;
	}
	return code;
}

static enum exit_code
ask_people(const struct term *t, struct answers *a)
{
	const struct policy *p = a->policy;
	uint8_t chosen[POLICY_PEOPLE_MAX];
	enum exit_code code;

	for (size_t i = 0; i < p->n_people; i++)
		term_item(t, 1, "%zu  %s%s%s", i + 1, p->people[i].name,
		    p->people[i].title[0] != '\0' ? ", " : "",
		    p->people[i].title);
	code = ask_numbers(t, p->n_people, true, chosen);
	for (size_t i = 0; code == EXIT_DONE && i < p->n_people; i++) {
		if (chosen[i] != 0)
			code = answers_add_about(t, a, p->people[i].slug);
	}
	return code;
}

enum exit_code
answers_ask(const struct term *t, struct answers *a)
{
	enum exit_code code = EXIT_DONE;

	for (size_t i = 0; code == EXIT_DONE && i < a->policy->n_form; i++) {
		const struct policy_field *f = &a->policy->form[i];

		if (a->mask[i] != 0)
			continue;
		term_say(t, "\n%s", f->ask);
		if (f->hint[0] != '\0')
			term_item(t, 1, "%s", f->hint);
		code = f->kind == FIELD_PEOPLE ? ask_people(t, a)
					       : ask_options(t, a, i);
	}
	return code;
}
