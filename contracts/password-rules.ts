/**
 * What people choose first, and so what is guessed first: words of well-known passwords, in several languages, and
 * patterns of the keyboard that are no rows. At least four characters each, so that they hide in no other word.
 */
const COMMON = new Set(
  `password passwort passwords passord parola contrasena contraseña motdepasse senha wachtwoord haslo heslo salasana
  losenord lösenord adgangskode kennwort geheim passphrase passcode passwd admin administrator root toor user guest
  test tester testing demo temp temporary default changeme changeit change secret secrets letmein login logon signin
  signon welcome welkom willkommen bienvenue bienvenido hello hallo hola bonjour ciao please master superman batman
  spiderman ironman pokemon pikachu starwars startrek matrix trustno1 trust access access14 system server manager
  supervisor office company business security secure private public internet network computer laptop windows microsoft
  google facebook twitter instagram linkedin youtube amazon apple samsung iphone android github gitlab docker
  kubernetes linux ubuntu debian oracle mysql postgres database cisco huawei dell lenovo nintendo playstation xbox
  minecraft fortnite roblox blink182 metallica eminem nirvana slipknot bartizan firewall guardrail gateway
  iloveyou loveyou lovely lover love forever sweetheart honey sugar princess prinzessin prince queen king angel angels
  baby babygirl babyboy daddy mommy mother father sister brother family friend friends happy smile sunshine
  sonnenschein rainbow flower flowers butterfly chocolate schokolade cookie cheese banana orange cherry pepper ginger
  coffee pizza summer sommer winter spring autumn herbst season january february march april june july august september
  october november december januar februar maerz oktober dezember monday tuesday wednesday thursday friday saturday
  sunday montag dienstag mittwoch donnerstag freitag samstag sonntag monkey dragon tiger lion panther cougar eagle
  falcon phoenix dolphin turtle rabbit kitten puppy horse mustang ferrari porsche mercedes corvette camaro chevrolet
  toyota honda yamaha harley football fussball baseball basketball hockey soccer tennis golfer cricket liverpool arsenal
  chelsea barcelona realmadrid juventus manchester united bayern dortmund schalke yankees cowboys steelers packers
  lakers redsox eagles raiders broncos michael michelle jennifer jessica jordan joshua daniel david andrew anthony
  thomas robert richard charlie william george matthew ashley amanda nicole samantha melissa stephanie christian
  alexander alexandra andreas stefan martin peter sebastian patrick justin brandon hunter buster bailey maggie
  shadow killer ninja samurai warrior wizard merlin gandalf frodo hobbit knight soldier ranger rocket thunder lightning
  silver golden diamond crystal purple yellow black white green blue bigdog rockyou whatever nothing qwerty123 asshole
  fuckyou fuckme fuck pussy bitch bullshit sexy shit 1qaz 2wsx 3edc 4rfv 5tgb 6yhn zaq1 xsw2 cde3 vfr4 qazwsx wsxedc
  edcrfv qweasd asdzxc qwaszx q1w2e3 q1w2e3r4 1q2w3e 1q2w3e4r a1b2c3 abc123 147258 258369 369258 159357 357159 741852
  852963 159753 951753 123321 112233 121212 131313 232323 696969 654321 101010 777777 correcthorsebatterystaple
  thequickbrownfox loremipsum dolorsit nopassword mypassword yourpassword opensesame abracadabra`
    .split(/\s+/)
    .filter((word) => word.length >= 4),
);
const LONGEST = Math.max(...[...COMMON].map((word) => word.length));

/** Keys in the order in which fingers find them: US, German and French keyboards. */
const ROWS = [
  '1234567890',
  '!@#$%^&*()_+',
  'qwertyuiop',
  'qwertzuiop',
  'azertyuiop',
  'asdfghjkl',
  'qsdfghjklm',
  'zxcvbnm',
  'yxcvbnm',
];
const NEIGHBOURS = new Set(
  ROWS.flatMap((row) =>
    [...row].slice(1).flatMap((key, i) => [`${row[i] ?? ''}${key}`, `${key}${row[i] ?? ''}`]),
  ),
);

/** What must be left once words, patterns and repetitions are counted once each. */
const LEAST_LEFT = 8;
const LEAST_DIFFERENT = 5;
const RUN = 4;

