#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/manifest.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define H32 "00112233445566778899aabbccddeeff"
#define H64 H32 H32
#define Z64 "0000000000000000000000000000000000000000000000000000000000000000"
/* any valid one */
#define RECIPIENT \
	"age15dk79xvw2tz63rjms9cryctcmkf7zu8faheue92jsqs8g54g4srq9mv6jx"

static const char concern[] =
    "kind: concern\ncase: " H32 "\nchain: talk\nauthor: reporter\nseq: 0\n"
    "prev: " Z64 "\npolicy: " H64 "\nroute: 3\nband: P2\nexclude: 4\n"
    "exclude: 9\nanswer: element=patient-safety\nanswer: risk-now=no\n"
    "reply: " RECIPIENT "\nmailbox: " H64 "\n"
    "file: 12 " H64 " message.txt\nfile: 0 " H64 " attachments/a b.pdf\n"
    "to: 7 " H64 "\nto: reporter " H64 "\n";

static const char note[] =
    "kind: note\ncase: " H32 "\nchain: staff\nauthor: 7\nseq: 2\n"
    "prev: " H64 "\nseen: " H64 "\nseen: " Z64 "\npolicy: " H64 "\nroute: 3\n"
    "band: P4\nfile: 1073741824 " H64 " message.txt\nto: 65535 " H64 "\n";

static const char reply[] =
    "kind: reply\ncase: " H32 "\nchain: talk\nauthor: 7\nseq: 1\n"
    "prev: " H64 "\npolicy: " H64 "\nroute: 3\nband: P4\n"
    "to: reporter " H64 "\n";

static enum err
parse(const char *text)
{
	struct manifest *m = manifest_new();
	enum err err;

	assert_non_null(m);
	err = manifest_parse(bytes_str(text), m);
	manifest_free(m);
	return err;
}

static void
test_put_gives_back_what_was_parsed(void **state)
{
	static const char *const text[] = { concern, note, reply };
	struct manifest *m = manifest_new();

	(void)state;
	for (size_t i = 0; i < COUNT(text); i++) {
		CLEAN_BUF struct buf out = BUF_INIT(MANIFEST_MAX);

		assert_int_equal(manifest_parse(bytes_str(text[i]), m), ERR_OK);
		manifest_put(m, &out);
		assert_int_equal(out.err, ERR_OK);
		assert_true(bytes_equal(buf_bytes(&out), bytes_str(text[i])));
	}
	manifest_free(m);
}

static void
test_fields_are_those_of_the_lines(void **state)
{
	struct manifest *m = manifest_new();

	(void)state;
	assert_int_equal(manifest_parse(bytes_str(concern), m), ERR_OK);
	assert_int_equal(m->kind, MESSAGE_CONCERN);
	assert_int_equal(m->case_id[1], 0x11);
	assert_int_equal(m->author, PERSON_REPORTER);
	assert_int_equal(m->route, 3);
	assert_int_equal(m->band, 2);
	assert_int_equal(m->n_exclude, 2);
	assert_int_equal(m->exclude[1], 9);
	assert_string_equal(m->answer[0].field, "element");
	assert_string_equal(m->answer[0].value, "patient-safety");
	assert_string_equal(m->reply, RECIPIENT);
	assert_string_equal(m->file[1].name, "attachments/a b.pdf");
	assert_int_equal(m->file[0].size, 12);
	assert_int_equal(m->to[0].person, 7);
	assert_int_equal(m->to[1].person, PERSON_REPORTER);
	manifest_free(m);
}

/* The base text with the first `from` replaced by `to`. */
static char *
replaced(const char *base, const char *from, const char *to)
{
	const char *at = strstr(base, from);
	size_t n = strlen(base) + strlen(to) + 1;
	char *out = malloc(n);

	assert_non_null(at);
	assert_non_null(out);
	snprintf(out, n, "%.*s%s%s", (int)(at - base), base, to,
	    at + strlen(from));
	return out;
}

