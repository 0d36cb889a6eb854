import { z } from 'zod';
import { Id, Instant } from './common.ts';
import { VersionRef } from './registry-fields.ts';
import { defineRoute } from './route.ts';

/** Versions of the CycloneDX specification that bills of materials are written in. */
export const BOM_SPECS = ['1.6', '1.7'] as const;
export const BomSpec = z.enum(BOM_SPECS);
export type BomSpec = z.infer<typeof BomSpec>;

const Line = z.string().trim().min(1).max(500);
const Lines = z.array(Line).max(50).default([]);

/** What people know of a model and no file says: the rest of a bill of materials comes from the registry itself. */
export const ModelCardFields = z.object({
  /** SPDX identifier or the licence's name; empty: not said. */
  license: z.string().trim().max(200).default(''),
  /** Organisation that made it. */
  supplier: z.string().trim().max(200).default(''),
  task: z.string().trim().max(200).default(''),
  approach: z
    .enum(['', 'supervised', 'unsupervised', 'reinforcement-learning', 'semi-supervised', 'self-supervised'])
    .default(''),
  architectureFamily: z.string().trim().max(200).default(''),
  architecture: z.string().trim().max(200).default(''),
  useCases: Lines,
  users: Lines,
  limitations: Lines,
  tradeoffs: Lines,
  risks: z
    .array(z.object({ name: Line, mitigation: z.string().trim().max(500).default('') }))
    .max(50)
    .default([]),
  /** Of the training, in kWh; null: not known. */
  trainingEnergyKwh: z.number().positive().max(1e12).nullable().default(null),
  /** True: made from nothing else, so that no base model is missing. */
  trainedFromScratch: z.boolean().default(false),
});
export type ModelCardFields = z.infer<typeof ModelCardFields>;

export const ModelCard = ModelCardFields.extend({
  updatedAt: Instant.nullable(),
  updatedBy: z.string().nullable(),
});
export type ModelCard = z.infer<typeof ModelCard>;

export const BomItem = z.object({
  id: z.string(),
  title: z.string(),
  weight: z.number(),
  present: z.boolean(),
  /** What to do for it; empty where it is there. */
  advice: z.string(),
});
export const BomCompleteness = z.object({
  /** 0 to 100: weights of what is there over all weights. */
  score: z.number().min(0).max(100),
  items: z.array(BomItem),
});
export type BomCompleteness = z.infer<typeof BomCompleteness>;

/** A CycloneDX document; its shape is the specification's. */
export const BomDocument = z.record(z.string(), z.unknown());
export type BomDocument = z.infer<typeof BomDocument>;

export const BomAnswer = z.object({
  spec: BomSpec,
  document: BomDocument,
  completeness: BomCompleteness,
});
export type BomAnswer = z.infer<typeof BomAnswer>;

const ModelParams = z.object({ model: z.string().min(1).max(256) });
const Spec = z.object({ spec: BomSpec.default('1.6') });

export const bomRoutes = {
  card: defineRoute({
    id: 'models.card',
    method: 'GET',
    path: '/api/v1/models/:model/card',
    summary: 'What people wrote down of a model for its bill of materials',
    access: 'models.read',
    params: ModelParams,
    response: ModelCard,
  }),
  setCard: defineRoute({
    id: 'models.setCard',
    method: 'PUT',
    path: '/api/v1/models/:model/card',
    summary: 'Write down what no file says of a model: licence, task, limits, risks',
    access: 'models.write',
    params: ModelParams,
    body: ModelCardFields,
    response: ModelCard,
  }),
  version: defineRoute({
    id: 'models.bom',
    method: 'GET',
    path: '/api/v1/models/:model/versions/:version/bom',
    summary: 'The bill of materials of a version as CycloneDX, and how complete it is',
    access: 'models.read',
    params: ModelParams.extend({ version: VersionRef }),
    query: Spec,
    response: BomAnswer,
  }),
  system: defineRoute({
    id: 'systems.bom',
    method: 'GET',
    path: '/api/v1/systems/:id/bom',
    summary: 'The bill of materials of a system with the models it uses, as CycloneDX',
    access: 'systems.read',
    params: z.object({ id: Id }),
    query: Spec,
    response: BomAnswer,
  }),
  validate: defineRoute({
    id: 'boms.validate',
    method: 'POST',
    path: '/api/v1/boms/validate',
    summary: 'Hold a CycloneDX document against the schema of its version',
    access: 'models.read',
    body: BomDocument,
    bodyLimitBytes: 2 * 1024 * 1024,
    response: z.object({
      valid: z.boolean(),
      spec: z.string().nullable(),
      /** Where and what; at most 100. */
      errors: z.array(z.object({ path: z.string(), message: z.string() })),
    }),
  }),
} as const;
