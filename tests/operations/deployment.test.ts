import { spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { z } from 'zod';
import { type Pod, Policy, reaches, type Traffic } from './reach.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const at = (...parts: string[]): string => join(ROOT, ...parts);
const text = (...parts: string[]): string => readFileSync(at(...parts), 'utf8');
const has = (command: string): boolean => spawnSync('which', [command]).status === 0;

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bartizan-deploy-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const Service = z.looseObject({
  image: z.string(),
  user: z.string(),
  read_only: z.boolean(),
  cap_drop: z.array(z.string()),
  security_opt: z.array(z.string()),
  networks: z.array(z.string()),
  healthcheck: z.looseObject({ test: z.array(z.string()) }),
  ports: z.array(z.string()).default([]),
  environment: z.record(z.string(), z.unknown()).default({}),
  secrets: z.array(z.string()).default([]),
  privileged: z.boolean().optional(),
});

describe('the compose file', () => {
  const compose = z
    .looseObject({
      services: z.record(z.string(), Service),
      networks: z.record(z.string(), z.object({ internal: z.boolean().optional() })),
      secrets: z.record(z.string(), z.object({ file: z.string() })),
    })
    .parse(parse(text('deploy', 'docker', 'compose.yaml'), { merge: true }));
  const services = Object.entries(compose.services);

  it.each(services)('gives %s no right that it does not need', (_, service) => {
    expect(service.read_only).toBe(true);
    expect(service.cap_drop).toEqual(['ALL']);
    expect(service.security_opt).toContain('no-new-privileges:true');
    expect(service.user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(service.privileged).toBeUndefined();
    expect(service.image).toMatch(/:(?!latest)[^:]+$/);
    for (const port of service.ports) expect(port).toMatch(/^127\.0\.0\.1:/);
    expect(JSON.stringify(service)).not.toContain('docker.sock');
  });

  it('keeps secrets out of the environment and draws every one of them', () => {
    for (const [, { environment }] of services) {
      for (const name of Object.keys(environment)) {
        if (/KEY|TOKEN|PASSWORD|DATABASE_URL|REDIS_URL/.test(name)) expect(name).toMatch(/_FILE$/);
      }
    }
    mkdirSync(join(folder, 'draw'));
    cpSync(at('deploy', 'docker', 'secrets.sh'), join(folder, 'draw', 'secrets.sh'));
    const draw = () => spawnSync('sh', [join(folder, 'draw', 'secrets.sh')], { encoding: 'utf8' });
    expect(draw().status).toBe(0);
    const files = Object.values(compose.secrets).map(({ file }) => join(folder, 'draw', file));
    const drawn = files.map((file) => readFileSync(file, 'utf8'));
    expect(new Set(drawn).size).toBe(files.length);
    expect(drawn.filter((secret) => /^[0-9a-f]{64}$/.test(secret))).toHaveLength(5);
    expect(statSync(join(folder, 'draw', 'secrets')).mode & 0o777).toBe(0o700);
    expect(draw().status).toBe(0);
    expect(files.map((file) => readFileSync(file, 'utf8'))).toEqual(drawn);
  });

  it('lets only servers reach PostgreSQL and only gateways reach Valkey, and neither store reach out', () => {
    const on = (network: string) =>
      services.filter(([, { networks }]) => networks.includes(network)).map(([name]) => name);
    expect(on('database')).toEqual(['postgres', 'server']);
    expect(on('cache')).toEqual(['valkey', 'gateway-1', 'gateway-2']);
    expect(compose.networks.database?.internal).toBe(true);
    expect(compose.networks.cache?.internal).toBe(true);
    expect(on('outside')).not.toContain('postgres');
  });

  it('serves figures of gateways on a network for scrapers alone, to who has the token', () => {
    for (const name of ['gateway-1', 'gateway-2']) {
      expect(compose.services[name]?.environment).toMatchObject({
        BARTIZAN_METRICS_HOST: '0.0.0.0',
        BARTIZAN_METRICS_PORT: '7690',
        BARTIZAN_METRICS_TOKEN_FILE: '/run/secrets/metrics_token',
      });
      expect(compose.services[name]?.secrets).toContain('metrics_token');
      expect(compose.services[name]?.ports.join()).not.toContain('7690');
    }
    expect(compose.networks.metrics?.internal).toBe(true);
    const holders = services.filter(([, { secrets }]) => secrets.includes('metrics_token'));
    expect(holders.map(([name]) => name)).toEqual(['gateway-1', 'gateway-2']);
  });
});

describe('the image', () => {
  const dockerfile = text('deploy', 'docker', 'Dockerfile');

  it('runs as nobody in particular, checks its health, and names its base exactly', () => {
    const last = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));
    expect(last).toMatch(/^USER 10001:10001$/m);
    expect(last).toMatch(/^HEALTHCHECK /m);
    expect(last).not.toMatch(/curl|wget|apt-get/);
    expect(dockerfile).toMatch(/^ARG NODE_IMAGE=\S+:\d+\.\d+\.\d+-\S+$/m);
    expect(dockerfile).not.toMatch(/^ADD /m);
    const pinned = (JSON.parse(text('package.json')) as { devDependencies: { node: string } }).devDependencies
      .node;
    expect(dockerfile).toContain(`node:${pinned}-`);
  });

  it('holds every workspace that runs', () => {
    const { workspaces } = JSON.parse(text('package.json')) as { workspaces: string[] };
    for (const name of workspaces) expect(dockerfile).toContain(`COPY ${name}/package.json ${name}/`);
    for (const name of workspaces.filter((one) => one !== 'console')) {
      expect(dockerfile).toMatch(new RegExp(`^COPY ${name} ${name}$`, 'm'));
    }
  });

  it('needs no file that the builder is not given', () => {
    const needed = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, from = '']) =>
      from.split(' '),
    );
    const given = text('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    for (const path of needed) {
      expect(existsSync(at(path))).toBe(true);
      expect(given.some((one) => path === one || path.startsWith(`${one}/`))).toBe(true);
    }
  });
});

