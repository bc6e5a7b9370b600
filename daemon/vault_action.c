#include "daemon/vault_clock.h"
#include "daemon/vault_state.h"

#include <string.h>

/*
 * A message of any kind but a concern, as a part of a batch: whether its author
 * may write it as the case stands then, and what it changes besides. All that
 * can be refused is refused before the first thing is written.
 */

struct action {
	struct store_txn *txn;
	struct vault *v;
	struct op *op;
	struct store_case c;
	struct life l;
	const struct policy_route *route; /* NULL: not of the policy */
	bool has_ahead; /* the entry's digest is over what was sent ahead too */
};

static enum err
reload(struct action *a)
{
	enum err e = txn_case_get(a->txn, a->op->case_id, &a->c);

	a->route = policy_route(a->v->now.policy, a->c.route);
	return e;
}

static uint8_t
access_of(const struct action *a, uint16_t person)
{
	const struct store_reader *r = store_case_reader(&a->c, person);

	return r == NULL ? 0 : r->access;
}

static enum err
refuse(struct action *a, enum answer why)
{
	a->op->refusal = why;
	return ERR_DENIED;
}

/* --- checking --- */

/* The same message twice in one batch: the second is stored as well. */
bool
op_is_head(const struct store_case *c, const struct op *op)
{
	const enum store_chain chain = op_chain(op);

	return c->chain[chain].count == op->seq + 1 &&
	    bytes_equal_ct(c->chain[chain].head, op->link, LINK_LEN);
}

/* The head of its chain and, from staff, the other's. */
static enum err
check_place(const struct action *a)
{
	const struct op *op = a->op;
	const enum store_chain chain = op_chain(op);
	const enum store_chain other =
	    chain == STORE_TALK ? STORE_STAFF : STORE_TALK;

	if (op->seq != a->c.chain[chain].count ||
	    !bytes_equal_ct(op->prev, a->c.chain[chain].head, LINK_LEN))
		return ERR_CONFLICT;
	if (op->author != PERSON_REPORTER &&
	    !bytes_equal_ct(op->entry.seen, a->c.chain[other].head, LINK_LEN))
		return ERR_CONFLICT;
	return ERR_OK;
}

static enum answer
answer_of_refusal(enum life_refusal r)
{
	switch (r) {
	case LIFE_OK:
		return ANSWER_OK;
	case LIFE_NOT_YOURS:
	case LIFE_WITHDREW:
		return ANSWER_DENIED;
	case LIFE_NOT_NOW:
		return ANSWER_NOT_NOW;
	case LIFE_NEEDS_REVIEW:
		return ANSWER_NEEDS_REVIEW;
	case LIFE_SAME_PERSON:
		return ANSWER_SAME_PERSON;
	case LIFE_NOTHING_ASKED:
		return ANSWER_NOTHING_ASKED;
	case LIFE_ON_HOLD:
		return ANSWER_ON_HOLD;
	}
	return ANSWER_DENIED;
}

/* Whether it may be written by its author, as the case stands. */
static enum err
check_life(struct action *a)
{
	enum life_refusal r;
	unsigned parts;
	enum err e;

	if ((e = case_life(&a->c, &a->l)) != ERR_OK)
		return e;
	clock_adopt(a->v->now.policy, &a->l);
	parts = case_parts(a->v, &a->c, a->op->author);
	if (parts == 0)
		return ERR_NOT_FOUND;
	r = life_may(&a->l, &a->op->entry, parts);
	return r == LIFE_OK ? ERR_OK : refuse(a, answer_of_refusal(r));
}

/* Whether somebody is here who can be given the case. */
static bool
can_read(const struct vault *v, uint16_t number)
{
	const struct policy_person *p = policy_person(v->now.policy, number);

	return p != NULL && policy_person_is_current(p, vault_day(v)) &&
	    policy_key_at(p, vault_day(v)) != NULL;
}

/* Who handles a case is for those to say who do: of the others, nobody lets in
 * somebody new, or makes a handler or an executive of whom they give their
 * place to. */
