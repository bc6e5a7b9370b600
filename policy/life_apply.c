#include "policy/clock.h"

#include "crypto/codec.h"

/* What an entry changes in a case's life; and the life as it is kept. */

static int64_t
quarter(int64_t t)
{
	return (t + CALENDAR_QUARTER - 1) / CALENDAR_QUARTER * CALENDAR_QUARTER;
}

static int64_t
day_of(int64_t t)
{
	return t / DAY_SECONDS * DAY_SECONDS;
}

static void
clear(struct life *l, unsigned flags)
{
	l->flags &= (uint16_t)~flags;
}

static void
set_flag(struct life *l, unsigned flag, bool on)
{
	clear(l, flag);
	if (on)
		l->flags |= (uint16_t)flag;
}

/* Their conditions begin anew: they can fire again. */
static void
forget_rungs(struct life *l, const struct policy_route *r, enum rung_when when)
{
	for (size_t i = 0; r != NULL && i < r->n_rungs; i++)
		if (r->rungs[i].when == when)
			l->fired &= ~(1u << i);
}

static void
begin(struct life *l, enum life_clock c, int64_t at,
    const struct policy_route *r)
{
	l->since[c] = at;
	if (c == SINCE_MOVED)
		forget_rungs(l, r, RUNG_NO_MOVEMENT);
	else if (c == SINCE_UPDATE)
		forget_rungs(l, r, RUNG_NO_UPDATE);
}

static void
await(struct life *l, int64_t at)
{
	l->flags |= CASE_IS_AWAITING;
	clear(l, CASE_IS_SILENT);
	l->since[SINCE_ASKED] = at;
	l->prompts = 0;
}

static void
stop_awaiting(struct life *l)
{
	clear(l, CASE_IS_AWAITING | CASE_IS_SILENT);
	l->since[SINCE_ASKED] = 0;
	l->prompts = 0;
}

/* The next update was not due while an answer was awaited: its time begins
 * with that answer. */
static void
answered(struct life *l, int64_t at, const struct policy_route *r)
{
	if (l->flags & CASE_IS_AWAITING)
		begin(l, SINCE_UPDATE, at, r);
	stop_awaiting(l);
}

static void
ask_second(struct life *l, const struct entry *e, unsigned flag)
{
	l->flags |= (uint16_t)flag;
	l->pending = e->seq;
	l->first = e->author;
}

static void
forget_second(struct life *l)
{
	clear(l, CASE_IS_CLOSING | CASE_IS_OVERRIDING);
	l->pending = 0;
	l->first = 0;
}

/* What the state's own clocks are, on entering it. */
static void
enter(struct life *l, enum case_state s, int64_t at,
    const struct policy_route *r)
{
	bool was_closed = l->state == CASE_CLOSED;

	if (s == CASE_CLOSED)
		set_flag(l, CASE_IS_DISMISSED, l->state == CASE_RECEIVED);
	l->state = s;
	begin(l, SINCE_MOVED, at, r);
	if (s == CASE_TERMS)
		l->since[SINCE_TERMS] = at;
	l->since[SINCE_CLOSED] = s == CASE_CLOSED ? at : 0;
	l->checks = 0;
	if (!life_is_open(l)) {
		stop_awaiting(l);
		forget_second(l);
	}
	if (was_closed && life_is_open(l)) {
		l->flags |= CASE_IS_REOPENED;
		clear(l, CASE_IS_DISMISSED);
		begin(l, SINCE_UPDATE, at, r);
		forget_rungs(l, r, RUNG_UNRESOLVED);
	}
	if (s == CASE_RECEIVED) {
		forget_rungs(l, r, RUNG_UNACKNOWLEDGED);
		forget_rungs(l, r, RUNG_UNTRIAGED);
	}
}

/* Whoever came back after one person had dismissed them is dismissed by two or
 * by nobody. */
static bool
waits_for_second(const struct life *l, const struct policy *p,
    const struct entry *e)
{
	if (e->kind == MESSAGE_DISMISS)
		return life_needs_second(l, p) || (l->flags & CASE_IS_REOPENED);
	return e->kind == MESSAGE_CLOSE && life_needs_second(l, p);
}

/* Somebody has looked at it, or its reporter says that it is meant: a dismissal
 * that waits for a second person is over. */
