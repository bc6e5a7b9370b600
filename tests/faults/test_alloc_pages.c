/*
 * Every allocation fails in turn while a front takes pages for browsers, and a
 * policy that they tell of: it has the new ones, all of them, or says why not
 * and goes on with those that it had.
 *
 * usage: test_alloc_pages [STRIDE]
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/front_web.h"
#include "daemon/handover.h"
#include "policy/public_page.h"
#include "tests/faults/alloc.h"

#define SCRIPT_LEN 9000

static unsigned long stride = 1;

struct pages {
	struct front_web web;
	struct buf body[2]; /* of WIRE_PAGES */
	unsigned now;	    /* which of the two it has */
	unsigned failed;
};

static const char *const section[2] = { "<p>the first</p>",
	"<p>the second</p>" };
/* Said with them. */
static const char *const bundle[2] = { "bundle one", "bundle two" };

static void
put_body(struct buf *out, uint8_t with)
{
	static uint8_t script[SCRIPT_LEN];
	const struct web_page index = { .name = BYTES_LIT(WEB_INDEX),
		.content = BYTES_LIT("<html>" PUBLIC_PAGE_MARK "</html>") };
	const struct web_page file = { .name = BYTES_LIT("reporter.js"),
		.content = BYTES(script, sizeof(script)) };

	memset(script, with, sizeof(script));
	*out = (struct buf)BUF_INIT(4 * SCRIPT_LEN);
	web_page_put(out, &index);
	web_page_put(out, &file);
	assert_int_equal(ERR_OK, out->err);
}

static void
pages_begin(struct pages *p)
{
	alloc_reset();
	put_body(&p->body[0], 'a');
	put_body(&p->body[1], 'b');
	assert_int_equal(ERR_OK,
	    front_web_take(&p->web, buf_bytes(&p->body[0])));
	assert_int_equal(ERR_OK,
	    front_web_say(&p->web, bytes_str(section[0]),
		bytes_str(bundle[0])));
}

static void
pages_end(struct pages *p)
{
	print_message("    failed %u times\n", p->failed);
	assert_true(p->failed > 0);
	front_web_free(&p->web);
	buf_free(&p->body[0]);
	buf_free(&p->body[1]);
}

static void
page_of(const struct pages *p, const char *path, struct buf *out)
{
	struct reply r = { 0 };
	size_t n;

	assert_true(front_web_find(&p->web, path, LISTENER_PUBLIC, &r));
	assert_non_null(r.page);
	n = evbuffer_get_length(r.page);
	assert_true(evbuffer_copyout(r.page, buf_grow(out, n), n) ==
	    (ssize_t)n);
}

static void
check_index(const struct pages *p, unsigned which)
{
	CLEAN_BUF struct buf page = BUF_INIT(4096);

	page_of(p, "/", &page);
	assert_non_null(
	    memmem(page.p, page.n, section[which], strlen(section[which])));
	assert_null(memmem(page.p, page.n, section[1 - which],
	    strlen(section[1 - which])));
}

static void
act_take(void *ctx)
{
	struct pages *p = ctx;
	const unsigned next = 1 - p->now;
	CLEAN_BUF struct buf script = BUF_INIT(2 * SCRIPT_LEN);
	enum err e;

	alloc_resume();
	e = front_web_take(&p->web, buf_bytes(&p->body[next]));
	alloc_pause();
	if (e == ERR_OK) {
		p->now = next;
	} else {
		assert_true(alloc_has_failed());
		assert_int_equal(ERR_NOMEM, e);
		p->failed++;
	}
	page_of(p, "/web/reporter.js", &script);
	assert_int_equal(SCRIPT_LEN, script.n);
	assert_int_equal(p->now == 0 ? 'a' : 'b', script.p[0]);
	check_index(p, 0);
}

/* Page and bundle tell of one policy. */
static void
act_say(void *ctx)
{
	struct pages *p = ctx;
	const unsigned next = 1 - p->now;
	CLEAN_BUF struct buf before = BUF_INIT(4096), after = BUF_INIT(4096);
	enum err e;

	page_of(p, "/web/policy", &before);
	alloc_resume();
	e = front_web_say(&p->web, bytes_str(section[next]),
	    bytes_str(bundle[next]));
	alloc_pause();
	if (e == ERR_OK) {
		p->now = next;
	} else {
		assert_true(alloc_has_failed());
		assert_int_equal(ERR_NOMEM, e);
		p->failed++;
	}
	page_of(p, "/web/policy", &after);
	assert_int_equal(e != ERR_OK,
	    bytes_equal(buf_bytes(&before), buf_bytes(&after)));
	check_index(p, p->now);
}

static void
test_pages_are_taken_wholly_or_not(void **state)
{
	struct pages p = { 0 };

	(void)state;
	pages_begin(&p);
	assert_true(alloc_each("take", act_take, &p, stride) > 0);
	pages_end(&p);
}

static void
test_page_and_bundle_tell_of_one_policy(void **state)
{
	struct pages p = { 0 };

	(void)state;
	pages_begin(&p);
	assert_true(alloc_each("say", act_say, &p, stride) > 0);
	pages_end(&p);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pages_are_taken_wholly_or_not),
		cmocka_unit_test(test_page_and_bundle_tell_of_one_policy),
	};

	if (argc > 1)
		stride = strtoul(argv[1], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
