/*
 * The cases that C and browser share: entries and manifests. usage:
 * test_cases_entries DIRECTORY, where that is tests/cases.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "crypto/entry.h"
#include "crypto/label.h"
#include "tests/crypto/cases.h"

static const char *dir;

/* --- entries --- */

/* The note that `by` makes of a body. */
static enum err
entry_note(const json_t *c, struct bytes body, const char *by, const char *name,
    struct buf *out)
{
	CLEAN_BUF struct buf text = BUF_INIT(CASES_MAX);
	uint8_t seed[SIGN_SEED_LEN];

	cases_hex(cases_get(c, "seeds"), by, seed, sizeof(seed));
	buf_put_str(&text,
	    strcmp(by, "instance") == 0 ? NOTE_NOTICE "\n" : NOTE_ENTRY "\n");
	buf_put_bytes(&text, body);
	return cases_sign(buf_bytes(&text), name, seed, out);
}

static const char *
name_of(const json_t *c, const json_t *x, const char *by)
{
	const json_t *name = json_object_get(x, "name");

	return name != NULL ? json_string_value(name)
			    : cases_text(cases_get(c, "names"), by);
}

/* Made again from what was read of it; and whose it is. */
static void
expect_again(const json_t *c, const json_t *x, struct bytes note)
{
	CLEAN_BUF struct buf again = BUF_INIT(ENTRY_NOTE_MAX);
	const char *by = cases_text(x, "by");
	uint8_t seed[SIGN_SEED_LEN], pub[SIGN_PUB_LEN];
	struct note_key key;
	struct entry e;
	bool instance = strcmp(by, "instance") == 0;

	cases_hex(cases_get(c, "seeds"), by, seed, sizeof(seed));
	assert_int_equal(sign_public(seed, pub), ERR_OK);
	assert_int_equal(note_key_init(&key, name_of(c, x, by), pub), ERR_OK);
	cases_expect(entry_parse(note, &e) == ERR_OK, x);
	cases_expect((instance ? entry_sign_instance(&e, &key, seed, &again)
			       : entry_sign(&e, seed, &again)) == ERR_OK,
	    x);
	cases_expect(bytes_equal(buf_bytes(&again), note), x);
	cases_expect((instance ? entry_verify_instance(note, &key, 1)
			       : entry_verify(note, &e, pub)) == ERR_OK,
	    x);
}

static void
test_entries_that_are_accepted(void **state)
{
	json_t *c = cases_load(dir, "entries.json"), *x;
	uint8_t digest[SHA256_LEN];
	size_t i;

	(void)state;
	json_array_foreach(cases_get(c, "accepted"), i, x)
	{
		CLEAN_BUF struct buf body = BUF_INIT(CASES_MAX);
		CLEAN_BUF struct buf note = BUF_INIT(CASES_MAX);
		const char *by = cases_text(x, "by");

		cases_put_text(cases_get(x, "body"), &body);
		cases_expect(entry_note(c, buf_bytes(&body), by,
				 name_of(c, x, by), &note) == ERR_OK,
		    x);
		assert_int_equal(sha256(buf_bytes(&note), digest), ERR_OK);
		cases_expect(cases_is_hex(digest, sizeof(digest), x, "sha256"),
		    x);
		expect_again(c, x, buf_bytes(&note));
	}
	json_decref(c);
}

static enum err
refused_entry(const json_t *c, const json_t *x)
{
	const json_t *of =
	    cases_named(cases_get(c, "accepted"), cases_text(x, "of"));
	CLEAN_BUF struct buf body = BUF_INIT(CASES_MAX);
	CLEAN_BUF struct buf edited = BUF_INIT(CASES_MAX);
	CLEAN_BUF struct buf note = BUF_INIT(CASES_MAX);
	bool other = json_object_get(x, "by") != NULL;
	const char *by = cases_text(other ? x : of, "by");
	struct entry e;
	enum err err;

	cases_put_text(cases_get(of, "body"), &body);
	cases_put_edited(buf_bytes(&body), cases_get(x, "edits"), &edited);
	err = entry_note(c, buf_bytes(&edited), by,
	    name_of(c, other ? x : of, by), &note);
	if (err != ERR_OK)
		return err;
	if (json_object_get(x, "append") != NULL)
		buf_put_str(&note, cases_text(x, "append"));
	return entry_parse(buf_bytes(&note), &e);
}

static void
test_entries_that_are_refused(void **state)
{
	json_t *c = cases_load(dir, "entries.json"), *x;
	size_t i;

	(void)state;
	json_array_foreach(cases_get(c, "refused"), i, x)
	{
		enum err err = refused_entry(c, x);

		cases_expect(err == ERR_SYNTAX || err == ERR_LIMIT, x);
	}
	json_decref(c);
}

static void
test_login(void **state)
{
	json_t *c = cases_load(dir, "entries.json"), *x;
	CLEAN_BUF struct buf note = BUF_INIT(LOGIN_NOTE_MAX);
	uint8_t seed[SIGN_SEED_LEN];
	struct login login;

	(void)state;
	x = cases_get(c, "login");
	cases_hex(cases_get(c, "seeds"), cases_text(x, "seed"), seed,
	    sizeof(seed));
	cases_hex(x, "root", login.root, sizeof(login.root));
	cases_hex(x, "challenge", login.challenge, sizeof(login.challenge));
	login.person = (uint16_t)cases_number(x, "person");
	assert_int_equal(login_sign(&login, seed, &note), ERR_OK);
	assert_true(bytes_equal(buf_bytes(&note), cases_bytes(x, "note")));
	json_decref(c);
}

/* --- manifests --- */

static void
test_manifests(void **state)
{
	json_t *c = cases_load(dir, "manifests.json"), *x;
	struct manifest *m = manifest_new();
	size_t i;

	(void)state;
	assert_non_null(m);
	json_array_foreach(cases_get(c, "accepted"), i, x)
	{
		CLEAN_BUF struct buf body = BUF_INIT(CASES_MAX);
		CLEAN_BUF struct buf again = BUF_INIT(CASES_MAX);

		cases_put_text(cases_get(x, "body"), &body);
		cases_expect(manifest_parse(buf_bytes(&body), m) == ERR_OK, x);
		manifest_put(m, &again);
		cases_expect(bytes_equal(buf_bytes(&again), buf_bytes(&body)),
		    x);
	}
	json_array_foreach(cases_get(c, "refused"), i, x)
	{
		const json_t *of =
		    cases_named(cases_get(c, "accepted"), cases_text(x, "of"));
		CLEAN_BUF struct buf body = BUF_INIT(CASES_MAX);
		CLEAN_BUF struct buf edited = BUF_INIT(CASES_MAX);

		cases_put_text(cases_get(of, "body"), &body);
		cases_put_edited(buf_bytes(&body), cases_get(x, "edits"),
		    &edited);
		cases_expect(manifest_parse(buf_bytes(&edited), m) != ERR_OK,
		    x);
	}
	m = manifest_free(m);
	json_decref(c);
}

int
main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries_that_are_accepted),
		cmocka_unit_test(test_entries_that_are_refused),
		cmocka_unit_test(test_login),
		cmocka_unit_test(test_manifests),
	};

	if (argc != 2) {
		fprintf(stderr, "usage: test_cases_entries DIRECTORY\n");
		return 2;
	}
	dir = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
