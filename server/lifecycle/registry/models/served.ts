import type { ServedModelView } from '@bartizan/contracts';
import { sql } from 'kysely';
import type { z } from 'zod';
import { AppError } from '../../../kernel/error.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { Caller } from '../../../reviews/index.ts';
import type { Viewer } from '../../sight.ts';
import { within } from '../../within.ts';
import type { StoredModel } from '../model.ts';
import type { ModelParts } from './parts.ts';
import { findModel, resolveVersion } from './rows.ts';

type View = z.output<typeof ServedModelView>;
export interface Served {
  readonly modelId: string;
  /** A number, an alias, or `latest`. */
  readonly version: string;
}

const noSuchEndpoint = (): AppError =>
  new AppError('not_found', 'there is no such endpoint', { hint: 'List the endpoints to see their ids.' });

/** Null where there is no such model for the viewer. */
const reached = (db: Database, viewer: Viewer, modelId: string): Promise<StoredModel | null> =>
  findModel(db, viewer, modelId).catch((error: unknown) => {
    if (error instanceof AppError && error.code === 'not_found') return null;
    throw error;
  });

/** Which registered models endpoints say that they serve. */
export function createServed({ database, audit, ports }: ModelParts) {
  async function demandEndpoint(viewer: Viewer, endpointId: string): Promise<void> {
    if (!(await ports.endpoints.names(viewer, [endpointId])).has(endpointId)) throw noSuchEndpoint();
  }

  async function list(viewer: Viewer, endpointId: string): Promise<View[]> {
    await demandEndpoint(viewer, endpointId);
    const { rows } = await sql<Served>`select model_id as "modelId", version from endpoint_models
      where endpoint_id = ${endpointId} order by position`.execute(database);
    const found: View[] = [];
    for (const { modelId, version } of rows) {
      const model = await reached(database, viewer, modelId);
      if (!model) continue;
      const resolved = await resolveVersion(database, model.id, version);
      found.push({
        modelId,
        version,
        modelName: model.name,
        resolved: resolved
          ? { versionId: resolved.id, version: resolved.version, verdict: resolved.scan.verdict }
          : null,
      });
    }
    return found;
  }

  return Object.freeze({
    servedBy: list,

    /**
     * Replaces what an endpoint serves, as far as the caller sees it: what it serves of other teams stays. Throws
     * `not_found` for an endpoint or model out of reach.
     */
    async setServed(actor: Caller, endpointId: string, items: readonly Served[]): Promise<View[]> {
      if (!actor.permissions.has('models.read')) {
        throw new AppError(
          'forbidden',
          'saying which models an endpoint serves takes the permission models.read',
        );
      }
      await demandEndpoint(actor, endpointId);
      if (new Set(items.map(({ modelId }) => modelId)).size < items.length) {
        throw new AppError('invalid_input', 'a model is named twice', {
          issues: [{ path: 'items', message: 'name each model once' }],
        });
      }
      await within(database, async (tx) => {
        const known = await sql<{ modelId: string }>`select model_id as "modelId" from endpoint_models
          where endpoint_id = ${endpointId} for update`.execute(tx);
        for (const { modelId } of known.rows) {
          if (await reached(tx, actor, modelId)) {
            await sql`delete from endpoint_models where endpoint_id = ${endpointId} and model_id = ${modelId}`.execute(
              tx,
            );
          }
        }
        for (const [position, { modelId, version }] of items.entries()) {
          const model = await findModel(tx, actor, modelId);
          await sql`insert into endpoint_models (endpoint_id, model_id, version, position)
            values (${endpointId}, ${model.id}, ${version}, ${position})
            on conflict (endpoint_id, model_id) do update set version = excluded.version`.execute(tx);
        }
        await audit.record(
          {
            actor,
            action: 'endpoints.models-changed',
            subject: `endpoint:${endpointId}`,
            detail: { models: items.map(({ modelId, version }) => ({ modelId, version })) },
          },
          tx,
        );
      });
      return await list(actor, endpointId);
    },
  });
}
