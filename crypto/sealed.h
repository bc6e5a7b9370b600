#pragma once

#include "crypto/age.h"
#include "crypto/manifest.h"

/*
 * The sealed body: the tar archive (crypto/tar.h) inside the age payload, with
 * its manifest and its padding. docs/PROTOCOL.md, "Sealed body".
 */

#define SEALED_FLOOR (31 * 512) /* smallest archive */

/* --- padding --- */

/* Padmé (PURBs, Nikitin et al. 2019, algorithm 1), then up to whole blocks. */
uint64_t sealed_pad_size(uint64_t n);
/* The archive's size for a manifest note of note_len bytes and these files,
 * after padding. */
uint64_t sealed_archive_size(size_t note_len, const struct manifest_file *file,
    size_t n);

/* --- writing --- */

/* Gives the next bytes of file `index`: fills out[0..n) with 1..n bytes, or
 * 0 at its end. */
typedef enum err sealed_source(void *ctx, size_t index, uint8_t *out, size_t n,
    size_t *ret_n);
/* A source over files in memory: ctx is a struct sealed_memory whose `file`
 * has them in the manifest's order and whose other fields are zero. */
struct sealed_memory {
	const struct bytes *file;
	size_t index;
	size_t at;
};
sealed_source sealed_memory_source;
/*
 * Streams the archive into an age payload writer: constant block, manifest
 * note, files in the manifest's order, end, padding. ERR_CORRUPT when a file's
 * bytes are not what the manifest says (it changed while it was read).
 */
enum err sealed_write(struct age_writer *w, struct bytes manifest_note,
    const struct manifest *m, sealed_source *source, void *ctx) MUST_CHECK;

/* --- reading --- */

enum sealed_result {
	SEALED_OK,
	SEALED_NOT_SEALED,   /* the first block is not ours: another kind of
				content, or two texts under one concern */
	SEALED_BAD_ARCHIVE,  /* tar grammar, members, order, sizes, trailing */
	SEALED_BAD_MANIFEST, /* manifest grammar */
	SEALED_BAD_FILE,     /* a file's size or hash */
	SEALED_FAILED,	     /* memory or a sink's error */
};
const char *sealed_result_text(enum sealed_result r);

/*
 * A strict push parser over the archive's bytes. The manifest is kept; files
 * go to the sink as they come, and count only once sealed_reader_finish has
 * said SEALED_OK. The signature on the manifest is the caller's to verify.
 */
struct sealed_reader;
typedef enum err sealed_file_sink(void *ctx, size_t index, struct bytes x);
enum err sealed_reader_new(sealed_file_sink *sink, void *ctx,
    struct sealed_reader **ret) MUST_CHECK;
enum sealed_result sealed_reader_put(struct sealed_reader *r, struct bytes x)
    MUST_CHECK;
enum sealed_result sealed_reader_finish(struct sealed_reader *r) MUST_CHECK;
/* NULL until it has been read; borrowed until sealed_reader_free. */
const struct manifest *sealed_reader_manifest(const struct sealed_reader *r);
struct bytes sealed_reader_note(const struct sealed_reader *r);
enum err sealed_reader_error(const struct sealed_reader *r);
struct sealed_reader *sealed_reader_free(struct sealed_reader *r);
