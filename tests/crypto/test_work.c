/*
 * Work before a filing: crypto/work.h, and where it stands in a request.
 * usage: test_work DIRECTORY, where that is tests/cases.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "crypto/bundle.h"
#include "crypto/codec.h"
#include "tests/crypto/cases.h"

#define HEX16 "00112233445566778899aabbccddeeff"
#define HEX32 HEX16 HEX16
#define CONCERN                                                   \
	"speakup: v1 concern\nroute: 513\nband: P2\n"             \
	"policy: " HEX32 "\ncase-key: " HEX32 "\nmailbox: " HEX32 \
	"\nto: 7 3\npayload: 4\n\nabcwxyz"
#define PUT_NONE                                                        \
	"speakup: v1 put\nupload: 00000000000000000000000000000000 5\n" \
	"piece: 0 5\n\nhello"
#define PUT "speakup: v1 put\nupload: " HEX16 " 5\npiece: 0 5\n\nhello"
#define FOLLOWUP                                                  \
	"speakup: v1 followup\nentry: 5\nto: 7 3\npayload: 4\n\n" \
	"entryabcwxyz"
#define WITHDRAW "speakup: v1 withdraw\nentry: 5\n\nentry"
#define LOGIN "speakup: v1 login\nnote: 4\n\nnote"
#define POLL "speakup: v1 poll\ntoken: " HEX32 "\nafter: 0\n\n"
#define MINUTE 30000000u /* since 1970 */

static const char *dir;
static const uint8_t key[WORK_KEY_LEN] = "the key of one run of the daemon";

/* --- hashes --- */

static void
test_counters_are_judged_as_the_cases_say(void **state)
{
	json_t *cases = cases_load(dir, "work.json"), *x;
	uint8_t challenge[WORK_CHALLENGE_LEN], hash[SHA256_LEN], work[WORK_LEN];
	size_t i, n_good = 0;

	(void)state;
	json_array_foreach(cases, i, x)
	{
		unsigned bits = (unsigned)cases_number(x, "bits");
		uint64_t counter = cases_number(x, "counter");
		bool is_good = json_is_true(cases_get(x, "good"));

		cases_hex(x, "challenge", challenge, sizeof(challenge));
		assert_int_equal(work_hash(challenge, counter, hash), ERR_OK);
		assert_true(cases_is_hex(hash, sizeof(hash), x, "hash"));
		assert_int_equal(work_hash_has(hash, bits), is_good);
		work_put(challenge, counter, work);
		assert_int_equal(work_check(work, bits),
		    is_good ? ERR_OK : ERR_DENIED);
		n_good += is_good;
	}
	assert_true(n_good >= 10 && i - n_good >= 10);
	json_decref(cases);
}

static void
test_what_is_solved_is_good_and_the_first_that_is(void **state)
{
	static const uint8_t challenge[WORK_CHALLENGE_LEN] = "solve this";
	uint8_t work[WORK_LEN], hash[SHA256_LEN];
	uint64_t counter = 0;
	bool found = false;

	(void)state;
	while (!found)
		assert_int_equal(work_solve(challenge, 5, 7, &counter, &found),
		    ERR_OK);
	work_put(challenge, counter, work);
	assert_int_equal(work_check(work, 5), ERR_OK);
	for (uint64_t c = 0; c < counter; c++) {
		assert_int_equal(work_hash(challenge, c, hash), ERR_OK);
		assert_false(work_hash_has(hash, 5));
	}
}

static void
test_bits_are_counted_from_the_front(void **state)
{
	uint8_t hash[SHA256_LEN] = { 0, 0x0f };

	(void)state;
	assert_true(work_hash_has(hash, 0));
	assert_true(work_hash_has(hash, 12));
	assert_false(work_hash_has(hash, 13));
	hash[0] = 0x80;
	assert_false(work_hash_has(hash, 1));
}

/* --- challenges --- */

static void
make(uint32_t expiry, unsigned bits, const uint8_t *purpose, uint8_t *out)
{
	struct work_terms t = { .expiry = expiry,
		.bits = (uint8_t)bits,
		.nonce = "sixteen bytes..." };

	assert_int_equal(work_challenge_make(key, &t, purpose, out), ERR_OK);
}

