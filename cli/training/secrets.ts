import { secretsCheck } from '@bartizan/checks/text/secrets/index.ts';
import { textInput } from '@bartizan/checks/text/types.ts';

/** What stands in the place of a value that is not kept. */
export const MASK = '***';
/** As sure as the checks of datasets want to be. */
const LEAST_CERTAINTY = 0.6;
const CONFIG = secretsCheck.config.parse({});

export interface Masked {
  readonly text: string;
  /** What was masked, such as `aws-access-key`, without the values; empty where nothing was. */
  readonly what: readonly string[];
}

/** Names whose values are nobody else's business, by their last words: `--api-key`, `HF_TOKEN`, `dbPassword`. */
const LAST_WORDS =
  /(?:^|\s)(?:\S*(?:passwd|password)|(?:pass|passphrase|passcode|pwd|secret|token|credential|credentials|apikey|authtoken|accesstoken|bearer|pat|jwt|sas)|(?:api|access|secret|private|auth|encryption|signing|master|account|license|hmac|session|app|service) key)(?: (?:value|string|env))?$/;
/** Words of a vocabulary, which are called tokens too. */
const HARMLESS =
  /(?:^|\s)(?:eos|bos|pad|unk|sep|cls|mask|special|next|stop|start|end|image|max|min|num|per) token$/;
/** Of addresses also those that sign them. */
const SIGNING =
  /^(?:sig|signature|key|auth|code|x-amz-(?:signature|credential|security-token)|x-goog-(?:signature|credential))$/i;

/** Whether what bears this name is a secret: by the words that it ends with. */
export function isSecretName(name: string): boolean {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean)
    .join(' ');
  return LAST_WORDS.test(words) && !HARMLESS.test(words);
}

