import { isUtf8 } from 'node:buffer';
import { addPiece, type Gathered, labelled, leaves, type Place, setAt, unread, VOICES } from './gather.ts';

const TEXTUAL =
  /^(?:text\/[\w.+-]{1,80}|application\/(?:json|xml|yaml|x-yaml|javascript|x-ndjson|csv|rtf|[\w.-]{1,60}\+(?:json|xml)))$/;
const BASE64 = /^[A-Za-z0-9+/_=\s-]*$/;

/** True for media types whose bytes are text. */
export const isTextual = (mediaType: string): boolean =>
  TEXTUAL.test((mediaType.split(';', 1)[0] ?? '').trim().toLowerCase());

interface DataUrl {
  readonly mediaType: string;
  readonly base64: boolean;
  readonly payload: string;
  readonly head: string;
}

/** Takes `data:[type][;base64],payload` apart (RFC 2397); null for anything else. */
export function parseDataUrl(url: string): DataUrl | null {
  if (url.slice(0, 5).toLowerCase() !== 'data:') return null;
  const comma = url.indexOf(',');
  if (comma < 0 || comma > 300) return null;
  const meta = url.slice(5, comma);
  const base64 = /;\s{0,4}base64\s{0,4}$/i.test(meta);
  return {
    mediaType: (meta.split(';', 1)[0] ?? '').trim().toLowerCase() || 'text/plain',
    base64,
    payload: url.slice(comma + 1),
    head: url.slice(0, comma + 1),
  };
}

/** UTF-8 text of base64 bytes; null when it is not base64 or the bytes are not text. */
function decodeText(payload: string): string | null {
  if (!BASE64.test(payload)) return null;
  const bytes = Buffer.from(payload, 'base64');
  if (!isUtf8(bytes) || bytes.includes(0)) return null;
  return bytes.toString('utf8', 0, bytes.length);
}

interface FileContent {
  readonly payload: string;
  /** What stands before the payload and must stay when it is rewritten. */
  readonly head: string;
  readonly mediaType: string | null;
  readonly label: unknown;
}

/**
 * File content in base64: gathered as a document when it is text (by its media type, or by its bytes when no
 * type is given), else noted as unread.
 */
export function base64File(to: Gathered, place: Place, file: FileContent): void {
  const mayBeText = file.mediaType === null || isTextual(file.mediaType);
  const decoded = mayBeText ? decodeText(file.payload) : null;
  if (decoded === null) {
    unread(to, place, isMedia(file.mediaType) ? 'media' : 'document', nameOf(file));
    return;
  }
  if (decoded === '') return;
  addPiece(to, decoded, labelled(VOICES.document, file.label), {
    path: place.path,
    write: (next) => setAt(place.holder, place.key, file.head + Buffer.from(next, 'utf8').toString('base64')),
  });
}

/** File content as a data URL or as bare base64. */
export function fileData(to: Gathered, place: Place, label: unknown): void {
  const value = (place.holder as Record<string | number, unknown>)[place.key];
  if (typeof value !== 'string') {
    leaves(to, place, VOICES.document);
    return;
  }
  if (value === '') return;
  const url = parseDataUrl(value);
  if (url === null) {
    base64File(to, place, { payload: value, head: '', mediaType: null, label });
  } else if (url.base64) {
    base64File(to, place, { payload: url.payload, head: url.head, mediaType: url.mediaType, label });
  } else {
    percentFile(to, place, url, label);
  }
}

function percentFile(to: Gathered, place: Place, url: DataUrl, label: unknown): void {
  let decoded: string;
  try {
    decoded = decodeURIComponent(url.payload);
  } catch {
    unread(to, place, 'document', typeof label === 'string' ? label : url.mediaType);
    return;
  }
  addPiece(to, decoded, labelled(VOICES.document, label), {
    path: place.path,
    write: (next) => setAt(place.holder, place.key, url.head + encodeURIComponent(next)),
  });
}

/**
 * A URL where media is expected. Media passes unread; a data URL that holds text instead is read, and a URL
 * that the model's side would fetch is media by the API's own contract.
 */
export function mediaUrl(to: Gathered, place: Place): void {
  const value = (place.holder as Record<string | number, unknown>)[place.key];
  if (typeof value !== 'string') {
    leaves(to, place, VOICES.document);
    return;
  }
  const url = parseDataUrl(value);
  if (url !== null && !isMedia(url.mediaType)) fileData(to, place, undefined);
  else unread(to, place, 'media', url?.mediaType ?? 'url');
}

const isMedia = (mediaType: string | null): boolean =>
  mediaType !== null && /^(?:image\/(?!svg)|audio\/|video\/)/.test(mediaType);

const nameOf = (file: FileContent): string =>
  typeof file.label === 'string' ? file.label : (file.mediaType ?? 'file');
