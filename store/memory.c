#include "store/memory.h"

#include <stdlib.h>
#include <string.h>

#define DAY_MASK 0xffffffu

enum err
memory_init(struct memory *m, const struct env *env)
{
	enum err e;

	*m = (struct memory){ 0 };
	e = env_random(env, m->ids.key, MAP_KEY_LEN);
	if (e == ERR_OK)
		e = env_random(env, m->mailboxes.key, MAP_KEY_LEN);
	if (e == ERR_OK)
		e = env_random(env, m->uploads.key, MAP_KEY_LEN);
	return e;
}

void
memory_clear(struct memory *m)
{
	map_clear(&m->ids);
	map_clear(&m->mailboxes);
	map_clear(&m->uploads);
	keyset_clear(&m->free_slots);
	keyset_clear(&m->due);
	keyset_clear(&m->upload_age);
	for (size_t i = 0; i < m->n_queues; i++)
		keyset_clear(&m->queue[i].keys);
	free(m->queue);
	*m = (struct memory){ 0 };
}

uint32_t
quarter_of(int64_t seconds)
{
	int64_t q;

	if (seconds <= 0)
		return 0;
	q = seconds / QUARTER_SECONDS + (seconds % QUARTER_SECONDS != 0);
	return q < UINT32_MAX ? (uint32_t)q : UINT32_MAX;
}

/* --- queues --- */

uint64_t
queue_key(const struct store_case *c, uint32_t number)
{
	uint64_t first = (c->marks.closed ? 0x80u : 0u) | c->marks.band;

	return first << 56 | (uint64_t)(c->filed_day & DAY_MASK) << 32 | number;
}

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

static struct keyset *
queue_find(const struct memory *m, uint16_t person)
{
	size_t i = queue_place(m, person);

	if (i == m->n_queues || m->queue[i].person != person)
		return NULL;
	return &m->queue[i].keys;
}

const struct keyset *
memory_queue(const struct memory *m, uint16_t person)
{
	return queue_find(m, person);
}

static enum err
queue_make(struct memory *m, uint16_t person, struct keyset **ret)
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
	*ret = &m->queue[i].keys;
	return ERR_OK;
}

static enum err
queue_add(struct memory *m, uint16_t person, uint64_t key)
{
	struct keyset *q = queue_find(m, person);
	enum err e = q == NULL ? queue_make(m, person, &q) : ERR_OK;

	return e == ERR_OK ? keyset_add(q, key) : e;
}

static void
queue_remove(struct memory *m, uint16_t person, uint64_t key)
{
	struct keyset *q = queue_find(m, person);

	if (q != NULL)
		keyset_remove(q, key);
}

/* --- slots --- */

static void
remove_slot(struct memory *m, uint32_t number, const struct slot *s)
{
	uint64_t key = queue_key(&s->c, number);
	uint64_t quarter = quarter_of(s->c.marks.due);

	for (size_t i = 0; i < s->c.n_readers; i++)
		if (s->c.reader[i].released)
			queue_remove(m, s->c.reader[i].person, key);
	if (quarter != 0)
		keyset_remove(&m->due, quarter << 32 | number);
	m->cases--;
	m->attachments -= s->c.attachments;
}

static enum err
add_slot(struct memory *m, uint32_t number, const struct slot *s)
{
	uint64_t key = queue_key(&s->c, number);
	uint64_t quarter = quarter_of(s->c.marks.due);
	enum err e = ERR_OK;

	for (size_t i = 0; e == ERR_OK && i < s->c.n_readers; i++)
		if (s->c.reader[i].released)
			e = queue_add(m, s->c.reader[i].person, key);
	if (e == ERR_OK && quarter != 0)
		e = keyset_add(&m->due, quarter << 32 | number);
	m->cases++;
	m->attachments += s->c.attachments;
	return e;
}

static void
remove_names(struct memory *m, uint32_t number, const struct store_case *c)
{
	map_remove(
	    &m->ids, map_tag(&m->ids, BYTES(c->id, sizeof(c->id))), number);
	map_remove(&m->mailboxes,
	    map_tag(&m->mailboxes, BYTES(c->mailbox, sizeof(c->mailbox))),
	    number);
}

static enum err
add_names(struct memory *m, uint32_t number, const struct store_case *c)
{
	enum err e = map_add(
	    &m->ids, map_tag(&m->ids, BYTES(c->id, sizeof(c->id))), number);

	if (e != ERR_OK)
		return e;
	return map_add(&m->mailboxes,
	    map_tag(&m->mailboxes, BYTES(c->mailbox, sizeof(c->mailbox))),
	    number);
}

static bool
same_names(const struct store_case *a, const struct store_case *b)
{
	return memcmp(a->id, b->id, sizeof(a->id)) == 0 &&
	    memcmp(a->mailbox, b->mailbox, sizeof(a->mailbox)) == 0;
}

enum err
memory_change_slot(struct memory *m, uint32_t number, const struct slot *before,
    const struct slot *after)
{
	bool was = before != NULL && before->used;
	bool is = after != NULL && after->used;
	bool renamed = !was || !is || !same_names(&before->c, &after->c);
	enum err e = ERR_OK;

	if (was)
		remove_slot(m, number, before);
	if (was && renamed)
		remove_names(m, number, &before->c);
	if (is && renamed)
		e = add_names(m, number, &after->c);
	if (e == ERR_OK && is)
		e = add_slot(m, number, after);
	if (is)
		keyset_remove(&m->free_slots, number);
	else if (e == ERR_OK)
		e = keyset_add(&m->free_slots, number);
	return e;
}

static enum err
change_one(struct memory *m, uint32_t number, const uint8_t *before,
    const uint8_t *after)
{
	unsigned i = number % SLOTS_PER_PAGE;
	struct slot old = { 0 }, new = { 0 };
	enum err e = ERR_OK;

	if (before != NULL)
		e = slot_get(before, i, &old);
	if (e == ERR_OK)
		e = slot_get(after, i, &new);
	if (e == ERR_OK)
		e = memory_change_slot(m, number, &old, &new);
	bytes_wipe(&old, sizeof(old));
	bytes_wipe(&new, sizeof(new));
	return e;
}

enum err
memory_change_page(struct memory *m, uint32_t page, const uint8_t *before,
    const uint8_t *after)
{
	enum err e = ERR_OK;

	for (unsigned i = 0; e == ERR_OK && i < SLOTS_PER_PAGE; i++) {
		const size_t at = i * SLOT_LEN;

		if (before != NULL &&
		    memcmp(before + at, after + at, SLOT_LEN) == 0)
			continue;
		e = change_one(m, page * SLOTS_PER_PAGE + i, before, after);
	}
	if (page >= m->pages)
		m->pages = page + 1;
	return e;
}

/* --- uploads --- */

static uint64_t
age_key(const struct upload_mark *u)
{
	return (uint64_t)u->hour << 32 | u->number;
}

enum err
memory_add_upload(struct memory *m, const struct upload_mark *u)
{
	enum err e = map_add(&m->uploads, u->tag, u->number);

	if (e == ERR_OK)
		e = keyset_add(&m->upload_age, age_key(u));
	m->n_uploads++;
	m->attachments += u->bytes;
	return e;
}

void
memory_remove_upload(struct memory *m, const struct upload_mark *u)
{
	map_remove(&m->uploads, u->tag, u->number);
	keyset_remove(&m->upload_age, age_key(u));
	m->n_uploads--;
	m->attachments -= u->bytes;
}
