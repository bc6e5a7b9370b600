#include "tests/policy/support.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/codec.h"
#include "crypto/label.h"
#include "policy/root.h"

#define KEYS 5
#define ORG "Northshire Ambulance Service (fictional)"

/* Key i: its seed and what verifies it. */
struct test_key {
	uint8_t seed[SIGN_SEED_LEN];
	struct note_key key;
};

static struct test_key keys[KEYS];

static int
make_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < KEYS; i++) {
		char name[] = "policy/a";
		uint8_t pub[SIGN_PUB_LEN];

		name[7] = (char)('a' + i);
		memset(keys[i].seed, (int)i + 1, SIGN_SEED_LEN);
		if (sign_public(keys[i].seed, pub) != ERR_OK ||
		    note_key_init(&keys[i].key, name, pub) != ERR_OK)
			return 1;
	}
	return 0;
}

/* which: letters of the keys, as in "ac". */
static void
sign_all(const char *space, struct bytes body, const char *which,
    struct buf *out)
{
	for (const char *k = which; *k != '\0'; k++) {
		const struct test_key *t = &keys[*k - 'a'];

		assert_int_equal(k == which
			? note_sign(space, body, &t->key, t->seed, out)
			: note_add_signature(out, &t->key, t->seed),
		    ERR_OK);
	}
}

static struct root
root_of(uint32_t serial, const struct root *before, unsigned quorum,
    const char *which)
{
	struct root r = { .serial = serial, .quorum = quorum };

	memset(r.realm, 0x5a, REALM_LEN);
	memcpy(r.org, ORG, sizeof(ORG));
	if (before != NULL)
		memcpy(r.previous, before->hash, SHA256_LEN);
	for (const char *k = which; *k != '\0'; k++)
		r.policy_keys[r.n_policy_keys++] = keys[*k - 'a'].key;
	r.n_instance_keys = 1;
	r.instance_keys[0] = keys[KEYS - 1].key;
	return r;
}

/* Writes and signs; fills in the hash. */
static void
root_note(struct root *r, const char *signers, struct buf *out)
{
	struct buf body = BUF_INIT(NOTE_MAX);
	struct note note;

	root_put(r, &body);
	sign_all(NOTE_ROOT, buf_bytes(&body), signers, out);
	assert_int_equal(note_parse(buf_bytes(out), NOTE_ROOT, &note), ERR_OK);
	assert_int_equal(sha256(note.text, r->hash), ERR_OK);
	buf_free(&body);
}

static void
test_root_reads_back(void **state)
{
	struct root r = root_of(0, NULL, 2, "abc"), got;
	struct buf note = BUF_INIT(NOTE_MAX);
	struct bytes notes[1];

	(void)state;
	root_note(&r, "ab", &note);
	notes[0] = buf_bytes(&note);
	assert_int_equal(roots_walk(notes, 1, r.hash, &got), ERR_OK);
	memcpy(r.first, r.hash, sizeof(r.first));
	assert_memory_equal(&got, &r, sizeof(r));
	buf_free(&note);
}

/* One step from root 0 ("ab" of abc, k = 2) to a root 1 with faults. */
static const struct {
	const char *what, *keys, *signers;
	unsigned quorum;
	uint32_t serial;
	bool other_previous, other_realm;
	enum err expected;
} steps[] = {
	{ "new keys, signed by both quorums", "bcd", "bc", 2, 1, false, false,
	    ERR_OK },
	{ "old a b, new c d", "cd", "abcd", 2, 1, false, false, ERR_OK },
	{ "new quorum alone", "cd", "cd", 2, 1, false, false, ERR_BAD_SIG },
	{ "old quorum alone", "cd", "ab", 2, 1, false, false, ERR_BAD_SIG },
	{ "one of the old", "bcd", "bd", 2, 1, false, false, ERR_BAD_SIG },
	{ "serial leaps", "abc", "ab", 2, 2, false, false, ERR_CORRUPT },
	{ "another previous", "abc", "ab", 2, 1, true, false, ERR_CORRUPT },
	{ "another realm", "abc", "ab", 2, 1, false, true, ERR_CORRUPT },
};

