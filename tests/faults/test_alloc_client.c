/*
 * Every allocation fails in turn while a client finds out who is asking, or
 * reads a case back: it says what it always says, or that it could not. Nobody
 * is told that their keys are not theirs, and nobody is accused.
 *
 * usage: test_alloc_client POLICY [STRIDE]
 */
#include "tests/client/scene.h"
#include "tests/faults/alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/staff.h"
#include "crypto/bundle.h"
#include "crypto/codec.h"
#include "crypto/env.h"
#include "crypto/label.h"
#include "crypto/lines.h"

static unsigned long stride = 1;
static const char *policy_yaml;

/* --- whose keys these are --- */

struct keys {
	struct world *w;
	char path[64];
	unsigned failed;
};

static void
keys_begin(struct keys *k)
{
	CLEAN_BUF struct buf text = BUF_INIT(4096);
	int fd;

	k->w = world_new(policy_yaml);
	(void)snprintf(k->path, sizeof(k->path), "/tmp/speakup-keys-XXXXXX");
	assert_int_equal(ERR_OK, age_identity_put(&text, &k->w->id[CHAIR]));
	buf_put_str(&text, "\n");
	assert_int_equal(ERR_OK, age_identity_put(&text, &k->w->id[EXECUTIVE]));
	buf_put_str(&text, "\n");
	fd = mkstemp(k->path);
	assert_int_equal(text.n, write(fd, text.p, text.n));
	(void)close(fd);
}

static void
act_unlock(void *ctx)
{
	struct keys *k = ctx;
	const struct ftsu_options o = { .identity = k->path };
	struct staff s = { .o = &o,
		.term = { .program = "test" },
		.server.policy = k->w->policy };
	enum exit_code code;

	alloc_resume();
	code = staff_unlock(&s);
	alloc_pause();
	if (code == EXIT_DONE) {
		assert_int_equal(CHAIR, s.person->number);
		return;
	}
	k->failed++;
	assert_true(alloc_has_failed());
	assert_int_equal(EXIT_FAILED, code);
}

static void
test_nobody_loses_their_keys_for_want_of_memory(void **state)
{
	struct keys k = { 0 };

	(void)state;
	alloc_reset();
	keys_begin(&k);
	assert_true(alloc_each("unlock", act_unlock, &k, stride) > 0);
	print_message("    failed %u times\n", k.failed);
	assert_true(k.failed > 0);
	(void)unlink(k.path);
	k.w = world_free(k.w);
}

/* --- a case read back --- */

struct reading {
	struct scene s;
	uint16_t person;
	size_t n; /* messages of a whole case, for this person */
	unsigned failed;
};

static enum refusal
first_failure(const struct conversation *c)
{
	for (size_t i = 0; i < c->n_messages; i++) {
		if (c->message[i]->failure != REFUSAL_NONE)
			return c->message[i]->failure;
	}
	return REFUSAL_NONE;
}

static void
act_read(void *ctx)
{
	struct reading *r = ctx;
	struct conversation *c = reader_new(r->s.w, r->person, &r->s.known);
	enum refusal x;

	alloc_resume();
	x = scene_read(&r->s, c);
	alloc_pause();
	if (x == REFUSAL_NONE)
		x = first_failure(c);
	if (x == REFUSAL_NONE) {
		assert_int_equal(r->n, c->n_messages);
	} else {
		r->failed++;
		assert_true(alloc_has_failed());
		if (x != REFUSAL_FAILED)
			fail_msg("refused: %s", refusal_text(x));
	}
	c = reader_free(c);
}

static void
read_as(struct reading *r, const char *name, uint16_t person, size_t n)
{
	r->person = person;
	r->n = n;
	assert_true(alloc_each(name, act_read, r, stride) > 0);
	print_message("    failed %u times\n", r->failed);
	assert_true(r->failed > 0);
	r->failed = 0;
}

