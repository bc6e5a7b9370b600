#include "daemon/vault_state.h"

#include <string.h>

/* --- common --- */

enum answer
link_up(struct op *op)
{
	return answer_of(link_digest(op->head,
	    op->has_content ? op->content : NULL, op->link));
}

/* Whether what is stored at its place is, byte for byte, the message in op. */
static bool
is_stored(struct vault *v, struct op *op)
{
	struct store_message m;
	struct store_view *view;
	bool same;

	if (store_view_open(v->store, op->case_id, &view) != ERR_OK)
		return false;
	same = view_message(view, op_chain(op), op->seq, &m) == ERR_OK &&
	    bytes_equal_ct(m.link, op->link, LINK_LEN);
	if (same) {
		op->kind = OP_AGAIN;
		op->day = m.day;
	}
	store_view_close(view);
	return same;
}

/* --- concerns --- */

/* By which rules it was sealed: those in force, or for a day those before. */
static const struct policy *
policy_by_hash(const struct vault *v, const uint8_t hash[static SHA256_LEN])
{
	int64_t now = env_now(v->env);

	if (bytes_equal_ct(v->now.hash, hash, SHA256_LEN) &&
	    now < v->now.policy->hard_expiry)
		return v->now.policy;
	if (v->before.policy != NULL && now < v->before.until &&
	    now < v->before.policy->hard_expiry &&
	    bytes_equal_ct(v->before.hash, hash, SHA256_LEN))
		return v->before.policy;
	return NULL;
}

/* The same case key again: the same concern, or another's. */
static enum answer
concern_again(struct vault *v, struct op *op)
{
	struct store_case c;
	enum err e = store_case_find(v->store, op->case_id, &c);

	if (e == ERR_NOT_FOUND)
		return ANSWER_OK;
	if (e != ERR_OK)
		return answer_of(e);
	if (!is_stored(v, op))
		return ANSWER_EXISTS;
	op->policy_serial = c.policy_serial;
	return ANSWER_OK;
}

struct store_reader *
op_reader(struct op *op, uint16_t person)
{
	for (size_t i = 0; i < op->n_readers; i++)
		if (op->reader[i].person == person)
			return &op->reader[i];
	if (op->n_readers == STORE_READERS_MAX)
		return NULL;
	op->reader[op->n_readers].person = person;
	return &op->reader[op->n_readers++];
}

/* Everybody whom an envelope is for, released where they are the route's first
 * people today; and those who may be told. */
static enum answer
take_readers(const struct vault *v, const struct policy *policy,
    const struct policy_route *route, const struct request_concern *c,
    struct op *op)
{
	const struct policy_person *person;
	struct store_reader *r;

	for (size_t i = 0; i < op->n_envelopes; i++) {
		if (op->envelope[i].person == PERSON_REPORTER)
			continue;
		person = policy_person(policy, op->envelope[i].person);
		if ((r = op_reader(op, op->envelope[i].person)) == NULL)
			return ANSWER_TOO_LARGE;
		r->access = READER_MEMBER;
		if (person != NULL && members_rung_has(route, 0, r->person) &&
		    policy_person_is_current(person, vault_day(v)))
			r->access |= READER_RELEASED;
	}
	if (!route_tells(route, c->tell, c->n_tell))
		return ANSWER_BAD_BUNDLE;
	for (size_t i = 0; i < c->n_tell; i++) {
		if ((r = op_reader(op, c->tell[i])) == NULL)
			return ANSWER_TOO_LARGE;
		r->access |= READER_TELL;
	}
	return ANSWER_OK;
}

static enum answer
begin_concern(const struct bundle_request *q, struct op *op)
{
	const struct request_concern *c = &q->concern;

	op->kind = OP_CONCERN;
	op->message_kind = MESSAGE_CONCERN;
	op->case_kind = STORE_SEALED;
	op->head = q->preamble;
	op->route = c->route;
	op->band = c->band;
	memcpy(op->pub, c->case_key, sizeof(op->pub));
	memcpy(op->mailbox, c->mailbox, sizeof(op->mailbox));
	return answer_of(case_id_of(op->pub, op->case_id));
}

/* By rules that count no more nothing is taken; but what was taken by them is
 * stored, whenever it is sent again. */
static enum answer
file_by_old_rules(struct vault *v, const struct bundle_request *q,
    struct op *op)
{
	enum answer a = begin_concern(q, op);

	if (a == ANSWER_OK)
		a = content_take(v, NULL, &q->concern.content, WANT_ANY, op);
	if (a == ANSWER_OK)
		a = link_up(op);
	if (a == ANSWER_OK)
		a = concern_again(v, op);
	return op->kind == OP_AGAIN || a == ANSWER_DOWN ? a : ANSWER_BAD_POLICY;
}

