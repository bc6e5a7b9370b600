#include "client/staff_case.h"

#include "client/show.h"
#include "crypto/codec.h"

static const char *
name_of(void *ctx, uint16_t person, char *out, size_t cap)
{
	return staff_name(ctx, person, out, cap);
}

static void
say_case(struct staff_case *k)
{
	const struct term *t = &k->staff->term;
	char id[2 * CASE_ID_LEN + 1], day[11];

	hex_encode(id, k->c->case_id, CASE_ID_LEN);
	day_format(day, k->c->filed);
	term_say(t, "Case %s, filed %s, band P%u%s.", id, day, k->c->band,
	    conversation_is_withdrawn(k->c)
		? ", WITHDRAWN by the reporter" : "");
	if (k->c->is_plain)
		term_say(t, "This concern came from age and curl alone. It is "
		    "not signed: nothing proves that later messages are by "
		    "the same person.");
	show_messages(t, k->c, CHAIN_TALK, name_of, k->staff);
	show_messages(t, k->c, CHAIN_STAFF, name_of, k->staff);
}

/* One bad message, by whomever, hides nothing that was checked before it. */
static bool
has_checked(const struct staff_case *k, enum exit_code code)
{
	if (code != EXIT_REFUSED || k->c == NULL || k->c->n_messages == 0)
		return false;
	term_say(&k->staff->term, "What could be checked before that:");
	return true;
}

enum exit_code
ftsu_show(const void *values, const struct args *args)
{
	const struct ftsu_options *o = values;
	uint8_t id[CASE_ID_LEN];
	struct staff_case k = { 0 };
	struct staff s;
	enum exit_code code = staff_open(o, &s);

	if (code == EXIT_DONE)
		code = case_id_parse(&s.term, args->at[0], id);
	if (code == EXIT_DONE)
		code = staff_session(&s);
	if (code == EXIT_DONE)
		code = staff_unlock(&s);
	if (code == EXIT_DONE)
		code = staff_case_open(&s, id, o->save, o->sealed, &k);
	if (code == EXIT_DONE && o->common.json)
		code = show_json(&s.term, k.c, name_of, &s);
	else if (code == EXIT_DONE || has_checked(&k, code))
		say_case(&k);
	staff_case_close(&k);
	staff_close(&s);
	return code;
}
