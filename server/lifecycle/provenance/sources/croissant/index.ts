import type { Dataset, DatasetChange, DatasetInput, DatasetVersion } from '@bartizan/contracts';
import type { z } from 'zod';
import type { Principal } from '../../../../platform/http/types.ts';
import type { Viewer } from '../../../sight.ts';
import { toCroissant } from './export.ts';
import { fromCroissant } from './import.ts';

/** Datasets as people describe them. */
export interface DescribePort {
  readonly create: (actor: Principal, input: z.output<typeof DatasetInput>) => Promise<Dataset>;
  readonly update: (
    actor: Principal,
    dataset: string,
    change: z.output<typeof DatasetChange>,
  ) => Promise<Dataset>;
  readonly dataset: (viewer: Viewer, dataset: string) => Promise<Dataset>;
  readonly version: (viewer: Viewer, dataset: string, version: string) => Promise<DatasetVersion>;
  /** Digest of the one file of a version; null of folders and references. */
  readonly fileSha256: (versionId: string) => Promise<string | null>;
}

export interface CroissantDeps {
  readonly describe: DescribePort;
  /** Address of the console, without a slash at its end. */
  readonly publicUrl: string;
}

/** Metadata of datasets in the form that repositories exchange. */
export function createCroissants({ describe, publicUrl }: CroissantDeps) {
  return Object.freeze({
    async export(
      viewer: Viewer,
      params: { readonly dataset: string; readonly version: string },
    ): Promise<Record<string, unknown>> {
      const [dataset, version] = await Promise.all([
        describe.dataset(viewer, params.dataset),
        describe.version(viewer, params.dataset, params.version),
      ]);
      const at = `${dataset.id}/versions/${version.number}`;
      return toCroissant({
        dataset,
        version,
        contentUrl: `${publicUrl}/api/v1/data/datasets/${at}/content`,
        url: `${publicUrl}/inventory/datasets/${at}`,
        sha256: await describe.fileSha256(version.id),
      });
    },

    /** Describes a dataset that there is, or registers one. */
    async import(
      actor: Principal,
      {
        document,
        dataset,
      }: { readonly document: Record<string, unknown>; readonly dataset?: string | undefined },
    ): Promise<{ datasetId: string; dataset: string; warnings: string[] }> {
      const { described, warnings } = fromCroissant(document);
      const { name, ...rest } = described;
      const made =
        dataset === undefined
          ? await describe.create(actor, { name, ...rest, label: null })
          : await describe.update(
              actor,
              dataset,
              Object.fromEntries(Object.entries(rest).filter(([, text]) => text !== '')),
            );
      return { datasetId: made.id, dataset: made.name, warnings: [...warnings] };
    },
  });
}
export type Croissants = ReturnType<typeof createCroissants>;
