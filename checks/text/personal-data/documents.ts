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

const PASSPORT_FORM = /^A{0,2}9{6,9}A?$|^A9A9{6,7}$|^99AA9{5}$/;

function isLicenceForm(shape: string, compact: string): boolean {
  const digits = compact.replaceAll('A', '').length;
  return digits >= 5 && compact.length >= 7 && compact.length <= 18 && !/(?:^| )9999-99/.test(shape);
}

/** Passport and driving licence numbers, which only their name gives away. */
export function findDocuments(text: string, cluster: Cluster, finds: Find[]): void {
  if (cluster.end - cluster.start < 7) return;
  eachRun(cluster, 6, (shape, start, end) => {
    if (end - start < 7 || end - start > 24) return;
    const compact = shape.replace(/[^9A]/g, '');
    const passport = PASSPORT_FORM.test(compact) && !/(?:^| )9999-99/.test(shape);
    const licence = isLicenceForm(shape, compact);
    if (!passport && !licence) return;
    const before = text.slice(Math.max(0, start - 40), start);
    if (passport && PASSPORT.test(before)) {
      finds.push({ start, end, kind: 'passport-number', score: 0.8, title: 'a passport number' });
    } else if (licence && LICENCE.test(before)) {
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
