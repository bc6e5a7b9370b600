#include <stdlib.h>

#include "crypto/bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(x) ((x) ? (void)0 : abort())

/* `out` is the input, byte for byte. */
static void
must_be_same(struct bytes in, const struct buf *out)
{
	MUST(out->err == ERR_OK);
	MUST(bytes_equal(buf_bytes(out), in));
}

static void
must_pad(struct buf *out, size_t length, struct bytes work)
{
	if (work.n == 0) {
		MUST(bundle_pad(out, length) == ERR_OK);
		return;
	}
	MUST(work.n == WORK_LEN);
	MUST(bundle_pad_work(out, length, work.p) == ERR_OK);
}

static void
try_request(struct bytes in)
{
	struct buf out CLEAN_BUF =
	    BUF_INIT(in.n > BUNDLE_PIECE_LEN ? in.n : BUNDLE_PIECE_LEN);
	struct bundle_request r;

	if (bundle_request_parse(in, &r) != ERR_OK)
		return;
	MUST(r.preamble.n == bundle_preamble_length(in));
	MUST(bundle_request_put(&r, &out) == ERR_OK);
	MUST(out.n == r.length);
	MUST(r.work.n == 0 || request_takes_work(r.kind));
	must_pad(&out, in.n, r.work);
	must_be_same(in, &out);
}

static void
try_answer(struct bytes in)
{
	struct buf out CLEAN_BUF =
	    BUF_INIT(in.n > BUNDLE_POLICY_MAX ? in.n : BUNDLE_POLICY_MAX);
	struct bundle_answer a;

	if (bundle_answer_parse(in, &a) != ERR_OK)
		return;
	MUST(bundle_answer_put(&a, &out) == ERR_OK);
	MUST(out.n == a.length);
	must_pad(&out, in.n, BYTES(NULL, 0));
	must_be_same(in, &out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try_request(BYTES(data, size));
	try_answer(BYTES(data, size));
	return 0;
}
