#include "tests/client/scene.h"

#include <string.h>

#define TEXT_MAX 1024

/*
 * A case that has moved on: what readers refuse that the server, or somebody
 * who may read the case and has a server that lets them, made of it. Each case
 * is honest but for one thing.
 */

static const char *policy_yaml;

static void
begin_inquiry(struct scene *s)
{
	begin_case(s, policy_yaml);
	give_all(s, MESSAGE_ASSIGN, GUARDIAN, INVESTIGATOR, 0);
	WRITE(s, TERMS, GUARDIAN, 0);
	WRITE(s, REPORT, INVESTIGATOR, .is_conduct = true);
}

static void
join_first_rung(struct scene *s)
{
	WRITE(s, EVENT, PERSON_INSTANCE, .code = NOTICE_JOINED, .number = 1,
	    .n_people = 2, .people = { EXECUTIVE, 5 });
}

/* --- honest --- */

static void
test_case_is_read_to_its_end_by_all_who_have_it(void **state)
{
	struct conversation *c;
	struct scene s;

	(void)state;
	begin_inquiry(&s);
	WRITE(&s, EVENT, PERSON_INSTANCE, .code = NOTICE_BREACHED, .number = 9);
	join_first_rung(&s);
	WRITE(&s, REVIEW, EXECUTIVE, 0);
	WRITE(&s, ACTION, EXECUTIVE, .is_conduct = true);
	WRITE(&s, FEEDBACK, GUARDIAN, 0);
	WRITE(&s, FOLLOWUP, PERSON_REPORTER, 0);
	WRITE(&s, CLOSE, SECOND, 0);
	WRITE(&s, NOTICE, PERSON_INSTANCE, .code = NOTICE_CHECK, .number = 1);
	WRITE(&s, SURVEY, PERSON_REPORTER, 0);
	READ_BY(&s, REFUSAL_NONE, GUARDIAN, SECOND, EXECUTIVE, INVESTIGATOR,
	    PERSON_REPORTER);
	c = reader_new(s.w, INVESTIGATOR, &s.known);
	assert_int_equal(scene_read(&s, c), REFUSAL_NONE);
	assert_int_equal(c->life.state, CASE_CLOSED);
	assert_int_equal(c->n_members, 5);
	assert_int_equal(c->member[4].person, INVESTIGATOR);
	assert_int_equal(c->member[4].since, 2);
	assert_true(c->message[0]->is_granted);
	for (size_t i = 0; i < c->n_messages; i++)
		assert_int_equal(c->message[i]->kind,
		    i == 0 ? MESSAGE_CONCERN : s.sent[i].entry.kind);
	c = reader_free(c);
	scene_end(&s);
}

/* Set aside, meant after all, set aside by two, and taken up by a third. */
static void
test_dismissal_and_what_came_of_it_is_read_by_all(void **state)
{
	static const enum case_state then[] = { CASE_RECEIVED, CASE_CLOSED,
		CASE_RECEIVED, CASE_RECEIVED, CASE_CLOSED, CASE_RECEIVED,
		CASE_ACKNOWLEDGED };
	struct conversation *c;
	struct scene s;

	(void)state;
	scene_begin(&s, policy_yaml);
	scene_write(&s, &honest[0]);
	WRITE(&s, DISMISS, GUARDIAN, 0);
	WRITE(&s, FOLLOWUP, PERSON_REPORTER, 0);
	WRITE(&s, DISMISS, GUARDIAN, 0);
	WRITE(&s, SECOND, SECOND, .about = 3);
	WRITE(&s, REOPEN, GUARDIAN, 0);
	WRITE(&s, ACK, SECOND, 0);
	READ_BY(&s, REFUSAL_NONE, GUARDIAN, SECOND, EXECUTIVE, PERSON_REPORTER);
	c = reader_new(s.w, SECOND, &s.known);
	assert_int_equal(scene_read(&s, c), REFUSAL_NONE);
	for (size_t i = 0; i < s.n; i++)
		assert_int_equal(c->message[i]->state, then[i]);
	assert_int_equal(c->life.flags, CASE_IS_REOPENED);
	c = reader_free(c);
	scene_end(&s);
}

/* --- what the state did not allow, or the author's part --- */

