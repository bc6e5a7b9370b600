/*
 * The cases that C and browser share: texts. usage: test_cases DIRECTORY,
 * where that is tests/cases.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "crypto/codec.h"
#include "crypto/link.h"
#include "crypto/note.h"
#include "crypto/sealed.h"
#include "crypto/state.h"
#include "tests/crypto/cases.h"

static const char *dir;

/* --- receipts --- */

static void
test_words(void **state)
{
	json_t *c = cases_load(dir, "receipts.json"), *x;
	uint8_t receipt[RECEIPT_LEN];
	char words[RECEIPT_TEXT_MAX];
	size_t i;

	(void)state;
	json_array_foreach(cases_get(c, "words"), i, x)
	{
		cases_hex(x, "receipt", receipt, sizeof(receipt));
		assert_int_equal(receipt_words(receipt, words), ERR_OK);
		assert_string_equal(words, cases_text(x, "words"));
	}
	json_array_foreach(cases_get(c, "typed"), i, x)
	{
		unsigned bad = 0;

		cases_expect(receipt_parse(cases_bytes(x, "typed"), receipt,
				 &bad) == ERR_OK,
		    x);
		cases_expect(
		    cases_is_hex(receipt, sizeof(receipt), x, "receipt"), x);
	}
	json_array_foreach(cases_get(c, "refused"), i, x)
	{
		unsigned bad = 99;

		cases_expect(receipt_parse(cases_bytes(x, "typed"), receipt,
				 &bad) == ERR_SYNTAX,
		    x);
		cases_expect(bad == cases_number(x, "word"), x);
	}
	json_decref(c);
}

static void
expect_identity(const struct age_identity *id, const char *text)
{
	CLEAN_BUF struct buf out = BUF_INIT(AGE_IDENTITY_TEXT_MAX);

	assert_int_equal(age_identity_put(&out, id), ERR_OK);
	assert_true(bytes_equal(buf_bytes(&out), bytes_str(text)));
}

static void
test_derivations(void **state)
{
	json_t *c = cases_load(dir, "receipts.json"), *x;
	uint8_t receipt[RECEIPT_LEN], realm[REALM_LEN];
	struct receipt_keys k;
	size_t i;

	(void)state;
	json_array_foreach(cases_get(c, "derived"), i, x)
	{
		cases_hex(x, "receipt", receipt, sizeof(receipt));
		cases_hex(x, "realm", realm, sizeof(realm));
		assert_int_equal(receipt_derive(receipt, realm, &k), ERR_OK);
		assert_true(cases_is_hex(k.token, TOKEN_LEN, x, "token"));
		assert_true(cases_is_hex(k.mailbox, 32, x, "mailbox"));
		assert_true(
		    cases_is_hex(k.sign_seed, SIGN_SEED_LEN, x, "seed"));
		assert_true(
		    cases_is_hex(k.sign_pub, SIGN_PUB_LEN, x, "public"));
		assert_true(cases_is_hex(k.case_id, CASE_ID_LEN, x, "case"));
		expect_identity(&k.reply[0], cases_text(x, "classic"));
		expect_identity(&k.reply[1], cases_text(x, "hybrid"));
	}
	json_decref(c);
}

static void
test_staff_keys(void **state)
{
	json_t *c = cases_load(dir, "receipts.json"), *x;
	uint8_t seed[SIGN_SEED_LEN], pub[SIGN_PUB_LEN];
	struct age_identity id;
	size_t i;

	(void)state;
	json_array_foreach(cases_get(c, "staff"), i, x)
	{
		assert_int_equal(
		    age_identity_parse(cases_bytes(x, "identity"), &id),
		    ERR_OK);
		assert_int_equal(staff_sign_seed(&id, seed), ERR_OK);
		assert_true(cases_is_hex(seed, sizeof(seed), x, "seed"));
		assert_int_equal(sign_public(seed, pub), ERR_OK);
		assert_true(cases_is_hex(pub, sizeof(pub), x, "public"));
	}
	json_array_foreach(cases_get(c, "no-identity"), i, x)
	    cases_expect(age_identity_parse(bytes_str(json_string_value(x)),
			     &id) == ERR_SYNTAX,
		x);
	json_decref(c);
}

