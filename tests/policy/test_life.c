#include "tests/policy/support.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/codec.h"
#include "policy/clock.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/*
 * Stories of cases, a line for each entry:
 *
 *	AUTHOR PART KIND WORDS… = STATE FLAGS	it may, and the case is then so
 *	AUTHOR PART KIND WORDS… ! REFUSAL	it may not
 *
 * WORDS: a band, or what the entry says; about:this is about what waits for a
 * second person or for consent.
 */
static const char *const stories[] = {
	/* the short way, and back */
	"3 "
	"1 H reply content = received -\n"
	"1 H triage P3 ! not-now\n"
	"1 H close ! not-now\n"
	"1 H assign investigate ! not-now\n"
	"1 H ask content ! not-now\n"
	"5 I ack ! not-yours\n"
	"1 H ack = acknowledged -\n"
	"1 H ack ! not-now\n"
	"1 H close ! not-now\n"
	"1 H handle ! not-now\n"
	"1 H triage P4 complex = triaged complex\n"
	"1 H triage P3 = triaged -\n"
	"1 H close ! not-now\n"
	"1 H advise = advice -\n"
	"1 H refer content = referred -\n"
	"1 H hub = hub -\n"
	"1 H triage P3 = hub -\n"
	"1 H handle = handling -\n"
	"1 H feedback content = feedback -\n"
	"1 H handle ! not-now\n"
	"1 H close content = closed -\n"
	"1 H ask content ! not-now\n"
	"1 H band P1 ! not-now\n"
	"0 R survey content = closed -\n"
	"0 R followup content = handling reopened\n"
	"1 H close = closed reopened\n"
	"1 H reopen = handling reopened\n"
	"0 R withdraw = withdrawn reopened\n"
	"0 R followup content ! withdrew\n"
	"0 R withdraw ! withdrew\n"
	"1 H reply content ! withdrew\n"
	"1 H close ! withdrew\n"
	"1 H note content = withdrawn reopened\n"
	"1 H recuse = withdrawn reopened\n",
	/* findings of conduct: no way around the review */
	"3 "
	"1 H ack = acknowledged -\n"
	"1 H assign = acknowledged -\n"
	"1 H triage P3 = triaged -\n"
	"5 I reply content ! not-now\n"
	"5 I ask content ! not-now\n"
	"1 H assign = triaged -\n"
	"1 H assign investigate = assigned -\n"
	"1 H assign investigate = assigned -\n"
	"1 H route ! not-now\n"
	"5 I ask content = assigned awaiting\n"
	"0 R followup content = assigned -\n"
	"5 I report content conduct ! not-now\n"
	"5 I terms content = terms -\n"
	"1 H evidence ! not-yours\n"
	"5 I evidence = evidence -\n"
	"5 I evidence = evidence -\n"
	"1 H report content conduct ! not-yours\n"
	"5 I report content conduct = reported conduct\n"
	"5 I reply content = reported conduct\n"
	"5 I ask content ! not-now\n"
	"1 H feedback content ! needs-review\n"
	"1 H action ! needs-review\n"
	"8 E action conduct ! needs-review\n"
	"1 H handle ! needs-review\n"
	"1 H close ! needs-review\n"
	"1 H review content ! not-yours\n"
	"5 E review content ! same-person\n"
	"8 E review content = reviewed -\n"
	"8 E review content ! not-now\n"
	"1 H action conduct = action -\n"
	"1 H feedback content = feedback -\n"
	"1 H close = closed -\n",
	/* findings of something else; then of conduct after all */
	"3 "
	"1 H ack = acknowledged -\n"
	"1 H triage P3 = triaged -\n"
	"1 H assign investigate = assigned -\n"
	"1 H terms content = terms -\n"
	"5 I report content = reported -\n"
	"1 H action conduct ! needs-review\n"
	"1 H action = action -\n"
	"1 H handle = handling -\n"
	"1 H action conduct ! needs-review\n"
	"1 H assign investigate = assigned -\n"
	"1 H terms content = terms -\n"
	"5 I report content conduct = reported conduct\n"
	"1 H action ! needs-review\n"
	"8 E review content = reviewed -\n"
	"1 H feedback content = feedback -\n",
	/* nor by calling it less serious first, or having called it so */
	"1 "
	"1 H ack = acknowledged -\n"
	"1 H triage P4 = triaged -\n"
	"1 H advise = advice -\n"
	"1 H close = advice closing\n"
	"1 H second about:this ! same-person\n"
	"2 H second about:this = closed -\n",
	"4 "
	"1 H ack = acknowledged -\n"
	"1 H triage P1 = triaged -\n"
	"1 H handle = handling -\n"
	"1 H band P4 = handling -\n"
	"1 H close = handling closing\n",
	/* one person does not close a serious case */
	"1 "
	"1 H ack = acknowledged -\n"
	"1 H triage P1 = triaged -\n"
	"1 H handle = handling -\n"
	"2 H second about:this ! nothing-asked\n"
	"1 H close = handling closing\n"
	"1 H close ! not-now\n"
	"8 E override content ! not-now\n"
	"1 H second about:this ! same-person\n"
	"2 H second about:77 ! nothing-asked\n"
	"2 A second about:this ! not-yours\n"
	"2 H hold content = handling held,closing\n"
	"2 H hold content ! not-now\n"
	"2 H second about:this ! on-hold\n"
	"2 H release = handling closing\n"
	"2 H release ! not-now\n"
	"2 H decline about:77 ! nothing-asked\n"
	"2 H decline about:this = handling -\n"
	"2 H decline about:this ! nothing-asked\n"
	"2 H hold content = handling held\n"
	"1 H close ! on-hold\n"
	"2 E release = handling -\n"
	"1 H close = handling closing\n"
	"1 H decline about:this = handling -\n"
	"1 H close = handling closing\n"
	"1 H assign investigate = assigned closing\n"
	"2 H second about:this ! not-now\n"
	"1 H handle = handling closing\n"
	"8 E second about:this = closed -\n"
	"0 R followup content = handling reopened\n"
	"2 H close = handling closing,reopened\n"
	"0 R withdraw = withdrawn reopened\n",
	/* a band that one may close becomes one that takes two */
	"4 "
	"1 H ack = acknowledged -\n"
	"1 H triage P4 = triaged -\n"
	"1 H advise = advice -\n"
	"1 H band P2 = advice -\n"
	"1 H close = advice closing\n"
	"1 H band P3 = advice closing\n"
	"2 H second about:this = closed -\n",
	/* disclosure: with consent, or by two */
	"2 "
	"1 H disclose content ! not-now\n"
	"1 H override content = received overriding\n"
	"1 H second about:this ! same-person\n"
	"8 E second about:this = received overridden\n"
	"1 H ack = acknowledged overridden\n"
	"0 R consent agree about:this ! nothing-asked\n"
	"1 H disclose content = acknowledged awaiting,overridden,disclosing\n"
	"0 R consent agree about:77 ! nothing-asked\n"
	"0 R consent agree about:this = acknowledged overridden,consented\n"
	"0 R consent about:this ! nothing-asked\n"
	"1 H disclose content = acknowledged awaiting,overridden,disclosing\n"
	"0 R followup content = acknowledged overridden,disclosing\n"
	"0 R consent about:this = acknowledged overridden\n",
	/* a silent reporter */
	"3 "
	"65535 S notice silent ! not-now\n"
	"1 H ack = acknowledged -\n"
	"1 H triage P3 = triaged -\n"
	"65535 S notice silent ! not-now\n"
	"1 H ask content = triaged awaiting\n"
	"1 H close ! not-now\n"
	"65535 S notice prompt = triaged awaiting\n"
	"65535 S notice silent = closed -\n"
	"65535 S notice check = closed -\n"
	"0 R followup content = handling reopened\n"
	"1 H ask content = handling awaiting,reopened\n"
	"1 H hold content = handling awaiting,held,reopened\n"
	"65535 S notice silent ! not-now\n",
	/* whose band takes two: the server does not close it */
	"1 "
	"1 H ack = acknowledged -\n"
	"1 H ask content = acknowledged awaiting\n"
	"65535 S notice silent = acknowledged awaiting\n"
	"65535 S event unanswered = acknowledged awaiting,silent\n"
	"1 H ask content = acknowledged awaiting\n"
	"65535 S event unanswered = acknowledged awaiting,silent\n"
	"1 H close = acknowledged awaiting,closing,silent\n"
	"0 R followup content = acknowledged closing\n"
	"2 H second about:this ! not-now\n",
	/* junk is closed unread, by those who may close it; an answer makes
	 * it what it was, and one person sets it aside but once */
	"3 "
	"5 I dismiss ! not-yours\n"
	"8 E dismiss ! not-yours\n"
	"5 A dismiss ! not-yours\n"
	"1 H hold content = received held\n"
	"1 H dismiss ! on-hold\n"
	"1 H release = received -\n"
	"1 H override content = received overriding\n"
	"1 H dismiss ! not-now\n"
	"1 H decline about:this = received -\n"
	"1 H dismiss = closed dismissed\n"
	"1 H dismiss ! not-now\n"
	"1 H ack ! not-now\n"
	"0 R followup content = received reopened\n"
	"1 H triage P3 ! not-now\n"
	"1 H close ! not-now\n"
	"1 H dismiss = received closing,reopened\n"
	"1 H dismiss ! not-now\n"
	"1 H second about:this ! same-person\n"
	"2 H second about:77 ! nothing-asked\n"
	"2 H second about:this = closed reopened,dismissed\n"
	"0 R survey content = received reopened\n"
	"1 H dismiss = received closing,reopened\n"
	"2 H second about:this = closed reopened,dismissed\n"
	"1 H reopen = received reopened\n"
	"1 H dismiss = received closing,reopened\n"
	"0 R survey content = received reopened\n"
	"1 H dismiss = received closing,reopened\n"
	"0 R followup content = received reopened\n"
	"2 H second about:this ! nothing-asked\n"
	"2 H dismiss = received closing,reopened\n"
	"1 H ack = acknowledged reopened\n"
	"1 H second about:this ! nothing-asked\n"
	"1 H dismiss ! not-now\n"
	"1 H triage P3 = triaged reopened\n"
	"1 H handle = handling reopened\n"
	"1 H close = closed reopened\n"
	"0 R survey content = closed reopened\n"
	"0 R followup content = handling reopened\n"
	"1 H dismiss ! not-now\n",
	/* where one cannot close it, one cannot dismiss it either, whatever
	 * band they set first */
	"1 "
	"1 H band P4 = received -\n"
	"1 H dismiss = received closing\n"
	"1 H second about:this ! same-person\n"
	"2 H hold content = received held,closing\n"
	"2 H second about:this ! on-hold\n"
	"2 H release = received closing\n"
	"5 I second about:this ! not-yours\n"
	"2 H decline about:this = received -\n"
	"1 H dismiss = received closing\n"
	"8 E second about:this = closed dismissed\n"
	"0 R withdraw = withdrawn dismissed\n"
	"1 H dismiss ! withdrew\n",
	/* who has it */
	"3 "
	"1 H route ! not-now\n"
	"1 H ack = acknowledged -\n"
	"1 H route = acknowledged -\n"
	"5 A handover from:5 = acknowledged -\n"
	"5 A handover from:6 ! not-yours\n"
	"1 H handover from:6 = acknowledged -\n"
	"5 A grant = acknowledged -\n"
	"5 A escalate ! not-yours\n"
	"1 H escalate = acknowledged -\n"
	"5 A recuse = acknowledged -\n"
	"5 A record content ! not-yours\n"
	"5 I record content = acknowledged -\n"
	"5 I unopened about:0 = acknowledged -\n"
	"0 R note content ! not-yours\n"
	"1 H followup content ! not-yours\n"
	"1 H event unanswered ! not-yours\n",
};

