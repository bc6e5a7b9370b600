#include "client/ctl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client/json.h"
#include "client/policy_show.h"
#include "client/roots.h"
#include "crypto/codec.h"
#include "crypto/env.h"
#include "crypto/label.h"
#include "policy/check.h"
#include "policy/compile.h"
#include "policy/zone.h"

/* --- compiling --- */

static enum exit_code
issued_from(const struct term *t, const char *text, int64_t *ret)
{
	int64_t day;

	if (text == NULL)
		return EXIT_DONE;
	if (strcmp(text, "now") == 0) {
		*ret = env_now(&env_system);
		return EXIT_DONE;
	}
	if (day_parse(bytes_str(text), &day) != ERR_OK)
		return term_fail(t, EXIT_USAGE,
		    "--issued is a day such as 2026-11-21, or now.");
	*ret = day * DAY_SECONDS;
	return EXIT_DONE;
}

/* The hash of the policy that this one follows. */
static enum exit_code
previous_from(const struct term *t, const char *path,
    uint8_t hash[static SHA256_LEN])
{
	struct buf x CLEAN_BUF = BUF_INIT(NOTE_MAX);
	struct note note;
	enum exit_code code = file_read(t, path, &x);

	if (code != EXIT_DONE)
		return code;
	if (note_parse(buf_bytes(&x), NOTE_POLICY, &note) != ERR_OK ||
	    sha256(note.text, hash) != ERR_OK)
		return term_fail(t, EXIT_FAILED, "%s is not a signed policy.",
		    path);
	return EXIT_DONE;
}

/* YAML and its overlay to JSON. */
static enum exit_code
compile(const struct ctl_options *o, const struct term *t, const char *path,
    struct buf *json)
{
	struct buf yaml CLEAN_BUF = BUF_INIT(YAML_SIZE_MAX);
	struct buf keys CLEAN_BUF = BUF_INIT(YAML_SIZE_MAX);
	struct compile_input in = { .file = path,
		.zone = &zone_system,
		.serial = (uint32_t)o->serial };
	uint8_t previous[SHA256_LEN];
	struct yaml_error problem = { 0 };
	enum exit_code code = file_read(t, path, &yaml);

	if (code == EXIT_DONE && o->people_keys != NULL) {
		code = file_read(t, o->people_keys, &keys);
		in.keys = buf_bytes(&keys);
		in.keys_file = o->people_keys;
	}
	if (code == EXIT_DONE)
		code = issued_from(t, o->issued, &in.issued);
	if (code == EXIT_DONE && o->previous != NULL) {
		code = previous_from(t, o->previous, previous);
		in.previous = previous;
	}
	if (code != EXIT_DONE)
		return code;
	in.yaml = buf_bytes(&yaml);
	if (policy_compile(&in, json, &problem) != ERR_OK)
		return term_fail(t, EXIT_FAILED, "%s", problem.text);
	return EXIT_DONE;
}

enum exit_code
ctl_policy_compile(const void *values, const struct args *args)
{
	const struct ctl_options *o = values;
	struct term t = ctl_term(o);
	struct buf json CLEAN_BUF = BUF_INIT(POLICY_JSON_MAX);
	enum exit_code code = compile(o, &t, args->at[0], &json);

	if (code != EXIT_DONE)
		return code;
	return file_write(&t, o->out != NULL ? o->out : "-", buf_bytes(&json),
	    FILE_PUBLIC, o->force);
}

/* --- reading any of its forms --- */

static bool
ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && strcmp(text + n - m, end) == 0;
}

enum exit_code
ctl_policy_load(const struct ctl_options *o, const struct term *t,
    const char *path, struct policy **ret)
{
	struct buf x CLEAN_BUF = BUF_INIT(NOTE_MAX);
	struct policy_problem problem = { 0 };
	struct note note;
	struct bytes json;
	enum exit_code code;
	bool is_yaml = ends_with(path, ".yaml") || ends_with(path, ".yml");

	code = is_yaml ? compile(o, t, path, &x) : file_read(t, path, &x);
	if (code != EXIT_DONE)
		return code;
	json = buf_bytes(&x);
	if (note_parse(json, NOTE_POLICY, &note) == ERR_OK)
		json = note.body;
	if (policy_parse(json, ret, &problem) != ERR_OK)
		return term_fail(t, EXIT_FAILED, "%s: %s", path,
		    problem.text[0] != '\0' ? problem.text
					    : "this is not a policy.");
	return EXIT_DONE;
}

static const char *
level_name(enum check_level level)
{
	switch (level) {
	case CHECK_ERROR:
		return "error";
	case CHECK_WARNING:
		return "warning";
	case CHECK_NOTE:
		return "note";
	}
	return "";
}

struct report {
	const struct term *term;
	json_t *found; /* NULL without --json */
};

static void
on_found(void *ctx, const struct check_finding *f)
{
	struct report *r = ctx;

	if (r->found == NULL)
		term_say(r->term, "%s: %s", level_name(f->level), f->sentence);
	else
		(void)json_array_append_new(r->found,
		    json_pack("{s:s, s:s}", "level", level_name(f->level),
			"text", f->sentence));
}