static bool
may_let_in(const struct action *a)
{
	const struct entry *e = &a->op->entry;
	unsigned own = case_parts_in(a->v, &a->c, &a->l, e->author);
	bool is_given = (access_of(a, e->author) & READER_GIVEN) != 0;
	unsigned now = case_parts_in(a->v, &a->c, &a->l, e->person);
	unsigned next =
	    life_parts(policy_person(a->v->now.policy, e->person), is_given);

	if ((own & PART_HANDLER) != 0)
		return true;
	if (e->kind == MESSAGE_GRANT)
		return (access_of(a, e->person) & READER_MEMBER) != 0;
	return (next & (PART_HANDLER | PART_EXECUTIVE) & ~(own | now)) == 0;
}

/* They are there, and have all the envelopes that the entry means. Nothing is
 * always there to be given: what they have besides is theirs by other entries.
 */
static enum err
check_person(struct action *a)
{
	const struct entry *e = &a->op->entry;
	bool is_reader = (access_of(a, e->person) & READER_MEMBER) != 0;
	enum err err;

	if (!may_let_in(a))
		return refuse(a, ANSWER_DENIED);
	if (!can_read(a->v, e->person) ||
	    (e->kind == MESSAGE_HANDOVER &&
		(access_of(a, e->from) & READER_MEMBER) == 0) ||
	    (e->kind == MESSAGE_GRANT && !is_reader &&
		!route_reads(a->route, e->person)))
		return refuse(a, ANSWER_BAD_BUNDLE);
	a->has_ahead = false;
	if (grants_are_none(e->grants))
		return ERR_OK;
	err = grants_match(a->txn, a->op->case_id, e->person, e->grants,
	    &a->has_ahead);
	return err == ERR_CONFLICT ? refuse(a, ANSWER_INCOMPLETE) : err;
}

/* The route is there, and nobody may be told whom it does not name. */
static enum err
check_route(struct action *a)
{
	const struct entry *e = &a->op->entry;
	const struct policy_route *r = policy_route(a->v->now.policy, e->route);

	if (r == NULL || !route_tells(r, e->people, e->n_people))
		return refuse(a, ANSWER_BAD_BUNDLE);
	return ERR_OK;
}

static enum err
check_subject(struct action *a)
{
	const struct entry *e = &a->op->entry;

	if ((message_form(e->kind)->params & PARAM_PERSON) != 0)
		return check_person(a);
	if (e->kind == MESSAGE_ROUTE)
		return check_route(a);
	if (e->kind == MESSAGE_ESCALATE &&
	    (a->route == NULL ||
		clock_next_rung(a->route, &a->l, 0, VERB_JOIN) == 0))
		return refuse(a, ANSWER_NOT_NOW);
	return ERR_OK;
}

/* --- readers --- */

/* Who is given the case by it hears that something waits. */
static enum err
set_access(struct action *a, uint16_t person, unsigned access)
{
	enum err e = reader_put(a->txn, a->op->case_id, person, access);

	if (e != ERR_OK)
		return e;
	a->op->has_written = true;
	if ((access & READER_RELEASED) != 0 && !case_is_read_by(&a->c, person))
		notify_person(a->v, person, a->c.marks.band);
	return ERR_OK;
}

/*
 * People whom this message is sealed to, and who had nothing of the case: the
 * policy has somebody new. They are given it where the route, or a rung that
 * was reached, says so, once the reporter or a handler has written to them: no
 * other reader lets somebody in again who stepped back.
 */
static enum err
take_readers(struct action *a)
{
	const struct op *op = a->op;
	bool lets_in = (case_parts_in(a->v, &a->c, &a->l, op->author) &
			   (PART_REPORTER | PART_HANDLER)) != 0;
	enum err e = ERR_OK;

	for (size_t i = 0; i < op->n_envelopes && e == ERR_OK; i++) {
		uint16_t person = op->envelope[i].person;
		unsigned was = access_of(a, person);
		unsigned access = was | READER_MEMBER;

		if (person == PERSON_REPORTER || (was & READER_RELEASED) != 0)
			continue;
		if (lets_in && case_calls(a->v, &a->c, &a->l, person))
			access |= READER_RELEASED;
		if ((was & READER_MEMBER) == 0)
			access &= READER_TELL | READER_MEMBER | READER_RELEASED;
		if (access != was)
			e = set_access(a, person, access);
	}
	return e;
}

