#include "client/investigators.h"

#include <stdlib.h>
#include <string.h>

#include "client/compose.h"
#include "client/json.h"
#include "client/policy_show.h"
#include "crypto/codec.h"

#define PERSON_TEXT_MAX (2 * POLICY_NAME_MAX + 8)

/* --- who could --- */

static void
say_candidates(const struct staff_case *k, const struct candidates *c,
    bool eligible)
{
	const struct policy *p = k->staff->server.policy;
	char who[PERSON_TEXT_MAX];
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++) {
		struct buf why CLEAN_BUF = BUF_INIT(2048);

		if ((c->at[i].out == 0) != eligible)
			continue;
		if (n++ == 0)
			term_say(&k->staff->term,
			    eligible ? "Could investigate this, the least busy "
				       "first:"
				     : "Could not:");
		candidate_text(k, c->at[i].out, &why);
		policy_person_text(p, c->at[i].person->number, who,
		    sizeof(who));
		term_item(&k->staff->term, 1, "%-24s %s%s%.*s",
		    c->at[i].person->slug, who, why.n > 0 ? ": " : "",
		    (int)why.n, why.n > 0 ? (const char *)why.p : "");
	}
	if (n == 0 && eligible)
		term_say(&k->staff->term,
		    "Nobody could investigate this by "
		    "the policy.");
}

static enum exit_code
print_candidates(const struct staff_case *k, const struct candidates *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->n; i++) {
		struct buf why CLEAN_BUF = BUF_INIT(2048);
		const struct policy_person *p = c->at[i].person;

		candidate_text(k, c->at[i].out, &why);
		(void)json_array_append_new(list,
		    json_pack("{s:i, s:s, s:s, s:b, s:s%}", "person",
			(int)p->number, "slug", p->slug, "name", p->name,
			"eligible", c->at[i].out == 0, "why",
			why.n > 0 ? (const char *)why.p : "", why.n));
	}
	return json_print(&k->staff->term,
	    json_pack("{s:o}", "investigators", list));
}

enum exit_code
ftsu_investigators(const void *values, const struct args *args)
{
	struct candidates c;
	struct staff_case k;
	struct staff s;
	enum exit_code code = ftsu_begin_case(values, args->at[0], &s, &k);

	if (code == EXIT_DONE)
		code = candidates_find(&k, &c);
	if (code == EXIT_DONE && s.term.json) {
		code = print_candidates(&k, &c);
	} else if (code == EXIT_DONE) {
		say_candidates(&k, &c, true);
		say_candidates(&k, &c, false);
	}
	staff_case_close(&k);
	staff_close(&s);
	return code;
}

/* --- giving it to one --- */

struct giving {
	struct staff_case *k;
	const struct policy_person *to;
	struct action action;
	struct manifest_answer expected;
	struct grant_place place[OPTION_LIST_MAX];
	struct buf text, summary, terms;
};

/* Whoever is only to read it needs no training, and the server counts no cases
 * of theirs. */
static enum exit_code
find_reasons(const struct giving *g, unsigned *ret)
{
	struct candidates c;
	enum exit_code code;

	*ret = candidate_reasons(g->k, g->to);
	if (g->to->role != ROLE_INVESTIGATOR) {
		*ret &= ~OUT_FORCIBLE;
		return EXIT_DONE;
	}
	code = candidates_find(g->k, &c);
	for (size_t i = 0; code == EXIT_DONE && i < c.n; i++) {
		if (c.at[i].person == g->to)
			*ret |= c.at[i].out;
	}
	return code;
}

static enum exit_code
check_person(const struct giving *g)
{
	struct buf why CLEAN_BUF = BUF_INIT(2048);
	unsigned out = 0;
	enum exit_code code = find_reasons(g, &out);

	if (g->k->staff->o->force)
		out &= ~OUT_FORCIBLE;
	if (code != EXIT_DONE || out == 0)
		return code;
	candidate_text(g->k, out, &why);
	return term_fail(&g->k->staff->term,
	    (out & OUT_EXCLUDED) != 0 ? EXIT_REFUSED : EXIT_DECLINED,
	    "%s cannot be given this case: %.*s.%s", g->to->name, (int)why.n,
	    why.p,
	    (out & ~OUT_FORCIBLE) == 0 ? " If you know better, say --force."
				       : "");
}

/* "3" and "talk-3" are the same; "staff-0" is the first note. */
static enum exit_code
read_place(const struct giving *g, const char *text, struct grant_place *ret)
{
	const struct conversation *c = g->k->c;
	enum chain chain = CHAIN_TALK;
	const char *at = text;
	uint64_t seq;

	if (strncmp(text, "talk-", 5) == 0) {
		at += 5;
	} else if (strncmp(text, "staff-", 6) == 0) {
		at += 6;
		chain = CHAIN_STAFF;
	}
	if (decimal_get(bytes_str(at), ENTRY_SEQ_MAX, &seq) != ERR_OK ||
	    seq >= c->count[chain])
		return term_fail(&g->k->staff->term, EXIT_USAGE,
		    "There is no message %s in this case. ftsu show numbers "
		    "them.",
		    text);
	*ret = (struct grant_place){ .chain = chain, .seq = (uint32_t)seq };
	return EXIT_DONE;
}

