#include "client/ftsu.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client/dismissal.h"
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

struct flood {
	struct staff *s;
	bool is_second; /* agree to those of others */
	int64_t since;	/* day; 0: any */
	uint16_t route; /* 0: any */
	struct queue_filter filter;
	struct staff_queue q;	      /* those that are meant */
	size_t held, written;	      /* left out at once */
	size_t stored, changed, ours; /* what became of them */
	size_t failed;
	size_t closed; /* of `stored`; the others wait for a second person */
};

/* --- which --- */

static enum exit_code
read_route(struct flood *f, const char *text)
{
	const struct policy *p = f->s->server.policy;
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	for (size_t i = 0; i < p->n_routes; i++) {
		const struct policy_route *r = &p->routes[i];

		if (strcmp(r->slug, text) == 0 ||
		    (*end == '\0' && r->number == n))
			f->route = r->number;
	}
	return f->route != 0
	    ? EXIT_DONE
	    : term_fail(&f->s->term, EXIT_USAGE,
		  "The policy has no route \"%s\".", text);
}

static enum exit_code
read_options(struct flood *f, const struct args *args)
{
	const struct ftsu_options *o = f->s->o;
	const struct term *t = &f->s->term;
	enum exit_code code = queue_filter_read(f->s, &f->filter);
	bool picks = o->flood || o->is_second;

	f->is_second = o->is_second;
	if (code == EXIT_DONE && (args->n > 0) == picks && !o->is_second)
		return term_fail(t, EXIT_USAGE,
		    "Which concerns? Name them, or say --flood for all that "
		    "nobody has acknowledged.");
	if (code == EXIT_DONE && o->since != NULL &&
	    day_parse(bytes_str(o->since), &f->since) != ERR_OK)
		return term_fail(t, EXIT_USAGE,
		    "A day is written as 2026-11-21, not \"%s\".", o->since);
	if (code == EXIT_DONE && o->sample != NULL &&
	    (*o->sample == '\0' ||
		o->sample[strspn(o->sample, "0123456789")] != '\0'))
		return term_fail(t, EXIT_USAGE,
		    "How many to open is a number, not \"%s\".", o->sample);
	if (code == EXIT_DONE && o->route != NULL)
		code = read_route(f, o->route);
	return code;
}

static bool
is_wanted(const struct flood *f, const struct answer_row *row)
{
	return row->state == CASE_RECEIVED && row->day >= f->since &&
	    (f->route == 0 || row->route == f->route) &&
	    ((row->flags & CASE_IS_CLOSING) != 0) == f->is_second;
}

static bool
is_named(const struct args *args, const uint8_t (*id)[CASE_ID_LEN],
    const struct answer_row *row)
{
	for (size_t i = 0; i < args->n; i++) {
		if (memcmp(id[i], row->case_id, CASE_ID_LEN) == 0)
			return true;
	}
	return false;
}

/* Of those that were named, each must be as it has to be. */
static enum exit_code
keep_named(struct flood *f, const struct args *args)
{
	uint8_t(*id)[CASE_ID_LEN] = calloc(args->n, sizeof(*id));
	enum exit_code code = id == NULL
	    ? fail_err(&f->s->term, ERR_NOMEM, "The cases")
	    : EXIT_DONE;
	size_t n = 0;

	for (size_t i = 0; code == EXIT_DONE && i < args->n; i++)
		code = ftsu_case_id(f->s, args->at[i], id[i]);
	for (size_t i = 0; code == EXIT_DONE && i < f->q.n; i++) {
		if (is_named(args, (const uint8_t(*)[CASE_ID_LEN])id,
			&f->q.row[i]))
			f->q.row[n++] = f->q.row[i];
	}
	if (code == EXIT_DONE)
		f->q.n = n;
	free(id);
	return code;
}

