#include "tests/fuzz/requests.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/*
 * A vault under requests that are right, nearly right, and anything else, in
 * any order. However they come: each gets exactly one answer, and the store
 * holds together afterwards.
 *
 * An input is a series of steps: which request (or, where there is none of
 * that number, the next bytes as they are), what is changed in it, and what
 * happens then.
 */

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

#define STEPS_MAX 64
#define RAW_MAX 200

/* What happens after a step. */
#define STEP_COMMIT 1u
#define STEP_HOUR 2u
#define STEP_TICK 4u
#define STEP_RESTART 8u

static struct {
	struct quick *q;
	struct world *w;
	struct reporter r;
	struct requests requests;
	size_t sent, answered;
	struct buf held[STEPS_MAX]; /* borrowed by the vault until it commits */
	size_t n_held;
} fuzz;

static void
end(void)
{
	requests_free(&fuzz.requests);
}

/* One case, which is in the store that each run begins with. */
static void
make(void)
{
	fuzz.q = quick_new();
	fuzz.w = fuzz.q->w;
	quick_begin(fuzz.q);
	reporter_new(&fuzz.r, 1);
	file_concern_of(fuzz.w, &fuzz.r);
	quick_keep(fuzz.q);
	assert(atexit(end) == 0);
}

/* And a guardian logged in: the same each time. */
static void
begin(void)
{
	if (fuzz.q == NULL)
		make();
	quick_begin(fuzz.q);
	assert(login(fuzz.w, GUARDIAN) == ANSWER_OK);
	if (fuzz.requests.n == 0)
		requests_make(&fuzz.requests, fuzz.w, &fuzz.r);
}

static void
on_answer(void *ctx, uint64_t id, enum answer status, struct bytes body)
{
	(void)ctx;
	assert(status < ANSWERS && id < fuzz.sent);
	assert(status == ANSWER_OK || body.n == 0);
	assert(body.n <= BUNDLE_PIECE_LEN);
	fuzz.answered++;
}

static void
commit(void)
{
	vault_commit(fuzz.w->vault);
	assert(fuzz.answered <= fuzz.sent);
	for (size_t i = 0; i < fuzz.n_held; i++)
		buf_free(&fuzz.held[i]);
	fuzz.n_held = 0;
}

/* Up to three bytes of it, somewhere, changed. */
static void
change(struct reader *r, struct buf *body)
{
	unsigned changes = reader_u8(r) & 3;

	while (changes-- > 0 && body->n > 0) {
		size_t at = reader_u16(r) % body->n;

		body->p[at] ^= reader_u8(r);
	}
}

static void
send(struct reader *r)
{
	size_t which = reader_u8(r) % REQUESTS_MAX;
	struct buf *body = &fuzz.held[fuzz.n_held++];
	static const enum wire_type raw[] = { WIRE_TEXT, WIRE_PIECE, WIRE_STAFF,
		WIRE_PLAIN, WIRE_PLAIN_ANSWER, WIRE_WORKED_TEXT,
		WIRE_WORKED_PIECE };
	enum wire_type type = raw[which % (sizeof(raw) / sizeof(raw[0]))];

	*body = (struct buf)BUF_INIT(BUNDLE_PIECE_LEN);
	if (which < fuzz.requests.n) {
		type = fuzz.requests.at[which].type;
		buf_put_bytes(body, buf_bytes(&fuzz.requests.at[which].body));
	} else {
		size_t n = r->n < RAW_MAX ? r->n : RAW_MAX;

		buf_put_bytes(body, reader_bytes(r, n));
	}
	change(r, body);
	vault_handle(fuzz.w->vault, type, false, fuzz.sent++, buf_bytes(body),
	    on_answer, NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct reader r = reader_over(BYTES(p, n));
	static unsigned runs;

	begin();
	fuzz.sent = fuzz.answered = 0;
	for (size_t step = 0; step < STEPS_MAX && r.n > 0; step++) {
		send(&r);
		uint8_t then = reader_u8(&r);

		if (then & (STEP_COMMIT | STEP_TICK | STEP_RESTART))
			commit();
		if (then & STEP_HOUR)
			fuzz.w->now += 3600;
		if (then & STEP_TICK)
			vault_tick(fuzz.w->vault);
		if (then & STEP_RESTART) {
			quick_restart(fuzz.q);
			fuzz.answered = fuzz.sent; /* a watch is dropped */
		}
	}
	commit();
	fuzz.w->now += BUNDLE_WATCH_SECONDS;
	vault_tick(fuzz.w->vault);
	assert(fuzz.answered == fuzz.sent);
	if (runs++ % 16 == 0)
		quick_check(fuzz.q);
	return 0;
}
