#include "daemon/web_files.h"

#include <stdio.h>
#include <string.h>

#include "daemon/gzip.h"
#include "daemon/wire.h"
#include "policy/public_page.h"

/* One file of the directory. */
static enum err
read_file(const char *directory, const char *name, struct buf *out,
    struct complaint *why)
{
	char path[CONFIG_PATH_MAX + 1 + WEB_NAME_MAX + 1];
	int n = snprintf(path, sizeof(path), "%s/%s", directory, name);

	if (n < 0 || (size_t)n >= sizeof(path))
		return complain(why, ERR_LIMIT, "The path of %s is too long.",
		    name);
	return inputs_read(path, out, why);
}

static bool
is_html(const char *name)
{
	return strcmp(name, WEB_INDEX) == 0 || strcmp(name, WEB_STAFF) == 0;
}

/* The place of the policy's words, exactly once. */
static bool
has_mark(struct bytes page)
{
	const size_t n = strlen(PUBLIC_PAGE_MARK);
	const uint8_t *at = memmem(page.p, page.n, PUBLIC_PAGE_MARK, n);
	size_t left = at == NULL ? 0 : page.n - (size_t)(at + n - page.p);

	return at != NULL && memmem(at + n, left, PUBLIC_PAGE_MARK, n) == NULL;
}

static enum err
put_file(const struct web_file *f, struct bytes content, struct buf *out)
{
	CLEAN_BUF struct buf packed = BUF_INIT(WEB_FILE_MAX + 65536);
	struct web_page p = { .name = bytes_str(f->name), .content = content };
	enum err e;

	if (!is_html(f->name)) {
		if ((e = gzip_put(&packed, content)) != ERR_OK)
			return e;
		p.content = buf_bytes(&packed);
		p.is_gzip = true;
	}
	if (p.content.n > WEB_PACKED_MAX)
		return ERR_LIMIT;
	web_page_put(out, &p);
	return out->err;
}

static enum err
add_file(const char *directory, const struct web_file *f, struct buf *out,
    struct complaint *why)
{
	CLEAN_BUF struct buf content = BUF_INIT(WEB_FILE_MAX);
	enum err e = read_file(directory, f->name, &content, why);

	if (e != ERR_OK)
		return e;
	if (!web_file_is(f, buf_bytes(&content)))
		return complain(why, ERR_CORRUPT,
		    "%s/%s is not the file that %s lists: build the pages "
		    "again, and sign them.",
		    directory, f->name, WEB_NOTE);
	if (strcmp(f->name, WEB_INDEX) == 0 && !has_mark(buf_bytes(&content)))
		return complain(why, ERR_SYNTAX,
		    "%s/%s has not one line for the policy: %s.", directory,
		    f->name, PUBLIC_PAGE_MARK);
	if ((e = put_file(f, buf_bytes(&content), out)) != ERR_OK)
		return complain(why, e,
		    "%s/%s and the files before it are too large to be served.",
		    directory, f->name);
	return ERR_OK;
}

static enum err
open_manifest(const char *directory, const struct root *newest,
    struct buf *note, struct web_manifest *ret, struct complaint *why)
{
	enum err e = read_file(directory, WEB_NOTE, note, why);

	if (e != ERR_OK)
		return e;
	e = web_manifest_open(buf_bytes(note), newest, ret);
	if (e == ERR_BAD_SIG)
		return complain(why, e,
		    "%s/%s is not signed by enough of the root's policy keys.",
		    directory, WEB_NOTE);
	if (e != ERR_OK)
		return complain(why, e,
		    "%s/%s is not a signed manifest of pages: %s.", directory,
		    WEB_NOTE, err_name(e));
	return ERR_OK;
}

enum err
web_files_load(const char *directory, const struct root *newest,
    struct buf *ret, struct complaint *ret_why)
{
	CLEAN_BUF struct buf note = BUF_INIT(NOTE_MAX);
	CLEAN_BUF struct buf out = BUF_INIT(WIRE_PAGES_MAX);
	struct web_page p = { .name = BYTES_LIT(WEB_MANIFEST) };
	struct web_manifest m;
	enum err e = open_manifest(directory, newest, &note, &m, ret_why);

	if (e != ERR_OK)
		return e;
	p.content = buf_bytes(&note);
	web_page_put(&out, &p);
	for (size_t i = 0; i < m.n; i++)
		if ((e = add_file(directory, &m.file[i], &out, ret_why)) !=
		    ERR_OK)
			return e;
	*ret = out;
	out = (struct buf){ 0 };
	return ERR_OK;
}