static void
keep_flood(struct flood *f)
{
	size_t n = 0;

	staff_queue_keep(&f->q, &f->filter);
	for (size_t i = 0; i < f->q.n; i++) {
		const struct answer_row *row = &f->q.row[i];

		if (!is_wanted(f, row))
			continue;
		if (row->flags & CASE_IS_HELD)
			f->held++;
		else if (!dismissal_is_plain(row, f->is_second))
			f->written++;
		else
			f->q.row[n++] = *row;
	}
	f->q.n = n;
}

static enum exit_code
find(struct flood *f, const struct args *args)
{
	enum exit_code code = staff_queue_fetch(f->s, 0, true, &f->q);

	if (code != EXIT_DONE)
		return code;
	if (args->n > 0)
		return keep_named(f, args);
	keep_flood(f);
	return EXIT_DONE;
}

/* --- what is to be set aside --- */

static int
by_group(const void *a, const void *b)
{
	const struct answer_row *x = a, *y = b;

	if (x->day != y->day)
		return x->day < y->day ? -1 : 1;
	if (x->route != y->route)
		return x->route < y->route ? -1 : 1;
	return x->band - y->band;
}

static size_t
group_end(const struct staff_queue *q, size_t at)
{
	size_t end = at + 1;

	while (end < q->n && by_group(&q->row[at], &q->row[end]) == 0)
		end++;
	return end;
}

static const char *
route_title(const struct flood *f, const struct answer_row *row)
{
	const struct policy_route *r =
	    policy_route(f->s->server.policy, row->route);

	return r != NULL ? r->title : "a route of an older policy";
}

static void
say_left_out(const struct flood *f)
{
	const struct term *t = &f->s->term;

	if (f->written > 0)
		term_say(t,
		    "Left out: %zu to which somebody has written since. Look "
		    "at these first.",
		    f->written);
	if (f->held > 0)
		term_say(t, "Left out: %zu under a legal hold.", f->held);
}

static void
say_groups(const struct flood *f)
{
	const struct term *t = &f->s->term;
	char day[11];
	size_t end;

	term_say(t, "%zu concern%s%s:", f->q.n, f->q.n == 1 ? "" : "s",
	    f->is_second ? ", to be set aside by somebody who asks you to agree"
			 : " that nobody has acknowledged");
	for (size_t i = 0; i < f->q.n; i = end) {
		const struct answer_row *row = &f->q.row[i];

		end = group_end(&f->q, i);
		day_format(day, row->day);
		term_item(t, 1, "%6zu  %s  P%u  %s", end - i, day, row->band,
		    route_title(f, row));
	}
}

static json_t *
groups_json(const struct flood *f)
{
	json_t *list = json_array();
	char day[11], band[] = "P0";
	size_t end;

	for (size_t i = 0; i < f->q.n; i = end) {
		const struct answer_row *row = &f->q.row[i];

		end = group_end(&f->q, i);
		day_format(day, row->day);
		band[1] = (char)('0' + row->band);
		(void)json_array_append_new(list,
		    json_pack("{s:s, s:s, s:i, s:s, s:I}", "day", day, "band",
			band, "route", (int)row->route, "title",
			route_title(f, row), "count", (json_int_t)(end - i)));
	}
	return list;
}

/* --- a few of them, opened --- */

static const char *
name_of(void *ctx, uint16_t person, char *out, size_t cap)
{
	return staff_name(ctx, person, out, cap);
}

static void
show_one(struct flood *f, const struct answer_row *row)
{
	char id[2 * CASE_ID_LEN + 1];
	struct staff_case k = { 0 };

	hex_encode(id, row->case_id, CASE_ID_LEN);
	term_say(&f->s->term, "\nCase %s:", id);
	if (staff_case_open(f->s, row->case_id, NULL, NULL, &k) == EXIT_DONE)
		show_messages(&f->s->term, k.c, CHAIN_TALK, name_of, f->s);
	staff_case_close(&k);
}

static size_t
sample_size(const struct flood *f)
{
	const struct ftsu_options *o = f->s->o;
	size_t n = SAMPLE;

	if (o->sample != NULL)
		n = strtoul(o->sample, NULL, 10);
	else if (f->s->term.yes)
		n = 0;
	return n < f->q.n ? n : f->q.n;
}

