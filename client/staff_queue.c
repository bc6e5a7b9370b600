#include "client/staff_queue.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/codec.h"

#define QUEUE_MAX 1000000 /* rows of all pages */
#define HOUR 3600

/* --- fetching --- */

static bool
make_room(struct staff_queue *q, size_t n)
{
	size_t room = q->room;
	struct answer_row *row;

	while (room < q->n + n)
		room = room == 0 ? BUNDLE_ROWS_MAX : 2 * room;
	row = realloc(q->row, room * sizeof(*row));
	if (row == NULL)
		return false;
	q->row = row;
	q->room = room;
	return true;
}

/* Only a full page is followed by another: or a server that gives a case at a
 * time, again and again, would be asked a million times. */
static enum exit_code
take_page(const struct staff *s, const struct answer_queue *a, unsigned limit,
    struct staff_queue *q)
{
	if (a->n_rows > 0 && !make_room(q, a->n_rows))
		return fail_err(&s->term, ERR_NOMEM, "The queue");
	if (a->n_rows > 0)
		memcpy(&q->row[q->n], a->row, a->n_rows * sizeof(*a->row));
	q->n += a->n_rows;
	q->open = a->open;
	q->breached = a->breached;
	q->n_overdue = a->n_overdue;
	memcpy(q->overdue, a->overdue, sizeof(q->overdue));
	q->cursor_len = a->next.n;
	if (a->next.n > 0)
		memcpy(q->cursor, a->next.p, a->next.n);
	if (a->next.n > 0 && (a->n_rows < limit || q->n > QUEUE_MAX))
		return term_fail(&s->term, EXIT_REFUSED,
		    "The server lists cases without end.");
	return EXIT_DONE;
}

static enum exit_code
fetch_page(struct staff *s, unsigned limit, struct staff_queue *q)
{
	struct bundle_request r = { .kind = REQUEST_QUEUE };
	const struct bundle_answer *a;
	enum reply reply;

	memcpy(r.queue.session, s->session, BUNDLE_SESSION_LEN);
	r.queue.after = BYTES(q->cursor, q->cursor_len);
	r.queue.limit = limit != 0 ? limit : BUNDLE_ROWS_MAX;
	reply = server_ask_again(&s->server, &r, &a);
	bytes_wipe(r.queue.session, sizeof(r.queue.session));
	if (reply != REPLY_OK)
		return server_fail(&s->server, reply, "");
	return take_page(s, &a->queue, r.queue.limit, q);
}

enum exit_code
staff_queue_fetch(struct staff *s, unsigned limit, bool all,
    struct staff_queue *ret)
{
	enum exit_code code;

	*ret = (struct staff_queue){ 0 };
	if (limit > BUNDLE_ROWS_MAX)
		return term_fail(&s->term, EXIT_USAGE,
		    "A page has at most %d cases.", BUNDLE_ROWS_MAX);
	code = fetch_page(s, limit, ret);
	while (code == EXIT_DONE && all && ret->cursor_len > 0)
		code = fetch_page(s, limit, ret);
	return code;
}

void
staff_queue_free(struct staff_queue *q)
{
	free(q->row);
	q->row = NULL;
	q->n = 0;
}

/* --- filters --- */

enum exit_code
band_parse(const struct term *t, const char *text, uint8_t *ret)
{
	if ((text[0] != 'P' && text[0] != 'p') || text[1] < '1' ||
	    text[1] > '0' + POLICY_BANDS || text[2] != '\0')
		return term_fail(t, EXIT_USAGE,
		    "A band is P1, P2, P3 or P4, not \"%s\".", text);
	*ret = (uint8_t)(text[1] - '0');
	return EXIT_DONE;
}

static enum exit_code
add_state(const struct term *t, const char *text, uint32_t *states)
{
	enum case_state state;

	if (case_state_parse(bytes_str(text), &state) == ERR_OK) {
		*states |= UINT32_C(1) << state;
		return EXIT_DONE;
	}
	(void)term_fail(t, EXIT_USAGE,
	    "There is no state \"%s\". States "
	    "are:",
	    text);
	for (unsigned i = 0; i < CASE_STATES; i++)
		fprintf(stderr, "  %s\n", case_state_name((enum case_state)i));
	return EXIT_USAGE;
}

enum exit_code
queue_filter_read(const struct staff *s, struct queue_filter *ret)
{
	struct queue_filter f = { .breached = s->o->breached };
	enum exit_code code = EXIT_DONE;
	uint8_t band = 0;

	for (size_t i = 0; code == EXIT_DONE && i < s->o->band.n; i++) {
		code = band_parse(&s->term, s->o->band.at[i], &band);
		if (code == EXIT_DONE)
			f.bands |= BAND_BIT(band);
	}
	for (size_t i = 0; code == EXIT_DONE && i < s->o->in.n; i++)
		code = add_state(&s->term, s->o->in.at[i], &f.states);
	*ret = f;
	return code;
}

bool
queue_filter_is_set(const struct queue_filter *f)
{
	return f->bands != 0 || f->states != 0 || f->breached;
}

static bool
is_wanted(const struct queue_filter *f, const struct answer_row *row)
{
	return (f->bands == 0 || (f->bands & BAND_BIT(row->band)) != 0) &&
	    (f->states == 0 || (f->states >> row->state & 1) != 0) &&
	    (!f->breached || (row->flags & CASE_IS_BREACHED) != 0);
}

void
staff_queue_keep(struct staff_queue *q, const struct queue_filter *f)
{
	size_t n = 0;

	for (size_t i = 0; i < q->n; i++) {
		if (is_wanted(f, &q->row[i]))
			q->row[n++] = q->row[i];
	}
	q->n = n;
}

/* --- words --- */

static void
span_text(int64_t seconds, char *out, size_t cap)
{
	if (seconds < HOUR)
		(void)snprintf(out, cap, "%" PRId64 " min", seconds / 60);
	else if (seconds < 2 * DAY_SECONDS)
		(void)snprintf(out, cap, "%" PRId64 " h", seconds / HOUR);
	else
		(void)snprintf(out, cap, "%" PRId64 " days",
		    seconds / DAY_SECONDS);
}

const char *
due_text(int64_t due, int64_t now, char out[static DUE_TEXT_MAX])
{
	char span[DUE_TEXT_MAX - 8];

	span_text(due > now ? due - now : now - due, span, sizeof(span));
	if (due == 0)
		(void)snprintf(out, DUE_TEXT_MAX, "-");
	else
		(void)snprintf(out, DUE_TEXT_MAX, "%s%s%s",
		    due > now ? "in " : "", span, due > now ? "" : " over");
	return out;
}
