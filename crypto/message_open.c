#include "crypto/message.h"

#include "crypto/label.h"

#include <stdlib.h>
#include <string.h>

/*
 * envelope || payload -> age -> archive. The envelope is kept until it is
 * whole, since its hash is in the manifest; it ends with the line that begins
 * with "---" (C2SP age.md, "Header").
 */

#define HEADER_END "---"

struct message_open {
	struct message_as as;
	uint8_t granted[SHA256_LEN];
	struct age_keys keys;
	struct buf envelope;
	size_t line; /* where its present line begins */
	bool is_payload;
	struct age_reader *age;
	struct sealed_reader *sealed;
	enum sealed_result sealed_result;
	enum message_result result; /* sticky */
	enum err err;
};

const char *
message_result_text(enum message_result r)
{
	switch (r) {
	case MESSAGE_OK:
		return "opened";
	case MESSAGE_NOT_FOR_US:
		return "no key at hand opens it";
	case MESSAGE_UNSUPPORTED:
		return "needs hybrid keys, which this OpenSSL does not have";
	case MESSAGE_DAMAGED:
		return "altered or cut short";
	case MESSAGE_NOT_SEALED:
		return "opens, but is not a sealed message";
	case MESSAGE_BAD_BODY:
		return "its content contradicts its manifest";
	case MESSAGE_BAD_AUTHOR:
		return "not signed by its author";
	case MESSAGE_BAD_ENVELOPE:
		return "not the envelope that its author made";
	case MESSAGE_FAILED:
		return "could not be read here";
	}
	return "";
}

static enum err
on_plaintext(void *ctx, struct bytes x)
{
	struct message_open *o = ctx;

	o->sealed_result = sealed_reader_put(o->sealed, x);
	if (o->sealed_result == SEALED_OK)
		return ERR_OK;
	return o->sealed_result == SEALED_FAILED
	    ? sealed_reader_error(o->sealed)
	    : ERR_CORRUPT;
}

struct message_open *
message_open_free(struct message_open *o)
{
	if (o == NULL)
		return NULL;
	o->age = age_reader_free(o->age);
	o->sealed = sealed_reader_free(o->sealed);
	buf_free(&o->envelope);
	free(o);
	return NULL;
}

enum err
message_open_new(const struct message_as *as, sealed_file_sink *sink, void *ctx,
    struct message_open **ret)
{
	struct message_open *o = calloc(1, sizeof(*o));
	enum err err;

	if (o == NULL)
		return ERR_NOMEM;
	o->as = *as;
	if (as->granted != NULL) {
		memcpy(o->granted, as->granted, SHA256_LEN);
		o->as.granted = o->granted;
	}
	o->keys = (struct age_keys){ .ids = as->ids, .n_ids = as->n_ids };
	o->envelope = (struct buf)BUF_INIT(AGE_HEADER_MAX);
	err = sealed_reader_new(sink, ctx, &o->sealed);
	if (err == ERR_OK)
		err = age_reader_new(&o->keys, on_plaintext, o, &o->age);
	if (err != ERR_OK) {
		message_open_free(o);
		return err;
	}
	*ret = o;
	return ERR_OK;
}

static void
refuse(struct message_open *o, enum message_result result)
{
	if (o->result == MESSAGE_OK)
		o->result = result;
}

static void
fail(struct message_open *o, enum err err)
{
	if (o->result == MESSAGE_OK)
		o->err = err;
	refuse(o, MESSAGE_FAILED);
}

static void
on_sealed_result(struct message_open *o, enum sealed_result r)
{
	o->sealed_result = r;
	switch (r) {
	case SEALED_OK:
		return;
	case SEALED_NOT_SEALED:
		refuse(o, MESSAGE_NOT_SEALED);
		return;
	case SEALED_BAD_ARCHIVE:
	case SEALED_BAD_MANIFEST:
	case SEALED_BAD_FILE:
		refuse(o, MESSAGE_BAD_BODY);
		return;
	case SEALED_FAILED:
		fail(o, sealed_reader_error(o->sealed));
		return;
	}
}

static void
on_age_result(struct message_open *o, enum age_result r)
{
	/* what our own sink refused comes first: age only passes it on */
	on_sealed_result(o, o->sealed_result);
	switch (r) {
	case AGE_OK:
		return;
	case AGE_NO_MATCH:
		refuse(o, MESSAGE_NOT_FOR_US);
		return;
	case AGE_UNSUPPORTED:
		refuse(o, MESSAGE_UNSUPPORTED);
		return;
	case AGE_HEADER_BAD:
	case AGE_HMAC_BAD:
	case AGE_PAYLOAD_BAD:
	case AGE_ARMOR_BAD:
		refuse(o, MESSAGE_DAMAGED);
		return;
	case AGE_FAILED:
		fail(o, age_reader_error(o->age));
		return;
	}
}

