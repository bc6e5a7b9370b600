#include "policy/diff_parts.h"

#include <stdlib.h>
#include <string.h>

#include "policy/combine.h"
#include "policy/route.h"

/* --- the form --- */

static void
diff_field(struct differ *d, const struct policy_field *a,
    const struct policy_field *b)
{
	for (size_t i = 0; i < b->n_options; i++)
		if (policy_option(a, b->options[i].slug) == NULL)
			diff_say(d, DIFF_FORM, "%s can be answered with %s.",
			    b->slug, b->options[i].slug);
	for (size_t i = 0; i < a->n_options; i++)
		if (policy_option(b, a->options[i].slug) == NULL)
			diff_say(d, DIFF_FORM,
			    "%s cannot be answered with %s "
			    "any more.",
			    b->slug, a->options[i].slug);
	if (strcmp(a->ask, b->ask) != 0)
		diff_say(d, DIFF_FORM, "%s is asked in other words: %s",
		    b->slug, b->ask);
	if (a->kind != b->kind)
		diff_say(d, DIFF_FORM, "%s takes another kind of answer: %s.",
		    b->slug, policy_field_kind_name(b->kind));
}

static void
diff_form(struct differ *d)
{
	for (size_t i = 0; i < d->new->n_form; i++) {
		const struct policy_field *b = &d->new->form[i];
		const struct policy_field *a = policy_field(d->old, b->slug);

		if (a != NULL)
			diff_field(d, a, b);
		else
			diff_say(d, DIFF_FORM, "A new question, %s: %s",
			    b->slug, b->ask);
	}
	for (size_t i = 0; i < d->old->n_form; i++)
		if (policy_field(d->new, d->old->form[i].slug) == NULL)
			diff_say(d, DIFF_FORM, "%s is not asked any more.",
			    d->old->form[i].slug);
}

/* --- combinations --- */

/* From one route and band to another, with the first that was met. */
struct move {
	uint16_t from, to;
	uint8_t band_from, band_to;
	uint64_t n;
	char example[320];
};

#define MOVES_MAX 512 /* each further one is counted with the last */

struct moves {
	struct combine combine;
	size_t n;
	struct move move[MOVES_MAX];
};

static struct move *
move_of(struct moves *m, struct route_choice from, struct route_choice to)
{
	size_t i = 0;

	while (i < m->n &&
	    (m->move[i].from != from.route || m->move[i].to != to.route ||
		m->move[i].band_from != from.band ||
		m->move[i].band_to != to.band))
		i++;
	if (i == MOVES_MAX)
		return &m->move[i - 1];
	if (i == m->n)
		m->move[m->n++] = (struct move){ .from = from.route,
			.to = to.route,
			.band_from = from.band,
			.band_to = to.band };
	return &m->move[i];
}

/* marked: by number, somebody of one of the policies at least; 0: nobody. */
static void
try_both(struct differ *d, struct moves *m, uint16_t marked)
{
	uint64_t answered[2][POLICY_FIELDS_MAX];
	const struct policy_person *who = policy_person(d->new, marked);
	struct route_choice was, is;
	struct move *move;

	if (who == NULL)
		who = policy_person(d->old, marked);
	combine_answers(&m->combine, 0, answered[0]);
	combine_answers(&m->combine, 1, answered[1]);
	was = route_pick_masks(d->old, answered[0], &marked, marked != 0);
	is = route_pick_masks(d->new, answered[1], &marked, marked != 0);
	if (was.route == is.route && was.band == is.band)
		return;
	d->sum.moved++;
	move = move_of(m, was, is);
	if (move->n++ == 0)
		combine_words(&m->combine, who, move->example,
		    sizeof(move->example));
}

static void
try_everybody(struct differ *d, struct moves *m)
{
	const struct policy *old = d->old, *new = d->new;

	try_both(d, m, 0);
	for (size_t i = 0; i < new->n_people; i++)
		try_both(d, m, new->people[i].number);
	for (size_t i = 0; i < old->n_people; i++)
		if (policy_person(new, old->people[i].number) == NULL)
			try_both(d, m, old->people[i].number);
}

static void
say_moves(struct differ *d, const struct moves *m)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct move *v = &m->move[i];

		diff_say(d, DIFF_CONCERNS,
		    "%llu of %llu combinations of "
		    "answers and marked people take route %s in P%u, before "
		    "%s in P%u. %s, for one.",
		    (unsigned long long)v->n,
		    (unsigned long long)d->sum.combinations,
		    policy_route(d->new, v->to)->slug, v->band_to,
		    policy_route(d->old, v->from)->slug, v->band_from,
		    v->example);
	}
}

static void
diff_plain(struct differ *d)
{
	const struct policy *old = d->old, *new = d->new;

	if (old->plain_route == new->plain_route &&
	    (new->plain_route < 0 || old->plain_band == new->plain_band))
		return;
	if (new->plain_route < 0)
		diff_say(d, DIFF_CONCERNS,
		    "What is sent without our software "
		    "is not taken any more.");
	else
		diff_say(d, DIFF_CONCERNS,
		    "What is sent without our software "
		    "takes route %s in P%u.",
		    policy_route(new, (unsigned)new->plain_route)->slug,
		    new->plain_band);
}

static uint64_t
count_people(const struct differ *d)
{
	uint64_t n = d->new->n_people + 1; /* and nobody */

	for (size_t i = 0; i < d->old->n_people; i++)
		n += policy_person(d->new, d->old->people[i].number) == NULL;
	return n;
}

enum err
diff_concerns(struct differ *d)
{
	struct moves *m = calloc(1, sizeof(*m));
	uint64_t n, people = count_people(d);
	enum err e;

	if (m == NULL)
		return ERR_NOMEM;
	diff_form(d);
	diff_plain(d);
	e = combine_start(&m->combine, d->old, d->new,
	    DIFF_COMBINATIONS_MAX / people, &n);
	if (e == ERR_OK) {
		d->sum.combinations = n * people;
		do
			try_everybody(d, m);
		while (combine_next(&m->combine));
		say_moves(d, m);
	}
	free(m);
	return e;
}
