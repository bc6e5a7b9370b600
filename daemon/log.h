#pragma once

#include "crypto/bytes.h"

/*
 * The daemon's log: an enum and integers, no text from outside and no format
 * string. What a reporter or a member of staff did is never counted; the log
 * says what an operator can do something about.
 *
 * Lines on standard error, which systemd keeps:
 *
 *   speakupd vault: policy-taken 14
 *   speakupd front: totals: over-connections=31 late-header=2
 *
 * Events that visitors can cause are only added up (log_count) and come out
 * as totals on a coarse timer, so that no line tells when somebody was here.
 * Events of the service itself (log_now) come out at once.
 */

#define LOG_FLUSH_SECONDS 600

enum log_event {
	/* of the service */
	EV_READY,
	EV_RELOAD,
	EV_DRAIN,
	EV_END,		      /* exit code */
	EV_NO_LANDLOCK,	      /* the kernel has none: 0 */
	EV_POLICY_TAKEN,      /* serial */
	EV_POLICY_REFUSED,    /* enum err */
	EV_POLICY_AGES,	      /* past its soft expiry: serial */
	EV_CERTIFICATE_ENDED, /* its time is over: 0 */
	EV_FRONT_ENDED,	      /* exit code, or minus the signal */
	EV_FRONT_STARTED,     /* which */
	EV_FRONT_HANGS,	      /* which */
	EV_VAULT_ENDED,	      /* exit code, or minus the signal */
	EV_PEER_BROKE_RULES,  /* wire_allowed said no: type */
	EV_PEER_LOST,
	EV_NO_DESCRIPTORS, /* errno of accept4 */
	EV_STORE_FAILED,   /* enum err */
	EV_STORE_FULL,	   /* at a start */
	EV_RUNG_NOBODY,	   /* reached, with nobody living: how many by now */
	EV_RUNG_LOST,	   /* and none was left to take: how many by now */
	EV_CASE_POSTPONED, /* could not be looked at: how many by now */
	/* of visitors: totals only */
	EV_OVER_CONNECTIONS,
	EV_OVER_BYTES,
	EV_LATE_HANDSHAKE,
	EV_LATE_HEADER,
	EV_LATE_BODY,
	EV_LATE_ANSWER,
	EV_BAD_TLS,
	EV_BAD_REQUEST,
	EV_ANSWERED_BUSY,
	EV_ANSWERED_DOWN,
	EV_ANSWERED_FULL,
	EV_N,
};

/* role: "front", …; a constant. Lines go to fd. */
void log_open(const char *role, int fd);
void log_count(enum log_event ev);
void log_now(enum log_event ev, int64_t value);
/* Writes the totals that are not zero, as one line, and starts again. */
void log_flush(void);