static void
test_next_root_needs_old_and_new_quorum(void **state)
{
	struct root first = root_of(0, NULL, 2, "abc");
	struct buf note0 = BUF_INIT(NOTE_MAX);

	(void)state;
	root_note(&first, "ab", &note0);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct root next = root_of(steps[i].serial, &first,
				steps[i].quorum, steps[i].keys),
			    got;
		struct buf note1 = BUF_INIT(NOTE_MAX);
		struct bytes notes[2];
		enum err e;

		if (steps[i].other_previous)
			next.previous[0] ^= 1;
		if (steps[i].other_realm)
			next.realm[0] ^= 1;
		root_note(&next, steps[i].signers, &note1);
		notes[0] = buf_bytes(&note0);
		notes[1] = buf_bytes(&note1);
		e = roots_walk(notes, 2, first.hash, &got);
		if (e != steps[i].expected)
			fail_msg("%s: %s", steps[i].what, err_name(e));
		memcpy(next.first, first.hash, SHA256_LEN);
		if (e == ERR_OK)
			assert_memory_equal(&got, &next, sizeof(got));
		buf_free(&note1);
	}
	buf_free(&note0);
}

static void
test_first_root_is_pinned_and_signs_itself(void **state)
{
	struct root r = root_of(0, NULL, 2, "abc"), got;
	struct root later = root_of(3, NULL, 1, "a");
	struct buf note = BUF_INIT(NOTE_MAX);
	struct bytes notes[1];
	uint8_t other[SHA256_LEN] = { 1 };

	(void)state;
	root_note(&r, "ac", &note);
	notes[0] = buf_bytes(&note);
	assert_int_equal(roots_walk(notes, 1, other, &got), ERR_DENIED);
	assert_int_equal(roots_walk(notes, 1, NULL, &got), ERR_OK);
	assert_int_equal(roots_walk(notes, 0, NULL, &got), ERR_SYNTAX);
	buf_reset(&note);
	root_note(&r, "a", &note);
	notes[0] = buf_bytes(&note);
	assert_int_equal(roots_walk(notes, 1, r.hash, &got), ERR_BAD_SIG);
	buf_reset(&note);
	later.previous[0] = 1;
	root_note(&later, "a", &note);
	notes[0] = buf_bytes(&note);
	assert_int_equal(roots_walk(notes, 1, later.hash, &got), ERR_CORRUPT);
	buf_free(&note);
}

static const struct {
	const char *from, *to;
} root_faults[] = {
	{ "quorum: 2", "quorum: 0" },
	{ "quorum: 2", "quorum: 4" },
	{ "serial: 0", "serial: 1" },
	{ "serial: 0", "serial: 00" },
	{ "org: North", "orgs: North" },
	{ "realm: 5a", "realm: 5A" },
	{ "policy-key: policy/b", "policy-key: policy/x" },
	{ "instance-key: ", "instance-keys: " },
	{ "\ninstance-key: ", "\nextra: 1\ninstance-key: " },
};

static void
test_malformed_roots_are_refused(void **state)
{
	struct root r = root_of(0, NULL, 2, "abc"), got;

	(void)state;
	for (size_t i = 0; i < sizeof(root_faults) / sizeof(root_faults[0]);
	     i++) {
		struct buf body = BUF_INIT(NOTE_MAX);
		char *text;

		buf_put_str(&body, NOTE_ROOT "\n");
		root_put(&r, &body);
		assert_int_equal(root_parse(buf_bytes(&body), &got), ERR_OK);
		buf_put_u8(&body, 0);
		text = with(strdup((const char *)body.p), root_faults[i].from,
		    root_faults[i].to);
		if (root_parse(bytes_str(text), &got) != ERR_SYNTAX)
			fail_msg("taken: %s", root_faults[i].to);
		free(text);
		buf_free(&body);
	}
}

/* One key under two names is one holder, and does not count for two. */
static void
test_one_key_does_not_count_twice(void **state)
{
	struct root r = root_of(0, NULL, 2, "ab"), got;
	struct buf body = BUF_INIT(NOTE_MAX);

	(void)state;
	assert_int_equal(
	    note_key_init(&r.policy_keys[1], "policy/z", r.policy_keys[0].pub),
	    ERR_OK);
	buf_put_str(&body, NOTE_ROOT "\n");
	root_put(&r, &body);
	assert_int_equal(root_parse(buf_bytes(&body), &got), ERR_SYNTAX);
	buf_free(&body);
}

static void
test_fingerprint_is_words_of_the_hash(void **state)
{
	uint8_t hash[SHA256_LEN] = { 0 };
	char words[RECEIPT_TEXT_MAX];

	(void)state;
	assert_int_equal(root_fingerprint(hash, words), ERR_OK);
	assert_string_equal(words,
	    "abandon abandon abandon abandon abandon abandon abandon abandon "
	    "abandon abandon abandon about");
}

