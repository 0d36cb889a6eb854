import type { Schema } from '@bartizan/checks/datasets/records/index.ts';
import type { DataFormat, DataReadOptions } from '@bartizan/contracts';

interface Content {
  readonly path: string;
  readonly format: DataFormat;
  readonly options: DataReadOptions;
  readonly schema: Schema;
}

/** Each row is one judgement. */
export interface JudgeTask {
  readonly is: 'judge';
  readonly content: Content;
  readonly item: string;
  readonly annotator: string;
  readonly label: string;
  /** File that the queue is written to, see {@link QueueHead}; must not exist. */
  readonly out: string;
}

export interface SuspectedRow {
  readonly row: number;
  /** 0..1. */
  readonly score: number;
  readonly reason: string;
}

/** Rows that a scan suspects, the worst first. */
export interface SuspectTask {
  readonly is: 'suspect';
  readonly content: Content;
  readonly label: string;
  readonly rows: readonly SuspectedRow[];
  readonly out: string;
}

/** The same records with other labels in some rows, as JSONL; every other record is compared with what it was. */
export interface RelabelTask {
  readonly is: 'relabel';
  readonly content: Content;
  readonly label: string;
  /** [row, label]. */
  readonly changes: readonly (readonly [row: number, label: string])[];
  readonly out: string;
}

export type LabelTask = JudgeTask | SuspectTask | RelabelTask;

export interface Annotator {
  readonly name: string;
  readonly labels: number;
  readonly reliability: { readonly value: number; readonly low: number; readonly high: number } | null;
  readonly suspicion: string | null;
}

/** First line of a queue's file, as JSON; each further line is a {@link QueuedItem}, in the order of the queue. */
export interface QueueHead {
  readonly classes: readonly string[];
  readonly alpha: number | null;
  readonly annotators: readonly Annotator[];
  /** Rows that have no item, annotator or label. */
  readonly leftOut: number;
}

export interface QueuedItem {
  readonly rows: readonly number[];
  readonly name: string;
  /** Place in `classes`; null where there is none. */
  readonly current: number | null;
  readonly proposed: number | null;
  /** 0..1. */
  readonly confidence: number | null;
  readonly votes: readonly { readonly annotator: string; readonly label: string }[];
  readonly reason: string;
}

export const MOST_ITEMS = 200_000;
export const MOST_JUDGEMENTS = 2_000_000;
export const MOST_CLASSES = 1_000;
export const MOST_ANNOTATORS = 20_000;
/** Of one item, that are kept to be shown. */
export const MOST_SHOWN = 1_000;
/** Annotators that are kept to be shown: those who are suspected first. */
export const MOST_ANNOTATORS_SHOWN = 1_000;
export const LONGEST_LABEL = 1_000;
