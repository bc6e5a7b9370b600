#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "crypto/codec.h"
#include "crypto/note.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define SPACE "speakup/test/v1"
#define DASH "\xe2\x80\x94 "
/* 68 zero bytes: the right length, never a signature */
#define ZEROS                                                          \
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" \
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define SIG DASH "a.example " ZEROS "\n"

/* The example of the C2SP document. */
static const char c2sp_vkey[] =
    "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
static const char c2sp_note[] =
    "This is an example message.\n"
    "\n" DASH
    "example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Z"
    "tg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

struct signer {
	uint8_t seed[SIGN_SEED_LEN];
	struct note_key key;
};

static struct signer
signer_make(const char *name, uint8_t fill)
{
	uint8_t pub[SIGN_PUB_LEN];
	struct signer s;

	memset(s.seed, fill, sizeof(s.seed));
	assert_int_equal(sign_public(s.seed, pub), ERR_OK);
	assert_int_equal(note_key_init(&s.key, name, pub), ERR_OK);
	return s;
}

static void
sign(const struct signer *s, const char *body, struct buf *out)
{
	assert_int_equal(
	    note_sign(SPACE, bytes_str(body), &s->key, s->seed, out), ERR_OK);
}

static enum err
verify(const struct buf *b, const struct note_key *keys, size_t n,
    unsigned quorum)
{
	struct note note;
	enum err err = note_parse(buf_bytes(b), SPACE, &note);

	return err == ERR_OK ? note_verify(&note, keys, n, quorum) : err;
}

static void
test_example_of_the_document_verifies(void **state)
{
	struct note_key key;
	struct note note;
	CLEAN_BUF struct buf out = BUF_INIT(1024);

	(void)state;
	assert_int_equal(note_vkey_parse(bytes_str(c2sp_vkey), &key), ERR_OK);
	assert_string_equal(key.name, "example.com/foo");
	assert_int_equal(note_parse(bytes_str(c2sp_note),
			     "This is an example message.", &note),
	    ERR_OK);
	assert_int_equal(note_verify(&note, &key, 1, 1), ERR_OK);
	note_vkey_put(&out, &key);
	assert_true(bytes_equal(buf_bytes(&out), bytes_str(c2sp_vkey)));
}

static void
test_vkey_refuses_what_is_not_canonical(void **state)
{
	static const char *const refused[] = {
		"",
		"example.com/foo",
		"example.com/foo+530d903a",
		/* wrong id, upper case, short id */
		"example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYc"
		"rnKv3U2k",
		"example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYc"
		"rnKv3U2k",
		"example.com/foo+530d90+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrn"
		"Kv3U2k",
		/* another type, another length */
		"example.com/foo+530d903a+BOkyeRrm56hApGFkyQR4ZCbV54Id2LKaANYc"
		"rnKv3U2k",
		"example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYc"
		"rnKv3Q==",
		/* names */
		"+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
		"example.com /foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANY"
		"crnKv3U2k",
		"example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYc"
		"rnKv3U2k\n",
	};
	struct note_key key;

	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++)
		assert_int_equal(note_vkey_parse(bytes_str(refused[i]), &key),
		    ERR_SYNTAX);
}

static void
test_parse_refuses_what_the_grammar_does_not_allow(void **state)
{
	static const char *const refused[] = {
		"", "\n", "\n\n", SPACE "\n", SPACE "\n\n", /* no signature */
		SPACE "\n" SIG,				    /* no empty line */
		SPACE "\nbody\n\n" SIG "\n",	   /* empty line after */
		SPACE "\nbody\n\n" SIG SPACE "\n", /* text after */
		"\n" SIG,			   /* no text */
		"other/v1\nbody\n\n" SIG,	   /* another namespace */
		SPACE "x\nbody\n\n" SIG, SPACE " \nbody\n\n" SIG,
		"\n" SPACE "\nbody\n\n" SIG,
		SPACE "\nbo\tdy\n\n" SIG, /* control characters */
		SPACE "\nbo\rdy\n\n" SIG,
		SPACE "\nbo\x1b"
		      "dy\n\n" SIG,
		SPACE "\nbo\xff"
		      "dy\n\n" SIG, /* not UTF-8 */
		SPACE "\nbo\xc0\x80"
		      "dy\n\n" SIG, /* overlong */
		SPACE "\nbo\xe0\x80\xaf"
		      "dy\n\n" SIG,
		SPACE "\nbo\xed\xa0\x80"
		      "dy\n\n" SIG, /* surrogate */
		SPACE "\nbo\xf4\x90\x80\x80"
		      "dy\n\n" SIG,	      /* > U+10FFFF */
		SPACE "\nbo\xe2\x80\n\n" SIG, /* cut short */
		SPACE "\nbody\n\n- a.example " ZEROS "\n",
		SPACE "\nbody\n\n" DASH "a.example\n",
		SPACE "\nbody\n\n" DASH "a.example \n",
		SPACE "\nbody\n\n" DASH " " ZEROS "\n",
		SPACE "\nbody\n\n" DASH "a+b " ZEROS "\n",
		SPACE "\nbody\n\n" DASH "a\xc2\xa0"
		      "b " ZEROS "\n",
		SPACE "\nbody\n\n" DASH "a\xe3\x80\x80"
		      "b " ZEROS "\n",
		SPACE "\nbody\n\n" DASH "a.example  " ZEROS "\n",
		SPACE "\nbody\n\n" DASH "a.example " ZEROS " \n",
		SPACE "\nbody\n\n" DASH "a.example " ZEROS "=\n",
		SPACE "\nbody\n\n" DASH "a.example AAAAAA==\n", /* id only */
		SPACE "\nbody\n\n" DASH "a.example AAAAA\n",
		SPACE "\nbody\n\n" DASH "a.example " ZEROS, /* no newline */
	};
	struct note note;

	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++)
		assert_int_equal(
		    note_parse(bytes_str(refused[i]), SPACE, &note),
		    ERR_SYNTAX);
	assert_int_equal(
	    note_parse(BYTES_LIT(SPACE "\nbo\0dy\n\n" SIG), SPACE, &note),
	    ERR_SYNTAX);
}

