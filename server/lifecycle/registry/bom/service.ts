import {
  type Completeness,
  type ModelFacts,
  modelCompleteness,
  modelDocument,
  systemCompleteness,
  systemDocument,
} from '@bartizan/checks/bom/index.ts';
import type { BomAnswer, BomSpec } from '@bartizan/contracts';
import { AppError } from '../../../kernel/error.ts';
import type { Caller } from '../../../reviews/index.ts';
import type { Viewer } from '../../sight.ts';
import { type CardDeps, createCards } from './cards.ts';
import { createFacts, type FactsDeps } from './facts.ts';
import { createBomThread } from './thread.ts';

export interface BomDeps extends CardDeps, Omit<FactsDeps, 'cards' | 'registry' | 'thread'> {
  readonly registry: CardDeps['registry'] & FactsDeps['registry'];
  /** Version of Bartizan. */
  readonly version: string;
}

/** Models of a system whose parts are listed; further ones would make a document that nobody reads. */
const MAX_MODELS = 50;

/** Bills of materials, made from what the registry and the inventory know. */
export function createBomService(deps: BomDeps) {
  const cards = createCards(deps);
  const thread = createBomThread();
  const facts = createFacts({ ...deps, cards, thread });
  const options = (spec: BomSpec) => ({ spec, nowMs: deps.clock.now(), tool: deps.version });

  /** What was made holds against the schema, or it is not given out. */
  async function checked(
    document: Record<string, unknown>,
    spec: BomSpec,
    completeness: Completeness,
  ): Promise<BomAnswer> {
    const { valid, errors } = await thread.validate(document);
    if (valid) return { spec, document, completeness: { ...completeness, items: [...completeness.items] } };
    const cause = new Error(`${errors[0]?.path}: ${errors[0]?.message}`);
    throw new AppError('internal', 'the bill of materials does not hold against its schema', { cause });
  }

  /** The newest ready version of each linked model; one without any is left out. */
  async function modelsOf(viewer: Viewer, ids: readonly string[]): Promise<ModelFacts[]> {
    const found: ModelFacts[] = [];
    for (const id of ids.slice(0, MAX_MODELS)) {
      try {
        found.push(await facts.ofVersion(viewer, id, 'latest'));
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== 'not_found') throw error;
      }
    }
    return found;
  }

  return Object.freeze({
    async card(viewer: Viewer, model: string) {
      return await cards.cardOf((await deps.registry.model(viewer, model)).id);
    },
    setCard: cards.set,

    async ofVersion(viewer: Viewer, model: string, ref: string, spec: BomSpec): Promise<BomAnswer> {
      const known = await facts.ofVersion(viewer, model, ref);
      return await checked(modelDocument(known, options(spec)), spec, modelCompleteness(known));
    },

    async ofSystem(caller: Caller & Viewer, id: string, spec: BomSpec): Promise<BomAnswer> {
      const system = await facts.showSystem(caller, id);
      const known = {
        id: system.id,
        name: system.name,
        description: system.description,
        purpose: system.purpose,
        supplier: system.owner?.name ?? '',
        url: `${deps.config.publicUrl}/inventory/systems/${system.id}`,
        models: await modelsOf(
          caller,
          system.models.filter(({ gone }) => !gone).map((model) => model.id),
        ),
        vendorModels: system.vendorModels,
        dataSources: system.dataSources.map(({ name, kind, personalData }) => ({
          name,
          kind,
          isPersonal: personalData === 'yes' || personalData === 'special',
        })),
        endpoints: system.endpoints.map((endpoint) => ({ id: endpoint.id, name: endpoint.name })),
      };
      return await checked(systemDocument(known, options(spec)), spec, systemCompleteness(known));
    },

    async validate(document: unknown) {
      const { valid, spec, errors } = await thread.validate(document);
      return { valid, spec, errors: [...errors] };
    },

    close: thread.close,
  });
}
export type BomService = ReturnType<typeof createBomService>;