static const struct {
	const char *base, *from, *to;
} refused[] = {
	/* order, presence, repetition */
	{ concern, "kind: concern\n", "" },
	{ concern, "kind: concern\n", "kind: concern\nkind: concern\n" },
	{ concern, "seq: 0\n", "" },
	{ concern, "policy: ", "polizy: " },
	{ concern, "route: 3\nband: P2\n", "band: P2\nroute: 3\n" },
	{ concern, "exclude: 4\n", "answer: a=b\nexclude: 4\n" },
	{ concern, "to: 7 " H64 "\n",
	    "to: 7 " H64 "\nfile: 1 " H64 " attachments/b\n" },
	{ note, "\nto: 65535 " H64 "\n", "\n" },
	{ note, "\nto: 65535 " H64 "\n", "\nto: 65535 " H64 },
	{ note, "\nto: 65535 " H64 "\n", "\nto: 65535 " H64 "\n\n" },
	{ note, "\nto: 65535 " H64 "\n", "\nto: 65535 " H64 "\nx: y\n" },
	/* kind and what must fit it */
	{ concern, "kind: concern", "kind: withdraw" },
	{ concern, "kind: concern", "kind: followup" },
	{ concern, "kind: concern", "kind: Concern" },
	{ concern, "kind: concern", "kind: reply" },
	{ concern, "chain: talk", "chain: staff" },
	{ note, "chain: staff", "chain: talk" },
	{ note, "kind: note", "kind: ack" },
	{ concern, "author: reporter", "author: 7" },
	{ reply, "kind: reply", "kind: ack" },
	{ note, "author: 7", "author: reporter" },
	{ note, "author: 7", "author: 0" },
	{ note, "author: 7", "author: 65536" },
	{ note, "author: 7", "author: 07" },
	/* place */
	{ concern, "seq: 0", "seq: 1" },
	{ concern, "prev: 0", "prev: 1" },
	{ note, "seq: 2", "seq: 0" },
	{ reply, "seq: 1\nprev: " H64, "seq: 0\nprev: " Z64 },
	{ note, "seq: 2", "seq: 4294967296" },
	{ note, "prev: " H64, "prev: " Z64 },
	{ note, "prev: 0", "prev: " },
	{ note, "seen: " H64, "seen: " H64 "\nseen: " H64 },
	{ note, "seen: 00", "seen: 0A" },
	{ concern, "policy", "seen: " H64 "\npolicy" },
	/* route and band */
	{ concern, "route: 3", "route: 65536" },
	{ concern, "route: 3", "route: 03" },
	{ concern, "band: P2", "band: P0" },
	{ concern, "band: P2", "band: P5" },
	{ concern, "band: P2", "band: P22" },
	{ concern, "band: P2", "band: 2" },
	{ concern, "band: P2", "band: " },
	/* exclusions and answers */
	{ concern, "exclude: 4", "exclude: 9" },
	{ concern, "exclude: 4", "exclude: 10" },
	{ concern, "exclude: 4", "exclude: 0" },
	{ concern, "exclude: 4", "exclude: 7" }, /* has an envelope */
	{ concern, "exclude: 4", "exclude: reporter" },
	{ concern, "risk-now=no", "risk-now" },
	{ concern, "risk-now=no", "risk-now=" },
	{ concern, "risk-now=no", "=no" },
	{ concern, "risk-now=no", "risk now=no" },
	{ concern, "risk-now=no", "risk-now=no=no" },
	{ concern, "risk-now=no", "Risk=no" },
	{ concern, "risk-now=no", "a=" H64 },
	{ concern, "risk-now=no", H32 "=a" },
	/* the way back */
	{ concern, "reply: age1", "reply: age1q" },
	{ concern, "reply: " RECIPIENT, "reply: " },
	{ concern, "reply: " RECIPIENT "\n", "" },
	{ concern, "mailbox: 0", "mailbox: " },
	{ note, "file", "reply: " RECIPIENT "\nmailbox: " H64 "\nfile" },
	/* files */
	{ concern, "file: 12 ", "file: 1073741825 " },
	{ concern, "file: 12 ", "file: 012 " },
	{ concern, "file: 12 ", "file: 12  " },
	{ concern, "file: 12 ", "file: " },
	{ concern, " message.txt", "" },
	{ concern, " message.txt", " " },
	{ concern, " message.txt", " Message.txt" },
	{ concern, " message.txt", " manifest.note" },
	{ concern, " message.txt", " /message.txt" },
	{ concern, " message.txt", " attachments/A B.PDF" },
	{ concern, "attachments/a b.pdf", "message.txt" },
	{ concern, "attachments/a b.pdf", "attachments" },
	{ concern, "attachments/a b.pdf", "attachments/" },
	{ concern, "attachments/a b.pdf", "attachments/." },
	{ concern, "attachments/a b.pdf", "attachments/.." },
	{ concern, "attachments/a b.pdf", "attachments/../message.txt" },
	{ concern, "attachments/a b.pdf", "attachments/x/y" },
	{ concern, "attachments/a b.pdf", "attachments//y" },
	{ concern, "attachments/a b.pdf", "../attachments/y" },
	{ concern, "attachments/a b.pdf", "Attachments/y" },
	{ concern, "attachments/a b.pdf", "attachments/x\\y" },
	/* envelopes */
	{ concern, "to: 7 ", "to: reporter " },
	{ concern, "to: 7 ", "to: 0 " },
	{ concern, "to: 7 ", "to: 07 " },
	{ concern, "to: 7 ", "to: " },
	{ concern, "to: 7 " H64, "to: 7 " H64 " " },
	{ concern, "to: 7 " H64, "to: 7 " H32 },
};

static void
test_every_breach_is_refused(void **state)
{
	(void)state;
	assert_int_equal(parse(concern), ERR_OK);
	assert_int_equal(parse(note), ERR_OK);
	for (size_t i = 0; i < COUNT(refused); i++) {
		char *text =
		    replaced(refused[i].base, refused[i].from, refused[i].to);

		if (parse(text) == ERR_OK)
			fail_msg("accepted: \"%s\" as \"%s\"", refused[i].from,
			    refused[i].to);
		free(text);
	}
}

