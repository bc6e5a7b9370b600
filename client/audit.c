#include <inttypes.h>
#include <string.h>

#include "client/case_words.h"
#include "client/ftsu.h"
#include "client/json.h"
#include "crypto/codec.h"

/* The timeline of a case as its chains prove it: both in one order, each entry
 * with its link, and what the case was after it. */

#define WHO_MAX 128
#define DETAIL_MAX 1024
#define LINK_SHOWN 16 /* hex digits */

static const char *
who(const struct staff_case *k, uint16_t person, char out[static WHO_MAX])
{
	if (person == PERSON_INSTANCE)
		return "the service";
	return staff_name(k->staff, person, out, WHO_MAX);
}

/* --- for people --- */

/* Who reads or leaves, and what was decided; the rest is for `show`. */
static void
put_detail(const struct staff_case *k, const struct entry *e, struct buf *out)
{
	unsigned params = message_form(e->kind)->params;
	char name[WHO_MAX];

	if ((params & PARAM_BAND) != 0)
		buf_printf(out, " P%u", e->band);
	if ((params & PARAM_ROUTE) != 0)
		buf_printf(out, " to route %u", e->route);
	if ((params & PARAM_FROM) != 0)
		buf_printf(out, ", of %s", who(k, e->from, name));
	if ((params & PARAM_PERSON) != 0)
		buf_printf(out, ", to %s", who(k, e->person, name));
	if ((params & PARAM_CONDUCT) != 0 && e->is_conduct)
		buf_put_str(out, ", of conduct");
	if ((params & PARAM_AGREE) != 0)
		buf_put_str(out, e->agrees ? ", yes" : ", no");
	if ((params & PARAM_CODE) != 0)
		buf_printf(out, ", %s", notice_code_name(e->code));
	if ((params & PARAM_ABOUT) != 0)
		buf_printf(out, ", about %u", (unsigned)e->about);
	for (size_t i = 0; i < e->n_people; i++)
		buf_printf(out, "%s %s", i == 0 ? ":" : ",",
		    who(k, e->people[i], name));
}

static void
say_entry(const struct staff_case *k, size_t number,
    const struct conversation_message *m)
{
	struct buf detail CLEAN_BUF = BUF_INIT(DETAIL_MAX);
	char day[11], link[2 * LINK_LEN + 1], name[WHO_MAX];
	bool is_concern = m->kind == MESSAGE_CONCERN;

	if (!is_concern)
		put_detail(k, &m->entry, &detail);
	day_format(day, is_concern ? k->c->filed : m->entry.day);
	hex_encode(link, m->link, LINK_LEN);
	term_say(&k->staff->term, "%zu. %s %s, %s %u: %s%.*s (%s) link %.*s",
	    number, day, who(k, m->author, name),
	    chain_name(conversation_chain(m)), (unsigned)m->seq,
	    message_kind_name(m->kind), (int)detail.n,
	    detail.n > 0 ? (const char *)detail.p : "",
	    case_state_name(m->state), LINK_SHOWN, link);
}

static void
say_readers(const struct staff_case *k)
{
	const struct conversation *c = k->c;
	const struct term *t = &k->staff->term;
	char name[WHO_MAX];

	term_say(t, "\nBy all this, these people may read it:");
	for (size_t i = 0; i < c->n_members; i++) {
		const struct conversation_member *m = &c->member[i];
		const char *person = who(k, m->person, name);

		if (m->since > 0)
			term_item(t, 1, "%s, since talk %u", person,
			    (unsigned)m->since);
		else if (m->rung > 0)
			term_item(t, 1, "%s, once rung %u is reached", person,
			    m->rung);
		else
			term_item(t, 1, "%s, from the beginning", person);
	}
}

static void
say_audit(const struct staff_case *k, bool is_whole)
{
	const struct conversation *c = k->c;
	const struct term *t = &k->staff->term;
	char head[2][2 * LINK_LEN + 1];

	for (size_t i = 0; i < c->n_messages; i++)
		say_entry(k, i + 1, c->message[i]);
	if (!is_whole) {
		term_say(t,
		    "\nNothing behind this was shown: see above what "
		    "is wrong, and where.");
		return;
	}
	say_readers(k);
	for (int i = 0; i < 2; i++)
		hex_encode(head[i], c->head[i], LINK_LEN);
	term_say(t,
	    "\nEvery entry was checked: signature, place, link, "
	    "readers, and whether the case allowed it. The case is \"%s\".",
	    case_state_name(c->life.state));
	term_say(t, "Head of the talk chain, %" PRIu32 " messages: %s",
	    c->count[CHAIN_TALK], head[CHAIN_TALK]);
	term_say(t, "Head of the staff chain, %" PRIu32 " messages: %s",
	    c->count[CHAIN_STAFF], head[CHAIN_STAFF]);
}

