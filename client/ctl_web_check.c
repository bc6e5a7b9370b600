#include "client/ctl_web.h"

#include <stdio.h>
#include <string.h>

#include "crypto/label.h"
#include "policy/public_page.h"

#define NOTE_FILE "manifest.note"
#define SECTION_MAX (1024 * 1024)
#define PATH_LEN_MAX 1024

const char *
web_found_name(enum web_found f)
{
	static const char *const names[] = { "same", "differs", "absent" };

	return names[f];
}

/* --- getting --- */

static enum exit_code
read_file(const struct web_check *c, const char *name, struct buf *out)
{
	char path[PATH_LEN_MAX];
	int n = snprintf(path, sizeof(path), "%s/%s", c->dir, name);

	if (n < 0 || (size_t)n >= sizeof(path))
		return term_fail(c->term, EXIT_USAGE,
		    "The name of the directory is too long.");
	return file_read(c->term, path, out);
}

/* *ret_there: whether the server has it. Larger than `out` takes: there, and
 * out->err is set. */
static enum exit_code
fetch(const struct web_check *c, const char *path, struct buf *out,
    bool *ret_there)
{
	struct server *s = c->server;
	unsigned status = 0;

	s->transport =
	    http_exchange(s->http, path, BYTES(NULL, 0), out, &status);
	if (s->transport != HTTP_ANSWERED && s->transport != HTTP_TOO_LARGE)
		return server_fail(s, REPLY_NONE, "");
	*ret_there = status != 404;
	if (s->transport == HTTP_TOO_LARGE || status == 200 || status == 404)
		return EXIT_DONE;
	return server_fail(s, reply_parse(buf_bytes(out)), "");
}

static enum exit_code
get_file(const struct web_check *c, const char *name, struct buf *out,
    bool *ret_there)
{
	char path[WEB_NAME_MAX + sizeof("/web/")];

	*ret_there = true;
	if (c->server == NULL)
		return read_file(c, name, out);
	if (strcmp(name, WEB_INDEX) == 0)
		return fetch(c, "/", out, ret_there);
	if (strcmp(name, WEB_STAFF) == 0)
		return fetch(c, "/staff", out, ret_there);
	(void)snprintf(path, sizeof(path), "/web/%s", name);
	return fetch(c, path, out, ret_there);
}

enum exit_code
web_check_note(struct web_check *c)
{
	enum exit_code code;
	bool there;

	if (c->server == NULL)
		return read_file(c, NOTE_FILE, &c->note);
	code = fetch(c, "/web/manifest", &c->note, &there);
	if (code == EXIT_DONE && !there)
		return term_fail(c->term, EXIT_UNAVAILABLE,
		    "This server has no pages for browsers.");
	return code;
}

enum exit_code
web_check_open(struct web_check *c, const struct root *root)
{
	struct note note;
	enum err err;

	if (root != NULL) {
		err =
		    web_manifest_open(buf_bytes(&c->note), root, &c->manifest);
	} else {
		err = note_parse(buf_bytes(&c->note), NOTE_WEB, &note);
		if (err == ERR_OK)
			err = web_manifest_parse(note.body, &c->manifest);
	}
	if (err == ERR_BAD_SIG)
		return term_fail(c->term, EXIT_REFUSED,
		    "The manifest of these pages is not signed by enough of "
		    "the organisation's keys. Do not use them.");
	if (err != ERR_OK)
		return term_fail(c->term, EXIT_REFUSED,
		    "There is no manifest of these pages that could be read. "
		    "Do not use them.");
	return EXIT_DONE;
}

/* --- comparing --- */

/* Takes what the policy says out of the page, and leaves its mark; false: there
 * is nothing of the kind. */
