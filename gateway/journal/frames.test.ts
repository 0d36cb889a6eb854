import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Damage, encodeFrame, type Frame, readFrame, scanFrames } from './frames.ts';

const payloads = fc.array(fc.uint8Array({ minLength: 0, maxLength: 60 }), { minLength: 1, maxLength: 6 });

function build(list: readonly Uint8Array[]): { bytes: Buffer; ends: number[] } {
  const frames = list.map((payload, index) => encodeFrame(Buffer.from(payload), index + 1));
  let end = 0;
  return { bytes: Buffer.concat(frames), ends: frames.map((frame) => (end += frame.length)) };
}

function scan(bytes: Buffer): { found: Frame[]; damages: Damage[] } {
  const found: Frame[] = [];
  const damages = scanFrames(bytes, 0, (frame) => found.push(frame));
  return { found, damages };
}

describe('frames', () => {
  it('read back what was written', () => {
    fc.assert(
      fc.property(payloads, (list) => {
        const { found, damages } = scan(build(list).bytes);
        expect(damages).toEqual([]);
        expect(found.map((frame) => [frame.count, [...frame.payload]])).toEqual(
          list.map((payload, index) => [index + 1, [...payload]]),
        );
      }),
    );
  });

  it('cut anywhere, keep every frame before the cut and call the rest torn', () => {
    fc.assert(
      fc.property(payloads, (list) => {
        const { bytes, ends } = build(list);
        for (let cut = 0; cut <= bytes.length; cut++) {
          const { found, damages } = scan(bytes.subarray(0, cut));
          const whole = ends.filter((end) => end <= cut);
          expect(found.length).toBe(whole.length);
          const last = whole.at(-1) ?? 0;
          expect(damages).toEqual(last === cut ? [] : [{ start: last, end: cut, torn: true }]);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('with any one byte changed, lose only the frame that it is in', () => {
    fc.assert(
      fc.property(payloads, fc.integer({ min: 1, max: 255 }), (list, mask) => {
        const { bytes, ends } = build(list);
        for (let at = 0; at < bytes.length; at++) {
          const changed = Buffer.from(bytes);
          changed[at] = (changed[at] ?? 0) ^ mask;
          const hit = ends.findIndex((end) => at < end);
          const { found, damages } = scan(changed);
          expect(found.map((frame) => frame.count)).toEqual(
            list.map((_, index) => index + 1).filter((count) => count !== hit + 1),
          );
          expect(damages.length).toBe(1);
          expect(damages[0]?.start).toBe(ends[hit - 1] ?? 0);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('never throws and always ends on foreign bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(40), (bytes, offset) => {
        const buffer = Buffer.from(bytes);
        readFrame(buffer, offset);
        const { found, damages } = scan(buffer);
        const covered = [...found.map((f) => f.end - f.offset), ...damages.map((d) => d.end - d.start)];
        expect(covered.reduce((sum, size) => sum + size, 0)).toBe(buffer.length);
      }),
    );
  });
});
