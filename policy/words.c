#include "policy/words.h"

#include <stdio.h>
#include <string.h>

void
policy_person_text(const struct policy *p, uint16_t number, char *out,
    size_t cap)
{
	const struct policy_person *person = policy_person(p, number);

	if (person == NULL)
		(void)snprintf(out, cap, "somebody unknown");
	else if (person->title[0] == '\0')
		(void)snprintf(out, cap, "%s", person->name);
	else
		(void)snprintf(out, cap, "%s (%s)", person->name,
		    person->title);
}

static const char *
rung_words(enum rung_when w)
{
	switch (w) {
	case RUNG_UNACKNOWLEDGED:
		return "if nobody has acknowledged it within";
	case RUNG_UNTRIAGED:
		return "if nobody has decided how urgent it is within";
	case RUNG_NO_UPDATE:
		return "if the reporter has heard nothing for";
	case RUNG_UNRESOLVED:
		return "if it is not resolved within";
	case RUNG_NO_MOVEMENT:
		return "if nothing has moved for";
	case RUNG_BREACHED:
		return "if a deadline has been missed by";
	}
	return "";
}

void
policy_rung_text(const struct policy_rung *g, char *out, size_t cap)
{
	char time[DURATION_TEXT_MAX];

	duration_format(&g->after, time);
	if (g->when == RUNG_BREACHED && g->after.amount == 0)
		(void)snprintf(out, cap, "if a deadline has been missed");
	else
		(void)snprintf(out, cap, "%s %s", rung_words(g->when), time);
}

void
policy_bands_text(uint8_t bands, char *out, size_t cap)
{
	size_t n = 0;

	(void)snprintf(out, cap, "%s", bands == BANDS_ALL ? "all bands" : "");
	for (unsigned b = 1; bands != BANDS_ALL && b <= POLICY_BANDS; b++) {
		bool is_last = (bands >> b) == 0;

		if ((bands & BAND_BIT(b)) == 0 || n >= cap)
			continue;
		(void)snprintf(out + n, cap - n, "%sP%u",
		    n == 0	  ? ""
			: is_last ? " and "
				  : ", ",
		    b);
		n = strlen(out);
	}
}
