#include "tests/daemon/vault_world.h"

#include "crypto/label.h"

#include <string.h>

static const uint16_t guardians[] = { GUARDIAN, SECOND_GUARDIAN };

/* What the vault says to a policy with this serial and realm. */
static enum err
offer(struct world *w, uint32_t serial, uint8_t realm)
{
	CLEAN_BUF struct buf bundle = BUF_INIT(BUNDLE_POLICY_MAX);

	world_policy_bundle(w, serial, realm, &bundle);
	return vault_policy(w->vault, buf_bytes(&bundle));
}

static void
test_a_rollback_is_refused_also_after_a_new_start(void **state)
{
	struct world *w = *state;

	world_switch_policy(w, 3);
	assert_int_equal(ERR_DENIED, offer(w, 2, REALM));
	assert_int_equal(3, vault_policy_serial(w->vault));
	w->vault = vault_free(w->vault);
	assert_int_equal(ERR_OK,
	    vault_new(&w->env, &w->config, &w->secret, &w->vault));
	assert_int_equal(0, vault_policy_serial(w->vault));
	assert_int_equal(ERR_DENIED, offer(w, 2, REALM));
	assert_int_equal(ERR_OK, offer(w, 3, REALM));
	assert_int_equal(3, vault_policy_serial(w->vault));
}

/* The bundle again with one root more, that the same keys signed. */
static enum err
offer_with_next_root(struct world *w, uint32_t serial)
{
	CLEAN_BUF struct buf old = BUF_INIT(BUNDLE_POLICY_MAX);
	CLEAN_BUF struct buf new = BUF_INIT(BUNDLE_POLICY_MAX);
	CLEAN_BUF struct buf text = BUF_INIT(NOTE_MAX);
	CLEAN_BUF struct buf note = BUF_INIT(NOTE_MAX);
	static struct bundle_answer a;
	struct root root;

	world_policy_bundle(w, serial, REALM, &old);
	assert_int_equal(ERR_OK, bundle_answer_parse(buf_bytes(&old), &a));
	assert_int_equal(ERR_OK, roots_walk(a.policy.root, 1, NULL, &root));
	memcpy(root.previous, root.hash, SHA256_LEN);
	root.serial = 1;
	root_put(&root, &text);
	assert_int_equal(ERR_OK,
	    note_sign(NOTE_ROOT, buf_bytes(&text), &w->policy_key,
		w->policy_seed, &note));
	a.policy.root[a.policy.n_roots++] = buf_bytes(&note);
	assert_int_equal(ERR_OK, bundle_answer_put(&a, &new));
	return vault_policy(w->vault, buf_bytes(&new));
}

/* Keys of before could sign a policy of any serial. */
static void
test_a_root_of_before_is_refused_also_after_a_new_start(void **state)
{
	struct world *w = *state;

	assert_int_equal(ERR_OK, offer_with_next_root(w, 2));
	assert_int_equal(ERR_DENIED, offer(w, 3, REALM));
	w->vault = vault_free(w->vault);
	assert_int_equal(ERR_OK,
	    vault_new(&w->env, &w->config, &w->secret, &w->vault));
	assert_int_equal(ERR_DENIED, offer(w, 3, REALM));
	assert_int_equal(ERR_OK, offer_with_next_root(w, 3));
}

/* The realm is no secret: anybody can write it into a root of their own. */
static void
test_strangers_roots_with_the_right_realm_are_refused(void **state)
{
	struct world *w = *state;
	uint8_t pub[SIGN_PUB_LEN];

	w->policy_seed[0] ^= 1;
	assert_int_equal(ERR_OK, sign_public(w->policy_seed, pub));
	assert_int_equal(ERR_OK,
	    note_key_init(&w->policy_key, "littleham/policy", pub));
	assert_int_equal(ERR_DENIED, offer(w, 2, REALM));
	assert_int_equal(1, vault_policy_serial(w->vault));
}

static void
test_another_realm_than_the_stores_is_refused(void **state)
{
	struct world *w = *state;

	assert_int_equal(ERR_DENIED, offer(w, 2, 0x12));
	assert_int_equal(ERR_OK, offer(w, 2, REALM));
}

