/** Words of plain attacks and others that say the same, in each language. */
type Entry = readonly [word: string, ...others: string[]];

const EN: readonly Entry[] = [
  [
    'ignore',
    'disregard',
    'set aside',
    'pay no attention to',
    'leave out of account',
    'skip over',
    'overlook',
  ],
  ['ignoring', 'disregarding', 'setting aside', 'leaving out'],
  ['disregard', 'set aside', 'leave out', 'take no notice of'],
  ['forget', 'drop', 'let go of', 'put out of your mind', 'leave behind'],
  ['override', 'replace', 'take precedence over', 'supersede'],
  ['bypass', 'get around', 'step past', 'go around'],
  ['previous', 'earlier', 'prior', 'preceding', 'former'],
  ['above', 'further up', 'before this', 'earlier on'],
  ['instructions', 'directions', 'guidance', 'orders', 'what you were told', 'briefing'],
  ['instruction', 'direction', 'order', 'guidance'],
  ['rules', 'limits', 'constraints', 'terms', 'conditions'],
  ['guidelines', 'principles', 'house style', 'terms'],
  ['restrictions', 'limits', 'boundaries', 'constraints'],
  ['system prompt', 'opening message', 'setup text', 'initial briefing', 'first message', 'base text'],
  ['prompt', 'opening text', 'briefing', 'setup note'],
  ['reveal', 'show', 'share', 'read out', 'lay open', 'pass on'],
  ['print', 'write out', 'put down', 'type out', 'show'],
  ['repeat', 'say again', 'write out once more', 'restate'],
  ['output', 'write', 'produce', 'give back'],
  ['tell me', 'let me know', 'say', 'give me'],
  ['show me', 'let me see', 'put before me'],
  ['secret', 'confidential', 'private', 'non-public'],
  ['hidden', 'unseen', 'not shown', 'internal'],
  ['password', 'passphrase', 'login secret', 'access word'],
  ['confidential', 'private', 'internal', 'not for sharing'],
  ['pretend', 'act as if', 'imagine', 'suppose', 'play along that'],
  ['act as', 'take the part of', 'play', 'behave like'],
  ['you are now', 'from here on you are', 'your part is now'],
  ['from now on', 'going forward', 'from this point', 'as of this message'],
  ['instead', 'in its place', 'rather', 'in lieu of that'],
  ['must', 'have to', 'are to', 'need to'],
  ['never', 'at no time', 'not once'],
  ['always', 'every time', 'without exception'],
  ['assistant', 'helper', 'agent', 'model'],
  ['user', 'customer', 'person', 'reader'],
  ['unrestricted', 'free', 'unbound', 'open'],
  ['send', 'forward', 'pass along', 'mail'],
  ['delete', 'remove', 'clear', 'get rid of'],
  ['execute', 'run', 'carry out', 'perform'],
  ['immediately', 'right away', 'at once', 'now'],
  ['do not', 'refrain from, and do not', 'by no means'],
  ['new', 'fresh', 'updated', 'revised'],
  ['task', 'job', 'assignment', 'work item'],
  ['respond', 'reply', 'answer', 'write back'],
];

const DE: readonly Entry[] = [
  ['ignoriere', 'beachte nicht', 'lass außer Acht', 'übergehe', 'sieh ab von'],
  ['vergiss', 'streich', 'lass beiseite', 'denk nicht mehr an'],
  ['anweisungen', 'vorgaben', 'hinweise', 'richtlinien', 'aufträge'],
  ['bisherigen', 'früheren', 'vorigen', 'vorherigen'],
  ['vorherigen', 'bisherigen', 'früheren', 'zuvor genannten'],
  ['regeln', 'vorgaben', 'grenzen', 'bedingungen'],
  ['systemprompt', 'eingangstext', 'grundtext', 'startnachricht'],
  ['zeige', 'nenne', 'gib wieder', 'lies vor'],
  ['verrate', 'nenne', 'sag', 'teile mit'],
  ['passwort', 'kennwort', 'losung', 'zugangswort'],
  ['geheim', 'vertraulich', 'intern'],
  ['ab jetzt', 'von nun an', 'ab sofort', 'fortan'],
  ['stattdessen', 'dafür', 'an dessen Stelle'],
  ['tu so', 'stell dir vor', 'verhalte dich'],
];

