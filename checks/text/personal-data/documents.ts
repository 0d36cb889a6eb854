import type { Cluster, Find } from './clusters.ts';
import { eachRun } from './clusters.ts';
import { isBase58Check, isBech32 } from './crypto-address.ts';
import { contextWords } from './rule.ts';

const PASSPORT = contextWords(
  'passport|passport no|passport number|reisepass|reisepassnummer|passnummer|passeport|pasaporte|passaporto|passaporte|paspoort|paspoortnummer|paszport|pasport|útlevél|pass|паспорт|pasaport|διαβατήριο|护照|護照|パスポート|旅券番号|여권|جواز',
);
const LICENCE = contextWords(
  "driver license|drivers license|driver’s license|driver's license|driving license|driving licence|driver licence|driver's licence|licence number|license number|dl no|führerschein|führerscheinnummer|permis de conduire|permis|permiso de conducir|carnet de conducir|licencia de conducir|patente di guida|patente|carta de condução|cnh|rijbewijs|rijbewijsnummer|prawo jazdy|körkort|førerkort|kørekort|ajokortti|водительское удостоверение|ehliyet|驾驶证|運転免許|운전면허",
);
const WALLET = contextWords('wallet|ethereum|eth|address|erc20|erc-20|usdt|metamask|send to|crypto');

/** Passport and driving licence numbers, which only their name gives away. */
export function findDocuments(text: string, cluster: Cluster, finds: Find[]): void {
  const before = text.slice(Math.max(0, cluster.start - 40), cluster.start);
  const passport = PASSPORT.test(before);
  const licence = !passport && LICENCE.test(before);
  if (!passport && !licence) return;
  eachRun(cluster, licence ? 6 : 2, (shape, start, end) => {
    const compact = shape.replace(/[^9A]/g, '');
    const digits = compact.replaceAll('A', '').length;
    if (passport && /^A{0,2}9{6,9}A?$|^A9A\d?9{6}$|^99AA9{5}$/.test(compact)) {
      finds.push({ start, end, kind: 'passport-number', score: 0.8, title: 'a passport number' });
    }
    if (
      licence &&
      digits >= 5 &&
      compact.length >= 7 &&
      compact.length <= 18 &&
      !/^9{4}-99-99$/.test(shape)
    ) {
      finds.push({ start, end, kind: 'driving-licence', score: 0.72, title: 'a driving licence number' });
    }
  });
}

/** Bitcoin-like addresses by their checksums, Ethereum addresses by form. */
export function findCryptoAddresses(text: string, cluster: Cluster, finds: Find[]): void {
  for (const { start, end } of cluster.parts) {
    const length = end - start;
    if (length < 26 || length > 74) continue;
    const word = text.slice(start, end);
    if (/^0x[0-9a-fA-F]{40}$/.test(word)) {
      const named = WALLET.test(text.slice(Math.max(0, start - 40), start));
      const mixed = /[a-f]/.test(word.slice(2)) && /[A-F]/.test(word);
      if (named || mixed)
        finds.push({
          start,
          end,
          kind: 'crypto-address',
          score: named ? 0.85 : 0.65,
          title: 'a crypto wallet address',
        });
    } else if (
      /^(?:bc|tb|ltc)1/i.test(word) ? isBech32(word) : /^[123LMDAT9]/.test(word) && isBase58Check(word)
    ) {
      finds.push({ start, end, kind: 'crypto-address', score: 0.95, title: 'a crypto wallet address' });
    }
  }
}
