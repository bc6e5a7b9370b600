#pragma once

#include "crypto/bytes.h"

/*
 * Frames between the daemon's processes, over SOCK_STREAM socket pairs:
 *
 *   u32 length of the body   u16 type   u16 status   u64 id   body
 *
 * big-endian. The receiver holds every frame against the table of what that
 * peer may send (wire_allowed); anything else ends the peer. In which order the
 * parent's frames come is for their receiver to judge (daemon/handover.h).
 * Descriptors travel by SCM_RIGHTS with the first byte of their frame, one a
 * frame, and only from the parent (wire_has_fd). Connections: wire_conn.h.
 */

#define WIRE_HEAD_LEN 16
#define WIRE_BODY_MAX (2 * 1024 * 1024) /* parent's frames */
#define WIRE_PAGES_MAX (3 * 1024 * 1024 / 2)
#define WIRE_PIECE_MAX (264 * 1024) /* requests and answers with a piece */
#define WIRE_TEXT_MAX (48 * 1024)   /* every other request */
#define WIRE_CREDITS 1024 /* requests that a front may have under way */

enum wire_type {
	/* front -> vault: one for each endpoint; body = the request's body
	 * without its padding */
	WIRE_TEXT = 1,
	WIRE_PIECE,
	WIRE_STAFF,
	WIRE_PLAIN,
	WIRE_PLAIN_ANSWER,
	/* vault -> front: same id; status = enum answer; body = with ANSWER_OK
	 * the answer's bundle without padding (WIRE_PLAIN: nothing;
	 * WIRE_PLAIN_ANSWER: an armored age file), otherwise nothing */
	WIRE_ANSWER,
	/* parent -> vault, front; first frames after the start, and again
	 * when they change (SIGHUP) */
	WIRE_CONFIG,   /* what this role needs of the configuration */
	WIRE_SECRET,   /* vault: store key, instance key; front: TLS key */
	WIRE_POLICY,   /* roots and policy, as served by GET /v1/policy */
	WIRE_START,    /* all is there: enter the sandbox, begin */
	WIRE_LISTENER, /* with a listening descriptor; front: status = kind;
			  vault: where speakup-notify connects */
	WIRE_PEER,     /* vault: + the socket of a front; front: of the vault */
	WIRE_DRAIN,    /* finish what is under way and end */
	WIRE_PAGES,    /* front: what browsers get; again on SIGHUP */
	/* child -> parent */
	WIRE_READY, /* started, or took the new policy */
	WIRE_REFUSED /* did not take it; status = enum err */,
	WIRE_ALIVE, /* every few seconds: the loop turns */
	/* front -> vault: as WIRE_TEXT and WIRE_PIECE, and before the request
	 * the work that came with it (WORK_LEN bytes: crypto/work.h), which
	 * the front has checked */
	WIRE_WORKED_TEXT,
	WIRE_WORKED_PIECE,
};

/* In the status of a request: its connection is pressed (front_peer.h). */
#define WIRE_PRESSED 1

/* What became of a request; the front turns it into HTTP. */
enum answer {
	ANSWER_OK = 0,
	ANSWER_BAD_REQUEST,
	ANSWER_BAD_BUNDLE,
	ANSWER_BAD_POLICY,
	ANSWER_BAD_SIGNATURE,
	ANSWER_NO_SESSION,
	ANSWER_DENIED,
	ANSWER_UNKNOWN,
	ANSWER_CONFLICT,
	ANSWER_EXISTS,
	ANSWER_TOO_LARGE,
	ANSWER_BUSY,
	ANSWER_DOWN,
	ANSWER_FULL,
	/* of what a case does not allow: policy/life.h */
	ANSWER_NOT_NOW,
	ANSWER_NEEDS_REVIEW,
	ANSWER_SAME_PERSON,
	ANSWER_NOTHING_ASKED,
	ANSWER_ON_HOLD,
	ANSWER_INCOMPLETE, /* not all envelopes that an entry means */
	ANSWER_WRONG_DAY,  /* signed by a clock that is more than a day off */
};
#define ANSWERS (ANSWER_WRONG_DAY + 1)

enum wire_peer { PEER_PARENT, PEER_VAULT, PEER_FRONT };
/* Whether `from` may send this type to `to`, and its largest body. */
bool wire_allowed(enum wire_peer from, enum wire_peer to, uint16_t type,
    uint32_t *ret_body_max);
/* Whether a frame of this type brings a descriptor. */
bool wire_has_fd(uint16_t type);

struct wire_head {
	uint32_t length;
	uint16_t type;
	uint16_t status;
	uint64_t id;
};
void wire_head_put(uint8_t out[static WIRE_HEAD_LEN],
    const struct wire_head *h);
/* Pure; any bytes give a head, wire_allowed judges it. */
void wire_head_get(const uint8_t in[static WIRE_HEAD_LEN],
    struct wire_head *ret);