describe('the health check', () => {
  const servers: Server[] = [];
  afterAll(() => {
    for (const server of servers) server.close();
  });
  async function answering(status: number): Promise<number> {
    const server = createServer((request, response) => {
      response.writeHead(request.url === '/healthz' ? status : 404).end();
    });
    servers.push(server);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const address = server.address();
    return typeof address === 'object' && address ? address.port : 0;
  }
  const check = (roles: string[], env: Record<string, string>) =>
    new Promise<number | null>((settle) => {
      const child = spawn(process.execPath, [at('deploy', 'docker', 'health.mjs'), ...roles], {
        env: { PATH: process.env.PATH, ...env },
        stdio: 'ignore',
      });
      child.once('exit', settle);
    });

  it('asks the roles of this container, all of them, and fails with any', async () => {
    const [well, ill] = [String(await answering(200)), String(await answering(503))];
    expect(await check(['server'], { BARTIZAN_PORT: well })).toBe(0);
    expect(await check(['gateway'], { BARTIZAN_GATEWAY_PORT: well, BARTIZAN_PORT: ill })).toBe(0);
    expect(await check(['all'], { BARTIZAN_PORT: well, BARTIZAN_GATEWAY_PORT: ill })).toBe(1);
    expect(await check(['server'], { BARTIZAN_PORT: ill })).toBe(1);
    expect(await check(['server'], { BARTIZAN_PORT: '1' })).toBe(1);
  });
});

const rendered = parseAllDocuments(text('deploy', 'helm', 'rendered.yaml')).map(
  (document) => document.toJS() as Record<string, unknown>,
);
const ofKind = (...kinds: string[]) => rendered.filter((one) => kinds.includes(String(one.kind)));

