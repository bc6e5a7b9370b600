#include "policy/clock.h"

#include "crypto/codec.h"

#define S(state) (1u << CASE_##state)
#define OPEN (((1u << CASE_STATES) - 1) & ~(S(CLOSED) | S(WITHDRAWN)))

/* --- when --- */

static int64_t
unit_seconds(enum policy_unit u)
{
	if (u == UNIT_MINUTES)
		return 60;
	return u == UNIT_HOURS || u == UNIT_WORKING_HOURS ? 3600 : DAY_SECONDS;
}

/* Behind the last day of the calendar every day counts as a working day: what
 * was promised comes rather early than never. */
static int64_t
after(const struct policy *p, int64_t since, struct policy_duration d)
{
	int64_t at;

	if (d.amount == 0)
		return since;
	if (calendar_add(p, since, d, &at) == ERR_OK)
		return at;
	return since + d.amount * unit_seconds(d.unit);
}

/* --- rungs --- */

static enum life_clock
clock_of(enum rung_when when)
{
	switch (when) {
	case RUNG_UNACKNOWLEDGED:
	case RUNG_UNTRIAGED:
	case RUNG_UNRESOLVED:
		return SINCE_FILED;
	case RUNG_NO_UPDATE:
		return SINCE_UPDATE;
	case RUNG_NO_MOVEMENT:
		return SINCE_MOVED;
	case RUNG_BREACHED:
		break;
	}
	return SINCE_BREACHED;
}

static bool
stands(const struct life *l, enum rung_when when)
{
	unsigned now = 1u << l->state;

	switch (when) {
	case RUNG_UNACKNOWLEDGED:
		return l->state == CASE_RECEIVED;
	case RUNG_UNTRIAGED:
		return (now & (S(RECEIVED) | S(ACKNOWLEDGED))) != 0;
	case RUNG_NO_UPDATE:
		return (now & OPEN) && !(l->flags & CASE_IS_AWAITING);
	case RUNG_UNRESOLVED:
		return (now & OPEN & ~S(FEDBACK)) != 0;
	case RUNG_NO_MOVEMENT:
		return (now & OPEN) != 0;
	case RUNG_BREACHED:
		break;
	}
	return (now & OPEN) && (l->flags & CASE_IS_BREACHED);
}

static bool
counts(const struct policy_route *r, const struct life *l, unsigned rung)
{
	return (r->rungs[rung - 1].bands & BAND_BIT(l->band)) != 0;
}

static bool
has_fired(const struct life *l, unsigned rung)
{
	return (l->fired & 1u << (rung - 1)) != 0;
}

void
clock_adopt(const struct policy *p, struct life *l)
{
	if (l->serial == p->serial)
		return;
	l->serial = p->serial;
	l->fired = 0;
}

bool
clock_rung_stands(const struct policy_route *r, const struct life *l,
    unsigned rung)
{
	return rung >= 1 && rung <= r->n_rungs && has_fired(l, rung) &&
	    stands(l, r->rungs[rung - 1].when);
}

unsigned
clock_next_rung(const struct policy_route *r, const struct life *l,
    unsigned rung, enum rung_verb verb)
{
	for (unsigned k = rung + 1; k <= r->n_rungs; k++)
		if (r->rungs[k - 1].verb == verb && counts(r, l, k) &&
		    !has_fired(l, k))
			return k;
	return 0;
}

/* --- deadlines --- */

static const struct {
	enum policy_deadline which;
	unsigned states;
	enum life_clock since;
} deadlines[] = {
	{ DEADLINE_ACKNOWLEDGE, S(RECEIVED), SINCE_FILED },
	{ DEADLINE_TRIAGE, S(RECEIVED) | S(ACKNOWLEDGED), SINCE_FILED },
	{ DEADLINE_UPDATE, OPEN & ~S(FEDBACK), SINCE_UPDATE },
	{ DEADLINE_ROUTE, S(TRIAGED), SINCE_MOVED },
	{ DEADLINE_TERMS, S(ASSIGNED), SINCE_MOVED },
	{ DEADLINE_REPORT, S(TERMS) | S(EVIDENCE), SINCE_TERMS },
	{ DEADLINE_REPORT_COMPLEX, S(TERMS) | S(EVIDENCE), SINCE_TERMS },
	{ DEADLINE_REVIEW, S(REPORTED), SINCE_MOVED },
	{ DEADLINE_FEEDBACK, S(REPORTED) | S(REVIEWED) | S(ACTION),
	    SINCE_MOVED },
};

static bool
runs(const struct life *l, enum policy_deadline which)
{
	bool complex = (l->flags & CASE_IS_COMPLEX) != 0;
	bool conduct = (l->flags & CASE_IS_CONDUCT) != 0;

	if (which == DEADLINE_UPDATE)
		return !(l->flags & CASE_IS_AWAITING);
	if (which == DEADLINE_REPORT || which == DEADLINE_REPORT_COMPLEX)
		return complex == (which == DEADLINE_REPORT_COMPLEX);
	if (which == DEADLINE_REVIEW)
		return conduct;
	return which != DEADLINE_FEEDBACK || !conduct;
}

bool
clock_deadline_of(const struct policy *p, const struct life *l,
    enum policy_deadline which, int64_t *ret_at)
{
	struct policy_duration d = p->deadline[which][l->band - 1];

	for (size_t i = 0; i < sizeof(deadlines) / sizeof(deadlines[0]); i++) {
		int64_t since = l->since[deadlines[i].since];

		if (deadlines[i].which != which ||
		    !(deadlines[i].states & 1u << l->state) ||
		    !runs(l, which) || d.amount == 0 || since == 0)
			continue;
		*ret_at = after(p, since, d);
		return true;
	}
	return false;
}

