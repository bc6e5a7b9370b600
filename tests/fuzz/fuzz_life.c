#include <stdlib.h>

#include "policy/clock.h"

/*
 * A life as it is kept, then entries of ten bytes each: what comes of them, in
 * whatever order. The band that the policy says takes two people is P1.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(x) ((x) ? (void)0 : abort())

static void
must_come_back(const struct life *l)
{
	uint8_t out[LIFE_LEN], again[LIFE_LEN];
	struct life back;

	life_put(l, out);
	MUST(life_get(out, &back) == ERR_OK);
	life_put(&back, again);
	MUST(bytes_equal(BYTES(out, LIFE_LEN), BYTES(again, LIFE_LEN)));
}

static struct entry
read_entry(struct reader *in, unsigned *ret_parts)
{
	struct entry e = { 0 };
	uint8_t bits;

	e.kind = (enum message_kind)(reader_u8(in) % MESSAGE_KINDS);
	*ret_parts = reader_u8(in) % (1u << PARTS);
	e.author = reader_u8(in);
	if (message_form(e.kind)->author == AUTHOR_INSTANCE)
		e.author = PERSON_INSTANCE;
	bits = reader_u8(in);
	e.is_complex = bits & 1;
	e.is_conduct = bits & 2;
	e.agrees = bits & 4;
	e.investigates = bits & 8;
	e.content[0] = bits & 16;
	e.band = (uint8_t)(1 + (bits >> 6));
	e.from = reader_u8(in);
	e.about = reader_u8(in);
	e.seq = reader_u8(in);
	e.code = (enum notice_code)(reader_u8(in) % NOTICE_CODES);
	e.number = reader_u8(in);
	return e;
}

/* What may never happen, whatever came before. */
static void
must_be_right(const struct life *was, const struct life *is,
    const struct entry *e)
{
	bool closed = was->state != CASE_CLOSED && is->state == CASE_CLOSED;
	bool acts = is->state != was->state &&
	    (is->state == CASE_ACTION || is->state == CASE_FEDBACK || closed);

	MUST(is->state == was->state ||
	    is->state == life_table_next(was->state, e->kind) ||
	    ((was->flags & CASE_IS_DISMISSED) && is->state == CASE_RECEIVED) ||
	    e->code == NOTICE_SILENT);
	MUST(!acts || !(was->flags & CASE_IS_CONDUCT));
	MUST(!closed || !(was->flags & CASE_IS_HELD));
	MUST(!closed || was->band != 1 ||
	    (e->kind == MESSAGE_SECOND && e->author != was->first));
	MUST(was->state != CASE_WITHDRAWN || is->state == CASE_WITHDRAWN);
	MUST(!life_is_open(is) || e->kind != MESSAGE_WITHDRAW);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct policy p = { .serial = 1,
		.limits.close_needs_second = BAND_BIT(1) };
	struct reader in = reader_over(BYTES(data, size));
	struct life l, was;

	if (size < LIFE_LEN || life_get(data, &l) != ERR_OK)
		return 0;
	must_come_back(&l);
	reader_bytes(&in, LIFE_LEN);
	while (in.n >= 10) {
		unsigned parts;
		struct entry e = read_entry(&in, &parts);
		int64_t now = (int64_t)reader_u8(&in) * 5 * 3600;

		if (life_may(&l, &e, parts) != LIFE_OK)
			continue;
		MUST(life_table_allows(l.state, e.kind, parts));
		was = l;
		life_apply(&l, &p, NULL, &e, now);
		must_be_right(&was, &l, &e);
		must_come_back(&l);
	}
	return 0;
}
