/* A server that lies to staff: what the console's worker says of it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { newNet } from "../../web/net/server.ts";
import type { Action } from "../../web/staff/api.ts";
import { staffOver } from "../../web/staff/staff.ts";
import type { Answered, Asked, Meddle } from "./double.ts";
import { run, skipLive } from "./live.ts";
import {
  assertSame, type Desk, type Filed, identityOf, nothing, openDesk, refusedWith, type Seat,
} from "./staff_desk.ts";

declare const __TESTS__: string;

/* --- answers, taken apart and put together again --- */

interface Head {
  seq: number;
  head: Buffer;
  envelope: Buffer;
  payload: Buffer;
  rest: string; // payload's length and number of pieces
}

interface Parsed {
  lines: string[]; // without `head` lines
  heads: Head[];
}

function parse(body: Buffer): Parsed {
  const end = body.indexOf("\n\n");
  const lines = body.subarray(0, end).toString().split("\n");
  let at = end + 2;
  const take = (n: number): Buffer => body.subarray(at, (at += n));
  const heads = lines.filter((l) => l.startsWith("head: ")).map((line) => {
    const [, seq, head, envelope, payload, pieces] = line.split(" ");
    return {
      seq: Number(seq), head: take(Number(head)), envelope: take(Number(envelope)),
      payload: take(pieces === "0" ? Number(payload) : 0), rest: `${payload} ${pieces}`,
    };
  });
  return { lines: lines.filter((l) => !l.startsWith("head: ")), heads };
}

function put({ lines, heads }: Parsed, size: number): Buffer {
  const named = heads.map((h) => `head: ${h.seq} ${h.head.length} ${h.envelope.length} ${h.rest}`);
  const blobs = heads.flatMap((h) => [h.head, h.envelope, h.payload]);
  const used = Buffer.concat([Buffer.from([...lines, ...named, "", ""].join("\n")), ...blobs]);
  return Buffer.concat([used, Buffer.alloc(size - used.length)]);
}

const asks = (body: Buffer, kind: string): boolean =>
  body.subarray(0, 40).toString().startsWith(`speakup: v1 ${kind}\n`);

const isAbout = (asked: Asked, chain: string): boolean =>
  asks(asked.body, "case") && asked.body.subarray(0, 300).includes(`chain: ${chain}\n`);

/** Changes what is answered about one chain of a case: some messages at a time. */
function onCase(chain: string, edit: (p: Parsed) => void): Meddle {
  return async (asked, forward) => {
    const answer = await forward(asked);
    if (answer.status !== 200 || !isAbout(asked, chain)) return answer;
    const p = parse(answer.body);
    edit(p);
    return { ...answer, body: put(p, answer.body.length) };
  };
}

/** The same of one message, where it is in the answer. */
function onMessage(chain: string, seq: number, edit: (h: Head) => void): Meddle {
  return onCase(chain, (p) => p.heads.filter((h) => h.seq === seq).forEach(edit));
}

/** As if the message at this place had never been there. */
function withoutMessage(chain: string, seq: number): Meddle {
  return async (asked, forward) => {
    if (!isAbout(asked, chain)) return forward(asked);
    const after = Number(/after: ([0-9]+)\n/.exec(asked.body.subarray(0, 300).toString())![1]);
    const isBehind = after >= seq;
    const body = Buffer.from(asked.body);
    if (isBehind) body.write(`after: ${after + 1}\n`, body.indexOf("after: "));
    const answer = await forward({ ...asked, body });
    const p = parse(answer.body);
    const count = Number(p.lines.find((l) => l.startsWith("count: "))!.slice(7));
    p.heads = p.heads.filter((h) => isBehind || h.seq < seq).map((h) =>
      ({ ...h, seq: isBehind ? h.seq - 1 : h.seq }));
    setCount(p, count - 1);
    return { ...answer, body: put(p, answer.body.length) };
  };
}

const error = (status: number, code: string): Answered => ({
  status, type: "application/json",
  body: Buffer.from(JSON.stringify({ error: code, text: "" }).padEnd(49152)),
});