const PodSpec = z.looseObject({
  automountServiceAccountToken: z.literal(false),
  enableServiceLinks: z.literal(false),
  hostNetwork: z.undefined().optional(),
  hostPID: z.undefined().optional(),
  securityContext: z.looseObject({
    runAsNonRoot: z.literal(true),
    seccompProfile: z.object({ type: z.literal('RuntimeDefault') }),
  }),
  containers: z.array(
    z.looseObject({
      image: z.string().regex(/(:(?!latest).+|@sha256:[0-9a-f]{64})$/),
      securityContext: z.looseObject({
        allowPrivilegeEscalation: z.literal(false),
        readOnlyRootFilesystem: z.literal(true),
        runAsNonRoot: z.literal(true),
        privileged: z.literal(false),
        capabilities: z.strictObject({ drop: z.tuple([z.literal('ALL')]) }),
        seccompProfile: z.object({ type: z.literal('RuntimeDefault') }),
      }),
      resources: z.object({
        requests: z.looseObject({ cpu: z.string(), memory: z.string() }),
        limits: z.looseObject({ memory: z.string() }),
      }),
      env: z.array(z.looseObject({ name: z.string(), valueFrom: z.undefined().optional() })),
      startupProbe: z.looseObject({}),
      livenessProbe: z.looseObject({}),
      readinessProbe: z.looseObject({}),
    }),
  ),
  volumes: z.array(z.looseObject({ hostPath: z.undefined().optional() })),
});
const Workload = z.looseObject({
  metadata: z.object({ name: z.string(), labels: z.record(z.string(), z.string()) }),
  spec: z.looseObject({
    selector: z.object({ matchLabels: z.record(z.string(), z.string()) }),
    template: z.object({ metadata: z.object({ labels: z.record(z.string(), z.string()) }), spec: PodSpec }),
  }),
});
const workloads = ofKind('Deployment', 'StatefulSet').map((one) => Workload.parse(one));

describe('the chart', () => {
  it('runs gateway, server and worker apart, each under the restricted Pod Security Standard', () => {
    expect(workloads.map(({ metadata }) => metadata.name).toSorted()).toEqual([
      'bartizan-gateway',
      'bartizan-server',
      'bartizan-worker',
    ]);
    expect(rendered.map(({ kind }) => kind)).not.toContain('Secret');
  });

  it('gives each role only the secrets that it needs, as files', () => {
    const keys = Object.fromEntries(
      workloads.map(({ metadata, spec }) => [
        metadata.name,
        spec.template.spec.volumes.flatMap((volume) => {
          const secret = z.object({ items: z.array(z.object({ key: z.string() })) }).safeParse(volume.secret);
          return secret.success ? secret.data.items.map(({ key }) => key) : [];
        }),
      ]),
    );
    expect(keys).toEqual({
      'bartizan-gateway': ['master-key', 'internal-token', 'redis-url', 'metrics-token'],
      'bartizan-server': ['database-url', 'master-key', 'internal-token'],
      'bartizan-worker': ['database-url', 'master-key', 'internal-token'],
    });
    for (const { spec } of workloads) {
      const [container] = spec.template.spec.containers;
      for (const { name } of container?.env ?? [])
        expect(name).not.toMatch(/(KEY|TOKEN|PASSWORD|_URL)$(?<!SERVER_URL|PUBLIC_URL|GATEWAY_URL)/);
    }
  });

  it('does scheduled work on workers only', () => {
    const background = workloads.map(({ metadata, spec }) => [
      metadata.name,
      spec.template.spec.containers[0]?.env.find(({ name }) => name === 'BARTIZAN_BACKGROUND')?.value,
    ]);
    expect(Object.fromEntries(background)).toMatchObject({
      'bartizan-server': 'off',
      'bartizan-worker': 'on',
    });
  });

  it('serves figures of gateways on a port of their own that stands in no Service, and monitors only if told', () => {
    const gateway = workloads.find(({ metadata }) => metadata.name === 'bartizan-gateway');
    const [container] = gateway?.spec.template.spec.containers ?? [];
    expect(container?.ports).toContainEqual({ name: 'metrics', containerPort: 7690, protocol: 'TCP' });
    const env = Object.fromEntries((container?.env ?? []).map(({ name, value }) => [name, value]));
    expect(env).toMatchObject({
      BARTIZAN_METRICS_HOST: '0.0.0.0',
      BARTIZAN_METRICS_PORT: '7690',
      BARTIZAN_METRICS_TOKEN_FILE: '/run/bartizan/metrics-token',
    });
    expect(JSON.stringify(ofKind('Service'))).not.toContain('7690');
    expect(ofKind('ServiceMonitor', 'PodMonitor')).toEqual([]);
  });

  it('has a disruption budget for each workload, and Services that select what they name', () => {
    for (const { metadata, spec } of workloads) {
      const budgets = ofKind('PodDisruptionBudget').filter((one) =>
        JSON.stringify(one).includes(JSON.stringify(spec.selector)),
      );
      expect(budgets, metadata.name).toHaveLength(1);
    }
  });

  it('is committed as it renders', (context) => {
    if (!has('helm')) return context.skip('helm is not installed');
    const done = spawnSync(
      'helm',
      [
        'template',
        'bartizan',
        at('deploy', 'helm', 'bartizan'),
        '--namespace',
        'bartizan',
        '--kube-version',
        '1.34.0',
        '--set',
        'existingSecret=bartizan',
      ],
      { encoding: 'utf8' },
    );
    expect(done.stderr).toBe('');
    expect(done.stdout).toBe(text('deploy', 'helm', 'rendered.yaml'));
    const refused = (set: string) =>
      spawnSync('helm', [
        'template',
        'x',
        at('deploy', 'helm', 'bartizan'),
        '--kube-version',
        '1.34.0',
        '--set',
        set,
      ]);
    expect(refused('existingSecret=').status).not.toBe(0);
    expect(refused('existingSecret=s,image.tag=latest').status).not.toBe(0);
    expect(refused('existingSecret=s,trustedProxies={0.0.0.0/0}').status).not.toBe(0);
    expect(refused('existingSecret=s,ingress.console.enabled=true').status).not.toBe(0);
    expect(refused('existingSecret=s,metrics.port=7601').status).not.toBe(0);
    expect(
      refused('existingSecret=s,metrics.enabled=false,metrics.serviceMonitor.enabled=true').status,
    ).not.toBe(0);
    const without = refused('existingSecret=s,metrics.enabled=false');
    expect(without.status).toBe(0);
    expect(String(without.stdout)).not.toMatch(/METRICS|metrics-token|7690|monitoring/);
    const monitored = refused(
      'existingSecret=s,metrics.serviceMonitor.enabled=true,metrics.serviceMonitor.serverKeySecret.name=scrape',
    );
    const monitors = parseAllDocuments(String(monitored.stdout))
      .map((document) => document.toJS() as Record<string, unknown>)
      .filter(({ kind }) => kind === 'PodMonitor' || kind === 'ServiceMonitor');
    expect(monitors).toMatchObject([
      {
        kind: 'PodMonitor',
        spec: {
          podMetricsEndpoints: [
            { port: 'metrics', authorization: { credentials: { name: 's', key: 'metrics-token' } } },
          ],
        },
      },
      {
        kind: 'ServiceMonitor',
        spec: {
          endpoints: [
            { port: 'http', authorization: { credentials: { name: 'scrape', key: 'server-key' } } },
          ],
        },
      },
    ]);
    return undefined;
  });
});

