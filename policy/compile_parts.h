#pragma once

#include "policy/compile.h"
#include "policy/holder.h"
#include "policy/names.h"

/* What the parts of the compiler share. */

struct compiler {
	struct yaml_doc *doc;
	struct yaml_doc *keys_doc; /* NULL: none */
	const struct compile_zone *zone;
	struct policy *policy; /* being made */
	struct arena *arena;
	int64_t day; /* of issue */
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* In this order: each may refer to what came before. node is NULL where the
 * section is absent. */
enum err compile_places(struct compiler *c, const struct yaml_node *icbs,
    const struct yaml_node *areas) MUST_CHECK;
enum err compile_people(struct compiler *c, const struct yaml_node *at)
    MUST_CHECK;
enum err compile_keys_beside(struct compiler *c) MUST_CHECK;
enum err compile_form(struct compiler *c, const struct yaml_node *at)
    MUST_CHECK;
enum err compile_routes(struct compiler *c, const struct yaml_node *at)
    MUST_CHECK;
enum err compile_rules(struct compiler *c, const struct yaml_node *at)
    MUST_CHECK;
enum err compile_plain(struct compiler *c, const struct yaml_node *at)
    MUST_CHECK;
enum err compile_deadlines(struct compiler *c, const struct yaml_node *at)
    MUST_CHECK;
enum err compile_limits(struct compiler *c, const struct yaml_node *at)
    MUST_CHECK;
enum err compile_contacts(struct compiler *c, const struct yaml_node *at,
    struct policy_contact **ret, size_t *ret_n) MUST_CHECK;
enum err compile_calendar(struct compiler *c, const struct yaml_node *at)
    MUST_CHECK;

/* --- compile_words.c --- */

/* A list's first item and length; a scalar is a list of one, NULL is empty. */
enum err list_items(struct yaml_doc *d, const struct yaml_node *at, size_t max,
    const struct yaml_node **ret_first, size_t *ret_n) MUST_CHECK;
enum err read_word(struct yaml_doc *d, const struct yaml_node *at,
    const struct names *names, const char *what, unsigned *ret) MUST_CHECK;
enum err read_band(struct yaml_doc *d, const struct yaml_node *at, uint8_t *ret)
    MUST_CHECK;
/* All bands where at is NULL. */
enum err read_bands(struct yaml_doc *d, const struct yaml_node *at,
    uint8_t *ret) MUST_CHECK;
enum err read_duration(struct yaml_doc *d, const struct yaml_node *at,
    struct policy_duration *ret) MUST_CHECK;
enum err read_person(struct compiler *c, const struct yaml_node *at,
    uint16_t *ret) MUST_CHECK;
/* Slugs of people and roles, to numbers: ascending, each once. */
enum err read_who(struct compiler *c, const struct yaml_node *at, uint16_t *out,
    size_t cap, size_t *ret_n) MUST_CHECK;
void sort_numbers(uint16_t *v, size_t n);
