#include "tests/policy/generate.h"

#include <string.h>

#include "tests/policy/support.h"

struct maker {
	uint64_t state; /* splitmix64 */
	struct buf out;
	unsigned n_people, n_routes;
};

static unsigned
below(struct maker *m, unsigned n)
{
	uint64_t z = m->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (unsigned)((z ^ z >> 31) % n);
}

static bool
in_a_hundred(struct maker *m, unsigned percent)
{
	return below(m, 100) < percent;
}

static void
put_people(struct maker *m)
{
	/* support.c gives managers no key */
	static const char *const roles[] = { "guardian", "guardian",
		"lead-guardian", "executive", "ned", "chair", "external",
		"external", "investigator", "manager" };

	m->n_people = 4 + below(m, 6);
	buf_put_str(&m->out, "people:\n");
	for (unsigned i = 1; i <= m->n_people; i++) {
		buf_printf(&m->out,
		    "  - {number: %u, slug: p%u, name: N, "
		    "role: %s",
		    i, i, roles[below(m, 10)]);
		if (i > 1 && in_a_hundred(m, 30))
			buf_printf(&m->out, ", reports-to: p%u",
			    1 + below(m, i - 1));
		if (in_a_hundred(m, 4))
			buf_put_str(&m->out, ", until: 2026-01-01");
		buf_put_str(&m->out, "}\n");
	}
}

/* min to max different people. */
static void
put_who(struct maker *m, unsigned min, unsigned max)
{
	unsigned n = min + below(m, max - min + 1);
	unsigned from = below(m, m->n_people);

	for (unsigned i = 0; i < n && i < m->n_people; i++)
		buf_printf(&m->out, "%sp%u", i == 0 ? "[" : ", ",
		    1 + (from + i) % m->n_people);
	buf_put_str(&m->out, "]");
}

static void
put_bands(struct maker *m)
{
	if (in_a_hundred(m, 75))
		return;
	buf_printf(&m->out, ", bands: [P%u, P%u]", 1 + below(m, 2),
	    3 + below(m, 2));
}

static void
put_rung(struct maker *m, unsigned days)
{
	static const char *const whens[] = { "unacknowledged", "untriaged",
		"no-update", "unresolved", "no-movement", "breached" };
	static const char *const units[] = { "days", "working days",
		"working hours" };

	if (in_a_hundred(m, 4))
		days = 1;
	buf_printf(&m->out, "      - {when: %s, after: %u %s",
	    whens[below(m, 6)], days,
	    units[in_a_hundred(m, 90) ? 0 : 1 + below(m, 2)]);
	put_bands(m);
	buf_printf(&m->out, ", %s: ", in_a_hundred(m, 70) ? "join" : "tell");
	put_who(m, 1, 3);
	buf_put_str(&m->out, "}\n");
}

static void
put_routes(struct maker *m)
{
	m->n_routes = 1 + below(m, 3);
	buf_put_str(&m->out, "routes:\n");
	for (unsigned i = 1; i <= m->n_routes; i++) {
		unsigned rungs = 1 + below(m, 4), days = 1;

		buf_printf(&m->out,
		    "  - number: %u\n    slug: r%u\n    "
		    "title: T\n    keys: best\n    recuse-line: %s\n"
		    "    first: ",
		    i, i, in_a_hundred(m, 50) ? "yes" : "no");
		put_who(m, in_a_hundred(m, 15) ? 1 : 3, 4);
		buf_put_str(&m->out, "\n    ladder:\n");
		for (unsigned k = 0; k < rungs; k++) {
			days += 1 + below(m, 9);
			put_rung(m, days);
		}
	}
}

static void
put_rules(struct maker *m)
{
	static const char *const conditions[] = { "one: x", "one: [x, y]",
		"many: a", "many: b", "risk: yes", "risk: no",
		"one: y, many: b", "many: [a, b], risk: yes" };
	unsigned n = below(m, 4);

	buf_put_str(&m->out, "rules:\n");
	for (unsigned i = 0; i < n; i++) {
		buf_put_str(&m->out, "  - {");
		if (in_a_hundred(m, 30))
			buf_printf(&m->out, "about: p%u, ",
			    1 + below(m, m->n_people));
		else
			buf_printf(&m->out, "if: {%s}, ",
			    conditions[below(m, 8)]);
		buf_printf(&m->out, "route: r%u, band: P%u}\n",
		    1 + below(m, m->n_routes), 1 + below(m, 4));
	}
	buf_printf(&m->out, "  - {route: r%u, band: P%u}\n",
	    1 + below(m, m->n_routes), 1 + below(m, 4));
}

static void
put_deadlines(struct maker *m)
{
	unsigned days = 1 + below(m, 4);

	buf_put_str(&m->out, "deadlines:\n");
	if (in_a_hundred(m, 60))
		buf_printf(&m->out,
		    "  acknowledge: {P1: %u days, P2: %u "
		    "days, P3: %u working days, P4: 9 working days}\n",
		    days, days + below(m, 20) / 19, 5 + below(m, 3));
	if (in_a_hundred(m, 60))
		buf_printf(&m->out, "  triage: %u days\n", 20 - below(m, 9));
	if (in_a_hundred(m, 60))
		buf_put_str(&m->out, "  update: 10 working days\n");
	buf_put_str(&m->out, "  report: 30 days\n");
	if (in_a_hundred(m, 50))
		buf_put_str(&m->out,
		    "limits: {close-needs-second: [P1, P2, "
		    "P3, P4]}\n");
}

char *
random_policy(uint64_t seed)
{
	struct maker m = { .state = seed, .out = BUF_INIT(65536) };
	char *text;

	buf_put_str(&m.out,
	    "format: 1\nserial: 1\norganisation: O\n"
	    "issued: 2026-11-21\nwarn-after: 30 days\n"
	    "refuse-after: 60 days\ncalendar:\n  zone: Europe/London\n"
	    "  working-days: [monday, tuesday, wednesday, thursday, friday]\n"
	    "  working-hours: 09:00-17:00\n");
	put_people(&m);
	buf_put_str(&m.out,
	    "form:\n"
	    "  - {field: one, kind: one, ask: A, options: {x: X, y: Y, "
	    "z: Z}}\n"
	    "  - {field: many, kind: many, ask: A, options: {a: A, b: B}}\n"
	    "  - {field: risk, kind: yes-no, ask: A}\n"
	    "  - {field: about, kind: people, ask: A}\n");
	put_routes(&m);
	put_rules(&m);
	put_deadlines(&m);
	buf_put_str(&m.out,
	    "outside:\n  - {name: N, text: T, contact: C}\n"
	    "crisis:\n  - {name: N, text: T, contact: C}\n");
	buf_put_u8(&m.out, 0);
	assert_int_equal(m.out.err, ERR_OK);
	text = strdup((const char *)m.out.p);
	buf_free(&m.out);
	return text;
}