static enum exit_code
read_share(struct giving *g)
{
	const struct ftsu_options *o = g->k->staff->o;
	const struct term *t = &g->k->staff->term;
	enum exit_code code = EXIT_DONE;

	if (o->share == NULL)
		return term_fail(t, EXIT_USAGE,
		    "How much of the case? Say "
		    "--share all, --share selected with --pick, or --share "
		    "from-now.");
	if (strcmp(o->share, "all") == 0)
		g->action.share = SHARE_ALL;
	else if (strcmp(o->share, "selected") == 0)
		g->action.share = SHARE_SELECTED;
	else if (strcmp(o->share, "from-now") == 0)
		g->action.share = SHARE_FROM_NOW;
	else
		return term_fail(t, EXIT_USAGE,
		    "--share is all, selected or "
		    "from-now, not \"%s\".",
		    o->share);
	if ((g->action.share == SHARE_SELECTED) != (o->pick.n > 0))
		return term_fail(t, EXIT_USAGE,
		    "--share selected and --pick "
		    "belong together.");
	for (size_t i = 0; code == EXIT_DONE && i < o->pick.n; i++)
		code = read_place(g, o->pick.at[i], &g->place[i]);
	g->action.n_selected = o->pick.n;
	g->action.selected = g->place;
	return code;
}

/* When the reporter may expect to hear: an answer of the manifest, so that
 * their program can say it. */
static enum exit_code
read_expected(struct giving *g)
{
	const char *text = g->k->staff->o->expected;
	const struct term *t = &g->k->staff->term;
	int64_t day;

	if (text == NULL)
		return EXIT_DONE;
	if (day_parse(bytes_str(text), &day) != ERR_OK || day < today())
		return term_fail(t, EXIT_USAGE,
		    "--expected is a day to come, "
		    "as 2027-01-31.");
	if (g->text.n == 0)
		return term_fail(t, EXIT_USAGE,
		    "--expected goes with a text "
		    "for the reporter: --message FILE.");
	(void)snprintf(g->expected.field, sizeof(g->expected.field),
	    "expected");
	(void)snprintf(g->expected.value, sizeof(g->expected.value), "%s",
	    text);
	g->action.n_answers = 1;
	g->action.answers = &g->expected;
	return EXIT_DONE;
}

static enum exit_code
read_files(struct giving *g)
{
	const struct ftsu_options *o = g->k->staff->o;
	const struct term *t = &g->k->staff->term;
	enum exit_code code = ftsu_text(g->k->staff, false, &g->text);

	if (code == EXIT_DONE && o->summary != NULL)
		code = compose_text(t, o->summary, &g->summary);
	if (code == EXIT_DONE && o->terms != NULL)
		code = compose_text(t, o->terms, &g->terms);
	g->action.text = buf_bytes(&g->text);
	return code;
}

/* What the new reader is to have besides: they read it as members. */
static enum exit_code
add_message(struct giving *g, enum message_kind kind, const struct buf *text)
{
	struct action a = {
		.entry.kind = kind, .text = buf_bytes(text), .is_quiet = true
	};
	enum exit_code code = EXIT_DONE;

	if (text->n > 0)
		code = staff_case_refresh(g->k);
	if (code == EXIT_DONE && text->n > 0)
		code = action_run(g->k, &a);
	if (code != EXIT_DONE)
		term_warn(&g->k->staff->term,
		    "%s has the case, but the %s "
		    "did not go with it. Please send it again: ftsu %s.",
		    g->to->name,
		    kind == MESSAGE_TERMS ? "terms of reference" : "summary",
		    message_kind_name(kind));
	return code;
}

static enum exit_code
give(struct giving *g)
{
	enum exit_code code;

	g->action.entry = (struct entry){ .kind = MESSAGE_ASSIGN,
		.person = g->to->number,
		.investigates = g->to->role == ROLE_INVESTIGATOR };
	g->action.attach = &g->k->staff->o->attach;
	code = ftsu_check_may(g->k, &g->action.entry);
	if (code == EXIT_DONE)
		code = check_person(g);
	if (code == EXIT_DONE)
		code = read_share(g);
	if (code == EXIT_DONE)
		code = read_files(g);
	if (code == EXIT_DONE)
		code = read_expected(g);
	if (code == EXIT_DONE)
		code = action_run(g->k, &g->action);
	if (code == EXIT_DONE)
		code = add_message(g, MESSAGE_NOTE, &g->summary);
	if (code == EXIT_DONE)
		code = add_message(g, MESSAGE_TERMS, &g->terms);
	return code;
}

enum exit_code
ftsu_assign(const void *values, const struct args *args)
{
	struct staff_case k;
	struct staff s;
	struct giving g = { .k = &k,
		.text.max = COMPOSE_TEXT_MAX,
		.summary.max = COMPOSE_TEXT_MAX,
		.terms.max = COMPOSE_TEXT_MAX };
	enum exit_code code = ftsu_begin_case(values, args->at[0], &s, &k);

	if (code == EXIT_DONE)
		code = ftsu_person(&s, args->at[1], &g.to);
	if (code == EXIT_DONE)
		code = give(&g);
	buf_free(&g.text);
	buf_free(&g.summary);
	buf_free(&g.terms);
	staff_case_close(&k);
	staff_close(&s);
	return code;
}

enum exit_code
ftsu_grant(const void *values, const struct args *args)
{
	struct action a = { .entry.kind = MESSAGE_GRANT, .share = SHARE_ALL };
	const struct policy_person *to = NULL;
	struct staff_case k;
	struct staff s;
	enum exit_code code = ftsu_begin_case(values, args->at[0], &s, &k);

	if (code == EXIT_DONE)
		code = ftsu_person(&s, args->at[1], &to);
	if (code == EXIT_DONE) {
		a.entry.person = to->number;
		code = ftsu_check_may(&k, &a.entry);
	}
	if (code == EXIT_DONE)
		code = action_run(&k, &a);
	staff_case_close(&k);
	staff_close(&s);
	return code;
}
