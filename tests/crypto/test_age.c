#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/age.h"
#include "crypto/bech32.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define BIG (4 * AGE_CHUNK)

/* Keys of C2SP age.md. */
static const char doc_identity[] =
    "AGE-SECRET-KEY-1"
    "GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";
static const char doc_recipient[] =
    "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";
static const char doc_hybrid_identity[] =
    "AGE-SECRET-KEY-PQ-1"
    "XX76JRALNLXDMEW0CRK45QMCCH4X06SE84UN3VPM33W6HWDX0H3SK3ZQFR";
static const char doc_hybrid_begins[] =
    "age1pq1x34nzsvr0rxjsgdn8zgyhfe8j7ceq5r9rdelkjuh3y235jzxshfg87pzf5";

/* A kind the library at hand can use. */
static const enum age_kind *
kinds(size_t *ret_n)
{
	static const enum age_kind all[] = { AGE_X25519, AGE_HYBRID };

	*ret_n = age_hybrid_available() ? 2 : 1;
	return all;
}

static void
new_pair(enum age_kind kind, struct age_identity *id, struct age_recipient *to)
{
	assert_int_equal(age_identity_new(&env_system, kind, id), ERR_OK);
	assert_int_equal(age_identity_recipient(id, to), ERR_OK);
}

static uint8_t *
pattern(size_t n)
{
	uint8_t *p = malloc(n + 1);

	assert_non_null(p);
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(i * 31 + i / 65521);
	return p;
}

/* --- keys --- */

static void
test_keys_of_the_document_are_read_and_written(void **state)
{
	CLEAN_BUF struct buf text = BUF_INIT(AGE_RECIPIENT_TEXT_MAX);
	struct age_identity id;
	struct age_recipient to, derived;

	(void)state;
	assert_int_equal(age_identity_parse(bytes_str(doc_identity), &id),
	    ERR_OK);
	assert_int_equal(age_recipient_parse(bytes_str(doc_recipient), &to),
	    ERR_OK);
	assert_int_equal(age_identity_recipient(&id, &derived), ERR_OK);
	assert_memory_equal(&derived, &to, sizeof(to));
	assert_int_equal(age_identity_put(&text, &id), ERR_OK);
	assert_true(bytes_equal(buf_bytes(&text), bytes_str(doc_identity)));
	buf_reset(&text);
	assert_int_equal(age_recipient_put(&text, &to), ERR_OK);
	assert_true(bytes_equal(buf_bytes(&text), bytes_str(doc_recipient)));
}

static void
test_hybrid_key_of_the_document_is_derived(void **state)
{
	CLEAN_BUF struct buf text = BUF_INIT(AGE_RECIPIENT_TEXT_MAX);
	struct age_identity id;
	struct age_recipient to, back;

	(void)state;
	assert_int_equal(
	    age_identity_parse(bytes_str(doc_hybrid_identity), &id), ERR_OK);
	assert_int_equal(id.kind, AGE_HYBRID);
	if (!age_hybrid_available()) {
		print_message("not run: needs OpenSSL 3.5\n");
		assert_int_equal(age_identity_recipient(&id, &to),
		    ERR_UNSUPPORTED);
		return;
	}
	assert_int_equal(age_identity_recipient(&id, &to), ERR_OK);
	assert_int_equal(age_recipient_put(&text, &to), ERR_OK);
	assert_memory_equal(text.p, doc_hybrid_begins,
	    sizeof(doc_hybrid_begins) - 1);
	assert_int_equal(age_recipient_parse(buf_bytes(&text), &back), ERR_OK);
	assert_memory_equal(&back, &to, sizeof(to));
}

static void
test_keys_with_a_fault_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"age1",
		"age",
		"Age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj",
		"age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwJ",
		"age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwk",
		"age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujw",
		"age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj ",
		"bge1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj",
		"age1bvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj",
	};
	struct age_recipient to = { .kind = AGE_HYBRID };

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		if (age_recipient_parse(bytes_str(bad[i]), &to) != ERR_SYNTAX)
			fail_msg("%s was taken", bad[i]);
	assert_int_equal(to.kind, AGE_HYBRID);
}

