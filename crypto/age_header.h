#pragma once

#include "crypto/age.h"

/* What the reader of whole files needs of headers; inside age only. */

#define AGE_VERSION_LINE "age-encryption.org/v1"

/* As age_header_open and age_header_open_passphrase in one, with the error
 * behind AGE_FAILED: ERR_NOT_FOUND no match, ERR_SYNTAX bad header,
 * ERR_BAD_SIG altered, ERR_UNSUPPORTED. */
enum err age_header_unlock(struct bytes header, const struct age_keys *keys,
    uint8_t file_key[static AGE_FILE_KEY_LEN]) MUST_CHECK;
enum age_result age_header_result(enum err err);
