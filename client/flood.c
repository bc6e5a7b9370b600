#include "client/flood.h"

#include <stdlib.h>
#include <string.h>

#include "client/dismissal.h"
#include "crypto/codec.h"

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
	return f->route != 0 ? EXIT_DONE
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
	f->has_written = o->has_written;
	if (code == EXIT_DONE && o->has_written && args->n > 0)
		return term_fail(t, EXIT_USAGE,
		    "--written is for all of a flood. What is named is set "
		    "aside whoever wrote to it.");
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
		if (row->flags & CASE_IS_HELD) {
			f->held++;
			continue;
		}
		if (!dismissal_is_plain(row, f->is_second)) {
			if (!f->has_written ||
			    !dismissal_is_open(row, f->is_second)) {
				f->written++;
				continue;
			}
			f->again++;
		}
		f->q.row[n++] = *row;
	}
	f->q.n = n;
}

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

enum exit_code
flood_find(struct staff *s, const struct args *args, struct flood *ret)
{
	enum exit_code code;

	*ret = (struct flood){ .s = s };
	code = read_options(ret, args);
	if (code == EXIT_DONE)
		code = staff_queue_fetch(s, 0, true, &ret->q);
	if (code != EXIT_DONE)
		return code;
	if (args->n > 0)
		code = keep_named(ret, args);
	else
		keep_flood(ret);
	if (code == EXIT_DONE && ret->q.n > 0)
		qsort(ret->q.row, ret->q.n, sizeof(*ret->q.row), by_group);
	return code;
}

void
flood_free(struct flood *f)
{
	staff_queue_free(&f->q);
}

/* --- what they are --- */

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

void
flood_say_left_out(const struct flood *f)
{
	const struct term *t = &f->s->term;

	if (f->written > 0)
		term_say(t,
		    "Left out: %zu to which somebody has written since. Look "
		    "at these first.",
		    f->written);
	if (f->again > 0)
		term_say(t,
		    "To %zu of them their reporters have written since they "
		    "came. That is not read either.",
		    f->again);
	if (f->held > 0)
		term_say(t, "Left out: %zu under a legal hold.", f->held);
}

void
flood_say(const struct flood *f)
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

json_t *
flood_json(const struct flood *f)
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
