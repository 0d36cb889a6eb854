import { createVault, type Vault } from '@bartizan/checks/policy/vault.ts';
import { createHoldBack, type HoldBack, type Released } from '@bartizan/checks/text/hold/index.ts';
import type { SegmentKind, TextContext } from '@bartizan/checks/text/types.ts';
import { type Gathered, MOST_PIECES, type Piece } from '../formats/gather.ts';
import type { Problem } from '../http/problem.ts';
import { type Exchange, enterDecision } from '../steps/exchange.ts';
import {
  blockedProblem,
  contextOf,
  failedProblem,
  judge,
  refusalOf,
  writeRedactions,
} from '../steps/inspect.ts';
import { garbage } from '../steps/translate.ts';

/** Which text of an answer a delta belongs to. */
export interface ChannelId {
  /** Unique within the stream. */
  readonly id: string;
  readonly kind: SegmentKind;
  readonly label: string | undefined;
  readonly path: string;
  /** The text is JSON, in which restored values are escaped. */
  readonly json: boolean;
  /** Reasoning keeps its placeholders: its provider signs it, and gets it back. */
  readonly sealed: boolean;
}

interface Channel {
  readonly id: ChannelId;
  readonly index: number;
  readonly hold: HoldBack | null;
  received: string;
  released: string;
  closed: boolean;
}

/** The texts of a streamed answer on their way through the guards. */
export interface Channels {
  /** True when texts may change on the way, so that events must be rewritten. */
  readonly guarded: boolean;
  /** Why nothing more may go out; null as long as all is well. */
  readonly stopped: () => Problem | null;
  /** Takes a delta, gives what may go out now. */
  readonly push: (id: ChannelId, delta: string) => string | Promise<string>;
  /** Ends a channel: gives what was still held. */
  readonly close: (id: string) => string | Promise<string>;
  readonly open: () => readonly string[];
  /** About how many bytes of memory the texts and findings so far take; half of it where letters need two bytes. */
  readonly kept: () => number;
  /** True when what went out of a closed channel is not what came in. */
  readonly changed: (id: string) => boolean;
  /** Judges texts that came whole, or gives back what their channel released; writes them into place. */
  readonly whole: (gathered: Gathered) => Promise<boolean>;
  /** Enters texts and timings into the exchange. */
  readonly finish: () => void;
}

interface Settings {
  readonly guardsOutput: boolean;
  readonly vault: Vault | null;
  readonly context: TextContext;
}

function settingsOf(exchange: Exchange): Settings {
  const { policy, endpoint, vault } = exchange;
  const guardsOutput = endpoint !== null && (policy?.compiled.hasRules('output', endpoint.id) ?? false);
  return {
    guardsOutput,
    vault: vault !== null && vault.size() > 0 ? vault : null,
    context: contextOf(exchange),
  };
}

/** What V8 needs beside its letters for a delta: the string, and its place in the text received and in that released. */
const DELTA_BYTES = 96;
/** Roughly, with its message. */
const FINDING_BYTES = 400;

const tooMany = (): Problem => garbage('an answer of too many parts');

/** How a channel's text is known once it is over: as the upstream sent it → as it went out. */
const settledKey = (kind: SegmentKind, text: string): string => `${kind}\n${text}`;

