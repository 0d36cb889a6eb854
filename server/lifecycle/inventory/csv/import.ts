import { type ImportResult, type ImportRow, SystemInput } from '@bartizan/contracts';
import { AppError } from '../../../kernel/error.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { Caller } from '../../../reviews/index.ts';
import { changesOf } from '../changes.ts';
import type { Facts } from '../facts.ts';
import { isThere, type NewSystem, type StoredParty, type StoredSystem } from '../model.ts';
import type { InventoryDeps } from '../ports.ts';
import { partiesOf, type SystemService } from '../service.ts';
import { settle } from '../settle.ts';
import { CellProblem } from './cells.ts';
import { type Column, columnOf } from './columns.ts';
import { namesFor } from './names.ts';
import { type RawRow, type RawTable, readTable } from './read.ts';
import type { Names } from './values.ts';

type RowError = ImportRow['errors'][number];
type Settled = ReturnType<typeof settle>;

/** A row with what it comes to. */
interface Read {
  readonly raw: RawRow;
  readonly key: string;
  readonly before: StoredSystem | null;
  readonly input: NewSystem | null;
  readonly errors: RowError[];
  readonly warnings: ImportRow['warnings'];
}

interface Place {
  readonly column: Column;
  readonly at: number;
}

function placesOf({ heading }: RawTable): { places: Place[]; ignored: string[] } {
  const places: Place[] = [];
  const ignored: string[] = [];
  for (const [at, name] of heading.entries()) {
    const column = columnOf(name);
    if (column === undefined) {
      if (name !== '') ignored.push(name.slice(0, 100));
    } else if (places.some((place) => place.column === column)) {
      throw new AppError('invalid_input', `two columns stand for ${column.name}`, {
        hint: `The second is called "${name.slice(0, 100)}". Take one of them out.`,
      });
    } else places.push({ column, at });
  }
  if (places.some(({ column }) => column.name === 'key' || column.name === 'name'))
    return { places, ignored };
  throw new AppError('invalid_input', 'no column is called key or name', {
    hint: 'The first line names the columns; a system is known by its key.',
  });
}

/** A key made of a name: lower-case letters, digits and hyphens. */
export const keyOf = (name: string): string =>
  name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 64)
    .replaceAll(/^-+|-+$/g, '');

const partyInput = (party: StoredParty | null): NewSystem['owner'] => {
  if (party === null) return null;
  return party.kind === 'named' ? { kind: 'named', name: party.name } : { kind: party.kind, id: party.id };
};

/** What a client would send to leave a system as it is. */
export function inputOf(system: StoredSystem, isHidden: Names['isHidden']): NewSystem {
  return {
    ...system.fields,
    owner: partyInput(system.owner),
    backupOwner: partyInput(system.backupOwner),
    teamId: system.teamId,
    modelIds: system.modelIds.filter((id) => !isHidden('model', id)),
    endpointIds: system.endpointIds.filter((id) => !isHidden('endpoint', id)),
  };
}

const cellOf = (raw: RawRow, places: readonly Place[], name: string): string => {
  const place = places.find(({ column }) => column.name === name);
  return place === undefined ? '' : (raw.cells[place.at] ?? '').trim();
};

/** Reads the cells of a row over what is there already. */
function readRow(
  { raw, key, before }: Pick<Read, 'raw' | 'key' | 'before'>,
  places: readonly Place[],
  base: Omit<Names, 'warn'>,
): Read {
  const errors: RowError[] = [];
  const warnings: ImportRow['warnings'] = [];
  let draft: NewSystem = before
    ? inputOf(before, base.isHidden)
    : { ...SystemInput.parse({ key: 'x', name: 'x' }), name: '' };
  for (const { column, at } of places) {
    const cell = raw.cells[at] ?? '';
    const names: Names = {
      ...base,
      warn: (message) => warnings.push({ column: column.name, message }),
    };
    try {
      if (column.read) draft = column.read(draft, cell, names);
    } catch (problem) {
      if (!(problem instanceof CellProblem)) throw problem;
      errors.push({ column: column.name, message: problem.message, todo: problem.todo });
    }
  }
  const parsed = SystemInput.safeParse({ ...draft, key });
  if (parsed.success)
    return { raw, key, before, input: errors.length === 0 ? parsed.data : null, errors, warnings };
  for (const issue of parsed.error.issues) {
    const path = issue.path.join('.');
    const column = places.find(
      (place) => path === place.column.path || path.startsWith(`${place.column.path}.`),
    );
    errors.push({
      column: column?.column.name ?? path,
      message: issue.code === 'too_small' ? 'something must stand here' : issue.message,
      todo: issue.code === 'too_small' ? 'Fill this cell in.' : 'Correct this cell.',
    });
  }
  return { raw, key, before, input: null, errors, warnings };
}

/** Whether a settled row differs from what is stored. */
const differs = (before: StoredSystem, settled: Settled) => changesOf(before, { ...before, ...settled });

