#include "client/show.h"

#include <string.h>

#include "client/json.h"
#include "crypto/codec.h"

#define SHOW_NAME_MAX 128
#define ATTACHMENTS "attachments/"

/* Text that is not UTF-8 is left out: JSON cannot carry it. */
static void
set_text(json_t *j, const struct buf *text)
{
	json_t *s =
	    json_stringn(text->n > 0 ? (const char *)text->p : "", text->n);

	if (s != NULL)
		(void)json_object_set_new(j, "text", s);
}

static json_t *
files_json(const struct manifest *m)
{
	json_t *list = json_array();

	for (size_t i = 0; i < m->n_files; i++) {
		if (strncmp(m->file[i].name, ATTACHMENTS,
			strlen(ATTACHMENTS)) == 0)
			(void)json_array_append_new(list,
			    json_pack("{s:s, s:I}", "name",
				m->file[i].name + strlen(ATTACHMENTS), "size",
				(json_int_t)m->file[i].size));
	}
	return list;
}

static json_t *
answers_json(const struct manifest *m)
{
	json_t *list = json_array();

	for (size_t i = 0; i < m->n_answers; i++)
		(void)json_array_append_new(list,
		    json_sprintf("%s=%s", m->answer[i].field,
			m->answer[i].value));
	return list;
}

static json_t *
people_json(const struct manifest *m)
{
	json_t *list = json_array();

	for (size_t i = 0; i < m->n_to; i++)
		(void)json_array_append_new(list,
		    json_integer(m->to[i].person));
	return list;
}

json_t *
flags_json(unsigned flags)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < CASE_FLAGS; i++) {
		struct buf x CLEAN_BUF = BUF_INIT(64);

		if ((flags & 1u << i) == 0)
			continue;
		case_flags_put(&x, 1u << i);
		(void)json_array_append_new(list,
		    json_stringn((const char *)x.p, x.n));
	}
	return list;
}

/* --- entries --- */

static void
set_band(json_t *j, const char *name, uint8_t band)
{
	(void)json_object_set_new(j, name, json_sprintf("P%u", band));
}

static void
set_bool(json_t *j, const char *name, bool value)
{
	(void)json_object_set_new(j, name, json_boolean(value));
}

static void
set_number(json_t *j, const char *name, uint32_t value)
{
	(void)json_object_set_new(j, name, json_integer(value));
}

static void
set_people(json_t *j, const struct entry *e)
{
	json_t *list = json_array();

	for (size_t i = 0; i < e->n_people; i++)
		(void)json_array_append_new(list, json_integer(e->people[i]));
	(void)json_object_set_new(j, "who", list);
}

static void
set_code(json_t *j, const struct entry *e)
{
	(void)json_object_set_new(j, "code",
	    json_string(notice_code_name(e->code)));
	set_number(j, "number", e->number);
}

/* The lines that the entry has besides, under their own names. */
static void
set_lines(json_t *j, const struct entry *e)
{
	unsigned params = message_form(e->kind)->params;

	if ((params & PARAM_BAND) != 0)
		set_band(j, "band", e->band);
	if ((params & PARAM_COMPLEX) != 0)
		set_bool(j, "complex", e->is_complex);
	if ((params & PARAM_CONDUCT) != 0)
		set_bool(j, "conduct", e->is_conduct);
	if ((params & PARAM_AGREE) != 0)
		set_bool(j, "agree", e->agrees);
	if ((params & PARAM_INVESTIGATE) != 0)
		set_bool(j, "investigate", e->investigates);
	if ((params & PARAM_ROUTE) != 0)
		set_number(j, "route", e->route);
	if ((params & PARAM_FROM) != 0)
		set_number(j, "from", e->from);
	if ((params & PARAM_PERSON) != 0)
		set_number(j, "person", e->person);
	if ((params & PARAM_CHAIN) != 0)
		(void)json_object_set_new(j, "in",
		    json_string(chain_name(e->in)));
	if ((params & PARAM_ABOUT) != 0)
		set_number(j, "about", e->about);
	if ((params & PARAM_CODE) != 0)
		set_code(j, e);
	if ((params & PARAM_PEOPLE) != 0)
		set_people(j, e);
}

/* --- messages --- */

static json_t *
message_json(const struct conversation *c, const struct conversation_message *m,
    show_name *name, void *ctx)
{
	bool is_concern = m->kind == MESSAGE_CONCERN;
	char who[SHOW_NAME_MAX], day[11];
	json_t *j;

	day_format(day, is_concern ? c->filed : m->entry.day);
	j = json_pack("{s:s, s:I, s:s, s:i, s:s, s:b}", "chain",
	    chain_name(conversation_chain(m)), "seq", (json_int_t)m->seq,
	    "kind", message_kind_name(m->kind), "author", (int)m->author,
	    "name",
	    m->author == PERSON_INSTANCE
		? "The service"
		: name(ctx, m->author, who, sizeof(who)),
	    "readable", m->is_readable);
	if (j != NULL && (!is_concern || c->filed != 0))
		(void)json_object_set_new(j, "day", json_string(day));
	if (j != NULL && !is_concern)
		set_lines(j, &m->entry);
	if (j == NULL || !m->is_readable)
		return j;
	set_text(j, &m->text);
	if (m->m == NULL)
		return j;
	(void)json_object_set_new(j, "files", files_json(m->m));
	(void)json_object_set_new(j, "answers", answers_json(m->m));
	(void)json_object_set_new(j, "readers", people_json(m->m));
	(void)json_object_set_new(j, "policy_known",
	    json_boolean(m->is_policy_known));
	return j;
}

static void
set_life(json_t *j, const struct conversation *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->n_members; i++)
		(void)json_array_append_new(list,
		    json_pack("{s:i, s:i}", "person", (int)c->member[i].person,
			"rung", (int)c->member[i].rung));
	(void)json_object_set_new(j, "readers", list);
	(void)json_object_set_new(j, "state",
	    json_string(case_state_name(c->life.state)));
	(void)json_object_set_new(j, "flags", flags_json(c->life.flags));
	set_band(j, "band", c->life.band);
	set_number(j, "route", c->now_on);
}

json_t *
show_case_json(const struct conversation *c, show_name *name, void *ctx)
{
	char id[2 * CASE_ID_LEN + 1], band[] = "P0";
	json_t *list = json_array(), *j;

	hex_encode(id, c->case_id, CASE_ID_LEN);
	band[1] = (char)('0' + c->band);
	for (size_t i = 0; i < c->n_messages; i++)
		(void)json_array_append_new(list,
		    message_json(c, c->message[i], name, ctx));
	j = json_pack("{s:s, s:s, s:i, s:b, s:b, s:o}", "case", id, "band",
	    band, "route", (int)c->route, "withdrawn",
	    conversation_is_withdrawn(c), "plain", c->is_plain, "messages",
	    list);
	if (j != NULL && c->person != PERSON_REPORTER)
		set_life(j, c);
	return j;
}

enum exit_code
show_json(const struct term *t, const struct conversation *c, show_name *name,
    void *ctx)
{
	return json_print(t, show_case_json(c, name, ctx));
}
