import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Exchange } from './exchange.ts';
import type { Held } from './room.ts';

/** One HTTP request and its answer. */
export interface Call {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly requestId: string;
  /** With its `?`; empty when there is none. */
  readonly query: string;
  /** Once it is known who asks; told when the client goes away. */
  exchange: Exchange | null;
  /** What its answer keeps in memory. */
  held: Held;
  closed: boolean;
}

/** Keeps no text of an answer that is over; one that was sent whole counts until the client has it. */
export function letGo({ res, held, closed }: Call, exchange: Exchange): void {
  exchange.answer = [];
  exchange.rawResponse = null;
  if (closed || exchange.streamed) held.over();
  else res.once('close', held.over);
}

/** Ends an answer for which there is no room any more. */
export function endCall({ res, exchange }: Call): void {
  if (res.writableEnded) res.destroy();
  else exchange?.abort.abort();
}