static void
test_a_second_policy_under_one_serial_is_refused(void **state)
{
	struct world *w = *state;

	/* The chair gets another key. */
	assert_int_equal(ERR_OK,
	    age_identity_new(&env_system, AGE_X25519, &w->person[CHAIR].id));
	assert_int_equal(ERR_OK,
	    age_identity_recipient(&w->person[CHAIR].id,
		&w->person[CHAIR].key));
	assert_int_equal(ERR_DENIED, offer(w, 1, REALM));
	assert_int_equal(ERR_OK, offer(w, 2, REALM));
}

static void
test_what_strangers_signed_is_refused(void **state)
{
	struct world *w = *state;
	CLEAN_BUF struct buf bundle = BUF_INIT(BUNDLE_POLICY_MAX);
	uint8_t kept[SIGN_SEED_LEN];

	/* The policy's text, changed after it was signed. */
	world_policy_bundle(w, 2, REALM, &bundle);
	uint8_t *at = memmem(bundle.p, bundle.n, "Sam Archer", 10);
	assert_non_null(at);
	*at = 'T';
	assert_int_equal(ERR_BAD_SIG,
	    vault_policy(w->vault, buf_bytes(&bundle)));
	/* An instance key that the root does not name. */
	memcpy(kept, w->instance_key.pub, sizeof(kept));
	w->instance_key.pub[0] ^= 1;
	assert_int_not_equal(ERR_OK, offer(w, 2, REALM));
	memcpy(w->instance_key.pub, kept, sizeof(kept));
	assert_int_equal(ERR_OK, offer(w, 2, REALM));
}

static void
test_nothing_is_answered_before_there_is_a_policy(void **state)
{
	struct world *w = *state;
	struct reporter r;

	reporter_new(&r, 1);
	w->vault = vault_free(w->vault);
	assert_int_equal(ERR_OK,
	    vault_new(&w->env, &w->config, &w->secret, &w->vault));
	assert_int_equal(ANSWER_DOWN, poll_mailbox(w, &r, 0));
}

static void
test_an_expired_policy_is_refused(void **state)
{
	struct world *w = *state;

	w->now = w->policy->hard_expiry;
	assert_int_equal(ERR_EXPIRED, offer(w, 2, REALM));
}

static void
test_the_policy_before_serves_concerns_for_a_day(void **state)
{
	struct world *w = *state;
	CLEAN_DRAFT struct draft first = { 0 }, second = { 0 }, new = { 0 };
	struct reporter a, b, c;

	reporter_new(&a, 1);
	reporter_new(&b, 2);
	reporter_new(&c, 3);
	draft_concern(w, &a, guardians, 2, &first);
	draft_concern(w, &b, guardians, 2, &second);
	world_switch_policy(w, 2);
	w->now += DAY_SECONDS - 1;
	assert_int_equal(ANSWER_OK, world_request(w, &first.request));
	w->now++;
	assert_int_equal(ANSWER_BAD_POLICY, world_request(w, &second.request));
	draft_concern(w, &c, guardians, 2, &new);
	assert_int_equal(ANSWER_OK, world_request(w, &new.request));
	world_check_store(w, 2);
}

static void
test_after_its_hard_expiry_a_policy_takes_no_concern(void **state)
{
	struct world *w = *state;
	CLEAN_DRAFT struct draft d = { 0 };
	struct reporter r;

	reporter_new(&r, 1);
	draft_concern(w, &r, guardians, 2, &d);
	w->now = w->policy->hard_expiry;
	assert_int_equal(ANSWER_BAD_POLICY, world_request(w, &d.request));
}

int
main(void)
{
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_a_rollback_is_refused_also_after_a_new_start),
		TEST(test_a_root_of_before_is_refused_also_after_a_new_start),
		TEST(test_strangers_roots_with_the_right_realm_are_refused),
		TEST(test_another_realm_than_the_stores_is_refused),
		TEST(test_a_second_policy_under_one_serial_is_refused),
		TEST(test_what_strangers_signed_is_refused),
		TEST(test_nothing_is_answered_before_there_is_a_policy),
		TEST(test_an_expired_policy_is_refused),
		TEST(test_the_policy_before_serves_concerns_for_a_day),
		TEST(test_after_its_hard_expiry_a_policy_takes_no_concern),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
