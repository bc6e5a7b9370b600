#include <inttypes.h>
#include <stdlib.h>

#include "crypto/codec.h"
#include "policy/web_manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
put(const struct web_manifest *m, struct buf *out)
{
	char hex[2 * SHA256_LEN + 1];

	for (size_t i = 0; i < m->n; i++) {
		hex_encode(hex, m->file[i].sha256, SHA256_LEN);
		buf_printf(out, "file: %" PRIu32 " %s %s\n", m->file[i].size,
		    hex, m->file[i].name);
	}
}

/* What is taken can be written in one way only; every name is found, and is
 * one that a file of a directory has. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_BUF struct buf out = BUF_INIT(64 * 1024);
	struct web_manifest m;

	if (web_manifest_parse(BYTES(data, size), &m) != ERR_OK)
		return 0;
	put(&m, &out);
	if (!bytes_equal(buf_bytes(&out), BYTES(data, size)))
		abort();
	for (size_t i = 0; i < m.n; i++) {
		if (web_manifest_find(&m, bytes_str(m.file[i].name)) !=
			&m.file[i] ||
		    m.file[i].name[0] == '.' ||
		    web_media_type(m.file[i].name) == NULL)
			abort();
		for (const char *c = m.file[i].name; *c != '\0'; c++)
			if (*c == '/' || *c <= ' ')
				abort();
	}
	return 0;
}
