#include "tests/daemon/vault_outsider.h"

#include <string.h>

#include "daemon/vault_clock.h"

/*
 * Who may not read a case learns nothing of it by any request; who is given it
 * by a rung reads it at once; who leaves it, never again.
 */

static const uint16_t guardians[] = { GUARDIAN, SECOND_GUARDIAN };

static void
assert_queue_is_empty(struct world *w, uint16_t person)
{
	assert_int_equal(ANSWER_OK, queue(w, person, BYTES(NULL, 0), 10));
	assert_int_equal(0, w->answer.queue.n_rows);
	assert_int_equal(0, w->answer.queue.open);
	assert_int_equal(0, w->answer.queue.breached);
}

static void
log_all_in(struct world *w)
{
	static const uint16_t all[] = { GUARDIAN, SECOND_GUARDIAN, EXECUTIVE,
		CHIEF, NED_LEAD, CHAIR, INVESTIGATOR, SECOND_INVESTIGATOR,
		ADVISER, DIRECTOR, DEPUTY };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		assert_int_equal(ANSWER_OK, login(w, all[i]));
}

/* With those who are left out of it, and the chair told. */
static void
a_case(struct world *w, struct reporter *r)
{
	static const uint16_t to[] = { GUARDIAN, SECOND_GUARDIAN, NED_LEAD };
	CLEAN_DRAFT struct draft d = { 0 };
	struct request_concern *c;

	world_fresh(w);
	log_all_in(w);
	reporter_new(r, 1);
	draft_concern(w, r, to, 3, &d);
	c = &d.request.concern;
	c->n_tell = 2;
	c->tell[0] = NED_LEAD;
	c->tell[1] = CHAIR;
	assert_int_equal(ANSWER_OK, world_request(w, &d.request));
	reporter_sync(w, r);
	assert_int_equal(READER_TELL, access_now(w, r, CHAIR));
	assert_int_equal(READER_MEMBER | READER_TELL,
	    access_now(w, r, NED_LEAD));
	stage_access(w, r, CHAIR, READER_TELL | READER_TOLD);
}

static void
test_who_has_no_part_in_a_case_learns_nothing_by_any_request(void **state)
{
	static const uint16_t outsiders[] = {
		EXECUTIVE, /* whom the reporter left out */
		NED_LEAD,  /* of a rung that is not reached */
		CHAIR,	   /* is told that something is overdue */
		INVESTIGATOR, ADVISER, DIRECTOR, DEPUTY, CHIEF
	};
	struct world *w = *state;
	struct reporter r;
	uint32_t talk, staff;

	a_case(w, &r);
	talk = r.talk;
	staff = r.staff;
	for (size_t i = 0; i < sizeof(outsiders) / sizeof(outsiders[0]); i++) {
		assert_sees_nothing(w, outsiders[i], &r);
		assert_queue_is_empty(w, outsiders[i]);
	}
	assert_int_equal(ANSWER_OK, queue(w, CHAIR, BYTES(NULL, 0), 10));
	assert_int_equal(1, w->answer.queue.n_overdue);
	assert_int_equal(ROUTE_GUARDIANS, w->answer.queue.overdue[0].route);
	assert_int_equal(1, w->answer.queue.overdue[0].count);
	/* and nothing of it has changed */
	reporter_sync(w, &r);
	assert_int_equal(talk, r.talk);
	assert_int_equal(staff, r.staff);
	assert_int_equal(0, access_now(w, &r, INVESTIGATOR));
}

static void
test_nobody_is_told_whom_the_route_does_not_name(void **state)
{
	CLEAN_DRAFT struct draft d = { 0 };
	struct world *w = *state;
	struct reporter r;

	world_fresh(w);
	reporter_new(&r, 1);
	draft_concern(w, &r, guardians, 2, &d);
	d.request.concern.n_tell = 1;
	d.request.concern.tell[0] = CHIEF;
	assert_int_equal(ANSWER_BAD_BUNDLE, world_request(w, &d.request));
	d.request.concern.tell[0] = EXECUTIVE; /* who joins */
	assert_int_equal(ANSWER_BAD_BUNDLE, world_request(w, &d.request));
	d.request.concern.tell[0] = CHAIR;
	assert_int_equal(ANSWER_OK, world_request(w, &d.request));
	assert_int_equal(READER_TELL, access_now(w, &r, CHAIR));
	assert_int_equal(ANSWER_OK, login(w, CHAIR));
	assert_queue_is_empty(w, CHAIR);
	assert_int_equal(0, w->answer.queue.n_overdue);
}

