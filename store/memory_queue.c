#include <stdlib.h>
#include <string.h>

#include "store/memory.h"

/* Each person's queue, and what they are counted and told. */

#define DEADLINE_NONE 0xffffffu /* 24 bits of quarters end in the year 2448 */

uint64_t
queue_key(const struct store_case *c, uint32_t number)
{
	uint64_t first = (c->marks.closed ? 0x80u : 0u) | c->marks.band;
	uint64_t quarter = quarter_of(c->marks.deadline);

	if (quarter == 0 || quarter > DEADLINE_NONE)
		quarter = DEADLINE_NONE;
	return first << 56 | quarter << 32 | number;
}

/* --- people --- */

/* Where the person's queue is, or would go. */
static size_t
queue_place(const struct memory *m, uint16_t person)
{
	size_t lo = 0, hi = m->n_queues;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (m->queue[mid].person < person)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static struct person_queue *
queue_find(const struct memory *m, uint16_t person)
{
	size_t i = queue_place(m, person);

	if (i == m->n_queues || m->queue[i].person != person)
		return NULL;
	return &m->queue[i];
}

const struct person_queue *
memory_queue(const struct memory *m, uint16_t person)
{
	return queue_find(m, person);
}

static enum err
queue_make(struct memory *m, uint16_t person, struct person_queue **ret)
{
	size_t cap = m->cap_queues == 0 ? 8 : 2 * m->cap_queues;
	size_t i = queue_place(m, person);
	struct person_queue *queue;

	if (m->n_queues == m->cap_queues) {
		queue = realloc(m->queue, cap * sizeof(*queue));
		if (queue == NULL)
			return ERR_NOMEM;
		m->queue = queue;
		m->cap_queues = cap;
	}
	memmove(&m->queue[i + 1], &m->queue[i],
	    (m->n_queues - i) * sizeof(m->queue[0]));
	m->n_queues++;
	m->queue[i] = (struct person_queue){ .person = person };
	*ret = &m->queue[i];
	return ERR_OK;
}

void
memory_queues_clear(struct memory *m)
{
	for (size_t i = 0; i < m->n_queues; i++) {
		keyset_clear(&m->queue[i].keys);
		free(m->queue[i].told);
	}
	free(m->queue);
	m->queue = NULL;
	m->n_queues = m->cap_queues = 0;
}

/* --- what they are told --- */

static size_t
told_place(const struct person_queue *q, uint16_t route)
{
	size_t i = 0;

	while (i < q->n_told && q->told[i].route < route)
		i++;
	return i;
}

static enum err
told_make(struct person_queue *q, size_t i, uint16_t route)
{
	size_t cap = q->cap_told == 0 ? 4 : 2 * q->cap_told;
	struct store_told *told;

	if (q->n_told == q->cap_told) {
		told = realloc(q->told, cap * sizeof(*told));
		if (told == NULL)
			return ERR_NOMEM;
		q->told = told;
		q->cap_told = cap;
	}
	memmove(&q->told[i + 1], &q->told[i],
	    (q->n_told - i) * sizeof(q->told[0]));
	q->n_told++;
	q->told[i] = (struct store_told){ .route = route };
	return ERR_OK;
}

static enum err
told_add(struct person_queue *q, uint16_t route)
{
	size_t i = told_place(q, route);
	enum err e = ERR_OK;

	if (i == q->n_told || q->told[i].route != route)
		e = told_make(q, i, route);
	if (e == ERR_OK)
		q->told[i].count++;
	return e;
}

static void
told_remove(struct person_queue *q, uint16_t route)
{
	size_t i = told_place(q, route);

	if (--q->told[i].count > 0)
		return;
	q->n_told--;
	memmove(&q->told[i], &q->told[i + 1],
	    (q->n_told - i) * sizeof(q->told[0]));
}

/* --- rows --- */

static bool
has_row(const struct store_reader *r)
{
	return (r->access & READER_RELEASED) != 0;
}

static bool
is_told(const struct store_reader *r)
{
	return (r->access & (READER_TOLD | READER_RELEASED)) == READER_TOLD;
}

static void
count_row(struct person_queue *q, const struct store_case *c,
    const struct store_reader *r, uint64_t by)
{
	if (c->marks.closed)
		return;
	q->open += by;
	if (c->marks.breached)
		q->breached += by;
	if ((r->access & READER_GIVEN) != 0)
		q->given += by;
}

static enum err
reader_add(struct memory *m, uint32_t number, const struct store_case *c,
    const struct store_reader *r)
{
	struct person_queue *q;
	enum err e = ERR_OK;

	if (!has_row(r) && !is_told(r))
		return ERR_OK;
	if ((q = queue_find(m, r->person)) == NULL)
		e = queue_make(m, r->person, &q);
	if (e == ERR_OK && is_told(r))
		return told_add(q, c->route);
	if (e == ERR_OK)
		e = keyset_add(&q->keys, queue_key(c, number));
	if (e == ERR_OK)
		count_row(q, c, r, 1);
	return e;
}

enum err
memory_rows_add(struct memory *m, uint32_t number, const struct store_case *c)
{
	enum err e = ERR_OK;

	for (size_t i = 0; e == ERR_OK && i < c->n_readers; i++)
		e = reader_add(m, number, c, &c->reader[i]);
	return e;
}

void
memory_rows_remove(struct memory *m, uint32_t number,
    const struct store_case *c)
{
	for (size_t i = 0; i < c->n_readers; i++) {
		const struct store_reader *r = &c->reader[i];
		struct person_queue *q = queue_find(m, r->person);

		if (q != NULL && is_told(r))
			told_remove(q, c->route);
		if (q == NULL || !has_row(r))
			continue;
		keyset_remove(&q->keys, queue_key(c, number));
		count_row(q, c, r, UINT64_MAX);
	}
}

/* --- versions --- */

/* Whoever is only told sees whether it is so, and the route: nothing else of
 * what changes in the case. */
static bool
is_news(const struct store_case *c, const struct store_reader *r,
    const struct store_case *other)
{
	const struct store_reader *was;

	if (has_row(r))
		return true;
	if (!is_told(r))
		return false;
	was = other == NULL ? NULL : store_case_reader(other, r->person);
	return was == NULL || !is_told(was) || other->route != c->route;
}

static void
touch(struct memory *m, const struct store_case *c,
    const struct store_case *other)
{
	struct person_queue *q;

	for (size_t i = 0; i < c->n_readers; i++) {
		q = queue_find(m, c->reader[i].person);
		if (q != NULL && is_news(c, &c->reader[i], other))
			q->changes++;
	}
}

void
memory_rows_touch(struct memory *m, const struct store_case *before,
    const struct store_case *after)
{
	if (before != NULL)
		touch(m, before, after);
	if (after != NULL)
		touch(m, after, before);
}
