#include "tests/client/scene.h"

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
	*s = (struct scene){ .w = world_new(policy_yaml) };
}

void
scene_write(struct scene *s, const struct spec *spec)
{
	world_write(s->w, spec, &s->sent[s->n++]);
}

void
scene_end(struct scene *s)
{
	sent_free(s->sent, s->n);
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
	static const int order[ALL + 1] = { 0, 1, 2, 3, 4, 5 };

	return read_in_order(s, person, order, s->n);
}

void
write_honest(struct scene *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		scene_write(s, &honest[i]);
}
