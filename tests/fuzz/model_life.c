#include "tests/fuzz/model_inside.h"

#include <assert.h>
#include <string.h>

/* The life of a case: States of docs/PROTOCOL.md, and what the instance says of
 * it. */

/* --- the table of States --- */

#define S(x) (1u << CASE_##x)
#define ANY 0xffffu
#define LIVE (ANY & ~S(WITHDRAWN))
#define OPEN (LIVE & ~S(CLOSED))
#define ACKED (OPEN & ~S(RECEIVED))
#define SOLVING (S(ADVICE) | S(HANDLING) | S(REFERRED) | S(HUB))
#define INQUIRY (S(ASSIGNED) | S(TERMS) | S(EVIDENCE))
#define STAYS CASE_STATES

/* kind, by, in, becomes, from which (0: from all of them). */
static const struct row {
	enum message_kind kind;
	unsigned by, in, becomes, from;
} rows[] = {
	{ MESSAGE_FOLLOWUP, R, LIVE, CASE_HANDLING, S(CLOSED) },
	{ MESSAGE_WITHDRAW, R, LIVE, CASE_WITHDRAWN, 0 },
	{ MESSAGE_SURVEY, R, LIVE, STAYS, 0 },
	{ MESSAGE_CONSENT, R, LIVE, STAYS, 0 },
	{ MESSAGE_ACK, H, S(RECEIVED), CASE_ACKNOWLEDGED, 0 },
	{ MESSAGE_REPLY, H | I, LIVE, STAYS, 0 },
	{ MESSAGE_ASK, H | I, ACKED, STAYS, 0 },
	{ MESSAGE_DISCLOSE, H, ACKED, STAYS, 0 },
	{ MESSAGE_FEEDBACK, H, SOLVING | S(REPORTED) | S(REVIEWED) | S(ACTION),
	    CASE_FEDBACK, 0 },
	{ MESSAGE_ROUTE, H, S(ACKNOWLEDGED) | S(TRIAGED) | SOLVING, STAYS, 0 },
	{ MESSAGE_ASSIGN, H, ACKED, CASE_ASSIGNED, S(TRIAGED) | SOLVING },
	{ MESSAGE_HANDOVER, H | I | E | A, ANY, STAYS, 0 },
	{ MESSAGE_RECUSE, H | I | E | A, ANY, STAYS, 0 },
	{ MESSAGE_GRANT, H | I | E | A, ANY, STAYS, 0 },
	{ MESSAGE_ESCALATE, H, OPEN, STAYS, 0 },
	{ MESSAGE_CLOSE, H, ACKED, CASE_CLOSED, 0 },
	{ MESSAGE_REOPEN, H, S(CLOSED), CASE_HANDLING, 0 },
	{ MESSAGE_OVERRIDE, H | E, OPEN, STAYS, 0 },
	{ MESSAGE_SECOND, H | E, OPEN, CASE_CLOSED, 0 },
	{ MESSAGE_DISMISS, H, S(RECEIVED), CASE_CLOSED, 0 },
	{ MESSAGE_DECLINE, H | E, OPEN, STAYS, 0 },
	{ MESSAGE_TRIAGE, H, ACKED, CASE_TRIAGED, S(ACKNOWLEDGED) },
	{ MESSAGE_BAND, H, OPEN, STAYS, 0 },
	{ MESSAGE_ADVISE, H, S(TRIAGED) | SOLVING, CASE_ADVICE, 0 },
	{ MESSAGE_HANDLE, H,
	    S(TRIAGED) | SOLVING | INQUIRY | S(REPORTED) | S(REVIEWED) |
		S(ACTION),
	    CASE_HANDLING, 0 },
	{ MESSAGE_REFER, H, S(TRIAGED) | SOLVING, CASE_REFERRED, 0 },
	{ MESSAGE_HUB, H, S(TRIAGED) | SOLVING, CASE_HUB, 0 },
	{ MESSAGE_TERMS, H | I, S(ASSIGNED), CASE_TERMS, 0 },
	{ MESSAGE_EVIDENCE, I, S(TERMS) | S(EVIDENCE), CASE_EVIDENCE, 0 },
	{ MESSAGE_REPORT, I, S(TERMS) | S(EVIDENCE), CASE_REPORTED, 0 },
	{ MESSAGE_REVIEW, E, S(REPORTED), CASE_REVIEWED, 0 },
	{ MESSAGE_ACTION, H | E, SOLVING | S(REPORTED) | S(REVIEWED),
	    CASE_ACTION, 0 },
	{ MESSAGE_NOTE, H | I | E | A, ANY, STAYS, 0 },
	{ MESSAGE_RECORD, H | I, ACKED | S(CLOSED) | S(WITHDRAWN), STAYS, 0 },
	{ MESSAGE_HOLD, H | E, ANY, STAYS, 0 },
	{ MESSAGE_RELEASE, H | E, ANY, STAYS, 0 },
	{ MESSAGE_UNOPENED, H | I | E | A, ANY, STAYS, 0 },
};

