#pragma once

#include "tests/client/case.h"

/* A world, what was written in it, and what a reader says to that. */

#define TALK 4 /* concern, ack, reply, followup */
#define ALL 5  /* and a note */

#define SCENE_MAX 320

extern const struct spec honest[ALL];

struct scene {
	struct world *w;
	const char *policy_yaml;
	struct known_policy known;
	struct sent *sent; /* SCENE_MAX */
	size_t n;
};

void scene_begin(struct scene *s, const char *policy_yaml);
void scene_write(struct scene *s, const struct spec *spec);
/* The first n of the honest ones. */
void write_honest(struct scene *s, size_t n);
void scene_end(struct scene *s);

/* What a reader says to these messages, in this order. */
enum refusal read_in_order(struct scene *s, uint16_t person, const int *order,
    size_t n);
/* To all of them, a chain after the other; a reporter is given theirs. */
enum refusal read_all(struct scene *s, uint16_t person);
/* The same; where messages are left out alone, why the first one is. */
enum refusal read_whole(struct scene *s, uint16_t person);
enum refusal scene_read(struct scene *s, struct conversation *c);

/* One message of a kind, with the lines that it has. */
void write_one(struct scene *s, enum message_kind kind, uint16_t author,
    struct entry with);
#define WRITE(s, kind, author, ...) \
	write_one(s, MESSAGE_##kind, author, (struct entry){ __VA_ARGS__ })
/* Concern, acknowledgement, triage; the chair is an investigator. */
void begin_case(struct scene *s, const char *policy_yaml);
/* Envelopes for every message so far that has content, and the entry that
 * names their digest: assign (to investigate), handover or grant. */
void give_all(struct scene *s, enum message_kind kind, uint16_t author,
    uint16_t person, uint16_t from);
/* Assigned from now on. */
void give_nothing(struct scene *s, uint16_t person);

/* Everybody who reads says the same. */
void read_by(struct scene *s, const uint16_t *who, size_t n,
    enum refusal expected);
#define READ_BY(s, expected, ...)                                         \
	read_by(s, (const uint16_t[]){ __VA_ARGS__ },                     \
	    sizeof((const uint16_t[]){ __VA_ARGS__ }) / sizeof(uint16_t), \
	    expected)