export function createChannels(exchange: Exchange): Channels {
  const { guardsOutput, vault, context } = settingsOf(exchange);
  const guarded = guardsOutput || vault !== null;
  const channels = new Map<string, Channel>();
  const settled = new Map<string, string>();
  const unsealed = vault ?? createVault();
  const noVault = createVault();
  const began = performance.now();
  let problem: Problem | null = null;
  let kept = 0;

  function holdFor(id: ChannelId, index: number): HoldBack | null {
    const { policy, endpoint } = exchange;
    if (!guarded || policy === null || endpoint === null) return null;
    return createHoldBack({
      policy: policy.compiled,
      endpointId: endpoint.id,
      context,
      vault: id.sealed ? noVault : unsealed,
      segment: { index, kind: id.kind, ...(id.label === undefined ? {} : { label: id.label }) },
      json: id.json,
      onGuardError: endpoint.onGuardError,
    });
  }

  function channelFor(id: ChannelId): Channel {
    const known = channels.get(id.id);
    if (known !== undefined) return known;
    const index = exchange.answer.length;
    if (index >= MOST_PIECES) problem ??= tooMany();
    // Reserves the place in the record; `finish` fills the text in.
    exchange.answer.push({ index, kind: id.kind, path: id.path, text: '', author: 'assistant' });
    const channel: Channel = {
      id,
      index,
      hold: holdFor(id, index),
      received: '',
      released: '',
      closed: false,
    };
    channels.set(id.id, channel);
    return channel;
  }

  function take(channel: Channel, released: Released, since: number): string {
    exchange.guardMs += performance.now() - since;
    enterDecision(exchange, released);
    kept += released.text.length + released.findings.length * FINDING_BYTES;
    if (released.blocked) {
      problem ??=
        released.verdict === 'block'
          ? blockedProblem('output', exchange.findings, released.coaching)
          : failedProblem(exchange.guardErrors);
      return '';
    }
    channel.released += released.text;
    return released.text;
  }

  function run(
    channel: Channel,
    call: (hold: HoldBack) => Released | Promise<Released>,
  ): string | Promise<string> {
    if (channel.hold === null) return '';
    const since = performance.now();
    const released = call(channel.hold);
    return released instanceof Promise
      ? released.then((late) => take(channel, late, since))
      : take(channel, released, since);
  }

  function push(id: ChannelId, delta: string): string | Promise<string> {
    const channel = channelFor(id);
    channel.received += delta;
    kept += delta.length + DELTA_BYTES;
    if (channel.hold === null) {
      channel.released += delta;
      return delta;
    }
    // Text after the end of its channel has no context to be judged in.
    if (channel.closed) {
      problem ??= failedProblem([{ check: 'gateway/stream-order' }]);
      return '';
    }
    return run(channel, (hold) => hold.push(delta));
  }

  function settle(channel: Channel): void {
    settled.set(settledKey(channel.id.kind, channel.received), channel.released);
    kept += channel.received.length;
  }

  function close(id: string): string | Promise<string> {
    const channel = channels.get(id);
    if (channel === undefined || channel.closed) return '';
    channel.closed = true;
    const rest = run(channel, (hold) => hold.flush());
    if (rest instanceof Promise) {
      return rest.then((text) => {
        settle(channel);
        return text;
      });
    }
    settle(channel);
    return rest;
  }

  async function whole(gathered: Gathered): Promise<boolean> {
    let changed = false;
    if (exchange.answer.length + gathered.pieces.length > MOST_PIECES) problem ??= tooMany();
    if (problem !== null) return false;
    const fresh: Piece[] = [];
    for (const piece of gathered.pieces) {
      const known = settled.get(settledKey(piece.kind, piece.text));
      if (known === undefined) fresh.push(piece);
      else if (known !== piece.text) {
        piece.write(known);
        changed = true;
      }
    }
    return fresh.length === 0 ? changed : (await judgeFresh(fresh)) || changed;
  }

  async function judgeFresh(pieces: readonly Piece[]): Promise<boolean> {
    // Numbered after what the record holds so far, so that findings point to the right text.
    const base = exchange.answer.length;
    const now = pieces.map((piece) => piece.text);
    const current: Piece[] = pieces.map((piece, offset) => ({
      ...piece,
      index: base + offset,
      write: (text) => {
        now[offset] = text;
      },
    }));
    for (const { index, kind, path, text, author } of current) {
      exchange.answer.push({ index, kind, path, text, author });
      kept += 2 * text.length + FINDING_BYTES;
    }
    const decision = await judge(exchange, 'output', current);
    const refusal = decision === null ? null : refusalOf(exchange, 'output', decision);
    if (refusal !== null) {
      problem ??= refusal;
      return false;
    }
    if (decision?.verdict === 'redact') writeRedactions(current, decision.findings, unsealed);
    let changed = false;
    for (const [offset, piece] of pieces.entries()) {
      const judged = now[offset] ?? piece.text;
      const sealed = piece.kind === 'reasoning' || vault === null;
      const text = sealed ? judged : piece.json ? vault.restoreJson(judged) : vault.restore(judged);
      settled.set(settledKey(piece.kind, piece.text), text);
      if (text === piece.text) continue;
      piece.write(text);
      changed = true;
    }
    return changed;
  }

  function finish(): void {
    const timings: (typeof exchange.guardTimings)[number][] = [];
    for (const channel of channels.values()) {
      const { index, id, received } = channel;
      exchange.answer[index] = { index, kind: id.kind, path: id.path, text: received, author: 'assistant' };
      if (channel.hold !== null) timings.push(...channel.hold.timings());
    }
    if (timings.length > 0)
      exchange.trace?.inspected('output', began, { verdict: exchange.verdict, timings });
    for (const timing of timings) exchange.guardTimings.push(timing);
    channels.clear();
    settled.clear();
  }

  return Object.freeze({
    guarded,
    stopped: () => problem,
    push,
    close,
    open: () => [...channels.values()].filter((channel) => !channel.closed).map((channel) => channel.id.id),
    changed: (id: string) => {
      const channel = channels.get(id);
      return channel !== undefined && channel.hold !== null && channel.released !== channel.received;
    },
    kept: () => kept,
    whole,
    finish,
  });
}
