#include "client/case_words.h"

const char *
case_state_text(enum case_state s)
{
	static const char *const text[CASE_STATES] = {
		[CASE_RECEIVED] = "received, not acknowledged yet",
		[CASE_ACKNOWLEDGED] = "acknowledged, not triaged yet",
		[CASE_TRIAGED] = "triaged, its way not chosen yet",
		[CASE_ADVICE] = "advice only",
		[CASE_HANDLING] = "handled by the guardian",
		[CASE_REFERRED] = "referred",
		[CASE_HUB] = "in the resolution hub",
		[CASE_ASSIGNED] = ("to be investigated, without terms of "
				   "reference yet"),
		[CASE_TERMS] = "investigation, terms of reference are set",
		[CASE_EVIDENCE] = "investigation, evidence is gathered",
		[CASE_REPORTED] = "investigation reported",
		[CASE_REVIEWED] = "pre-action review was held",
		[CASE_ACTION] = "action is taken",
		[CASE_FEDBACK] = "the reporter was told what came of it",
		[CASE_CLOSED] = "closed, watched for detriment",
		[CASE_WITHDRAWN] = "WITHDRAWN by the reporter",
	};

	return text[s];
}

const char *
case_flag_text(unsigned flag)
{
	static const char *const text[CASE_FLAGS] = {
		"the reporter's answer is awaited",
		"legal hold",
		"complex",
		"findings of conduct",
		"a second person must agree to close it",
		"a second person must agree to disclose it",
		"may be disclosed without consent",
		"the reporter is asked to consent to disclosure",
		"the reporter consented to disclosure",
		"a deadline was missed",
		"reopened",
		"the reporter is silent; two must close it",
		"set aside unread, as junk",
	};
	unsigned i = 0;

	while (i + 1 < CASE_FLAGS && flag != 1u << i)
		i++;
	return text[i];
}

const char *
notice_text(enum notice_code code, bool to_staff)
{
	static const char *const reporter[NOTICE_CODES] = {
		[NOTICE_PROMPT] = "somebody waits for your answer. You need "
				  "not give one; without one the case is "
				  "closed in time",
		[NOTICE_SILENT] = "your concern is closed, since no answer "
				  "came. You can write at any time, and it is "
				  "opened again",
		[NOTICE_CHECK] = "how are you treated since you spoke up? If "
				 "it is worse than before, please say so: "
				 "speakup survey",
	};
	static const char *const text[NOTICE_CODES] = {
		[NOTICE_PROMPT] = "reminded the reporter that an answer is "
				  "awaited",
		[NOTICE_SILENT] = "closed the case, since no answer came",
		[NOTICE_CHECK] = "asked the reporter how they are treated "
				 "since",
		[NOTICE_JOINED] = "a rung of the ladder was reached; these "
				  "may read now",
		[NOTICE_TOLD] = "a rung of the ladder was reached; these were "
				"told",
		[NOTICE_NOBODY] = "nobody of this rung of the ladder is here "
				  "any more",
		[NOTICE_BREACHED] = "a deadline was missed",
		[NOTICE_UNANSWERED] = "the reporter has not answered; two "
				      "people must close this band",
		[NOTICE_LEFT] = "a reader has left the organisation",
	};

	return !to_staff && reporter[code] != NULL ? reporter[code]
						   : text[code];
}
