#include "daemon/vault_state.h"

#include <string.h>

#define STANZA "-> "
#define STANZA_CLASSIC "-> X25519 "
#define NONCE_LEN 16
#define TAG_LEN 16

static bool
starts_with(struct bytes x, struct bytes with)
{
	return x.n >= with.n && memcmp(x.p, with.p, with.n) == 0;
}

/* In a header, no other line can begin like a stanza: they are base64. */
static size_t
count_stanzas(struct bytes header, struct bytes *ret_last)
{
	struct reader r = reader_over(header);
	struct bytes line;
	size_t n = 0;

	while (r.n > 0 && r.err == ERR_OK) {
		line = reader_line(&r);
		if (starts_with(line, BYTES_LIT(STANZA))) {
			*ret_last = line;
			n++;
		}
	}
	return n;
}

bool
envelope_is_sound(struct bytes envelope, bool *ret_hybrid)
{
	struct bytes stanza = { 0 };
	bool kind_ok = false;
	size_t n = 0;

	if (age_header_length(envelope, &n, &kind_ok) != ERR_OK || !kind_ok ||
	    n != envelope.n || count_stanzas(envelope, &stanza) != 1)
		return false;
	*ret_hybrid = !starts_with(stanza, BYTES_LIT(STANZA_CLASSIC));
	return true;
}

/*
 * Whether a sealed body can be this long: what is inside must be padded, so
 * that lengths tell no more than they have to.
 */
static bool
payload_is_padded(uint64_t size)
{
	uint64_t chunks, plain;

	if (size < NONCE_LEN + TAG_LEN + SEALED_FLOOR)
		return false;
	chunks = (size - NONCE_LEN + AGE_CHUNK + TAG_LEN - 1) /
	    (AGE_CHUNK + TAG_LEN);
	plain = size - NONCE_LEN - chunks * TAG_LEN;
	return age_payload_size(plain) == size &&
	    sealed_pad_size(plain) == plain;
}

static bool
kind_fits(enum keys_wanted keys, bool hybrid)
{
	return keys == WANT_ANY || hybrid == (keys == WANT_HYBRID);
}

/* Each envelope by itself, and all together: nobody twice, one kind, the
 * reporter where the message is for them too, and somebody who will read it.
 * policy NULL: whoever they are. */
static enum answer
take_envelopes(const struct policy *policy, const struct bundle_content *c,
    enum keys_wanted keys, struct op *op)
{
	bool wants_reporter =
	    message_kind_chain(op->message_kind) == CHAIN_TALK;
	bool has_reporter = false, hybrid = false;

	if (c->n_to < 1 + (size_t)wants_reporter || c->n_to > SEALED_TO_MAX)
		return ANSWER_BAD_BUNDLE;
	for (size_t i = 0; i < c->n_to; i++) {
		uint16_t person = c->to[i].person;

		for (size_t k = 0; k < i; k++)
			if (c->to[k].person == person)
				return ANSWER_BAD_BUNDLE;
		if (!envelope_is_sound(c->to[i].envelope, &hybrid) ||
		    !kind_fits(keys, hybrid))
			return ANSWER_BAD_BUNDLE;
		if (keys == WANT_ANY)
			keys = hybrid ? WANT_HYBRID : WANT_CLASSIC;
		if (person == PERSON_REPORTER)
			has_reporter = true;
		else if (policy != NULL &&
		    policy_person(policy, person) == NULL)
			return ANSWER_DENIED;
		op->envelope[i].person = person;
		op->envelope[i].header = c->to[i].envelope;
	}
	op->n_envelopes = c->n_to;
	return has_reporter == wants_reporter ? ANSWER_OK : ANSWER_BAD_BUNDLE;
}

/*
 * A message that is sent again names an upload that is its own by now. What was
 * stored at its place says what the payload was; whether it is the same message
 * is for its link to say.
 */
static enum answer
take_stored(struct vault *v, const struct bundle_content *c, struct op *op)
{
	struct store_message m;
	struct store_view *view;
	enum err e = store_view_open(v->store, op->case_id, &view);

	if (e != ERR_OK)
		return answer_of(e);
	e = view_message(view, op_chain(op), op->seq, &m);
	store_view_close(view);
	if (e != ERR_OK)
		return answer_of(e);
	if (m.payload_size != c->upload_len)
		return ANSWER_UNKNOWN;
	memcpy(op->payload_digest, m.payload_digest, SHA256_LEN);
	return ANSWER_OK;
}

static enum answer
take_upload(struct vault *v, const struct bundle_content *c, struct op *op)
{
	struct store_upload up;
	enum err e;

	if (c->upload_len > v->attachments_max)
		return ANSWER_TOO_LARGE;
	e = store_upload_find(v->store, c->upload_id, &up);
	if (e == ERR_NOT_FOUND)
		return take_stored(v, c, op);
	if (e != ERR_OK)
		return answer_of(e);
	if (up.size != c->upload_len)
		return ANSWER_BAD_BUNDLE;
	if (up.received != up.pieces)
		return ANSWER_DENIED;
	op->is_upload = true;
	memcpy(op->upload_id, c->upload_id, sizeof(op->upload_id));
	memcpy(op->payload_digest, up.payload_digest, SHA256_LEN);
	return ANSWER_OK;
}

static enum answer
take_payload(struct vault *v, const struct bundle_content *c, struct op *op)
{
	if (!payload_is_padded(c->is_upload ? c->upload_len : c->payload.n))
		return ANSWER_BAD_BUNDLE;
	if (c->is_upload)
		return take_upload(v, c, op);
	op->payload = c->payload;
	return answer_of(payload_digest_of(c->payload, op->payload_digest));
}

static enum err
digest(struct op *op)
{
	uint8_t hash[SEALED_TO_MAX][SHA256_LEN];
	enum err e;

	for (size_t i = 0; i < op->n_envelopes; i++)
		if ((e = sha256(op->envelope[i].header, hash[i])) != ERR_OK)
			return e;
	return content_digest(op->payload_digest,
	    (const uint8_t(*)[SHA256_LEN])hash, op->n_envelopes, op->content);
}

enum answer
content_take(struct vault *v, const struct policy *policy,
    const struct bundle_content *c, enum keys_wanted keys, struct op *op)
{
	enum answer a;

	if ((a = take_envelopes(policy, c, keys, op)) != ANSWER_OK ||
	    (a = take_payload(v, c, op)) != ANSWER_OK)
		return a;
	op->has_content = true;
	return answer_of(digest(op));
}
