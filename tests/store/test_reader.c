#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "tests/store/kit.h"

/* What people are to a case, and envelopes that come after their message. */

#define RELEASED (READER_MEMBER | READER_RELEASED)

static void
check_clean(struct kit *k)
{
	k->s = store_close(k->s);
	assert_int_equal(kit_findings(k), 0);
	kit_open(k);
}

static enum err
envelope_of(struct store *s, uint32_t seq, uint16_t person, struct buf *out)
{
	uint8_t id[STORE_CASE_ID_LEN];
	struct store_view *v;
	enum err e;

	kit_id(0, id);
	assert_int_equal(store_view_open(s, id, &v), ERR_OK);
	buf_reset(out);
	e = view_envelope(v, STORE_TALK, seq, person, out);
	store_view_close(v);
	return e;
}

/* One step of a test, as a batch of its own. */
struct step {
	enum { PUT, DROP, AHEAD, SETTLE, FORGET, MARKS } what;
	uint32_t n; /* case */
	uint16_t person;
	uint8_t access;
	uint32_t seq;
	const char *text;
	struct store_marks marks;
};

static enum err
step_batch(struct store_txn *txn, void *ctx)
{
	const struct step *s = ctx;
	struct store_envelope e = { .person = s->person };
	uint8_t id[STORE_CASE_ID_LEN];

	kit_id(s->n, id);
	switch (s->what) {
	case PUT:
		return txn_reader_put(txn, id, s->person, s->access);
	case DROP:
		return txn_reader_drop(txn, id, s->person);
	case AHEAD:
		e.header = BYTES((const uint8_t *)s->text, strlen(s->text));
		return txn_envelope_put(txn, id, STORE_TALK, s->seq, &e);
	case SETTLE:
		return txn_envelopes_settle(txn, id, s->person);
	case FORGET:
		return txn_envelopes_forget(txn, id, s->person);
	case MARKS:
		return txn_marks_set(txn, id, &s->marks);
	}
	return ERR_SYNTAX;
}

static enum err
take(struct kit *k, struct step s)
{
	return store_run(k->s, step_batch, &s);
}

static enum err
put(struct kit *k, uint16_t person, unsigned access)
{
	return take(k,
	    (struct step){
		.what = PUT, .person = person, .access = (uint8_t)access });
}

static enum err
ahead(struct kit *k, uint16_t person, uint32_t seq, const char *text)
{
	return take(k,
	    (struct step){
		.what = AHEAD, .person = person, .seq = seq, .text = text });
}

static enum err
settle(struct kit *k, uint16_t person)
{
	return take(k, (struct step){ .what = SETTLE, .person = person });
}

static enum err
forget(struct kit *k, uint16_t person)
{
	return take(k, (struct step){ .what = FORGET, .person = person });
}

static enum err
drop(struct kit *k, uint16_t person)
{
	return take(k, (struct step){ .what = DROP, .person = person });
}

static void
test_access_bits_that_contradict_each_other_are_refused(void **state)
{
	static const unsigned bad[] = { 0, READER_RELEASED, READER_GIVEN,
		READER_PENDING | READER_MEMBER,
		READER_PENDING | READER_RELEASED, READER_TELL | READER_RELEASED,
		READER_TOLD << 1 };
	static const unsigned good[] = { READER_MEMBER, RELEASED,
		RELEASED | READER_GIVEN, READER_PENDING, READER_TELL,
		READER_TELL | READER_TOLD, READER_PENDING | READER_TELL,
		READER_MEMBER | READER_TELL };
	struct kit *k = *state;

	assert_int_equal(kit_add_many(k->s, 0, 1), ERR_OK);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(put(k, 30, bad[i]), ERR_LIMIT);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(put(k, 30, good[i]), ERR_OK);
	check_clean(k);
}

static void
test_whoever_is_only_told_has_no_envelope(void **state)
{
	CLEAN_BUF struct buf b = BUF_INIT(4096);
	struct kit *k = *state;

	assert_int_equal(kit_add_many(k->s, 0, 1), ERR_OK);
	assert_int_equal(put(k, 30, READER_TELL | READER_TOLD), ERR_OK);
	assert_int_equal(ahead(k, 30, 0, "an envelope"), ERR_DENIED);
	assert_int_equal(envelope_of(k->s, 0, 30, &b), ERR_DENIED);
	/* and nobody becomes so who has some */
	assert_int_equal(put(k, 10, READER_TELL), ERR_LIMIT);
	assert_int_equal(envelope_of(k->s, 0, 10, &b), ERR_OK);
	assert_int_equal(kit_rows(k->s, 30), 0);
	check_clean(k);
}

