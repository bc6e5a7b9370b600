#include "tests/daemon/vault_stage.h"

#include <string.h>

/*
 * Every kind of message, in every state, by everybody, sent to the vault by a
 * client that asks no table: what is to come of it is written down here, after
 * docs/PROTOCOL.md, "States", and not taken from policy/life.h.
 */

/* --- what is promised --- */

#define S(state) (1u << CASE_##state)
#define ANY ((1u << CASE_STATES) - 1)
#define LIVE (ANY & ~S(WITHDRAWN))
#define OPEN (LIVE & ~S(CLOSED))
#define ACKED (OPEN & ~S(RECEIVED))
#define SOLVING (S(ADVICE) | S(HANDLING) | S(REFERRED) | S(HUB))
#define INQUIRY (S(ASSIGNED) | S(TERMS) | S(EVIDENCE))
#define STAYS CASE_STATES

static const struct promise {
	enum message_kind kind;
	const char *by; /* R, H, I, E, A as in the document */
	unsigned in;
	unsigned becomes; /* a state, from those of `from` */
	unsigned from;
} promises[] = {
	{ MESSAGE_FOLLOWUP, "R", LIVE, CASE_HANDLING, S(CLOSED) },
	{ MESSAGE_WITHDRAW, "R", LIVE, CASE_WITHDRAWN, LIVE },
	{ MESSAGE_SURVEY, "R", LIVE, STAYS, 0 },
	/* nobody asked for it */
	{ MESSAGE_CONSENT, "R", 0, STAYS, 0 },
	{ MESSAGE_ACK, "H", S(RECEIVED), CASE_ACKNOWLEDGED, ANY },
	{ MESSAGE_REPLY, "HI", LIVE, STAYS, 0 },
	{ MESSAGE_ASK, "HI", ACKED, STAYS, 0 },
	{ MESSAGE_DISCLOSE, "H", ACKED, STAYS, 0 },
	{ MESSAGE_FEEDBACK, "H",
	    SOLVING | S(REPORTED) | S(REVIEWED) | S(ACTION), CASE_FEDBACK,
	    ANY },
	{ MESSAGE_ROUTE, "H", S(ACKNOWLEDGED) | S(TRIAGED) | SOLVING, STAYS,
	    0 },
	{ MESSAGE_ASSIGN, "H", ACKED, CASE_ASSIGNED, S(TRIAGED) | SOLVING },
	{ MESSAGE_HANDOVER, "HIEA", ANY, STAYS, 0 },
	{ MESSAGE_RECUSE, "HIEA", ANY, STAYS, 0 },
	{ MESSAGE_GRANT, "HIEA", ANY, STAYS, 0 },
	{ MESSAGE_ESCALATE, "H", OPEN, STAYS, 0 },
	{ MESSAGE_CLOSE, "H", SOLVING | S(ACTION) | S(FEDBACK), CASE_CLOSED,
	    ANY },
	{ MESSAGE_DISMISS, "H", S(RECEIVED), CASE_CLOSED, ANY },
	{ MESSAGE_REOPEN, "H", S(CLOSED), CASE_HANDLING, ANY },
	{ MESSAGE_OVERRIDE, "HE", OPEN, STAYS, 0 },
	/* nothing waits for them */
	{ MESSAGE_SECOND, "HE", 0, STAYS, 0 },
	{ MESSAGE_DECLINE, "HE", 0, STAYS, 0 },
	{ MESSAGE_TRIAGE, "H", ACKED, CASE_TRIAGED, S(ACKNOWLEDGED) },
	{ MESSAGE_BAND, "H", OPEN, STAYS, 0 },
	{ MESSAGE_ADVISE, "H", S(TRIAGED) | SOLVING, CASE_ADVICE, ANY },
	{ MESSAGE_HANDLE, "H",
	    S(TRIAGED) | SOLVING | INQUIRY | S(REPORTED) | S(REVIEWED) |
		S(ACTION),
	    CASE_HANDLING, ANY },
	{ MESSAGE_REFER, "H", S(TRIAGED) | SOLVING, CASE_REFERRED, ANY },
	{ MESSAGE_HUB, "H", S(TRIAGED) | SOLVING, CASE_HUB, ANY },
	{ MESSAGE_TERMS, "HI", S(ASSIGNED), CASE_TERMS, ANY },
	{ MESSAGE_EVIDENCE, "I", S(TERMS) | S(EVIDENCE), CASE_EVIDENCE, ANY },
	{ MESSAGE_REPORT, "I", S(TERMS) | S(EVIDENCE), CASE_REPORTED, ANY },
	{ MESSAGE_REVIEW, "E", S(REPORTED), CASE_REVIEWED, ANY },
	{ MESSAGE_ACTION, "HE", SOLVING | S(REPORTED) | S(REVIEWED),
	    CASE_ACTION, ANY },
	{ MESSAGE_NOTE, "HIEA", ANY, STAYS, 0 },
	{ MESSAGE_RECORD, "HI", ANY & ~S(RECEIVED), STAYS, 0 },
	{ MESSAGE_HOLD, "HE", ANY, STAYS, 0 },
	/* there is none */
	{ MESSAGE_RELEASE, "HE", 0, STAYS, 0 },
	{ MESSAGE_UNOPENED, "HIEA", ANY, STAYS, 0 },
};
/* And the first of a case, which is no entry; and the instance's two. */
_Static_assert(sizeof(promises) / sizeof(promises[0]) + 3 == MESSAGE_KINDS,
    "every kind is promised something");

