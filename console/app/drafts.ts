import { PolicyDocument } from '@bartizan/contracts';

/** Unsaved policy documents, kept for this browser session so that leaving a page loses nothing. */
const keyOf = (policyId: string): string => `bartizan.draft.${policyId}`;

export interface Draft {
  readonly document: PolicyDocument;
  /** The version that the draft began from. */
  readonly base: number;
}

export function readDraft(policyId: string): Draft | null {
  const text = sessionStorage.getItem(keyOf(policyId));
  if (text === null) return null;
  try {
    const value = JSON.parse(text) as { document: unknown; base: unknown };
    const document = PolicyDocument.safeParse(value.document);
    return document.success && typeof value.base === 'number'
      ? { document: document.data, base: value.base }
      : null;
  } catch {
    return null;
  }
}

export const writeDraft = (policyId: string, draft: Draft): void =>
  sessionStorage.setItem(keyOf(policyId), JSON.stringify(draft));

export const dropDraft = (policyId: string): void => sessionStorage.removeItem(keyOf(policyId));

/** What was typed into a form and not saved, kept for this browser session; null where nothing is, or it no longer fits. */
export function readFormDraft<T>(name: string, fits: (value: unknown) => T | null): T | null {
  const text = sessionStorage.getItem(`bartizan.form.${name}`);
  if (text === null) return null;
  try {
    return fits(JSON.parse(text) as unknown);
  } catch {
    return null;
  }
}

export const writeFormDraft = (name: string, values: unknown): void =>
  sessionStorage.setItem(`bartizan.form.${name}`, JSON.stringify(values));

export const dropFormDraft = (name: string): void => sessionStorage.removeItem(`bartizan.form.${name}`);
