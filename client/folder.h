#pragma once

#include "client/conversation.h"
#include "client/file.h"
#include "client/hold.h"

/*
 * Where a case is written when the person asks for it: one folder for each
 * message, talk-000-concern and so on, with message.txt, attachments/ and
 * manifest.txt. A message's folder gets its name only when all of it was
 * checked; what is there already stays, and what a signal interrupts goes.
 *
 * With --sealed, one ordinary age file for each message instead,
 * CASE-talk-0000.age: stock age and tar open it.
 */
struct folder {
	const struct term *term;
	const char *path;   /* NULL: opened messages are not written */
	const char *sealed; /* NULL: age files are not written */
	char *partial;	    /* of the current message */
	int attachment;	    /* descriptor; -1 */
	size_t index;	    /* whose it is */
	struct output age;
	char *age_path;
	bool has_age;
	struct hold hold; /* from a message's begin to its end */
};

/* Both directories are made where they are not there. */
enum exit_code folder_open(const struct term *t, const char *path,
    const char *sealed, struct folder *ret) MUST_CHECK;
enum exit_code folder_begin(struct folder *f) MUST_CHECK;
/* Of the age file: envelope, then payload. */
enum exit_code folder_put_sealed(struct folder *f, struct bytes x) MUST_CHECK;
/* conversation_sink for ctx = a struct folder. */
conversation_sink folder_sink;
/* The message was checked. */
enum exit_code folder_end(struct folder *f,
    const struct conversation_message *m) MUST_CHECK;
/* Removes what was not finished. */
void folder_close(struct folder *f);