/* --- the policy note --- */

static void
policy_note(const char *signers, struct buf *out)
{
	struct policy *p = example_policy(MADE_CLASSIC);
	struct buf json = BUF_INIT(POLICY_JSON_MAX);

	assert_int_equal(policy_put(p, &json), ERR_OK);
	sign_all(NOTE_POLICY, buf_bytes(&json), signers, out);
	buf_free(&json);
	policy_free(p);
}

static const struct {
	const char *what, *signers;
	int64_t days; /* after issue */
	uint32_t min_serial;
	const char *org;
	enum err expected;
	bool soft;
} openings[] = {
	{ "fresh", "ab", 1, 1, ORG, ERR_OK, false },
	{ "before the soft expiry", "bc", 364, 0, ORG, ERR_OK, false },
	{ "after it", "abc", 365, 0, ORG, ERR_OK, true },
	{ "at the hard expiry", "ab", 548, 0, ORG, ERR_EXPIRED, false },
	{ "rollback", "ab", 1, 2, ORG, ERR_DENIED, false },
	{ "one signature", "a", 1, 1, ORG, ERR_BAD_SIG, false },
	{ "a stranger's", "ad", 1, 1, ORG, ERR_BAD_SIG, false },
	{ "another organisation", "ab", 1, 1, "Other", ERR_CORRUPT, false },
};

static void
test_policy_opens_by_quorum_date_and_serial(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(openings) / sizeof(openings[0]); i++) {
		struct root root = root_of(0, NULL, 2, "abc");
		struct buf note = BUF_INIT(NOTE_MAX);
		struct policy_status status;
		struct policy *p = NULL;
		int64_t issued;
		enum err e;

		assert_int_equal(day_parse(BYTES_LIT("2026-11-21"), &issued),
		    ERR_OK);
		memset(root.org, 0, sizeof(root.org));
		memcpy(root.org, openings[i].org, strlen(openings[i].org));
		policy_note(openings[i].signers, &note);
		e = policy_open(buf_bytes(&note), &root,
		    (issued + openings[i].days) * DAY_SECONDS,
		    openings[i].min_serial, &p, &status);
		if (e != openings[i].expected)
			fail_msg("%s: %s", openings[i].what, err_name(e));
		if (e == ERR_OK) {
			assert_int_equal(status.soft_expired, openings[i].soft);
			assert_int_equal(p->n_routes, 8);
		} else {
			assert_null(p);
		}
		policy_free(p);
		buf_free(&note);
	}
}

static void
test_policy_hash_is_of_the_signed_text(void **state)
{
	struct root root = root_of(0, NULL, 1, "abc");
	struct buf one = BUF_INIT(NOTE_MAX), two = BUF_INIT(NOTE_MAX);
	struct policy_status status[2];
	struct policy *p = NULL;
	uint8_t hash[SHA256_LEN];
	struct note note;

	(void)state;
	policy_note("a", &one);
	policy_note("bc", &two);
	assert_int_equal(
	    policy_open(buf_bytes(&one), &root, 1800000000, 1, &p, &status[0]),
	    ERR_OK);
	policy_free(p);
	assert_int_equal(
	    policy_open(buf_bytes(&two), &root, 1800000000, 1, &p, &status[1]),
	    ERR_OK);
	policy_free(p);
	assert_memory_equal(status[0].hash, status[1].hash, SHA256_LEN);
	assert_int_equal(note_parse(buf_bytes(&one), NOTE_POLICY, &note),
	    ERR_OK);
	assert_int_equal(sha256(note.text, hash), ERR_OK);
	assert_memory_equal(status[0].hash, hash, SHA256_LEN);
	buf_free(&one);
	buf_free(&two);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_root_reads_back),
		cmocka_unit_test(test_next_root_needs_old_and_new_quorum),
		cmocka_unit_test(test_first_root_is_pinned_and_signs_itself),
		cmocka_unit_test(test_malformed_roots_are_refused),
		cmocka_unit_test(test_one_key_does_not_count_twice),
		cmocka_unit_test(test_fingerprint_is_words_of_the_hash),
		cmocka_unit_test(test_policy_opens_by_quorum_date_and_serial),
		cmocka_unit_test(test_policy_hash_is_of_the_signed_text),
	};

	if (argc != 2)
		return 2;
	source_root = argv[1];
	return cmocka_run_group_tests(tests, make_keys, NULL);
}
