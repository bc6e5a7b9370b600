#pragma once

#include "policy/root.h"

/*
 * What the pages that a server gives to browsers have to be: a note signed by a
 * quorum of the root's policy keys, as a policy is. docs/PROTOCOL.md, "Pages".
 * Its body is one line for each file, ascending by name:
 *
 *   file: SIZE SHA256 NAME
 */

#define WEB_FILES_MAX 32
#define WEB_NAME_MAX 48
#define WEB_FILE_MAX (4 * 1024 * 1024)

#define WEB_INDEX "index.html" /* GET / */
#define WEB_STAFF "staff.html" /* GET /staff */

struct web_file {
	char name[WEB_NAME_MAX + 1]; /* [A-Za-z0-9._-]+, of a known type */
	uint32_t size;
	uint8_t sha256[SHA256_LEN];
};

struct web_manifest {
	size_t n; /* from 1 */
	struct web_file file[WEB_FILES_MAX];
};

/* No signature is checked. ERR_SYNTAX; ERR_LIMIT: too many or too large. */
enum err web_manifest_parse(struct bytes body, struct web_manifest *ret)
    MUST_CHECK;
/* The same for the whole note, which the root's keys must have signed:
 * ERR_BAD_SIG. */
enum err web_manifest_open(struct bytes note, const struct root *root,
    struct web_manifest *ret) MUST_CHECK;

/* NULL where it is not listed. */
const struct web_file *web_manifest_find(const struct web_manifest *m,
    struct bytes name);
/* Whether these are the bytes that were meant. */
bool web_file_is(const struct web_file *f, struct bytes content);

/* The media type by the name's ending; NULL where it has none of ours. */
const char *web_media_type(const char *name);
