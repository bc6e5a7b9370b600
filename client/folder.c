#include "client/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/codec.h"

#define ATTACHMENTS "attachments/"

static enum exit_code
failed(const struct folder *f, const char *path)
{
	return term_fail(f->term, EXIT_FAILED, "%s: %s.", path,
	    strerror(errno));
}

enum exit_code
folder_open(const struct term *t, const char *path, const char *sealed,
    struct folder *ret)
{
	enum exit_code code = EXIT_DONE;

	*ret = (struct folder){
		.term = t, .path = path, .sealed = sealed, .attachment = -1
	};
	if (path != NULL)
		code = file_directory(t, path);
	if (code == EXIT_DONE && sealed != NULL)
		code = file_directory(t, sealed);
	return code;
}

static void
close_attachment(struct folder *f)
{
	if (f->attachment >= 0)
		(void)close(f->attachment);
	f->attachment = -1;
}

/* What was written to it is on the disk. */
static enum err
finish_attachment(struct folder *f)
{
	bool ok =
	    f->attachment < 0 || fsync(f->attachment) == 0 || errno == EINVAL;

	if (ok)
		close_attachment(f);
	return ok ? ERR_OK : ERR_IO;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *w)
{
	(void)st;
	(void)type;
	(void)w;
	return remove(path);
}

static void
remove_partial(struct folder *f)
{
	close_attachment(f);
	if (f->partial != NULL)
		(void)nftw(f->partial, remove_one, 4, FTW_DEPTH | FTW_PHYS);
	free(f->partial);
	f->partial = NULL;
}

enum exit_code
folder_begin(struct folder *f)
{
	remove_partial(f);
	if (f->path != NULL || f->sealed != NULL)
		hold_begin(&f->hold);
	if (f->path == NULL)
		return EXIT_DONE;
	if (asprintf(&f->partial, "%s/.partial-XXXXXX", f->path) < 0)
		return fail_err(f->term, ERR_NOMEM, f->path);
	return mkdtemp(f->partial) != NULL ? EXIT_DONE : failed(f, f->path);
}

enum exit_code
folder_put_sealed(struct folder *f, struct bytes x)
{
	enum exit_code code;

	if (f->sealed == NULL)
		return EXIT_DONE;
	if (!f->has_age) {
		if (asprintf(&f->age_path, "%s/.partial.age", f->sealed) < 0)
			return fail_err(f->term, ERR_NOMEM, f->sealed);
		code = output_open(f->term, f->age_path, FILE_PRIVATE, false,
		    &f->age);
		if (code != EXIT_DONE) {
			free(f->age_path);
			f->age_path = NULL;
			return code;
		}
		f->has_age = true;
	}
	return output_put(&f->age, x) == ERR_OK ? EXIT_DONE
						: failed(f, f->sealed);
}

static enum err
open_attachment(struct folder *f, const char *name)
{
	char *path = NULL;

	if (finish_attachment(f) != ERR_OK)
		return ERR_IO;
	if (asprintf(&path, "%s/attachments", f->partial) < 0)
		return ERR_NOMEM;
	if (mkdir(path, 0700) != 0 && errno != EEXIST) {
		free(path);
		return ERR_IO;
	}
	free(path);
	if (asprintf(&path, "%s/%s", f->partial, name) < 0)
		return ERR_NOMEM;
	f->attachment =
	    open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	free(path);
	return f->attachment >= 0 ? ERR_OK : ERR_IO;
}

