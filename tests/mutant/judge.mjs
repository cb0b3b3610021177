// judge.mjs EVERYTHING WITH_EXCUSED CHOSEN [FILE…]: builds all mutants of the list EVERYTHING once, and runs for each of the list CHOSEN, or for those in these
// files, the tests that reach it until one fails. WITH_EXCUSED is the same as CHOSEN but for the excused, which are counted.
//
// The lists are what `cargo mutants --list --json` prints. What it works with stands in $CARGO_TARGET_DIR: the copied sources in `tree`, which test reaches which
// function in `reached`, the verdicts in `reports`. Exit 1: a mutant lives.

import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { alone, changed, group } from "./tree.mjs";

// The tests that judge, the quick ones first. The others ask nothing that these do not ask: they press, measure, or read texts.
const BINARIES = ["lib", "crypto", "store", "parsers", "config", "api", "answers", "cli"];
// They measure times.
const LEFT_OUT = { answers: /^equal::/ };
// Address space of a test, in KiB: 12 GiB are three times what the largest needs, and a mutant that eats memory ends there.
const MAX_ADDRESS_SPACE_KIB = 12 * 1024 * 1024;
// A run is late after this and so many times what its tests took one by one: then the mutant hangs.
const MIN_LIMIT_SECONDS = 20;
const LIMIT_FACTOR = 4;
// How many tests of the whole Hub a mutant is given at once, the likely ones first. Most die of the first; the few that get the last cost most of the time.
const HELPINGS = [12, 48, Infinity];
// Each build leaves something out that does not compile, and the compiler tells of the next kind of error when there is none of the one before.
const MAX_BUILDS = 12;
const THREADS = availableParallelism();

const root = process.cwd();
const target = process.env.CARGO_TARGET_DIR;
const tree = join(target, "tree");
const reports = join(target, "reports");
// Short, because sockets have short names.
const temporary = mkdtempSync(join(tmpdir(), "mutants-"));
const [everything, withExcused, chosen] = process.argv.slice(2, 5).map((path) => JSON.parse(readFileSync(path)));
everything.forEach((mutant, index) => (mutant.number = index + 1));
const files = process.argv.slice(5);
const inFiles = ({ file }) => files.length === 0 || files.includes(file);
const names = new Set(chosen.filter(inFiles).map(({ name }) => name));
const excused = withExcused.filter(inFiles).length - names.size;
if (names.size + excused === 0) {
  console.error("no mutant fits these arguments");
  process.exit(2);
}
const sources = new Map([...new Set(everything.map(({ file }) => file))].map((file) => [file, readFileSync(join(root, file), "utf8")]));
const { functions, inConstants } = group(sources, everything);
const verdicts = { killed: [], alive: [], late: [], unviable: [] };

copySources();
const { left, binaries } = settle();
const tests = await reach(binaries);
// By file: the tests that killed there last are tried first.
const killers = new Map();
const waiting = [];
for (const one of functions) {
  const reaching = tests.filter((test) => test.reached.has(one.number));
  for (const mutant of one.mutants.filter(({ name }) => names.has(name) && !left.apart.has(name))) {
    if (left.unviable.has(mutant.name)) {
      verdict(mutant, { kind: "unviable" });
      continue;
    }
    const trial = begin(mutant, reaching, String(mutant.number));
    const end = (await judge(trial, 1)) ?? (await judge(trial, HELPINGS.length - 1));
    if (end || trial.helpings.every((helping) => helping.length === 0)) {
      verdict(mutant, end ?? alive(trial));
    } else {
      console.log(`waits for all ${reaching.length} tests that reach it: ${mutant.name}`);
      waiting.push(trial);
    }
  }
}
for (const trial of waiting) {
  verdict(trial.mutant, (await judge(trial, 1)) ?? alive(trial));
}
// What no running program can choose is built one by one.
const apart = [...functions.flatMap(({ mutants }) => mutants).filter(({ name }) => left.apart.has(name)), ...inConstants].filter(({ name }) => names.has(name));
for (const mutant of apart) {
  const file = join(tree, mutant.file);
  const before = readFileSync(file);
  writeFileSync(file, alone(sources.get(mutant.file), mutant));
  verdict(mutant, await judgeAlone(mutant));
  writeFileSync(file, before);
}
rmSync(temporary, { recursive: true, force: true });
const { killed, late, unviable } = verdicts;
for (const name of late) {
  console.log(`timed out: ${name}`);
}
for (const name of verdicts.alive) {
  console.log(`alive: ${name}`);
}
const counts = `killed ${killed.length}, excused ${excused}, alive ${verdicts.alive.length}, timed out ${late.length}`;
console.log(`\n== ${counts} (${unviable.length} do not compile and are none), in ${Math.round(process.uptime())} s`);
if (verdicts.alive.length > 0) {
  console.log("Each that is alive needs a test that fails with it, or an excuse with its reason in .cargo/mutants.toml.");
  process.exitCode = 1;
}

