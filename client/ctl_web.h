#pragma once

#include "client/server.h"
#include "policy/web_manifest.h"

/* Pages for browsers, held against their signed manifest: those that a server
 * gives, or those that lie in a directory. */

enum web_found { WEB_SAME, WEB_DIFFERS, WEB_ABSENT };
const char *web_found_name(enum web_found f);

struct web_check {
	const struct term *term;
	const char *dir;       /* as web/build.mjs wrote it, or: */
	struct server *server; /* opened */
	struct buf note;
	struct web_manifest manifest;
	enum web_found file[WEB_FILES_MAX]; /* as in the manifest */
	enum web_found section; /* what the policy says, in the reporter's
				   page; WEB_ABSENT where that is not served */
};

/* Fetches or reads the note into c->note; nothing of it is checked. */
enum exit_code web_check_note(struct web_check *c) MUST_CHECK;
/* Parses c->note, which the root's keys must have signed; root NULL: whoever
 * did. What is wrong is said. */
enum exit_code web_check_open(struct web_check *c, const struct root *root)
    MUST_CHECK;
/* Fills file and section. What a listener of the server does not serve, since
 * it is the other's, is WEB_ABSENT. */
enum exit_code web_check_files(struct web_check *c) MUST_CHECK;
