#pragma once

#include "policy/script.h"
#include "tests/daemon/vault_stage.h"

/*
 * One case in a real vault: filed as a reporter's client does, acted on as a
 * script says (policy/script.h), looked at by everybody as the clock runs.
 * What anybody sees change is written down.
 */

/* Of etc/policy.yaml: all but the managers and the region's lead. */
extern const struct world_org trust;

/* An envelope that its message's author made. */
struct made {
	struct grant grant;
	uint16_t person;
};
#define MADE_MAX 1024

/* What everybody sees at one time. */
enum seeing { SEES_NOTHING, SEES_BY_ROUTE, SEES_GIVEN };
struct sight {
	enum seeing reads[WORLD_PEOPLE_MAX];
	bool told[WORLD_PEOPLE_MAX];
	bool has_row;
	struct answer_row row; /* the same in every queue */
	uint32_t count[2];     /* messages of each chain */
};

struct play {
	struct world *w;
	const struct script *script;
	const struct policy_route *began, *route; /* route: now */
	struct reporter r;
	bool is_plain;
	size_t n_changes;
	struct member_change change[MEMBER_CHANGES_MAX];
	size_t n_made;
	struct made made[MADE_MAX];
	struct sight sight;
	/* messages of each chain that each person opened */
	uint32_t opened[WORLD_PEOPLE_MAX][2];
	struct buf out;
};

/* Of a world that is fresh; sets its clock. Plain: by somebody with only
 * `age`. */
void play_begin(struct play *y, struct world *w, const struct script *s,
    bool is_plain);
void play_end(struct play *y);
/* Everything to the end of the script, and what time brings after it. */
void play_run(struct play *y);

/* --- vault_replay.c --- */

/* Everybody who reads the case now, and its reporter, replay it whole: nothing
 * is refused, and it is as the vault says. */
void play_replay(struct play *y);

/* --- vault_sight.c --- */

/* Looks at everything, and writes down what is another than before. */
void sight_take(struct play *y);
/* "2026-11-23 10:00  " */
void sight_time(struct play *y);
const char *play_slug(const struct play *y, uint16_t person);
bool play_is_away(const struct play *y, uint16_t person);
