/*
 * Opening a message. The input's first byte says what is sealed and who reads
 * it, the rest changes its parts, each before the next is made around it: the
 * manifest before it is signed, the signed note before it is archived, the
 * archive before it is sealed, payload and envelope at last. Or, with the top
 * bit, the rest is the file.
 *
 * Held: what nobody changed opens, for whom it is for; what opens is, byte for
 * byte, what its author would have sealed with this manifest and these files,
 * and signed by them; a changed payload or envelope never opens, nor does
 * another's; the same comes of it in pieces; before the end nothing is given
 * but what the manifest has a place for, and where it does not open, no
 * manifest is given.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto/label.h"
#include "crypto/message.h"
#include "tests/fuzz/edits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(x) ((x) ? (void)0 : abort())
#define FILE_MAX (1024u * 1024)
#define IS_RAW 0x80

enum part {
	PART_MANIFEST,
	PART_NOTE,
	PART_ARCHIVE,
	PART_PAYLOAD,
	PART_ENVELOPE
};
#define PARTS (PART_ENVELOPE + 1)

/* Bits 0 to 2 of the first byte. */
enum who {
	WHO_READER,	  /* one whom the manifest lists */
	WHO_GRANTED,	  /* one to whom an envelope was granted */
	WHO_STRANGER,	  /* has a key of their own */
	WHO_MISNAMED,	  /* says to be another than the envelope is for */
	WHO_UNGRANTED,	  /* has an envelope that nobody made or granted */
	WHO_OTHER_AUTHOR, /* holds it against another author's key */
	WHO_NO_AUTHOR,	  /* knows no key of its author */
	WHO_TWO_KEYS,	  /* knows two, the second of which is right */
};

/* Bits 3 and 4. */
enum what { WHAT_CONCERN, WHAT_REPLY, WHAT_FILES, WHAT_LARGE };
#define IS_HYBRID 0x20	  /* where libcrypto has it */
#define IS_OF_A_KIND 0x40 /* with answers, exclusions and what was seen */

#define READER 3
#define LATER 4 /* granted */
#define STRANGER 5
#define PEOPLE 6
#define FILES_MAX 3

static struct {
	bool is_ready;
	struct receipt_keys reporter;
	uint8_t seed[SIGN_SEED_LEN], pub[SIGN_PUB_LEN]; /* of a person, 1 */
	struct age_identity id[2][PEOPLE];
	struct buf envelope[2][PEOPLE]; /* of READER and LATER */
	uint8_t large[70000];
} world;
static const uint8_t file_key[AGE_FILE_KEY_LEN] = { 7, 7, 7 };

/* --- what is the same each time --- */

static enum err
counted(void *ctx, uint8_t *out, size_t n)
{
	static uint8_t next;

	(void)ctx;
	for (size_t i = 0; i < n; i++)
		out[i] = next++;
	return ERR_OK;
}

static const struct env env = { .random = counted };

static void
make_envelope(enum age_kind kind, unsigned person)
{
	struct buf *out = &world.envelope[kind][person];
	struct age_recipient to;

	*out = (struct buf)BUF_INIT(AGE_HEADER_MAX);
	MUST(age_identity_recipient(&world.id[kind][person], &to) == ERR_OK);
	MUST(age_header_seal(&env, file_key, &to, 1, out) == ERR_OK);
}

static void
set_up(void)
{
	static const uint8_t receipt[RECEIPT_LEN] = { 1 },
			     realm[REALM_LEN] = { 2 };

	if (world.is_ready)
		return;
	MUST(receipt_derive(receipt, realm, &world.reporter) == ERR_OK);
	for (unsigned kind = 0; kind < 2; kind++) {
		for (unsigned i = 0; i < PEOPLE; i++) {
			struct age_identity *id = &world.id[kind][i];

			id->kind = (enum age_kind)kind;
			memset(id->secret, (int)(1 + i), sizeof(id->secret));
		}
		if (kind == AGE_HYBRID && !age_hybrid_available())
			continue;
		make_envelope((enum age_kind)kind, READER);
		make_envelope((enum age_kind)kind, LATER);
	}
	memset(world.seed, 9, sizeof(world.seed));
	MUST(sign_public(world.seed, world.pub) == ERR_OK);
	for (size_t i = 0; i < sizeof(world.large); i++)
		world.large[i] = (uint8_t)(i / 251);
	world.is_ready = true;
}

