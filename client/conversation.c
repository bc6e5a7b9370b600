#include "client/conversation.h"

#include <stdlib.h>
#include <string.h>

#include "client/conversation_inside.h"
#include "crypto/bundle.h"

enum chain
conversation_chain(const struct conversation_message *m)
{
	return message_kind_chain(m->kind);
}

const struct manifest *
conversation_concern(const struct conversation *c)
{
	return c->n_messages > 0 ? c->message[0]->m : NULL;
}

static void
message_free(struct conversation_message *m)
{
	if (m == NULL)
		return;
	m->m = manifest_free(m->m);
	buf_free(&m->text);
	buf_free(&m->envelope);
	free(m);
}

static void
current_free(struct conversation *c)
{
	message_free(c->current);
	c->current = NULL;
	c->open = message_open_free(c->open);
	c->hash = payload_hash_free(c->hash);
}

bool
conversation_is_withdrawn(const struct conversation *c)
{
	for (size_t i = 0; i < c->n_messages; i++) {
		if (c->message[i]->kind == MESSAGE_WITHDRAW)
			return true;
	}
	return false;
}

void
conversation_free(struct conversation *c)
{
	current_free(c);
	for (size_t i = 0; i < c->n_messages; i++)
		message_free(c->message[i]);
	c->n_messages = 0;
	buf_free(&c->concern);
	buf_free(&c->plain);
	buf_free(&c->head_bytes);
}

static enum refusal
refuse(struct conversation *c, enum refusal r)
{
	if (c->refusal == REFUSAL_NONE)
		c->refusal = r;
	return c->refusal;
}

/* --- heads --- */

/*
 * A concern's head is the preamble of the request that brought it; with zeros
 * for blobs it parses as one.
 */
static enum err
parse_preamble(struct bytes head, struct buf *whole, struct bundle_request *ret)
{
	buf_put_bytes(whole, head);
	buf_put_str(whole, "\n");
	buf_put_zeros(whole, BUNDLE_TEXT_LEN - whole->n);
	if (whole->err != ERR_OK)
		return whole->err;
	return bundle_request_parse(buf_bytes(whole), ret);
}

static enum refusal
read_concern_head(struct conversation *c, struct bytes head)
{
	struct buf whole CLEAN_BUF = BUF_INIT(BUNDLE_TEXT_LEN);
	struct bundle_request r;
	const struct request_concern *q = &r.concern;
	uint8_t id[CASE_ID_LEN];
	enum refusal refusal;

	if (head.n >= BUNDLE_TEXT_LEN)
		return REFUSAL_HEAD;
	refusal = refusal_of(parse_preamble(head, &whole, &r), REFUSAL_HEAD);
	if (refusal != REFUSAL_NONE)
		return refusal;
	if (r.kind != REQUEST_CONCERN || r.preamble.n != head.n)
		return REFUSAL_HEAD;
	if (case_id_of(q->case_key, id) != ERR_OK)
		return REFUSAL_FAILED;
	if (memcmp(id, c->case_id, sizeof(id)) != 0)
		return REFUSAL_OTHER_CASE;
	memcpy(c->case_key, q->case_key, SIGN_PUB_LEN);
	c->route = q->route;
	c->band = q->band;
	c->n_named = q->content.n_to;
	for (size_t i = 0; i < c->n_named; i++)
		c->named[i] = q->content.to[i].person;
	c->entry = (struct entry){ .kind = MESSAGE_CONCERN,
		.author = PERSON_REPORTER };
	memcpy(c->entry.case_id, id, sizeof(id));
	buf_reset(&c->concern);
	c->concern.max = BUNDLE_TEXT_LEN;
	buf_put_bytes(&c->concern, head);
	return c->concern.err == ERR_OK ? REFUSAL_NONE : REFUSAL_FAILED;
}

