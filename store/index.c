#include "store/index.h"

#include <stdlib.h>
#include <string.h>

#define FLAG_CONTENT 1
#define FLAG_PAYLOAD 2
#define FLAG_UPLOADED 4
#define FLAGS_KNOWN 7

/* Seven, three or two values in a leaf page, then whole pages, doubling. */
static const uint32_t small_class[] = { 564, 1342, 2022 };
#define LMDB_PAGE 4096
#define PAGE_HEADER 16

void
index_clear(struct index *x)
{
	if (x->entry != NULL)
		bytes_wipe(x->entry, x->cap * sizeof(x->entry[0]));
	free(x->entry);
	*x = (struct index){ 0 };
}

enum err
index_reserve(struct index *x)
{
	struct index bigger = { .n = x->n };

	if (x->n < x->cap)
		return ERR_OK;
	bigger.cap = x->cap == 0 ? 1 : 2 * x->cap;
	bigger.entry = calloc(bigger.cap, sizeof(bigger.entry[0]));
	if (bigger.entry == NULL)
		return ERR_NOMEM;
	if (x->n > 0)
		memcpy(bigger.entry, x->entry, x->n * sizeof(x->entry[0]));
	index_clear(x);
	*x = bigger;
	return ERR_OK;
}

struct index_entry *
index_find(const struct index *x, enum store_chain chain, uint32_t seq)
{
	for (size_t i = 0; i < x->n; i++)
		if (x->entry[i].m.chain == chain && x->entry[i].m.seq == seq)
			return &x->entry[i];
	return NULL;
}

const struct index_envelope *
entry_envelope(const struct index_entry *e, uint16_t person)
{
	for (size_t i = 0; i < e->n_envelopes; i++)
		if (e->envelope[i].person == person)
			return &e->envelope[i];
	return NULL;
}

void
entry_envelope_drop(struct index_entry *e, uint16_t person)
{
	const struct index_envelope *gone = entry_envelope(e, person);
	size_t i = (size_t)(gone - e->envelope);

	e->n_envelopes--;
	memmove(&e->envelope[i], &e->envelope[i + 1],
	    (e->n_envelopes - i) * sizeof(e->envelope[0]));
}

void
entry_envelope_settle(struct index_entry *e, uint16_t person)
{
	for (size_t i = 0; i < e->n_envelopes; i++)
		if (e->envelope[i].person == person)
			e->envelope[i].is_ahead = false;
}

uint32_t
piece_count(uint64_t size)
{
	return (uint32_t)((size + PIECE_LEN - 1) / PIECE_LEN);
}

size_t
piece_len(uint64_t size, uint32_t i)
{
	uint64_t left = size - (uint64_t)i * PIECE_LEN;

	return left < PIECE_LEN ? (size_t)left : PIECE_LEN;
}

/* --- writing --- */

static uint8_t
entry_flags(const struct index_entry *e)
{
	unsigned flags = 0;

	if (e->m.has_content)
		flags |= FLAG_CONTENT;
	if (e->m.payload_size > 0)
		flags |= FLAG_PAYLOAD;
	if (e->uploaded)
		flags |= FLAG_UPLOADED;
	return (uint8_t)flags;
}

static void
entry_put(const struct index_entry *e, struct buf *out)
{
	const struct store_message *m = &e->m;

	buf_put_u8(out, (uint8_t)m->chain);
	buf_put_u8(out, m->kind);
	buf_put_u16(out, m->author);
	buf_put_u32(out, m->seq);
	buf_put_u32(out, m->day);
	buf_put_u8(out, entry_flags(e));
	buf_put_u64(out, e->head);
	buf_put_u32(out, m->head_len);
	buf_put(out, m->link, LINK_LEN);
	if (m->has_content)
		buf_put(out, m->content, SHA256_LEN);
	if (m->payload_size > 0) {
		buf_put_u64(out, e->payload);
		buf_put_u64(out, m->payload_size);
		buf_put(out, m->payload_digest, SHA256_LEN);
	}
	if (e->uploaded)
		buf_put(out, e->key, sizeof(e->key));
	buf_put_u8(out, (uint8_t)e->n_envelopes);
	for (size_t i = 0; i < e->n_envelopes; i++) {
		buf_put_u16(out, e->envelope[i].person);
		buf_put_u8(out, e->envelope[i].is_ahead);
		buf_put_u64(out, e->envelope[i].record);
		buf_put_u32(out, e->envelope[i].len);
	}
}

