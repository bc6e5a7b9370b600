import type { CaseMessage } from "../api.ts";

/** Whether a message is more than a line that says what was done. */
export const isWritten = (m: CaseMessage): boolean =>
  m.text !== "" || m.files.length > 0 || m.failure !== undefined || m.kind === "concern";

/** The record's versions before the latest, newest first. */
export const olderRecords = (messages: readonly CaseMessage[]): CaseMessage[] =>
  messages
    .filter((m) => m.kind === "record" && m.text !== "")
    .reverse()
    .slice(1);
