#pragma once

/*
 * Every conversation that these tests read is written down, with what was said
 * to each call and what came of it, so that the browser's code can be held
 * against it (tests/web/case.test.ts): one JSON file each in the directory that
 * SPEAKUP_RECORD_CASES names, and beside them, under their SHA-256, policies
 * and whatever else is long. Without that variable nothing is recorded.
 *
 * The calls are caught by the linker (--wrap), so tests know nothing of it.
 */

#include <stdbool.h>

struct scene;

/* Reads what was written in a scene once more: by everybody, and bent in ways
 * that a scene's own test does not try. Nothing without the variable. */
void record_scene(struct scene *s);

/* Between the files of the recorder. */

void record_pause(bool on);
bool record_is_on(void);
/* Some more messages, drawn but always the same. */
void record_go_on(struct scene *s);
