/* What the tests of the staff console share: one instance, its people, and what
 * ftsu says of the same case. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Chain, Kind } from "../../web/core/types.ts";
import { newNet } from "../../web/net/server.ts";
import type { Action, Case, Myself, StaffApi } from "../../web/staff/api.ts";
import { staffOver } from "../../web/staff/staff.ts";
import { type Double, startDouble } from "./double.ts";
import { type Live, type LiveOptions, startLive } from "./live.ts";

declare const __TESTS__: string;

export const nothing = (): void => undefined;

/** What `ftsu show --json` says. */
export interface FtsuCase {
  state: string;
  band: string;
  route: number;
  flags: string[];
  may: string[];
  due: number | null;
  lacking: number[];
  readers: { person: number; rung: number }[];
  messages: {
    chain: Chain; seq: number; kind: Kind; name: string; day?: string; readable: boolean;
      text?: string;
    files?: { name: string; size: number }[];
  }[];
}

export interface FtsuAudit {
  whole: boolean;
  state: string;
  entries: {
    chain: Chain; seq: number; day: string; kind: Kind; name: string; state: string; detail: string;
    link: string;
  }[];
}

export interface Filed {
  caseId: string;
  receipt: string;
}

/** One person at the console. */
export interface Seat {
  who: string;
  me: Myself;
  api: StaffApi;
  act(caseId: string, action: Action): Promise<Case>;
  refuses(code: string, work: () => Promise<unknown>): Promise<string>;
}

export interface Desk {
  live: Live;
  front: Double;
  sit(who: string): Promise<Seat>;
  /** An entry of etc/demo/concerns.yaml, by `speakup`. */
  file(entry: string): Promise<Filed>;
  /** Any concern, by `speakup`. */
  report(text: string, ...args: string[]): Promise<Filed>;
  reporter(filed: Filed, command: string, args?: string[], text?: string): Promise<void>;
  login(who: string): Promise<void>;
  ftsu(who: string, command: string, ...args: string[]): Promise<unknown>;
  stop(): Promise<void>;
}

export const identityOf = (live: Live, who: string): Uint8Array =>
  readFileSync(join(live.org, `staff/${who}.age`));

/** The sentence with which it is refused. */
export async function refusedWith(code: string, work: () => Promise<unknown>): Promise<string> {
  let sentence = "";
  await assert.rejects(work, (e: Error & { code?: string }) => {
    assert.equal(e.code, code, e.message);
    sentence = e.message;
    return true;
  });
  return sentence;
}

async function sit(desk: Desk, who: string): Promise<Seat> {
  const api = staffOver(newNet(desk.front.url));
  await api.open();
  const me = await api.unlock(identityOf(desk.live, who), "demonstration");
  return { who, me, api, act: (id, action) => api.act(id, action, nothing), refuses: refusedWith };
}

export async function openDesk(options: LiveOptions = {}): Promise<Desk> {
  const live = await startLive(options);
  const front = await startDouble(live);
  const logged = new Set<string>();
  const report = async (stdin: string, args: string[]): Promise<Filed> => {
    const { stdout } = await live.speakup("report", ["--yes", "--json", ...args], { stdin });
    const { case: caseId, receipt } = JSON.parse(stdout) as { case: string; receipt: string };
    return { caseId, receipt };
  };
  const desk: Desk = {
    live,
    front,
    sit: (who) => {
      logged.delete(who); // a person's newest sessions count
      return sit(desk, who);
    },
    file: (entry) => report("", ["--answers", join(__TESTS__, "../etc/demo/concerns.yaml"),
      "--entry", entry]),
    report: (text, ...args) => report(text, args),
    reporter: async ({ receipt }, command, args = [], text = "") => {
      const file = join(live.dir, "receipt");
      writeFileSync(file, `${receipt}\n`);
      await live.speakup(command, ["--receipt-file", file, "--yes", ...args], { stdin: text });
    },
    login: async (who) => {
      if (!logged.has(who)) await live.ftsu(who, "login");
      logged.add(who);
    },
    ftsu: async (who, command, ...args) => {
      await desk.login(who);
      return JSON.parse((await live.ftsu(who, command, ["--json", ...args])).stdout);
    },
    stop: async () => {
      await front.stop();
      await live.stop();
    },
  };
  return desk;
}

/* --- the same by both --- */

const bandOf = (c: Case): string => `P${c.band}`;

function messagesOf(c: Case): unknown[] {
  return c.messages.map((m) => ({
    at: `${m.chain}-${m.seq}`, kind: m.kind, name: m.by, day: m.day,
    text: m.text,
    files: m.files.map(({ name, size }) => ({ name, size })),
  }));
}

function ftsuMessages(f: FtsuCase): unknown[] {
  return f.messages.map((m) => ({
    at: `${m.chain}-${m.seq}`, kind: m.kind, name: m.name, day: m.day,
    text: m.text ?? "", files: m.files ?? [],
  }));
}

/** What the console shows of a case, ftsu shows. */
export async function assertSameCase(desk: Desk, who: string, c: Case): Promise<void> {
  const f = (await desk.ftsu(who, "show", c.caseId)) as FtsuCase;
  assert.deepEqual([c.state, bandOf(c), [...c.flags].sort()],
    [f.state, f.band, [...f.flags].sort()]);
  assert.deepEqual(messagesOf(c), ftsuMessages(f));
  for (const [i, m] of c.messages.entries()) if (f.messages[i]!.readable) assert.equal(m.failure,
    undefined);
  assert.deepEqual(c.readers.map((r) => r.number), f.readers.map((r) => r.person));
  assert.deepEqual(c.doable.map((d) => d.kind).filter((k) => k !== "unopened").sort(),
    f.may.filter((k) => k !== "unopened").sort());
  assert.deepEqual(c.readers.filter((r) => r.how.includes("cannot open")).map((r) => r.number),
    f.lacking);
}

/** What the console's audit says, `ftsu audit` says; and it finds nothing wrong. */
export async function assertSameAudit(desk: Desk, who: string, c: Case): Promise<void> {
  const f = (await desk.ftsu(who, "audit", c.caseId)) as FtsuAudit;
  assert.equal(f.whole, true);
  assert.equal(f.state, c.state);
  const name = (by: string): string => (by === "the service" ? "The service" : by);
  assert.deepEqual(c.audit.entries, f.entries.map(({ chain, seq, day, kind, name: by, state, detail,
    link }) =>
    ({ day, by: name(by), chain, seq, kind, detail, state, link })));
}

export async function assertSame(desk: Desk, who: string, c: Case): Promise<void> {
  await assertSameCase(desk, who, c);
  await assertSameAudit(desk, who, c);
}