static void
review_skipped(struct scene *s)
{
	begin_inquiry(s);
	WRITE(s, ACTION, GUARDIAN, .is_conduct = true);
}

static void
reviewed_by_no_executive(struct scene *s)
{
	begin_inquiry(s);
	WRITE(s, REVIEW, INVESTIGATOR, 0);
}

static void
closed_unread(struct scene *s)
{
	scene_begin(s, policy_yaml);
	scene_write(s, &honest[0]);
	WRITE(s, CLOSE, GUARDIAN, 0);
}

static void
dismissed_by_an_investigator(struct scene *s)
{
	begin_inquiry(s);
	WRITE(s, DISMISS, INVESTIGATOR, 0);
}

static void
dismissed_before_their_rung(struct scene *s)
{
	scene_begin(s, policy_yaml);
	scene_write(s, &honest[0]);
	WRITE(s, DISMISS, EXECUTIVE, 0);
}

/* To bury what others know of already. */
static void
dismissed_when_acknowledged(struct scene *s)
{
	scene_begin(s, policy_yaml);
	scene_write(s, &honest[0]);
	WRITE(s, ACK, SECOND, 0);
	WRITE(s, DISMISS, GUARDIAN, 0);
}

static void
dismissed_under_a_hold(struct scene *s)
{
	scene_begin(s, policy_yaml);
	scene_write(s, &honest[0]);
	WRITE(s, HOLD, SECOND, 0);
	WRITE(s, DISMISS, GUARDIAN, 0);
}

static void
dismissed_again_alone(struct scene *s)
{
	scene_begin(s, policy_yaml);
	scene_write(s, &honest[0]);
	WRITE(s, DISMISS, GUARDIAN, 0);
	WRITE(s, FOLLOWUP, PERSON_REPORTER, 0);
	WRITE(s, DISMISS, GUARDIAN, 0);
	WRITE(s, SECOND, GUARDIAN, .about = 3);
}

static void
agreed_to_what_the_reporter_answered(struct scene *s)
{
	scene_begin(s, policy_yaml);
	scene_write(s, &honest[0]);
	WRITE(s, DISMISS, GUARDIAN, 0);
	WRITE(s, REOPEN, SECOND, 0);
	WRITE(s, DISMISS, GUARDIAN, 0);
	WRITE(s, FOLLOWUP, PERSON_REPORTER, 0);
	WRITE(s, SECOND, SECOND, .about = 3);
}

static void
override_alone(struct scene *s)
{
	begin_case(s, policy_yaml);
	WRITE(s, OVERRIDE, GUARDIAN, 0);
	WRITE(s, SECOND, GUARDIAN, .about = 2);
}

static void
triaged_by_an_investigator(struct scene *s)
{
	begin_inquiry(s);
	WRITE(s, BAND, INVESTIGATOR, .band = 4);
}

static void
written_after_the_withdrawal(struct scene *s)
{
	begin_case(s, policy_yaml);
	WRITE(s, WITHDRAW, PERSON_REPORTER, 0);
	WRITE(s, REPLY, GUARDIAN, 0);
}

/* Somebody of the ladder, with a server that lets them. */
static void
handled_before_their_rung(struct scene *s)
{
	begin_case(s, policy_yaml);
	WRITE(s, HANDLE, EXECUTIVE, 0);
}

static const struct {
	void (*write)(struct scene *s);
	enum life_refusal why;
	enum case_state state;
} not_allowed[] = {
	{ review_skipped, LIFE_NEEDS_REVIEW, CASE_REPORTED },
	{ reviewed_by_no_executive, LIFE_NOT_YOURS, CASE_REPORTED },
	{ closed_unread, LIFE_NOT_NOW, CASE_RECEIVED },
	{ dismissed_by_an_investigator, LIFE_NOT_YOURS, CASE_REPORTED },
	{ dismissed_before_their_rung, LIFE_NOT_YOURS, CASE_RECEIVED },
	{ dismissed_when_acknowledged, LIFE_NOT_NOW, CASE_ACKNOWLEDGED },
	{ dismissed_under_a_hold, LIFE_ON_HOLD, CASE_RECEIVED },
	{ dismissed_again_alone, LIFE_SAME_PERSON, CASE_RECEIVED },
	{ agreed_to_what_the_reporter_answered, LIFE_NOTHING_ASKED,
	    CASE_RECEIVED },
	{ override_alone, LIFE_SAME_PERSON, CASE_TRIAGED },
	{ triaged_by_an_investigator, LIFE_NOT_YOURS, CASE_REPORTED },
	{ handled_before_their_rung, LIFE_NOT_YOURS, CASE_TRIAGED },
	{ written_after_the_withdrawal, LIFE_WITHDREW, CASE_WITHDRAWN },
};