// The working tree, without lints (changed code is careless), and with tests that hand their choice on to the processes that they start.
function copySources() {
  const listed = spawnSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: root, encoding: "utf8", maxBuffer: 1 << 26 });
  const files = new Set(listed.stdout.split("\0").filter((file) => file && existsSync(join(root, file))));
  for (const file of files) {
    let text = readFileSync(join(root, file));
    if (file === "Cargo.toml") {
      text = text.toString().replace(/^\[lints\.[\s\S]*?(?=^\[(?!lints\.))/m, "");
    } else if (file === "src/lib.rs") {
      text = `${text}\n#[doc(hidden)]\npub mod mutant;\n`;
    } else if (/^tests\/.*\.rs$/.test(file)) {
      text = text.toString().replaceAll(".env_clear()", '.env_clear().env("MUTANT", std::env::var("MUTANT").unwrap_or_default())');
    }
    if (!sources.has(file)) {
      put(file, text);
    }
  }
  put("src/mutant.rs", readFileSync(join(root, "tests/mutant/chosen.rs")));
  for (const file of readdirSync(tree, { recursive: true })) {
    if (statSync(join(tree, file)).isFile() && !files.has(file) && file !== "src/mutant.rs") {
      rmSync(join(tree, file));
    }
  }
}

// Writes a file of the copy, unless it stands there already: what is older than its build is not built again.
function put(file, text) {
  const path = join(tree, file);
  if (existsSync(path) && readFileSync(path).equals(Buffer.from(text))) {
    return;
  }
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { mode: existsSync(join(root, file)) ? statSync(join(root, file)).mode : 0o644 });
}

// Builds the tests, and takes out what does not compile until the rest does. What was taken out is remembered for the same sources.
function settle() {
  const key = createHash("sha256").update(JSON.stringify(everything)).update(readFileSync(join(root, "tests/mutant/tree.mjs")));
  for (const text of sources.values()) {
    key.update(text);
  }
  const memory = join(target, `settled-${key.digest("hex").slice(0, 16)}.json`);
  const known = existsSync(memory) ? JSON.parse(readFileSync(memory)) : { leftOut: [], asTheyAre: [] };
  const leftOut = new Set(known.leftOut);
  const asTheyAre = new Set(known.asTheyAre);
  for (let builds = 1; ; builds += 1) {
    const lines = new Map();
    for (const [file, text] of sources) {
      const one = changed(text, functions.filter((candidate) => candidate.file === file), leftOut, asTheyAre);
      put(file, one.text);
      lines.set(file, one.lines);
    }
    const { errors, binaries } = build(BINARIES);
    if (errors.length === 0) {
      writeFileSync(memory, JSON.stringify({ leftOut: [...leftOut], asTheyAre: [...asTheyAre] }));
      const apart = new Set(functions.filter(({ number }) => asTheyAre.has(number)).flatMap(({ mutants }) => mutants).map(({ name }) => name));
      return { left: { unviable: new Set([...leftOut].filter((name) => !apart.has(name))), apart }, binaries };
    }
    if (builds === MAX_BUILDS) {
      throw new Error(`does not compile after ${MAX_BUILDS} builds: ${errors[0].rendered}`);
    }
    const before = leftOut.size + asTheyAre.size;
    for (const message of errors) {
      const span = message.spans.find(({ is_primary }) => is_primary) ?? message.spans[0];
      const [place] = (lines.get(span.file_name) ?? []).filter(({ from, to }) => from <= span.line_start && span.line_end <= to).sort((a, b) => a.to - a.from - (b.to - b.from));
      const constant = message.message.match(/non-const \w+(?: \w+)? `(?:.*::)?(\w+)`/)?.[1];
      if (constant) {
        functions.filter(({ name }) => name === constant).forEach(({ number }) => asTheyAre.add(number));
      } else if (place?.mutant) {
        leftOut.add(place.mutant.name);
      } else if (place) {
        asTheyAre.add(place.function.number);
      }
    }
    if (leftOut.size + asTheyAre.size === before) {
      throw new Error(`an error that no mutant explains: ${errors.map(({ rendered }) => rendered).join("\n")}`);
    }
  }
}

