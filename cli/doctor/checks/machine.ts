import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statfsSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { isFree } from '../../up/ports.ts';
import { homeApart, ownerOfHome, SYSTEM_DIR } from '../../up/postgres-binaries.ts';
import type { Running } from '../../up/running.ts';
import { type Check, type Diagnosis, fail, ok, skipped, warn } from '../types.ts';

const NEEDED_NODE = 24;
const GIGABYTE = 1_000_000_000;
/** Folders that are named before the rest is counted. */
const SHOWN = 10;
const NONE_BYTES = 0.5 * GIGABYTE;

const node: Check = {
  id: 'machine.node',
  title: 'Node',
  run({ nodeVersion: version }) {
    return Number(version.split('.')[0]) >= NEEDED_NODE
      ? ok(`Node ${version}`)
      : fail(
          `Node ${version} is too old`,
          `Run it with Node ${NEEDED_NODE} or later: "npm ci" brings the pinned one.`,
        );
  },
};

const permissions: Check = {
  id: 'machine.data-dir',
  title: 'Data directory',
  run({ dataDir, external }) {
    if (!existsSync(dataDir)) {
      return external
        ? skipped(`${dataDir} does not exist; a server makes it`)
        : fail(`${dataDir} does not exist`, 'Name it with --data-dir, or start Bartizan once.');
    }
    const open = secretFiles(dataDir).filter((file) => (lstatSync(file).mode & 0o077) !== 0);
    if (open.length > 0 && process.platform !== 'win32') {
      return fail(`others can read ${open.join(', ')}`, `Close them: chmod 600 ${open.join(' ')}`);
    }
    if ((statSync(dataDir).mode & 0o022) !== 0)
      return warn(`others can write to ${dataDir}`, `Close it: chmod go-w ${dataDir}`);
    return ok(`${dataDir} is for its owner`);
  },
};

function secretFiles(dataDir: string): string[] {
  const keys = join(dataDir, 'keys');
  const inside = existsSync(keys) ? readdirSync(keys).map((name) => join(keys, name)) : [];
  return [...inside, join(dataDir, 'demo-key')].filter((file) => existsSync(file));
}

const disk: Check = {
  id: 'machine.disk',
  title: 'Disk',
  run({ dataDir, littleBytes }) {
    const at = existsSync(dataDir) ? dataDir : '/';
    const { bavail, bsize, blocks } = statfsSync(at);
    const free = bavail * bsize;
    const found = `${(free / GIGABYTE).toFixed(1)} GB free of ${((blocks * bsize) / GIGABYTE).toFixed(0)} at ${at}`;
    if (free < NONE_BYTES)
      return fail(found, 'The database and the journals are about to stop. Make room now.');
    return free < littleBytes
      ? warn(found, 'Make room, or shorten how long interactions are kept.')
      : ok(found);
  },
};

const leftovers: Check = {
  id: 'machine.leftovers',
  title: 'Leftovers of runs as root',
  run({ dataDir, postgres }) {
    if (!existsSync(SYSTEM_DIR) || process.getuid?.() !== 0) return skipped('nothing was run as root here');
    const homes = readdirSync(SYSTEM_DIR).filter((name) => /^postgres-[0-9a-f]{16}$/.test(name));
    const own = homeApart(dataDir);
    const others = homes.map((name) => join(SYSTEM_DIR, name)).filter((home) => home !== own && !busy(home));
    const twice = existsSync(join(dataDir, 'postgres', 'data')) && existsSync(join(own, 'data'));
    if (twice) {
      return fail(
        `there are two databases of this instance: ${join(dataDir, 'postgres')} and ${own}`,
        `${postgres?.home ?? 'The first'} is in use. Look which one holds your data, and move the other away.`,
      );
    }
    return others.length > 0 ? ofOthers(others) : ok('none');
  },
};

