#include "tests/policy/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
expect_refused(const char *text, const char *expected)
{
	struct yaml_doc *d = NULL;
	struct yaml_error error;

	if (yaml_parse(bytes_str(text), "f", &d, &error) == ERR_OK)
		fail_msg("taken: %s", text);
	if (strcmp(error.text, expected) != 0)
		fail_msg("\"%s\", not \"%s\"", error.text, expected);
}

static const struct {
	const char *text, *expected;
} refused[] = {
	{ "", "f:1:1: the file is empty" },
	{ "a: 1\nb: 2\na: 3\n", "f:3:1: \"a\" is here a second time" },
	{ "a: &x 1\nb: 2\n", "f:1:4: anchors (&name) are not allowed" },
	{ "a: *x\n", "f:1:4: aliases (*name) are not allowed" },
	{ "a: !!str 1\n", "f:1:4: tags (!name) are not allowed" },
	{ "!x a: 1\n", "f:1:1: tags (!name) are not allowed" },
	{ "<<: {a: 1}\n",
	    "f:1:1: a key of letters, digits, '-' and '_' is wanted here" },
	{ "\"a\": 1\n",
	    "f:1:1: a key of letters, digits, '-' and '_' is wanted here" },
	{ "[a, b]: 1\n",
	    "f:1:1: a key of letters, digits, '-' and '_' is wanted here" },
	{ "a: 1\n---\nb: 2\n", "f:2:1: a second document is not allowed" },
	{ "%YAML 1.1\n---\na: 1\n",
	    "f:1:1: directives (%NAME) are not allowed" },
	{ "a: \"\\x01\"\n", "f:1:4: control characters are not allowed" },
	{ "a: \"x\\0y\"\n", "f:1:4: control characters are not allowed" },
	{ "a: \xff\n", "f:1:4: a byte here is not text in UTF-8" },
	{ "\xc3\xa9: 1\nb: \xc3\xa9\xc3",
	    "f:2:5: a byte here is not text "
	    "in UTF-8" },
	{ "a: \x01\n", "f: control characters are not allowed" },
	{ "a: [1, 2\n",
	    "f:2:1: this is not YAML: did not find expected ',' or ']'" },
	{ "[[[[[[[[[[[[[[1]]]]]]]]]]]]]]",
	    "f:1:13: this is nested too deeply" },
};

static void
test_what_is_not_needed_is_refused_with_its_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		expect_refused(refused[i].text, refused[i].expected);
}

static void
test_limits_hold(void **state)
{
	struct buf text = BUF_INIT(2 * YAML_SIZE_MAX);
	struct yaml_doc *d = NULL;
	struct yaml_error error;

	(void)state;
	buf_put_str(&text, "[");
	for (size_t i = 0; i < YAML_NODES_MAX; i++)
		buf_put_str(&text, "a,");
	buf_put_str(&text, "a]");
	assert_int_equal(yaml_parse(buf_bytes(&text), "f", &d, &error),
	    ERR_LIMIT);
	assert_non_null(strstr(error.text, "too much"));
	buf_reset(&text);
	buf_put_str(&text, "a: ");
	memset(buf_grow(&text, YAML_SIZE_MAX), 'x', YAML_SIZE_MAX);
	assert_int_equal(yaml_parse(buf_bytes(&text), "f", &d, &error),
	    ERR_LIMIT);
	assert_null(d);
	buf_reset(&text);
	for (size_t i = 0; i <= YAML_KEYS_MAX; i++)
		buf_printf(&text, "k%zu: 1\n", i);
	assert_int_equal(yaml_parse(buf_bytes(&text), "f", &d, &error),
	    ERR_SYNTAX);
	assert_non_null(strstr(error.text, "f:513:1: too many keys"));
	buf_free(&text);
}

static void
test_tree_has_kinds_texts_and_places(void **state)
{
	struct yaml_doc *d = NULL;
	struct yaml_error error;
	const struct yaml_node *list;

	(void)state;
	assert_int_equal(
	    yaml_parse(bytes_str("a: 'x'\nlist:\n  - 1\n  - {b: "
				 "two words}\nt: >\n  one\n  two\n"),
		"f", &d, &error),
	    ERR_OK);
	assert_int_equal(yaml_root(d)->kind, YAML_MAP);
	assert_int_equal(yaml_root(d)->n, 3);
	assert_string_equal(yaml_get(yaml_root(d), "a")->text, "x");
	assert_string_equal(yaml_get(yaml_root(d), "t")->text, "one two\n");
	list = yaml_get(yaml_root(d), "list");
	assert_int_equal(list->kind, YAML_LIST);
	assert_int_equal(list->n, 2);
	assert_int_equal(list->first->next->line, 4);
	assert_int_equal(list->first->next->column, 5);
	assert_string_equal(yaml_get(list->first->next, "b")->text,
	    "two words");
	assert_null(yaml_get(list, "b"));
	yaml_free(d);
}

/* --- tables --- */

struct sample {
	char name[8];
	char slug[8];
	uint16_t number;
	bool flag;
	int64_t day;
	unsigned items;
};

static enum err
read_item(struct yaml_doc *d, const struct yaml_node *at, void *into)
{
	struct sample *s = into;
	uint64_t v;
	enum err e = yaml_number(d, at, 1, 9, &v);

	if (e == ERR_OK)
		s->items = s->items * 10 + (unsigned)v;
	return e;
}