/* --- a rung --- */

static void
assert_reads(struct world *w, uint16_t person, const struct reporter *r)
{
	assert_int_equal(ANSWER_OK, open_case(w, person, r, CHAIN_TALK, 0));
	assert_opens(w, &w->answer.open.heads.at[0], r, person,
	    PERSON_REPORTER);
	assert_int_equal(ANSWER_OK, queue(w, person, BYTES(NULL, 0), 10));
	assert_int_equal(1, w->answer.queue.n_rows);
}

static void
test_a_rung_gives_its_envelopes_at_once_and_not_before(void **state)
{
	struct world *w = *state;
	struct reporter r;

	world_fresh(w);
	reporter_new(&r, 1);
	file_concern_of(w, &r);
	log_all_in(w);
	assert_sees_nothing(w, EXECUTIVE, &r);
	/* two working days, less a quarter of an hour */
	w->now += 2 * DAY_SECONDS - 900;
	while (vault_tick(w->vault))
		;
	log_all_in(w);
	assert_sees_nothing(w, EXECUTIVE, &r);
	assert_queue_is_empty(w, EXECUTIVE);
	w->now += 900;
	while (vault_tick(w->vault))
		;
	log_all_in(w);
	assert_reads(w, EXECUTIVE, &r);
	assert_reads(w, NED_LEAD, &r);
}

static void
test_escalating_reaches_the_next_rung_at_once(void **state)
{
	struct world *w = *state;
	const struct entry e = entry_of(MESSAGE_ESCALATE, GUARDIAN);
	struct reporter r;

	world_fresh(w);
	reporter_new(&r, 1);
	file_concern_of(w, &r);
	log_all_in(w);
	assert_sees_nothing(w, EXECUTIVE, &r);
	entry_ok(w, &r, &e, NULL, 0);
	assert_reads(w, EXECUTIVE, &r);
	assert_int_equal(2, r.staff); /* and the event that says so */
	/* no rung is left that could be reached */
	assert_int_equal(ANSWER_NOT_NOW, try_entry(w, &r, &e, NULL, 0));
}

/* --- leaving --- */

static void
test_who_recused_is_served_nothing_ever_again(void **state)
{
	struct world *w = *state;
	const struct entry recuse = entry_of(MESSAGE_RECUSE, SECOND_GUARDIAN);
	const struct entry ack = entry_of(MESSAGE_ACK, GUARDIAN);
	struct reporter r;

	world_fresh(w);
	reporter_new(&r, 1);
	file_concern_of(w, &r);
	log_all_in(w);
	assert_reads(w, SECOND_GUARDIAN, &r);
	entry_ok(w, &r, &recuse, NULL, 0);
	assert_sees_nothing(w, SECOND_GUARDIAN, &r);
	assert_queue_is_empty(w, SECOND_GUARDIAN);
	entry_ok(w, &r, &ack, NULL, 0);
	post_ok(w, &r, MESSAGE_REPLY, GUARDIAN, guardians, 1);
	w->now += 40 * DAY_SECONDS;
	while (vault_tick(w->vault))
		;
	log_all_in(w);
	reporter_sync(w, &r);
	assert_sees_nothing(w, SECOND_GUARDIAN, &r);
	assert_queue_is_empty(w, SECOND_GUARDIAN);
	assert_reads(w, GUARDIAN, &r);
}

/* The last who handles it steps back: nobody waits for the next rung. */
static void
test_a_case_that_nobody_handles_goes_to_the_next_rung(void **state)
{
	static const uint16_t both[] = { GUARDIAN, SECOND_GUARDIAN };
	struct world *w = *state;
	struct reporter r;

	world_fresh(w);
	reporter_new(&r, 1);
	file_concern_of(w, &r);
	log_all_in(w);
	for (size_t i = 0; i < 2; i++) {
		const struct entry e = entry_of(MESSAGE_RECUSE, both[i]);

		assert_sees_nothing(w, EXECUTIVE, &r);
		entry_ok(w, &r, &e, NULL, 0);
	}
	assert_reads(w, EXECUTIVE, &r);
	assert_sees_nothing(w, GUARDIAN, &r);
}

