#include <stdlib.h>
#include <string.h>

#include "crypto/sealed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ARCHIVE_MAX (2 * 1024 * 1024)

/*
 * What the reader accepts is what the writer makes: write(read(x)) == x. How
 * the archive is cut into pieces changes nothing.
 */

static const uint8_t file_key[AGE_FILE_KEY_LEN];

struct files {
	struct buf file[SEALED_FILES_MAX];
};

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static enum err
to_files(void *ctx, size_t index, struct bytes x)
{
	struct files *f = ctx;

	must(index < SEALED_FILES_MAX);
	f->file[index].max = ARCHIVE_MAX;
	buf_put_bytes(&f->file[index], x);
	return f->file[index].err;
}

static enum err
to_buf(void *ctx, struct bytes x)
{
	struct buf *b = ctx;

	buf_put_bytes(b, x);
	return b->err;
}

static void
check_written(const struct sealed_reader *r, const struct files *files,
    struct bytes want)
{
	CLEAN_BUF struct buf payload = BUF_INIT(2 * ARCHIVE_MAX);
	CLEAN_BUF struct buf archive = BUF_INIT(ARCHIVE_MAX);
	const struct manifest *m = sealed_reader_manifest(r);
	struct bytes file[SEALED_FILES_MAX];
	struct sealed_memory memory = { .file = file };
	struct age_keys keys = { .file_key = file_key };
	struct age_writer *w = NULL;

	for (size_t i = 0; i < m->n_files; i++)
		file[i] = buf_bytes(&files->file[i]);
	must(age_writer_new(&env_system, file_key, to_buf, &payload, &w) ==
	    ERR_OK);
	must(sealed_write(w, sealed_reader_note(r), m, sealed_memory_source,
		 &memory) == ERR_OK);
	must(age_writer_finish(w) == ERR_OK);
	age_writer_free(w);
	must(age_open(&keys, buf_bytes(&payload), &archive) == AGE_OK);
	must(bytes_equal(buf_bytes(&archive), want));
}

static enum sealed_result
read_in_parts(struct bytes x, size_t part, bool check)
{
	struct files *files = calloc(1, sizeof(*files));
	struct sealed_reader *r = NULL;
	enum sealed_result result;

	must(files != NULL);
	must(sealed_reader_new(to_files, files, &r) == ERR_OK);
	for (size_t at = 0; at < x.n; at += part)
		(void)!sealed_reader_put(r,
		    BYTES(x.p + at, x.n - at < part ? x.n - at : part));
	result = sealed_reader_finish(r);
	if (result == SEALED_OK && check)
		check_written(r, files, x);
	for (size_t i = 0; i < SEALED_FILES_MAX; i++)
		buf_free(&files->file[i]);
	sealed_reader_free(r);
	free(files);
	return result;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes x = BYTES(data, size);
	enum sealed_result whole;

	if (size == 0 || size > ARCHIVE_MAX)
		return 0;
	whole = read_in_parts(x, size, true);
	must(read_in_parts(x, 509, false) == whole);
	return 0;
}