/* Every single wrong symbol is noticed, in either case of letters. */
static void
test_bech32_notices_every_wrong_symbol(void **state)
{
	static const char symbols[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
	const uint8_t data[32] = { 0xff, 1, 2 };
	uint8_t got[32];

	(void)state;
	for (unsigned upper = 0; upper < 2; upper++) {
		CLEAN_BUF struct buf b = BUF_INIT(128);

		bech32_put(&b, "age", BYTES(data, 32),
		    upper ? BECH32_UPPER : BECH32_LOWER);
		assert_int_equal(bech32_get(buf_bytes(&b), "age", got, 32),
		    ERR_OK);
		assert_memory_equal(got, data, 32);
		for (size_t i = 4; i < b.n; i++) {
			uint8_t was = b.p[i];

			for (size_t k = 0; k < 32; k++) {
				b.p[i] = (uint8_t)symbols[k];
				if (upper && b.p[i] >= 'a')
					b.p[i] -= 0x20;
				if (b.p[i] != was)
					assert_int_equal(
					    bech32_get(buf_bytes(&b), "age",
						got, 32),
					    ERR_SYNTAX);
			}
			b.p[i] = was;
		}
	}
}

static void
test_identity_file_has_comments_and_one_identity_a_line(void **state)
{
	struct age_identity ids[2];
	char file[512];
	size_t n = 9;

	(void)state;
	snprintf(file, sizeof(file), "# created\n\n%s\r\n# public key\n%s",
	    doc_identity, doc_hybrid_identity);
	assert_int_equal(age_identities_parse(bytes_str(file), ids, 2, &n),
	    ERR_OK);
	assert_int_equal(n, 2);
	assert_int_equal(ids[0].kind, AGE_X25519);
	assert_int_equal(ids[1].kind, AGE_HYBRID);
	n = 9;
	assert_int_equal(age_identities_parse(bytes_str(file), ids, 1, &n),
	    ERR_LIMIT);
	snprintf(file, sizeof(file), "%s\nrubbish\n", doc_identity);
	assert_int_equal(age_identities_parse(bytes_str(file), ids, 2, &n),
	    ERR_SYNTAX);
	assert_int_equal(n, 9);
}

/* --- headers --- */

static void
test_header_opens_for_each_recipient_and_nobody_else(void **state)
{
	const uint8_t file_key[AGE_FILE_KEY_LEN] = "0123456789abcde";
	size_t n_kinds;
	const enum age_kind *kind = kinds(&n_kinds);

	(void)state;
	for (size_t k = 0; k < n_kinds; k++) {
		CLEAN_BUF struct buf header = BUF_INIT(AGE_HEADER_MAX);
		struct age_identity id[3];
		struct age_recipient to[3];
		uint8_t got[AGE_FILE_KEY_LEN] = { 0 };
		bool kind_ok = false;
		size_t n;

		for (size_t i = 0; i < 3; i++)
			new_pair(kind[k], &id[i], &to[i]);
		assert_int_equal(
		    age_header_seal(&env_system, file_key, to, 2, &header),
		    ERR_OK);
		assert_int_equal(
		    age_header_length(buf_bytes(&header), &n, &kind_ok),
		    ERR_OK);
		assert_int_equal(n, header.n);
		assert_true(kind_ok);
		assert_int_equal(
		    age_header_open(buf_bytes(&header), &id[2], 1, got),
		    AGE_NO_MATCH);
		assert_true(bytes_all_zero(got, sizeof(got)));
		for (size_t i = 0; i < 2; i++) {
			assert_int_equal(
			    age_header_open(buf_bytes(&header), &id[i], 2, got),
			    AGE_OK);
			assert_memory_equal(got, file_key, sizeof(got));
		}
	}
}

static void
test_header_refuses_every_changed_byte(void **state)
{
	const uint8_t file_key[AGE_FILE_KEY_LEN] = { 5 };
	CLEAN_BUF struct buf header = BUF_INIT(AGE_HEADER_MAX);
	struct age_identity id;
	struct age_recipient to;
	uint8_t got[AGE_FILE_KEY_LEN];

	(void)state;
	new_pair(AGE_X25519, &id, &to);
	assert_int_equal(
	    age_header_seal(&env_system, file_key, &to, 1, &header), ERR_OK);
	for (size_t i = 0; i < header.n; i++) {
		header.p[i] ^= 1;
		assert_int_not_equal(
		    age_header_open(buf_bytes(&header), &id, 1, got), AGE_OK);
		header.p[i] ^= 1;
	}
	assert_int_equal(age_header_open(buf_bytes(&header), &id, 1, got),
	    AGE_OK);
	buf_put_u8(&header, '\n');
	assert_int_equal(age_header_open(buf_bytes(&header), &id, 1, got),
	    AGE_HEADER_BAD);
}

static void
test_classic_and_hybrid_recipients_are_not_mixed(void **state)
{
	const uint8_t file_key[AGE_FILE_KEY_LEN] = { 5 };
	CLEAN_BUF struct buf header = BUF_INIT(AGE_HEADER_MAX);
	struct age_recipient to[2] = { { .kind = AGE_X25519 },
		{ .kind = AGE_HYBRID } };

	(void)state;
	assert_int_equal(age_header_seal(&env_system, file_key, to, 2, &header),
	    ERR_DENIED);
	assert_int_equal(header.n, 0);
}

/* Syntax that age allows and Speakup's recipients never make. */
static void
test_kind_is_ok_only_for_our_recipients(void **state)
{
	static const char stanza[] =
	    "age-encryption.org/v1\n-> grease\n\n"
	    "--- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n";
	size_t n;
	bool ok = true;

	(void)state;
	assert_int_equal(age_header_length(bytes_str(stanza), &n, &ok), ERR_OK);
	assert_int_equal(n, sizeof(stanza) - 1);
	assert_false(ok);
}

static void
test_passphrase_opens_its_header_only(void **state)
{
	const uint8_t file_key[AGE_FILE_KEY_LEN] = { 5 };
	CLEAN_BUF struct buf header = BUF_INIT(AGE_HEADER_MAX);
	uint8_t got[AGE_FILE_KEY_LEN];

	(void)state;
	assert_int_equal(age_header_seal_passphrase(&env_system, file_key,
			     BYTES_LIT("right"), 10, &header),
	    ERR_OK);
	assert_int_equal(age_header_open_passphrase(buf_bytes(&header),
			     BYTES_LIT("wrong"), got),
	    AGE_NO_MATCH);
	assert_int_equal(age_header_open_passphrase(buf_bytes(&header),
			     BYTES_LIT("right"), got),
	    AGE_OK);
	assert_memory_equal(got, file_key, sizeof(got));
	assert_int_equal(age_header_seal_passphrase(&env_system, file_key,
			     BYTES_LIT("right"), AGE_SCRYPT_WORK_MAX + 1,
			     &header),
	    ERR_LIMIT);
}

/* --- payloads --- */

static const size_t sizes[] = { 0, 1, AGE_CHUNK - 1, AGE_CHUNK, AGE_CHUNK + 1,
	2 * AGE_CHUNK, 3 * AGE_CHUNK + 7 };

static enum err
into_buf(void *ctx, struct bytes x)
{
	buf_put_bytes(ctx, x);
	return ((struct buf *)ctx)->err;
}

/* A payload written in pieces of that size. */
static void
write_payload(const uint8_t *file_key, struct bytes plain, size_t piece,
    struct buf *out)
{
	struct age_writer *w;

	assert_int_equal(
	    age_writer_new(&env_system, file_key, into_buf, out, &w), ERR_OK);
	while (plain.n > 0) {
		size_t n = plain.n < piece ? plain.n : piece;

		assert_int_equal(age_writer_put(w, BYTES(plain.p, n)), ERR_OK);
		plain = BYTES(plain.p + n, plain.n - n);
	}
	assert_int_equal(age_writer_finish(w), ERR_OK);
	age_writer_free(w);
}

static enum age_result
read_pieces(const struct age_keys *keys, struct bytes x, size_t piece,
    struct buf *out)
{
	struct age_reader *r;
	enum age_result result;

	assert_int_equal(age_reader_new(keys, into_buf, out, &r), ERR_OK);
	while (x.n > 0) {
		size_t n = x.n < piece ? x.n : piece;

		if (age_reader_put(r, BYTES(x.p, n)) != AGE_OK)
			break;
		x = BYTES(x.p + n, x.n - n);
	}
	result = age_reader_finish(r);
	age_reader_free(r);
	return result;
}

static void
test_payloads_of_all_sizes_come_back_in_any_pieces(void **state)
{
	static const size_t pieces[] = { 1000, AGE_CHUNK, AGE_CHUNK + 16,
		SIZE_MAX };
	const uint8_t file_key[AGE_FILE_KEY_LEN] = { 3 };
	const struct age_keys keys = { .file_key = file_key };
	uint8_t *plain = pattern(BIG);

	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		for (size_t k = 0; k < COUNT(pieces); k++) {
			CLEAN_BUF struct buf sealed = BUF_INIT(2 * BIG);
			CLEAN_BUF struct buf back = BUF_INIT(2 * BIG);

			write_payload(file_key, BYTES(plain, sizes[i]),
			    pieces[k], &sealed);
			assert_int_equal(sealed.n, age_payload_size(sizes[i]));
			assert_int_equal(read_pieces(&keys, buf_bytes(&sealed),
					     pieces[COUNT(pieces) - 1 - k],
					     &back),
			    AGE_OK);
			assert_true(bytes_equal(buf_bytes(&back),
			    BYTES(plain, sizes[i])));
		}
	}
	free(plain);
}

