#include "crypto/tar.h"

#include <string.h>

enum {
	AT_NAME = 0,
	NAME_LEN = 100,
	AT_MODE = 100,
	AT_UID = 108,
	AT_GID = 116,
	SHORT_DIGITS = 7,
	AT_SIZE = 124,
	AT_MTIME = 136,
	LONG_DIGITS = 11,
	AT_CHECKSUM = 148,
	CHECKSUM_LEN = 8,
	CHECKSUM_DIGITS = 6,
	AT_TYPE = 156,
	AT_MAGIC = 257,
	AT_PREFIX = 345,
	PREFIX_LEN = 155,
};

#define MODE 0600
#define SIZE_MAX_OCTAL ((1ull << 3 * LONG_DIGITS) - 1)

static const char magic[] = "ustar\0"
			    "00";

static void
put_octal(uint8_t *p, size_t digits, uint64_t v)
{
	while (digits > 0) {
		p[--digits] = (uint8_t)('0' + (v & 7));
		v >>= 3;
	}
}

static uint32_t
checksum(const uint8_t header[static TAR_BLOCK])
{
	uint32_t sum = 0;

	for (size_t i = 0; i < TAR_BLOCK; i++) {
		bool own = i >= AT_CHECKSUM && i < AT_CHECKSUM + CHECKSUM_LEN;

		sum += own ? ' ' : header[i];
	}
	return sum;
}

enum err
tar_header(const char *name, uint64_t size, uint8_t out[static TAR_BLOCK])
{
	const char *slash = strrchr(name, '/');
	const char *last = slash == NULL ? name : slash + 1;
	size_t prefix = slash == NULL ? 0 : (size_t)(slash - name);

	if (prefix > PREFIX_LEN || strlen(last) > NAME_LEN ||
	    size > SIZE_MAX_OCTAL)
		return ERR_LIMIT;
	memset(out, 0, TAR_BLOCK);
	memcpy(out + AT_NAME, last, strlen(last));
	memcpy(out + AT_PREFIX, name, prefix);
	put_octal(out + AT_MODE, SHORT_DIGITS, MODE);
	put_octal(out + AT_UID, SHORT_DIGITS, 0);
	put_octal(out + AT_GID, SHORT_DIGITS, 0);
	put_octal(out + AT_SIZE, LONG_DIGITS, size);
	put_octal(out + AT_MTIME, LONG_DIGITS, 0);
	out[AT_TYPE] = '0';
	memcpy(out + AT_MAGIC, magic, sizeof(magic) - 1);
	put_octal(out + AT_CHECKSUM, CHECKSUM_DIGITS, checksum(out));
	out[AT_CHECKSUM + CHECKSUM_LEN - 1] = ' ';
	return ERR_OK;
}

enum err
tar_header_size(const uint8_t header[static TAR_BLOCK], uint64_t *ret)
{
	uint64_t v = 0;

	for (size_t i = AT_SIZE; i < AT_SIZE + LONG_DIGITS; i++) {
		if (header[i] < '0' || header[i] > '7')
			return ERR_SYNTAX;
		v = v << 3 | (uint64_t)(header[i] - '0');
	}
	*ret = v;
	return ERR_OK;
}

uint64_t
tar_blocks(uint64_t n)
{
	return (n + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
}
