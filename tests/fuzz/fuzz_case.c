/*
 * A hostile server (hostile.h), to whom a guardian's program reads a case, and
 * then does something: hands it over, assigns it, grants, answers, or lists
 * cases. The first byte says what, the rest the server's tricks.
 *
 * Held: what is shown of a case is what its people wrote, in its place; no
 * envelope is sent but for whom the case is given to, and it opens what it says
 * to; what is signed goes behind messages that are there, and names exactly the
 * envelopes that person has; nobody whom the reporter left out gets any;
 * nothing is called stored without its proof; with a server that plays no trick
 * it is done; and nothing that is printed could steer a terminal.
 */
#include <stdlib.h>
#include <string.h>

#include "client/action.h"
#include "client/investigators.h"
#include "client/show.h"
#include "client/staff_queue.h"
#include "tests/fuzz/hostile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(x) ((x) ? (void)0 : abort())
#define INPUT_LEN_MAX 4096
#define PLAIN_ROUTE 3
#define IS_PLAIN 0x80 /* of the first byte: the other case */

/* --- what is done --- */

static const struct grant_place some[] = { { CHAIN_TALK, 0 },
	{ CHAIN_STAFF, 1 } };
static const struct action actions[] = {
	{ .entry = { .kind = MESSAGE_HANDOVER, .person = EXECUTIVE },
	    .share = SHARE_ALL },
	{ .entry = { .kind = MESSAGE_ASSIGN,
	      .person = INVESTIGATOR,
	      .investigates = true },
	    .share = SHARE_ALL },
	{ .entry = { .kind = MESSAGE_ASSIGN,
	      .person = INVESTIGATOR,
	      .investigates = true },
	    .share = SHARE_SELECTED,
	    .n_selected = 2,
	    .selected = some,
	    .is_quiet = true },
	{ .entry = { .kind = MESSAGE_ASSIGN,
	      .person = INVESTIGATOR,
	      .investigates = true },
	    .text = { (const uint8_t *)"Please look into it.", 20 },
	    .share = SHARE_FROM_NOW },
	{ .entry = { .kind = MESSAGE_GRANT, .person = SECOND },
	    .share = SHARE_ALL },
	{ .entry = { .kind = MESSAGE_REPLY },
	    .text = { (const uint8_t *)"Thank you.", 10 } },
	{ .entry = { .kind = MESSAGE_NOTE },
	    .text = { (const uint8_t *)"Seen.", 5 },
	    .is_once = true },
};
#define ACTIONS (sizeof(actions) / sizeof(actions[0]))

/* --- what is seen --- */

static void
check_behind(const struct conversation_message *m, enum chain chain)
{
	const char *text;
	const struct sent *before =
	    m->seq > 0 ? hostile_find(chain, m->seq - 1, &text) : NULL;

	MUST((before == NULL) == bytes_all_zero(m->entry.prev, LINK_LEN));
	MUST(before == NULL ||
	    memcmp(m->entry.prev, before->link, LINK_LEN) == 0);
}

static void
check_message(const struct conversation *c,
    const struct conversation_message *m)
{
	const char *text = NULL;
	const struct sent *s =
	    hostile_find(conversation_chain(m), m->seq, &text);
	bool has_link = m->kind != MESSAGE_CONCERN || c->is_linked;

	MUST(s != NULL);
	MUST(!has_link || memcmp(m->link, s->link, LINK_LEN) == 0);
	if (m->kind != MESSAGE_CONCERN || !c->is_plain)
		MUST(m->is_readable == (m->m != NULL));
	MUST(m->has_content || !m->is_readable);
	if (m->kind != MESSAGE_CONCERN) {
		check_behind(m, s->chain);
		MUST(m->kind == s->entry.kind);
		MUST(m->author == s->entry.author);
	}
	if (m->is_readable)
		MUST(text != NULL &&
		    bytes_equal(buf_bytes(&m->text), bytes_str(text)));
	else
		MUST(m->text.n == 0);
}

static void
check_case(const struct conversation *c)
{
	MUST(c->n_messages <= hostile->n && c->is_plain == hostile->is_plain);
	for (size_t i = 0; i < c->n_messages; i++)
		check_message(c, c->message[i]);
	if (c->n_messages > 0)
		MUST(c->band == BAND &&
		    c->route == (c->is_plain ? PLAIN_ROUTE : ROUTE));
	for (size_t i = 0; i < c->n_members; i++)
		MUST(c->member[i].person != HOSTILE_EXCLUDED);
}

/* By name, or by an author, of what the reader saw. */
static size_t
add_listed(const struct conversation *c, uint16_t person,
    struct grant out[static 2 * HOSTILE_MESSAGES_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_messages; i++) {
		const struct conversation_message *m = c->message[i];
		const char *text;
		const struct sent *s =
		    hostile_find(conversation_chain(m), m->seq, &text);

		for (size_t k = 0; k < s->n_to; k++) {
			/* nobody signed whom a plain concern is for */
			if (s->person[k] != person || (c->is_plain && i == 0))
				continue;
			out[n].chain = s->chain;
			out[n].seq = s->seq;
			MUST(sha256(buf_bytes(&s->envelope[k]),
				 out[n++].envelope) == ERR_OK);
		}
	}
	return n;
}

static int
by_place(const void *a, const void *b)
{
	const struct grant *x = a, *y = b;

	if (x->chain != y->chain)
		return x->chain < y->chain ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static size_t
n_contents(const struct conversation *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_messages; i++)
		n += c->message[i]->has_content;
	return n;
}

