#pragma once

#include "crypto/age.h"
#include "crypto/hash.h"
#include "crypto/sign.h"

/*
 * The compiled policy: one JSON document (docs/POLICY.md, "The compiled form")
 * read into constant structs. Everything is bounded by the limits below and
 * cross-checked when it is parsed: numbers and slugs are unique, every
 * reference points at something, so its users need not ask again. Whether the
 * policy is *wise* is policy/check.h's question.
 *
 * Days are days since 1970-01-01 UTC; times are seconds since then. A day
 * `until` is the first day on which the thing no longer holds; 0 is open.
 */

#define POLICY_JSON_MAX (1000 * 1024)
#define POLICY_PEOPLE_MAX 256
#define POLICY_NUMBER_MAX 65534 /* of a person; the store uses 65535 */
#define POLICY_KEYS_MAX 8	/* of one person, old ones included */
#define POLICY_MANAGERS_MAX 4	/* a person reports to */
#define POLICY_TRAINED_MAX 32
#define POLICY_FIELDS_MAX 24
#define POLICY_OPTIONS_MAX 64 /* of one field: a mask of 64 bits */
#define POLICY_AREAS_MAX 64
#define POLICY_ICBS_MAX 16
#define POLICY_ROUTES_MAX 64
#define POLICY_RUNGS_MAX 24
#define POLICY_WHO_MAX 16 /* people in one rung */
#define POLICY_RULES_MAX 128
#define POLICY_CONDITIONS_MAX 8
#define POLICY_ABOUT_MAX 16
#define POLICY_INTERVALS_MAX 2048
#define POLICY_CONTACTS_MAX 16
#define POLICY_TIMES_MAX 8 /* prompts, detriment checks */
#define POLICY_SLUG_MAX 31 /* bytes, without the NUL */
#define POLICY_NAME_MAX 80
#define POLICY_TEXT_MAX 400
#define POLICY_AMOUNT_MAX 1000
#define POLICY_BANDS 4 /* P1 is 1 */

#define BAND_BIT(band) ((uint8_t)(1u << ((band)-1)))
#define BANDS_ALL 0x0f

/* --- time --- */

enum policy_unit {
	UNIT_MINUTES, /* multiples of 15 */
	UNIT_HOURS,
	UNIT_DAYS, /* of 24 hours */
	UNIT_WORKING_HOURS,
	UNIT_WORKING_DAYS,
};
#define POLICY_UNITS 5
struct policy_duration {
	uint16_t amount; /* 0: none is set, except beside RUNG_BREACHED */
	enum policy_unit unit;
};

/* One working day, from start up to but not including end (UTC). */
struct policy_interval {
	int64_t start, end;
};

/* --- people --- */

enum policy_role {
	ROLE_GUARDIAN,
	ROLE_LEAD_GUARDIAN,
	ROLE_DEPUTY_GUARDIAN,
	ROLE_CHAMPION,
	ROLE_INVESTIGATOR,
	ROLE_MANAGER,
	ROLE_EXECUTIVE,
	ROLE_EXECUTIVE_LEAD,
	ROLE_CHIEF_EXECUTIVE,
	ROLE_NED,
	ROLE_NED_LEAD,
	ROLE_CHAIR,
	ROLE_HR,
	ROLE_PATIENT_SAFETY,
	ROLE_SAFEGUARDING,
	ROLE_COUNTER_FRAUD,
	ROLE_INFORMATION_GOVERNANCE,
	ROLE_ESTATES,
	ROLE_EXTERNAL, /* outside the organisation */
};
#define POLICY_ROLES 19

struct policy_key {
	int64_t from, until;
	struct age_recipient classic;
	bool has_hybrid;
	struct age_recipient hybrid;
	uint8_t sign_pub[SIGN_PUB_LEN];
};

struct policy_trained {
	char subcategory[POLICY_SLUG_MAX + 1];
	int64_t until;
};

struct policy_person {
	uint16_t number; /* 1 to POLICY_NUMBER_MAX; never used again */
	char slug[POLICY_SLUG_MAX + 1];
	char name[POLICY_NAME_MAX + 1];
	char title[POLICY_NAME_MAX + 1]; /* may be "" */
	enum policy_role role;
	uint64_t areas; /* mask over policy->areas; 0: all of them */
	int64_t until;	/* leaves; 0: stays */
	size_t n_reports_to;
	uint16_t reports_to[POLICY_MANAGERS_MAX];
	size_t n_trained;
	struct policy_trained *trained;
	size_t n_keys; /* may be 0: somebody who can only be marked */
	struct policy_key *keys;
};

