#include "daemon/vault_notify.h"

#include <string.h>

#include "daemon/vault_state.h"

#define MINUTE 60

/* --- who --- */

static bool
is_named(const struct vault *v, uint16_t person)
{
	return (v->notifier.named[person / 8] >> person % 8 & 1) != 0;
}

static void
set_named(struct vault *v, uint16_t person, bool is)
{
	const uint8_t bit = (uint8_t)(1u << person % 8);

	if (is_named(v, person) != is)
		v->notifier.named[person / 8] ^= bit;
}

/* What is new after the line went is said once more, also where the answer to
 * that line comes after it. */
void
notify_person(struct vault *v, uint16_t person, uint8_t band)
{
	struct ledger_person *p = ledger_person(v, person);

	if (p == NULL)
		return;
	p->waits = true;
	if ((v->now.policy->limits.notify_at_once & BAND_BIT(band)) != 0)
		p->is_urgent = true;
	set_named(v, person, false);
}

void
notify_message(struct vault *v, const struct store_case *c,
    enum message_kind kind, uint16_t author, uint16_t person)
{
	if (author == PERSON_INSTANCE)
		return;
	if (author != PERSON_REPORTER) {
		if ((kind == MESSAGE_ASSIGN || kind == MESSAGE_HANDOVER ||
			kind == MESSAGE_GRANT) &&
		    person != author)
			notify_person(v, person, c->marks.band);
		return;
	}
	for (size_t i = 0; i < c->n_readers; i++)
		if ((c->reader[i].access & READER_RELEASED) != 0)
			notify_person(v, c->reader[i].person, c->marks.band);
}

/* --- when --- */

/* Half a period to one and a half: nobody can tell from the time of a message
 * when it was caused. Without randomness, the next tick comes late. */
static int64_t
draw(const struct vault *v, int64_t now, int64_t period)
{
	uint32_t r = 0;

	if (env_random(v->env, (uint8_t *)&r, sizeof(r)) != ERR_OK)
		r = UINT32_MAX;
	return now + period / 2 + (int64_t)(r % (uint64_t)(period + 1));
}

/* Whether the tick at *next has come, which is then drawn anew; and so is one
 * that a clock set back left far ahead. */
static bool
take_tick(const struct vault *v, int64_t *next, int64_t period)
{
	const int64_t now = env_now(v->env);
	const bool has_come = *next != 0 && now >= *next;

	if (*next == 0 || has_come || *next - now > 2 * period)
		*next = draw(v, now, period);
	return has_come;
}

static bool
take_minute(const struct vault *v, int64_t *next)
{
	const int64_t now = env_now(v->env);

	if (now < *next && *next - now <= MINUTE)
		return false;
	*next = now - now % MINUTE + MINUTE;
	return true;
}

void
notify_connected(struct vault *v)
{
	memset(v->notifier.named, 0, sizeof(v->notifier.named));
}

void
notify_due(struct vault *v, struct buf *out)
{
	const int64_t period = v->now.policy->limits.notify_minutes * MINUTE;
	bool for_all = take_tick(v, &v->notifier.next, period);
	bool for_urgent = take_minute(v, &v->notifier.minute);

	for (size_t i = 0; i < v->ledger.now.n; i++) {
		const struct ledger_person *p = &v->ledger.now.at[i];

		if (!p->waits ||
		    !(for_all ||
			(for_urgent && p->is_urgent &&
			    !is_named(v, p->number))))
			continue;
		buf_printf(out, "%u\n", (unsigned)p->number);
		set_named(v, p->number, true);
	}
}

void
notify_answered(struct vault *v, uint16_t person)
{
	struct ledger_person *p = ledger_person(v, person);

	if (p == NULL || !is_named(v, person))
		return;
	p->waits = p->is_urgent = false;
	set_named(v, person, false);
}

size_t
notify_waiting(const struct vault *v)
{
	size_t n = 0;

	for (size_t i = 0; i < v->ledger.now.n; i++)
		n += v->ledger.now.at[i].waits;
	return n;
}
