#pragma once

#include "crypto/bytes.h"

/*
 * UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above
 * U+10FFFF.
 */

/* Takes one character off the front of x; false at a malformed one, or when x
 * is empty. */
bool utf8_next(struct bytes *x, uint32_t *ret_c);
/* Unicode's White_Space property. */
bool utf8_is_space(uint32_t c);
