#include "tests/daemon/vault_world.h"

#include <string.h>

/*
 * Work before follow-ups: a flood of them asks for it as one of concerns does,
 * and whether it is asked says nothing of whose mailbox it is.
 */

#define QUIET 8

static const uint16_t guardians[] = { GUARDIAN, SECOND_GUARDIAN };
static const struct entry followup = { .kind = MESSAGE_FOLLOWUP };

static int
setup(void **state)
{
	struct world *w = world_new();

	w->config.quiet = QUIET;
	memset(w->config.work_key, 7, sizeof(w->config.work_key));
	world_restart(w);
	*state = w;
	return 0;
}

static void
draft(struct world *w, const struct reporter *r, struct draft *d)
{
	draft_entry(w, r, &followup, guardians, 2, d);
}

static enum answer_kind
sent(struct world *w, struct draft *d)
{
	assert_int_equal(world_request(w, &d->request), ANSWER_OK);
	return w->answer.kind;
}

/* As a front that has checked the work sends it. */
static enum answer
worked(struct world *w, const struct bundle_request *q,
    const struct answer_work *asked)
{
	CLEAN_BUF struct buf body = BUF_INIT(WIRE_PIECE_MAX);
	uint8_t work[WORK_LEN];

	work_put(asked->challenge, 0, work);
	buf_put(&body, work, WORK_LEN);
	assert_int_equal(bundle_request_put(q, &body), ERR_OK);
	return world_ask(w, WIRE_WORKED_TEXT, buf_bytes(&body));
}

static void
say_ok(struct world *w, struct reporter *r)
{
	entry_ok(w, r, &followup, guardians, 2);
}

/* One who writes and writes, until it is asked for. */
static unsigned
flood(struct world *w, struct reporter *r)
{
	unsigned n = 0;

	file_concern_of(w, r);
	do {
		CLEAN_DRAFT struct draft d = { 0 };

		draft(w, r, &d);
		if (sent(w, &d) == ANSWER_WORK)
			return n;
		assert_int_equal(w->answer.kind, ANSWER_STORED);
		memcpy(r->head, d.link, LINK_LEN);
		r->talk++;
	} while (++n < 200);
	fail();
	return 0;
}

static unsigned
asked_ahead(struct world *w, const struct reporter *r)
{
	assert_int_equal(poll_mailbox(w, r, r->talk), ANSWER_OK);
	return w->answer.mailbox.ahead.bits;
}

/* --- how much, and whom --- */

static void
test_quiet_times_ask_for_nothing(void **state)
{
	struct world *w = *state;
	struct reporter r, nobody;

	reporter_new(&r, 1);
	reporter_new(&nobody, 2);
	file_concern_of(w, &r);
	assert_int_equal(asked_ahead(w, &r), 0);
	assert_int_equal(asked_ahead(w, &nobody), 0);
	say_ok(w, &r);
	assert_int_equal(asked_ahead(w, &r), 0);
}

static void
test_a_flood_of_follow_ups_asks_for_work_as_one_of_concerns(void **state)
{
	struct world *w = *state;
	CLEAN_DRAFT struct draft d = { 0 };
	struct reporter r, other;

	reporter_new(&r, 1);
	reporter_new(&other, 2);
	file_concern_of(w, &other);
	w->now += 130;
	/* eight a minute are quiet, over two minutes; one was the concern */
	assert_int_equal(flood(w, &r), 2 * (QUIET + 1) - 1);
	assert_int_equal(w->answer.work.bits, 1);
	/* nothing was stored by what was asked */
	assert_int_equal(poll_mailbox(w, &r, 0), ANSWER_OK);
	assert_int_equal(w->answer.mailbox.count, r.talk);
	/* everybody is asked the same meanwhile, and nobody for long */
	draft(w, &other, &d);
	assert_int_equal(sent(w, &d), ANSWER_WORK);
	w->now += 130;
	assert_int_equal(sent(w, &d), ANSWER_STORED);
}

/* What a poll says of it holds for whatever comes next, so that filing
 * something is no exchange more than looking. */
