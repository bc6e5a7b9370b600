#include "tests/policy/lives.h"

#include <stdlib.h>

#include "crypto/codec.h"

#define HOUR 3600

/* "2026-12-24 16:30", UTC. */
int64_t
utc(const char *text)
{
	int64_t day;

	assert_int_equal(day_parse(BYTES((const uint8_t *)text, 10), &day),
	    ERR_OK);
	return day * DAY_SECONDS + strtol(text + 11, NULL, 10) * HOUR +
	    strtol(text + 14, NULL, 10) * 60;
}

static void
put_event(struct buf *out, const struct clock_event *e)
{
	static const char *const what[] = { "rung", "breach", "prompt",
		"silent", "unanswered", "check" };
	char day[11];
	int64_t minute = e->at % DAY_SECONDS / 60;

	day_format(day, e->at / DAY_SECONDS);
	buf_printf(out, "%s %02d:%02d %s", day, (int)(minute / 60),
	    (int)(minute % 60), what[e->what]);
	if (e->what == CLOCK_BREACH)
		buf_printf(out, " %s",
		    policy_deadline_name((enum policy_deadline)e->number));
	else if (e->number > 0)
		buf_printf(out, " %u", e->number);
	buf_put_u8(out, '\n');
}

/* Everything that is due at `now`, a line each. */
void
step_all(const struct policy *p, const struct policy_route *r, int64_t now,
    struct life *l, struct buf *out)
{
	struct clock_event e;
	int64_t due = clock_due(p, r, l);

	while (clock_step(p, r, now, l, &e)) {
		assert_int_equal(e.at, due);
		assert_true(e.at <= now);
		put_event(out, &e);
		due = clock_due(p, r, l);
	}
	assert_true(due == 0 || due > now);
}

void
must_happen(const struct policy *p, const struct policy_route *r,
    const char *until, struct life *l, const char *want)
{
	struct buf got CLEAN_BUF = BUF_INIT(1 << 16);

	step_all(p, r, utc(until), l, &got);
	buf_put_u8(&got, 0);
	assert_string_equal((const char *)got.p, want);
}

struct life
filed(const struct policy *p, uint8_t band, const char *when)
{
	struct life l;

	life_begin(&l, band, p->serial, utc(when));
	return l;
}

void
act(const struct policy *p, const struct policy_route *r, struct life *l,
    enum message_kind kind, uint16_t author, const char *when)
{
	struct entry e = { .kind = kind, .author = author, .band = l->band };

	if (message_form(kind)->content == CONTENT_MUST)
		e.content[0] = 1;
	if (kind == MESSAGE_ASSIGN)
		e.investigates = true;
	life_apply(l, p, r, &e, utc(when));
}
