#pragma once

#include "notify/config.h"

/*
 * Sends the text of notify/mail.h to one person, or runs the hook: with the
 * person's number as its only argument, an empty environment, and nothing on
 * its standard input, output and error.
 */
#define SEND_SECONDS 60 /* the most that one may take */

struct sender;

/* config is borrowed until sender_free; password: of smtp's user, kept by
 * libcurl. ERR_NOMEM, ERR_UNSUPPORTED (libcurl cannot do what is asked). */
enum err sender_new(const struct notify_config *config, const char *password,
    struct sender **ret) MUST_CHECK;
/* Takes NULL; returns NULL. */
struct sender *sender_free(struct sender *s);

enum send_result {
	SEND_DONE,
	SEND_NO_ADDRESS,
	SEND_UNREACHABLE, /* the server */
	SEND_UNTRUSTED,	  /* its certificate, or no TLS */
	SEND_LOGIN,	  /* user and password were refused */
	SEND_UNWELCOME,	  /* the server does not let us greet it */
	SEND_REFUSED,	  /* it took the address or the text not */
	SEND_TIMEOUT,
	SEND_HOOK,   /* it did not run, or did not end with 0 */
	SEND_BROKEN, /* anything else */
};
#define SEND_RESULTS (SEND_BROKEN + 1)
/* What the log says: names nobody. */
const char *send_result_text(enum send_result r);

/* now: seconds since 1970. Blocks. */
enum send_result sender_send(struct sender *s, uint16_t person, int64_t now)
    MUST_CHECK;
