#include "policy/diff.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "policy/diff_parts.h"

#define SENTENCE_MAX 1000

const char *
diff_part_name(enum diff_part part)
{
	static const char *const names[DIFF_PARTS] = { "people", "keys",
		"exclusions", "form", "routes", "concerns", "times", "limits" };

	return names[part];
}

void
diff_say(struct differ *d, enum diff_part part, const char *fmt, ...)
{
	char sentence[SENTENCE_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(sentence, sizeof(sentence), fmt, ap);
	va_end(ap);
	d->sum.said++;
	d->report(d->ctx, part, sentence);
}

void
diff_slugs(const struct policy *p, const uint16_t *who, size_t n, char *out,
    size_t cap)
{
	size_t at = 0;

	out[0] = '\0';
	for (size_t i = 0; i < n && at < cap; i++) {
		const struct policy_person *person = policy_person(p, who[i]);

		(void)snprintf(out + at, cap - at, "%s%s",
		    i == 0	     ? ""
			: i + 1 == n ? " and "
				     : ", ",
		    person != NULL ? person->slug : "somebody unknown");
		at = strlen(out);
	}
}

bool
diff_has(const uint16_t *v, size_t n, uint16_t number)
{
	for (size_t i = 0; i < n; i++)
		if (v[i] == number)
			return true;
	return false;
}

size_t
diff_minus(const uint16_t *v, size_t n, const uint16_t *w, size_t m,
    uint16_t *out)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		if (!diff_has(w, m, v[i]))
			out[count++] = v[i];
	return count;
}

enum err
policy_diff(const struct policy *old, const struct policy *new,
    diff_report *report, void *ctx, struct diff_summary *ret)
{
	struct differ d = { old, new, report, ctx, { 0 } };
	enum err e;

	diff_people(&d);
	diff_routes(&d);
	e = diff_concerns(&d);
	diff_times(&d);
	*ret = d.sum;
	return e;
}
