#include "tests/policy/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/codec.h"
#include "policy/public_page.h"

#define WORDS                                                         \
	"gain super punch female protect deny home shove renew very " \
	"prepare animal"
#define HOSTILE "</code></noscript><img src=x onerror='a(\"&\")'>"
#define HARMLESS                                                      \
	"&lt;/code&gt;&lt;/noscript&gt;&lt;img src=x onerror=&#39;a(" \
	"&quot;&amp;&quot;)&#39;&gt;"

/* NUL-terminated; caller frees with buf_free. */
static struct buf
html_of(const struct policy *p)
{
	struct buf out = BUF_INIT(1024 * 1024);

	assert_int_equal(
	    public_page_html(p, WORDS, p->issued / DAY_SECONDS, &out), ERR_OK);
	buf_put_u8(&out, 0);
	assert_int_equal(out.err, ERR_OK);
	return out;
}

static bool
has(const struct buf *page, const char *what)
{
	return strstr((const char *)page->p, what) != NULL;
}

static size_t
count(const struct buf *page, const char *what)
{
	const char *at = (const char *)page->p;
	size_t n = 0;

	for (; (at = strstr(at, what)) != NULL; at += strlen(what))
		n++;
	return n;
}

static void
test_page_names_readers_keys_contacts_and_fingerprint(void **state)
{
	struct policy *p = example_policy(MADE_CLASSIC);
	struct buf page = html_of(p);
	const struct policy_route *r =
	    policy_route(p, (unsigned)p->plain_route);

	(void)state;
	for (size_t i = 0; i < r->n_first; i++)
		assert_true(has(&page, policy_person(p, r->first[i])->name));
	assert_int_equal(count(&page, "class=\"typed\">age1"), r->n_first);
	for (size_t i = 0; i < p->n_outside; i++)
		assert_true(has(&page, p->outside[i].contact));
	for (size_t i = 0; i < p->n_crisis; i++)
		assert_true(has(&page, p->crisis[i].contact));
	assert_true(has(&page, WORDS));
	assert_true(has(&page, "policy 1."));
	assert_true(has(&page, "age -R to.txt -o concern.age concern.txt"));
	assert_true(has(&page, "$URL/v1/plain/answer &gt; answer.txt"));
	assert_true(has(&page, "socks5h://127.0.0.1:9150"));
	buf_free(&page);
	policy_free(p);
}

static void
test_page_begins_and_ends_with_its_marks(void **state)
{
	struct policy *p = example_policy(MADE_HYBRID);
	struct buf page = html_of(p);
	const char *end = strstr((const char *)page.p, PUBLIC_PAGE_END);

	(void)state;
	assert_int_equal(
	    memcmp(page.p, PUBLIC_PAGE_MARK, strlen(PUBLIC_PAGE_MARK)), 0);
	assert_int_equal(count(&page, PUBLIC_PAGE_MARK), 1);
	assert_non_null(end);
	assert_string_equal(end, PUBLIC_PAGE_END);
	assert_int_equal(count(&page, "<!--"), 2);
	buf_free(&page);
	policy_free(p);
}

/* Every text that a policy brings into the page. */
static void
poison(struct policy *p)
{
	const struct policy_route *r =
	    policy_route(p, (unsigned)p->plain_route);

	_Static_assert(sizeof(HOSTILE) <= POLICY_NAME_MAX + 1, "it fits");
	memcpy(p->org, HOSTILE, sizeof(HOSTILE));
	for (size_t i = 0; i < p->n_people; i++) {
		memcpy(p->people[i].name, HOSTILE, sizeof(HOSTILE));
		memcpy(p->people[i].title, HOSTILE, sizeof(HOSTILE));
	}
	for (size_t i = 0; i < p->n_outside + p->n_crisis; i++) {
		struct policy_contact *c = i < p->n_outside
		    ? &p->outside[i]
		    : &p->crisis[i - p->n_outside];

		memcpy(c->name, HOSTILE, sizeof(HOSTILE));
		memcpy(c->text, HOSTILE, sizeof(HOSTILE));
		memcpy(c->contact, HOSTILE, sizeof(HOSTILE));
	}
	assert_true(r->n_first > 0);
}

static void
test_nothing_of_a_policy_is_markup(void **state)
{
	struct policy *p = example_policy(MADE_CLASSIC);
	size_t expected =
	    policy_route(p, (unsigned)p->plain_route)->n_first * 2 +
	    (p->n_outside + p->n_crisis) * 3 + 2;
	struct buf page;

	(void)state;
	poison(p);
	page = html_of(p);
	assert_false(has(&page, "<img"));
	assert_false(has(&page, "</noscript"));
	assert_int_equal(count(&page, HARMLESS), expected);
	buf_free(&page);
	policy_free(p);
}

static void
test_without_a_plain_route_contacts_and_programs_are_named(void **state)
{
	struct policy *p = example_policy(MADE_CLASSIC);
	struct buf text = BUF_INIT(4096), page;

	(void)state;
	p->plain_route = -1;
	page = html_of(p);
	assert_false(has(&page, "concern.age"));
	assert_false(has(&page, "class=\"typed\""));
	assert_true(has(&page, "takes no concerns without them"));
	assert_true(has(&page, p->outside[0].contact));
	assert_int_equal(public_page_text(p, 0, &text), ERR_OK);
	assert_int_equal(text.n, 0);
	buf_free(&page);
	policy_free(p);
}

/* What a person types is the same on both. */
static void
test_text_and_page_say_the_same_commands(void **state)
{
	static const char *const commands[] = {
		"age -R to.txt -o concern.age concern.txt",
		"curl --data-binary @concern.age $URL/v1/plain",
		"sha256sum concern.age | cut -c -64 |",
		"age -d -i reply.key | tar -xO message.txt",
	};
	struct policy *p = example_policy(MADE_CLASSIC);
	struct buf text = BUF_INIT(64 * 1024), page = html_of(p);

	(void)state;
	assert_int_equal(public_page_text(p, p->issued / DAY_SECONDS, &text),
	    ERR_OK);
	buf_put_u8(&text, 0);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		assert_true(has(&text, commands[i]));
		assert_true(has(&page, commands[i]));
	}
	assert_int_equal(count(&text, "\nage1"),
	    count(&page, "class=\"typed\">age1"));
	buf_free(&text);
	buf_free(&page);
	policy_free(p);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_page_names_readers_keys_contacts_and_fingerprint),
		cmocka_unit_test(test_page_begins_and_ends_with_its_marks),
		cmocka_unit_test(test_nothing_of_a_policy_is_markup),
		cmocka_unit_test(
		    test_without_a_plain_route_contacts_and_programs_are_named),
		cmocka_unit_test(test_text_and_page_say_the_same_commands),
	};

	if (argc != 2)
		return 2;
	source_root = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