/* --- what is sealed --- */

struct made {
	enum age_kind kind;
	enum who who;
	struct manifest *m;
	struct bytes file[FILES_MAX];
	bool is_changed, is_changed_outside; /* outside: payload, envelope */
	struct buf out;
};

static void
add_file(struct made *x, const char *name, struct bytes content)
{
	uint8_t hash[SHA256_LEN];

	MUST(sha256(content, hash) == ERR_OK);
	x->file[x->m->n_files] = content;
	MUST(manifest_add_file(x->m, name, content.n, hash) == ERR_OK);
}

static void
fill_files(struct made *x, enum what what)
{
	static const char picture[600] = { 1, 2, 3 };

	add_file(x, "message.txt", BYTES_LIT("They open the valve by hand.\n"));
	if (what == WHAT_FILES) {
		add_file(x, "attachments/rota 3.pdf",
		    BYTES((const uint8_t *)picture, sizeof(picture)));
		add_file(x, "attachments/empty", BYTES(NULL, 0));
	}
	if (what == WHAT_LARGE)
		add_file(x, "attachments/large.bin",
		    BYTES(world.large, sizeof(world.large)));
}

static void
fill_author(struct made *x, enum what what)
{
	struct manifest *m = x->m;
	struct buf reply CLEAN_BUF = BUF_INIT(AGE_RECIPIENT_TEXT_MAX - 1);
	struct age_recipient to;

	memcpy(m->case_id, world.reporter.case_id, CASE_ID_LEN);
	if (what != WHAT_CONCERN) {
		m->kind = MESSAGE_REPLY;
		m->author = 1;
		m->seq = 2;
		m->prev[0] = 3;
		return;
	}
	m->kind = MESSAGE_CONCERN;
	m->author = PERSON_REPORTER;
	memcpy(m->mailbox, world.reporter.mailbox, sizeof(m->mailbox));
	MUST(age_identity_recipient(&world.reporter.reply[0], &to) == ERR_OK);
	MUST(age_recipient_put(&reply, &to) == ERR_OK);
	memcpy(m->reply, reply.p, reply.n);
}

static void
fill_manifest(struct made *x, enum what what, bool is_full)
{
	struct manifest *m = x->m;

	fill_author(x, what);
	m->route = 1;
	m->band = 2;
	if (is_full) {
		m->n_exclude = 2;
		m->exclude[0] = 8;
		m->exclude[1] = 11;
		m->n_answers = 1;
		strcpy(m->answer[0].field, "area");
		strcpy(m->answer[0].value, "ward-6");
		m->n_seen = what == WHAT_CONCERN ? 0 : 2;
	}
	fill_files(x, what);
	m->n_to = 1;
	m->to[0].person = READER;
	MUST(sha256(buf_bytes(&world.envelope[x->kind][READER]),
		 m->to[0].sha256) == ERR_OK);
}

static bool
edit(struct made *x, const struct edits *e, enum part part, struct buf *b)
{
	bool is_changed = edits_apply(e, part, b);

	x->is_changed |= is_changed;
	if (part == PART_PAYLOAD || part == PART_ENVELOPE)
		x->is_changed_outside |= is_changed;
	return is_changed;
}

/* False: no text, so that nobody could sign it. */
static bool
make_note(struct made *x, const struct edits *e, struct buf *note)
{
	struct buf body CLEAN_BUF = BUF_INIT(2 * MANIFEST_MAX);
	const bool is_reporters = x->m->author == PERSON_REPORTER;
	const uint8_t *seed =
	    is_reporters ? world.reporter.sign_seed : world.seed;

	manifest_put(x->m, &body);
	edit(x, e, PART_MANIFEST, &body);
	if (author_sign(NOTE_MANIFEST, buf_bytes(&body), x->m->case_id,
		x->m->author, seed, note) != ERR_OK) {
		MUST(x->is_changed);
		return false;
	}
	edit(x, e, PART_NOTE, note);
	return true;
}

static enum err
to_buf(void *ctx, struct bytes x)
{
	struct buf *b = ctx;

	buf_put_bytes(b, x);
	return b->err;
}

