#include "daemon/gzip.h"

#define ZLIB_CONST
#include <zlib.h>

#define GZIP_WINDOW (15 + 16) /* zlib's way to ask for a gzip header */
#define GZIP_MEMORY 9
#define GZIP_LEVEL 9

static enum err
deflate_all(z_stream *z, struct bytes x, struct buf *out)
{
	uLong most = deflateBound(z, (uLong)x.n);
	uint8_t *at = buf_grow(out, most);

	if (at == NULL)
		return out->err;
	z->next_in = x.p;
	z->avail_in = (uInt)x.n;
	z->next_out = at;
	z->avail_out = (uInt)most;
	if (deflate(z, Z_FINISH) != Z_STREAM_END)
		return ERR_LIMIT;
	out->n -= z->avail_out;
	return ERR_OK;
}

enum err
gzip_put(struct buf *out, struct bytes x)
{
	z_stream z = { 0 };
	enum err e;

	if (deflateInit2(&z, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY,
		Z_DEFAULT_STRATEGY) != Z_OK)
		return ERR_NOMEM;
	e = deflate_all(&z, x, out);
	(void)deflateEnd(&z);
	return e;
}