static const char *const refusals[LIFE_REFUSALS] = {
	[LIFE_OK] = "ok",
	[LIFE_NOT_YOURS] = "not-yours",
	[LIFE_NOT_NOW] = "not-now",
	[LIFE_WITHDREW] = "withdrew",
	[LIFE_NEEDS_REVIEW] = "needs-review",
	[LIFE_SAME_PERSON] = "same-person",
	[LIFE_NOTHING_ASKED] = "nothing-asked",
	[LIFE_ON_HOLD] = "on-hold",
};

struct telling {
	const struct policy *p;
	struct life life;
	uint32_t seq;
	int64_t now;
};

/* --- one line --- */

static unsigned
part_of(char letter)
{
	static const char letters[] = "RHIEAS";

	return 1u << (strchr(letters, letter) - letters);
}

static void
read_word(const struct telling *t, const char *word, struct entry *e)
{
	enum notice_code code;

	if (strcmp(word, "content") == 0)
		e->content[0] = 1;
	else if (strcmp(word, "complex") == 0)
		e->is_complex = true;
	else if (strcmp(word, "conduct") == 0)
		e->is_conduct = true;
	else if (strcmp(word, "agree") == 0)
		e->agrees = true;
	else if (strcmp(word, "investigate") == 0)
		e->investigates = true;
	else if (strcmp(word, "about:this") == 0)
		e->about = e->kind == MESSAGE_CONSENT ? t->life.asked
						      : t->life.pending;
	else if (strncmp(word, "about:", 6) == 0)
		e->about = (uint32_t)strtoul(word + 6, NULL, 10);
	else if (strncmp(word, "from:", 5) == 0)
		e->from = (uint16_t)strtoul(word + 5, NULL, 10);
	else if (notice_code_parse(bytes_str(word), &code) == ERR_OK)
		e->code = code;
	else if (word[0] == 'P')
		e->band = (uint8_t)(word[1] - '0');
	else
		fail_msg("what is %s?", word);
}

