/*
 * Every allocation fails in turn while something is read, written, sealed or
 * opened: what comes of it is the same as ever, or our own want and no verdict
 * on what was given; and after it all is as ever.
 *
 * usage: test_alloc_parts ROOT [STRIDE]	(0: every one, also of the
 * policy)
 */
#include <stdlib.h>
#include <string.h>

#include "crypto/bundle.h"
#include "crypto/label.h"
#include "crypto/message.h"
#include "daemon/config.h"
#include "policy/root.h"
#include "tests/faults/alloc.h"
#include "tests/policy/support.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static unsigned long stride = 1;

/* One thing to do, and how it went. */
struct job {
	const char *name;
	/* Appends what came of it. Within the faults. */
	enum err (*run)(struct job *j, struct buf *out);
	struct bytes in;
	struct buf good; /* what comes of it without a fault */
	unsigned failed;
};

static void
act(void *ctx)
{
	struct job *j = ctx;
	CLEAN_BUF struct buf out = BUF_INIT(16 << 20);
	enum err e;

	alloc_resume();
	e = j->run(j, &out);
	alloc_pause();
	if (e == ERR_OK) {
		assert_true(bytes_equal(buf_bytes(&out), buf_bytes(&j->good)));
		return;
	}
	j->failed++;
	if (!alloc_has_failed() || !err_is_ours(e))
		fail_msg("%s: %s", j->name, err_name(e));
}

/* part: only each such fault, of each stride. */
static void
each(struct job *j, unsigned long part)
{
	alloc_reset();
	j->good = (struct buf)BUF_INIT(16 << 20);
	assert_int_equal(ERR_OK, j->run(j, &j->good));
	assert_true(j->good.n > 0);
	assert_true(alloc_each(j->name, act, j, stride * part) > 0);
	print_message("    failed %u times\n", j->failed);
	assert_true(j->failed > 0);
	buf_free(&j->good);
}

/* --- the configuration --- */

static enum err
run_config(struct job *j, struct buf *out)
{
	struct yaml_error error = { 0 };
	struct config *c = NULL;
	enum err e = config_parse(j->in, "f", "/c", &c, &error);

	if (e == ERR_OK)
		buf_put(out, c, sizeof(*c));
	config_free(c);
	return e == ERR_OK ? out->err : e;
}

static void
test_configuration_is_not_called_wrong_for_want_of_memory(void **state)
{
	char *text = file_text("etc/speakupd.yaml");
	struct job j = {
		.name = "config", .run = run_config, .in = bytes_str(text)
	};

	(void)state;
	each(&j, 1);
	free(text);
}

/* --- the policy --- */

static const char *keys;

static enum err
run_compile(struct job *j, struct buf *out)
{
	const struct compile_input in = { .yaml = j->in,
		.file = "f",
		.keys = bytes_str(keys),
		.keys_file = "k",
		.zone = &london,
		.issued = INT64_C(1795428000),
		.serial = 1 };
	struct yaml_error error = { 0 };

	return policy_compile(&in, out, &error);
}

static enum err
run_parse(struct job *j, struct buf *out)
{
	CLEAN_POLICY struct policy *p = NULL;
	struct policy_problem problem;
	enum err e = policy_parse(j->in, &p, &problem);

	return e == ERR_OK ? policy_put(p, out) : e;
}

static void
test_policy_compiles_and_loads_or_memory_was_short(void **state)
{
	char *text = file_text("etc/policy-small.yaml");
	char *made = keys_text(text, MADE_CLASSIC);
	CLEAN_BUF struct buf json = BUF_INIT(POLICY_JSON_MAX);
	struct job compile = { .name = "policy compile",
		.run = run_compile,
		.in = bytes_str(text) };
	struct job parse = { .name = "policy load", .run = run_parse };

	(void)state;
	keys = made;
	each(&compile, 5);
	assert_int_equal(ERR_OK, run_compile(&compile, &json));
	parse.in = buf_bytes(&json);
	each(&parse, 1);
	free(made);
	free(text);
}

/* --- root and policy as they are signed --- */

static enum err
run_walk(struct job *j, struct buf *out)
{
	struct root root;
	enum err e = roots_walk(&j->in, 1, NULL, &root);

	if (e == ERR_OK)
		root_put(&root, out);
	return e == ERR_OK ? out->err : e;
}

