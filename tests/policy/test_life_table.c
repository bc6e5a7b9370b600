#include "tests/policy/support.h"

#include <stdlib.h>
#include <string.h>

#include "policy/life.h"

/*
 * The tables of docs/PROTOCOL.md are the ones that the code has: each row is
 * read there, and every state, kind and part is tried.
 */

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define CELLS 5
#define CELL_MAX 160

struct row {
	char cell[CELLS][CELL_MAX];
};

/* "| a | b |" without spaces around and without `…`; false at the end of the
 * section's tables. *text moves behind the row. */
static bool
next_row(const char **text, struct row *ret)
{
	const char *at = strstr(*text, "\n| `");
	const char *end = strstr(*text, "\n## ");

	if (at == NULL || (end != NULL && at > end))
		return false;
	at += 2;
	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < CELLS && *at != '\n'; i++) {
		size_t n = strcspn(at, "|\n"), k = 0;

		assert_true(n < CELL_MAX);
		for (size_t j = 0; j < n; j++)
			if (at[j] != '`' && (at[j] != ' ' || k > 0))
				ret->cell[i][k++] = at[j];
		while (k > 0 && ret->cell[i][k - 1] == ' ')
			ret->cell[i][--k] = '\0';
		at += n + (at[n] == '|');
	}
	*text = at;
	return true;
}

static const char *
section(const char *document, const char *heading)
{
	const char *at = strstr(document, heading);

	if (at == NULL)
		fail_msg("no section %s", heading);
	return at != NULL ? at + strlen(heading) : document;
}

/* --- kinds --- */

static const struct {
	unsigned param;
	const char *name;
} lines[] = {
	{ PARAM_BAND, "band" },
	{ PARAM_COMPLEX, "complex" },
	{ PARAM_CONDUCT, "conduct" },
	{ PARAM_AGREE, "agree" },
	{ PARAM_INVESTIGATE, "investigate" },
	{ PARAM_ROUTE, "route" },
	{ PARAM_FROM, "from" },
	{ PARAM_PERSON, "person" },
	{ PARAM_GRANTS, "grants" },
	{ PARAM_CHAIN, "in" },
	{ PARAM_ABOUT, "about" },
	{ PARAM_CODE, "code" },
	{ PARAM_PEOPLE, "who" },
};

static void
put_lines(unsigned params, char out[static CELL_MAX])
{
	out[0] = '\0';
	for (size_t i = 0; i < COUNT(lines); i++)
		if (params & lines[i].param) {
			strcat(out, out[0] != '\0' ? ", " : "");
			strcat(out, lines[i].name);
		}
	if (out[0] == '\0')
		strcat(out, "-");
}

static void
test_kinds_are_those_of_the_document(void **state)
{
	static const char *const authors[] = { "reporter", "staff",
		"instance" };
	static const char *const content[] = { "no", "may", "yes" };
	char *document = file_text("docs/PROTOCOL.md");
	const char *text = section(document, "\n## Kinds\n");
	struct row row;

	(void)state;
	for (unsigned k = 0; k < MESSAGE_KINDS; k++) {
		const struct message_form *f =
		    message_form((enum message_kind)k);
		char names[CELL_MAX];

		assert_true(next_row(&text, &row));
		put_lines(f->params, names);
		assert_string_equal(row.cell[0], f->name);
		assert_string_equal(row.cell[1], chain_name(f->chain));
		assert_string_equal(row.cell[2], authors[f->author]);
		assert_string_equal(row.cell[3], content[f->content]);
		assert_string_equal(row.cell[4], names);
	}
	assert_false(next_row(&text, &row));
	free(document);
}

/* --- states --- */

#define S(s) (1u << (s))
#define ANY (S(CASE_STATES) - 1)
#define LIVE (ANY - S(CASE_WITHDRAWN))
#define OPEN (LIVE - S(CASE_CLOSED))

static const struct {
	const char *name;
	unsigned states;
} sets[] = {
	{ "any", ANY },
	{ "live", LIVE },
	{ "open", OPEN },
	{ "acked", OPEN - S(CASE_RECEIVED) },
	{ "solving",
	    S(CASE_ADVICE) | S(CASE_HANDLING) | S(CASE_REFERRED) |
		S(CASE_HUB) },
	{ "inquiry", S(CASE_ASSIGNED) | S(CASE_TERMS) | S(CASE_EVIDENCE) },
};

static unsigned
read_state(const char *word, size_t n)
{
	enum case_state s;

	for (size_t i = 0; i < COUNT(sets); i++)
		if (strlen(sets[i].name) == n &&
		    strncmp(sets[i].name, word, n) == 0)
			return sets[i].states;
	if (case_state_parse(BYTES((const uint8_t *)word, n), &s) != ERR_OK)
		fail_msg("no state: %s", word);
	return S(s);
}

/* "a, b" up to the end or a bracket. */
static unsigned
read_states(const char *text)
{
	unsigned states = 0;

	while (*text != '\0' && *text != ')') {
		size_t n = strcspn(text, ",)");

		states |= read_state(text, n);
		text += n;
		text += strspn(text, ", ");
	}
	return states;
}

static unsigned
read_parts(const char *text)
{
	static const char letters[] = "RHIEAS"; /* in the order of the bits */
	unsigned parts = 0;

	for (; *text != '\0'; text++)
		if (*text != ' ') {
			const char *at = strchr(letters, *text);

			assert_non_null(at);
			parts |= 1u << (at - letters);
		}
	return parts;
}

