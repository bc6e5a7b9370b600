#include "tests/daemon/vault_outsider.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/*
 * Who is to read gets the envelopes of all that was written, at once or not at
 * all, and whoever made room for them reads nothing more.
 */

#define LONG_CASE 200

static const uint16_t guardians[] = { GUARDIAN, SECOND_GUARDIAN };

/* --- what the tests begin with --- */

/* A case of n messages in both chains, each sealed to both guardians. */
static void
a_case(struct world *w, struct reporter *r, unsigned n)
{
	static const uint16_t all[] = { GUARDIAN, SECOND_GUARDIAN, EXECUTIVE,
		CHIEF, NED_LEAD, CHAIR, INVESTIGATOR, SECOND_INVESTIGATOR,
		ADVISER, DIRECTOR, DEPUTY };

	world_fresh(w);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		assert_int_equal(ANSWER_OK, login(w, all[i]));
	reporter_new(r, 1);
	file_concern_of(w, r);
	post_ok(w, r, MESSAGE_ACK, GUARDIAN, NULL, 0);
	for (unsigned i = 2; i < n; i++)
		post_ok(w, r, i % 3 == 0 ? MESSAGE_NOTE : MESSAGE_REPLY,
		    guardians[i % 2], guardians, 2);
	assert_int_equal(n, r->talk + r->staff);
}

/* Names `person`, with the digest of what was sent. */
static struct entry
naming(enum message_kind kind, uint16_t author, uint16_t from, uint16_t person,
    const struct sent *sent)
{
	struct entry e = entry_of(kind, author);

	if (from != 0)
		e.from = from;
	e.person = person;
	sent_digest(sent, e.grants);
	return e;
}

/* Every message that has content opens for them; how many those are. */
static unsigned
reads_all(struct world *w, const struct reporter *r, uint16_t person,
    enum chain chain)
{
	const uint32_t count = chain == CHAIN_TALK ? r->talk : r->staff;
	unsigned opened = 0;
	uint32_t at = 0;

	while (at < count) {
		const struct answer_heads *h = &w->answer.open.heads;
		struct entry e;

		assert_int_equal(ANSWER_OK, open_case(w, person, r, chain, at));
		for (size_t i = 0; i < h->n; i++, at++) {
			if (entry_parse(h->at[i].head, &e) != ERR_OK)
				e.author = PERSON_REPORTER; /* the concern */
			else if (!entry_has_content(&e))
				continue;
			assert_opens_granted(w, &h->at[i], r, person, e.author);
			opened++;
		}
	}
	return opened;
}

/* --- handing over --- */

static void
test_a_successor_reads_all_of_a_long_case_and_who_left_nothing(void **state)
{
	static struct sent sent;
	struct world *w = *state;
	struct reporter r;
	struct entry e;

	a_case(w, &r, LONG_CASE);
	memset(&sent, 0, sizeof(sent));
	assert_int_equal(ANSWER_OK,
	    send_ahead(w, &r, GUARDIAN, DEPUTY, SIZE_MAX, true, &sent));
	assert_int_equal(LONG_CASE - 1, sent.n);
	/* all of it is there, and nothing of it is given */
	assert_sees_nothing(w, DEPUTY, &r);
	world_restart(w);
	assert_int_equal(ANSWER_OK, login(w, GUARDIAN));
	assert_int_equal(ANSWER_OK, login(w, DEPUTY));
	assert_sees_nothing(w, DEPUTY, &r);
	assert_int_equal(READER_PENDING, access_now(w, &r, DEPUTY));
	e = naming(MESSAGE_HANDOVER, GUARDIAN, 0, DEPUTY, &sent);
	entry_ok(w, &r, &e, NULL, 0);
	assert_int_equal(RELEASED, access_now(w, &r, DEPUTY));
	assert_int_equal(LONG_CASE - 1,
	    reads_all(w, &r, DEPUTY, CHAIN_TALK) +
		reads_all(w, &r, DEPUTY, CHAIN_STAFF));
	assert_sees_nothing(w, GUARDIAN, &r);
	world_check_store(w, UINT64_MAX);
	world_restart(w);
}

