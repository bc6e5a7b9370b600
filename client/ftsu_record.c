#include "client/ftsu.h"

#include <inttypes.h>
#include <string.h>

#include "client/compose.h"
#include "client/json.h"
#include "client/record.h"
#include "crypto/codec.h"

struct keeping {
	struct staff_case *k;
	struct record r;
	struct buf text;
};

/* --- as it is --- */

/* A first record begins with what the reporter answered. */
static enum exit_code
from_concern(struct keeping *n)
{
	static const char *const same[][2] = { { "element", "elements" },
		{ "subcategory", "subcategory" }, { "group", "worker-group" } };
	const struct manifest *m = conversation_concern(n->k->c);
	const struct term *t = &n->k->staff->term;
	enum exit_code code = EXIT_DONE;

	for (size_t i = 0; i < 3 && m != NULL && code == EXIT_DONE; i++) {
		struct buf x CLEAN_BUF = BUF_INIT(RECORD_VALUE_MAX);

		for (size_t j = 0; j < m->n_answers; j++) {
			if (strcmp(m->answer[j].field, same[i][0]) == 0)
				buf_printf(&x, "%s%s", x.n > 0 ? "," : "",
				    m->answer[j].value);
		}
		if (x.err == ERR_OK && x.n > 0)
			code = record_set(t, NULL, &n->r, same[i][1],
			    buf_bytes(&x));
	}
	return code;
}

static enum exit_code
load(struct keeping *n)
{
	const struct conversation_message *m = record_find(n->k->c);

	return m == NULL
	    ? from_concern(n)
	    : record_read(&n->k->staff->term, NULL, buf_bytes(&m->text), &n->r);
}

static enum exit_code
print_json(const struct keeping *n)
{
	const struct conversation_message *m = record_find(n->k->c);
	json_t *j = json_object();
	char day[11];

	for (size_t i = 0; i < RECORD_FIELDS; i++) {
		if (n->r.value[i] != NULL)
			(void)json_object_set_new(j,
			    record_field_name((enum record_field)i),
			    json_string(n->r.value[i]));
	}
	if (m == NULL)
		return json_print(&n->k->staff->term,
		    json_pack("{s:o, s:b}", "record", j, "kept", 0));
	day_format(day, m->entry.day);
	return json_print(&n->k->staff->term,
	    json_pack("{s:o, s:b, s:I, s:i, s:s}", "record", j, "kept", 1,
		"seq", (json_int_t)m->seq, "author", (int)m->author, "day",
		day));
}

static enum exit_code
show(const struct keeping *n)
{
	const struct conversation_message *m = record_find(n->k->c);
	const struct term *t = &n->k->staff->term;
	struct buf text CLEAN_BUF = BUF_INIT(RECORD_MAX);
	char who[POLICY_NAME_MAX + 16], day[11];

	if (t->json)
		return print_json(n);
	if (m == NULL) {
		term_say(t,
		    "This case has no record yet. From what the "
		    "reporter answered, it would begin with:");
	} else {
		day_format(day, m->entry.day);
		term_say(t, "Record of %s, by %s:", day,
		    staff_name(n->k->staff, m->author, who, sizeof(who)));
	}
	record_put(&n->r, false, &text);
	term_quote(t, buf_bytes(&text), 1);
	return text.err == ERR_OK ? EXIT_DONE
				  : fail_err(t, text.err, "The record");
}

/* --- another version --- */

static enum exit_code
set_one(struct keeping *n, const char *text)
{
	const struct staff *s = n->k->staff;
	const char *equals = strchr(text, '=');
	char name[32];

	if (equals == NULL || (size_t)(equals - text) >= sizeof(name))
		return term_fail(&s->term, EXIT_USAGE,
		    "Say --set FIELD=VALUE, not \"%s\".", text);
	(void)snprintf(name, sizeof(name), "%.*s", (int)(equals - text), text);
	return record_set(&s->term, s->server.policy, &n->r, name,
	    bytes_str(equals + 1));
}

/* What does not fit the form is said, and can be put right. */
static enum exit_code
edit(struct keeping *n)
{
	const struct staff *s = n->k->staff;
	struct buf text CLEAN_BUF = BUF_INIT(RECORD_MAX);
	enum exit_code code;

	record_put(&n->r, true, &text);
	do {
		code = compose_edit(&s->term, &text);
		if (code != EXIT_DONE)
			return code;
		record_free(&n->r);
		code = record_read(&s->term, s->server.policy, buf_bytes(&text),
		    &n->r);
	} while (code != EXIT_DONE && !s->term.yes &&
	    term_agree(&s->term, "Change it again? [y/N] "));
	return code;
}

static enum exit_code
keep(struct keeping *n)
{
	const struct staff *s = n->k->staff;
	struct action a = { .entry.kind = MESSAGE_RECORD };
	enum exit_code code = ftsu_check_may(n->k, &a.entry);

	for (size_t i = 0; code == EXIT_DONE && i < s->o->set.n; i++)
		code = set_one(n, s->o->set.at[i]);
	if (code == EXIT_DONE && s->o->edit)
		code = edit(n);
	if (code != EXIT_DONE)
		return code;
	n->text.max = RECORD_MAX;
	record_put(&n->r, false, &n->text);
	if (n->text.err != ERR_OK || n->text.n == 0)
		return term_fail(&s->term, EXIT_USAGE,
		    "An empty record cannot be kept.");
	a.text = buf_bytes(&n->text);
	return action_run(n->k, &a);
}

enum exit_code
ftsu_record(const void *values, const struct args *args)
{
	const struct ftsu_options *o = values;
	struct staff_case k;
	struct staff s;
	struct keeping n = { .k = &k };
	enum exit_code code = ftsu_begin_case(o, args->at[0], &s, &k);

	if (code == EXIT_DONE)
		code = load(&n);
	if (code == EXIT_DONE)
		code = o->set.n > 0 || o->edit ? keep(&n) : show(&n);
	record_free(&n.r);
	buf_free(&n.text);
	staff_case_close(&k);
	staff_close(&s);
	return code;
}
