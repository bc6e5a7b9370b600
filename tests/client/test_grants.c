#include "tests/client/scene.h"

#include <string.h>

/* Envelopes: those of readers who came later, those that are withheld, and
 * those that do not open. */

static const char *policy_yaml;

/* --- envelopes that came later --- */

static struct buf *
envelope_for(struct scene *s, size_t i, uint16_t person)
{
	for (size_t k = 0; k < s->sent[i].n_to; k++) {
		if (s->sent[i].person[k] == person)
			return &s->sent[i].envelope[k];
	}
	fail_msg("no envelope");
	return NULL;
}

static void
take_away(struct scene *s, size_t i, uint16_t person)
{
	for (size_t k = 0; k < s->sent[i].n_to; k++) {
		if (s->sent[i].person[k] == person)
			s->sent[i].person[k] = STRANGER;
	}
}

/* A message besides the concern, and an assignment behind both. */
static void
begin_given(struct scene *s)
{
	begin_case(s, policy_yaml);
	WRITE(s, REPLY, GUARDIAN, 0);
	give_all(s, MESSAGE_ASSIGN, GUARDIAN, INVESTIGATOR, 0);
	WRITE(s, NOTE, GUARDIAN, 0);
}

static void
test_granted_envelopes_are_those_of_the_digest(void **state)
{
	struct scene s;

	(void)state;
	begin_given(&s);
	assert_int_equal(read_all(&s, INVESTIGATOR), REFUSAL_NONE);
	/* another one, that opens as well */
	take_away(&s, 0, INVESTIGATOR);
	world_grant(s.w, &s.sent[0], INVESTIGATOR);
	assert_int_equal(read_all(&s, INVESTIGATOR), REFUSAL_ENVELOPE);
	take_away(&s, 0, INVESTIGATOR);
	assert_int_equal(read_all(&s, INVESTIGATOR), REFUSAL_ENVELOPE);
	scene_end(&s);
	begin_given(&s);
	take_away(&s, 3, INVESTIGATOR);
	assert_int_equal(read_all(&s, INVESTIGATOR), REFUSAL_ENVELOPE);
	scene_end(&s);
	begin_given(&s); /* of what came after, made for them */
	take_away(&s, 5, INVESTIGATOR);
	assert_int_equal(read_whole(&s, INVESTIGATOR), REFUSAL_ENVELOPE);
	scene_end(&s);
}

static void
test_reader_from_now_on_needs_nothing_of_before(void **state)
{
	struct conversation *c;
	struct scene s;

	(void)state;
	begin_case(&s, policy_yaml);
	give_nothing(&s, INVESTIGATOR);
	WRITE(&s, NOTE, GUARDIAN, 0);
	READ_BY(&s, REFUSAL_NONE, GUARDIAN, INVESTIGATOR, PERSON_REPORTER);
	c = reader_new(s.w, INVESTIGATOR, &s.known);
	assert_int_equal(scene_read(&s, c), REFUSAL_NONE);
	assert_null(conversation_concern(c));
	assert_false(c->message[0]->is_readable);
	assert_int_equal(c->life.state, CASE_TRIAGED);
	assert_int_equal(c->n_members, 5);
	assert_true(conversation_parts(c, INVESTIGATOR) & PART_INVESTIGATOR);
	c = reader_free(c);
	/* nor is anything of before taken */
	world_grant(s.w, &s.sent[0], INVESTIGATOR);
	assert_int_equal(read_all(&s, INVESTIGATOR), REFUSAL_ENVELOPE);
	scene_end(&s);
}

static void
test_nobody_is_a_reader_whom_no_entry_names(void **state)
{
	struct scene s;

	(void)state;
	begin_case(&s, policy_yaml);
	assert_int_equal(read_all(&s, CHIEF), REFUSAL_NO_CONCERN);
	world_grant(s.w, &s.sent[0], CHIEF);
	assert_int_equal(read_all(&s, CHIEF), REFUSAL_ENVELOPE);
	scene_end(&s);
}

static void
other_policy(struct manifest *m)
{
	m->policy[0] ^= 1;
}

/* Somebody whom a later policy puts on the route reads what is sealed from
 * then on. Who was there all the time is to have everything. */
static void
test_who_is_new_in_the_policy_reads_from_then_on(void **state)
{
	const struct spec concern = { .kind = MESSAGE_CONCERN,
		.manifest = other_policy,
		.n_to = 4,
		.to = { GUARDIAN, EXECUTIVE, 5, PERSON_REPORTER } };
	struct scene s;

	(void)state;
	scene_begin(&s, policy_yaml);
	scene_write(&s, &concern);
	WRITE(&s, ACK, GUARDIAN, 0);
	assert_int_equal(read_all(&s, SECOND), REFUSAL_NO_CONCERN);
	WRITE(&s, REPLY, GUARDIAN, 0);
	assert_int_equal(read_all(&s, SECOND), REFUSAL_ENVELOPE);
	memset(s.w->policy->previous, 1, SHA256_LEN);
	assert_int_equal(read_all(&s, SECOND), REFUSAL_NONE);
	scene_end(&s);
}

