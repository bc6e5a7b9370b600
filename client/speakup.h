#pragma once

#include "client/common.h"
#include "client/conversation.h"
#include "client/fetch.h"
#include "client/file.h"

/* What speakup's commands share. */

struct speakup_options {
	struct common common;
	struct option_list answer;
	const char *answers;
	const char *entry;
	struct option_list about;
	const char *message;
	struct option_list attach;
	const char *save_proof;
	const char *save_sealed;
	const char *send;
	const char *receipt_file;
	const char *save;
	const char *seq;
	uint64_t every; /* minutes; 0: not given */
	bool once, tell;
	const char *detriment;
	const char *out;
	bool force;
	bool passphrase;
	const char *passphrase_fd;
	struct option_list recipient;
	struct option_list recipients_file;
};

static inline struct term
speakup_term(const struct speakup_options *o)
{
	return (struct term){ .program = "speakup",
		.json = o->common.json,
		.yes = o->common.yes };
}

/*
 * The receipt: from --receipt-file; else, where standard input is a terminal,
 * asked for; else its first line.
 */
enum exit_code receipt_get(const struct speakup_options *o,
    const struct term *t, uint8_t out[static RECEIPT_LEN]) MUST_CHECK;

/* A returning reporter, with everything that the receipt brings back. */
struct mailbox {
	const struct speakup_options *o;
	struct term term;
	struct server server;
	struct known_policy known;
	struct receipt_keys keys;
	struct conversation *c;
	struct folder folder;
	struct fetch fetch;
};
/* Opens the server, asks for the receipt, fetches and checks everything.
 * EXIT_UNKNOWN is said: nothing there. mailbox_close in any case. */
enum exit_code mailbox_open(const struct speakup_options *o,
    struct mailbox *ret) MUST_CHECK;
enum exit_code mailbox_refresh(struct mailbox *b) MUST_CHECK;
void mailbox_close(struct mailbox *b);
/* "You", or the name of a person; ctx is a struct mailbox. */
const char *mailbox_name(void *ctx, uint16_t person, char *out, size_t cap);

enum exit_code speakup_report(const void *values, const struct args *args);
enum exit_code speakup_inbox(const void *values, const struct args *args);
enum exit_code speakup_cover(const void *values, const struct args *args);
enum exit_code speakup_reply(const void *values, const struct args *args);
/* Fields of the answers in a survey; yes or no. */
#define SURVEY_AGAIN "again"	     /* would they speak up again */
#define SURVEY_DETRIMENT "detriment" /* are they treated badly since */
enum exit_code speakup_consent(const void *values, const struct args *args);
enum exit_code speakup_survey(const void *values, const struct args *args);
enum exit_code speakup_withdraw(const void *values, const struct args *args);
enum exit_code speakup_policy(const void *values, const struct args *args);
enum exit_code speakup_seal(const void *values, const struct args *args);
