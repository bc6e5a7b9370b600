#include "client/ftsu.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "client/json.h"
#include "client/show.h"
#include "client/staff_queue.h"
#include "client/case_words.h"
#include "crypto/codec.h"

struct listing {
	struct staff *s;
	struct staff_queue q;
	struct queue_filter filter;
	int64_t now;
};

static const char *
route_title(const struct staff *s, uint16_t number)
{
	const struct policy_route *r = policy_route(s->server.policy, number);

	return r != NULL ? r->title : "a route of an older policy";
}

/* --- where it happens: only the opened concern says --- */

static enum exit_code
check_area(const struct staff *s)
{
	const struct policy_field *f = policy_field(s->server.policy, "area");

	if (f != NULL && policy_option(f, s->o->area) != NULL)
		return EXIT_DONE;
	(void)term_fail(&s->term, EXIT_USAGE, "There is no area \"%s\".%s",
	    s->o->area, f != NULL ? " Areas are:" : "");
	for (size_t i = 0; f != NULL && i < f->n_options; i++)
		fprintf(stderr, "  %s\n", f->options[i].slug);
	return EXIT_USAGE;
}

static bool
is_in_area(struct staff *s, const struct answer_row *row)
{
	struct staff_case k = { 0 };
	bool found = !row->is_plain &&
	    staff_case_open(s, row->case_id, NULL, NULL, &k) == EXIT_DONE &&
	    concern_has_answer(k.c, "area", s->o->area);

	staff_case_close(&k);
	return found;
}

static void
keep_area(struct listing *l)
{
	struct progress bar;
	size_t n = 0;

	progress_start_of(&bar, "Opening", l->q.n, "cases");
	for (size_t i = 0; i < l->q.n; i++) {
		if (is_in_area(l->s, &l->q.row[i]))
			l->q.row[n++] = l->q.row[i];
		progress_add(&bar, 1);
	}
	progress_end(&bar);
	l->q.n = n;
}

/* --- for people --- */

static void
say_beside(const struct listing *l, const struct answer_row *row)
{
	struct buf x CLEAN_BUF = BUF_INIT(1024);

	if (row->is_given)
		buf_put_str(&x, "; given to you");
	if (row->is_plain)
		buf_put_str(&x, "; unsigned");
	for (unsigned i = 0; i < CASE_FLAGS; i++) {
		unsigned flag = row->flags & 1u << i;

		if (flag != 0 && flag != CASE_IS_BREACHED)
			buf_printf(&x, "; %s", case_flag_text(flag));
	}
	if (x.err == ERR_OK && x.n > 2)
		term_item(&l->s->term, 2, "%.*s", (int)(x.n - 2), x.p + 2);
}

static void
say_row(const struct listing *l, const struct answer_row *row)
{
	char id[2 * CASE_ID_LEN + 1], due[DUE_TEXT_MAX], age[24] = "today";
	int64_t days = l->now / DAY_SECONDS - row->day;

	hex_encode(id, row->case_id, CASE_ID_LEN);
	if (days > 0)
		(void)snprintf(age, sizeof(age), "%" PRId64 " d", days);
	printf("%s  P%u  %5s  %-12s  %s%s\n", id, row->band, age,
	    case_state_name(row->state), due_text(row->due, l->now, due),
	    (row->flags & CASE_IS_BREACHED) != 0 ? " BREACHED" : "");
	say_beside(l, row);
}

static void
say_overdue(const struct listing *l)
{
	for (size_t i = 0; i < l->q.n_overdue; i++) {
		const struct answer_overdue *o = &l->q.overdue[i];
		bool one = o->count == 1;

		term_say(&l->s->term,
		    "%" PRIu32 " case%s on the route %s %s "
		    "overdue. You cannot read %s.",
		    o->count, one ? "" : "s", route_title(l->s, o->route),
		    one ? "is" : "are", one ? "it" : "them");
	}
}

