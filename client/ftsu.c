#include "client/ftsu.h"

#include <stdlib.h>

/* Commands, by place of their bit. Those from ACK to NOTE are kinds of message
 * and are carried out by ftsu_act. */
enum {
	KEYGEN,
	LOGIN,
	LOGOUT,
	OPEN,
	QUEUE,
	SHOW,
	AUDIT,
	SEARCH,
	WATCH,
	PULL,
	NEW,
	ACK,
	TRIAGE,
	ADVISE,
	HANDLE,
	REFER,
	HUB,
	TERMS,
	EVIDENCE,
	REPORT,
	REVIEW,
	ACTION,
	FEEDBACK,
	CLOSE,
	SECOND,
	DECLINE,
	REOPEN,
	REPLY,
	ASK,
	DISCLOSE,
	OVERRIDE,
	ROUTE,
	RECUSE,
	ESCALATE,
	HOLD,
	RELEASE,
	NOTE,
	BAND,
	INVESTIGATORS,
	ASSIGN,
	GRANT,
	HANDOVER,
	UNOPENED,
	DISMISS,
	RECORD,
	COMMANDS,
};
#define BIT(n) (UINT64_C(1) << (n))
#define BITS(first, last) ((BIT(last) << 1) - BIT(first))

#define WRITES BITS(ACK, NOTE)
/* Of these, what has no text. */
#define BARE (BIT(ACK) | BIT(SECOND) | BIT(RECUSE))
#define TEXTS ((WRITES & ~BARE) | BIT(ASSIGN) | BIT(HANDOVER) | BIT(NEW))
#define FILES (TEXTS & ~BIT(HANDOVER))
#define ONLINE (BITS(LOGIN, LOGOUT) | BITS(QUEUE, RECORD))
#define KEYED ((ONLINE | BIT(OPEN)) & ~BIT(WATCH))
#define PICKS (BIT(QUEUE) | BIT(BAND) | BIT(SEARCH))

#define AT(member) offsetof(struct ftsu_options, member)

