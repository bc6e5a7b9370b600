#include "tests/policy/support.h"

#include <string.h>

#include "crypto/label.h"
#include "policy/web_manifest.h"

/* SHA-256 of "abc", and of nothing. */
#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define NIL "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void
test_files_are_read_and_found(void **state)
{
	struct web_manifest m;
	const struct web_file *f;

	(void)state;
	assert_int_equal(
	    web_manifest_parse(BYTES_LIT("file: 0 " NIL " LICENSES.txt\n"
					 "file: 3 " ABC " index.html\n"),
		&m),
	    ERR_OK);
	assert_int_equal(m.n, 2);
	f = web_manifest_find(&m, BYTES_LIT("index.html"));
	assert_ptr_equal(f, &m.file[1]);
	assert_true(web_file_is(f, BYTES_LIT("abc")));
	assert_false(web_file_is(f, BYTES_LIT("abd")));
	assert_false(web_file_is(f, BYTES_LIT("abcd")));
	assert_null(web_manifest_find(&m, BYTES_LIT("index.htm")));
}

static const struct {
	const char *what, *body;
	enum err expected;
} wrong[] = {
	{ "nothing", "", ERR_SYNTAX },
	{ "another line", "file: 3 " ABC " a.js\nmore: 1\n", ERR_SYNTAX },
	{ "not in order", "file: 3 " ABC " b.js\nfile: 3 " ABC " a.js\n",
	    ERR_SYNTAX },
	{ "twice", "file: 3 " ABC " a.js\nfile: 3 " ABC " a.js\n", ERR_SYNTAX },
	{ "another folder", "file: 3 " ABC " ../a.js\n", ERR_SYNTAX },
	{ "a hidden file", "file: 3 " ABC " .js\n", ERR_SYNTAX },
	{ "no type", "file: 3 " ABC " a\n", ERR_SYNTAX },
	{ "an unknown type", "file: 3 " ABC " a.exe\n", ERR_SYNTAX },
	{ "only a type", "file: 3 " ABC " \n", ERR_SYNTAX },
	{ "a word too many", "file: 3 " ABC " a.js b\n", ERR_SYNTAX },
	{ "a space too many", "file: 3 " ABC " a.js \n", ERR_SYNTAX },
	{ "upper-case digits",
	    "file: 3 BA7816BF8F01CFEA414140DE5DAE2223B0036"
	    "1A396177A9CB410FF61F20015AD a.js\n",
	    ERR_SYNTAX },
	{ "a zero before", "file: 03 " ABC " a.js\n", ERR_SYNTAX },
	{ "too large", "file: 4194305 " ABC " a.js\n", ERR_SYNTAX },
	{ "too long a name",
	    "file: 3 " ABC " aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaa.js\n",
	    ERR_SYNTAX },
};

static void
test_what_does_not_fit_is_refused(void **state)
{
	struct web_manifest m = { .n = 7 };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		enum err e = web_manifest_parse(bytes_str(wrong[i].body), &m);

		if (e == ERR_OK || m.n != 7)
			fail_msg("%s was taken", wrong[i].what);
	}
}

static void
test_no_more_files_than_the_limit(void **state)
{
	struct buf body = BUF_INIT(16 * 1024);
	struct web_manifest m;

	(void)state;
	for (int i = 0; i < WEB_FILES_MAX; i++)
		buf_printf(&body, "file: 3 " ABC " %02d.js\n", i);
	assert_int_equal(web_manifest_parse(buf_bytes(&body), &m), ERR_OK);
	buf_printf(&body, "file: 3 " ABC " 99.js\n");
	assert_int_equal(web_manifest_parse(buf_bytes(&body), &m), ERR_LIMIT);
	buf_free(&body);
}

static void
test_a_quorum_of_the_policy_keys_must_have_signed(void **state)
{
	const struct bytes body = BYTES_LIT("file: 3 " ABC " a.js\n");
	struct root root = { .quorum = 2, .n_policy_keys = 3 };
	uint8_t seed[3][SIGN_SEED_LEN], pub[SIGN_PUB_LEN];
	struct buf note = BUF_INIT(NOTE_MAX), other = BUF_INIT(NOTE_MAX);
	struct web_manifest m;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		memset(seed[i], (int)i + 1, SIGN_SEED_LEN);
		assert_int_equal(sign_public(seed[i], pub), ERR_OK);
		assert_int_equal(note_key_init(&root.policy_keys[i],
				     (const char *[]){ "a", "b", "c" }[i], pub),
		    ERR_OK);
	}
	assert_int_equal(
	    note_sign(NOTE_WEB, body, &root.policy_keys[2], seed[2], &note),
	    ERR_OK);
	assert_int_equal(web_manifest_open(buf_bytes(&note), &root, &m),
	    ERR_BAD_SIG);
	assert_int_equal(
	    note_add_signature(&note, &root.policy_keys[0], seed[0]), ERR_OK);
	assert_int_equal(web_manifest_open(buf_bytes(&note), &root, &m),
	    ERR_OK);
	/* signed as something else */
	assert_int_equal(
	    note_sign(NOTE_POLICY, body, &root.policy_keys[2], seed[2], &other),
	    ERR_OK);
	assert_int_equal(
	    note_add_signature(&other, &root.policy_keys[0], seed[0]), ERR_OK);
	assert_int_equal(web_manifest_open(buf_bytes(&other), &root, &m),
	    ERR_SYNTAX);
	buf_free(&note);
	buf_free(&other);
}

static void
test_every_file_has_a_type_that_browsers_take(void **state)
{
	(void)state;
	assert_string_equal(web_media_type("reporter.js"),
	    "text/javascript; charset=utf-8");
	assert_string_equal(web_media_type("style.css"),
	    "text/css; charset=utf-8");
	assert_string_equal(web_media_type(WEB_INDEX),
	    "text/html; charset=utf-8");
	assert_null(web_media_type("manifest"));
	assert_null(web_media_type(".js"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files_are_read_and_found),
		cmocka_unit_test(test_what_does_not_fit_is_refused),
		cmocka_unit_test(test_no_more_files_than_the_limit),
		cmocka_unit_test(
		    test_a_quorum_of_the_policy_keys_must_have_signed),
		cmocka_unit_test(test_every_file_has_a_type_that_browsers_take),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
