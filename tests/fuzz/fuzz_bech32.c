/*
 * Bech32: what is taken is exactly what would be written. The first byte is
 * the length of the data, the second picks the human-readable part.
 */
#include <stdlib.h>

#include "crypto/bech32.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_case(struct bytes text, const char *hrp, struct bytes data)
{
	CLEAN_BUF struct buf lower = BUF_INIT(1024), upper = BUF_INIT(1024);

	bech32_put(&lower, hrp, data, BECH32_LOWER);
	bech32_put(&upper, hrp, data, BECH32_UPPER);
	if (!bytes_equal(text, buf_bytes(&lower)) &&
	    !bytes_equal(text, buf_bytes(&upper)))
		abort();
}

static void
check_round_trip(struct bytes data, const char *hrp)
{
	CLEAN_BUF struct buf text = BUF_INIT(1024);
	uint8_t back[256];

	bech32_put(&text, hrp, data, BECH32_LOWER);
	if (text.err != ERR_OK ||
	    bech32_get(buf_bytes(&text), hrp, back, data.n) != ERR_OK ||
	    !bytes_equal(BYTES(back, data.n), data))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const parts[] = { "age", "age1pq",
		"age-secret-key-" };
	uint8_t out[256];
	const char *hrp;
	struct bytes text;

	if (size < 2)
		return 0;
	hrp = parts[data[1] % 3];
	text = BYTES(data + 2, size - 2);
	if (bech32_get(text, hrp, out, data[0]) == ERR_OK)
		check_case(text, hrp, BYTES(out, data[0]));
	check_round_trip(BYTES(text.p, text.n < 255 ? text.n : 255), hrp);
	return 0;
}