static const struct option options[] = {
	COMMON_OPTIONS(ONLINE, struct ftsu_options, common),
	{ BIT(KEYGEN), "json", 0, OPTION_FLAG, NULL,
	    COMMON_AT(struct ftsu_options, common, json), "Answer in JSON." },
	{ KEYED, "identity", 'i', OPTION_TEXT, "FILE", AT(identity),
	    "The file of your keys; else $FTSU_IDENTITY." },
	{ KEYED | BIT(KEYGEN), "passphrase-fd", 0, OPTION_TEXT, "N",
	    AT(passphrase_fd), "Read the passphrase from descriptor N." },
	{ ONLINE, "state", 0, OPTION_TEXT, "DIRECTORY", AT(state),
	    "Where the newest policy seen is remembered." },
	{ ONLINE, "session-file", 0, OPTION_TEXT, "FILE", AT(session_file),
	    "Where the session is kept." },

	{ PICKS | BIT(DISMISS), "band", 0, OPTION_LIST, "BAND", AT(band),
	    "Only cases in this band, P1 to P4; may be repeated." },
	{ PICKS, "in", 0, OPTION_LIST, "STATE", AT(in),
	    "Only cases in this state; may be repeated." },
	{ PICKS, "breached", 0, OPTION_FLAG, NULL, AT(breached),
	    "Only cases with a missed deadline." },
	{ BIT(QUEUE), "area", 0, OPTION_TEXT, "AREA", AT(area),
	    "Only concerns from there: opens each one to look." },
	{ BIT(QUEUE), "limit", 0, OPTION_NUMBER, "N", AT(limit),
	    "Cases on a page: 1 to 160; 160 if not given." },
	{ BIT(QUEUE), "all", 'a', OPTION_FLAG, NULL, AT(all),
	    "All pages, not only the first." },
	{ BIT(SHOW), "save", 0, OPTION_TEXT, "DIRECTORY", AT(save),
	    "Write the opened messages and attachments there." },
	{ BIT(SHOW) | BIT(PULL), "sealed", 0, OPTION_TEXT, "DIRECTORY",
	    AT(sealed),
	    "Write each message there as an age file, still "
	    "sealed." },
	{ BIT(PULL), "open", 0, OPTION_TEXT, "DIRECTORY", AT(open),
	    "Write the opened cases there too, a folder for each." },
	{ BIT(SEARCH), "export", 0, OPTION_TEXT, "DIRECTORY", AT(export),
	    "Write what is found there, with an index.csv." },
	{ BIT(WATCH), "hook", 0, OPTION_TEXT, "COMMAND", AT(hook),
	    "Run this instead of printing a line." },
	{ BIT(WATCH), "once", 0, OPTION_FLAG, NULL, AT(once),
	    "End after the first change." },

	{ TEXTS, "message", 'm', OPTION_TEXT, "FILE", AT(message),
	    "The text; otherwise an editor or standard input, where there "
	    "must be one." },
	{ FILES, "attach", 0, OPTION_LIST, "FILE", AT(attach),
	    "Send this file too; may be repeated." },
	{ BIT(DISMISS), "flood", 0, OPTION_FLAG, NULL, AT(flood),
	    "All that nobody has acknowledged, and the options pick." },
	{ BIT(DISMISS), "second", 0, OPTION_FLAG, NULL, AT(is_second),
	    "Agree, as the second person, to what others set aside." },
	{ BIT(DISMISS), "written", 0, OPTION_FLAG, NULL, AT(has_written),
	    "Those too to which their reporters have written since." },
	{ BIT(DISMISS), "since", 0, OPTION_TEXT, "DAY", AT(since),
	    "Only concerns filed on that day or later." },
	{ BIT(DISMISS), "route", 0, OPTION_TEXT, "ROUTE", AT(route),
	    "Only concerns on this route." },
	{ BIT(DISMISS), "sample", 0, OPTION_TEXT, "N", AT(sample),
	    "How many to open first; 3 if not given, 0 with --yes." },
	{ BIT(DISMISS), "dry-run", 0, OPTION_FLAG, NULL, AT(dry_run),
	    "Only show what would be set aside." },

	{ BIT(TRIAGE), "band", 0, OPTION_LIST, "BAND", AT(band),
	    "How urgent it is, P1 to P4; as it was if not given." },
	{ BIT(TRIAGE), "complex", 0, OPTION_FLAG, NULL, AT(is_complex),
	    "An investigation gets the longer time." },
	{ BIT(REPORT) | BIT(ACTION), "conduct", 0, OPTION_TEXT, "yes|no",
	    AT(conduct), "Whether it is about somebody's conduct." },

	{ BIT(ASSIGN), "share", 0, OPTION_TEXT, "all|selected|from-now",
	    AT(share), "How much of the case they can read." },
	{ BIT(ASSIGN), "pick", 0, OPTION_LIST, "MESSAGE", AT(pick),
	    "One that they can read, as ftsu show numbers them." },
	{ BIT(ASSIGN), "summary", 0, OPTION_TEXT, "FILE", AT(summary),
	    "A note for them, among staff." },
	{ BIT(ASSIGN), "terms", 0, OPTION_TEXT, "FILE", AT(terms),
	    "Terms of reference." },
	{ BIT(ASSIGN), "expected", 0, OPTION_TEXT, "DAY", AT(expected),
	    "When the reporter may expect to hear, as 2027-01-31." },
	{ BIT(ASSIGN), "force", 'f', OPTION_FLAG, NULL, AT(force),
	    "In spite of training, area or caseload." },
	{ BIT(HANDOVER), "to", 0, OPTION_TEXT, "PERSON", AT(to),
	    "Who gets them." },
	{ BIT(HANDOVER), "from", 0, OPTION_TEXT, "PERSON", AT(from),
	    "Whose they are, if not yours." },

	{ BIT(RECORD), "set", 0, OPTION_LIST, "FIELD=VALUE", AT(set),
	    "Another version, with this; may be repeated." },
	{ BIT(RECORD), "edit", 0, OPTION_FLAG, NULL, AT(edit),
	    "Another version, in an editor." },

	{ BIT(NEW), "raised", 0, OPTION_TEXT, "open|confidential", AT(raised),
	    "How it was raised." },
	{ BIT(NEW), "answer", 0, OPTION_LIST, "FIELD=VALUE", AT(answer),
	    "An answer to a question of the form; may be repeated." },
	{ BIT(NEW), "about", 0, OPTION_LIST, "PERSON", AT(about),
	    "Somebody it is about, who is left out; may be repeated." },
	{ BIT(NEW), "keep-receipt", 0, OPTION_FLAG, NULL, AT(keep_receipt),
	    "Keep the receipt in the case's record instead of showing it." },

	{ BIT(OPEN) | BIT(KEYGEN), "out", 'o', OPTION_TEXT, "FILE", AT(out),
	    "Where the result goes." },
	{ BIT(OPEN), "force", 'f', OPTION_FLAG, NULL, AT(force),
	    "Replace that file where it is there already." },
	{ BIT(KEYGEN), "classic", 0, OPTION_FLAG, NULL, AT(classic),
	    "No post-quantum key, even where it could be made." },
	{ BIT(KEYGEN), "no-passphrase", 0, OPTION_FLAG, NULL, AT(plaintext),
	    "Leave the file unencrypted." },
	{ BIT(KEYGEN), "work-factor", 0, OPTION_NUMBER, "N", AT(work_factor),
	    "log2 of scrypt's cost; 18 if not given." },
};

