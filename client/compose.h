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

/* The same, for staff: who sits at a terminal and has $VISUAL or $EDITOR set
 * writes with that. */
enum exit_code compose_staff_text(const struct term *t, const char *path,
    struct buf *out) MUST_CHECK;

/*
 * Lets the editor change `text`: in a file of a directory that is made for it,
 * ours alone, in memory and on no disk ($XDG_RUNTIME_DIR or /dev/shm, which
 * must be a tmpfs); wiped and removed afterwards, also what the editor left
 * beside it.
 */
enum exit_code compose_edit(const struct term *t, struct buf *text) MUST_CHECK;