static size_t
padded(size_t n)
{
	size_t len = n + SEAL_OVERHEAD, pages = 1;

	for (size_t i = 0; i < sizeof(small_class) / sizeof(*small_class); i++)
		if (len <= small_class[i])
			return small_class[i] - SEAL_OVERHEAD;
	while (len > pages * LMDB_PAGE - PAGE_HEADER)
		pages *= 2;
	return pages * LMDB_PAGE - PAGE_HEADER - SEAL_OVERHEAD;
}

void
index_put(const struct index *x, uint32_t version, struct buf *out)
{
	size_t start = out->n;

	buf_put_u32(out, version);
	buf_put_u16(out, (uint16_t)x->n);
	for (size_t i = 0; i < x->n; i++)
		entry_put(&x->entry[i], out);
	if (out->err == ERR_OK)
		buf_put_zeros(out, padded(out->n - start) - (out->n - start));
}

/* --- reading --- */

static enum err
entry_get_payload(struct reader *r, uint8_t flags, struct index_entry *e)
{
	if ((flags & FLAG_PAYLOAD) != 0) {
		e->payload = reader_u64(r);
		e->m.payload_size = reader_u64(r);
		reader_copy(r, e->m.payload_digest, SHA256_LEN);
		if (e->m.payload_size == 0 ||
		    e->m.payload_size >
			(uint64_t)STORE_UPLOAD_PIECES_MAX * PIECE_LEN)
			return ERR_CORRUPT;
		e->m.pieces = piece_count(e->m.payload_size);
	}
	if ((flags & FLAG_UPLOADED) != 0) {
		e->uploaded = true;
		reader_copy(r, e->key, sizeof(e->key));
	}
	return r->err;
}

static enum err
entry_get_envelopes(struct reader *r, struct index_entry *e)
{
	e->n_envelopes = reader_u8(r);
	if (e->n_envelopes > STORE_ENVELOPES_MAX)
		return ERR_CORRUPT;
	for (size_t i = 0; i < e->n_envelopes; i++) {
		e->envelope[i].person = reader_u16(r);
		e->envelope[i].is_ahead = reader_u8(r) != 0;
		e->envelope[i].record = reader_u64(r);
		e->envelope[i].len = reader_u32(r);
		if (e->envelope[i].len > STORE_ENVELOPE_MAX)
			return ERR_CORRUPT;
	}
	return r->err;
}

static enum err
entry_get(struct reader *r, struct index_entry *e)
{
	struct store_message *m = &e->m;
	uint8_t chain, flags;
	enum err err;

	chain = reader_u8(r);
	m->kind = reader_u8(r);
	m->author = reader_u16(r);
	m->seq = reader_u32(r);
	m->day = reader_u32(r);
	flags = reader_u8(r);
	e->head = reader_u64(r);
	m->head_len = reader_u32(r);
	reader_copy(r, m->link, LINK_LEN);
	if (r->err != ERR_OK || chain >= STORE_CHAINS ||
	    (flags & ~FLAGS_KNOWN) != 0 || m->head_len > STORE_HEAD_MAX)
		return ERR_CORRUPT;
	m->chain = (enum store_chain)chain;
	m->has_content = (flags & FLAG_CONTENT) != 0;
	if (m->has_content)
		reader_copy(r, m->content, SHA256_LEN);
	err = entry_get_payload(r, flags, e);
	return err == ERR_OK ? entry_get_envelopes(r, e) : err;
}

enum err
index_get(struct bytes plain, uint32_t version, struct index *ret)
{
	struct reader r = reader_over(plain);
	struct index x = { 0 };
	enum err e = ERR_OK;
	uint32_t is = reader_u32(&r);
	size_t n = reader_u16(&r);

	if (r.err != ERR_OK || is != version || n > STORE_MESSAGES_MAX)
		return ERR_CORRUPT;
	while (e == ERR_OK && x.n < n) {
		e = index_reserve(&x);
		if (e == ERR_OK)
			e = entry_get(&r, &x.entry[x.n++]);
	}
	if (e == ERR_OK && !bytes_all_zero(r.p, r.n))
		e = ERR_CORRUPT;
	if (e != ERR_OK) {
		index_clear(&x);
		return e == ERR_NOMEM ? e : ERR_CORRUPT;
	}
	*ret = x;
	return ERR_OK;
}
