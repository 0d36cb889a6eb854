/** A value that occurs often. It occurs `count` times at most, and `count - over` times at least. */
export interface TopValue {
  readonly value: string;
  readonly count: number;
  readonly over: number;
}

/** Frequent values of a stream; mergeable. */
export interface TopCounter {
  readonly add: (value: string, times?: number) => void;
  readonly merge: (other: TopCounter) => void;
  /** Most frequent first. Every value that occurs in more than 1/capacity of the stream is among them. */
  readonly top: (count: number) => TopValue[];
}

interface Slot {
  value: string;
  count: number;
  over: number;
  place: number;
}

/** Space-Saving (Metwally, Agrawal, El Abbadi, 2005) with `capacity` counters in a heap: O(log capacity) a value. */
export function createTopCounter(capacity = 256): TopCounter {
  const slots = new Map<string, Slot>();
  const heap: Slot[] = [];
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
  function enter(value: string, count: number, over: number): void {
    const known = slots.get(value);
    if (known !== undefined) {
      known.count += count;
      known.over += over;
      return sink(known);
    }
    if (heap.length < capacity) {
      const slot = { value, count, over, place: heap.length };
      heap.push(slot);
      slots.set(value, slot);
      return rise(slot);
    }
    const least = heap[0] as Slot;
    slots.delete(least.value);
    least.over = least.count + over;
    least.count += count;
    least.value = value;
    slots.set(value, least);
    sink(least);
  }
  const sorted = (): TopValue[] =>
    heap
      .map(({ value, count, over }) => ({ value, count, over }))
      .toSorted((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
  return Object.freeze({
    add: (value: string, times = 1) => enter(value, times, 0),
    merge: (other: TopCounter) => {
      for (const { value, count, over } of other.top(Number.POSITIVE_INFINITY)) enter(value, count, over);
    },
    top: (count: number) => sorted().slice(0, count),
  });
}
