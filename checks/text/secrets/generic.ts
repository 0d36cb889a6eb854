import { entropy, isPlaceholder } from './placeholder.ts';

/** How sure an assignment is to hold a secret, and of which sort; null when it is not one. */
export interface Judged {
  readonly kind: 'password' | 'api-key' | 'secret';
  readonly score: number;
}

const PASSWORD_WORDS = new Set(
  'password passwd passwort pwd pass passphrase passcode kennwort contraseña contrasena senha mdp passe haslo hasło wachtwoord parola salasana lösenord losenord adgangskode passord heslo jelszó jelszo şifre sifre пароль 密码 密碼 パスワード 비밀번호 dbpassword userpassword'.split(
    ' ',
  ),
);
const SECRET_WORDS = new Set(
  'secret token apikey apitoken authtoken accesstoken refreshtoken secretkey privatekey accesskey clientsecret appsecret pat credential credentials bearer jwt signature webhooksecret apisecret'.split(
    ' ',
  ),
);
const KEY_OWNERS = new Set(
  'api access secret private auth encryption signing master account storage shared service app application admin root license subscription deploy hmac aes session webhook jwt crypto functions host'.split(
    ' ',
  ),
);
/** Words that turn a name into something else: a count, an address, a public part. */
const HARMLESS =
  /\b(?:public|count|counts|max|min|limit|length|size|type|name|id|ids|url|uri|path|file|dir|field|column|hash|policy|expiry|expires|ttl|reset|forgot|change|hint|label|prompt|regex|pattern|validator|strength|rule|rules|format|index|primary|foreign|partition|sort|cache|idempotency|csrf|xsrf|next|page|continuation|pad|eos|bos|unk|special|input|output|total|prompt|completion|tokens|example|sample)\b/;

/** Splits `dbPassword`, `DB_PASSWORD`, `db-password` and `db password` alike into lower-case words. */
export function nameWords(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean);
}

function nameKind(words: readonly string[]): Judged['kind'] | null {
  const last = words.at(-1);
  if (last === undefined || HARMLESS.test(words.slice(-3).join(' '))) return null;
  if (PASSWORD_WORDS.has(last)) return 'password';
  if (SECRET_WORDS.has(last)) return 'secret';
  return last === 'key' && KEY_OWNERS.has(words.at(-2) ?? '') ? 'api-key' : null;
}

/** Numbers of character classes: lower case, upper case, digits, others. */
function classes(value: string): number {
  return [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/].filter((one) => one.test(value)).length;
}

function passwordScore(value: string, spoken: boolean): number {
  if (value.length < 6 || value.length > 128) return 0;
  const inner = value.replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '');
  const mixed = /[A-Za-z]/.test(value) && /[0-9]/.test(value);
  const symbolInside =
    /[A-Za-z0-9][^A-Za-z0-9\s'’-][A-Za-z0-9]/.test(value) && /[A-Z0-9]/.test(value.slice(1));
  if (spoken && !mixed && !symbolInside) return 0;
  if (!mixed && !symbolInside && !(inner.length >= 8 && classes(value) >= 3)) return 0;
  if (/^\d{1,2}[-+]|^\d+(?:ms|s|m|h|d|px|kb|mb|gb)$/i.test(value)) return 0;
  return Math.min(0.9, 0.55 + 0.06 * classes(value) + 0.01 * value.length);
}

function keyScore(value: string): number {
  if (value.length < 16 || value.length > 512) return 0;
  if (!/^[A-Za-z0-9_\-+/=.:~!@#$%^&*]+$/.test(value)) return 0;
  const bits = entropy(value);
  const letters = /[A-Za-z]/.test(value);
  const numbers = (value.match(/[0-9]/g) ?? []).length;
  if (!letters || numbers < 2 || bits < 2.8) return 0;
  // Hyphenated or dotted English words with a number are names: "eu-west-1-prod-queue".
  if (/^[a-z]+(?:[-_.][a-z0-9]{1,12}){2,}$/.test(value) && bits < 3.9 && numbers < 6) return 0;
  return Math.min(0.92, 0.3 + bits * 0.13 + Math.min(value.length, 40) * 0.002);
}

/**
 * Judges `name = value` by the words of the name, then by form and entropy of the value.
 * `spoken` is for "my password is …", where more evidence in the value is asked for.
 */
export function judgeAssignment(words: readonly string[], value: string, spoken: boolean): Judged | null {
  const kind = nameKind(words);
  if (kind === null || isPlaceholder(value)) return null;
  const score = kind === 'password' ? passwordScore(value, spoken) : keyScore(value);
  return score > 0 ? { kind, score } : null;
}
