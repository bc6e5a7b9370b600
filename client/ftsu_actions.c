#include "client/ftsu.h"

#include <stdlib.h>
#include <string.h>

#include "client/compose.h"
#include "client/staff_queue.h"
#include "crypto/codec.h"

/*
 * One command for every kind of message that staff writes: its name is the
 * kind's, and what it needs is in the kind's form (crypto/kind.h). Those that
 * bring a reader have files of their own.
 */

static enum exit_code
fill_route(const struct staff *s, const struct args *args, struct entry *e)
{
	const struct policy *p = s->server.policy;
	const char *text = args->n > 1 ? args->at[1] : "";
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	for (size_t i = 0; i < p->n_routes; i++) {
		const struct policy_route *r = &p->routes[i];

		if (strcmp(r->slug, text) == 0 ||
		    (*end == '\0' && r->number == n)) {
			e->route = r->number;
			return EXIT_DONE;
		}
	}
	(void)term_fail(&s->term, EXIT_USAGE, "Which route? Routes are:");
	for (size_t i = 0; i < p->n_routes; i++)
		fprintf(stderr, "  %-16s %s\n", p->routes[i].slug,
		    p->routes[i].title);
	return EXIT_USAGE;
}

/* Triage without --band keeps the one that it has. */
static enum exit_code
fill_band(const struct staff *s, uint8_t now, struct entry *e)
{
	e->band = now;
	if (s->o->band.n > 1)
		return term_fail(&s->term, EXIT_USAGE, "Only one --band.");
	return s->o->band.n == 0
	    ? EXIT_DONE
	    : band_parse(&s->term, s->o->band.at[0], &e->band);
}

static enum exit_code
fill_entry(const struct staff_case *k, const struct args *args, struct entry *e)
{
	const struct ftsu_options *o = k->staff->o;
	unsigned params = message_form(e->kind)->params;
	enum exit_code code = EXIT_DONE;

	e->is_complex = (params & PARAM_COMPLEX) != 0 && o->is_complex;
	if ((params & PARAM_BAND) != 0)
		code = fill_band(k->staff, k->c->life.band, e);
	if (code == EXIT_DONE && (params & PARAM_CONDUCT) != 0)
		code = ftsu_yes_no(&k->staff->term, "conduct", o->conduct,
		    &e->is_conduct);
	if (code == EXIT_DONE && (params & PARAM_ROUTE) != 0)
		code = fill_route(k->staff, args, e);
	return code;
}

static enum exit_code
act(struct staff_case *k, const struct args *args, enum message_kind kind)
{
	struct buf text CLEAN_BUF = BUF_INIT(COMPOSE_TEXT_MAX);
	struct action a = { .entry.kind = kind,
		.attach = &k->staff->o->attach };
	enum message_content content = message_form(kind)->content;
	enum exit_code code = fill_entry(k, args, &a.entry);

	if (code == EXIT_DONE)
		code = ftsu_check_may(k, &a.entry);
	if (code == EXIT_DONE && content != CONTENT_NONE)
		code = ftsu_text(k->staff, content == CONTENT_MUST, &text);
	a.text = buf_bytes(&text);
	if (code != EXIT_DONE)
		return code;
	return kind == MESSAGE_ROUTE ? action_route(k, &a) : action_run(k, &a);
}

static enum exit_code
agree_to_leave(const struct term *t)
{
	return term_agree(t,
		   "You will not be able to read this case any "
		   "more, nor take it back. Step back from it? [y/N] ")
	    ? EXIT_DONE
	    : term_fail(t, EXIT_DECLINED, "Nothing was sent.");
}

enum exit_code
ftsu_act(const void *values, const struct args *args)
{
	enum message_kind kind = MESSAGE_NOTE;
	struct staff_case k;
	struct staff s;
	enum exit_code code = ftsu_begin_case(values, args->at[0], &s, &k);

	if (message_kind_parse(bytes_str(args->command->name), &kind) != ERR_OK)
		code = EXIT_USAGE;
	if (code == EXIT_DONE && kind == MESSAGE_RECUSE)
		code = agree_to_leave(&s.term);
	if (code == EXIT_DONE)
		code = act(&k, args, kind);
	staff_case_close(&k);
	staff_close(&s);
	return code;
}

/* An envelope that does not open was made badly, or changed: the other readers
 * hear of it. */