// The binaries of these tests, or what the compiler says against them.
function build(wanted) {
  const options = wanted.flatMap((name) => (name === "lib" ? ["--lib"] : ["--test", name]));
  const done = spawnSync("cargo", ["test", "--no-run", "--locked", "--message-format=json", ...options], { cwd: tree, encoding: "utf8", maxBuffer: 1 << 30 });
  const messages = done.stdout.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
  const errors = messages.map(({ message }) => message).filter((message) => message?.level === "error" && message.spans.length > 0);
  if (done.status === 0) {
    const made = messages.filter(({ executable, profile }) => executable && profile.test);
    return { errors, binaries: wanted.map((name) => ({ name, path: made.find((one) => one.target.kind.includes(name) || one.target.name === name).executable })) };
  }
  if (errors.length === 0) {
    throw new Error(done.stderr);
  }
  return { errors };
}

function listed({ name, path }) {
  const { stdout } = spawnSync(path, ["--list", "--format", "terse"], { cwd: tree, encoding: "utf8" });
  const all = stdout.split("\n").filter((line) => line.endsWith(": test")).map((line) => line.slice(0, -": test".length));
  return all.filter((test) => !LEFT_OUT[name]?.test(test));
}

// Runs every test by itself without a mutant, and tells which functions it reaches and how long it takes. One that fails even so (a machine that is busy is no
// place for every test) judges nothing, and that is said: a mutant may seem alive for it, but none dies of it. Remembered for each binary.
async function reach(binaries) {
  const all = [];
  mkdirSync(join(target, "reached"), { recursive: true });
  for (const binary of binaries) {
    const memory = join(target, "reached", `${createHash("sha256").update(readFileSync(binary.path)).digest("hex").slice(0, 16)}.json`);
    if (!existsSync(memory)) {
      const found = [];
      const waiting = listed(binary);
      console.log(`${binary.name}: ${waiting.length} tests without a mutant`);
      await Promise.all(Array.from({ length: THREADS }, async () => {
        for (let test = waiting.pop(); test; test = waiting.pop()) {
          const into = join(target, "reached", `${binary.name}-${test}`.slice(0, 200));
          rmSync(into, { force: true });
          const began = performance.now();
          let end = await run(binary, [test], into, 300);
          // As in a trial below: once more, before it is believed.
          if (end.kind !== "passed") {
            end = await run(binary, [test], into, 300);
          }
          const reached = existsSync(into) ? [...new Set(readFileSync(into, "utf8").split("\n").map(Number))].filter((number) => number > 0) : [];
          rmSync(into, { force: true });
          found.push({ test, seconds: (performance.now() - began) / 1000, reached, passes: end.kind === "passed" });
        }
      }));
      writeFileSync(memory, JSON.stringify(found));
    }
    const tests = JSON.parse(readFileSync(memory));
    for (const { test } of tests.filter(({ passes }) => !passes)) {
      console.log(`judges nothing, for it fails without a mutant: ${binary.name} ${test}`);
    }
    all.push(...tests.filter(({ passes }) => passes).map((one) => ({ ...one, binary, reached: new Set(one.reached) })));
  }
  return all;
}