static bool
ends_dismissal(const struct life *l, const struct entry *e)
{
	return l->state == CASE_RECEIVED && (l->flags & CASE_IS_CLOSING) &&
	    (e->kind == MESSAGE_ACK || e->kind == MESSAGE_FOLLOWUP ||
		e->kind == MESSAGE_SURVEY);
}

static enum case_state
next_state(const struct life *l, const struct policy *p, const struct entry *e)
{
	bool closes = (l->flags & CASE_IS_CLOSING) != 0;

	if ((e->kind == MESSAGE_ASSIGN && !e->investigates) ||
	    waits_for_second(l, p, e) || (e->kind == MESSAGE_SECOND && !closes))
		return l->state;
	if (e->kind == MESSAGE_NOTICE && e->code == NOTICE_SILENT)
		return life_needs_second(l, p) ? l->state : CASE_CLOSED;
	/* nobody has acknowledged it yet, and all that waits for that goes on:
	 * whatever its reporter says, junk says nothing */
	if (l->state == CASE_CLOSED && (l->flags & CASE_IS_DISMISSED) &&
	    (life_table_next(l->state, e->kind) == CASE_HANDLING ||
		e->kind == MESSAGE_SURVEY))
		return CASE_RECEIVED;
	return life_table_next(l->state, e->kind);
}

static void
apply_instance(struct life *l, const struct entry *e)
{
	if (e->code == NOTICE_PROMPT)
		l->prompts = e->number;
	else if (e->code == NOTICE_CHECK)
		l->checks = e->number;
	else if (e->code == NOTICE_UNANSWERED)
		l->flags |= CASE_IS_SILENT;
	else if (e->code == NOTICE_BREACHED)
		l->flags |= CASE_IS_BREACHED;
}

static void
set_band(struct life *l, uint8_t band)
{
	l->band = band;
	if (band < l->gravest)
		l->gravest = band;
}

static void
apply_flags(struct life *l, const struct policy *p,
    const struct policy_route *r, const struct entry *e, int64_t at)
{
	if (e->kind == MESSAGE_TRIAGE || e->kind == MESSAGE_BAND)
		set_band(l, e->band);
	if (e->kind == MESSAGE_TRIAGE)
		set_flag(l, CASE_IS_COMPLEX, e->is_complex);
	if (e->kind == MESSAGE_HOLD || e->kind == MESSAGE_RELEASE)
		set_flag(l, CASE_IS_HELD, e->kind == MESSAGE_HOLD);
	if (e->kind == MESSAGE_REPORT) {
		set_flag(l, CASE_IS_CONDUCT, e->is_conduct);
		l->findings = e->author;
	}
	if (e->kind == MESSAGE_REVIEW)
		clear(l, CASE_IS_CONDUCT);
	if (e->kind == MESSAGE_ASK || e->kind == MESSAGE_DISCLOSE)
		await(l, at);
	if (e->kind == MESSAGE_DISCLOSE) {
		clear(l, CASE_IS_CONSENTED);
		l->flags |= CASE_IS_DISCLOSING;
		l->asked = e->seq;
	}
	if (e->kind == MESSAGE_FOLLOWUP || e->kind == MESSAGE_CONSENT)
		answered(l, at, r);
	if (e->kind == MESSAGE_CONSENT) {
		clear(l, CASE_IS_DISCLOSING);
		set_flag(l, CASE_IS_CONSENTED, e->agrees);
	}
	if (e->kind == MESSAGE_OVERRIDE)
		ask_second(l, e, CASE_IS_OVERRIDING);
	if (waits_for_second(l, p, e))
		ask_second(l, e, CASE_IS_CLOSING);
	if (e->kind == MESSAGE_SECOND && (l->flags & CASE_IS_OVERRIDING))
		l->flags |= CASE_IS_OVERRIDDEN;
	if (e->kind == MESSAGE_SECOND || e->kind == MESSAGE_DECLINE ||
	    ends_dismissal(l, e))
		forget_second(l);
	if (e->author == PERSON_INSTANCE)
		apply_instance(l, e);
}

/* Whether the reporter hears something of us in it. */
static bool
is_update(const struct entry *e)
{
	return message_kind_chain(e->kind) == CHAIN_TALK &&
	    message_form(e->kind)->author == AUTHOR_STAFF &&
	    entry_has_content(e);
}

