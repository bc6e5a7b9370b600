#include "store/slot.h"

#include <string.h>

#define AT_ID 6
#define AT_MAILBOX (AT_ID + STORE_CASE_ID_LEN + AEAD_KEY_LEN)

static void
put_marks_bytes(struct buf *b, const struct store_case *c)
{
	buf_put_u8(b, (uint8_t)c->kind);
	buf_put_u8(b, c->marks.band);
	buf_put_u8(b, c->marks.closed);
	buf_put_u8(b, c->marks.breached);
	buf_put_u8(b, (uint8_t)c->n_readers);
}

static void
put_numbers(struct buf *b, const struct slot *slot)
{
	const struct store_case *c = &slot->c;

	buf_put_u16(b, c->route);
	buf_put_u32(b, c->filed_day);
	buf_put_u64(b, c->policy_serial);
	for (int i = 0; i < STORE_CHAINS; i++) {
		buf_put_u32(b, c->chain[i].count);
		buf_put(b, c->chain[i].head, LINK_LEN);
	}
	buf_put_u32(b, slot->version);
	buf_put_u32(b, c->reporter_messages);
	buf_put_u64(b, c->attachments);
	buf_put_u64(b, (uint64_t)c->marks.deadline);
	buf_put_u64(b, (uint64_t)c->marks.due);
	buf_put(b, c->marks.life, sizeof(c->marks.life));
}

void
slot_put(uint8_t page[static SLOT_PAGE_PLAIN], unsigned i,
    const struct slot *slot)
{
	const struct store_case *c = &slot->c;
	/* Writes in place: as much as there is room for, and never grows. */
	struct buf b = {
		.p = page + i * SLOT_LEN, .cap = SLOT_LEN, .max = SLOT_LEN
	};

	buf_put_u8(&b, 1);
	put_marks_bytes(&b, c);
	buf_put(&b, c->id, sizeof(c->id));
	buf_put(&b, slot->key, sizeof(slot->key));
	buf_put(&b, c->mailbox, sizeof(c->mailbox));
	buf_put(&b, c->pub, sizeof(c->pub));
	put_numbers(&b, slot);
	for (size_t k = 0; k < c->n_readers; k++) {
		buf_put_u16(&b, c->reader[k].person);
		buf_put_u8(&b, c->reader[k].access);
	}
	buf_put_zeros(&b, SLOT_LEN - b.n);
}

void
slot_clear(uint8_t page[static SLOT_PAGE_PLAIN], unsigned i)
{
	bytes_wipe(page + i * SLOT_LEN, SLOT_LEN);
}

static void
get_marks_bytes(struct reader *r, struct store_case *c)
{
	c->kind = reader_u8(r) == STORE_PLAIN ? STORE_PLAIN : STORE_SEALED;
	c->marks.band = reader_u8(r);
	c->marks.closed = reader_u8(r) != 0;
	c->marks.breached = reader_u8(r) != 0;
	c->n_readers = reader_u8(r);
}

static void
get_numbers(struct reader *r, struct slot *slot)
{
	struct store_case *c = &slot->c;

	c->route = reader_u16(r);
	c->filed_day = reader_u32(r);
	c->policy_serial = reader_u64(r);
	for (int i = 0; i < STORE_CHAINS; i++) {
		c->chain[i].count = reader_u32(r);
		reader_copy(r, c->chain[i].head, LINK_LEN);
	}
	slot->version = reader_u32(r);
	c->reporter_messages = reader_u32(r);
	c->attachments = reader_u64(r);
	c->marks.deadline = (int64_t)reader_u64(r);
	c->marks.due = (int64_t)reader_u64(r);
	reader_copy(r, c->marks.life, sizeof(c->marks.life));
}

enum err
slot_get(const uint8_t page[static SLOT_PAGE_PLAIN], unsigned i,
    struct slot *ret)
{
	struct reader r = reader_over(BYTES(page + i * SLOT_LEN, SLOT_LEN));
	struct store_case *c = &ret->c;

	ret->used = reader_u8(&r) != 0;
	get_marks_bytes(&r, c);
	reader_copy(&r, c->id, sizeof(c->id));
	reader_copy(&r, ret->key, sizeof(ret->key));
	reader_copy(&r, c->mailbox, sizeof(c->mailbox));
	reader_copy(&r, c->pub, sizeof(c->pub));
	get_numbers(&r, ret);
	if (c->n_readers > STORE_READERS_MAX)
		return ERR_CORRUPT;
	memset(c->reader, 0, sizeof(c->reader));
	for (size_t k = 0; k < c->n_readers; k++) {
		c->reader[k].person = reader_u16(&r);
		c->reader[k].access = reader_u8(&r);
	}
	return r.err;
}

bool
slot_has_id(const uint8_t page[static SLOT_PAGE_PLAIN], unsigned i,
    const uint8_t id[static STORE_CASE_ID_LEN])
{
	const uint8_t *p = page + i * SLOT_LEN;

	return p[0] != 0 && bytes_equal_ct(p + AT_ID, id, STORE_CASE_ID_LEN);
}

bool
slot_has_mailbox(const uint8_t page[static SLOT_PAGE_PLAIN], unsigned i,
    const uint8_t mailbox[static SHA256_LEN])
{
	const uint8_t *p = page + i * SLOT_LEN;

	return p[0] != 0 && bytes_equal_ct(p + AT_MAILBOX, mailbox, SHA256_LEN);
}

bool
access_fits(unsigned access)
{
	const bool is_member = (access & READER_MEMBER) != 0;

	if (access == 0 || access >= READER_TOLD << 1)
		return false;
	if (is_member)
		return (access & READER_PENDING) == 0;
	return (access & (READER_RELEASED | READER_GIVEN)) == 0;
}

const struct store_reader *
store_case_reader(const struct store_case *c, uint16_t person)
{
	for (size_t i = 0; i < c->n_readers; i++)
		if (c->reader[i].person == person)
			return &c->reader[i];
	return NULL;
}

bool
case_has_envelopes_for(const struct store_case *c, uint16_t person)
{
	const struct store_reader *r;

	if (person == STORE_REPORTER || person == STORE_SHARED)
		return true;
	r = store_case_reader(c, person);
	return r != NULL && (r->access & (READER_MEMBER | READER_PENDING)) != 0;
}