static void
say_all(const struct listing *l)
{
	const struct staff_queue *q = &l->q;

	for (size_t i = 0; i < q->n; i++)
		say_row(l, &q->row[i]);
	term_say(&l->s->term,
	    "%s%zu shown; %" PRIu32 " open, %" PRIu32
	    " with a missed deadline.%s",
	    q->n > 0 ? "\n" : "", q->n, q->open, q->breached,
	    q->cursor_len > 0 ? " ftsu queue --all shows the rest." : "");
	say_overdue(l);
}

/* --- for programs --- */

static json_t *
row_json(const struct listing *l, const struct answer_row *row)
{
	char id[2 * CASE_ID_LEN + 1], day[11], band[] = "P0";
	json_t *due = row->due != 0 ? json_integer(row->due) : json_null();

	hex_encode(id, row->case_id, CASE_ID_LEN);
	day_format(day, row->day);
	band[1] = (char)('0' + row->band);
	return json_pack("{s:s, s:s, s:s, s:s, s:i, s:s, s:s, s:I, s:I, s:I, "
			 "s:o, s:b, s:o, s:b}",
	    "case", id, "kind", row->is_plain ? "plain" : "sealed", "state",
	    case_state_name(row->state), "band", band, "route", (int)row->route,
	    "title", route_title(l->s, row->route), "day", day, "age",
	    (json_int_t)(l->now / DAY_SECONDS - row->day), "talk",
	    (json_int_t)row->talk, "staff", (json_int_t)row->staff, "due", due,
	    "breached", (row->flags & CASE_IS_BREACHED) != 0, "flags",
	    flags_json(row->flags), "given", row->is_given);
}

static enum exit_code
print_json(const struct listing *l)
{
	const struct staff_queue *q = &l->q;
	json_t *rows = json_array(), *overdue = json_array();

	for (size_t i = 0; i < q->n; i++)
		(void)json_array_append_new(rows, row_json(l, &q->row[i]));
	for (size_t i = 0; i < q->n_overdue; i++)
		(void)json_array_append_new(overdue,
		    json_pack("{s:i, s:s, s:I}", "route",
			(int)q->overdue[i].route, "title",
			route_title(l->s, q->overdue[i].route), "count",
			(json_int_t)q->overdue[i].count));
	return json_print(&l->s->term,
	    json_pack("{s:I, s:I, s:o, s:o, s:b}", "open", (json_int_t)q->open,
		"breached", (json_int_t)q->breached, "overdue", overdue,
		"cases", rows, "more", q->cursor_len > 0));
}

static enum exit_code
fetch(struct listing *l)
{
	const struct ftsu_options *o = l->s->o;
	enum exit_code code = queue_filter_read(l->s, &l->filter);
	bool all = o->all || o->area != NULL || queue_filter_is_set(&l->filter);

	if (code == EXIT_DONE && o->area != NULL)
		code = check_area(l->s);
	if (code == EXIT_DONE && o->area != NULL)
		code = staff_unlock(l->s);
	if (code == EXIT_DONE)
		code = staff_queue_fetch(l->s, (unsigned)o->limit, all, &l->q);
	if (code != EXIT_DONE)
		return code;
	staff_queue_keep(&l->q, &l->filter);
	if (o->area != NULL)
		keep_area(l);
	return EXIT_DONE;
}

enum exit_code
ftsu_queue(const void *values, const struct args *args)
{
	const struct ftsu_options *o = values;
	struct staff s;
	struct listing l = { .s = &s, .now = time(NULL) };
	enum exit_code code = staff_open(o, &s);

	(void)args;
	if (code == EXIT_DONE)
		code = staff_session(&s);
	if (code == EXIT_DONE)
		code = fetch(&l);
	if (code == EXIT_DONE && o->common.json)
		code = print_json(&l);
	else if (code == EXIT_DONE)
		say_all(&l);
	staff_queue_free(&l.q);
	staff_close(&s);
	return code;
}
