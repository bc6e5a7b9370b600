#include "tests/daemon/vault_world.h"

/* What is stored is said to be stored to whoever sends it again: their answer
 * was lost, and otherwise they would file it twice. */

#define TWO_DAYS INT64_C(172800)

static const uint16_t to[] = { GUARDIAN, SECOND_GUARDIAN };

static bool is_full; /* something of the batch finds no room */

enum err __wrap_store_run(struct store *s, store_batch *batch, void *ctx);
enum err __real_store_run(struct store *s, store_batch *batch, void *ctx);

enum err
__wrap_store_run(struct store *s, store_batch *batch, void *ctx)
{
	return is_full ? ERR_FULL : __real_store_run(s, batch, ctx);
}

/* In one batch; the answer to the second is kept. */
static enum answer
send_both(struct world *w, const struct draft *one, const struct draft *two)
{
	CLEAN_BUF struct buf a = BUF_INIT(BUNDLE_TEXT_LEN);
	CLEAN_BUF struct buf b = BUF_INIT(BUNDLE_TEXT_LEN);

	world_send(w, &one->request, &a);
	world_send(w, &two->request, &b);
	w->answers = 0;
	vault_commit(w->vault);
	assert_int_equal(2, w->answers);
	return w->status;
}

static void
test_though_another_of_its_batch_finds_no_room(void **state)
{
	struct world *w = *state;
	CLEAN_DRAFT struct draft stored = { 0 };
	CLEAN_DRAFT struct draft fresh = { 0 };
	struct reporter one, two;
	enum answer first, second;

	reporter_new(&one, 1);
	reporter_new(&two, 2);
	draft_concern(w, &one, to, 2, &stored);
	draft_concern(w, &two, to, 2, &fresh);
	assert_int_equal(ANSWER_OK, world_request(w, &stored.request));
	is_full = true;
	first = send_both(w, &stored, &fresh);
	second = send_both(w, &fresh, &stored);
	is_full = false;
	assert_int_equal(ANSWER_FULL, first);
	assert_int_equal(ANSWER_OK, second);
	assert_proof(w, &one, MESSAGE_CONCERN, stored.link);
	world_check_store(w, 1);
}

static void
test_though_its_policy_counts_no_more(void **state)
{
	struct world *w = *state;
	CLEAN_DRAFT struct draft stored = { 0 };
	CLEAN_DRAFT struct draft fresh = { 0 };
	struct reporter one, two;

	reporter_new(&one, 1);
	reporter_new(&two, 2);
	draft_concern(w, &one, to, 2, &stored);
	draft_concern(w, &two, to, 2, &fresh);
	assert_int_equal(ANSWER_OK, world_request(w, &stored.request));
	world_switch_policy(w, 2);
	w->now += TWO_DAYS;
	assert_int_equal(ANSWER_BAD_POLICY, world_request(w, &fresh.request));
	assert_int_equal(ANSWER_OK, world_request(w, &stored.request));
	assert_proof(w, &one, MESSAGE_CONCERN, stored.link);
	world_check_store(w, 1);
}

int
main(void)
{
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_though_another_of_its_batch_finds_no_room),
		TEST(test_though_its_policy_counts_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
