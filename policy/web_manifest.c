#include "policy/web_manifest.h"

#include <string.h>

#include "crypto/codec.h"
#include "crypto/label.h"
#include "crypto/lines.h"

static const struct {
	const char *ending, *type;
} types[] = {
	{ ".css", "text/css; charset=utf-8" },
	{ ".html", "text/html; charset=utf-8" },
	{ ".js", "text/javascript; charset=utf-8" },
	{ ".svg", "image/svg+xml" },
	{ ".txt", "text/plain; charset=utf-8" },
};

const char *
web_media_type(const char *name)
{
	size_t n = strlen(name), end;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		end = strlen(types[i].ending);
		if (n > end && strcmp(name + n - end, types[i].ending) == 0)
			return types[i].type;
	}
	return NULL;
}

static bool
name_char_ok(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

static enum err
name_get(struct bytes x, char *out)
{
	if (x.n == 0 || x.n > WEB_NAME_MAX || x.p[0] == '.')
		return ERR_SYNTAX;
	for (size_t i = 0; i < x.n; i++)
		if (!name_char_ok(x.p[i]))
			return ERR_SYNTAX;
	memcpy(out, x.p, x.n);
	out[x.n] = '\0';
	return web_media_type(out) == NULL ? ERR_SYNTAX : ERR_OK;
}

static enum err
file_get(struct bytes value, struct web_file *ret)
{
	struct web_file f = { 0 };
	struct bytes size = word_next(&value), hash = word_next(&value);
	uint64_t n;
	enum err e;

	if ((e = decimal_get(size, WEB_FILE_MAX, &n)) != ERR_OK ||
	    (e = hex_decode(hash, f.sha256, SHA256_LEN)) != ERR_OK ||
	    (e = name_get(word_next(&value), f.name)) != ERR_OK)
		return e;
	if (value.n != 0)
		return ERR_SYNTAX;
	f.size = (uint32_t)n;
	*ret = f;
	return ERR_OK;
}

enum err
web_manifest_parse(struct bytes body, struct web_manifest *ret)
{
	struct lines l = lines_over(body);
	struct web_manifest m = { 0 };
	struct bytes value;
	enum err e;

	while (lines_next(&l, "file", &value)) {
		if (m.n == WEB_FILES_MAX)
			return ERR_LIMIT;
		if ((e = file_get(value, &m.file[m.n])) != ERR_OK)
			return e;
		if (m.n > 0 &&
		    strcmp(m.file[m.n - 1].name, m.file[m.n].name) >= 0)
			return ERR_SYNTAX;
		m.n++;
	}
	if ((e = lines_end(&l)) != ERR_OK)
		return e;
	if (m.n == 0)
		return ERR_SYNTAX;
	*ret = m;
	return ERR_OK;
}

enum err
web_manifest_open(struct bytes x, const struct root *root,
    struct web_manifest *ret)
{
	struct note note;
	enum err e;

	if ((e = note_parse(x, NOTE_WEB, &note)) != ERR_OK ||
	    (e = note_verify(&note, root->policy_keys, root->n_policy_keys,
		 root->quorum)) != ERR_OK)
		return e;
	return web_manifest_parse(note.body, ret);
}

const struct web_file *
web_manifest_find(const struct web_manifest *m, struct bytes name)
{
	for (size_t i = 0; i < m->n; i++)
		if (bytes_equal(bytes_str(m->file[i].name), name))
			return &m->file[i];
	return NULL;
}

bool
web_file_is(const struct web_file *f, struct bytes content)
{
	uint8_t hash[SHA256_LEN];

	return content.n == f->size && sha256(content, hash) == ERR_OK &&
	    memcmp(hash, f->sha256, SHA256_LEN) == 0;
}
