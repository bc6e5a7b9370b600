#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "crypto/message.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define FILE_MAX (1024 * 1024)
#define READERS 3

static const uint8_t receipt[RECEIPT_LEN] = "a reporter's own";
static const uint8_t realm[REALM_LEN] = { 9 };
static const char *const file_name[] = { "message.txt",
	"attachments/rota.pdf" };

static struct {
	struct receipt_keys reporter;
	struct age_identity id[READERS]; /* persons 7 and 8, the reporter */
	struct message_to to[READERS];
	uint8_t attachment[200000];
	struct bytes file[2];
} world;

static int
setup(void **state)
{
	static const uint16_t person[READERS] = { 7, 8, PERSON_REPORTER };

	(void)state;
	assert_int_equal(receipt_derive(receipt, realm, &world.reporter),
	    ERR_OK);
	for (size_t i = 0; i < READERS; i++) {
		assert_int_equal(
		    age_identity_new(&env_system, AGE_X25519, &world.id[i]),
		    ERR_OK);
		if (person[i] == PERSON_REPORTER)
			world.id[i] = world.reporter.reply[0];
		world.to[i].person = person[i];
		assert_int_equal(
		    age_identity_recipient(&world.id[i], &world.to[i].key),
		    ERR_OK);
	}
	for (size_t i = 0; i < sizeof(world.attachment); i++)
		world.attachment[i] = (uint8_t)(i * 5 + i / 1024);
	world.file[0] = BYTES_LIT("The rota is unsafe.\n");
	world.file[1] = BYTES(world.attachment, sizeof(world.attachment));
	return 0;
}

static void
add_files(struct manifest *m, size_t n)
{
	uint8_t digest[SHA256_LEN];

	for (size_t i = 0; i < n; i++) {
		assert_int_equal(sha256(world.file[i], digest), ERR_OK);
		assert_int_equal(
		    manifest_add_file(m, file_name[i], world.file[i].n, digest),
		    ERR_OK);
	}
}

static struct manifest *
concern_make(size_t n_files)
{
	struct manifest *m = manifest_new();
	struct buf reply = BUF_INIT(AGE_RECIPIENT_TEXT_MAX - 1);

	assert_non_null(m);
	m->kind = MESSAGE_CONCERN;
	memcpy(m->case_id, world.reporter.case_id, CASE_ID_LEN);
	memcpy(m->mailbox, world.reporter.mailbox, SHA256_LEN);
	m->route = 3;
	m->band = 2;
	assert_int_equal(age_recipient_put(&reply, &world.to[2].key), ERR_OK);
	memcpy(m->reply, reply.p, reply.n);
	buf_free(&reply);
	add_files(m, n_files);
	return m;
}

static enum err
to_buf(void *ctx, struct bytes x)
{
	struct buf *b = ctx;

	buf_put_bytes(b, x);
	return b->err;
}

static enum err
to_files(void *ctx, size_t index, struct bytes x)
{
	struct buf *file = ctx;

	file[index].max = FILE_MAX;
	buf_put_bytes(&file[index], x);
	return file[index].err;
}

static enum err
to_nowhere(void *ctx, size_t index, struct bytes x)
{
	(void)ctx;
	(void)index;
	(void)x;
	return ERR_OK;
}

/* A sealed concern, payload and all. */
static struct message_seal *
seal_make(struct manifest *m, struct buf *payload)
{
	struct sealed_memory memory = { .file = world.file };
	struct message_seal *s = NULL;

	assert_int_equal(message_seal_new(&env_system, m,
			     world.reporter.sign_seed, world.to, READERS, &s),
	    ERR_OK);
	assert_int_equal(message_seal_payload(s, sealed_memory_source, &memory,
			     to_buf, payload),
	    ERR_OK);
	return s;
}

static struct message_as
as_reader(size_t i)
{
	return (struct message_as){
		.ids = &world.id[i], .n_ids = 1, .person = world.to[i].person
	};
}

static const uint8_t (*case_key(void))[SIGN_PUB_LEN]
{
	return (const uint8_t(*)[SIGN_PUB_LEN]) & world.reporter.sign_pub;
}

