#include "tests/policy/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/codec.h"

const char *source_root;

char *
file_text(const char *name)
{
	char path[4096];
	char *text = calloc(1, YAML_SIZE_MAX + 1);
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", source_root, name);
	f = fopen(path, "rb");
	if (f == NULL || text == NULL)
		fail_msg("cannot read %s", path);
	else {
		assert_true(fread(text, 1, YAML_SIZE_MAX, f) > 0);
		fclose(f);
	}
	return text;
}

/* The last Sunday of the month that ends on this day. */
static int64_t
sunday_before(int64_t last_day)
{
	return last_day - (last_day + 4) % 7;
}

static int64_t
day_of(unsigned year, const char *month_day)
{
	char text[16];
	int64_t day = 0;

	snprintf(text, sizeof(text), "%04u-%s", year, month_day);
	assert_int_equal(day_parse(bytes_str(text), &day), ERR_OK);
	return day;
}

/* Summer time: 01:00 UTC on the last Sundays of March and October. */
static enum err
london_to_utc(void *ctx, const char *zone, int64_t day, unsigned minute,
    int64_t *ret)
{
	char text[11];
	unsigned year;
	int64_t utc = day * DAY_SECONDS + (int64_t)minute * 60;

	(void)ctx;
	/* Dublin keeps the same clock */
	if (strcmp(zone, "Europe/London") != 0 &&
	    strcmp(zone, "Europe/Dublin") != 0)
		return ERR_NOT_FOUND;
	day_format(text, day);
	year = (unsigned)strtoul(text, NULL, 10);
	if (utc >= sunday_before(day_of(year, "03-31")) * DAY_SECONDS + 7200 &&
	    utc < sunday_before(day_of(year, "10-31")) * DAY_SECONDS + 7200)
		utc -= 3600;
	*ret = utc;
	return ERR_OK;
}

const struct compile_zone london = { .to_utc = london_to_utc };

static void
put_key(struct buf *out, uint8_t seed, enum keys_made kind)
{
	struct age_recipient to = { .kind = AGE_X25519 };
	uint8_t pub[SIGN_PUB_LEN], bytes[SIGN_SEED_LEN];

	memset(to.key, seed, 32);
	buf_put_str(out, "{classic: ");
	assert_int_equal(age_recipient_put(out, &to), ERR_OK);
	if (kind == MADE_HYBRID) {
		to.kind = AGE_HYBRID;
		memset(to.key, seed, sizeof(to.key));
		for (size_t i = 0; i + 1 < sizeof(to.key); i += 3)
			to.key[i + 1] = 0; /* coefficients below q */
		buf_put_str(out, ", hybrid: ");
		assert_int_equal(age_recipient_put(out, &to), ERR_OK);
	}
	memset(bytes, seed, sizeof(bytes));
	assert_int_equal(sign_public(bytes, pub), ERR_OK);
	buf_put_str(out, ", sign: \"");
	base64_put(out, BYTES(pub, sizeof(pub)), B64_PADDED);
	buf_put_str(out, "\", from: 2020-01-01}");
}

static bool
has_key(const struct yaml_node *person)
{
	return strcmp(yaml_get(person, "role")->text, "manager") != 0 &&
	    strcmp(yaml_get(person, "slug")->text, "region-lead") != 0;
}

char *
keys_text(const char *policy_yaml, enum keys_made kind)
{
	struct yaml_doc *d = NULL;
	struct yaml_error error;
	const struct yaml_node *p;
	struct buf out = BUF_INIT(YAML_SIZE_MAX);
	uint8_t seed = 1;
	char *text;

	if (yaml_parse(bytes_str(policy_yaml), "policy", &d, &error) != ERR_OK)
		fail_msg("%s", error.text);
	buf_put_str(&out, "keys:\n");
	for (p = yaml_get(yaml_root(d), "people")->first; p != NULL;
	     p = p->next) {
		if (!has_key(p))
			continue;
		buf_printf(&out, "  %s: [", yaml_get(p, "slug")->text);
		put_key(&out, seed++, kind);
		buf_put_str(&out, "]\n");
	}
	yaml_free(d);
	buf_put_u8(&out, 0);
	assert_int_equal(out.err, ERR_OK);
	text = strdup((const char *)out.p);
	buf_free(&out);
	return text;
}

struct policy *
policy_of(const char *yaml, const char *keys)
{
	struct compile_input in = {
		.yaml = bytes_str(yaml),
		.file = "policy",
		.keys = bytes_str(keys),
		.keys_file = "keys",
		.zone = &london,
	};
	struct buf json = BUF_INIT(POLICY_JSON_MAX);
	struct yaml_error error = { 0 };
	struct policy_problem problem;
	struct policy *p = NULL;

	if (policy_compile(&in, &json, &error) != ERR_OK)
		fail_msg("%s", error.text);
	if (policy_parse(buf_bytes(&json), &p, &problem) != ERR_OK)
		fail_msg("%s", problem.text);
	buf_free(&json);
	return p;
}

struct policy *
example_policy(enum keys_made kind)
{
	char *yaml = file_text("etc/policy.yaml");
	char *keys = keys_text(yaml, kind);
	struct policy *p = policy_of(yaml, keys);

	free(keys);
	free(yaml);
	return p;
}

char *
with(char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);
	struct buf out = BUF_INIT(2 * YAML_SIZE_MAX);
	char *changed;

	if (at == NULL)
		fail_msg("\"%s\" is not in the text", from);
	else {
		buf_put(&out, text, (size_t)(at - text));
		buf_put_str(&out, to);
		buf_put_str(&out, at + strlen(from));
	}
	buf_put_u8(&out, 0);
	changed = strdup((const char *)out.p);
	buf_free(&out);
	free(text);
	return changed;
}
