#include "client/speakup.h"

enum {
	REPORT = 1 << 0,
	INBOX = 1 << 1,
	REPLY = 1 << 2,
	WITHDRAW = 1 << 3,
	POLICY = 1 << 4,
	SEAL = 1 << 5,
	CONSENT = 1 << 6,
	SURVEY = 1 << 7,
	COVER = 1 << 8,
};

#define RETURNS (INBOX | REPLY | WITHDRAW | CONSENT | SURVEY)
#define ONLINE (REPORT | RETURNS | POLICY | COVER)
#define AT(member) offsetof(struct speakup_options, member)

static const struct option options[] = {
	COMMON_OPTIONS(ONLINE, struct speakup_options, common),
	{ REPORT, "answer", 'a', OPTION_LIST, "FIELD=VALUE", AT(answer),
	    "An answer to the form; may be repeated." },
	{ REPORT, "answers", 0, OPTION_TEXT, "FILE", AT(answers),
	    "Answers, and the text, from a YAML file." },
	{ REPORT, "entry", 0, OPTION_TEXT, "ID", AT(entry),
	    "The one of that file's list that is meant." },
	{ REPORT, "about", 0, OPTION_LIST, "PERSON", AT(about),
	    "It is about this person: they are left out. May be repeated." },
	{ REPORT | REPLY | SURVEY, "message", 'm', OPTION_TEXT, "FILE",
	    AT(message), "The text; otherwise standard input." },
	{ REPORT | REPLY, "attach", 0, OPTION_LIST, "FILE", AT(attach),
	    "Send this file too; may be repeated." },
	{ REPORT, "save-proof", 0, OPTION_TEXT, "FILE", AT(save_proof),
	    "Keep the server's proof that you raised it." },
	{ REPORT, "save-sealed", 0, OPTION_TEXT, "FILE", AT(save_sealed),
	    "If it could not be stored, keep it there, sealed." },
	{ REPORT, "send", 0, OPTION_TEXT, "FILE", AT(send),
	    "Send a concern that was kept so." },
	{ RETURNS | COVER, "receipt-file", 0, OPTION_TEXT, "FILE",
	    AT(receipt_file),
	    "Read the 12 words there; otherwise they are asked for." },
	{ INBOX, "save", 0, OPTION_TEXT, "DIRECTORY", AT(save),
	    "Write messages and attachments there." },
	{ COVER, "every", 0, OPTION_NUMBER, "MINUTES", AT(every),
	    "Once in every so many; otherwise 360." },
	{ COVER, "once", 0, OPTION_FLAG, NULL, AT(once),
	    "Once, now, for a timer that says when." },
	{ COVER, "tell", 0, OPTION_FLAG, NULL, AT(tell),
	    "Say when something new is there." },
	{ CONSENT, "seq", 0, OPTION_TEXT, "N", AT(seq),
	    "The question's number, to be sure which one is meant." },
	{ SURVEY, "treated-badly", 0, OPTION_TEXT, "yes|no", AT(detriment),
	    "Whether you are treated badly since you spoke up." },
	{ SEAL, "recipient", 'r', OPTION_LIST, "RECIPIENT", AT(recipient),
	    "age1...; may be repeated." },
	{ SEAL, "recipients-file", 'R', OPTION_LIST, "FILE",
	    AT(recipients_file), "A file of recipients, one a line." },
	{ SEAL, "passphrase", 'p', OPTION_FLAG, NULL, AT(passphrase),
	    "With a passphrase (asked for) instead." },
	{ SEAL, "passphrase-fd", 0, OPTION_TEXT, "N", AT(passphrase_fd),
	    "Read the passphrase from descriptor N." },
	{ SEAL, "out", 'o', OPTION_TEXT, "FILE", AT(out),
	    "Where the result goes; otherwise standard output." },
	{ SEAL, "force", 'f', OPTION_FLAG, NULL, AT(force),
	    "Replace that file where it is there already." },
};

static const struct command commands[] = {
	{ REPORT, "report", "", 0, 0,
	    "Raise a concern. Nobody will know who you are.", speakup_report },
	{ INBOX, "inbox", "", 0, 0,
	    "See what was answered, with the 12 words of your receipt.",
	    speakup_inbox },
	{ COVER, "cover", "", 0, 0,
	    "Visit the server at drawn times, so that real visits do not stand "
	    "out.",
	    speakup_cover },
	{ REPLY, "reply", "", 0, 0, "Write again.", speakup_reply },
	{ CONSENT, "consent", "yes|no", 1, 1,
	    "Answer whether something may be told, as you were asked.",
	    speakup_consent },
	{ SURVEY, "survey", "yes|no", 1, 1,
	    "Say whether you would speak up again, and why.", speakup_survey },
	{ WITHDRAW, "withdraw", "", 0, 0, "Take your concern back.",
	    speakup_withdraw },
	{ POLICY, "policy", "", 0, 0,
	    "Show who reads what, and the server's fingerprint.",
	    speakup_policy },
	{ SEAL, "seal", "[FILE]", 0, 1,
	    "Encrypt a file to age recipients; sends nothing.", speakup_seal },
};

static const struct program program = {
	.name = "speakup",
	.help = "raise a concern without being known, and read the answer",
	.commands = commands,
	.n_commands = sizeof(commands) / sizeof(commands[0]),
	.options = options,
	.n_options = sizeof(options) / sizeof(options[0]),
};

int
main(int argc, char **argv)
{
	static struct speakup_options values;

	return (int)options_main(&program, argc, argv, &values);
}