static const struct row *
row_of(enum message_kind k)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].kind == k)
			return &rows[i];
	return NULL;
}

bool
model_is_open(const struct model_case *c)
{
	return (OPEN >> c->state & 1) != 0;
}

static bool
is(const struct model_case *c, unsigned flags)
{
	return (c->flags & flags) != 0;
}

/* --- "and besides" --- */

/* What stands in the way of an end; while received, of being dismissed. */
static unsigned
end_refusals(const struct model_case *c)
{
	const unsigned from = SOLVING | S(ACTION) | S(FEDBACK);
	unsigned no = 0;

	if (is(c, CASE_IS_HELD))
		no |= MAY(ANSWER_ON_HOLD);
	if (c->state == CASE_RECEIVED)
		return no;
	if (is(c, CASE_IS_CONDUCT))
		no |= MAY(ANSWER_NEEDS_REVIEW);
	if (!(from >> c->state & 1) && !is(c, CASE_IS_SILENT))
		no |= MAY(ANSWER_NOT_NOW);
	return no;
}

static unsigned
second_refusals(const struct model_case *c, const struct entry *e)
{
	if (!is(c, CASE_IS_CLOSING | CASE_IS_OVERRIDING) ||
	    e->about != c->pending)
		return MAY(ANSWER_NOTHING_ASKED);
	if (e->kind == MESSAGE_DECLINE)
		return 0;
	return (e->author == c->first ? MAY(ANSWER_SAME_PERSON) : 0) |
	    (is(c, CASE_IS_CLOSING) ? end_refusals(c) : 0);
}

static unsigned
besides(const struct model_case *c, const struct entry *e, unsigned by)
{
	const unsigned talks =
	    e->kind == MESSAGE_REPLY ? INQUIRY | S(REPORTED) : INQUIRY;

	switch ((int)e->kind) {
	case MESSAGE_REPLY:
	case MESSAGE_ASK:
		return (by & H) || (talks >> c->state & 1)
		    ? 0
		    : MAY(ANSWER_NOT_NOW);
	case MESSAGE_CLOSE:
	case MESSAGE_DISMISS:
		return end_refusals(c) |
		    (is(c, CASE_IS_CLOSING | CASE_IS_OVERRIDING)
			    ? MAY(ANSWER_NOT_NOW)
			    : 0);
	case MESSAGE_OVERRIDE:
		return is(c, CASE_IS_CLOSING | CASE_IS_OVERRIDING)
		    ? MAY(ANSWER_NOT_NOW)
		    : 0;
	case MESSAGE_SECOND:
	case MESSAGE_DECLINE:
		return second_refusals(c, e);
	case MESSAGE_ACTION:
		return is(c, CASE_IS_CONDUCT) ||
			(e->is_conduct && c->state != CASE_REVIEWED)
		    ? MAY(ANSWER_NEEDS_REVIEW)
		    : 0;
	case MESSAGE_HANDLE:
	case MESSAGE_FEEDBACK:
		return is(c, CASE_IS_CONDUCT) ? MAY(ANSWER_NEEDS_REVIEW) : 0;
	case MESSAGE_REVIEW:
		return e->author == c->findings ? MAY(ANSWER_SAME_PERSON) : 0;
	case MESSAGE_CONSENT:
		return is(c, CASE_IS_DISCLOSING) && e->about == c->disclosure
		    ? 0
		    : MAY(ANSWER_NOTHING_ASKED);
	case MESSAGE_HANDOVER:
		return e->from == e->author || (by & H) ? 0
							: MAY(ANSWER_DENIED);
	case MESSAGE_HOLD:
		return is(c, CASE_IS_HELD) ? MAY(ANSWER_NOT_NOW) : 0;
	case MESSAGE_RELEASE:
		return is(c, CASE_IS_HELD) ? 0 : MAY(ANSWER_NOT_NOW);
	default:
		return 0;
	}
}

