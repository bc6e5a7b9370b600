#include "tests/daemon/vault_world.h"

#include <stdlib.h>

static const uint16_t guardians[] = { GUARDIAN, SECOND_GUARDIAN };

static void
test_a_batch_over_two_trees_proves_every_filing(void **state)
{
	enum { N = 100 };
	struct world *w = *state;
	struct draft *d = calloc(N, sizeof(*d));
	struct buf *body = calloc(N, sizeof(*body));
	static struct reporter r[N];

	assert_non_null(d);
	assert_non_null(body);
	for (uint8_t i = 0; i < N; i++) {
		body[i].max = BUNDLE_TEXT_LEN;
		reporter_new(&r[i], i);
		draft_concern(w, &r[i], guardians, 2, &d[i]);
		world_send(w, &d[i].request, &body[i]);
	}
	w->answers = 0;
	vault_commit(w->vault);
	assert_int_equal(N, w->answers);
	for (size_t i = 0; i < N; i++) {
		assert_int_equal(ANSWER_OK, world_request(w, &d[i].request));
		assert_proof(w, &r[i], MESSAGE_CONCERN, d[i].link);
		draft_free(&d[i]);
		buf_free(&body[i]);
	}
	free(d);
	free(body);
	world_check_store(w, N);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_a_batch_over_two_trees_proves_every_filing,
		    world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
