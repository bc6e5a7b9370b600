#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/label.h"
#include "crypto/sealed.h"
#include "crypto/tar.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define ARCHIVE_MAX (4 * 1024 * 1024)
#define PHOTO_LEN 20000

static const uint8_t file_key[AGE_FILE_KEY_LEN] = "sixteen bytes..";
static uint8_t photo[PHOTO_LEN];
static const char rota[] = "The rota is unsafe.\n";
static const struct bytes text = { (const uint8_t *)rota, 20 };
static const char long_name[] =
    "attachments/nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
    "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn";

static void
add_file(struct manifest *m, const char *name, struct bytes x)
{
	uint8_t digest[SHA256_LEN];

	assert_int_equal(sha256(x, digest), ERR_OK);
	assert_int_equal(manifest_add_file(m, name, x.n, digest), ERR_OK);
}

/* A note among staff, with `n` files of `file`. */
static struct manifest *
manifest_make(const char *const *name, const struct bytes *file, size_t n)
{
	struct manifest *m = manifest_new();

	assert_non_null(m);
	m->kind = MESSAGE_NOTE;
	m->author = 7;
	m->route = 1;
	m->band = 3;
	m->n_to = 1;
	m->to[0].person = 7;
	for (size_t i = 0; i < n; i++)
		add_file(m, name[i], file[i]);
	return m;
}

static void
note_make(const struct manifest *m, struct buf *out)
{
	CLEAN_BUF struct buf body = BUF_INIT(MANIFEST_MAX);
	uint8_t seed[SIGN_SEED_LEN] = { 1 }, pub[SIGN_PUB_LEN];
	struct note_key key;

	manifest_put(m, &body);
	assert_int_equal(sign_public(seed, pub), ERR_OK);
	assert_int_equal(author_key_init(&key, m->case_id, m->author, pub),
	    ERR_OK);
	assert_int_equal(
	    note_sign(NOTE_MANIFEST, buf_bytes(&body), &key, seed, out),
	    ERR_OK);
}

static enum err
to_buf(void *ctx, struct bytes x)
{
	struct buf *b = ctx;

	buf_put_bytes(b, x);
	return b->err;
}

/* The archive, through an age payload and back, as the writer makes it. */
static enum err
archive_write(const struct manifest *m, const struct buf *note,
    const struct bytes *file, struct buf *out)
{
	CLEAN_BUF struct buf payload = BUF_INIT(2 * ARCHIVE_MAX);
	struct sealed_memory from = { .file = file };
	struct age_keys keys = { .file_key = file_key };
	struct age_writer *w = NULL;
	enum err err;

	assert_int_equal(
	    age_writer_new(&env_system, file_key, to_buf, &payload, &w),
	    ERR_OK);
	err = sealed_write(w, buf_bytes(note), m, sealed_memory_source, &from);
	if (err == ERR_OK) {
		assert_int_equal(age_writer_finish(w), ERR_OK);
		assert_int_equal(age_open(&keys, buf_bytes(&payload), out),
		    AGE_OK);
		assert_int_equal(payload.n, age_payload_size(out->n));
	}
	age_writer_free(w);
	return err;
}

static const char *const usual_name[] = { "message.txt",
	"attachments/photo of the rota.jpg", long_name, "attachments/empty" };
static const struct bytes usual_file[] = { { (const uint8_t *)rota, 20 },
	{ photo, PHOTO_LEN }, { photo, TAR_BLOCK }, { photo, 0 } };

static struct buf
archive_make(void)
{
	struct buf out = BUF_INIT(ARCHIVE_MAX);
	CLEAN_BUF struct buf note = BUF_INIT(SEALED_NOTE_MAX);
	struct manifest *m = manifest_make(usual_name, usual_file, 4);

	note_make(m, &note);
	assert_int_equal(archive_write(m, &note, usual_file, &out), ERR_OK);
	assert_int_equal(out.n, sealed_archive_size(note.n, m->file, 4));
	manifest_free(m);
	return out;
}

static enum err
to_files(void *ctx, size_t index, struct bytes x)
{
	struct buf *file = ctx;

	file[index].max = ARCHIVE_MAX;
	buf_put_bytes(&file[index], x);
	return file[index].err;
}

static enum err
to_nowhere(void *ctx, size_t index, struct bytes x)
{
	(void)ctx;
	(void)index;
	(void)x;
	return ERR_OK;
}