/* --- sizes and small texts --- */

static uint64_t
number_at(const json_t *x, size_t i)
{
	return (uint64_t)json_integer_value(json_array_get(x, i));
}

static uint64_t
archive_size(const json_t *x)
{
	struct manifest_file file[SEALED_FILES_MAX] = { 0 };
	json_t *size;
	size_t i, n = 0;

	json_array_foreach(cases_get(x, "files"), i, size) file[n++].size =
	    (uint64_t)json_integer_value(size);
	return sealed_archive_size((size_t)cases_number(x, "note"), file, n);
}

static void
test_padding(void **state)
{
	json_t *c = cases_load(dir, "padding.json"), *x;
	size_t i;

	(void)state;
	json_array_foreach(cases_get(c, "sizes"), i, x)
	    assert_int_equal(sealed_pad_size(number_at(x, 0)), number_at(x, 1));
	json_array_foreach(cases_get(c, "archives"), i, x)
	    assert_int_equal(archive_size(x), cases_number(x, "size"));
	json_array_foreach(cases_get(c, "payloads"), i, x) assert_int_equal(
	    age_payload_size(number_at(x, 0)), number_at(x, 1));
	json_decref(c);
}

static void
test_names(void **state)
{
	json_t *c = cases_load(dir, "names.json"), *x;
	size_t i;

	(void)state;
	json_array_foreach(cases_get(c, "accepted"), i, x)
	    cases_expect(manifest_name_ok(bytes_str(json_string_value(x))), x);
	json_array_foreach(cases_get(c, "refused"), i, x)
	    cases_expect(!manifest_name_ok(bytes_str(json_string_value(x))), x);
	json_decref(c);
}

static void
expect_day(const json_t *x)
{
	struct bytes text = bytes_str(json_string_value(json_array_get(x, 0)));
	char again[11];
	int64_t day = 0;

	assert_int_equal(day_parse(text, &day), ERR_OK);
	assert_int_equal(day, json_integer_value(json_array_get(x, 1)));
	day_format(again, day);
	assert_true(bytes_equal(text, bytes_str(again)));
}

static bool
is_hex(const uint8_t *p, size_t n, const char *hex)
{
	uint8_t want[SIGN_PUB_LEN];

	return n <= sizeof(want) &&
	    hex_decode(bytes_str(hex), want, n) == ERR_OK &&
	    memcmp(want, p, n) == 0;
}

static void
expect_base64(const json_t *x)
{
	CLEAN_BUF struct buf raw = BUF_INIT(64), again = BUF_INIT(64);
	const char *text = json_string_value(json_array_get(x, 0));
	const char *hex = json_string_value(json_array_get(x, 1));

	assert_int_equal(base64_get(bytes_str(text), B64_PADDED, &raw), ERR_OK);
	assert_int_equal(raw.n, strlen(hex) / 2);
	assert_true(raw.n == 0 || is_hex(raw.p, raw.n, hex));
	base64_put(&again, buf_bytes(&raw), B64_PADDED);
	assert_true(bytes_equal(buf_bytes(&again), bytes_str(text)));
}

static void
expect_flags(const json_t *x)
{
	CLEAN_BUF struct buf again = BUF_INIT(256);
	uint16_t flags;

	cases_expect(
	    case_flags_parse(bytes_str(json_string_value(x)), &flags) == ERR_OK,
	    x);
	case_flags_put(&again, flags);
	cases_expect(
	    bytes_equal(buf_bytes(&again), bytes_str(json_string_value(x))), x);
}