/* They are given the case, and what was sent ahead for them counts; or, where
 * the entry does not name it, is forgotten. */
static enum err
give(struct action *a, uint16_t person, unsigned access)
{
	enum err e = set_access(a, person,
	    (access_of(a, person) & READER_TELL) | access);

	if (e != ERR_OK)
		return e;
	return a->has_ahead
	    ? txn_envelopes_settle(a->txn, a->op->case_id, person)
	    : txn_envelopes_forget(a->txn, a->op->case_id, person);
}

static enum err
hand_over(struct action *a)
{
	const struct entry *e = &a->op->entry;
	unsigned place = access_of(a, e->from) &
	    (READER_MEMBER | READER_RELEASED | READER_GIVEN);
	enum err err;

	/* Whoever reads already goes on reading. */
	place |= access_of(a, e->person) & READER_RELEASED;
	err = give(a, e->person, place);
	return err == ERR_OK ? txn_reader_drop(a->txn, a->op->case_id, e->from)
			     : err;
}

static enum err
grant(struct action *a)
{
	uint16_t person = a->op->entry.person;
	unsigned access = access_of(a, person) &
	    (READER_MEMBER | READER_RELEASED | READER_GIVEN);

	if (case_calls(a->v, &a->c, &a->l, person))
		access |= READER_RELEASED;
	return give(a, person, access | READER_MEMBER);
}

/* Who was to be told by the old route's ladder is told no more. */
static enum err
forget_told(struct action *a, const struct store_reader *r)
{
	unsigned access = r->access & ~(unsigned)(READER_TELL | READER_TOLD);

	if (access == r->access)
		return ERR_OK;
	return access != 0 ? set_access(a, r->person, access)
			   : txn_reader_drop(a->txn, a->op->case_id, r->person);
}

static enum err
tell_new(struct action *a)
{
	const struct entry *e = &a->op->entry;
	enum err err = reload(a);

	for (size_t i = 0; i < e->n_people && err == ERR_OK; i++)
		err = set_access(a, e->people[i],
		    access_of(a, e->people[i]) | READER_TELL);
	return err;
}

/* Another ladder from now on. Readers whom the new route names first are given
 * the case; who is new to it waits for the envelopes of a `grant`. */
static enum err
take_route(struct action *a)
{
	const struct store_case before = a->c;
	enum err e = txn_route_set(a->txn, a->op->case_id, a->op->entry.route);

	for (size_t i = 0; i < before.n_readers && e == ERR_OK; i++)
		e = forget_told(a, &before.reader[i]);
	if (e == ERR_OK && (e = tell_new(a)) == ERR_OK)
		e = reload(a);
	for (size_t i = 0; i < before.n_readers && e == ERR_OK; i++) {
		uint16_t person = before.reader[i].person;
		unsigned access = access_of(a, person);

		if ((access & READER_MEMBER) != 0 &&
		    case_calls(a->v, &a->c, &a->l, person))
			e = set_access(a, person, access | READER_RELEASED);
	}
	return e;
}

/* --- doing --- */

static enum err
fire_next(struct action *a)
{
	unsigned rung = a->route == NULL
	    ? 0
	    : clock_next_rung(a->route, &a->l, 0, VERB_JOIN);

	return rung == 0 ? ERR_OK
			 : clock_fire_rung(a->txn, a->v, &a->c, &a->l, rung);
}

static enum err
replace_handler(struct action *a)
{
	enum err e = reload(a);

	return e != ERR_OK ? e
			   : clock_replace_handler(a->txn, a->v, &a->c, &a->l);
}

