#include "tests/daemon/vault_play.h"

#include <string.h>

#include "daemon/vault_state.h"
#include "policy/names.h"
#include "policy/wall.h"
#include "policy/zone.h"

/* What everybody sees of the one case there is, by requests alone; of those who
 * do not sign in, what they would. */

void
sight_time(struct play *y)
{
	char text[WALL_TEXT_MAX];

	wall_format(&zone_system, y->w->policy->zone, y->w->now, text);
	buf_printf(&y->out, "%s  ", text);
}

static void
put_time(struct play *y, int64_t t)
{
	char text[WALL_TEXT_MAX];

	wall_format(&zone_system, y->w->policy->zone, t, text);
	buf_put_str(&y->out, text);
}

/* --- queues --- */

static bool
rows_equal(const struct answer_row *a, const struct answer_row *b)
{
	return a->state == b->state && a->flags == b->flags &&
	    a->band == b->band && a->due == b->due && a->route == b->route;
}

static void
see_row(struct play *y, struct sight *s, uint16_t person,
    const struct answer_row *row)
{
	assert_memory_equal(row->case_id, y->r.keys.case_id, CASE_ID_LEN);
	assert_int_equal(y->is_plain, row->is_plain);
	if (s->has_row)
		assert_true(rows_equal(&s->row, row));
	s->has_row = true;
	s->row = *row;
	s->reads[person] = row->is_given ? SEES_GIVEN : SEES_BY_ROUTE;
}

static void
see_queue(struct play *y, struct sight *s, uint16_t person)
{
	struct world *w = y->w;
	const struct answer_queue *q = &w->answer.queue;
	unsigned open;

	assert_int_equal(ANSWER_OK, login(w, person));
	assert_int_equal(ANSWER_OK, queue(w, person, BYTES(NULL, 0), 10));
	assert_true(q->n_rows <= 1);
	if (q->n_rows == 1)
		see_row(y, s, person, &q->row[0]);
	open = q->n_rows == 1 && q->row[0].state < CASE_CLOSED;
	assert_int_equal(open, q->open);
	assert_int_equal(open && (q->row[0].flags & CASE_IS_BREACHED) != 0,
	    q->breached);
	assert_true(q->n_overdue <= 1);
	if (q->n_overdue == 1) {
		assert_int_equal(y->route->number, q->overdue[0].route);
		assert_int_equal(1, q->overdue[0].count);
		s->told[person] = true;
	}
}

/* Of somebody who does not sign in. */
static void
see_store(struct play *y, struct sight *s, uint16_t person)
{
	struct store *store = y->w->vault->store;
	struct store_told told;
	struct store_case c;
	size_t n = 0;

	assert_int_equal(ERR_OK,
	    store_queue_page(store, person, NULL, &c, 1, &n));
	if (n == 1)
		s->reads[person] = SEES_BY_ROUTE;
	store_told(store, person, &told, 1, &n);
	s->told[person] = n == 1;
}

/* --- chains --- */

static void
put_people(struct play *y, const struct entry *e)
{
	for (size_t i = 0; i < e->n_people; i++)
		buf_printf(&y->out, " %s", play_slug(y, e->people[i]));
}

static void
put_instance(struct play *y, const struct entry *e)
{
	buf_put_str(&y->out, notice_code_name(e->code));
	if (e->code == NOTICE_BREACHED)
		buf_printf(&y->out, " %s", deadline_names.name[e->number - 1]);
	else if (e->number > 0)
		buf_printf(&y->out, " %u", e->number);
	put_people(y, e);
}

static void
put_lines(struct play *y, const struct entry *e)
{
	const unsigned params = message_form(e->kind)->params;

	if (params & PARAM_BAND)
		buf_printf(&y->out, " P%u", e->band);
	if (e->is_complex)
		buf_put_str(&y->out, " complex");
	if (params & PARAM_CONDUCT)
		buf_put_str(&y->out, e->is_conduct ? " conduct" : " other");
	if (e->investigates)
		buf_put_str(&y->out, " to investigate");
	if (params & PARAM_FROM)
		buf_printf(&y->out, " from %s", play_slug(y, e->from));
	if (params & PARAM_PERSON)
		buf_printf(&y->out, " to %s", play_slug(y, e->person));
}

static bool
is_made_for(const struct play *y, uint16_t reader, enum chain chain,
    uint32_t seq)
{
	for (size_t i = 0; i < y->n_made; i++) {
		const struct made *m = &y->made[i];

		if (m->person == reader && m->grant.chain == chain &&
		    m->grant.seq == seq)
			return true;
	}
	return false;
}

/* By the envelope that its author made for them, or else that was granted. */
static void
must_open(struct play *y, uint16_t reader, enum chain chain, uint16_t author,
    const struct answer_head *h)
{
	assert_true(h->envelope.n > 0);
	if (is_made_for(y, reader, chain, h->seq))
		assert_opens(y->w, h, &y->r, reader, author);
	else
		assert_opens_granted(y->w, h, &y->r, reader, author);
}

