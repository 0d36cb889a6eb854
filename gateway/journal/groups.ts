/** A group that was written, as it was before it was sealed. */
export interface WrittenGroup {
  readonly segment: number;
  readonly offset: number;
  /** Offset of the byte after its frame. */
  readonly end: number;
  /** The records' UTF-8 JSON, one line each. */
  readonly plain: Buffer;
}

/** What was just written, so that shipping it need not read and decrypt it again. */
export interface RecentGroups {
  readonly add: (group: WrittenGroup) => void;
  /** The group whose frame begins there, when it is still remembered. */
  readonly at: (segment: number, offset: number) => WrittenGroup | undefined;
  /** Forgets everything before a place. */
  readonly forget: (segment: number, offset: number) => void;
}

/**
 * Remembers groups of together at most `maxBytes`. When that is full, later groups are not remembered: the
 * reader is behind, and the oldest are what it asks for next; what it misses here it reads from the file.
 */
export function createRecentGroups(maxBytes: number): RecentGroups {
  const groups = new Map<string, WrittenGroup>();
  let bytes = 0;
  const nameOf = (segment: number, offset: number): string => `${segment}:${offset}`;

  return Object.freeze({
    add: (group: WrittenGroup) => {
      if (bytes + group.plain.length > maxBytes) return;
      bytes += group.plain.length;
      groups.set(nameOf(group.segment, group.offset), group);
    },
    at: (segment: number, offset: number) => groups.get(nameOf(segment, offset)),
    forget: (segment: number, offset: number) => {
      // Groups are written in order and a Map keeps it, so the first that stays ends the walk.
      for (const [name, group] of groups) {
        if (group.segment > segment || (group.segment === segment && group.end > offset)) return;
        bytes -= group.plain.length;
        groups.delete(name);
      }
    },
  });
}
