// A picture of a page with at most 256 colours: the commonest ones, and in place of each other the nearest of them. Pages have few colours and many
// shades at the edges of letters, so nobody sees a difference, and a third of the bytes is left.

import assert from "node:assert/strict";
import { crc32, deflateSync, inflateSync } from "node:zlib";

const SIGNATURE = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
const COLOURS = 256;

/** The parts of a PNG file by their names; several of one name joined. */
function parts(file) {
  assert.deepEqual(file.subarray(0, 8), SIGNATURE, "a PNG file");
  const found = {};
  for (let at = 8; at < file.length; ) {
    const length = file.readUInt32BE(at);
    const name = file.toString("latin1", at + 4, at + 8);
    const data = file.subarray(at + 8, at + 8 + length);
    found[name] = found[name] ? Buffer.concat([found[name], data]) : data;
    at += 12 + length;
  }
  return found;
}

/** What a filter guesses for a byte: from the left, above, and left above. */
function guess(filter, left, above, corner) {
  if (filter === 1) return left;
  if (filter === 2) return above;
  if (filter === 3) return (left + above) >> 1;
  if (filter !== 4) return 0;
  const [toLeft, toAbove, toCorner] = [left, above, corner].map((value) => Math.abs(left + above - corner - value));
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}

/** The pixels of a file as Chromium writes it, each as one number. */
function pixels({ IHDR, IDAT }) {
  const [width, height] = [IHDR.readUInt32BE(0), IHDR.readUInt32BE(4)];
  const channels = { 2: 3, 6: 4 }[IHDR[9]];
  assert.ok(IHDR[8] === 8 && channels && IHDR[12] === 0, "eight bits a colour, line by line");
  const bytes = inflateSync(IDAT);
  const line = width * channels;
  let before = Buffer.alloc(line);
  const colours = new Uint32Array(width * height);
  for (let y = 0; y < height; y += 1) {
    const filter = bytes[y * (line + 1)];
    const now = bytes.subarray(y * (line + 1) + 1, (y + 1) * (line + 1));
    for (let x = 0; x < line; x += 1) {
      const has = x >= channels;
      now[x] += guess(filter, has ? now[x - channels] : 0, before[x], has ? before[x - channels] : 0);
    }
    for (let x = 0; x < width; x += 1) colours[y * width + x] = now.readUIntBE(x * channels, 3);
    before = now;
  }
  return { width, height, colours };
}

/** The commonest colours, and which of them stands for each that is there. */
function palette(colours) {
  const counts = new Map();
  for (const colour of colours) counts.set(colour, (counts.get(colour) ?? 0) + 1);
  const kept = [...counts].sort(([, one], [, other]) => other - one).slice(0, COLOURS).map(([colour]) => colour);
  const parted = (colour) => [colour >> 16, (colour >> 8) & 255, colour & 255];
  const known = kept.map(parted);
  const nearest = new Map(kept.map((colour, place) => [colour, place]));
  for (const colour of counts.keys()) {
    if (nearest.has(colour)) continue;
    const own = parted(colour);
    const distances = known.map((other) => other.reduce((sum, value, channel) => sum + (value - own[channel]) ** 2, 0));
    nearest.set(colour, distances.indexOf(Math.min(...distances)));
  }
  return { kept: known, nearest };
}

function part(name, data) {
  const body = Buffer.concat([Buffer.from(name, "latin1"), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

/** The same picture as a smaller file. */
export function small(file) {
  const { width, height, colours } = pixels(parts(file));
  const { kept, nearest } = palette(colours);
  const lines = Buffer.alloc(height * (width + 1));
  for (let place = 0; place < colours.length; place += 1) {
    lines[place + Math.floor(place / width) + 1] = nearest.get(colours[place]);
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  // Eight bits a pixel, which are places in the palette.
  head.set([8, 3, 0, 0, 0], 8);
  return Buffer.concat([
    SIGNATURE,
    part("IHDR", head),
    part("PLTE", Buffer.from(kept.flat())),
    part("IDAT", deflateSync(lines, { level: 9, memLevel: 9 })),
    part("IEND", Buffer.alloc(0)),
  ]);
}
