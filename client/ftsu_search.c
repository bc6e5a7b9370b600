#include "client/ftsu.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client/json.h"
#include "client/staff_queue.h"
#include "crypto/codec.h"

/*
 * Words are looked for here, in what this person may read; the server learns
 * that cases are opened, and nothing of what for.
 */

#define SNIPPET 120

struct searching {
	struct staff *s;
	const struct args *words;
	struct staff_queue q;
	json_t *rows; /* NULL without --json */
	struct output index;
	bool exports;
	size_t found, failed;
	struct progress bar;
};

/* --- what is found --- */

/* Where the word begins, in either case of its ASCII letters; text.n: it is not
 * there. */
static size_t
find_word(struct bytes text, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i + n <= text.n; i++) {
		if (strncasecmp((const char *)text.p + i, word, n) == 0)
			return i;
	}
	return text.n;
}

static bool
has_word(const struct conversation_message *m, const char *word)
{
	for (size_t i = 0; m->m != NULL && i < m->m->n_files; i++) {
		if (strcasestr(m->m->file[i].name, word) != NULL &&
		    strncmp(m->m->file[i].name, "attachments/", 12) == 0)
			return true;
	}
	for (size_t i = 0; m->m != NULL && i < m->m->n_answers; i++) {
		if (strcasestr(m->m->answer[i].value, word) != NULL)
			return true;
	}
	return find_word(buf_bytes(&m->text), word) < m->text.n;
}

static bool
is_match(const struct searching *x, const struct conversation_message *m)
{
	if (!m->is_readable)
		return false;
	for (size_t i = 0; i < x->words->n; i++) {
		if (!has_word(m, x->words->at[i]))
			return false;
	}
	return true;
}

/* --- for redaction: the opened text, and a line about it --- */

static void
put_csv(struct buf *out, const char *text, bool last)
{
	buf_put_str(out, "\"");
	for (; *text != '\0'; text++) {
		if (*text == '"')
			buf_put_str(out, "\"");
		buf_put_u8(out, (uint8_t)*text);
	}
	buf_put_str(out, last ? "\"\r\n" : "\",");
}

static enum exit_code
export_one(struct searching *x, const char *id, const char *day,
    const struct conversation_message *m)
{
	struct buf line CLEAN_BUF = BUF_INIT(4096);
	char name[160], seq[16], who[POLICY_NAME_MAX + 16], *path = NULL;
	enum exit_code code;

	(void)snprintf(name, sizeof(name), "%s-%s-%04" PRIu32 "-%s.txt", id,
	    chain_name(conversation_chain(m)), m->seq,
	    message_kind_name(m->kind));
	(void)snprintf(seq, sizeof(seq), "%" PRIu32, m->seq);
	put_csv(&line, name, false);
	put_csv(&line, id, false);
	put_csv(&line, chain_name(conversation_chain(m)), false);
	put_csv(&line, seq, false);
	put_csv(&line, message_kind_name(m->kind), false);
	put_csv(&line, staff_name(x->s, m->author, who, sizeof(who)), false);
	put_csv(&line, day, true);
	if (asprintf(&path, "%s/%s", x->s->o->export, name) < 0)
		return fail_err(&x->s->term, ERR_NOMEM, name);
	code = file_write(&x->s->term, path, buf_bytes(&m->text), FILE_PRIVATE,
	    false);
	free(path);
	if (code == EXIT_DONE &&
	    output_put(&x->index, buf_bytes(&line)) != ERR_OK)
		code = fail_err(&x->s->term, ERR_IO, "index.csv");
	return code;
}

static enum exit_code
export_begin(struct searching *x, char **ret_path)
{
	static const char head[] = "file,case,chain,seq,kind,author,day\r\n";
	const char *dir = x->s->o->export;
	enum exit_code code = file_directory(&x->s->term, dir);

	if (code == EXIT_DONE && asprintf(ret_path, "%s/index.csv", dir) < 0) {
		*ret_path = NULL;
		code = fail_err(&x->s->term, ERR_NOMEM, dir);
	}
	if (code == EXIT_DONE)
		code = output_open(&x->s->term, *ret_path, FILE_PRIVATE, false,
		    &x->index);
	x->exports = code == EXIT_DONE;
	if (x->exports && output_put(&x->index, bytes_str(head)) != ERR_OK)
		code = fail_err(&x->s->term, ERR_IO, dir);
	return code;
}

/* --- what is shown --- */

/* Around the first word, from a space to a space. */
static struct bytes
snippet(const struct searching *x, const struct conversation_message *m)
{
	struct bytes text = buf_bytes(&m->text);
	size_t n, from = find_word(text, x->words->at[0]);

	if (from == text.n)
		from = 0; /* in an attachment's name or an answer */
	from = from > SNIPPET / 2 ? from - SNIPPET / 2 : 0;
	while (from > 0 && text.p[from - 1] != ' ' && text.p[from] != ' ')
		from--;
	n = text.n - from < SNIPPET ? text.n - from : SNIPPET;
	while (from + n < text.n && text.p[from + n] != ' ' &&
	    text.p[from + n] != '\n')
		n++;
	return BYTES(text.p + from, n);
}