static void
test_envelopes_sent_ahead_are_given_once_settled(void **state)
{
	CLEAN_BUF struct buf b = BUF_INIT(4096);
	struct kit *k = *state;

	assert_int_equal(kit_add_many(k->s, 0, 1), ERR_OK);
	assert_int_equal(ahead(k, 20, 0, "for twenty"), ERR_DENIED);
	assert_int_equal(put(k, 20, READER_PENDING), ERR_OK);
	assert_int_equal(ahead(k, 20, 1, "for twenty"), ERR_NOT_FOUND);
	assert_int_equal(ahead(k, 20, 0, "for twenty"), ERR_OK);
	assert_int_equal(ahead(k, 20, 0, "for twenty"), ERR_OK);
	assert_int_equal(ahead(k, 20, 0, "another"), ERR_EXISTS);
	assert_int_equal(envelope_of(k->s, 0, 20, &b), ERR_DENIED);
	/* released by other means, it is still nothing that was given */
	assert_int_equal(put(k, 20, RELEASED), ERR_OK);
	assert_int_equal(envelope_of(k->s, 0, 20, &b), ERR_NOT_FOUND);
	kit_reopen(k);
	assert_int_equal(envelope_of(k->s, 0, 20, &b), ERR_NOT_FOUND);
	assert_int_equal(settle(k, 20), ERR_OK);
	assert_int_equal(envelope_of(k->s, 0, 20, &b), ERR_OK);
	assert_memory_equal(b.p, "for twenty", b.n);
	assert_int_equal(forget(k, 20), ERR_OK);
	assert_int_equal(envelope_of(k->s, 0, 20, &b), ERR_OK);
	assert_int_equal(settle(k, 77), ERR_NOT_FOUND);
	assert_true(kit_is_whole(k->s, 0, 1));
	check_clean(k);
}

static void
test_forgetting_deletes_what_was_sent_ahead_only(void **state)
{
	CLEAN_BUF struct buf b = BUF_INIT(4096);
	struct kit *k = *state;

	assert_int_equal(kit_add_many(k->s, 0, 1), ERR_OK);
	assert_int_equal(put(k, 20, READER_PENDING), ERR_OK);
	assert_int_equal(ahead(k, 20, 0, "for twenty"), ERR_OK);
	assert_int_equal(forget(k, 20), ERR_OK);
	assert_int_equal(ahead(k, 20, 0, "another"), ERR_OK);
	assert_int_equal(forget(k, 10), ERR_OK);
	assert_int_equal(envelope_of(k->s, 0, 10, &b), ERR_OK);
	assert_int_equal(drop(k, 20), ERR_OK);
	check_clean(k);
}

/* --- what somebody has --- */

struct seen {
	size_t n;
	uint32_t seq[4];
	enum store_chain chain[4];
	size_t length[4];
	bool is_ahead[4];
};

static enum err
found(void *ctx, enum store_chain chain, uint32_t seq, bool is_ahead,
    struct bytes header)
{
	struct seen *s = ctx;

	assert_true(s->n < 4);
	s->seq[s->n] = seq;
	s->chain[s->n] = chain;
	s->is_ahead[s->n] = is_ahead;
	s->length[s->n++] = header.n;
	return ERR_OK;
}

static enum err
visit_batch(struct store_txn *txn, void *ctx)
{
	uint8_t id[STORE_CASE_ID_LEN];

	kit_id(0, id);
	return txn_envelopes_visit(txn, id, 20, found, ctx);
}

static enum err
append_both(struct store_txn *txn, void *ctx)
{
	static const uint8_t zeros[LINK_LEN];
	uint8_t id[STORE_CASE_ID_LEN];
	struct kit_message *m = ctx;

	kit_id(0, id);
	kit_message(0, 9, m);
	m->m.chain = STORE_STAFF;
	m->m.author = 10;
	m->envelope[1].person = 20;
	assert_int_equal(txn_append(txn, id, zeros, &m->m), ERR_OK);
	return kit_append(txn, 0, 1);
}

static void
test_all_that_a_person_has_comes_talk_first_by_place(void **state)
{
	static struct kit_message m;
	struct kit *k = *state;
	struct seen seen = { 0 };

	assert_int_equal(kit_add_many(k->s, 0, 1), ERR_OK);
	assert_int_equal(put(k, 20, RELEASED), ERR_OK);
	assert_int_equal(store_run(k->s, append_both, &m), ERR_OK);
	assert_int_equal(ahead(k, 20, 1, "one"), ERR_OK);
	assert_int_equal(ahead(k, 20, 0, "zero"), ERR_OK);
	assert_int_equal(store_run(k->s, visit_batch, &seen), ERR_OK);
	assert_int_equal(seen.n, 3);
	assert_int_equal(seen.chain[0], STORE_TALK);
	assert_int_equal(seen.seq[0], 0);
	assert_int_equal(seen.length[0], strlen("zero"));
	assert_int_equal(seen.seq[1], 1);
	assert_int_equal(seen.length[1], strlen("one"));
	assert_int_equal(seen.chain[2], STORE_STAFF);
	assert_int_equal(seen.length[2], KIT_ENVELOPE);
	assert_true(seen.is_ahead[0] && seen.is_ahead[1]);
	assert_false(seen.is_ahead[2]);
	check_clean(k);
}