static enum sealed_result
read_in_parts(struct bytes x, size_t part, sealed_file_sink *sink, void *ctx)
{
	struct sealed_reader *r = NULL;
	enum sealed_result result = SEALED_OK;

	assert_int_equal(sealed_reader_new(sink, ctx, &r), ERR_OK);
	for (size_t at = 0; at < x.n && result == SEALED_OK; at += part)
		result = sealed_reader_put(r,
		    BYTES(x.p + at, x.n - at < part ? x.n - at : part));
	result = sealed_reader_finish(r);
	sealed_reader_free(r);
	return result;
}

static enum sealed_result
read_all(const struct buf *b)
{
	return read_in_parts(buf_bytes(b), b->n + 1, to_nowhere, NULL);
}

/* --- what is written is read --- */

static void
test_archive_reads_back_however_it_is_cut(void **state)
{
	static const size_t part[] = { 1, 7, 511, 512, 513, ARCHIVE_MAX };
	CLEAN_BUF struct buf archive = archive_make();

	(void)state;
	for (size_t i = 0; i < COUNT(part); i++) {
		struct buf file[4] = { 0 };

		assert_int_equal(
		    read_in_parts(buf_bytes(&archive), part[i], to_files, file),
		    SEALED_OK);
		for (size_t k = 0; k < 4; k++) {
			assert_true(
			    bytes_equal(buf_bytes(&file[k]), usual_file[k]));
			buf_free(&file[k]);
		}
	}
}

static void
run_tar(char *dir, char *archive)
{
	static char tar[] = "tar", x[] = "-xf", c[] = "-C";
	char *argv[] = { tar, x, archive, c, dir, NULL };
	int status = -1;
	pid_t pid;

	assert_int_equal(posix_spawnp(&pid, tar, NULL, NULL, argv, environ), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
assert_unpacked(const char *dir, const char *name, struct bytes want)
{
	char path[512];
	struct stat st;
	uint8_t *got = malloc(want.n + 1);
	FILE *f;

	assert_non_null(got);
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0600);
	f = fopen(path, "rb");
	assert_non_null(f);
	assert_int_equal(fread(got, 1, want.n + 1, f), want.n);
	assert_memory_equal(got, want.p, want.n);
	fclose(f);
	assert_int_equal(unlink(path), 0);
	free(got);
}

static void
test_stock_tar_unpacks_it(void **state)
{
	CLEAN_BUF struct buf archive = archive_make();
	char dir[] = "/tmp/speakup-test-XXXXXX", path[64], sub[64];
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/a.tar", dir);
	snprintf(sub, sizeof(sub), "%s/attachments", dir);
	f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(archive.p, 1, archive.n, f), archive.n);
	assert_int_equal(fclose(f), 0);
	run_tar(dir, path);
	assert_unpacked(dir, "speakup-v1", BYTES_LIT(""));
	for (size_t i = 0; i < 4; i++)
		assert_unpacked(dir, usual_name[i], usual_file[i]);
	assert_int_equal(unlink(path), 0);
	snprintf(path, sizeof(path), "%s/manifest.note", dir);
	assert_int_equal(unlink(path), 0);
	/* nothing else came out of it */
	assert_int_equal(rmdir(sub), 0);
	assert_int_equal(rmdir(dir), 0);
}

/* --- what the writer refuses --- */

static void
test_file_that_changed_is_not_sealed(void **state)
{
	struct bytes changed[4][1] = {
		{ BYTES_LIT("The rota is unsafe!\n") },	  /* other bytes */
		{ BYTES_LIT("The rota is unsafe.") },	  /* shorter */
		{ BYTES_LIT("The rota is unsafe.\n\n") }, /* longer */
		{ BYTES_LIT("") },
	};
	struct manifest *m = manifest_make(usual_name, &text, 1);
	CLEAN_BUF struct buf note = BUF_INIT(SEALED_NOTE_MAX);
	CLEAN_BUF struct buf out = BUF_INIT(ARCHIVE_MAX);

	(void)state;
	note_make(m, &note);
	for (size_t i = 0; i < COUNT(changed); i++)
		assert_int_equal(archive_write(m, &note, changed[i], &out),
		    ERR_CORRUPT);
	assert_int_equal(archive_write(m, &note, &text, &out), ERR_OK);
	manifest_free(m);
}

/* --- what the reader refuses --- */