/* Cut anywhere, swapped, repeated or continued. */
static void
test_payload_changed_in_its_frame_is_refused(void **state)
{
	const uint8_t file_key[AGE_FILE_KEY_LEN] = { 3 };
	const struct age_keys keys = { .file_key = file_key };
	const size_t full = AGE_CHUNK + 16, n = 2 * full + 16 + 5;
	static const size_t cuts[] = { 0, 5, 16, 16 + 16, 16 + 100,
		16 + AGE_CHUNK + 16, 16 + AGE_CHUNK + 17,
		16 + 2 * (AGE_CHUNK + 16), 16 + 2 * (AGE_CHUNK + 16) + 16 };
	CLEAN_BUF struct buf sealed = BUF_INIT(BIG), out = BUF_INIT(BIG);
	uint8_t *plain = pattern(2 * AGE_CHUNK + 5), *copy;

	(void)state;
	write_payload(file_key, BYTES(plain, 2 * AGE_CHUNK + 5), SIZE_MAX,
	    &sealed);
	assert_int_equal(sealed.n, 16 + n);
	for (size_t i = 0; i < COUNT(cuts); i++) {
		buf_reset(&out);
		assert_int_equal(
		    read_pieces(&keys, BYTES(sealed.p, cuts[i]), 999, &out),
		    AGE_PAYLOAD_BAD);
	}
	copy = malloc(sealed.n + 1);
	assert_non_null(copy);
	memcpy(copy, sealed.p, 16);
	memcpy(copy + 16, sealed.p + 16 + full, full);
	memcpy(copy + 16 + full, sealed.p + 16, full);
	memcpy(copy + 16 + 2 * full, sealed.p + 16 + 2 * full, n - 2 * full);
	assert_int_equal(
	    read_pieces(&keys, BYTES(copy, sealed.n), SIZE_MAX, &out),
	    AGE_PAYLOAD_BAD);
	buf_reset(&out);
	memcpy(copy, sealed.p, sealed.n);
	copy[sealed.n] = 0;
	assert_int_equal(
	    read_pieces(&keys, BYTES(copy, sealed.n + 1), SIZE_MAX, &out),
	    AGE_PAYLOAD_BAD);
	buf_reset(&out);
	assert_int_equal(
	    read_pieces(&keys, BYTES(copy, sealed.n), SIZE_MAX, &out), AGE_OK);
	free(copy);
	free(plain);
}

