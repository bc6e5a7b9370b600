#include "crypto/bundle.h"

#include <inttypes.h>

#include "crypto/bundle_form.h"
#include "crypto/codec.h"

/* Envelopes and payload of one message, as requests carry them. */

uint16_t
bundle_word_person(struct bundle_in *in, struct bytes *value)
{
	uint64_t v = bundle_word_number(in, value, UINT16_MAX);

	if (v == PERSON_REPORTER)
		bundle_fail(in);
	return (uint16_t)v;
}

static uint16_t
get_person(struct bundle_in *in, struct bytes *value)
{
	struct bytes rest = *value;

	if (!bytes_equal(word_next(&rest), BYTES_LIT("reporter")))
		return bundle_word_person(in, value);
	*value = rest;
	return PERSON_REPORTER;
}

static bool
has_envelope(const struct bundle_content *c, uint16_t person)
{
	for (size_t i = 0; i < c->n_to; i++)
		if (c->to[i].person == person)
			return true;
	return false;
}

static void
get_to(struct bundle_in *in, struct bytes value, struct bundle_content *c)
{
	uint16_t person = get_person(in, &value);
	uint64_t n = bundle_word_number(in, &value, BUNDLE_TEXT_LEN);

	bundle_word_end(in, value);
	if (n == 0 || c->n_to == COUNT(c->to) || has_envelope(c, person)) {
		bundle_fail(in);
		return;
	}
	c->to[c->n_to].person = person;
	c->to[c->n_to].envelope = bundle_take(in, n);
	c->n_to++;
}

static void
get_upload(struct bundle_in *in, struct bytes value, struct bundle_content *c)
{
	c->is_upload = true;
	bundle_word_hex(in, &value, c->upload_id, sizeof(c->upload_id));
	c->upload_len = bundle_word_number(in, &value, BUNDLE_PAYLOAD_MAX);
	bundle_word_end(in, value);
	if (c->upload_len == 0)
		bundle_fail(in);
}

/* Nothing at all where there is no envelope. */
void
bundle_get_content(struct bundle_in *in, struct bundle_content *c)
{
	struct bytes value;

	while (in->lines.err == ERR_OK && lines_next(&in->lines, "to", &value))
		get_to(in, value, c);
	if (c->n_to == 0)
		return;
	if (lines_next(&in->lines, "upload", &value))
		get_upload(in, value, c);
	else
		c->payload = bundle_get_blob(in, "payload");
}

static void
put_to(struct bundle_out *o, const struct bundle_to *to)
{
	if (to->person == PERSON_REPORTER)
		buf_printf(o->out, "to: reporter %zu\n", to->envelope.n);
	else
		buf_printf(o->out, "to: %u %zu\n", to->person, to->envelope.n);
	bundle_keep(o, to->envelope);
}

void
bundle_put_content(struct bundle_out *o, const struct bundle_content *c)
{
	char id[2 * BUNDLE_UPLOAD_ID_LEN + 1];

	for (size_t i = 0; i < c->n_to && i < COUNT(c->to); i++)
		put_to(o, &c->to[i]);
	if (c->n_to == 0)
		return;
	if (!c->is_upload) {
		bundle_put_blob(o, "payload", c->payload);
		return;
	}
	hex_encode(id, c->upload_id, sizeof(c->upload_id));
	buf_printf(o->out, "upload: %s %" PRIu64 "\n", id, c->upload_len);
}