static void
test_text_ends_at_the_last_empty_line(void **state)
{
	static const struct {
		const char *note, *text, *body;
	} row[] = {
		{ SPACE "\n\n" SIG, SPACE "\n", "" },
		{ SPACE "\nbody\n\n" SIG, SPACE "\nbody\n", "body\n" },
		{ SPACE "\na\n\nb\n\n" SIG, SPACE "\na\n\nb\n", "a\n\nb\n" },
		{ SPACE "\n\n\n\n" SIG, SPACE "\n\n\n", "\n\n" },
		/* what looks like a signature above it is text */
		{ SPACE "\n" SIG "\n" SIG, SPACE "\n" SIG, SIG },
		{ SPACE "\nna\xc3\xafve \x7f\n\n" SIG,
		    SPACE "\nna\xc3\xafve "
			  "\x7f\n",
		    "na\xc3\xafve \x7f\n" },
	};
	struct note note;

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		assert_int_equal(
		    note_parse(bytes_str(row[i].note), SPACE, &note), ERR_OK);
		assert_true(bytes_equal(note.text, bytes_str(row[i].text)));
		assert_true(bytes_equal(note.body, bytes_str(row[i].body)));
		assert_int_equal(note.n_sigs, 1);
	}
}

static void
test_signed_note_verifies_until_a_byte_changes(void **state)
{
	struct signer a = signer_make("a.example", 1);
	CLEAN_BUF struct buf note = BUF_INIT(NOTE_MAX);

	(void)state;
	sign(&a, "kind: test\n", &note);
	assert_int_equal(verify(&note, &a.key, 1, 1), ERR_OK);
	for (size_t i = 0; i < note.n; i++) {
		note.p[i] ^= 1;
		assert_int_not_equal(verify(&note, &a.key, 1, 1), ERR_OK);
		note.p[i] ^= 1;
	}
}

static void
test_sign_refuses_what_parse_would_refuse(void **state)
{
	static const char *const body[] = { "no newline", "a\tb\n", "\xff\n",
		"a\n\rb\n" };
	struct signer a = signer_make("a.example", 1);
	struct signer b = signer_make("a.example", 2);
	CLEAN_BUF struct buf note = BUF_INIT(NOTE_MAX);
	CLEAN_BUF struct buf small = BUF_INIT(100);

	(void)state;
	for (size_t i = 0; i < COUNT(body); i++)
		assert_int_equal(
		    note_sign(SPACE, bytes_str(body[i]), &a.key, a.seed, &note),
		    ERR_SYNTAX);
	assert_int_equal(
	    note_sign(SPACE, BYTES_LIT("x\n"), &a.key, b.seed, &note),
	    ERR_BAD_SIG);
	assert_int_equal(note.n, 0);
	assert_int_equal(
	    note_sign(SPACE, BYTES_LIT("x\n"), &a.key, a.seed, &small),
	    ERR_LIMIT);
}

