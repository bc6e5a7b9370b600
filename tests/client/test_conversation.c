#include "tests/client/scene.h"

#include <stdlib.h>
#include <string.h>

/*
 * Every reader refuses what does not fit. Each case here begins as an honest
 * one; then one thing is bent.
 */

static const char *policy_yaml;

static void
test_honest_case_is_shown_to_every_reader(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s, policy_yaml);
	write_honest(&s, ALL);
	assert_int_equal(read_all(&s, GUARDIAN), REFUSAL_NONE);
	assert_int_equal(read_all(&s, SECOND), REFUSAL_NONE);
	s.n = TALK; /* a reporter is not given the staff's chain */
	assert_int_equal(read_all(&s, PERSON_REPORTER), REFUSAL_NONE);
	s.n = ALL;
	scene_end(&s);
}

static void
test_texts_and_readers_come_back(void **state)
{
	struct scene s;
	struct conversation *c;

	(void)state;
	scene_begin(&s, policy_yaml);
	write_honest(&s, TALK);
	c = reader_new(s.w, GUARDIAN, &s.known);
	for (uint32_t i = 0; i < TALK; i++)
		assert_int_equal(reader_take(c, &s.sent[i], i), REFUSAL_NONE);
	assert_int_equal(c->n_messages, TALK);
	assert_memory_equal(c->message[2]->text.p, "thank you", 9);
	assert_true(c->message[2]->is_policy_known);
	assert_true(c->message[0]->is_route_expected);
	assert_false(c->message[1]->is_readable);
	c = reader_free(c);
	scene_end(&s);
}

/* --- order --- */

static const struct {
	const char *what;
	int order[ALL];
	size_t n;
	enum refusal expected;
} orders[] = {
	{ "first dropped", { 1, 2, 3 }, 3, REFUSAL_HEAD },
	{ "acknowledgement dropped", { 0, 2, 3 }, 3, REFUSAL_REORDERED },
	{ "two swapped", { 0, 2, 1, 3 }, 4, REFUSAL_REORDERED },
	{ "one twice", { 0, 1, 1 }, 3, REFUSAL_REORDERED },
	{ "note before the concern", { 4, 0 }, 2, REFUSAL_NO_CONCERN },
	{ "last talk withheld from the note", { 0, 1, 2, 4 }, 4, REFUSAL_SEEN },
};

static void
test_dropped_and_reordered_messages_are_refused(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s, policy_yaml);
	write_honest(&s, ALL);
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		enum refusal r =
		    read_in_order(&s, GUARDIAN, orders[i].order, orders[i].n);

		if (r != orders[i].expected)
			fail_msg("%s: %s", orders[i].what, refusal_text(r));
	}
	scene_end(&s);
}

static void
test_gap_in_numbers_is_refused(void **state)
{
	struct scene s;
	struct conversation *c;

	(void)state;
	scene_begin(&s, policy_yaml);
	write_honest(&s, TALK);
	c = reader_new(s.w, GUARDIAN, &s.known);
	assert_int_equal(reader_take(c, &s.sent[0], 0), REFUSAL_NONE);
	assert_int_equal(reader_take(c, &s.sent[2], 2), REFUSAL_DROPPED);
	/* and nothing is taken afterwards */
	assert_int_equal(reader_take(c, &s.sent[1], 1), REFUSAL_DROPPED);
	c = reader_free(c);
	scene_end(&s);
}

/* --- one bent message behind an honest concern --- */

static void
other_route(struct manifest *m)
{
	m->route = 2;
}

static void
other_seq(struct manifest *m)
{
	m->seq++;
}

static void
other_author(struct manifest *m)
{
	m->author = SECOND;
}

static void
other_exclusions(struct manifest *m)
{
	m->n_exclude = 1;
	m->exclude[0] = CHAIR;
}

static void
unseen_link(struct manifest *m)
{
	m->seen[0][0] ^= 1;
}

static void
entry_after_another(struct entry *e)
{
	e->prev[0] ^= 1;
}

static void
entry_of_other_case(struct entry *e)
{
	e->case_id[0] ^= 1;
}

static void
entry_of_other_content(struct entry *e)
{
	e->content[0] ^= 1;
}

