#include <stdlib.h>

#include "crypto/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* put(parse(x)) == x */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_BUF struct buf out = BUF_INIT(MANIFEST_MAX);
	struct manifest *m = manifest_new();

	if (m == NULL)
		abort();
	if (manifest_parse(BYTES(data, size), m) == ERR_OK) {
		manifest_put(m, &out);
		if (!bytes_equal(buf_bytes(&out), BYTES(data, size)))
			abort();
	}
	manifest_free(m);
	return 0;
}
