#include "store/memory.h"

#include <stdlib.h>
#include <string.h>

#include "store/upload.h"

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
	if (e == ERR_OK)
		e = env_random(env, (uint8_t *)&m->start, sizeof(m->start));
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
	keyset_clear(&m->upload_due);
	free(m->time);
	memory_queues_clear(m);
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

/* --- slots --- */

static void
remove_slot(struct memory *m, uint32_t number, const struct slot *s)
{
	uint64_t quarter = quarter_of(s->c.marks.due);

	memory_rows_remove(m, number, &s->c);
	if (quarter != 0)
		keyset_remove(&m->due, quarter << 32 | number);
	m->cases--;
	m->attachments -= s->c.attachments;
}

static enum err
add_slot(struct memory *m, uint32_t number, const struct slot *s)
{
	uint64_t quarter = quarter_of(s->c.marks.due);
	enum err e = memory_rows_add(m, number, &s->c);

	if (e == ERR_OK && quarter != 0)
		e = keyset_add(&m->due, quarter << 32 | number);
	m->cases++;
	m->attachments += s->c.attachments;
	return e;
}

static void
remove_names(struct memory *m, uint32_t number, const struct store_case *c)
{
	map_remove(&m->ids, map_tag(&m->ids, BYTES(c->id, sizeof(c->id))),
	    number);
	map_remove(&m->mailboxes,
	    map_tag(&m->mailboxes, BYTES(c->mailbox, sizeof(c->mailbox))),
	    number);
}

static enum err
add_names(struct memory *m, uint32_t number, const struct store_case *c)
{
	enum err e = map_add(&m->ids,
	    map_tag(&m->ids, BYTES(c->id, sizeof(c->id))), number);

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
	memory_rows_touch(m, was ? &before->c : NULL, is ? &after->c : NULL);
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

static uint64_t
due_key(uint32_t due, uint32_t number)
{
	return (uint64_t)due << 32 | number;
}

/* Where its time is, or would be. */
static size_t
time_place(const struct memory *m, uint32_t number)
{
	size_t from = 0, to = m->n_times;

	while (from < to) {
		size_t mid = from + (to - from) / 2;

		if (m->time[mid].number < number)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

const struct upload_time *
memory_upload_time(const struct memory *m, uint32_t number)
{
	size_t i = time_place(m, number);

	return i < m->n_times && m->time[i].number == number ? &m->time[i]
							     : NULL;
}

static enum err
time_add(struct memory *m, const struct upload_mark *u)
{
	size_t i = time_place(m, u->number);

	if (m->n_times == m->cap_times) {
		size_t cap = m->cap_times == 0 ? 16 : 2 * m->cap_times;
		struct upload_time *more =
		    reallocarray(m->time, cap, sizeof(*more));

		if (more == NULL)
			return ERR_NOMEM;
		m->time = more;
		m->cap_times = cap;
	}
	memmove(m->time + i + 1, m->time + i,
	    (m->n_times - i) * sizeof(*m->time));
	m->time[i] = (struct upload_time){
		.number = u->number, .begun = u->begun, .due = u->due
	};
	m->n_times++;
	return keyset_add(&m->upload_due, due_key(u->due, u->number));
}

static void
time_remove(struct memory *m, uint32_t number)
{
	size_t i = time_place(m, number);

	if (i == m->n_times || m->time[i].number != number)
		return;
	keyset_remove(&m->upload_due, due_key(m->time[i].due, number));
	m->n_times--;
	memmove(m->time + i, m->time + i + 1,
	    (m->n_times - i) * sizeof(*m->time));
}

enum err
memory_add_upload(struct memory *m, const struct upload_mark *u)
{
	enum err e = map_add(&m->uploads, u->tag, u->number);

	if (e == ERR_OK)
		e = keyset_add(&m->upload_age, age_key(u));
	if (e == ERR_OK)
		e = time_add(m, u);
	m->n_uploads++;
	m->attachments += u->bytes;
	m->incoming += upload_charge(u->bytes);
	return e;
}

void
memory_remove_upload(struct memory *m, const struct upload_mark *u)
{
	map_remove(&m->uploads, u->tag, u->number);
	keyset_remove(&m->upload_age, age_key(u));
	time_remove(m, u->number);
	m->n_uploads--;
	m->attachments -= u->bytes;
	m->incoming -= upload_charge(u->bytes);
}