static void
seal_archive(struct bytes archive, struct buf *out)
{
	struct age_writer *w = NULL;

	MUST(age_writer_new(&env, file_key, to_buf, out, &w) == ERR_OK);
	MUST(age_writer_put(w, archive) == ERR_OK);
	MUST(age_writer_finish(w) == ERR_OK);
	w = age_writer_free(w);
}

/* As an author's program writes it; false: it would not be written. */
static bool
write_archive(const struct manifest *m, struct bytes note,
    const struct bytes *file, struct buf *archive)
{
	struct buf payload CLEAN_BUF = BUF_INIT(2 * FILE_MAX);
	struct sealed_memory memory = { .file = file };
	const struct age_keys keys = { .file_key = file_key };
	struct age_writer *w = NULL;
	enum err err;

	MUST(age_writer_new(&env, file_key, to_buf, &payload, &w) == ERR_OK);
	err = sealed_write(w, note, m, sealed_memory_source, &memory);
	if (err == ERR_OK)
		err = age_writer_finish(w);
	w = age_writer_free(w);
	if (err != ERR_OK)
		return false;
	MUST(age_open(&keys, buf_bytes(&payload), archive) == AGE_OK);
	return true;
}

static bool
make(struct made *x, const struct edits *e)
{
	struct buf note CLEAN_BUF = BUF_INIT(SEALED_NOTE_MAX);
	struct buf archive CLEAN_BUF = BUF_INIT(FILE_MAX);
	struct buf payload CLEAN_BUF = BUF_INIT(FILE_MAX);
	struct buf envelope CLEAN_BUF = BUF_INIT(FILE_MAX);
	bool is_later = x->who == WHO_GRANTED || x->who == WHO_UNGRANTED;

	if (!make_note(x, e, &note) ||
	    !write_archive(x->m, buf_bytes(&note), x->file, &archive)) {
		MUST(x->is_changed);
		return false;
	}
	edit(x, e, PART_ARCHIVE, &archive);
	seal_archive(buf_bytes(&archive), &payload);
	edit(x, e, PART_PAYLOAD, &payload);
	buf_put_bytes(&envelope,
	    buf_bytes(&world.envelope[x->kind][is_later ? LATER : READER]));
	edit(x, e, PART_ENVELOPE, &envelope);
	buf_put_bytes(&x->out, buf_bytes(&envelope));
	buf_put_bytes(&x->out, buf_bytes(&payload));
	return x->out.err == ERR_OK;
}

/* --- who reads it --- */

struct reading {
	struct message_open *o;
	size_t n; /* files begun */
	struct buf file[SEALED_FILES_MAX];
	const struct manifest *m;
	enum message_result result;
	enum sealed_result sealed;
};

static enum err
on_file(void *ctx, size_t index, struct bytes x)
{
	struct reading *r = ctx;
	const struct manifest *m = message_open_claim(r->o);

	MUST(m != NULL && index < m->n_files);
	MUST(r->n <= index + 1); /* one after the other */
	MUST(r->result == MESSAGE_OK);
	r->n = index + 1;
	r->file[index].max = FILE_MAX;
	buf_put_bytes(&r->file[index], x);
	MUST(r->file[index].n <= m->file[index].size);
	return r->file[index].err;
}

static size_t
keys_of(const struct made *x, uint8_t pub[static 2][SIGN_PUB_LEN])
{
	static const uint8_t other[SIGN_SEED_LEN] = { 77 };
	const uint8_t *right = x->m->author == PERSON_REPORTER
	    ? world.reporter.sign_pub
	    : world.pub;
	size_t n = 0;

	if (x->who == WHO_OTHER_AUTHOR || x->who == WHO_TWO_KEYS)
		MUST(sign_public(other, pub[n++]) == ERR_OK);
	if (x->who != WHO_OTHER_AUTHOR && x->who != WHO_NO_AUTHOR)
		memcpy(pub[n++], right, SIGN_PUB_LEN);
	return n;
}

