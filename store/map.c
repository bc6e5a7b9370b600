#include "store/map.h"

#include <stdlib.h>

#define SIZE_MIN 16

/* --- SipHash-2-4 --- */

static uint64_t
rotl(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

static uint64_t
le64(const uint8_t *p, size_t n)
{
	uint64_t x = 0;

	for (size_t i = 0; i < n; i++)
		x |= (uint64_t)p[i] << (8 * i);
	return x;
}

static void
sip_rounds(uint64_t v[static 4], unsigned n)
{
	while (n-- > 0) {
		v[0] += v[1];
		v[1] = rotl(v[1], 13) ^ v[0];
		v[0] = rotl(v[0], 32);
		v[2] += v[3];
		v[3] = rotl(v[3], 16) ^ v[2];
		v[0] += v[3];
		v[3] = rotl(v[3], 21) ^ v[0];
		v[2] += v[1];
		v[1] = rotl(v[1], 17) ^ v[2];
		v[2] = rotl(v[2], 32);
	}
}

static void
sip_word(uint64_t v[static 4], uint64_t word)
{
	v[3] ^= word;
	sip_rounds(v, 2);
	v[0] ^= word;
}

uint64_t
siphash(const uint8_t key[static MAP_KEY_LEN], struct bytes x)
{
	uint64_t k0 = le64(key, 8), k1 = le64(key + 8, 8);
	uint64_t v[4] = { k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d,
		k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573 };
	uint64_t last = (uint64_t)x.n << 56;

	for (; x.n >= 8; x.p += 8, x.n -= 8)
		sip_word(v, le64(x.p, 8));
	sip_word(v, last | le64(x.p, x.n));
	v[2] ^= 0xff;
	sip_rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* --- the map --- */

uint64_t
map_tag(const struct map *m, struct bytes id)
{
	uint64_t tag = siphash(m->key, id);

	return tag != 0 ? tag : 1;
}

void
map_clear(struct map *m)
{
	free(m->entry);
	bytes_wipe(m, sizeof(*m));
}

static void
insert(struct map_entry *entry, size_t size, uint64_t tag, uint32_t number)
{
	size_t i = tag & (size - 1);

	while (entry[i].tag != 0)
		i = (i + 1) & (size - 1);
	entry[i] = (struct map_entry){ tag, number };
}

static enum err
grow(struct map *m)
{
	size_t size = m->size == 0 ? SIZE_MIN : 2 * m->size;
	struct map_entry *entry = calloc(size, sizeof(*entry));

	if (entry == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < m->size; i++)
		if (m->entry[i].tag != 0)
			insert(entry, size, m->entry[i].tag,
			    m->entry[i].number);
	free(m->entry);
	m->entry = entry;
	m->size = size;
	return ERR_OK;
}

enum err
map_add(struct map *m, uint64_t tag, uint32_t number)
{
	enum err e = ERR_OK;

	if (m->count >= m->size - m->size / 4)
		e = grow(m);
	if (e != ERR_OK)
		return e;
	insert(m->entry, m->size, tag, number);
	m->count++;
	return ERR_OK;
}

/* Closes the gap at i: later entries of the run move back, unless that would
 * take them before the place their tag asks for. */
static void
close_gap(struct map *m, size_t i)
{
	size_t mask = m->size - 1;

	for (size_t k = (i + 1) & mask; m->entry[k].tag != 0;
	     k = (k + 1) & mask) {
		size_t home = m->entry[k].tag & mask;

		if (((k - home) & mask) < ((k - i) & mask))
			continue;
		m->entry[i] = m->entry[k];
		i = k;
	}
	m->entry[i] = (struct map_entry){ 0 };
}

void
map_remove(struct map *m, uint64_t tag, uint32_t number)
{
	size_t mask = m->size - 1;

	if (m->size == 0)
		return;
	for (size_t i = tag & mask; m->entry[i].tag != 0; i = (i + 1) & mask) {
		if (m->entry[i].tag != tag || m->entry[i].number != number)
			continue;
		m->count--;
		close_gap(m, i);
		return;
	}
}

bool
map_next(const struct map *m, uint64_t tag, size_t *at, uint32_t *ret_number)
{
	size_t mask = m->size - 1, i;

	if (m->size == 0)
		return false;
	while (*at < m->size) {
		i = ((tag & mask) + (*at)++) & mask;
		if (m->entry[i].tag == 0)
			return false;
		if (m->entry[i].tag == tag) {
			*ret_number = m->entry[i].number;
			return true;
		}
	}
	return false;
}
