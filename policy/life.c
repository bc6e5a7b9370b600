#include "policy/life.h"

#include "policy/clock.h"

/* --- the table --- */

#define S(state) (1u << CASE_##state)
#define ALL ((1u << CASE_STATES) - 1)
#define LIVE (ALL & ~S(WITHDRAWN))
#define OPEN (LIVE & ~S(CLOSED))
#define ACKED (OPEN & ~S(RECEIVED))
#define SOLVING (S(ADVICE) | S(HANDLING) | S(REFERRED) | S(HUB))
#define INQUIRY (S(ASSIGNED) | S(TERMS) | S(EVIDENCE))

#define R PART_REPORTER
#define H PART_HANDLER
#define I PART_INVESTIGATOR
#define E PART_EXECUTIVE
#define ANY_STAFF (H | I | E | PART_ADVISER)

/* By whom, from which states; to which, from those of `moves`: from others it
 * changes no state. What else must hold is in conditions below. */
static const struct row {
	unsigned parts, from;
	enum case_state to;
	unsigned moves;
} table[] = {
	/* the reporter */
	[MESSAGE_FOLLOWUP] = { R, LIVE, CASE_HANDLING, S(CLOSED) },
	[MESSAGE_WITHDRAW] = { R, LIVE, CASE_WITHDRAWN, LIVE },
	[MESSAGE_SURVEY] = { .parts = R, .from = LIVE },
	[MESSAGE_CONSENT] = { .parts = R, .from = LIVE },
	/* talking with the reporter */
	[MESSAGE_ACK] = { H, S(RECEIVED), CASE_ACKNOWLEDGED, S(RECEIVED) },
	[MESSAGE_REPLY] = { .parts = H | I, .from = LIVE },
	[MESSAGE_ASK] = { .parts = H | I, .from = ACKED },
	[MESSAGE_DISCLOSE] = { .parts = H, .from = ACKED },
	[MESSAGE_FEEDBACK] = { H,
	    SOLVING | S(REPORTED) | S(REVIEWED) | S(ACTION), CASE_FEDBACK,
	    SOLVING | S(REPORTED) | S(REVIEWED) | S(ACTION) },
	/* who has it */
	[MESSAGE_ROUTE] = { .parts = H,
	    .from = S(ACKNOWLEDGED) | S(TRIAGED) | SOLVING },
	[MESSAGE_ASSIGN] = { H, ACKED, CASE_ASSIGNED, S(TRIAGED) | SOLVING },
	[MESSAGE_HANDOVER] = { .parts = ANY_STAFF, .from = ALL },
	[MESSAGE_RECUSE] = { .parts = ANY_STAFF, .from = ALL },
	[MESSAGE_GRANT] = { .parts = ANY_STAFF, .from = ALL },
	[MESSAGE_ESCALATE] = { .parts = H, .from = OPEN },
	/* its end, and what two people must want */
	[MESSAGE_CLOSE] = { H, ACKED, CASE_CLOSED, ACKED },
	[MESSAGE_DISMISS] = { H, S(RECEIVED), CASE_CLOSED, S(RECEIVED) },
	[MESSAGE_REOPEN] = { H, S(CLOSED), CASE_HANDLING, S(CLOSED) },
	[MESSAGE_OVERRIDE] = { .parts = H | E, .from = OPEN },
	[MESSAGE_SECOND] = { H | E, OPEN, CASE_CLOSED, OPEN },
	[MESSAGE_DECLINE] = { .parts = H | E, .from = OPEN },
	/* how it is handled */
	[MESSAGE_TRIAGE] = { H, ACKED, CASE_TRIAGED, S(ACKNOWLEDGED) },
	[MESSAGE_BAND] = { .parts = H, .from = OPEN },
	[MESSAGE_ADVISE] = { H, S(TRIAGED) | SOLVING, CASE_ADVICE,
	    S(TRIAGED) | SOLVING },
	[MESSAGE_HANDLE] = { H, ACKED & ~(S(ACKNOWLEDGED) | S(FEDBACK)),
	    CASE_HANDLING, ACKED },
	[MESSAGE_REFER] = { H, S(TRIAGED) | SOLVING, CASE_REFERRED,
	    S(TRIAGED) | SOLVING },
	[MESSAGE_HUB] = { H, S(TRIAGED) | SOLVING, CASE_HUB,
	    S(TRIAGED) | SOLVING },
	[MESSAGE_TERMS] = { H | I, S(ASSIGNED), CASE_TERMS, S(ASSIGNED) },
	[MESSAGE_EVIDENCE] = { I, S(TERMS) | S(EVIDENCE), CASE_EVIDENCE,
	    S(TERMS) },
	[MESSAGE_REPORT] = { I, S(TERMS) | S(EVIDENCE), CASE_REPORTED,
	    S(TERMS) | S(EVIDENCE) },
	[MESSAGE_REVIEW] = { E, S(REPORTED), CASE_REVIEWED, S(REPORTED) },
	[MESSAGE_ACTION] = { H | E, SOLVING | S(REPORTED) | S(REVIEWED),
	    CASE_ACTION, SOLVING | S(REPORTED) | S(REVIEWED) },
	/* beside all that */
	[MESSAGE_NOTE] = { .parts = ANY_STAFF, .from = ALL },
	[MESSAGE_RECORD] = { .parts = H | I, .from = ALL & ~S(RECEIVED) },
	[MESSAGE_HOLD] = { .parts = H | E, .from = ALL },
	[MESSAGE_RELEASE] = { .parts = H | E, .from = ALL },
	[MESSAGE_UNOPENED] = { .parts = ANY_STAFF, .from = ALL },
	/* the clock */
	[MESSAGE_NOTICE] = { .parts = PART_INSTANCE, .from = LIVE },
	[MESSAGE_EVENT] = { .parts = PART_INSTANCE, .from = ALL },
};
_Static_assert(sizeof(table) / sizeof(table[0]) == MESSAGE_KINDS,
    "every kind has its row; that of a concern is empty");

