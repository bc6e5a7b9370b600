/*
 * The cases that C and browser share: sealed bodies, whole messages, filing
 * proofs and roots. usage: test_cases_sealed DIRECTORY, where that is
 * tests/cases.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "crypto/codec.h"
#include "crypto/entry.h"
#include "crypto/label.h"
#include "crypto/message.h"
#include "crypto/proof.h"
#include "crypto/tar.h"
#include "policy/root.h"
#include "tests/crypto/cases.h"

#define KEYS_MAX 4

static const char *dir;

/* --- sealed bodies --- */

static void
put_member(const json_t *c, const char *name, struct bytes note,
    struct buf *out)
{
	CLEAN_BUF struct buf data = BUF_INIT(CASES_MAX);
	uint8_t header[TAR_BLOCK];

	if (strcmp(name, "manifest.note") == 0)
		buf_put_bytes(&data, note);
	else if (strcmp(name, TAR_CONSTANT_NAME) != 0)
		cases_put_filled(cases_get(cases_get(c, "files"), name), &data);
	assert_int_equal(tar_header(name, data.n, header), ERR_OK);
	buf_put(out, header, sizeof(header));
	buf_put_bytes(out, buf_bytes(&data));
	buf_put_zeros(out, (size_t)tar_blocks(data.n) - data.n);
}

/* An archive of any members, whatever its manifest says. */
static void
assemble(const json_t *c, struct bytes note, const json_t *members,
    struct buf *out)
{
	json_t *name;
	size_t i;

	json_array_foreach(members, i, name)
	    put_member(c, json_string_value(name), note, out);
	buf_put_zeros(out, (size_t)sealed_pad_size(out->n + TAR_END) - out->n);
	assert_int_equal(out->err, ERR_OK);
}

static void
put_note(const json_t *c, const char *space, struct bytes body, struct buf *out)
{
	CLEAN_BUF struct buf text = BUF_INIT(CASES_MAX);
	uint8_t seed[SIGN_SEED_LEN];

	cases_hex(c, "seed", seed, sizeof(seed));
	buf_put_str(&text, space);
	buf_put_str(&text, "\n");
	buf_put_bytes(&text, body);
	assert_int_equal(
	    cases_sign(buf_bytes(&text), cases_text(c, "name"), seed, out),
	    ERR_OK);
}

static enum err
to_files(void *ctx, size_t index, struct bytes x)
{
	struct buf *file = ctx;

	file[index].max = CASES_MAX;
	buf_put_bytes(&file[index], x);
	return file[index].err;
}

/* In parts of `step` bytes. */
static enum sealed_result
read_archive(struct bytes archive, size_t step, struct buf *file)
{
	struct sealed_reader *r = NULL;
	enum sealed_result result = SEALED_OK;

	assert_int_equal(sealed_reader_new(to_files, file, &r), ERR_OK);
	for (size_t at = 0; at < archive.n && result == SEALED_OK; at += step) {
		size_t left = archive.n - at;

		result = sealed_reader_put(r,
		    BYTES(archive.p + at, left < step ? left : step));
	}
	if (result == SEALED_OK)
		result = sealed_reader_finish(r);
	sealed_reader_free(r);
	return result;
}

static enum err
to_buf(void *ctx, struct bytes x)
{
	struct buf *b = ctx;

	buf_put_bytes(b, x);
	return b->err;
}

/* As our writer makes it, through an age payload and back. */
static void
write_archive(const json_t *c, const struct manifest *m, struct bytes note,
    struct buf *out)
{
	static const uint8_t file_key[AGE_FILE_KEY_LEN] = { 1 };
	const struct age_keys keys = { .file_key = file_key };
	CLEAN_BUF struct buf payload = BUF_INIT(CASES_MAX);
	struct buf data[SEALED_FILES_MAX] = { 0 };
	struct bytes file[SEALED_FILES_MAX];
	struct sealed_memory memory = { .file = file };
	struct age_writer *w = NULL;

