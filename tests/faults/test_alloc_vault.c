/*
 * Every allocation of the vault, and of every library in it, fails in turn: a
 * request is done or refused as a whole, the same one sent again succeeds,
 * what was called stored opens, and the store passes its check.
 *
 * usage: test_alloc_vault [STRIDE]	(0: every one, also of a start)
 */
#include "tests/daemon/vault_stage.h"
#include "tests/faults/alloc.h"

#include <stdlib.h>
#include <string.h>

static unsigned long stride = 1;
static const uint16_t guardians[] = { GUARDIAN, SECOND_GUARDIAN };

/* --- faults only in the vault, not in those who talk to it --- */

static vault_answer *asker;
void __real_vault_handle(struct vault *, enum wire_type, bool, uint64_t,
    struct bytes, vault_answer *, void *);
void __wrap_vault_handle(struct vault *, enum wire_type, bool, uint64_t,
    struct bytes, vault_answer *, void *);
void __real_vault_commit(struct vault *);
void __wrap_vault_commit(struct vault *);

static void
answered(void *ctx, uint64_t id, enum answer status, struct bytes body)
{
	alloc_pause();
	asker(ctx, id, status, body);
	alloc_resume();
}

void
__wrap_vault_handle(struct vault *v, enum wire_type type, bool pressed,
    uint64_t id, struct bytes body, vault_answer *answer, void *ctx)
{
	asker = answer;
	alloc_resume();
	__real_vault_handle(v, type, pressed, id, body, answered, ctx);
	alloc_pause();
}

void
__wrap_vault_commit(struct vault *v)
{
	alloc_resume();
	__real_vault_commit(v);
	alloc_pause();
}

/* --- what every act has --- */

struct play {
	struct world *w;
	uint32_t filed;	     /* reporters, each another one */
	uint64_t cases;	     /* that must be there in the end */
	struct reporter old; /* whose case is there all the time */
	unsigned refused;
};

static void
reporter_next(struct play *p, struct reporter *r)
{
	uint8_t receipt[RECEIPT_LEN] = { 0 }, realm[REALM_LEN];

	reporter_new(r, 0);
	p->filed++;
	memcpy(receipt, &p->filed, sizeof(p->filed));
	memset(realm, REALM, sizeof(realm));
	assert_int_equal(ERR_OK, receipt_derive(receipt, realm, &r->keys));
}

/* It says no other than that it is not the time; and never that storage failed,
 * which nobody could lift but an operator. */
static void
assert_refused(struct play *p, enum answer a)
{
	assert_true(alloc_has_failed());
	p->refused++;
	if (a != ANSWER_DOWN && a != ANSWER_BUSY)
		fail_msg("answered %d", (int)a);
	assert_false(vault_has_failed(p->w->vault));
}

/* As the process does. */
static void
restart_if_stale(struct play *p)
{
	if (!vault_is_stale(p->w->vault))
		return;
	world_restart(p->w);
	assert_int_equal(ANSWER_OK, login(p->w, GUARDIAN));
}

/* Sends it again where it was refused, with no fault any more. */
static void
ask_until_done(struct play *p, const struct bundle_request *r)
{
	enum answer a = world_request(p->w, r);

	if (a == ANSWER_OK)
		return;
	assert_refused(p, a);
	alloc_pause();
	restart_if_stale(p);
	assert_int_equal(ANSWER_OK, world_request(p->w, r));
	alloc_resume();
}

static void
assert_reads(struct play *p, const struct reporter *r, unsigned count)
{
	alloc_pause();
	restart_if_stale(p);
	assert_int_equal(ANSWER_OK, poll_mailbox(p->w, r, 0));
	assert_int_equal(count, p->w->answer.mailbox.heads.n);
	assert_opens(p->w, &p->w->answer.mailbox.heads.at[0], r,
	    PERSON_REPORTER, PERSON_REPORTER);
	alloc_resume();
}

/* --- acts --- */

