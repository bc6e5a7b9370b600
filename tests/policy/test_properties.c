#include "tests/policy/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/codec.h"
#include "policy/calendar.h"
#include "policy/check.h"
#include "policy/clock.h"
#include "tests/policy/generate.h"

/*
 * Random policies, checked, and played by brute force: whatever `check`
 * accepts has no case that too few can read or that gets stuck, and whatever it
 * rejects has the fault that it names. Nothing here uses policy/check's own
 * parts, nor policy/route or policy/members.
 *
 *	test_policy_properties ROOT [HOW-MANY [FIRST-SEED]]
 *
 * prints the policy where it is only one */

static unsigned how_many = 200;
static uint64_t first_seed = 1;

/* --- who is there --- */

static bool
can_read(const struct policy *p, const struct policy_person *who,
    const struct policy_route *r)
{
	int64_t day = p->issued / DAY_SECONDS;
	const struct policy_key *key = policy_key_at(who, day);

	return (who->until == 0 || day < who->until) && key != NULL &&
	    (r->keys == KEYS_CLASSIC || key->has_hybrid);
}

/* marked: 0 is nobody. */
static bool
left_out(const struct policy *p, const struct policy_route *r, uint16_t person,
    uint16_t marked)
{
	const struct policy_person *who = policy_person(p, person);

	if (marked == 0 || person == marked)
		return marked != 0;
	for (size_t i = 0; r->recuse_line && i < who->n_reports_to; i++)
		if (left_out(p, r, who->reports_to[i], marked))
			return true;
	return false;
}

static bool
named(const uint16_t *who, size_t n, uint16_t person)
{
	for (size_t i = 0; i < n; i++)
		if (who[i] == person)
			return true;
	return false;
}

/* The rungs that come when nobody does anything. */
static uint32_t
rungs_of_inaction(const struct policy *p, const struct policy_route *r,
    uint8_t band)
{
	struct clock_event event;
	struct life l;
	int64_t due;

	life_begin(&l, band, p->serial, p->issued);
	while ((due = clock_due(p, r, &l)) != 0)
		assert_true(clock_step(p, r, due, &l, &event));
	return l.fired;
}

/* Everybody who may read when nobody does anything; all: with the rungs that
 * do not come. */
static size_t
readers(const struct policy *p, const struct policy_route *r, uint8_t band,
    uint16_t marked, bool all, uint16_t *out)
{
	uint32_t fired = all ? UINT32_MAX : rungs_of_inaction(p, r, band);
	size_t n = 0;

	for (size_t i = 0; i < p->n_people; i++) {
		uint16_t who = p->people[i].number;
		bool in = named(r->first, r->n_first, who);

		for (size_t k = 0; k < r->n_rungs; k++)
			in |= (fired >> k & 1) &&
			    r->rungs[k].verb == VERB_JOIN &&
			    named(r->rungs[k].who, r->rungs[k].n_who, who);
		if (in && can_read(p, &p->people[i], r) &&
		    !left_out(p, r, who, marked))
			out[n++] = who;
	}
	return n;
}

/* --- which way a concern goes --- */

static bool
rule_holds(const struct policy *p, const struct policy_rule *rule,
    const uint64_t *answered, uint16_t marked)
{
	const struct policy_person *who = policy_person(p, marked);

	for (size_t i = 0; i < rule->n_conditions; i++)
		if ((answered[rule->conditions[i].field] &
			rule->conditions[i].options) == 0)
			return false;
	if (rule->about_roles == 0 && rule->n_about == 0)
		return true;
	return who != NULL &&
	    ((rule->about_roles >> who->role & 1) ||
		named(rule->about, rule->n_about, marked));
}

static size_t
first_rule(const struct policy *p, const uint64_t *answered, uint16_t marked)
{
	for (size_t i = 0; i < p->n_rules; i++)
		if (rule_holds(p, &p->rules[i], answered, marked))
			return i;
	fail_msg("no rule holds");
	return 0;
}

/* The generator's form: one of three or none, any of two, yes, no or none. */
#define ANSWERS (4 * 4 * 3)
static void
answers_of(unsigned i, uint64_t *answered)
{
	memset(answered, 0, POLICY_FIELDS_MAX * sizeof(*answered));
	answered[0] = UINT64_C(1) << i % 4 >> 1;
	answered[1] = i / 4 % 4;
	answered[2] = UINT64_C(1) << i / 16 >> 1;
}

/* --- a case, by every way that it can take --- */

#define NODES_MAX 4096
#define EDGES_MAX 400000
#define ACTORS_MAX 16

struct actor {
	uint16_t person;
	unsigned parts;
};

