#include "client/staff.h"

#include <inttypes.h>
#include <string.h>

#include "client/json.h"
#include "crypto/codec.h"

#define QUEUE_MAX 1000000 /* rows of --all */

static const char *
route_title(const struct staff *s, uint16_t number)
{
	const struct policy_route *r = policy_route(s->server.policy, number);

	return r != NULL ? r->title : "a route of an older policy";
}

static void
say_row(const struct staff *s, const struct answer_row *row)
{
	char id[2 * CASE_ID_LEN + 1], day[11];
	uint32_t more = row->talk + row->staff;

	hex_encode(id, row->case_id, CASE_ID_LEN);
	day_format(day, row->day);
	printf("%s  P%u  %s  %-12s  %3" PRIu32 "  ", id, row->band, day,
	    case_state_name(row->state), more);
	(void)fflush(stdout);
	term_say(&s->term, "%s%s", route_title(s, row->route),
	    row->is_plain ? " (unsigned)" : "");
}

static json_t *
row_json(const struct staff *s, const struct answer_row *row)
{
	char id[2 * CASE_ID_LEN + 1], day[11], band[] = "P0";

	hex_encode(id, row->case_id, CASE_ID_LEN);
	day_format(day, row->day);
	band[1] = (char)('0' + row->band);
	return json_pack("{s:s, s:s, s:s, s:s, s:i, s:s, s:s, s:I, s:I}",
	    "case", id, "kind", row->is_plain ? "plain" : "sealed", "state",
	    case_state_name(row->state), "band", band, "route", (int)row->route,
	    "title", route_title(s, row->route), "day", day, "talk",
	    (json_int_t)row->talk, "staff", (json_int_t)row->staff);
}

struct listing {
	uint32_t open;
	size_t shown;
	json_t *rows; /* NULL without --json */
	uint8_t cursor[BUNDLE_CURSOR_MAX];
	size_t cursor_len;
};

static void
list_rows(struct staff *s, const struct answer_queue *q, struct listing *l)
{
	l->open = q->open;
	for (size_t i = 0; i < q->n_rows; i++) {
		if (l->rows != NULL)
			(void)json_array_append_new(l->rows,
			    row_json(s, &q->row[i]));
		else
			say_row(s, &q->row[i]);
	}
	l->shown += q->n_rows;
	l->cursor_len = q->next.n;
	if (q->next.n > 0)
		memcpy(l->cursor, q->next.p, q->next.n);
}

static enum exit_code
list_page(struct staff *s, struct listing *l)
{
	struct bundle_request r = { .kind = REQUEST_QUEUE };
	const struct bundle_answer *a;
	enum reply reply;

	memcpy(r.queue.session, s->session, BUNDLE_SESSION_LEN);
	r.queue.after = BYTES(l->cursor, l->cursor_len);
	r.queue.limit = s->o->limit != 0 ? (unsigned)s->o->limit
					 : BUNDLE_ROWS_MAX;
	reply = server_ask_again(&s->server, &r, &a);
	bytes_wipe(&r, sizeof(r));
	if (reply != REPLY_OK)
		return server_fail(&s->server, reply, "");
	list_rows(s, &a->queue, l);
	return EXIT_DONE;
}

static enum exit_code
say_end(const struct staff *s, const struct listing *l)
{
	json_t *j;

	if (l->rows == NULL) {
		term_say(&s->term, "%s%zu of %" PRIu32 " open cases shown.%s",
		    l->shown > 0 ? "\n" : "", l->shown, l->open,
		    l->cursor_len > 0 ? " ftsu queue --all shows the rest."
				      : "");
		return EXIT_DONE;
	}
	j = json_pack("{s:I, s:O, s:b}", "open", (json_int_t)l->open, "cases",
	    l->rows, "more", l->cursor_len > 0);
	return json_print(&s->term, j);
}

enum exit_code
ftsu_queue(const void *values, const struct args *args)
{
	const struct ftsu_options *o = values;
	struct listing l = { .rows = o->common.json ? json_array() : NULL };
	struct staff s;
	enum exit_code code = staff_open(o, &s);

	(void)args;
	if (code == EXIT_DONE && o->limit > BUNDLE_ROWS_MAX)
		code = term_fail(&s.term, EXIT_USAGE,
		    "A page has at most %d cases.", BUNDLE_ROWS_MAX);
	if (code == EXIT_DONE)
		code = staff_session(&s);
	if (code == EXIT_DONE)
		code = list_page(&s, &l);
	while (code == EXIT_DONE && o->all && l.cursor_len > 0) {
		size_t before = l.shown;

		code = list_page(&s, &l);
		if (code == EXIT_DONE && l.cursor_len > 0 &&
		    (l.shown == before || l.shown > QUEUE_MAX))
			code = term_fail(&s.term, EXIT_REFUSED, "The server "
			    "lists cases without end.");
	}
	if (code == EXIT_DONE)
		code = say_end(&s, &l);
	json_decref(l.rows);
	staff_close(&s);
	return code;
}
