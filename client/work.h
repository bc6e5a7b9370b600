#pragma once

#include "client/term.h"
#include "crypto/bundle.h"

/*
 * Does what a busy server asked for (crypto/work.h), with a line on standard
 * error where that is a terminal and it takes a moment. A signal ends the
 * program as anywhere: nothing has been stored yet. ERR_NOMEM; ERR_IO: a signal
 * waits (client/hold.h).
 */
enum err work_do(const struct term *t, const struct answer_work *asked,
    uint8_t ret[static WORK_LEN]) MUST_CHECK;
