#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "policy/compile.h"

/* Repository root, from argv; every file below it. */
extern const char *source_root;
/* NUL-terminated; caller frees. Fails the test. */
char *file_text(const char *name);

/* Wall clock of Europe/London by the rule of the law, not by a database. */
extern const struct compile_zone london;

enum keys_made { MADE_CLASSIC, MADE_HYBRID };
/* `keys: …` for everybody in the policy who is neither a manager nor the
 * region's lead; caller frees. */
char *keys_text(const char *policy_yaml, enum keys_made kind);

/* Compiles and parses; fails the test with the compiler's sentence. */
struct policy *policy_of(const char *yaml, const char *keys);
/* etc/policy.yaml with keys of one kind. */
struct policy *example_policy(enum keys_made kind);

/* The text with the first `from` replaced by `to`; frees the text. Fails the
 * test when it is not there. */
char *with(char *text, const char *from, const char *to);