	for (size_t i = 0; i < m->n_files; i++) {
		data[i].max = CASES_MAX;
		cases_put_filled(
		    cases_get(cases_get(c, "files"), m->file[i].name),
		    &data[i]);
		file[i] = buf_bytes(&data[i]);
	}
	assert_int_equal(
	    age_writer_new(&env_system, file_key, to_buf, &payload, &w),
	    ERR_OK);
	assert_int_equal(
	    sealed_write(w, note, m, sealed_memory_source, &memory), ERR_OK);
	assert_int_equal(age_writer_finish(w), ERR_OK);
	assert_int_equal(age_open(&keys, buf_bytes(&payload), out), AGE_OK);
	age_writer_free(w);
	for (size_t i = 0; i < m->n_files; i++)
		buf_free(&data[i]);
}

static void
expect_archive(const json_t *x, struct bytes archive)
{
	uint8_t digest[SHA256_LEN];

	cases_expect(archive.n == cases_number(x, "size"), x);
	assert_int_equal(sha256(archive, digest), ERR_OK);
	cases_expect(cases_is_hex(digest, sizeof(digest), x, "sha256"), x);
}

static void
expect_files(const json_t *x, const struct manifest *m, struct bytes archive,
    size_t step)
{
	struct buf file[SEALED_FILES_MAX] = { 0 };
	uint8_t digest[SHA256_LEN];

	cases_expect(read_archive(archive, step, file) == SEALED_OK, x);
	for (size_t i = 0; i < m->n_files; i++) {
		assert_int_equal(sha256(buf_bytes(&file[i]), digest), ERR_OK);
		assert_memory_equal(digest, m->file[i].sha256, SHA256_LEN);
		buf_free(&file[i]);
	}
}

static void
test_bodies_that_are_accepted(void **state)
{
	json_t *c = cases_load(dir, "sealed.json"), *x;
	struct manifest *m = manifest_new();
	size_t i;

	(void)state;
	assert_non_null(m);
	json_array_foreach(cases_get(c, "accepted"), i, x)
	{
		CLEAN_BUF struct buf note = BUF_INIT(CASES_MAX);
		CLEAN_BUF struct buf archive = BUF_INIT(CASES_MAX);
		CLEAN_BUF struct buf written = BUF_INIT(CASES_MAX);
		struct bytes body = cases_bytes(x, "manifest");

		cases_expect(manifest_parse(body, m) == ERR_OK, x);
		put_note(c, NOTE_MANIFEST, body, &note);
		assemble(c, buf_bytes(&note), cases_get(x, "members"),
		    &archive);
		expect_archive(x, buf_bytes(&archive));
		write_archive(c, m, buf_bytes(&note), &written);
		expect_archive(x, buf_bytes(&written));
		expect_files(x, m, buf_bytes(&archive), 511);
		expect_files(x, m, buf_bytes(&archive), archive.n);
	}
	m = manifest_free(m);
	json_decref(c);
}

static const char *
result_name(enum sealed_result r)
{
	static const char *const name[] = {
		[SEALED_OK] = "ok",
		[SEALED_NOT_SEALED] = "not-sealed",
		[SEALED_BAD_ARCHIVE] = "bad-archive",
		[SEALED_BAD_MANIFEST] = "bad-manifest",
		[SEALED_BAD_FILE] = "bad-file",
		[SEALED_FAILED] = "failed",
	};

	return name[r];
}

/* The archive that a refused case describes. */
static void
put_refused(const json_t *c, const json_t *x, struct buf *out)
{
	const json_t *of =
	    cases_named(cases_get(c, "accepted"), cases_text(x, "of"));
	const json_t *space = json_object_get(x, "namespace");
	const json_t *members = json_object_get(x, "members");
	CLEAN_BUF struct buf body = BUF_INIT(CASES_MAX);
	CLEAN_BUF struct buf note = BUF_INIT(CASES_MAX);

	cases_put_edited(cases_bytes(of, "manifest"),
	    json_object_get(x, "manifest"), &body);
	put_note(c, space != NULL ? json_string_value(space) : NOTE_MANIFEST,
	    buf_bytes(&body), &note);
	if (json_object_get(x, "append") != NULL)
		buf_put_str(&note, cases_text(x, "append"));
	assemble(c, buf_bytes(&note),
	    members != NULL ? members : cases_get(of, "members"), out);
	cases_edit_bytes(out, json_object_get(x, "bytes"),
	    json_object_get(x, "length"));
}