static enum err
open_at(uint32_t minute, const uint8_t *challenge, const uint8_t *purpose)
{
	struct work_terms t;
	enum err e = work_challenge_open(key, purpose, minute, challenge, &t);

	if (e == ERR_OK) {
		assert_int_equal(t.bits, 9);
		assert_memory_equal(t.nonce, "sixteen bytes...", 16);
	}
	return e;
}

static void
test_a_challenge_is_taken_in_its_time_and_for_its_purpose(void **state)
{
	uint8_t challenge[WORK_CHALLENGE_LEN], here[WORK_PURPOSE_LEN],
	    there[WORK_PURPOSE_LEN], other[WORK_KEY_LEN] = { 0 };
	struct work_terms t;

	(void)state;
	work_purpose_of_text(here);
	memset(there, 4, sizeof(there));
	make(MINUTE + 10, 9, here, challenge);
	assert_int_equal(open_at(MINUTE, challenge, here), ERR_OK);
	assert_int_equal(open_at(MINUTE + 9, challenge, here), ERR_OK);
	assert_int_equal(open_at(MINUTE + 10, challenge, here), ERR_DENIED);
	assert_int_equal(open_at(MINUTE - 5, challenge, here), ERR_OK);
	assert_int_equal(open_at(MINUTE - 6, challenge, here), ERR_DENIED);
	assert_int_equal(open_at(MINUTE, challenge, there), ERR_DENIED);
	assert_int_equal(
	    work_challenge_open(other, here, MINUTE, challenge, &t),
	    ERR_DENIED);
	for (size_t i = 0; i < sizeof(challenge); i++) {
		challenge[i] ^= 1;
		assert_int_equal(open_at(MINUTE, challenge, here), ERR_DENIED);
		challenge[i] ^= 1;
	}
}

/* The form that docs/PROTOCOL.md gives, made by hand. */
static void
test_a_challenge_has_the_documented_form(void **state)
{
	static const uint8_t terms[] = "\x01\xc9\xc3\x80\x09\0\0\0"
				       "sixteen bytes...";
	static const uint8_t purpose[WORK_PURPOSE_LEN] = { 0 };
	const struct bytes part[] = { BYTES_LIT("speakup/work/v1"),
		BYTES(terms, 24), BYTES(purpose, sizeof(purpose)) };
	uint8_t challenge[WORK_CHALLENGE_LEN], mac[SHA256_LEN],
	    of_text[WORK_PURPOSE_LEN];
	struct work_terms t = { .bits = 13 };

	(void)state;
	memset(of_text, 1, sizeof(of_text));
	work_purpose_of_text(of_text);
	assert_memory_equal(of_text, purpose, sizeof(purpose));
	make(MINUTE, 9, purpose, challenge);
	assert_int_equal(hmac_sha256(BYTES(key, 32), part, 3, mac), ERR_OK);
	assert_memory_equal(challenge, terms, 24);
	assert_memory_equal(challenge + 24, mac, 24);
	assert_int_equal(work_challenge_make(key, &t, purpose, challenge),
	    ERR_LIMIT);
	t.bits = 0;
	assert_int_equal(work_challenge_make(key, &t, purpose, challenge),
	    ERR_LIMIT);
}

/* --- in requests --- */

static void
fill(struct buf *body, const char *text, size_t length, const uint8_t *work)
{
	buf_reset(body);
	buf_put_str(body, text);
	assert_int_equal(bundle_pad_work(body, length, work), ERR_OK);
	assert_int_equal(body->n, length);
}

static void
must_carry(const char *text, size_t length, const uint8_t *purpose)
{
	struct buf body CLEAN_BUF = BUF_INIT(BUNDLE_PIECE_LEN);
	struct bundle_request r;
	uint8_t work[WORK_LEN], for_what[WORK_PURPOSE_LEN];

	memset(work, 0x5a, sizeof(work));
	fill(&body, text, length, work);
	assert_int_equal(bundle_request_parse(buf_bytes(&body), &r), ERR_OK);
	assert_true(request_takes_work(r.kind));
	assert_int_equal(r.length, strlen(text));
	assert_true(bytes_equal(r.work, BYTES(work, sizeof(work))));
	request_purpose(&r, for_what);
	assert_memory_equal(for_what, purpose, sizeof(for_what));
	/* Beside it there is nothing but zeros, and it has its one place. */
	for (size_t i = 1; i <= 8; i++) {
		body.p[length - i] = 1;
		assert_int_equal(bundle_request_parse(buf_bytes(&body), &r),
		    ERR_SYNTAX);
		body.p[length - i] = 0;
	}
	body.p[length - 65] = 1;
	assert_int_equal(bundle_request_parse(buf_bytes(&body), &r),
	    ERR_SYNTAX);
	body.p[length - 65] = 0;
	assert_int_equal(bundle_request_parse(BYTES(body.p, length - 1), &r),
	    ERR_SYNTAX);
	/* Zeros are no work. */
	memset(body.p + length - 64, 0, 64);
	assert_int_equal(bundle_request_parse(buf_bytes(&body), &r), ERR_OK);
	assert_int_equal(r.work.n, 0);
	assert_int_equal(bundle_request_parse(bytes_str(text), &r), ERR_OK);
	assert_int_equal(r.work.n, 0);
}