/** Letters that people put signs for; two readings of `1` and `!`. */
const SIGNS: Readonly<Record<string, string>> = {
  '@': 'a',
  '4': 'a',
  '3': 'e',
  '1': 'i',
  '!': 'i',
  '0': 'o',
  '5': 's',
  $: 's',
  '7': 't',
  '8': 'b',
};
const readAs = (text: string, one: string): string =>
  text.replace(/[@431!05$78]/g, (sign) => (sign === '1' || sign === '!' ? one : (SIGNS[sign] ?? sign)));

/** The shortest text that `text` begins with and repeats, cut off anywhere; `text` itself where there is none. Linear. */
function unitOf(text: string): string {
  const borders = new Int32Array(text.length);
  for (let i = 1, k = 0; i < text.length; i += 1) {
    while (k > 0 && text[i] !== text[k]) k = borders[k - 1] ?? 0;
    if (text[i] === text[k]) k += 1;
    borders[i] = k;
  }
  const period = text.length - (borders.at(-1) ?? 0);
  return period * 2 <= text.length ? text.slice(0, period) : text;
}

/** Length of the run (aaaa, abcd, 4321, asdf) at `from`; 1 where there is none. */
function runAt(text: string, from: number): number {
  let end = from + 1;
  while (end < text.length) {
    const step = text.charCodeAt(end) - text.charCodeAt(end - 1);
    if (Math.abs(step) > 1 && !NEIGHBOURS.has(text.slice(end - 1, end + 1))) break;
    end += 1;
  }
  return end - from >= RUN ? end - from : 1;
}

/** Length of the longest word at `from` in any of the readings; 0 where there is none. */
function wordAt(readings: readonly string[], from: number, own: ReadonlySet<string>): number {
  const left = (readings[0]?.length ?? 0) - from;
  for (let length = Math.min(LONGEST, left); length >= 3; length -= 1) {
    for (const reading of readings) {
      const part = reading.slice(from, from + length);
      if (COMMON.has(part) || own.has(part)) return length;
    }
  }
  return 0;
}

/** How much of a text has to be guessed: every word, run and year is as one character, and counts once. */
function leftOf(text: string, own: ReadonlySet<string>): readonly string[] {
  const readings = [text, readAs(text, 'i'), readAs(text, 'l')];
  const left: string[] = [];
  const seen = new Set<string>();
  for (let i = 0; i < text.length; ) {
    const year = /^(?:19|20)\d\d/.test(text.slice(i, i + 4)) ? 4 : 0;
    const length = Math.max(wordAt(readings, i, own), runAt(text, i), year);
    const part = text.slice(i, i + length);
    if (length === 1 || !seen.has(part)) left.push(part);
    seen.add(part);
    i += length;
  }
  return left;
}

const plain = (text: string): string => text.normalize('NFKC').toLowerCase();

/** Words that somebody who knows the person tries: name, address and its domain, whole and in parts. */
function wordsOf({ name = '', email = '' }: PasswordOwner): ReadonlySet<string> {
  const at = email.lastIndexOf('@');
  const local = plain(email.slice(0, Math.max(0, at)));
  const parts = [plain(name), local, plain(email.slice(at + 1))].flatMap((text) =>
    text.slice(0, 254).split(/[^\p{L}\p{N}]+/u),
  );
  const all = [...parts, local.replace(/[\s._-]+/g, ''), plain(name).replace(/[\s._-]+/g, '')];
  return new Set(all.filter((word) => word.length >= 3 && word.length <= LONGEST));
}

/** Whose password it is, as far as known. */
export interface PasswordOwner {
  readonly name?: string;
  readonly email?: string;
}

/**
 * Why a password is guessed at once, in words for the person who chose it; null where it is not. Common words,
 * one's own name and address, rows of the keyboard and the alphabet, years and repetitions hardly count, with signs
 * for letters or without. Length is judged elsewhere. Looks at 256 characters at most.
 */
export function whyGuessable(password: string, owner: PasswordOwner = {}): string | null {
  const text = plain(password.slice(0, 256)).replace(/[\s\-_.,]+/g, '');
  const unit = unitOf(text);
  const left = leftOf(unit, wordsOf(owner));
  if (left.length >= LEAST_LEFT && new Set(left).size >= LEAST_DIFFERENT) return null;
  return unit.length < text.length && unit.length > 0
    ? 'this repeats itself and is guessed at once: use several words that do not belong together'
    : 'this is among what is guessed first (common words, names, rows of keys, years): use several words that do not belong together';
}