struct search {
	const struct policy *p;
	const struct policy_route *r;
	struct actor actor[ACTORS_MAX];
	size_t n_actors, n_nodes, n_edges;
	struct life node[NODES_MAX];
	bool ends[NODES_MAX];
	struct {
		uint16_t from, to;
	} edge[EDGES_MAX];
};

/* Two of each kind are as good as many. */
static void
add_actor(struct search *s, uint16_t person, bool is_given)
{
	unsigned parts = life_parts(policy_person(s->p, person), is_given);
	size_t same = 0;

	for (size_t i = 0; i < s->n_actors; i++)
		same += s->actor[i].parts == parts;
	if (same < 2)
		s->actor[s->n_actors++] = (struct actor){ person, parts };
}

static bool
same_place(const struct life *a, const struct life *b)
{
	return a->state == b->state && a->flags == b->flags &&
	    a->first == b->first && a->findings == b->findings;
}

static size_t
node_of(struct search *s, const struct life *l)
{
	size_t i = 0;

	while (i < s->n_nodes && !same_place(&s->node[i], l))
		i++;
	if (i == s->n_nodes) {
		assert_true(s->n_nodes < NODES_MAX);
		s->ends[i] = l->state == CASE_CLOSED;
		s->node[s->n_nodes++] = *l;
	}
	return i;
}

/* Nothing that only asks or waits, and no other band or route. */
static bool
is_a_step(enum message_kind k)
{
	return message_form(k)->author == AUTHOR_STAFF && k != MESSAGE_ASK &&
	    k != MESSAGE_DISCLOSE && k != MESSAGE_ROUTE && k != MESSAGE_BAND &&
	    k != MESSAGE_OVERRIDE;
}

static void
try_step(struct search *s, size_t from, const struct entry *e, unsigned parts)
{
	struct life l = s->node[from];

	if (life_may(&l, e, parts) != LIFE_OK)
		return;
	life_apply(&l, s->p, s->r, e, s->p->issued);
	assert_true(s->n_edges < EDGES_MAX);
	s->edge[s->n_edges].from = (uint16_t)from;
	s->edge[s->n_edges++].to = (uint16_t)node_of(s, &l);
}

static void
try_all(struct search *s, size_t from)
{
	for (unsigned k = 0; k < MESSAGE_KINDS; k++)
		for (size_t i = 0; i < s->n_actors; i++) {
			struct entry e = { .kind = (enum message_kind)k,
				.author = s->actor[i].person,
				.band = s->node[from].band,
				.about = s->node[from].pending,
				.seq = 1,
				.investigates = true,
				.from = s->actor[i].person };

			if (!is_a_step(e.kind))
				continue;
			try_step(s, from, &e, s->actor[i].parts);
			e.is_conduct = true;
			try_step(s, from, &e, s->actor[i].parts);
		}
}

/* Marks every node from which the end can be reached. */
static void
mark_ends(struct search *s)
{
	bool grew;

	do {
		grew = false;
		for (size_t i = 0; i < s->n_edges; i++)
			if (s->ends[s->edge[i].to] &&
			    !s->ends[s->edge[i].from]) {
				s->ends[s->edge[i].from] = true;
				grew = true;
			}
	} while (grew);
}

/* Whether it can come to where nobody can bring it to its end. */
static bool
is_stuck(struct search *s, const struct policy *p, const struct policy_route *r,
    uint8_t band, uint16_t marked)
{
	uint16_t in[POLICY_PEOPLE_MAX], all[POLICY_PEOPLE_MAX];
	size_t n = readers(p, r, band, marked, false, in);
	bool room = readers(p, r, band, marked, true, all) < 15;
	struct life l;

	memset(s, 0, offsetof(struct search, node));
	s->p = p;
	s->r = r;
	for (size_t i = 0; i < n; i++)
		add_actor(s, in[i], false);
	for (size_t i = 0; n > 0 && room && i < p->n_people; i++)
		if (!named(in, n, p->people[i].number) &&
		    can_read(p, &p->people[i], r) &&
		    !left_out(p, r, p->people[i].number, marked))
			add_actor(s, p->people[i].number, true);
	s->n_edges = 0;
	life_begin(&l, band, p->serial, p->issued);
	(void)node_of(s, &l);
	for (size_t i = 0; i < s->n_nodes; i++)
		try_all(s, i);
	mark_ends(s);
	for (size_t i = 0; i < s->n_nodes; i++)
		if (!s->ends[i])
			return true;
	return false;
}

/* --- accepted: nothing is wrong --- */