/* What kinds do that change more than the life. */
static enum err
change_readers(struct action *a)
{
	const struct entry *e = &a->op->entry;
	enum err err;

	if (e->kind == MESSAGE_ASSIGN)
		return give(a, e->person,
		    READER_MEMBER | READER_RELEASED | READER_GIVEN);
	if (e->kind == MESSAGE_GRANT)
		return grant(a);
	if (e->kind == MESSAGE_ROUTE)
		return take_route(a);
	if (e->kind == MESSAGE_ESCALATE)
		return fire_next(a);
	if (e->kind == MESSAGE_HANDOVER)
		err = hand_over(a);
	else if (e->kind == MESSAGE_RECUSE)
		err = txn_reader_drop(a->txn, a->op->case_id, e->author);
	else
		return ERR_OK;
	return err == ERR_OK ? replace_handler(a) : err;
}

/* Something waits for whoever can read it. */
static void
notify(const struct action *a)
{
	const struct entry *e = &a->op->entry;
	bool is_kept_back = (message_form(e->kind)->params & PARAM_PERSON) &&
	    !case_is_read_by(&a->c, e->person);

	if (!is_kept_back)
		notify_message(a->v, &a->c, e->kind, e->author, e->person);
}

static bool
may_be_second(const struct action *a, uint16_t person)
{
	const struct entry second = {
		.kind = MESSAGE_SECOND, .author = person, .about = a->l.pending
	};

	return life_may(&a->l, &second,
		   case_parts_in(a->v, &a->c, &a->l, person)) == LIFE_OK;
}

/* What waits for a second person waits for all who may be that; what came of
 * it, for whoever had asked. */
static void
notify_second(const struct action *a, const struct life *before)
{
	const struct store_case *c = &a->c;

	if (a->l.pending == before->pending)
		return;
	if (a->l.pending != 0)
		for (size_t i = 0; i < c->n_readers; i++)
			if (may_be_second(a, c->reader[i].person))
				notify_person(a->v, c->reader[i].person,
				    c->marks.band);
	if (before->pending != 0 && before->first != a->op->entry.author &&
	    case_is_read_by(c, before->first))
		notify_person(a->v, before->first, c->marks.band);
}

/* The message is stored: what it changes in the case. */
static enum err
take_effect(struct action *a)
{
	const struct life before = a->l;
	enum err e = reload(a);

	if (e != ERR_OK)
		return e;
	life_apply(&a->l, a->v->now.policy,
	    a->op->entry.kind == MESSAGE_ROUTE
		? policy_route(a->v->now.policy, a->op->entry.route)
		: a->route,
	    &a->op->entry, env_now(a->v->env));
	e = change_readers(a);
	/* who stepped back from it while it was closed? */
	if (e == ERR_OK && !life_is_open(&before))
		e = replace_handler(a);
	if (e != ERR_OK || (e = reload(a)) != ERR_OK)
		return e;
	notify(a);
	notify_second(a, &before);
	return clock_settle(a->txn, a->v, &a->c, &a->l);
}

enum err
apply_message(struct store_txn *txn, struct vault *v, struct op *op)
{
	const struct store_message_new message = message_of(op);
	struct action a = { .txn = txn, .v = v, .op = op };
	enum err e;

	if ((e = reload(&a)) != ERR_OK)
		return e;
	if (op_is_head(&a.c, op))
		return ERR_OK;
	if ((e = check_place(&a)) != ERR_OK || (e = check_life(&a)) != ERR_OK ||
	    (e = check_subject(&a)) != ERR_OK)
		return e;
	if (op->message_kind == MESSAGE_WITHDRAW && life_is_unread(&a.l) &&
	    !(a.l.flags & CASE_IS_HELD))
		return txn_case_destroy(txn, op->case_id);
	if ((e = take_readers(&a)) != ERR_OK ||
	    (e = txn_append(txn, op->case_id, op->prev, &message)) != ERR_OK)
		return e;
	op->has_written = true;
	return take_effect(&a);
}