static void
test_small_texts(void **state)
{
	json_t *c = cases_load(dir, "text.json"), *x;
	CLEAN_BUF struct buf raw = BUF_INIT(64);
	uint16_t flags;
	uint64_t v;
	int64_t day;
	size_t i;

	(void)state;
	json_array_foreach(cases_get(c, "numbers"), i, x) cases_expect(
	    decimal_get(bytes_str(json_string_value(x)), 999999, &v) == ERR_OK,
	    x);
	json_array_foreach(cases_get(c, "no-numbers"), i, x) cases_expect(
	    decimal_get(bytes_str(json_string_value(x)), 999999, &v) != ERR_OK,
	    x);
	json_array_foreach(cases_get(c, "days"), i, x) expect_day(x);
	json_array_foreach(cases_get(c, "no-days"), i, x) cases_expect(
	    day_parse(bytes_str(json_string_value(x)), &day) != ERR_OK, x);
	json_array_foreach(cases_get(c, "base64"), i, x) expect_base64(x);
	json_array_foreach(cases_get(c, "no-base64"), i, x)
	    cases_expect(base64_get(bytes_str(json_string_value(x)), B64_PADDED,
			     &raw) != ERR_OK,
		x);
	json_array_foreach(cases_get(c, "flags"), i, x) expect_flags(x);
	json_array_foreach(cases_get(c, "no-flags"), i, x) cases_expect(
	    case_flags_parse(bytes_str(json_string_value(x)), &flags) != ERR_OK,
	    x);
	json_decref(c);
}

/* --- signatures and notes --- */

static void
test_signatures(void **state)
{
	json_t *c = cases_load(dir, "signatures.json"), *x;
	uint8_t pub[SIGN_PUB_LEN], sig[SIGN_LEN], msg[64];
	size_t i;

	(void)state;
	json_array_foreach(cases_get(c, "cases"), i, x)
	{
		size_t n = strlen(cases_text(x, "message")) / 2;
		bool valid = json_is_true(cases_get(x, "valid"));

		cases_hex(x, "public", pub, sizeof(pub));
		cases_hex(x, "signature", sig, sizeof(sig));
		assert_true(n <= sizeof(msg));
		cases_hex(x, "message", msg, n);
		cases_expect((sign_verify(pub, BYTES(msg, n), sig) == ERR_OK) ==
			valid,
		    x);
	}
	json_decref(c);
}

static const char *
note_result(const json_t *x)
{
	struct note_key key[4];
	json_t *vkey;
	struct note note;
	enum err err;
	size_t i, n = 0;

	json_array_foreach(cases_get(x, "keys"), i, vkey) assert_int_equal(
	    note_vkey_parse(bytes_str(json_string_value(vkey)), &key[n++]),
	    ERR_OK);
	err = note_parse(cases_bytes(x, "note"), cases_text(x, "namespace"),
	    &note);
	if (err != ERR_OK)
		return "syntax";
	err = note_verify(&note, key, n, (unsigned)cases_number(x, "quorum"));
	return err == ERR_OK ? "ok" : err == ERR_BAD_SIG ? "bad-sig" : "other";
}

static void
expect_key(const json_t *x)
{
	struct bytes text = bytes_str(json_string_value(json_array_get(x, 0)));
	CLEAN_BUF struct buf again = BUF_INIT(256);
	struct note_key key;

	assert_int_equal(note_vkey_parse(text, &key), ERR_OK);
	assert_string_equal(key.name, json_string_value(json_array_get(x, 1)));
	assert_true(is_hex(key.pub, SIGN_PUB_LEN,
	    json_string_value(json_array_get(x, 2))));
	note_vkey_put(&again, &key);
	assert_true(bytes_equal(buf_bytes(&again), text));
}

static void
test_notes(void **state)
{
	json_t *c = cases_load(dir, "notes.json"), *x;
	uint8_t seed[SIGN_SEED_LEN];
	struct note_key key;
	size_t i;

	(void)state;
	json_array_foreach(cases_get(c, "signed"), i, x)
	{
		CLEAN_BUF struct buf out = BUF_INIT(CASES_MAX);

		cases_hex(x, "seed", seed, sizeof(seed));
		assert_int_equal(cases_sign(cases_bytes(x, "text"),
				     cases_text(x, "name"), seed, &out),
		    ERR_OK);
		assert_true(
		    bytes_equal(buf_bytes(&out), cases_bytes(x, "note")));
	}
	json_array_foreach(cases_get(c, "notes"), i, x) cases_expect(
	    strcmp(note_result(x), cases_text(x, "result")) == 0, x);
	json_array_foreach(cases_get(c, "keys"), i, x) expect_key(x);
	json_array_foreach(cases_get(c, "no-keys"), i, x)
	    cases_expect(note_vkey_parse(bytes_str(json_string_value(x)),
			     &key) == ERR_SYNTAX,
		x);
	json_decref(c);
}

