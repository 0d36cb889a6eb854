import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { hostname } from 'node:os';
import { connect as connectTls } from 'node:tls';
import {
  addressProblem,
  guardedLookup,
  hostProblem,
  OutboundRefused,
} from '../../../platform/outbound/index.ts';
import { octetCounted, syslogMessage } from '../formats/syslog.ts';
import type { StoredTarget, TargetSecrets } from '../model.ts';
import { failed } from './failure.ts';
import { tlsOptions } from './http.ts';
import type { Outcome, Rendered, Transport } from './transport.ts';

type Target = Extract<StoredTarget, { type: 'syslog' }>;

/** A datagram larger than this does not leave (IPv4: 65,507 bytes of payload). */
const MAX_DATAGRAM_BYTES = 65_000;

function refuseForbidden(target: Target): void {
  const { host, allowPrivateNetwork } = target;
  const url = new URL(`https://${isIP(host) === 6 ? `[${host}]` : host}`);
  const problem = hostProblem(url, allowPrivateNetwork);
  if (problem !== null) throw new OutboundRefused(`the address is refused: ${problem}`);
  if (target.protocol !== 'tls' && !target.allowPlaintext)
    throw new OutboundRefused('the address is refused: it is not reached over TLS');
}

async function open(target: Target, secrets: TargetSecrets, signal: AbortSignal): Promise<Socket> {
  const lookup = guardedLookup(target.allowPrivateNetwork);
  const where = { host: target.host, port: target.port, lookup };
  if (target.protocol === 'tcp') {
    const socket = connectTcp(where);
    await settled(socket, 'connect', signal);
    return socket;
  }
  const name = target.serverName || target.host;
  const network = { ...target, clientKey: secrets.clientKey ?? null, timeoutMs: 0 };
  const socket = connectTls({
    ...where,
    ...tlsOptions(network),
    minVersion: 'TLSv1.2',
    // Server names are never addresses (RFC 6066 §3); the certificate is checked against either.
    ...(isIP(name) === 0 ? { servername: name } : {}),
  });
  await settled(socket, 'secureConnect', signal);
  return socket;
}

/** Waits for `event`; destroys the socket and rejects when it fails or `signal` aborts first. */
async function settled(socket: Socket, event: string, signal: AbortSignal): Promise<void> {
  try {
    await once(socket, event, { signal });
  } catch (error) {
    socket.on('error', () => undefined);
    socket.destroy();
    throw error;
  }
}

/**
 * Writes everything, closes our side, and waits until the receiver has closed its own: it read to the end. Syslog
 * has no other acknowledgement, and what a kernel has taken may still be lost with the connection.
 */
async function sendAll(socket: Socket, bytes: Buffer, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let ended = false;
  const stop = () => socket.destroy(signal.reason instanceof Error ? signal.reason : new Error('stopped'));
  signal.addEventListener('abort', stop, { once: true });
  socket.on('error', reject);
  socket.on('end', () => {
    if (socket.writableFinished) ended = true;
  });
  socket.on('close', () =>
    ended ? resolve() : reject(Object.assign(new Error('closed early'), { code: 'ECONNRESET' })),
  );
  // What the receiver says, if anything, is of no interest; unread it would keep the end from arriving.
  socket.resume();
  socket.end(bytes);
  try {
    if (signal.aborted) stop();
    await promise;
  } finally {
    signal.removeEventListener('abort', stop);
    socket.destroy();
  }
}

async function sendDatagrams(
  target: Target,
  messages: readonly Buffer[],
  signal: AbortSignal,
): Promise<void> {
  const lookup = guardedLookup(target.allowPrivateNetwork);
  const address = await new Promise<string>((resolve, reject) => {
    if (isIP(target.host) !== 0) return resolve(target.host);
    lookup(target.host, {}, (error, found) => (error ? reject(error) : resolve(String(found))));
  });
  const problem = addressProblem(address, target.allowPrivateNetwork);
  if (problem !== null) throw new OutboundRefused(`the address is refused: ${problem}`);
  const socket = createSocket(isIP(address) === 6 ? 'udp6' : 'udp4');
  try {
    for (const message of messages) {
      signal.throwIfAborted();
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject);
        socket.send(message, target.port, address, (error) => (error ? reject(error) : resolve()));
      });
      socket.removeAllListeners('error');
    }
  } finally {
    socket.close();
  }
}

/** Sends messages to a syslog receiver: a connection a batch over TLS or TCP, or datagrams. */
export function createSyslogTransport(target: Target, secrets: TargetSecrets, timeoutMs: number): Transport {
  const host = hostname();

  const message = ({ event, text }: Rendered): Buffer =>
    syslogMessage(
      {
        facility: target.facility,
        severity: event.severity,
        atMs: event.at,
        host,
        appName: target.appName,
        kind: event.kind,
      },
      text,
    );

  return Object.freeze({
    async deliver(batch: readonly Rendered[], signal: AbortSignal): Promise<Outcome> {
      const where = `${target.host}:${target.port}`;
      const limited = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      try {
        refuseForbidden(target);
        const messages = batch.map(message);
        if (target.protocol !== 'udp') {
          const socket = await open(target, secrets, limited);
          await sendAll(socket, Buffer.concat(messages.map(octetCounted)), limited);
        } else if (messages.some(({ length }) => length > MAX_DATAGRAM_BYTES)) {
          return {
            kind: 'refused',
            message: 'the event is too large for a datagram',
            status: null,
            answer: '',
          };
        } else {
          await sendDatagrams(target, messages, limited);
        }
        return { kind: 'delivered', status: null, answer: '' };
      } catch (error) {
        return failed(where, error);
      }
    },
    close: async () => undefined,
  });
}