/* Sets the checksum of the header at `at` to what it should be. */
static void
mend_checksum(uint8_t *header)
{
	unsigned sum = 0;
	char digits[8];

	memset(header + 148, ' ', 8);
	for (size_t i = 0; i < TAR_BLOCK; i++)
		sum += header[i];
	snprintf(digits, sizeof(digits), "%06o", sum);
	memcpy(header + 148, digits, 7);
}

static void
test_any_changed_header_byte_is_refused(void **state)
{
	CLEAN_BUF struct buf archive = archive_make();

	(void)state;
	for (size_t i = 0; i < 2 * TAR_BLOCK; i++) {
		/* in the first block, and in that of manifest.note */
		enum sealed_result want =
		    i < TAR_BLOCK ? SEALED_NOT_SEALED : SEALED_BAD_ARCHIVE;

		archive.p[i] ^= 1;
		assert_int_equal(read_all(&archive), want);
		if (i % TAR_BLOCK < 148 || i % TAR_BLOCK >= 156) {
			struct buf mended = BUF_INIT(ARCHIVE_MAX);

			buf_put_bytes(&mended, buf_bytes(&archive));
			mend_checksum(mended.p + i / TAR_BLOCK * TAR_BLOCK);
			assert_int_not_equal(read_all(&mended), SEALED_OK);
			buf_free(&mended);
		}
		archive.p[i] ^= 1;
	}
	assert_int_equal(read_all(&archive), SEALED_OK);
}

/* Where the header of a file is. */
static size_t
header_of(const struct buf *archive, const char *last)
{
	for (size_t at = 0; at < archive->n; at += TAR_BLOCK) {
		if (strncmp((const char *)archive->p + at, last, 100) == 0 &&
		    memcmp(archive->p + at + 257, "ustar", 6) == 0)
			return at;
	}
	fail_msg("no header of %s", last);
	return 0;
}

static void
test_other_members_are_refused(void **state)
{
	/* Bytes put at an offset of message.txt's header. */
	static const struct {
		const char *what;
		size_t at;
		const char *bytes;
		size_t n;
		enum sealed_result result;
	} row[] = {
		{ "climbs", 0, "../etc/x\0\0\0", 11, SEALED_BAD_ARCHIVE },
		{ "absolute", 0, "/essage.txt", 11, SEALED_BAD_ARCHIVE },
		{ "dot", 0, "./.\0\0\0\0\0\0\0\0", 11, SEALED_BAD_ARCHIVE },
		{ "another name", 0, "massage.txt", 11, SEALED_BAD_ARCHIVE },
		{ "prefix", 345, "..", 2, SEALED_BAD_ARCHIVE },
		{ "mode", 100, "0000644", 7, SEALED_BAD_ARCHIVE },
		{ "setuid", 100, "0004600", 7, SEALED_BAD_ARCHIVE },
		{ "owner", 108, "0000001", 7, SEALED_BAD_ARCHIVE },
		{ "group", 116, "0000001", 7, SEALED_BAD_ARCHIVE },
		{ "larger", 124, "00000000025", 11, SEALED_BAD_FILE },
		{ "smaller", 124, "00000000023", 11, SEALED_BAD_FILE },
		{ "spaces", 124, "         24", 11, SEALED_BAD_ARCHIVE },
		{ "base 256", 124, "\x80\0\0\0\0\0\0\0\0\0\x14", 11,
		    SEALED_BAD_ARCHIVE },
		{ "time", 136, "00000000001", 11, SEALED_BAD_ARCHIVE },
		{ "old type", 156, "\0", 1, SEALED_BAD_ARCHIVE },
		{ "hard link", 156, "1", 1, SEALED_BAD_ARCHIVE },
		{ "link", 156, "2", 1, SEALED_BAD_ARCHIVE },
		{ "character device", 156, "3", 1, SEALED_BAD_ARCHIVE },
		{ "block device", 156, "4", 1, SEALED_BAD_ARCHIVE },
		{ "directory", 156, "5", 1, SEALED_BAD_ARCHIVE },
		{ "fifo", 156, "6", 1, SEALED_BAD_ARCHIVE },
		{ "pax header", 156, "x", 1, SEALED_BAD_ARCHIVE },
		{ "long name", 156, "L", 1, SEALED_BAD_ARCHIVE },
		{ "target", 157, "x", 1, SEALED_BAD_ARCHIVE },
		{ "gnu magic", 257, "ustar  ", 7, SEALED_BAD_ARCHIVE },
		{ "user name", 265, "root", 4, SEALED_BAD_ARCHIVE },
		{ "group name", 297, "root", 4, SEALED_BAD_ARCHIVE },
		{ "device number", 329, "0000000", 7, SEALED_BAD_ARCHIVE },
		{ "after the prefix", 500, "x", 1, SEALED_BAD_ARCHIVE },
	};
	CLEAN_BUF struct buf archive = archive_make();
	size_t at = header_of(&archive, "message.txt");

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		uint8_t *header = archive.p + at, before[TAR_BLOCK];
		enum sealed_result got;

		memcpy(before, header, TAR_BLOCK);
		memcpy(header + row[i].at, row[i].bytes, row[i].n);
		mend_checksum(header);
		got = read_all(&archive);
		if (got != row[i].result)
			fail_msg("%s: %s", row[i].what,
			    sealed_result_text(got));
		memcpy(header, before, TAR_BLOCK);
	}
	assert_int_equal(read_all(&archive), SEALED_OK);
}

