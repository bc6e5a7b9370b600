#include "policy/simulate.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "crypto/codec.h"
#include "policy/diff_parts.h"
#include "policy/names.h"
#include "policy/route.h"
#include "policy/simulate_parts.h"

#define SENTENCE_MAX 600

const char *
simulated_name(enum simulated what)
{
	static const char *const names[] = { "filed", "acted", "refused",
		"overdue", "joined", "told", "nobody", "notice" };

	return names[what];
}

void
simulate_say(struct play *y, enum simulated what, const char *fmt, ...)
{
	char sentence[SENTENCE_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(sentence, sizeof(sentence), fmt, ap);
	va_end(ap);
	y->said++;
	y->sum.refused += what == SIMULATED_REFUSED;
	y->sum.overdue += what == SIMULATED_OVERDUE;
	y->report(y->ctx, y->now, what, sentence);
}

/* --- actions --- */

static unsigned
parts_of(struct play *y, uint16_t author)
{
	const struct person_state *s;

	if (author == PERSON_REPORTER)
		return PART_REPORTER;
	s = simulate_state(y, author);
	return s->reads ? life_parts(policy_person(y->p, author), s->given) : 0;
}

/* What the whole list of readers says to a change, before it is made. */
static const char *
change_refused(struct play *y, const struct entry *e)
{
	struct member_change change[2];
	struct member m[MEMBERS_MAX];
	size_t n = member_changes_of(e, change), before = y->n_changes, count;
	enum err err;

	if (n == 0)
		return NULL;
	if (before + n > MEMBER_CHANGES_MAX)
		return "too many changes of readers";
	for (size_t i = 0; i < n; i++)
		y->change[y->n_changes++] = change[i];
	err = simulate_members(y, m, &count);
	y->n_changes = before;
	if (err == ERR_DENIED)
		return "the reporter left this person out";
	return err == ERR_OK ? NULL : "there would be too many readers";
}

static bool
is_below_marked(const struct play *y, uint16_t person)
{
	uint16_t out[POLICY_PEOPLE_MAX];
	size_t n = 0;

	return exclusions_close(y->p, y->began, y->s->marked, y->s->n_marked,
		   out, POLICY_PEOPLE_MAX, &n) == ERR_OK &&
	    diff_has(out, n, person);
}

/* NULL: it may be done. */
static const char *
refused(struct play *y, const struct entry *e)
{
	unsigned parts = parts_of(y, e->author);
	enum life_refusal r;

	if (parts == 0)
		return "they do not read it";
	r = life_may(&y->life, e, parts);
	if (r != LIFE_OK)
		return life_refusal_text(r);
	if ((e->kind == MESSAGE_ASSIGN || e->kind == MESSAGE_HANDOVER) &&
	    is_below_marked(y, e->person))
		return "the reporter left this person out";
	return change_refused(y, e);
}

static bool
somebody_handles(struct play *y)
{
	for (size_t i = 0; i < y->p->n_people; i++)
		if (y->person[i].reads &&
		    !simulate_is_away(y, y->p->people[i].number) &&
		    (life_parts(&y->p->people[i], y->person[i].given) &
			PART_HANDLER))
			return true;
	return false;
}

static void
move_people(struct play *y, const struct entry *e)
{
	struct member_change change[2];
	size_t n = member_changes_of(e, change), living;
	uint16_t who[POLICY_WHO_MAX];
	bool was_given = e->kind == MESSAGE_ASSIGN;

	for (size_t i = 0; i < n; i++) {
		y->change[y->n_changes++] = change[i];
		if (change[i].what == CHANGE_LEAVE) {
			was_given = simulate_state(y, change[i].who)->given;
			*simulate_state(y, change[i].who) =
			    (struct person_state){ false, false };
		}
		if (change[i].what == CHANGE_JOIN)
			*simulate_state(y, change[i].who) =
			    (struct person_state){ true, was_given };
		if (change[i].what == CHANGE_ROUTE) {
			y->route = policy_route(y->p, change[i].who);
			(void)simulate_release(y, 0, who, &living);
		}
	}
}

/* "triage by guardian-east, P2: triaged" */
static void
say_action(struct play *y, const struct entry *e)
{
	const char *by = e->author == PERSON_REPORTER
	    ? "reporter"
	    : policy_person(y->p, e->author)->slug;
	bool closing =
	    (e->kind == MESSAGE_CLOSE || e->kind == MESSAGE_DISMISS) &&
	    y->life.state != CASE_CLOSED;
	char more[80] = "";

	if (e->band != 0)
		(void)snprintf(more, sizeof(more), ", P%u", e->band);
	if (e->person != 0)
		(void)snprintf(more, sizeof(more), ", to %s",
		    policy_person(y->p, e->person)->slug);
	if (e->route != 0)
		(void)snprintf(more, sizeof(more), ", to route %s",
		    policy_route(y->p, e->route)->slug);
	simulate_say(y, SIMULATED_ACTED, "%s by %s%s: %s%s",
	    message_kind_name(e->kind), by, more,
	    case_state_name(y->life.state),
	    closing ? ", until a second person agrees" : "");
}

static void
act(struct play *y, const struct script_action *a)
{
	struct entry e = a->entry;
	const char *why;

	y->now = a->at;
	e.day = a->at / DAY_SECONDS;
	e.seq = message_kind_chain(e.kind) == CHAIN_TALK ? y->seq : 0;
	e.about = e.kind == MESSAGE_CONSENT ? y->life.asked : y->life.pending;
	why = refused(y, &e);
	if (why != NULL) {
		simulate_say(y, SIMULATED_REFUSED, "refused: %s by %s: %s",
		    message_kind_name(e.kind),
		    e.author == PERSON_REPORTER
			? "reporter"
			: policy_person(y->p, e.author)->slug,
		    why);
		return;
	}
	y->seq += message_kind_chain(e.kind) == CHAIN_TALK;
	move_people(y, &e);
	life_apply(&y->life, y->p, y->route, &e, y->now);
	say_action(y, &e);
	if (e.kind == MESSAGE_ESCALATE)
		simulate_next_join(y, "escalated");
	if ((e.kind == MESSAGE_RECUSE || e.kind == MESSAGE_HANDOVER) &&
	    life_is_open(&y->life) && !somebody_handles(y))
		simulate_next_join(y, "nobody handles it any more");
}

/* --- time --- */

/* The next deadline that passes and has not been said; 0: none. */
static int64_t
next_deadline(const struct play *y, enum policy_deadline *ret)
{
	int64_t first = 0, at;

	for (unsigned i = 0; i < POLICY_DEADLINES; i++) {
		if (!clock_deadline_of(y->p, &y->life, (enum policy_deadline)i,
			&at) ||
		    at <= y->passed[i] || (first != 0 && at >= first))
			continue;
		first = at;
		*ret = (enum policy_deadline)i;
	}
	return first;
}

static void
put_why(const struct policy_rung *g, char *out, size_t cap)
{
	char after[DURATION_TEXT_MAX];

	duration_format(&g->after, after);
	(void)snprintf(out, cap, "%s for %s", rung_when_name(g->when), after);
}

static void
on_clock(struct play *y, const struct clock_event *e)
{
	char why[80];

	switch (e->what) {
	case CLOCK_RUNG:
		put_why(&y->route->rungs[e->number - 1], why, sizeof(why));
		simulate_climb(y, e->number, why);
		break;
	case CLOCK_BREACH: /* said with its deadline */
		break;
	case CLOCK_PROMPT:
		simulate_say(y, SIMULATED_NOTICE,
		    "the reporter is asked again (%u of "
		    "%zu)",
		    e->number, y->p->limits.n_prompts);
		break;
	case CLOCK_SILENT:
		simulate_say(y, SIMULATED_NOTICE,
		    "closed with notice: no answer came");
		break;
	case CLOCK_UNANSWERED:
		simulate_say(y, SIMULATED_NOTICE,
		    "no answer came: two people must "
		    "close it");
		break;
	case CLOCK_CHECK:
		simulate_say(y, SIMULATED_NOTICE,
		    "the reporter is asked how they are "
		    "treated (%u of %zu)",
		    e->number, y->p->limits.n_detriment);
		break;
	}
}

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Everything up to a moment, in order; false: more happens than can be. */
static bool
run_until(struct play *y, int64_t end)
{
	struct clock_event event;
	enum policy_deadline which = 0;

	while (y->said < SIMULATE_EVENTS_MAX) {
		int64_t due = clock_due(y->p, y->route, &y->life);
		int64_t deadline = next_deadline(y, &which);

		if (deadline != 0 && deadline < end &&
		    (due == 0 || deadline <= due)) {
			y->now = later(y->now, deadline);
			y->passed[which] = deadline;
			simulate_say(y, SIMULATED_OVERDUE, "overdue: %s",
			    policy_deadline_name(which));
			continue;
		}
		if (due == 0 || due >= end)
			return true;
		y->now = later(y->now, due);
		if (!clock_step(y->p, y->route, y->now, &y->life, &event))
			return true;
		on_clock(y, &event);
	}
	return false;
}

/* --- from the beginning --- */

static enum err
file(struct play *y)
{
	struct route_choice choice = route_pick_masks(y->p, y->s->answered,
	    y->s->marked, y->s->n_marked);
	struct member m[MEMBERS_MAX];
	uint16_t who[POLICY_WHO_MAX], out[POLICY_PEOPLE_MAX];
	char words[DIFF_WORDS_MAX], left[DIFF_WORDS_MAX];
	size_t n, living;
	enum err e;

	y->route = y->began = policy_route(y->p, choice.route);
	y->now = y->s->filed;
	y->seq = 1;
	e = simulate_members(y, m, &n);
	if (e == ERR_OK)
		e = exclusions_close(y->p, y->route, y->s->marked,
		    y->s->n_marked, out, POLICY_PEOPLE_MAX, &n);
	if (e != ERR_OK)
		return e;
	diff_slugs(y->p, out, n, left, sizeof(left));
	life_begin(&y->life, choice.band, y->p->serial, y->s->filed);
	n = simulate_release(y, 0, who, &living);
	diff_slugs(y->p, who, n, words, sizeof(words));
	simulate_say(y, SIMULATED_FILED,
	    "filed on route %s in P%u: %s may read%s%s", y->route->slug,
	    choice.band, n > 0 ? words : "nobody",
	    left[0] != '\0' ? "; left out: " : "", left);
	return ERR_OK;
}

enum err
simulate(const struct policy *p, const struct script *s,
    simulate_report *report, void *ctx, struct simulation_sum *ret)
{
	struct play y = { .p = p, .s = s, .report = report, .ctx = ctx };
	bool ends = true;
	enum err e = file(&y);

	if (e != ERR_OK)
		return e;
	for (size_t i = 0; ends && i < s->n_actions; i++) {
		if (s->until != 0 && s->action[i].at >= s->until)
			break;
		ends = run_until(&y, s->action[i].at);
		if (ends)
			act(&y, &s->action[i]);
	}
	if (ends)
		ends = run_until(&y, s->until != 0 ? s->until : INT64_MAX);
	if (!ends)
		return ERR_LIMIT;
	y.sum.state = y.life.state;
	*ret = y.sum;
	return ERR_OK;
}