function setCount(p: Parsed, n: number): void {
  p.lines = p.lines.map((l) => (l.startsWith("count: ") ? `count: ${n}` : l));
}

function policyAnswer(roots: string[], policy: string): Answered {
  const head = [...roots.map((r) => `root: ${Buffer.byteLength(r)}`),
    `policy: ${Buffer.byteLength(policy)}`];
  const used = Buffer.from(["speakup: v1 policy", ...head, "", roots.join("") + policy].join("\n"));
  const size = Math.ceil(used.length / 49152) * 49152;
  return { status: 200, type: "application/octet-stream",
    body: Buffer.concat([used, Buffer.alloc(size - used.length)]) };
}

describe("a hostile server and the staff console", { skip: skipLive }, () => {
  let desk: Desk;
  let filed: Filed;
  let id: string;
  let other: string;
  let east: Seat;
  const talk: Head[] = []; // as they are
  const staff: Head[] = [];
  const straight = (): void => {
    desk.front.meddle = (asked, forward) => forward(asked);
  };

  /* talk: concern, ack, reply, assign, reply; staff: triage, note, note */
  before(async () => {
    desk = await openDesk();
    filed = await desk.file("rota-gap");
    id = filed.caseId;
    other = (await desk.file("tail-lift")).caseId;
    east = await desk.sit("guardian-east");
    await desk.sit("investigator-operations");
    for (const action of [
      { kind: "ack", lines: {} },
      { kind: "triage", lines: {} },
      { kind: "reply", lines: {}, text: "First answer" },
      { kind: "note", lines: {}, text: "Before the investigator" },
      { kind: "assign", lines: { person: 7 }, share: "all", text: "It is given to somebody" },
      { kind: "reply", lines: {}, text: "Second answer" },
      { kind: "note", lines: {}, text: "After the investigator",
        files: [new File(["kept"], "a.txt")] },
    ] satisfies Action[] as Action[]) await east.act(id, action);
    for (const [chain, list] of [["talk", talk], ["staff", staff]] as const) {
      desk.front.meddle = onCase(chain, (p) => void list.push(...p.heads));
      await (await desk.sit("guardian-east")).api.show(id);
    }
    straight();
    await assertSame(desk, "guardian-east", await east.api.show(id));
  });
  afterEach(straight);
  after(() => desk.stop());

  const fresh = (): Promise<Seat> => desk.sit("guardian-east");

  /** What is shown of the case where a message of it does not fit. */
  async function partly(meddle: Meddle, sentence: RegExp, shown: string[]): Promise<void> {
    const { api, act } = await fresh();
    desk.front.meddle = meddle;
    const c = await api.show(id);
    assert.match(c.refused ?? "", /^This case was refused/);
    assert.match(c.refused ?? "", sentence);
    assert.match(c.refused ?? "", /Please tell the people who run the service/);
    assert.deepEqual(c.messages.map((m) => `${m.chain}-${m.seq}`).sort(), shown.sort());
    assert.deepEqual([c.doable, c.readers, c.warnings[0]], [[], [], c.refused]);
    await assert.rejects(() => act(id, { kind: "note", lines: {}, text: "x" }),
      /This case was refused/);
    straight();
    assert.equal((await api.show(id)).refused, undefined);
  }

  test("drops an assignment, and numbers what follows anew", async () => {
    await partly(withoutMessage("talk", 3), /It is talk 3/, ["talk-0", "talk-1", "talk-2"]);
  });

  test("withholds the end of a chain that was answered among staff", async () => {
    await partly(onCase("talk", (p) => {
      p.heads = p.heads.filter((h) => h.seq < 3);
      setCount(p, 3);
    }), /withheld|keeps back/, ["talk-0", "talk-1", "talk-2", "staff-0", "staff-1"]);
  });

  test("has a message fewer than it says", async () => {
    await partly(onCase("staff", (p) => void (p.heads = [])), /keeps a message of it back/,
      ["talk-0", "talk-1", "talk-2", "talk-3", "talk-4"]);
  });

  test("shows fewer messages than it showed before", async () => {
    const { api } = await fresh();
    await api.show(id);
    desk.front.meddle = onCase("talk", (p) => setCount(p, 4));
    assert.match((await api.show(id)).refused ?? "", /keeps a message of it back/);
  });

  test("lets somebody else acknowledge", async () => {
    await partly(onMessage("talk", 1, (h) => {
      h.head = Buffer.from(h.head.toString().replace("author: 3\n",
        "author: 4\n").replace("person/3 ", "person/4 "));
    }), /not signed by the person whom it names. It is talk 1, "ack" in the name of Joseph Adeyemi/,
      ["talk-0"]);
  });

  test("lets an investigator read whom nobody named", async () => {
    await partly(onMessage("talk", 3, (h) => {
      h.head = Buffer.from(h.head.toString().replace("person: 7\n", "person: 5\n"));
    }), /not signed by the person whom it names. It is talk 3/, ["talk-0", "talk-1", "talk-2"]);
  });

  test("puts the reply before the acknowledgement", async () => {
    await partly(onCase("talk", (p) => {
      p.heads = p.heads.map((h) => ({ ...(h.seq === 1 || h.seq === 2 ? talk[3 - h.seq]! : h),
        seq: h.seq }));
    }), /It is talk 1/, ["talk-0"]);
  });

  test("shows a message of another case", async () => {
    const { api, act } = await fresh();
    await act(other, { kind: "ack", lines: {} });
    let stolen: Head | undefined;
    desk.front.meddle = onMessage("talk", 1, (h) => void (stolen = h));
    await (await fresh()).api.show(other);
    straight();
    await api.lock();
    await partly(onMessage("talk", 1, (h) => void Object.assign(h, stolen)),
      /belongs to another case. It is talk 1/, ["talk-0"]);
  });

  test("gives the envelope and payload of another message", async () => {
    const { envelope, payload } = talk[4]!;
    await partly(onMessage("talk", 2, (h) => void Object.assign(h, { envelope, payload })),
      /put in place of another. It is talk 2/, ["talk-0", "talk-1"]);
  });

  /* What hides nothing but itself: the rest is read, and can be acted on. */
  async function leftOut(seq: number, edit: (h: Head) => void, sentence: RegExp): Promise<void> {
    const { api } = await fresh();
    desk.front.meddle = onMessage("talk", seq, edit);
    const c = await api.show(id);
    const m = c.messages.find((x) => x.chain === "talk" && x.seq === seq)!;
    assert.equal(c.refused, undefined);
    assert.deepEqual([m.text, m.files], ["", []]);
    assert.match(m.failure ?? "", sentence);
    assert.equal(c.messages.filter((x) => x.failure !== undefined).length, 1);
    assert.ok(c.warnings.some((w) => w.includes("does not open")));
    assert.ok(c.doable.some((d) => d.kind === "unopened"));
  }

  test("gives the payload of another message in place of a reply's", async () => {
    await leftOut(2, (h) => void (h.payload = talk[4]!.payload), /altered or cut/);
    await leftOut(0, (h) => void (h.payload = talk[4]!.payload), /altered or cut/);
  });

  test("changes a byte of a reply", async () => {
    await leftOut(2, (h) => {
      h.payload = Buffer.from(h.payload);
      h.payload[9000]! ^= 1;
    }, /altered or cut/);
  });

  test("keeps an envelope back", async () => {
    const nothingOf = { envelope: Buffer.alloc(0), payload: Buffer.alloc(0), rest: "0 0" };
    await leftOut(2, (h) => void Object.assign(h, nothingOf), /envelope/);
  });

  test("says so to the others, once", async () => {
    const west = await desk.sit("guardian-west");
    desk.front.meddle = onMessage("talk", 2, (h) => void (h.payload = talk[4]!.payload));
    const c = await west.act(id, { kind: "unopened", lines: {} });
    assert.deepEqual(c.messages.filter((m) => m.kind === "unopened").map((m) => [m.by, m.details]),
      [["Joseph Adeyemi", ["talk 2"]]]);
    assert.ok(!c.doable.some((d) => d.kind === "unopened"));
    straight();
    await assertSame(desk, "guardian-east", await east.api.show(id));
  });

  /* The envelope for the west could be so by its author too. */
  test("keeps the case from nobody by a message that does not open", async () => {
    const { caseId } = await desk.report("For the lead.");
    const west = await desk.sit("guardian-west");
    const lead = await desk.sit("lead-guardian");
    const texts = ["This opens for some.", "This for all."];
    await east.act(caseId, { kind: "ack", lines: {} });
    for (const text of texts) await east.act(caseId, { kind: "reply", lines: {}, text });
    desk.front.meddle = onMessage("talk", 2, (h) => {
      h.envelope = Buffer.from(h.envelope);
      h.envelope[h.envelope.lastIndexOf("\n--- ") - 8]! ^= 1;
    });
    assert.equal((await west.api.show(caseId)).messages[2]!.text, "");
    await refusedWith("unknown", () => lead.api.show(caseId));
    await west.act(caseId,
      { kind: "handover", lines: { person: lead.me.number }, share: "all" }).catch((e: unknown) => {
      assert.equal((e as { code?: string }).code, "stored"); // who hands over reads no more
    });
    straight();
    const c = await lead.api.show(caseId);
    assert.equal(c.refused, undefined);
    assert.deepEqual(c.messages.map((m) => m.text).filter((t) => t !== ""),
      ["For the lead.", ...texts]);
    await assertSame(desk, "lead-guardian", c);
  });

  test("gives another file in place of an attachment", async () => {
    const { api } = await fresh();
    const c = await api.show(id);
    const note = c.messages.find((m) => m.files.length > 0)!;
    const get = (): Promise<Blob> => api.attachment(id, note.chain, note.seq, note.files[0]!.index,
      nothing);
    assert.equal(await (await get()).text(), "kept");
    desk.front.meddle = onMessage("staff", note.seq, (h) => {
      h.payload = Buffer.from(h.payload);
      h.payload[5000]! ^= 1;
    });
    await refusedWith("damaged", get);
    await refusedWith("swapped", () => api.sealed(id, note.chain, note.seq, nothing));
    const { envelope, payload } = staff[1]!;
    desk.front.meddle = onMessage("staff", note.seq,
      (h) => void Object.assign(h, { envelope, payload }));
    await refusedWith("swapped", get);
  });

  /* --- storing --- */

  const note = { kind: "note", lines: {}, text: "Stored?" } as const;

  test("gives an older proof in place of one of what was sent", async () => {
    const proofs: Answered[] = [];
    desk.front.meddle = async (asked, forward) => {
      const answer = await forward(asked);
      if (asks(asked.body, "post")) proofs.push(answer);
      return asks(asked.body, "post") ? proofs[0] : answer;
    };
    await east.act(id, note);
    await refusedWith("bad-proof", () => east.act(id, note));
  });

  test("changes what is sent", async () => {
    desk.front.meddle = (asked, forward) => {
      if (!asks(asked.body, "post")) return forward(asked);
      const body = Buffer.from(asked.body);
      const at = body.lastIndexOf(0xff, 20_000);
      body[at]! ^= 1;
      return forward({ ...asked, body });
    };
    const e = await east.act(id, { ...note, text: "Changed?" }).then(() => "stored", (x: { code: string }) => x.code);
    assert.ok(["bad-bundle", "bad-proof", "bad-signature"].includes(e), e);
  });

  test("shows no case any more behind what it has stored: that is done, and said", async () => {
    let isStored = false;
    desk.front.meddle = async (asked, forward) => {
      if (isStored && asks(asked.body, "case")) return error(403, "denied");
      const answer = await forward(asked);
      isStored ||= asks(asked.body, "post");
      return answer;
    };
    const sentence = await refusedWith("stored", () => east.act(id, note));
    assert.match(sentence, /^It was stored, but the case could not be looked at again\. This is not/);
    isStored = false;
    await refusedWith("stored", () => east.api.record(id, { learning: "Look twice." }));
    straight();
    const { record } = await east.api.show(id);
    assert.equal(record.find((f) => f.field === "learning")!.value, "Look twice.");
  });

  test("others write at the same moment: it is fetched, checked and signed again", async () => {
    let conflicts = 0;
    desk.front.meddle = async (asked, forward) => {
      if (asks(asked.body, "post") && conflicts++ === 0)
        await desk.ftsu("guardian-east", "note", id, "--message",
          join(__TESTS__, "web/tsconfig.json"));
      return forward(asked);
    };
    const c = await east.act(id, { kind: "note", lines: {}, text: "After the other" });
    assert.equal(conflicts, 2);
    assert.equal(c.messages.at(-1)!.text, "After the other");
    assert.equal(c.messages.at(-2)!.text, readFileSync(join(__TESTS__, "web/tsconfig.json"),
      "utf8"));
    straight();
    await assertSame(desk, "guardian-east", c);
    let posts = 0;
    desk.front.meddle = async (asked, forward) => {
      if (!asks(asked.body, "post")) return forward(asked);
      posts++;
      return error(409, "conflict");
    };
    await refusedWith("conflict", () => east.act(id, note));
    assert.equal(posts, 8);
  });

  test("ends the session: it is begun anew", async () => {
    let ended = 0;
    let logins = 0;
    desk.front.meddle = async (asked, forward) => {
      if (asks(asked.body, "login")) logins++;
      if (asks(asked.body, "case") && ended++ === 0) return error(403, "no-session");
      return forward(asked);
    };
    assert.equal((await east.api.show(id)).refused, undefined);
    assert.deepEqual([logins, ended > 1], [1, true]);
    desk.front.meddle = async (asked, forward) =>
      (asks(asked.body, "queue") ? error(403, "no-session") : forward(asked));
    await refusedWith("no-session", () => east.api.queue("", 10));
    straight();
    await east.api.queue("", 10);
  });

  test("lists cases without end", async () => {
    for (const rows of ["none", "some, again and again"]) {
      let pages = 0;
      desk.front.meddle = async (asked, forward) => {
        const answer = await forward(asked);
        if (!asks(asked.body, "queue")) return answer;
        pages++;
        const body = Buffer.from(answer.body.toString("latin1").split("\n").filter((l) =>
          rows !== "none" || !l.startsWith("row: "))
          .join("\n").replace(/\nnext: .*\n/, "\nnext: more\n").replace(/\0+$/, ""), "latin1");
        return { ...answer, body: Buffer.concat([body, Buffer.alloc(49152 - body.length)]) };
      };
      await refusedWith("limit", () => east.api.search(["kit"], nothing));
      assert.equal(pages, 1, rows);
    }
  });

  /* --- root and policy --- */

  test("shows an older policy, or another organisation", async () => {
    const root = readFileSync(join(desk.live.org, "root0.note"), "utf8");
    const first = readFileSync(join(desk.live.org, "policy.note"), "utf8");
    const api = staffOver(newNet(desk.front.url));
    assert.equal((await api.open()).serial, 1);
    await desk.live.changePolicy(readFileSync(join(__TESTS__, "../etc/policy.yaml"), "utf8"), 2);
    assert.equal((await api.open()).serial, 2);
    const serve = (answer: Answered): Meddle => async (asked, forward) =>
      (asked.path === "/v1/policy" ? answer : forward(asked));
    desk.front.meddle = serve(policyAnswer([root], first));
    assert.match(await refusedWith("untrusted", () => api.open()), /older/);
    await refusedWith("untrusted", () => api.open());
    const org = join(desk.live.dir, "org2");
    await run([join(__TESTS__, "../etc/demo/make-org"), org, "--build", desk.live.build,
      "--work-factor", "2"]);
    const notes = ["root0.note", "policy.note"].map((name) =>
      readFileSync(join(org, name), "utf8"));
    desk.front.meddle = serve(policyAnswer([notes[0]!], notes[1]!));
    await refusedWith("denied", () => api.open());
    await refusedWith("denied", () => staffOver(newNet(desk.front.url))
      .unlock(identityOf(desk.live, "guardian-east"), "demonstration"));
  });

  test("what was written under the policy before is read by whoever saw that", async () => {
    const c = await east.api.show(id);
    assert.deepEqual(c.warnings, []);
    const late = await (await fresh()).api.show(id);
    assert.ok(late.warnings.some((w) => w.includes("earlier policy")));
  });
});
