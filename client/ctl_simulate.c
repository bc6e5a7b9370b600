#include "client/ctl.h"

#include <stdlib.h>

#include "client/json.h"
#include "policy/simulate.h"
#include "policy/wall.h"
#include "policy/zone.h"

/* What a timeline is printed to. */
struct timeline {
	const struct term *term;
	const char *zone;
	json_t *events; /* of one case; NULL without --json */
};

static void
on_event(void *ctx, int64_t at, enum simulated what, const char *sentence)
{
	struct timeline *l = ctx;
	char time[WALL_TEXT_MAX];

	wall_format(&zone_system, l->zone, at, time);
	if (l->events == NULL)
		term_item(l->term, 1, "%s  %s", time, sentence);
	else
		(void)json_array_append_new(l->events,
		    json_pack("{s:s, s:I, s:s, s:s}", "time", time, "at",
			(json_int_t)at, "what", simulated_name(what), "text",
			sentence));
}

static enum exit_code
play_one(const struct term *t, const struct policy *p, const struct script *s,
    json_t *cases, unsigned *refused)
{
	struct timeline l = { .term = t,
		.zone = p->zone,
		.events = cases != NULL ? json_array() : NULL };
	struct simulation_sum sum = { 0 };
	enum err err;

	if (cases == NULL)
		term_say(t, "%s", s->id[0] != '\0' ? s->id : "A case");
	err = simulate(p, s, on_event, &l, &sum);
	*refused += sum.refused;
	if (cases != NULL)
		(void)json_array_append_new(cases,
		    json_pack("{s:s, s:s, s:i, s:i, s:o}", "id", s->id, "state",
			case_state_name(sum.state), "overdue", (int)sum.overdue,
			"refused", (int)sum.refused, "events", l.events));
	if (err == ERR_LIMIT)
		return term_fail(t, EXIT_FAILED,
		    "This case has too many "
		    "readers, or no end: speakupctl policy check.");
	return err == ERR_OK ? EXIT_DONE : fail_err(t, err, s->id);
}

static enum exit_code
play_all(const struct term *t, const struct policy *p, const struct script *s,
    size_t n)
{
	json_t *cases = t->json ? json_array() : NULL;
	enum exit_code code = EXIT_DONE;
	unsigned refused = 0;

	for (size_t i = 0; code == EXIT_DONE && i < n; i++)
		code = play_one(t, p, &s[i], cases, &refused);
	if (cases != NULL && code == EXIT_DONE)
		code = json_print(t, json_incref(cases));
	json_decref(cases);
	if (code == EXIT_DONE && refused > 0)
		return term_fail(t, EXIT_REFUSED,
		    "Actions that the case did "
		    "not allow: %u.",
		    refused);
	return code;
}

/* --- reading --- */

static enum exit_code
read_yaml(const struct term *t, const char *path, struct buf *text,
    struct yaml_doc **ret)
{
	struct yaml_error problem = { 0 };
	enum exit_code code = file_read(t, path, text);

	if (code != EXIT_DONE)
		return code;
	if (yaml_parse(buf_bytes(text), path, ret, &problem) != ERR_OK)
		return term_fail(t, EXIT_FAILED, "%s", problem.text);
	return EXIT_DONE;
}

/* Whichever of the two was wrong. */
static enum exit_code
said_where(const struct term *t, const struct yaml_doc *a,
    const struct yaml_doc *b)
{
	const struct yaml_doc *wrong =
	    a != NULL && yaml_error_of(a)->text[0] != '\0' ? a : b;

	if (wrong == NULL || yaml_error_of(wrong)->text[0] == '\0')
		return fail_err(t, ERR_NOMEM, "The cases");
	return term_fail(t, EXIT_FAILED, "%s", yaml_error_of(wrong)->text);
}

static enum exit_code
filed_from(const struct term *t, const struct policy *p, const char *from,
    int64_t *ret)
{
	*ret = p->issued;
	if (from == NULL ||
	    wall_parse(&zone_system, p->zone, bytes_str(from), ret) == ERR_OK)
		return EXIT_DONE;
	return term_fail(t, EXIT_USAGE,
	    "--from is a time such as \"2026-11-23 10:00\".");
}

static enum exit_code
run(const struct term *t, const struct ctl_options *o, const struct policy *p,
    const char *path)
{
	struct buf a CLEAN_BUF = BUF_INIT(YAML_SIZE_MAX);
	struct buf b CLEAN_BUF = BUF_INIT(YAML_SIZE_MAX);
	struct yaml_doc *cases CLEAN_YAML = NULL, *concerns CLEAN_YAML = NULL;
	struct script *s = NULL;
	int64_t filed;
	size_t n = 0;
	enum exit_code code = filed_from(t, p, o->from, &filed);
	enum err err;

	if (code == EXIT_DONE && path != NULL)
		code = read_yaml(t, path, &a, &cases);
	if (code == EXIT_DONE && o->concerns != NULL)
		code = read_yaml(t, o->concerns, &b, &concerns);
	if (code != EXIT_DONE)
		return code;
	err = cases != NULL
	    ? script_read(p, &zone_system, cases, concerns, &s, &n)
	    : script_of_concerns(p, concerns, filed, &s, &n);
	code = err == ERR_OK ? play_all(t, p, s, n)
			     : said_where(t, cases, concerns);
	free(s);
	return code;
}

enum exit_code
ctl_policy_simulate(const void *values, const struct args *args)
{
	const struct ctl_options *o = values;
	struct term t = ctl_term(o);
	const char *path = args->n > 1 ? args->at[1] : NULL;
	struct policy *p CLEAN_POLICY = NULL;
	enum exit_code code;

	if (path == NULL && o->concerns == NULL)
		return term_fail(&t, EXIT_USAGE,
		    "Name a case, or --concerns FILE.");
	code = ctl_policy_load(o, &t, args->at[0], &p);
	if (code != EXIT_DONE)
		return code;
	ctl_warn_keyless(&t, p);
	return run(&t, o, p, path);
}