/* Stepping back from what is closed is stepping back too. */
static void
test_a_case_opened_again_that_nobody_handles_goes_to_the_next_rung(void **state)
{
	static const uint16_t both[] = { GUARDIAN, SECOND_GUARDIAN };
	static const uint16_t to[] = { EXECUTIVE };
	const struct entry dismiss = entry_of(MESSAGE_DISMISS, GUARDIAN);
	const struct entry more = entry_of(MESSAGE_FOLLOWUP, PERSON_REPORTER);
	struct world *w = *state;
	struct reporter r;

	world_fresh(w);
	reporter_new(&r, 1);
	file_concern_of(w, &r);
	log_all_in(w);
	entry_ok(w, &r, &dismiss, NULL, 0);
	for (size_t i = 0; i < 2; i++) {
		const struct entry e = entry_of(MESSAGE_RECUSE, both[i]);

		entry_ok(w, &r, &e, NULL, 0);
	}
	assert_sees_nothing(w, EXECUTIVE, &r);
	entry_ok(w, &r, &more, to, 1);
	assert_reads(w, EXECUTIVE, &r);
}

static struct policy_person *
person_of(struct world *w, uint16_t number)
{
	struct policy *p = w->vault->now.policy;

	for (size_t i = 0; i < p->n_people; i++)
		if (p->people[i].number == number)
			return &p->people[i];
	return NULL;
}

static void
test_who_left_is_nobody_and_their_session_ends(void **state)
{
	struct world *w = *state;
	struct reporter r;
	struct policy_person *p;

	world_fresh(w);
	reporter_new(&r, 1);
	file_concern_of(w, &r);
	log_all_in(w);
	p = person_of(w, SECOND_GUARDIAN);
	p->until = w->now / DAY_SECONDS;
	for (unsigned k = 0; k < REQUEST_KINDS; k++) {
		const struct asking a = { w, SECOND_GUARDIAN, &r };

		if (request_path((enum request_kind)k) != BUNDLE_PATH_STAFF ||
		    k == REQUEST_CHALLENGE)
			continue;
		assert_int_equal(k == REQUEST_LOGIN ? ANSWER_BAD_SIGNATURE
						    : ANSWER_NO_SESSION,
		    ask_kind(&a, k));
	}
	assert_int_equal(ANSWER_BAD_SIGNATURE, login(w, SECOND_GUARDIAN));
	/* who comes back begins anew: what was saved opens nothing */
	p->until = 0;
	assert_int_equal(ANSWER_NO_SESSION,
	    queue(w, SECOND_GUARDIAN, BYTES(NULL, 0), 1));
	/* and nothing was kept for them, once it was looked at */
	p->until = w->now / DAY_SECONDS;
	sweep_begin(w->vault);
	while (vault_tick(w->vault))
		;
	assert_int_equal(0, access_now(w, &r, SECOND_GUARDIAN));
	p->until = 0;
	assert_int_equal(ANSWER_OK, login(w, SECOND_GUARDIAN));
	reporter_sync(w, &r);
	assert_sees_nothing(w, SECOND_GUARDIAN, &r);
}

/* --- watching --- */

struct watched {
	size_t n;
	uint8_t mark[BUNDLE_MARK_LEN];
};

static void
on_changed(void *ctx, uint64_t id, enum answer status, struct bytes body)
{
	static struct bundle_answer a;
	struct watched *x = ctx;

	(void)id;
	assert_int_equal(ANSWER_OK, status);
	assert_int_equal(ERR_OK, bundle_answer_parse(body, &a));
	memcpy(x->mark, a.changed.mark, sizeof(x->mark));
	x->n++;
}