static void
test_quorum_counts_distinct_public_keys(void **state)
{
	struct signer a = signer_make("a.example", 1);
	struct signer b = signer_make("b.example", 2);
	struct signer c = signer_make("c.example", 3);
	struct signer alias = signer_make("alias.example", 1);
	struct note_key all[] = { a.key, b.key, c.key };
	struct note_key twice[] = { a.key, a.key, alias.key };
	CLEAN_BUF struct buf note = BUF_INIT(NOTE_MAX);

	(void)state;
	sign(&a, "x\n", &note);
	assert_int_equal(note_add_signature(&note, &alias.key, alias.seed),
	    ERR_OK);
	assert_int_equal(verify(&note, twice, 3, 1), ERR_OK);
	assert_int_equal(verify(&note, twice, 3, 2), ERR_BAD_SIG);
	assert_int_equal(verify(&note, all, 3, 2), ERR_BAD_SIG);
	assert_int_equal(note_add_signature(&note, &b.key, b.seed), ERR_OK);
	assert_int_equal(verify(&note, all, 3, 2), ERR_OK);
	assert_int_equal(verify(&note, all, 3, 3), ERR_BAD_SIG);
	assert_int_equal(verify(&note, all, 0, 0), ERR_BAD_SIG);
	assert_int_equal(verify(&note, &c.key, 1, 0), ERR_BAD_SIG);
	assert_int_equal(note_add_signature(&note, &a.key, a.seed), ERR_EXISTS);
}

/* Replaces the last byte of the base64 before the note's final newline. */
static void
spoil_last_signature(struct buf *note)
{
	uint8_t *p = note->p + note->n - 6;

	*p = *p == 'A' ? 'B' : 'A';
}

static void
test_bad_signature_of_a_listed_key_refuses_the_note(void **state)
{
	struct signer a = signer_make("a.example", 1);
	struct signer b = signer_make("b.example", 2);
	struct note_key both[] = { a.key, b.key };
	CLEAN_BUF struct buf note = BUF_INIT(NOTE_MAX);

	(void)state;
	sign(&a, "x\n", &note);
	assert_int_equal(note_add_signature(&note, &b.key, b.seed), ERR_OK);
	spoil_last_signature(&note);
	assert_int_equal(verify(&note, both, 2, 1), ERR_BAD_SIG);
	/* not listed: passed over */
	assert_int_equal(verify(&note, &a.key, 1, 1), ERR_OK);
}

static void
test_signatures_of_other_kinds_are_passed_over(void **state)
{
	struct signer a = signer_make("a.example", 1);
	CLEAN_BUF struct buf note = BUF_INIT(NOTE_MAX);

	(void)state;
	sign(&a, "x\n", &note);
	buf_put_str(&note, DASH "witness.example AAAAAAAAAAAA\n");
	assert_int_equal(verify(&note, &a.key, 1, 1), ERR_OK);
	/* the right name with another key's id is unknown too */
	buf_put_str(&note, DASH "a.example " ZEROS "\n");
	assert_int_equal(verify(&note, &a.key, 1, 1), ERR_OK);
}

static void
test_number_of_signatures_is_bounded(void **state)
{
	struct signer a = signer_make("a.example", 1);
	CLEAN_BUF struct buf note = BUF_INIT(NOTE_MAX);

	(void)state;
	sign(&a, "x\n", &note);
	for (int i = 1; i < NOTE_SIGS_MAX; i++)
		buf_put_str(&note, DASH "other.example " ZEROS "\n");
	assert_int_equal(verify(&note, &a.key, 1, 1), ERR_OK);
	buf_put_str(&note, DASH "other.example " ZEROS "\n");
	assert_int_equal(verify(&note, &a.key, 1, 1), ERR_LIMIT);
}

static void
test_small_order_key_signs_nothing(void **state)
{
	/* The neutral element as key and R, S = 0: a lenient verifier accepts
	 * this for every text. */
	struct note_key key = { .name = "a.example", .pub = { 1 } };
	struct note note = {
		.text = BYTES_LIT(SPACE "\n"),
		.n_sigs = 1,
	};
	CLEAN_BUF struct buf vkey = BUF_INIT(1024);
	struct note_key back;

	(void)state;
	note_vkey_put(&vkey, &key);
	assert_int_equal(note_vkey_parse(buf_bytes(&vkey), &back), ERR_OK);
	note.sigs[0].name = bytes_str(key.name);
	note.sigs[0].sig[0] = 1;
	note.sigs[0].is_ed25519 = true;
	assert_int_equal(hex_decode(BYTES(vkey.p + strlen(key.name) + 1, 8),
			     note.sigs[0].key_id, 4),
	    ERR_OK);
	assert_int_equal(note_verify(&note, &key, 1, 1), ERR_BAD_SIG);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_example_of_the_document_verifies),
		cmocka_unit_test(test_vkey_refuses_what_is_not_canonical),
		cmocka_unit_test(
		    test_parse_refuses_what_the_grammar_does_not_allow),
		cmocka_unit_test(test_text_ends_at_the_last_empty_line),
		cmocka_unit_test(
		    test_signed_note_verifies_until_a_byte_changes),
		cmocka_unit_test(test_sign_refuses_what_parse_would_refuse),
		cmocka_unit_test(test_quorum_counts_distinct_public_keys),
		cmocka_unit_test(
		    test_bad_signature_of_a_listed_key_refuses_the_note),
		cmocka_unit_test(
		    test_signatures_of_other_kinds_are_passed_over),
		cmocka_unit_test(test_number_of_signatures_is_bounded),
		cmocka_unit_test(test_small_order_key_signs_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