/* --- places --- */

struct policy_icb {
	char slug[POLICY_SLUG_MAX + 1];
	char title[POLICY_NAME_MAX + 1];
	bool lead; /* exactly one, where there are any */
};

struct policy_area {
	char slug[POLICY_SLUG_MAX + 1];
	char title[POLICY_NAME_MAX + 1];
	char icb[POLICY_SLUG_MAX + 1]; /* may be "" */
	int64_t from, until;	       /* in that ICB; 0: open */
};

/* --- the form --- */

enum policy_field_kind {
	FIELD_ONE,    /* one option, or none */
	FIELD_MANY,   /* any number of options */
	FIELD_YES_NO, /* options "yes" and "no" */
	FIELD_PEOPLE, /* people the concern is about: gives exclusions, never
			 answers; has no options */
};

struct policy_option {
	char slug[POLICY_SLUG_MAX + 1];
	char label[POLICY_NAME_MAX + 1];
};

struct policy_field {
	char slug[POLICY_SLUG_MAX + 1];
	enum policy_field_kind kind;
	char ask[POLICY_TEXT_MAX + 1];	/* the question */
	char hint[POLICY_TEXT_MAX + 1]; /* may be "" */
	size_t n_options;
	struct policy_option *options;
};

/* --- routes --- */

enum rung_when {
	RUNG_UNACKNOWLEDGED, /* since the concern came */
	RUNG_UNTRIAGED,	     /* since the concern came */
	RUNG_NO_UPDATE,	     /* since the reporter last heard */
	RUNG_UNRESOLVED,     /* since the concern came */
	RUNG_NO_MOVEMENT,    /* since the case last changed state */
	RUNG_BREACHED,	     /* since any of the band's deadlines passed */
};
#define POLICY_WHENS 6

enum rung_verb {
	VERB_TELL, /* learns that a case on this route is overdue */
	VERB_JOIN, /* may read: an envelope is sealed to them at once, kept
		      back by the vault until the rung is reached */
};

struct policy_rung {
	enum rung_when when;
	struct policy_duration after;
	enum rung_verb verb;
	uint8_t bands; /* BAND_BIT()s for which it counts */
	size_t n_who;
	uint16_t who[POLICY_WHO_MAX]; /* ascending */
};

enum policy_keys { KEYS_CLASSIC, KEYS_HYBRID };

struct policy_route {
	uint16_t number; /* 1 to 65535 */
	char slug[POLICY_SLUG_MAX + 1];
	char title[POLICY_NAME_MAX + 1];
	enum policy_keys keys;
	bool recuse_line; /* who reports to a marked person is left out too */
	size_t n_first;
	uint16_t first[POLICY_WHO_MAX]; /* ascending */
	size_t n_rungs;
	struct policy_rung *rungs; /* rung k of a member is rungs[k - 1] */
};

/* --- rules: the first that matches picks the route --- */

struct policy_condition {
	uint8_t field;	  /* index into policy->form; not FIELD_PEOPLE */
	uint64_t options; /* mask: any of these */
};

struct policy_rule {
	size_t n_conditions; /* all must hold; none: always (the last rule) */
	struct policy_condition *conditions;
	/* where either is set: a marked person has one of these roles or is
	 * one of these people */
	uint32_t about_roles; /* mask over enum policy_role */
	size_t n_about;
	uint16_t about[POLICY_ABOUT_MAX];
	uint16_t route; /* a route's number */
	uint8_t band;	/* starting band */
};

/* --- the rest --- */

enum policy_deadline {
	DEADLINE_ACKNOWLEDGE,
	DEADLINE_TRIAGE,
	DEADLINE_UPDATE, /* since the reporter last heard */
	DEADLINE_ROUTE,	 /* how it will be handled is agreed */
	DEADLINE_TERMS,	 /* terms of reference, since assigned */
	DEADLINE_REPORT,
	DEADLINE_REPORT_COMPLEX,
	DEADLINE_REVIEW, /* pre-action review, since the report */
	DEADLINE_FEEDBACK,
};
#define POLICY_DEADLINES 9