/* Fills an entry from the words up to "=" or "!", which it returns. */
static char
read_entry(struct telling *t, char **save, struct entry *e, unsigned *ret_parts)
{
	const char *word = strtok_r(NULL, " ", save);

	*ret_parts = part_of(word[0]);
	word = strtok_r(NULL, " ", save);
	if (message_kind_parse(bytes_str(word), &e->kind) != ERR_OK)
		fail_msg("what is %s?", word);
	e->person = 9;
	e->seq = ++t->seq;
	e->number = 1;
	for (word = strtok_r(NULL, " ", save); word[0] != '=' && word[0] != '!';
	     word = strtok_r(NULL, " ", save))
		read_word(t, word, e);
	return word[0];
}

static void
must_come_back(const struct life *l)
{
	uint8_t a[LIFE_LEN], b[LIFE_LEN];
	struct life again;

	life_put(l, a);
	assert_int_equal(life_get(a, &again), ERR_OK);
	life_put(&again, b);
	assert_memory_equal(a, b, LIFE_LEN);
	assert_memory_equal(l->since, again.since, sizeof(l->since));
	assert_int_equal(l->state, again.state);
	assert_int_equal(l->pending, again.pending);
}

static void
must_be(const struct telling *t, const char *line, const char *state,
    const char *flags)
{
	struct buf got CLEAN_BUF = BUF_INIT(256);

	case_flags_put(&got, t->life.flags);
	buf_put_u8(&got, 0);
	if (strcmp(case_state_name(t->life.state), state) != 0 ||
	    strcmp((const char *)got.p, flags) != 0)
		fail_msg("%s: is %s %s", line, case_state_name(t->life.state),
		    (const char *)got.p);
	must_come_back(&t->life);
}

