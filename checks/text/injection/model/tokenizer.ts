/** A piece of a text as the encoder sees it. */
export interface Tokens {
  /** Vocabulary ids without the special tokens. */
  readonly ids: readonly number[];
  /** UTF-16 offsets into the text, one pair a token: `spans[2i]` start, `spans[2i + 1]` end. */
  readonly spans: readonly number[];
}

/** Longer words are read in parts of this many characters; the reference tokenizer gives them up. */
const MAX_WORD = 100;
/** Words whose pieces are remembered; the map is emptied when full. */
const CACHE = 20_000;

/**
 * Uncased WordPiece over a vocabulary file of one piece a line (Devlin et al. 2019; greedy longest match first,
 * Wu et al. 2016, section 4.1). The special tokens `[PAD] [UNK] [CLS] [SEP]` must be in the vocabulary. It differs from
 * the reference where that would let a text hide: symbols and emoji stand alone, long words are read in parts, and a
 * character that is not in the vocabulary costs itself, not its word.
 */
export class WordPiece {
  readonly pad: number;
  readonly cls: number;
  readonly sep: number;
  readonly #unknown: number;
  readonly #ids: ReadonlyMap<string, number>;
  readonly #longest: number;
  readonly #cache = new Map<string, readonly [number[], number[]]>();

  constructor(vocabulary: readonly string[]) {
    this.#ids = new Map(vocabulary.map((piece, id) => [piece, id]));
    this.#longest = vocabulary.reduce((most, piece) => Math.max(most, piece.length), 0);
    const special = (name: string): number => {
      const id = this.#ids.get(name);
      if (id === undefined)
        throw new Error(`The vocabulary has no ${name}; it does not belong to this encoder.`);
      return id;
    };
    this.pad = special('[PAD]');
    this.#unknown = special('[UNK]');
    this.cls = special('[CLS]');
    this.sep = special('[SEP]');
  }

  /** The pieces of `text`, at most `limit` of them. Time is linear in what is read. */
  encode(text: string, limit = Number.POSITIVE_INFINITY): Tokens {
    const ids: number[] = [];
    const spans: number[] = [];
    for (let at = 0; at < text.length && ids.length < limit; ) {
      const kind = kindAt(text, at);
      const width = text.charCodeAt(at) >= 0xd800 && text.charCodeAt(at) < 0xdc00 ? 2 : 1;
      if (kind === 'space') {
        at += width;
      } else if (kind === 'alone') {
        this.#add(text.slice(at, at + width), at, ids, spans);
        at += width;
      } else {
        const start = at;
        while (at < text.length && at - start < MAX_WORD && kindAt(text, at) === 'word') at += wide(text, at);
        this.#add(text.slice(start, at), start, ids, spans);
      }
    }
    if (ids.length > limit) {
      ids.length = limit;
      spans.length = limit * 2;
    }
    return { ids, spans };
  }

  #add(word: string, at: number, ids: number[], spans: number[]): void {
    const [pieces, ends] = this.#piecesOf(word);
    let from = 0;
    pieces.forEach((id, i) => {
      const to = ends[i] ?? word.length;
      ids.push(id);
      spans.push(at + from, at + to);
      from = to;
    });
  }

  /** Ids of a word and where, in the word as written, each piece ends. */
  #piecesOf(word: string): readonly [number[], number[]] {
    const known = this.#cache.get(word);
    if (known !== undefined) return known;
    const found = this.#split(word);
    if (word.length <= 32) {
      if (this.#cache.size >= CACHE) this.#cache.clear();
      this.#cache.set(word, found);
    }
    return found;
  }

  #split(word: string): readonly [number[], number[]] {
    const plain = word
      .toLowerCase()
      .normalize('NFD')
      .replace(/\p{Mn}/gu, '');
    if (plain === '') return [[], []];
    const ratio = word.length / plain.length;
    const ids: number[] = [];
    const ends: number[] = [];
    for (let from = 0; from < plain.length; ) {
      let to = Math.min(plain.length, from + this.#longest);
      let id: number | undefined;
      while (to > from) {
        id = this.#ids.get(from === 0 ? plain.slice(0, to) : `##${plain.slice(from, to)}`);
        if (id !== undefined) break;
        to -= 1;
      }
      // The reference gives up the whole word for a character that it does not know, and so lets one hide a word: here
      // a run of such characters becomes one unknown token.
      if (id === undefined) {
        to = from + 1;
        id = this.#unknown;
      }
      const at = Math.min(word.length, Math.round(to * ratio));
      if (id === this.#unknown && ids.at(-1) === id) ends[ends.length - 1] = at;
      else {
        ids.push(id);
        ends.push(at);
      }
      from = to;
    }
    return [ids, ends];
  }
}

type Kind = 'space' | 'alone' | 'word';

function wide(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  return unit >= 0xd800 && unit < 0xdc00 ? 2 : 1;
}

function kindAt(text: string, at: number): Kind {
  const unit = text.charCodeAt(at);
  if (unit < 128) return ASCII[unit] ?? 'word';
  const point = text.codePointAt(at) ?? unit;
  const known = FAR.get(point);
  if (known !== undefined) return known;
  const kind = judge(point);
  if (FAR.size < 65_536) FAR.set(point, kind);
  return kind;
}

const FAR = new Map<number, Kind>();

function judge(point: number): Kind {
  const char = String.fromCodePoint(point);
  if (point === 0xfffd || /^[\p{Zs}\p{Cc}\p{Cf}\u2028\u2029]$/u.test(char)) return 'space';
  if (/^[\p{P}\p{S}]$/u.test(char) || isIdeograph(point)) return 'alone';
  return 'word';
}

/** The blocks that the reference tokenizer sets apart character by character. */
function isIdeograph(point: number): boolean {
  return (
    (point >= 0x4e00 && point <= 0x9fff) ||
    (point >= 0x3400 && point <= 0x4dbf) ||
    (point >= 0x20000 && point <= 0x2a6df) ||
    (point >= 0x2a700 && point <= 0x2ceaf) ||
    (point >= 0xf900 && point <= 0xfaff) ||
    (point >= 0x2f800 && point <= 0x2fa1f)
  );
}

const ASCII: readonly Kind[] = Array.from({ length: 128 }, (_, unit): Kind => {
  if (unit <= 32 || unit === 127) return 'space';
  const letter = (unit >= 48 && unit <= 57) || (unit >= 65 && unit <= 90) || (unit >= 97 && unit <= 122);
  return letter ? 'word' : 'alone';
});
