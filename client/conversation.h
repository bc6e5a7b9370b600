#pragma once

#include "crypto/entry.h"
#include "crypto/message.h"
#include "policy/life.h"
#include "policy/members.h"

/*
 * A case read back: every message of its chains is opened and held against its
 * head, the messages before it, the policy, and the list of readers that this
 * program computes itself. What does not fit is refused, each with its own
 * reason. Pure: bytes in, messages or a refusal out.
 *
 *	conversation_begin -> _put(payload ...) -> _end     for each message,
 *	the talk chain from 0 on, then the staff chain; then conversation_finish
 *
 * The last step puts both chains into the one order in which they were written
 * (each entry by staff names the head of the other chain) and replays them:
 * who could read, who did what, and whether the table of states allowed it.
 */

enum refusal {
	REFUSAL_NONE,
	REFUSAL_HEAD,		/* the head is not of the form it must have */
	REFUSAL_OTHER_CASE,	/* a message of another case */
	REFUSAL_DROPPED,	/* a message before this one is missing */
	REFUSAL_REORDERED,	/* not in the place that its author gave it */
	REFUSAL_UNKNOWN_SIGNER, /* nobody whom the policy knows */
	REFUSAL_SIGNATURE,	/* not signed by whom it names */
	REFUSAL_SWAPPED,	/* payload or envelopes are not those signed */
	REFUSAL_ENVELOPE,	/* not the envelope made for this reader */
	REFUSAL_NOT_FOR_US,	/* no key of ours opens it */
	REFUSAL_DAMAGED,	/* altered or cut */
	REFUSAL_NOT_SEALED,   /* no sealed body, or two texts in one concern */
	REFUSAL_BODY,	      /* archive or files break their rules */
	REFUSAL_MANIFEST,     /* contradicts its head or the case */
	REFUSAL_MEMBERS,      /* readers are not those the policy gives */
	REFUSAL_EXCLUDED,     /* sealed to somebody the reporter left out */
	REFUSAL_NOT_A_READER, /* its author may not read the case */
	REFUSAL_SEEN,	      /* names a message that is not there: withheld */
	REFUSAL_NOT_ALLOWED,  /* the case's state, or its author's part, did
				 not allow it */
	REFUSAL_TOLD,	      /* others may be told than the policy gives */
	REFUSAL_NO_CONCERN,   /* the first message cannot be read */
	REFUSAL_UNSUPPORTED,  /* hybrid keys, and OpenSSL is too old */
	REFUSAL_FAILED,	      /* memory or libcrypto */
};
#define REFUSALS (REFUSAL_FAILED + 1)
/* A sentence for people. */
const char *refusal_text(enum refusal r);

#define CONVERSATION_POLICIES_MAX 16
#define CONVERSATION_TEXT_MAX (8 * 1024 * 1024)
#define CONVERSATION_MESSAGES_MAX 1024 /* of both chains: PROTOCOL.md */

/* A policy that was verified when it was current. */
struct known_policy {
	const struct policy *policy;
	uint8_t hash[SHA256_LEN];
};

struct conversation_message {
	struct entry entry; /* of a concern: made from its preamble */
	enum message_kind kind;
	uint32_t seq;
	uint16_t author;
	uint8_t link[LINK_LEN];
	bool has_content;
	bool is_readable; /* has content, and it was opened */
	/* Not readable, though an envelope for us came: why. Such a message
	 * hides nothing but itself; `unopened` (crypto/kind.h) says so to the
	 * other readers. */
	enum refusal failure;
	bool is_policy_known;	/* else its readers could not be recomputed,
				   and only exclusions were checked */
	bool is_route_expected; /* the answers lead to this route by that
				   policy; only where is_policy_known */
	struct manifest *m;	/* NULL where not readable */
	struct buf text;	/* of message.txt; of a plain concern: all */
	struct buf envelope;	/* ours; empty: none */
	bool is_granted;	/* and not the one that its author made */
	uint32_t after;		/* staff chain: the place in the talk chain
				   that it comes behind */
	enum case_state state;	/* the case's, after it; staff only */
};

/* Receives attachments of the current message; they count once
 * conversation_end has said REFUSAL_NONE. index: of m->file. */
typedef enum err conversation_sink(void *ctx, const struct manifest *m,
    size_t index, struct bytes x);

/* Somebody who reads the case, as it stands. */
struct conversation_member {
	uint16_t person;
	uint8_t rung;	/* 0: at once, or by name; else the rung of the ladder
			   that they wait for, or that has brought them */
	uint32_t since; /* place in the talk chain of the entry that brought
			   them: assign, handover or route; 0: the concern */
};

/* What was refused, where that is one message. */
struct conversation_refused {
	bool is_one;
	enum chain chain;
	uint32_t seq;
	bool is_parsed; /* entry says what it claims to be */
	struct entry entry;
	/* of REFUSAL_NOT_ALLOWED */
	enum life_refusal why;
	enum case_state state;
};