struct world {
	struct policy *p;
	uint64_t seed;
	struct search *search;
	unsigned seen[CHECK_CHANGE + 1]; /* errors by what they are */
	unsigned accepted, rejected;
	bool done[8][POLICY_BANDS + 1][16]; /* route, band, marked */
};

static void
play_concern(struct world *w, const uint64_t *answered, uint16_t marked)
{
	const struct policy_rule *rule =
	    &w->p->rules[first_rule(w->p, answered, marked)];
	const struct policy_route *r = policy_route(w->p, rule->route);
	uint16_t who[POLICY_PEOPLE_MAX];
	bool *done = &w->done[r - w->p->routes][rule->band][marked];

	if (*done)
		return;
	*done = true;
	if (readers(w->p, r, rule->band, marked, false, who) < 2)
		fail_msg("seed %llu is accepted, and too few read route %s in "
			 "P%u with p%u marked",
		    (unsigned long long)w->seed, r->slug, rule->band, marked);
	if (is_stuck(w->search, w->p, r, rule->band, marked))
		fail_msg("seed %llu is accepted, and a case gets stuck on "
			 "route %s in P%u with p%u marked",
		    (unsigned long long)w->seed, r->slug, rule->band, marked);
}

static void
play_everything(struct world *w)
{
	uint64_t answered[POLICY_FIELDS_MAX];

	memset(w->done, 0, sizeof(w->done));
	for (unsigned i = 0; i < ANSWERS; i++) {
		answers_of(i, answered);
		play_concern(w, answered, 0);
		for (size_t k = 0; k < w->p->n_people; k++)
			play_concern(w, answered, w->p->people[k].number);
	}
}

/* --- rejected: what is named is so --- */

/* Whether a, begun together with b, is over after it at some quarter of an
 * hour of the policy's life. */
static bool
can_be_later(const struct policy *p, struct policy_duration a,
    struct policy_duration b)
{
	int64_t x, y;

	for (int64_t t = p->issued; t <= p->hard_expiry; t += CALENDAR_QUARTER)
		if (calendar_add(p, t, a, &x) == ERR_OK &&
		    calendar_add(p, t, b, &y) == ERR_OK && x > y)
			return true;
	return false;
}

static bool
order_is_wrong(const struct policy *p, const struct check_finding *f)
{
	const struct policy_rung *b = &f->route->rungs[f->rung - 1];

	for (const struct policy_rung *a = f->route->rungs; a < b; a++)
		if (a->when == b->when && (a->bands & b->bands) &&
		    can_be_later(p, a->after, b->after))
			return true;
	return false;
}

static bool
deadlines_are_wrong(const struct policy *p, unsigned band)
{
	const struct policy_duration(*t)[POLICY_BANDS] = p->deadline;

	for (unsigned d = 0; d < POLICY_DEADLINES; d++)
		if (band < POLICY_BANDS && t[d][band - 1].amount > 0 &&
		    t[d][band].amount > 0 &&
		    can_be_later(p, t[d][band - 1], t[d][band]))
			return true;
	return t[DEADLINE_ACKNOWLEDGE][band - 1].amount > 0 &&
	    t[DEADLINE_TRIAGE][band - 1].amount > 0 &&
	    can_be_later(p, t[DEADLINE_ACKNOWLEDGE][band - 1],
		t[DEADLINE_TRIAGE][band - 1]);
}

/* Whether b is a, above a, or below a or somebody above a. */
static bool
above(const struct policy *p, uint16_t a, uint16_t b)
{
	const struct policy_person *who = policy_person(p, a);

	if (a == b)
		return true;
	for (size_t i = 0; i < who->n_reports_to; i++)
		if (above(p, who->reports_to[i], b))
			return true;
	return false;
}

static bool
in_line(const struct policy *p, uint16_t a, uint16_t b)
{
	for (size_t i = 0; i < p->n_people; i++)
		if (above(p, a, p->people[i].number) &&
		    above(p, b, p->people[i].number))
			return true;
	return false;
}

static bool
end_is_inside(const struct policy *p, const struct policy_route *r,
    uint8_t band)
{
	const struct policy_rung *last = NULL;
	uint32_t fired = rungs_of_inaction(p, r, band);
	int64_t day = p->issued / DAY_SECONDS;

	for (size_t i = 0; i < r->n_rungs; i++)
		if (fired >> i & 1)
			last = &r->rungs[i];
	for (size_t i = 0; last != NULL && i < last->n_who; i++) {
		const struct policy_person *who =
		    policy_person(p, last->who[i]);
		bool outside = last->verb == VERB_JOIN
		    ? can_read(p, who, r)
		    : who->until == 0 || day < who->until;

		for (size_t k = 0; k < r->n_first; k++)
			outside &= !in_line(p, r->first[k], last->who[i]);
		if (outside)
			return false;
	}
	return true;
}