static void
test_a_poll_asks_ahead_whosever_mailbox_it_is(void **state)
{
	struct world *w = *state;
	CLEAN_DRAFT struct draft said = { 0 }, filed = { 0 };
	struct answer_work of_mine, of_nobody;
	struct reporter r, nobody, new;
	size_t n;

	reporter_new(&r, 1);
	reporter_new(&nobody, 2);
	reporter_new(&new, 3);
	(void)flood(w, &r);
	assert_int_equal(asked_ahead(w, &r), 1);
	of_mine = w->answer.mailbox.ahead;
	n = w->answer.length;
	assert_int_equal(asked_ahead(w, &nobody), 1);
	of_nobody = w->answer.mailbox.ahead;
	/* one digit less of a count */
	assert_int_equal(w->answer.length, n - 1);
	assert_memory_not_equal(of_mine.challenge, of_nobody.challenge,
	    sizeof(of_mine.challenge));
	draft(w, &r, &said);
	assert_int_equal(worked(w, &said.request, &of_nobody), ANSWER_OK);
	assert_int_equal(w->answer.kind, ANSWER_STORED);
	draft_concern(w, &new, guardians, 2, &filed);
	assert_int_equal(worked(w, &filed.request, &of_mine), ANSWER_OK);
	assert_int_equal(w->answer.kind, ANSWER_STORED);
}

/* A poll brings its work along, and spends none of it. */
static void
test_a_poll_with_work_is_a_poll(void **state)
{
	struct world *w = *state;
	struct bundle_request q = { .kind = REQUEST_POLL };
	CLEAN_DRAFT struct draft d = { 0 };
	struct answer_work asked;
	struct reporter r;

	reporter_new(&r, 1);
	(void)flood(w, &r);
	asked = w->answer.work;
	memcpy(q.poll.token, r.keys.token, sizeof(q.poll.token));
	assert_int_equal(worked(w, &q, &asked), ANSWER_OK);
	assert_int_equal(w->answer.kind, ANSWER_MAILBOX);
	draft(w, &r, &d);
	assert_int_equal(worked(w, &d.request, &asked), ANSWER_OK);
	assert_int_equal(w->answer.kind, ANSWER_STORED);
}

/* --- what work counts for --- */

static void
test_a_case_that_does_not_exist_asks_as_one_that_does(void **state)
{
	struct world *w = *state;
	CLEAN_DRAFT struct draft unknown = { 0 }, forged = { 0 }, d = { 0 };
	struct reporter r, nobody;
	struct answer_work asked;
	uint8_t *c;

	reporter_new(&r, 1);
	reporter_new(&nobody, 2);
	(void)flood(w, &r);
	asked = w->answer.work;
	nobody.talk = r.talk;
	memcpy(nobody.head, r.head, LINK_LEN);
	draft(w, &nobody, &unknown);
	assert_int_equal(sent(w, &unknown), ANSWER_WORK);
	assert_int_equal(w->answer.work.bits, asked.bits);
	/* of a case that is there, and not by its reporter */
	draft(w, &r, &forged);
	c = &forged.entry.p[forged.entry.n - 10];
	*c = *c == 'A' ? 'B' : 'A';
	assert_int_equal(sent(w, &forged), ANSWER_WORK);
	assert_int_equal(w->answer.work.bits, asked.bits);
	/* with it neither is told more than the other, and none is spent */
	assert_int_equal(worked(w, &unknown.request, &asked), ANSWER_UNKNOWN);
	assert_int_equal(worked(w, &forged.request, &asked), ANSWER_UNKNOWN);
	draft(w, &r, &d);
	assert_int_equal(worked(w, &d.request, &asked), ANSWER_OK);
	assert_int_equal(w->answer.kind, ANSWER_STORED);
}

