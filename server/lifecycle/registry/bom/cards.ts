import { type ModelCard, ModelCardFields } from '@bartizan/contracts';
import { sql } from 'kysely';
import type { AuditLog } from '../../../audit/index.ts';
import type { Clock } from '../../../kernel/clock.ts';
import type { Database } from '../../../platform/database/types.ts';
import { within } from '../../within.ts';
import type { RegistryActor, RegistryService } from '../models/types.ts';

export interface CardDeps {
  readonly database: Database;
  readonly audit: AuditLog;
  readonly clock: Pick<Clock, 'now'>;
  readonly registry: Pick<RegistryService, 'model'>;
}

interface Row {
  readonly card: unknown;
  readonly updatedBy: string;
  readonly updatedAt: number;
}

/** What people wrote down of models. */
export function createCards({ database, audit, clock, registry }: CardDeps) {
  /** By id; empty where nobody wrote anything. */
  async function cardOf(modelId: string): Promise<ModelCard> {
    const { rows } = await sql<Row>`select card, updated_by as "updatedBy", updated_at as "updatedAt"
      from model_cards where model_id = ${modelId}`.execute(database);
    const [row] = rows;
    return {
      ...ModelCardFields.parse(row?.card ?? {}),
      updatedAt: row?.updatedAt ?? null,
      updatedBy: row?.updatedBy ?? null,
    };
  }

  return Object.freeze({
    cardOf,

    /** Throws `not_found` for a model that is not in reach. */
    async set(actor: RegistryActor, idOrName: string, fields: ModelCardFields): Promise<ModelCard> {
      const model = await registry.model(actor, idOrName);
      await within(database, async (tx) => {
        await sql`insert into model_cards (model_id, card, updated_by, updated_at)
          values (${model.id}, ${JSON.stringify(fields)}::jsonb, ${actor.name}, ${clock.now()})
          on conflict (model_id) do update set card = excluded.card, updated_by = excluded.updated_by,
            updated_at = excluded.updated_at`.execute(tx);
        const said = Object.entries(fields).filter(([, value]) => !isEmpty(value));
        await audit.record(
          {
            actor: { kind: actor.kind, id: actor.id, name: actor.name },
            action: 'models.card-changed',
            subject: `model:${model.id}`,
            detail: { name: model.name, fields: said.map(([name]) => name) },
          },
          tx,
        );
      });
      return await cardOf(model.id);
    },
  });
}
export type Cards = ReturnType<typeof createCards>;

const isEmpty = (value: unknown): boolean =>
  value === '' || value === null || value === false || (Array.isArray(value) && value.length === 0);