/* Takes `n` bytes at `from` and puts them in front of `to`. */
static void
move_bytes(struct buf *b, size_t from, size_t n, size_t to)
{
	CLEAN_BUF struct buf out = BUF_INIT(ARCHIVE_MAX);

	buf_put(&out, b->p, to);
	buf_put(&out, b->p + from, n);
	buf_put(&out, b->p + to, from - to);
	buf_put(&out, b->p + from + n, b->n - from - n);
	assert_int_equal(out.n, b->n);
	memcpy(b->p, out.p, b->n);
}

static void
test_members_are_exactly_those_of_the_manifest(void **state)
{
	CLEAN_BUF struct buf moved = archive_make();
	CLEAN_BUF struct buf missing = archive_make();
	CLEAN_BUF struct buf repeated = archive_make();
	CLEAN_BUF struct buf more = archive_make();
	size_t message = header_of(&moved, "message.txt");
	size_t last = header_of(&moved, "empty");

	(void)state;
	/* another order */
	move_bytes(&moved, last, TAR_BLOCK, message);
	assert_int_equal(read_all(&moved), SEALED_BAD_ARCHIVE);
	/* one is missing: zeros where its header was */
	memset(missing.p + last, 0, TAR_BLOCK);
	assert_int_equal(read_all(&missing), SEALED_BAD_ARCHIVE);
	/* message.txt twice */
	memcpy(repeated.p + last, repeated.p + message, TAR_BLOCK);
	assert_int_equal(read_all(&repeated), SEALED_BAD_ARCHIVE);
	/* one that is not listed */
	assert_int_equal(
	    tar_header("attachments/more", 0, more.p + last + TAR_BLOCK),
	    ERR_OK);
	assert_int_equal(read_all(&more), SEALED_BAD_ARCHIVE);
}

static void
test_changed_content_is_refused(void **state)
{
	CLEAN_BUF struct buf archive = archive_make();
	size_t message = header_of(&archive, "message.txt") + TAR_BLOCK;
	const struct {
		size_t at;
		enum sealed_result result;
	} row[] = {
		{ message, SEALED_BAD_FILE },
		{ message + text.n - 1, SEALED_BAD_FILE },
		/* the rest of the member's block is zero */
		{ message + text.n, SEALED_BAD_ARCHIVE },
		{ message + TAR_BLOCK - 1, SEALED_BAD_ARCHIVE },
		/* a line of the manifest; its signature's form */
		{ 2 * TAR_BLOCK + sizeof(NOTE_MANIFEST), SEALED_BAD_MANIFEST },
		{ 2 * TAR_BLOCK, SEALED_BAD_MANIFEST },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		archive.p[row[i].at] ^= 0x20;
		assert_int_equal(read_all(&archive), row[i].result);
		archive.p[row[i].at] ^= 0x20;
	}
}

static void
test_nothing_but_zeros_follows_and_only_so_many(void **state)
{
	CLEAN_BUF struct buf archive = archive_make();
	size_t end = header_of(&archive, "empty") + TAR_BLOCK;

	(void)state;
	assert_true(end < archive.n);
	for (size_t i = archive.n - 1; i >= end; i -= 97) {
		archive.p[i] = 1;
		assert_int_equal(read_all(&archive), SEALED_BAD_ARCHIVE);
		archive.p[i] = 0;
	}
	buf_put_zeros(&archive, TAR_BLOCK);
	assert_int_equal(read_all(&archive), SEALED_BAD_ARCHIVE);
	archive.n -= 2 * TAR_BLOCK;
	assert_int_equal(read_all(&archive), SEALED_BAD_ARCHIVE);
}

