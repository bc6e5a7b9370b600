/*
 * The syntax check that the daemon uses agrees with the reader of whole files,
 * and the length it gives is that of the header and of nothing shorter.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto/age.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum err
no_plaintext(void *ctx, struct bytes x)
{
	(void)ctx;
	(void)x;
	abort(); /* nobody's key was given */
}

static enum age_result
read_whole(struct bytes x)
{
	const struct age_keys keys = { 0 };
	struct age_reader *r;
	enum age_result result;

	if (age_reader_new(&keys, no_plaintext, NULL, &r) != ERR_OK)
		abort();
	result = age_reader_put(r, x);
	if (result == AGE_OK)
		result = age_reader_finish(r);
	age_reader_free(r);
	return result;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct bytes x = BYTES(data, size);
	size_t n = 0, again = 0;
	bool ok;

	if (age_header_length(x, &n, &ok) != ERR_OK) {
		if (read_whole(x) == AGE_NO_MATCH && data[0] == 'a')
			abort();
		return 0;
	}
	if (n == 0 || n > size || n > AGE_HEADER_MAX)
		abort();
	if (age_header_length(BYTES(data, n), &again, &ok) != ERR_OK ||
	    again != n)
		abort();
	if (age_header_length(BYTES(data, n - 1), &again, &ok) == ERR_OK)
		abort();
	if (read_whole(x) != AGE_NO_MATCH)
		abort();
	return 0;
}
