import { OutboundRefused } from '../../../platform/outbound/index.ts';
import type { Outcome } from './transport.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name cannot be looked up at the moment',
  ECONNREFUSED: 'the connection is refused',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no way to it',
  ETIMEDOUT: 'it does not answer in time',
  UND_ERR_SOCKET: 'the connection was closed',
  UND_ERR_CONNECT_TIMEOUT: 'it does not accept a connection in time',
  UND_ERR_HEADERS_TIMEOUT: 'it does not answer in time',
  UND_ERR_BODY_TIMEOUT: 'it does not finish its answer in time',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed; give its authority’s certificate',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate chain is self-signed; give its authority’s certificate',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'nobody whom we trust vouches for its certificate',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'nobody whom we trust vouches for its certificate',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  EPROTO: 'it does not speak TLS there, or refuses ours',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'it asks for a client certificate',
  ENOSPC: 'there is no space left',
  EACCES: 'the file may not be written',
  EROFS: 'the file system is read-only',
  ELOOP: 'the name is a symbolic link',
  EISDIR: 'the name is a folder',
};

/** Why something could not be delivered, without anything that the other side sent. */
export function reasonOf(error: unknown): string {
  for (let cause: unknown = error, depth = 0; cause instanceof Error && depth < 5; depth += 1) {
    if (cause instanceof OutboundRefused) return cause.message;
    if (cause.name === 'TimeoutError' || cause.name === 'AbortError') return 'it does not answer in time';
    const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
    const reason = REASONS[code];
    if (reason) return reason;
    cause = cause instanceof AggregateError && cause.errors.length > 0 ? cause.errors[0] : cause.cause;
  }
  return 'the connection failed';
}

/** An outcome for an error on the way to `where`. */
export const failed = (where: string, error: unknown): Outcome => ({
  kind: 'failed',
  message: `${where} cannot be reached: ${reasonOf(error)}`,
  status: null,
  answer: '',
});
