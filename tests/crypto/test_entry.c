#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "crypto/entry.h"
#include "crypto/label.h"

static const uint8_t seed[SIGN_SEED_LEN] = { 7 };
static const uint8_t other_seed[SIGN_SEED_LEN] = { 8 };

static struct entry
entry_of(enum message_kind kind, uint16_t author, uint32_t seq)
{
	struct entry e = { .kind = kind,
		.author = author,
		.seq = seq,
		.case_id = { 1, 2, 3 } };

	memset(e.prev, seq == 0 ? 0 : 5, sizeof(e.prev));
	memset(e.content, message_kind_has_content(kind) ? 6 : 0,
	    sizeof(e.content));
	return e;
}

static void
test_entry_comes_back_and_only_its_author_verifies(void **state)
{
	static const struct {
		enum message_kind kind;
		uint16_t author;
		uint32_t seq;
	} cases[] = {
		{ MESSAGE_FOLLOWUP, PERSON_REPORTER, 1 },
		{ MESSAGE_WITHDRAW, PERSON_REPORTER, 3 },
		{ MESSAGE_REPLY, 7, 2 },
		{ MESSAGE_ACK, 65534, 1 },
		{ MESSAGE_NOTE, 7, 0 },
	};
	uint8_t pub[SIGN_PUB_LEN], wrong[SIGN_PUB_LEN];

	(void)state;
	assert_int_equal(ERR_OK, sign_public(seed, pub));
	assert_int_equal(ERR_OK, sign_public(other_seed, wrong));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEAN_BUF struct buf note = BUF_INIT(ENTRY_NOTE_MAX);
		struct entry e = entry_of(cases[i].kind, cases[i].author,
				 cases[i].seq),
			     got;

		assert_int_equal(ERR_OK, entry_sign(&e, seed, &note));
		assert_int_equal(ERR_OK, entry_parse(buf_bytes(&note), &got));
		assert_int_equal(e.kind, got.kind);
		assert_int_equal(e.author, got.author);
		assert_int_equal(e.seq, got.seq);
		assert_memory_equal(e.case_id, got.case_id, CASE_ID_LEN);
		assert_memory_equal(e.prev, got.prev, LINK_LEN);
		assert_memory_equal(e.content, got.content, SHA256_LEN);
		assert_int_equal(ERR_OK,
		    entry_verify(buf_bytes(&note), &got, pub));
		assert_int_equal(ERR_BAD_SIG,
		    entry_verify(buf_bytes(&note), &got, wrong));
		got.author = 9;
		assert_int_equal(ERR_BAD_SIG,
		    entry_verify(buf_bytes(&note), &got, pub));
	}
}

static struct entry
full_entry_of(enum message_kind kind)
{
	static const uint16_t author[] = {
		[AUTHOR_REPORTER] = PERSON_REPORTER,
		[AUTHOR_STAFF] = 7,
		[AUTHOR_INSTANCE] = PERSON_INSTANCE,
	};
	const struct message_form *form = message_form(kind);
	struct entry e = entry_of(kind, author[form->author], 4);

	if (form->content == CONTENT_MAY)
		memset(e.content, 6, sizeof(e.content));
	if (form->author != AUTHOR_REPORTER)
		memset(e.seen, 9, sizeof(e.seen));
	e.day = 20778;
	if (form->params & PARAM_BAND)
		e.band = 2;
	e.is_complex = form->params & PARAM_COMPLEX;
	e.is_conduct = form->params & PARAM_CONDUCT;
	e.agrees = form->params & PARAM_AGREE;
	if (form->params & PARAM_ROUTE)
		e.route = 3;
	if (form->params & PARAM_FROM)
		e.from = 12;
	if (form->params & PARAM_PERSON)
		e.person = 13;
	if (form->params & PARAM_GRANTS)
		memset(e.grants, 0xab, sizeof(e.grants));
	if (form->params & PARAM_CHAIN)
		e.in = CHAIN_STAFF;
	if (form->params & PARAM_ABOUT)
		e.about = 17;
	if (form->params & PARAM_CODE) {
		e.code = kind == MESSAGE_EVENT ? NOTICE_JOINED : NOTICE_CHECK;
		e.number = 5;
	}
	if (form->params & PARAM_PEOPLE) {
		e.n_people = 2;
		e.people[0] = 4;
		e.people[1] = 9;
	}
	return e;
}

static enum err
sign_full(const struct entry *e, struct buf *note)
{
	uint8_t pub[SIGN_PUB_LEN];
	struct note_key key;

	if (e->author != PERSON_INSTANCE)
		return entry_sign(e, seed, note);
	assert_int_equal(ERR_OK, sign_public(seed, pub));
	assert_int_equal(ERR_OK, note_key_init(&key, "example/one", pub));
	return entry_sign_instance(e, &key, seed, note);
}