/* One more byte of the envelope; true: its last line is complete. */
static bool
is_envelope_end(struct message_open *o, uint8_t c)
{
	const size_t n = sizeof(HEADER_END) - 1;
	size_t line = o->line;

	buf_put_u8(&o->envelope, c);
	if (o->envelope.err != ERR_OK || c != '\n')
		return false;
	o->line = o->envelope.n;
	return o->envelope.n - line > n &&
	    memcmp(o->envelope.p + line, HEADER_END, n) == 0;
}

/* The envelope is whole: nothing but one header, and not armored. */
static void
on_envelope(struct message_open *o)
{
	struct bytes envelope = buf_bytes(&o->envelope);
	size_t n = 0;

	if (age_header_length(envelope, &n, NULL) != ERR_OK || n != envelope.n)
		refuse(o, MESSAGE_DAMAGED);
	else
		on_age_result(o, age_reader_put(o->age, envelope));
}

/* Takes the envelope's bytes off x. */
static void
take_envelope(struct message_open *o, struct bytes *x)
{
	while (x->n > 0 && !o->is_payload && o->result == MESSAGE_OK) {
		o->is_payload = is_envelope_end(o, x->p[0]);
		*x = BYTES(x->p + 1, x->n - 1);
		if (o->envelope.err == ERR_LIMIT)
			refuse(o, MESSAGE_DAMAGED);
		else if (o->envelope.err != ERR_OK)
			fail(o, o->envelope.err);
	}
	if (o->is_payload)
		on_envelope(o);
}

enum message_result
message_open_put(struct message_open *o, struct bytes x)
{
	if (!o->is_payload)
		take_envelope(o, &x);
	if (x.n > 0 && o->result == MESSAGE_OK)
		on_age_result(o, age_reader_put(o->age, x));
	return o->result;
}

const struct manifest *
message_open_claim(const struct message_open *o)
{
	return sealed_reader_manifest(o->sealed);
}

/* --- what the whole must be --- */

static enum err
verify_author(const struct manifest *m, struct bytes note_bytes,
    const uint8_t (*pub)[SIGN_PUB_LEN], size_t n)
{
	enum err err = ERR_BAD_SIG;
	struct note_key key;
	struct note note;
	enum err syntax = note_parse(note_bytes, NOTE_MANIFEST, &note);

	if (syntax != ERR_OK)
		return syntax;
	for (size_t i = 0; i < n && err == ERR_BAD_SIG; i++) {
		err = author_key_init(&key, m->case_id, m->author, pub[i]);
		if (err == ERR_OK)
			err = note_verify(&note, &key, 1, 1);
	}
	return err;
}

/* The hash that the envelope must have; NULL: this person has none. */
static const uint8_t *
expected_envelope(const struct message_open *o, const struct manifest *m)
{
	if (o->as.granted != NULL)
		return o->as.granted;
	for (size_t i = 0; i < m->n_to; i++) {
		if (m->to[i].person == o->as.person)
			return m->to[i].sha256;
	}
	return NULL;
}

static void
check_envelope(struct message_open *o, const struct manifest *m)
{
	const uint8_t *want = expected_envelope(o, m);
	uint8_t digest[SHA256_LEN];
	enum err err = sha256(buf_bytes(&o->envelope), digest);

	if (err != ERR_OK)
		fail(o, err);
	else if (want == NULL || memcmp(want, digest, SHA256_LEN) != 0)
		refuse(o, MESSAGE_BAD_ENVELOPE);
}

static void
check_author(struct message_open *o, const struct manifest *m,
    const uint8_t (*pub)[SIGN_PUB_LEN], size_t n)
{
	enum err err = verify_author(m, sealed_reader_note(o->sealed), pub, n);

	if (err == ERR_BAD_SIG)
		refuse(o, MESSAGE_BAD_AUTHOR);
	else if (err != ERR_OK)
		fail(o, err);
}

enum message_result
message_open_finish(struct message_open *o, const uint8_t (*pub)[SIGN_PUB_LEN],
    size_t n_pub, const struct manifest **ret_manifest)
{
	const struct manifest *m;

	if (o->result == MESSAGE_OK && !o->is_payload)
		refuse(o, MESSAGE_DAMAGED);
	if (o->result == MESSAGE_OK)
		on_age_result(o, age_reader_finish(o->age));
	if (o->result == MESSAGE_OK)
		on_sealed_result(o, sealed_reader_finish(o->sealed));
	if (o->result != MESSAGE_OK)
		return o->result;
	m = sealed_reader_manifest(o->sealed);
	check_author(o, m, pub, n_pub);
	if (o->result == MESSAGE_OK)
		check_envelope(o, m);
	if (o->result == MESSAGE_OK)
		*ret_manifest = m;
	return o->result;
}

enum sealed_result
message_open_sealed(const struct message_open *o)
{
	return o->sealed_result;
}

enum err
message_open_error(const struct message_open *o)
{
	return o->err;
}
