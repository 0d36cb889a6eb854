import type { Migration } from '../../../platform/database/types.ts';

export const bomMigrations: readonly Migration[] = Object.freeze([
  {
    id: '0271-bom-cards',
    sql: `
      -- What people know of a model and no file says. Instants are milliseconds since the epoch.
      create table model_cards (
        model_id uuid primary key references models on delete cascade,
        card jsonb not null,
        updated_by text not null,
        updated_at bigint not null
      );
    `,
  },
]);
