#pragma once

#include "daemon/inputs.h"

/*
 * The directory of the pages for browsers (web/build.mjs makes it): its
 * manifest, signed as WEB_NOTE, and the files that it names.
 */

#define WEB_NOTE "manifest.note"
#define WEB_PACKED_MAX (1024 * 1024) /* of one file, gzipped */

/*
 * Reads and checks all of it, and compresses what is not HTML. ret, which is as
 * buf_free leaves it, becomes the body of WIRE_PAGES. What is wrong is in
 * ret_why: ERR_BAD_SIG; ERR_CORRUPT: a file that is not what was signed;
 * ERR_SYNTAX; ERR_LIMIT; ERR_IO.
 */
enum err web_files_load(const char *directory, const struct root *newest,
    struct buf *ret, struct complaint *ret_why) MUST_CHECK;
