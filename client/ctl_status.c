#include "client/ctl_config.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "client/json.h"
#include "client/roots.h"
#include "crypto/codec.h"
#include "crypto/env.h"
#include "crypto/lines.h"

/*
 * What an operator can know from the files: the policy and how long it lasts,
 * the listeners, how the clock of a running daemon does
 * (daemon/vault_health.h), and, while it is stopped, how much is stored.
 */

static const struct {
	const char *name, *text;
} health_lines[] = {
	{ "nobody", "Rungs reached where nobody had signed in lately" },
	{ "lost", "Cases that nobody more could be found for" },
	{ "postponed", "Cases that could not be looked at when due" },
};
#define HEALTH_LINES (sizeof(health_lines) / sizeof(health_lines[0]))
#define HEALTH_MAX 512

struct status {
	bool has_health;
	uint64_t health_day, health[HEALTH_LINES];
	struct ctl_config config;
	struct root root;
	struct policy *policy;
	struct policy_status policy_status;
	bool has_counts;
	struct ctl_counts counts;
};

static enum exit_code
open_policy(const struct term *t, struct status *s)
{
	struct buf x CLEAN_BUF = BUF_INIT(NOTE_MAX);
	const char *paths[CTL_ROOTS_MAX];
	uint8_t hash0[SHA256_LEN];
	enum exit_code code;
	enum err err;

	for (size_t i = 0; i < s->config.n_roots; i++)
		paths[i] = s->config.root[i];
	code = roots_read(t, paths, s->config.n_roots, NULL, hash0, &s->root);
	if (code == EXIT_DONE)
		code = file_read(t, s->config.policy, &x);
	if (code != EXIT_DONE)
		return code;
	err = policy_open(buf_bytes(&x), &s->root, env_now(&env_system), 0,
	    &s->policy, &s->policy_status);
	if (err == ERR_EXPIRED)
		return term_fail(t, EXIT_REFUSED,
		    "%s: this policy has ended. Nobody can file a concern.",
		    s->config.policy);
	if (err != ERR_OK)
		return term_fail(t, EXIT_REFUSED,
		    "%s: this policy is not signed as the root asks.",
		    s->config.policy);
	return EXIT_DONE;
}

/* The daemon's file; none is there before it has run. */
static void
read_health(const struct term *t, struct status *s)
{
	struct buf x CLEAN_BUF = BUF_INIT(HEALTH_MAX);
	char path[CTL_PATH_MAX + 8];
	struct lines l;

	(void)snprintf(path, sizeof(path), "%s/health", s->config.state);
	if (access(path, R_OK) != 0 || file_read(t, path, &x) != EXIT_DONE)
		return;
	l = lines_over(buf_bytes(&x));
	(void)lines_get_number(&l, "health", 1);
	s->health_day = lines_get_number(&l, "day", UINT32_MAX);
	for (size_t i = 0; i < HEALTH_LINES; i++)
		s->health[i] =
		    lines_get_number(&l, health_lines[i].name, INT64_MAX);
	s->has_health = lines_end(&l) == ERR_OK;
}

static void
say_health(const struct term *t, const struct status *s)
{
	char day[11];

	day_format(day, (int64_t)s->health_day);
	term_say(t, "The clock, since the daemon's latest start, by %s:", day);
	for (size_t i = 0; i < HEALTH_LINES; i++)
		term_item(t, 1, "%s: %" PRIu64, health_lines[i].text,
		    s->health[i]);
}

static void
say_status(const struct term *t, const struct status *s)
{
	char soft[11], hard[11];

	day_format(soft, s->policy->soft_expiry / DAY_SECONDS);
	day_format(hard, s->policy->hard_expiry / DAY_SECONDS);
	term_say(t, "%s, policy %" PRIu32 ", root %" PRIu32 ".", s->policy->org,
	    s->policy->serial, s->root.serial);
	term_item(t, 1, "Renew the policy by %s%s; it ends on %s.", soft,
	    s->policy_status.soft_expired ? " (that has passed)" : "", hard);
	for (size_t i = 0; i < s->config.n_listeners; i++)
		term_item(t, 1, "Listener: %s", s->config.listener[i]);
	if (s->has_health)
		say_health(t, s);
	if (!s->has_counts)
		term_item(t, 1,
		    "How much is stored cannot be told without --store-key.");
	else if (s->counts.running)
		term_item(t, 1,
		    "The daemon is running; how much is stored can be counted "
		    "while it is stopped.");
	else if (s->counts.none)
		term_item(t, 1,
		    "There is no store in %s yet. The daemon is not running.",
		    s->config.state);
	else
		term_item(t, 1,
		    "Stored: %" PRIu64 " cases, %" PRIu64
		    " uploads under way, %" PRIu64 " MiB of at most %" PRIu64
		    " MiB. The daemon is not running.",
		    s->counts.cases, s->counts.uploads, s->counts.used >> 20,
		    s->counts.size_max >> 20);
}

static json_t *
listeners_json(const struct ctl_config *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->n_listeners; i++)
		(void)json_array_append_new(list, json_string(c->listener[i]));
	return list;
}

static enum exit_code
print_json(const struct term *t, const struct status *s)
{
	char soft[11], hard[11];
	json_t *j;

	day_format(soft, s->policy->soft_expiry / DAY_SECONDS);
	day_format(hard, s->policy->hard_expiry / DAY_SECONDS);
	j = json_pack("{s:s, s:I, s:I, s:s, s:s, s:o}", "org", s->policy->org,
	    "policy", (json_int_t)s->policy->serial, "root",
	    (json_int_t)s->root.serial, "soft_expiry", soft, "hard_expiry",
	    hard, "listeners", listeners_json(&s->config));
	for (size_t i = 0; s->has_health && i < HEALTH_LINES; i++)
		(void)json_object_set_new(j, health_lines[i].name,
		    json_integer((json_int_t)s->health[i]));
	if (s->has_counts)
		(void)json_object_set_new(j, "running",
		    json_boolean(s->counts.running));
	if (s->has_counts && !s->counts.running && !s->counts.none) {
		(void)json_object_set_new(j, "cases",
		    json_integer((json_int_t)s->counts.cases));
		(void)json_object_set_new(j, "bytes",
		    json_integer((json_int_t)s->counts.used));
	}
	return json_print(t, j);
}

static enum exit_code
gather(const struct ctl_options *o, const struct term *t, struct status *s)
{
	enum exit_code code = ctl_config_read(t, o->config, &s->config);

	if (code == EXIT_DONE)
		code = open_policy(t, s);
	if (code == EXIT_DONE && o->store_key != NULL)
		(void)snprintf(s->config.store_key, sizeof(s->config.store_key),
		    "%s", o->store_key);
	if (code == EXIT_DONE)
		read_health(t, s);
	s->has_counts = s->config.store_key[0] != '\0';
	if (code == EXIT_DONE && s->has_counts)
		code = ctl_count_store(o, t, &s->config, &s->counts);
	return code;
}

enum exit_code
ctl_status(const void *values, const struct args *args)
{
	const struct ctl_options *o = values;
	struct term t = ctl_term(o);
	struct status s = { 0 };
	enum exit_code code;

	(void)args;
	if (o->config == NULL)
		return term_fail(&t, EXIT_USAGE, "Say --config FILE.");
	code = gather(o, &t, &s);
	if (code == EXIT_DONE && o->json)
		code = print_json(&t, &s);
	else if (code == EXIT_DONE)
		say_status(&t, &s);
	s.policy = policy_free(s.policy);
	return code;
}
