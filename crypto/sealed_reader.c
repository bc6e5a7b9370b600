#include "crypto/sealed.h"

#include "crypto/label.h"
#include "crypto/tar.h"

#include <stdlib.h>
#include <string.h>

/*
 * Once the manifest is read, all of the archive but the files' bytes is known:
 * every header and the length of every run of zeros. The reader makes what it
 * expects and compares.
 */

enum at {
	AT_CONSTANT,
	AT_NOTE_HEADER,
	AT_NOTE,
	AT_FILE_HEADER,
	AT_FILE,
	AT_ZEROS, /* to the end of the member's last block */
	AT_TAIL,  /* end blocks and padding */
	AT_END,
};

struct sealed_reader {
	sealed_file_sink *sink;
	void *ctx;
	enum at at;
	uint64_t left; /* bytes until the next step */
	uint64_t seen; /* bytes so far */
	uint8_t block[TAR_BLOCK];
	struct buf note;
	struct manifest *manifest; /* NULL until read */
	size_t index;		   /* file */
	struct sha256_ctx *hash;
	enum sealed_result result; /* sticky */
	enum err err;
};

const char *
sealed_result_text(enum sealed_result r)
{
	switch (r) {
	case SEALED_OK:
		return "a sealed body";
	case SEALED_NOT_SEALED:
		return "does not begin as a sealed body";
	case SEALED_BAD_ARCHIVE:
		return "the archive is not what its manifest says";
	case SEALED_BAD_MANIFEST:
		return "the manifest does not follow its grammar";
	case SEALED_BAD_FILE:
		return "a file's size or hash is not what the manifest says";
	case SEALED_FAILED:
		return "could not be read here";
	}
	return "";
}

enum err
sealed_reader_new(sealed_file_sink *sink, void *ctx, struct sealed_reader **ret)
{
	struct sealed_reader *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return ERR_NOMEM;
	r->sink = sink;
	r->ctx = ctx;
	r->at = AT_CONSTANT;
	r->left = TAR_BLOCK;
	r->note = (struct buf)BUF_INIT(SEALED_NOTE_MAX);
	*ret = r;
	return ERR_OK;
}

struct sealed_reader *
sealed_reader_free(struct sealed_reader *r)
{
	if (r == NULL)
		return NULL;
	buf_free(&r->note);
	r->manifest = manifest_free(r->manifest);
	r->hash = sha256_free(r->hash);
	bytes_wipe(r, sizeof(*r));
	free(r);
	return NULL;
}

const struct manifest *
sealed_reader_manifest(const struct sealed_reader *r)
{
	return r->manifest;
}

struct bytes
sealed_reader_note(const struct sealed_reader *r)
{
	return buf_bytes(&r->note);
}

enum err
sealed_reader_error(const struct sealed_reader *r)
{
	return r->err;
}

static void
refuse(struct sealed_reader *r, enum sealed_result result)
{
	if (r->result == SEALED_OK)
		r->result = result;
}

/* An error of our own making, not the archive's. */
static void
fail(struct sealed_reader *r, enum err err)
{
	if (err == ERR_OK || r->result != SEALED_OK)
		return;
	r->result = SEALED_FAILED;
	r->err = err;
}

static void
go(struct sealed_reader *r, enum at at, uint64_t left)
{
	r->at = at;
	r->left = left;
}

/* Whether the block is the header of `name` with that size. */
static bool
is_header_of(struct sealed_reader *r, const char *name, uint64_t size)
{
	uint8_t want[TAR_BLOCK];

	return tar_header(name, size, want) == ERR_OK &&
	    memcmp(want, r->block, TAR_BLOCK) == 0;
}

static void
on_note_header(struct sealed_reader *r)
{
	uint64_t size;

	if (tar_header_size(r->block, &size) != ERR_OK ||
	    !is_header_of(r, "manifest.note", size))
		refuse(r, SEALED_BAD_ARCHIVE);
	else if (size > SEALED_NOTE_MAX)
		refuse(r, SEALED_BAD_MANIFEST);
	else
		go(r, AT_NOTE, size);
}

static enum err
parse_manifest(struct sealed_reader *r)
{
	struct note note;
	enum err err = note_parse(buf_bytes(&r->note), NOTE_MANIFEST, &note);

	if (err == ERR_OK && note.n_sigs != 1)
		err = ERR_SYNTAX;
	if (err != ERR_OK)
		return err;
	r->manifest = manifest_new();
	if (r->manifest == NULL)
		return ERR_NOMEM;
	err = manifest_parse(note.body, r->manifest);
	if (err != ERR_OK)
		r->manifest = manifest_free(r->manifest);
	return err;
}

