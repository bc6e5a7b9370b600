#include "tests/client/scene.h"

#include <stdlib.h>

#include "tests/client/record_case.h"

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
		.policy_yaml = policy_yaml,
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
	record_scene(s);
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

enum refusal
read_whole(struct scene *s, uint16_t person)
{
	struct conversation *c = reader_new(s->w, person, &s->known);
	enum refusal r = scene_read(s, c);

	for (size_t i = 0; r == REFUSAL_NONE && i < c->n_messages; i++)
		r = c->message[i]->failure;
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

void
write_one(struct scene *s, enum message_kind kind, uint16_t author,
    struct entry with)
{
	const struct spec spec = {
		.kind = kind, .author = author, .with = with
	};

	scene_write(s, &spec);
}
void
give_all(struct scene *s, enum message_kind kind, uint16_t author,
    uint16_t person, uint16_t from)
{
	struct entry with = { .person = person,
		.from = from,
		.investigates = kind == MESSAGE_ASSIGN };

	for (size_t i = 0; i < s->n; i++) {
		if (s->sent[i].n_to > 0)
			world_grant(s->w, &s->sent[i], person);
	}
	world_digest(s->sent, s->n, person, with.grants);
	write_one(s, kind, author, with);
}

void
give_nothing(struct scene *s, uint16_t person)
{
	struct spec spec = { .kind = MESSAGE_ASSIGN,
		.author = GUARDIAN,
		.text = "what you need to know",
		.with = { .person = person } };

	world_digest(s->sent, 0, person, spec.with.grants);
	scene_write(s, &spec);
}

void
begin_case(struct scene *s, const char *policy_yaml)
{
	scene_begin(s, policy_yaml);
	world_train(s->w);
	scene_write(s, &honest[0]);
	WRITE(s, ACK, GUARDIAN, 0);
	WRITE(s, TRIAGE, GUARDIAN, .band = BAND);
}

void
read_by(struct scene *s, const uint16_t *who, size_t n, enum refusal expected)
{
	for (size_t i = 0; i < n; i++) {
		enum refusal r = read_all(s, who[i]);

		if (r != expected)
			fail_msg("%u: %s", who[i], refusal_text(r));
	}
}
