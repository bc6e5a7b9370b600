#pragma once

#include <stddef.h>
#include <stdint.h>

/* Transcripts of requests, read from files; their form is described in
 * transcripts/README. */

#define TRANSCRIPTS_MAX 1000
#define TRANSCRIPT_BYTES_MAX 16384
#define TRANSCRIPT_OUTCOME_MAX 512

struct transcript {
	char name[100];
	uint8_t *sent;
	size_t n_sent;
	char outcome[TRANSCRIPT_OUTCOME_MAX]; /* its "> " lines, each with
					       * its newline */
};
struct transcripts {
	size_t n;
	struct transcript at[TRANSCRIPTS_MAX];
};

/* Adds a file's cases. Ends the program where the file is not as described:
 * a case that is not read must not look like one that passed. */
void transcripts_read(struct transcripts *t, const char *path);
void transcripts_free(struct transcripts *t);