/* Who there is, and what they are to the case. */
static const struct somebody {
	uint16_t person;
	unsigned access;
	const char *parts; /* "": nobody to it */
} people[] = {
	{ PERSON_REPORTER, 0, "R" },
	{ GUARDIAN, RELEASED, "H" },
	{ DEPUTY, GIVEN, "H" },
	{ EXECUTIVE, RELEASED, "HE" },
	{ DIRECTOR, GIVEN, "E" },
	{ INVESTIGATOR, GIVEN, "I" },
	{ ADVISER, GIVEN, "A" },
	{ NED_LEAD, READER_MEMBER, "" }, /* of a later rung */
	{ CHAIR, READER_TELL | READER_TOLD, "" },
	{ SECOND_GUARDIAN, 0, "" }, /* left */
	{ CHIEF, 0, "" },
};
#define SOMEBODIES (sizeof(people) / sizeof(people[0]))

static bool
has_part(const char *parts, const char *by)
{
	return strpbrk(parts, by) != NULL;
}

static unsigned
states_for(const struct promise *p, const struct somebody *who)
{
	const bool is_investigator = strcmp(who->parts, "I") == 0;

	if (is_investigator && p->kind == MESSAGE_REPLY)
		return INQUIRY | S(REPORTED);
	if (is_investigator && p->kind == MESSAGE_ASK)
		return INQUIRY;
	return p->in;
}

/* Of those in no state at all. */
static enum answer
never(enum message_kind kind, enum case_state s)
{
	if (kind == MESSAGE_RELEASE)
		return ANSWER_NOT_NOW;
	if (kind != MESSAGE_CONSENT && s == CASE_CLOSED)
		return ANSWER_NOT_NOW; /* not open */
	return ANSWER_NOTHING_ASKED;
}

static enum answer
promised(const struct promise *p, const struct somebody *who, enum case_state s)
{
	const bool is_ours = message_kind_is_reporters(p->kind);

	if (who->parts[0] == '\0')
		return ANSWER_UNKNOWN;
	if (!has_part(who->parts, p->by))
		return ANSWER_DENIED;
	if (states_for(p, who) & 1u << s)
		return ANSWER_OK;
	if (s == CASE_WITHDRAWN && (is_ours || p->kind != MESSAGE_RELEASE))
		return ANSWER_DENIED;
	return p->in == 0 ? never(p->kind, s) : ANSWER_NOT_NOW;
}

/* --- asking the vault --- */