// A mutant and the tests that it is to run, in helpings.
function begin(mutant, reaching, choice) {
  const last = killers.get(mutant.file) ?? [];
  const words = mutant.file.match(/\w{4,}/g);
  // Those that killed here before, then those that are named like the file, then the quick ones.
  const rank = ({ test }) => (last.includes(test) ? last.indexOf(test) - 100 : -words.filter((word) => test.includes(word)).length);
  const sorted = reaching.toSorted((a, b) => rank(a) - rank(b) || a.seconds - b.seconds);
  const rest = sorted.filter(({ binary }) => binary.name !== "lib");
  const helpings = [sorted.filter(({ binary }) => binary.name === "lib"), ...HELPINGS.map((size) => rest.splice(0, size))];
  return { mutant, choice, helpings, count: reaching.length };
}

function alive({ count }) {
  return { kind: "alive", by: `${count} tests reach it` };
}

// Gives a mutant the next helpings, and tells what it died of if it did.
async function judge({ mutant, choice, helpings }, many) {
  for (const helping of helpings.splice(0, many)) {
    for (const binary of new Set(helping.map((one) => one.binary))) {
      let these = helping.filter((one) => one.binary === binary);
      while (these.length > 0) {
        const limit = MIN_LIMIT_SECONDS + LIMIT_FACTOR * these.reduce((sum, one) => sum + one.seconds, 0);
        const end = await run(binary, these.map(({ test }) => test), choice, limit);
        if (end.kind === "passed") {
          break;
        }
        // On a machine that is busy a test may fail without a reason: once more, by itself.
        if (end.test && (await run(binary, [end.test], choice, limit)).kind === "passed") {
          these = these.filter(({ test }) => test !== end.test);
          continue;
        }
        if (end.test) {
          const others = (killers.get(mutant.file) ?? []).filter((test) => test !== end.test);
          killers.set(mutant.file, [end.test, ...others].slice(0, HELPINGS[0]));
        }
        return { kind: end.kind === "late" ? "late" : "killed", by: `${binary.name} ${end.test ?? end.kind}` };
      }
    }
  }
  return undefined;
}

// A mutant that is built by itself.
async function judgeAlone(mutant) {
  for (const wanted of [["lib"], BINARIES.slice(1)]) {
    const { binaries } = build(wanted);
    if (!binaries) {
      return { kind: "unviable" };
    }
    const all = tests.filter(({ binary }) => wanted.includes(binary.name));
    const here = all.map((one) => ({ ...one, binary: binaries.find(({ name }) => name === one.binary.name) }));
    const end = await judge(begin(mutant, here, "0"), Infinity);
    if (end) {
      return end;
    }
  }
  return alive({ count: tests.length });
}

function verdict(mutant, { kind, by }) {
  verdicts[kind].push(mutant.name);
  const line = `${kind}: ${mutant.name}${by ? ` [${by}]` : ""}`;
  appendFileSync(join(reports, "verdicts"), `${line}\n`);
  if (kind === "alive" || kind === "late") {
    console.log(line);
  }
}

// Runs tests of one binary until one fails; `choice` is the mutant, or the file that takes what is reached.
function run({ path }, names, choice, limitSeconds) {
  return new Promise((resolve) => {
    const place = mkdtempSync(join(temporary, "t-"));
    const limited = `ulimit -c 0 -v ${MAX_ADDRESS_SPACE_KIB}; exec "$@"`;
    const child = spawn("bash", ["-c", limited, "bash", path, "--exact", `--test-threads=${THREADS}`, ...names], {
      cwd: tree,
      // Its own group: what a test started ends with it.
      detached: true,
      env: { ...process.env, MUTANT: choice, TMPDIR: place, CARGO_MANIFEST_DIR: tree },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    let end;
    const stop = (how) => {
      end ??= how;
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        // It ended by itself.
      }
    };
    const clock = setTimeout(() => stop({ kind: "late" }), limitSeconds * 1000);
    child.stdout.on("data", (data) => {
      output += data;
      const test = output.match(/^test (\S+)(?: - should panic)? \.\.\. FAILED$/m)?.[1];
      if (test) {
        stop({ kind: "failed", test });
      }
    });
    child.stderr.on("data", (data) => (output += data));
    child.on("exit", (code) => {
      clearTimeout(clock);
      stop(code === 0 ? { kind: "passed" } : { kind: "failed" });
    });
    child.on("close", () => {
      rmSync(place, { recursive: true, force: true });
      resolve({ ...end, output });
    });
  });
}
