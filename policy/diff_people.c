#include "policy/diff_parts.h"

#include <string.h>

#include "crypto/codec.h"
#include "policy/line.h"
#include "policy/words.h"

/* --- one person --- */

static void
diff_until(struct differ *d, const struct policy_person *a,
    const struct policy_person *b)
{
	char day[11];

	if (a->until == b->until)
		return;
	if (b->until == 0) {
		diff_say(d, DIFF_PEOPLE,
		    "%s stays: there is no last day any "
		    "more.",
		    b->slug);
		return;
	}
	day_format(day, b->until);
	diff_say(d, DIFF_PEOPLE, "%s is gone from %s on.", b->slug, day);
}

static void
diff_manager(struct differ *d, const struct policy_person *a,
    const struct policy_person *b)
{
	char was[DIFF_WORDS_MAX], is[DIFF_WORDS_MAX];

	diff_slugs(d->old, a->reports_to, a->n_reports_to, was, sizeof(was));
	diff_slugs(d->new, b->reports_to, b->n_reports_to, is, sizeof(is));
	if (strcmp(was, is) != 0)
		diff_say(d, DIFF_PEOPLE, "%s reports to %s, before to %s.",
		    b->slug, is[0] != '\0' ? is : "nobody",
		    was[0] != '\0' ? was : "nobody");
}

static bool
is_trained(const struct policy_person *who, const struct policy_trained *in)
{
	for (size_t i = 0; i < who->n_trained; i++)
		if (strcmp(who->trained[i].subcategory, in->subcategory) == 0 &&
		    who->trained[i].until == in->until)
			return true;
	return false;
}

static void
diff_training(struct differ *d, const struct policy_person *a,
    const struct policy_person *b)
{
	char day[11];

	for (size_t i = 0; i < b->n_trained; i++) {
		if (is_trained(a, &b->trained[i]))
			continue;
		day_format(day, b->trained[i].until);
		diff_say(d, DIFF_PEOPLE, "%s is trained in %s, until %s.",
		    b->slug, b->trained[i].subcategory,
		    b->trained[i].until != 0 ? day : "further notice");
	}
	for (size_t i = 0; i < a->n_trained; i++)
		if (!is_trained(b, &a->trained[i]))
			diff_say(d, DIFF_PEOPLE,
			    "The training of %s in %s, as "
			    "it was, counts no more.",
			    b->slug, a->trained[i].subcategory);
}

/* Areas are compared as the lists are, by slug. */
static bool
same_areas(const struct differ *d, const struct policy_person *a,
    const struct policy_person *b)
{
	if (__builtin_popcountll(a->areas) != __builtin_popcountll(b->areas))
		return false;
	for (size_t i = 0; i < d->old->n_areas; i++) {
		const struct policy_area *there;

		if ((a->areas >> i & 1) == 0)
			continue;
		there = policy_area(d->new, d->old->areas[i].slug);
		if (there == NULL ||
		    (b->areas >> (there - d->new->areas) & 1) == 0)
			return false;
	}
	return true;
}

static void
diff_person(struct differ *d, const struct policy_person *a,
    const struct policy_person *b)
{
	char text[WORDS_PERSON_MAX];

	policy_person_text(d->new, b->number, text, sizeof(text));
	if (strcmp(a->slug, b->slug) != 0)
		diff_say(d, DIFF_PEOPLE,
		    "Person %u is called %s now, before "
		    "%s: a number belongs to one person for ever.",
		    b->number, b->slug, a->slug);
	if (strcmp(a->name, b->name) != 0 || strcmp(a->title, b->title) != 0)
		diff_say(d, DIFF_PEOPLE, "%s is shown as %s.", b->slug, text);
	if (a->role != b->role)
		diff_say(d, DIFF_PEOPLE, "%s is %s, before %s.", b->slug,
		    policy_role_name(b->role), policy_role_name(a->role));
	if (!same_areas(d, a, b))
		diff_say(d, DIFF_PEOPLE, "%s has other areas.", b->slug);
	diff_until(d, a, b);
	diff_manager(d, a, b);
	diff_training(d, a, b);
}

/* --- keys, on the day on which the new policy is issued --- */

