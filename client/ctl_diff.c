#include "client/ctl.h"

#include <inttypes.h>

#include "client/json.h"
#include "policy/diff.h"

struct said {
	const struct term *term;
	json_t *list; /* NULL without --json */
	int last;     /* part that was said last; -1: none */
};

static void
on_difference(void *ctx, enum diff_part part, const char *sentence)
{
	struct said *s = ctx;

	if (s->list != NULL) {
		(void)json_array_append_new(s->list,
		    json_pack("{s:s, s:s}", "part", diff_part_name(part),
			"text", sentence));
		return;
	}
	if (s->last != (int)part)
		term_say(s->term, "%s%s:", s->last < 0 ? "" : "\n",
		    diff_part_name(part));
	s->last = (int)part;
	term_item(s->term, 1, "%s", sentence);
}

/* The store cannot say whether there are any: it is on another machine. */
static void
warn_gone(const struct term *t, unsigned n)
{
	if (n == 0)
		return;
	term_warn(t,
	    "WARNING: %u route%s of the old policy %s gone. Do not sign the "
	    "new one while a case on %s is open: move each to another route "
	    "first (ftsu route), or keep %s in the policy, with no rule that "
	    "leads there, until the last is closed and will not be opened "
	    "again.",
	    n, n == 1 ? "" : "s", n == 1 ? "is" : "are", n == 1 ? "it" : "them",
	    n == 1 ? "it" : "them");
}

static enum exit_code
summed_up(const struct term *t, const struct said *s,
    const struct diff_summary *sum)
{
	if (s->list != NULL)
		return json_print(t,
		    json_pack("{s:I, s:I, s:I, s:O}", "combinations",
			(json_int_t)sum->combinations, "moved",
			(json_int_t)sum->moved, "gone", (json_int_t)sum->gone,
			"found", s->list));
	if (sum->said == 0)
		term_say(t, "For people the two are the same.");
	else
		term_say(t,
		    "\n%" PRIu64 " combinations of answers and marked "
		    "people tried: %" PRIu64 " go elsewhere.",
		    sum->combinations, sum->moved);
	warn_gone(t, sum->gone);
	return EXIT_DONE;
}

enum exit_code
ctl_policy_diff(const void *values, const struct args *args)
{
	const struct ctl_options *o = values;
	struct term t = ctl_term(o);
	struct said s = {
		.term = &t, .last = -1, .list = o->json ? json_array() : NULL
	};
	struct policy *old CLEAN_POLICY = NULL, *new CLEAN_POLICY = NULL;
	struct diff_summary sum;
	enum exit_code code = ctl_policy_load(o, &t, args->at[0], &old);
	enum err err;

	if (code == EXIT_DONE)
		code = ctl_policy_load(o, &t, args->at[1], &new);
	if (code == EXIT_DONE) {
		err = policy_diff(old, new, on_difference, &s, &sum);
		if (err == ERR_LIMIT)
			code = term_fail(&t, EXIT_FAILED,
			    "There are more "
			    "combinations of answers than can be tried.");
		else if (err != ERR_OK)
			code = fail_err(&t, err, args->at[1]);
		else
			code = summed_up(&t, &s, &sum);
	}
	json_decref(s.list);
	return code;
}