enum answer
file_concern(struct vault *v, const struct bundle_request *q, struct op *op)
{
	const struct request_concern *c = &q->concern;
	const struct policy *policy = policy_by_hash(v, c->policy);
	const struct policy_route *route;
	enum answer a;

	if (policy == NULL)
		return file_by_old_rules(v, q, op);
	if ((route = policy_route(policy, c->route)) == NULL)
		return ANSWER_BAD_BUNDLE;
	if ((a = begin_concern(q, op)) != ANSWER_OK)
		return a;
	op->day = vault_day(v);
	op->policy_serial = policy->serial;
	a = content_take(v, policy, &c->content,
	    route->keys == KEYS_HYBRID ? WANT_HYBRID : WANT_CLASSIC, op);
	if (a != ANSWER_OK || (a = link_up(op)) != ANSWER_OK ||
	    (a = take_readers(v, policy, route, c, op)) != ANSWER_OK)
		return a;
	return concern_again(v, op);
}

/* --- every other message --- */

/* Who must have signed, and whether they may write to this case at all. What
 * a stranger to a case may know is nothing: not even that it exists. */
static enum answer
author_key(struct vault *v, const struct store_case *c, uint16_t author,
    uint8_t ret[static SIGN_PUB_LEN])
{
	const struct policy_person *person;
	const struct policy_key *key;

	if (author == PERSON_REPORTER) {
		if (c->kind != STORE_SEALED)
			return ANSWER_UNKNOWN;
		memcpy(ret, c->pub, SIGN_PUB_LEN);
		return ANSWER_OK;
	}
	if (!case_is_read_by(c, author))
		return ANSWER_UNKNOWN;
	person = policy_person(v->now.policy, author);
	if (person == NULL ||
	    (key = policy_key_at(person, vault_day(v))) == NULL)
		return ANSWER_DENIED;
	memcpy(ret, key->sign_pub, SIGN_PUB_LEN);
	return ANSWER_OK;
}

/* The entry itself: by whom, on which case, with which signature. */
static enum answer
take_entry(struct vault *v, struct bytes note, uint16_t author, struct op *op,
    struct entry *ret_entry, struct store_case *ret_case)
{
	uint8_t pub[SIGN_PUB_LEN] = { 0 };
	enum answer a;
	enum err e;

	if (entry_parse(note, ret_entry) != ERR_OK)
		return ANSWER_BAD_BUNDLE;
	if (ret_entry->author != author)
		return ANSWER_DENIED;
	e = store_case_find(v->store, ret_entry->case_id, ret_case);
	if (e != ERR_OK)
		return answer_of(e);
	if ((a = author_key(v, ret_case, author, pub)) != ANSWER_OK)
		return a;
	/* Who cannot sign for a case is not told that it is there. */
	e = entry_verify(note, ret_entry, pub);
	if (err_is_ours(e))
		return answer_of(e);
	if (e != ERR_OK)
		return author == PERSON_REPORTER ? ANSWER_UNKNOWN
						 : ANSWER_BAD_SIGNATURE;
	op->kind = OP_MESSAGE;
	op->message_kind = ret_entry->kind;
	op->author = author;
	op->seq = ret_entry->seq;
	op->head = note;
	op->entry = *ret_entry;
	op->day = vault_day(v);
	op->policy_serial = v->now.policy->serial;
	memcpy(op->case_id, ret_entry->case_id, sizeof(op->case_id));
	memcpy(op->prev, ret_entry->prev, sizeof(op->prev));
	return ANSWER_OK;
}

/* Clocks may differ, and midnight passes while something is on its way. */
static bool
is_of_today(const struct vault *v, const struct entry *e)
{
	int64_t today = vault_day(v);

	return e->day >= today - 1 && e->day <= today + 1;
}

enum answer
file_message(struct vault *v, struct bytes note, const struct bundle_content *c,
    uint16_t author, struct op *op)
{
	bool has_content = c != NULL && c->n_to > 0;
	struct store_case known;
	struct entry entry;
	enum answer a;

	a = take_entry(v, note, author, op, &entry, &known);
	if (a != ANSWER_OK)
		return a;
	if (entry_has_content(&entry) != has_content)
		return ANSWER_BAD_BUNDLE;
	if (has_content) {
		a = content_take(v, v->now.policy, c, WANT_ANY, op);
		if (a != ANSWER_OK)
			return a;
		if (!bytes_equal_ct(op->content, entry.content, SHA256_LEN))
			return ANSWER_BAD_SIGNATURE;
	}
	if ((a = link_up(op)) != ANSWER_OK)
		return a;
	if (op->seq < known.chain[op_chain(op)].count)
		return is_stored(v, op) ? ANSWER_OK : ANSWER_CONFLICT;
	return is_of_today(v, &entry) ? ANSWER_OK : ANSWER_WRONG_DAY;
}

/* --- pieces --- */

enum answer
file_piece(struct vault *v, const struct request_put *q, struct op *op)
{
	struct store_counts counts;

	store_counts(v->store, &counts);
	if (q->size > v->attachments_max || q->size > counts.incoming_max)
		return ANSWER_TOO_LARGE;
	op->kind = OP_PIECE;
	memcpy(op->piece_upload, q->upload_id, sizeof(op->piece_upload));
	op->piece.upload = op->piece_upload;
	op->piece.size = q->size;
	op->piece.index = q->index;
	op->piece.data = q->piece;
	op->piece.second = (uint32_t)env_now(v->env);
	op->piece.hour = op->piece.second / 3600;
	return ANSWER_OK;
}