static void
fresh_case(struct world *w, struct reporter *r, uint8_t *seed)
{
	reporter_new(r, ++*seed);
	file_concern_of(w, r);
	reporter_sync(w, r);
	for (size_t i = 1; i < SOMEBODIES; i++)
		if (people[i].access != 0 ||
		    access_now(w, r, people[i].person) != 0)
			stage_access(w, r, people[i].person, people[i].access);
}

static bool
changes_readers(enum message_kind kind)
{
	return kind == MESSAGE_ASSIGN || kind == MESSAGE_HANDOVER ||
	    kind == MESSAGE_RECUSE || kind == MESSAGE_GRANT ||
	    kind == MESSAGE_ROUTE || kind == MESSAGE_ESCALATE;
}

static void
assert_state(struct world *w, const struct reporter *r, const struct promise *p,
    enum case_state s)
{
	struct store_case c;

	if (p->kind == MESSAGE_WITHDRAW && s == CASE_RECEIVED) {
		assert_int_equal(ERR_NOT_FOUND,
		    store_case_find(w->vault->store, r->keys.case_id, &c));
		return;
	}
	if (p->becomes != STAYS && (p->from & 1u << s) != 0)
		s = (enum case_state)p->becomes;
	assert_int_equal(s, state_now(w, r));
}

/* One of them, of a case in that state; true: it is another afterwards. */
static bool
ask(struct world *w, struct reporter *r, const struct promise *p,
    const struct somebody *who, enum case_state s)
{
	static const uint16_t to[] = { GUARDIAN };
	const struct entry e = entry_of(p->kind, who->person);
	const enum answer want = promised(p, who, s);
	enum answer is;

	is = try_entry(w, r, &e, to, 1);
	if (is != want)
		fail_msg("%s in %s by %s (%u): %d, not %d",
		    message_kind_name(p->kind), case_state_name(s), who->parts,
		    who->person, (int)is, (int)want);
	if (is != ANSWER_OK) {
		assert_int_equal(s, state_now(w, r));
		return false;
	}
	assert_state(w, r, p, s);
	return true;
}

static void
ask_all(struct world *w, const struct promise *p)
{
	struct reporter r;
	uint8_t seed = 0;

	world_fresh(w);
	for (size_t k = 1; k < SOMEBODIES; k++)
		assert_int_equal(ANSWER_OK, login(w, people[k].person));
	fresh_case(w, &r, &seed);
	for (unsigned s = 0; s < CASE_STATES; s++) {
		stage_state(w, &r, (enum case_state)s, 0, 0);
		for (size_t k = 0; k < SOMEBODIES; k++) {
			if (message_kind_is_reporters(p->kind) !=
			    (people[k].person == PERSON_REPORTER))
				continue;
			if (!ask(w, &r, p, &people[k], (enum case_state)s))
				continue;
			if (changes_readers(p->kind) ||
			    p->kind == MESSAGE_WITHDRAW)
				fresh_case(w, &r, &seed);
			else
				reporter_sync(w, &r);
			stage_state(w, &r, (enum case_state)s, 0, 0);
		}
	}
}

static void
test_each_kind_in_each_state_by_each_part_is_as_promised(void **state)
{
	for (size_t i = 0; i < sizeof(promises) / sizeof(promises[0]); i++)
		ask_all(*state, &promises[i]);
}

/* --- what the flags of a case forbid --- */

