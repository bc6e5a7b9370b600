#pragma once

#include "crypto/age.h"

/*
 * The ASCII armor of C2SP age.md: strict PEM (RFC 7468 figure 3), LF or CRLF,
 * white space before and after. Inside age only.
 */

#define AGE_ARMOR_LINE_MAX 128

struct age_armor {
	enum { ARMOR_BEFORE, ARMOR_BODY, ARMOR_LAST, ARMOR_AFTER } state;
	size_t n;
	uint8_t line[AGE_ARMOR_LINE_MAX];
};

/* Decoded bytes go on; anything but AGE_OK stops and is forwarded. */
typedef enum age_result age_armor_sink(void *ctx, struct bytes x);

/* Zero the struct to begin. */
enum age_result age_armor_put(struct age_armor *a, struct bytes x,
    age_armor_sink *sink, void *ctx) MUST_CHECK;
enum age_result age_armor_finish(struct age_armor *a) MUST_CHECK;
