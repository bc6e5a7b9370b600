/*
 * Keys of age files: recipients, identities and files of them, as text; and
 * headers for a passphrase or a hybrid key, changed after they were made
 * (edits.h). The first byte says which.
 *
 * Held: of a text that is taken there is one other form at most, by case; what
 * was changed does not open, and what was not does; a header opens for a
 * passphrase and for identities exactly where the file behind it does.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto/age.h"
#include "crypto/codec.h"
#include "tests/fuzz/edits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(x) ((x) ? (void)0 : abort())
#define FILE_MAX (256u * 1024)
#define IDS_MAX 4
#define NONCE_LEN 16
#define WORK_MAX 10 /* more takes too long here, and the same way */

enum what { WHAT_TEXT, WHAT_PASSPHRASE, WHAT_HYBRID, WHAT_RAW };
enum part { PART_HEADER, PART_PAYLOAD, PART_PASSPHRASE };
#define PARTS (PART_PASSPHRASE + 1)

static const uint8_t file_key[AGE_FILE_KEY_LEN] = { 5 };
static const struct age_identity hybrid = { .kind = AGE_HYBRID,
	.secret = { 3 } };

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

/* --- texts --- */

static bool
is_same_but_case(struct bytes a, struct bytes b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++) {
		uint8_t low = a.p[i] >= 'A' && a.p[i] <= 'Z'
		    ? (uint8_t)(a.p[i] + 32)
		    : a.p[i];

		if (low !=
		    (b.p[i] >= 'A' && b.p[i] <= 'Z' ? b.p[i] + 32 : b.p[i]))
			return false;
	}
	return true;
}

static void
try_recipient(struct bytes text)
{
	struct buf again CLEAN_BUF = BUF_INIT(AGE_RECIPIENT_TEXT_MAX);
	struct age_recipient r;

	if (age_recipient_parse(text, &r) != ERR_OK)
		return;
	MUST(age_recipient_put(&again, &r) == ERR_OK);
	MUST(is_same_but_case(text, buf_bytes(&again)));
}

static void
try_identity(struct bytes text)
{
	struct buf again CLEAN_BUF = BUF_INIT(AGE_IDENTITY_TEXT_MAX);
	struct age_identity id;

	if (age_identity_parse(text, &id) != ERR_OK)
		return;
	MUST(age_identity_put(&again, &id) == ERR_OK);
	MUST(is_same_but_case(text, buf_bytes(&again)));
}

/* The lines of a file that are no comment, one after the other. */
static size_t
lines_of(struct bytes file, struct bytes out[static IDS_MAX + 1])
{
	size_t n = 0, at = 0;

	while (at < file.n && n <= IDS_MAX) {
		const uint8_t *p = file.p + at;
		const uint8_t *end = memchr(p, '\n', file.n - at);
		size_t len = end == NULL ? file.n - at : (size_t)(end - p);

		at += len + 1;
		if (len > 0 && p[len - 1] == '\r')
			len--;
		if (len > 0 && p[0] != '#')
			out[n++] = BYTES(p, len);
	}
	return n;
}

static void
try_file(struct bytes file)
{
	struct age_identity id[IDS_MAX], one;
	struct bytes line[IDS_MAX + 1];
	size_t n = 0;

	if (age_identities_parse(file, id, IDS_MAX, &n) != ERR_OK)
		return;
	MUST(n <= IDS_MAX && lines_of(file, line) == n);
	for (size_t i = 0; i < n; i++) {
		MUST(age_identity_parse(line[i], &one) == ERR_OK);
		MUST(one.kind == id[i].kind &&
		    memcmp(one.secret, id[i].secret, AGE_IDENTITY_LEN) == 0);
	}
}

/* --- headers --- */

/* The work that any line asks for, before it is done. */
static bool
is_too_much_work(struct bytes x)
{
	static const char begin[] = "-> scrypt ";
	const size_t n = sizeof(begin) - 1;

	for (size_t i = 0; i + n < x.n; i++) {
		size_t at = i + n;
		uint64_t work = 0;

		if (memcmp(x.p + i, begin, n) != 0)
			continue;
		while (at < x.n && x.p[at] != ' ' && x.p[at] != '\n')
			at++;
		for (at++; at < x.n && x.p[at] >= '0' && x.p[at] <= '9' &&
		     work <= WORK_MAX;
		     at++)
			work = 10 * work + x.p[at] - '0';
		if (work > WORK_MAX)
			return true;
	}
	return false;
}

static enum age_result
open_file(struct bytes x, const struct age_keys *keys)
{
	struct buf plain CLEAN_BUF = BUF_INIT(FILE_MAX);
	enum age_result r = age_open(keys, x, &plain);

	MUST(plain.n <= x.n);
	if (r == AGE_OK)
		MUST(age_payload_size(plain.n) < x.n);
	return r;
}

/* A header by itself says what the file says before its payload. The
 * payload's nonce counts as the header's. */
static void
check_header(struct bytes x, const struct age_keys *keys, enum age_result whole)
{
	uint8_t key[AGE_FILE_KEY_LEN] = { 0 };
	enum age_result r;
	size_t n;

	if (age_header_length(x, &n, NULL) != ERR_OK)
		return;
	r = keys->n_ids > 0
	    ? age_header_open(BYTES(x.p, n), keys->ids, keys->n_ids, key)
	    : age_header_open_passphrase(BYTES(x.p, n), keys->passphrase, key);
	if (r == AGE_OK && x.n - n < NONCE_LEN)
		MUST(whole == AGE_HEADER_BAD);
	else if (r == AGE_OK)
		MUST(whole == AGE_OK || whole == AGE_PAYLOAD_BAD);
	else
		MUST(r == whole && bytes_all_zero(key, sizeof(key)));
}