static void
test_a_place_goes_over_as_it_is(void **state)
{
	struct world *w = *state;
	static const struct sent none;
	struct reporter r;
	struct entry e;

	a_case(w, &r, 3);
	stage_access(w, &r, INVESTIGATOR, GIVEN);
	/* somebody else's place: not by whoever only has a part */
	e = naming(MESSAGE_HANDOVER, INVESTIGATOR, GUARDIAN, ADVISER, &none);
	assert_int_equal(ANSWER_DENIED, try_entry(w, &r, &e, NULL, 0));
	e = naming(MESSAGE_HANDOVER, INVESTIGATOR, 0, SECOND_INVESTIGATOR,
	    &none);
	entry_ok(w, &r, &e, NULL, 0);
	assert_int_equal(0, access_now(w, &r, INVESTIGATOR));
	assert_int_equal(GIVEN, access_now(w, &r, SECOND_INVESTIGATOR));
	/* by a handler, for somebody who is away; of a rung to come */
	e = naming(MESSAGE_HANDOVER, GUARDIAN, SECOND_INVESTIGATOR, ADVISER,
	    &none);
	entry_ok(w, &r, &e, NULL, 0);
	assert_int_equal(GIVEN, access_now(w, &r, ADVISER));
	assert_int_equal(READER_MEMBER, access_now(w, &r, EXECUTIVE));
	e = naming(MESSAGE_HANDOVER, GUARDIAN, EXECUTIVE, DIRECTOR, &none);
	entry_ok(w, &r, &e, NULL, 0);
	assert_int_equal(READER_MEMBER, access_now(w, &r, DIRECTOR));
	assert_sees_nothing(w, DIRECTOR, &r);
	/* a place that nobody has */
	e = naming(MESSAGE_HANDOVER, GUARDIAN, CHIEF, DEPUTY, &none);
	assert_int_equal(ANSWER_BAD_BUNDLE, try_entry(w, &r, &e, NULL, 0));
}

/* --- what is missing --- */

static void
test_all_envelopes_that_are_meant_are_there_or_nothing_changes(void **state)
{
	static struct sent all, some;
	struct world *w = *state;
	struct reporter r;
	struct entry e;

	a_case(w, &r, 12);
	memset(&all, 0, sizeof(all));
	memset(&some, 0, sizeof(some));
	assert_int_equal(ANSWER_OK,
	    send_ahead(w, &r, GUARDIAN, DEPUTY, 5, true, &some));
	/* one is missing, one is another */
	some.n--;
	e = naming(MESSAGE_ASSIGN, GUARDIAN, 0, DEPUTY, &some);
	assert_int_equal(ANSWER_INCOMPLETE, try_entry(w, &r, &e, NULL, 0));
	some.n++;
	some.at[2].envelope[0] ^= 1;
	e = naming(MESSAGE_ASSIGN, GUARDIAN, 0, DEPUTY, &some);
	assert_int_equal(ANSWER_INCOMPLETE, try_entry(w, &r, &e, NULL, 0));
	assert_sees_nothing(w, DEPUTY, &r);
	assert_int_equal(READER_PENDING, access_now(w, &r, DEPUTY));
	/* others than those that were sent before: begin anew */
	assert_int_equal(ANSWER_EXISTS,
	    send_ahead(w, &r, SECOND_GUARDIAN, DEPUTY, SIZE_MAX, false, &all));
	memset(&all, 0, sizeof(all));
	assert_int_equal(ANSWER_OK,
	    send_ahead(w, &r, SECOND_GUARDIAN, DEPUTY, SIZE_MAX, true, &all));
	e = naming(MESSAGE_ASSIGN, SECOND_GUARDIAN, 0, DEPUTY, &all);
	entry_ok(w, &r, &e, NULL, 0);
	assert_int_equal(GIVEN, access_now(w, &r, DEPUTY));
	assert_int_equal(11,
	    reads_all(w, &r, DEPUTY, CHAIN_TALK) +
		reads_all(w, &r, DEPUTY, CHAIN_STAFF));
}

