import { isReference, MASK } from './names.ts';

/** Schemes whose one part before `@` is the name of a user or of a container. */
const NAMED =
  /^(?:ssh|sftp|scp|git\+ssh|svn\+ssh|rsync|abfss?|wasbs?|hdfs|postgres(?:ql)?|mysql|mariadb|mssql)$/i;
const AUTHORITY =
  /(?<![a-z0-9+.-])([a-z][a-z0-9+.-]{1,30}):\/\/([^\s/?#"'<>@]{0,4000}(?:@[^\s/?#"'<>@]{1,4000})*)@/gi;
/** Passwords of databases hold signs that were not escaped; their addresses hold no other `@`. */
const DATABASE =
  /(?<![a-z0-9+.-])((?:postgres(?:ql)?|mysql|mariadb|mssql|mongodb|rediss?|amqps?|clickhouse|oracle|ldaps?|ftps?|smtps?)(?:\+[a-z0-9_]{1,20})?:\/\/[^\s:@"'/]{0,200}:)([^\s"'@]{1,2000}(?:@[^\s"'@]{1,2000})*)@/gi;
/** Whoever knows these paths may post there. */
const HOOKS: readonly RegExp[] = [
  /(\bhooks\.slack(?:-gov)?\.com\/(?:services|workflows|triggers)\/)[^\s"'<>]+/gi,
  /(\bdiscord(?:app)?\.com\/api\/(?:v\d+\/)?webhooks\/\d+\/)[^\s"'<>?]+/gi,
  /(\b[\w-]{1,60}\.webhook\.office\.com\/webhookb2\/|\boutlook\.office(?:365)?\.com\/webhook\/)[^\s"'<>?]+/gi,
  /(\bapi\.telegram\.org\/(?:file\/)?bot)[^\s"'<>/]+/gi,
  /(\bhooks\.zapier\.com\/hooks\/catch\/|\bmaker\.ifttt\.com\/trigger\/[\w-]{1,80}\/with\/key\/)[^\s"'<>?]+/gi,
  /(\bopen-apis\/bot\/v2\/hook\/)[^\s"'<>?]+/gi,
  /(\/(?:web)?hooks?\/(?:[\w-]{1,40}\/){0,3})[\w-]{16,}/gi,
];

function userPart(scheme: string, part: string): string {
  const colon = part.indexOf(':');
  if (colon === -1) {
    const isName = part === 'git' || (NAMED.test(scheme) && part.length <= 40);
    return isName || part === '' || isReference(part) ? part : MASK;
  }
  const name = part.slice(0, colon);
  const word = part.slice(colon + 1);
  if (word === '' || word === 'x-oauth-basic') return isReference(name) ? part : `${MASK}:${word}`;
  return isReference(word) ? part : `${name.length > 40 ? MASK : name}:${MASK}`;
}

/** Masks credentials of addresses, and the paths of webhooks. */
export function maskAddresses(text: string, what: Set<string>): string {
  let kept = text.replaceAll(AUTHORITY, (whole, scheme: string, part: string) => {
    const safe = userPart(scheme, part);
    if (safe === part) return whole;
    what.add('credentials of an address');
    return `${scheme}://${safe}@`;
  });
  kept = kept.replaceAll(DATABASE, (whole, before: string, word: string) => {
    if (isReference(word)) return whole;
    what.add('credentials of an address');
    return `${before}${MASK}@`;
  });
  for (const hook of HOOKS)
    kept = kept.replaceAll(hook, (_whole, before: string) => {
      what.add('the address of a webhook');
      return `${before}${MASK}`;
    });
  return kept;
}
