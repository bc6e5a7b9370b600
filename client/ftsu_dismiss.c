#include "client/ftsu.h"

#include <stdlib.h>
#include <string.h>

#include "client/dismissal.h"
#include "client/flood.h"
#include "client/json.h"
#include "client/show.h"
#include "crypto/codec.h"
#include "crypto/env.h"

/*
 * A flood of junk: everything that came in and that nobody has acknowledged is
 * set aside in one command, without being opened. What is meant is acknowledged
 * before that, which takes it out of the flood. Each concern is done wholly or
 * not at all, and one that was done is not found again, so the command may be
 * given again after anything.
 */

#define SAMPLE 3

struct clearing {
	struct flood f;
	size_t stored, changed, ours, failed; /* what became of them */
	size_t closed; /* of `stored`; the others wait for a second person */
};

/* --- a few of them, opened --- */

static const char *
name_of(void *ctx, uint16_t person, char *out, size_t cap)
{
	return staff_name(ctx, person, out, cap);
}

static void
show_one(struct clearing *c, const struct answer_row *row)
{
	char id[2 * CASE_ID_LEN + 1];
	struct staff_case k = { 0 };

	hex_encode(id, row->case_id, CASE_ID_LEN);
	term_say(&c->f.s->term, "\nCase %s:", id);
	if (staff_case_open(c->f.s, row->case_id, NULL, NULL, &k) == EXIT_DONE)
		show_messages(&c->f.s->term, k.c, CHAIN_TALK, name_of, c->f.s);
	staff_case_close(&k);
}

static size_t
sample_size(const struct clearing *c)
{
	const struct ftsu_options *o = c->f.s->o;
	size_t n = SAMPLE;

	if (o->sample != NULL)
		n = strtoul(o->sample, NULL, 10);
	else if (c->f.s->term.yes)
		n = 0;
	return n < c->f.q.n ? n : c->f.q.n;
}

/* Drawn by chance, so that nobody who sends a flood knows which are looked at:
 * they come to the front of the list. */
static enum exit_code
show_sample(struct clearing *c)
{
	size_t n = c->f.s->term.json ? 0 : sample_size(c);
	uint64_t x;

	if (n > 0)
		term_say(&c->f.s->term, "\n%zu of them, drawn by chance:", n);
	for (size_t i = 0; i < n; i++) {
		struct answer_row row = c->f.q.row[i];
		size_t at;

		if (env_random(&env_system, (uint8_t *)&x, sizeof(x)) != ERR_OK)
			return fail_err(&c->f.s->term, ERR_CRYPTO,
			    "The sample");
		at = i + (size_t)(x % (c->f.q.n - i));
		c->f.q.row[i] = c->f.q.row[at];
		c->f.q.row[at] = row;
		show_one(c, &c->f.q.row[i]);
	}
	return EXIT_DONE;
}

static enum exit_code
agree(const struct clearing *c)
{
	char question[128], typed[32], number[32];
	const struct term *t = &c->f.s->term;

	(void)snprintf(number, sizeof(number), "%zu", c->f.q.n);
	(void)snprintf(question, sizeof(question),
	    "\nSet %s unread concern%s aside? Their reporters are told. Type "
	    "the number to confirm: ",
	    number, c->f.q.n == 1 ? "" : "s");
	if (t->yes ||
	    (term_ask(t, question, typed, sizeof(typed)) &&
		strcmp(typed, number) == 0))
		return EXIT_DONE;
	return term_fail(t, EXIT_DECLINED, "Nothing was set aside.");
}

/* --- doing it --- */

/* Somebody has written to it, or it came back: as any other action, behind
 * everything that is there now. */
static enum dismissal
act_in_full(struct clearing *c, const struct answer_row *row,
    enum exit_code *code)
{
	struct action a = { .entry.kind = c->f.is_second ? MESSAGE_SECOND
							 : MESSAGE_DISMISS,
		.is_quiet = true,
		.is_once = true };
	struct staff_case k = { 0 };

	*code = staff_case_open(c->f.s, row->case_id, NULL, NULL, &k);
	if (*code == EXIT_DONE)
		*code = ftsu_check_may(&k, &a.entry);
	if (*code == EXIT_DONE)
		*code = action_run(&k, &a);
	staff_case_close(&k);
	return *code == EXIT_DONE ? DISMISSAL_STORED : DISMISSAL_FAILED;
}

static void
say_case(struct clearing *c, const struct answer_row *row, const char *what)
{
	char id[2 * CASE_ID_LEN + 1];

	hex_encode(id, row->case_id, CASE_ID_LEN);
	term_warn(&c->f.s->term, "Case %s %s", id, what);
}

static enum exit_code
one(struct clearing *c, const struct answer_row *row, struct progress *bar)
{
	enum exit_code code = EXIT_DONE;
	enum dismissal r =
	    c->f.has_written || dismissal_is_plain(row, c->f.is_second)
	    ? dismissal_post(c->f.s, row, c->f.is_second, &code)
	    : act_in_full(c, row, &code);

	c->stored += r == DISMISSAL_STORED;
	c->changed += r == DISMISSAL_CHANGED || r == DISMISSAL_HELD;
	c->ours += r == DISMISSAL_OURS;
	c->failed += r == DISMISSAL_FAILED;
	if (r != DISMISSAL_STORED && r != DISMISSAL_OURS)
		progress_hide(bar);
	if (r == DISMISSAL_CHANGED)
		say_case(c, row,
		    "is left alone: somebody did something to it meanwhile.");
	else if (r == DISMISSAL_HELD)
		say_case(c, row, "is left alone: there is a legal hold on it.");
	else if (r == DISMISSAL_FAILED)
		say_case(c, row, "is to be taken as NOT set aside.");
	return code;
}