static void
open_new(const struct made *x, struct reading *r)
{
	uint8_t granted[SHA256_LEN];
	struct message_as as = { .n_ids = 1, .person = READER };

	as.ids = &world.id[x->kind][READER];
	if (x->who == WHO_GRANTED || x->who == WHO_UNGRANTED)
		as.ids = &world.id[x->kind][LATER];
	if (x->who == WHO_STRANGER)
		as.ids = &world.id[x->kind][STRANGER];
	if (x->who == WHO_MISNAMED || x->who == WHO_GRANTED)
		as.person = LATER;
	if (x->who == WHO_GRANTED) {
		MUST(sha256(buf_bytes(&world.envelope[x->kind][LATER]),
			 granted) == ERR_OK);
		as.granted = granted;
	}
	MUST(message_open_new(&as, on_file, r, &r->o) == ERR_OK);
}

static void
open_in_pieces(const struct made *x, struct bytes in, size_t piece,
    struct reading *r)
{
	uint8_t pub[2][SIGN_PUB_LEN];
	size_t n = keys_of(x, pub);

	open_new(x, r);
	while (in.n > 0) {
		size_t take = in.n < piece ? in.n : piece;
		enum message_result result =
		    message_open_put(r->o, BYTES(in.p, take));

		MUST(r->result == MESSAGE_OK || result == r->result);
		r->result = result;
		in = BYTES(in.p + take, in.n - take);
	}
	for (int i = 0; i < 2; i++) {
		enum message_result result = message_open_finish(r->o,
		    (const uint8_t(*)[SIGN_PUB_LEN])pub, n, &r->m);

		MUST(r->result == MESSAGE_OK || result == r->result);
		r->result = result;
		MUST((result == MESSAGE_OK) == (r->m != NULL));
	}
	MUST(r->result != MESSAGE_FAILED);
	r->sealed = message_open_sealed(r->o);
}

static void
reading_free(struct reading *r)
{
	for (size_t i = 0; i < SEALED_FILES_MAX; i++)
		buf_free(&r->file[i]);
	r->o = message_open_free(r->o);
	free(r);
}

static struct reading *
open_as(const struct made *x, struct bytes in, size_t piece)
{
	struct reading *r = calloc(1, sizeof(*r));

	MUST(r != NULL);
	open_in_pieces(x, in, piece, r);
	return r;
}

/* --- what it must be --- */

static enum err
nowhere(void *ctx, size_t index, struct bytes x)
{
	(void)ctx, (void)index, (void)x;
	return ERR_OK;
}

/* The note in an archive. */
static void
find_note(struct bytes archive, struct buf *note)
{
	struct sealed_reader *r = NULL;

	MUST(sealed_reader_new(nowhere, NULL, &r) == ERR_OK);
	MUST(sealed_reader_put(r, archive) == SEALED_OK);
	MUST(sealed_reader_finish(r) == SEALED_OK);
	buf_put_bytes(note, sealed_reader_note(r));
	r = sealed_reader_free(r);
	MUST(note->err == ERR_OK);
}

/* What is signed is what was said to have been read. */
static void
check_signed(const struct made *x, const struct manifest *m, struct bytes note)
{
	struct buf text CLEAN_BUF = BUF_INIT(2 * MANIFEST_MAX);
	const uint8_t *pub =
	    m->author == PERSON_REPORTER ? world.reporter.sign_pub : world.pub;
	struct note parsed;

	MUST(x->who != WHO_OTHER_AUTHOR && x->who != WHO_NO_AUTHOR);
	MUST(author_verify(note, NOTE_MANIFEST, m->case_id, m->author, pub) ==
	    ERR_OK);
	MUST(note_parse(note, NOTE_MANIFEST, &parsed) == ERR_OK);
	manifest_put(m, &text);
	MUST(bytes_equal(parsed.body, buf_bytes(&text)));
}

/* The envelope is the whole header, and it is this reader's. */
static void
check_envelope(const struct made *x, const struct manifest *m, struct bytes in)
{
	uint8_t hash[SHA256_LEN];
	size_t n = 0, listed = 0;

	MUST(age_header_length(in, &n, NULL) == ERR_OK);
	MUST(sha256(BYTES(in.p, n), hash) == ERR_OK);
	for (size_t i = 0; i < m->n_to; i++)
		listed += m->to[i].person == READER &&
		    memcmp(m->to[i].sha256, hash, SHA256_LEN) == 0;
	switch (x->who) {
	case WHO_READER:
	case WHO_TWO_KEYS:
		MUST(listed == 1);
		return;
	case WHO_GRANTED:
		MUST(bytes_equal(BYTES(in.p, n),
		    buf_bytes(&world.envelope[x->kind][LATER])));
		return;
	case WHO_STRANGER:
	case WHO_MISNAMED:
	case WHO_UNGRANTED:
	case WHO_OTHER_AUTHOR:
	case WHO_NO_AUTHOR:
		abort();
	}
}

