import { textChecksWith } from './catalogue.ts';
import type { ModelDetector } from './text/injection/model/judge.ts';
import { demandModelFolder } from './text/injection/model/named.ts';
import type { OpenOptions } from './text/injection/model/open.ts';
import { openInjectionDetector } from './text/injection/model/open.ts';
import type { AnyTextCheck } from './text/types.ts';

export interface ChecksWithModels {
  readonly checks: readonly AnyTextCheck[];
  /** The injection check's model; null where the rules work alone. */
  readonly injection: ModelDetector | null;
  /** Ends the models' processes; they also end with this one. */
  readonly close: () => Promise<void>;
}

/**
 * The text checks with their trained models, for a program that judges now and then: a model's process starts when a
 * text first needs it. `setting` is a model folder, `none`, or empty for the product's own. Throws
 * `InjectionModelError` where the model is damaged, or a folder that was named holds none; where the product's own is
 * absent the rules work alone, which `log` is told.
 */
export function checksWithModels(setting: string | undefined, log: OpenOptions['log']): ChecksWithModels {
  const folder = demandModelFolder(setting);
  const open = folder === null ? null : openInjectionDetector({ folder, log });
  return Object.freeze({
    checks: textChecksWith({ injection: open?.detector ?? null }),
    injection: open?.detector ?? null,
    close: async () => open?.encoder.close(),
  });
}
