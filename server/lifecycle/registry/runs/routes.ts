import { runRoutes as contracts } from '@bartizan/contracts';
import { AppError } from '../../../kernel/error.ts';
import { implement, type RouteImplementation } from '../../../platform/http/types.ts';
import type { Viewer } from '../../sight.ts';
import type { RegistryParts } from '../parts.ts';
import { artifactPath } from './artifact-paths.ts';
import type { ArtifactRoot } from './model.ts';
import { showExperiments, showPoint, showRun, showRunDetail } from './views.ts';

type Parts = Pick<
  RegistryParts,
  'database' | 'experiments' | 'runs' | 'loggedModels' | 'artifacts' | 'downloads'
>;

/** `q` as a filter: in the name, upper and lower case being the same; what LIKE takes for wildcards is one character. */
const nameHas = (q: string): string => `name ILIKE '%${q.replaceAll("'", "''").replace(/[%_]/g, '_')}%'`;

function experimentRoutes({ database, experiments }: Parts): RouteImplementation[] {
  return [
    implement(contracts.listExperiments, async ({ query }, { principal }) => {
      const page = await experiments.search(principal, {
        filter: query.q ? nameHas(query.q) : undefined,
        kept: query.state,
        limit: query.limit,
        token: query.cursor,
      });
      return { items: await showExperiments(database, page.items), next: page.next };
    }),
    implement(contracts.getExperiment, async ({ params }, { principal }) => {
      const [shown] = await showExperiments(database, [await experiments.get(principal, params.id)]);
      if (!shown) throw new TypeError('an experiment is missing from its own list');
      return shown;
    }),
    implement(contracts.deleteExperiment, async ({ params }, { principal }) => {
      await experiments.remove(principal, params.id);
      return {};
    }),
    implement(contracts.restoreExperiment, async ({ params }, { principal }) => {
      await experiments.restore(principal, params.id);
      return {};
    }),
  ];
}

function artifactRoutes({ runs, loggedModels, artifacts, downloads }: Parts): RouteImplementation[] {
  /** The run itself, or a model that it logged. Throws `not_found`. */
  async function rootOf(
    viewer: Viewer,
    id: string,
    model: string | undefined,
  ): Promise<{ root: ArtifactRoot; teamId: string | null }> {
    const run = await runs.get(viewer, id);
    if (model === undefined) return { root: { kind: 'run', id: run.id }, teamId: run.teamId };
    const logged = await loggedModels.ofRun(run.id);
    const found = logged.find((one) => one.id === model);
    if (found) return { root: { kind: 'model', id: found.id }, teamId: found.teamId };
    throw new AppError('not_found', 'the run logged no such model');
  }

  return [
    implement(contracts.artifacts, async ({ params, query }, { principal }) => {
      const { root } = await rootOf(principal, params.id, query.model);
      const path = artifactPath(query.path);
      const listed = await artifacts.list(root, path);
      return {
        items: listed.map(({ name, folder, size, sha256 }) => ({
          path: path === '' ? name : `${path}/${name}`,
          folder,
          sizeBytes: size,
          ...(sha256 === null ? {} : { sha256 }),
        })),
      };
    }),
    implement(contracts.artifact, async ({ params, query }, { principal, setHeader, signal }) => {
      const { root, teamId } = await rootOf(principal, params.id, query.model);
      const file = await artifacts.open(root, query.path, { teamId, signal });
      const subject = `${root.kind === 'run' ? 'run' : 'logged-model'}:${root.id}`;
      const detail = { run: params.id };
      await downloads.note(principal, { subject, detail, bytes: file.size });
      const name = encodeURIComponent(file.path.split('/').at(-1) ?? 'artifact');
      setHeader('content-length', String(file.size));
      // Foreign bytes under our address: never shown as a page.
      setHeader('content-disposition', `attachment; filename*=UTF-8''${name}`);
      setHeader('x-content-type-options', 'nosniff');
      return file.bytes;
    }),
  ];
}

/** The console's and command line's way to experiments and runs. */
export function runRoutes(parts: Parts): RouteImplementation[] {
  const { runs } = parts;
  return [
    ...experimentRoutes(parts),
    implement(contracts.list, async ({ query }, { principal }) => {
      const page = await runs.search(principal, {
        experimentIds: query.experiment === undefined ? null : [query.experiment],
        filter: query.filter,
        orderBy: query.order ? [query.order] : [],
        kept: query.state,
        limit: query.limit,
        token: query.cursor,
      });
      const data = await runs.dataOf(page.items.map(({ id }) => id));
      return { items: page.items.map((run) => showRun(run, data.get(run.id))), next: page.next };
    }),
    implement(contracts.get, ({ params }, { principal }) => showRunDetail(parts, principal, params.id)),
    implement(contracts.delete, async ({ params }, { principal }) => {
      await runs.remove(principal, params.id);
      return {};
    }),
    implement(contracts.restore, async ({ params }, { principal }) => {
      await runs.restore(principal, params.id);
      return {};
    }),
    implement(contracts.metricHistory, async ({ params, query }, { principal }) => {
      const page = await runs.history(principal, params.id, {
        key: query.key,
        limit: query.limit,
        token: query.cursor,
      });
      return { items: page.items.map(showPoint), next: page.next };
    }),
    ...artifactRoutes(parts),
  ];
}