static void
test_what_the_vault_should_have_refused_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(not_allowed) / sizeof(not_allowed[0]);
	     i++) {
		struct buf text CLEAN_BUF = BUF_INIT(TEXT_MAX);
		struct conversation *c;
		struct scene s;

		not_allowed[i].write(&s);
		c = reader_new(s.w, SECOND, &s.known);
		assert_int_equal(scene_read(&s, c), REFUSAL_NOT_ALLOWED);
		assert_int_equal(c->refused.why, not_allowed[i].why);
		assert_int_equal(c->refused.state, not_allowed[i].state);
		assert_int_equal(c->refused.entry.kind,
		    s.sent[s.n - 1].entry.kind);
		/* what was checked before it is kept, and nothing else */
		assert_int_equal(c->n_messages, s.n - 1);
		conversation_refused_text(c, &text);
		buf_put_u8(&text, 0);
		assert_non_null(strstr((const char *)text.p,
		    message_kind_name(c->refused.entry.kind)));
		c = reader_free(c);
		scene_end(&s);
	}
}

/* --- who --- */

static void
person_added(struct scene *s)
{
	const struct spec spec = { .kind = MESSAGE_REPLY,
		.author = GUARDIAN,
		.n_to = 6,
		.to = {
		    GUARDIAN, SECOND, EXECUTIVE, 5, CHIEF, PERSON_REPORTER } };

	begin_case(s, policy_yaml);
	scene_write(s, &spec);
}

static void
assignment_hidden(struct scene *s)
{
	const struct spec spec = { .kind = MESSAGE_REPLY,
		.author = GUARDIAN,
		.n_to = 5,
		.to = { GUARDIAN, SECOND, EXECUTIVE, 5, PERSON_REPORTER } };

	begin_case(s, policy_yaml);
	give_all(s, MESSAGE_ASSIGN, GUARDIAN, INVESTIGATOR, 0);
	scene_write(s, &spec);
}

static void
recusal_hidden(struct scene *s)
{
	const struct spec spec = { .kind = MESSAGE_NOTE,
		.author = GUARDIAN,
		.n_to = 4,
		.to = { GUARDIAN, SECOND, EXECUTIVE, 5 } };

	begin_case(s, policy_yaml);
	WRITE(s, RECUSE, SECOND, 0);
	scene_write(s, &spec);
}

static void
recused_and_writes(struct scene *s)
{
	begin_case(s, policy_yaml);
	WRITE(s, RECUSE, SECOND, 0);
	WRITE(s, UNOPENED, SECOND, .about = 0);
}

static void
handed_over_and_writes(struct scene *s)
{
	begin_case(s, policy_yaml);
	give_all(s, MESSAGE_HANDOVER, SECOND, CHAIR, SECOND);
	WRITE(s, BAND, SECOND, .band = 4);
}

static void
excluded_is_assigned(struct scene *s)
{
	scene_begin(s, policy_yaml);
	s->w->n_exclude = 1;
	s->w->exclude[0] = CHAIR;
	scene_write(s, &honest[0]);
	WRITE(s, ACK, GUARDIAN, 0);
	give_all(s, MESSAGE_ASSIGN, GUARDIAN, CHAIR, 0);
}

/* They report to the one whom the reporter marked. */
static void
excluded_by_line_takes_over(struct scene *s)
{
	scene_begin(s, policy_yaml);
	s->w->n_exclude = 1;
	s->w->exclude[0] = CHIEF;
	scene_write(s, &honest[0]);
	join_first_rung(s);
	WRITE(s, ACK, 5, 0);
	WRITE(s, HANDOVER, 5, .from = 5, .person = EXECUTIVE);
}

