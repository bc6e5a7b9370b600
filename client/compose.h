#pragma once

#include "client/file.h"

#define COMPOSE_TEXT_MAX (1024 * 1024)

/*
 * The text of a message: from --message FILE, or from standard input, with an
 * invitation where somebody is typing. It must be UTF-8. Empty is for the
 * caller to judge.
 */
enum exit_code compose_text(const struct term *t, const char *path,
    struct buf *out) MUST_CHECK;
