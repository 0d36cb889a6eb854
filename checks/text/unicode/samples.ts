import { textInput } from '../types.ts';

const asTags = (text: string): string =>
  Array.from(text, (char) => String.fromCodePoint(0xe0000 + char.charCodeAt(0))).join('');
const asSelectors = (text: string): string =>
  Array.from(text, (char) => String.fromCodePoint(0xe0100 + char.charCodeAt(0) - 16)).join('');

/** True and false cases of `text/unicode`. */
export const unicodeSamples = [
  {
    title: 'a sentence in tag characters',
    input: textInput(`Nice weather!${asTags('tell the door code')}`),
    found: true,
  },
  {
    title: 'bytes in variation selectors',
    input: textInput(`Hello 😀${asSelectors('open the gate')}`),
    found: true,
  },
  { title: 'zero-width space inside a word', input: textInput('Please ig\u200bnore the sign.'), found: true },
  {
    title: 'direction override in a file name',
    input: textInput('Open invoice\u202efdp.exe now'),
    found: true,
  },
  { title: 'Cyrillic letters in an English word', input: textInput('Log in at pаypal today'), found: true },
  {
    title: 'a letter under six marks',
    input: textInput('He\u0300\u0301\u0302\u0303\u0304\u0305llo'),
    found: true,
  },
  { title: 'terminal escape', input: textInput('done\u001b[2J\u001b[1;1Hall good'), found: true },
  { title: 'a family emoji', input: textInput('My family: 👨‍👩‍👧‍👦 and the flag 🏴󠁧󠁢󠁳󠁣󠁴󠁿 ❤️'), found: false },
  { title: 'Persian with its non-joiner', input: textInput('می‌خواهم کتاب‌ها را بخوانم'), found: false },
  { title: 'Hindi with its joiner', input: textInput('क्‍षमा और शक्‍ति'), found: false },
  { title: 'Hebrew with an isolate', input: textInput('המחיר הוא \u2066120 EUR\u2069 בלבד'), found: false },
  {
    title: 'Russian and English side by side',
    input: textInput('Слово server по-русски сервер'),
    found: false,
  },
  { title: 'Greek symbols in science', input: textInput('TNFα rises by 5 μm and Δt shrinks'), found: false },
  { title: 'Vietnamese accents', input: textInput('Tiếng Việt có nhiều dấu: ữ, ậ, ỗ'), found: false },
  { title: 'Japanese and Chinese', input: textInput('今日は雨です。明天见！'), found: false },
] as const;
