/** Words that stand where a secret would: nobody's real key contains them. */
const STAND_IN =
  /^your[-_ ]|[-_ ]here$|(?:your|my|insert|enter|put|add|change|replace|fill|paste|some|the|sample|example|dummy|fake|mock|test|placeholder|redacted|hidden|masked|removed|secret|todo)[-_ .]{0,2}(?:me|this|here|it|in|key|token|password|passwd|pass|secret|value|api|access|goes|own|real|actual|user|name|client|auth)|example|placeholder|redacted|changeme|change_it|dummy|xxxx|\*{3}|\.{3}|…|•{3}|<[^>]{0,40}>|lorem|foobar|1234567890abcdef|deadbeef|abcdefgh|0{8}/i;
const REFERENCE =
  /^(?:\$\{|\$\(|\$[A-Za-z_]|\{\{|\{[a-z_]|%[A-Za-z_]{2,40}%|%[sdv]$|<|\[|@|&|process\.env|import\.meta|os\.|env\.|ENV\[|env\(|System\.|Environment\.|getenv|config[.[(]|settings[.[]|secrets?[.[(]|vault[.:(/]|var\.|vars\.|local\.|data\.|self\.|this\.|ctx\.|req\.|request\.|params|props\.|args\.|options\.|arn:|projects\/|ref:|!|\/|\.\/|~\/|https?:\/\/)/i;
const CALL = /^[A-Za-z_][\w.:>-]{0,60}\(/;
const PATH_OF_NAMES = /^[A-Za-z_]{2,40}(?:\.[A-Za-z_]{2,40}){1,6}[),;]?$/;
const WORD_VALUE =
  /^(?:none|null|nil|true|false|undefined|empty|string|number|int|bool|boolean|str|bytes|optional|required|default|unknown|unset|missing|invalid|expired|wrong|incorrect|correct|valid|password|passwd|secret|token|bearer|basic|admin|root|user|username|login|guest|public|private|hidden|encrypted|hashed|char|varchar|text|object|any|void|never)[^A-Za-z0-9]{0,3}$/i;

/** Shannon entropy in bits a character, 0 for the empty string. */
export function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const char of text) counts.set(char, (counts.get(char) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}

/** True for text that stands for a secret without being one: examples, masks, references, calls, words. */
export function isPlaceholder(value: string): boolean {
  return (
    REFERENCE.test(value) ||
    WORD_VALUE.test(value) ||
    STAND_IN.test(value) ||
    CALL.test(value) ||
    PATH_OF_NAMES.test(value) ||
    /^(.)\1*$/.test(value) ||
    /([A-Za-z0-9])\1{6}/.test(value)
  );
}

/** Characters of a token that tell filler from a key. */
const JUDGED = 128;
const FILLER = /example|placeholder|redacted|your[-_]|x{6}|\*{3}|\.{3}|([a-z0-9])\1{7}/i;

/** A placeholder in the form of a known token: the body is filler or says that it is an example. */
export function isHollowToken(value: string): boolean {
  const body = value.replace(/^A{20}/, '').slice(0, JUDGED);
  return FILLER.test(body) || (body.length >= 16 && entropy(body) < 2.4);
}