static enum exit_code
found(struct searching *x, const struct staff_case *k,
    const struct conversation_message *m)
{
	const struct term *t = &x->s->term;
	char id[2 * CASE_ID_LEN + 1], day[11], who[POLICY_NAME_MAX + 16];
	const char *name = staff_name(x->s, m->author, who, sizeof(who));
	struct bytes part = snippet(x, m);

	x->found++;
	hex_encode(id, k->c->case_id, CASE_ID_LEN);
	day_format(day,
	    m->kind == MESSAGE_CONCERN ? k->c->filed : m->entry.day);
	if (x->rows != NULL) {
		(void)json_array_append_new(x->rows,
		    json_pack("{s:s, s:s, s:I, s:s, s:s, s:s, s:o*}", "case",
			id, "chain", chain_name(conversation_chain(m)), "seq",
			(json_int_t)m->seq, "kind", message_kind_name(m->kind),
			"name", name, "day", day, "text",
			json_stringn(part.n > 0 ? (const char *)part.p : "",
			    part.n)));
	} else {
		progress_hide(&x->bar);
		term_say(t, "%s  %s-%" PRIu32 ", %s, %s, %s", id,
		    chain_name(conversation_chain(m)), m->seq,
		    message_kind_name(m->kind), name, day);
		term_quote(t, part, 2);
	}
	return x->exports ? export_one(x, id, day, m) : EXIT_DONE;
}

static enum exit_code
look_in(struct searching *x, const struct answer_row *row)
{
	struct staff_case k = { 0 };
	enum exit_code code =
	    staff_case_open(x->s, row->case_id, NULL, NULL, &k);

	if (code != EXIT_DONE)
		x->failed++;
	for (size_t i = 0;
	     k.c != NULL && i < k.c->n_messages && code == EXIT_DONE; i++) {
		if (is_match(x, k.c->message[i]))
			code = found(x, &k, k.c->message[i]);
	}
	staff_case_close(&k);
	return code;
}

static enum exit_code
look(struct searching *x)
{
	enum exit_code code = EXIT_DONE;

	progress_start_of(&x->bar, "Reading", x->q.n, "cases");
	for (size_t i = 0; i < x->q.n && code != EXIT_FAILED &&
	     code != EXIT_LOGIN && code != EXIT_UNAVAILABLE;
	     i++) {
		code = look_in(x, &x->q.row[i]);
		progress_add(&x->bar, 1);
	}
	progress_end(&x->bar);
	if (code == EXIT_FAILED || code == EXIT_LOGIN ||
	    code == EXIT_UNAVAILABLE)
		return code;
	term_say(&x->s->term, "%zu messages found in %zu cases.%s", x->found,
	    x->q.n,
	    x->failed > 0 ? " Some cases could not be read: see "
			    "above."
			  : "");
	return x->failed > 0 ? EXIT_REFUSED : EXIT_DONE;
}

static enum exit_code
search(struct searching *x)
{
	struct queue_filter filter;
	char *path = NULL;
	enum exit_code code = queue_filter_read(x->s, &filter);

	if (code == EXIT_DONE)
		code = staff_queue_fetch(x->s, 0, true, &x->q);
	if (code == EXIT_DONE) {
		staff_queue_keep(&x->q, &filter);
		if (x->s->o->export != NULL)
			code = export_begin(x, &path);
	}
	if (code == EXIT_DONE)
		code = look(x);
	if (x->exports && (code == EXIT_DONE || code == EXIT_REFUSED) &&
	    output_commit(&x->index) != EXIT_DONE)
		code = EXIT_FAILED;
	if (x->exports)
		output_close(&x->index);
	free(path);
	return code;
}

enum exit_code
ftsu_search(const void *values, const struct args *args)
{
	const struct ftsu_options *o = values;
	struct staff s;
	struct searching x = { .s = &s,
		.words = args,
		.rows = o->common.json ? json_array() : NULL };
	enum exit_code code = ftsu_begin(o, &s);

	if (code == EXIT_DONE)
		code = search(&x);
	if (x.rows != NULL && (code == EXIT_DONE || code == EXIT_REFUSED) &&
	    json_print(&s.term,
		json_pack("{s:O, s:I}", "found", x.rows, "cases",
		    (json_int_t)x.q.n)) != EXIT_DONE)
		code = EXIT_FAILED;
	json_decref(x.rows);
	staff_queue_free(&x.q);
	staff_close(&s);
	return code;
}
