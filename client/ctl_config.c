#include "client/ctl_config.h"

#include <stdio.h>

#include "policy/yaml.h"

static void
copy_text(const struct yaml_node *map, const char *key, char *out, size_t cap)
{
	const struct yaml_node *at = yaml_get(map, key);

	if (at != NULL && at->kind == YAML_TEXT)
		(void)snprintf(out, cap, "%s", at->text);
}

static void
copy_roots(const struct yaml_node *at, struct ctl_config *c)
{
	const struct yaml_node *item;

	if (at == NULL)
		return;
	item = at->kind == YAML_LIST ? at->first : at;
	for (; item != NULL && c->n_roots < CTL_ROOTS_MAX;
	     item = at->kind == YAML_LIST ? item->next : NULL)
		(void)snprintf(c->root[c->n_roots++], CTL_PATH_MAX + 1, "%s",
		    item->text);
}

static void
copy_listeners(const struct yaml_node *at, struct ctl_config *c)
{
	const struct yaml_node *item = at != NULL ? at->first : NULL;

	for (; item != NULL && c->n_listeners < CTL_LISTENERS_MAX;
	     item = item->next) {
		char *out = c->listener[c->n_listeners++];

		(void)snprintf(out, CTL_PATH_MAX + 1, "passed by systemd");
		copy_text(item, "address", out, CTL_PATH_MAX + 1);
	}
}

enum exit_code
ctl_config_read(const struct term *t, const char *path, struct ctl_config *ret)
{
	struct buf x CLEAN_BUF = BUF_INIT(YAML_SIZE_MAX);
	struct yaml_doc *d CLEAN_YAML = NULL;
	struct yaml_error problem = { 0 };
	const struct yaml_node *map;
	enum exit_code code = file_read(t, path, &x);

	if (code != EXIT_DONE)
		return code;
	if (yaml_parse(buf_bytes(&x), path, &d, &problem) != ERR_OK)
		return term_fail(t, EXIT_FAILED, "%s", problem.text);
	map = yaml_root(d);
	if (map->kind != YAML_MAP)
		return term_fail(t, EXIT_FAILED,
		    "%s is not a configuration of speakupd.", path);
	*ret = (struct ctl_config){ 0 };
	copy_text(map, "state", ret->state, sizeof(ret->state));
	copy_text(map, "store-key", ret->store_key, sizeof(ret->store_key));
	copy_text(map, "policy", ret->policy, sizeof(ret->policy));
	copy_roots(yaml_get(map, "roots"), ret);
	copy_listeners(yaml_get(map, "listeners"), ret);
	return EXIT_DONE;
}