/* "to" or "to (from, from)": where a case goes that is in `s`. */
static enum case_state
read_next(const char *text, unsigned from, enum case_state s)
{
	const char *bracket = strchr(text, '(');
	enum case_state to = s;
	size_t n = strcspn(text, " ");

	if (n == 0)
		return s;
	if (bracket != NULL)
		from &= read_states(bracket + 1);
	assert_int_equal(case_state_parse(BYTES((const uint8_t *)text, n), &to),
	    ERR_OK);
	return from & S(s) ? to : s;
}

static void
must_be_as_written(const struct row *row, enum message_kind k)
{
	unsigned parts = read_parts(row->cell[1]);
	unsigned from = read_states(row->cell[2]);

	for (unsigned i = 0; i < CASE_STATES; i++) {
		enum case_state s = (enum case_state)i;

		for (unsigned part = 1; part < 1u << PARTS; part <<= 1)
			if (life_table_allows(s, k, part) !=
			    ((parts & part) != 0 && (from & S(s)) != 0))
				fail_msg("%s while %s by part %x: %s",
				    row->cell[0], case_state_name(s), part,
				    life_table_allows(s, k, part) ? "may"
								  : "may not");
		if ((from & S(s)) != 0 &&
		    life_table_next(s, k) != read_next(row->cell[3], from, s))
			fail_msg("%s while %s leads to %s", row->cell[0],
			    case_state_name(s),
			    case_state_name(life_table_next(s, k)));
	}
}

static void
test_states_are_those_of_the_document(void **state)
{
	char *document = file_text("docs/PROTOCOL.md");
	const char *text = section(document, "\n## States\n");
	bool seen[MESSAGE_KINDS] = { false };
	enum message_kind k;
	struct row row;

	(void)state;
	while (next_row(&text, &row)) {
		if (message_kind_parse(bytes_str(row.cell[0]), &k) != ERR_OK)
			fail_msg("no kind: %s", row.cell[0]);
		must_be_as_written(&row, k);
		assert_false(seen[k]);
		seen[k] = true;
	}
	for (unsigned i = 0; i < MESSAGE_KINDS; i++)
		if (seen[i] != (i != MESSAGE_CONCERN))
			fail_msg("%s", message_kind_name((enum message_kind)i));
	free(document);
}

/* A concern begins a case and does nothing to one. */
static void
test_nobody_adds_a_concern(void **state)
{
	(void)state;
	for (unsigned s = 0; s < CASE_STATES; s++)
		assert_false(life_table_allows((enum case_state)s,
		    MESSAGE_CONCERN, (1u << PARTS) - 1));
}

/* --- parts --- */

static const struct {
	enum policy_role role;
	unsigned by_route, given;
} parts_of[] = {
	{ ROLE_GUARDIAN, PART_HANDLER, PART_HANDLER },
	{ ROLE_LEAD_GUARDIAN, PART_HANDLER, PART_HANDLER },
	{ ROLE_DEPUTY_GUARDIAN, PART_HANDLER, PART_HANDLER },
	{ ROLE_CHAMPION, PART_HANDLER, PART_ADVISER },
	{ ROLE_INVESTIGATOR, PART_HANDLER, PART_INVESTIGATOR },
	{ ROLE_MANAGER, PART_HANDLER, PART_ADVISER },
	{ ROLE_EXECUTIVE, PART_HANDLER | PART_EXECUTIVE, PART_EXECUTIVE },
	{ ROLE_EXECUTIVE_LEAD, PART_HANDLER | PART_EXECUTIVE, PART_EXECUTIVE },
	{ ROLE_CHIEF_EXECUTIVE, PART_HANDLER | PART_EXECUTIVE, PART_EXECUTIVE },
	{ ROLE_NED, PART_HANDLER | PART_EXECUTIVE, PART_EXECUTIVE },
	{ ROLE_NED_LEAD, PART_HANDLER | PART_EXECUTIVE, PART_EXECUTIVE },
	{ ROLE_CHAIR, PART_HANDLER | PART_EXECUTIVE, PART_EXECUTIVE },
	{ ROLE_HR, PART_HANDLER, PART_ADVISER },
	{ ROLE_PATIENT_SAFETY, PART_HANDLER, PART_ADVISER },
	{ ROLE_SAFEGUARDING, PART_HANDLER, PART_ADVISER },
	{ ROLE_COUNTER_FRAUD, PART_HANDLER, PART_ADVISER },
	{ ROLE_INFORMATION_GOVERNANCE, PART_HANDLER, PART_ADVISER },
	{ ROLE_ESTATES, PART_HANDLER, PART_ADVISER },
	{ ROLE_EXTERNAL, PART_HANDLER, PART_ADVISER },
};
_Static_assert(COUNT(parts_of) == POLICY_ROLES, "every role is here");

static void
test_parts_come_from_role_and_way_in(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(parts_of); i++) {
		struct policy_person who = { .role = parts_of[i].role };

		assert_int_equal(parts_of[i].role, i);
		assert_int_equal(life_parts(&who, false), parts_of[i].by_route);
		assert_int_equal(life_parts(&who, true), parts_of[i].given);
	}
	assert_int_equal(life_parts(NULL, false), PART_ADVISER);
	assert_int_equal(life_parts(NULL, true), PART_ADVISER);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds_are_those_of_the_document),
		cmocka_unit_test(test_states_are_those_of_the_document),
		cmocka_unit_test(test_nobody_adds_a_concern),
		cmocka_unit_test(test_parts_come_from_role_and_way_in),
	};

	if (argc != 2)
		return 2;
	source_root = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