/* Drawn by chance, so that nobody who sends a flood knows which are looked at:
 * they come to the front of the list. */
static enum exit_code
show_sample(struct flood *f)
{
	size_t n = f->s->term.json ? 0 : sample_size(f);
	uint64_t x;

	if (n > 0)
		term_say(&f->s->term, "\n%zu of them, drawn by chance:", n);
	for (size_t i = 0; i < n; i++) {
		struct answer_row row = f->q.row[i];
		size_t at;

		if (env_random(&env_system, (uint8_t *)&x, sizeof(x)) != ERR_OK)
			return fail_err(&f->s->term, ERR_CRYPTO, "The sample");
		at = i + (size_t)(x % (f->q.n - i));
		f->q.row[i] = f->q.row[at];
		f->q.row[at] = row;
		show_one(f, &f->q.row[i]);
	}
	return EXIT_DONE;
}

static enum exit_code
agree(const struct flood *f)
{
	char question[128], typed[32], number[32];
	const struct term *t = &f->s->term;

	(void)snprintf(number, sizeof(number), "%zu", f->q.n);
	(void)snprintf(question, sizeof(question),
	    "\nSet %s unread concern%s aside? Their reporters are told. Type "
	    "the number to confirm: ",
	    number, f->q.n == 1 ? "" : "s");
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
act_in_full(struct flood *f, const struct answer_row *row, enum exit_code *code)
{
	struct action a = { .entry.kind = f->is_second ? MESSAGE_SECOND
						       : MESSAGE_DISMISS,
		.is_quiet = true,
		.is_once = true };
	struct staff_case k = { 0 };

	*code = staff_case_open(f->s, row->case_id, NULL, NULL, &k);
	if (*code == EXIT_DONE)
		*code = ftsu_check_may(&k, &a.entry);
	if (*code == EXIT_DONE)
		*code = action_run(&k, &a);
	staff_case_close(&k);
	return *code == EXIT_DONE ? DISMISSAL_STORED : DISMISSAL_FAILED;
}

static void
say_case(struct flood *f, const struct answer_row *row, const char *what)
{
	char id[2 * CASE_ID_LEN + 1];

	hex_encode(id, row->case_id, CASE_ID_LEN);
	term_warn(&f->s->term, "Case %s %s", id, what);
}

static enum exit_code
one(struct flood *f, const struct answer_row *row, struct progress *bar)
{
	enum exit_code code = EXIT_DONE;
	enum dismissal r = dismissal_is_plain(row, f->is_second)
	    ? dismissal_post(f->s, row, f->is_second, &code)
	    : act_in_full(f, row, &code);

	f->stored += r == DISMISSAL_STORED;
	f->changed += r == DISMISSAL_CHANGED || r == DISMISSAL_HELD;
	f->ours += r == DISMISSAL_OURS;
	f->failed += r == DISMISSAL_FAILED;
	if (r != DISMISSAL_STORED && r != DISMISSAL_OURS)
		progress_hide(bar);
	if (r == DISMISSAL_CHANGED)
		say_case(f, row,
		    "is left alone: somebody did something to it meanwhile.");
	else if (r == DISMISSAL_HELD)
		say_case(f, row, "is left alone: there is a legal hold on it.");
	else if (r == DISMISSAL_FAILED)
		say_case(f, row, "was NOT set aside.");
	return code;
}

static enum exit_code
all(struct flood *f)
{
	enum exit_code code = EXIT_DONE;
	struct progress bar;

	progress_start_of(&bar, "Setting aside", f->q.n, "concerns");
	for (size_t i = 0;
	     i < f->q.n && code != EXIT_LOGIN && code != EXIT_UNAVAILABLE;
	     i++) {
		code = one(f, &f->q.row[i], &bar);
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
count_closed(struct flood *f)
{
	struct staff_queue now = { 0 };
	enum exit_code code = staff_queue_fetch(f->s, 0, true, &now);

	if (code == EXIT_DONE && now.n > 0)
		qsort(now.row, now.n, sizeof(*now.row), by_id);
	for (size_t i = 0; code == EXIT_DONE && now.n > 0 && i < f->q.n; i++) {
		const struct answer_row *row = bsearch(
		    &f->q.row[i], now.row, now.n, sizeof(*row), by_id);

		f->closed += row != NULL && row->state == CASE_CLOSED &&
		    (row->flags & CASE_IS_DISMISSED) != 0;
	}
	if (f->closed > f->stored)
		f->closed = f->stored; /* others did the same just then */
	staff_queue_free(&now);
	return code;
}

static void
say_result(const struct flood *f)
{
	const struct term *t = &f->s->term;
	size_t rest =
	    f->q.n - f->stored - f->changed - f->ours - f->failed;

	term_say(t, "%zu set aside.", f->closed);
	if (f->stored > f->closed)
		term_say(t,
		    "%zu wait for a second person: ftsu dismiss --second, by "
		    "somebody else. Until then their deadlines run on.",
		    f->stored - f->closed);
	if (f->ours > 0)
		term_say(t, "%zu wait for somebody else than you to agree.",
		    f->ours);
	if (f->changed > 0)
		term_say(t, "%zu left alone, see above.", f->changed);
	if (f->failed > 0)
		term_say(t, "%zu failed, see above.", f->failed);
	if (rest > 0)
		term_say(t,
		    "%zu were not tried. Give the command again to go on.",
		    rest);
}

static enum exit_code
print_json(const struct flood *f)
{
	return json_print(&f->s->term,
	    json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "of",
		(json_int_t)f->q.n, "dismissed", (json_int_t)f->closed,
		"waiting", (json_int_t)(f->stored - f->closed), "yours",
		(json_int_t)f->ours, "alone", (json_int_t)f->changed, "failed",
		(json_int_t)f->failed, "held", (json_int_t)f->held, "written",
		(json_int_t)f->written, "groups", groups_json(f)));
}

static enum exit_code
do_it(struct flood *f)
{
	enum exit_code code, counted;

	code = all(f);
	counted = f->stored > 0 ? count_closed(f) : EXIT_DONE;
	if (code == EXIT_DONE)
		code = counted;
	if (code == EXIT_DONE && f->failed > 0)
		code = EXIT_NOT_STORED;
	return code;
}

static enum exit_code
confirm(struct flood *f)
{
	enum exit_code code;

	if (!f->s->term.json) {
		say_groups(f);
		say_left_out(f);
	}
	code = show_sample(f);
	return code != EXIT_DONE || f->s->o->dry_run ? code : agree(f);
}

enum exit_code
ftsu_dismiss(const void *values, const struct args *args)
{
	struct staff s;
	struct flood f = { .s = &s };
	enum exit_code code = ftsu_begin(values, &s), printed = EXIT_DONE;
	bool is_found;

	if (code == EXIT_DONE)
		code = read_options(&f, args);
	if (code == EXIT_DONE)
		code = find(&f, args);
	is_found = code == EXIT_DONE;
	if (is_found && f.q.n > 0) {
		qsort(f.q.row, f.q.n, sizeof(*f.q.row), by_group);
		code = confirm(&f);
	} else if (is_found && !s.term.json) {
		term_say(&s.term, "There is nothing to set aside.");
		say_left_out(&f);
	}
	if (code == EXIT_DONE && f.q.n > 0 && !s.o->dry_run)
		code = do_it(&f);
	if (is_found && code != EXIT_DECLINED && s.term.json)
		printed = print_json(&f);
	else if (is_found && code != EXIT_DECLINED && f.q.n > 0 &&
	    !s.o->dry_run)
		say_result(&f);
	staff_queue_free(&f.q);
	staff_close(&s);
	return code == EXIT_DONE ? printed : code;
}