static void
tell_line(struct telling *t, const char *text)
{
	char line[256], *save = NULL;
	struct life before = t->life;
	struct entry e = { 0 };
	enum life_refusal why;
	const char *want;
	unsigned parts;
	char sign;

	assert_true(strlen(text) < sizeof(line));
	strcpy(line, text);
	e.author = (uint16_t)strtoul(strtok_r(line, " ", &save), NULL, 10);
	sign = read_entry(t, &save, &e, &parts);
	want = strtok_r(NULL, " ", &save);
	why = life_may(&t->life, &e, parts);
	assert_memory_equal(&before, &t->life, sizeof(before));
	if (sign == '!') {
		if (strcmp(refusals[why], want) != 0)
			fail_msg("%s: %s", text, refusals[why]);
		return;
	}
	if (why != LIFE_OK)
		fail_msg("%s: %s", text, refusals[why]);
	life_apply(&t->life, t->p, NULL, &e, t->now);
	must_be(t, text, want, strtok_r(NULL, " ", &save));
}

static void
tell(const struct policy *p, const char *story)
{
	struct telling t = { .p = p, .now = p->issued };
	char line[256];

	life_begin(&t.life, (uint8_t)(story[0] - '0'), p->serial, t.now);
	for (story += 2; *story != '\0'; story += strcspn(story, "\n") + 1) {
		size_t n = strcspn(story, "\n");

		assert_true(n < sizeof(line));
		memcpy(line, story, n);
		line[n] = '\0';
		tell_line(&t, line);
	}
}