static void
test_place_goes_from_hand_to_hand(void **state)
{
	struct conversation *c;
	struct scene s;

	(void)state;
	begin_case(&s, policy_yaml);
	give_all(&s, MESSAGE_HANDOVER, SECOND, CHAIR, SECOND);
	WRITE(&s, BAND, CHAIR, .band = 2);
	give_all(&s, MESSAGE_HANDOVER, CHAIR, CHIEF, CHAIR);
	WRITE(&s, REPLY, CHIEF, 0);
	READ_BY(&s, REFUSAL_NONE, GUARDIAN, EXECUTIVE, CHIEF, PERSON_REPORTER);
	c = reader_new(s.w, CHIEF, &s.known);
	assert_int_equal(scene_read(&s, c), REFUSAL_NONE);
	assert_true(conversation_parts(c, CHIEF) & PART_HANDLER);
	assert_int_equal(conversation_parts(c, CHAIR), 0);
	assert_int_equal(conversation_parts(c, SECOND), 0);
	assert_int_equal(c->life.band, 2);
	c = reader_free(c);
	scene_end(&s);
}

/* --- nothing is given --- */

/* Names the digest of nothing. */
static void
name_only(struct scene *s, enum message_kind kind, uint16_t author,
    uint16_t from, uint16_t person)
{
	struct entry with = { .from = from, .person = person };

	world_digest(s->sent, 0, person, with.grants);
	write_one(s, kind, author, with);
}

/* A reply that opens for all but SECOND, who gives the case on all the same. */
static void
begin_unknown(struct scene *s, enum message_kind kind)
{
	begin_case(s, policy_yaml);
	WRITE(s, REPLY, GUARDIAN, 0);
	envelope_for(s, 3, SECOND)->p[100] ^= 1;
	name_only(s, kind, SECOND, kind == MESSAGE_HANDOVER ? SECOND : 0,
	    EXECUTIVE);
	WRITE(s, NOTE, GUARDIAN, 0);
}

static void
test_case_is_given_on_by_whom_a_message_does_not_open_for(void **state)
{
	static const enum message_kind kinds[] = { MESSAGE_ASSIGN,
		MESSAGE_HANDOVER, MESSAGE_GRANT };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct conversation *c;
		struct scene s;

		begin_unknown(&s, kinds[i]);
		READ_BY(&s, REFUSAL_NONE, GUARDIAN, EXECUTIVE, PERSON_REPORTER);
		c = reader_new(s.w, EXECUTIVE, &s.known);
		assert_int_equal(scene_read(&s, c), REFUSAL_NONE);
		for (size_t k = 0; k < c->n_messages; k++)
			assert_int_equal(c->message[k]->is_readable,
			    c->message[k]->has_content);
		c = reader_free(c);
		scene_end(&s);
	}
}

/* Nobody vouches for what they have: what was sealed to them is due to them. */
static void
test_who_is_given_nothing_hears_what_is_kept_from_them(void **state)
{
	static const size_t with_content[] = { 0, 3, 5 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct scene s;

		begin_unknown(&s, MESSAGE_ASSIGN);
		take_away(&s, with_content[i], EXECUTIVE);
		assert_int_equal(read_all(&s, EXECUTIVE), REFUSAL_NONE);
		assert_int_equal(read_whole(&s, EXECUTIVE), REFUSAL_ENVELOPE);
		/* nor is another one taken */
		world_grant(s.w, &s.sent[with_content[i]], EXECUTIVE);
		assert_int_equal(read_all(&s, EXECUTIVE), REFUSAL_ENVELOPE);
		scene_end(&s);
	}
}

static void
test_giving_nothing_takes_nothing_from_what_was_given(void **state)
{
	struct scene s;

	(void)state;
	for (size_t i = 0; i <= 3; i += 3) {
		begin_given(&s);
		name_only(&s, MESSAGE_GRANT, GUARDIAN, 0, INVESTIGATOR);
		WRITE(&s, NOTE, GUARDIAN, 0);
		assert_int_equal(read_whole(&s, INVESTIGATOR), REFUSAL_NONE);
		take_away(&s, i, INVESTIGATOR);
		assert_int_equal(read_all(&s, INVESTIGATOR), REFUSAL_ENVELOPE);
		scene_end(&s);
	}
	begin_given(&s); /* made for them, between the two entries */
	name_only(&s, MESSAGE_GRANT, GUARDIAN, 0, INVESTIGATOR);
	take_away(&s, 5, INVESTIGATOR);
	assert_int_equal(read_whole(&s, INVESTIGATOR), REFUSAL_ENVELOPE);
	scene_end(&s);
}

