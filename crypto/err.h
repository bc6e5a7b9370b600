#pragma once

#include <stdbool.h>

/*
 * What can go wrong, for the whole tree. A function that can fail returns
 * enum err and leaves its outputs untouched on failure; callers forward the
 * value unchanged or handle it on the spot.
 */

#define MUST_CHECK __attribute__((warn_unused_result))

enum err {
	ERR_OK = 0,
	ERR_NOMEM,	 /* allocation failed */
	ERR_LIMIT,	 /* input or output is larger than a named limit */
	ERR_SYNTAX,	 /* input does not follow its grammar */
	ERR_CRYPTO,	 /* libcrypto failed where it must not */
	ERR_UNSUPPORTED, /* this build's OpenSSL lacks the algorithm */
	ERR_BAD_SIG,	 /* a signature is missing, unknown or wrong */
	ERR_NOT_FOUND,	 /* no such thing */
	ERR_EXISTS,	 /* it is there already, and differs */
	ERR_CONFLICT,	 /* the chain has moved on: fetch, sign again */
	ERR_DENIED,	 /* not for this person, or not in this state */
	ERR_EXPIRED,	 /* past its hard expiry */
	ERR_FULL,	 /* no space; nothing of it was stored */
	ERR_IO,		 /* the system call failed */
	ERR_CORRUPT,	 /* stored bytes do not open, or contradict others */
	ERR_VERSION,	 /* written by a newer version */
};

/* Whether it is our side that could not, so that nothing is said about what
 * was given. */
static inline bool
err_is_ours(enum err e)
{
	return e == ERR_NOMEM || e == ERR_CRYPTO;
}

/* A short English name, for messages and tests; never NULL. */
const char *err_name(enum err e);
