#include "policy/arena.h"

#include <stdlib.h>
#include <string.h>

struct arena_part {
	struct arena_part *before;
	max_align_t bytes[];
};

void *
arena_alloc(struct arena *a, size_t n, size_t size)
{
	struct arena_part *part;
	size_t total;

	if (__builtin_mul_overflow(n, size, &total) ||
	    __builtin_add_overflow(total, sizeof(*part), &total))
		return NULL;
	part = calloc(1, total);
	if (part == NULL)
		return NULL;
	part->before = a->last;
	a->last = part;
	return part->bytes;
}

char *
arena_text(struct arena *a, struct bytes text)
{
	char *s = arena_alloc(a, text.n + 1, 1);

	if (s != NULL && text.n > 0)
		memcpy(s, text.p, text.n);
	return s;
}

void
arena_free(struct arena *a)
{
	struct arena_part *part;

	while ((part = a->last) != NULL) {
		a->last = part->before;
		free(part);
	}
}
