#include "crypto/kind.h"

#define TALK CHAIN_TALK
#define STAFF CHAIN_STAFF

/* clang-format off */
static const struct message_form forms[] = {
	[MESSAGE_CONCERN] = { "concern", TALK, AUTHOR_REPORTER,
	    CONTENT_MUST, 0 },
	[MESSAGE_FOLLOWUP] = { "followup", TALK, AUTHOR_REPORTER,
	    CONTENT_MUST, 0 },
	[MESSAGE_WITHDRAW] = { "withdraw", TALK, AUTHOR_REPORTER,
	    CONTENT_NONE, 0 },
	[MESSAGE_REPLY] = { "reply", TALK, AUTHOR_STAFF, CONTENT_MUST, 0 },
	[MESSAGE_ACK] = { "ack", TALK, AUTHOR_STAFF, CONTENT_NONE, 0 },
	[MESSAGE_NOTE] = { "note", STAFF, AUTHOR_STAFF, CONTENT_MUST, 0 },

	[MESSAGE_SURVEY] = { "survey", TALK, AUTHOR_REPORTER,
	    CONTENT_MUST, 0 },
	[MESSAGE_CONSENT] = { "consent", TALK, AUTHOR_REPORTER,
	    CONTENT_NONE, PARAM_AGREE | PARAM_ABOUT },
	[MESSAGE_ASK] = { "ask", TALK, AUTHOR_STAFF, CONTENT_MUST, 0 },
	[MESSAGE_DISCLOSE] = { "disclose", TALK, AUTHOR_STAFF,
	    CONTENT_MUST, 0 },
	[MESSAGE_ROUTE] = { "route", TALK, AUTHOR_STAFF, CONTENT_MAY,
	    PARAM_ROUTE | PARAM_PEOPLE },
	[MESSAGE_ASSIGN] = { "assign", TALK, AUTHOR_STAFF, CONTENT_MAY,
	    PARAM_INVESTIGATE | PARAM_PERSON | PARAM_GRANTS },
	[MESSAGE_HANDOVER] = { "handover", TALK, AUTHOR_STAFF, CONTENT_MAY,
	    PARAM_FROM | PARAM_PERSON | PARAM_GRANTS },
	[MESSAGE_RECUSE] = { "recuse", TALK, AUTHOR_STAFF, CONTENT_NONE, 0 },
	[MESSAGE_GRANT] = { "grant", TALK, AUTHOR_STAFF, CONTENT_NONE,
	    PARAM_PERSON | PARAM_GRANTS },
	[MESSAGE_FEEDBACK] = { "feedback", TALK, AUTHOR_STAFF,
	    CONTENT_MUST, 0 },
	[MESSAGE_CLOSE] = { "close", TALK, AUTHOR_STAFF, CONTENT_MAY, 0 },
	[MESSAGE_REOPEN] = { "reopen", TALK, AUTHOR_STAFF, CONTENT_MAY, 0 },
	[MESSAGE_OVERRIDE] = { "override", TALK, AUTHOR_STAFF,
	    CONTENT_MUST, 0 },
	[MESSAGE_SECOND] = { "second", TALK, AUTHOR_STAFF, CONTENT_NONE,
	    PARAM_ABOUT },
	[MESSAGE_DECLINE] = { "decline", TALK, AUTHOR_STAFF, CONTENT_MAY,
	    PARAM_ABOUT },
	[MESSAGE_NOTICE] = { "notice", TALK, AUTHOR_INSTANCE, CONTENT_NONE,
	    PARAM_CODE },

	[MESSAGE_TRIAGE] = { "triage", STAFF, AUTHOR_STAFF, CONTENT_MAY,
	    PARAM_BAND | PARAM_COMPLEX },
	[MESSAGE_BAND] = { "band", STAFF, AUTHOR_STAFF, CONTENT_NONE,
	    PARAM_BAND },
	[MESSAGE_ADVISE] = { "advise", STAFF, AUTHOR_STAFF, CONTENT_MAY, 0 },
	[MESSAGE_HANDLE] = { "handle", STAFF, AUTHOR_STAFF, CONTENT_MAY, 0 },
	[MESSAGE_REFER] = { "refer", STAFF, AUTHOR_STAFF, CONTENT_MUST, 0 },
	[MESSAGE_HUB] = { "hub", STAFF, AUTHOR_STAFF, CONTENT_MAY, 0 },
	[MESSAGE_TERMS] = { "terms", STAFF, AUTHOR_STAFF, CONTENT_MUST, 0 },
	[MESSAGE_EVIDENCE] = { "evidence", STAFF, AUTHOR_STAFF,
	    CONTENT_MAY, 0 },
	[MESSAGE_REPORT] = { "report", STAFF, AUTHOR_STAFF, CONTENT_MUST,
	    PARAM_CONDUCT },
	[MESSAGE_REVIEW] = { "review", STAFF, AUTHOR_STAFF, CONTENT_MUST, 0 },
	[MESSAGE_ACTION] = { "action", STAFF, AUTHOR_STAFF, CONTENT_MAY,
	    PARAM_CONDUCT },
	[MESSAGE_HOLD] = { "hold", STAFF, AUTHOR_STAFF, CONTENT_MUST, 0 },
	[MESSAGE_RELEASE] = { "release", STAFF, AUTHOR_STAFF,
	    CONTENT_MAY, 0 },
	[MESSAGE_ESCALATE] = { "escalate", STAFF, AUTHOR_STAFF,
	    CONTENT_MAY, 0 },
	[MESSAGE_RECORD] = { "record", STAFF, AUTHOR_STAFF, CONTENT_MUST, 0 },
	[MESSAGE_UNOPENED] = { "unopened", STAFF, AUTHOR_STAFF, CONTENT_NONE,
	    PARAM_CHAIN | PARAM_ABOUT },
	[MESSAGE_EVENT] = { "event", STAFF, AUTHOR_INSTANCE, CONTENT_NONE,
	    PARAM_CODE | PARAM_PEOPLE },

	[MESSAGE_DISMISS] = { "dismiss", TALK, AUTHOR_STAFF,
	    CONTENT_NONE, 0 },
};
/* clang-format on */
_Static_assert(sizeof(forms) / sizeof(forms[0]) == MESSAGE_KINDS,
    "every kind has its form");