enum exit_code
ftsu_unopened(const void *values, const struct args *args)
{
	struct staff_case k;
	struct staff s;
	size_t n = 0;
	enum exit_code code = ftsu_begin_case(values, args->at[0], &s, &k);

	if (code == EXIT_DONE)
		code = action_unopened(&k, &n);
	if (code == EXIT_DONE && s.term.json)
		printf("{\"unopened\":%zu}\n", n);
	else if (code == EXIT_DONE)
		term_say(&s.term,
		    n > 0 ? "The other readers are told of what "
			    "does not open for you."
			  : "Everything that was sealed to you "
			    "opens, or was reported already.");
	staff_case_close(&k);
	staff_close(&s);
	return code;
}

/* --- many at once --- */

struct banding {
	struct staff *s;
	uint8_t band;
	struct progress bar;
	size_t n, done, same, failed;
	uint8_t (*id)[CASE_ID_LEN];
};

static enum exit_code
band_one(struct banding *b, const uint8_t id[static CASE_ID_LEN])
{
	struct action a = { .entry = { .kind = MESSAGE_BAND, .band = b->band },
		.is_quiet = true };
	struct staff_case k = { 0 };
	char text[2 * CASE_ID_LEN + 1];
	enum exit_code code = staff_case_open(b->s, id, NULL, NULL, &k);

	hex_encode(text, id, CASE_ID_LEN);
	if (code == EXIT_DONE && k.c->life.band == b->band) {
		b->same++;
	} else {
		if (code == EXIT_DONE)
			code = action_run(&k, &a);
		if (code == EXIT_DONE)
			b->done++;
		else
			(void)term_fail(&b->s->term, code,
			    "Case %s is to be taken as in its old band.", text);
	}
	staff_case_close(&k);
	return code;
}

/* From the command line, or from the queue by its filters. */
static enum exit_code
find_cases(struct banding *b, const struct args *args)
{
	struct queue_filter filter;
	struct staff_queue q = { 0 };
	enum exit_code code = queue_filter_read(b->s, &filter);

	b->n = args->n - 1;
	if (code == EXIT_DONE && b->n == 0 && !queue_filter_is_set(&filter))
		return term_fail(&b->s->term, EXIT_USAGE,
		    "Which cases? Name "
		    "them, or say --in, --band or --breached.");
	if (code == EXIT_DONE && b->n == 0) {
		code = staff_queue_fetch(b->s, 0, true, &q);
		staff_queue_keep(&q, &filter);
		b->n = q.n;
	}
	if (code == EXIT_DONE)
		b->id = calloc(b->n + 1, sizeof(*b->id));
	if (code == EXIT_DONE && b->id == NULL)
		code = fail_err(&b->s->term, ERR_NOMEM, "The cases");
	for (size_t i = 0; code == EXIT_DONE && i < b->n; i++) {
		if (args->n > 1)
			code = ftsu_case_id(b->s, args->at[i + 1], b->id[i]);
		else
			memcpy(b->id[i], q.row[i].case_id, CASE_ID_LEN);
	}
	staff_queue_free(&q);
	return code;
}

static enum exit_code
band_all(struct banding *b)
{
	enum exit_code code = EXIT_DONE;

	progress_start_of(&b->bar, "Setting the band", b->n, "cases");
	for (size_t i = 0;
	     code != EXIT_LOGIN && code != EXIT_UNAVAILABLE && i < b->n; i++) {
		code = band_one(b, b->id[i]);
		progress_add(&b->bar, 1);
	}
	progress_end(&b->bar);
	b->failed = b->n - b->done - b->same;
	if (b->s->term.json)
		printf("{\"band\":\"P%u\",\"changed\":%zu,\"same\":%zu,"
		       "\"failed\":%zu}\n",
		    b->band, b->done, b->same, b->failed);
	else
		term_say(&b->s->term,
		    "%zu now in band P%u; %zu were in it "
		    "already; %zu failed.",
		    b->done, b->band, b->same, b->failed);
	return b->failed == 0 ? EXIT_DONE : EXIT_NOT_STORED;
}

enum exit_code
ftsu_band(const void *values, const struct args *args)
{
	struct staff s;
	struct banding b = { .s = &s };
	enum exit_code code = ftsu_begin(values, &s);

	if (code == EXIT_DONE)
		code = band_parse(&s.term, args->at[0], &b.band);
	if (code == EXIT_DONE)
		code = find_cases(&b, args);
	if (code == EXIT_DONE)
		code = band_all(&b);
	free(b.id);
	staff_close(&s);
	return code;
}
