/** Short options of programs whose value is a password; `attached`: also written as one word with it. */
interface Program {
  readonly options: readonly string[];
  readonly attached: boolean;
}

const program = (options: string, attached = true): Program => ({ options: options.split(' '), attached });

const MYSQL = program('-p');
const PROGRAMS: ReadonlyMap<string, Program> = new Map([
  ...[
    'mysql',
    'mysqldump',
    'mysqladmin',
    'mysqlimport',
    'mysqlshow',
    'mysqlcheck',
    'mysqlpump',
    'mysqlslap',
    'mycli',
    'mariadb',
    'mariadb-dump',
    'mariadb-admin',
    'mariadb-import',
    'mariabackup',
    'xtrabackup',
  ].map((name) => [name, MYSQL] as const),
  ...['mongo', 'mongosh', 'mongodump', 'mongorestore', 'mongoimport', 'mongoexport', 'sshpass'].map(
    (name) => [name, program('-p')] as const,
  ),
  // Of `docker login`, `az login`, `helm registry login`.
  ['login', program('-p')],
  ['sqlcmd', program('-P')],
  ['bcp', program('-P')],
  ['zip', program('-P')],
  ['unzip', program('-P')],
  ['mosquitto_pub', program('-P')],
  ['mosquitto_sub', program('-P')],
  ['7z', program('-p')],
  ['redis-cli', program('-a', false)],
  ['curl', program('-b -E', false)],
  ...['ldapsearch', 'ldapmodify', 'ldapadd', 'ldapdelete', 'ldapwhoami', 'ldappasswd'].map(
    (name) => [name, program('-w')] as const,
  ),
]);

/** What is known of the program that a word of a command names. */
export const programOf = (word: string): Program | undefined =>
  word.startsWith('-')
    ? undefined
    : PROGRAMS.get(
        word
          .slice(Math.max(word.lastIndexOf('/'), word.lastIndexOf('\\')) + 1)
          .toLowerCase()
          .replace(/\.exe$/, ''),
      );
export type { Program };