static enum refusal
check_signature(const struct conversation *c, struct bytes head)
{
	uint8_t pub[AUTHOR_KEYS_MAX][SIGN_PUB_LEN];
	enum err e = ERR_BAD_SIG;
	size_t n;

	if (c->entry.author == PERSON_INSTANCE)
		return refusal_of(entry_verify_instance(head, c->instance_keys,
				      c->n_instance_keys),
		    REFUSAL_SIGNATURE);
	n = author_keys(c, c->entry.author, pub);
	if (n == 0)
		return REFUSAL_UNKNOWN_SIGNER;
	for (size_t i = 0; i < n && e != ERR_OK && !err_is_ours(e); i++)
		e = entry_verify(head, &c->entry, pub[i]);
	return refusal_of(e, REFUSAL_SIGNATURE);
}

/*
 * Whoever has no envelope of the concern, or one that does not open, cannot
 * compute its link; those who could have named it, and signed.
 */
static void
link_concern(struct conversation *c, const uint8_t link[static LINK_LEN])
{
	memcpy(c->at[CHAIN_TALK][0]->link, link, LINK_LEN);
	memcpy(c->head[CHAIN_TALK], link, LINK_LEN);
	c->is_linked = true;
}

static bool
needs_link(const struct conversation *c)
{
	return !c->is_linked && c->count[CHAIN_TALK] == 1;
}

/* The place of the talk chain that it comes behind; not before that of the
 * entry before it. */
static enum refusal
find_seen(struct conversation *c, uint32_t seq, uint32_t *ret)
{
	uint32_t first = seq > 0 ? c->at[CHAIN_STAFF][seq - 1]->after : 0;

	for (uint32_t i = 0; i < c->count[CHAIN_TALK]; i++) {
		if (memcmp(c->at[CHAIN_TALK][i]->link, c->entry.seen,
			LINK_LEN) != 0)
			continue;
		*ret = i;
		return i < first ? REFUSAL_REORDERED : REFUSAL_NONE;
	}
	return REFUSAL_SEEN;
}

static enum refusal
read_entry_head(struct conversation *c, enum chain chain, uint32_t seq,
    struct bytes head)
{
	const struct entry *e = &c->entry;
	enum refusal r = refusal_of(entry_parse(head, &c->entry), REFUSAL_HEAD);

	if (r != REFUSAL_NONE)
		return r;
	c->refused.is_parsed = true;
	c->refused.entry = *e;
	if (memcmp(e->case_id, c->case_id, CASE_ID_LEN) != 0)
		return REFUSAL_OTHER_CASE;
	if (message_kind_chain(e->kind) != chain || e->seq != seq)
		return REFUSAL_REORDERED;
	if (memcmp(e->prev, c->head[chain], LINK_LEN) != 0 &&
	    (chain == CHAIN_STAFF || !needs_link(c)))
		return REFUSAL_DROPPED;
	r = check_signature(c, head);
	if (r == REFUSAL_NONE && needs_link(c))
		link_concern(c, chain == CHAIN_TALK ? e->prev : e->seen);
	return r;
}

static enum refusal
read_head(struct conversation *c, enum chain chain, uint32_t seq,
    struct bytes head)
{
	if (seq != c->count[chain])
		return seq > c->count[chain] ? REFUSAL_DROPPED
					     : REFUSAL_REORDERED;
	if (chain == CHAIN_TALK && seq == 0)
		return c->is_plain ? plain_head_read(c, head)
				   : read_concern_head(c, head);
	if (c->n_messages == 0)
		return REFUSAL_NO_CONCERN;
	return read_entry_head(c, chain, seq, head);
}

/* --- opening --- */

static enum err
on_file(void *ctx, size_t index, struct bytes x)
{
	struct conversation *c = ctx;
	const struct manifest *m = message_open_claim(c->open);

	if (m == NULL || index >= m->n_files)
		return ERR_SYNTAX;
	if (index == 0 && strcmp(m->file[0].name, "message.txt") == 0) {
		buf_put_bytes(&c->current->text, x);
		/* too long: said when the message ends, as what it hides is
		 * itself */
		return c->current->text.err == ERR_LIMIT ? ERR_OK
							 : c->current->text.err;
	}
	return c->sink != NULL ? c->sink(c->sink_ctx, m, index, x) : ERR_OK;
}