/* The hour of filing is kept as long as a deadline in hours may need it. */
static void
forget_hours(struct life *l)
{
	if (l->state <= CASE_ACKNOWLEDGED)
		return;
	if (l->since[SINCE_UPDATE] == l->since[SINCE_FILED])
		l->since[SINCE_UPDATE] = day_of(l->since[SINCE_UPDATE]);
	l->since[SINCE_FILED] = day_of(l->since[SINCE_FILED]);
}

/* A deadline that was missed is met, where none that passed is left. */
static void
settle(struct life *l, const struct policy *p, const struct policy_route *r,
    int64_t now)
{
	enum policy_deadline which;
	int64_t at;

	if (clock_deadline(p, l, &which, &at) && at <= now)
		return;
	clear(l, CASE_IS_BREACHED);
	l->since[SINCE_BREACHED] = 0;
	forget_rungs(l, r, RUNG_BREACHED);
}

bool
life_needs_second(const struct life *l, const struct policy *p)
{
	return (p->limits.close_needs_second & BAND_BIT(l->gravest)) != 0;
}

void
life_apply(struct life *l, const struct policy *p, const struct policy_route *r,
    const struct entry *e, int64_t now)
{
	int64_t at = e->author == PERSON_REPORTER ? day_of(now) : quarter(now);
	enum case_state next = next_state(l, p, e);

	clock_adopt(p, l);
	apply_flags(l, p, r, e, at);
	if (is_update(e))
		begin(l, SINCE_UPDATE, at, r);
	if (next != l->state)
		enter(l, next, at, r);
	if (e->kind == MESSAGE_ROUTE) {
		begin(l, SINCE_MOVED, at, r);
		l->fired = 0;
	}
	forget_hours(l);
	settle(l, p, r, now);
}

void
life_begin(struct life *l, uint8_t band, uint32_t serial, int64_t now)
{
	int64_t at = quarter(now);

	*l = (struct life){ .band = band, .gravest = band, .serial = serial };
	l->since[SINCE_FILED] = at;
	l->since[SINCE_UPDATE] = at;
	l->since[SINCE_MOVED] = at;
}

/* --- as it is kept --- */

void
life_put(const struct life *l, uint8_t out[static LIFE_LEN])
{
	struct buf b = { .p = out, .cap = LIFE_LEN, .max = LIFE_LEN };

	buf_put_u8(&b, (uint8_t)l->state);
	buf_put_u8(&b, l->band);
	buf_put_u8(&b, l->gravest);
	buf_put_u16(&b, l->flags);
	buf_put_u16(&b, l->first);
	buf_put_u16(&b, l->findings);
	buf_put_u32(&b, l->pending);
	buf_put_u32(&b, l->asked);
	for (int i = 0; i < LIFE_CLOCKS; i++)
		buf_put_u32(&b, (uint32_t)(l->since[i] / CALENDAR_QUARTER));
	buf_put_u32(&b, l->fired);
	buf_put_u32(&b, l->serial);
	buf_put_u8(&b, l->prompts);
	buf_put_u8(&b, l->checks);
	buf_put_zeros(&b, LIFE_LEN - b.n);
}

enum err
life_get(const uint8_t in[static LIFE_LEN], struct life *ret)
{
	struct reader r = reader_over(BYTES(in, LIFE_LEN));
	struct life l = { 0 };
	uint8_t state = reader_u8(&r);

	l.band = reader_u8(&r);
	l.gravest = reader_u8(&r);
	l.flags = reader_u16(&r);
	l.first = reader_u16(&r);
	l.findings = reader_u16(&r);
	l.pending = reader_u32(&r);
	l.asked = reader_u32(&r);
	for (int i = 0; i < LIFE_CLOCKS; i++)
		l.since[i] = (int64_t)reader_u32(&r) * CALENDAR_QUARTER;
	l.fired = reader_u32(&r);
	l.serial = reader_u32(&r);
	l.prompts = reader_u8(&r);
	l.checks = reader_u8(&r);
	if (state >= CASE_STATES || l.band < 1 || l.band > POLICY_BANDS ||
	    l.gravest < 1 || l.gravest > l.band ||
	    l.flags >= 1u << CASE_FLAGS || !bytes_all_zero(r.p, r.n))
		return ERR_CORRUPT;
	l.state = (enum case_state)state;
	*ret = l;
	return r.err;
}