static void
test_stories_go_as_they_are_written(void **state)
{
	struct policy *p = example_policy(MADE_CLASSIC);

	(void)state;
	for (size_t i = 0; i < COUNT(stories); i++)
		tell(p, stories[i]);
	policy_free(p);
}

/* --- clocks --- */

#define HOUR 3600

struct act {
	enum message_kind kind;
	uint16_t author;
	bool content, investigates;
	int64_t hour; /* since the issue, at midnight */
	/* the hour of this clock afterwards; 0: it does not run */
	enum life_clock clock;
	int64_t at;
};

/* Each line goes on from the one before. */
static const struct act acts[] = {
	/* the hours of filing are known until it is triaged */
	{ MESSAGE_ACK, 1, false, false, 30, SINCE_FILED, 10 },
	{ MESSAGE_NOTE, 1, true, false, 31, SINCE_MOVED, 30 },
	{ MESSAGE_NOTE, 1, true, false, 31, SINCE_UPDATE, 10 },
	{ MESSAGE_TRIAGE, 1, false, false, 32, SINCE_FILED, 0 },
	{ MESSAGE_NOTE, 1, true, false, 33, SINCE_UPDATE, 0 },
	{ MESSAGE_NOTE, 1, true, false, 33, SINCE_MOVED, 32 },
	/* the reporter hears of us by what has content */
	{ MESSAGE_REPLY, 1, true, false, 40, SINCE_UPDATE, 40 },
	{ MESSAGE_ROUTE, 1, false, false, 41, SINCE_UPDATE, 40 },
	{ MESSAGE_NOTE, 1, true, false, 41, SINCE_MOVED, 41 },
	{ MESSAGE_ASSIGN, 1, true, false, 42, SINCE_UPDATE, 42 },
	{ MESSAGE_NOTE, 1, true, false, 42, SINCE_MOVED, 41 },
	{ MESSAGE_HANDLE, 1, true, false, 43, SINCE_UPDATE, 42 },
	{ MESSAGE_NOTE, 1, true, false, 43, SINCE_MOVED, 43 },
	{ MESSAGE_HANDLE, 1, true, false, 44, SINCE_MOVED, 43 },
	/* what a reporter does counts from the day's beginning */
	{ MESSAGE_FOLLOWUP, 0, true, false, 60, SINCE_UPDATE, 42 },
	{ MESSAGE_ASK, 1, true, false, 61, SINCE_ASKED, 61 },
	{ MESSAGE_NOTE, 1, true, false, 61, SINCE_UPDATE, 61 },
	{ MESSAGE_SURVEY, 0, true, false, 70, SINCE_ASKED, 61 },
	{ MESSAGE_FOLLOWUP, 0, true, false, 100, SINCE_ASKED, 0 },
	{ MESSAGE_NOTE, 1, true, false, 100, SINCE_UPDATE, 96 },
	/* terms of reference start the report; evidence does not */
	{ MESSAGE_ASSIGN, 1, false, true, 110, SINCE_MOVED, 110 },
	{ MESSAGE_TERMS, 5, true, false, 120, SINCE_TERMS, 120 },
	{ MESSAGE_EVIDENCE, 5, true, false, 130, SINCE_TERMS, 120 },
	{ MESSAGE_NOTE, 1, true, false, 130, SINCE_MOVED, 130 },
	{ MESSAGE_REPORT, 5, true, false, 140, SINCE_MOVED, 140 },
	{ MESSAGE_FEEDBACK, 1, true, false, 150, SINCE_UPDATE, 150 },
	{ MESSAGE_CLOSE, 1, false, false, 160, SINCE_CLOSED, 160 },
	{ MESSAGE_NOTE, 1, true, false, 160, SINCE_UPDATE, 150 },
	/* a case that is opened again is not overdue at once */
	{ MESSAGE_FOLLOWUP, 0, true, false, 2000, SINCE_CLOSED, 0 },
	{ MESSAGE_NOTE, 1, true, false, 2000, SINCE_UPDATE, 1992 },
	{ MESSAGE_NOTE, 1, true, false, 2000, SINCE_MOVED, 1992 },
};