static enum refusal
begin_content(struct conversation *c, struct bytes envelope)
{
	uint8_t made[SHA256_LEN];
	struct message_as as = { .ids = c->ids,
		.n_ids = c->n_ids,
		.person = c->person,
		.granted = made };

	/* whether it is the one that the author made is seen at the end */
	if (sha256(envelope, made) != ERR_OK ||
	    payload_hash_new(&c->hash) != ERR_OK ||
	    message_open_new(&as, on_file, c, &c->open) != ERR_OK)
		return REFUSAL_FAILED;
	/* what else may be wrong is said again by message_open_finish */
	return message_open_put(c->open, envelope) == MESSAGE_FAILED
	    ? REFUSAL_FAILED
	    : REFUSAL_NONE;
}

static bool
is_plain_concern(const struct conversation *c)
{
	return c->is_plain && c->entry.kind == MESSAGE_CONCERN;
}

static enum refusal
put_plain(struct conversation *c, struct bytes x)
{
	buf_put_bytes(&c->plain, x);
	return c->plain.err == ERR_OK
	    ? REFUSAL_NONE
	    : refuse(c, refusal_of(c->plain.err, REFUSAL_BODY));
}

/* Space for the message whose head was read. */
static enum refusal
new_current(struct conversation *c, enum chain chain, struct bytes head,
    struct bytes envelope)
{
	struct conversation_message *m = calloc(1, sizeof(*m));

	c->current = m;
	if (m == NULL)
		return REFUSAL_FAILED;
	c->chain = chain;
	m->entry = c->entry;
	m->kind = c->entry.kind;
	m->seq = c->entry.seq;
	m->author = c->entry.author;
	m->has_content = entry_has_content(&c->entry);
	m->text.max = CONVERSATION_TEXT_MAX;
	m->envelope.max = AGE_HEADER_MAX;
	buf_put_bytes(&m->envelope, envelope);
	c->head_bytes.max = BUNDLE_TEXT_LEN;
	buf_reset(&c->head_bytes);
	buf_put_bytes(&c->head_bytes, head);
	if (c->head_bytes.err != ERR_OK || m->envelope.err != ERR_OK)
		return REFUSAL_FAILED;
	return chain == CHAIN_STAFF ? find_seen(c, m->seq, &m->after)
				    : REFUSAL_NONE;
}

static enum refusal
begin_message(struct conversation *c, enum chain chain, struct bytes head,
    struct bytes envelope)
{
	enum refusal r = new_current(c, chain, head, envelope);

	if (r != REFUSAL_NONE || envelope.n == 0)
		return r;
	if (is_plain_concern(c)) {
		c->plain.max = PLAIN_FILE_MAX;
		buf_reset(&c->plain);
		return put_plain(c, envelope);
	}
	return c->current->has_content ? begin_content(c, envelope)
				       : REFUSAL_HEAD;
}

enum refusal
conversation_begin(struct conversation *c, enum chain chain, uint32_t seq,
    struct bytes head, struct bytes envelope)
{
	enum refusal r;

	current_free(c);
	if (c->refusal != REFUSAL_NONE)
		return c->refusal;
	c->refused = (struct conversation_refused){
		.is_one = true, .chain = chain, .seq = seq
	};
	if (c->n_messages == CONVERSATION_MESSAGES_MAX)
		return refuse(c, REFUSAL_FAILED);
	r = read_head(c, chain, seq, head);
	if (r == REFUSAL_NONE)
		r = begin_message(c, chain, head, envelope);
	if (r == REFUSAL_SEEN) { /* may come yet */
		current_free(c);
		return r;
	}
	return r == REFUSAL_NONE ? r : refuse(c, r);
}

enum refusal
conversation_put(struct conversation *c, struct bytes payload)
{
	if (c->refusal != REFUSAL_NONE)
		return c->refusal;
	if (is_plain_concern(c))
		return put_plain(c, payload);
	if (c->open == NULL) /* not for us: not looked at */
		return REFUSAL_NONE;
	if (payload_hash_put(c->hash, payload) != ERR_OK ||
	    message_open_put(c->open, payload) == MESSAGE_FAILED)
		return refuse(c, REFUSAL_FAILED);
	return REFUSAL_NONE;
}