static void
on_note_end(struct sealed_reader *r)
{
	enum err err = r->note.err == ERR_OK ? parse_manifest(r) : r->note.err;

	if (err == ERR_NOMEM || err == ERR_CRYPTO)
		fail(r, err);
	else if (err != ERR_OK)
		refuse(r, SEALED_BAD_MANIFEST);
	else
		go(r, AT_ZEROS, tar_blocks(r->note.n) - r->note.n);
}

static void
on_file_header(struct sealed_reader *r)
{
	const struct manifest_file *f = &r->manifest->file[r->index];
	uint64_t stated;

	if (is_header_of(r, f->name, f->size)) {
		fail(r, sha256_new(&r->hash));
		go(r, AT_FILE, f->size);
	} else if (tar_header_size(r->block, &stated) == ERR_OK &&
	    is_header_of(r, f->name, stated)) {
		refuse(r, SEALED_BAD_FILE);
	} else {
		refuse(r, SEALED_BAD_ARCHIVE);
	}
}

static void
on_file_end(struct sealed_reader *r)
{
	const struct manifest_file *f = &r->manifest->file[r->index];
	uint8_t digest[SHA256_LEN];
	enum err err = sha256_final(r->hash, digest);

	r->hash = sha256_free(r->hash);
	if (err != ERR_OK)
		fail(r, err);
	else if (memcmp(digest, f->sha256, SHA256_LEN) != 0)
		refuse(r, SEALED_BAD_FILE);
	r->index++;
	go(r, AT_ZEROS, tar_blocks(f->size) - f->size);
}

/* A member is complete, its last block too. */
static void
on_member_end(struct sealed_reader *r)
{
	const struct manifest *m = r->manifest;

	if (r->index < m->n_files)
		go(r, AT_FILE_HEADER, TAR_BLOCK);
	else
		go(r, AT_TAIL,
		    sealed_archive_size(r->note.n, m->file, m->n_files) -
			r->seen);
}

static void
on_step_end(struct sealed_reader *r)
{
	switch (r->at) {
	case AT_CONSTANT:
		if (is_header_of(r, TAR_CONSTANT_NAME, 0))
			go(r, AT_NOTE_HEADER, TAR_BLOCK);
		else
			refuse(r, SEALED_NOT_SEALED);
		return;
	case AT_NOTE_HEADER:
		on_note_header(r);
		return;
	case AT_NOTE:
		on_note_end(r);
		return;
	case AT_FILE_HEADER:
		on_file_header(r);
		return;
	case AT_FILE:
		on_file_end(r);
		return;
	case AT_ZEROS:
		on_member_end(r);
		return;
	case AT_TAIL:
		go(r, AT_END, 0);
		return;
	case AT_END:
		return;
	}
}

static void
on_file_bytes(struct sealed_reader *r, struct bytes x)
{
	fail(r, sha256_update(r->hash, x));
	if (r->result == SEALED_OK)
		fail(r, r->sink(r->ctx, r->index, x));
}

/* Bytes of the present step, no more than it has left. */
static void
on_bytes(struct sealed_reader *r, struct bytes x)
{
	switch (r->at) {
	case AT_CONSTANT:
	case AT_NOTE_HEADER:
	case AT_FILE_HEADER:
		memcpy(r->block + TAR_BLOCK - r->left, x.p, x.n);
		return;
	case AT_NOTE:
		buf_put_bytes(&r->note, x);
		return;
	case AT_FILE:
		on_file_bytes(r, x);
		return;
	case AT_ZEROS:
	case AT_TAIL:
		if (!bytes_all_zero(x.p, x.n))
			refuse(r, SEALED_BAD_ARCHIVE);
		return;
	case AT_END:
		return;
	}
}

enum sealed_result
sealed_reader_put(struct sealed_reader *r, struct bytes x)
{
	while (x.n > 0 && r->result == SEALED_OK) {
		size_t n = r->left < x.n ? (size_t)r->left : x.n;

		if (r->at == AT_END) {
			refuse(r, SEALED_BAD_ARCHIVE);
			break;
		}
		on_bytes(r, BYTES(x.p, n));
		x = BYTES(x.p + n, x.n - n);
		r->left -= n;
		r->seen += n;
		while (r->left == 0 && r->at != AT_END &&
		    r->result == SEALED_OK)
			on_step_end(r);
	}
	return r->result;
}

enum sealed_result
sealed_reader_finish(struct sealed_reader *r)
{
	if (r->at == AT_CONSTANT)
		refuse(r, SEALED_NOT_SEALED);
	else if (r->at != AT_END)
		refuse(r, SEALED_BAD_ARCHIVE);
	return r->result;
}