/* And no kind is taken for another: its lines are its own. */
static void
test_every_kind_comes_back_with_its_lines(void **state)
{
	(void)state;
	for (unsigned k = MESSAGE_FOLLOWUP; k < MESSAGE_KINDS; k++) {
		CLEAN_BUF struct buf note = BUF_INIT(ENTRY_NOTE_MAX);
		CLEAN_BUF struct buf again = BUF_INIT(ENTRY_NOTE_MAX);
		struct entry e = full_entry_of((enum message_kind)k), got;

		assert_int_equal(ERR_OK, sign_full(&e, &note));
		assert_int_equal(ERR_OK, entry_parse(buf_bytes(&note), &got));
		assert_int_equal(ERR_OK, sign_full(&got, &again));
		assert_true(bytes_equal(buf_bytes(&note), buf_bytes(&again)));
		assert_int_equal(e.number, got.number);
		assert_int_equal(e.n_people, got.n_people);
	}
}

/* An instance's note is nobody else's, and nobody else's is the instance's. */
static void
test_instance_and_people_cannot_stand_for_each_other(void **state)
{
	CLEAN_BUF struct buf note = BUF_INIT(ENTRY_NOTE_MAX);
	CLEAN_BUF struct buf theirs = BUF_INIT(ENTRY_NOTE_MAX);
	struct entry event = full_entry_of(MESSAGE_EVENT);
	struct entry reply = full_entry_of(MESSAGE_REPLY);
	uint8_t pub[SIGN_PUB_LEN];
	struct note_key key;

	(void)state;
	assert_int_equal(ERR_SYNTAX, entry_sign(&event, seed, &note));
	assert_int_equal(ERR_OK, sign_public(seed, pub));
	assert_int_equal(ERR_OK, note_key_init(&key, "example/one", pub));
	assert_int_equal(ERR_SYNTAX,
	    entry_sign_instance(&reply, &key, seed, &note));
	assert_int_equal(0, note.n);
	assert_int_equal(ERR_OK, sign_full(&event, &note));
	assert_int_equal(ERR_OK,
	    entry_verify_instance(buf_bytes(&note), &key, 1));
	assert_int_equal(ERR_OK, sign_public(other_seed, key.pub));
	assert_int_not_equal(ERR_OK,
	    entry_verify_instance(buf_bytes(&note), &key, 1));
	assert_int_equal(ERR_OK, entry_sign(&reply, seed, &theirs));
	assert_int_not_equal(ERR_OK,
	    entry_verify_instance(buf_bytes(&theirs), &key, 1));
}

/* The body of one in a note of the other's namespace, soundly signed. */
static void
must_not_parse_as(const char *space, const struct entry *e)
{
	CLEAN_BUF struct buf own = BUF_INIT(ENTRY_NOTE_MAX);
	CLEAN_BUF struct buf other = BUF_INIT(ENTRY_NOTE_MAX);
	uint8_t pub[SIGN_PUB_LEN];
	struct note_key key;
	struct entry got;
	struct note note;

	assert_int_equal(ERR_OK, sign_public(seed, pub));
	assert_int_equal(ERR_OK, note_key_init(&key, "example/one", pub));
	assert_int_equal(ERR_OK, sign_full(e, &own));
	assert_int_equal(ERR_OK,
	    note_parse(buf_bytes(&own),
		e->author == PERSON_INSTANCE ? NOTE_NOTICE : NOTE_ENTRY,
		&note));
	assert_int_equal(ERR_OK,
	    note_sign(space, note.body, &key, seed, &other));
	assert_int_equal(ERR_SYNTAX, entry_parse(buf_bytes(&other), &got));
}

static void
test_namespace_and_author_belong_together(void **state)
{
	struct entry event = full_entry_of(MESSAGE_EVENT);
	struct entry reply = full_entry_of(MESSAGE_REPLY);

	(void)state;
	must_not_parse_as(NOTE_ENTRY, &event);
	must_not_parse_as(NOTE_NOTICE, &reply);
}

