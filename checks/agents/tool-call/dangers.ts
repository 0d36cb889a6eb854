/** A dangerous argument, by what a tool could do with it. Patterns are bounded, hence linear. */
export interface Danger {
  readonly capability: 'shell' | 'sql' | 'files' | 'network';
  readonly kind: string;
  readonly score: number;
  readonly message: string;
  readonly pattern: RegExp;
}

function danger(
  capability: Danger['capability'],
  [kind, score, does]: readonly [kind: string, score: number, does: string],
  pattern: RegExp,
): Danger {
  return Object.freeze({ capability, kind, score, message: `The argument ${does}.`, pattern });
}

const SHELL: readonly Danger[] = [
  danger(
    'shell',
    ['shell-destruction', 0.95, 'deletes files of the whole system or home'],
    /\brm\s{1,8}(?:-{1,2}[\w-]{1,24}\s{1,8}){1,6}(?:--\s{1,4})?["']?(?:\/(?:\*|\s|$|"|'|;|&|etc|usr|var|home|root|bin|boot|lib|opt)|~|\$HOME|\*|\.\s{0,2}(?:$|;|&))/,
  ),
  danger(
    'shell',
    ['shell-destruction', 0.95, 'overwrites a disk or formats it'],
    /\bmkfs(?:\.\w{1,10})?\s|\bdd\s[^\n]{0,200}\bof=\/dev\/|>\s{0,4}\/dev\/(?:sd|nvme|hd|vd)[a-z0-9]|\bwipefs\s|\bformat\s{1,4}[a-z]:/i,
  ),
  danger(
    'shell',
    ['shell-destruction', 0.95, 'is a fork bomb'],
    /:\s{0,2}\(\s{0,2}\)\s{0,2}\{\s{0,2}:\s{0,2}\|/,
  ),
  danger(
    'shell',
    ['shell-destruction', 0.8, 'deletes recursively on Windows'],
    /\b(?:rd|rmdir|del)\s{1,4}(?:\/[sqf]\s{0,4}){1,4}|Remove-Item\s[^\n]{0,200}-Recurse[^\n]{0,200}-Force/i,
  ),
  danger(
    'shell',
    ['download-and-run', 0.95, 'runs a program straight from the network'],
    /\b(?:curl|wget|fetch)\b[^\n|;]{1,600}\|\s{0,8}(?:sudo\s{1,4})?(?:env\s{1,4})?(?:ba|z|da|k)?(?:sh|python\d?|perl|ruby|node|php)\b/i,
  ),
  danger(
    'shell',
    ['download-and-run', 0.95, 'runs a program straight from the network'],
    /\b(?:ba|z)?sh\s{1,4}(?:-c\s{1,4})?["']?(?:<\(|\$\(|`)\s{0,4}(?:curl|wget)\b|\beval\s{1,4}["']?(?:\$\(|`)\s{0,4}(?:curl|wget)\b|\b(?:iex|invoke-expression)\b[^\n]{0,200}(?:downloadstring|invoke-webrequest|iwr|net\.webclient)/i,
  ),
  danger(
    'shell',
    ['download-and-run', 0.85, 'downloads a file and makes it run'],
    /\b(?:curl|wget)\b[^\n]{1,400}(?:&&|;)\s{0,8}(?:sudo\s{1,4})?chmod\s{1,4}(?:\+x|[0-7]{3,4})/i,
  ),
  danger(
    'shell',
    ['reverse-shell', 0.97, 'opens a shell to another machine'],
    /\/dev\/(?:tcp|udp)\/[\w.-]{1,253}\/\d{1,5}|\bnc(?:at)?\b[^\n]{0,120}\s-[a-z]{0,4}[ec]\s{1,4}\/?(?:bin\/)?(?:ba)?sh|\bmkfifo\b[^\n]{1,200}\bnc\b/i,
  ),
  danger(
    'shell',
    ['encoded-command', 0.85, 'runs a command that is written in code'],
    /\bbase64\s{1,4}(?:-d|-D|--decode)\b[^\n|]{0,400}\|\s{0,8}(?:ba|z)?sh\b|powershell[^\n]{0,80}\s-e(?:nc|ncodedcommand)?\s{1,4}[A-Za-z0-9+/=]{16}/i,
  ),
  danger(
    'shell',
    ['privilege', 0.75, 'opens or gives away rights'],
    /\bchmod\s{1,4}(?:-R\s{1,4})?0?777\s{1,4}\/|\bNOPASSWD\s{0,4}:|>>\s{0,4}[^\s]{0,80}authorized_keys|\bsetenforce\s{1,4}0\b|\biptables\s{1,4}-F\b/,
  ),
  danger(
    'shell',
    ['covering-tracks', 0.75, 'removes traces'],
    /\bhistory\s{1,4}-c\b|\bunset\s{1,4}HISTFILE\b|>\s{0,4}\/var\/log\/\w|\bwevtutil\s{1,4}cl\b|\bshred\s{1,4}[^\n]{0,80}\.log\b/i,
  ),
];

const SQL: readonly Danger[] = [
  danger(
    'sql',
    ['sql-destruction', 0.85, 'drops or empties tables'],
    /\b(?:drop\s{1,8}(?:table|database|schema|user|role)|truncate\s{1,8}table)\s{1,8}(?:if\s{1,8}exists\s{1,8})?["`[]?\w/i,
  ),
  danger(
    'sql',
    ['sql-destruction', 0.75, 'deletes every row: there is no WHERE'],
    /\bdelete\s{1,8}from\s{1,8}["`[]?[\w.]{1,128}["`\]]?\s{0,8}(?:;|$)/i,
  ),
  danger(
    'sql',
    ['sql-destruction', 0.7, 'changes every row: there is no WHERE'],
    /\bupdate\s{1,8}["`[]?[\w.]{1,128}["`\]]?\s{1,8}set\s(?:(?!\bwhere\b)[^;]){1,600}(?:;|$)/i,
  ),
  danger(
    'sql',
    ['sql-injection', 0.8, 'carries a typical SQL injection'],
    /['"]\s{0,4}(?:or|and)\s{1,4}['"]?(\d{1,6}|[a-z]{1,8})['"]?\s{0,4}=\s{0,4}['"]?\1\b|['"]\s{0,4};\s{0,4}(?:drop|delete|insert|update|alter|exec)\b|\bunion\s{1,8}(?:all\s{1,8})?select\b[^\n]{0,200}(?:information_schema|sqlite_master|pg_shadow|mysql\.user|null\s{0,4},\s{0,4}null)/i,
  ),
  danger(
    'sql',
    ['sql-escape', 0.9, 'leaves the database for files or commands'],
    /\bxp_cmdshell\b|\binto\s{1,8}(?:out|dump)file\b|\bload_file\s{0,4}\(|\bcopy\s[^\n]{1,200}\bprogram\s{1,4}'|\bpg_read_file\s{0,4}\(/i,
  ),
  danger(
    'sql',
    ['sql-rights', 0.75, 'gives away rights'],
    /\bgrant\s{1,8}all\b[^\n;]{0,200}\bto\b|\balter\s{1,8}user\b[^\n;]{1,200}\b(?:superuser|password)\b/i,
  ),
];

const FILES: readonly Danger[] = [
  danger(
    'files',
    ['path-traversal', 0.75, 'climbs out of its folder'],
    /(?:^|[\s"'=/\\])(?:\.\.[/\\]){2,32}|%2e%2e(?:%2f|%5c|\/)|\.\.%2f|(?:^|[/\\])\.\.[/\\](?:etc|root|home|windows)\b|\.\.;\//i,
  ),
  danger(
    'files',
    ['sensitive-file', 0.8, 'reads a file that holds secrets'],
    /\/etc\/(?:passwd|shadow|sudoers|gshadow)\b|\/root\/\.|\/proc\/(?:self|\d{1,7})\/(?:environ|mem|cmdline)|\bid_(?:rsa|ed25519|ecdsa|dsa)\b(?!\.pub)|(?:^|[/\\~])\.(?:ssh|aws|gnupg|kube|docker|azure)[/\\](?!known_hosts)|(?:^|[\s"'/\\])\.(?:netrc|pgpass|git-credentials|htpasswd|vault-token)\b|\\windows\\system32\\config\\(?:sam|system|security)\b|\bntds\.dit\b|\/var\/run\/secrets\//i,
  ),
  danger(
    'files',
    ['sensitive-file', 0.6, 'reads a file that often holds secrets'],
    /(?:^|[\s"'/\\])\.env(?:\.(?:local|prod(?:uction)?|staging))?(?=$|[\s"'])|(?:^|[\s"'/\\])\.(?:npmrc|pypirc|bash_history|zsh_history)\b|\bwallet\.dat\b|\.(?:kdbx|pfx|p12)\b/i,
  ),
];

const NETWORK: readonly Danger[] = [
  danger(
    'network',
    ['metadata-address', 0.95, 'asks the cloud for its own credentials'],
    /\b169\.254\.(?:169\.254|170\.2)\b|\bmetadata\.google\.internal\b|\b100\.100\.100\.200\b|\[?fd00:ec2::254\]?|\b(?:0xa9fea9fe|2852039166|0251\.0376\.0251\.0376)\b/i,
  ),
  danger(
    'network',
    ['local-scheme', 0.8, 'uses an address scheme that reaches local services'],
    /\b(?:file|gopher|dict|ldap|tftp|jar):\/{1,3}[\w/.]/i,
  ),
  danger(
    'network',
    ['private-address', 0.65, 'reaches into the private network'],
    /\b(?:https?|ftp|wss?):\/\/(?:[^\s/@]{1,200}@)?(?:localhost\b|127(?:\.\d{1,3}){1,3}|0\.0\.0\.0|0x7f[0-9a-f]{6}|2130706433|017700000001|10(?:\.\d{1,3}){3}|192\.168(?:\.\d{1,3}){2}|172\.(?:1[6-9]|2\d|3[01])(?:\.\d{1,3}){2}|169\.254(?:\.\d{1,3}){2}|\[(?:::1|::ffff:[\w.:]{1,20}|f[cd][0-9a-f]{2}:[0-9a-f:]{1,40}|fe80:[0-9a-f:]{1,40})\]|[\w-]{1,63}\.(?:internal|local|localhost|cluster\.local)\b)/i,
  ),
];

export const DANGERS: readonly Danger[] = Object.freeze([...SHELL, ...SQL, ...FILES, ...NETWORK]);