/** For information: nothing is wrong with this instance because of them. */
function ofOthers(homes: readonly string[]): Diagnosis {
  const known = homes.map((home) => ({ home, owner: ownerOfHome(home) }));
  const gone = known.filter(({ owner }) => owner !== null && !existsSync(owner)).map(({ home }) => home);
  const named = known
    .slice(0, SHOWN)
    .map(({ home, owner }) => `${home} (of ${owner ?? 'a data directory that it does not name'})`);
  const more = homes.length > SHOWN ? `; and ${homes.length - SHOWN} more` : '';
  return {
    ...ok(`databases of other data directories: ${named.join('; ')}${more}`),
    advice: gone.length === 0 ? '' : `The data directory is gone, so these can go too: ${gone.join(' ')}`,
  };
}

const busy = (home: string): boolean => existsSync(join(home, 'data', 'postmaster.pid'));

/** What listens on a port, as /proc tells; null where it does not. */
function listenerOn(port: number): string | null {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const inodes = new Set(
    ['/proc/net/tcp', '/proc/net/tcp6'].filter(existsSync).flatMap((file) =>
      readFileSync(file, 'utf8')
        .split('\n')
        .map((line) => line.trim().split(/\s+/))
        .filter(([, local = '', , state]) => state === '0A' && local.endsWith(`:${hex}`))
        .map((fields) => `socket:[${fields[9]}]`),
    ),
  );
  if (inodes.size === 0) return null;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    if (holds(pid, inodes)) {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      return `process ${pid} (${line.slice(0, 120)})`;
    }
  }
  return null;
}

function holds(pid: string, inodes: ReadonlySet<string>): boolean {
  try {
    return descriptors(pid).some((link) => inodes.has(link));
  } catch {
    return false;
  }
}

function descriptors(pid: string): string[] {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).map((fd) => {
    try {
      return readlinkSync(join(folder, fd));
    } catch {
      return '';
    }
  });
}

const taken = async (port: number): Promise<boolean> => !(await isFree(port));

const ports: Check = {
  id: 'machine.ports',
  title: 'Ports',
  async run({ env, dataDir, running }) {
    if (running) return portsOf(running);
    const wanted = [Number(env.BARTIZAN_PORT || 7600), Number(env.BARTIZAN_GATEWAY_PORT || 7601)];
    const busyPorts = [];
    for (const port of wanted) if (port > 0 && (await taken(port))) busyPorts.push(port);
    if (busyPorts.length === 0) return ok(`${wanted.join(' and ')} are free`);
    const own = runningHere(dataDir);
    const who = busyPorts.map((port) => `${port}: ${listenerOn(port) ?? 'a process that cannot be seen'}`);
    const foreign = who.filter((line) => !/bartizan|server\/main|gateway\/main|workers\/main/.test(line));
    if (foreign.length === 0) return ok(`in use by Bartizan${own ? ` (process ${own})` : ''}`);
    return warn(
      `taken by others: ${foreign.join('; ')}`,
      'Stop those, or choose other ports (--port, --gateway-port).',
    );
  },
};

/** Of an instance that runs: whether its roles listen where it put them. */
async function portsOf({ pid, server, gateway }: Running): Promise<Diagnosis> {
  const silent = [];
  for (const url of [server, gateway].map((each) => new URL(each))) {
    if (await isFree(Number(url.port), url.hostname.replace(/^\[|\]$/g, ''))) silent.push(url.host);
  }
  const where = `${new URL(server).host} and ${new URL(gateway).host}`;
  return silent.length === 0
    ? ok(`${where} are in use by Bartizan (process ${pid})`)
    : warn(
        `Bartizan runs (process ${pid}), but nothing listens on ${silent.join(' and ')}`,
        'That part is starting, or ended: what "bartizan up" says tells why.',
      );
}

function runningHere(dataDir: string): string | null {
  const lock = join(dataDir, 'bartizan.pid');
  return existsSync(lock) ? (readFileSync(lock, 'utf8').split('\n')[0] ?? null) : null;
}

export const machineChecks: readonly Check[] = [node, permissions, disk, ports, leftovers];