static void
root_note(struct buf *out)
{
	CLEAN_BUF struct buf body = BUF_INIT(4096);
	uint8_t pub[SIGN_PUB_LEN], seed[SIGN_SEED_LEN] = { 3 };
	struct root root = { .org = "An organisation",
		.quorum = 1,
		.n_policy_keys = 1,
		.n_instance_keys = 1 };

	assert_int_equal(ERR_OK, sign_public(seed, pub));
	assert_int_equal(ERR_OK,
	    note_key_init(&root.policy_keys[0], "a.example/1", pub));
	assert_int_equal(ERR_OK,
	    note_key_init(&root.instance_keys[0], "a.example/i", pub));
	root_put(&root, &body);
	assert_int_equal(ERR_OK,
	    note_sign(NOTE_ROOT, buf_bytes(&body), &root.policy_keys[0], seed,
		out));
}

static void
test_roots_are_not_called_unsigned_for_want_of_memory(void **state)
{
	CLEAN_BUF struct buf note = BUF_INIT(8192);
	struct job j = { .name = "root", .run = run_walk };

	(void)state;
	root_note(&note);
	j.in = buf_bytes(&note);
	each(&j, 1);
}

/* --- bundles --- */

#define HEX16 "00112233445566778899aabbccddeeff"
#define HEX32 HEX16 HEX16

static enum err
run_request(struct job *j, struct buf *out)
{
	struct bundle_request r;
	enum err e = bundle_request_parse(j->in, &r);

	if (e == ERR_OK)
		e = bundle_request_put(&r, out);
	return e == ERR_OK ? bundle_pad(out, BUNDLE_TEXT_LEN) : e;
}

static enum err
run_answer(struct job *j, struct buf *out)
{
	struct bundle_answer a;
	enum err e = bundle_answer_parse(j->in, &a);

	if (e == ERR_OK)
		e = bundle_answer_put(&a, out);
	return e == ERR_OK ? bundle_pad(out, BUNDLE_TEXT_LEN) : e;
}

static void
test_bundles_are_read_and_written_or_memory_was_short(void **state)
{
	/* clang-format off */
	struct job jobs[] = {
		{ .name = "request", .run = run_request, .in = BYTES_LIT(
		    "speakup: v1 concern\nroute: 3\nband: P2\npolicy: " HEX32
		    "\ncase-key: " HEX32 "\nmailbox: " HEX32 "\nto: 7 3\n"
		    "to: reporter 2\npayload: 4\n\nabcDEwxyz") },
		{ .name = "answer", .run = run_answer, .in = BYTES_LIT(
		    "speakup: v1 mailbox\ncount: 9\nstate: withdrawn\n"
		    "head: 3 1 2 3 0\nhead: 4 1 0 0 0\nhead: 5 2 1 262145 2\n"
		    "\nheepppHHHe") },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < COUNT(jobs); i++)
		each(&jobs[i], 1);
}

/* --- a sealed message --- */

#define READER 7

static struct {
	uint8_t seed[SIGN_SEED_LEN], pub[1][SIGN_PUB_LEN];
	struct age_identity id;
	struct message_to to;
	struct bytes file[2];
} sealed;

static enum err
to_buf(void *ctx, struct bytes x)
{
	struct buf *b = ctx;

	buf_put_bytes(b, x);
	return b->err;
}

static enum err
file_to_buf(void *ctx, size_t index, struct bytes x)
{
	(void)index;
	return to_buf(ctx, x);
}

static enum err
add_files(struct manifest *m)
{
	static const char *const name[] = { "message.txt",
		"attachments/rota.pdf" };
	uint8_t digest[SHA256_LEN];
	enum err e = ERR_OK;

	for (size_t i = 0; i < COUNT(name) && e == ERR_OK; i++) {
		e = sha256(sealed.file[i], digest);
		if (e == ERR_OK)
			e = manifest_add_file(m, name[i], sealed.file[i].n,
			    digest);
	}
	return e;
}