static enum age_result
open_both(struct bytes x, const struct age_keys *keys)
{
	enum age_result r = open_file(x, keys);

	MUST(r != AGE_FAILED);
	check_header(x, keys, r);
	return r;
}

static enum err
to_buf(void *ctx, struct bytes x)
{
	struct buf *b = ctx;

	buf_put_bytes(b, x);
	return b->err;
}

static void
make_payload(struct buf *out)
{
	struct age_writer *w = NULL;

	MUST(age_writer_new(&env, file_key, to_buf, out, &w) == ERR_OK);
	MUST(age_writer_put(w, BYTES_LIT("two keys and a map")) == ERR_OK);
	MUST(age_writer_finish(w) == ERR_OK);
	w = age_writer_free(w);
}

/* Header and payload, changed; true: they, or the passphrase, are. */
static bool
finish(const struct edits *e, struct buf *header, struct buf *passphrase)
{
	struct buf payload CLEAN_BUF = BUF_INIT(FILE_MAX);
	bool is_changed = edits_apply(e, PART_HEADER, header);

	is_changed |= edits_apply(e, PART_PASSPHRASE, passphrase);
	make_payload(&payload);
	is_changed |= edits_apply(e, PART_PAYLOAD, &payload);
	buf_put_bytes(header, buf_bytes(&payload));
	MUST(header->err == ERR_OK);
	return is_changed;
}

static void
try_passphrase(struct bytes in, unsigned work)
{
	struct buf file CLEAN_BUF = BUF_INIT(FILE_MAX);
	struct buf passphrase CLEAN_BUF = BUF_INIT(FILE_MAX);
	struct edits e;
	bool is_changed;

	buf_put_str(&passphrase, "open sesame");
	MUST(age_header_seal_passphrase(&env, file_key, buf_bytes(&passphrase),
		 work, &file) == ERR_OK);
	edits_read(in, PARTS, &e);
	is_changed = finish(&e, &file, &passphrase);
	/* HMAC, in scrypt, takes zeros behind a key for none */
	if (passphrase.n == 0 || passphrase.p[passphrase.n - 1] == 0 ||
	    is_too_much_work(buf_bytes(&file)))
		return;
	MUST((open_both(buf_bytes(&file),
		  &(struct age_keys){ .passphrase = buf_bytes(&passphrase) }) ==
		 AGE_OK) == !is_changed);
}

/* Without ML-KEM nobody can make one; as it would look all the same. */
static void
make_hybrid(struct buf *file)
{
	struct age_recipient to;
	struct buf blob CLEAN_BUF = BUF_INIT(2048);

	if (age_hybrid_available()) {
		MUST(age_identity_recipient(&hybrid, &to) == ERR_OK);
		MUST(age_header_seal(&env, file_key, &to, 1, file) == ERR_OK);
		return;
	}
	for (size_t i = 0; i < 1120; i++)
		buf_put_u8(&blob, 9); /* zeros are no point */
	buf_put_str(file, "age-encryption.org/v1\n-> mlkem768x25519 ");
	base64_put(file, buf_bytes(&blob), B64_UNPADDED);
	buf_put_str(file, "\n");
	base64_put(file, BYTES(blob.p, 32), B64_UNPADDED);
	buf_put_str(file, "\n--- ");
	base64_put(file, BYTES(blob.p, 32), B64_UNPADDED);
	buf_put_str(file, "\n");
}

static void
try_hybrid(struct bytes in)
{
	const struct age_keys keys = { .ids = &hybrid, .n_ids = 1 };
	struct buf file CLEAN_BUF = BUF_INIT(FILE_MAX);
	struct buf nobody CLEAN_BUF = BUF_INIT(FILE_MAX);
	enum age_result r;
	struct edits e;
	bool is_changed;

	make_hybrid(&file);
	edits_read(in, PARTS, &e);
	is_changed = finish(&e, &file, &nobody) && nobody.n == 0;
	r = open_both(buf_bytes(&file), &keys);
	if (nobody.n > 0)
		return;
	if (!is_changed)
		MUST(r == (age_hybrid_available() ? AGE_OK : AGE_UNSUPPORTED));
	else
		MUST(r != AGE_OK);
}

static void
try_raw(struct bytes in)
{
	const struct age_keys passphrase = { .passphrase = BYTES_LIT("p") };
	const struct age_keys keys = { .ids = &hybrid, .n_ids = 1 };

	(void)open_both(in, &keys);
	if (!is_too_much_work(in))
		(void)open_both(in, &passphrase);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in;

	if (size == 0 || size > FILE_MAX / 2)
		return 0;
	in = BYTES(data + 1, size - 1);
	switch ((enum what)(data[0] & 3)) {
	case WHAT_TEXT:
		try_recipient(in);
		try_identity(in);
		try_file(in);
		break;
	case WHAT_PASSPHRASE:
		try_passphrase(in, 1 + (data[0] >> 2) % 4);
		break;
	case WHAT_HYBRID:
		try_hybrid(in);
		break;
	case WHAT_RAW:
		try_raw(in);
		break;
	}
	return 0;
}
