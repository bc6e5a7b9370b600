#include "tests/daemon/vault_cases.h"
#include "tests/daemon/vault_stage.h"

#include <stdio.h>
#include <string.h>

/* For whom something waits, when that is said, and who waits for changes. */

#define P1 1
#define P3 3

/* --- notifications --- */

/* The lines that are due now. */
static void
assert_said(struct world *w, const char *expected)
{
	CLEAN_BUF struct buf out = BUF_INIT(4096);

	clock_settle_down(w);
	notify_due(w->vault, &out);
	buf_put_u8(&out, 0);
	assert_int_equal(ERR_OK, out.err);
	assert_string_equal(expected, (const char *)out.p);
}

static int64_t
period(struct world *w)
{
	return w->vault->now.policy->limits.notify_minutes * 60;
}

/* To behind the next coarse tick, at which these lines are said. */
static void
assert_said_at_tick(struct world *w, const char *expected)
{
	if (w->vault->notifier.next == 0)
		assert_said(w, "");
	w->now = w->vault->notifier.next - 1;
	assert_said(w, "");
	w->now++;
	assert_said(w, expected);
}

static enum err
wait_for(struct store_txn *txn, void *ctx)
{
	struct world *w = ctx;

	(void)txn;
	notify_person(w->vault, NED_LEAD, P3);
	return ERR_OK;
}

static enum err
wait_and_fail(struct store_txn *txn, void *ctx)
{
	return wait_for(txn, ctx) == ERR_OK ? ERR_CONFLICT : ERR_OK;
}

static void
something_waits(struct world *w)
{
	assert_int_equal(ERR_OK, vault_run(w->vault, wait_for, w));
}

static void
test_it_is_said_on_coarse_ticks_until_it_is_answered(void **state)
{
	struct world *w = *state;

	assert_said_at_tick(w, "");
	something_waits(w);
	assert_said(w, "");
	assert_said_at_tick(w, "5\n");
	assert_said_at_tick(w, "5\n");
	notify_answered(w->vault, NED_LEAD);
	assert_said_at_tick(w, "");
	assert_int_equal(0, notify_waiting(w->vault));
}

static void
test_ticks_are_drawn_anew_between_half_a_period_and_one_and_a_half(void **state)
{
	struct world *w = *state;
	int64_t last = 0, other = 0;

	assert_said(w, "");
	for (unsigned i = 0; i < 50; i++) {
		int64_t before = w->now, gap;

		assert_said_at_tick(w, "");
		gap = w->now - before;
		assert_true(gap >= period(w) / 2 && gap <= period(w) * 3 / 2);
		other += gap != last;
		last = gap;
	}
	assert_true(other > 40);
}

static void
test_it_survives_a_restart_and_not_a_batch_that_failed(void **state)
{
	struct world *w = *state;

	assert_int_equal(ERR_CONFLICT, vault_run(w->vault, wait_and_fail, w));
	assert_int_equal(0, notify_waiting(w->vault));
	clock_settle_down(w);
	assert_int_equal(0, notify_waiting(w->vault));
	something_waits(w);
	world_restart(w);
	assert_int_equal(1, notify_waiting(w->vault));
	assert_said_at_tick(w, "5\n");
	world_restart(w);
	assert_said_at_tick(w, "5\n");
	notify_answered(w->vault, NED_LEAD);
	clock_settle_down(w);
	world_restart(w);
	assert_said_at_tick(w, "");
}

static void
test_what_is_new_after_the_line_is_said_again_after_the_answer(void **state)
{
	struct world *w = *state;

	something_waits(w);
	assert_said_at_tick(w, "5\n");
	something_waits(w);
	notify_answered(w->vault, NED_LEAD);
	assert_said_at_tick(w, "5\n");
	notify_answered(w->vault, NED_LEAD);
	assert_said_at_tick(w, "");
}

static void
test_an_answer_that_nobody_asked_for_clears_nothing(void **state)
{
	struct world *w = *state;

	something_waits(w);
	notify_answered(w->vault, NED_LEAD);
	notify_answered(w->vault, 0);
	notify_answered(w->vault, 65535);
	assert_said_at_tick(w, "5\n");
}