static void
test_envelopes_that_do_not_fit_are_refused(void **state)
{
	static struct sent sent;
	struct world *w = *state;
	struct bundle_request q = { .kind = REQUEST_ENVELOPES };
	struct reporter r;

	a_case(w, &r, 3);
	memcpy(q.envelopes.session, w->person[GUARDIAN].session,
	    BUNDLE_SESSION_LEN);
	memcpy(q.envelopes.case_id, r.keys.case_id, CASE_ID_LEN);
	q.envelopes.person = DEPUTY;
	q.envelopes.n = 1;
	q.envelopes.at[0].envelope = BYTES_LIT("age-encryption.org/v1\n");
	assert_int_equal(ANSWER_BAD_BUNDLE, world_request(w, &q));
	assert_int_equal(0, access_now(w, &r, DEPUTY));
	/* nobody of the policy's */
	memset(&sent, 0, sizeof(sent));
	q.envelopes.person = 999;
	assert_int_equal(ANSWER_BAD_BUNDLE, world_request(w, &q));
	/* of a message that is not there: with it, all that came along */
	assert_int_equal(ANSWER_OK, open_case(w, GUARDIAN, &r, CHAIN_TALK, 0));
	{
		CLEAN_BUF struct buf own = BUF_INIT(AGE_HEADER_MAX);

		buf_put_bytes(&own, w->answer.open.heads.at[0].envelope);
		q.envelopes.person = DEPUTY;
		q.envelopes.n = 2;
		q.envelopes.at[0].envelope = buf_bytes(&own);
		q.envelopes.at[1] = q.envelopes.at[0];
		q.envelopes.at[1].seq = 77;
		assert_int_equal(ANSWER_UNKNOWN, world_request(w, &q));
	}
	assert_int_equal(0, access_now(w, &r, DEPUTY));
}

/* --- nothing is given --- */

/* All that they have of the case opens for them, and it is so many. */
static void
assert_reads(struct world *w, const struct reporter *r, uint16_t person,
    unsigned n)
{
	assert_int_equal(n,
	    reads_all(w, r, person, CHAIN_TALK) +
		reads_all(w, r, person, CHAIN_STAFF));
}

static void
test_who_is_given_nothing_keeps_what_is_theirs(void **state)
{
	static const struct sent none;
	static struct sent sent;
	struct world *w = *state;
	struct reporter r;
	struct entry e;

	a_case(w, &r, 12);
	/* by their own envelopes, which nobody needs to know */
	e = naming(MESSAGE_ASSIGN, GUARDIAN, 0, SECOND_GUARDIAN, &none);
	entry_ok(w, &r, &e, NULL, 0);
	assert_reads(w, &r, SECOND_GUARDIAN, 11);
	/* by an entry that gave them something */
	memset(&sent, 0, sizeof(sent));
	assert_int_equal(ANSWER_OK,
	    send_ahead(w, &r, GUARDIAN, DEPUTY, SIZE_MAX, true, &sent));
	e = naming(MESSAGE_ASSIGN, GUARDIAN, 0, DEPUTY, &sent);
	entry_ok(w, &r, &e, NULL, 0);
	e = naming(MESSAGE_GRANT, GUARDIAN, 0, DEPUTY, &none);
	entry_ok(w, &r, &e, NULL, 0);
	assert_reads(w, &r, DEPUTY, 11);
	e = naming(MESSAGE_HANDOVER, GUARDIAN, 0, SECOND_GUARDIAN, &none);
	entry_ok(w, &r, &e, NULL, 0);
	assert_reads(w, &r, SECOND_GUARDIAN, 11);
	assert_sees_nothing(w, GUARDIAN, &r);
}

