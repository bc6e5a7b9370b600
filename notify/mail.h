#pragma once

#include "crypto/bytes.h"

/*
 * The one text. It is the same, byte for byte, whoever it goes to and whatever
 * it is about; it says the hour and no more of the time, and nothing of the
 * machine that sends it. Lines end in CR LF (RFC 5322).
 */
#define MAIL_MAX 2048
/* Appends it. now: seconds since 1970; the hour that has begun is written. */
void mail_put(const char *from, int64_t now, struct buf *out);