static void
test_entry_that_contradicts_itself_is_refused(void **state)
{
	struct entry bad[7];
	CLEAN_BUF struct buf note = BUF_INIT(ENTRY_NOTE_MAX);

	(void)state;
	bad[0] = entry_of(MESSAGE_CONCERN, PERSON_REPORTER, 1);
	bad[1] = entry_of(MESSAGE_FOLLOWUP, 7, 1);
	bad[2] = entry_of(MESSAGE_REPLY, PERSON_REPORTER, 1);
	bad[3] = entry_of(MESSAGE_ACK, 7, 1);
	bad[3].content[0] = 1;
	bad[4] = entry_of(MESSAGE_REPLY, 7, 1);
	memset(bad[4].content, 0, SHA256_LEN);
	bad[5] = entry_of(MESSAGE_REPLY, 7, 0);
	bad[5].prev[0] = 1;
	bad[6] = entry_of(MESSAGE_REPLY, 7, 1);
	memset(bad[6].prev, 0, LINK_LEN);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(ERR_SYNTAX, entry_sign(&bad[i], seed, &note));
	assert_int_equal(0, note.n);
}

/* Any change of a byte is refused, by form or by signature. */
static void
test_entry_with_any_byte_changed_is_refused(void **state)
{
	CLEAN_BUF struct buf note = BUF_INIT(ENTRY_NOTE_MAX);
	struct entry e = entry_of(MESSAGE_REPLY, 7, 12), got;
	uint8_t pub[SIGN_PUB_LEN];

	(void)state;
	assert_int_equal(ERR_OK, sign_public(seed, pub));
	assert_int_equal(ERR_OK, entry_sign(&e, seed, &note));
	for (size_t i = 0; i < note.n; i++) {
		note.p[i] ^= 1;
		if (entry_parse(buf_bytes(&note), &got) == ERR_OK)
			assert_int_equal(ERR_BAD_SIG,
			    entry_verify(buf_bytes(&note), &got, pub));
		note.p[i] ^= 1;
	}
}

static void
test_statement_comes_back_and_nothing_more_is_accepted(void **state)
{
	CLEAN_BUF struct buf text = BUF_INIT(2 * STATEMENT_MAX);
	struct statement s = { .case_id = { 9 },
		.kind = MESSAGE_CONCERN,
		.day = 20778,
		.policy = 4,
		.link = { 8 } },
			 got;

	(void)state;
	statement_put(&s, &text);
	assert_int_equal(ERR_OK, text.err);
	assert_true(text.n <= STATEMENT_MAX);
	assert_int_equal(ERR_OK, statement_parse(buf_bytes(&text), &got));
	assert_memory_equal(s.case_id, got.case_id, CASE_ID_LEN);
	assert_int_equal(s.kind, got.kind);
	assert_int_equal(s.day, got.day);
	assert_int_equal(s.policy, got.policy);
	assert_memory_equal(s.link, got.link, LINK_LEN);
	assert_int_not_equal(ERR_OK,
	    statement_parse(BYTES(text.p, text.n - 1), &got));
	buf_put_str(&text, "more: x\n");
	assert_int_not_equal(ERR_OK, statement_parse(buf_bytes(&text), &got));
}

static void
test_login_comes_back_and_only_its_person_verifies(void **state)
{
	CLEAN_BUF struct buf note = BUF_INIT(LOGIN_NOTE_MAX);
	const struct login l = { { 1, 2 }, 7, { 3, 4 } };
	const struct login nobodys = { .person = PERSON_REPORTER };
	uint8_t pub[SIGN_PUB_LEN];
	struct login got = { 0 };

	(void)state;
	assert_int_equal(ERR_OK, sign_public(seed, pub));
	assert_int_equal(ERR_SYNTAX, login_sign(&nobodys, seed, &note));
	assert_int_equal(ERR_OK, login_sign(&l, seed, &note));
	assert_int_equal(ERR_OK, login_parse(buf_bytes(&note), &got));
	assert_int_equal(l.person, got.person);
	assert_memory_equal(l.root, got.root, sizeof(l.root));
	assert_memory_equal(l.challenge, got.challenge, sizeof(l.challenge));
	assert_int_equal(ERR_OK, login_verify(buf_bytes(&note), 7, pub));
	assert_int_equal(ERR_BAD_SIG, login_verify(buf_bytes(&note), 8, pub));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_entry_comes_back_and_only_its_author_verifies),
		cmocka_unit_test(test_every_kind_comes_back_with_its_lines),
		cmocka_unit_test(
		    test_instance_and_people_cannot_stand_for_each_other),
		cmocka_unit_test(test_namespace_and_author_belong_together),
		cmocka_unit_test(test_entry_that_contradicts_itself_is_refused),
		cmocka_unit_test(test_entry_with_any_byte_changed_is_refused),
		cmocka_unit_test(
		    test_statement_comes_back_and_nothing_more_is_accepted),
		cmocka_unit_test(
		    test_login_comes_back_and_only_its_person_verifies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