#undef R
#undef H
#undef I
#undef E

bool
life_table_allows(enum case_state s, enum message_kind k, unsigned parts)
{
	return (table[k].parts & parts) != 0 && (table[k].from & 1u << s) != 0;
}

enum case_state
life_table_next(enum case_state s, enum message_kind k)
{
	return table[k].moves & 1u << s ? table[k].to : s;
}

bool
life_is_open(const struct life *l)
{
	return (OPEN & 1u << l->state) != 0;
}

bool
life_is_unread(const struct life *l)
{
	return l->state == CASE_RECEIVED ||
	    (l->state == CASE_CLOSED && (l->flags & CASE_IS_DISMISSED));
}

/* --- parts --- */

static bool
is_executive(enum policy_role role)
{
	return role == ROLE_EXECUTIVE || role == ROLE_EXECUTIVE_LEAD ||
	    role == ROLE_CHIEF_EXECUTIVE || role == ROLE_NED ||
	    role == ROLE_NED_LEAD || role == ROLE_CHAIR;
}

static bool
is_guardian(enum policy_role role)
{
	return role == ROLE_GUARDIAN || role == ROLE_LEAD_GUARDIAN ||
	    role == ROLE_DEPUTY_GUARDIAN;
}

unsigned
life_parts(const struct policy_person *person, bool is_given)
{
	unsigned executive;

	if (person == NULL)
		return PART_ADVISER;
	executive = is_executive(person->role) ? PART_EXECUTIVE : 0;
	if (!is_given)
		return PART_HANDLER | executive;
	if (person->role == ROLE_INVESTIGATOR)
		return PART_INVESTIGATOR;
	if (is_guardian(person->role))
		return PART_HANDLER;
	return executive != 0 ? executive : PART_ADVISER;
}

/* --- what else must hold --- */

static bool
is_pending(const struct life *l)
{
	return (l->flags & (CASE_IS_CLOSING | CASE_IS_OVERRIDING)) != 0;
}

/* While received, only a dismissal ends it. */
static enum life_refusal
may_end(const struct life *l)
{
	unsigned ready = SOLVING | S(FEDBACK) | S(ACTION) | S(RECEIVED);

	if (l->flags & CASE_IS_HELD)
		return LIFE_ON_HOLD;
	if (l->flags & CASE_IS_CONDUCT)
		return LIFE_NEEDS_REVIEW;
	return (ready & 1u << l->state) || (l->flags & CASE_IS_SILENT)
	    ? LIFE_OK
	    : LIFE_NOT_NOW;
}

static enum life_refusal
may_second(const struct life *l, const struct entry *e)
{
	if (!is_pending(l) || e->about != l->pending)
		return LIFE_NOTHING_ASKED;
	if (e->kind == MESSAGE_DECLINE)
		return LIFE_OK;
	if (e->author == l->first)
		return LIFE_SAME_PERSON;
	return l->flags & CASE_IS_CLOSING ? may_end(l) : LIFE_OK;
}

