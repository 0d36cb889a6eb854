import type { Gathered } from '../formats/gather.ts';
import type { Usage } from '../formats/types.ts';
import type { JsonObject } from '../http/json.ts';
import type { Problem } from '../http/problem.ts';
import type { ChannelId } from './channels.ts';

/** A text in an event that continues a channel. */
export interface Delta {
  readonly channel: ChannelId;
  readonly holder: JsonObject;
  readonly field: string;
}

/** What an event of an answer stream means. */
export interface Reading {
  readonly name: string;
  readonly object: JsonObject;
  readonly deltas: Delta[];
  /** Ids of channels that end before this event goes out. */
  readonly closes: string[];
  /** A signature over the channels that `closes` names: void once their text was changed. */
  signature: { readonly holder: JsonObject; readonly field: string } | null;
  /** Texts that the event gives whole: complete in themselves, or repeating what deltas brought. */
  readonly whole: Gathered;
  /** Nothing but the deltas' texts: not worth sending once these are held back. */
  droppable: boolean;
  /** All channels end before this event goes out. */
  closesAll: boolean;
  /** The answer ends with this event. */
  terminal: boolean;
  usage: Partial<Usage> | null;
  /** Tells an error of the upstream; nothing follows. */
  failed: boolean;
}

/** How one API streams its answers. One per stream: it remembers what it needs to write events of its own. */
export interface StreamDialect {
  /** Reads an event's JSON. `guarded` lets it drop what cannot be guarded (token log-probabilities). */
  readonly read: (name: string, object: JsonObject, guarded: boolean) => Reading;
  /** True for the data that ends a stream without being JSON. */
  readonly isEnd: (data: string) => boolean;
  /** An event that brings `text` on a channel that has had deltas. */
  readonly carry: (channel: string, text: string) => string;
  /** The event as read, with its texts replaced. */
  readonly write: (reading: Reading) => string;
  /** The API's event for an answer that ends in an error. */
  readonly error: (problem: Problem, requestId: string) => string;
  /** Whether the stream may end here without a terminal event. */
  readonly complete: () => boolean;
}