static bool
same_recipient(const struct age_recipient *a, const struct age_recipient *b)
{
	size_t n = a->kind == AGE_HYBRID ? sizeof(a->key) : 32;

	return a->kind == b->kind && memcmp(a->key, b->key, n) == 0;
}

static void
diff_keys(struct differ *d, const struct policy_person *a,
    const struct policy_person *b)
{
	int64_t day = d->new->issued / DAY_SECONDS;
	const struct policy_key *was = a != NULL ? policy_key_at(a, day) : NULL;
	const struct policy_key *is = policy_key_at(b, day);

	if (was == NULL && is != NULL)
		diff_say(d, DIFF_KEYS, "%s has a key, and can read.", b->slug);
	if (was != NULL && is == NULL)
		diff_say(d, DIFF_KEYS,
		    "%s has no key any more, and cannot "
		    "read what comes.",
		    b->slug);
	if (was == NULL || is == NULL)
		return;
	if (!same_recipient(&was->classic, &is->classic) ||
	    (was->has_hybrid && is->has_hybrid &&
		!same_recipient(&was->hybrid, &is->hybrid)))
		diff_say(d, DIFF_KEYS,
		    "%s reads with another key: what is "
		    "sealed already needs the old one.",
		    b->slug);
	if (was->has_hybrid != is->has_hybrid)
		diff_say(d, DIFF_KEYS, "%s %s.", b->slug,
		    is->has_hybrid ? "has a hybrid key now"
				   : "has no hybrid key now");
	if (memcmp(was->sign_pub, is->sign_pub, SIGN_PUB_LEN) != 0)
		diff_say(d, DIFF_KEYS, "%s signs with another key.", b->slug);
}

/* --- whom a mark takes along --- */

/* All who report to somebody, in numbers. */
static size_t
line_below(const struct policy *p, uint16_t person, uint16_t *out)
{
	struct people_set s = { 0 };
	size_t n = 0;

	people_add(p, &s, person);
	people_add_reports(p, &s);
	for (size_t i = 0; i < p->n_people; i++)
		if (people_has(&s, i))
			out[n++] = p->people[i].number;
	return n;
}

static void
diff_line(struct differ *d, const struct policy_person *who)
{
	uint16_t was[POLICY_PEOPLE_MAX], is[POLICY_PEOPLE_MAX];
	uint16_t some[POLICY_PEOPLE_MAX];
	size_t n = line_below(d->old, who->number, was), k;
	size_t m = line_below(d->new, who->number, is);
	char words[DIFF_WORDS_MAX];

	k = diff_minus(is, m, was, n, some);
	diff_slugs(d->new, some, k, words, sizeof(words));
	if (k > 0)
		diff_say(d, DIFF_EXCLUSIONS,
		    "When %s is marked, their line of "
		    "management includes %s now.",
		    who->slug, words);
	k = diff_minus(was, n, is, m, some);
	diff_slugs(d->old, some, k, words, sizeof(words));
	if (k > 0)
		diff_say(d, DIFF_EXCLUSIONS,
		    "When %s is marked, their line of "
		    "management does not include %s any more.",
		    who->slug, words);
}

void
diff_people(struct differ *d)
{
	const struct policy *old = d->old, *new = d->new;
	char text[WORDS_PERSON_MAX];

	for (size_t i = 0; i < new->n_people; i++) {
		const struct policy_person *b = &new->people[i];
		const struct policy_person *a = policy_person(old, b->number);

		policy_person_text(new, b->number, text, sizeof(text));
		if (a == NULL)
			diff_say(d, DIFF_PEOPLE, "%s is new: %s, %s.", b->slug,
			    text, policy_role_name(b->role));
		else
			diff_person(d, a, b);
		diff_keys(d, a, b);
	}
	for (size_t i = 0; i < old->n_people; i++)
		if (policy_person(new, old->people[i].number) == NULL)
			diff_say(d, DIFF_PEOPLE,
			    "%s is not in it any more: "
			    "what they wrote cannot be checked. An `until` "
			    "would end their part.",
			    old->people[i].slug);
	for (size_t i = 0; i < new->n_people; i++)
		if (policy_person(old, new->people[i].number) != NULL)
			diff_line(d, &new->people[i]);
}