enum err
folder_sink(void *ctx, const struct manifest *m, size_t index, struct bytes x)
{
	struct folder *f = ctx;
	enum err err = ERR_OK;

	if (f->partial == NULL)
		return ERR_OK;
	if (f->attachment < 0 || f->index != index)
		err = open_attachment(f, m->file[index].name);
	f->index = index;
	while (err == ERR_OK && x.n > 0) {
		ssize_t n = write(f->attachment, x.p, x.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return ERR_IO;
		x = BYTES(x.p + n, x.n - (size_t)n);
	}
	return err;
}

static enum exit_code
write_inside(struct folder *f, const char *name, struct bytes x)
{
	char *path = NULL;
	enum exit_code code;

	if (asprintf(&path, "%s/%s", f->partial, name) < 0)
		return fail_err(f->term, ERR_NOMEM, f->path);
	code = file_write(f->term, path, x, FILE_PRIVATE, false);
	free(path);
	return code;
}

/* Empty attachments were never written to. */
static enum exit_code
write_empty(struct folder *f, const struct manifest *m)
{
	for (size_t i = 0; i < m->n_files; i++) {
		if (m->file[i].size == 0 &&
		    strncmp(m->file[i].name, ATTACHMENTS,
			strlen(ATTACHMENTS)) == 0 &&
		    open_attachment(f, m->file[i].name) != ERR_OK)
			return failed(f, m->file[i].name);
	}
	return EXIT_DONE;
}

static enum exit_code
write_manifest(struct folder *f, const struct manifest *m)
{
	struct buf x CLEAN_BUF = BUF_INIT(MANIFEST_MAX);

	manifest_put(m, &x);
	if (x.err != ERR_OK)
		return fail_err(f->term, x.err, "manifest.txt");
	return write_inside(f, "manifest.txt", buf_bytes(&x));
}

static char *
name_of(const char *path, const struct conversation_message *m, const char *end)
{
	char *name = NULL;

	return asprintf(&name, "%s/%s-%03" PRIu32 "-%s%s", path,
		   chain_name(conversation_chain(m)), m->seq,
		   message_kind_name(m->kind), end) < 0
	    ? NULL
	    : name;
}

static enum exit_code
write_rest(struct folder *f, const struct conversation_message *m)
{
	enum exit_code code = EXIT_DONE;

	if (m->text.n > 0)
		code = write_inside(f, m->m != NULL ? "message.txt" : "plain",
		    buf_bytes(&m->text));
	if (code == EXIT_DONE && m->m != NULL)
		code = write_empty(f, m->m);
	if (code == EXIT_DONE && finish_attachment(f) != ERR_OK)
		code = failed(f, f->partial);
	if (code == EXIT_DONE && m->m != NULL)
		code = write_manifest(f, m->m);
	return code;
}

/* The names in the folder and in its attachments. */
static enum exit_code
sync_names(struct folder *f)
{
	static const char *const in[] = { ATTACHMENTS ".", "." };
	enum exit_code code = EXIT_DONE;

	for (size_t i = 0; i < 2 && code == EXIT_DONE; i++) {
		char *path = NULL;

		if (asprintf(&path, "%s/%s", f->partial, in[i]) < 0)
			return fail_err(f->term, ERR_NOMEM, f->path);
		if (access(path, F_OK) == 0)
			code = file_sync_place(f->term, path);
		free(path);
	}
	return code;
}

static enum exit_code
end_opened(struct folder *f, const struct conversation_message *m)
{
	enum exit_code code = write_rest(f, m);
	char *name;

	if (code == EXIT_DONE)
		code = sync_names(f);
	if (code != EXIT_DONE)
		return code;
	name = name_of(f->path, m, "");
	if (name == NULL)
		return fail_err(f->term, ERR_NOMEM, f->path);
	if (rename(f->partial, name) == 0) {
		free(f->partial);
		f->partial = NULL;
		code = file_sync_place(f->term, name);
	} else if (errno != ENOTEMPTY && errno != EEXIST) {
		code = failed(f, name);
	}
	remove_partial(f);
	free(name);
	return code;
}

/* Files of several cases may lie together, and be given to somebody. */
static char *
sealed_name(const char *path, const struct conversation_message *m)
{
	char id[2 * CASE_ID_LEN + 1], *name = NULL;

	hex_encode(id, m->entry.case_id, CASE_ID_LEN);
	return asprintf(&name, "%s/%s-%s-%04" PRIu32 ".age", path, id,
		   chain_name(conversation_chain(m)), m->seq) < 0
	    ? NULL
	    : name;
}

static enum exit_code
end_sealed(struct folder *f, const struct conversation_message *m)
{
	char *name = sealed_name(f->sealed, m);
	enum exit_code code;

	if (name == NULL)
		return fail_err(f->term, ERR_NOMEM, f->sealed);
	f->age.path = name;
	code = access(name, F_OK) == 0 ? EXIT_DONE : output_commit(&f->age);
	output_close(&f->age);
	f->has_age = false;
	free(f->age_path);
	f->age_path = NULL;
	if (code == EXIT_DONE)
		code = file_sync_place(f->term, name);
	free(name);
	return code;
}

enum exit_code
folder_end(struct folder *f, const struct conversation_message *m)
{
	enum exit_code code = EXIT_DONE;

	if (f->partial != NULL && m->is_readable)
		code = end_opened(f, m);
	else
		remove_partial(f);
	if (code == EXIT_DONE && f->has_age)
		code = end_sealed(f, m);
	if (code == EXIT_DONE)
		hold_end(&f->hold);
	return code;
}

void
folder_close(struct folder *f)
{
	remove_partial(f);
	if (f->has_age)
		output_close(&f->age);
	f->has_age = false;
	free(f->age_path);
	f->age_path = NULL;
	hold_end(&f->hold);
}