/* clang-format off */
#define GROUP(title) { 0, NULL, "", 0, 0, title, NULL }
/* What staff does to one case. */
#define ACT(n, name, help) { BIT(n), name, "CASE", 1, 1, help, ftsu_act }
/* clang-format on */
#define MANY 64

static const struct command commands[] = {
	GROUP("Yourself:"),
	{ BIT(KEYGEN), "keygen", "", 0, 0,
	    "Make your keys, and print what goes into the policy.",
	    ftsu_keygen },
	{ BIT(LOGIN), "login", "", 0, 0,
	    "Prove who you are and begin a session.", ftsu_login },
	{ BIT(LOGOUT), "logout", "", 0, 0, "End the session.", ftsu_logout },
	{ BIT(OPEN), "open", "[FILE]", 0, 1,
	    "Open an age file, with your keys or a passphrase.", ftsu_open },

	GROUP("Your cases:"),
	{ BIT(QUEUE), "queue", "", 0, 0,
	    "List the cases that you may read, the next deadline first.",
	    ftsu_queue },
	{ BIT(SHOW), "show", "CASE", 1, 1,
	    "Check a whole case and show it, and what you can do next.",
	    ftsu_show },
	{ BIT(AUDIT), "audit", "CASE", 1, 1,
	    "Check a case's chains and print what was done, in order.",
	    ftsu_audit },
	{ BIT(SEARCH), "search", "WORD...", 1, MANY,
	    "Look for words in all that you may read, on this machine.",
	    ftsu_search },
	{ BIT(WATCH), "watch", "", 0, 0, "Wait until something changes.",
	    ftsu_watch },
	{ BIT(PULL), "pull", "", 0, 0,
	    "Fetch the cases that were given to you, as sealed files.",
	    ftsu_pull },
	{ BIT(NEW), "new", "", 0, 0,
	    "Write down a concern that somebody told you.", ftsu_new },

	GROUP("From the first day on:"),
	ACT(ACK, "ack", "Acknowledge it: the reporter sees that."),
	ACT(TRIAGE, "triage", "Say how urgent it is."),
	{ BIT(BAND), "band", "BAND [CASE...]", 1, MANY,
	    "Set another band, of one case or of many.", ftsu_band },
	ACT(ADVISE, "advise", "Advice is all that is wanted."),
	ACT(HANDLE, "handle", "Handle it yourself."),
	ACT(REFER, "refer", "Refer it; the text says to whom."),
	ACT(HUB, "hub", "Bring it to the resolution hub."),
	ACT(NOTE, "note", "Write to all who may read it but the reporter."),
	{ BIT(RECORD), "record", "CASE", 1, 1,
	    "Show the case's record, or keep another version.", ftsu_record },

	GROUP("With the reporter:"),
	ACT(REPLY, "reply", "Write to the reporter, and to all readers."),
	ACT(ASK, "ask", "The same, and an answer is awaited."),
	ACT(DISCLOSE, "disclose", "Ask whether it may be told, and to whom."),
	ACT(OVERRIDE, "override",
	    "Tell it without consent, because of serious harm; needs two."),
	ACT(FEEDBACK, "feedback", "Say what came of it."),

	GROUP("Who reads it:"),
	{ BIT(INVESTIGATORS), "investigators", "CASE", 1, 1,
	    "Who could investigate it, and why others could not.",
	    ftsu_investigators },
	{ BIT(ASSIGN), "assign", "CASE PERSON", 2, 2,
	    "Give it to an investigator, or let somebody else read it.",
	    ftsu_assign },
	{ BIT(GRANT), "grant", "CASE PERSON", 2, 2,
	    "Let a reader open what was sealed before they came.", ftsu_grant },
	{ BIT(HANDOVER), "handover", "[CASE...]", 0, MANY,
	    "Give all your open cases, or a leaver's, to another.",
	    ftsu_handover },
	{ BIT(UNOPENED), "unopened", "CASE", 1, 1,
	    "Tell the others what does not open for you.", ftsu_unopened },
	{ BIT(ROUTE), "route", "CASE ROUTE", 2, 2, "Send it another way.",
	    ftsu_act },
	ACT(ESCALATE, "escalate", "Bring in the next rung of the ladder now."),
	ACT(RECUSE, "recuse", "Step back: you read it no more."),

	GROUP("An investigation:"),
	ACT(TERMS, "terms", "Set terms of reference."),
	ACT(EVIDENCE, "evidence", "Say that evidence is gathered."),
	ACT(REPORT, "report", "Report the findings."),
	ACT(REVIEW, "review", "Record the pre-action review."),
	ACT(ACTION, "action", "Say what is done about it."),

	GROUP("The end of a case:"),
	ACT(CLOSE, "close", "Close it; a serious one needs two."),
	{ BIT(DISMISS), "dismiss", "[CASE...]", 0, MANY,
	    "Set a flood of junk aside, unread; the reporters are told.",
	    ftsu_dismiss },
	ACT(SECOND, "second", "Agree to close or to override, as the second."),
	ACT(DECLINE, "decline", "Do not agree, or take it back."),
	ACT(REOPEN, "reopen", "Open it again."),
	ACT(HOLD, "hold", "Put a legal hold on it."),
	ACT(RELEASE, "release", "End the legal hold."),
};
_Static_assert(COMMANDS <= 64, "a command is a bit");

static const struct program program = {
	.name = "ftsu",
	.help = "the cases of a Freedom to Speak Up guardian or investigator",
	.commands = commands,
	.n_commands = sizeof(commands) / sizeof(commands[0]),
	.options = options,
	.n_options = sizeof(options) / sizeof(options[0]),
};

int
main(int argc, char **argv)
{
	static struct ftsu_options values;

	values.common.server = getenv("FTSU_SERVER");
	values.identity = getenv("FTSU_IDENTITY");
	return (int)options_main(&program, argc, argv, &values);
}
