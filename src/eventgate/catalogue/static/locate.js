// Where in a JSON text a JSON Pointer leads. Offsets are those of the string, so that an editor can mark them.

const SPACE = /[ \t\r\n]*/y;
const SCALAR = /-?[0-9][0-9.eE+-]*|true|false|null/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;

/** The places of all values by pointer, as {start, end, inside}, and the offset at which the text stops being JSON. */
export function places(text) {
  const found = new Map();
  let at = 0;

  const fail = () => { throw at; };
  const take = (pattern) => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null) return fail();
    at += match[0].length;
    return match[0];
  };
  const expect = (mark) => { if (text[at] !== mark) fail(); at += 1; take(SPACE); };
  const members = (pointer) => {
    const name = JSON.parse(take(STRING));
    take(SPACE);
    expect(":");
    value(`${pointer}/${escaped(name)}`);
  };
  const list = (close, one) => {
    expect(text[at]);
    for (let index = 0; text[at] !== close; index += 1) {
      if (index > 0) expect(",");
      one(index);
      take(SPACE);
    }
    at += 1;
  };
  const value = (pointer) => {
    const start = at;
    const inside = text[at] === "{" || text[at] === "[";
    found.set(pointer, { start, end: start, inside });
    if (text[at] === "{") list("}", () => members(pointer));
    else if (text[at] === "[") list("]", (index) => value(`${pointer}/${index}`));
    else if (text[at] === '"') take(STRING);
    else take(SCALAR);
    found.get(pointer).end = at;
  };

  try {
    take(SPACE);
    value("");
    take(SPACE);
    if (at < text.length) fail();
  } catch (stopped) {
    return { found, fault: typeof stopped === "number" ? stopped : at };
  }
  return { found, fault: null };
}

/** What to mark for `pointer`: a value, or the bracket that begins an object or array. It may name what is not there:
 * then the nearest thing around it. */
export function place(found, pointer) {
  let wanted = pointer;
  while (wanted && !found.has(wanted)) wanted = wanted.slice(0, wanted.lastIndexOf("/"));
  const { start, end, inside } = found.get(wanted) ?? { start: 0, end: 1, inside: false };
  return { start, end: inside ? start + 1 : Math.max(end, start + 1) };
}

/** Line and column, from 1, of an offset. */
export function position(text, offset) {
  const before = text.slice(0, offset);
  const line = before.split("\n").length;
  return { line, column: offset - before.lastIndexOf("\n") };
}

function escaped(name) {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}