static enum message_result
open_parts(const struct message_as *as, struct bytes envelope,
    struct bytes payload, const uint8_t (*pub)[SIGN_PUB_LEN],
    sealed_file_sink *sink, void *ctx)
{
	const struct manifest *m = NULL;
	struct message_open *o = NULL;
	enum message_result r;

	assert_int_equal(message_open_new(as, sink, ctx, &o), ERR_OK);
	r = message_open_put(o, envelope);
	for (size_t at = 0; at < payload.n && r == MESSAGE_OK; at += 10000)
		r = message_open_put(o,
		    BYTES(payload.p + at,
			payload.n - at < 10000 ? payload.n - at : 10000));
	r = message_open_finish(o, pub, 1, &m);
	assert_true((r == MESSAGE_OK) == (m != NULL));
	if (m != NULL)
		assert_ptr_equal(m, message_open_claim(o));
	message_open_free(o);
	return r;
}

static enum message_result
open_quietly(const struct message_as *as, struct bytes envelope,
    struct bytes payload)
{
	return open_parts(as, envelope, payload, case_key(), to_nowhere, NULL);
}

static void
test_every_reader_opens_with_their_envelope(void **state)
{
	struct manifest *m = concern_make(2);
	CLEAN_BUF struct buf payload = BUF_INIT(FILE_MAX);
	struct message_seal *s = seal_make(m, &payload);

	(void)state;
	assert_int_equal(payload.n, message_seal_payload_size(s));
	for (size_t i = 0; i < READERS; i++) {
		struct message_as as = as_reader(i);
		struct buf file[2] = { 0 };

		assert_int_equal(open_parts(&as, message_seal_envelope(s, i),
				     buf_bytes(&payload), case_key(), to_files,
				     file),
		    MESSAGE_OK);
		for (size_t k = 0; k < 2; k++) {
			assert_true(
			    bytes_equal(buf_bytes(&file[k]), world.file[k]));
			buf_free(&file[k]);
		}
	}
	message_seal_free(s);
	manifest_free(m);
}

static void
test_file_may_come_byte_by_byte(void **state)
{
	struct manifest *m = concern_make(1);
	CLEAN_BUF struct buf file = BUF_INIT(FILE_MAX);
	struct message_seal *s = seal_make(m, &file);
	CLEAN_BUF struct buf whole = BUF_INIT(FILE_MAX);
	struct message_as as = as_reader(1);
	const struct manifest *got = NULL;
	struct message_open *o = NULL;

	(void)state;
	buf_put_bytes(&whole, message_seal_envelope(s, 1));
	buf_put_bytes(&whole, buf_bytes(&file));
	assert_int_equal(message_open_new(&as, to_nowhere, NULL, &o), ERR_OK);
	for (size_t i = 0; i < whole.n; i++)
		assert_int_equal(message_open_put(o, BYTES(whole.p + i, 1)),
		    MESSAGE_OK);
	assert_int_equal(message_open_finish(o, case_key(), 1, &got),
	    MESSAGE_OK);
	assert_int_equal(got->kind, MESSAGE_CONCERN);
	message_open_free(o);
	message_seal_free(s);
	manifest_free(m);
}

static void
test_content_digest_is_that_of_link_h(void **state)
{
	struct manifest *m = concern_make(2);
	CLEAN_BUF struct buf payload = BUF_INIT(FILE_MAX);
	struct message_seal *s = NULL;
	struct sealed_memory memory = { .file = world.file };
	uint8_t got[SHA256_LEN], want[SHA256_LEN], digest[SHA256_LEN];
	uint8_t envelope[READERS][SHA256_LEN];

	(void)state;
	assert_int_equal(message_seal_new(&env_system, m,
			     world.reporter.sign_seed, world.to, READERS, &s),
	    ERR_OK);
	assert_int_equal(message_seal_content(s, got), ERR_NOT_FOUND);
	assert_int_equal(message_seal_payload(s, sealed_memory_source, &memory,
			     to_buf, &payload),
	    ERR_OK);
	assert_int_equal(message_seal_content(s, got), ERR_OK);
	for (size_t i = 0; i < READERS; i++)
		assert_int_equal(
		    sha256(message_seal_envelope(s, i), envelope[i]), ERR_OK);
	assert_int_equal(payload_digest_of(buf_bytes(&payload), digest),
	    ERR_OK);
	assert_int_equal(content_digest(digest,
			     (const uint8_t(*)[SHA256_LEN])envelope, READERS,
			     want),
	    ERR_OK);
	assert_memory_equal(got, want, SHA256_LEN);
	/* one manifest, one payload */
	assert_int_equal(message_seal_payload(s, sealed_memory_source, &memory,
			     to_buf, &payload),
	    ERR_EXISTS);
	message_seal_free(s);
	manifest_free(m);
}