static void
granted_to_no_reader(struct scene *s)
{
	begin_case(s, policy_yaml);
	give_all(s, MESSAGE_GRANT, GUARDIAN, CHIEF, 0);
}

static void
handed_over_by_nobody(struct scene *s)
{
	begin_case(s, policy_yaml);
	give_all(s, MESSAGE_HANDOVER, GUARDIAN, CHAIR, CHIEF);
}

static void
others_are_told(struct scene *s)
{
	begin_case(s, policy_yaml);
	WRITE(s, ROUTE, GUARDIAN, .route = 2, .n_people = 1,
	    .people = { CHIEF });
}

static void
concern_tells_others(struct scene *s)
{
	const struct spec spec = { .kind = MESSAGE_CONCERN,
		.author = PERSON_REPORTER,
		.n_tell = 1,
		.tell = { CHIEF } };

	scene_begin(s, policy_yaml);
	scene_write(s, &spec);
}

/* --- chains --- */

static void
forged_by_a_reader(struct scene *s)
{
	struct spec spec = { .kind = MESSAGE_ESCALATE, .author = SECOND };

	begin_case(s, policy_yaml);
	spec.seed = s->w->seed[GUARDIAN];
	scene_write(s, &spec);
}

static void
forged_in_the_servers_name(struct scene *s)
{
	begin_case(s, policy_yaml);
	WRITE(s, EVENT, PERSON_INSTANCE, .code = NOTICE_BREACHED, .number = 1);
}

static uint8_t old_link[LINK_LEN];

static void
has_seen_the_old(struct entry *e)
{
	memcpy(e->seen, old_link, LINK_LEN);
}

/* Each a place that the vault would have answered with a conflict. */
static void
staff_entry_goes_back(struct scene *s)
{
	const struct spec spec = { .kind = MESSAGE_NOTE,
		.author = SECOND,
		.entry = has_seen_the_old };

	begin_case(s, policy_yaml);
	memcpy(old_link, s->sent[0].link, LINK_LEN);
	scene_write(s, &spec);
}

static void
talk_entry_goes_back(struct scene *s)
{
	const struct spec spec = { .kind = MESSAGE_RECUSE,
		.author = SECOND,
		.entry = has_seen_the_old };

	begin_case(s, policy_yaml);
	memset(old_link, 0, LINK_LEN); /* as before the triage */
	scene_write(s, &spec);
}

static const struct {
	const char *what;
	void (*write)(struct scene *s);
	enum refusal expected;
} hostile[] = {
	{ "a policy person added", person_added, REFUSAL_MEMBERS },
	{ "an assignment hidden", assignment_hidden, REFUSAL_MEMBERS },
	{ "a recusal hidden", recusal_hidden, REFUSAL_MEMBERS },
	{ "written after stepping back", recused_and_writes,
	    REFUSAL_NOT_A_READER },
	{ "written after handing over", handed_over_and_writes,
	    REFUSAL_NOT_A_READER },
	{ "somebody left out is assigned", excluded_is_assigned,
	    REFUSAL_EXCLUDED },
	{ "somebody under them takes over", excluded_by_line_takes_over,
	    REFUSAL_EXCLUDED },
	{ "a grant to no reader", granted_to_no_reader, REFUSAL_MEMBERS },
	{ "the place of no reader", handed_over_by_nobody, REFUSAL_MEMBERS },
	{ "others told on the new route", others_are_told, REFUSAL_TOLD },
	{ "others told at first", concern_tells_others, REFUSAL_TOLD },
	{ "another's name", forged_by_a_reader, REFUSAL_SIGNATURE },
	{ "the server's name", forged_in_the_servers_name, REFUSAL_SIGNATURE },
	{ "a staff entry back in time", staff_entry_goes_back,
	    REFUSAL_REORDERED },
	{ "a talk entry back in time", talk_entry_goes_back,
	    REFUSAL_REORDERED },
};

/* The last message alone, and why. */
static enum refusal
left_out(const struct conversation *c, const struct scene *s)
{
	const struct conversation_message *m =
	    c->at[s->sent[s->n - 1].chain][s->sent[s->n - 1].seq];

	assert_null(m->m);
	assert_int_equal(m->text.n, 0);
	assert_false(m->is_readable);
	return m->failure;
}

