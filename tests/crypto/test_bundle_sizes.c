#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/bundle.h"

/* What must fit where. */

#define HEX16 "00112233445566778899aabbccddeeff"
#define HEX32 HEX16 HEX16

#define CONCERN                                     \
	"speakup: v1 concern\nroute: 3\nband: P2\n" \
	"policy: " HEX32 "\ncase-key: " HEX32 "\nmailbox: " HEX32 "\n"

#define A_CONCERN CONCERN "to: 7 3\nto: reporter 2\npayload: 4\n\nabcDEwxyz"

static enum err
parse(struct bytes body)
{
	struct bundle_request r;

	return bundle_request_parse(body, &r);
}

#define FLAGS_ALL ((1u << CASE_FLAGS) - 1)

/* The longest that they can be. */
static void
fill_case_lines(struct answer_case *a)
{
	a->chain = CHAIN_STAFF;
	a->count = BUNDLE_SEQ_MAX;
	memset(a->link, 0xff, sizeof(a->link));
	a->state = CASE_ACKNOWLEDGED;
	a->band = 4;
	a->due = BUNDLE_TIME_MAX;
	a->is_given = true;
	a->flags = FLAGS_ALL;
}

static void
test_largest_message_fits_the_answer_that_brings_it(void **state)
{
	static uint8_t filler[BUNDLE_TEXT_LEN];
	struct buf body CLEAN_BUF = BUF_INIT(BUNDLE_TEXT_LEN);
	struct buf out CLEAN_BUF = BUF_INIT(BUNDLE_TEXT_LEN);
	struct bundle_request r;
	struct bundle_answer a = { .kind = ANSWER_CASE };
	struct answer_head h = { .seq = BUNDLE_SEQ_MAX };
	struct bundle_content *c = &r.concern.content;
	enum err err;

	(void)state;
	assert_int_equal(bundle_request_parse(bytes_str(A_CONCERN), &r),
	    ERR_OK);
	c->n_to = 1;
	c->payload = BYTES(filler, BUNDLE_MESSAGE_MAX);
	do {
		c->payload.n--;
		buf_reset(&body);
		err = bundle_request_put(&r, &body);
	} while (err == ERR_LIMIT);
	assert_int_equal(err, ERR_OK);
	assert_int_equal(body.n, BUNDLE_MESSAGE_MAX);
	assert_int_equal(bundle_request_parse(buf_bytes(&body), &r), ERR_OK);
	h.head = r.preamble;
	h.envelope = c->to[0].envelope;
	h.payload = c->payload;
	h.payload_len = c->payload.n;
	assert_true(answer_heads_add(&a.open.heads, &h));
	fill_case_lines(&a.open);
	assert_int_equal(bundle_answer_put(&a, &out), ERR_OK);
	assert_int_equal(bundle_pad(&out, BUNDLE_TEXT_LEN), ERR_OK);
	assert_false(answer_heads_add(&a.open.heads, &h));
}

static void
test_answers_filled_to_the_brim_can_be_written(void **state)
{
	static uint8_t filler[BUNDLE_TEXT_LEN];
	struct buf out CLEAN_BUF = BUF_INIT(BUNDLE_TEXT_LEN);

	(void)state;
	/* up to where one message fills an answer, finely where the number
	 * of messages and their size bind together */
	for (size_t n = 1; n < 30000; n += n < 1000 ? 5 : 1000) {
		struct bundle_answer a = { .kind = ANSWER_CASE };
		struct answer_head h = { .seq = BUNDLE_SEQ_MAX - 100,
			.head = BYTES(filler, n),
			.envelope = BYTES(filler, n / 2) };

		fill_case_lines(&a.open);
		while (answer_heads_add(&a.open.heads, &h))
			h.seq++;
		buf_reset(&out);
		assert_true(a.open.heads.n > 0);
		assert_int_equal(bundle_answer_put(&a, &out), ERR_OK);
	}
}