static const struct conditioned {
	enum case_state state;
	unsigned flags;
	uint16_t author;
	enum message_kind kind;
	bool is_conduct;
	enum answer want;
	enum case_state then;
} conditioned[] = {
	/* findings of conduct: no way around the review */
	{ CASE_REPORTED, CASE_IS_CONDUCT, GUARDIAN, MESSAGE_ACTION, false,
	    ANSWER_NEEDS_REVIEW, CASE_REPORTED },
	{ CASE_REPORTED, CASE_IS_CONDUCT, GUARDIAN, MESSAGE_FEEDBACK, false,
	    ANSWER_NEEDS_REVIEW, CASE_REPORTED },
	{ CASE_REPORTED, CASE_IS_CONDUCT, GUARDIAN, MESSAGE_HANDLE, false,
	    ANSWER_NEEDS_REVIEW, CASE_REPORTED },
	{ CASE_REPORTED, CASE_IS_CONDUCT, GUARDIAN, MESSAGE_CLOSE, false,
	    ANSWER_NEEDS_REVIEW, CASE_REPORTED },
	{ CASE_REPORTED, CASE_IS_CONDUCT, DIRECTOR, MESSAGE_ACTION, true,
	    ANSWER_NEEDS_REVIEW, CASE_REPORTED },
	{ CASE_HANDLING, 0, GUARDIAN, MESSAGE_ACTION, true, ANSWER_NEEDS_REVIEW,
	    CASE_HANDLING },
	{ CASE_REPORTED, 0, GUARDIAN, MESSAGE_ACTION, true, ANSWER_NEEDS_REVIEW,
	    CASE_REPORTED },
	{ CASE_REVIEWED, 0, GUARDIAN, MESSAGE_ACTION, true, ANSWER_OK,
	    CASE_ACTION },
	{ CASE_REPORTED, CASE_IS_CONDUCT, DIRECTOR, MESSAGE_REVIEW, false,
	    ANSWER_OK, CASE_REVIEWED },
	/* a legal hold */
	{ CASE_FEDBACK, CASE_IS_HELD, GUARDIAN, MESSAGE_CLOSE, false,
	    ANSWER_ON_HOLD, CASE_FEDBACK },
	{ CASE_FEDBACK, CASE_IS_HELD, GUARDIAN, MESSAGE_HOLD, false,
	    ANSWER_NOT_NOW, CASE_FEDBACK },
	{ CASE_FEDBACK, CASE_IS_HELD, GUARDIAN, MESSAGE_RELEASE, false,
	    ANSWER_OK, CASE_FEDBACK },
	/* two people: the first is GUARDIAN, at place 0 */
	{ CASE_FEDBACK, CASE_IS_CLOSING, GUARDIAN, MESSAGE_SECOND, false,
	    ANSWER_SAME_PERSON, CASE_FEDBACK },
	{ CASE_FEDBACK, CASE_IS_CLOSING, DIRECTOR, MESSAGE_SECOND, false,
	    ANSWER_OK, CASE_CLOSED },
	{ CASE_FEDBACK, CASE_IS_CLOSING, DEPUTY, MESSAGE_CLOSE, false,
	    ANSWER_NOT_NOW, CASE_FEDBACK },
	{ CASE_FEDBACK, CASE_IS_CLOSING | CASE_IS_HELD, DIRECTOR,
	    MESSAGE_SECOND, false, ANSWER_ON_HOLD, CASE_FEDBACK },
	{ CASE_FEDBACK, CASE_IS_CLOSING, GUARDIAN, MESSAGE_DECLINE, false,
	    ANSWER_OK, CASE_FEDBACK },
	{ CASE_HANDLING, CASE_IS_OVERRIDING, GUARDIAN, MESSAGE_SECOND, false,
	    ANSWER_SAME_PERSON, CASE_HANDLING },
	{ CASE_HANDLING, CASE_IS_OVERRIDING, EXECUTIVE, MESSAGE_SECOND, false,
	    ANSWER_OK, CASE_HANDLING },
	{ CASE_HANDLING, CASE_IS_OVERRIDING, EXECUTIVE, MESSAGE_OVERRIDE, false,
	    ANSWER_NOT_NOW, CASE_HANDLING },
	{ CASE_HANDLING, CASE_IS_CLOSING, INVESTIGATOR, MESSAGE_SECOND, false,
	    ANSWER_DENIED, CASE_HANDLING },
	/* junk: so too, and as long as nobody has looked at it */
	{ CASE_RECEIVED, CASE_IS_HELD, GUARDIAN, MESSAGE_DISMISS, false,
	    ANSWER_ON_HOLD, CASE_RECEIVED },
	{ CASE_RECEIVED, CASE_IS_OVERRIDING, DEPUTY, MESSAGE_DISMISS, false,
	    ANSWER_NOT_NOW, CASE_RECEIVED },
	{ CASE_RECEIVED, CASE_IS_REOPENED, GUARDIAN, MESSAGE_DISMISS, false,
	    ANSWER_OK, CASE_RECEIVED },
	{ CASE_RECEIVED, CASE_IS_CLOSING, DEPUTY, MESSAGE_DISMISS, false,
	    ANSWER_NOT_NOW, CASE_RECEIVED },
	{ CASE_RECEIVED, CASE_IS_CLOSING, GUARDIAN, MESSAGE_SECOND, false,
	    ANSWER_SAME_PERSON, CASE_RECEIVED },
	{ CASE_RECEIVED, CASE_IS_CLOSING, INVESTIGATOR, MESSAGE_SECOND, false,
	    ANSWER_DENIED, CASE_RECEIVED },
	{ CASE_RECEIVED, CASE_IS_CLOSING | CASE_IS_HELD, DEPUTY, MESSAGE_SECOND,
	    false, ANSWER_ON_HOLD, CASE_RECEIVED },
	{ CASE_RECEIVED, CASE_IS_CLOSING, DEPUTY, MESSAGE_SECOND, false,
	    ANSWER_OK, CASE_CLOSED },
	{ CASE_RECEIVED, CASE_IS_CLOSING, DEPUTY, MESSAGE_ACK, false, ANSWER_OK,
	    CASE_ACKNOWLEDGED },
	{ CASE_CLOSED, CASE_IS_DISMISSED, PERSON_REPORTER, MESSAGE_FOLLOWUP,
	    false, ANSWER_OK, CASE_RECEIVED },
	{ CASE_CLOSED, CASE_IS_DISMISSED, PERSON_REPORTER, MESSAGE_SURVEY,
	    false, ANSWER_OK, CASE_RECEIVED },
	{ CASE_CLOSED, CASE_IS_DISMISSED, DEPUTY, MESSAGE_REOPEN, false,
	    ANSWER_OK, CASE_RECEIVED },
	/* consent was asked for at place 0 */
	{ CASE_HANDLING, CASE_IS_DISCLOSING, PERSON_REPORTER, MESSAGE_CONSENT,
	    false, ANSWER_OK, CASE_HANDLING },
	/* a silent reporter */
	{ CASE_TRIAGED, CASE_IS_SILENT, GUARDIAN, MESSAGE_CLOSE, false,
	    ANSWER_OK, CASE_CLOSED },
};

