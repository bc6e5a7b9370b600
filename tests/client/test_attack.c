#include "tests/client/scene.h"

#include <stdlib.h>
#include <string.h>

/*
 * What a server, or somebody with a part in the case, writes to make the
 * others' programs hang, or to make them forget who reads the case.
 */

static const char *policy_yaml;

/* The place of one of the ladder goes to and fro. */
static void
hand_about(struct scene *s, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct entry e = { .from =
				       i % 2 == 0 ? EXECUTIVE : INVESTIGATOR,
			.person = i % 2 == 0 ? INVESTIGATOR : EXECUTIVE };

		world_digest(s->sent, 0, e.person, e.grants);
		write_one(s, MESSAGE_HANDOVER, GUARDIAN, e);
	}
}

static bool
is_member(const struct conversation *c, uint16_t person)
{
	for (size_t i = 0; i < c->n_members; i++) {
		if (c->member[i].person == person)
			return true;
	}
	return false;
}

static void
test_a_place_handed_about_neither_hangs_a_reader_nor_hides_who_left(
    void **state)
{
	struct conversation *c;
	struct scene s;

	(void)state;
	begin_case(&s, policy_yaml);
	hand_about(&s, 300);
	WRITE(&s, RECUSE, SECOND, 0);
	READ_BY(&s, REFUSAL_NONE, GUARDIAN, PERSON_REPORTER);
	c = reader_new(s.w, GUARDIAN, &s.known);
	assert_int_equal(scene_read(&s, c), REFUSAL_NONE);
	assert_true(is_member(c, GUARDIAN));
	assert_false(is_member(c, SECOND));
	assert_int_equal(conversation_parts(c, SECOND), 0);
	c = reader_free(c);
	scene_end(&s);
}

/* Somebody of the ladder who was given the case besides, and is reached. */
static void
test_who_is_given_a_case_handles_it_once_their_rung_is_reached(void **state)
{
	struct scene s;

	(void)state;
	begin_case(&s, policy_yaml);
	give_all(&s, MESSAGE_ASSIGN, GUARDIAN, EXECUTIVE, 0);
	WRITE(&s, EVENT, PERSON_INSTANCE, .code = NOTICE_JOINED, .number = 1,
	    .n_people = 2, .people = { EXECUTIVE, 5 });
	WRITE(&s, BAND, EXECUTIVE, .band = 2);
	READ_BY(&s, REFUSAL_NONE, GUARDIAN);
	scene_end(&s);
	begin_case(&s, policy_yaml);
	give_all(&s, MESSAGE_ASSIGN, GUARDIAN, EXECUTIVE, 0);
	WRITE(&s, BAND, EXECUTIVE, .band = 2);
	READ_BY(&s, REFUSAL_NOT_ALLOWED, GUARDIAN);
	scene_end(&s);
}

/* The server says that no answer came, when hardly any could have. */
static void
test_silence_is_believed_when_its_time_is_over(void **state)
{
	struct scene s;

	(void)state;
	begin_case(&s, policy_yaml);
	WRITE(&s, ADVISE, GUARDIAN, 0);
	WRITE(&s, ASK, GUARDIAN, 0);
	WRITE(&s, NOTICE, PERSON_INSTANCE, .code = NOTICE_SILENT);
	READ_BY(&s, REFUSAL_NOT_ALLOWED, GUARDIAN);
	scene_end(&s);
	begin_case(&s, policy_yaml);
	WRITE(&s, ASK, GUARDIAN, 0);
	WRITE(&s, EVENT, PERSON_INSTANCE, .code = NOTICE_UNANSWERED);
	READ_BY(&s, REFUSAL_NOT_ALLOWED, GUARDIAN);
	scene_end(&s);
	begin_case(&s, policy_yaml);
	WRITE(&s, EVENT, PERSON_INSTANCE, .code = NOTICE_UNANSWERED);
	READ_BY(&s, REFUSAL_NOT_ALLOWED, GUARDIAN);
	scene_end(&s);
}

/* Somebody signs what contradicts the case: the others lose that message. */
static void
other_place(struct manifest *m)
{
	m->seq++;
}

static void
test_nobody_who_writes_nonsense_ends_a_case_for_the_others(void **state)
{
	const struct spec bent[] = {
		{ .kind = MESSAGE_NOTE,
		    .author = SECOND,
		    .manifest = other_place },
		{ .kind = MESSAGE_NOTE,
		    .author = SECOND,
		    .n_to = 2,
		    .to = { GUARDIAN, CHIEF } },
		{ .kind = MESSAGE_FOLLOWUP,
		    .author = PERSON_REPORTER,
		    .manifest = other_place },
	};
	struct conversation *c;
	struct scene s;

	(void)state;
	begin_case(&s, policy_yaml);
	for (size_t i = 0; i < 3; i++)
		scene_write(&s, &bent[i]);
	WRITE(&s, ADVISE, GUARDIAN, 0);
	WRITE(&s, REPLY, GUARDIAN, 0);
	c = reader_new(s.w, EXECUTIVE, &s.known);
	assert_int_equal(scene_read(&s, c), REFUSAL_NONE);
	assert_int_equal(c->life.state, CASE_ADVICE);
	assert_int_equal(c->at[CHAIN_STAFF][1]->failure, REFUSAL_MANIFEST);
	assert_int_equal(c->at[CHAIN_TALK][2]->failure, REFUSAL_MANIFEST);
	assert_true(c->at[CHAIN_TALK][3]->is_readable);
	c = reader_free(c);
	c = reader_new(s.w, GUARDIAN, &s.known);
	assert_int_equal(scene_read(&s, c), REFUSAL_NONE);
	assert_int_equal(c->at[CHAIN_STAFF][2]->failure, REFUSAL_MEMBERS);
	c = reader_free(c);
	scene_end(&s);
}

/* More than a program keeps in memory, and signed: that message is left out. */
static void
test_text_without_end_hides_itself_only(void **state)
{
	struct spec endless = { .kind = MESSAGE_REPLY, .author = SECOND };
	char *text = malloc(CONVERSATION_TEXT_MAX + 2);
	struct conversation *c;
	struct scene s;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', CONVERSATION_TEXT_MAX + 1);
	text[CONVERSATION_TEXT_MAX + 1] = '\0';
	endless.text = text;
	begin_case(&s, policy_yaml);
	scene_write(&s, &endless);
	WRITE(&s, REPLY, GUARDIAN, 0);
	c = reader_new(s.w, GUARDIAN, &s.known);
	assert_int_equal(scene_read(&s, c), REFUSAL_NONE);
	assert_int_equal(c->at[CHAIN_TALK][2]->failure, REFUSAL_BODY);
	assert_int_equal(c->at[CHAIN_TALK][2]->text.n, 0);
	assert_true(c->at[CHAIN_TALK][3]->is_readable);
	c = reader_free(c);
	free(text);
	scene_end(&s);
}

int
main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_a_place_handed_about_neither_hangs_a_reader_nor_hides_who_left),
		cmocka_unit_test(
		    test_who_is_given_a_case_handles_it_once_their_rung_is_reached),
		cmocka_unit_test(
		    test_silence_is_believed_when_its_time_is_over),
		cmocka_unit_test(
		    test_nobody_who_writes_nonsense_ends_a_case_for_the_others),
		cmocka_unit_test(test_text_without_end_hides_itself_only),
	};

	if (argc != 2)
		return 2;
	policy_yaml = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
