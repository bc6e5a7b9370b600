#pragma once

#include <signal.h>
#include <stdbool.h>

/*
 * While something half-written lies about that somebody could find (the opened
 * files of a case), signals that end the program wait until it is removed or
 * whole. Exchanges with the server break off when one waits (client/http.c).
 */

struct hold {
	bool holds;
	sigset_t before;
};
void hold_begin(struct hold *h);
/* One that waited ends the program here. */
void hold_end(struct hold *h);
bool hold_is_over(void);
