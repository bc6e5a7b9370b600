#pragma once

#include "crypto/bytes.h"

/* Appends x to out as a gzip file, as small as zlib makes it; the same bytes
 * for the same x. out may have to have more room than x has bytes. ERR_NOMEM,
 * ERR_LIMIT: what is in out is worth nothing. */
enum err gzip_put(struct buf *out, struct bytes x) MUST_CHECK;
