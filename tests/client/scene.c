#include "tests/client/scene.h"

#include <stdlib.h>

const struct spec honest[ALL] = {
	{ .kind = MESSAGE_CONCERN, .author = PERSON_REPORTER },
	{ .kind = MESSAGE_ACK, .author = GUARDIAN },
	{ .kind = MESSAGE_REPLY, .author = GUARDIAN, .text = "thank you" },
	{ .kind = MESSAGE_FOLLOWUP, .author = PERSON_REPORTER },
	{ .kind = MESSAGE_NOTE, .author = SECOND },
};

void
scene_begin(struct scene *s, const char *policy_yaml)
{
	*s = (struct scene){ .w = world_new(policy_yaml),
		.sent = calloc(SCENE_MAX, sizeof(*s->sent)) };
	assert_non_null(s->sent);
}

void
scene_write(struct scene *s, const struct spec *spec)
{
	assert_true(s->n < SCENE_MAX);
	world_write(s->w, spec, &s->sent[s->n++]);
}

void
scene_end(struct scene *s)
{
	sent_free(s->sent, s->n);
	free(s->sent);
	s->w = world_free(s->w);
}

enum refusal
read_in_order(struct scene *s, uint16_t person, const int *order, size_t n)
{
	struct conversation *c = reader_new(s->w, person, &s->known);
	enum refusal r = REFUSAL_NONE;
	uint32_t next[2] = { 0 };

	for (size_t i = 0; r == REFUSAL_NONE && i < n; i++) {
		const struct sent *sent = &s->sent[order[i]];

		r = reader_take(c, sent, next[sent->chain]++);
	}
	if (r == REFUSAL_NONE)
		r = conversation_finish(c);
	c = reader_free(c);
	return r;
}

enum refusal
read_all(struct scene *s, uint16_t person)
{
	struct conversation *c = reader_new(s->w, person, &s->known);
	enum refusal r = scene_read(s, c);

	c = reader_free(c);
	return r;
}

/* A chain after the other, as clients fetch them. */
static enum refusal
take_chain(struct scene *s, struct conversation *c, enum chain chain)
{
	enum refusal r = REFUSAL_NONE;
	uint32_t seq = 0;

	for (size_t i = 0; r == REFUSAL_NONE && i < s->n; i++) {
		if (s->sent[i].chain == chain)
			r = reader_take(c, &s->sent[i], seq++);
	}
	return r;
}

enum refusal
scene_read(struct scene *s, struct conversation *c)
{
	enum refusal r = take_chain(s, c, CHAIN_TALK);

	if (r == REFUSAL_NONE && c->person != PERSON_REPORTER)
		r = take_chain(s, c, CHAIN_STAFF);
	return r == REFUSAL_NONE ? conversation_finish(c) : r;
}

void
write_honest(struct scene *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		scene_write(s, &honest[i]);
}
