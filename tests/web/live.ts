/*
 * A real organisation and daemon for the tests of the browser's code, as
 * tests/lib/instance.py has it for the others: made by etc/demo/make-org in a
 * directory that goes away, one speakupd on loopback, and the C clients.
 * SPEAKUP_BUILD names meson's build directory; `none` skips these tests.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { appendFileSync, closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync,
  writeFileSync } from "node:fs";
import { request } from "node:https";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Writable } from "node:stream";

declare const __TESTS__: string;

const PASSPHRASE = "demonstration";
const START_MS = 60_000;

/** For `test(name, { skip: skipLive }, …)`. */
export const skipLive: string | false =
  process.env["SPEAKUP_BUILD"] === "none" ? "SPEAKUP_BUILD is none" : false;

export interface Done {
  code: number;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  stdin?: string;
  expect?: number; // exit status; 0 where not given
  passphrase?: boolean; // on descriptor 3
}

export interface LiveOptions {
  port?: number; // a free one where not given
  policy?: string; // file; etc/policy.yaml where not given
  limits?: Record<string, number>; // of speakupd.yaml
  web?: string; // directory that web/build.mjs wrote
}

export interface Live {
  dir: string; // goes away with stop()
  org: string; // what make-org made
  build: string;
  port: number;
  url: string; // https://127.0.0.1:PORT
  ca: string; // PEM file
  rootHash: string;
  run(argv: string[], options?: RunOptions): Promise<Done>;
  speakup(command: string, args?: string[], options?: RunOptions): Promise<Done>;
  /** A staff member's command; `login` first. */
  ftsu(who: string, command: string, args?: string[], options?: RunOptions): Promise<Done>;
  ctl(...args: string[]): Promise<Done>;
  /** Keys for somebody new, into keys.yaml. */
  keygen(slug: string): Promise<void>;
  /** Compiles and signs this text, and waits until it is in force. */
  changePolicy(text: string, serial: number): Promise<void>;
  log(): string;
  stop(): Promise<void>;
}

/** The build directory; an error where there is none. */
export function buildDirectory(): string {
  const named = process.env["SPEAKUP_BUILD"];
  if (named === undefined || !existsSync(join(named, "daemon/speakupd")))
    throw new Error("set SPEAKUP_BUILD to meson's build directory (or to \"none\", to skip these tests)");
  return resolve(named);
}

export function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once("error", fail);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => done(port));
    });
  });
}

/** Fails where the command ends with another status than is expected. */
export function run(argv: string[], options: RunOptions = {}): Promise<Done> {
  const fds: ("pipe" | "ignore")[] = ["pipe", "pipe", "pipe"];
  if (options.passphrase === true) fds.push("pipe");
  const child = spawn(argv[0] ?? "", argv.slice(1), { stdio: fds });
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const secret = child.stdio[3];
  if (secret instanceof Writable) secret.on("error", () => undefined).end(`${PASSPHRASE}\n`);
  child.stdin?.on("error", () => undefined).end(options.stdin ?? "");
  return new Promise((done, fail) => {
    child.once("error", fail);
    child.once("close", (code) => {
      if (code === (options.expect ?? 0)) done({ code: code ?? 1, stdout, stderr });
      else fail(new Error(`${argv.join(" ")}: exit ${code}\n${stdout}\n${stderr}`));
    });
  });
}

function configText(org: string, dir: string, port: number, options: LiveOptions): string {
  const limits = Object.entries(options.limits ?? {}).map(([k, v]) => `  ${k}: ${v}\n`).join("");
  return `fronts: 1
state: ${dir}/state
policy: ${org}/policy.note
roots:
  - ${org}/root0.note
instance-key: ${org}/keys/instance.key
store-key: ${org}/keys/store.key
tls:
  certificate: ${org}/tls/cert.pem
  key: ${org}/tls/key.pem
listeners:
  - name: main
    kind: both
    address: 127.0.0.1:${port}
${options.web === undefined ? "" : `web: ${org}/web\n`}${limits === "" ? "" : `limits:\n${limits}`}`;
}

/** Whether the whole service, vault included, answers. */
function answers(port: number, ca: string): Promise<boolean> {
  return new Promise((done) => {
    const r = request({ host: "127.0.0.1", port, path: "/v1/plain/answer", method: "POST",
      ca: readFileSync(ca), timeout: 5000, agent: false }, (answer) => {
      answer.resume();
      done(answer.statusCode !== 503);
    });
    r.on("error", () => done(false));
    r.on("timeout", () => r.destroy());
    r.end("0".repeat(64));
  });
}

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