struct conversation {
	/* set by the caller, borrowed */
	const struct known_policy *known; /* the current one first */
	size_t n_known;
	const struct note_key *instance_keys; /* of the root */
	size_t n_instance_keys;
	int64_t today;
	int64_t filed; /* day, as the server said first; 0: not known */
	uint8_t case_id[CASE_ID_LEN];
	bool is_plain;	 /* the concern is an unsigned age file */
	uint16_t person; /* who reads */
	const struct age_identity *ids;
	size_t n_ids;
	const uint8_t *mailbox;	 /* reporter: what the concern must name */
	conversation_sink *sink; /* NULL: attachments are only checked */
	void *sink_ctx;

	/* from the concern */
	uint8_t case_key[SIGN_PUB_LEN];
	uint16_t route; /* that it began on */
	uint8_t band;	/* that it began in */

	uint32_t count[2]; /* of each chain */
	uint8_t head[2][LINK_LEN];
	/* In the order in which they came; after conversation_finish in that in
	 * which they were written, and up to what was refused. */
	size_t n_messages;
	struct conversation_message *message[CONVERSATION_MESSAGES_MAX];
	/* the same by chain and place */
	struct conversation_message *at[2][CONVERSATION_MESSAGES_MAX];

	/* After conversation_finish; the life is staff's only, for a reporter
	 * does not see all that changes it. Its clocks count by days, so that
	 * CASE_IS_BREACHED is better asked of the server. */
	struct life life;
	uint16_t now_on; /* route */
	size_t n_members;
	struct conversation_member member[MEMBERS_MAX];

	/* the message that is being read */
	enum chain chain;
	struct conversation_message *current;
	struct entry entry; /* of a concern: made from its preamble */
	struct buf concern; /* copy of the concern's preamble */
	size_t n_named;	    /* and the readers it names */
	uint16_t named[SEALED_TO_MAX];
	struct buf plain; /* the file of a plain concern */
	struct buf head_bytes;
	struct message_open *open;
	struct payload_hash *hash;
	bool is_linked;	      /* at[CHAIN_TALK][0] has its link */
	enum refusal refusal; /* sticky */
	struct conversation_refused refused;
};

/* Head and envelope are borrowed for the call. envelope empty: the message has
 * none, or none for this reader. REFUSAL_SEEN, which is not kept: it was
 * written behind a message of the talk chain that has not come yet. */
enum refusal conversation_begin(struct conversation *c, enum chain chain,
    uint32_t seq, struct bytes head, struct bytes envelope) MUST_CHECK;
enum refusal conversation_put(struct conversation *c, struct bytes payload)
    MUST_CHECK;
/* *ret, where not NULL: the message, borrowed until conversation_free. */
enum refusal conversation_end(struct conversation *c,
    const struct conversation_message **ret) MUST_CHECK;
/* After the last message of both chains (a reporter has only one). After
 * REFUSAL_NONE, and after REFUSAL_SEEN, messages that have come meanwhile may
 * be added and this asked again; every other refusal stays. */
enum refusal conversation_finish(struct conversation *c) MUST_CHECK;
/* Says which message was refused, and whose; "" where it is none. */
void conversation_refused_text(const struct conversation *c, struct buf *out);

/* --- of a case that was read --- */

/* Changes of readers up to and including this place of the talk chain. */
size_t conversation_changes(const struct conversation *c, uint32_t seq,
    struct member_change out[static MEMBER_CHANGES_MAX]);
/* Whether this person reads no more from this entry on: all their envelopes of
 * before are deleted with it. */
bool conversation_leaves(const struct entry *e, uint16_t person);
/* Whether the person may read the case, as it stands; their parts: 0 where
 * not. */
unsigned conversation_parts(const struct conversation *c, uint16_t person);
/* The same, and not only once a rung of the ladder is reached. */
bool conversation_reads_now(const struct conversation *c, uint16_t person);
/* Whether the reporter left this person out: they marked them or, by a policy
 * that held that day, somebody over them. */
bool conversation_is_excluded(const struct conversation *c, uint16_t person,
    int64_t day);
/* Who may be told on this route that a case is overdue, but for whom m leaves
 * out: ascending, as `tell` and `who` lines have them. */
enum err conversation_told(const struct policy *p, const struct policy_route *r,
    const struct manifest *m, int64_t day,
    uint16_t out[static POLICY_PEOPLE_MAX], size_t *ret_n) MUST_CHECK;
/* The first manifest that we can read: whom the reporter left out is in every
 * one. NULL: there is none. */
const struct manifest *conversation_manifest(const struct conversation *c);
/* The latest question for consent that has no answer; NULL: none. */
const struct conversation_message *conversation_consent(
    const struct conversation *c);
/* By the reporter's own signature: what the server says counts for nothing. */
bool conversation_is_withdrawn(const struct conversation *c);
/* The manifest of the concern; NULL before it was read, and of a plain one. */
const struct manifest *conversation_concern(const struct conversation *c);
void conversation_free(struct conversation *c);

/* The chain a message belongs to. */
enum chain conversation_chain(const struct conversation_message *m);