static enum exit_code
check_said(const struct term *t, const struct report *r,
    const struct check_summary *s)
{
	enum exit_code code = EXIT_DONE;
	json_t *j;

	if (r->found == NULL) {
		term_say(t,
		    "%" PRIu64 " combinations of answers and marked "
		    "people tried: %u errors, %u warnings.",
		    s->combinations, s->errors, s->warnings);
	} else {
		j = json_pack("{s:I, s:i, s:i, s:O}", "combinations",
		    (json_int_t)s->combinations, "errors", (int)s->errors,
		    "warnings", (int)s->warnings, "found", r->found);
		code = json_print(t, j);
	}
	return s->errors == 0 ? code : EXIT_REFUSED;
}

enum exit_code
ctl_policy_check(const void *values, const struct args *args)
{
	const struct ctl_options *o = values;
	struct term t = ctl_term(o);
	struct report r = { .term = &t,
		.found = o->json ? json_array() : NULL };
	struct policy *p CLEAN_POLICY = NULL, *old CLEAN_POLICY = NULL;
	struct check_summary summary;
	enum exit_code code = ctl_policy_load(o, &t, args->at[0], &p);
	enum err err;

	if (code == EXIT_DONE && o->previous != NULL)
		code = ctl_policy_load(o, &t, o->previous, &old);
	if (code == EXIT_DONE) {
		err = policy_check(p, on_found, &r, &summary);
		if (err == ERR_OK && old != NULL)
			policy_check_change(old, p, on_found, &r, &summary);
		code = err == ERR_OK ? check_said(&t, &r, &summary)
				     : fail_err(&t, err, args->at[0]);
	}
	json_decref(r.found);
	return code;
}

enum exit_code
ctl_policy_sign(const void *values, const struct args *args)
{
	return ctl_sign_file(values, args->at[0], NOTE_POLICY);
}

/* --- showing --- */

enum exit_code
ctl_policy_show(const void *values, const struct args *args)
{
	const struct ctl_options *o = values;
	struct term t = ctl_term(o);
	struct policy *p CLEAN_POLICY = NULL;
	struct buf json CLEAN_BUF = BUF_INIT(POLICY_JSON_MAX);
	enum exit_code code = ctl_policy_load(o, &t, args->at[0], &p);
	enum err err;

	if (code != EXIT_DONE)
		return code;
	if (o->json) {
		err = policy_put(p, &json);
		return err == ERR_OK
		    ? file_write(&t, "-", buf_bytes(&json), FILE_PUBLIC, true)
		    : fail_err(&t, err, args->at[0]);
	}
	policy_say_head(&t, p);
	for (size_t i = 0; i < p->n_people; i++)
		term_item(&t, 1, "Person %u, %s: %s, %s, %zu keys",
		    p->people[i].number, p->people[i].slug, p->people[i].name,
		    policy_role_name(p->people[i].role), p->people[i].n_keys);
	for (size_t i = 0; i < p->n_routes; i++)
		policy_say_route(&t, p, &p->routes[i]);
	return EXIT_DONE;
}

/* --- verifying --- */

static enum exit_code
verified(const struct term *t, const struct root *root, const char *path)
{
	struct buf x CLEAN_BUF = BUF_INIT(NOTE_MAX);
	struct policy *p CLEAN_POLICY = NULL;
	struct policy_status status;
	char hex[2 * SHA256_LEN + 1];
	enum exit_code code = file_read(t, path, &x);
	enum err err;

	if (code != EXIT_DONE)
		return code;
	err = policy_open(buf_bytes(&x), root, env_now(&env_system), 0, &p,
	    &status);
	if (err == ERR_EXPIRED)
		return term_fail(t, EXIT_REFUSED, "This policy has ended.");
	if (err == ERR_NOMEM)
		return fail_err(t, err, path);
	if (err != ERR_OK)
		return term_fail(t, EXIT_REFUSED,
		    "This policy is not signed by enough of the root's keys, "
		    "or is not this organisation's.");
	hex_encode(hex, status.hash, SHA256_LEN);
	policy_say_head(t, p);
	term_say(t, "Signed as the root asks. Its hash: %s", hex);
	if (status.soft_expired)
		term_warn(t, "It should have been renewed by now.");
	return EXIT_DONE;
}

enum exit_code
ctl_policy_verify(const void *values, const struct args *args)
{
	const struct ctl_options *o = values;
	struct term t = ctl_term(o);
	uint8_t hash0[SHA256_LEN];
	struct root root;
	enum exit_code code;

	if (o->roots.n == 0)
		return term_fail(&t, EXIT_USAGE,
		    "Name the roots, from 0 on: --root FILE.");
	code =
	    roots_read(&t, o->roots.at, o->roots.n, o->root_hash, hash0, &root);
	return code == EXIT_DONE ? verified(&t, &root, args->at[0]) : code;
}
