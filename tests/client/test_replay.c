#include "tests/client/scene.h"

#include <string.h>

#define TEXT_MAX 1024

/*
 * A case that has moved on: what readers refuse that the server, or somebody
 * who may read the case and has a server that lets them, made of it. Each case
 * is honest but for one thing.
 */

static const char *policy_yaml;

/* --- writing --- */

static void
write_one(struct scene *s, enum message_kind kind, uint16_t author,
    struct entry with)
{
	const struct spec spec = { .kind = kind, .author = author,
		.with = with };

	scene_write(s, &spec);
}
#define WRITE(s, kind, author, ...) \
	write_one(s, MESSAGE_##kind, author, (struct entry){ __VA_ARGS__ })

/* Envelopes for every message so far that has content, and the entry that
 * names their digest. */
static void
give_all(struct scene *s, enum message_kind kind, uint16_t author,
    uint16_t person, uint16_t from)
{
	struct entry with = { .person = person, .from = from,
		.investigates = kind == MESSAGE_ASSIGN };

	for (size_t i = 0; i < s->n; i++) {
		if (s->sent[i].n_to > 0)
			world_grant(s->w, &s->sent[i], person);
	}
	world_digest(s->sent, s->n, person, with.grants);
	write_one(s, kind, author, with);
}

static void
give_nothing(struct scene *s, uint16_t person)
{
	struct spec spec = { .kind = MESSAGE_ASSIGN, .author = GUARDIAN,
		.text = "what you need to know",
		.with = { .person = person } };

	world_digest(s->sent, 0, person, spec.with.grants);
	scene_write(s, &spec);
}

static void
begin_case(struct scene *s)
{
	scene_begin(s, policy_yaml);
	world_train(s->w);
	scene_write(s, &honest[0]);
	WRITE(s, ACK, GUARDIAN, 0);
	WRITE(s, TRIAGE, GUARDIAN, .band = BAND);
}

static void
begin_inquiry(struct scene *s)
{
	begin_case(s);
	give_all(s, MESSAGE_ASSIGN, GUARDIAN, INVESTIGATOR, 0);
	WRITE(s, TERMS, GUARDIAN, 0);
	WRITE(s, REPORT, INVESTIGATOR, .is_conduct = true);
}

/* Everybody who reads says the same. */
static void
read_by(struct scene *s, const uint16_t *who, size_t n, enum refusal expected)
{
	for (size_t i = 0; i < n; i++) {
		enum refusal r = read_all(s, who[i]);

		if (r != expected)
			fail_msg("%u: %s", who[i], refusal_text(r));
	}
}
#define READ_BY(s, expected, ...)                                         \
	read_by(s, (const uint16_t[]){ __VA_ARGS__ },                     \
	    sizeof((const uint16_t[]){ __VA_ARGS__ }) / sizeof(uint16_t), \
	    expected)

/* --- honest --- */

static void
test_case_is_read_to_its_end_by_all_who_have_it(void **state)
{
	struct conversation *c;
	struct scene s;

	(void)state;
	begin_inquiry(&s);
	WRITE(&s, EVENT, PERSON_INSTANCE, .code = NOTICE_BREACHED,
	    .number = 9);
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
		assert_int_equal(c->message[i]->kind, i == 0
			? MESSAGE_CONCERN : s.sent[i].entry.kind);
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
override_alone(struct scene *s)
{
	begin_case(s);
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
	begin_case(s);
	WRITE(s, WITHDRAW, PERSON_REPORTER, 0);
	WRITE(s, REPLY, GUARDIAN, 0);
}

static const struct {
	void (*write)(struct scene *s);
	enum life_refusal why;
	enum case_state state;
} not_allowed[] = {
	{ review_skipped, LIFE_NEEDS_REVIEW, CASE_REPORTED },
	{ reviewed_by_no_executive, LIFE_NOT_YOURS, CASE_REPORTED },
	{ closed_unread, LIFE_NOT_NOW, CASE_RECEIVED },
	{ override_alone, LIFE_SAME_PERSON, CASE_TRIAGED },
	{ triaged_by_an_investigator, LIFE_NOT_YOURS, CASE_REPORTED },
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
	const struct spec spec = { .kind = MESSAGE_REPLY, .author = GUARDIAN,
		.n_to = 6, .to = { GUARDIAN, SECOND, EXECUTIVE, 5, CHIEF,
		    PERSON_REPORTER } };

	begin_case(s);
	scene_write(s, &spec);
}

static void
assignment_hidden(struct scene *s)
{
	const struct spec spec = { .kind = MESSAGE_REPLY, .author = GUARDIAN,
		.n_to = 5, .to = { GUARDIAN, SECOND, EXECUTIVE, 5,
		    PERSON_REPORTER } };

	begin_case(s);
	give_all(s, MESSAGE_ASSIGN, GUARDIAN, INVESTIGATOR, 0);
	scene_write(s, &spec);
}

static void
recusal_hidden(struct scene *s)
{
	const struct spec spec = { .kind = MESSAGE_NOTE, .author = GUARDIAN,
		.n_to = 4, .to = { GUARDIAN, SECOND, EXECUTIVE, 5 } };

	begin_case(s);
	WRITE(s, RECUSE, SECOND, 0);
	scene_write(s, &spec);
}

static void
recused_and_writes(struct scene *s)
{
	begin_case(s);
	WRITE(s, RECUSE, SECOND, 0);
	WRITE(s, UNOPENED, SECOND, .about = 0);
}

static void
handed_over_and_writes(struct scene *s)
{
	begin_case(s);
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
	WRITE(s, ACK, 5, 0);
	WRITE(s, HANDOVER, 5, .from = 5, .person = EXECUTIVE);
}

static void
granted_to_no_reader(struct scene *s)
{
	begin_case(s);
	give_all(s, MESSAGE_GRANT, GUARDIAN, CHIEF, 0);
}

static void
handed_over_by_nobody(struct scene *s)
{
	begin_case(s);
	give_all(s, MESSAGE_HANDOVER, GUARDIAN, CHAIR, CHIEF);
}

static void
others_are_told(struct scene *s)
{
	begin_case(s);
	WRITE(s, ROUTE, GUARDIAN, .route = 2, .n_people = 1,
	    .people = { CHIEF });
}

static void
concern_tells_others(struct scene *s)
{
	const struct spec spec = { .kind = MESSAGE_CONCERN,
		.author = PERSON_REPORTER, .n_tell = 1, .tell = { CHIEF } };

	scene_begin(s, policy_yaml);
	scene_write(s, &spec);
}

/* --- chains --- */

static void
forged_by_a_reader(struct scene *s)
{
	struct spec spec = { .kind = MESSAGE_ESCALATE, .author = SECOND };

	begin_case(s);
	spec.seed = s->w->seed[GUARDIAN];
	scene_write(s, &spec);
}

static void
forged_in_the_servers_name(struct scene *s)
{
	begin_case(s);
	WRITE(s, EVENT, PERSON_INSTANCE, .code = NOTICE_BREACHED,
	    .number = 1);
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
	const struct spec spec = { .kind = MESSAGE_NOTE, .author = SECOND,
		.entry = has_seen_the_old };

	begin_case(s);
	memcpy(old_link, s->sent[0].link, LINK_LEN);
	scene_write(s, &spec);
}

static void
talk_entry_goes_back(struct scene *s)
{
	const struct spec spec = { .kind = MESSAGE_RECUSE, .author = SECOND,
		.entry = has_seen_the_old };

	begin_case(s);
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
	{ "the server's name", forged_in_the_servers_name,
	    REFUSAL_SIGNATURE },
	{ "a staff entry back in time", staff_entry_goes_back,
	    REFUSAL_REORDERED },
	{ "a talk entry back in time", talk_entry_goes_back,
	    REFUSAL_REORDERED },
};

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
		if (r != hostile[i].expected)
			fail_msg("%s: %s", hostile[i].what, refusal_text(r));
		assert_true(c->refused.is_one);
		assert_int_equal(c->refused.chain, s.sent[s.n - 1].chain);
		assert_int_equal(c->refused.seq, s.sent[s.n - 1].seq);
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
		r = read_all(&s, PERSON_REPORTER);
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
	begin_case(&s);
	c = reader_new(s.w, GUARDIAN, &s.known);
	assert_int_equal(scene_read(&s, c), REFUSAL_NONE);
	assert_int_equal(reader_take(c, &s.sent[2], 1), REFUSAL_REORDERED);
	c = reader_free(c);
	scene_end(&s);
}

static void
test_dropped_assignment_breaks_the_chain(void **state)
{
	struct conversation *c;
	struct scene s;

	(void)state;
	begin_case(&s);
	give_all(&s, MESSAGE_ASSIGN, GUARDIAN, INVESTIGATOR, 0);
	WRITE(&s, REPLY, GUARDIAN, 0);
	c = reader_new(s.w, SECOND, &s.known);
	assert_int_equal(reader_take(c, &s.sent[0], 0), REFUSAL_NONE);
	assert_int_equal(reader_take(c, &s.sent[1], 1), REFUSAL_NONE);
	assert_int_equal(reader_take(c, &s.sent[4], 2), REFUSAL_REORDERED);
	c = reader_free(c);
	scene_end(&s);
}

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
	begin_case(s);
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
	assert_int_equal(read_all(&s, INVESTIGATOR), REFUSAL_ENVELOPE);
	scene_end(&s);
}