/* An investigator talks with the reporter while there is an investigation. */
static enum life_refusal
may_talk(const struct life *l, const struct entry *e, unsigned parts)
{
	unsigned states =
	    e->kind == MESSAGE_REPLY ? INQUIRY | S(REPORTED) : INQUIRY;

	return (parts & PART_HANDLER) || (states & 1u << l->state)
	    ? LIFE_OK
	    : LIFE_NOT_NOW;
}

static enum life_refusal
may_act(const struct life *l, const struct entry *e)
{
	if ((l->flags & CASE_IS_CONDUCT) ||
	    (e->is_conduct && l->state != CASE_REVIEWED))
		return LIFE_NEEDS_REVIEW;
	return LIFE_OK;
}

/* For want of an answer: only while one is awaited; and closed by no way
 * around what people could not skip. */
static enum life_refusal
may_notice(const struct life *l, const struct entry *e)
{
	if (e->code == NOTICE_SILENT)
		return clock_may_close(l) ? LIFE_OK : LIFE_NOT_NOW;
	if (e->code == NOTICE_UNANSWERED)
		return l->flags & CASE_IS_AWAITING ? LIFE_OK : LIFE_NOT_NOW;
	return LIFE_OK;
}

static enum life_refusal
conditions(const struct life *l, const struct entry *e, unsigned parts)
{
	bool is_reviewless = (l->flags & CASE_IS_CONDUCT) != 0;

	if (e->kind == MESSAGE_CLOSE || e->kind == MESSAGE_DISMISS)
		return is_pending(l) ? LIFE_NOT_NOW : may_end(l);
	if (e->kind == MESSAGE_REPLY || e->kind == MESSAGE_ASK)
		return may_talk(l, e, parts);
	if (e->kind == MESSAGE_SECOND || e->kind == MESSAGE_DECLINE)
		return may_second(l, e);
	if (e->kind == MESSAGE_ACTION)
		return may_act(l, e);
	if (e->author == PERSON_INSTANCE)
		return may_notice(l, e);
	if (e->kind == MESSAGE_FEEDBACK || e->kind == MESSAGE_HANDLE)
		return is_reviewless ? LIFE_NEEDS_REVIEW : LIFE_OK;
	if (e->kind == MESSAGE_REVIEW)
		return e->author == l->findings ? LIFE_SAME_PERSON : LIFE_OK;
	if (e->kind == MESSAGE_OVERRIDE)
		return is_pending(l) ? LIFE_NOT_NOW : LIFE_OK;
	if (e->kind == MESSAGE_CONSENT)
		return (l->flags & CASE_IS_DISCLOSING) && e->about == l->asked
		    ? LIFE_OK
		    : LIFE_NOTHING_ASKED;
	if (e->kind == MESSAGE_HANDOVER)
		return e->from == e->author || (parts & PART_HANDLER)
		    ? LIFE_OK
		    : LIFE_NOT_YOURS;
	if (e->kind == MESSAGE_HOLD || e->kind == MESSAGE_RELEASE)
		return !(l->flags & CASE_IS_HELD) == (e->kind == MESSAGE_HOLD)
		    ? LIFE_OK
		    : LIFE_NOT_NOW;
	return LIFE_OK;
}

enum life_refusal
life_may(const struct life *l, const struct entry *e, unsigned parts)
{
	if (!(table[e->kind].parts & parts))
		return LIFE_NOT_YOURS;
	if (!(table[e->kind].from & 1u << l->state))
		return l->state == CASE_WITHDRAWN ? LIFE_WITHDREW
						  : LIFE_NOT_NOW;
	return conditions(l, e, parts);
}

const char *
life_refusal_text(enum life_refusal r)
{
	static const char *const text[LIFE_REFUSALS] = {
		[LIFE_OK] = "It may be done.",
		[LIFE_NOT_YOURS] = "This is not for somebody with your part "
				   "in the case.",
		[LIFE_NOT_NOW] = "This cannot be done as the case stands now.",
		[LIFE_WITHDREW] = "The reporter has withdrawn the concern.",
		[LIFE_NEEDS_REVIEW] = "The findings are about conduct: first "
				      "a review, chaired by an executive.",
		[LIFE_SAME_PERSON] = "A second person must do this.",
		[LIFE_NOTHING_ASKED] = "Nothing waits for this.",
		[LIFE_ON_HOLD] = "There is a legal hold on the case.",
	};

	return text[r];
}