static void
test_no_case_is_refused_for_want_of_memory(void **state)
{
	struct reading r = { 0 };

	(void)state;
	alloc_reset();
	begin_case(&r.s, policy_yaml);
	give_all(&r.s, MESSAGE_ASSIGN, GUARDIAN, INVESTIGATOR, 0);
	scene_write(&r.s, &honest[2]);
	scene_write(&r.s, &honest[3]);
	scene_write(&r.s, &honest[4]);
	WRITE(&r.s, EVENT, PERSON_INSTANCE, .code = NOTICE_JOINED, .number = 1,
	    .n_people = 2, .people = { EXECUTIVE, 5 });
	read_as(&r, "read as guardian", GUARDIAN, 8);
	read_as(&r, "read as investigator", INVESTIGATOR, 8);
	read_as(&r, "read as reporter", PERSON_REPORTER, 5);
	scene_end(&r.s);
}

/* --- a plain concern --- */

struct plain {
	struct world *w;
	struct buf head, file;
	uint8_t case_id[CASE_ID_LEN];
	unsigned failed;
};

static void
plain_begin(struct plain *p)
{
	uint8_t hash[SHA256_LEN];
	struct age_recipient to;

	p->w = world_new(policy_yaml);
	p->head = (struct buf)BUF_INIT(BUNDLE_TEXT_LEN);
	p->file = (struct buf)BUF_INIT(BUNDLE_TEXT_LEN);
	assert_int_equal(ERR_OK,
	    age_identity_recipient(&p->w->id[GUARDIAN], &to));
	assert_int_equal(ERR_OK,
	    age_seal(&env_system, &to, 1, BYTES_LIT("plain words"), &p->file));
	assert_int_equal(ERR_OK,
	    sha256_parts((const struct bytes[]){ BYTES_LIT(LABEL_PLAIN_ID),
			     buf_bytes(&p->file) },
		2, hash));
	memcpy(p->case_id, hash, CASE_ID_LEN);
	buf_printf(&p->head, "speakup: v1 plain\nroute: %u\nband: P%u\n",
	    (unsigned)p->w->policy->plain_route,
	    (unsigned)p->w->policy->plain_band);
	lines_put_hex(&p->head, "policy", p->w->hash, SHA256_LEN);
}

static enum refusal
take_plain(const struct plain *p, struct conversation *c)
{
	enum refusal r = conversation_begin(c, CHAIN_TALK, 0,
	    buf_bytes(&p->head), buf_bytes(&p->file));

	if (r == REFUSAL_NONE)
		r = conversation_end(c, NULL);
	return r == REFUSAL_NONE ? conversation_finish(c) : r;
}

static void
act_read_plain(void *ctx)
{
	struct plain *p = ctx;
	struct known_policy known;
	struct conversation *c = reader_new(p->w, GUARDIAN, &known);
	enum refusal x;

	c->is_plain = true;
	memcpy(c->case_id, p->case_id, CASE_ID_LEN);
	alloc_resume();
	x = take_plain(p, c);
	alloc_pause();
	if (x == REFUSAL_NONE)
		x = first_failure(c);
	if (x == REFUSAL_NONE) {
		assert_true(bytes_equal(buf_bytes(&c->message[0]->text),
		    BYTES_LIT("plain words")));
	} else {
		p->failed++;
		assert_true(alloc_has_failed());
		if (x != REFUSAL_FAILED)
			fail_msg("refused: %s", refusal_text(x));
	}
	c = reader_free(c);
}

static void
test_no_plain_concern_is_refused_for_want_of_memory(void **state)
{
	struct plain p = { 0 };

	(void)state;
	alloc_reset();
	plain_begin(&p);
	assert_true(alloc_each("read a plain concern", act_read_plain, &p, 1) >
	    0);
	print_message("    failed %u times\n", p.failed);
	assert_true(p.failed > 0);
	buf_free(&p.head);
	buf_free(&p.file);
	p.w = world_free(p.w);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_nobody_loses_their_keys_for_want_of_memory),
		cmocka_unit_test(test_no_case_is_refused_for_want_of_memory),
		cmocka_unit_test(
		    test_no_plain_concern_is_refused_for_want_of_memory),
	};

	if (argc < 2)
		return 2;
	policy_yaml = argv[1];
	if (argc > 2)
		stride = strtoul(argv[2], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
