import { BlockList } from 'node:net';
import { z } from 'zod';

/**
 * What Kubernetes NetworkPolicies let through, by their documented semantics (networking.k8s.io/v1): policies add
 * up; a pod that no policy of a direction selects is open in that direction; both ends must allow; a peer with
 * both selectors means both. Enough of it for our own chart: ports are numbers.
 */
const Labels = z.record(z.string(), z.string());
const Selector = z.strictObject({ matchLabels: Labels.optional() });
const Peer = z.strictObject({
  podSelector: Selector.optional(),
  namespaceSelector: Selector.optional(),
  ipBlock: z.strictObject({ cidr: z.string(), except: z.array(z.string()).optional() }).optional(),
});
const Port = z.strictObject({ port: z.number(), protocol: z.enum(['TCP', 'UDP']) });
export const Policy = z.object({
  metadata: z.object({ name: z.string(), namespace: z.string() }),
  spec: z.strictObject({
    podSelector: Selector,
    policyTypes: z.array(z.enum(['Ingress', 'Egress'])),
    ingress: z.array(z.strictObject({ from: z.array(Peer), ports: z.array(Port) })).optional(),
    egress: z.array(z.strictObject({ to: z.array(Peer), ports: z.array(Port) })).optional(),
  }),
});
export type Policy = z.infer<typeof Policy>;

export interface Pod {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly ip: string;
}

export interface Traffic {
  readonly from: Pod | string;
  readonly to: Pod | string;
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP';
}

const matches = (selector: z.infer<typeof Selector> | undefined, labels: Readonly<Record<string, string>>) =>
  Object.entries(selector?.matchLabels ?? {}).every(([name, value]) => labels[name] === value);

function covers(cidr: string, ip: string): boolean {
  const [network = '', bits = ''] = cidr.split('/');
  const list = new BlockList();
  const family = (address: string) => (address.includes(':') ? 'ipv6' : 'ipv4');
  if (family(network) !== family(ip)) return false;
  list.addSubnet(network, Number(bits), family(network));
  return list.check(ip, family(ip));
}

function meets(peer: z.infer<typeof Peer>, other: Pod | string, namespace: string): boolean {
  if (peer.ipBlock) {
    const ip = typeof other === 'string' ? other : other.ip;
    return covers(peer.ipBlock.cidr, ip) && !(peer.ipBlock.except ?? []).some((range) => covers(range, ip));
  }
  if (typeof other === 'string') return false;
  const inside = peer.namespaceSelector
    ? matches(peer.namespaceSelector, { 'kubernetes.io/metadata.name': other.namespace })
    : other.namespace === namespace;
  return inside && matches(peer.podSelector, other.labels);
}

function passes(policies: readonly Policy[], direction: 'Ingress' | 'Egress', traffic: Traffic): boolean {
  const [pod, other] = direction === 'Ingress' ? [traffic.to, traffic.from] : [traffic.from, traffic.to];
  if (typeof pod === 'string') return true;
  const chosen = policies.filter(
    ({ metadata, spec }) =>
      metadata.namespace === pod.namespace &&
      spec.policyTypes.includes(direction) &&
      matches(spec.podSelector, pod.labels),
  );
  if (chosen.length === 0) return true;
  return chosen.some(({ metadata, spec }) => {
    const rules =
      direction === 'Ingress'
        ? (spec.ingress ?? []).map(({ from, ports }) => ({ peers: from, ports }))
        : (spec.egress ?? []).map(({ to, ports }) => ({ peers: to, ports }));
    return rules.some(
      ({ peers, ports }) =>
        ports.some(({ port, protocol }) => port === traffic.port && protocol === traffic.protocol) &&
        peers.some((peer) => meets(peer, other, metadata.namespace)),
    );
  });
}

/** True when both ends let it through. */
export const reaches = (policies: readonly Policy[], traffic: Traffic): boolean =>
  passes(policies, 'Egress', traffic) && passes(policies, 'Ingress', traffic);
