import type { InteractionDetail, TryRequest } from '@bartizan/contracts';
import { useSessionStorage } from '@mantine/hooks';
import type { z } from 'zod';

export type TryInput = z.input<typeof TryRequest>;
export interface PlaySegment {
  readonly id: number;
  readonly author: InteractionDetail['segments'][number]['author'];
  readonly kind: InteractionDetail['segments'][number]['kind'];
  readonly text: string;
}

export interface PlayState {
  readonly source: 'saved' | 'draft';
  readonly policyId: string | null;
  /** Null: the active version. */
  readonly version: number | null;
  /** A draft document as JSON. */
  readonly draft: string;
  readonly endpointId: string | null;
  readonly direction: 'input' | 'output';
  readonly segments: readonly PlaySegment[];
}

export const EMPTY: PlayState = {
  source: 'saved',
  policyId: null,
  version: null,
  draft: '',
  endpointId: null,
  direction: 'input',
  segments: [{ id: 1, author: 'user', kind: 'message', text: '' }],
};

/** What stands in the playground; it stays for the browser session. */
export function usePlayState() {
  return useSessionStorage<PlayState>({
    key: 'bartizan.playground',
    defaultValue: EMPTY,
    getInitialValueInEffect: false,
  });
}

export const nextId = (segments: readonly PlaySegment[]): number =>
  1 + Math.max(0, ...segments.map((segment) => segment.id));

/** The parts of a recorded interaction in one direction, as far as their text was kept. */
function segmentsOf(interaction: InteractionDetail, direction: 'input' | 'output'): PlaySegment[] {
  return interaction.segments
    .filter((segment) => segment.direction === direction && segment.text !== null)
    .slice(0, 50)
    .map((segment, index) => ({
      id: index + 1,
      author: segment.author,
      kind: segment.kind,
      text: segment.text ?? '',
    }));
}

/** The direction in which the verdict was decided, and what was said in it: the answer if it was stopped there. */
export function tellingPart(interaction: InteractionDetail): Pick<PlayState, 'direction' | 'segments'> {
  const decisive = interaction.findings.find((finding) => finding.action === interaction.wouldBe);
  const answer = segmentsOf(interaction, 'output');
  return decisive?.direction === 'output' && answer.length > 0
    ? { direction: 'output', segments: answer }
    : { direction: 'input', segments: segmentsOf(interaction, 'input') };
}

/** The request for the server; throws a SyntaxError when the draft is not JSON. */
export function toRequest(state: PlayState): TryInput {
  const policy =
    state.source === 'draft'
      ? { document: JSON.parse(state.draft) }
      : { policyId: state.policyId ?? undefined, version: state.version ?? undefined };
  return {
    ...policy,
    endpointId: state.endpointId ?? undefined,
    direction: state.direction,
    segments: state.segments.map(({ author, kind, text }) => ({ author, kind, text })),
  };
}