/* --- JSON --- */

static json_t *
place_json(enum chain chain, uint32_t seq)
{
	return json_pack("{s:s, s:I}", "chain", chain_name(chain), "seq",
	    (json_int_t)seq);
}

static json_t *
entry_json(const struct staff_case *k, const struct conversation_message *m)
{
	json_t *j = place_json(conversation_chain(m), m->seq);
	char day[11], link[2 * LINK_LEN + 1], name[WHO_MAX];
	struct buf detail CLEAN_BUF = BUF_INIT(DETAIL_MAX);

	if (m->kind != MESSAGE_CONCERN)
		put_detail(k, &m->entry, &detail);
	day_format(day,
	    m->kind == MESSAGE_CONCERN ? k->c->filed : m->entry.day);
	hex_encode(link, m->link, LINK_LEN);
	if (j != NULL &&
	    json_object_update_new(j,
		json_pack("{s:s, s:s, s:i, s:s, s:s, s:s#, s:s}", "day", day,
		    "kind", message_kind_name(m->kind), "author",
		    (int)m->author, "name", who(k, m->author, name), "state",
		    case_state_name(m->state), "detail",
		    detail.n > 0 ? (const char *)detail.p : "", (int)detail.n,
		    "link", link)) == 0)
		return j;
	json_decref(j);
	return NULL;
}

static json_t *
refused_json(const struct conversation *c)
{
	const struct conversation_refused *f = &c->refused;
	json_t *j = f->is_one ? place_json(f->chain, f->seq) : json_object();

	if (j == NULL)
		return NULL;
	(void)json_object_set_new(j, "reason",
	    json_string(refusal_text(c->refusal)));
	if (f->is_one && f->is_parsed) {
		(void)json_object_set_new(j, "kind",
		    json_string(message_kind_name(f->entry.kind)));
		(void)json_object_set_new(j, "author",
		    json_integer(f->entry.author));
	}
	if (f->why != LIFE_OK)
		(void)json_object_set_new(j, "why",
		    json_string(life_refusal_text(f->why)));
	return j;
}

static enum exit_code
print_json(const struct staff_case *k, bool is_whole)
{
	const struct conversation *c = k->c;
	json_t *list = json_array(), *j;
	char id[2 * CASE_ID_LEN + 1], head[2][2 * LINK_LEN + 1];

	for (size_t i = 0; i < c->n_messages; i++)
		(void)json_array_append_new(list, entry_json(k, c->message[i]));
	hex_encode(id, c->case_id, CASE_ID_LEN);
	for (int i = 0; i < 2; i++)
		hex_encode(head[i], c->head[i], LINK_LEN);
	j = json_pack("{s:s, s:b, s:o}", "case", id, "whole", is_whole,
	    "entries", list);
	if (j != NULL && is_whole)
		(void)json_object_update_new(j,
		    json_pack("{s:s, s:{s:s, s:s}}", "state",
			case_state_name(c->life.state), "heads", "talk",
			head[CHAIN_TALK], "staff", head[CHAIN_STAFF]));
	else if (j != NULL)
		(void)json_object_set_new(j, "refused", refused_json(c));
	return json_print(&k->staff->term, j);
}

enum exit_code
ftsu_audit(const void *values, const struct args *args)
{
	struct staff_case k = { 0 };
	struct staff s = { 0 };
	enum exit_code printed = EXIT_DONE;
	enum exit_code code = ftsu_begin_case(values, args->at[0], &s, &k);
	bool is_refused = code == EXIT_REFUSED && k.c != NULL;

	if ((code == EXIT_DONE || is_refused) && s.term.json)
		printed = print_json(&k, code == EXIT_DONE);
	else if (code == EXIT_DONE || is_refused)
		say_audit(&k, code == EXIT_DONE);
	staff_case_close(&k);
	staff_close(&s);
	return code == EXIT_DONE ? printed : code;
}