static void
check_opened(const struct made *x, struct bytes in, const struct reading *r)
{
	const bool is_later = x->who == WHO_GRANTED;
	const struct age_keys keys = {
		.ids = &world.id[x->kind][is_later ? LATER : READER], .n_ids = 1
	};
	struct buf archive CLEAN_BUF = BUF_INIT(FILE_MAX);
	struct buf again CLEAN_BUF = BUF_INIT(FILE_MAX);
	struct buf note CLEAN_BUF = BUF_INIT(SEALED_NOTE_MAX);
	struct bytes file[SEALED_FILES_MAX];

	MUST(age_open(&keys, in, &archive) == AGE_OK);
	find_note(buf_bytes(&archive), &note);
	check_signed(x, r->m, buf_bytes(&note));
	check_envelope(x, r->m, in);
	for (size_t i = 0; i < r->m->n_files; i++)
		file[i] = buf_bytes(&r->file[i]);
	MUST(write_archive(r->m, buf_bytes(&note), file, &again));
	MUST(bytes_equal(buf_bytes(&archive), buf_bytes(&again)));
}

static bool
is_for_them(enum who who)
{
	return who == WHO_READER || who == WHO_GRANTED || who == WHO_TWO_KEYS;
}

/* By what was done to it, and who asks. */
static void
check_result(const struct made *x, const struct reading *r)
{
	if (!x->is_changed && is_for_them(x->who)) {
		MUST(r->result == MESSAGE_OK && r->n <= x->m->n_files);
		for (size_t i = 0; i < x->m->n_files; i++)
			MUST(bytes_equal(buf_bytes(&r->file[i]), x->file[i]));
	}
	if (x->is_changed_outside || !is_for_them(x->who))
		MUST(r->result != MESSAGE_OK);
	if (x->is_changed)
		return;
	if (x->who == WHO_STRANGER)
		MUST(r->result == MESSAGE_NOT_FOR_US && r->n == 0);
	if (x->who == WHO_MISNAMED || x->who == WHO_UNGRANTED)
		MUST(r->result == MESSAGE_BAD_ENVELOPE);
	if (x->who == WHO_OTHER_AUTHOR || x->who == WHO_NO_AUTHOR)
		MUST(r->result == MESSAGE_BAD_AUTHOR);
}

static void
check(const struct made *x, struct bytes in, bool is_made)
{
	struct reading *whole = open_as(x, in, SIZE_MAX);
	struct reading *parts = open_as(x, in, 509);

	MUST(whole->result == parts->result && whole->n == parts->n);
	MUST(whole->sealed == parts->sealed);
	for (size_t i = 0; i < whole->n; i++)
		MUST(bytes_equal(buf_bytes(&whole->file[i]),
		    buf_bytes(&parts->file[i])));
	if (is_made)
		check_result(x, whole);
	if (whole->result == MESSAGE_OK)
		check_opened(x, in, whole);
	reading_free(whole);
	reading_free(parts);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct made x = { .out.max = 2 * FILE_MAX };
	struct edits e;
	uint8_t flags;

	set_up();
	if (size == 0 || size > FILE_MAX)
		return 0;
	flags = data[0];
	x.who = (enum who)(flags & 7);
	x.m = manifest_new();
	MUST(x.m != NULL);
	if ((flags & IS_HYBRID) != 0 && age_hybrid_available())
		x.kind = AGE_HYBRID;
	edits_read(BYTES(data + 1, size - 1), PARTS, &e);
	fill_manifest(&x, (enum what)(flags >> 3 & 3),
	    (flags & IS_OF_A_KIND) != 0);
	if ((flags & IS_RAW) != 0)
		check(&x, BYTES(data + 1, size - 1), false);
	else if (make(&x, &e))
		check(&x, buf_bytes(&x.out), true);
	x.m = manifest_free(x.m);
	buf_free(&x.out);
	return 0;
}