static void
watch(struct world *w, uint16_t person, struct watched *x)
{
	CLEAN_BUF struct buf body = BUF_INIT(BUNDLE_TEXT_LEN);
	struct bundle_request q = { .kind = REQUEST_WATCH };

	memcpy(q.watch.session, w->person[person].session, BUNDLE_SESSION_LEN);
	memcpy(q.watch.mark, x->mark, sizeof(q.watch.mark));
	assert_int_equal(ERR_OK, bundle_request_put(&q, &body));
	vault_handle(w->vault, WIRE_STAFF, false, 1, buf_bytes(&body),
	    on_changed, x);
}

static void
pass(struct world *w, int64_t seconds)
{
	for (int64_t i = 0; i < seconds; i += 5) {
		w->now += 5;
		while (vault_tick(w->vault))
			;
	}
}

static void
test_a_watch_does_not_end_by_what_others_read(void **state)
{
	static const uint16_t watchers[] = { GUARDIAN, EXECUTIVE, CHAIR,
		INVESTIGATOR };
	struct watched x[4] = { 0 };
	struct world *w = *state;
	struct reporter r;

	a_case(w, &r);
	for (size_t i = 0; i < 4; i++)
		watch(w, watchers[i], &x[i]);
	pass(w, 60);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(1, x[i].n);
		watch(w, watchers[i], &x[i]);
	}
	post_ok(w, &r, MESSAGE_ACK, SECOND_GUARDIAN, NULL, 0);
	pass(w, 60);
	assert_int_equal(2, x[0].n);
	for (size_t i = 1; i < 4; i++)
		assert_int_equal(1, x[i].n);
	for (size_t i = 0; i < 4; i++)
		vault_forget(w->vault, &x[i]);
}

/* --- investigators --- */

static void
list_investigators(struct world *w, uint16_t person, const struct reporter *r)
{
	struct bundle_request q = { .kind = REQUEST_INVESTIGATORS };

	memcpy(q.investigators.session, w->person[person].session,
	    BUNDLE_SESSION_LEN);
	memcpy(q.investigators.case_id, r->keys.case_id, CASE_ID_LEN);
	(void)world_request(w, &q);
}

static void
test_investigators_come_by_load_and_full_ones_are_marked(void **state)
{
	struct world *w = *state;
	const struct answer_investigators *a = &w->answer.investigators;
	const unsigned full = w->policy->limits.caseload;
	struct reporter r;

	world_fresh(w);
	log_all_in(w);
	for (unsigned i = 0; i <= full; i++) {
		reporter_new(&r, (uint8_t)(1 + i));
		file_concern_of(w, &r);
		list_investigators(w, GUARDIAN, &r);
		assert_int_equal(ANSWER_OK, w->status);
		assert_int_equal(2, a->n);
		assert_int_equal(i == 0 ? INVESTIGATOR : SECOND_INVESTIGATOR,
		    a->at[0].person);
		assert_false(a->at[0].is_full);
		assert_int_equal(i == full, a->at[1].is_full);
		stage_access(w, &r, INVESTIGATOR, GIVEN);
	}
	/* who has it is not named; nor is this for who only has a part */
	list_investigators(w, GUARDIAN, &r);
	assert_int_equal(1, a->n);
	list_investigators(w, INVESTIGATOR, &r);
	assert_int_equal(ANSWER_DENIED, w->status);
	list_investigators(w, CHIEF, &r);
	assert_int_equal(ANSWER_UNKNOWN, w->status);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_who_has_no_part_in_a_case_learns_nothing_by_any_request),
		cmocka_unit_test(
		    test_nobody_is_told_whom_the_route_does_not_name),
		cmocka_unit_test(
		    test_a_rung_gives_its_envelopes_at_once_and_not_before),
		cmocka_unit_test(test_escalating_reaches_the_next_rung_at_once),
		cmocka_unit_test(test_who_recused_is_served_nothing_ever_again),
		cmocka_unit_test(
		    test_a_case_opened_again_that_nobody_handles_goes_to_the_next_rung),
		cmocka_unit_test(
		    test_a_case_that_nobody_handles_goes_to_the_next_rung),
		cmocka_unit_test(
		    test_who_left_is_nobody_and_their_session_ends),
		cmocka_unit_test(test_a_watch_does_not_end_by_what_others_read),
		cmocka_unit_test(
		    test_investigators_come_by_load_and_full_ones_are_marked),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
