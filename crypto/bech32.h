#pragma once

#include "crypto/bytes.h"

/*
 * Bech32 (BIP 173), without its limit on length, as C2SP age.md uses it for
 * recipients and identities. In time that depends on lengths only.
 */

enum bech32_case { BECH32_LOWER, BECH32_UPPER };

/* hrp: the human-readable part, in lower case. */
void bech32_put(struct buf *out, const char *hrp, struct bytes data,
    enum bech32_case letters);
/*
 * Exactly n bytes under this human-readable part; all lower case or all upper
 * case, checksum right, spare bits zero. ERR_SYNTAX.
 */
enum err bech32_get(struct bytes text, const char *hrp, uint8_t *out, size_t n)
    MUST_CHECK;
