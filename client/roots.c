#include "client/roots.h"

#include <string.h>

#include "crypto/codec.h"

enum exit_code
pin_parse(const struct term *t, const char *text, struct pin *ret)
{
	*ret = (struct pin){ 0 };
	if (text == NULL)
		return EXIT_DONE;
	if (strlen(text) == 2 * SHA256_LEN &&
	    hex_decode(bytes_str(text), ret->bytes, SHA256_LEN) == ERR_OK) {
		ret->n = SHA256_LEN;
		return EXIT_DONE;
	}
	if (receipt_parse(bytes_str(text), ret->bytes, NULL) == ERR_OK) {
		ret->n = RECEIPT_LEN;
		return EXIT_DONE;
	}
	return term_fail(t, EXIT_USAGE,
	    "--root-hash is 64 hex digits, or the 12 words from the poster in "
	    "quotation marks.");
}

bool
pin_fits(const struct pin *pin, const uint8_t hash0[static SHA256_LEN])
{
	return pin->n == 0 || memcmp(pin->bytes, hash0, pin->n) == 0;
}

static enum exit_code
not_roots(const struct term *t, enum err err)
{
	if (err == ERR_BAD_SIG)
		return term_fail(t, EXIT_REFUSED,
		    "The organisation's root is not signed by the keys that it "
		    "should be.");
	if (err == ERR_CORRUPT)
		return term_fail(t, EXIT_REFUSED,
		    "The organisation's roots do not follow from one another.");
	if (err == ERR_NOMEM || err == ERR_CRYPTO)
		return fail_err(t, err, "The organisation's root");
	return term_fail(t, EXIT_REFUSED,
	    "What should be the organisation's root is not one.");
}

enum exit_code
roots_check(const struct term *t, const struct bytes *notes, size_t n,
    const struct pin *pin, uint8_t ret_hash0[static SHA256_LEN],
    struct root *ret)
{
	struct root root;
	enum err err = roots_walk(notes, n, NULL, &root);

	if (err != ERR_OK)
		return not_roots(t, err);
	if (!pin_fits(pin, root.first))
		return term_fail(t, EXIT_REFUSED,
		    "This is not the server that you asked for: its "
		    "fingerprint differs from the one you gave. Nothing was "
		    "sent.");
	memcpy(ret_hash0, root.first, sizeof(root.first));
	*ret = root;
	return EXIT_DONE;
}

enum exit_code
roots_read(const struct term *t, const char *const *paths, size_t n,
    const char *pin_text, uint8_t ret_hash0[static SHA256_LEN],
    struct root *ret)
{
	struct buf file[ROOTS_MAX] = { 0 };
	struct bytes note[ROOTS_MAX];
	struct pin pin;
	enum exit_code code = pin_parse(t, pin_text, &pin);

	if (n > ROOTS_MAX)
		return term_fail(t, EXIT_USAGE, "At most %d roots.", ROOTS_MAX);
	for (size_t i = 0; code == EXIT_DONE && i < n; i++) {
		file[i].max = NOTE_MAX;
		code = file_read(t, paths[i], &file[i]);
		note[i] = buf_bytes(&file[i]);
	}
	if (code == EXIT_DONE)
		code = roots_check(t, note, n, &pin, ret_hash0, ret);
	for (size_t i = 0; i < n; i++)
		buf_free(&file[i]);
	return code;
}