static void
test_bodies_that_are_refused(void **state)
{
	json_t *c = cases_load(dir, "sealed.json"), *x;
	size_t i;

	(void)state;
	json_array_foreach(cases_get(c, "refused"), i, x)
	{
		const char *want = cases_text(x, "result");
		CLEAN_BUF struct buf archive = BUF_INIT(CASES_MAX);

		put_refused(c, x, &archive);
		for (size_t k = 0; k < 2; k++) {
			struct buf file[SEALED_FILES_MAX] = { 0 };
			enum sealed_result r = read_archive(buf_bytes(&archive),
			    k == 0 ? 1000 : archive.n + 1, file);

			cases_expect(strcmp(result_name(r), want) == 0, x);
			for (size_t f = 0; f < SEALED_FILES_MAX; f++)
				buf_free(&file[f]);
		}
	}
	json_decref(c);
}

/* --- whole messages --- */

static const char *
message_name(enum message_result r)
{
	static const char *const name[] = {
		[MESSAGE_OK] = "ok",
		[MESSAGE_NOT_FOR_US] = "not-for-us",
		[MESSAGE_UNSUPPORTED] = "unsupported",
		[MESSAGE_DAMAGED] = "damaged",
		[MESSAGE_NOT_SEALED] = "not-sealed",
		[MESSAGE_BAD_BODY] = "bad-body",
		[MESSAGE_BAD_AUTHOR] = "bad-author",
		[MESSAGE_BAD_ENVELOPE] = "bad-envelope",
		[MESSAGE_FAILED] = "failed",
	};

	return name[r];
}

static void
put_payload(const json_t *c, const char *name, struct buf *out)
{
	CLEAN_BUF struct buf text = BUF_INIT(CASES_MAX);

	cases_put_text(cases_get(cases_get(c, "payloads"), name), &text);
	assert_int_equal(base64_get(buf_bytes(&text), B64_PADDED, out), ERR_OK);
}

static enum message_result
open_message(const json_t *c, const json_t *x, struct bytes envelope,
    struct bytes payload, struct buf *file)
{
	uint8_t pub[KEYS_MAX][SIGN_PUB_LEN], granted[SHA256_LEN];
	struct message_open *o = NULL;
	const struct manifest *m = NULL;
	struct age_identity id;
	struct message_as as = { .ids = &id,
		.n_ids = 1,
		.person = (uint16_t)cases_number(x, "person") };
	enum message_result r;
	json_t *key;
	size_t n = 0, i;

	assert_int_equal(
	    age_identity_parse(cases_bytes(cases_get(c, "identities"),
				   cases_text(x, "identity")),
		&id),
	    ERR_OK);
	json_array_foreach(cases_get(x, "keys"), i, key)
	    assert_int_equal(hex_decode(bytes_str(json_string_value(key)),
				 pub[n++], SIGN_PUB_LEN),
		ERR_OK);
	if (json_object_get(x, "granted") != NULL) {
		cases_hex(x, "granted", granted, sizeof(granted));
		as.granted = granted;
	}
	assert_int_equal(message_open_new(&as, to_files, file, &o), ERR_OK);
	r = message_open_put(o, envelope);
	if (r == MESSAGE_OK)
		r = message_open_put(o, payload);
	if (r == MESSAGE_OK)
		r = message_open_finish(o, (const uint8_t(*)[SIGN_PUB_LEN])pub,
		    n, &m);
	message_open_free(o);
	return r;
}

static void
expect_message(const json_t *c, const json_t *x)
{
	CLEAN_BUF struct buf envelope = BUF_INIT(CASES_MAX);
	CLEAN_BUF struct buf payload = BUF_INIT(CASES_MAX);
	struct buf file[SEALED_FILES_MAX] = { 0 };
	enum message_result r;

	cases_put_edited(
	    cases_bytes(cases_get(c, "envelopes"), cases_text(x, "envelope")),
	    json_object_get(x, "edits"), &envelope);
	put_payload(c, cases_text(x, "payload"), &payload);
	cases_edit_bytes(&payload, json_object_get(x, "payload_edit"),
	    json_object_get(x, "length"));
	r = open_message(c, x, buf_bytes(&envelope), buf_bytes(&payload), file);
	cases_expect(strcmp(message_name(r), cases_text(x, "result")) == 0, x);
	if (r == MESSAGE_OK)
		assert_true(
		    bytes_equal(buf_bytes(&file[0]), cases_bytes(c, "text")));
	buf_free(&file[0]);
}

