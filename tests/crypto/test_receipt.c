#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "crypto/codec.h"
#include "crypto/receipt.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The 128-bit vectors that BIP 39 points to. */
static const struct {
	const char *hex, *words;
} vector[] = {
	{ "00000000000000000000000000000000",
	    "abandon abandon abandon abandon abandon abandon abandon abandon "
	    "abandon abandon abandon about" },
	{ "7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f",
	    "legal winner thank year wave sausage worth useful legal winner "
	    "thank yellow" },
	{ "80808080808080808080808080808080",
	    "letter advice cage absurd amount doctor acoustic avoid letter "
	    "advice cage above" },
	{ "ffffffffffffffffffffffffffffffff",
	    "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong" },
	{ "9e885d952ad362caeb4efe34a8e91bd2",
	    "ozone drill grab fiber curtain grace pudding thank cruise elder "
	    "eight picnic" },
	{ "c0ba5a8e914111210f2bd131f3d5e08d",
	    "scheme spot photo card baby mountain device kick cradle pact join "
	    "borrow" },
	{ "23db8160a31d3e0dca3688ed941adbf3",
	    "cat swing flag economy stadium alone churn speed unique patch "
	    "report train" },
	{ "f30f8c1da665478f49b001d94c5fc452",
	    "vessel ladder alter error federal sibling chat ability sun glass "
	    "valve picture" },
};

static void
from_hex(const char *hex, uint8_t *out, size_t n)
{
	assert_int_equal(hex_decode(bytes_str(hex), out, n), ERR_OK);
}

static void
assert_hex(const uint8_t *p, size_t n, const char *hex)
{
	char got[2 * 64 + 1];

	hex_encode(got, p, n);
	assert_string_equal(got, hex);
}

static void
test_words_are_those_of_bip39(void **state)
{
	uint8_t receipt[RECEIPT_LEN], back[RECEIPT_LEN];
	char text[RECEIPT_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(vector); i++) {
		from_hex(vector[i].hex, receipt, sizeof(receipt));
		assert_int_equal(receipt_words(receipt, text), ERR_OK);
		assert_string_equal(text, vector[i].words);
		assert_int_equal(receipt_parse(bytes_str(text), back, NULL),
		    ERR_OK);
		assert_memory_equal(back, receipt, sizeof(receipt));
	}
}

/* Cuts every word to at most four letters. */
static void
shorten(const char *text, char out[static RECEIPT_TEXT_MAX])
{
	size_t letters = 0, at = 0;

	for (; *text != '\0'; text++) {
		letters = *text == ' ' ? 0 : letters + 1;
		if (letters <= 4)
			out[at++] = *text;
	}
	out[at] = '\0';
}

static void
test_every_word_parses_whole_and_by_four_letters(void **state)
{
	uint8_t receipt[RECEIPT_LEN] = { 0 }, back[RECEIPT_LEN];
	char text[RECEIPT_TEXT_MAX], cut[RECEIPT_TEXT_MAX];

	(void)state;
	for (unsigned i = 0; i < 2048; i++) {
		receipt[0] = (uint8_t)(i >> 3);
		receipt[1] = (uint8_t)(i << 5);
		receipt[7] = (uint8_t)(i * 31);
		assert_int_equal(receipt_words(receipt, text), ERR_OK);
		assert_int_equal(receipt_parse(bytes_str(text), back, NULL),
		    ERR_OK);
		assert_memory_equal(back, receipt, sizeof(receipt));
		shorten(text, cut);
		assert_int_equal(receipt_parse(bytes_str(cut), back, NULL),
		    ERR_OK);
		assert_memory_equal(back, receipt, sizeof(receipt));
	}
}

static void
test_parse_forgives_case_spacing_and_short_words(void **state)
{
	static const char *const same[] = {
		"CAT SWING FLAG ECONOMY STADIUM ALONE CHURN SPEED UNIQUE "
		"PATCH REPORT TRAIN",
		"  cat\tswing\n flag economy\r\nstadium alone churn speed "
		"unique patch  report train \n",
		"cat swin flag econ stad alon chur spee uniq patc repo trai",
		"Cat swing flag econo stadi alone churn speed uniqu patch "
		"repor train",
	};
	uint8_t want[RECEIPT_LEN], got[RECEIPT_LEN];

	(void)state;
	from_hex(vector[6].hex, want, sizeof(want));
	for (size_t i = 0; i < COUNT(same); i++) {
		memset(got, 0, sizeof(got));
		assert_int_equal(receipt_parse(bytes_str(same[i]), got, NULL),
		    ERR_OK);
		assert_memory_equal(got, want, sizeof(want));
	}
}

#define MIDDLE "economy stadium alone churn speed unique "

