#pragma once

#include "client/file.h"
#include "policy/root.h"

/* The pin of root 0: its SHA-256 as 64 hex digits, or the 12 words on the
 * poster, which are its first 16 bytes. */
struct pin {
	size_t n; /* 0: none, 16 or 32 */
	uint8_t bytes[SHA256_LEN];
};
/* text NULL: no pin. EXIT_USAGE is said. */
enum exit_code pin_parse(const struct term *t, const char *text,
    struct pin *ret) MUST_CHECK;
bool pin_fits(const struct pin *pin, const uint8_t hash0[static SHA256_LEN]);

/* Walks root notes from 0 on against a pin; what is wrong is said. */
enum exit_code roots_check(const struct term *t, const struct bytes *notes,
    size_t n, const struct pin *pin, uint8_t ret_hash0[static SHA256_LEN],
    struct root *ret) MUST_CHECK;
/* The same from files; pin may be NULL. */
enum exit_code roots_read(const struct term *t, const char *const *paths,
    size_t n, const char *pin, uint8_t ret_hash0[static SHA256_LEN],
    struct root *ret) MUST_CHECK;
