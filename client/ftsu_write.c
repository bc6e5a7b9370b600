#include "client/action.h"

#include "client/compose.h"

static enum exit_code
open_all(const struct ftsu_options *o, const char *id_text, struct staff *s,
    struct staff_case *k)
{
	uint8_t id[CASE_ID_LEN];
	enum exit_code code = staff_open(o, s);

	if (code == EXIT_DONE)
		code = case_id_parse(&s->term, id_text, id);
	if (code == EXIT_DONE)
		code = staff_session(s);
	if (code == EXIT_DONE)
		code = staff_unlock(s);
	if (code == EXIT_DONE)
		code = staff_case_open(s, id, NULL, NULL, k);
	return code;
}

static enum exit_code
run(const struct ftsu_options *o, const char *id, enum message_kind kind)
{
	struct buf text CLEAN_BUF = BUF_INIT(COMPOSE_TEXT_MAX);
	struct staff_case k = { 0 };
	struct staff s;
	struct action a = { .entry.kind = kind, .attach = &o->attach };
	enum exit_code code = open_all(o, id, &s, &k);

	if (code == EXIT_DONE && message_kind_has_content(kind)) {
		code = compose_text(&s.term, o->message, &text);
		a.text = buf_bytes(&text);
	}
	if (code == EXIT_DONE)
		code = action_run(&k, &a);
	staff_case_close(&k);
	staff_close(&s);
	return code;
}

enum exit_code
ftsu_ack(const void *values, const struct args *args)
{
	return run(values, args->at[0], MESSAGE_ACK);
}

enum exit_code
ftsu_reply(const void *values, const struct args *args)
{
	return run(values, args->at[0], MESSAGE_REPLY);
}

enum exit_code
ftsu_note(const void *values, const struct args *args)
{
	return run(values, args->at[0], MESSAGE_NOTE);
}
