/*
 * The YAML reader and the compiler: a tree that is given out keeps its
 * promises, and what compiles is read back as exactly what was written, and
 * can be checked.
 */
#include <stdlib.h>
#include <string.h>

#include "policy/check.h"
#include "policy/compile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
walk(const struct yaml_node *node, bool in_map, unsigned depth)
{
	size_t n = 0;

	must(depth <= YAML_DEPTH_MAX && node->text != NULL);
	must((node->key != NULL) == in_map);
	must(node->line > 0 && node->column > 0);
	must(node->kind == YAML_TEXT || node->text[0] == '\0');
	for (const struct yaml_node *c = node->first; c != NULL; c = c->next) {
		walk(c, node->kind == YAML_MAP, depth + 1);
		/* the first of that name is this one: none is repeated */
		must(c->key == NULL || yaml_get(node, c->key) == c);
		n++;
	}
	must(n == node->n && (n == 0 || node->kind != YAML_TEXT));
}

static enum err
always_utc(void *ctx, const char *zone, int64_t day, unsigned minute,
    int64_t *ret)
{
	(void)ctx;
	(void)zone;
	*ret = day * 86400 + (int64_t)minute * 60;
	return ERR_OK;
}

static void
ignore(void *ctx, const struct check_finding *f)
{
	must(strchr(f->sentence, '\n') == NULL);
	(*(unsigned *)ctx)++;
}

static void
compile(struct bytes yaml)
{
	static const struct compile_zone zone = { .to_utc = always_utc };
	struct compile_input in = { .yaml = yaml, .file = "f", .zone = &zone };
	struct buf json = BUF_INIT(POLICY_JSON_MAX);
	struct buf again = BUF_INIT(POLICY_JSON_MAX);
	struct yaml_error error = { 0 };
	struct policy_problem problem;
	struct check_summary sum;
	struct policy *p = NULL;
	unsigned said = 0;
	enum err e = policy_compile(&in, &json, &error);

	must(e == ERR_OK || error.text[0] != '\0' || e == ERR_NOMEM ||
	    e == ERR_LIMIT);
	if (e == ERR_OK) {
		must(policy_parse(buf_bytes(&json), &p, &problem) == ERR_OK);
		must(policy_put(p, &again) == ERR_OK);
		must(bytes_equal(buf_bytes(&json), buf_bytes(&again)));
		if (policy_check(p, ignore, &said, &sum) == ERR_OK)
			must(said >= sum.errors + sum.warnings);
	}
	policy_free(p);
	buf_free(&json);
	buf_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct yaml_doc *d = NULL;
	struct yaml_error error;

	if (yaml_parse(BYTES(data, size), "f", &d, &error) == ERR_OK) {
		must(error.text[0] == '\0');
		walk(yaml_root(d), false, 0);
		yaml_free(d);
		compile(BYTES(data, size));
	}
	return 0;
}