static bool
rule_is_reached(const struct policy *p, size_t rule)
{
	uint64_t answered[POLICY_FIELDS_MAX];

	for (unsigned i = 0; i < ANSWERS; i++) {
		answers_of(i, answered);
		if (first_rule(p, answered, 0) == rule)
			return true;
		for (size_t k = 0; k < p->n_people; k++)
			if (first_rule(p, answered, p->people[k].number) ==
			    rule)
				return true;
	}
	return false;
}

static bool
goes_there(const struct policy *p, const struct check_finding *f)
{
	const struct policy_rule *rule =
	    &p->rules[first_rule(p, f->answered, f->person)];

	return rule->route == f->route->number && rule->band == f->band;
}

static bool
is_so(struct world *w, const struct check_finding *f)
{
	const struct policy *p = w->p;
	uint16_t who[POLICY_PEOPLE_MAX];

	switch (f->what) {
	case CHECK_READERS:
		return goes_there(p, f) &&
		    readers(p, f->route, f->band, f->person, false, who) < 2;
	case CHECK_STUCK:
		return goes_there(p, f) &&
		    is_stuck(w->search, p, f->route, f->band, f->person);
	case CHECK_RULE:
		return !rule_is_reached(p, f->rule);
	case CHECK_END:
		return end_is_inside(p, f->route, f->band);
	case CHECK_ORDER:
		return order_is_wrong(p, f);
	case CHECK_DEADLINE:
		return deadlines_are_wrong(p, f->band) ||
		    (f->band > 1 && deadlines_are_wrong(p, f->band - 1u));
	case CHECK_PERSON:
		return !can_read(p, policy_person(p, f->person), f->route);
	case CHECK_SIZE:
	case CHECK_LIMIT:
	case CHECK_RUNG:
	case CHECK_PLAIN:
	case CHECK_TELLS:
	case CHECK_CHANGE:
		break; /* no errors that such small policies have */
	}
	return false;
}

static void
on_found(void *ctx, const struct check_finding *f)
{
	struct world *w = ctx;

	if (f->level != CHECK_ERROR)
		return;
	w->seen[f->what]++;
	if (!is_so(w, f))
		fail_msg("seed %llu: it is not so: %s",
		    (unsigned long long)w->seed, f->sentence);
}

/* --- the test --- */

static void
try_seed(struct world *w, uint64_t seed)
{
	char *yaml = random_policy(seed);
	char *keys =
	    keys_text(yaml, seed % 3 == 0 ? MADE_HYBRID : MADE_CLASSIC);
	struct check_summary sum;

	w->seed = seed;
	w->p = policy_of(yaml, keys);
	if (how_many == 1)
		printf("%s", yaml);
	assert_int_equal(policy_check(w->p, on_found, w, &sum), ERR_OK);
	if (sum.errors == 0)
		play_everything(w);
	w->accepted += sum.errors == 0;
	w->rejected += sum.errors > 0;
	policy_free(w->p);
	free(keys);
	free(yaml);
}

static void
test_check_accepts_what_brute_force_cannot_break_and_names_real_faults(
    void **state)
{
	static const enum check_what met[] = { CHECK_READERS, CHECK_STUCK,
		CHECK_RULE, CHECK_END, CHECK_ORDER, CHECK_DEADLINE,
		CHECK_PERSON };
	struct world *w = calloc(1, sizeof(*w));

	(void)state;
	assert_non_null(w);
	w->search = calloc(1, sizeof(*w->search));
	assert_non_null(w->search);
	for (unsigned i = 0; i < how_many; i++)
		try_seed(w, first_seed + i);
	/* a rung that waits for deadlines, of which there were none */
	if (how_many > 1)
		try_seed(w, 2902);
	printf("%u accepted, %u rejected\n", w->accepted, w->rejected);
	/* the generator makes enough of both, and every fault */
	if (how_many >= 200) {
		assert_true(w->accepted >= how_many / 20);
		assert_true(w->rejected >= how_many / 10);
		for (size_t i = 0; i < sizeof(met) / sizeof(met[0]); i++)
			if (w->seen[met[i]] == 0)
				fail_msg("fault %d never came", (int)met[i]);
	}
	free(w->search);
	free(w);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_check_accepts_what_brute_force_cannot_break_and_names_real_faults),
	};

	if (argc < 2)
		return 2;
	source_root = argv[1];
	if (argc > 2)
		how_many = (unsigned)strtoul(argv[2], NULL, 10);
	if (argc > 3)
		first_seed = strtoull(argv[3], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
