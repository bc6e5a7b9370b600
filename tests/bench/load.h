#pragma once

#include <openssl/types.h>

#include "crypto/bytes.h"

/*
 * A closed-loop HTTPS load: every connection keeps exactly one request under
 * way. One thread, epoll, OpenSSL; loopback only.
 */

struct load_options {
	uint16_t port; /* on 127.0.0.1 */
	unsigned connections;
	unsigned warmup; /* answers not counted, for a level start */
	double seconds;	 /* stop after this long, or */
	uint64_t count;	 /* after this many answers (0: no bound) */
	bool idle;	 /* open the connections, then only hold them */
	/* This many requests a second over all connections, whether answers
	 * come or not, and `count` of them; times are from when a request was
	 * due. 0: as many as go. */
	double rate;
	/* Whether an answer with status 200 is the one that was asked for, by
	 * the beginning of its body; NULL: always. */
	bool (*accepts)(const char *body, size_t n);
};

struct load_result {
	uint64_t answers; /* with status 200 */
	uint64_t errors;  /* anything else */
	double seconds;
	double p50_ms;
	double p99_ms;
	double most_ms;
	size_t answer_bytes; /* of one answer's body */
};

/* Fills `out` with a whole request (head and body) for the next answer. */
typedef void load_request(void *ctx, struct buf *out);
/* Called when the connections of an idle load stand, before they close. */
typedef void load_hold(void *ctx);

enum err load_run(const struct load_options *o, load_request *request,
    load_hold *hold, void *ctx, struct load_result *ret) MUST_CHECK;

/* TLS over fd with as few system calls as can be: records come up to 52 KiB in
 * one read, and leave with a flush of the write BIO. What is measured shares
 * the machine. NULL: no memory. */
SSL *load_ssl(SSL_CTX *tls, int fd);

/* One GET or POST on a fresh connection; body of the answer into out. */
enum err load_fetch(uint16_t port, struct bytes request, struct buf *out)
    MUST_CHECK;
