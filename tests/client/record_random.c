#include <stdlib.h>
#include <string.h>

#include "client/server.h"
#include "tests/client/record_case.h"
#include "tests/client/scene.h"

/* Goes on with a scene at random, but always in the same way: what GUARDIAN
 * refuses is taken back, so that cases get old. */

#define TRIES 40
#define LEFT_MAX 8 /* messages */

static uint32_t state = 1;

static unsigned
below(unsigned n)
{
	state = state * 1664525 + 1013904223;
	return (state >> 8) % n;
}

static uint16_t
anybody(void)
{
	return (uint16_t)(1 + below(PEOPLE));
}

static void
earlier_or_later(struct entry *e)
{
	e->day += (int64_t)below(3) - 1;
}

static void
tell(const struct world *w, struct entry *e)
{
	const struct policy_route *r = policy_route(w->policy, e->route);
	struct manifest *m = manifest_new();
	uint16_t told[POLICY_PEOPLE_MAX];

	assert_non_null(m);
	m->n_exclude = w->n_exclude;
	memcpy(m->exclude, w->exclude, sizeof(w->exclude));
	assert_int_equal(
	    conversation_told(w->policy, r, m, today(), told, &e->n_people),
	    ERR_OK);
	memcpy(e->people, told, e->n_people * sizeof(told[0]));
	m = manifest_free(m);
}

static void
fill_event(struct entry *e)
{
	static const enum notice_code codes[] = { NOTICE_JOINED, NOTICE_JOINED,
		NOTICE_TOLD, NOTICE_BREACHED, NOTICE_UNANSWERED };

	e->code = codes[below(5)];
	e->number = (uint8_t)(1 + below(2));
	if (e->code == NOTICE_UNANSWERED)
		e->number = 0;
	if (e->code == NOTICE_JOINED && below(2) == 0) {
		e->n_people = 1;
		e->people[0] = anybody();
	}
}

static bool
is_marked(const struct world *w, uint16_t person)
{
	for (size_t i = 0; i < w->n_exclude; i++) {
		if (w->exclude[i] == person)
			return true;
	}
	return false;
}

/* The lines that this kind has; parties and places are drawn. */
static void
fill(struct scene *s, struct spec *spec)
{
	unsigned params = message_form(spec->kind)->params;
	struct entry *e = &spec->with;

	e->band = params & PARAM_BAND ? (uint8_t)(1 + below(4)) : 0;
	e->is_conduct = (params & PARAM_CONDUCT) != 0 && below(2) == 0;
	e->agrees = (params & PARAM_AGREE) != 0 && below(2) == 0;
	e->investigates = (params & PARAM_INVESTIGATE) != 0 && below(2) == 0;
	if ((params & PARAM_PERSON) != 0) {
		do
			e->person = anybody();
		while (is_marked(s->w, e->person));
		world_digest(s->sent, below(2) == 0 ? 0 : s->n, e->person,
		    e->grants);
	}
	if ((params & PARAM_FROM) != 0)
		e->from = (uint16_t)(e->person % PEOPLE + 1);
	if ((params & PARAM_ABOUT) != 0)
		e->about = below(s->w->count[CHAIN_TALK]);
	if (spec->kind == MESSAGE_ROUTE) {
		e->route = (uint16_t)(1 + below(3));
		tell(s->w, e);
	} else if (spec->kind == MESSAGE_EVENT) {
		fill_event(e);
	} else if (spec->kind == MESSAGE_NOTICE) {
		e->code = below(2) == 0 ? NOTICE_CHECK : NOTICE_PROMPT;
		e->number = 1;
	}
}

static void
draw(struct scene *s, struct spec *spec)
{
	do
		spec->kind = (enum message_kind)(1 + below(MESSAGE_KINDS - 1));
	while (spec->kind == MESSAGE_WITHDRAW && below(4) != 0);
	if (below(6) == 0) /* seldom allowed, and much hangs on it */
		spec->kind = MESSAGE_ROUTE;
	switch (message_form(spec->kind)->author) {
	case AUTHOR_REPORTER:
		spec->author = PERSON_REPORTER;
		break;
	case AUTHOR_INSTANCE:
		spec->author = PERSON_INSTANCE;
		break;
	case AUTHOR_STAFF:
		spec->author = below(2) == 0 ? GUARDIAN : anybody();
		break;
	}
	if (below(4) == 0)
		spec->entry = earlier_or_later;
	if (below(3) == 0)
		spec->text = "more";
	fill(s, spec);
}

static void
take_back(struct scene *s, const struct world *before)
{
	*s->w = *before;
	s->n--;
	sent_free(&s->sent[s->n], 1);
	s->sent[s->n] = (struct sent){ 0 };
}

void
record_go_on(struct scene *s)
{
	size_t most = s->n + LEFT_MAX;
	struct world *before = malloc(sizeof(*before));

	assert_non_null(before);
	record_pause(true);
	for (unsigned i = 0;
	     i < TRIES && s->n < most && read_all(s, GUARDIAN) == REFUSAL_NONE;
	     i++) {
		struct spec spec = { 0 };

		*before = *s->w;
		draw(s, &spec);
		scene_write(s, &spec);
		/* the last of them may be refused */
		if (i + 1 < TRIES && s->n < most &&
		    read_all(s, GUARDIAN) != REFUSAL_NONE)
			take_back(s, before);
	}
	record_pause(false);
	free(before);
}