static enum refusal
from_result(enum message_result r)
{
	switch (r) {
	case MESSAGE_OK:
		return REFUSAL_NONE;
	case MESSAGE_NOT_FOR_US:
		return REFUSAL_NOT_FOR_US;
	case MESSAGE_UNSUPPORTED:
		return REFUSAL_UNSUPPORTED;
	case MESSAGE_DAMAGED:
		return REFUSAL_DAMAGED;
	case MESSAGE_NOT_SEALED:
		return REFUSAL_NOT_SEALED;
	case MESSAGE_BAD_BODY:
		return REFUSAL_BODY;
	case MESSAGE_BAD_AUTHOR:
		return REFUSAL_SIGNATURE;
	case MESSAGE_BAD_ENVELOPE:
		return REFUSAL_ENVELOPE;
	case MESSAGE_FAILED:
		return REFUSAL_FAILED;
	}
	return REFUSAL_FAILED;
}

/* The content digest of what came, with the envelopes the manifest names. */
static enum err
digest_content(struct conversation *c, const struct manifest *m,
    uint8_t out[static SHA256_LEN])
{
	uint8_t payload[SHA256_LEN], envelope[SEALED_TO_MAX][SHA256_LEN];
	enum err err = payload_hash_finish(c->hash, payload);

	for (size_t i = 0; i < m->n_to; i++)
		memcpy(envelope[i], m->to[i].sha256, SHA256_LEN);
	return err != ERR_OK
	    ? err
	    : content_digest(payload, (const uint8_t(*)[SHA256_LEN])envelope,
		  m->n_to, out);
}

/* Listed for us as it came; else it was given to us by somebody later. */
static enum refusal
find_envelope(struct conversation *c, const struct manifest *m)
{
	uint8_t made[SHA256_LEN];

	if (sha256(buf_bytes(&c->current->envelope), made) != ERR_OK)
		return REFUSAL_FAILED;
	c->current->is_granted = true;
	for (size_t i = 0; i < m->n_to; i++) {
		if (m->to[i].person == c->person &&
		    memcmp(m->to[i].sha256, made, SHA256_LEN) == 0)
			c->current->is_granted = false;
	}
	return REFUSAL_NONE;
}

static enum refusal
end_content(struct conversation *c)
{
	uint8_t pub[AUTHOR_KEYS_MAX][SIGN_PUB_LEN];
	uint8_t content[SHA256_LEN];
	const struct manifest *m;
	size_t n = author_keys(c, c->entry.author, pub);
	enum refusal r = from_result(message_open_finish(c->open,
	    (const uint8_t(*)[SIGN_PUB_LEN])pub, n, &m));

	if (r == REFUSAL_NONE && c->current->text.err != ERR_OK)
		r = REFUSAL_BODY;
	if (r == REFUSAL_NONE)
		r = find_envelope(c, m);
	if (r != REFUSAL_NONE)
		return r;
	if (digest_content(c, m, content) != ERR_OK)
		return REFUSAL_FAILED;
	if (c->entry.kind == MESSAGE_CONCERN)
		memcpy(c->entry.content, content, SHA256_LEN);
	else if (memcmp(content, c->entry.content, SHA256_LEN) != 0)
		return REFUSAL_SWAPPED;
	c->current->m = manifest_new();
	if (c->current->m == NULL)
		return REFUSAL_FAILED;
	*c->current->m = *m;
	c->current->is_readable = true;
	return manifest_check(c, c->current);
}

/*
 * Its author, or the server, gave us what does not open, or its author signed
 * what contradicts the case: no reason to keep everything else from being read,
 * or one of the readers could end the case for all the others. All else hangs
 * on the concern.
 */
static bool
hides_itself_only(enum message_kind kind, enum refusal r)
{
	bool is_authors = r == REFUSAL_SIGNATURE || r == REFUSAL_MANIFEST ||
	    r == REFUSAL_MEMBERS || r == REFUSAL_EXCLUDED;

	return r == REFUSAL_NOT_FOR_US || r == REFUSAL_DAMAGED ||
	    r == REFUSAL_NOT_SEALED || r == REFUSAL_BODY ||
	    (is_authors && kind != MESSAGE_CONCERN);
}