static void
test_messages(void **state)
{
	json_t *c = cases_load(dir, "messages.json"), *x;
	size_t i;

	(void)state;
	json_array_foreach(cases_get(c, "messages"), i, x) expect_message(c, x);
	json_decref(c);
}

/* --- filing proofs --- */

static const char *
error_name(enum err err)
{
	if (err == ERR_OK)
		return "ok";
	if (err == ERR_BAD_SIG)
		return "bad-sig";
	if (err == ERR_DENIED)
		return "denied";
	return err == ERR_CORRUPT ? "corrupt" : "syntax";
}

static enum err
open_proof(const json_t *c, struct bytes proof, struct statement *ret)
{
	const json_t *keys = cases_get(c, "keys");
	struct bytes text;
	struct note_key key;
	enum err err;

	assert_int_equal(
	    note_vkey_parse(
		bytes_str(json_string_value(json_array_get(keys, 0))), &key),
	    ERR_OK);
	err = proof_verify(proof, &key, 1, &text);
	return err == ERR_OK ? statement_parse(text, ret) : err;
}

static void
test_proofs(void **state)
{
	json_t *c = cases_load(dir, "proofs.json"), *x;
	struct statement s = { 0 };
	size_t i;

	(void)state;
	json_array_foreach(cases_get(c, "accepted"), i, x)
	{
		cases_expect(
		    open_proof(c, cases_bytes(x, "proof"), &s) == ERR_OK, x);
		assert_true(cases_is_hex(s.case_id, CASE_ID_LEN, x, "case"));
		assert_true(cases_is_hex(s.link, LINK_LEN, x, "link"));
		assert_string_equal(message_kind_name(s.kind),
		    cases_text(x, "kind"));
		assert_int_equal(s.day, cases_number(x, "day"));
		assert_int_equal(s.policy, cases_number(x, "policy"));
	}
	json_array_foreach(cases_get(c, "refused"), i, x)
	{
		CLEAN_BUF struct buf proof = BUF_INIT(CASES_MAX);
		enum err err;

		if (json_object_get(x, "proof") != NULL)
			buf_put_bytes(&proof, cases_bytes(x, "proof"));
		else
			cases_put_edited(
			    cases_bytes(cases_named(cases_get(c, "accepted"),
					    cases_text(x, "of")),
				"proof"),
			    cases_get(x, "edits"), &proof);
		err = open_proof(c, buf_bytes(&proof), &s);
		cases_expect(
		    strcmp(error_name(err), cases_text(x, "result")) == 0, x);
	}
	json_decref(c);
}

/* --- roots --- */

static void
expect_root(const json_t *x, const struct root *root)
{
	char words[RECEIPT_TEXT_MAX];

	cases_expect(cases_is_hex(root->first, SHA256_LEN, x, "hash0"), x);
	assert_int_equal(root_fingerprint(root->first, words), ERR_OK);
	assert_string_equal(words, cases_text(x, "fingerprint"));
	assert_int_equal(root->serial, cases_number(x, "serial"));
}

static void
test_roots(void **state)
{
	json_t *c = cases_load(dir, "roots.json"), *x, *text;
	size_t i, n;

	(void)state;
	json_array_foreach(cases_get(c, "walks"), i, x)
	{
		bool pinned = !json_is_null(cases_get(x, "pin"));
		struct bytes note[4] = { 0 };
		uint8_t pin[SHA256_LEN];
		struct root root;
		enum err err;

		json_array_foreach(cases_get(x, "notes"), n, text) note[n] =
		    bytes_str(json_string_value(text));
		if (pinned)
			cases_hex(x, "pin", pin, sizeof(pin));
		err = roots_walk(note, n, pinned ? pin : NULL, &root);
		cases_expect(
		    strcmp(error_name(err), cases_text(x, "result")) == 0, x);
		if (err == ERR_OK)
			expect_root(x, &root);
	}
	json_decref(c);
}

int
main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bodies_that_are_accepted),
		cmocka_unit_test(test_bodies_that_are_refused),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_proofs),
		cmocka_unit_test(test_roots),
	};

	if (argc != 2) {
		fprintf(stderr, "usage: test_cases_sealed DIRECTORY\n");
		return 2;
	}
	dir = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