/* Two headers over one payload: each makes an ordinary age file of it. */
static void
test_envelope_and_payload_are_an_age_file(void **state)
{
	const uint8_t file_key[AGE_FILE_KEY_LEN] = { 8 };
	CLEAN_BUF struct buf payload = BUF_INIT(BIG);
	struct age_identity id[2];
	struct age_recipient to[2];

	(void)state;
	write_payload(file_key, BYTES_LIT("one text"), SIZE_MAX, &payload);
	for (size_t i = 0; i < 2; i++) {
		CLEAN_BUF struct buf file = BUF_INIT(BIG), out = BUF_INIT(BIG);
		const struct age_keys keys = { .ids = &id[i], .n_ids = 1 };

		new_pair(AGE_X25519, &id[i], &to[i]);
		assert_int_equal(
		    age_header_seal(&env_system, file_key, &to[i], 1, &file),
		    ERR_OK);
		buf_put_bytes(&file, buf_bytes(&payload));
		assert_int_equal(age_open(&keys, buf_bytes(&file), &out),
		    AGE_OK);
		assert_true(
		    bytes_equal(buf_bytes(&out), BYTES_LIT("one text")));
	}
}

static enum err
refuse(void *ctx, struct bytes x)
{
	(void)ctx;
	(void)x;
	return ERR_FULL;
}

