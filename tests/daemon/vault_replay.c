#include "tests/daemon/vault_play.h"

#include <stdlib.h>
#include <string.h>

#include "client/conversation.h"

/* What the vault took is held against the policy once more by every reader's
 * own program, as the clients do it. */

static void
take(struct conversation *c, enum chain chain, const struct answer_head *h)
{
	enum refusal r =
	    conversation_begin(c, chain, h->seq, h->head, h->envelope);

	if (r == REFUSAL_NONE)
		r = conversation_put(c, h->payload);
	if (r == REFUSAL_NONE)
		r = conversation_end(c, NULL);
	if (r != REFUSAL_NONE)
		fail_msg("%s %u: %s", chain_name(chain), h->seq,
		    refusal_text(r));
}

static void
take_chain(struct play *y, struct conversation *c, enum chain chain)
{
	const bool is_staff = c->person != PERSON_REPORTER;
	const struct bundle_answer *a = &y->w->answer;
	const uint32_t count = chain == CHAIN_TALK ? y->r.talk : y->r.staff;

	for (uint32_t at = 0; at < count;) {
		const struct answer_heads *heads =
		    is_staff ? &a->open.heads : &a->mailbox.heads;

		assert_int_equal(ANSWER_OK,
		    is_staff ? open_case(y->w, c->person, &y->r, chain, at)
			     : poll_mailbox(y->w, &y->r, at));
		assert_true(heads->n > 0);
		for (size_t i = 0; i < heads->n; i++)
			take(c, chain, &heads->at[i]);
		at += (uint32_t)heads->n;
	}
}

static void
finish(struct play *y, struct conversation *c)
{
	CLEAN_BUF struct buf what = BUF_INIT(4096);
	const enum refusal r = conversation_finish(c);

	conversation_refused_text(c, &what);
	buf_put_u8(&what, 0);
	if (r != REFUSAL_NONE)
		fail_msg("%s: %s: %s %s", y->script->id,
		    play_slug(y, c->person), refusal_text(r),
		    (const char *)what.p);
	if (c->person == PERSON_REPORTER)
		return;
	assert_int_equal(y->sight.row.state, c->life.state);
	assert_int_equal(y->sight.row.band, c->life.band);
	for (uint16_t i = 1; i < y->w->org->n; i++)
		if (y->sight.reads[i] != SEES_NOTHING)
			assert_true(conversation_parts(c, i) != 0);
}

static void
replay_by(struct play *y, uint16_t person)
{
	const bool is_staff = person != PERSON_REPORTER;
	struct conversation *c = calloc(1, sizeof(*c));
	struct known_policy known = { .policy = y->w->policy };

	assert_non_null(c);
	memcpy(known.hash, y->w->policy_hash, SHA256_LEN);
	memcpy(c->case_id, y->r.keys.case_id, CASE_ID_LEN);
	c->known = &known;
	c->n_known = 1;
	c->instance_keys = y->w->root.instance_keys;
	c->n_instance_keys = y->w->root.n_instance_keys;
	c->today = y->w->now / DAY_SECONDS;
	c->filed = y->script->filed / DAY_SECONDS;
	c->is_plain = y->is_plain;
	c->person = person;
	c->ids = is_staff ? &y->w->person[person].id : y->r.keys.reply;
	c->n_ids = 1;
	c->mailbox = is_staff ? NULL : y->r.keys.mailbox;
	if (is_staff)
		assert_int_equal(ANSWER_OK, login(y->w, person));
	take_chain(y, c, CHAIN_TALK);
	if (is_staff)
		take_chain(y, c, CHAIN_STAFF);
	finish(y, c);
	conversation_free(c);
	free(c);
}

void
play_replay(struct play *y)
{
	if (!y->is_plain)
		replay_by(y, PERSON_REPORTER);
	for (uint16_t i = 1; i < y->w->org->n; i++)
		if (y->sight.reads[i] != SEES_NOTHING && !play_is_away(y, i))
			replay_by(y, i);
}
