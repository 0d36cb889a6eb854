import type { Cluster, Find } from './clusters.ts';
import { contextWords } from './rule.ts';

const ADDRESS_CONTEXT = contextWords(
  'address|live at|lives at|living at|home|ship to|deliver to|delivery|mail to|send it to|located at|residence|resides|adresse|anschrift|wohnhaft|wohne|wohnt|habite|domicile|dirección|domicilio|vivo en|indirizzo|abito|residente|endereço|moro|morada|adres|woon|adress|osoite|bydliště|адрес|住所|地址|주소',
);
const EN_TYPE =
  'Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Square|Sq|Terrace|Way|Highway|Hwy|Crescent|Close|Parkway|Pkwy';
const ENGLISH = new RegExp(
  `\\d{1,5}[A-Za-z]?,? (?:[A-Z][A-Za-z'’.-]{0,20} ){1,4}?(?:${EN_TYPE})(?![A-Za-z])(?:\\.?,? (?:Apt|Apartment|Suite|Unit|Flat)\\.? ?#?\\w{1,6}(?!\\w))?`,
  'y',
);
const FRENCH =
  /\d{1,4}(?: ?(?:bis|ter))?,? (?:rue|avenue|boulevard|place|chemin|allée|impasse|quai|cours)(?: (?:de la|de l['’]|de|du|des|la|le|les))? ?(?:[dl]['’])?\p{Lu}[\p{L}'’-]{1,25}(?:[ -]\p{Lu}[\p{L}'’-]{1,25}){0,3}/uy;
const GERMANIC_BEFORE =
  /(?<!\p{L})\p{Lu}[\p{L}-]{2,30}(?:straße|strasse|str\.|weg|platz|allee|gasse|laan|straat|plein|gatan|vägen|veien) $/u;
const ROMANCE_BEFORE =
  /(?<!\p{L})(?:Calle|C\/|Avenida|Avda\.|Av\.|Plaza|Paseo|Carrer|Via|Viale|Piazza|Corso|Rua|Travessa|Praça|ul\.|ulica|Ulica|aleja|ул\.|улица)(?: (?:de|del|de la|di|della|delle|da|do|dos|das|la|las|los)){0,2} ?\p{Lu}[\p{L}'’.-]{1,25}(?: (?:de |del |di |da |do |y |e )?\p{Lu}[\p{L}'’.-]{1,25}){0,3},? (?:n[º°.o]{1,2} ?|nº ?|д\. ?)?$/u;
/** Beginnings of addresses at the end of a growing text (after its last word was cut off). */
const UNFINISHED: readonly RegExp[] = [
  /(?<![\w\u00c0-\u1fff])\d{1,5}[A-Za-z]?,?(?: [A-Z][A-Za-z'’.-]{0,20},?){0,6} ?$/u,
  /(?<![\w\u00c0-\u1fff])\d{1,4}(?: ?(?:bis|ter))?,?(?: (?:rue|avenue|boulevard|place|chemin|allée|impasse|quai|cours)(?: (?:de|la|de l['’]|du|des|le|les)){0,2}(?:[ -](?:[dl]['’])?\p{Lu}[\p{L}'’-]{0,25}){0,4})? ?$/u,
  /(?<!\p{L})\p{Lu}[\p{L}-]{2,30}(?:straße|strasse|str\.|weg|platz|allee|gasse|laan|straat|plein|gatan|vägen|veien) (?:\d{1,4} ?)?$/u,
  /(?<!\p{L})(?:Calle|C\/|Avenida|Avda\.|Av\.|Plaza|Paseo|Carrer|Via|Viale|Piazza|Corso|Rua|Travessa|Praça|ul\.|ulica|Ulica|aleja|ул\.|улица)(?:\p{Lu}[\p{L}'’.-]{0,25},?)?(?: (?:de|del|la|di|della|delle|da|do|dos|das|las|los|y|e|\p{Lu}[\p{L}'’.-]{0,25}),?){0,10}(?: (?:n[º°.o]{1,2}|д\.))? ?(?:\d{1,4} ?)?$/u,
];

const address = (start: number, end: number, score: number): Find => ({
  start,
  end,
  kind: 'postal-address',
  score,
  title: 'a postal address',
});

/** Streets with a house number, in the order of several languages. */
export function findAddresses(text: string, cluster: Cluster, finds: Find[]): void {
  const first = cluster.parts[0];
  if (first === undefined || first.shape.length > 6) return;
  for (const { start, shape, end } of cluster.parts) {
    if (!/^9{1,5}A?$/.test(shape)) continue;
    const near = (at: number, alone: number): number =>
      ADDRESS_CONTEXT.test(text.slice(Math.max(0, at - 40), at)) ? 0.88 : alone;
    for (const pattern of [ENGLISH, FRENCH]) {
      pattern.lastIndex = start;
      const match = pattern.exec(text);
      if (match !== null) finds.push(address(start, start + match[0].length, near(start, 0.68)));
    }
    const before = text.slice(Math.max(0, start - 110), start);
    const street = shape.length <= 5 ? (GERMANIC_BEFORE.exec(before) ?? ROMANCE_BEFORE.exec(before)) : null;
    if (street !== null)
      finds.push(address(start - street[0].length, end, near(start - street[0].length, 0.68)));
  }
}

/** Start of an address that the end of a growing text leaves open, else its length. */
export function unfinishedAddressFrom(text: string, settled: number): number {
  const offset = Math.max(0, settled - 140);
  const tail = text.slice(offset, settled);
  let from = text.length;
  for (const pattern of UNFINISHED) {
    const match = pattern.exec(tail);
    if (match !== null) from = Math.min(from, offset + match.index);
  }
  return from;
}