static void
test_error_of_a_sink_is_kept(void **state)
{
	const uint8_t file_key[AGE_FILE_KEY_LEN] = { 3 };
	const struct age_keys keys = { .file_key = file_key };
	CLEAN_BUF struct buf sealed = BUF_INIT(BIG);
	struct age_writer *w;
	struct age_reader *r;

	(void)state;
	assert_int_equal(
	    age_writer_new(&env_system, file_key, refuse, NULL, &w), ERR_OK);
	assert_int_equal(age_writer_put(w, BYTES_LIT("x")), ERR_OK);
	assert_int_equal(age_writer_finish(w), ERR_FULL);
	age_writer_free(w);
	write_payload(file_key, BYTES_LIT("x"), 1, &sealed);
	assert_int_equal(age_reader_new(&keys, refuse, NULL, &r), ERR_OK);
	assert_int_equal(age_reader_put(r, buf_bytes(&sealed)), AGE_OK);
	assert_int_equal(age_reader_finish(r), AGE_FAILED);
	assert_int_equal(age_reader_error(r), ERR_FULL);
	age_reader_free(r);
}

/* A header that does not end is refused at its limit, not gathered. */
static void
test_endless_header_is_refused_at_the_limit(void **state)
{
	const struct age_keys keys = { 0 };
	CLEAN_BUF struct buf out = BUF_INIT(16);
	struct age_reader *r;
	enum age_result result;
	size_t n = 0;

	(void)state;
	assert_int_equal(age_reader_new(&keys, into_buf, &out, &r), ERR_OK);
	result = age_reader_put(r, BYTES_LIT("age-encryption.org/v1\n"));
	while (result == AGE_OK && n <= 2 * AGE_HEADER_MAX) {
		result = age_reader_put(r, BYTES_LIT("-> x y\n\n"));
		n += 8;
	}
	assert_int_equal(result, AGE_HEADER_BAD);
	assert_in_range(n, AGE_HEADER_MAX - 64, AGE_HEADER_MAX);
	age_reader_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_keys_of_the_document_are_read_and_written),
		cmocka_unit_test(test_hybrid_key_of_the_document_is_derived),
		cmocka_unit_test(test_keys_with_a_fault_are_refused),
		cmocka_unit_test(test_bech32_notices_every_wrong_symbol),
		cmocka_unit_test(
		    test_identity_file_has_comments_and_one_identity_a_line),
		cmocka_unit_test(
		    test_header_opens_for_each_recipient_and_nobody_else),
		cmocka_unit_test(test_header_refuses_every_changed_byte),
		cmocka_unit_test(
		    test_classic_and_hybrid_recipients_are_not_mixed),
		cmocka_unit_test(test_kind_is_ok_only_for_our_recipients),
		cmocka_unit_test(test_passphrase_opens_its_header_only),
		cmocka_unit_test(
		    test_payloads_of_all_sizes_come_back_in_any_pieces),
		cmocka_unit_test(test_payload_changed_in_its_frame_is_refused),
		cmocka_unit_test(test_envelope_and_payload_are_an_age_file),
		cmocka_unit_test(test_error_of_a_sink_is_kept),
		cmocka_unit_test(test_endless_header_is_refused_at_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
