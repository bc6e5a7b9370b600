/* web/staff/ against a real speakupd, and ftsu and speakup on the other side. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Case, Row } from "../../web/staff/api.ts";
import { skipLive } from "./live.ts";
import {
  assertSame, assertSameCase, type Desk, type Filed, identityOf, nothing, openDesk, refusedWith,
    type Seat,
} from "./staff_desk.ts";

declare const __TESTS__: string;

const CONCERNS = ["rota-gap", "placement", "accents", "after-speaking-up", "tail-lift",
  "agency-shifts",
  "relabelled", "carers-leave", "lifts-home", "toilet-breaks"];

interface Investigators {
  investigators: { person: number; eligible: boolean; why: string }[];
}

/** Random bytes that differ from run to run, so that nothing is compared with itself. */
function bytes(n: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(n);
  for (let at = 0; at < n; at += 65536)
    crypto.getRandomValues(out.subarray(at, Math.min(n, at + 65536)));
  return out;
}

async function bytesOf(blob: Blob): Promise<Uint8Array> {
  return new Uint8Array(await blob.arrayBuffer());
}

describe("the staff console's worker", { skip: skipLive }, () => {
  let desk: Desk;
  const filed = new Map<string, Filed>();
  const caseOf = (entry: string): string => filed.get(entry)!.caseId;

  before(async () => {
    desk = await openDesk();
    for (const entry of CONCERNS) filed.set(entry, await desk.file(entry));
  });
  after(() => desk.stop());

  test("opens with the keys of one person, and with no others", async () => {
    const seat = await desk.sit("guardian-east");
    assert.deepEqual([seat.me.name, seat.me.role], ["Marta Nowak", "guardian"]);
    await refusedWith("passphrase", () => seat.api.unlock(identityOf(desk.live, "guardian-east"),
      "wrong"));
    const stranger = join(desk.live.dir, "stranger.age");
    await desk.live.run([join(desk.live.build, "client/ftsu"), "keygen", "--work-factor", "2",
      "--passphrase-fd", "3", "--out", stranger], { passphrase: true });
    await refusedWith("denied", () => seat.api.unlock(readFileSync(stranger), "demonstration"));
    await refusedWith("locked", () => seat.api.queue("", 10));
  });

  test("has the queue that ftsu has, whole and in pages", async () => {
    for (const who of ["guardian-east", "lead-guardian", "ned-lead"]) {
      const { api } = await desk.sit(who);
      const f = (await desk.ftsu(who, "queue")) as { open: number; breached: number; cases: {
        case: string; kind: string; state: string; band: string; title: string; day: string;
          talk: number;
        staff: number; due: number | null; flags: string[]; given: boolean }[] };
      const q = await api.queue("", 160);
      assert.deepEqual([q.open, q.breached, q.next], [f.open, f.breached, ""]);
      assert.deepEqual(q.rows.map(({ dueText: _, ...row }) => row), f.cases.map((x) => ({
        caseId: x.case, kind: x.kind, state: x.state, band: Number(x.band.slice(1)), route: x.title,
        day: x.day, talk: x.talk, staff: x.staff, ...(x.due === null ? {} : { due: x.due }),
        given: x.given, flags: x.flags,
      })));
      const paged = [];
      for (let next = "", i = 0; i === 0 || next !== ""; i++) {
        const page = await api.queue(next, 2);
        assert.ok(page.rows.length <= 2);
        paged.push(...page.rows);
        next = page.next;
      }
      assert.deepEqual(paged.map((r) => r.caseId), q.rows.map((r) => r.caseId));
    }
  });

  test("shows every case as ftsu shows it", async () => {
    for (const who of ["guardian-east", "lead-guardian", "ned-lead"]) {
      const { api } = await desk.sit(who);
      for (const { caseId } of (await api.queue("", 160)).rows)
        await assertSame(desk, who, await api.show(caseId));
    }
    const { api } = await desk.sit("lead-guardian");
    await refusedWith("unknown", () => api.show(caseOf("agency-shifts")));
    await refusedWith("unknown", () => api.show("0".repeat(32)));
  });

  describe("carries a case", () => {
    let east: Seat;
    let id: string;
    let c: Case;
    const act = async (action: Parameters<Seat["act"]>[1], seat = east): Promise<Case> => {
      c = await seat.act(id, action);
      return c;
    };
    const declined = (action: Parameters<Seat["act"]>[1], seat = east): Promise<string> =>
      refusedWith("declined", () => seat.act(id, action));

    before(async () => {
      east = await desk.sit("guardian-east");
      id = caseOf("rota-gap");
    });

    test("from acknowledgement to an answer of the reporter, with attachments", async () => {
      await declined({ kind: "triage", lines: { band: 2 } });
      await act({ kind: "ack", lines: {} });
      assert.equal(c.state, "acknowledged");
      const small = new File([bytes(700)], "rota.bin");
      const large = new File([bytes(700_000)], "log.bin");
      await act({ kind: "ask", lines: {}, text: "Which nights?\n", files: [small, large] });
      assert.ok(c.flags.includes("awaiting"));
      const asked = c.messages.find((m) => m.kind === "ask")!;
      assert.deepEqual(asked.files.map((f) => f.name), ["rota.bin", "log.bin"]);
      for (const [i, file] of [small, large].entries()) {
        const got = await east.api.attachment(id, "talk", asked.seq, asked.files[i]!.index,
          nothing);
        assert.deepEqual(await bytesOf(got), await bytesOf(file));
      }
      await refusedWith("unknown", () => east.api.attachment(id, "talk", asked.seq, 7, nothing));
      const inbox = join(desk.live.dir, "inbox");
      await desk.reporter(filed.get("rota-gap")!, "inbox", ["--save", inbox]);
      await desk.reporter(filed.get("rota-gap")!, "reply", ["--attach", join(__TESTS__, "run")],
        "Tuesdays and Thursdays");
      c = await east.api.show(id);
      assert.ok(!c.flags.includes("awaiting"));
      const answer = c.messages.find((m) => m.kind === "followup")!;
      assert.equal(answer.text, "Tuesdays and Thursdays");
      const sent = await east.api.attachment(id, "talk", answer.seq, answer.files[0]!.index,
        nothing);
      assert.deepEqual(await bytesOf(sent), new Uint8Array(readFileSync(join(__TESTS__, "run"))));
      await assertSame(desk, "guardian-east", c);
    });

    test("as stock age opens it", async () => {
      const sealed = await east.api.sealed(id, "talk", 0, nothing);
      const folder = join(desk.live.dir, "sealed");
      await desk.login("guardian-east");
      await desk.live.ftsu("guardian-east", "show", [id, "--sealed", folder]);
      const { stdout } = await desk.live.run(["sh", "-c",
        `cat ${folder}/*talk*0000*.age | sha256sum`]);
      const digest = await crypto.subtle.digest("SHA-256", await sealed.arrayBuffer());
      assert.equal(Buffer.from(digest).toString("hex"), stdout.slice(0, 64));
    });

    test("through triage, notes, the record and a legal hold", async () => {
      await act({ kind: "triage", lines: { complex: true }, text: "Rota" });
      assert.deepEqual([c.state, c.band, c.flags.includes("complex")], ["triaged", 2, true]);
      await act({ kind: "note", lines: {}, text: "Spoke to the planner." });
      await act({ kind: "band", lines: { band: 1 } });
      assert.equal(c.band, 1);
      await act({ kind: "hold", lines: {}, text: "Letter before action" });
      await declined({ kind: "hold", lines: {}, text: "Again" });
      await act({ kind: "release", lines: {} });
      c = await east.api.record(id, { actions: "Rota published", "would-speak-up-again": "yes" });
      const value = (field: string): string | undefined =>
        c.record.find((r) => r.field === field)?.value;
      assert.deepEqual(["elements", "actions", "would-speak-up-again"].map(value),
        ["patient-safety,worker-safety", "Rota published", "yes"]);
      await refusedWith("syntax", () => east.api.record(id, { subcategory: "no such thing" }));
      await refusedWith("syntax", () => east.api.record(id, { nothing: "x" }));
      const f = await desk.ftsu("guardian-east", "record", id) as { record: unknown };
      const known = c.record.filter((r) => r.value !== "").map((r) => [r.field, r.value]);
      assert.deepEqual(f.record, Object.fromEntries(known));
      await desk.ftsu("guardian-east", "record", id, "--set", "outcome=Crews are full",
        "--set", "actions=");
      c = await east.api.show(id);
      assert.deepEqual(["outcome", "actions"].map(value), ["Crews are full", ""]);
      await assertSame(desk, "guardian-east", c);
    });

    test("what its kind does not have is refused before anything is sent", async () => {
      const sent = desk.front.asked.length;
      const posted = (): number => desk.front.asked.slice(sent)
        .filter((a) => a.body.subarray(0, 64).includes("v1 post")).length;
      await refusedWith("syntax", () => east.act(id, { kind: "note", lines: {} }));
      await refusedWith("syntax", () => east.act(id, { kind: "ack", lines: {}, text: "x" }));
      await refusedWith("syntax", () => east.act(id, { kind: "band", lines: {} }));
      await refusedWith("syntax", () => east.act(id, { kind: "followup", lines: {}, text: "x" }));
      await refusedWith("file-name", () =>
        east.act(id, { kind: "note", lines: {}, text: "x", files: [new File(["x"], "a/b.txt")] }));
      for (const kind of ["ack", "terms", "evidence", "review", "feedback", "close", "second",
        "decline", "reopen", "release"] as const)
        await declined({ kind, lines: {}, ...(["terms", "review", "feedback"].includes(kind) &&
          { text: "x" }) });
      assert.equal(posted(), 0);
    });

    test("to an investigator who reads everything", async () => {
      const siobhan = await desk.sit("investigator-operations");
      const choice = await east.api.investigators(id);
      assert.deepEqual(choice.filter((x) => x.suits).map((x) => x.name), ["Siobhan Kelly"]);
      const f = await desk.ftsu("guardian-east", "investigators", id) as Investigators;
      assert.deepEqual(choice.map((x) => [x.number, x.suits]),
        f.investigators.map((x) => [x.person, x.eligible]));
      await refusedWith("declined", () =>
        east.act(id, { kind: "assign", lines: { person: 5 }, share: "all" }));
      await act({ kind: "assign", lines: { person: siobhan.me.number }, share: "all",
        text: "Somebody looks into it.", expected: "2027-01-31" });
      assert.equal(c.state, "assigned");
      assert.ok(c.messages.at(-1)!.details.includes("An answer can be expected by 2027-01-31."));
      const seen = await siobhan.api.show(id);
      assert.deepEqual(seen.messages.map((m) => m.text), c.messages.map((m) => m.text));
      await assertSame(desk, "investigator-operations", seen);
      await assertSame(desk, "guardian-east", c);
      await refusedWith("syntax", () =>
        east.act(id, { kind: "assign", lines: { person: siobhan.me.number }, share: "all" }));
    });

    test("through terms, evidence and findings of conduct to an executive's review", async () => {
      const siobhan = await desk.sit("investigator-operations");
      await declined({ kind: "triage", lines: {} }, siobhan);
      await act({ kind: "terms", lines: {}, text: "Whether nights were one crew short." });
      await act({ kind: "evidence", lines: {}, files: [new File(["sheet"], "rota.csv")] }, siobhan);
      await act({ kind: "ask", lines: {}, text: "Since when?" }, siobhan);
      await refusedWith("syntax", () => siobhan.act(id, { kind: "report", lines: {}, text: "x" }));
      await act({ kind: "report", lines: { conduct: true }, text: "It was known." }, siobhan);
      assert.deepEqual([c.state, c.report, c.terms],
        ["reported", "It was known.", "Whether nights were one crew short."]);
      assert.ok(c.flags.includes("conduct"));
      assert.match(await declined({ kind: "feedback", lines: {}, text: "x" }), /review/);
      await declined({ kind: "action", lines: { conduct: true } });
      await act({ kind: "assign", lines: { person: 10 }, share: "all" });
      const grace = await desk.sit("ned-lead");
      await act({ kind: "review", lines: {}, text: "Fair." }, grace);
      await assertSame(desk, "ned-lead", c);
      await act({ kind: "action", lines: { conduct: true }, text: "Warned." }, grace);
      c = await east.api.show(id);
      assert.equal(c.state, "action");
      await assertSame(desk, "guardian-east", c);
    });

    test("to a closing by two people, and back", async () => {
      const west = await desk.sit("guardian-west");
      await act({ kind: "feedback", lines: {}, text: "The rota was changed." });
      await act({ kind: "close", lines: {} });
      assert.ok(c.flags.includes("closing"));
      assert.match(c.pending ?? "", /^Marta Nowak wants to close it/);
      const ends = (): string[] =>
        c.messages.filter((m) => m.kind === "close").map((m) => m.title);
      assert.deepEqual(ends(), ["Wants to close it"]);
      await declined({ kind: "second", lines: {} });
      await act({ kind: "decline", lines: {}, text: "Not yet." }, west);
      assert.equal(c.pending, undefined);
      await act({ kind: "close", lines: {} });
      await act({ kind: "second", lines: {} }, west);
      assert.equal(c.state, "closed");
      assert.deepEqual(ends(), ["Wants to close it", "Wants to close it"]);
      await desk.reporter(filed.get("rota-gap")!, "survey", ["yes"]);
      await act({ kind: "reopen", lines: {} });
      assert.equal(c.state, "handling");
      for (const [kind, state] of [["advise", "advice"], ["refer", "referred"], ["hub", "hub"],
        ["handle", "handling"]] as const) {
        await act({ kind, lines: {}, text: "Because." });
        assert.equal(c.state, state);
      }
      await assertSame(desk, "guardian-east", c);
      await assertSame(desk, "guardian-west", await west.api.show(id));
    });

    test("disclosure with consent, and without it by two people", async () => {
      const west = await desk.sit("guardian-west");
      await act({ kind: "disclose", lines: {}, text: "May we name you to the planner?" });
      assert.ok(c.flags.includes("disclosing"));
      await desk.reporter(filed.get("rota-gap")!, "consent", ["yes"]);
      c = await east.api.show(id);
      assert.ok(c.flags.includes("consented"));
      await act({ kind: "override", lines: {}, text: "A life is at risk." });
      assert.match(c.pending ?? "", /disclose it without consent/);
      await act({ kind: "second", lines: {} }, west);
      assert.ok(c.flags.includes("overridden"));
      await act({ kind: "escalate", lines: {}, text: "Over to those above." });
      await assertSame(desk, "guardian-east", c);
    });

    test("another way, whose people then read what was before", async () => {
      await act({ kind: "route", lines: { route: 3 }, text: "Fewer readers." });
      assert.equal(c.route, "As few readers as possible");
      const { api } = await desk.sit("deputy-guardian");
      const seen = await api.show(id);
      assert.deepEqual(seen.messages.map((m) => m.text), c.messages.map((m) => m.text));
      await assertSame(desk, "deputy-guardian", seen);
      await assertSame(desk, "guardian-east", c);
    });

    test("by others after somebody stepped back, or handed it over", async () => {
      const west = await desk.sit("guardian-west");
      await act({ kind: "recuse", lines: {} }, west);
      assert.deepEqual(c.doable, []);
      await refusedWith("unknown", () => west.api.show(id));
      await refusedWith("syntax", () => east.act(id, { kind: "handover",
        lines: { person: east.me.number } }));
      await act({ kind: "handover", lines: { person: west.me.number },
        text: "Marta is on leave." });
      await refusedWith("unknown", () => east.api.show(id));
      c = await west.api.show(id);
      assert.ok(c.messages[0]!.text.startsWith("Since the rota change"));
      await assertSame(desk, "guardian-west", c);
    });
  });

  test("an investigator reads what was picked for them, or what comes from now on", async () => {
    const id = caseOf("relabelled");
    const east = await desk.sit("guardian-east");
    const priya = await desk.sit("investigator-clinical");
    await east.act(id, { kind: "ack", lines: {} });
    await east.act(id, { kind: "triage", lines: {}, text: "Medicines" });
    await east.act(id, { kind: "reply", lines: {}, text: "Thank you" });
    const selected = [{ chain: "talk", seq: 0 }, { chain: "staff", seq: 0 }] as const;
    await refusedWith("syntax", () =>
      east.act(id, { kind: "assign", lines: { person: priya.me.number }, share: "selected" }));
    await refusedWith("syntax", () => east.act(id, { kind: "assign",
      lines: { person: priya.me.number } }));
    await east.act(id, { kind: "assign", lines: { person: priya.me.number }, share: "selected",
      selected: [...selected] });
    await east.act(id, { kind: "note", lines: {}, text: "Look at the kit bags." });
    const c = await priya.api.show(id);
    assert.deepEqual(c.messages.filter((m) => m.text !== "").map((m) => `${m.chain}-${m.seq}`),
      ["talk-0", "staff-0", "staff-1"]);
    assert.equal(c.messages.find((m) => m.kind === "reply")!.failure, "Not sealed to you.");
    await assertSame(desk, "investigator-clinical", c);
    await refusedWith("exists", () => east.act(id, { kind: "grant",
      lines: { person: priya.me.number } }));

    const other = caseOf("tail-lift");
    await east.act(other, { kind: "ack", lines: {} });
    await east.act(other, { kind: "triage", lines: {} });
    assert.deepEqual((await east.api.investigators(other)).filter((x) => x.suits).map((x) =>
      x.number), [7]);
    await east.act(other, { kind: "assign", lines: { person: 5 }, share: "from-now", force: true });
    await east.act(other, { kind: "note", lines: {}, text: "Begin here." });
    const now = await priya.api.show(other);
    assert.deepEqual(now.messages.filter((m) => m.text !== "").map((m) => m.text), ["Begin here."]);
    await assertSame(desk, "investigator-clinical", now);
    await east.act(other, { kind: "grant", lines: { person: priya.me.number } });
    const all = await priya.api.show(other);
    assert.ok(all.messages[0]!.text.startsWith("The tail lift"));
    await assertSame(desk, "investigator-clinical", all);
    await assertSame(desk, "guardian-east", await east.api.show(other));
  });

  test("nobody whom the reporter left out is ever given a case", async () => {
    const { caseId: id } = await desk.report("About my manager", "--answer", "subcategory=fatigue",
      "--about", "operations-director");
    const { act, api } = await desk.sit("ned-lead");
    await act(id, { kind: "ack", lines: {} });
    await act(id, { kind: "triage", lines: {} });
    assert.deepEqual((await api.show(id)).leftOut.map((p) => p.name), ["Owen Davies"]);
    const never = [15, 7, 22]; // the director, and who reports to them
    for (const person of never)
      for (const kind of ["assign", "handover"] as const)
        await refusedWith("excluded", () => act(id, { kind, lines: { person }, share: "all",
          force: true }));
    for (const kind of ["assign", "handover"] as const) {
      const people = await api.candidates(id, kind);
      assert.ok(people.length > 3 && people.every((p) => !p.never && !never.includes(p.number)));
    }
    assert.deepEqual((await api.investigators(id)).filter((p) => p.never).map((p) => p.number),
      [7]);
    const f = await desk.ftsu("ned-lead", "investigators", id) as Investigators;
    assert.deepEqual((await api.investigators(id)).map((p) => [p.number, p.never]),
      f.investigators.map((p) => [p.person, p.why.startsWith("left out")]));
    assert.deepEqual((await api.candidates(id, "grant")).map((p) => p.number).sort((a, b) => a - b),
      [11, 12, 23]);
  });

  test("looks through all that one may read", async () => {
    const { api } = await desk.sit("guardian-east");
    const found = await api.search(["kit"], nothing);
    assert.deepEqual([...new Set(found.map((f) => f.caseId))], [caseOf("relabelled")]);
    assert.match(found[0]!.excerpt, /kit bags/i);
    const f = (await desk.ftsu("guardian-east", "search", "kit")) as { found: unknown[] };
    assert.equal(found.length, f.found.length);
    assert.deepEqual(await api.search(["kit", "zebra"], nothing), []);
  });

  test("writes down what was told, with a receipt that was kept or shown", async () => {
    const east = await desk.sit("guardian-east");
    const answers = [{ field: "subcategory", value: "fatigue" },
      { field: "element", value: "worker-safety" }];
    const preview = await east.api.preview(answers, [20]);
    assert.ok(preview.now.some((r) => r.name === "Marta Nowak"));
    const shown = await east.api.tell(answers, [20], "Told on the phone", "open", false, nothing);
    const words = shown.words?.join(" ") ?? "";
    await desk.reporter({ caseId: shown.caseId, receipt: words }, "reply", [], "It is me");
    const c = await east.api.show(shown.caseId);
    assert.deepEqual(c.messages.map((m) => m.text),
      ["raised: open\nwritten down by: Marta Nowak\n\nTold on the phone", "It is me"]);
    assert.deepEqual(c.leftOut.map((p) => p.number), [20]);
    await assertSame(desk, "guardian-east", c);
    const kept = await east.api.tell([], [], "Told in person", "confidential", true, nothing);
    assert.equal(kept.words, undefined);
    const k = await east.api.show(kept.caseId);
    const receipt = k.record.find((r) => r.field === "receipt")?.value ?? "";
    assert.equal(receipt.split(" ").length, 12);
    await desk.reporter({ caseId: kept.caseId, receipt }, "inbox");
    await assertSame(desk, "guardian-east", k);
  });

  test("sets junk aside unread, with a second person and without", async () => {
    const east = await desk.sit("guardian-east");
    const west = await desk.sit("guardian-west");
    const light = await desk.report("Junk", "--answer", "element=none");
    const grave = await desk.report("Junk", "--answer", "element=patient-safety");
    const gone = await desk.report("Meant", "--answer", "element=none");
    const rowOf = async (seat: Seat, { caseId }: Filed): Promise<Row> =>
      (await seat.api.queue("", 160)).rows.find((r) => r.caseId === caseId)!;
    const aside = async (seat: Seat, f: Filed, isSecond = false): Promise<string> =>
      seat.api.dismiss(await rowOf(seat, f), isSecond);
    const stands = async (f: Filed): Promise<string> => {
      const { state, flags } = await rowOf(west, f);
      return [state, ...flags].join(" ");
    };
    const sent = desk.front.asked.length;
    assert.equal(await aside(east, light), "dismissed");
    assert.equal(await stands(light), "closed dismissed");
    assert.equal(await aside(east, grave), "waiting");
    assert.equal(await aside(east, grave, true), "yours");
    assert.equal(await stands(grave), "received closing");
    assert.equal(await aside(west, grave, true), "dismissed");
    assert.equal(await aside(west, grave, true), "changed");
    const pieces = desk.front.asked.slice(sent).filter((a) => a.path === "/v1/piece");
    assert.equal(pieces.length, 0, "nothing is fetched");
    const listed = await rowOf(east, gone);
    await desk.reporter(gone, "reply", [], "I do mean it.");
    assert.equal(await east.api.dismiss(listed, false), "changed");
    await west.act(gone.caseId, { kind: "hold", lines: {}, text: "A court asks." });
    assert.equal(await stands(gone), "received held");
    for (const f of [light, grave]) {
      const c = await west.api.show(f.caseId);
      assert.equal(c.messages[1]!.by, "Marta Nowak");
      await assertSame(desk, "guardian-west", c);
    }
    await desk.reporter(light, "reply", [], "I mean it.");
    assert.equal(await stands(light), "received reopened");
    await east.act(light.caseId, { kind: "dismiss", lines: {} });
    assert.equal(await stands(light), "received closing reopened");
    await refusedWith("declined", () =>
      east.act(light.caseId, { kind: "second", lines: {} }));
    await west.act(light.caseId, { kind: "second", lines: {} });
    assert.equal(await stands(light), "closed reopened dismissed");
  });

  test("waits for a change of the queue", async () => {
    const { api } = await desk.sit("guardian-west");
    const waiting = api.watch();
    await desk.report("Something new");
    assert.equal(await waiting, true);
    const cut = refusedWith("locked", () => api.watch());
    await api.lock();
    await cut;
  });

  test("hands all open cases over to another", async () => {
    const east = await desk.sit("guardian-east");
    const before = await east.api.queue("", 160);
    const open = before.rows.filter((r) => r.state !== "closed" && r.state !== "withdrawn");
    await refusedWith("syntax", () => east.api.handoverAll(east.me.number, undefined, "", nothing));
    const handed = await east.api.handoverAll(2, undefined, "Marta has left.", nothing);
    assert.deepEqual(handed.failed, []);
    assert.equal(handed.done.length, open.length);
    assert.equal((await east.api.queue("", 160)).open, 0);
    const deputy = await desk.sit("deputy-guardian");
    for (const id of handed.done.slice(0, 3)) {
      const c = await deputy.api.show(id);
      assert.notEqual(c.messages[0]!.text, "");
      await assertSameCase(desk, "deputy-guardian", c);
    }
  });
});
