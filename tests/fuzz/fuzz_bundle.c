#include <stdlib.h>

#include "crypto/bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(x) ((x) ? (void)0 : abort())

/* `out` is the input without its zeros at the end, byte for byte. */
static void
must_be_same(struct bytes in, size_t length, const struct buf *out)
{
	MUST(length <= in.n);
	MUST(bytes_equal(buf_bytes(out), BYTES(in.p, length)));
	MUST(bytes_all_zero(in.p + length, in.n - length));
}

static void
try_request(struct bytes in)
{
	struct buf out CLEAN_BUF = BUF_INIT(BUNDLE_PIECE_LEN);
	struct bundle_request r;

	if (bundle_request_parse(in, &r) != ERR_OK)
		return;
	MUST(r.preamble.n == bundle_preamble_length(in));
	MUST(bundle_request_put(&r, &out) == ERR_OK);
	must_be_same(in, r.length, &out);
}

static void
try_answer(struct bytes in)
{
	struct buf out CLEAN_BUF = BUF_INIT(BUNDLE_POLICY_MAX);
	struct bundle_answer a;

	if (bundle_answer_parse(in, &a) != ERR_OK)
		return;
	MUST(bundle_answer_put(&a, &out) == ERR_OK);
	must_be_same(in, a.length, &out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try_request(BYTES(data, size));
	try_answer(BYTES(data, size));
	return 0;
}
