/** What a peer says of a text. */
export interface PeerVerdict {
  /** 0..1. */
  readonly score: number;
  readonly flagged: boolean;
}

export type PeerDetector = (text: string) => Promise<PeerVerdict>;

/** A detector of a package, at its own default. */
export interface PeerSpec {
  readonly name: string;
  readonly package: string;
  readonly version: string;
  /** Makes the detector of the package's exports; throws where they are not as expected. */
  readonly open: (exports: Readonly<Record<string, unknown>>) => PeerDetector;
}

type Callable = (...args: readonly unknown[]) => unknown;

function callable(exports: Readonly<Record<string, unknown>>, name: string): Callable {
  const found = exports[name];
  if (typeof found !== 'function') throw new TypeError(`it exports no ${name}()`);
  return found as Callable;
}

interface Said {
  readonly detected?: boolean;
  readonly confidence?: number;
}

/** One of the package's models alone, or the most suspicious of all three. */
function llmGuardrail(name: string, all: boolean): PeerSpec {
  const worst = (said: readonly Said[]): PeerVerdict => ({
    score: Math.max(...said.map(({ confidence }) => confidence ?? 0)),
    flagged: said.some(({ detected }) => detected === true),
  });
  return {
    name,
    package: 'llm_guardrail',
    version: '2.1.2',
    open: (exports) => {
      const injection = callable(exports, 'checkInjection');
      const every = callable(exports, 'checkAll');
      return async (text) => {
        if (!all) return worst([(await injection(text)) as Said]);
        const said = (await every(text)) as Readonly<Record<'injection' | 'jailbreak' | 'malicious', Said>>;
        return worst([said.injection, said.jailbreak, said.malicious]);
      };
    },
  };
}

interface GuardSaid {
  readonly passed?: boolean;
  readonly additionalFields?: { readonly score?: number };
}

/**
 * Its patterns. Its heuristics cannot be measured: 1.12.0 looks for its worker at a path that only its publisher's
 * machine has; and its third mode asks a language model.
 */
const haiPatterns: PeerSpec = {
  name: 'hai-guardrails pattern',
  package: '@presidio-dev/hai-guardrails',
  version: '1.12.0',
  open: (exports) => {
    const made = callable(exports, 'injectionGuard')(
      { roles: ['user'] },
      { mode: 'pattern', threshold: 0.7 },
    );
    return async (text) => {
      const [said] = (await (made as Callable)([{ role: 'user', content: text }])) as readonly GuardSaid[];
      return { score: said?.additionalFields?.score ?? 0, flagged: said?.passed === false };
    };
  },
};

export const PEERS: readonly PeerSpec[] = [
  llmGuardrail('llm_guardrail injection', false),
  llmGuardrail('llm_guardrail, all its models', true),
  haiPatterns,
];