const OPTION = /(?<![\w-])(-{1,2}[A-Za-z][\w.-]*)(=|\s+)("[^"]*"|'[^']*'|[^\s"']+)/g;
const ASSIGNED = /(?<![\w.-])([A-Za-z_][\w.]*)=("[^"]*"|'[^']*'|[^\s"'&;]+)/g;
const QUERY = /([?&;])([\w.~-]+)=([^&;#\s"']+)/g;

/** A value that only names where the secret is: `$TOKEN`, `${{ secrets.X }}`, `<token>`, or what is masked already. */
const isReference = (value: string): boolean => /^["']?(?:\$[\w({]|%\w+%|<[^>]+>|\*{3})/.test(value);

/** Masks what is named like a secret: options, assignments, and parameters of addresses. */
function maskNamed(text: string, what: Set<string>): string {
  const hidden = (name: string): string => {
    what.add(`the value of ${name}`);
    return MASK;
  };
  return text
    .replaceAll(QUERY, (whole, before: string, name: string, value: string) =>
      (isSecretName(name) || SIGNING.test(name)) && !isReference(value)
        ? `${before}${name}=${hidden(name)}`
        : whole,
    )
    .replaceAll(OPTION, (whole, name: string, between: string, value: string) =>
      isSecretName(name) && !isReference(value) && !(between !== '=' && value.startsWith('-'))
        ? `${name}${between}${hidden(name)}`
        : whole,
    )
    .replaceAll(ASSIGNED, (whole, name: string, value: string) =>
      isSecretName(name) && !isReference(value) ? `${name}=${hidden(name)}` : whole,
    );
}

/** Masks what the checks take for a secret by its form, or by what it is assigned to. */
function maskFound(text: string, what: Set<string>): string {
  const result = secretsCheck.run(textInput(text, { author: 'third_party', kind: 'document' }), CONFIG);
  // It judges by forms alone, at once.
  if (result instanceof Promise || result.outcome !== 'findings') return text;
  let masked = '';
  let end = 0;
  for (const found of result.findings
    .filter(({ score }) => score >= LEAST_CERTAINTY)
    .toSorted((a, b) => a.start - b.start)) {
    if (found.end <= end || isReference(text.slice(found.start, found.end))) continue;
    what.add(found.kind.replaceAll('-', ' '));
    masked += text.slice(end, Math.max(end, found.start)) + MASK;
    end = found.end;
  }
  return masked + text.slice(end);
}

/** A text without its secrets. Linear in its length. */
export function masked(text: string): Masked {
  const what = new Set<string>();
  const named = maskNamed(text, what);
  return { text: maskFound(named, what), what: [...what] };
}

/** The arguments of a command without secrets: also what follows an argument that is named like one. */
export function maskedCommand(command: readonly string[]): { command: string[]; what: readonly string[] } {
  const what = new Set<string>();
  const kept = command.map((arg, at) => {
    const before = command[at - 1] ?? '';
    if (/^-{1,2}[\w.-]+$/.test(before) && isSecretName(before) && !arg.startsWith('-') && !isReference(arg)) {
      what.add(`the value of ${before}`);
      return MASK;
    }
    const own = masked(arg);
    for (const each of own.what) what.add(each);
    return own.text;
  });
  return { command: kept, what: [...what] };
}

/** Files that hold nothing but settings and keys. */
const SECRET_FILE =
  /(?:^|\/)(?:\.env(?:\.[\w.-]+)?|[\w.-]*\.env|\.netrc|\.npmrc|\.pypirc|\.pgpass|\.htpasswd|id_(?:rsa|dsa|ecdsa|ed25519)|credentials(?:\.\w+)?|secrets?\.(?:ya?ml|json|toml|ini|env)|[\w.-]+\.(?:pem|key|p12|pfx|jks|keystore|kdbx|tfvars))$/i;

/** The names that the head of a file's part of a patch says. */
function namesOf(part: string): string[] {
  const content = part.search(/^@@|^GIT binary/m);
  const head = content === -1 ? part : part.slice(0, content);
  return [
    ...head.matchAll(/^(?:diff --git a\/(.+?) b\/.+|[+-]{3} [ab]\/(.+)|rename (?:from|to) (.+))$/gm),
  ].map(([, ...names]) => (names.find(Boolean) ?? '').replace(/"$/, ''));
}

/** Every line of content is gone; that lines came and went stays. */
const withoutContent = (part: string): string => {
  let isContent = false;
  return part
    .split('\n')
    .map((line) => {
      if (/^@@ |^GIT binary patch/.test(line)) {
        isContent = true;
        return line.replace(/^(@@ [^@]*@@).*$/, '$1');
      }
      return isContent && line.length > 1 ? `${/^[ +-]/.test(line) ? line[0] : ''}${MASK}` : line;
    })
    .join('\n');
};

/** Content as the file has it: a key over several lines is one only without the marks before them. */
function maskPart(part: string, what: Set<string>): string {
  const lines = part.split('\n');
  const marks = lines.map((line) => (/^[ +-](?![+-]{2} [ab]\/)/.test(line) ? (line[0] as string) : ''));
  const found = masked(lines.map((line, at) => line.slice(marks[at]?.length ?? 0)).join('\n'));
  if (found.what.length === 0) return part;
  for (const each of found.what) what.add(each);
  const kept = found.text.split('\n');
  // What was masked spans lines: which mark belongs to which line is no longer known.
  if (kept.length !== lines.length) return withoutContent(part);
  return kept.map((line, at) => `${marks[at] ?? ''}${line}`).join('\n');
}

/** A patch (`git diff`) without secrets. Of files that hold nothing else (`.env`, keys) no line is kept. */
export function maskedPatch(patch: string): Masked {
  const what = new Set<string>();
  const parts = patch.split(/^(?=diff --git )/m).map((part) => {
    const secret = namesOf(part).find((name) => SECRET_FILE.test(name));
    if (secret === undefined) return maskPart(part, what);
    what.add(`the lines of ${secret}`);
    return withoutContent(part);
  });
  return { text: parts.join(''), what: [...what] };
}