static void
test_what_was_sent_ahead_and_never_named_is_forgotten(void **state)
{
	static const struct sent none;
	static struct sent sent;
	struct world *w = *state;
	struct reporter r;
	struct entry e;

	a_case(w, &r, 12);
	memset(&sent, 0, sizeof(sent));
	assert_int_equal(ANSWER_OK,
	    send_ahead(w, &r, GUARDIAN, DEPUTY, 5, true, &sent));
	e = naming(MESSAGE_ASSIGN, GUARDIAN, 0, DEPUTY, &none);
	entry_ok(w, &r, &e, NULL, 0);
	assert_int_equal(GIVEN, access_now(w, &r, DEPUTY));
	assert_int_equal(ANSWER_OK, open_case(w, DEPUTY, &r, CHAIN_TALK, 0));
	for (size_t i = 0; i < w->answer.open.heads.n; i++)
		assert_int_equal(0, w->answer.open.heads.at[i].envelope.n);
	/* none of them is in the way of others */
	memset(&sent, 0, sizeof(sent));
	assert_int_equal(ANSWER_OK,
	    send_ahead(w, &r, GUARDIAN, DEPUTY, SIZE_MAX, false, &sent));
	e = naming(MESSAGE_GRANT, GUARDIAN, 0, DEPUTY, &sent);
	entry_ok(w, &r, &e, NULL, 0);
	assert_reads(w, &r, DEPUTY, 11);
}

/* What they are given of one chain. */
static void
theirs_of(struct world *w, const struct reporter *r, uint16_t person,
    enum chain chain, struct sent *ret)
{
	const uint32_t count = chain == CHAIN_TALK ? r->talk : r->staff;
	const struct answer_heads *h = &w->answer.open.heads;

	for (uint32_t at = 0; at < count;) {
		assert_int_equal(ANSWER_OK, open_case(w, person, r, chain, at));
		for (size_t i = 0; i < h->n; i++, at++) {
			struct grant *g = &ret->at[ret->n];

			if (h->at[i].envelope.n == 0)
				continue;
			g->chain = chain;
			g->seq = h->at[i].seq;
			assert_int_equal(ERR_OK,
			    sha256(h->at[i].envelope, g->envelope));
			ret->n++;
		}
	}
}

static void
theirs(struct world *w, const struct reporter *r, uint16_t person,
    struct sent *ret)
{
	memset(ret, 0, sizeof(*ret));
	theirs_of(w, r, person, CHAIN_TALK, ret);
	theirs_of(w, r, person, CHAIN_STAFF, ret);
}

/* By somebody who wants the next entry to fail: it opens nothing. */
static enum answer
junk_ahead(struct world *w, const struct reporter *r, uint16_t maker,
    uint16_t person, uint32_t seq)
{
	struct bundle_request q = { .kind = REQUEST_ENVELOPES };
	CLEAN_BUF struct buf junk = BUF_INIT(AGE_HEADER_MAX);
	const uint8_t file_key[AGE_FILE_KEY_LEN] = { 6 };

	assert_int_equal(ERR_OK,
	    age_header_seal(&w->env, file_key, &w->person[person].key, 1,
		&junk));
	memcpy(q.envelopes.session, w->person[maker].session,
	    BUNDLE_SESSION_LEN);
	memcpy(q.envelopes.case_id, r->keys.case_id, CASE_ID_LEN);
	q.envelopes.person = person;
	q.envelopes.is_fresh = true;
	q.envelopes.n = 1;
	q.envelopes.at[0] =
	    (struct bundle_grant){ CHAIN_STAFF, seq, buf_bytes(&junk) };
	return world_request(w, &q);
}

/* Whoever has nothing to send cannot clear it away, and need not: it counts for
 * nothing, and what they have is theirs. */
static void
test_what_another_sent_ahead_is_in_the_way_of_nobody(void **state)
{
	static const uint16_t alone[] = { GUARDIAN };
	static struct sent had, now;
	struct world *w = *state;
	struct reporter r;
	struct entry e;

	a_case(w, &r, 8);
	/* they lack this one; what is sent for them is not it */
	post_ok(w, &r, MESSAGE_NOTE, GUARDIAN, alone, 1);
	theirs(w, &r, SECOND_GUARDIAN, &had);
	assert_int_equal(7, had.n);
	assert_int_equal(ANSWER_OK,
	    junk_ahead(w, &r, GUARDIAN, SECOND_GUARDIAN, r.staff - 1));
	e = naming(MESSAGE_ASSIGN, SECOND_GUARDIAN, 0, SECOND_GUARDIAN, &had);
	entry_ok(w, &r, &e, NULL, 0);
	theirs(w, &r, SECOND_GUARDIAN, &now);
	assert_memory_equal(&had, &now, sizeof(now));
	/* it is gone, and its place is free for what is meant */
	assert_int_equal(ANSWER_OK,
	    junk_ahead(w, &r, GUARDIAN, SECOND_GUARDIAN, r.staff - 1));
	e = naming(MESSAGE_HANDOVER, GUARDIAN, 0, SECOND_GUARDIAN, &had);
	entry_ok(w, &r, &e, NULL, 0);
	theirs(w, &r, SECOND_GUARDIAN, &now);
	assert_memory_equal(&had, &now, sizeof(now));
	assert_sees_nothing(w, GUARDIAN, &r);
}

