#include "client/ftsu.h"

#include <stdlib.h>
#include <string.h>

#include "client/json.h"
#include "client/staff_queue.h"
#include "crypto/codec.h"

/*
 * What was given to this person, and nothing else, as sealed files to work with
 * elsewhere; opened as well, where that is asked for. What is there already
 * stays, so that the command may be given again.
 */
struct pulling {
	struct staff *s;
	struct staff_queue q;
	json_t *rows; /* NULL without --json */
	size_t done, failed;
};

/* Sealed files lie beside the opened folders, where nobody says otherwise. */
static const char *
sealed_in(const struct ftsu_options *o)
{
	if (o->sealed != NULL)
		return o->sealed;
	return o->open != NULL ? o->open : ".";
}

static enum exit_code
pull_one(struct pulling *p, const struct answer_row *row)
{
	const struct ftsu_options *o = p->s->o;
	char id[2 * CASE_ID_LEN + 1], *open = NULL;
	struct staff_case k = { 0 };
	enum exit_code code = EXIT_DONE;

	hex_encode(id, row->case_id, CASE_ID_LEN);
	if (o->open != NULL && asprintf(&open, "%s/%s", o->open, id) < 0)
		return fail_err(&p->s->term, ERR_NOMEM, o->open);
	code = staff_case_open(p->s, row->case_id, open, sealed_in(o), &k);
	if (code == EXIT_DONE) {
		p->done++;
		if (p->rows != NULL)
			(void)json_array_append_new(p->rows, json_string(id));
	} else {
		p->failed++;
	}
	staff_case_close(&k);
	free(open);
	return code;
}

static enum exit_code
pull_all(struct pulling *p)
{
	enum exit_code code = EXIT_DONE;
	struct progress bar;

	progress_start_of(&bar, "Fetching", p->q.n, "cases");
	for (size_t i = 0;
	     i < p->q.n && code != EXIT_LOGIN && code != EXIT_UNAVAILABLE;
	     i++) {
		code = pull_one(p, &p->q.row[i]);
		progress_add(&bar, 1);
	}
	progress_end(&bar);
	return code;
}

static enum exit_code
say_pulled(const struct pulling *p, enum exit_code code)
{
	const struct term *t = &p->s->term;

	if (p->failed > 0 && code == EXIT_DONE)
		code = EXIT_FAILED;
	if (p->rows != NULL)
		return json_print(t,
			   json_pack("{s:O, s:I}", "cases", p->rows, "failed",
			       (json_int_t)p->failed)) != EXIT_DONE
		    ? EXIT_FAILED
		    : code;
	term_say(t, "%zu case%s now in %s%s.", p->done,
	    p->done == 1 ? " is" : "s are", sealed_in(p->s->o),
	    p->failed > 0 ? "; others failed, see above" : "");
	return code;
}

static enum exit_code
find_given(struct pulling *p)
{
	enum exit_code code = staff_queue_fetch(p->s, 0, true, &p->q);
	size_t n = 0;

	for (size_t i = 0; i < p->q.n; i++) {
		if (p->q.row[i].is_given)
			p->q.row[n++] = p->q.row[i];
	}
	p->q.n = n;
	return code;
}

enum exit_code
ftsu_pull(const void *values, const struct args *args)
{
	const struct ftsu_options *o = values;
	struct staff s;
	struct pulling p = { .s = &s,
		.rows = o->common.json ? json_array() : NULL };
	enum exit_code code = ftsu_begin(o, &s);

	(void)args;
	if (code == EXIT_DONE && o->open != NULL)
		code = file_directory(&s.term, o->open);
	if (code == EXIT_DONE)
		code = find_given(&p);
	if (code == EXIT_DONE)
		code = say_pulled(&p, pull_all(&p));
	json_decref(p.rows);
	staff_queue_free(&p.q);
	staff_close(&s);
	return code;
}