static enum err
read_items(struct yaml_doc *d, const struct yaml_node *at, void *into)
{
	return yaml_read_list(d, at, 1, 3, read_item, into);
}

/* clang-format off */
static const struct yaml_field fields[] = {
	{ .key = "name", .kind = YAML_AS_TEXT, .required = true,
	    YAML_FIELD_OF(struct sample, name) },
	{ .key = "slug", .kind = YAML_AS_SLUG,
	    YAML_FIELD_OF(struct sample, slug) },
	{ .key = "number", .kind = YAML_AS_NUMBER,
	    YAML_FIELD_OF(struct sample, number), .min = 2, .max = 70 },
	{ .key = "flag", .kind = YAML_AS_BOOL,
	    YAML_FIELD_OF(struct sample, flag) },
	{ .key = "day", .kind = YAML_AS_DAY,
	    YAML_FIELD_OF(struct sample, day) },
	{ .key = "items", .kind = YAML_AS_HANDLER, .read = read_items },
};
/* clang-format on */

static enum err
read_sample(const char *text, struct sample *s, struct yaml_error *ret_error)
{
	CLEAN_YAML struct yaml_doc *d = NULL;
	enum err e = yaml_parse(bytes_str(text), "f", &d, ret_error);

	if (e == ERR_OK) {
		e = yaml_read_map(d, yaml_root(d), fields,
		    sizeof(fields) / sizeof(fields[0]), s);
		*ret_error = *yaml_error_of(d);
	}
	return e;
}

static void
test_table_fills_a_struct_and_leaves_what_is_absent(void **state)
{
	struct sample s = { .number = 33 };
	struct yaml_error error;

	(void)state;
	assert_int_equal(read_sample("name: Zo\xc3\xab\nflag: yes\nday: "
				     "1970-01-03\nitems: [1, 2]\nslug: a-1\n",
			     &s, &error),
	    ERR_OK);
	assert_string_equal(s.name, "Zo\xc3\xab");
	assert_string_equal(s.slug, "a-1");
	assert_int_equal(s.number, 33);
	assert_true(s.flag);
	assert_int_equal(s.day, 2);
	assert_int_equal(s.items, 12);
	s.items = 0;
	assert_int_equal(read_sample("name: x\nitems: 7", &s, &error), ERR_OK);
	assert_int_equal(s.items, 7);
}

static const struct {
	const char *text, *expected;
} misread[] = {
	{ "name: x\nnumbr: 3\n",
	    "f:2:8: there is no \"numbr\" here; is it \"number\"?" },
	{ "name: x\nelephant: 3\n", "f:2:11: there is no \"elephant\" here" },
	{ "flag: yes\n", "f:1:1: \"name\" is missing" },
	{ "[1]\n", "f:1:1: this is a map of \"key: value\"" },
	{ "name: [x]\n", "f:1:7: name is one value, not a list" },
	{ "name:\n", "f:1:6: name is empty" },
	{ "name: 12345678\n", "f:1:7: name is too long (7 bytes at most)" },
	{ "name: \"a\\tb\"\n",
	    "f:1:7: name is one line without tabs and "
	    "control characters" },
	{ "name: x\nslug: A\n",
	    "f:2:7: slug is of small letters, digits and '-'" },
	{ "name: x\nslug: -a\n",
	    "f:2:7: slug is of small letters, digits and '-'" },
	{ "name: x\nnumber: 1\n", "f:2:9: number is a number from 2 to 70" },
	{ "name: x\nnumber: 071\n", "f:2:9: number is a number from 2 to 70" },
	{ "name: x\nnumber: 71\n", "f:2:9: number is a number from 2 to 70" },
	{ "name: x\nnumber: 0x3\n", "f:2:9: number is a number from 2 to 70" },
	{ "name: x\nflag: on\n", "f:2:7: flag is yes or no" },
	{ "name: x\nday: 2026-02-30\n",
	    "f:2:6: day is a day such as 2026-11-21" },
	{ "name: x\nday: 1969-12-31\n",
	    "f:2:6: day is a day such as 2026-11-21" },
	{ "name: x\nitems: [1, 2, 3, 4]\n",
	    "f:2:8: items is a list of 1 to 3" },
	{ "name: x\nitems: []\n", "f:2:8: items is a list of 1 to 3" },
	{ "name: x\nitems: {a: 1}\n", "f:2:8: items is a list" },
	{ "name: x\nitems: [1, 2, x]\n",
	    "f:2:15: this is a number from 1 to 9" },
};

static void
test_table_refuses_with_place_and_sentence(void **state)
{
	struct sample s = { 0 };
	struct yaml_error error;

	(void)state;
	for (size_t i = 0; i < sizeof(misread) / sizeof(misread[0]); i++) {
		assert_int_equal(read_sample(misread[i].text, &s, &error),
		    ERR_SYNTAX);
		if (strcmp(error.text, misread[i].expected) != 0)
			fail_msg("\"%s\", not \"%s\"", error.text,
			    misread[i].expected);
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_what_is_not_needed_is_refused_with_its_place),
		cmocka_unit_test(test_limits_hold),
		cmocka_unit_test(test_tree_has_kinds_texts_and_places),
		cmocka_unit_test(
		    test_table_fills_a_struct_and_leaves_what_is_absent),
		cmocka_unit_test(test_table_refuses_with_place_and_sentence),
	};

	(void)argc;
	(void)argv;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