const FR: readonly Entry[] = [
  ['ignore', 'ne tiens pas compte de', 'laisse de côté', 'passe sur'],
  ['oublie', 'laisse tomber', 'mets de côté', 'efface de ta mémoire'],
  ['instructions', 'consignes', 'directives', 'indications'],
  ['consignes', 'instructions', 'directives', 'indications'],
  ['précédentes', 'antérieures', 'd’avant', 'reçues jusqu’ici'],
  ['règles', 'limites', 'contraintes'],
  ['affiche', 'montre', 'donne', 'écris'],
  ['révèle', 'dis', 'partage', 'donne'],
  ['mot de passe', 'code d’accès', 'sésame'],
  ['désormais', 'à partir de maintenant', 'dorénavant'],
];

const ES: readonly Entry[] = [
  ['ignora', 'no tengas en cuenta', 'deja de lado', 'pasa por alto'],
  ['olvida', 'deja atrás', 'descarta', 'borra de tu mente'],
  ['instrucciones', 'indicaciones', 'directrices', 'órdenes'],
  ['anteriores', 'previas', 'de antes', 'recibidas hasta ahora'],
  ['reglas', 'normas', 'límites', 'condiciones'],
  ['muestra', 'enseña', 'escribe', 'da'],
  ['revela', 'di', 'comparte', 'cuenta'],
  ['contraseña', 'clave', 'palabra de acceso'],
  ['a partir de ahora', 'desde este momento', 'en adelante'],
];

const IT: readonly Entry[] = [
  ['ignora', 'non considerare', 'lascia perdere', 'metti da parte'],
  ['dimentica', 'lascia stare', 'accantona'],
  ['istruzioni', 'indicazioni', 'direttive', 'disposizioni'],
  ['precedenti', 'di prima', 'anteriori'],
  ['regole', 'limiti', 'vincoli'],
  ['mostra', 'fai vedere', 'scrivi', 'riporta'],
  ['rivela', 'di', 'condividi'],
];

const PT: readonly Entry[] = [
  ['ignore', 'desconsidere', 'deixe de lado', 'não leve em conta'],
  ['esqueça', 'deixe para trás', 'descarte'],
  ['instruções', 'orientações', 'diretrizes', 'ordens'],
  ['anteriores', 'prévias', 'de antes'],
  ['regras', 'normas', 'limites'],
  ['mostre', 'exiba', 'escreva', 'apresente'],
  ['revele', 'diga', 'compartilhe'],
  ['senha', 'palavra-passe', 'código de acesso'],
];

const NL: readonly Entry[] = [
  ['negeer', 'laat buiten beschouwing', 'let niet op', 'sla over'],
  ['vergeet', 'laat los', 'zet opzij'],
  ['instructies', 'aanwijzingen', 'richtlijnen', 'opdrachten'],
  ['vorige', 'eerdere', 'voorgaande'],
  ['regels', 'grenzen', 'voorwaarden'],
  ['toon', 'laat zien', 'schrijf'],
  ['wachtwoord', 'toegangswoord', 'inlogcode'],
];

const BY_LANGUAGE: Readonly<Record<string, readonly Entry[]>> = {
  en: EN,
  de: DE,
  fr: FR,
  es: ES,
  it: IT,
  pt: PT,
  nl: NL,
};

const patterns = new Map<
  string,
  { readonly pattern: RegExp; readonly others: ReadonlyMap<string, readonly string[]> }
>();

/** Finds the words that a language (English where it has none) has synonyms for, and these. */
export function synonymsOf(lang: string | null): {
  readonly pattern: RegExp;
  readonly others: ReadonlyMap<string, readonly string[]>;
} {
  const key = lang !== null && lang in BY_LANGUAGE ? lang : 'en';
  const known = patterns.get(key);
  if (known !== undefined) return known;
  const entries = BY_LANGUAGE[key] ?? EN;
  const words = entries.map(([word]) => word).sort((a, b) => b.length - a.length);
  const made = {
    pattern: new RegExp(`(?<![\\p{L}\\p{N}])(?:${words.join('|')})(?![\\p{L}\\p{N}])`, 'giu'),
    others: new Map(entries.map(([word, ...others]) => [word, others])),
  };
  patterns.set(key, made);
  return made;
}
