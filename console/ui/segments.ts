import type { RecordedSegment } from '@bartizan/contracts';

type Author = RecordedSegment['author'];
type Kind = RecordedSegment['kind'];

/** What an endpoint keeps of the text of its interactions. */
export const RETENTION_TITLES = {
  full: 'As sent',
  redacted: 'With findings masked',
  hash: 'Digests only',
} as const;

export const AUTHOR_TITLES: Readonly<Record<Author, string>> = {
  operator: 'Operator',
  user: 'User',
  third_party: 'Third party',
  assistant: 'Assistant',
};

export const AUTHOR_MEANINGS: Readonly<Record<Author, string>> = {
  operator: 'Whoever built the application: system and developer messages',
  user: 'The person who typed it',
  third_party: 'Documents and tool results, written by somebody else',
  assistant: 'The model',
};

export const KIND_TITLES: Readonly<Record<Kind, string>> = {
  message: 'message',
  tool_call: 'tool call',
  tool_result: 'tool result',
  document: 'document',
  reasoning: 'reasoning',
  embedding_input: 'embedding input',
  tool_description: 'tool description',
};

export const DIRECTION_TITLES = { input: 'Request', output: 'Answer' } as const;
