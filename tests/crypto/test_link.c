#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "crypto/codec.h"
#include "crypto/link.h"

#define PAYLOAD_LEN (2 * PIECE_LEN + 5)

static void
assert_hex(const uint8_t p[static SHA256_LEN], const char *hex)
{
	char got[2 * SHA256_LEN + 1];

	hex_encode(got, p, SHA256_LEN);
	assert_string_equal(got, hex);
}

static struct bytes
payload_new(void)
{
	uint8_t *p = malloc(PAYLOAD_LEN);

	assert_non_null(p);
	for (size_t i = 0; i < PAYLOAD_LEN; i++)
		p[i] = (uint8_t)(i * 7 + i / 251);
	return BYTES(p, PAYLOAD_LEN);
}

static const char payload_hex[] =
    "4cbeb4521235bd3f0c0fb73d75c40a240eeae9ea0653de4c1046903ffb8054c4";

/* Expected values come from another implementation. */
static void
test_digests_follow_the_protocol(void **state)
{
	struct bytes payload = payload_new();
	uint8_t digest[SHA256_LEN], content[SHA256_LEN], link[LINK_LEN];
	uint8_t envelope[2][SHA256_LEN];

	(void)state;
	memset(envelope[0], 1, SHA256_LEN);
	memset(envelope[1], 2, SHA256_LEN);
	assert_int_equal(payload_digest_of(payload, digest), ERR_OK);
	assert_hex(digest, payload_hex);
	assert_int_equal(content_digest(digest,
			     (const uint8_t(*)[SHA256_LEN])envelope, 2,
			     content),
	    ERR_OK);
	assert_hex(content,
	    "487be7e994f8925c14e26ab611632fbc"
	    "c320ee77912fc19efba027133e6b8306");
	assert_int_equal(link_digest(BYTES_LIT("head\n"), content, link),
	    ERR_OK);
	assert_hex(link,
	    "764fe8b7311857ce867dc61822fc98d7"
	    "38fa47804d16e8363e487291f7acd2ae");
	assert_int_equal(link_digest(BYTES_LIT("head\n"), NULL, link), ERR_OK);
	assert_hex(link,
	    "5775316f7e9c0f288ae1739af7fdbb18"
	    "f8646fba77293c4f27ffbe84e79e1554");
	free((void *)(uintptr_t)payload.p);
}

static void
test_payload_digest_does_not_depend_on_how_it_is_cut(void **state)
{
	static const size_t cut[] = { 7777, PIECE_LEN - 1, PIECE_LEN,
		PIECE_LEN + 1, PAYLOAD_LEN };
	struct bytes payload = payload_new();
	uint8_t digest[SHA256_LEN];

	(void)state;
	for (size_t i = 0; i < sizeof(cut) / sizeof(cut[0]); i++) {
		struct payload_hash *h = NULL;

		assert_int_equal(payload_hash_new(&h), ERR_OK);
		for (size_t at = 0; at < payload.n; at += cut[i]) {
			size_t left = payload.n - at;

			assert_int_equal(
			    payload_hash_put(h,
				BYTES(payload.p + at,
				    left < cut[i] ? left : cut[i])),
			    ERR_OK);
		}
		assert_int_equal(payload_hash_finish(h, digest), ERR_OK);
		assert_hex(digest, payload_hex);
		payload_hash_free(h);
	}
	free((void *)(uintptr_t)payload.p);
}

static void
test_digest_of_known_pieces_is_the_same(void **state)
{
	struct bytes payload = payload_new();
	uint8_t piece[3][SHA256_LEN], digest[SHA256_LEN], none[SHA256_LEN];

	(void)state;
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(sha256(BYTES(payload.p + i * PIECE_LEN,
					    i < 2 ? PIECE_LEN : 5),
				     piece[i]),
		    ERR_OK);
	assert_int_equal(
	    payload_digest((const uint8_t(*)[SHA256_LEN])piece, 3, digest),
	    ERR_OK);
	assert_hex(digest, payload_hex);
	assert_int_equal(payload_digest(NULL, 0, digest), ERR_OK);
	assert_int_equal(payload_digest_of(BYTES_LIT(""), none), ERR_OK);
	assert_memory_equal(digest, none, SHA256_LEN);
	free((void *)(uintptr_t)payload.p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_digests_follow_the_protocol),
		cmocka_unit_test(
		    test_payload_digest_does_not_depend_on_how_it_is_cut),
		cmocka_unit_test(test_digest_of_known_pieces_is_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
