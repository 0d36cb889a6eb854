/** What stands in the place of a value that is not kept. */
export const MASK = '***';

/** Names whose values are nobody else's business, by their last words: `--api-key`, `HF_TOKEN`, `dbPassword`. */
const LAST_WORDS =
  /(?:^|\s)(?:\S*(?:passwd|passwords?)|(?:pass|passphrase|passcode|passwort|pwd|pswd|psw|pw|secrets?|token|credentials?|creds?|apikeys?|authtoken|accesstoken|oauth2 bearer|bearer|pat|jwt|sas|otp|cookie)|(?:api|access|secret|private|auth|encryption|signing|master|account|license|hmac|session|app|service|shared|subscription|storage|deploy) keys?)\d*(?: \d+)?(?: (?:value|string|env|prod|production|dev|stage|staging|test|live|main|old|new|base64|b64|raw|plain|hex|github|gitlab|db))?$/;
/** Words of a vocabulary, which are called tokens too; and options that only switch something. */
const HARMLESS =
  /^no |(?:^|\s)(?:(?:eos|bos|pad|unk|sep|cls|mask|special|next|stop|start|end|image|max|min|num|per) token|(?:one|two|single|multi|first|second|forward|backward|max|min|num) pass)$/;
/** Names that are those of secrets often. */
const WEAK = /(?:^|\s)(?:keys?|auth|authorization)$/;
/** Keys of tables and of structures. */
const ORDERING =
  /(?:^|\s)(?:sort|order|ordering|primary|foreign|group|partition|join|row|col|column|id|label|image|text|dict|json|field|metric|input|output|target|feature|data|public|map|lookup|index|by|batch|best|monitor|state|model|config|s3|object|query|value|cache|registry|seed|rng|prng|random|merge|on|tag|attr|attribute|param|sample|record|hot|pub) keys?$/;
/** Of addresses also those that sign them. */
const SIGNING =
  /^(?:sig|signature|key|auth|code|x-amz-(?:signature|credential|security-token)|x-goog-(?:signature|credential))$/i;
const HEADER = /^(?:(?:proxy-)?authorization|(?:set-)?cookie|[\w-]*(?:subscription-key|auth-key))$/i;

/** `dbPassword` and `DB_PASSWORD` as `db password`. */
const wordsOf = (name: string): string =>
  name
    .slice(0, 200)
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean)
    .join(' ');

/** Whether what bears this name is a secret: by the words that it ends with. */
export function isSecretName(name: string): boolean {
  const words = wordsOf(name);
  return LAST_WORDS.test(words) && !HARMLESS.test(words);
}

/** Whether what bears this name is a secret where it looks like one: `--key`, `AUTH`. */
export function isWeakName(name: string): boolean {
  const words = wordsOf(name);
  return WEAK.test(words) && !ORDERING.test(words);
}

/** Whether this parameter of an address is a secret. */
export const isSecretParameter = (name: string): boolean => isSecretName(name) || SIGNING.test(name);

/** Whether this header of a request holds a secret. */
export const isSecretHeader = (name: string): boolean => HEADER.test(name) || isSecretName(name);

/**
 * A value that only names where the secret is, and nothing beside: `$TOKEN`, `${TOKEN}`, `${{ secrets.TOKEN }}`, or
 * what is masked already. Names are in capitals: `$ecret` is somebody's password.
 */
export const isReference = (value: string): boolean =>
  /^(?:\$(?:\d|[A-Z_][A-Z0-9_]*)|\$\{[A-Z_][A-Z0-9_]*\}|\$\{\{ ?(?:secrets|env|vars)\.\w+ ?\}\}|\*{3})$/.test(
    value.replace(/^(["'])(.*)\1$/s, '$2'),
  );

const MODE = /^(?:true|false|yes|no|none|null|on|off|basic|bearer|digest|ntlm|iam|oauth2?|ssh|\d{1,2})$/i;
const FILE =
  /\.(?:json|pem|key|crt|cer|txt|ya?ml|toml|ini|p12|pfx|env|conf|cfg|db|pub|csv|tsv|parquet|jsonl|py)$/;
const PATH = /^(?:~|\.{0,2})(?:\/[a-z0-9_.-]+)+\/?$/;

/** Whether the value of a weak name is one of a mode, a path or a reference. */
export const isPlain = (value: string): boolean =>
  MODE.test(value) ||
  PATH.test(value) ||
  (/^[\w./~:\\-]+$/.test(value) && FILE.test(value)) ||
  isReference(value);

/** Whether the value of a weak name looks drawn: long, and no mere word. */
export const looksDrawn = (value: string): boolean =>
  value.length >= 8 && !isPlain(value) && /\d|[a-z][A-Z]|[A-Z][a-z]+[A-Z]/.test(value) && !/\s/.test(value);