static void
test_what_a_case_has_beside_its_state_is_minded(void **state)
{
	static const uint16_t to[] = { GUARDIAN };
	struct world *w = *state;
	struct reporter r;
	uint8_t seed = 100;

	world_fresh(w);
	for (size_t k = 1; k < SOMEBODIES; k++)
		assert_int_equal(ANSWER_OK, login(w, people[k].person));
	for (size_t i = 0; i < sizeof(conditioned) / sizeof(conditioned[0]);
	     i++) {
		const struct conditioned *c = &conditioned[i];
		struct entry e = entry_of(c->kind, c->author);

		fresh_case(w, &r, &seed);
		stage_state(w, &r, c->state, c->flags, GUARDIAN);
		e.is_conduct = c->is_conduct;
		if (try_entry(w, &r, &e, to, 1) != c->want ||
		    state_now(w, &r) != c->then)
			fail_msg("%zu: %s in %s: %d, %s", i,
			    message_kind_name(c->kind),
			    case_state_name(c->state), (int)w->status,
			    case_state_name(state_now(w, &r)));
	}
}

/* --- what is set aside as junk --- */

static unsigned
flags_now(struct world *w, const struct reporter *r)
{
	struct life l;

	stage_life(w, r, &l);
	return l.flags;
}

static void
test_dismissal_of_a_grave_band_waits_for_another_who_agrees(void **state)
{
	const struct entry dismiss = entry_of(MESSAGE_DISMISS, GUARDIAN);
	struct entry own = entry_of(MESSAGE_SECOND, GUARDIAN);
	struct entry other = entry_of(MESSAGE_SECOND, DEPUTY);
	const struct entry more = entry_of(MESSAGE_FOLLOWUP, PERSON_REPORTER);
	static const uint16_t to[] = { GUARDIAN };
	struct world *w = *state;
	struct reporter r;
	struct life l;
	uint8_t seed = 0;

	world_fresh(w);
	for (size_t k = 1; k < SOMEBODIES; k++)
		assert_int_equal(ANSWER_OK, login(w, people[k].person));
	fresh_case(w, &r, &seed);
	stage_life(w, &r, &l);
	l.gravest = 1;
	stage_set_life(w, &r, &l);
	own.about = other.about = r.talk;
	entry_ok(w, &r, &dismiss, NULL, 0);
	assert_int_equal(CASE_RECEIVED, state_now(w, &r));
	assert_int_equal(CASE_IS_CLOSING, flags_now(w, &r));
	assert_int_equal(ANSWER_SAME_PERSON, try_entry(w, &r, &own, NULL, 0));
	/* the reporter means it: it is over */
	entry_ok(w, &r, &more, to, 1);
	assert_int_equal(ANSWER_NOTHING_ASKED,
	    try_entry(w, &r, &other, NULL, 0));
	other.about = r.talk;
	entry_ok(w, &r, &dismiss, NULL, 0);
	entry_ok(w, &r, &other, NULL, 0);
	assert_int_equal(CASE_CLOSED, state_now(w, &r));
	assert_int_equal(CASE_IS_DISMISSED, flags_now(w, &r));
}

