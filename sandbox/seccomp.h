#pragma once

#include <seccomp.h>
#include <stddef.h>
#include <sys/socket.h>

#include "crypto/err.h"
#include "sandbox/left_out.h"

/*
 * The system calls that a process may make from now on, itself and all that it
 * starts. A list entered later can only take away more.
 *
 * Numbers and arguments are those of the machine's own calls: calls by any
 * other convention (32 bit, x32) end the process too.
 */

#define CALL_CONDITIONS_MAX 2

struct call {
	int number;	     /* SCMP_SYS(...) */
	unsigned conditions; /* of these, all of which hold */
	struct scmp_arg_cmp condition[CALL_CONDITIONS_MAX];
};

/* clang-format off */
#define CALL(name) { SCMP_SYS(name), 0, { { 0 } } }
#define CALL_IF(name, ...)                                                     \
	{ SCMP_SYS(name),                                                      \
		sizeof((struct scmp_arg_cmp[]){ __VA_ARGS__ }) /               \
		    sizeof(struct scmp_arg_cmp),                               \
		{ __VA_ARGS__ } }
/* Conditions: argument n (from 0) is x; its bits under mask are x. */
#define ARG_IS(n, x) { n, SCMP_CMP_EQ, (scmp_datum_t)(x), 0 }
#define ARG_BITS(n, mask, x)                                                   \
	{ n, SCMP_CMP_MASKED_EQ, (scmp_datum_t)(mask), (scmp_datum_t)(x) }
/* clang-format on */

/* Argument n is flags of a call that sends, and not to somebody new: a socket
 * that was closed can connect by that (TCP Fast Open), past a list without
 * connect() and past Landlock. */
#define ARG_SENDS(n) ARG_BITS(n, MSG_FASTOPEN, 0)

/* One of several lists, which together are what is allowed. */
struct calls {
	const struct call *call;
	size_t n;
};
/* clang-format off */
#define CALLS(list) { list, sizeof(list) / sizeof((list)[0]) }
/* clang-format on */

/* What any other call comes to. */
enum seccomp_other {
	SECCOMP_KILL,	/* the process ends with SIGSYS */
	SECCOMP_REFUSE, /* ENOSYS, as in an older kernel */
};

/* Sets no-new-privileges too. ERR_UNSUPPORTED: the kernel or the machine has
 * no filters, or one of the calls cannot be named; ERR_NOMEM. */
enum err seccomp_allow_only(const struct calls *lists, size_t n,
    enum seccomp_other other) MUST_CHECK;
