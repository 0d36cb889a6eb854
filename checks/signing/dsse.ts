/** in-toto statements travel under this type (in-toto attestation framework, envelope). */
export const IN_TOTO = 'application/vnd.in-toto+json';

/**
 * The bytes that a DSSE signature is made over (DSSE v1 protocol, "Signature Definition"): `DSSEv1`, length of the
 * type in bytes, type, length of the payload, payload, joined by single blanks.
 */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.length} `;
  return Buffer.concat([Buffer.from(head), payload]);
}

/**
 * What model-signing 0.2 signed by mistake: `DSSEV1`, and the payload as Python writes a bytes literal. Only for
 * verifying bundles of that release.
 */
export function preAuthEncodingV02(payloadType: string, payload: Uint8Array): Buffer {
  return Buffer.from(
    `DSSEV1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.length} ${pythonBytes(payload)}`,
  );
}

const NAMED: Readonly<Record<number, string>> = { 9: '\\t', 10: '\\n', 13: '\\r', 92: '\\\\' };

/** `repr(bytes)` of CPython: single quotes, unless the bytes hold single quotes and no double ones. */
function pythonBytes(bytes: Uint8Array): string {
  const quote = bytes.includes(39) && !bytes.includes(34) ? 34 : 39;
  const parts: string[] = [];
  for (const byte of bytes) {
    const named = NAMED[byte];
    if (named !== undefined) parts.push(named);
    else if (byte === quote) parts.push(`\\${String.fromCharCode(byte)}`);
    else if (byte < 32 || byte > 126) parts.push(`\\x${byte.toString(16).padStart(2, '0')}`);
    else parts.push(String.fromCharCode(byte));
  }
  const mark = String.fromCharCode(quote);
  return `b${mark}${parts.join('')}${mark}`;
}
