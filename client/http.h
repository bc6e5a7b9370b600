#pragma once

#include "crypto/bytes.h"

/*
 * Requests of fixed size over HTTPS (libcurl). Nothing is sent that tells one
 * reporter from another: no User-Agent, Accept, cookie or resumed TLS session;
 * no redirect is followed. Of the environment neither the proxy variables count
 * nor SSLKEYLOGFILE, by which libcurl would write down the keys of what it
 * sends. TLS 1.3, the certificate always verified.
 */

struct http_config {
	const char *server;  /* "https://host[:port]", nothing behind it */
	const char *ca_file; /* PEM; NULL: the system's */
	const char *pin;     /* "sha256//BASE64" of the public key, or NULL */
	const char *proxy;   /* "socks5h://…" or "http://…", or NULL */
};

enum http_result {
	HTTP_ANSWERED,	 /* with any status */
	HTTP_NO_CONNECT, /* name, address, proxy, or nobody listens */
	HTTP_BAD_SERVER, /* its certificate was seen and is not the one */
	/* The handshake did not end. libcurl has one code for a connection that
	 * was cut and for a peer that speaks something else, and whoever sits
	 * between can turn the second into the first: no certificate was seen,
	 * nothing was sent, and it may be tried again. */
	HTTP_NO_TLS,
	HTTP_BROKEN_OFF, /* it began and did not end */
	HTTP_TOO_SLOW,
	HTTP_TOO_LARGE,	  /* more than the caller takes */
	HTTP_INTERRUPTED, /* by a signal that is held (client/hold.h) */
	HTTP_BAD_CONFIG,  /* the URL, the proxy, a file */
	HTTP_NO_MEMORY,
};
const char *http_result_text(enum http_result r);

struct http;
/* The strings are borrowed until http_close. */
enum http_result http_open(const struct http_config *config, struct http **ret)
    MUST_CHECK;
/* Takes NULL; returns NULL. */
struct http *http_close(struct http *h);
/* How long the server may say nothing: a minute if this was not called. */
enum http_result http_patience(struct http *h, unsigned seconds) MUST_CHECK;

/* Asks for answers that are gzipped, and unpacks them as they come: of pages
 * for browsers, which are always sent so. */
enum http_result http_decode(struct http *h) MUST_CHECK;

/* Whether the connection is closed as soon as the next exchange is over. */
void http_last(struct http *h, bool is_last);

/* Whether the request of the last exchange went out more than once: what
 * became of it the first time is not known. */
bool http_was_sent_twice(const struct http *h);

/*
 * GET where body.n = 0, otherwise POST. The answer's body is appended to
 * `answer`, which bounds it. The body is borrowed for the call.
 */
enum http_result http_exchange(struct http *h, const char *path,
    struct bytes body, struct buf *answer, unsigned *ret_status) MUST_CHECK;
