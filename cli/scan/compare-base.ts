import { basename, relative, sep } from 'node:path';
import { type FileReport, failedReport, fileReport } from '@bartizan/checks/artifacts/report/json.ts';
import { ScanFault } from '@bartizan/checks/artifacts/types.ts';
import { compareWeights, deltaFindings, type WeightFile } from '@bartizan/checks/weights/index.ts';
import { createBesides } from './beside.ts';
import { type FileSource, openFileSource } from './file-source.ts';
import { walk, words } from './walk.ts';

/**
 * Compares the weights of `model` with those of `base` (files or folders). Answers one more report, under the path of
 * the model, with format `weights`.
 */
export async function compareWithBase(
  base: string,
  model: string,
  checkpoint: () => void,
): Promise<FileReport> {
  const opened: FileSource[] = [];
  const [besideBase, besideModel] = [createBesides(base), createBesides(model)];
  try {
    const report = await compareWeights(filesOf(base, opened), filesOf(model, opened), {
      checkpoint,
      beside: { base: besideBase.open, model: besideModel.open },
    });
    const findings = deltaFindings(report).map((finding) => ({ ...finding, path: '' }));
    return fileReport(model, { format: 'weights', findings, errors: [], skipped: [] });
  } catch (error) {
    if (!(error instanceof ScanFault)) return failedReport(model, words(error));
    const failure = { check: 'weights/delta', message: error.message, offset: error.offset, path: '' };
    return fileReport(model, { format: 'weights', findings: [], errors: [failure], skipped: [] });
  } finally {
    for (const source of [...opened, besideBase, besideModel]) source.close();
  }
}

function filesOf(path: string, opened: FileSource[]): WeightFile[] {
  return walk(path).flatMap((found) => {
    if (found.is !== 'file') return [];
    const source = openFileSource(found.path, { followLink: found.followLink });
    opened.push(source);
    const inside = found.path === path ? basename(path) : relative(path, found.path).split(sep).join('/');
    return [{ path: inside, source }];
  });
}