unsigned
model_may_live(const struct model_case *c, const struct entry *e,
    uint32_t serial, bool called)
{
	const struct row *row = row_of(e->kind);
	unsigned by = model_parts(c, serial, e->author, called), no = 0;

	if (row == NULL || !(row->by & by))
		no |= MAY(ANSWER_DENIED);
	if (row != NULL && !(row->in >> c->state & 1))
		no |= c->state == CASE_WITHDRAWN ? MAY(ANSWER_DENIED)
						 : MAY(ANSWER_NOT_NOW);
	return no | besides(c, e, by);
}

/* --- what an entry changes in the life --- */

static bool
needs_second(const struct model_case *c)
{
	return c->gravest <= 2;
}

static void
set(struct model_case *c, unsigned flag, bool on)
{
	c->flags = on ? c->flags | flag : c->flags & ~flag;
}

static void
stop_waiting(struct model_case *c)
{
	c->flags &= ~(CASE_IS_AWAITING | CASE_IS_SILENT);
}

static void
stop_pending(struct model_case *c)
{
	c->flags &= ~(CASE_IS_CLOSING | CASE_IS_OVERRIDING);
}

static void
become(struct model_case *c, enum case_state s)
{
	const bool was_closed = c->state == CASE_CLOSED;
	const bool was_received = c->state == CASE_RECEIVED;

	if (s == c->state)
		return;
	if (was_closed && is(c, CASE_IS_DISMISSED) && s == CASE_HANDLING)
		s = CASE_RECEIVED;
	c->state = s;
	if (was_received && s == CASE_CLOSED)
		c->flags |= CASE_IS_DISMISSED;
	if (model_is_open(c)) {
		c->flags &= ~CASE_IS_DISMISSED;
		if (was_closed)
			c->flags |= CASE_IS_REOPENED;
	} else {
		stop_waiting(c);
		stop_pending(c);
	}
}

static void
ask_second(struct model_case *c, const struct entry *e, unsigned flag)
{
	c->flags |= flag;
	c->first = e->author;
	c->pending = e->seq;
}

static void
apply_flags(struct model_case *c, const struct entry *e, int64_t today)
{
	const enum message_kind k = e->kind;

	if (k == MESSAGE_TRIAGE || k == MESSAGE_BAND) {
		c->band = e->band;
		c->gravest = e->band < c->gravest ? e->band : c->gravest;
	}
	if (k == MESSAGE_TRIAGE)
		set(c, CASE_IS_COMPLEX, e->is_complex);
	if (k == MESSAGE_HOLD || k == MESSAGE_RELEASE)
		set(c, CASE_IS_HELD, k == MESSAGE_HOLD);
	if (k == MESSAGE_REPORT) {
		set(c, CASE_IS_CONDUCT, e->is_conduct);
		c->findings = e->author;
	}
	if (k == MESSAGE_REVIEW)
		set(c, CASE_IS_CONDUCT, false);
	if (k == MESSAGE_ASK || k == MESSAGE_DISCLOSE) {
		stop_waiting(c);
		c->flags |= CASE_IS_AWAITING;
		c->asked = today;
	}
	if (k == MESSAGE_DISCLOSE) {
		set(c, CASE_IS_CONSENTED, false);
		c->flags |= CASE_IS_DISCLOSING;
		c->disclosure = e->seq;
	}
	if (k == MESSAGE_FOLLOWUP || k == MESSAGE_CONSENT)
		stop_waiting(c);
	if ((k == MESSAGE_FOLLOWUP || k == MESSAGE_SURVEY ||
		k == MESSAGE_ACK) &&
	    c->state == CASE_RECEIVED)
		set(c, CASE_IS_CLOSING, false);
	if (k == MESSAGE_CONSENT) {
		set(c, CASE_IS_CONSENTED, e->agrees);
		set(c, CASE_IS_DISCLOSING, false);
	}
}

void
model_apply_life(struct model_case *c, const struct entry *e, int64_t today)
{
	const struct row *row = row_of(e->kind);
	bool moves = row->becomes != STAYS &&
	    (row->from == 0 || (row->from >> c->state & 1));

	apply_flags(c, e, today);
	if (e->kind == MESSAGE_ASSIGN)
		moves = moves && e->investigates;
	if (e->kind == MESSAGE_OVERRIDE)
		ask_second(c, e, CASE_IS_OVERRIDING);
	if ((e->kind == MESSAGE_CLOSE && needs_second(c)) ||
	    (e->kind == MESSAGE_DISMISS &&
		(needs_second(c) || is(c, CASE_IS_REOPENED)))) {
		ask_second(c, e, CASE_IS_CLOSING);
		moves = false;
	}
	if (e->kind == MESSAGE_SECOND && is(c, CASE_IS_OVERRIDING)) {
		c->flags |= CASE_IS_OVERRIDDEN;
		moves = false;
	}
	if (e->kind == MESSAGE_SECOND || e->kind == MESSAGE_DECLINE)
		stop_pending(c);
	if (moves)
		become(c, (enum case_state)row->becomes);
	if (e->kind == MESSAGE_SURVEY && is(c, CASE_IS_DISMISSED) &&
	    c->state == CASE_CLOSED)
		become(c, CASE_RECEIVED);
}

