import type { Find } from './clusters.ts';

const IPV4 = /(?<![\w.:-])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w.]*\d|\w)/g;
const IPV6 = /(?<![\w:.])(?:[A-Fa-f0-9]{0,4}:){2,7}[A-Fa-f0-9]{0,4}(?![\w:.])/g;
const MAC = /(?<![\w:-])(?:[0-9A-Fa-f]{2}([:-]))(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}(?![\w:-])/g;
const HARMLESS = /^(?:127\.|0\.0\.0\.0$|255\.|192\.0\.2\.|198\.51\.100\.|203\.0\.113\.)/;

function isIpv6(text: string): boolean {
  const halves = text.split('::');
  const groups = text.split(':').filter(Boolean).length;
  return halves.length === 2 ? groups >= 2 && groups < 8 : halves.length === 1 && groups === 8;
}

/** Addresses of devices. Loopback, broadcast and documentation ranges pass. */
export function findNetworkAddresses(text: string, finds: Find[]): void {
  for (const { index, 0: match } of text.matchAll(IPV4)) {
    if (
      HARMLESS.test(match) ||
      /version|release|v$/i.test(text.slice(Math.max(0, index - 12), index).trimEnd())
    )
      continue;
    finds.push({
      start: index,
      end: index + match.length,
      kind: 'ip-address',
      score: 0.8,
      title: 'an IP address',
    });
  }
  if (!text.includes(':') && !text.includes('-')) return;
  for (const { index, 0: match } of text.matchAll(MAC)) {
    finds.push({
      start: index,
      end: index + match.length,
      kind: 'mac-address',
      score: 0.9,
      title: 'a MAC address',
    });
  }
  for (const { index, 0: match } of text.matchAll(IPV6)) {
    if (isIpv6(match))
      finds.push({
        start: index,
        end: index + match.length,
        kind: 'ip-address',
        score: 0.85,
        title: 'an IPv6 address',
      });
  }
}
