import { useSyncExternalStore } from 'react';

/** A question to the person that code outside of React waits for. */
export interface Question {
  readonly id: number;
  /** `confirm`: prove that it is you. `purpose`: say why you read this. `proposal`: why it should change. */
  readonly kind: 'confirm' | 'purpose' | 'proposal';
  /** What is about to be read or done, in words; empty when unknown. */
  readonly about: string;
  readonly answer: (value: string) => void;
  readonly cancel: () => void;
}

let current: Question | null = null;
let last = 0;
const waiting: Question[] = [];
const listeners = new Set<() => void>();

function show(): void {
  current = waiting[0] ?? null;
  for (const listener of listeners) listener();
}

/** Resolves with the person's answer, or null when they would rather not. Questions come one at a time. */
export function ask(kind: Question['kind'], about = ''): Promise<string | null> {
  return new Promise((resolve) => {
    const close = (value: string | null): void => {
      waiting.splice(waiting.indexOf(question), 1);
      show();
      resolve(value);
    };
    const question: Question = Object.freeze({
      id: ++last,
      kind,
      about,
      answer: (value: string) => close(value),
      cancel: () => close(null),
    });
    waiting.push(question);
    show();
  });
}

/** The question that waits for an answer now. */
export function useQuestion(): Question | null {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current,
  );
}
