#include "tests/fuzz/edits.h"

#include <stdlib.h>

void
edits_read(struct bytes in, unsigned n_parts, struct edits *ret)
{
	struct reader r = reader_over(in);

	for (ret->n = 0; ret->n < EDITS_MAX; ret->n++) {
		uint8_t part = reader_u8(&r);
		struct edit *e = &ret->at[ret->n];

		e->part = (part & 0x7fu) % n_parts;
		e->from_end = (part & 0x80) != 0;
		e->at = reader_u16(&r);
		e->drop = reader_u8(&r);
		e->put = reader_bytes(&r, reader_u8(&r));
		if (r.err != ERR_OK)
			return;
	}
}

void
edit_apply(const struct edit *e, struct buf *x)
{
	struct buf out CLEAN_BUF = BUF_INIT(x->max);
	size_t at = e->at % (x->n + 1);
	size_t drop;

	if (e->from_end)
		at = x->n - at;
	drop = e->drop < x->n - at ? e->drop : x->n - at;
	buf_put(&out, x->p, at);
	buf_put_bytes(&out, e->put);
	buf_put(&out, x->p + at + drop, x->n - at - drop);
	if (out.err != ERR_OK)
		return;
	buf_reset(x);
	buf_put_bytes(x, buf_bytes(&out));
}

bool
edits_apply(const struct edits *e, unsigned part, struct buf *x)
{
	struct buf before CLEAN_BUF = BUF_INIT(x->max);

	buf_put_bytes(&before, buf_bytes(x));
	for (size_t i = 0; i < e->n; i++) {
		if (e->at[i].part == part)
			edit_apply(&e->at[i], x);
	}
	if (before.err != ERR_OK || x->err != ERR_OK)
		abort();
	return !bytes_equal(buf_bytes(&before), buf_bytes(x));
}