/* All from the last message on. */
static void
refused_as(const struct conversation *c, const struct scene *s)
{
	assert_true(c->refused.is_one);
	assert_int_equal(c->refused.chain, s->sent[s->n - 1].chain);
	assert_int_equal(c->refused.seq, s->sent[s->n - 1].seq);
}

static void
test_hostile_changes_are_refused_and_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		struct conversation *c;
		struct note_key before;
		struct scene s;
		enum refusal r;

		hostile[i].write(&s);
		c = reader_new(s.w, 5, &s.known);
		before = s.w->instance;
		before.pub[0] ^= hostile[i].write == forged_in_the_servers_name;
		c->instance_keys = &before;
		r = scene_read(&s, c);
		if (r == REFUSAL_NONE)
			r = left_out(c, &s);
		else
			refused_as(c, &s);
		if (r != hostile[i].expected)
			fail_msg("%s: %s", hostile[i].what, refusal_text(r));
		c = reader_free(c);
		scene_end(&s);
	}
}

/* The reporter's client sees the talk chain only, and that is enough. */
static void
test_reporter_refuses_who_must_not_read(void **state)
{
	void (*const writes[])(struct scene *) = { person_added,
		assignment_hidden, excluded_is_assigned,
		excluded_by_line_takes_over, granted_to_no_reader };

	(void)state;
	for (size_t i = 0; i < sizeof(writes) / sizeof(writes[0]); i++) {
		struct scene s;
		enum refusal r;

		writes[i](&s);
		r = read_whole(&s, PERSON_REPORTER);
		scene_end(&s);
		assert_true(r == REFUSAL_MEMBERS || r == REFUSAL_EXCLUDED);
	}
}

static void
test_old_action_is_not_taken_twice(void **state)
{
	struct conversation *c;
	struct scene s;

	(void)state;
	begin_case(&s, policy_yaml);
	c = reader_new(s.w, GUARDIAN, &s.known);
	assert_int_equal(scene_read(&s, c), REFUSAL_NONE);
	assert_int_equal(reader_take(c, &s.sent[2], 1), REFUSAL_REORDERED);
	c = reader_free(c);
	scene_end(&s);
}

/* The reporter answered; the server shows the dismissal once more. */
static void
test_old_dismissal_is_not_taken_twice(void **state)
{
	struct conversation *c;
	struct scene s;

	(void)state;
	scene_begin(&s, policy_yaml);
	scene_write(&s, &honest[0]);
	WRITE(&s, DISMISS, GUARDIAN, 0);
	WRITE(&s, FOLLOWUP, PERSON_REPORTER, 0);
	c = reader_new(s.w, SECOND, &s.known);
	assert_int_equal(scene_read(&s, c), REFUSAL_NONE);
	assert_int_equal(reader_take(c, &s.sent[1], 3), REFUSAL_REORDERED);
	c = reader_free(c);
	scene_end(&s);
}

static void
test_dropped_assignment_breaks_the_chain(void **state)
{
	struct conversation *c;
	struct scene s;

	(void)state;
	begin_case(&s, policy_yaml);
	give_all(&s, MESSAGE_ASSIGN, GUARDIAN, INVESTIGATOR, 0);
	WRITE(&s, REPLY, GUARDIAN, 0);
	c = reader_new(s.w, SECOND, &s.known);
	assert_int_equal(reader_take(c, &s.sent[0], 0), REFUSAL_NONE);
	assert_int_equal(reader_take(c, &s.sent[1], 1), REFUSAL_NONE);
	assert_int_equal(reader_take(c, &s.sent[4], 2), REFUSAL_REORDERED);
	c = reader_free(c);
	scene_end(&s);
}

#define TEST(name) cmocka_unit_test(name)
int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(test_case_is_read_to_its_end_by_all_who_have_it),
		TEST(test_dismissal_and_what_came_of_it_is_read_by_all),
		TEST(test_what_the_vault_should_have_refused_is_named),
		TEST(test_hostile_changes_are_refused_and_named),
		TEST(test_reporter_refuses_who_must_not_read),
		TEST(test_old_action_is_not_taken_twice),
		TEST(test_old_dismissal_is_not_taken_twice),
		TEST(test_dropped_assignment_breaks_the_chain),
	};

	if (argc != 2)
		return 2;
	policy_yaml = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
