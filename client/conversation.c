#include "client/conversation.h"

#include <stdlib.h>
#include <string.h>

#include "client/conversation_inside.h"
#include "crypto/bundle.h"

const char *
refusal_text(enum refusal r)
{
	static const char *const text[REFUSALS] = {
		[REFUSAL_NONE] = "All is as it should be.",
		[REFUSAL_HEAD] = "A message's head is malformed.",
		[REFUSAL_OTHER_CASE] = "A message belongs to another case.",
		[REFUSAL_DROPPED] = "A message is missing.",
		[REFUSAL_REORDERED] = "Messages are not in the order in which "
				      "they were written.",
		[REFUSAL_UNKNOWN_SIGNER] = "A message is from somebody whom "
					   "the policy does not know.",
		[REFUSAL_SIGNATURE] = "A message is not signed by the person "
				      "whom it names.",
		[REFUSAL_SWAPPED] = "A message was put in place of another.",
		[REFUSAL_ENVELOPE] = "A message's envelope is not the one "
				     "that its author made for you.",
		[REFUSAL_NOT_FOR_US] = "Your key does not open a message that "
				       "should be for you.",
		[REFUSAL_DAMAGED] = "A message was altered or cut.",
		[REFUSAL_NOT_SEALED] = "A message is not a sealed one, or "
				       "holds two texts, one for each reader.",
		[REFUSAL_BODY] = "What is inside a message breaks the rules.",
		[REFUSAL_MANIFEST] = "A message contradicts the case that it "
				     "is in.",
		[REFUSAL_MEMBERS] = "A message is not sealed to the people to "
				    "whom the policy says it should be.",
		[REFUSAL_EXCLUDED] = "A message is sealed to somebody whom "
				     "the reporter left out.",
		[REFUSAL_NOT_A_READER] = "A message is from somebody who may "
					 "not read this case.",
		[REFUSAL_SEEN] = "A message answers another one that is being "
				 "withheld.",
		[REFUSAL_NO_CONCERN] = "The first message of the case cannot "
				       "be read.",
		[REFUSAL_UNSUPPORTED] = "This case has post-quantum (hybrid) "
					"keys; they need OpenSSL 3.5, which "
					"this machine does not have.",
		[REFUSAL_FAILED] = "This machine could not finish the work "
				   "(memory or the crypto library).",
	};

	return text[r];
}

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
parse_preamble(struct bytes head, struct buf *whole,
    struct bundle_request *ret)
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

	if (head.n >= BUNDLE_TEXT_LEN ||
	    parse_preamble(head, &whole, &r) != ERR_OK ||
	    r.kind != REQUEST_CONCERN)
		return REFUSAL_HEAD;
	if (case_id_of(q->case_key, id) != ERR_OK)
		return REFUSAL_FAILED;
	if (memcmp(id, c->case_id, sizeof(id)) != 0)
		return REFUSAL_OTHER_CASE;
	memcpy(c->case_key, q->case_key, SIGN_PUB_LEN);
	c->route = q->route;
	c->band = q->band;
	c->entry = (struct entry){ .kind = MESSAGE_CONCERN,
		.author = PERSON_REPORTER };
	memcpy(c->entry.case_id, id, sizeof(id));
	buf_reset(&c->concern);
	c->concern.max = BUNDLE_TEXT_LEN;
	buf_put_bytes(&c->concern, head);
	return c->concern.err == ERR_OK ? REFUSAL_NONE : REFUSAL_FAILED;
}

static enum refusal
check_author(const struct conversation *c, struct bytes head)
{
	uint8_t pub[AUTHOR_KEYS_MAX][SIGN_PUB_LEN];
	size_t n = author_keys(c, c->entry.author, pub);

	if (n == 0)
		return REFUSAL_UNKNOWN_SIGNER;
	for (size_t i = 0; i < n; i++) {
		if (entry_verify(head, &c->entry, pub[i]) == ERR_OK)
			return REFUSAL_NONE;
	}
	return REFUSAL_SIGNATURE;
}

static enum refusal
read_entry_head(struct conversation *c, enum chain chain, uint32_t seq,
    struct bytes head)
{
	const struct entry *e = &c->entry;

	if (entry_parse(head, &c->entry) != ERR_OK)
		return REFUSAL_HEAD;
	if (memcmp(e->case_id, c->case_id, CASE_ID_LEN) != 0)
		return REFUSAL_OTHER_CASE;
	if (message_kind_chain(e->kind) != chain || e->seq != seq)
		return REFUSAL_REORDERED;
	if (memcmp(e->prev, c->head[chain], LINK_LEN) != 0)
		return REFUSAL_DROPPED;
	return check_author(c, head);
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
		return c->current->text.err;
	}
	return c->sink != NULL ? c->sink(c->sink_ctx, m, index, x) : ERR_OK;
}