/* --- from now on --- */

static void
test_who_is_given_a_case_from_now_on_reads_what_comes(void **state)
{
	static const uint16_t to[] = { GUARDIAN, ADVISER };
	struct world *w = *state;
	static const struct sent none;
	struct reporter r;
	struct entry e;

	a_case(w, &r, 4);
	e = naming(MESSAGE_ASSIGN, GUARDIAN, 0, ADVISER, &none);
	entry_ok(w, &r, &e, NULL, 0);
	assert_int_equal(ANSWER_OK, open_case(w, ADVISER, &r, CHAIN_TALK, 0));
	for (size_t i = 0; i < w->answer.open.heads.n; i++)
		assert_int_equal(0, w->answer.open.heads.at[i].envelope.n);
	post_ok(w, &r, MESSAGE_REPLY, GUARDIAN, to, 2);
	assert_int_equal(ANSWER_OK,
	    open_case(w, ADVISER, &r, CHAIN_TALK, r.talk - 1));
	assert_opens(w, &w->answer.open.heads.at[0], &r, ADVISER, GUARDIAN);
	assert_int_equal(ANSWER_OK, queue(w, ADVISER, BYTES(NULL, 0), 5));
	assert_true(w->answer.queue.row[0].is_given);
}

/* --- another route --- */

static void
test_another_route_tells_others_and_gives_to_its_first(void **state)
{
	static struct sent sent;
	struct world *w = *state;
	struct entry e = entry_of(MESSAGE_ROUTE, GUARDIAN);
	struct reporter r;

	a_case(w, &r, 5);
	stage_access(w, &r, CHAIR, READER_TELL | READER_TOLD);
	assert_sees_nothing(w, NED_LEAD, &r);
	/* whom the new route does not tell */
	e.n_people = 1;
	e.people[0] = CHIEF;
	assert_int_equal(ANSWER_BAD_BUNDLE, try_entry(w, &r, &e, NULL, 0));
	/* one who may be told by it and reads by it too stays both */
	e.n_people = 2;
	e.people[0] = NED_LEAD;
	e.people[1] = 7;
	entry_ok(w, &r, &e, NULL, 0);
	assert_int_equal(READER_TELL, access_now(w, &r, 7));
	assert_int_equal(0, access_now(w, &r, CHAIR));
	assert_int_equal(RELEASED | READER_TELL, access_now(w, &r, NED_LEAD));
	assert_int_equal(RELEASED, access_now(w, &r, GUARDIAN));
	/* the chair is of its first people, and waits for envelopes */
	assert_sees_nothing(w, CHAIR, &r);
	memset(&sent, 0, sizeof(sent));
	assert_int_equal(ANSWER_OK,
	    send_ahead(w, &r, GUARDIAN, CHAIR, SIZE_MAX, true, &sent));
	e = naming(MESSAGE_GRANT, GUARDIAN, 0, CHAIR, &sent);
	entry_ok(w, &r, &e, NULL, 0);
	assert_int_equal(RELEASED, access_now(w, &r, CHAIR));
	assert_int_equal(4,
	    reads_all(w, &r, CHAIR, CHAIN_TALK) +
		reads_all(w, &r, CHAIR, CHAIN_STAFF));
	/* a grant makes nobody a reader */
	sent.n = 0;
	e = naming(MESSAGE_GRANT, GUARDIAN, 0, ADVISER, &sent);
	assert_int_equal(ANSWER_BAD_BUNDLE, try_entry(w, &r, &e, NULL, 0));
	assert_int_equal(ANSWER_OK, queue(w, GUARDIAN, BYTES(NULL, 0), 5));
	assert_int_equal(ROUTE_BOARD, w->answer.queue.row[0].route);
}

