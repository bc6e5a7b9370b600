#include "store/memory.h"

#include <string.h>

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
	memory_rows_touch(
	    m, was ? &before->c : NULL, is ? &after->c : NULL);
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