static void
test_who_is_given_nothing_reads_the_entries(void **state)
{
	struct conversation *c;
	struct scene s;

	(void)state;
	begin_case(&s, policy_yaml);
	name_only(&s, MESSAGE_ASSIGN, GUARDIAN, 0, INVESTIGATOR);
	c = reader_new(s.w, INVESTIGATOR, &s.known);
	assert_int_equal(scene_read(&s, c), REFUSAL_NONE);
	assert_int_equal(c->n_messages, s.n);
	assert_int_equal(c->message[0]->failure, REFUSAL_NONE);
	c = reader_free(c);
	scene_end(&s);
}

/* What they had was deleted: nothing of it is due, and nothing of it missing.
 */
static void
test_who_left_comes_again_from_now_on(void **state)
{
	struct conversation *c;
	struct scene s;

	(void)state;
	begin_given(&s);
	WRITE(&s, RECUSE, INVESTIGATOR, 0);
	for (size_t i = 0; i < s.n; i++)
		take_away(&s, i, INVESTIGATOR);
	give_nothing(&s, INVESTIGATOR);
	WRITE(&s, NOTE, GUARDIAN, 0);
	assert_int_equal(read_whole(&s, INVESTIGATOR), REFUSAL_NONE);
	c = reader_new(s.w, INVESTIGATOR, &s.known);
	assert_int_equal(scene_read(&s, c), REFUSAL_NONE);
	assert_null(conversation_concern(c));
	assert_true(c->message[c->n_messages - 1]->is_readable);
	c = reader_free(c);
	take_away(&s, s.n - 1, INVESTIGATOR);
	assert_int_equal(read_whole(&s, INVESTIGATOR), REFUSAL_ENVELOPE);
	scene_end(&s);
}

/* --- what does not open --- */

static void
test_garbage_hides_itself_only(void **state)
{
	struct conversation *c;
	struct scene s;

	(void)state;
	begin_case(&s, policy_yaml);
	WRITE(&s, REPLY, GUARDIAN, 0);
	WRITE(&s, REPLY, GUARDIAN, 0);
	envelope_for(&s, 3, SECOND)->p[100] ^= 1;
	WRITE(&s, UNOPENED, SECOND, .about = 2);
	READ_BY(&s, REFUSAL_NONE, GUARDIAN, SECOND);
	c = reader_new(s.w, SECOND, &s.known);
	assert_int_equal(scene_read(&s, c), REFUSAL_NONE);
	assert_false(c->at[CHAIN_TALK][2]->is_readable);
	assert_int_not_equal(c->at[CHAIN_TALK][2]->failure, REFUSAL_NONE);
	assert_true(c->at[CHAIN_TALK][3]->is_readable);
	c = reader_free(c);
	scene_end(&s);
}

/* The concern itself: once anybody has written behind it, its link is known. */
static void
test_concern_that_does_not_open_for_one_reader(void **state)
{
	struct conversation *c;
	struct scene s;

	(void)state;
	scene_begin(&s, policy_yaml);
	scene_write(&s, &honest[0]);
	envelope_for(&s, 0, SECOND)->p[100] ^= 1;
	assert_int_not_equal(read_all(&s, SECOND), REFUSAL_NONE);
	WRITE(&s, ACK, GUARDIAN, 0);
	WRITE(&s, NOTE, GUARDIAN, 0);
	c = reader_new(s.w, SECOND, &s.known);
	assert_int_equal(scene_read(&s, c), REFUSAL_NONE);
	assert_int_not_equal(c->message[0]->failure, REFUSAL_NONE);
	assert_memory_equal(c->message[0]->link, s.sent[0].link, LINK_LEN);
	c = reader_free(c);
	scene_end(&s);
}

#define TEST(name) cmocka_unit_test(name)
int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(test_granted_envelopes_are_those_of_the_digest),
		TEST(test_reader_from_now_on_needs_nothing_of_before),
		TEST(test_nobody_is_a_reader_whom_no_entry_names),
		TEST(test_who_is_new_in_the_policy_reads_from_then_on),
		TEST(test_place_goes_from_hand_to_hand),
		TEST(test_case_is_given_on_by_whom_a_message_does_not_open_for),
		TEST(test_who_is_given_nothing_hears_what_is_kept_from_them),
		TEST(test_giving_nothing_takes_nothing_from_what_was_given),
		TEST(test_who_is_given_nothing_reads_the_entries),
		TEST(test_who_left_comes_again_from_now_on),
		TEST(test_garbage_hides_itself_only),
		TEST(test_concern_that_does_not_open_for_one_reader),
	};

	if (argc != 2)
		return 2;
	policy_yaml = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