static void
test_parse_says_which_word_is_wrong(void **state)
{
	static const struct {
		const char *text;
		unsigned bad;
	} refused[] = {
		{ "", 0 },
		{ "cat", 0 },
		{ "cat swing flag " MIDDLE "patch report", 0 },
		{ "cat swing flag " MIDDLE "patch report train train", 0 },
		/* every word known, checksum wrong */
		{ "swing cat flag " MIDDLE "patch report train", 0 },
		{ "ca swing flag " MIDDLE "patch report train", 1 },
		{ "cat swi flag " MIDDLE "patch report train", 2 },
		{ "cat swing flags " MIDDLE "patch report train", 3 },
		{ "cat swing flag " MIDDLE "patch report trainx", 12 },
		{ "cat swing flag " MIDDLE "patch report aban", 0 },
		{ "cat swing flag " MIDDLE "patch report abandonabandon", 12 },
		{ "cat-swing flag " MIDDLE "patch report train", 1 },
		{ "cat \xc3\xa9t\xc3\xa9 flag " MIDDLE "patch report", 2 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		uint8_t out[RECEIPT_LEN], before[RECEIPT_LEN];
		unsigned bad = 99;

		memset(out, 0xaa, sizeof(out));
		memset(before, 0xaa, sizeof(before));
		assert_int_equal(
		    receipt_parse(bytes_str(refused[i].text), out, &bad),
		    ERR_SYNTAX);
		assert_int_equal(bad, refused[i].bad);
		assert_memory_equal(out, before, sizeof(out));
	}
}

/* Expected values come from another implementation of HKDF and Ed25519. */
static void
test_derivation_follows_the_protocol(void **state)
{
	uint8_t receipt[RECEIPT_LEN], realm[REALM_LEN];
	struct receipt_keys k;

	(void)state;
	for (size_t i = 0; i < sizeof(receipt); i++)
		receipt[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof(realm); i++)
		realm[i] = (uint8_t)(0x20 + i);
	assert_int_equal(receipt_derive(receipt, realm, &k), ERR_OK);
	assert_hex(k.token, sizeof(k.token),
	    "526a3e35c27eb01cfa64ad90c704bee1"
	    "679fd64b100b3fd703ce3b0595e7a83c");
	assert_hex(k.mailbox, sizeof(k.mailbox),
	    "baabc0862b940c9adbb3f06c8120"
	    "1a780193e77739294fdef46b18569210c346");
	assert_hex(k.reply[0].secret, AGE_IDENTITY_LEN,
	    "5d2c2e10661242f84a14c1"
	    "1141e641111c4e7a1a5344578bcce758487a430b72");
	assert_hex(k.reply[1].secret, AGE_IDENTITY_LEN,
	    "cd609b8e701725b8946073"
	    "e9048e21bacf94912a0fba890e516529b007eeaa2d");
	assert_int_equal(k.reply[0].kind, AGE_X25519);
	assert_int_equal(k.reply[1].kind, AGE_HYBRID);
	assert_hex(k.sign_seed, sizeof(k.sign_seed),
	    "e1ee09a0b84545dc87e9ff836"
	    "7d3fb722cf8f5bc933b13086283a22492136d67");
	assert_hex(k.sign_pub, sizeof(k.sign_pub),
	    "3b559fc6a692128f05dbe78d7d3"
	    "50b521dc864860c0b8bf2c4d81fc5a74d439e");
	assert_hex(k.case_id, sizeof(k.case_id),
	    "b5dc385b38d6c92c31cf6098868ea4d8");
	receipt_keys_wipe(&k);
	assert_true(bytes_all_zero((const uint8_t *)&k, sizeof(k)));
}

static void
test_staff_key_follows_the_protocol(void **state)
{
	struct age_identity id = { .kind = AGE_X25519 };
	uint8_t seed[SIGN_SEED_LEN];

	(void)state;
	for (size_t i = 0; i < sizeof(id.secret); i++)
		id.secret[i] = (uint8_t)i;
	assert_int_equal(staff_sign_seed(&id, seed), ERR_OK);
	assert_hex(seed, sizeof(seed),
	    "659033b045e9ba02871f1d6dbc7497637c074b2"
	    "542bde5ae3d79b45f46e6a94f");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words_are_those_of_bip39),
		cmocka_unit_test(
		    test_every_word_parses_whole_and_by_four_letters),
		cmocka_unit_test(
		    test_parse_forgives_case_spacing_and_short_words),
		cmocka_unit_test(test_parse_says_which_word_is_wrong),
		cmocka_unit_test(test_derivation_follows_the_protocol),
		cmocka_unit_test(test_staff_key_follows_the_protocol),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
