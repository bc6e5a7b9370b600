#include <stdlib.h>
#include <string.h>

#include "crypto/note.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SPACE "speakup/fuzz/v1"

static void
must(bool ok)
{
	if (!ok)
		abort();
}

/*
 * What parses is text, an empty line and signatures, without a gap; a further
 * signature leaves text and others alone, and verifies.
 */
static void
check_added(const struct note *note, struct bytes x)
{
	static const uint8_t seed[SIGN_SEED_LEN] = { 1 };
	CLEAN_BUF struct buf more = BUF_INIT(2 * NOTE_MAX);
	uint8_t pub[SIGN_PUB_LEN];
	struct note_key key;
	struct note got;

	must(sign_public(seed, pub) == ERR_OK);
	must(note_key_init(&key, "fuzz.example", pub) == ERR_OK);
	buf_put_bytes(&more, x);
	if (note_add_signature(&more, &key, seed) != ERR_OK)
		return; /* ours is there, and does not verify; or too many */
	must(note_parse(buf_bytes(&more), SPACE, &got) == ERR_OK);
	must(bytes_equal(got.text, note->text));
	must(got.n_sigs == note->n_sigs + 1);
	must(note_verify(&got, &key, 1, 1) == ERR_OK);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes x = BYTES(data, size);
	struct note_key key;
	struct note note;

	if (note_vkey_parse(x, &key) == ERR_OK) {
		CLEAN_BUF struct buf out = BUF_INIT(NOTE_MAX);

		note_vkey_put(&out, &key);
		must(bytes_equal(buf_bytes(&out), x));
	}
	if (note_parse(x, SPACE, &note) != ERR_OK)
		return 0;
	must(note.text.p == data && note.n_sigs > 0);
	must(note.text.n + 1 < size && data[note.text.n] == '\n');
	must(note.body.p + note.body.n == note.text.p + note.text.n);
	if (size < NOTE_MAX / 2)
		check_added(&note, x);
	return 0;
}
