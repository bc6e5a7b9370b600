#include "client/work.h"

#include <unistd.h>

#include "client/hold.h"
#include "client/moment.h"

#define TRIED_FIRST 4 /* to know how long one takes here */
#define NOTICED_MS 200

static void
say_how_long(const struct term *t, unsigned bits, int64_t ms)
{
	const int64_t all = (ms << bits) / TRIED_FIRST;
	const int64_t seconds = all < 1000 ? 1 : all / 1000;

	if (all >= NOTICED_MS && isatty(STDERR_FILENO) == 1)
		term_warn(t,
		    "The server is busy: doing a piece of work first, about "
		    "%ld second%s.",
		    (long)seconds, seconds == 1 ? "" : "s");
}

enum err
work_do(const struct term *t, const struct answer_work *asked,
    uint8_t ret[static WORK_LEN])
{
	const int64_t begun = moment_now();
	uint64_t counter = 0;
	bool found = false;
	enum err e = work_solve(asked->challenge, asked->bits, TRIED_FIRST,
	    &counter, &found);

	if (e == ERR_OK && !found)
		say_how_long(t, asked->bits, moment_now() - begun);
	while (e == ERR_OK && !found)
		e = hold_is_over() ? ERR_IO
				   : work_solve(asked->challenge, asked->bits,
					 1, &counter, &found);
	if (e == ERR_OK)
		work_put(asked->challenge, counter, ret);
	return e;
}