async function startDaemon(live: { build: string; port: number; ca: string }, config: string,
  log: string): Promise<ChildProcess> {
  const out = openSync(log, "a");
  const child = spawn(join(live.build, "daemon/speakupd"), ["-c", config],
    { stdio: ["ignore", out, out] });
  closeSync(out);
  for (const end = Date.now() + START_MS; Date.now() < end && child.exitCode === null; await pause(20))
    if (await answers(live.port, live.ca)) return child;
  child.kill("SIGKILL");
  throw new Error(`speakupd did not start:\n${readFileSync(log, "utf8").slice(-4000)}`);
}

async function stopDaemon(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((done) => child.once("exit", done));
  child.kill("SIGTERM");
  await ended;
}

/** Starts one; stop() in any case. */
export async function startLive(options: LiveOptions = {}): Promise<Live> {
  const build = buildDirectory();
  const top = join(__TESTS__, "..");
  const dir = mkdtempSync(join(tmpdir(), "speakup-live-"));
  const org = join(dir, "org");
  const port = options.port ?? (await freePort());
  const config = join(dir, "speakupd.yaml");
  const log = join(dir, "log");
  let child: ChildProcess;
  try {
    await run([join(top, "etc/demo/make-org"), org, "--build", build, "--port", String(port),
      "--work-factor", "2", ...(options.policy === undefined ? [] : ["--policy", options.policy]),
      ...(options.web === undefined ? [] : ["--web", options.web])]);
    mkdirSync(join(dir, "state"), { mode: 0o700 });
    writeFileSync(config, configText(org, dir, port, options));
    child = await startDaemon({ build, port, ca: join(org, "tls/ca.pem") }, config, log);
  } catch (e) {
    rmSync(dir, { recursive: true, force: true });
    throw e;
  }
  const ends = (): void => void child.kill("SIGTERM");
  process.once("exit", ends);
  return liveOf({ dir, org, build, port, log, child, stop: async () => {
    process.removeListener("exit", ends);
    await stopDaemon(child);
    rmSync(dir, { recursive: true, force: true });
  } });
}

interface Started {
  dir: string;
  org: string;
  build: string;
  port: number;
  log: string;
  child: ChildProcess;
  stop(): Promise<void>;
}

function liveOf(s: Started): Live {
  const url = `https://127.0.0.1:${s.port}`;
  const ca = join(s.org, "tls/ca.pem");
  const rootHash = readFileSync(join(s.org, "root0.sha256"), "utf8").trim();
  const server = ["--server", url, "--cacert", ca, "--root-hash", rootHash];
  const ctl = (...args: string[]): Promise<Done> => run([join(s.build, "client/speakupctl"), ...args]);
  return {
    dir: s.dir, org: s.org, build: s.build, port: s.port, url, ca, rootHash, run, ctl,
    speakup: (command, args = [], options = {}) =>
      run([join(s.build, "client/speakup"), command, ...server, ...args], options),
    ftsu: (who, command, args = [], options = {}) => {
      const state = join(s.dir, "staff", who);
      mkdirSync(state, { recursive: true });
      return run([join(s.build, "client/ftsu"), command, ...server, "--identity",
        join(s.org, `staff/${who}.age`), "--state", state, "--session-file", join(state, "session"),
        "--passphrase-fd", "3", ...args], { ...options, passphrase: true });
    },
    keygen: async (slug) => {
      const { stdout } = await run([join(s.build, "client/ftsu"), "keygen", "--work-factor", "2",
        "--passphrase-fd", "3", "--out", join(s.org, `staff/${slug}.age`)], { passphrase: true });
      const lines = stdout.trimEnd().split("\n").map((line) => `    ${line}\n`).join("");
      appendFileSync(join(s.org, "keys.yaml"), `  ${slug}:\n${lines}`);
    },
    changePolicy: (text, serial) => changePolicy(s, ctl, server, text, serial),
    log: () => readFileSync(s.log, "utf8"),
    stop: s.stop,
  };
}

async function changePolicy(s: Started, ctl: Live["ctl"], server: string[], text: string,
  serial: number): Promise<void> {
  const at = (name: string): string => join(s.org, name);
  writeFileSync(at("policy.yaml"), text);
  await ctl("policy", "compile", at("policy.yaml"), "--keys", at("keys.yaml"), "--issued", "now",
    "--serial", String(serial), "--out", at(`policy-${serial}.json`));
  await ctl("policy", "sign", at(`policy-${serial}.json`), "--key", at("keys/policy-1.key"), "--key",
    at("keys/policy-2.key"), "--out", at("policy.note"), "--force");
  s.child.kill("SIGHUP");
  for (const end = Date.now() + 10_000; Date.now() < end; await pause(100)) {
    const { stdout } = await run([join(s.build, "client/speakup"), "policy", ...server, "--json"]);
    const shown = JSON.parse(stdout) as { policy: { serial: number } };
    if (shown.policy.serial === serial) return;
  }
  throw new Error("the new policy is not in force");
}