bool
clock_deadline(const struct policy *p, const struct life *l,
    enum policy_deadline *ret_which, int64_t *ret_at)
{
	bool found = false;

	for (unsigned i = 0; i < POLICY_DEADLINES; i++) {
		int64_t at;

		if (!clock_deadline_of(p, l, (enum policy_deadline)i, &at) ||
		    (found && at >= *ret_at))
			continue;
		found = true;
		*ret_which = (enum policy_deadline)i;
		*ret_at = at;
	}
	return found;
}

/* --- what comes next --- */

/* The earliest so far; the first of those at one time. */
struct next {
	bool found;
	struct clock_event event;
};

static void
offer(struct next *n, enum clock_what what, unsigned number, int64_t at)
{
	if (n->found && n->event.at <= at)
		return;
	n->found = true;
	n->event = (struct clock_event){ what, number, at };
}

static void
offer_breach(struct next *n, const struct policy *p, const struct life *l)
{
	enum policy_deadline which;
	int64_t at;

	if (!(l->flags & CASE_IS_BREACHED) && clock_deadline(p, l, &which, &at))
		offer(n, CLOCK_BREACH, which, at);
}

static void
offer_rungs(struct next *n, const struct policy *p,
    const struct policy_route *r, const struct life *l)
{
	bool is_old = l->serial != p->serial;

	for (unsigned k = 1; k <= r->n_rungs; k++) {
		const struct policy_rung *rung = &r->rungs[k - 1];
		int64_t since = l->since[clock_of(rung->when)];

		if (counts(r, l, k) && stands(l, rung->when) && since != 0 &&
		    (is_old || !has_fired(l, k)))
			offer(n, CLOCK_RUNG, k, after(p, since, rung->after));
	}
}

bool
clock_may_close(const struct life *l)
{
	unsigned states = S(ACKNOWLEDGED) | S(TRIAGED) | S(ADVICE) |
	    S(HANDLING) | S(REFERRED) | S(HUB) | S(FEDBACK);

	return (states & 1u << l->state) && (l->flags & CASE_IS_AWAITING) &&
	    !(l->flags &
		(CASE_IS_HELD | CASE_IS_CONDUCT | CASE_IS_CLOSING |
		    CASE_IS_OVERRIDING));
}

/* A silent reporter: prompts, and then the end. */
static void
offer_silence(struct next *n, const struct policy *p, const struct life *l)
{
	const struct policy_limits *limits = &p->limits;
	int64_t since = l->since[SINCE_ASKED];
	bool closes = clock_may_close(l) && !life_needs_second(l, p);

	if (!life_is_open(l) || !(l->flags & CASE_IS_AWAITING) || since == 0)
		return;
	if (l->prompts < limits->n_prompts)
		offer(n, CLOCK_PROMPT, l->prompts + 1u,
		    since + limits->prompt_days[l->prompts] * DAY_SECONDS);
	if (limits->close_after_days > 0 && !(l->flags & CASE_IS_SILENT))
		offer(n, closes ? CLOCK_SILENT : CLOCK_UNANSWERED, 0,
		    since + limits->close_after_days * DAY_SECONDS);
}

static void
offer_checks(struct next *n, const struct policy *p, const struct life *l)
{
	const struct policy_limits *limits = &p->limits;

	if (l->state == CASE_CLOSED && l->checks < limits->n_detriment)
		offer(n, CLOCK_CHECK, l->checks + 1u,
		    l->since[SINCE_CLOSED] +
			limits->detriment_days[l->checks] * DAY_SECONDS);
}

static struct next
next_of(const struct policy *p, const struct policy_route *r,
    const struct life *l)
{
	struct next n = { 0 };

	offer_breach(&n, p, l);
	offer_rungs(&n, p, r, l);
	offer_silence(&n, p, l);
	offer_checks(&n, p, l);
	return n;
}

int64_t
clock_due(const struct policy *p, const struct policy_route *r,
    const struct life *l)
{
	struct next n = next_of(p, r, l);

	return n.found ? n.event.at : 0;
}

/* --- what it does to the life --- */

/* As clients do who read the notice of it. */
static void
close_silent(struct life *l, const struct policy *p,
    const struct policy_route *r, int64_t at)
{
	const struct entry notice = { .kind = MESSAGE_NOTICE,
		.author = PERSON_INSTANCE,
		.code = NOTICE_SILENT };

	life_apply(l, p, r, &notice, at);
}

static void
note(struct life *l, const struct policy *p, const struct policy_route *r,
    const struct clock_event *e)
{
	switch (e->what) {
	case CLOCK_RUNG:
		l->fired |= 1u << (e->number - 1);
		break;
	case CLOCK_BREACH:
		l->flags |= CASE_IS_BREACHED;
		l->since[SINCE_BREACHED] = e->at;
		break;
	case CLOCK_PROMPT:
		l->prompts++;
		break;
	case CLOCK_SILENT:
		close_silent(l, p, r, e->at);
		break;
	case CLOCK_UNANSWERED:
		l->flags |= CASE_IS_SILENT;
		break;
	case CLOCK_CHECK:
		l->checks++;
		break;
	}
}

bool
clock_step(const struct policy *p, const struct policy_route *r, int64_t now,
    struct life *l, struct clock_event *ret)
{
	struct next n = next_of(p, r, l);

	clock_adopt(p, l);
	if (!n.found || n.event.at > now)
		return false;
	note(l, p, r, &n.event);
	*ret = n.event;
	return true;
}