static void
test_work_stands_at_the_end_of_what_a_reporter_sends(void **state)
{
	static const uint8_t text[WORK_PURPOSE_LEN] = { 0 };
	static const uint8_t id[WORK_PURPOSE_LEN] = { 1, 0, 0x11, 0x22, 0x33,
		0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd,
		0xee, 0xff };
	/* the sender chooses it: what an upload asks for is never text's */
	static const uint8_t none[WORK_PURPOSE_LEN] = { 1 };

	(void)state;
	must_carry(CONCERN, BUNDLE_TEXT_LEN, text);
	must_carry(FOLLOWUP, BUNDLE_TEXT_LEN, text);
	must_carry(PUT, BUNDLE_PIECE_LEN, id);
	must_carry(PUT_NONE, BUNDLE_PIECE_LEN, none);
	/* It is asked before these three. A poll and a withdrawal may bring it
	 * all the same, so that they are answered as late as the others. */
	must_carry(POLL, BUNDLE_TEXT_LEN, text);
	must_carry(WITHDRAW, BUNDLE_TEXT_LEN, text);
}

static void
test_no_other_request_carries_work(void **state)
{
	struct buf body CLEAN_BUF = BUF_INIT(BUNDLE_TEXT_LEN);
	const uint8_t work[WORK_LEN] = { 1 };
	struct bundle_request r;

	(void)state;
	fill(&body, LOGIN, BUNDLE_TEXT_LEN, work);
	assert_int_equal(bundle_request_parse(buf_bytes(&body), &r),
	    ERR_SYNTAX);
	assert_int_equal(bundle_request_parse(bytes_str(LOGIN), &r), ERR_OK);
	assert_false(request_takes_work(r.kind));
}

/* The longest request that there can be still has its place for work. */
static void
test_work_has_room_behind_the_longest_requests(void **state)
{
	static uint8_t piece[PIECE_LEN];
	struct bundle_request r = { .kind = REQUEST_PUT,
		.put = { .size = BUNDLE_PAYLOAD_MAX,
		    .index = 510,
		    .piece = BYTES(piece, sizeof(piece)) } };
	struct buf body CLEAN_BUF = BUF_INIT(BUNDLE_PIECE_LEN);
	const uint8_t work[WORK_LEN] = { 1 };

	(void)state;
	assert_int_equal(bundle_request_put(&r, &body), ERR_OK);
	assert_int_equal(bundle_pad_work(&body, BUNDLE_PIECE_LEN, work),
	    ERR_OK);
	assert_int_equal(bundle_request_parse(buf_bytes(&body), &r), ERR_OK);
	assert_int_equal(r.work.n, WORK_LEN);
	_Static_assert(BUNDLE_MESSAGE_MAX + BUNDLE_WORK_LEN <= BUNDLE_TEXT_LEN,
	    "a concern leaves room for work");
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counters_are_judged_as_the_cases_say),
		cmocka_unit_test(
		    test_what_is_solved_is_good_and_the_first_that_is),
		cmocka_unit_test(test_bits_are_counted_from_the_front),
		cmocka_unit_test(
		    test_a_challenge_is_taken_in_its_time_and_for_its_purpose),
		cmocka_unit_test(test_a_challenge_has_the_documented_form),
		cmocka_unit_test(
		    test_work_stands_at_the_end_of_what_a_reporter_sends),
		cmocka_unit_test(test_no_other_request_carries_work),
		cmocka_unit_test(
		    test_work_has_room_behind_the_longest_requests),
	};

	if (argc != 2)
		return 2;
	dir = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