static enum exit_code
all(struct clearing *c)
{
	enum exit_code code = EXIT_DONE;
	struct progress bar;

	progress_start_of(&bar, "Setting aside", c->f.q.n, "concerns");
	for (size_t i = 0;
	     i < c->f.q.n && code != EXIT_LOGIN && code != EXIT_UNAVAILABLE;
	     i++) {
		code = one(c, &c->f.q.row[i], &bar);
		progress_add(&bar, 1);
	}
	progress_end(&bar);
	return code == EXIT_LOGIN || code == EXIT_UNAVAILABLE ? code
							      : EXIT_DONE;
}

/* --- what became of them --- */

static int
by_id(const void *a, const void *b)
{
	const struct answer_row *x = a, *y = b;

	return memcmp(x->case_id, y->case_id, CASE_ID_LEN);
}

/* Whether one person was enough is the policy's of the moment, and what the
 * gravest band was, the server knows: so it is asked. */
static enum exit_code
count_closed(struct clearing *c)
{
	struct staff_queue now = { 0 };
	enum exit_code code = staff_queue_fetch(c->f.s, 0, true, &now);

	if (code == EXIT_DONE && now.n > 0)
		qsort(now.row, now.n, sizeof(*now.row), by_id);
	for (size_t i = 0; code == EXIT_DONE && now.n > 0 && i < c->f.q.n;
	     i++) {
		const struct answer_row *row = bsearch(&c->f.q.row[i], now.row,
		    now.n, sizeof(*row), by_id);

		c->closed += row != NULL && row->state == CASE_CLOSED &&
		    (row->flags & CASE_IS_DISMISSED) != 0;
	}
	if (c->closed > c->stored)
		c->closed = c->stored; /* others did the same just then */
	staff_queue_free(&now);
	return code;
}

static void
say_result(const struct clearing *c)
{
	const struct term *t = &c->f.s->term;
	size_t rest = c->f.q.n - c->stored - c->changed - c->ours - c->failed;

	term_say(t, "%zu set aside.", c->closed);
	if (c->stored > c->closed)
		term_say(t,
		    "%zu wait for a second person: ftsu dismiss --second, by "
		    "somebody else. Until then their deadlines run on.",
		    c->stored - c->closed);
	if (c->ours > 0)
		term_say(t, "%zu wait for somebody else than you to agree.",
		    c->ours);
	if (c->changed > 0)
		term_say(t, "%zu left alone, see above.", c->changed);
	if (c->failed > 0)
		term_say(t, "%zu failed, see above.", c->failed);
	if (rest > 0)
		term_say(t,
		    "%zu were not tried. Give the command again to go on.",
		    rest);
}

static enum exit_code
print_json(const struct clearing *c)
{
	return json_print(&c->f.s->term,
	    json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}",
		"of", (json_int_t)c->f.q.n, "dismissed", (json_int_t)c->closed,
		"waiting", (json_int_t)(c->stored - c->closed), "yours",
		(json_int_t)c->ours, "alone", (json_int_t)c->changed, "failed",
		(json_int_t)c->failed, "held", (json_int_t)c->f.held, "written",
		(json_int_t)c->f.written, "again", (json_int_t)c->f.again,
		"groups", flood_json(&c->f)));
}

static enum exit_code
do_it(struct clearing *c)
{
	enum exit_code code, counted;

	code = all(c);
	counted = c->stored > 0 ? count_closed(c) : EXIT_DONE;
	if (code == EXIT_DONE)
		code = counted;
	if (code == EXIT_DONE && c->failed > 0)
		code = EXIT_NOT_STORED;
	return code;
}

static enum exit_code
confirm(struct clearing *c)
{
	enum exit_code code;

	if (!c->f.s->term.json) {
		flood_say(&c->f);
		flood_say_left_out(&c->f);
	}
	code = show_sample(c);
	return code != EXIT_DONE || c->f.s->o->dry_run ? code : agree(c);
}

static void
say_nothing(const struct clearing *c)
{
	term_say(&c->f.s->term, "There is nothing to set aside.");
	flood_say_left_out(&c->f);
}

enum exit_code
ftsu_dismiss(const void *values, const struct args *args)
{
	struct staff s;
	struct clearing c = { .f.s = &s };
	enum exit_code code = ftsu_begin(values, &s), printed = EXIT_DONE;
	bool is_found, is_tried = false;

	if (code == EXIT_DONE)
		code = flood_find(&s, args, &c.f);
	is_found = code == EXIT_DONE;
	if (is_found && c.f.q.n > 0)
		code = confirm(&c);
	else if (is_found && !s.term.json)
		say_nothing(&c);
	if (code == EXIT_DONE && c.f.q.n > 0 && !s.o->dry_run) {
		is_tried = true;
		code = do_it(&c);
	}
	if (is_found && code != EXIT_DECLINED && s.term.json)
		printed = print_json(&c);
	else if (is_tried)
		say_result(&c);
	flood_free(&c.f);
	staff_close(&s);
	return code == EXIT_DONE ? printed : code;
}
