#include "store/keyset.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_MAX 512
#define CHUNK_MIN 8

void
keyset_clear(struct keyset *s)
{
	for (size_t i = 0; i < s->n_chunks; i++)
		free(s->chunk[i].key);
	free(s->chunk);
	*s = (struct keyset){ 0 };
}

/* The last chunk that does not begin after key; 0 where all do. */
static size_t
chunk_for(const struct keyset *s, uint64_t key)
{
	size_t lo = 0, hi = s->n_chunks;

	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->chunk[mid].key[0] <= key)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

/* The first place in a chunk whose key is at least `key`. */
static uint32_t
place_in(const struct keyset_chunk *c, uint64_t key)
{
	uint32_t lo = 0, hi = c->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (c->key[mid] < key)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static enum err
chunk_grow(struct keyset_chunk *c)
{
	uint32_t cap = c->cap == 0 ? CHUNK_MIN : 2 * c->cap;
	uint64_t *key;

	if (c->n < c->cap)
		return ERR_OK;
	key = realloc(c->key, cap * sizeof(*key));
	if (key == NULL)
		return ERR_NOMEM;
	c->key = key;
	c->cap = cap;
	return ERR_OK;
}

/* An empty chunk at place i; the caller fills it or takes it out again. */
static enum err
chunk_insert(struct keyset *s, size_t i)
{
	size_t cap = s->cap == 0 ? 4 : 2 * s->cap;
	struct keyset_chunk *chunk = s->chunk;

	if (s->n_chunks == s->cap) {
		chunk = realloc(s->chunk, cap * sizeof(*chunk));
		if (chunk == NULL)
			return ERR_NOMEM;
		s->chunk = chunk;
		s->cap = cap;
	}
	memmove(&chunk[i + 1], &chunk[i], (s->n_chunks - i) * sizeof(*chunk));
	chunk[i] = (struct keyset_chunk){ 0 };
	s->n_chunks++;
	return ERR_OK;
}

static void
chunk_delete(struct keyset *s, size_t i)
{
	free(s->chunk[i].key);
	s->n_chunks--;
	memmove(&s->chunk[i], &s->chunk[i + 1],
	    (s->n_chunks - i) * sizeof(s->chunk[0]));
}

/* Moves what is from place `at` on into a new chunk behind chunk i. */
static enum err
chunk_split(struct keyset *s, size_t i, uint32_t at)
{
	uint64_t *key = malloc(CHUNK_MAX * sizeof(*key));
	struct keyset_chunk *c;
	enum err e = key == NULL ? ERR_NOMEM : chunk_insert(s, i + 1);

	if (e != ERR_OK) {
		free(key);
		return e;
	}
	c = &s->chunk[i];
	memcpy(key, c->key + at, (c->n - at) * sizeof(*key));
	s->chunk[i + 1] = (struct keyset_chunk){
		.key = key, .n = c->n - at, .cap = CHUNK_MAX
	};
	c->n = at;
	return ERR_OK;
}

static enum err
first_chunk(struct keyset *s)
{
	enum err e;

	if (s->n_chunks > 0)
		return ERR_OK;
	e = chunk_insert(s, 0);
	if (e == ERR_OK)
		e = chunk_grow(&s->chunk[0]);
	if (e != ERR_OK && s->n_chunks > 0)
		chunk_delete(s, 0);
	return e;
}

enum err
keyset_add(struct keyset *s, uint64_t key)
{
	struct keyset_chunk *c;
	size_t i;
	uint32_t at;
	enum err e = first_chunk(s);

	if (e != ERR_OK)
		return e;
	i = chunk_for(s, key);
	c = &s->chunk[i];
	at = place_in(c, key);
	if (at < c->n && c->key[at] == key)
		return ERR_OK;
	if (c->n == CHUNK_MAX) {
		/* Keys that come in order leave full chunks behind. */
		e = chunk_split(s, i, at == c->n ? c->n - 1 : CHUNK_MAX / 2);
		return e == ERR_OK ? keyset_add(s, key) : e;
	}
	e = chunk_grow(c);
	if (e != ERR_OK)
		return e;
	memmove(c->key + at + 1, c->key + at, (c->n - at) * sizeof(key));
	c->key[at] = key;
	c->n++;
	s->count++;
	return ERR_OK;
}

/* Chunks that removals left small are joined to the one before. */
static void
chunk_join(struct keyset *s, size_t i)
{
	struct keyset_chunk *into, *from;

	if (i == 0 || i >= s->n_chunks)
		return;
	into = &s->chunk[i - 1];
	from = &s->chunk[i];
	if (into->n + from->n > into->cap || into->n + from->n > CHUNK_MAX / 2)
		return;
	memcpy(into->key + into->n, from->key, from->n * sizeof(*from->key));
	into->n += from->n;
	chunk_delete(s, i);
}

void
keyset_remove(struct keyset *s, uint64_t key)
{
	struct keyset_chunk *c;
	size_t i;
	uint32_t at;

	if (s->n_chunks == 0)
		return;
	i = chunk_for(s, key);
	c = &s->chunk[i];
	at = place_in(c, key);
	if (at == c->n || c->key[at] != key)
		return;
	c->n--;
	s->count--;
	memmove(c->key + at, c->key + at + 1, (c->n - at) * sizeof(key));
	if (c->n == 0)
		chunk_delete(s, i);
	else
		chunk_join(s, i);
}

bool
keyset_has(const struct keyset *s, uint64_t key)
{
	uint64_t found;

	return keyset_page(s, key, &found, 1) == 1 && found == key;
}

size_t
keyset_page(const struct keyset *s, uint64_t from, uint64_t *out, size_t cap)
{
	size_t n = 0;
	uint32_t at;

	if (s->n_chunks == 0)
		return 0;
	for (size_t i = chunk_for(s, from); i < s->n_chunks && n < cap; i++) {
		const struct keyset_chunk *c = &s->chunk[i];

		for (at = place_in(c, from); at < c->n && n < cap; at++)
			out[n++] = c->key[at];
	}
	return n;
}
