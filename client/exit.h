#pragma once

/*
 * What speakup, ftsu and speakupctl end with; the man pages list the same
 * table under EXIT STATUS.
 */
enum exit_code {
	EXIT_DONE = 0,	  /* done; for a concern: stored, proof checked */
	EXIT_FAILED = 1,  /* a file, memory, or something on this machine */
	EXIT_USAGE = 2,	  /* the command line */
	EXIT_REFUSED = 3, /* a check failed: tampering, a rollback, expiry */
	EXIT_UNAVAILABLE = 4, /* no answer that we can use: no proof */
	EXIT_NOT_STORED = 5,  /* the server said why it did not store it */
	EXIT_SECRET = 6,      /* receipt, passphrase or identity does not fit */
	EXIT_DECLINED = 7,    /* a question was answered with no */
	EXIT_UNKNOWN = 8,     /* no such case, message or mailbox */
	EXIT_LOGIN = 9,	      /* no session: log in (again) */
};
