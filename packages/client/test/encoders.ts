import { createDelta } from 'fossil-delta';

// The server's half, as simple as it can be: what makes deltas for the tests.

export function fossilDelta(base: string, target: string): string {
  return Buffer.from(createDelta(new TextEncoder().encode(base), new TextEncoder().encode(target))).toString('base64');
}

/** VCDIFF (RFC 3284) in one window: what both begin with is copied, the middle added, what both end with copied. */
export function vcdiffDelta(base: string, target: string): string {
  const from = Buffer.from(base);
  const to = Buffer.from(target);
  const shorter = Math.min(from.length, to.length);
  let start = 0;
  while (start < shorter && from[start] === to[start]) start++;
  let end = 0;
  while (end < shorter - start && from[from.length - 1 - end] === to[to.length - 1 - end]) end++;
  const middle = to.subarray(start, to.length - end);
  const instructions: number[] = [];
  const addresses: number[] = [];
  // Of the default code table: 19 is COPY in mode 0 and 1 is ADD, each with the size behind it.
  const copy = (size: number, address: number): void => {
    if (size === 0) return;
    instructions.push(19, ...varint(size));
    addresses.push(...varint(address));
  };
  copy(start, 0);
  if (middle.length > 0) instructions.push(1, ...varint(middle.length));
  copy(end, from.length - end);
  const body = [
    ...varint(to.length),
    0,
    ...varint(middle.length),
    ...varint(instructions.length),
    ...varint(addresses.length),
    ...middle,
    ...instructions,
    ...addresses,
  ];
  const window = [1, ...varint(from.length), ...varint(0), ...varint(body.length), ...body];
  return Buffer.from([0xd6, 0xc3, 0xc4, 0, 0, ...window]).toString('base64');
}

function varint(value: number): number[] {
  const digits = [value & 0x7f];
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) digits.unshift((rest & 0x7f) | 0x80);
  return digits;
}
