#pragma once

#include "tests/client/case.h"

/* A world, what was written in it, and what a reader says to that. */

#define TALK 4 /* concern, ack, reply, followup */
#define ALL 5  /* and a note */

#define SCENE_MAX 40

extern const struct spec honest[ALL];

struct scene {
	struct world *w;
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
enum refusal scene_read(struct scene *s, struct conversation *c);
