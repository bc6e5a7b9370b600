#include "crypto/sealed.h"

#include "crypto/tar.h"

#include <string.h>

#define PART 8192 /* bytes asked of a source at a time */

/* --- padding --- */

static unsigned
floor_log2(uint64_t n)
{
	return 63u - (unsigned)__builtin_clzll(n);
}

/*
 * Lengths keep only as many significant bits as their logarithm has digits, so
 * that few lengths exist, and none is more than 12 % above the content.
 */
static uint64_t
padme(uint64_t n)
{
	unsigned e = floor_log2(n), s = floor_log2(e) + 1;
	uint64_t mask = (1ull << (e - s)) - 1;

	return (n + mask) & ~mask;
}

uint64_t
sealed_pad_size(uint64_t n)
{
	return n <= SEALED_FLOOR ? SEALED_FLOOR : tar_blocks(padme(n));
}

/* Up to the end blocks. */
static uint64_t
members_size(size_t note_len, const struct manifest_file *file, size_t n)
{
	uint64_t size = TAR_BLOCK + TAR_BLOCK + tar_blocks(note_len);

	for (size_t i = 0; i < n; i++)
		size += TAR_BLOCK + tar_blocks(file[i].size);
	return size;
}

uint64_t
sealed_archive_size(size_t note_len, const struct manifest_file *file, size_t n)
{
	return sealed_pad_size(members_size(note_len, file, n) + TAR_END);
}

/* --- writing --- */

enum err
sealed_memory_source(void *ctx, size_t index, uint8_t *out, size_t n,
    size_t *ret_n)
{
	struct sealed_memory *m = ctx;
	size_t left;

	if (m->index != index) {
		m->index = index;
		m->at = 0;
	}
	left = m->file[index].n - m->at;
	n = left < n ? left : n;
	if (n > 0)
		memcpy(out, m->file[index].p + m->at, n);
	m->at += n;
	*ret_n = n;
	return ERR_OK;
}

static enum err
put_zeros(struct age_writer *w, uint64_t n)
{
	static const uint8_t zeros[4096];
	enum err err = ERR_OK;

	while (n > 0 && err == ERR_OK) {
		size_t now = n < sizeof(zeros) ? (size_t)n : sizeof(zeros);

		err = age_writer_put(w, BYTES(zeros, now));
		n -= now;
	}
	return err;
}

static enum err
put_header(struct age_writer *w, const char *name, uint64_t size)
{
	uint8_t header[TAR_BLOCK];
	enum err err = tar_header(name, size, header);

	return err == ERR_OK ? age_writer_put(w, BYTES(header, sizeof(header)))
			     : err;
}

static enum err
put_note(struct age_writer *w, struct bytes note)
{
	enum err err = put_header(w, "manifest.note", note.n);

	if (err == ERR_OK)
		err = age_writer_put(w, note);
	if (err == ERR_OK)
		err = put_zeros(w, tar_blocks(note.n) - note.n);
	return err;
}

/* Copies the source's bytes to its end: exactly `size` of them. */
static enum err
copy_file(struct age_writer *w, size_t index, uint64_t size,
    struct sha256_ctx *hash, sealed_source *source, void *ctx)
{
	uint8_t part[PART];
	uint64_t done = 0;
	size_t n = 0;
	enum err err;

	do {
		err = source(ctx, index, part, sizeof(part), &n);
		if (err == ERR_OK && (n > sizeof(part) || n > size - done))
			err = ERR_CORRUPT;
		if (err == ERR_OK && n > 0)
			err = sha256_update(hash, BYTES(part, n));
		if (err == ERR_OK && n > 0)
			err = age_writer_put(w, BYTES(part, n));
		done += n;
	} while (err == ERR_OK && n > 0);
	bytes_wipe(part, sizeof(part));
	return err == ERR_OK && done != size ? ERR_CORRUPT : err;
}

static enum err
put_file(struct age_writer *w, const struct manifest_file *f, size_t index,
    sealed_source *source, void *ctx)
{
	struct sha256_ctx *hash = NULL;
	uint8_t digest[SHA256_LEN];
	enum err err = sha256_new(&hash);

	if (err == ERR_OK)
		err = put_header(w, f->name, f->size);
	if (err == ERR_OK)
		err = copy_file(w, index, f->size, hash, source, ctx);
	if (err == ERR_OK)
		err = sha256_final(hash, digest);
	if (err == ERR_OK && memcmp(digest, f->sha256, SHA256_LEN) != 0)
		err = ERR_CORRUPT;
	if (err == ERR_OK)
		err = put_zeros(w, tar_blocks(f->size) - f->size);
	hash = sha256_free(hash);
	return err;
}

enum err
sealed_write(struct age_writer *w, struct bytes manifest_note,
    const struct manifest *m, sealed_source *source, void *ctx)
{
	uint64_t used = members_size(manifest_note.n, m->file, m->n_files);
	enum err err = put_header(w, TAR_CONSTANT_NAME, 0);

	if (err == ERR_OK)
		err = put_note(w, manifest_note);
	for (size_t i = 0; i < m->n_files && err == ERR_OK; i++)
		err = put_file(w, &m->file[i], i, source, ctx);
	if (err == ERR_OK)
		err = put_zeros(w, sealed_pad_size(used + TAR_END) - used);
	return err;
}