static void
test_work_is_spent_on_one_follow_up(void **state)
{
	struct world *w = *state;
	CLEAN_DRAFT struct draft d = { 0 }, next = { 0 }, late = { 0 };
	struct answer_work asked, other;
	struct reporter r, before;

	reporter_new(&r, 1);
	(void)flood(w, &r);
	asked = w->answer.work;
	before = r;
	/* somebody wrote first: it is signed again, and worked once */
	before.talk--;
	draft(w, &before, &late);
	assert_int_equal(worked(w, &late.request, &asked), ANSWER_CONFLICT);
	draft(w, &r, &d);
	assert_int_equal(worked(w, &d.request, &asked), ANSWER_OK);
	assert_int_equal(w->answer.kind, ANSWER_STORED);
	/* the answer was lost: again, with it and without */
	assert_int_equal(worked(w, &d.request, &asked), ANSWER_OK);
	assert_int_equal(w->answer.kind, ANSWER_STORED);
	assert_int_equal(sent(w, &d), ANSWER_STORED);
	memcpy(r.head, d.link, LINK_LEN);
	r.talk++;
	draft(w, &r, &next);
	assert_int_equal(worked(w, &next.request, &asked), ANSWER_OK);
	assert_int_equal(w->answer.kind, ANSWER_WORK);
	/* nor does one count that the vault never gave */
	other = w->answer.work;
	other.challenge[WORK_CHALLENGE_LEN - 1] ^= 1;
	assert_int_equal(worked(w, &next.request, &other), ANSWER_OK);
	assert_int_equal(w->answer.kind, ANSWER_WORK);
	assert_int_equal(worked(w, &next.request, &w->answer.work), ANSWER_OK);
	assert_int_equal(w->answer.kind, ANSWER_STORED);
}

/* Nobody is kept from taking back what they said. */
static void
test_withdrawing_needs_no_work(void **state)
{
	struct world *w = *state;
	struct reporter r;

	reporter_new(&r, 1);
	(void)flood(w, &r);
	post_ok(w, &r, MESSAGE_WITHDRAW, PERSON_REPORTER, NULL, 0);
}

/* --- the guardian's time --- */

static const struct entry dismiss = { .kind = MESSAGE_DISMISS,
	.author = GUARDIAN };

/* What was set aside and is brought back waits as what is new does, and since
 * when it came back. */
static void
test_concerns_brought_back_are_backlog(void **state)
{
	struct world *w = *state;
	struct reporter r[17], new;

	w->config.quiet = 1; /* sixteen waiting ones are quiet */
	world_restart(w);
	for (uint8_t i = 0; i < 17; i++, w->now += 200) {
		reporter_new(&r[i], (uint8_t)(i + 1));
		file_concern_of(w, &r[i]);
	}
	reporter_new(&new, 18);
	assert_int_equal(asked_ahead(w, &new), 1);
	assert_int_equal(login(w, GUARDIAN), ANSWER_OK);
	for (size_t i = 0; i < 17; i++)
		entry_ok(w, &r[i], &dismiss, NULL, 0);
	assert_int_equal(asked_ahead(w, &new), 0);
	w->now += 9 * DAY_SECONDS;
	for (size_t i = 0; i < 17; i++, w->now += 200) {
		assert_int_equal(asked_ahead(w, &new), 0);
		say_ok(w, &r[i]);
	}
	assert_int_equal(asked_ahead(w, &new), 1);
	/* and no more than once each, however much they write */
	assert_int_equal(login(w, GUARDIAN), ANSWER_OK);
	for (size_t i = 0; i < 2; i++)
		post_ok(w, &r[i], MESSAGE_ACK, GUARDIAN, NULL, 0);
	for (size_t i = 2; i < 8; i++, w->now += 200)
		say_ok(w, &r[i]);
	assert_int_equal(asked_ahead(w, &new), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define WORLD_TEST(f) cmocka_unit_test_setup_teardown(f, setup, world_teardown)
		WORLD_TEST(test_quiet_times_ask_for_nothing),
		WORLD_TEST(
		    test_a_flood_of_follow_ups_asks_for_work_as_one_of_concerns),
		WORLD_TEST(test_a_poll_asks_ahead_whosever_mailbox_it_is),
		WORLD_TEST(test_a_poll_with_work_is_a_poll),
		WORLD_TEST(
		    test_a_case_that_does_not_exist_asks_as_one_that_does),
		WORLD_TEST(test_work_is_spent_on_one_follow_up),
		WORLD_TEST(test_withdrawing_needs_no_work),
		WORLD_TEST(test_concerns_brought_back_are_backlog),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