static void
test_bands_that_the_policy_names_go_with_the_next_minute(void **state)
{
	struct world *w = *state;

	w->vault->now.policy->limits.notify_at_once = BAND_BIT(P1);
	w->vault->now.policy->limits.notify_minutes = 1440;
	w->now += 7;
	assert_said(w, "");
	cases_add(w, 1, 1, ROUTE_GUARDIANS, P1);
	w->now += 4 * 3600 + 900; /* both join */
	assert_said(w, "3\n5\n");
	/* Once only, until the coarse tick. */
	w->now += 60;
	assert_said(w, "");
	/* A notifier that has just come has not heard it. */
	notify_connected(w->vault);
	w->now += 60;
	assert_said(w, "3\n5\n");
	something_waits(w);
	notify_answered(w->vault, EXECUTIVE);
	w->now += 60;
	assert_said(w, "5\n");
}

static void
test_a_clock_set_back_does_not_silence_it(void **state)
{
	struct world *w = *state;

	something_waits(w);
	assert_said(w, "");
	w->now -= 400 * DAY_SECONDS;
	assert_said(w, "");
	assert_true(w->vault->notifier.next - w->now <= period(w) * 3 / 2);
	assert_said_at_tick(w, "5\n");
}

static void
test_who_is_released_hears_of_a_reporter_and_nobody_of_themselves(void **state)
{
	static const struct {
		enum message_kind kind;
		uint16_t author, person;
		const char *who;
	} cases[] = {
		{ MESSAGE_CONCERN, PERSON_REPORTER, 0, "1\n2\n" },
		{ MESSAGE_FOLLOWUP, PERSON_REPORTER, 0, "1\n2\n" },
		{ MESSAGE_CONSENT, PERSON_REPORTER, 0, "1\n2\n" },
		{ MESSAGE_NOTE, GUARDIAN, 0, "" },
		{ MESSAGE_REPLY, GUARDIAN, 0, "" },
		{ MESSAGE_ASSIGN, GUARDIAN, CHAIR, "6\n" },
		{ MESSAGE_HANDOVER, GUARDIAN, SECOND_GUARDIAN, "2\n" },
		{ MESSAGE_HANDOVER, GUARDIAN, GUARDIAN, "" },
		{ MESSAGE_NOTICE, PERSON_INSTANCE, 0, "" },
	};
	struct world *w = *state;
	struct store_case c;

	cases_add(w, 1, 1, ROUTE_GUARDIANS, P3);
	case_get(w, 1, &c);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		notify_message(w->vault, &c, cases[i].kind, cases[i].author,
		    cases[i].person);
		ledger_flush(w->vault);
		assert_said_at_tick(w, cases[i].who);
		for (uint16_t p = 1; p < PEOPLE; p++)
			notify_answered(w->vault, p);
	}
}

/* --- what takes two --- */

static void
assert_told(struct world *w, const char *who)
{
	assert_said_at_tick(w, who);
	for (uint16_t p = 1; p < PEOPLE; p++)
		notify_answered(w->vault, p);
}

static void
acts(struct world *w, struct reporter *r, struct entry e, uint32_t about)
{
	static const uint16_t to[] = { GUARDIAN, SECOND_GUARDIAN, EXECUTIVE };
	size_t n = message_form(e.kind)->content == CONTENT_NONE ? 0 : 3;

	e.about = about;
	assert_int_equal(ANSWER_OK, login(w, e.author));
	assert_int_equal(ANSWER_OK, try_entry(w, r, &e, to, n));
	reporter_sync(w, r);
}

/* Acknowledged, and read by an investigator and by an executive too. */
static void
a_case_of_many(struct world *w, struct reporter *r)
{
	static const uint16_t to[] = { GUARDIAN, SECOND_GUARDIAN };
	CLEAN_DRAFT struct draft d = { 0 };

	world_fresh(w);
	reporter_new(r, 1);
	draft_concern(w, r, to, 2, &d);
	assert_int_equal(ANSWER_OK, world_request(w, &d.request));
	reporter_sync(w, r);
	stage_access(w, r, INVESTIGATOR, GIVEN);
	stage_access(w, r, EXECUTIVE, GIVEN);
	acts(w, r, entry_of(MESSAGE_ACK, GUARDIAN), 0);
	assert_told(w, "1\n2\n");
}