/* Nobody has acknowledged it, and nothing of it has to stay. */
static void
test_withdrawal_removes_what_was_dismissed_but_not_under_a_hold(void **state)
{
	static const struct {
		unsigned flags;
		enum err want;
	} cases[] = { { CASE_IS_DISMISSED, ERR_NOT_FOUND },
		{ CASE_IS_DISMISSED | CASE_IS_HELD, ERR_OK }, { 0, ERR_OK } };
	const struct entry e = entry_of(MESSAGE_WITHDRAW, PERSON_REPORTER);
	struct world *w = *state;
	struct store_case c;
	struct reporter r;
	uint8_t seed = 0;

	world_fresh(w);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fresh_case(w, &r, &seed);
		stage_state(w, &r, CASE_CLOSED, cases[i].flags, 0);
		assert_int_equal(ANSWER_OK, try_entry(w, &r, &e, NULL, 0));
		assert_int_equal(cases[i].want,
		    store_case_find(w->vault->store, r.keys.case_id, &c));
	}
}

/* --- the order of both chains --- */

static void
test_who_has_not_seen_the_other_chain_must_look_again(void **state)
{
	static const uint16_t to[] = { GUARDIAN, SECOND_GUARDIAN };
	struct world *w = *state;
	const struct entry ack = entry_of(MESSAGE_ACK, GUARDIAN);
	const struct entry note = entry_of(MESSAGE_NOTE, SECOND_GUARDIAN);
	const struct entry more = entry_of(MESSAGE_FOLLOWUP, PERSON_REPORTER);
	struct reporter r, stale;

	world_fresh(w);
	reporter_new(&r, 1);
	file_concern_of(w, &r);
	assert_int_equal(ANSWER_OK, login(w, GUARDIAN));
	assert_int_equal(ANSWER_OK, login(w, SECOND_GUARDIAN));
	stale = r;
	entry_ok(w, &r, &note, to, 2);
	assert_int_equal(ANSWER_CONFLICT, try_entry(w, &stale, &ack, NULL, 0));
	/* the reporter sees one chain, and need not know the other */
	assert_int_equal(ANSWER_OK, try_entry(w, &stale, &more, to, 2));
	stale = r;
	reporter_sync(w, &r);
	stale.talk = r.talk;
	assert_int_equal(ANSWER_CONFLICT, try_entry(w, &stale, &note, to, 2));
	entry_ok(w, &r, &ack, NULL, 0);
	assert_int_equal(CASE_ACKNOWLEDGED, state_now(w, &r));
}