describe('the network policies', () => {
  const policies = ofKind('NetworkPolicy').map((one) => Policy.parse(one));
  const ours = (component: string, ip: string): Pod => {
    const found = workloads.find(({ metadata }) => metadata.name === `bartizan-${component}`);
    if (!found) throw new Error(`no ${component}`);
    return { namespace: 'bartizan', labels: found.spec.template.metadata.labels, ip };
  };
  const pod = (namespace: string, labels: Record<string, string>, ip: string): Pod => ({
    namespace,
    labels,
    ip,
  });
  const who: Record<string, Pod | string> = {
    gateway: ours('gateway', '10.8.0.1'),
    server: ours('server', '10.8.0.2'),
    worker: ours('worker', '10.8.0.3'),
    postgresql: pod('bartizan', { 'app.kubernetes.io/name': 'postgresql' }, '10.8.0.4'),
    valkey: pod('bartizan', { 'app.kubernetes.io/name': 'valkey' }, '10.8.0.5'),
    neighbour: pod('bartizan', { app: 'other' }, '10.8.0.6'),
    stranger: pod(
      'other',
      { 'app.kubernetes.io/name': 'bartizan', 'app.kubernetes.io/component': 'server' },
      '10.8.0.7',
    ),
    ingress: pod('ingress-nginx', { app: 'nginx' }, '10.8.0.8'),
    prometheus: pod('monitoring', { 'app.kubernetes.io/name': 'prometheus' }, '10.8.0.10'),
    grafana: pod('monitoring', { 'app.kubernetes.io/name': 'grafana' }, '10.8.0.11'),
    'false prometheus': pod('other', { 'app.kubernetes.io/name': 'prometheus' }, '10.8.0.12'),
    dns: pod('kube-system', { 'k8s-app': 'kube-dns' }, '10.8.0.9'),
    internet: '93.184.215.14',
    internet6: '2606:2800:21f:cb07:6820:80da:af6b:8b2c',
    metadata: '169.254.169.254',
    metadata6: 'fd00:ec2::254',
    'cluster API': '10.96.0.1',
    node: '192.168.1.10',
    'carrier range': '100.64.1.1',
  };
  const PORTS: readonly (readonly [number, 'TCP' | 'UDP'])[] = [
    [7600, 'TCP'],
    [7601, 'TCP'],
    [7690, 'TCP'],
    [5432, 'TCP'],
    [6379, 'TCP'],
    [53, 'UDP'],
    [443, 'TCP'],
    [80, 'TCP'],
    [22, 'TCP'],
  ];
  const traffics = (): { label: string; traffic: Traffic }[] =>
    Object.entries(who).flatMap(([a, from]) =>
      Object.entries(who)
        .filter(([b, to]) => a !== b && !(typeof from === 'string' && typeof to === 'string'))
        .flatMap(([b, to]) =>
          PORTS.map(([port, protocol]) => ({
            label: `${a} → ${b} ${port}/${protocol}`,
            traffic: { from, to, port, protocol },
          })),
        ),
    );
  /** Those of which the chart has a say. */
  const GUARDED = ['gateway', 'server', 'worker', 'postgresql', 'valkey'];
  const concerns = (label: string): boolean => {
    const [from = '', rest = ''] = label.split(' → ');
    const to = rest.replace(/ \d+\/\w+$/, '');
    return ['gateway', 'server', 'worker'].includes(from) || GUARDED.includes(to);
  };

  it('let through what stands in the list, and nothing else', () => {
    const open = traffics()
      .filter(({ label, traffic }) => concerns(label) && reaches(policies, traffic))
      .map(({ label }) => label);
    expect(`${open.toSorted().join('\n')}\n`).toBe(text('tests', 'operations', 'reach.txt'));
  });

  it('mean the same to cyclonus, an independent reader of policies', (context) => {
    if (!has('cyclonus')) return context.skip('cyclonus is not installed');
    const cases = traffics().filter(({ label }) => concerns(label));
    const folderOf = join(folder, 'policies');
    mkdirSync(folderOf);
    for (const one of ofKind('NetworkPolicy')) {
      writeFileSync(join(folderOf, `${(one.metadata as { name: string }).name}.yaml`), stringify(one));
    }
    const end = (one: Pod | string) =>
      typeof one === 'string'
        ? { IP: one }
        : {
            IP: one.ip,
            Internal: {
              Namespace: one.namespace,
              NamespaceLabels: { 'kubernetes.io/metadata.name': one.namespace },
              PodLabels: one.labels,
            },
          };
    writeFileSync(
      join(folder, 'traffic.json'),
      JSON.stringify(
        cases.map(({ traffic: { from, to, port, protocol } }) => ({
          Source: end(from),
          Destination: end(to),
          Protocol: protocol,
          ResolvedPort: port,
          ResolvedPortName: '',
        })),
      ),
    );
    const done = spawnSync(
      'cyclonus',
      [
        'analyze',
        '--policy-path',
        folderOf,
        '--mode',
        'query-traffic',
        '--traffic-path',
        join(folder, 'traffic.json'),
      ],
      { encoding: 'utf8', maxBuffer: 1 << 28 },
    );
    const verdicts = [...`${done.stdout}${done.stderr}`.matchAll(/IS ALLOWED\? \|\s+(TRUE|FALSE)/g)].map(
      ([, verdict]) => verdict === 'TRUE',
    );
    expect(verdicts).toHaveLength(cases.length);
    expect(readdirSync(folderOf)).toHaveLength(policies.length);
    expect(cases.filter((_, index) => verdicts[index]).map(({ label }) => label)).toEqual(
      cases.filter(({ traffic }) => reaches(policies, traffic)).map(({ label }) => label),
    );
    return undefined;
  });
});