static void
test_every_shorter_archive_is_refused(void **state)
{
	CLEAN_BUF struct buf archive = archive_make();

	(void)state;
	for (size_t n = 0; n < archive.n; n += n < 4096 ? 1 : 101) {
		enum sealed_result want =
		    n < TAR_BLOCK ? SEALED_NOT_SEALED : SEALED_BAD_ARCHIVE;

		assert_int_equal(
		    read_in_parts(BYTES(archive.p, n), 4096, to_nowhere, NULL),
		    want);
	}
}

static void
test_other_content_is_told_apart(void **state)
{
	CLEAN_BUF struct buf zeros = BUF_INIT(ARCHIVE_MAX);

	(void)state;
	assert_int_equal(read_in_parts(text, 10, to_nowhere, NULL),
	    SEALED_NOT_SEALED);
	buf_put_zeros(&zeros, SEALED_FLOOR);
	assert_int_equal(read_all(&zeros), SEALED_NOT_SEALED);
}

static void
test_oversized_manifest_is_refused_before_it_is_read(void **state)
{
	uint8_t block[2 * TAR_BLOCK];

	(void)state;
	assert_int_equal(tar_header(TAR_CONSTANT_NAME, 0, block), ERR_OK);
	assert_int_equal(
	    tar_header("manifest.note", SEALED_NOTE_MAX + 1, block + TAR_BLOCK),
	    ERR_OK);
	assert_int_equal(
	    read_in_parts(BYTES(block, sizeof(block)), 512, to_nowhere, NULL),
	    SEALED_BAD_MANIFEST);
}

static void
test_manifest_has_one_signature(void **state)
{
	struct manifest *m = manifest_make(usual_name, &text, 1);
	CLEAN_BUF struct buf note = BUF_INIT(SEALED_NOTE_MAX);
	CLEAN_BUF struct buf out = BUF_INIT(ARCHIVE_MAX);
	uint8_t seed[SIGN_SEED_LEN] = { 2 }, pub[SIGN_PUB_LEN];
	struct note_key key;

	(void)state;
	note_make(m, &note);
	assert_int_equal(sign_public(seed, pub), ERR_OK);
	assert_int_equal(note_key_init(&key, "x.example", pub), ERR_OK);
	assert_int_equal(note_add_signature(&note, &key, seed), ERR_OK);
	assert_int_equal(archive_write(m, &note, &text, &out), ERR_OK);
	assert_int_equal(read_all(&out), SEALED_BAD_MANIFEST);
	manifest_free(m);
}

static enum err
to_full_disk(void *ctx, size_t index, struct bytes x)
{
	(void)ctx;
	(void)x;
	return index == 1 ? ERR_FULL : ERR_OK;
}

static void
test_error_of_the_sink_is_kept(void **state)
{
	CLEAN_BUF struct buf archive = archive_make();
	struct sealed_reader *r = NULL;

	(void)state;
	assert_int_equal(sealed_reader_new(to_full_disk, NULL, &r), ERR_OK);
	assert_null(sealed_reader_manifest(r));
	assert_int_equal(sealed_reader_put(r, buf_bytes(&archive)),
	    SEALED_FAILED);
	assert_int_equal(sealed_reader_error(r), ERR_FULL);
	assert_int_equal(sealed_reader_manifest(r)->n_files, 4);
	assert_int_equal(sealed_reader_finish(r), SEALED_FAILED);
	sealed_reader_free(r);
}

static int
setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < PHOTO_LEN; i++)
		photo[i] = (uint8_t)(i * 11 + i / 256);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_archive_reads_back_however_it_is_cut),
		cmocka_unit_test(test_stock_tar_unpacks_it),
		cmocka_unit_test(test_file_that_changed_is_not_sealed),
		cmocka_unit_test(test_any_changed_header_byte_is_refused),
		cmocka_unit_test(test_other_members_are_refused),
		cmocka_unit_test(
		    test_members_are_exactly_those_of_the_manifest),
		cmocka_unit_test(test_changed_content_is_refused),
		cmocka_unit_test(
		    test_nothing_but_zeros_follows_and_only_so_many),
		cmocka_unit_test(test_every_shorter_archive_is_refused),
		cmocka_unit_test(test_other_content_is_told_apart),
		cmocka_unit_test(
		    test_oversized_manifest_is_refused_before_it_is_read),
		cmocka_unit_test(test_manifest_has_one_signature),
		cmocka_unit_test(test_error_of_the_sink_is_kept),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