/* --- the instance --- */

static void
hear_joined(struct model_case *c, const struct entry *e, uint32_t serial)
{
	assert(e->number >= 1 && e->number <= 3 && e->n_people > 0);
	for (size_t i = 0; i < e->n_people; i++) {
		struct model_reader *r = &c->reader[e->people[i]];

		assert(model_rung_joins(c->route, e->number, e->people[i]));
		assert(r->has_envelopes && !r->reads &&
		    !model_has_left(serial, e->people[i]));
		r->reads = true;
	}
}

static void
hear_left(struct model_case *c, const struct entry *e, uint32_t serial)
{
	for (size_t i = 0; i < e->n_people; i++) {
		assert(c->reader[e->people[i]].has_envelopes);
		assert(model_has_left(serial, e->people[i]));
		model_drop(c, e->people[i]);
	}
}

static void
hear_told(const struct model_case *c, const struct entry *e)
{
	assert(e->number >= 1 && e->number <= 3);
	for (size_t i = 0; i < e->n_people; i++) {
		const struct model_reader *r = &c->reader[e->people[i]];

		assert(model_rung_tells(c->route, e->number, e->people[i]));
		assert(r->may_be_told && !r->reads);
	}
}

/* A deadline of the small policy that can run now: acknowledge, triage,
 * update. */
static bool
runs(const struct model_case *c, unsigned number)
{
	if (number == 1)
		return c->state == CASE_RECEIVED;
	if (number == 2)
		return c->state <= CASE_ACKNOWLEDGED;
	return number == 3 && model_is_open(c) && c->state != CASE_FEDBACK &&
	    !is(c, CASE_IS_AWAITING);
}

static bool
may_fall_silent(const struct model_case *c)
{
	const unsigned from =
	    S(ACKNOWLEDGED) | S(TRIAGED) | SOLVING | S(FEDBACK);

	return (from >> c->state & 1) && is(c, CASE_IS_AWAITING) &&
	    !is(c,
		CASE_IS_HELD | CASE_IS_CLOSING | CASE_IS_OVERRIDING |
		    CASE_IS_CONDUCT) &&
	    !needs_second(c);
}

static void
hear_code(struct model_case *c, const struct entry *e, uint32_t serial,
    int64_t today)
{
	switch (e->code) {
	case NOTICE_PROMPT:
		assert(is(c, CASE_IS_AWAITING) && e->number <= 3);
		break;
	case NOTICE_SILENT:
		assert(may_fall_silent(c) && today >= c->asked + 60);
		become(c, CASE_CLOSED);
		break;
	case NOTICE_CHECK:
		assert(c->state == CASE_CLOSED && e->number <= 4);
		break;
	case NOTICE_JOINED:
		hear_joined(c, e, serial);
		break;
	case NOTICE_TOLD:
		hear_told(c, e);
		break;
	case NOTICE_NOBODY:
		assert(model_is_open(c));
		break;
	case NOTICE_BREACHED:
		assert(runs(c, e->number));
		break;
	case NOTICE_UNANSWERED:
		assert(is(c, CASE_IS_AWAITING) && !may_fall_silent(c) &&
		    today >= c->asked + 60);
		c->flags |= CASE_IS_SILENT;
		break;
	case NOTICE_LEFT:
		hear_left(c, e, serial);
		break;
	}
}

void
model_hear(struct model_case *c, const struct entry *e, uint32_t serial,
    int64_t today, const uint8_t link[static LINK_LEN])
{
	struct model_message m = { .kind = e->kind, .author = e->author };

	assert(e->kind == notice_code_kind(e->code));
	assert(e->day == today && e->author == PERSON_INSTANCE);
	memcpy(m.link, link, LINK_LEN);
	model_append(c, message_kind_chain(e->kind), &m);
	hear_code(c, e, serial, today);
}