/* Its author may have sealed it to anybody. */
static bool
is_any_unknown(const struct conversation *c)
{
	for (size_t i = 0; i < c->n_messages; i++) {
		if (c->message[i]->has_content && !c->message[i]->is_readable)
			return true;
	}
	return false;
}

/* All that they have then; or nothing is said of it, where it is not known. */
static void
check_grants(const struct conversation *c, const struct action *a)
{
	struct grant have[2 * HOSTILE_MESSAGES_MAX];
	const struct hostile_sent *got = &hostile->got;
	uint8_t all[SHA256_LEN], none[SHA256_LEN];
	size_t n;

	if (hostile->to == 0 || hostile->is_with_handler)
		return;
	n = add_listed(c, a->entry.person, have);
	memcpy(have + n, got->grant, got->n * sizeof(have[0]));
	n += got->n;
	if (!hostile->is_fooled && a->share == SHARE_ALL)
		MUST(n == n_contents(c));
	qsort(have, n, sizeof(have[0]), by_place);
	MUST(grants_digest(have, n, all) == ERR_OK);
	MUST(grants_digest(NULL, 0, none) == ERR_OK);
	MUST(memcmp(got->entry.grants, all, SHA256_LEN) == 0 ||
	    (got->n == 0 && is_any_unknown(c) &&
		memcmp(got->entry.grants, none, SHA256_LEN) == 0));
}

static void
check_action(const struct staff_case *k, const struct action *a,
    enum exit_code code)
{
	const struct hostile_sent *got = &hostile->got;

	if (!hostile->is_fooled)
		MUST(code == EXIT_DONE && got->posts == 1);
	if (code == EXIT_DONE)
		MUST(got->posts > 0 && got->is_proved);
	if (got->posts == 0)
		return;
	MUST(got->entry.kind == a->entry.kind);
	check_case(k->c);
	check_grants(k->c, a);
}

/* --- what is printed --- */

static void
check_printed(struct bytes x)
{
	for (size_t i = 0; i < x.n; i++) {
		MUST((x.p[i] >= ' ' && x.p[i] != 0x7f) || x.p[i] == '\n');
		MUST(x.p[i] != 0xc2 || i + 1 == x.n || x.p[i + 1] >= 0xa0);
	}
}

struct printed {
	FILE *out, *err; /* as they were */
	FILE *both;
	char *text;
	size_t n;
};

static void
print_begin(struct printed *p)
{
	p->both = open_memstream(&p->text, &p->n);
	MUST(p->both != NULL);
	p->out = stdout;
	p->err = stderr;
	stdout = stderr = p->both;
}

static void
print_end(struct printed *p)
{
	stdout = p->out;
	stderr = p->err;
	MUST(fclose(p->both) == 0);
	check_printed(BYTES((const uint8_t *)p->text, p->n));
	free(p->text);
}

/* --- a run --- */

static const char *
name_of(void *ctx, uint16_t person, char *out, size_t cap)
{
	return staff_name(ctx, person, out, cap);
}

static void
play_action(struct staff *s, const struct action *a)
{
	struct staff_case k = { 0 };
	enum exit_code code =
	    staff_case_open(s, hostile->w->reporter.case_id, NULL, NULL, &k);

	MUST(hostile->is_fooled || code == EXIT_DONE);
	if (code == EXIT_DONE) {
		check_case(k.c);
		show_messages(&s->term, k.c, CHAIN_TALK, name_of, s);
		show_messages(&s->term, k.c, CHAIN_STAFF, name_of, s);
		code = action_run(&k, a);
		check_action(&k, a, code);
	}
	staff_case_close(&k);
}

static void
play_lists(struct staff *s)
{
	struct staff_case k = { 0 };
	struct staff_queue q = { 0 };
	struct candidates *found = calloc(1, sizeof(*found));

	MUST(found != NULL);
	if (staff_queue_fetch(s, 0, true, &q) == EXIT_DONE)
		MUST(hostile->is_fooled || q.n == 2);
	staff_queue_free(&q);
	if (staff_case_open(s, hostile->w->reporter.case_id, NULL, NULL, &k) ==
		EXIT_DONE &&
	    candidates_find(&k, found) == EXIT_DONE) {
		MUST(found->n <= POLICY_PEOPLE_MAX);
		for (size_t i = 0; i < found->n; i++)
			MUST(found->at[i].person->number != HOSTILE_EXCLUDED ||
			    (found->at[i].out & OUT_EXCLUDED) != 0);
	}
	free(found);
	staff_case_close(&k);
	MUST(hostile->got.posts == 0 && hostile->got.envelopes == 0);
}

static void
play(uint8_t what, const struct edits *tricks)
{
	const struct ftsu_options o = { 0 };
	struct staff *s = calloc(1, sizeof(*s));
	const struct action *a = what < ACTIONS ? &actions[what] : NULL;

	MUST(s != NULL);
	hostile_reset(tricks, a != NULL ? a->entry.person : 0);
	s->o = &o;
	s->term = (struct term){ .program = "ftsu", .json = false };
	hostile_staff(s);
	if (a != NULL)
		play_action(s, a);
	else
		play_lists(s);
	free(s->server.parsed);
	buf_free(&s->server.answer);
	free(s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct printed printed = { 0 };
	struct edits tricks;

	if (hostile->w == NULL)
		hostile_begin(POLICY_SMALL);
	if (size == 0 || size > INPUT_LEN_MAX)
		return 0;
	edits_read(BYTES(data + 1, size - 1), TRICKS, &tricks);
	print_begin(&printed);
	hostile_use((data[0] & IS_PLAIN) != 0);
	play(data[0] % IS_PLAIN % (ACTIONS + 1), &tricks);
	print_end(&printed);
	return 0;
}