/* A note with `n` lines of `line` before the mark, `%zu` counting from 1. */
static enum err
parse_with_lines(const char *mark, const char *before, const char *after,
    size_t n)
{
	const char *at = strstr(note, mark);
	char *text = calloc(1, 64 * 1024);
	size_t len = (size_t)(at - note);
	enum err err;

	assert_non_null(text);
	memcpy(text, note, len);
	for (size_t i = 1; i <= n; i++)
		len += (size_t)snprintf(text + len, 64 * 1024 - len,
		    "%s%zu%s\n", before, i, after);
	memcpy(text + len, at, strlen(at) + 1);
	err = parse(text);
	free(text);
	return err;
}

static void
test_limits_hold(void **state)
{
	static const struct {
		const char *mark, *before, *after;
		size_t most;
	} row[] = {
		{ "file", "exclude: ", "", SEALED_EXCLUDE_MAX },
		{ "file", "answer: a=", "", SEALED_ANSWERS_MAX },
		/* one of each is there already */
		{ "to:", "file: 1 " H64 " attachments/", "",
		    SEALED_FILES_MAX - 1 },
		{ "to:", "to: ", " " H64, SEALED_TO_MAX - 1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		assert_int_equal(parse_with_lines(row[i].mark, row[i].before,
				     row[i].after, row[i].most),
		    ERR_OK);
		assert_int_not_equal(parse_with_lines(row[i].mark,
					 row[i].before, row[i].after,
					 row[i].most + 1),
		    ERR_OK);
	}
	assert_int_equal(parse_with_lines("file", "x: ", H64, 600), ERR_LIMIT);
}

static void
test_attachment_names_are_safe_to_unpack(void **state)
{
	/* clang-format off */
	static const char *const ok[] = {
		"a", "photo.jpg", "rota (final) v2.xlsx", "caf\xc3\xa9.txt",
		"\xe2\x82\xac 50", "console.txt", "com10.txt", "COMx", "nu",
		"a..b", "a-b", "a'b", "a&b;c",
	};
	static const char *const bad[] = {
		"", ".", "..", ".profile", "-rf", " a", "a ", "a.", "a/b",
		"/a", "a\\b", "a:b", "a<b", "a>b", "a\"b", "a|b", "a?b", "a*b",
		"a\x01" "b", "a\nb", "a\tb", "a\x7f" "b", "a\xc2\x80" "b",
		"a\xff", "\xc0\xae\xc0\xae", "\xed\xa0\x80",
		"a\xe2\x80\xae" "fdp.exe", "a\xe2\x81\xa6" "b",
		"a\xe2\x80\xa8" "b", "a\xe2\x80\x8f" "b", "\xef\xbb\xbf" "a",
		"CON", "con.txt", "Aux", "nul.tar.gz", "prn", "COM1", "lpt9.x",
		"con .txt",
	};
	/* clang-format on */
	char longest[SEALED_NAME_MAX + 2] = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(ok); i++)
		assert_true(manifest_name_ok(bytes_str(ok[i])));
	for (size_t i = 0; i < COUNT(bad); i++) {
		if (manifest_name_ok(bytes_str(bad[i])))
			fail_msg("accepted: \"%s\"", bad[i]);
	}
	assert_false(manifest_name_ok(BYTES_LIT("a\0b")));
	memset(longest, 'n', SEALED_NAME_MAX);
	assert_true(manifest_name_ok(bytes_str(longest)));
	longest[SEALED_NAME_MAX] = 'n';
	assert_false(manifest_name_ok(bytes_str(longest)));
}

static void
test_author_keys_have_names(void **state)
{
	char name[NOTE_NAME_MAX + 1];
	uint8_t case_id[CASE_ID_LEN] = { 0x0a, 0xff };
	uint8_t pub[SIGN_PUB_LEN] = { 5 };
	struct note_key key;

	(void)state;
	author_key_name(name, case_id, PERSON_REPORTER);
	assert_string_equal(name,
	    "speakup/case/0aff0000000000000000000000000000");
	author_key_name(name, case_id, 65535);
	assert_string_equal(name, "speakup/person/65535");
	assert_int_equal(author_key_init(&key, case_id, PERSON_REPORTER, pub),
	    ERR_BAD_SIG);
	assert_int_equal(author_key_init(&key, case_id, 7, pub), ERR_OK);
	assert_int_equal(case_id_of(pub, case_id), ERR_OK);
	assert_int_equal(author_key_init(&key, case_id, PERSON_REPORTER, pub),
	    ERR_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_put_gives_back_what_was_parsed),
		cmocka_unit_test(test_fields_are_those_of_the_lines),
		cmocka_unit_test(test_every_breach_is_refused),
		cmocka_unit_test(test_limits_hold),
		cmocka_unit_test(test_attachment_names_are_safe_to_unpack),
		cmocka_unit_test(test_author_keys_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
