#pragma once

#include "crypto/bytes.h"

/*
 * The kinds of message, and what each is made of: one table for vault and
 * clients. docs/PROTOCOL.md, "Kinds". Who may write which, and when, is
 * policy/life.h.
 */

#define PERSON_REPORTER 0 /* every other person has a number of the policy */
#define PERSON_INSTANCE 65535 /* the server itself, by its instance key */

enum message_kind {
	/* talk chain: what the reporter reads, too */
	MESSAGE_CONCERN,  /* reporter, first of the conversation */
	MESSAGE_FOLLOWUP, /* reporter */
	MESSAGE_WITHDRAW, /* reporter */
	MESSAGE_REPLY,
	MESSAGE_ACK,
	/* staff chain: among the case's readers */
	MESSAGE_NOTE,

	/* talk chain again; reporter */
	MESSAGE_SURVEY,	 /* would they speak up again; detriment answers */
	MESSAGE_CONSENT, /* yes or no to a MESSAGE_DISCLOSE */
	/* talk chain; staff. What changes who may read is always here, so
	 * that the reporter's client computes the same readers. */
	MESSAGE_ASK,	  /* a reply that waits for an answer */
	MESSAGE_DISCLOSE, /* asks consent to a named disclosure */
	MESSAGE_ROUTE,	  /* the case takes another route */
	MESSAGE_ASSIGN,	  /* another person may read */
	MESSAGE_HANDOVER, /* one reader's place goes to another */
	MESSAGE_RECUSE,	  /* the author reads no more */
	MESSAGE_GRANT,	  /* envelopes for a reader who lacks some */
	MESSAGE_FEEDBACK, /* what came of it */
	MESSAGE_CLOSE,
	MESSAGE_REOPEN,
	MESSAGE_OVERRIDE, /* disclosure, because of immediate serious harm */
	MESSAGE_SECOND, /* a second person agrees to CLOSE, DISMISS, OVERRIDE */
	MESSAGE_DECLINE, /* or does not; or the first takes it back */
	/* talk chain; instance */
	MESSAGE_NOTICE,

	/* staff chain; staff */
	MESSAGE_TRIAGE,
	MESSAGE_BAND,	  /* another band, nothing else */
	MESSAGE_ADVISE,	  /* advice is all that is wanted */
	MESSAGE_HANDLE,	  /* the guardian handles it */
	MESSAGE_REFER,	  /* to whom is in the content */
	MESSAGE_HUB,	  /* resolution hub */
	MESSAGE_TERMS,	  /* terms of reference */
	MESSAGE_EVIDENCE, /* gathering it has begun, or is over */
	MESSAGE_REPORT,	  /* findings */
	MESSAGE_REVIEW,	  /* pre-action review was held */
	MESSAGE_ACTION,
	MESSAGE_HOLD,	  /* legal hold */
	MESSAGE_RELEASE,  /* its end */
	MESSAGE_ESCALATE, /* the next rung, now */
	MESSAGE_RECORD,	  /* the sealed case record, a version of it */
	MESSAGE_UNOPENED, /* a message does not open for the author */
	/* staff chain; instance */
	MESSAGE_EVENT,

	/* talk chain; staff. Stores keep these numbers: what is new is last. */
	MESSAGE_DISMISS, /* closed unread, as junk */
};
#define MESSAGE_KINDS (MESSAGE_DISMISS + 1)

enum chain { CHAIN_TALK, CHAIN_STAFF };

enum message_author { AUTHOR_REPORTER, AUTHOR_STAFF, AUTHOR_INSTANCE };

/* Envelopes and payload. */
enum message_content { CONTENT_NONE, CONTENT_MAY, CONTENT_MUST };

/* Lines that an entry of this kind has besides those that all have. */
#define PARAM_BAND (1u << 0)
#define PARAM_COMPLEX (1u << 1) /* yes or no */
#define PARAM_CONDUCT (1u << 2) /* yes or no: the findings are of conduct */
#define PARAM_AGREE (1u << 3)	/* yes or no */
#define PARAM_ROUTE (1u << 4)
#define PARAM_FROM (1u << 5) /* whose place */
#define PARAM_PERSON (1u << 6)
#define PARAM_GRANTS (1u << 7)	     /* digest: crypto/link.h */
#define PARAM_ABOUT (1u << 8)	     /* seq of the talk message meant */
#define PARAM_CODE (1u << 9)	     /* enum notice_code, and a number */
#define PARAM_PEOPLE (1u << 10)	     /* 0+ */
#define PARAM_CHAIN (1u << 11)	     /* chain that `about` counts in */
#define PARAM_INVESTIGATE (1u << 12) /* yes or no: to investigate it */

struct message_form {
	const char *name;
	enum chain chain;
	enum message_author author;
	enum message_content content;
	unsigned params;
};
const struct message_form *message_form(enum message_kind k);

const char *message_kind_name(enum message_kind k);
enum err message_kind_parse(struct bytes text, enum message_kind *ret)
    MUST_CHECK;
enum chain message_kind_chain(enum message_kind k);
/* Always; for kinds that may have it, ask the entry. */
bool message_kind_has_content(enum message_kind k);
bool message_kind_is_reporters(enum message_kind k);
const char *chain_name(enum chain c);
enum err chain_parse(struct bytes text, enum chain *ret) MUST_CHECK;

/*
 * What a notice (to the reporter) or event (among staff) says; clients have
 * the words. The number beside it: of the rung, prompt or check, from 1.
 */
enum notice_code {
	NOTICE_PROMPT,	   /* talk: an answer is awaited */
	NOTICE_SILENT,	   /* talk: closed, since none came */
	NOTICE_CHECK,	   /* talk: are you treated badly since? */
	NOTICE_JOINED,	   /* staff: a rung is reached; people may read now */
	NOTICE_TOLD,	   /* staff: a rung is reached; people were told */
	NOTICE_NOBODY,	   /* staff: nobody of this rung is living */
	NOTICE_BREACHED,   /* staff: a deadline passed; number: enum
			      policy_deadline, from 1 */
	NOTICE_UNANSWERED, /* staff: the reporter is silent, and two people
			      must close this band */
	NOTICE_LEFT,	   /* staff: a reader has left the organisation */
};
#define NOTICE_CODES (NOTICE_LEFT + 1)
const char *notice_code_name(enum notice_code c);
enum err notice_code_parse(struct bytes text, enum notice_code *ret) MUST_CHECK;
enum message_kind notice_code_kind(enum notice_code c);