static void
act_file(void *ctx)
{
	CLEAN_DRAFT struct draft d = { 0 };
	struct play *p = ctx;
	struct reporter r;

	reporter_next(p, &r);
	draft_concern(p->w, &r, guardians, 2, &d);
	ask_until_done(p, &d.request);
	assert_proof(p->w, &r, MESSAGE_CONCERN, d.link);
	p->cases++;
	assert_reads(p, &r, 1);
}

static void
file_quietly(struct play *p, struct reporter *r)
{
	alloc_pause();
	reporter_next(p, r);
	file_concern_of(p->w, r);
	alloc_resume();
}

static void
act_entry(struct play *p, enum message_kind kind, uint16_t author)
{
	const struct entry e = { .kind = kind, .author = author };
	CLEAN_DRAFT struct draft d = { 0 };
	struct reporter r;

	file_quietly(p, &r);
	draft_entry(p->w, &r, &e, guardians, 2, &d);
	ask_until_done(p, &d.request);
	assert_proof(p->w, &r, kind, d.link);
	p->cases++;
	assert_reads(p, &r, 2);
}

static void
act_followup(void *ctx)
{
	act_entry(ctx, MESSAGE_FOLLOWUP, PERSON_REPORTER);
}

/* Withdrawn as a whole, or as it was: once it is gone, nobody can be told
 * again that it is. */
static void
act_withdraw(void *ctx)
{
	const struct entry e = { .kind = MESSAGE_WITHDRAW };
	CLEAN_DRAFT struct draft d = { 0 };
	struct store_case c;
	struct play *p = ctx;
	struct reporter r;
	enum answer a;

	file_quietly(p, &r);
	draft_entry(p->w, &r, &e, NULL, 0, &d);
	a = world_request(p->w, &d.request);
	if (a != ANSWER_OK) {
		assert_refused(p, a);
		alloc_pause();
		restart_if_stale(p);
		a = world_request(p->w, &d.request);
		assert_true(a == ANSWER_OK || a == ANSWER_UNKNOWN);
		alloc_resume();
	}
	assert_int_equal(ERR_NOT_FOUND,
	    store_case_find(p->w->vault->store, r.keys.case_id, &c));
}

static void
act_reply(void *ctx)
{
	act_entry(ctx, MESSAGE_REPLY, GUARDIAN);
}

/* What only reads is done, or refused and then done. */
static void
done_or_refused(struct play *p, enum answer a)
{
	if (a != ANSWER_OK)
		assert_refused(p, a);
}

static void
act_poll(void *ctx)
{
	struct play *p = ctx;

	done_or_refused(p, poll_mailbox(p->w, &p->old, 0));
	assert_reads(p, &p->old, 1);
}

static void
act_login(void *ctx)
{
	struct play *p = ctx;

	done_or_refused(p, login(p->w, GUARDIAN));
	alloc_pause();
	assert_int_equal(ANSWER_OK, login(p->w, GUARDIAN));
	alloc_resume();
}

static void
act_queue(void *ctx)
{
	struct play *p = ctx;

	done_or_refused(p, queue(p->w, GUARDIAN, BYTES(NULL, 0), 20));
}

static void
act_open(void *ctx)
{
	struct play *p = ctx;
	enum answer a = open_case(p->w, GUARDIAN, &p->old, CHAIN_TALK, 0);

	done_or_refused(p, a);
	if (a == ANSWER_OK)
		assert_opens(p->w, &p->w->answer.open.heads.at[0], &p->old,
		    GUARDIAN, PERSON_REPORTER);
}

/* A payload of two pieces, and the concern that takes it. */
#define BIG (PIECE_LEN + 4096)

static size_t
big_size(void)
{
	return (size_t)age_payload_size(sealed_pad_size(BIG));
}

static void
put_piece(struct play *p, uint8_t id[BUNDLE_UPLOAD_ID_LEN], uint32_t index,
    struct bytes big)
{
	size_t at = (size_t)index * PIECE_LEN;
	struct bundle_request q = { .kind = REQUEST_PUT,
		.put.size = big.n,
		.put.index = index,
		.put.piece = BYTES(big.p + at,
		    big.n - at < PIECE_LEN ? big.n - at : PIECE_LEN) };