/* --- cut off --- */

#define KILLS 12
#define KILLS_MAX 60

/* The case goes to and fro until somebody ends this. */
static void
hand_to_and_fro(struct world *w, struct reporter *r)
{
	static struct sent sent;
	uint16_t has;

	world_restart(w);
	has = access_now(w, r, GUARDIAN) & READER_RELEASED ? GUARDIAN : DEPUTY;
	assert_int_equal(ANSWER_OK, login(w, GUARDIAN));
	assert_int_equal(ANSWER_OK, login(w, DEPUTY));
	for (;;) {
		uint16_t next = has == GUARDIAN ? DEPUTY : GUARDIAN;
		struct entry e;

		memset(&sent, 0, sizeof(sent));
		reporter_sync(w, r);
		assert_int_equal(ANSWER_OK,
		    send_ahead(w, r, has, next, SIZE_MAX, true, &sent));
		e = naming(MESSAGE_HANDOVER, has, 0, next, &sent);
		entry_ok(w, r, &e, NULL, 0);
		has = next;
	}
}

static void
killed_after(struct world *w, struct reporter *r, long ms)
{
	const struct timespec wait = { .tv_nsec = ms * 1000000 };
	int status = 0;
	pid_t pid;

	w->vault = vault_free(w->vault);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		hand_to_and_fro(w, r);
		_exit(1);
	}
	nanosleep(&wait, NULL);
	kill(pid, SIGKILL);
	assert_int_equal(pid, waitpid(pid, &status, 0));
	assert_true(WIFSIGNALED(status));
}

static void
test_whenever_it_is_killed_one_of_them_has_all_of_the_case(void **state)
{
	struct world *w = *state;
	struct reporter r;
	uint32_t talk;

	a_case(w, &r, 20);
	talk = r.talk;
	/* on a busy machine, until it went to and fro at all */
	for (long i = 0; i < KILLS || (r.talk == talk && i < KILLS_MAX); i++) {
		unsigned guardian, deputy;
		uint16_t has;

		killed_after(w, &r, 15 + 7 * i);
		world_restart(w);
		reporter_sync(w, &r);
		guardian = access_now(w, &r, GUARDIAN);
		deputy = access_now(w, &r, DEPUTY);
		has = guardian & READER_RELEASED ? GUARDIAN : DEPUTY;
		assert_int_equal(RELEASED, has == GUARDIAN ? guardian : deputy);
		assert_true((has == GUARDIAN ? deputy : guardian) == 0 ||
		    (has == GUARDIAN ? deputy : guardian) == READER_PENDING);
		assert_int_equal(ANSWER_OK, login(w, has));
		assert_int_equal(19,
		    reads_all(w, &r, has, CHAIN_TALK) +
			reads_all(w, &r, has, CHAIN_STAFF));
	}
	assert_true(r.talk > talk); /* it went to and fro */
	world_check_store(w, UINT64_MAX);
	world_restart(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_a_successor_reads_all_of_a_long_case_and_who_left_nothing),
		cmocka_unit_test(test_a_place_goes_over_as_it_is),
		cmocka_unit_test(
		    test_all_envelopes_that_are_meant_are_there_or_nothing_changes),
		cmocka_unit_test(test_envelopes_that_do_not_fit_are_refused),
		cmocka_unit_test(
		    test_who_is_given_nothing_keeps_what_is_theirs),
		cmocka_unit_test(
		    test_what_was_sent_ahead_and_never_named_is_forgotten),
		cmocka_unit_test(
		    test_what_another_sent_ahead_is_in_the_way_of_nobody),
		cmocka_unit_test(
		    test_who_is_given_a_case_from_now_on_reads_what_comes),
		cmocka_unit_test(
		    test_another_route_tells_others_and_gives_to_its_first),
		cmocka_unit_test(
		    test_whenever_it_is_killed_one_of_them_has_all_of_the_case),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