/* Envelope and payload. */
static enum err
seal_to(struct manifest *m, struct buf *out)
{
	struct sealed_memory memory = { .file = sealed.file };
	struct message_seal *s = NULL;
	enum err e;

	m->kind = MESSAGE_NOTE;
	m->author = READER;
	m->route = 3;
	m->band = 2;
	m->n_seen = 2;
	if ((e = add_files(m)) != ERR_OK)
		return e;
	e = message_seal_new(&env_system, m, sealed.seed, &sealed.to, 1, &s);
	if (e == ERR_OK) {
		buf_put_bytes(out, message_seal_envelope(s, 0));
		e = message_seal_payload(s, sealed_memory_source, &memory,
		    to_buf, out);
	}
	message_seal_free(s);
	return e;
}

static enum err
seal(struct buf *out)
{
	struct manifest *m = manifest_new();
	enum err e = m == NULL ? ERR_NOMEM : seal_to(m, out);

	manifest_free(m);
	return e == ERR_OK ? out->err : e;
}

/* The files; of MESSAGE_FAILED the error behind it, and every other result is
 * a verdict. */
static enum err
open_all(struct bytes file, struct buf *out)
{
	const struct message_as as = {
		.ids = &sealed.id, .n_ids = 1, .person = READER
	};
	const struct manifest *m = NULL;
	struct message_open *o = NULL;
	enum message_result r = MESSAGE_OK;
	enum err e = message_open_new(&as, file_to_buf, out, &o);

	if (e != ERR_OK)
		return e;
	for (size_t at = 0; at < file.n && r == MESSAGE_OK; at += 10000)
		r = message_open_put(o,
		    BYTES(file.p + at,
			file.n - at < 10000 ? file.n - at : 10000));
	if (r == MESSAGE_OK)
		r = message_open_finish(o,
		    (const uint8_t(*)[SIGN_PUB_LEN])sealed.pub, 1, &m);
	if (r == MESSAGE_FAILED)
		e = message_open_error(o);
	else if (r != MESSAGE_OK)
		e = ERR_CORRUPT;
	message_open_free(o);
	return e;
}

static enum err
run_seal(struct job *j, struct buf *out)
{
	CLEAN_BUF struct buf file = BUF_INIT(1 << 20);
	enum err e = seal(&file);

	(void)j;
	if (e != ERR_OK)
		return e;
	alloc_pause(); /* whoever reads it has memory */
	e = open_all(buf_bytes(&file), out);
	assert_int_equal(ERR_OK, e);
	alloc_resume();
	return ERR_OK;
}

static enum err
run_open(struct job *j, struct buf *out)
{
	return open_all(j->in, out);
}

static void
make_reader(void)
{
	static uint8_t attachment[100000];

	memset(attachment, 'a', sizeof(attachment));
	sealed.file[0] = BYTES_LIT("The rota is unsafe.\n");
	sealed.file[1] = BYTES(attachment, sizeof(attachment));
	assert_int_equal(ERR_OK,
	    age_identity_new(&env_system, AGE_X25519, &sealed.id));
	assert_int_equal(ERR_OK, staff_sign_seed(&sealed.id, sealed.seed));
	assert_int_equal(ERR_OK, sign_public(sealed.seed, sealed.pub[0]));
	sealed.to.person = READER;
	assert_int_equal(ERR_OK,
	    age_identity_recipient(&sealed.id, &sealed.to.key));
}

static void
test_what_is_sealed_opens_and_what_is_whole_is_not_called_damaged(void **state)
{
	CLEAN_BUF struct buf file = BUF_INIT(1 << 20);
	struct job write = { .name = "seal", .run = run_seal };
	struct job read = { .name = "open", .run = run_open };

	(void)state;
	alloc_reset();
	make_reader();
	assert_int_equal(ERR_OK, seal(&file));
	each(&write, 1);
	read.in = buf_bytes(&file);
	each(&read, 1);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_configuration_is_not_called_wrong_for_want_of_memory),
		cmocka_unit_test(
		    test_policy_compiles_and_loads_or_memory_was_short),
		cmocka_unit_test(
		    test_roots_are_not_called_unsigned_for_want_of_memory),
		cmocka_unit_test(
		    test_bundles_are_read_and_written_or_memory_was_short),
		cmocka_unit_test(
		    test_what_is_sealed_opens_and_what_is_whole_is_not_called_damaged),
	};

	if (argc < 2)
		return 2;
	source_root = argv[1];
	if (argc > 2)
		stride = strtoul(argv[2], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