/* --- counters and versions --- */

static struct store_queue_counts
counts(struct kit *k, uint16_t person)
{
	struct store_queue_counts c;

	store_queue_counts(k->s, person, &c);
	return c;
}

static void
test_counters_follow_what_a_reader_is_and_how_a_case_stands(void **state)
{
	struct kit *k = *state;
	struct step s = { .what = MARKS, .n = 1, .marks = { .band = 2 } };

	assert_int_equal(kit_add_many(k->s, 0, 3), ERR_OK);
	assert_int_equal(counts(k, 10).open, 3);
	assert_int_equal(counts(k, 10).breached, 0);
	s.marks.breached = true;
	assert_int_equal(take(k, s), ERR_OK);
	assert_int_equal(counts(k, 10).breached, 1);
	assert_int_equal(counts(k, 12).breached, 0);
	s.marks.closed = true;
	assert_int_equal(take(k, s), ERR_OK);
	assert_int_equal(counts(k, 10).breached, 0);
	assert_int_equal(counts(k, 10).open, 2);
	assert_int_equal(counts(k, 10).all, 3);
	assert_int_equal(put(k, 20, RELEASED | READER_GIVEN), ERR_OK);
	assert_int_equal(counts(k, 20).given, 1);
	assert_int_equal(drop(k, 20), ERR_OK);
	assert_int_equal(counts(k, 20).given, 0);
	assert_int_equal(counts(k, 20).all, 0);
}

static void
test_told_counts_by_route_until_the_person_may_read(void **state)
{
	struct kit *k = *state;
	struct store_told told[4];
	size_t n;

	/* routes 0, 1, 2 and, for case 7, 0 again */
	assert_int_equal(kit_add_many(k->s, 0, 8), ERR_OK);
	for (uint32_t i = 0; i < 8; i += 7)
		assert_int_equal(take(k,
				     (struct step){ .what = PUT,
					 .n = i,
					 .person = 30,
					 .access = READER_TELL | READER_TOLD }),
		    ERR_OK);
	assert_int_equal(take(k,
			     (struct step){ .what = PUT,
				 .n = 2,
				 .person = 30,
				 .access = READER_TELL | READER_TOLD }),
	    ERR_OK);
	store_told(k->s, 30, told, 4, &n);
	assert_int_equal(n, 2);
	assert_int_equal(told[0].route, 0);
	assert_int_equal(told[0].count, 2);
	assert_int_equal(told[1].route, 2);
	assert_int_equal(told[1].count, 1);
	assert_int_equal(put(k, 30, RELEASED | READER_TELL | READER_TOLD),
	    ERR_OK);
	store_told(k->s, 30, told, 4, &n);
	assert_int_equal(told[0].count, 1);
	store_told(k->s, 10, told, 4, &n);
	assert_int_equal(n, 0);
}

static void
test_a_version_counts_its_own_persons_changes_alone(void **state)
{
	struct kit *k = *state;
	struct step s = { .what = MARKS, .marks = { .band = 3 } };
	uint64_t v10, v12, v30;

	assert_int_equal(kit_add_many(k->s, 0, 1), ERR_OK);
	assert_int_equal(put(k, 30, READER_TELL | READER_TOLD), ERR_OK);
	v10 = store_queue_version(k->s, 10);
	v12 = store_queue_version(k->s, 12);
	v30 = store_queue_version(k->s, 30);
	assert_int_equal(v12, store_queue_version(k->s, 99));
	assert_int_equal(take(k, s), ERR_OK);
	assert_true(store_queue_version(k->s, 10) != v10);
	/* 12 is kept back, and 30 sees no more than that it is overdue */
	assert_int_equal(store_queue_version(k->s, 12), v12);
	assert_int_equal(store_queue_version(k->s, 30), v30);
	assert_int_equal(put(k, 30, READER_TELL), ERR_OK);
	assert_true(store_queue_version(k->s, 30) != v30);
	v10 = store_queue_version(k->s, 10);
	assert_int_equal(drop(k, 10), ERR_OK);
	assert_true(store_queue_version(k->s, 10) != v10);
}

#define T(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_access_bits_that_contradict_each_other_are_refused),
		T(test_whoever_is_only_told_has_no_envelope),
		T(test_envelopes_sent_ahead_are_given_once_settled),
		T(test_forgetting_deletes_what_was_sent_ahead_only),
		T(test_all_that_a_person_has_comes_talk_first_by_place),
		T(test_counters_follow_what_a_reader_is_and_how_a_case_stands),
		T(test_told_counts_by_route_until_the_person_may_read),
		T(test_a_version_counts_its_own_persons_changes_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
