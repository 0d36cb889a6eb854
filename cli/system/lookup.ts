import { readFileSync } from 'node:fs';
import { inventoryRoutes, type SystemDetail, SystemInput, type SystemSummary } from '@bartizan/contracts';
import type { Client } from '@bartizan/contracts/client.ts';
import { CliError, EXIT } from '../exit.ts';
import { readJsonFile } from '../json-file.ts';

/** What flags say of a system. */
export interface SystemFlags {
  readonly purpose?: string;
  readonly owner?: string;
  readonly vendorModel?: string[];
  readonly tag?: string[];
}

/** What of a system's fields the flags give. */
export async function partsOf(api: Client, flags: SystemFlags) {
  return {
    ...(flags.purpose === undefined ? {} : { purpose: flags.purpose }),
    ...(flags.tag === undefined ? {} : { tags: flags.tag }),
    ...(flags.vendorModel === undefined ? {} : { vendorModels: flags.vendorModel }),
    ...(flags.owner === undefined ? {} : { owner: await ownerNamed(api, flags.owner) }),
  };
}

/** Only the fields that a file gives, checked one by one. */
export function given(file: string): Partial<ReturnType<typeof inputOf>> {
  const text = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  const parsed = readJsonFile(file, SystemInput.partial());
  return Object.fromEntries(Object.entries(parsed).filter(([name]) => name in text));
}

/** A system as a client would send it to leave it as it is. */
export function inputOf(system: SystemDetail) {
  const party = (one: SystemDetail['owner']) =>
    one === null
      ? null
      : one.kind === 'named' || one.id === null
        ? { kind: 'named' as const, name: one.name }
        : { kind: one.kind, id: one.id };
  return SystemInput.parse({
    ...system,
    owner: party(system.owner),
    backupOwner: party(system.backupOwner),
    modelIds: system.models.map(({ id }) => id),
    endpointIds: system.endpoints.map(({ id }) => id),
  });
}

async function ownerNamed(api: Client, name: string) {
  const { items } = await api.call(inventoryRoutes.owners, { query: { text: name } });
  const wanted = name.toLowerCase();
  const fits = items.filter((one) => one.name.toLowerCase() === wanted || one.email.toLowerCase() === wanted);
  if (fits.length > 1) throw new CliError(`several are called "${name}"; use the e-mail address`, EXIT.usage);
  const [found] = fits;
  return found ? { kind: found.kind, id: found.id } : { kind: 'named' as const, name };
}

export async function everySystem(
  api: Client,
  query: Record<string, string | undefined>,
): Promise<SystemSummary[]> {
  const all: SystemSummary[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await api.call(inventoryRoutes.list, { query: { ...query, cursor, limit: 200 } });
    all.push(...page.items);
    if (page.next === null) return all;
    cursor = page.next;
  }
}

export async function byKey(api: Client, key: string): Promise<SystemDetail> {
  const { items } = await api.call(inventoryRoutes.list, { query: { key } });
  const [found] = items;
  if (!found) throw new CliError(`there is no system "${key}"; "bartizan system list" shows them all`);
  return await api.call(inventoryRoutes.get, { params: { id: found.id } });
}
