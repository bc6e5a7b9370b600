#include "client/ctl_web.h"

#include "client/ctl.h"
#include "client/json.h"
#include "crypto/codec.h"
#include "crypto/label.h"

enum exit_code
ctl_web_sign(const void *values, const struct args *args)
{
	return ctl_sign_file(values, args->at[0], NOTE_WEB);
}

/* --- what was found --- */

static json_t *
file_json(const struct web_file *f, enum web_found found)
{
	char hex[2 * SHA256_LEN + 1];

	hex_encode(hex, f->sha256, SHA256_LEN);
	return json_pack("{s:s, s:I, s:s, s:s}", "name", f->name, "size",
	    (json_int_t)f->size, "sha256", hex, "found", web_found_name(found));
}

static enum exit_code
print_json(const struct web_check *c)
{
	json_t *files = json_array();

	for (size_t i = 0; i < c->manifest.n; i++)
		if (json_array_append_new(files,
			file_json(&c->manifest.file[i], c->file[i])) != 0)
			break;
	return json_print(c->term,
	    json_pack("{s:o, s:s}", "files", files, "policy_section",
		web_found_name(c->section)));
}

/* The note on standard output, as it came; remarks go to standard error. */
static enum exit_code
print(const struct web_check *c)
{
	if (c->term->json)
		return print_json(c);
	return file_write(c->term, "-", buf_bytes(&c->note), FILE_PUBLIC, true);
}

static enum exit_code
judge(const struct web_check *c)
{
	size_t n[3] = { 0 };

	for (size_t i = 0; i < c->manifest.n; i++) {
		n[c->file[i]]++;
		if (c->file[i] == WEB_DIFFERS)
			term_warn(c->term,
			    "%s is not the file that was signed.",
			    c->manifest.file[i].name);
	}
	if (c->section == WEB_DIFFERS)
		term_warn(c->term,
		    "What the page says where no scripts run is not what the "
		    "policy says.");
	if (n[WEB_DIFFERS] > 0 || c->section == WEB_DIFFERS)
		return term_fail(c->term, EXIT_REFUSED,
		    "These pages are not those that the organisation's keys "
		    "signed. Do not use them.");
	if (n[WEB_SAME] == 0)
		return term_fail(c->term, EXIT_UNAVAILABLE,
		    "None of the files is there.");
	term_warn(c->term, "%zu of %zu files are as they were signed%s.",
	    n[WEB_SAME], c->manifest.n,
	    n[WEB_ABSENT] == 0 ? "" : "; the others are served somewhere else");
	return EXIT_DONE;
}

static enum exit_code
check(struct web_check *c, const struct root *root)
{
	enum exit_code code = web_check_note(c);

	if (code == EXIT_DONE)
		code = web_check_open(c, root);
	if (code == EXIT_DONE)
		code = web_check_files(c);
	if (code == EXIT_DONE)
		code = print(c);
	return code == EXIT_DONE ? judge(c) : code;
}

/* --- the command --- */

static enum exit_code
check_server(const struct ctl_options *o, struct web_check *c)
{
	const struct server_config config = { .pin = o->root_hash,
		.http = { .server = o->server,
		    .ca_file = o->ca_file,
		    .proxy = o->proxy } };
	struct server s;
	enum exit_code code = server_open(c->term, &config, &s);

	if (code == EXIT_DONE && http_decode(s.http) != HTTP_ANSWERED)
		code = term_fail(c->term, EXIT_FAILED, "%s",
		    http_result_text(HTTP_NO_MEMORY));
	if (code == EXIT_DONE) {
		server_warn_unpinned(&s, o->root_hash);
		c->server = &s;
		code = check(c, &s.root);
	}
	server_close(&s);
	return code;
}

static enum exit_code
check_directory(const struct ctl_options *o, struct web_check *c)
{
	uint8_t hash0[SHA256_LEN];
	struct root root;
	enum exit_code code;

	c->dir = o->dir;
	if (o->roots.n == 0) {
		term_warn(c->term,
		    "Whose signatures these are is not looked at: name the "
		    "roots with --root FILE.");
		return check(c, NULL);
	}
	code = roots_read(c->term, o->roots.at, o->roots.n, o->root_hash, hash0,
	    &root);
	return code == EXIT_DONE ? check(c, &root) : code;
}

enum exit_code
ctl_web_manifest(const void *values, const struct args *args)
{
	const struct ctl_options *o = values;
	struct term t = ctl_term(o);
	struct web_check c = { .term = &t, .note = BUF_INIT(NOTE_MAX) };
	enum exit_code code;

	(void)args;
	if ((o->server == NULL) == (o->dir == NULL))
		return term_fail(&t, EXIT_USAGE,
		    "Say which pages: --server https://…, or --dir DIRECTORY.");
	code = o->server != NULL ? check_server(o, &c) : check_directory(o, &c);
	buf_free(&c.note);
	return code;
}