struct policy_contact {
	char name[POLICY_NAME_MAX + 1];
	char text[POLICY_TEXT_MAX + 1];
	char contact[POLICY_TEXT_MAX + 1]; /* telephone, address, page */
};

struct policy_limits {
	uint16_t living_days;	   /* signed in within, or is not living */
	uint16_t caseload;	   /* open cases of one investigator */
	uint16_t attachments_mib;  /* of one concern; 0: no attachments */
	uint16_t close_after_days; /* silent reporter: closed with notice */
	uint16_t mailbox_days;	   /* kept after closing */
	size_t n_prompts;
	uint16_t prompt_days[POLICY_TIMES_MAX]; /* silent reporter */
	size_t n_detriment;
	uint16_t detriment_days[POLICY_TIMES_MAX]; /* after closing */
	uint16_t notify_minutes;    /* notifications go out this coarsely */
	uint8_t notify_at_once;	    /* bands exempt from that */
	uint8_t close_needs_second; /* bands that one person cannot close */
};

struct policy {
	uint32_t serial;	      /* from 1 */
	uint8_t previous[SHA256_LEN]; /* the policy before; zero: none */
	char org[POLICY_NAME_MAX + 1];
	int64_t issued, soft_expiry, hard_expiry;
	char zone[POLICY_SLUG_MAX + 33]; /* for people to read */

	size_t n_people;
	struct policy_person *people; /* ascending by number */
	size_t n_icbs;
	struct policy_icb *icbs;
	size_t n_areas;
	struct policy_area *areas;
	size_t n_form;
	struct policy_field *form;
	size_t n_routes;
	struct policy_route *routes; /* ascending by number */
	size_t n_rules;
	struct policy_rule *rules; /* the last always matches */
	int32_t plain_route;	   /* for plain concerns; -1: none taken */
	uint8_t plain_band;
	struct policy_duration deadline[POLICY_DEADLINES][POLICY_BANDS];
	size_t n_intervals;
	struct policy_interval *intervals; /* ascending, apart */
	struct policy_limits limits;
	size_t n_outside;
	struct policy_contact *outside; /* routes outside the organisation */
	size_t n_crisis;
	struct policy_contact *crisis;
};

/* Where in the document something is wrong, and what: one sentence. */
struct policy_problem {
	char text[200];
};

/*
 * ERR_SYNTAX (ret_problem is filled, the one output that is), ERR_LIMIT,
 * ERR_NOMEM. Repeated and unknown keys and wrong types are refused. The policy
 * borrows nothing.
 */
enum err policy_parse(struct bytes json, struct policy **ret,
    struct policy_problem *ret_problem) MUST_CHECK;
/* Compact, keys sorted, one line with its '\n': what a policy note signs. */
enum err policy_put(const struct policy *p, struct buf *out) MUST_CHECK;
/* Takes NULL; returns NULL. */
struct policy *policy_free(struct policy *p);
void policy_freep(struct policy **p);
#define CLEAN_POLICY __attribute__((cleanup(policy_freep)))

/* --- finding things; NULL where there is no such thing --- */

const struct policy_person *policy_person(const struct policy *p,
    uint16_t number);
const struct policy_person *policy_person_by_slug(const struct policy *p,
    const char *slug);
const struct policy_route *policy_route(const struct policy *p,
    unsigned number);
const struct policy_field *policy_field(const struct policy *p,
    const char *slug);
const struct policy_option *policy_option(const struct policy_field *f,
    const char *slug);
const struct policy_area *policy_area(const struct policy *p, const char *slug);

/* Has not left by that day. */
bool policy_person_is_current(const struct policy_person *person, int64_t day);
/* The key in force that day: of those it falls within, the newest; NULL. */
const struct policy_key *policy_key_at(const struct policy_person *person,
    int64_t day);
/* Whether a reports to b, directly or through others. */
bool policy_reports_to(const struct policy *p, uint16_t a, uint16_t b);

/* --- words of the language --- */

const char *policy_role_name(enum policy_role r);
const char *policy_unit_name(enum policy_unit u); /* "working days" */
const char *rung_when_name(enum rung_when w);	  /* "no-update" */
const char *rung_verb_name(enum rung_verb v);
const char *policy_keys_name(enum policy_keys k);
const char *policy_field_kind_name(enum policy_field_kind k);
const char *policy_deadline_name(enum policy_deadline d);
