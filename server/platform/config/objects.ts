import { isIP } from 'node:net';

/** Where objects lie: in a folder of the data directory, or in a bucket that speaks S3. */
export type ObjectsConfig =
  | { readonly kind: 'folder' }
  | {
      readonly kind: 's3';
      readonly bucket: string;
      /** Before every key; '' or ending with a slash. */
      readonly prefix: string;
      /** Null: Amazon's of the region. */
      readonly endpoint: string | null;
      readonly region: string;
      readonly accessKeyId: string;
      readonly secretAccessKey: string;
      /** Of credentials that end by themselves. */
      readonly sessionToken: string | null;
    };

const EXAMPLE = 's3://bucket/prefix?endpoint=https://s3.example.com&region=eu-central-1';
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

function endpointProblem(endpoint: string): string | null {
  if (!URL.canParse(endpoint)) return 'its endpoint is no address';
  const url = new URL(endpoint);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'its endpoint must be http or https';
  if (url.username || url.password) return 'its endpoint must not hold a password';
  if (url.pathname !== '/' || url.search || url.hash) return 'its endpoint must have no path';
  if (url.protocol === 'http:' && !LOOPBACK.test(url.hostname) && !isPrivate(url.hostname))
    return 'its endpoint must be https, but for addresses of your own network';
  return null;
}

/** Private addresses (RFC 1918, RFC 4193) and names without a dot, as containers of one network have. */
function isPrivate(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '');
  if (isIP(bare) === 4) return /^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.)/.test(bare);
  if (isIP(bare) === 6) return /^f[cd]/i.test(bare);
  return !bare.includes('.');
}

interface Place {
  readonly bucket: string;
  readonly prefix: string;
  readonly endpoint: string | null;
  readonly region: string;
}

/** What BARTIZAN_OBJECTS_URL names, or the reason why it names nothing; it is never quoted. */
function parsePlace(text: string): Place | string {
  if (!URL.canParse(text)) return `is no address; write it like ${EXAMPLE}`;
  const url = new URL(text);
  if (url.protocol !== 's3:') return `must begin with s3://, like ${EXAMPLE}`;
  if (url.username || url.password) return 'must not hold credentials: set BARTIZAN_OBJECTS_ACCESS_KEY_ID';
  if (!BUCKET.test(url.hostname)) return 'must name a bucket (lower-case letters, digits, dots, hyphens)';
  const unknown = [...url.searchParams.keys()].filter((name) => name !== 'endpoint' && name !== 'region');
  if (unknown.length > 0 || url.hash) return 'takes only endpoint and region after the "?"';
  const endpoint = url.searchParams.get('endpoint');
  const problem = endpoint === null ? null : endpointProblem(endpoint);
  if (problem !== null) return problem;
  const region = url.searchParams.get('region') ?? 'us-east-1';
  if (!/^[a-z0-9-]{1,64}$/.test(region)) return 'its region is no name of a region';
  const prefix = url.pathname.replace(/^\/+|\/+$/g, '');
  if (!/^[\w./-]{0,200}$/.test(prefix) || /(?:^|\/)\.{0,2}(?:\/|$)/.test(prefix.replace(/^$/, 'x')))
    return 'its prefix must be made of letters, digits, ".", "_", "-" and single "/"';
  return {
    bucket: url.hostname,
    prefix: prefix === '' ? '' : `${prefix}/`,
    endpoint: endpoint === null ? null : new URL(endpoint).origin,
    region,
  };
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads BARTIZAN_OBJECTS_URL and the credentials that go with it. `secret` gives a variable, or the content of the
 * file that `NAME_FILE` names. The names of AWS's own tools are taken where ours are not set.
 */
export function readObjects(
  env: Environment,
  secret: (name: string) => string | null,
  problems: string[],
): ObjectsConfig {
  const text = env.BARTIZAN_OBJECTS_URL;
  if (!text) return Object.freeze({ kind: 'folder' });
  const place = parsePlace(text);
  if (typeof place === 'string') {
    problems.push(`BARTIZAN_OBJECTS_URL ${place}`);
    return Object.freeze({ kind: 'folder' });
  }
  const ours = Boolean(env.BARTIZAN_OBJECTS_ACCESS_KEY_ID);
  const accessKeyId = (ours ? env.BARTIZAN_OBJECTS_ACCESS_KEY_ID : env.AWS_ACCESS_KEY_ID)?.trim();
  if (!accessKeyId) {
    problems.push(
      'BARTIZAN_OBJECTS_ACCESS_KEY_ID is missing: BARTIZAN_OBJECTS_URL names a bucket, which needs it (or AWS_ACCESS_KEY_ID)',
    );
    return Object.freeze({ kind: 'folder' });
  }
  const secretAccessKey = secret(ours ? 'BARTIZAN_OBJECTS_SECRET_ACCESS_KEY' : 'AWS_SECRET_ACCESS_KEY');
  return Object.freeze({
    kind: 's3',
    ...place,
    accessKeyId,
    secretAccessKey: secretAccessKey ?? '',
    sessionToken: ours ? null : env.AWS_SESSION_TOKEN?.trim() || null,
  });
}
