#pragma once

#include "daemon/vault.h"

/*
 * What an operator should hear of the clock: to the log when it grows, and as
 * a file `health` in the state directory for `speakupctl status`, both on a
 * coarse timer, so that neither tells when something happened. "name: value"
 * lines (crypto/lines.h), numbers only:
 *
 *	health     the format, 1
 *	day        when it was last written, in days since 1970
 *	nobody     rungs that were reached, with nobody in them living
 *	lost       of them, those after which there was none left to take
 *	postponed  cases that could not be looked at when they were due
 *
 * all since the start.
 */
struct health {
	int fd; /* -1: there is no file */
	struct vault_health last;
};

/* Before the sandbox. Without the file there is only the log. */
void health_open(struct health *h, const char *state);
void health_beat(struct health *h, const struct vault *v);
void health_close(struct health *h);