static enum refusal
end_opened(struct conversation *c)
{
	struct conversation_message *m = c->current;
	enum refusal r = REFUSAL_NONE;

	if (c->open != NULL)
		r = end_content(c);
	else if (is_plain_concern(c) && m->envelope.n > 0)
		r = plain_end(c);
	else if (m->has_content && c->person == PERSON_REPORTER)
		return REFUSAL_ENVELOPE; /* all that is said is for them */
	if (!hides_itself_only(m->kind, r))
		return r;
	m->failure = r;
	m->is_readable = false;
	m->m = manifest_free(m->m);
	buf_reset(&m->text);
	return REFUSAL_NONE;
}

/* A concern has no entry: its content is known to those who opened it. */
static enum refusal
end_current(struct conversation *c)
{
	struct conversation_message *m = c->current;
	enum refusal r = end_opened(c);

	if (r != REFUSAL_NONE)
		return r;
	if (m->kind == MESSAGE_CONCERN) {
		c->is_linked =
		    m->is_readable && (m->m != NULL || !m->is_granted);
		if (!c->is_linked)
			return REFUSAL_NONE;
	}
	return link_digest(buf_bytes(&c->head_bytes),
		   m->has_content ? c->entry.content : NULL, m->link) == ERR_OK
	    ? REFUSAL_NONE
	    : REFUSAL_FAILED;
}

enum refusal
conversation_end(struct conversation *c,
    const struct conversation_message **ret)
{
	enum refusal r;

	if (c->refusal != REFUSAL_NONE || c->current == NULL)
		return refuse(c, REFUSAL_FAILED);
	r = end_current(c);
	if (r != REFUSAL_NONE)
		return refuse(c, r);
	memcpy(c->head[c->chain], c->current->link, LINK_LEN);
	c->at[c->chain][c->count[c->chain]++] = c->current;
	c->refused = (struct conversation_refused){ 0 };
	if (ret != NULL)
		*ret = c->current;
	c->message[c->n_messages++] = c->current;
	c->current = NULL;
	current_free(c);
	return REFUSAL_NONE;
}

/* --- the whole --- */

/* Nothing is kept of what was not checked. */
static void
drop_from(struct conversation *c, size_t at)
{
	const struct conversation_message *m = c->message[at];

	c->refused.is_one = c->refused.is_parsed = true;
	c->refused.chain = conversation_chain(m);
	c->refused.seq = m->seq;
	c->refused.entry = m->entry;
	for (size_t i = at; i < c->n_messages; i++) {
		enum chain chain = conversation_chain(c->message[i]);

		if (c->message[i]->seq < c->count[chain])
			c->count[chain] = c->message[i]->seq;
		message_free(c->message[i]);
	}
	c->n_messages = at;
}

/* Nothing stands behind the concern that could name it, and it does not open,
 * or has another envelope than its hash says. */
static enum refusal
no_concern(const struct conversation_message *m)
{
	if (m->failure != REFUSAL_NONE)
		return m->failure;
	return m->is_granted ? REFUSAL_SWAPPED : REFUSAL_NO_CONCERN;
}

enum refusal
conversation_finish(struct conversation *c)
{
	enum refusal r;
	size_t at = 0;

	if (c->refusal != REFUSAL_NONE)
		return c->refusal;
	if (c->n_messages == 0)
		return refuse(c, REFUSAL_NO_CONCERN);
	if (!c->is_linked ||
	    (c->person == PERSON_REPORTER && c->message[0]->m == NULL))
		return refuse(c, no_concern(c->message[0]));
	r = replay(c, &at);
	if (r == REFUSAL_NONE)
		r = envelopes_check(c, &at);
	if (r == REFUSAL_NONE || r == REFUSAL_SEEN)
		return r;
	drop_from(c, at);
	return refuse(c, r);
}

const struct conversation_message *
conversation_consent(const struct conversation *c)
{
	const struct conversation_message *asked = NULL;

	for (uint32_t i = 0; i < c->count[CHAIN_TALK]; i++) {
		const struct conversation_message *m = c->at[CHAIN_TALK][i];

		if (m->kind == MESSAGE_DISCLOSE)
			asked = m;
		else if (m->kind == MESSAGE_CONSENT)
			asked = NULL;
	}
	return asked;
}
