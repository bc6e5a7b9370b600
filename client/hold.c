#include "client/hold.h"

static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
#define N_ENDS (sizeof(ends) / sizeof(ends[0]))

void
hold_begin(struct hold *h)
{
	sigset_t held;

	if (h->holds)
		return;
	(void)sigemptyset(&held);
	for (size_t i = 0; i < N_ENDS; i++)
		(void)sigaddset(&held, ends[i]);
	h->holds = sigprocmask(SIG_BLOCK, &held, &h->before) == 0;
}

void
hold_end(struct hold *h)
{
	if (h->holds)
		(void)sigprocmask(SIG_SETMASK, &h->before, NULL);
	h->holds = false;
}

bool
hold_is_over(void)
{
	sigset_t waiting;

	if (sigpending(&waiting) != 0)
		return false;
	for (size_t i = 0; i < N_ENDS; i++)
		if (sigismember(&waiting, ends[i]) == 1)
			return true;
	return false;
}
