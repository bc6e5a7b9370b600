#include "client/ftsu.h"

#include <stdlib.h>
#include <string.h>

#include "client/case_words.h"
#include "client/compose.h"
#include "client/staff_queue.h"
#include "crypto/codec.h"

enum exit_code
ftsu_begin(const struct ftsu_options *o, struct staff *ret)
{
	enum exit_code code = staff_open(o, ret);

	if (code == EXIT_DONE)
		code = staff_session(ret);
	return code == EXIT_DONE ? staff_unlock(ret) : code;
}

enum exit_code
ftsu_begin_case(const struct ftsu_options *o, const char *id, struct staff *s,
    struct staff_case *k)
{
	uint8_t case_id[CASE_ID_LEN];
	enum exit_code code;

	*k = (struct staff_case){ 0 };
	code = ftsu_begin(o, s);
	if (code == EXIT_DONE)
		code = ftsu_case_id(s, id, case_id);
	return code == EXIT_DONE ? staff_case_open(s, case_id, NULL, NULL, k)
				 : code;
}

/* --- what was typed --- */

static bool
is_prefix(const struct answer_row *row, const char *text)
{
	char id[2 * CASE_ID_LEN + 1];

	hex_encode(id, row->case_id, CASE_ID_LEN);
	return strncmp(id, text, strlen(text)) == 0;
}

static enum exit_code
find_in_queue(struct staff *s, const char *text,
    uint8_t out[static CASE_ID_LEN])
{
	struct staff_queue q = { 0 };
	enum exit_code code = staff_queue_fetch(s, 0, true, &q);
	size_t found = 0;

	for (size_t i = 0; code == EXIT_DONE && i < q.n; i++) {
		if (!is_prefix(&q.row[i], text))
			continue;
		found++;
		memcpy(out, q.row[i].case_id, CASE_ID_LEN);
	}
	staff_queue_free(&q);
	if (code == EXIT_DONE && found == 0)
		code = term_fail(&s->term, EXIT_UNKNOWN,
		    "No case that was "
		    "given to you begins with %s.",
		    text);
	if (code == EXIT_DONE && found > 1)
		code = term_fail(&s->term, EXIT_USAGE,
		    "%zu of your cases "
		    "begin with %s. Please say more of it.",
		    found, text);
	return code;
}

enum exit_code
ftsu_case_id(struct staff *s, const char *text, uint8_t out[static CASE_ID_LEN])
{
	size_t n = strlen(text);

	if (n < CASE_PREFIX_MIN || n >= 2 * CASE_ID_LEN ||
	    strspn(text, "0123456789abcdef") != n)
		return case_id_parse(&s->term, text, out);
	return find_in_queue(s, text, out);
}

enum exit_code
ftsu_person(const struct staff *s, const char *text,
    const struct policy_person **ret)
{
	const struct policy *p = s->server.policy;
	const struct policy_person *person = policy_person_by_slug(p, text);
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (person == NULL && *end == '\0' && n <= POLICY_NUMBER_MAX)
		person = policy_person(p, (uint16_t)n);
	if (person == NULL)
		return term_fail(&s->term, EXIT_USAGE,
		    "The policy names nobody \"%s\".", text);
	*ret = person;
	return EXIT_DONE;
}

enum exit_code
ftsu_yes_no(const struct term *t, const char *option, const char *text,
    bool *ret)
{
	bool yes = text != NULL && strcmp(text, "yes") == 0;

	if (!yes && (text == NULL || strcmp(text, "no") != 0))
		return term_fail(t, EXIT_USAGE,
		    "Please say --%s yes or "
		    "--%s no.",
		    option, option);
	*ret = yes;
	return EXIT_DONE;
}

/* --- what the concern says --- */

static const char *
next_answer(const struct manifest *m, const char *field, size_t *at)
{
	while (m != NULL && *at < m->n_answers) {
		const struct manifest_answer *a = &m->answer[(*at)++];

		if (strcmp(a->field, field) == 0)
			return a->value;
	}
	return NULL;
}

const char *
concern_answer(const struct conversation *c, const char *field)
{
	size_t at = 0;

	return next_answer(conversation_concern(c), field, &at);
}

bool
concern_has_answer(const struct conversation *c, const char *field,
    const char *value)
{
	const char *answer;
	size_t at = 0;

	do
		answer = next_answer(conversation_concern(c), field, &at);
	while (answer != NULL && strcmp(answer, value) != 0);
	return answer != NULL;
}

/* --- text --- */

enum exit_code
ftsu_text(const struct staff *s, bool must, struct buf *out)
{
	const struct ftsu_options *o = s->o;
	enum exit_code code;

	if (!must && o->message == NULL)
		return EXIT_DONE;
	code = compose_staff_text(&s->term, o->message, out);
	if (code == EXIT_DONE && must && out->n == 0 && o->attach.n == 0)
		return term_fail(&s->term, EXIT_USAGE,
		    "There is nothing to send.");
	return code;
}

/* --- what may be done --- */

bool
ftsu_may(const struct staff_case *k, enum message_kind kind)
{
	struct entry e = { .kind = kind };

	if (action_may(k, &e) == LIFE_OK)
		return true;
	e.is_conduct = true;
	return (message_form(kind)->params & PARAM_CONDUCT) != 0 &&
	    action_may(k, &e) == LIFE_OK;
}

void
ftsu_say_choices(const struct staff_case *k)
{
	struct buf x CLEAN_BUF = BUF_INIT(4096);

	for (unsigned i = 0; i < MESSAGE_KINDS; i++) {
		enum message_kind kind = (enum message_kind)i;

		if (message_form(kind)->author == AUTHOR_STAFF &&
		    kind != MESSAGE_UNOPENED && ftsu_may(k, kind))
			buf_printf(&x, "%s%s", x.n > 0 ? ", " : "",
			    message_kind_name(kind));
	}
	if (x.err == ERR_OK && x.n > 0)
		term_say(&k->staff->term, "\nWhat you can do now: %.*s.",
		    (int)x.n, x.p);
}

enum exit_code
ftsu_check_may(const struct staff_case *k, const struct entry *e)
{
	enum life_refusal r = action_may(k, e);

	if (r == LIFE_OK)
		return EXIT_DONE;
	(void)term_fail(&k->staff->term, EXIT_DECLINED,
	    "%s The case is: %s. "
	    "Nothing was sent.",
	    life_refusal_text(r), case_state_text(k->c->life.state));
	ftsu_say_choices(k);
	return EXIT_DECLINED;
}
