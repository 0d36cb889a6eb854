import { DEFAULT_EXPERIMENT_ID } from '../runs/migrations.ts';
import { noSuchExperiment, noSuchLoggedModel, noSuchRun } from '../runs/model.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const HEX = /^[0-9a-f]{32}$/;

/** MLflow's form of an id: 32 hexadecimal digits. */
export const toHex = (uuid: string): string => uuid.replaceAll('-', '');

/** Our form of an id in either form; undefined for anything else. */
export function toUuid(text: string): string | undefined {
  if (UUID.test(text)) return text;
  if (!HEX.test(text)) return undefined;
  return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join(
    '-',
  );
}

/** Clients that name no experiment mean `0`. */
const DEFAULT_WIRE_ID = '0';

export const experimentToWire = (id: string): string => (id === DEFAULT_EXPERIMENT_ID ? DEFAULT_WIRE_ID : id);

/** Throws `not_found` for what is no id of an experiment. */
export function experimentFromWire(text: string | undefined): string {
  if (text === undefined || text === '' || text === DEFAULT_WIRE_ID) return DEFAULT_EXPERIMENT_ID;
  const id = toUuid(text);
  if (id === undefined) throw noSuchExperiment();
  return id;
}

/** Of a search: what is no id matches nothing. */
export const experimentsFromWire = (ids: readonly string[]): readonly string[] =>
  ids.flatMap((text) => (text === DEFAULT_WIRE_ID ? [DEFAULT_EXPERIMENT_ID] : (toUuid(text) ?? [])));

/** Throws `not_found` for what is no id of a run. */
export function runFromWire({
  run_id,
  run_uuid,
}: {
  run_id?: string | undefined;
  run_uuid?: string | undefined;
}) {
  const id = toUuid(run_id || run_uuid || '');
  if (id === undefined) throw noSuchRun();
  return id;
}

export const modelToWire = (id: string): string => `m-${toHex(id)}`;

/** The id of a logged model, written `m-…`; throws `not_found` for anything else. */
export function modelFromWire(text: string): string {
  const id = text.startsWith('m-') ? toUuid(text.slice(2)) : undefined;
  if (id === undefined) throw noSuchLoggedModel();
  return id;
}
