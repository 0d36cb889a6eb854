/** A value that occurs often. It occurs `count` times at most, and `count - over` times at least. */
export interface TopValue {
  readonly value: string;
  readonly count: number;
  readonly over: number;
}

/** Frequent values of a stream; mergeable. */
export interface TopCounter {
  readonly add: (value: string, times?: number) => void;
  /** Adds the values of a chunk, each with 32 bits of its hash. */
  readonly addAll: (values: ChunkValues) => void;
  readonly merge: (other: TopCounter) => void;
  /** Most frequent first. Every value that is more than 1/256 of the stream is among them (1/capacity where all came by `add`). */
  readonly top: (count: number) => TopValue[];
  /** Chunks of which rare values were passed over. */
  readonly passed: () => number;
}

/** The different values of a chunk. */
export interface ChunkValues {
  readonly count: number;
  readonly times: (index: number) => number;
  readonly hash: (index: number) => number;
  readonly text: (index: number) => string;
}

interface Slot {
  value: string;
  count: number;
  over: number;
  place: number;
  /** Of the value; null where it is not known. */
  hash: number | null;
  /** Chunks in which it may have been passed over before it got its counter. */
  passed: number;
}

const FILTER_BITS = 65_536;
/** Values that are in a chunk once are passed over only in chunks with so many different ones. */
const LEAST_CHUNK = 1024;
/** A value that is more than one in 256 stays: at most one in 1,024 was passed over, one in 352 is at the least count. */
const CAPACITY = 352;

/**
 * Space-Saving (Metwally, Agrawal, El Abbadi, 2005) with `capacity` counters in a heap: O(log capacity) a value. Once
 * all counters are taken, a value that is in a large chunk once and has no counter is passed over; whatever gets a
 * counter later is counted as if it had been passed over each time, so the bounds of {@link TopValue} hold.
 */
export function createTopCounter(capacity = CAPACITY): TopCounter {
  const slots = new Map<string, Slot>();
  const heap: Slot[] = [];
  const filter = new Uint8Array(FILTER_BITS / 8);
  let passed = 0;
  const put = (slot: Slot, place: number): void => {
    heap[place] = slot;
    slot.place = place;
  };
  function sink(slot: Slot): void {
    for (let at = slot.place; ; ) {
      const left = heap[2 * at + 1];
      const right = heap[2 * at + 2];
      const least = right !== undefined && left !== undefined && right.count < left.count ? right : left;
      if (least === undefined || least.count >= slot.count) return;
      const place = least.place;
      put(least, at);
      put(slot, place);
      at = place;
    }
  }
  function rise(slot: Slot): void {
    for (let at = slot.place; at > 0; ) {
      const parent = heap[(at - 1) >> 1] as Slot;
      if (parent.count <= slot.count) return;
      const place = parent.place;
      put(parent, at);
      put(slot, place);
      at = place;
    }
  }
  function enter({ value, count, over, hash }: Omit<Slot, 'place' | 'passed'>): void {
    const known = slots.get(value);
    if (known !== undefined) {
      known.count += count;
      known.over += over;
      return sink(known);
    }
    if (heap.length < capacity) {
      const slot = { value, count, over, place: heap.length, hash, passed };
      heap.push(slot);
      slots.set(value, slot);
      return rise(slot);
    }
    const least = heap[0] as Slot;
    slots.delete(least.value);
    least.over = least.count + over;
    least.count += count;
    least.value = value;
    least.hash = hash;
    least.passed = passed;
    slots.set(value, least);
    sink(least);
  }
  const sorted = (): TopValue[] =>
    heap
      .map((slot) => ({ value: slot.value, count: slot.count + slot.passed, over: slot.over + slot.passed }))
      .toSorted((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
  /** Marks the hashes of the values that have a counter. */
  function mark(): void {
    filter.fill(0);
    for (const { hash } of heap) {
      if (hash === null) filter.fill(255);
      else
        filter[(hash >>> 3) % filter.length] =
          (filter[(hash >>> 3) % filter.length] as number) | (1 << (hash & 7));
    }
  }
  const isMarked = (hash: number): boolean =>
    ((filter[(hash >>> 3) % filter.length] as number) & (1 << (hash & 7))) !== 0;

  function addAll({ count, times, hash, text }: ChunkValues): void {
    let passing = false;
    if (count >= LEAST_CHUNK) mark();
    else filter.fill(255);
    for (let index = 0; index < count; index++) {
      const bits = hash(index);
      const many = times(index);
      if (heap.length === capacity && many === 1 && !isMarked(bits)) passing = true;
      else enter({ value: text(index), count: many, over: 0, hash: bits });
    }
    if (passing) passed += 1;
  }

  return Object.freeze({
    add: (value: string, times = 1) => enter({ value, count: times, over: 0, hash: null }),
    addAll,
    merge: (other: TopCounter) => {
      for (const { value, count, over } of other.top(Number.POSITIVE_INFINITY))
        enter({ value, count, over, hash: null });
      passed += other.passed();
    },
    passed: () => passed,
    top: (count: number) => sorted().slice(0, count),
  });
}