static void
test_seal_refuses_what_readers_would(void **state)
{
	struct manifest *m = concern_make(1);
	uint8_t other_seed[SIGN_SEED_LEN] = { 3 };
	struct message_to twice[] = { world.to[0], world.to[0] };
	struct message_to mixed[] = { world.to[0], world.to[1] };
	static struct message_to many[SEALED_TO_MAX + 1];
	struct message_seal *s = NULL;

	(void)state;
	mixed[1].key.kind = AGE_HYBRID;
	for (size_t i = 0; i < COUNT(many); i++) {
		many[i] = world.to[0];
		many[i].person = (uint16_t)(i + 1);
	}
	const struct {
		const uint8_t *seed;
		const struct message_to *to;
		size_t n;
		enum err err;
	} row[] = {
		{ world.reporter.sign_seed, twice, 2, ERR_SYNTAX },
		{ world.reporter.sign_seed, mixed, 2, ERR_DENIED },
		{ world.reporter.sign_seed, many, COUNT(many), ERR_LIMIT },
		{ world.reporter.sign_seed, many, 0, ERR_SYNTAX },
		{ other_seed, world.to, READERS, ERR_BAD_SIG },
	};
	for (size_t i = 0; i < COUNT(row); i++) {
		m->n_to = 0;
		assert_int_equal(message_seal_new(&env_system, m, row[i].seed,
				     row[i].to, row[i].n, &s),
		    row[i].err);
		assert_null(s);
	}
	m->kind = MESSAGE_WITHDRAW;
	assert_int_equal(message_seal_new(&env_system, m,
			     world.reporter.sign_seed, world.to, READERS, &s),
	    ERR_SYNTAX);
	manifest_free(m);
}

static void
test_open_refuses_others_and_alterations(void **state)
{
	struct manifest *m = concern_make(1);
	CLEAN_BUF struct buf payload = BUF_INIT(FILE_MAX);
	struct message_seal *s = seal_make(m, &payload);
	CLEAN_BUF struct buf armor = BUF_INIT(FILE_MAX);
	struct message_as as = as_reader(0), wrong = as_reader(0);
	struct bytes mine = message_seal_envelope(s, 0), whole;
	const uint8_t other[1][SIGN_PUB_LEN] = { { 3 } };

	(void)state;
	whole = buf_bytes(&payload);
	assert_int_equal(open_quietly(&as, mine, whole), MESSAGE_OK);
	assert_int_equal(open_quietly(&as, message_seal_envelope(s, 1), whole),
	    MESSAGE_NOT_FOR_US);
	/* my identity, another's name: the list has another envelope there */
	wrong.person = 8;
	assert_int_equal(open_quietly(&wrong, mine, whole),
	    MESSAGE_BAD_ENVELOPE);
	wrong.person = 99;
	assert_int_equal(open_quietly(&wrong, mine, whole),
	    MESSAGE_BAD_ENVELOPE);
	assert_int_equal(open_parts(&as, mine, whole, other, to_nowhere, NULL),
	    MESSAGE_BAD_AUTHOR);
	assert_int_equal(open_quietly(&as, mine, BYTES(whole.p, whole.n - 1)),
	    MESSAGE_DAMAGED);
	assert_int_equal(open_quietly(&as, mine, BYTES(whole.p, 0)),
	    MESSAGE_DAMAGED);
	assert_int_equal(
	    open_quietly(&as, BYTES(mine.p, mine.n - 1), BYTES(mine.p, 0)),
	    MESSAGE_DAMAGED);
	payload.p[5000] ^= 1;
	assert_int_equal(open_quietly(&as, mine, whole), MESSAGE_DAMAGED);
	buf_put_str(&armor, "-----BEGIN AGE ENCRYPTED FILE-----\n");
	assert_int_equal(open_quietly(&as, buf_bytes(&armor), whole),
	    MESSAGE_DAMAGED);
	message_seal_free(s);
	manifest_free(m);
}