static bool
take_section(struct bytes x, struct buf *page, struct bytes *ret_section)
{
	const uint8_t *at, *end;

	if (x.n == 0)
		return false;
	at = memmem(x.p, x.n, PUBLIC_PAGE_MARK, strlen(PUBLIC_PAGE_MARK));
	if (at == NULL)
		return false;
	end = memmem(at, x.n - (size_t)(at - x.p), PUBLIC_PAGE_END,
	    strlen(PUBLIC_PAGE_END));
	if (end == NULL)
		return false;
	end += strlen(PUBLIC_PAGE_END);
	*ret_section = BYTES(at, (size_t)(end - at));
	buf_put(page, x.p, (size_t)(at - x.p));
	buf_put_str(page, PUBLIC_PAGE_MARK);
	buf_put(page, end, x.n - (size_t)(end - x.p));
	return page->err == ERR_OK;
}

/* Whose keys count changes at midnight, on the server's clock. */
static enum web_found
judge_section(const struct server *s, struct bytes section)
{
	struct buf own CLEAN_BUF = BUF_INIT(SECTION_MAX);
	char words[RECEIPT_TEXT_MAX];

	if (root_fingerprint(s->hash0, words) != ERR_OK)
		return WEB_DIFFERS;
	for (int64_t day = today() - 1; day <= today() + 1; day++) {
		buf_reset(&own);
		if (public_page_html(s->policy, words, day, &own) == ERR_OK &&
		    bytes_equal(buf_bytes(&own), section))
			return WEB_SAME;
	}
	return WEB_DIFFERS;
}

static bool
index_is(struct web_check *c, const struct web_file *f, struct bytes content)
{
	struct buf page CLEAN_BUF = BUF_INIT(WEB_FILE_MAX);
	struct bytes section;

	if (!take_section(content, &page, &section)) {
		c->section = WEB_DIFFERS;
		return web_file_is(f, content);
	}
	c->section = judge_section(c->server, section);
	return web_file_is(f, buf_bytes(&page));
}

static enum exit_code
check_file(struct web_check *c, size_t i)
{
	struct buf x CLEAN_BUF = BUF_INIT(WEB_FILE_MAX + SECTION_MAX);
	const struct web_file *f = &c->manifest.file[i];
	bool there, is_same;
	enum exit_code code = get_file(c, f->name, &x, &there);

	if (code != EXIT_DONE)
		return code;
	if (!there) {
		c->file[i] = WEB_ABSENT;
		return EXIT_DONE;
	}
	if (c->server != NULL && strcmp(f->name, WEB_INDEX) == 0)
		is_same = index_is(c, f, buf_bytes(&x));
	else
		is_same = x.err == ERR_OK && web_file_is(f, buf_bytes(&x));
	c->file[i] = is_same ? WEB_SAME : WEB_DIFFERS;
	return EXIT_DONE;
}

/* --- what is missing --- */

static bool
has_page(const struct web_check *c, const char *name)
{
	for (size_t i = 0; i < c->manifest.n; i++)
		if (strcmp(c->manifest.file[i].name, name) == 0)
			return c->file[i] != WEB_ABSENT;
	return false;
}

static bool
begins(const char *name, const char *with)
{
	return strncmp(name, with, strlen(with)) == 0;
}

/* One of the two pages has to be there, and every file that it may need. */
static void
judge_absent(struct web_check *c)
{
	const bool is_public = has_page(c, WEB_INDEX);
	const bool is_staff = has_page(c, WEB_STAFF);

	for (size_t i = 0; i < c->manifest.n; i++) {
		const char *name = c->manifest.file[i].name;

		if (c->file[i] != WEB_ABSENT ||
		    (is_public && !is_staff && begins(name, "staff")) ||
		    (is_staff && !is_public &&
			(begins(name, "reporter") ||
			    strcmp(name, WEB_INDEX) == 0)))
			continue;
		c->file[i] = WEB_DIFFERS;
	}
}

enum exit_code
web_check_files(struct web_check *c)
{
	enum exit_code code = EXIT_DONE;

	c->section = WEB_ABSENT;
	for (size_t i = 0; i < c->manifest.n && code == EXIT_DONE; i++)
		code = check_file(c, i);
	if (code == EXIT_DONE)
		judge_absent(c);
	return code;
}