/* A message as somebody is shown it; what has content opens. */
static void
see_message(struct play *y, uint16_t reader, enum chain chain,
    const struct answer_head *h, bool prints)
{
	struct entry e = { .kind = MESSAGE_CONCERN, .author = PERSON_REPORTER };
	const bool is_concern = chain == CHAIN_TALK && h->seq == 0;

	if (!is_concern)
		assert_int_equal(ERR_OK, entry_parse(h->head, &e));
	if (!y->is_plain && (is_concern || entry_has_content(&e)))
		must_open(y, reader, chain, e.author, h);
	if (!prints)
		return;
	sight_time(y);
	buf_printf(&y->out, "%s: ", chain_name(chain));
	if (e.author == PERSON_INSTANCE) {
		put_instance(y, &e);
	} else {
		buf_printf(&y->out, "%s by %s", message_kind_name(e.kind),
		    play_slug(y, e.author));
		put_lines(y, &e);
	}
	buf_put_str(&y->out, "\n");
}

/* What a reader has not opened yet. */
static void
see_case(struct play *y, uint16_t reader, enum chain chain, bool prints)
{
	uint32_t *at = &y->opened[reader][chain];
	const struct answer_case *c = &y->w->answer.open;

	for (;;) {
		assert_int_equal(ANSWER_OK,
		    open_case(y->w, reader, &y->r, chain, *at));
		for (size_t i = 0; i < c->heads.n; i++)
			see_message(y, reader, chain, &c->heads.at[i],
			    prints &&
				c->heads.at[i].seq >= y->sight.count[chain]);
		*at += (uint32_t)c->heads.n;
		if (*at == c->count)
			return;
		assert_true(c->heads.n > 0);
	}
}

/* The reporter is shown the talk chain, and prints it. */
static void
see_mailbox(struct play *y)
{
	const struct answer_mailbox *m = &y->w->answer.mailbox;
	uint32_t *at = &y->opened[PERSON_REPORTER][CHAIN_TALK];

	do {
		assert_int_equal(ANSWER_OK, poll_mailbox(y->w, &y->r, *at));
		for (size_t i = 0; i < m->heads.n; i++)
			see_message(y, PERSON_REPORTER, CHAIN_TALK,
			    &m->heads.at[i], true);
		*at += (uint32_t)m->heads.n;
	} while (*at < m->count);
	assert_int_equal(y->r.talk, m->count);
}

static void
see_chains(struct play *y, const struct sight *s)
{
	bool prints = true;

	if (!y->is_plain)
		see_mailbox(y);
	for (uint16_t i = 1; i < y->w->org->n; i++) {
		if (play_is_away(y, i))
			continue;
		if (s->reads[i] == SEES_NOTHING) {
			assert_int_equal(ANSWER_UNKNOWN,
			    open_case(y->w, i, &y->r, CHAIN_TALK, 0));
			assert_int_equal(ANSWER_UNKNOWN,
			    open_case(y->w, i, &y->r, CHAIN_STAFF, 0));
			continue;
		}
		see_case(y, i, CHAIN_TALK, prints && y->is_plain);
		see_case(y, i, CHAIN_STAFF, prints);
		prints = false;
	}
	/* somebody reads, or nobody could say what happened */
	assert_false(prints);
}

/* --- what is another than before --- */

static void
put_readers(struct play *y, const struct sight *s)
{
	bool any = false;

	for (uint16_t i = 1; i < y->w->org->n; i++) {
		if (s->reads[i] == y->sight.reads[i])
			continue;
		if (!any) {
			sight_time(y);
			buf_put_str(&y->out, "readers:");
		}
		any = true;
		buf_printf(&y->out, " %c%s%s",
		    s->reads[i] == SEES_NOTHING ? '-' : '+', play_slug(y, i),
		    s->reads[i] == SEES_GIVEN ? "*" : "");
	}
	if (any)
		buf_put_str(&y->out, "\n");
}

static void
put_told(struct play *y, const struct sight *s)
{
	bool any = false;

	for (uint16_t i = 1; i < y->w->org->n; i++) {
		if (s->told[i] == y->sight.told[i])
			continue;
		if (!any) {
			sight_time(y);
			buf_put_str(&y->out, "told:");
		}
		any = true;
		buf_printf(&y->out, " %c%s", s->told[i] ? '+' : '-',
		    play_slug(y, i));
	}
	if (any)
		buf_put_str(&y->out, "\n");
}

static void
put_row(struct play *y, const struct sight *s)
{
	const struct answer_row *r = &s->row;

	if (y->sight.has_row && rows_equal(r, &y->sight.row))
		return;
	sight_time(y);
	buf_printf(&y->out, "case: %s P%u", case_state_name(r->state), r->band);
	if (r->flags != 0) {
		buf_put_str(&y->out, " ");
		case_flags_put(&y->out, r->flags);
	}
	if (r->due != 0) {
		buf_put_str(&y->out, ", due ");
		put_time(y, r->due);
	}
	buf_put_str(&y->out, "\n");
}

void
sight_take(struct play *y)
{
	struct sight s = { .count = { y->r.talk, y->r.staff } };

	for (uint16_t i = 1; i < y->w->org->n; i++) {
		if (play_is_away(y, i))
			see_store(y, &s, i);
		else
			see_queue(y, &s, i);
	}
	see_chains(y, &s);
	put_readers(y, &s);
	put_told(y, &s);
	put_row(y, &s);
	y->sight = s;
}