static void
test_what_was_signed_on_another_day_is_refused(void **state)
{
	static const struct {
		int64_t off;
		enum answer want;
	} days[] = { { -2, ANSWER_WRONG_DAY }, { 2, ANSWER_WRONG_DAY },
		{ -1, ANSWER_OK }, { 1, ANSWER_OK }, { 0, ANSWER_OK } };
	static const uint16_t to[] = { GUARDIAN };
	const struct entry note = entry_of(MESSAGE_NOTE, GUARDIAN);
	struct world *w = *state;
	struct reporter r;

	world_fresh(w);
	reporter_new(&r, 1);
	file_concern_of(w, &r);
	assert_int_equal(ANSWER_OK, login(w, GUARDIAN));
	for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
		CLEAN_DRAFT struct draft d = { 0 };

		w->now += days[i].off * DAY_SECONDS;
		draft_entry(w, &r, &note, to, 1, &d);
		w->now -= days[i].off * DAY_SECONDS;
		assert_int_equal(days[i].want, world_request(w, &d.request));
		reporter_sync(w, &r);
	}
}

/* Sent again days later, since the answer was lost: it is what is stored. */
static void
test_what_is_stored_is_stored_whatever_the_day(void **state)
{
	static const uint16_t to[] = { GUARDIAN };
	const struct entry e = entry_of(MESSAGE_FOLLOWUP, PERSON_REPORTER);
	CLEAN_DRAFT struct draft d = { 0 };
	struct world *w = *state;
	struct reporter r;

	world_fresh(w);
	reporter_new(&r, 1);
	file_concern_of(w, &r);
	draft_entry(w, &r, &e, to, 1, &d);
	assert_int_equal(ANSWER_OK, world_request(w, &d.request));
	w->now += 5 * DAY_SECONDS;
	assert_int_equal(ANSWER_OK, world_request(w, &d.request));
	assert_proof(w, &r, MESSAGE_FOLLOWUP, d.link);
}

/* --- what only the server says --- */

static void
test_nobody_speaks_for_the_instance(void **state)
{
	struct world *w = *state;
	struct entry e = { .kind = MESSAGE_EVENT,
		.author = PERSON_INSTANCE,
		.code = NOTICE_LEFT };
	CLEAN_BUF struct buf note = BUF_INIT(ENTRY_NOTE_MAX);
	struct bundle_request q = { .kind = REQUEST_POST };
	struct reporter r;

	world_fresh(w);
	reporter_new(&r, 1);
	file_concern_of(w, &r);
	assert_int_equal(ANSWER_OK, login(w, GUARDIAN));
	e.day = w->now / DAY_SECONDS;
	memcpy(e.case_id, r.keys.case_id, CASE_ID_LEN);
	memcpy(e.seen, r.head, LINK_LEN);
	/* not even with its key */
	assert_int_equal(ERR_OK,
	    entry_sign_instance(&e, &w->instance_key, w->secret.instance_seed,
		&note));
	q.post.entry = buf_bytes(&note);
	memcpy(q.post.session, w->person[GUARDIAN].session, BUNDLE_SESSION_LEN);
	assert_int_equal(ANSWER_DENIED, world_request(w, &q));
	q = (struct bundle_request){ .kind = REQUEST_FOLLOWUP };
	q.followup.entry = buf_bytes(&note);
	assert_int_equal(ANSWER_DENIED, world_request(w, &q));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_each_kind_in_each_state_by_each_part_is_as_promised),
		cmocka_unit_test(
		    test_what_a_case_has_beside_its_state_is_minded),
		cmocka_unit_test(
		    test_dismissal_of_a_grave_band_waits_for_another_who_agrees),
		cmocka_unit_test(
		    test_withdrawal_removes_what_was_dismissed_but_not_under_a_hold),
		cmocka_unit_test(
		    test_who_has_not_seen_the_other_chain_must_look_again),
		cmocka_unit_test(
		    test_what_was_signed_on_another_day_is_refused),
		cmocka_unit_test(
		    test_what_is_stored_is_stored_whatever_the_day),
		cmocka_unit_test(test_nobody_speaks_for_the_instance),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
