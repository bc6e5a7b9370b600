/*
 * Cases to be simulated: what is read ends, tells events in order of time, and
 * is told the same twice.
 */
#include <stdlib.h>
#include <string.h>

#include "policy/simulate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
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

static const struct compile_zone zone = { .to_utc = always_utc };

#define KEYS                                                             \
	"keys: [{classic: "                                              \
	"age13wluug4kalux00z55quup9cyyfnsxs05gw8vyta5fxsa7snwcsxqmu5asp" \
	", sign: \"ySQpGNcP+k5QMFWhly5CpIOE9hOBhK4bBpdF460Ifds=\"}]"

static const char policy_yaml[] =
    "format: 1\nserial: 1\norganisation: O\nissued: 2026-11-21\n"
    "warn-after: 30 days\nrefuse-after: 60 days\n"
    "calendar:\n  zone: UTC\n  working-days: [monday, friday]\n"
    "  working-hours: 09:00-17:00\n"
    "people:\n"
    "  - {number: 1, slug: g, name: G, role: guardian, " KEYS "}\n"
    "  - {number: 2, slug: h, name: H, role: guardian, " KEYS "}\n"
    "  - {number: 3, slug: i, name: I, role: investigator, " KEYS "}\n"
    "  - {number: 4, slug: e, name: E, role: executive, " KEYS "}\n"
    "form:\n"
    "  - {field: risk, kind: yes-no, ask: A}\n"
    "  - {field: about, kind: people, ask: A}\n"
    "routes:\n"
    "  - number: 1\n    slug: a\n    title: A\n    keys: classic\n"
    "    first: [g, h]\n    recuse-line: yes\n    ladder:\n"
    "      - {when: unacknowledged, after: 4 hours, tell: [e, i]}\n"
    "      - {when: no-movement, after: 2 working days, join: [e]}\n"
    "      - {when: breached, after: 0 hours, tell: [e, i]}\n"
    "  - number: 2\n    slug: b\n    title: B\n    keys: classic\n"
    "    first: [e]\n    recuse-line: no\n    ladder:\n"
    "      - {when: no-update, after: 3 days, join: [g]}\n"
    "rules:\n  - {if: {risk: yes}, route: b, band: P1}\n"
    "  - {route: a, band: P3}\n"
    "deadlines:\n  acknowledge: 4 hours\n  update: 5 working days\n"
    "outside:\n  - {name: N, text: T, contact: C}\n"
    "crisis:\n  - {name: N, text: T, contact: C}\n";

static struct policy *
make_policy(void)
{
	struct compile_input in = {
		.yaml = bytes_str(policy_yaml), .file = "p", .zone = &zone
	};
	struct buf json = BUF_INIT(POLICY_JSON_MAX);
	struct yaml_error error = { 0 };
	struct policy_problem problem;
	struct policy *p = NULL;

	must(policy_compile(&in, &json, &error) == ERR_OK);
	must(policy_parse(buf_bytes(&json), &p, &problem) == ERR_OK);
	buf_free(&json);
	return p;
}

struct heard {
	int64_t last;
	struct buf text;
};

static void
hear(void *ctx, int64_t at, enum simulated what, const char *sentence)
{
	struct heard *h = ctx;

	must(at >= h->last);
	must(strchr(sentence, '\n') == NULL && sentence[0] != '\0');
	must(simulated_name(what) != NULL);
	h->last = at;
	buf_printf(&h->text, "%lld %s\n", (long long)at, sentence);
}

static void
play(const struct policy *p, const struct script *s)
{
	struct heard a = { .text = BUF_INIT(1 << 21) }, b = a;
	struct simulation_sum sum;
	enum err e = simulate(p, s, hear, &a, &sum);

	must(e == ERR_OK || e == ERR_LIMIT);
	must(simulate(p, s, hear, &b, &sum) == e);
	must(bytes_equal(buf_bytes(&a.text), buf_bytes(&b.text)));
	must(a.text.err == ERR_OK && a.text.n > 0);
	buf_free(&a.text);
	buf_free(&b.text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct policy *p;
	struct yaml_doc *d = NULL;
	struct script *s = NULL;
	struct yaml_error error;
	size_t n = 0;

	if (p == NULL)
		p = make_policy();
	if (yaml_parse(BYTES(data, size), "f", &d, &error) != ERR_OK)
		return 0;
	if (script_read(p, &zone, d, NULL, &s, &n) == ERR_OK)
		for (size_t i = 0; i < n; i++)
			play(p, &s[i]);
	else
		must(yaml_error_of(d)->text[0] != '\0');
	free(s);
	yaml_free(d);
	return 0;
}