#define REPLY .kind = MESSAGE_REPLY, .author = GUARDIAN
/* clang-format off */
static const struct {
	const char *what;
	struct spec spec;
	enum refusal expected;
} bent[] = {
	{ "another route", { REPLY, .manifest = other_route },
	    REFUSAL_MANIFEST },
	{ "another place", { REPLY, .manifest = other_seq },
	    REFUSAL_MANIFEST },
	{ "another author inside", { REPLY, .manifest = other_author },
	    REFUSAL_MANIFEST },
	{ "other people left out", { REPLY, .manifest = other_exclusions },
	    REFUSAL_MANIFEST },
	{ "a message seen that is not there", { REPLY,
	    .manifest = unseen_link }, REFUSAL_SEEN },
	{ "a link to another message", { REPLY,
	    .entry = entry_after_another }, REFUSAL_DROPPED },
	{ "another case", { REPLY, .entry = entry_of_other_case },
	    REFUSAL_OTHER_CASE },
	{ "another content", { REPLY, .entry = entry_of_other_content },
	    REFUSAL_SWAPPED },
	{ "a reader left away", { REPLY, .n_to = 4,
	    .to = { GUARDIAN, SECOND, EXECUTIVE, PERSON_REPORTER } },
	    REFUSAL_MEMBERS },
	{ "a reader added", { REPLY, .n_to = 6,
	    .to = { GUARDIAN, SECOND, EXECUTIVE, 5, CHAIR,
		PERSON_REPORTER } }, REFUSAL_MEMBERS },
	{ "readers in another order", { REPLY, .n_to = 5,
	    .to = { SECOND, GUARDIAN, EXECUTIVE, 5, PERSON_REPORTER } },
	    REFUSAL_MEMBERS },
	{ "a note to the reporter", { .kind = MESSAGE_NOTE,
	    .author = GUARDIAN, .n_to = 5,
	    .to = { GUARDIAN, SECOND, EXECUTIVE, 5, PERSON_REPORTER } },
	    REFUSAL_MEMBERS },
	{ "somebody who may not read", { .kind = MESSAGE_ACK,
	    .author = CHAIR }, REFUSAL_NOT_A_READER },
	{ "nobody the policy knows", { .kind = MESSAGE_ACK,
	    .author = STRANGER }, REFUSAL_UNKNOWN_SIGNER },
	{ "another's signature", { .kind = MESSAGE_ACK,
	    .author = SECOND }, REFUSAL_SIGNATURE },
};
/* clang-format on */

static void
test_bent_messages_are_refused_each_for_its_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bent) / sizeof(bent[0]); i++) {
		struct scene s;
		struct spec spec = bent[i].spec;
		enum refusal r;

		scene_begin(&s, policy_yaml);
		scene_write(&s, &honest[0]);
		if (bent[i].expected == REFUSAL_UNKNOWN_SIGNER ||
		    bent[i].expected == REFUSAL_SIGNATURE)
			spec.seed = s.w->seed[GUARDIAN];
		scene_write(&s, &spec);
		r = read_whole(&s, GUARDIAN);
		scene_end(&s);
		if (r != bent[i].expected)
			fail_msg("%s: %s", bent[i].what, refusal_text(r));
	}
}

/* --- concerns --- */

static void
test_concern_to_somebody_left_out_is_refused(void **state)
{
	const struct spec spec = { .kind = MESSAGE_CONCERN,
		.n_to = 5,
		.to = { GUARDIAN, SECOND, EXECUTIVE, 5, PERSON_REPORTER } };
	struct scene s;

	(void)state;
	scene_begin(&s, policy_yaml);
	s.w->n_exclude = 1;
	s.w->exclude[0] = CHIEF; /* the executive lead reports to them */
	scene_write(&s, &spec);
	assert_int_equal(read_all(&s, GUARDIAN), REFUSAL_EXCLUDED);
	scene_end(&s);
}

static void
other_mailbox(struct manifest *m)
{
	m->mailbox[0] ^= 1;
}

static void
other_policy(struct manifest *m)
{
	m->policy[0] ^= 1;
}

static void
test_concern_that_contradicts_its_preamble_is_refused(void **state)
{
	void (*const bends[])(struct manifest *) = { other_mailbox,
		other_policy, other_route };

	(void)state;
	for (size_t i = 0; i < sizeof(bends) / sizeof(bends[0]); i++) {
		struct spec spec = { .kind = MESSAGE_CONCERN,
			.manifest = bends[i] };
		struct scene s;

		scene_begin(&s, policy_yaml);
		scene_write(&s, &spec);
		assert_int_equal(read_all(&s, GUARDIAN), REFUSAL_MANIFEST);
		scene_end(&s);
	}
}

static void
test_reporter_refuses_another_mailbox(void **state)
{
	struct scene s;
	struct conversation *c;
	uint8_t mailbox[SHA256_LEN] = { 1 };

	(void)state;
	scene_begin(&s, policy_yaml);
	scene_write(&s, &honest[0]);
	c = reader_new(s.w, PERSON_REPORTER, &s.known);
	c->mailbox = mailbox;
	assert_int_equal(reader_take(c, &s.sent[0], 0), REFUSAL_MANIFEST);
	c = reader_free(c);
	scene_end(&s);
}

static void
test_concern_without_an_envelope_is_refused(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s, policy_yaml);
	scene_write(&s, &honest[0]);
	assert_int_equal(read_all(&s, CHAIR), REFUSAL_NO_CONCERN);
	scene_end(&s);
}

/* --- sealed bytes --- */