static void
test_who_may_be_the_second_is_asked_and_who_asked_hears_of_it(void **state)
{
	struct entry override = entry_of(MESSAGE_OVERRIDE, GUARDIAN);
	struct world *w = *state;
	struct reporter r;

	a_case_of_many(w, &r);
	acts(w, &r, override, 0);
	assert_told(w, "2\n3\n"); /* no investigator, not who asked */
	acts(w, &r, entry_of(MESSAGE_HOLD, GUARDIAN), 0);
	assert_told(w, "");
	acts(w, &r, entry_of(MESSAGE_SECOND, EXECUTIVE), r.talk - 1);
	assert_told(w, "1\n");

	acts(w, &r, override, 0);
	assert_told(w, "2\n3\n");
	acts(w, &r, entry_of(MESSAGE_DECLINE, SECOND_GUARDIAN), r.talk - 1);
	assert_told(w, "1\n");

	acts(w, &r, override, 0);
	assert_told(w, "2\n3\n");
	acts(w, &r, entry_of(MESSAGE_DECLINE, GUARDIAN), r.talk - 1);
	assert_told(w, "");
}

/* --- watching --- */

struct heard {
	unsigned n;
	uint64_t id;
	enum answer status;
	uint8_t mark[BUNDLE_MARK_LEN];
};

static void
on_heard(void *ctx, uint64_t id, enum answer status, struct bytes body)
{
	struct heard *h = ctx;
	static struct bundle_answer a;

	h->n++;
	h->id = id;
	h->status = status;
	if (status != ANSWER_OK)
		return;
	assert_int_equal(ERR_OK, bundle_answer_parse(body, &a));
	assert_int_equal(ANSWER_CHANGED, a.kind);
	memcpy(h->mark, a.changed.mark, BUNDLE_MARK_LEN);
}

/* Asks with the mark heard before. */
static void
watch(struct world *w, uint16_t person, uint64_t id, struct heard *h)
{
	CLEAN_BUF struct buf body = BUF_INIT(BUNDLE_TEXT_LEN);
	struct bundle_request q = { .kind = REQUEST_WATCH };

	memcpy(q.watch.session, w->person[person].session, BUNDLE_SESSION_LEN);
	memcpy(q.watch.mark, h->mark, BUNDLE_MARK_LEN);
	assert_int_equal(ERR_OK, bundle_request_put(&q, &body));
	vault_handle(w->vault, WIRE_STAFF, false, id, buf_bytes(&body),
	    on_heard, h);
	vault_commit(w->vault);
}

/* Two ticks' time at most. */
static void
pass(struct world *w, unsigned seconds)
{
	for (unsigned i = 0; i < seconds; i += 2) {
		w->now += 2;
		clock_settle_down(w);
	}
}

static void
test_a_watch_is_answered_on_a_tick_once_something_changed(void **state)
{
	struct world *w = *state;
	struct heard h = { 0 };

	assert_int_equal(ANSWER_OK, login(w, GUARDIAN));
	watch(w, GUARDIAN, 1, &h);
	assert_int_equal(0, h.n);
	pass(w, 14); /* no tick is earlier */
	assert_int_equal(0, h.n);
	pass(w, 32);
	assert_int_equal(1, h.n);
	assert_int_equal(ANSWER_OK, h.status);
	watch(w, GUARDIAN, 2, &h);
	pass(w, 120);
	assert_int_equal(1, h.n);
	cases_add(w, 1, 1, ROUTE_GUARDIANS, P3);
	assert_int_equal(1, h.n);
	pass(w, 46);
	assert_int_equal(2, h.n);
	assert_int_equal(2, h.id);
}

static void
test_a_watch_ends_after_some_minutes_and_says_that_nothing_changed(void **state)
{
	struct world *w = *state;
	struct heard h = { 0 }, before;

	assert_int_equal(ANSWER_OK, login(w, GUARDIAN));
	watch(w, GUARDIAN, 1, &h);
	pass(w, 46);
	before = h;
	watch(w, GUARDIAN, 2, &h);
	pass(w, WATCH_SECONDS_MAX - 2);
	assert_int_equal(1, h.n);
	pass(w, 48);
	assert_int_equal(2, h.n);
	assert_memory_equal(before.mark, h.mark, BUNDLE_MARK_LEN);
}