export function createImport(
  deps: Pick<InventoryDeps, 'database' | 'audit' | 'directory'>,
  systems: SystemService,
) {
  const { database, audit, directory } = deps;

  function judge(actor: Caller, read: Read, facts: Facts): { row: ImportRow; settled: Settled | null } {
    const row = (
      action: ImportRow['action'],
      changes: string[] = [],
      errors: readonly RowError[] = read.errors,
    ) => ({
      line: read.raw.line,
      key: read.key,
      name: read.input?.name ?? read.before?.fields.name ?? '',
      action,
      changes,
      errors: [...errors],
      warnings: [...read.warnings],
    });
    if (read.input === null) return { row: row('error'), settled: null };
    try {
      const settled = settle(actor, read.input, read.before, facts);
      if (read.before === null) return { row: row('create'), settled };
      const changes = differs(read.before, settled).map(({ field }) => field);
      return { row: row(changes.length > 0 ? 'update' : 'unchanged', changes), settled };
    } catch (cause) {
      if (!(cause instanceof AppError)) throw cause;
      const issue = cause.issues?.[0];
      const error = {
        column: issue?.path ?? '',
        message: issue?.message ?? cause.message,
        todo: cause.hint ?? '',
      };
      return { row: row('error', [], [error]), settled: null };
    }
  }

  /** Everything that the rows need to be judged, read within `db`. */
  async function prepare(db: Database, actor: Caller, table: RawTable) {
    const { places, ignored } = placesOf(table);
    const keys = table.rows.map((raw) => cellOf(raw, places, 'key') || keyOf(cellOf(raw, places, 'name')));
    const stored = new Map((await systems.store.byKeys(db, keys)).map((one) => [one.fields.key, one]));
    const mails = table.rows.flatMap((raw) =>
      ['owner', 'backup_owner'].map((name) => cellOf(raw, places, name)).filter((cell) => cell.includes('@')),
    );
    const people = await directory.byEmail(mails);
    const base = await systems.factsFor([...stored.values()]);
    const seen = new Map([...base.people, ...[...people.values()].map((one) => [one.id, one] as const)]);
    const names = namesFor(actor, { ...base, people: seen }, people);
    const reads = table.rows.map((raw, index): Read => {
      const key = keys[index] ?? '';
      const before = stored.get(key) ?? null;
      const hidden = before !== null && !isThere(actor, before.teamId);
      const read = readRow({ raw, key, before: hidden ? null : before }, places, names);
      const first = keys.indexOf(key);
      const problems: RowError[] = [
        ...(raw.cells.length > table.heading.length &&
        raw.cells.slice(table.heading.length).some((cell) => cell !== '')
          ? [
              {
                column: '',
                message: `this row has ${raw.cells.length} cells, the heading ${table.heading.length}`,
                todo: 'Put cells with separators into quotation marks.',
              },
            ]
          : []),
        ...(first < index && key !== ''
          ? [
              {
                column: 'key',
                message: `line ${table.rows[first]?.line} has the key "${key.slice(0, 64)}" too`,
                todo: 'Give each system a key of its own.',
              },
            ]
          : []),
        ...(hidden ? [{ column: 'key', message: 'this key is taken', todo: 'Choose another key.' }] : []),
      ];
      if (problems.length === 0) return read;
      return { ...read, input: null, errors: [...problems, ...read.errors] };
    });
    // Whoever the rows name by id is looked up too.
    const named = await systems.factsFor(
      reads.flatMap(({ input }) => (input === null ? [] : [partiesOf(input)])),
    );
    return { reads, ignored, facts: { ...base, people: new Map([...seen, ...named.people]) } };
  }

  async function apply(tx: Database, actor: Caller, read: Read, settled: Settled): Promise<void> {
    if (read.before === null) {
      await systems.insert(tx, actor, settled, 'from a CSV file');
      return;
    }
    await systems.change(tx, actor, {
      id: read.before.id,
      revision: read.before.revision,
      act: (before, after) => ({ action: systems.actOfEdit(before, after), note: 'from a CSV file' }),
      next: () => settled,
    });
  }

  function resultOf(rows: readonly ImportRow[], ignored: readonly string[], done: boolean): ImportResult {
    const count = (action: ImportRow['action']) => rows.filter((row) => row.action === action).length;
    return {
      done,
      created: count('create'),
      updated: count('update'),
      unchanged: count('unchanged'),
      failed: count('error'),
      ignoredColumns: [...ignored],
      rows: [...rows],
    };
  }

  /**
   * Takes over a CSV file, or says what would happen. With an error in any row nothing is changed. Throws
   * `invalid_input` for what is no CSV of systems at all.
   */
  return async function importCsv(actor: Caller, bytes: Uint8Array, dryRun: boolean): Promise<ImportResult> {
    if (actor.endpoints)
      throw new AppError('forbidden', 'this key is for certain endpoints and describes no systems');
    const table = readTable(bytes);
    return await database.transaction().execute(async (tx) => {
      const { reads, ignored, facts } = await prepare(tx, actor, table);
      const judged = reads.map((read) => ({ read, ...judge(actor, read, facts) }));
      const rows = judged.map(({ row }) => row);
      const good = rows.every(({ action }) => action !== 'error');
      if (dryRun || !good || rows.length === 0) return resultOf(rows, ignored, false);
      await systems.demandRoom(rows.filter(({ action }) => action === 'create').length);
      for (const { read, row, settled } of judged) {
        if (settled !== null && row.action !== 'unchanged') await apply(tx, actor, read, settled);
      }
      const result = resultOf(rows, ignored, true);
      await audit.record(
        {
          actor,
          action: 'systems.imported',
          subject: 'systems',
          detail: { created: result.created, updated: result.updated, unchanged: result.unchanged },
        },
        tx,
      );
      return result;
    });
  };
}