static const struct {
	const char *name;
	enum message_kind kind;
} codes[] = {
	[NOTICE_PROMPT] = { "prompt", MESSAGE_NOTICE },
	[NOTICE_SILENT] = { "silent", MESSAGE_NOTICE },
	[NOTICE_CHECK] = { "check", MESSAGE_NOTICE },
	[NOTICE_JOINED] = { "joined", MESSAGE_EVENT },
	[NOTICE_TOLD] = { "told", MESSAGE_EVENT },
	[NOTICE_NOBODY] = { "nobody", MESSAGE_EVENT },
	[NOTICE_BREACHED] = { "breached", MESSAGE_EVENT },
	[NOTICE_UNANSWERED] = { "unanswered", MESSAGE_EVENT },
	[NOTICE_LEFT] = { "left", MESSAGE_EVENT },
};
_Static_assert(sizeof(codes) / sizeof(codes[0]) == NOTICE_CODES,
    "every code has its name");

const struct message_form *
message_form(enum message_kind k)
{
	return &forms[k];
}

const char *
message_kind_name(enum message_kind k)
{
	return forms[k].name;
}

enum err
message_kind_parse(struct bytes text, enum message_kind *ret)
{
	for (unsigned i = 0; i < MESSAGE_KINDS; i++) {
		if (bytes_equal(text, bytes_str(forms[i].name))) {
			*ret = (enum message_kind)i;
			return ERR_OK;
		}
	}
	return ERR_SYNTAX;
}

enum chain
message_kind_chain(enum message_kind k)
{
	return forms[k].chain;
}

bool
message_kind_has_content(enum message_kind k)
{
	return forms[k].content == CONTENT_MUST;
}

bool
message_kind_is_reporters(enum message_kind k)
{
	return forms[k].author == AUTHOR_REPORTER;
}

const char *
chain_name(enum chain c)
{
	return c == CHAIN_TALK ? "talk" : "staff";
}

enum err
chain_parse(struct bytes text, enum chain *ret)
{
	if (bytes_equal(text, BYTES_LIT("talk")))
		*ret = CHAIN_TALK;
	else if (bytes_equal(text, BYTES_LIT("staff")))
		*ret = CHAIN_STAFF;
	else
		return ERR_SYNTAX;
	return ERR_OK;
}

const char *
notice_code_name(enum notice_code c)
{
	return codes[c].name;
}

enum err
notice_code_parse(struct bytes text, enum notice_code *ret)
{
	for (unsigned i = 0; i < NOTICE_CODES; i++) {
		if (bytes_equal(text, bytes_str(codes[i].name))) {
			*ret = (enum notice_code)i;
			return ERR_OK;
		}
	}
	return ERR_SYNTAX;
}

enum message_kind
notice_code_kind(enum notice_code c)
{
	return codes[c].kind;
}