static void
test_a_mark_says_nothing_of_others_queues(void **state)
{
	struct world *w = *state;
	struct heard h = { 0 }, other = { 0 };

	assert_int_equal(ANSWER_OK, login(w, GUARDIAN));
	assert_int_equal(ANSWER_OK, login(w, CHAIR));
	watch(w, GUARDIAN, 1, &h);
	watch(w, CHAIR, 2, &other);
	pass(w, 46);
	assert_memory_not_equal(h.mark, other.mark, BUNDLE_MARK_LEN);
	watch(w, GUARDIAN, 3, &h);
	watch(w, CHAIR, 4, &other);
	cases_add(w, 1, 3, ROUTE_GUARDIANS, P3);
	pass(w, 46);
	assert_int_equal(2, h.n);
	assert_int_equal(1, other.n);
}

static void
test_one_watch_of_a_session_and_none_without(void **state)
{
	struct world *w = *state;
	struct heard one = { 0 }, two = { 0 }, gone = { 0 };

	assert_int_equal(ANSWER_OK, login(w, GUARDIAN));
	watch(w, GUARDIAN, 1, &one);
	watch(w, GUARDIAN, 2, &two);
	assert_int_equal(1, one.n);
	assert_int_equal(ANSWER_BUSY, one.status);
	assert_int_equal(0, two.n);
	vault_forget(w->vault, &two);
	pass(w, 400);
	assert_int_equal(0, two.n);
	watch(w, CHAIR, 3, &gone);
	assert_int_equal(ANSWER_NO_SESSION, gone.status);
}

static void
test_a_watch_ends_with_its_session(void **state)
{
	struct world *w = *state;
	struct bundle_request q = { .kind = REQUEST_LOGOUT };
	struct heard h = { 0 };

	assert_int_equal(ANSWER_OK, login(w, GUARDIAN));
	watch(w, GUARDIAN, 1, &h);
	memcpy(q.logout.session, w->person[GUARDIAN].session,
	    BUNDLE_SESSION_LEN);
	assert_int_equal(ANSWER_OK, world_request(w, &q));
	pass(w, 46);
	assert_int_equal(ANSWER_NO_SESSION, h.status);
}

static void
test_watches_are_bounded(void **state)
{
	static struct heard h[WATCHES_MAX + 8];
	struct world *w = *state;
	struct request_watch q;

	memset(h, 0, sizeof(h));
	assert_int_equal(ANSWER_OK, login(w, GUARDIAN));
	watch(w, GUARDIAN, 1, &h[0]);
	for (unsigned i = 1; i < WATCHES_MAX; i++)
		w->vault->watches.at[i] = w->vault->watches.at[0];
	for (unsigned i = 0; i < WATCHES_MAX; i++) {
		memset(w->vault->watches.at[i].session, 1 + (int)i % 250, 4);
		w->vault->watches.at[i].ctx = &h[i];
	}
	w->vault->watches.n = WATCHES_MAX;
	memcpy(q.session, w->person[GUARDIAN].session, BUNDLE_SESSION_LEN);
	assert_int_equal(ANSWER_BUSY,
	    watch_keep(w->vault, &q, 2, on_heard, &h[WATCHES_MAX]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
		TEST(test_it_is_said_on_coarse_ticks_until_it_is_answered),
		TEST(
		    test_ticks_are_drawn_anew_between_half_a_period_and_one_and_a_half),
		TEST(test_it_survives_a_restart_and_not_a_batch_that_failed),
		TEST(
		    test_what_is_new_after_the_line_is_said_again_after_the_answer),
		TEST(test_an_answer_that_nobody_asked_for_clears_nothing),
		TEST(test_bands_that_the_policy_names_go_with_the_next_minute),
		TEST(test_a_clock_set_back_does_not_silence_it),
		TEST(
		    test_who_is_released_hears_of_a_reporter_and_nobody_of_themselves),
		TEST(
		    test_who_may_be_the_second_is_asked_and_who_asked_hears_of_it),
		TEST(test_a_watch_is_answered_on_a_tick_once_something_changed),
		TEST(
		    test_a_watch_ends_after_some_minutes_and_says_that_nothing_changed),
		TEST(test_a_mark_says_nothing_of_others_queues),
		TEST(test_one_watch_of_a_session_and_none_without),
		TEST(test_a_watch_ends_with_its_session),
		TEST(test_watches_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