static void
test_envelope_without_end_is_bounded(void **state)
{
	struct message_as as = as_reader(0);
	struct message_open *o = NULL;
	enum message_result r = MESSAGE_OK;
	uint8_t line[1024];
	size_t n = 0;

	(void)state;
	memset(line, 'a', sizeof(line));
	assert_int_equal(message_open_new(&as, to_nowhere, NULL, &o), ERR_OK);
	while (r == MESSAGE_OK && n < 1024) {
		r = message_open_put(o, BYTES(line, sizeof(line)));
		n++;
	}
	assert_int_equal(r, MESSAGE_DAMAGED);
	assert_int_equal(n, AGE_HEADER_MAX / sizeof(line) + 1);
	message_open_free(o);
}

static void
test_later_member_opens_with_a_granted_envelope(void **state)
{
	struct manifest *m = concern_make(1);
	CLEAN_BUF struct buf payload = BUF_INIT(FILE_MAX);
	CLEAN_BUF struct buf added = BUF_INIT(AGE_HEADER_MAX);
	struct message_seal *s = seal_make(m, &payload);
	uint8_t granted[SHA256_LEN];
	struct age_identity late;
	struct age_recipient to;
	struct message_as as = { .ids = &late, .n_ids = 1, .person = 12 };

	(void)state;
	assert_int_equal(age_identity_new(&env_system, AGE_X25519, &late),
	    ERR_OK);
	assert_int_equal(age_identity_recipient(&late, &to), ERR_OK);
	assert_int_equal(message_add_envelope(&env_system,
			     message_seal_envelope(s, 1), &world.id[0], 1, &to,
			     &added),
	    AGE_NO_MATCH);
	assert_int_equal(added.n, 0);
	assert_int_equal(message_add_envelope(&env_system,
			     message_seal_envelope(s, 1), &world.id[1], 1, &to,
			     &added),
	    AGE_OK);
	assert_int_equal(
	    open_quietly(&as, buf_bytes(&added), buf_bytes(&payload)),
	    MESSAGE_BAD_ENVELOPE);
	assert_int_equal(sha256(buf_bytes(&added), granted), ERR_OK);
	as.granted = granted;
	assert_int_equal(
	    open_quietly(&as, buf_bytes(&added), buf_bytes(&payload)),
	    MESSAGE_OK);
	granted[0] ^= 1;
	assert_int_equal(
	    open_quietly(&as, buf_bytes(&added), buf_bytes(&payload)),
	    MESSAGE_BAD_ENVELOPE);
	message_seal_free(s);
	manifest_free(m);
}

static void
test_plain_age_file_is_not_sealed(void **state)
{
	CLEAN_BUF struct buf file = BUF_INIT(FILE_MAX);
	struct message_as as = as_reader(0);

	(void)state;
	assert_int_equal(age_seal(&env_system, &world.to[0].key, 1,
			     BYTES_LIT("A plain concern.\n"), &file),
	    ERR_OK);
	assert_int_equal(open_quietly(&as, buf_bytes(&file), BYTES_LIT("")),
	    MESSAGE_NOT_SEALED);
}

/* Nobody could know it who has no envelope: not of the case, not of before. */
static void
test_file_key_is_drawn_anew_for_every_message(void **state)
{
	struct manifest *m = concern_make(1);
	uint8_t key[2][AGE_FILE_KEY_LEN];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		CLEAN_BUF struct buf payload = BUF_INIT(FILE_MAX);
		struct message_seal *s = seal_make(m, &payload);

		assert_int_equal(age_header_open(message_seal_envelope(s, 0),
				     &world.id[0], 1, key[i]),
		    AGE_OK);
		message_seal_free(s);
	}
	assert_memory_not_equal(key[0], key[1], AGE_FILE_KEY_LEN);
	manifest_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_reader_opens_with_their_envelope),
		cmocka_unit_test(test_file_may_come_byte_by_byte),
		cmocka_unit_test(test_content_digest_is_that_of_link_h),
		cmocka_unit_test(test_seal_refuses_what_readers_would),
		cmocka_unit_test(test_open_refuses_others_and_alterations),
		cmocka_unit_test(test_envelope_without_end_is_bounded),
		cmocka_unit_test(
		    test_later_member_opens_with_a_granted_envelope),
		cmocka_unit_test(test_plain_age_file_is_not_sealed),
		cmocka_unit_test(test_file_key_is_drawn_anew_for_every_message),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