	memcpy(q.put.upload_id, id, BUNDLE_UPLOAD_ID_LEN);
	ask_until_done(p, &q);
}

static void
act_upload(void *ctx)
{
	CLEAN_BUF struct buf big = BUF_INIT(1 << 20);
	CLEAN_DRAFT struct draft d = { 0 };
	uint8_t id[BUNDLE_UPLOAD_ID_LEN] = { 0xab };
	struct play *p = ctx;
	struct bundle_content *c = &d.request.concern.content;
	struct reporter r;

	reporter_next(p, &r);
	memcpy(id + 1, &p->filed, sizeof(p->filed));
	buf_put_zeros(&big, big_size());
	assert_int_equal(ERR_OK, big.err);
	for (uint32_t i = 0; (size_t)i * PIECE_LEN < big.n; i++)
		put_piece(p, id, i, buf_bytes(&big));
	draft_concern(p->w, &r, guardians, 2, &d);
	c->is_upload = true;
	c->upload_len = big.n;
	memcpy(c->upload_id, id, sizeof(id));
	c->payload = BYTES(NULL, 0);
	ask_until_done(p, &d.request);
	p->cases++;
}

/* A start: either there is a vault, or there is none and the next start is
 * one. */
static void
act_start(void *ctx)
{
	CLEAN_BUF struct buf bundle = BUF_INIT(BUNDLE_POLICY_MAX);
	struct play *p = ctx;
	struct world *w = p->w;
	enum err e;

	world_policy_bundle(w, w->policy->serial, REALM, &bundle);
	w->vault = vault_free(w->vault);
	alloc_resume();
	e = vault_new(&w->env, &w->config, &w->secret, &w->vault);
	if (e == ERR_OK)
		e = vault_policy(w->vault, buf_bytes(&bundle));
	alloc_pause();
	if (e != ERR_OK) {
		assert_true(alloc_has_failed());
		p->refused++;
		if (!err_is_ours(e))
			fail_msg("the start says %s", err_name(e));
		w->vault = vault_free(w->vault);
		assert_int_equal(ERR_OK,
		    vault_new(&w->env, &w->config, &w->secret, &w->vault));
		assert_int_equal(ERR_OK,
		    vault_policy(w->vault, buf_bytes(&bundle)));
	}
	assert_reads(p, &p->old, 1);
}

/* --- the tests --- */

static int
setup(void **state)
{
	struct play *p = calloc(1, sizeof(*p));

	alloc_reset();
	p->w = world_new();
	reporter_next(p, &p->old);
	file_concern_of(p->w, &p->old);
	p->cases = 1;
	assert_int_equal(ANSWER_OK, login(p->w, GUARDIAN));
	*state = p;
	return 0;
}

static int
teardown(void **state)
{
	struct play *p = *state;

	world_free(p->w);
	free(p);
	return 0;
}

static void
play(struct play *p, const char *name, alloc_act *act, unsigned long part)
{
	unsigned long n = alloc_each(name, act, p, stride * part);

	/* of a queue OpenSSL may need none more */
	assert_true(n > 0 || act == act_queue);
	print_message("    refused %u times\n", p->refused);
	world_check_store(p->w, p->cases);
}

/* part: a start has thousands, and each costs a whole one. */
#define ACT(name, part)                                                       \
	static void test_##name##_is_done_or_refused_as_a_whole(void **state) \
	{                                                                     \
		play(*state, #name, act_##name, part);                        \
	}
ACT(file, 1)
ACT(followup, 1)
ACT(reply, 1)
ACT(withdraw, 1)
ACT(poll, 1)
ACT(login, 1)
ACT(queue, 1)
ACT(open, 1)
ACT(upload, 1)
ACT(start, 7)

int
main(int argc, char **argv)
{
#define T(name)                          \
	cmocka_unit_test_setup_teardown( \
	    test_##name##_is_done_or_refused_as_a_whole, setup, teardown)
	const struct CMUnitTest tests[] = { T(file), T(followup), T(reply),
		T(withdraw), T(poll), T(login), T(queue), T(open), T(upload),
		T(start) };

	if (argc > 1)
		stride = strtoul(argv[1], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
