#include "tests/client/scene.h"

#include <string.h>

#include "crypto/bundle.h"
#include "crypto/env.h"
#include "crypto/label.h"
#include "crypto/lines.h"

/* What a server leaves out, or says of its own: refused where it matters, and
 * no more refused than that. */

#define PLAIN_ROUTE "3"

static const char *policy_yaml;

/* Each is on the list by the policy, so each has one. */
static void
test_readers_refuse_a_message_without_their_envelope(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s, policy_yaml);
	write_honest(&s, 3);
	s.sent[2].person[s.sent[2].n_to - 1] = STRANGER;
	assert_int_equal(read_all(&s, PERSON_REPORTER), REFUSAL_ENVELOPE);
	s.sent[2].person[0] = STRANGER;
	assert_int_equal(read_whole(&s, GUARDIAN), REFUSAL_ENVELOPE);
	assert_int_equal(read_all(&s, SECOND), REFUSAL_NONE);
	scene_end(&s);
}

static void
test_case_without_messages_is_refused(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s, policy_yaml);
	assert_int_equal(read_all(&s, GUARDIAN), REFUSAL_NO_CONCERN);
	scene_end(&s);
}

/* Written while the reader was between the two chains. */
static void
test_message_that_was_seen_may_come_later(void **state)
{
	struct conversation *c;
	struct scene s;

	(void)state;
	scene_begin(&s, policy_yaml);
	write_honest(&s, ALL);
	c = reader_new(s.w, GUARDIAN, &s.known);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(reader_take(c, &s.sent[i], i), REFUSAL_NONE);
	assert_int_equal(reader_take(c, &s.sent[4], 0), REFUSAL_SEEN);
	assert_int_equal(conversation_finish(c), REFUSAL_NONE);
	assert_int_equal(reader_take(c, &s.sent[3], 3), REFUSAL_NONE);
	assert_int_equal(reader_take(c, &s.sent[4], 0), REFUSAL_NONE);
	assert_int_equal(conversation_finish(c), REFUSAL_NONE);
	assert_int_equal(c->n_messages, ALL);
	c = reader_free(c);
	scene_end(&s);
}

static void
test_only_the_reporter_withdraws(void **state)
{
	const struct spec withdraw = { .kind = MESSAGE_WITHDRAW,
		.author = PERSON_REPORTER };
	struct conversation *c;
	struct scene s;

	(void)state;
	scene_begin(&s, policy_yaml);
	scene_write(&s, &honest[0]);
	scene_write(&s, &withdraw);
	c = reader_new(s.w, GUARDIAN, &s.known);
	assert_int_equal(reader_take(c, &s.sent[0], 0), REFUSAL_NONE);
	assert_false(conversation_is_withdrawn(c));
	assert_int_equal(reader_take(c, &s.sent[1], 1), REFUSAL_NONE);
	assert_true(conversation_is_withdrawn(c));
	c = reader_free(c);
	scene_end(&s);
}

static void
other_policy(struct manifest *m)
{
	m->policy[0] ^= 1;
}

/* Somebody in the policy, but not on the route, with a server that lets them:
 * a policy that nobody knows, and their own name in the list. */
static void
test_nobody_makes_themselves_a_reader(void **state)
{
	const struct spec spec = { .kind = MESSAGE_NOTE,
		.author = CHAIR,
		.manifest = other_policy,
		.n_to = 2,
		.to = { GUARDIAN, CHAIR } };
	struct scene s;

	(void)state;
	scene_begin(&s, policy_yaml);
	scene_write(&s, &honest[0]);
	scene_write(&s, &spec);
	assert_int_equal(read_all(&s, GUARDIAN), REFUSAL_NOT_A_READER);
	scene_end(&s);
}

/* Who reports to whom changes; what was right when it was sealed stays. */
static void
test_line_of_another_policy_is_not_held_against_a_message(void **state)
{
	const struct spec spec = { .kind = MESSAGE_CONCERN,
		.n_to = 5,
		.to = { GUARDIAN, SECOND, EXECUTIVE, 5, PERSON_REPORTER } };
	struct conversation *c;
	struct scene s;

	(void)state;
	scene_begin(&s, policy_yaml);
	s.w->n_exclude = 1;
	s.w->exclude[0] = CHIEF; /* the executive lead reports to them */
	scene_write(&s, &spec);
	c = reader_new(s.w, GUARDIAN, &s.known);
	s.known.hash[0] ^= 1; /* but perhaps not by the policy of that day */
	assert_int_equal(reader_take(c, &s.sent[0], 0), REFUSAL_NONE);
	assert_false(c->message[0]->is_policy_known);
	c = reader_free(c);
	scene_end(&s);
}

/* --- plain concerns --- */

/* As the vault would hand it out, with a head that nobody signed. */
static enum refusal
read_plain(struct world *w, const char *route, const char *band,
    bool is_swapped)
{
	struct buf head CLEAN_BUF = BUF_INIT(BUNDLE_TEXT_LEN);
	struct buf file CLEAN_BUF = BUF_INIT(BUNDLE_TEXT_LEN);
	const struct bytes label = BYTES_LIT(LABEL_PLAIN_ID);
	uint8_t hash[SHA256_LEN];
	struct known_policy known;
	struct age_recipient to;
	struct conversation *c;
	enum refusal r;

	assert_int_equal(age_identity_recipient(&w->id[GUARDIAN], &to), ERR_OK);
	assert_int_equal(
	    age_seal(&env_system, &to, 1, BYTES_LIT("plain"), &file), ERR_OK);
	assert_int_equal(
	    sha256_parts((const struct bytes[]){ label, buf_bytes(&file) }, 2,
		hash),
	    ERR_OK);
	buf_printf(&head, "speakup: v1 plain\nroute: %s\nband: %s\n", route,
	    band);
	lines_put_hex(&head, "policy", w->hash, SHA256_LEN);
	c = reader_new(w, GUARDIAN, &known);
	c->is_plain = true;
	memcpy(c->case_id, hash, CASE_ID_LEN);
	c->case_id[0] ^= is_swapped;
	r = conversation_begin(c, CHAIN_TALK, 0, buf_bytes(&head),
	    buf_bytes(&file));
	if (r == REFUSAL_NONE)
		r = conversation_end(c, NULL);
	if (r == REFUSAL_NONE)
		r = conversation_finish(c);
	c = reader_free(c);
	return r;
}

static void
test_plain_concern_goes_the_plain_way_only(void **state)
{
	struct world *w = world_new(policy_yaml);

	(void)state;
	assert_int_equal(read_plain(w, PLAIN_ROUTE, "P3", false), REFUSAL_NONE);
	assert_int_equal(read_plain(w, "1", "P3", false), REFUSAL_MANIFEST);
	assert_int_equal(read_plain(w, PLAIN_ROUTE, "P1", false),
	    REFUSAL_MANIFEST);
	assert_int_equal(read_plain(w, PLAIN_ROUTE, "P3", true),
	    REFUSAL_SWAPPED);
	w = world_free(w);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_readers_refuse_a_message_without_their_envelope),
		cmocka_unit_test(test_case_without_messages_is_refused),
		cmocka_unit_test(test_message_that_was_seen_may_come_later),
		cmocka_unit_test(test_only_the_reporter_withdraws),
		cmocka_unit_test(test_nobody_makes_themselves_a_reader),
		cmocka_unit_test(
		    test_line_of_another_policy_is_not_held_against_a_message),
		cmocka_unit_test(test_plain_concern_goes_the_plain_way_only),
	};

	if (argc != 2)
		return 2;
	policy_yaml = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
