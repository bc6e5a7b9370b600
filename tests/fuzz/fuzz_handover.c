/*
 * What the parent hands to its children (daemon/handover.h): the first byte
 * says which body, the rest is it. What is taken can be written in one way
 * only, and keeps to its limits.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/handover.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(x) ((x) ? (void)0 : abort())

static void
try_vault_config(struct bytes in, struct buf *out)
{
	struct vault_config c;

	if (vault_config_get(in, &c) != ERR_OK)
		return;
	MUST(c.state[0] != '\0' && strlen(c.state) <= HANDOVER_PATH_MAX);
	MUST(c.attachments <= 100 && c.quiet <= HANDOVER_QUIET_MAX);
	vault_config_put(out, &c);
	MUST(bytes_equal(in, buf_bytes(out)));
}

static void
try_front_config(struct bytes in, struct buf *out)
{
	struct front_config c;

	if (front_config_get(in, &c) != ERR_OK)
		return;
	MUST(c.rate > 0 && c.connections > 0);
	front_config_put(out, &c);
	MUST(bytes_equal(in, buf_bytes(out)));
}

static void
try_secrets(struct bytes in, struct buf *out)
{
	struct vault_secret vault;
	struct front_secret front;

	if (vault_secret_get(in, &vault) == ERR_OK) {
		vault_secret_put(out, &vault);
		MUST(bytes_equal(in, buf_bytes(out)));
	}
	buf_reset(out);
	if (front_secret_get(in, &front) == ERR_OK) {
		front_secret_put(out, &front);
		MUST(bytes_equal(in, buf_bytes(out)));
	}
}

/* The byte that says whether it is gzipped has 255 forms of yes. */
static void
try_pages(struct bytes in, struct buf *out)
{
	static struct web_pages pages;
	size_t at = 0;

	if (web_pages_get(in, &pages) != ERR_OK)
		return;
	MUST(pages.n <= WEB_FILES_MAX + 1);
	for (size_t i = 0; i < pages.n; i++) {
		const struct web_page *p = &pages.page[i];

		MUST(p->name.n <= WEB_NAME_MAX);
		buf_reset(out);
		web_page_put(out, p);
		MUST(out->n <= in.n - at);
		MUST((in.p[at] != 0) == (out->p[0] == 1));
		MUST(memcmp(in.p + at + 1, out->p + 1, out->n - 1) == 0);
		at += out->n;
	}
	MUST(at == in.n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf out CLEAN_BUF = BUF_INIT(size + 64);
	struct bytes in;

	if (size == 0)
		return 0;
	in = BYTES(data + 1, size - 1);
	switch (data[0] % 4) {
	case 0:
		try_vault_config(in, &out);
		break;
	case 1:
		try_front_config(in, &out);
		break;
	case 2:
		try_secrets(in, &out);
		break;
	default:
		try_pages(in, &out);
	}
	return 0;
}
