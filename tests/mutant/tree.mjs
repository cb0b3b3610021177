// Writes a copy of the sources in which every mutant stands beside the original, and `MUTANT` says which of them runs:
//
//   fn is_open(&self) -> bool { match crate::mutant::chosen(7) { 12 => { false } 13 => { self.end > now } _ => { self.end <= now } } }
//
// So one build serves all mutants.

// The functions that have mutants, numbered from 1, with those mutants that no function holds (they are in constants).
export function group(sources, mutants) {
  const found = mutants.map((mutant) => {
    const text = sources.get(mutant.file);
    const of = (span) => [offset(text, span.start), offset(text, span.end)];
    return { ...mutant, place: of(mutant.span), whole: mutant.function && of(mutant.function.span) };
  });
  const functions = [];
  const inConstants = found.filter((mutant) => !mutant.whole);
  // Outer functions come before those within them, which they take in.
  const within = found.filter((mutant) => mutant.whole);
  within.sort((a, b) => a.file.localeCompare(b.file) || a.whole[0] - b.whole[0] || b.whole[1] - a.whole[1]);
  for (const mutant of within) {
    const last = functions.at(-1);
    if (last?.file === mutant.file && mutant.whole[1] <= last.end) {
      last.mutants.push(mutant);
    } else {
      const [start, end] = mutant.whole;
      const { name, body } = opening(sources.get(mutant.file), start);
      functions.push({ number: functions.length + 1, file: mutant.file, start, end, name, body, mutants: [mutant] });
    }
  }
  return { functions, inConstants };
}

function offset(text, { line, column }) {
  let at = 0;
  for (let left = line - 1; left > 0; left -= 1) {
    at = text.indexOf("\n", at) + 1;
  }
  // Columns count characters, and a character outside the basic plane is two units of a string here.
  const before = Array.from(text.slice(at, text.indexOf("\n", at))).slice(0, column - 1);
  return at + before.join("").length;
}

// What is no code: comments, texts, characters (not lifetimes). Of what is left the brackets are counted.
const TOKEN = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|b?r(#*)"[\s\S]*?"\1|b?"(?:\\[\s\S]|[^"\\])*"|b?'(?:\\[^\n]*?|[^'\\\n])'|\bfn\s+(\w+)|[()[\]{}]/g;

// The name of the function that begins here, and the offset just behind the brace that opens its body.
function opening(text, start) {
  let depth = 0;
  let name;
  TOKEN.lastIndex = start;
  for (let token = TOKEN.exec(text); token; token = TOKEN.exec(text)) {
    if (depth === 0 && token[2] && !name) {
      name = token[2];
    } else if (depth === 0 && name && token[0] === "{") {
      return { name, body: TOKEN.lastIndex };
    } else if ("([{".includes(token[0])) {
      depth += 1;
    } else if (")]}".includes(token[0])) {
      depth -= 1;
    }
  }
  throw new Error(`no function begins at ${start}`);
}

// The text of a file with all its mutants but those in `leftOut` and those of functions in `asTheyAre`, and which lines belong to which mutant.
export function changed(text, functions, leftOut, asTheyAre) {
  const lines = [];
  let out = "";
  let line = 1;
  let at = 0;
  const put = (part) => {
    out += part;
    line += part.split("\n").length - 1;
  };
  for (const one of functions) {
    const mutants = one.mutants.filter((mutant) => !leftOut.has(mutant.name));
    if (asTheyAre.has(one.number) || mutants.length === 0) {
      continue;
    }
    const head = text.slice(one.start, one.body);
    const arm = boxes(head) ? (body) => `{ let boxed: Box<dyn Iterator<Item = _> + '_> = Box::new({${body}}); boxed }\n` : (body) => `{${body}}\n`;
    const from = line + text.slice(at, one.start).split("\n").length - 1;
    // Nothing that asks for the environment is constant.
    put(text.slice(at, one.start) + head.replace(/^(\s*(?:pub(?:\([^)]*\))? )?)const ((?:async )?fn )/m, "$1$2"));
    put(` match crate::mutant::chosen(${one.number}) {\n`);
    for (const mutant of mutants) {
      const begin = line;
      put(`${mutant.number} => ${arm(text.slice(one.body, mutant.place[0]) + mutant.replacement + text.slice(mutant.place[1], one.end - 1))}`);
      lines.push({ from: begin, to: line - 1, mutant, function: one });
    }
    put(`_ => ${arm(text.slice(one.body, one.end - 1))}} }`);
    lines.push({ from, to: line, function: one });
    at = one.end;
  }
  put(text.slice(at));
  return { text: out, lines };
}

// Arms of one `match` have one type, and two bodies of a function that hides its iterator's type have two.
function boxes(head) {
  return /->\s*impl Iterator/.test(head);
}

// The text of a file with one mutant instead of the original.
export function alone(text, mutant) {
  return text.slice(0, mutant.place[0]) + mutant.replacement + text.slice(mutant.place[1]);
}
