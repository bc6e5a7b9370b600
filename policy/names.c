#include "policy/names.h"

#include <stdio.h>
#include <string.h>

#include "crypto/codec.h"

/* clang-format off */
#define NAMES(x) { .name = (x), .n = sizeof(x) / sizeof((x)[0]) }
/* clang-format on */

static const char *const roles[] = {
	[ROLE_GUARDIAN] = "guardian",
	[ROLE_LEAD_GUARDIAN] = "lead-guardian",
	[ROLE_DEPUTY_GUARDIAN] = "deputy-guardian",
	[ROLE_CHAMPION] = "champion",
	[ROLE_INVESTIGATOR] = "investigator",
	[ROLE_MANAGER] = "manager",
	[ROLE_EXECUTIVE] = "executive",
	[ROLE_EXECUTIVE_LEAD] = "executive-lead",
	[ROLE_CHIEF_EXECUTIVE] = "chief-executive",
	[ROLE_NED] = "ned",
	[ROLE_NED_LEAD] = "ned-lead",
	[ROLE_CHAIR] = "chair",
	[ROLE_HR] = "hr",
	[ROLE_PATIENT_SAFETY] = "patient-safety",
	[ROLE_SAFEGUARDING] = "safeguarding",
	[ROLE_COUNTER_FRAUD] = "counter-fraud",
	[ROLE_INFORMATION_GOVERNANCE] = "information-governance",
	[ROLE_ESTATES] = "estates",
	[ROLE_EXTERNAL] = "external",
};
_Static_assert(sizeof(roles) / sizeof(roles[0]) == POLICY_ROLES, "roles");

static const char *const units[] = {
	[UNIT_MINUTES] = "minutes",
	[UNIT_HOURS] = "hours",
	[UNIT_DAYS] = "days",
	[UNIT_WORKING_HOURS] = "working hours",
	[UNIT_WORKING_DAYS] = "working days",
};
_Static_assert(sizeof(units) / sizeof(units[0]) == POLICY_UNITS, "units");

static const char *const whens[] = {
	[RUNG_UNACKNOWLEDGED] = "unacknowledged",
	[RUNG_UNTRIAGED] = "untriaged",
	[RUNG_NO_UPDATE] = "no-update",
	[RUNG_UNRESOLVED] = "unresolved",
	[RUNG_NO_MOVEMENT] = "no-movement",
	[RUNG_BREACHED] = "breached",
};
_Static_assert(sizeof(whens) / sizeof(whens[0]) == POLICY_WHENS, "whens");

static const char *const verbs[] = {
	[VERB_TELL] = "tell",
	[VERB_JOIN] = "join",
};

static const char *const keys[] = {
	[KEYS_CLASSIC] = "classic",
	[KEYS_HYBRID] = "hybrid",
};

static const char *const field_kinds[] = {
	[FIELD_ONE] = "one",
	[FIELD_MANY] = "many",
	[FIELD_YES_NO] = "yes-no",
	[FIELD_PEOPLE] = "people",
};

static const char *const deadlines[] = {
	[DEADLINE_ACKNOWLEDGE] = "acknowledge",
	[DEADLINE_TRIAGE] = "triage",
	[DEADLINE_UPDATE] = "update",
	[DEADLINE_ROUTE] = "route",
	[DEADLINE_TERMS] = "terms",
	[DEADLINE_REPORT] = "report",
	[DEADLINE_REPORT_COMPLEX] = "report-complex",
	[DEADLINE_REVIEW] = "review",
	[DEADLINE_FEEDBACK] = "feedback",
};
_Static_assert(sizeof(deadlines) / sizeof(deadlines[0]) == POLICY_DEADLINES,
    "deadlines");

const struct names role_names = NAMES(roles);
const struct names unit_names = NAMES(units);
const struct names when_names = NAMES(whens);
const struct names verb_names = NAMES(verbs);
const struct names keys_names = NAMES(keys);
const struct names field_kind_names = NAMES(field_kinds);
const struct names deadline_names = NAMES(deadlines);

enum err
names_find(const struct names *names, struct bytes word, unsigned *ret)
{
	for (unsigned i = 0; i < names->n; i++)
		if (bytes_equal(word, bytes_str(names->name[i]))) {
			*ret = i;
			return ERR_OK;
		}
	return ERR_NOT_FOUND;
}

static const char *
name_at(const struct names *names, unsigned i)
{
	return i < names->n ? names->name[i] : "?";
}

const char *
policy_role_name(enum policy_role r)
{
	return name_at(&role_names, r);
}

const char *
policy_unit_name(enum policy_unit u)
{
	return name_at(&unit_names, u);
}

const char *
rung_when_name(enum rung_when w)
{
	return name_at(&when_names, w);
}

const char *
rung_verb_name(enum rung_verb v)
{
	return name_at(&verb_names, v);
}

const char *
policy_keys_name(enum policy_keys k)
{
	return name_at(&keys_names, k);
}

const char *
policy_field_kind_name(enum policy_field_kind k)
{
	return name_at(&field_kind_names, k);
}

const char *
policy_deadline_name(enum policy_deadline d)
{
	return name_at(&deadline_names, d);
}

/* A unit, in the plural or (for one) without its last letter. */
static enum err
unit_find(struct bytes word, unsigned *ret)
{
	struct bytes singular;

	for (unsigned i = 0; i < unit_names.n; i++) {
		singular = bytes_str(unit_names.name[i]);
		singular.n--;
		if (bytes_equal(word, bytes_str(unit_names.name[i])) ||
		    bytes_equal(word, singular)) {
			*ret = i;
			return ERR_OK;
		}
	}
	return ERR_SYNTAX;
}

enum err
duration_parse(struct bytes text, struct policy_duration *ret)
{
	const uint8_t *space = text.n > 0 ? memchr(text.p, ' ', text.n) : NULL;
	size_t n = space != NULL ? (size_t)(space - text.p) : 0;
	uint64_t amount;
	unsigned unit;

	if (space == NULL ||
	    decimal_get(BYTES(text.p, n), POLICY_AMOUNT_MAX, &amount) !=
		ERR_OK ||
	    unit_find(BYTES(space + 1, text.n - n - 1), &unit) != ERR_OK ||
	    (unit == UNIT_MINUTES && amount % 15 != 0))
		return ERR_SYNTAX;
	ret->amount = (uint16_t)amount;
	ret->unit = (enum policy_unit)unit;
	return ERR_OK;
}

void
duration_format(const struct policy_duration *d,
    char out[static DURATION_TEXT_MAX])
{
	const char *unit = policy_unit_name(d->unit);
	int n = (int)strlen(unit) - (d->amount == 1);

	snprintf(out, DURATION_TEXT_MAX, "%u %.*s", d->amount, n, unit);
}
