#include "client/staff.h"

enum {
	KEYGEN = 1 << 0,
	OPEN = 1 << 1,
	LOGIN = 1 << 2,
	LOGOUT = 1 << 3,
	QUEUE = 1 << 4,
	SHOW = 1 << 5,
	ACK = 1 << 6,
	REPLY = 1 << 7,
	NOTE = 1 << 8,
};

#define WRITES (ACK | REPLY | NOTE)
#define ONLINE (LOGIN | LOGOUT | QUEUE | SHOW | WRITES)
#define UNLOCKS (LOGIN | SHOW | WRITES)
#define AT(member) offsetof(struct ftsu_options, member)

static const struct option options[] = {
	COMMON_OPTIONS(ONLINE, struct ftsu_options, common),
	{ KEYGEN, "json", 0, OPTION_FLAG, NULL,
	    COMMON_AT(struct ftsu_options, common, json), "Answer in JSON." },
	{ UNLOCKS | LOGOUT | QUEUE | OPEN, "identity", 'i', OPTION_TEXT,
	    "FILE", AT(identity), "The file of your keys." },
	{ UNLOCKS | LOGOUT | QUEUE | OPEN | KEYGEN, "passphrase-fd", 0,
	    OPTION_TEXT, "N", AT(passphrase_fd),
	    "Read the passphrase from descriptor N." },
	{ ONLINE, "state", 0, OPTION_TEXT, "DIRECTORY", AT(state),
	    "Where the newest policy seen is remembered." },
	{ ONLINE, "session-file", 0, OPTION_TEXT, "FILE", AT(session_file),
	    "Where the session is kept." },
	{ QUEUE, "limit", 0, OPTION_NUMBER, "N", AT(limit),
	    "Cases on a page: 1 to 200; 200 if not given." },
	{ QUEUE, "all", 'a', OPTION_FLAG, NULL, AT(all),
	    "All pages, not only the first." },
	{ SHOW, "save", 0, OPTION_TEXT, "DIRECTORY", AT(save),
	    "Write the opened messages and attachments there." },
	{ SHOW, "sealed", 0, OPTION_TEXT, "DIRECTORY", AT(sealed),
	    "Write each message there as an age file, still sealed." },
	{ REPLY | NOTE, "message", 'm', OPTION_TEXT, "FILE", AT(message),
	    "The text; otherwise standard input." },
	{ REPLY | NOTE, "attach", 0, OPTION_LIST, "FILE", AT(attach),
	    "Send this file too; may be repeated." },
	{ OPEN | KEYGEN, "out", 'o', OPTION_TEXT, "FILE", AT(out),
	    "Where the result goes." },
	{ OPEN, "force", 'f', OPTION_FLAG, NULL, AT(force),
	    "Replace that file where it is there already." },
	{ KEYGEN, "classic", 0, OPTION_FLAG, NULL, AT(classic),
	    "No post-quantum key, even where it could be made." },
	{ KEYGEN, "no-passphrase", 0, OPTION_FLAG, NULL, AT(plaintext),
	    "Leave the file unencrypted." },
	{ KEYGEN, "work-factor", 0, OPTION_NUMBER, "N", AT(work_factor),
	    "log2 of scrypt's cost; 18 if not given." },
};

static const struct command commands[] = {
	{ KEYGEN, "keygen", "", 0, 0,
	    "Make your keys, and print what goes into the policy.",
	    ftsu_keygen },
	{ LOGIN, "login", "", 0, 0, "Prove who you are and begin a session.",
	    ftsu_login },
	{ LOGOUT, "logout", "", 0, 0, "End the session.", ftsu_logout },
	{ QUEUE, "queue", "", 0, 0, "List the cases that are given to you.",
	    ftsu_queue },
	{ SHOW, "show", "CASE", 1, 1, "Check a whole case and show it.",
	    ftsu_show },
	{ ACK, "ack", "CASE", 1, 1,
	    "Acknowledge a concern: the reporter sees that it was received.",
	    ftsu_ack },
	{ REPLY, "reply", "CASE", 1, 1,
	    "Write to the reporter, and to all who may read the case.",
	    ftsu_reply },
	{ NOTE, "note", "CASE", 1, 1,
	    "Write to all who may read the case, without the reporter.",
	    ftsu_note },
	{ OPEN, "open", "[FILE]", 0, 1,
	    "Open an age file, with your keys or a passphrase.", ftsu_open },
};

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

	return (int)options_main(&program, argc, argv, &values);
}
