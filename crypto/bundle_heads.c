#include "crypto/bundle.h"

#include <inttypes.h>

#include "crypto/bundle_form.h"

/* Messages, as answers carry them. */

#define HEAD_LINE_MAX 64    /* one `head` line */
#define OTHER_LINES_MAX 320 /* all that stands before them, and the end */

_Static_assert(BUNDLE_MESSAGE_MAX + HEAD_LINE_MAX + OTHER_LINES_MAX <=
	BUNDLE_TEXT_LEN,
    "a message that went up in a bundle comes down in one");

static void
get_head(struct bundle_in *in, struct bytes value, struct answer_head *h)
{
	uint64_t head, envelope;

	h->seq = (uint32_t)bundle_word_number(in, &value, BUNDLE_SEQ_MAX);
	head = bundle_word_number(in, &value, BUNDLE_TEXT_LEN);
	envelope = bundle_word_number(in, &value, BUNDLE_TEXT_LEN);
	h->payload_len = bundle_word_number(in, &value, BUNDLE_PAYLOAD_MAX);
	h->pieces = (uint32_t)bundle_word_number(in, &value, BUNDLE_PIECES_MAX);
	bundle_word_end(in, value);
	if (head == 0 ||
	    (h->pieces > 0 && h->pieces != bundle_pieces(h->payload_len)))
		bundle_fail(in);
	h->head = bundle_take(in, head);
	h->envelope = bundle_take(in, envelope);
	if (h->pieces == 0)
		h->payload = bundle_take(in, h->payload_len);
}

void
bundle_get_heads(struct bundle_in *in, struct answer_heads *h)
{
	struct bytes value;

	while (in->lines.err == ERR_OK &&
	    lines_next(&in->lines, "head", &value)) {
		if (h->n == COUNT(h->at)) {
			bundle_fail(in);
			return;
		}
		get_head(in, value, &h->at[h->n]);
		if (h->n > 0 && h->at[h->n].seq != h->at[h->n - 1].seq + 1)
			bundle_fail(in);
		h->n++;
	}
}

void
bundle_put_heads(struct bundle_out *o, const struct answer_heads *heads)
{
	for (size_t i = 0; i < heads->n && i < COUNT(heads->at); i++) {
		const struct answer_head *h = &heads->at[i];

		buf_printf(o->out,
		    "head: %" PRIu32 " %zu %zu %" PRIu64 " %" PRIu32 "\n",
		    h->seq, h->head.n, h->envelope.n, h->payload_len,
		    h->pieces);
		bundle_keep(o, h->head);
		bundle_keep(o, h->envelope);
		if (h->pieces == 0)
			bundle_keep(o, h->payload);
	}
}

static uint64_t
head_size(const struct answer_head *h)
{
	return HEAD_LINE_MAX + (uint64_t)h->head.n + h->envelope.n +
	    (h->pieces == 0 ? h->payload.n : 0);
}

bool
answer_heads_add(struct answer_heads *h, const struct answer_head *one)
{
	uint64_t size = OTHER_LINES_MAX + head_size(one);

	if (h->n == COUNT(h->at))
		return false;
	for (size_t i = 0; i < h->n; i++)
		size += head_size(&h->at[i]);
	if (size > BUNDLE_TEXT_LEN)
		return false;
	h->at[h->n++] = *one;
	return true;
}