static void
test_reader_from_now_on_needs_nothing_of_before(void **state)
{
	struct conversation *c;
	struct scene s;

	(void)state;
	begin_case(&s);
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
	begin_case(&s);
	assert_int_equal(read_all(&s, CHIEF), REFUSAL_NO_CONCERN);
	world_grant(s.w, &s.sent[0], CHIEF);
	assert_int_equal(read_all(&s, CHIEF), REFUSAL_ENVELOPE);
	scene_end(&s);
}

static void
test_place_goes_from_hand_to_hand(void **state)
{
	struct conversation *c;
	struct scene s;

	(void)state;
	begin_case(&s);
	give_all(&s, MESSAGE_HANDOVER, SECOND, CHAIR, SECOND);
	WRITE(&s, BAND, CHAIR, .band = 2);
	give_all(&s, MESSAGE_HANDOVER, CHAIR, CHIEF, CHAIR);
	WRITE(&s, REPLY, CHIEF, 0);
	READ_BY(&s, REFUSAL_NONE, GUARDIAN, EXECUTIVE, CHIEF,
	    PERSON_REPORTER);
	c = reader_new(s.w, CHIEF, &s.known);
	assert_int_equal(scene_read(&s, c), REFUSAL_NONE);
	assert_true(conversation_parts(c, CHIEF) & PART_HANDLER);
	assert_int_equal(conversation_parts(c, CHAIR), 0);
	assert_int_equal(conversation_parts(c, SECOND), 0);
	assert_int_equal(c->life.band, 2);
	c = reader_free(c);
	scene_end(&s);
}

/* --- what does not open --- */

static void
test_garbage_hides_itself_only(void **state)
{
	struct conversation *c;
	struct scene s;

	(void)state;
	begin_case(&s);
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
		TEST(test_case_is_read_to_its_end_by_all_who_have_it),
		TEST(test_what_the_vault_should_have_refused_is_named),
		TEST(test_hostile_changes_are_refused_and_named),
		TEST(test_reporter_refuses_who_must_not_read),
		TEST(test_old_action_is_not_taken_twice),
		TEST(test_dropped_assignment_breaks_the_chain),
		TEST(test_granted_envelopes_are_those_of_the_digest),
		TEST(test_reader_from_now_on_needs_nothing_of_before),
		TEST(test_nobody_is_a_reader_whom_no_entry_names),
		TEST(test_place_goes_from_hand_to_hand),
		TEST(test_garbage_hides_itself_only),
		TEST(test_concern_that_does_not_open_for_one_reader),
	};

	if (argc != 2)
		return 2;
	policy_yaml = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