static void
test_altered_payload_is_refused(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s, policy_yaml);
	scene_write(&s, &honest[0]);
	s.sent[0].payload.p[100] ^= 1;
	assert_int_equal(read_all(&s, GUARDIAN), REFUSAL_DAMAGED);
	scene_end(&s);
}

/* Envelopes and payload of one reply under the head of another. */
static void
test_swapped_message_is_refused(void **state)
{
	struct scene s;
	struct buf head;

	(void)state;
	scene_begin(&s, policy_yaml);
	scene_write(&s, &honest[0]);
	scene_write(&s, &honest[2]);
	scene_write(&s, &honest[2]);
	head = s.sent[1].head;
	s.sent[1].head = s.sent[2].head;
	s.sent[2].head = head;
	assert_int_equal(read_in_order(&s, GUARDIAN, (const int[]){ 0, 2 }, 2),
	    REFUSAL_SWAPPED);
	scene_end(&s);
}

/* A reader who makes an envelope of their own for another. */
static void
test_envelope_that_the_author_did_not_make_is_refused(void **state)
{
	struct buf more = BUF_INIT(AGE_HEADER_MAX);
	struct age_recipient to;
	struct scene s;

	(void)state;
	scene_begin(&s, policy_yaml);
	scene_write(&s, &honest[0]);
	assert_int_equal(age_identity_recipient(&s.w->id[SECOND], &to), ERR_OK);
	assert_int_equal(message_add_envelope(&env_system,
			     buf_bytes(&s.sent[0].envelope[0]),
			     &s.w->id[GUARDIAN], 1, &to, &more),
	    AGE_OK);
	buf_free(&s.sent[0].envelope[1]);
	s.sent[0].envelope[1] = more;
	assert_int_equal(read_all(&s, SECOND), REFUSAL_ENVELOPE);
	scene_end(&s);
}

static void
test_key_that_does_not_open_is_said(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s, policy_yaml);
	scene_write(&s, &honest[0]);
	assert_int_equal(
	    age_identity_new(&env_system, AGE_X25519, &s.w->id[GUARDIAN]),
	    ERR_OK);
	assert_int_equal(read_all(&s, GUARDIAN), REFUSAL_NOT_FOR_US);
	scene_end(&s);
}

/* --- policies of another day --- */

static void
test_message_of_an_unknown_policy_is_marked(void **state)
{
	struct scene s;
	struct conversation *c;

	(void)state;
	scene_begin(&s, policy_yaml);
	scene_write(&s, &honest[0]);
	c = reader_new(s.w, GUARDIAN, &s.known);
	s.known.hash[0] ^= 1;
	assert_int_equal(reader_take(c, &s.sent[0], 0), REFUSAL_NONE);
	assert_false(c->message[0]->is_policy_known);
	c = reader_free(c);
	scene_end(&s);
}

static void
at_risk_now(struct manifest *m)
{
	m->n_answers = 1;
	m->answer[0] =
	    (struct manifest_answer){ .field = "at-risk-now", .value = "yes" };
}

/* The policy would start it as P1; the reporter's program said P3. */
static void
test_concern_on_an_unexpected_route_is_marked(void **state)
{
	const struct spec spec = { .kind = MESSAGE_CONCERN,
		.manifest = at_risk_now };
	struct conversation *c;
	struct scene s;

	(void)state;
	scene_begin(&s, policy_yaml);
	scene_write(&s, &spec);
	c = reader_new(s.w, GUARDIAN, &s.known);
	assert_int_equal(reader_take(c, &s.sent[0], 0), REFUSAL_NONE);
	assert_false(c->message[0]->is_route_expected);
	c = reader_free(c);
	scene_end(&s);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_honest_case_is_shown_to_every_reader),
		cmocka_unit_test(test_texts_and_readers_come_back),
		cmocka_unit_test(
		    test_dropped_and_reordered_messages_are_refused),
		cmocka_unit_test(test_gap_in_numbers_is_refused),
		cmocka_unit_test(
		    test_bent_messages_are_refused_each_for_its_reason),
		cmocka_unit_test(test_concern_to_somebody_left_out_is_refused),
		cmocka_unit_test(
		    test_concern_that_contradicts_its_preamble_is_refused),
		cmocka_unit_test(test_reporter_refuses_another_mailbox),
		cmocka_unit_test(test_concern_without_an_envelope_is_refused),
		cmocka_unit_test(test_altered_payload_is_refused),
		cmocka_unit_test(test_swapped_message_is_refused),
		cmocka_unit_test(
		    test_envelope_that_the_author_did_not_make_is_refused),
		cmocka_unit_test(test_key_that_does_not_open_is_said),
		cmocka_unit_test(test_message_of_an_unknown_policy_is_marked),
		cmocka_unit_test(test_concern_on_an_unexpected_route_is_marked),
	};

	if (argc != 2)
		return 2;
	policy_yaml = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