static void
test_full_queue_fits_its_answer(void **state)
{
	struct buf out CLEAN_BUF = BUF_INIT(BUNDLE_TEXT_LEN);
	struct bundle_answer a = { .kind = ANSWER_QUEUE };
	const struct answer_row widest = { .band = 4,
		.route = UINT16_MAX,
		.state = CASE_ACKNOWLEDGED,
		.talk = BUNDLE_SEQ_MAX,
		.staff = BUNDLE_SEQ_MAX,
		.due = BUNDLE_TIME_MAX,
		.flags = FLAGS_ALL };

	(void)state;
	a.queue.open = UINT32_MAX;
	a.queue.breached = UINT32_MAX;
	a.queue.n_overdue = BUNDLE_ROUTES_MAX;
	for (unsigned i = 0; i < BUNDLE_ROUTES_MAX; i++)
		a.queue.overdue[i] = (struct answer_overdue){
			.route = (uint16_t)(UINT16_MAX - BUNDLE_ROUTES_MAX + i),
			.count = UINT32_MAX,
		};
	a.queue.n_rows = BUNDLE_ROWS_MAX;
	for (size_t i = 0; i < BUNDLE_ROWS_MAX; i++)
		a.queue.row[i] = widest;
	assert_int_equal(bundle_answer_put(&a, &out), ERR_OK);
	assert_int_equal(bundle_pad(&out, BUNDLE_TEXT_LEN), ERR_OK);
}

static void
test_seventeen_envelopes_are_refused(void **state)
{
	struct buf body CLEAN_BUF = BUF_INIT(BUNDLE_TEXT_LEN);

	(void)state;
	for (unsigned n = SEALED_TO_MAX; n <= SEALED_TO_MAX + 1; n++) {
		buf_reset(&body);
		buf_put_str(&body, CONCERN);
		for (unsigned i = 1; i <= n; i++)
			buf_printf(&body, "to: %u 1\n", i);
		buf_put_str(&body, "payload: 1\n\n");
		for (unsigned i = 0; i <= n; i++)
			buf_put_u8(&body, 'e');
		assert_int_equal(parse(buf_bytes(&body)),
		    n == SEALED_TO_MAX ? ERR_OK : ERR_SYNTAX);
	}
}

static void
test_most_envelopes_fit_their_request(void **state)
{
	static const uint8_t envelope[250]; /* of the classic kind */
	struct buf body CLEAN_BUF = BUF_INIT(BUNDLE_TEXT_LEN);
	struct bundle_request r = { .kind = REQUEST_ENVELOPES };

	(void)state;
	r.envelopes.person = 1;
	r.envelopes.n = BUNDLE_GRANTS_MAX;
	for (unsigned i = 0; i < BUNDLE_GRANTS_MAX; i++)
		r.envelopes.at[i] = (struct bundle_grant){
			.chain = CHAIN_STAFF,
			.seq = BUNDLE_SEQ_MAX - BUNDLE_GRANTS_MAX + i,
			.envelope = BYTES(envelope, sizeof(envelope)),
		};
	assert_int_equal(bundle_request_put(&r, &body), ERR_OK);
	buf_reset(&body);
	r.envelopes.at[1].seq = r.envelopes.at[0].seq;
	assert_int_equal(bundle_request_put(&r, &body), ERR_SYNTAX);
}

static void
test_people_told_are_at_most_as_many_as_there_is_room_for(void **state)
{
	struct buf body CLEAN_BUF = BUF_INIT(BUNDLE_TEXT_LEN);

	(void)state;
	for (unsigned n = BUNDLE_TELL_MAX; n <= BUNDLE_TELL_MAX + 1; n++) {
		buf_reset(&body);
		buf_put_str(&body, CONCERN);
		for (unsigned i = 1; i <= n; i++)
			buf_printf(&body, "tell: %u\n", i);
		buf_put_str(&body, "to: 1 1\npayload: 1\n\nep");
		assert_int_equal(parse(buf_bytes(&body)),
		    n == BUNDLE_TELL_MAX ? ERR_OK : ERR_SYNTAX);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_largest_message_fits_the_answer_that_brings_it),
		cmocka_unit_test(
		    test_answers_filled_to_the_brim_can_be_written),
		cmocka_unit_test(test_full_queue_fits_its_answer),
		cmocka_unit_test(test_seventeen_envelopes_are_refused),
		cmocka_unit_test(test_most_envelopes_fit_their_request),
		cmocka_unit_test(
		    test_people_told_are_at_most_as_many_as_there_is_room_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