static void
test_clocks_begin_with_what_starts_them(void **state)
{
	struct policy *p = example_policy(MADE_CLASSIC);
	int64_t zero = p->issued / DAY_SECONDS * DAY_SECONDS;
	struct life l;

	(void)state;
	life_begin(&l, 3, p->serial, zero + 10 * HOUR - 61);
	assert_int_equal(l.since[SINCE_FILED], zero + 10 * HOUR);
	for (size_t i = 0; i < COUNT(acts); i++) {
		const struct act *a = &acts[i];
		struct entry e = { .kind = a->kind,
			.author = a->author,
			.band = 3,
			.investigates = a->investigates,
			.content = { a->content } };
		int64_t want = a->clock == SINCE_FILED ||
			a->clock == SINCE_UPDATE || a->at != 0
		    ? zero + a->at * HOUR
		    : 0;

		life_apply(&l, p, NULL, &e, zero + a->hour * HOUR - 1);
		if (l.since[a->clock] != want)
			fail_msg("line %zu: %ld hours", i,
			    (long)(l.since[a->clock] - zero) / HOUR);
		must_come_back(&l);
	}
	policy_free(p);
}

/* --- as it is kept --- */

static void
test_what_is_no_life_is_refused(void **state)
{
	uint8_t in[LIFE_LEN] = { 0 };
	struct life l;

	(void)state;
	assert_int_equal(life_get(in, &l), ERR_CORRUPT);
	for (unsigned s = 0; s < 256; s++)
		for (unsigned band = 0; band < 256; band++) {
			in[0] = (uint8_t)s;
			in[1] = in[2] = (uint8_t)band;
			assert_int_equal(life_get(in, &l) == ERR_OK,
			    s < CASE_STATES && band >= 1 && band <= 4);
		}
	in[0] = 0;
	in[1] = 1;
	in[2] = 2; /* had no band as grave as its own */
	assert_int_equal(life_get(in, &l), ERR_CORRUPT);
	in[2] = 1;
	in[3] = 0x20; /* a flag too many */
	assert_int_equal(life_get(in, &l), ERR_CORRUPT);
	in[3] = 0;
	in[LIFE_LEN - 1] = 1;
	assert_int_equal(life_get(in, &l), ERR_CORRUPT);
}

static void
test_every_refusal_has_a_sentence(void **state)
{
	(void)state;
	for (unsigned i = 0; i < LIFE_REFUSALS; i++) {
		const char *text = life_refusal_text((enum life_refusal)i);

		assert_int_equal(text[strlen(text) - 1], '.');
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(text,
			    life_refusal_text((enum life_refusal)k));
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stories_go_as_they_are_written),
		cmocka_unit_test(test_clocks_begin_with_what_starts_them),
		cmocka_unit_test(test_what_is_no_life_is_refused),
		cmocka_unit_test(test_every_refusal_has_a_sentence),
	};

	if (argc != 2)
		return 2;
	source_root = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