static enum refusal
begin_content(struct conversation *c, struct bytes envelope)
{
	struct message_as as = { .ids = c->ids, .n_ids = c->n_ids,
		.person = c->person };

	if (payload_hash_new(&c->hash) != ERR_OK ||
	    message_open_new(&as, on_file, c, &c->open) != ERR_OK)
		return REFUSAL_FAILED;
	/* what else may be wrong is said again by message_open_finish */
	return message_open_put(c->open, envelope) == MESSAGE_FAILED
	    ? REFUSAL_FAILED : REFUSAL_NONE;
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
	return c->plain.err == ERR_OK ? REFUSAL_NONE
				      : refuse(c, REFUSAL_BODY);
}

enum refusal
conversation_begin(struct conversation *c, enum chain chain, uint32_t seq,
    struct bytes head, struct bytes envelope)
{
	enum refusal r;

	current_free(c);
	if (c->refusal != REFUSAL_NONE)
		return c->refusal;
	if (c->n_messages == CONVERSATION_MESSAGES_MAX)
		return refuse(c, REFUSAL_FAILED);
	r = read_head(c, chain, seq, head);
	if (r != REFUSAL_NONE)
		return refuse(c, r);
	c->chain = chain;
	c->current = calloc(1, sizeof(*c->current));
	if (c->current == NULL)
		return refuse(c, REFUSAL_FAILED);
	c->current->text.max = CONVERSATION_TEXT_MAX;
	c->current->kind = c->entry.kind;
	c->current->seq = seq;
	c->current->author = c->entry.author;
	c->head_bytes.max = BUNDLE_TEXT_LEN;
	buf_reset(&c->head_bytes);
	buf_put_bytes(&c->head_bytes, head);
	if (c->head_bytes.err != ERR_OK)
		return refuse(c, REFUSAL_FAILED);
	if (envelope.n == 0)
		return REFUSAL_NONE;
	if (is_plain_concern(c)) {
		c->plain.max = PLAIN_FILE_MAX;
		buf_reset(&c->plain);
		return put_plain(c, envelope);
	}
	if (!entry_has_content(&c->entry))
		return refuse(c, REFUSAL_HEAD);
	r = begin_content(c, envelope);
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
	return err != ERR_OK ? err
			     : content_digest(payload,
		(const uint8_t (*)[SHA256_LEN])envelope, m->n_to, out);
}

static enum refusal
end_content(struct conversation *c)
{
	uint8_t pub[AUTHOR_KEYS_MAX][SIGN_PUB_LEN];
	uint8_t content[SHA256_LEN];
	const struct manifest *m;
	size_t n = author_keys(c, c->entry.author, pub);
	enum refusal r = from_result(message_open_finish(c->open,
	    (const uint8_t (*)[SIGN_PUB_LEN])pub, n, &m));

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

static enum refusal
end_current(struct conversation *c)
{
	bool has_content = entry_has_content(&c->entry);
	enum refusal r;

	if (c->open != NULL || is_plain_concern(c)) {
		r = c->open != NULL ? end_content(c) : plain_end(c);
		if (r != REFUSAL_NONE)
			return r;
	} else if (c->entry.kind == MESSAGE_CONCERN) {
		return REFUSAL_NO_CONCERN;
	} else if (has_content && c->person == PERSON_REPORTER) {
		return REFUSAL_ENVELOPE; /* all that is said is for them */
	}
	r = author_check(c, c->entry.author);
	if (r != REFUSAL_NONE)
		return r;
	if (link_digest(buf_bytes(&c->head_bytes),
		has_content ? c->entry.content : NULL,
		c->current->link) != ERR_OK)
		return REFUSAL_FAILED;
	return REFUSAL_NONE;
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
	c->count[c->chain]++;
	if (ret != NULL)
		*ret = c->current;
	c->message[c->n_messages++] = c->current;
	c->current = NULL;
	current_free(c);
	return REFUSAL_NONE;
}

/* --- what authors had seen --- */

static bool
has_link(const struct conversation *c, enum chain chain,
    const uint8_t link[static LINK_LEN])
{
	for (size_t i = 0; i < c->n_messages; i++) {
		if (conversation_chain(c->message[i]) == chain &&
		    memcmp(c->message[i]->link, link, LINK_LEN) == 0)
			return true;
	}
	return bytes_all_zero(link, LINK_LEN);
}

/* A reporter has no staff chain to look in. What is missing may still come,
 * so REFUSAL_SEEN is not kept. */
enum refusal
conversation_finish(struct conversation *c)
{
	size_t chains = c->person == PERSON_REPORTER ? 1 : 2;

	if (c->refusal != REFUSAL_NONE)
		return c->refusal;
	if (c->n_messages == 0)
		return refuse(c, REFUSAL_NO_CONCERN);
	for (size_t i = 0; i < c->n_messages; i++) {
		const struct manifest *m = c->message[i]->m;

		for (size_t k = 0; m != NULL && k < m->n_seen && k < chains;
		    k++) {
			if (!has_link(c, (enum chain)k, m->seen[k]))
				return REFUSAL_SEEN;
		}
	}
	return REFUSAL_NONE;
}