/* --- links --- */

static void
expect_payload(const json_t *x)
{
	CLEAN_BUF struct buf payload = BUF_INIT(CASES_MAX);
	uint8_t out[SHA256_LEN];

	cases_put_filled(cases_get(x, "parts"), &payload);
	assert_int_equal(payload_digest_of(buf_bytes(&payload), out), ERR_OK);
	assert_true(cases_is_hex(out, sizeof(out), x, "digest"));
}

static void
expect_content(const json_t *x)
{
	uint8_t envelope[4][SHA256_LEN], payload[SHA256_LEN], out[SHA256_LEN];
	json_t *list = cases_get(x, "envelopes"), *e;
	size_t i;

	json_array_foreach(list, i, e)
	    assert_int_equal(hex_decode(bytes_str(json_string_value(e)),
				 envelope[i], SHA256_LEN),
		ERR_OK);
	cases_hex(x, "payload", payload, sizeof(payload));
	assert_int_equal(content_digest(payload,
			     (const uint8_t(*)[SHA256_LEN])envelope,
			     json_array_size(list), out),
	    ERR_OK);
	assert_true(cases_is_hex(out, sizeof(out), x, "digest"));
}

static void
expect_link(const json_t *x)
{
	uint8_t content[SHA256_LEN], out[LINK_LEN];
	bool has = !json_is_null(cases_get(x, "content"));

	if (has)
		cases_hex(x, "content", content, sizeof(content));
	assert_int_equal(
	    link_digest(cases_bytes(x, "head"), has ? content : NULL, out),
	    ERR_OK);
	assert_true(cases_is_hex(out, sizeof(out), x, "link"));
}

static enum err
grants_of(const json_t *list, uint8_t out[static SHA256_LEN])
{
	struct grant g[4] = { 0 };
	size_t n = json_array_size(list);

	assert_true(n <= 4);
	for (size_t i = 0; i < n; i++) {
		const json_t *x = json_array_get(list, i);

		assert_int_equal(chain_parse(bytes_str(json_string_value(
						 json_array_get(x, 0))),
				     &g[i].chain),
		    ERR_OK);
		g[i].seq = (uint32_t)number_at(x, 1);
		assert_int_equal(hex_decode(bytes_str(json_string_value(
						json_array_get(x, 2))),
				     g[i].envelope, SHA256_LEN),
		    ERR_OK);
	}
	return grants_digest(g, n, out);
}

static void
test_links(void **state)
{
	json_t *c = cases_load(dir, "links.json"), *x;
	uint8_t out[SHA256_LEN];
	size_t i;

	(void)state;
	json_array_foreach(cases_get(c, "payloads"), i, x) expect_payload(x);
	json_array_foreach(cases_get(c, "contents"), i, x) expect_content(x);
	json_array_foreach(cases_get(c, "links"), i, x) expect_link(x);
	json_array_foreach(cases_get(c, "grants"), i, x)
	{
		assert_int_equal(grants_of(cases_get(x, "grants"), out),
		    ERR_OK);
		assert_true(cases_is_hex(out, sizeof(out), x, "digest"));
		assert_int_equal(grants_are_none(out),
		    json_array_size(cases_get(x, "grants")) == 0);
	}
	json_array_foreach(cases_get(c, "no-grants"), i, x)
	    assert_int_equal(grants_of(x, out), ERR_SYNTAX);
	json_decref(c);
}

int
main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_derivations),
		cmocka_unit_test(test_staff_keys),
		cmocka_unit_test(test_padding),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_small_texts),
		cmocka_unit_test(test_signatures),
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_links),
	};

	if (argc != 2) {
		fprintf(stderr, "usage: test_cases DIRECTORY\n");
		return 2;
	}
	dir = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
