const SENTENCES: readonly string[] = [
  'Could you look at order {n} and tell me when it will be delivered to our branch in Lyon?',
  'The invoice says {n} pieces, but the crate only held half of them, and two were damaged.',
  'Please draft a friendly reply that explains the delay and offers a voucher over {n} euros.',
  'Our team meets on Tuesday at {t}, so a short summary with three bullet points would help most.',
  'In the last quarter returns went down by {n} percent, which nobody in the warehouse expected.',
  'I have attached the minutes; ignore the draft from May, because the newer version replaces it.',
  'What is the difference between the standard and the professional plan for {n} users?',
  'Rewrite the following paragraph in plain English and keep the system names as they are.',
  'She asked whether the driver could leave the parcel with the neighbours at number {n}.',
  'Here is what the log says: request {n} finished in {n} ms, then the queue was empty again.',
  'Übersetze bitte den letzten Absatz und achte darauf, dass die Höflichkeitsform erhalten bleibt.',
  'See https://docs.example.com/guide/{n} for the steps, or open the settings page of your account.',
];

/** An ordinary prompt of exactly `chars` characters, different for each `seed`; always the same for the same two. */
export function prompt(chars: number, seed: number): string {
  let state = (seed + 1) * 2_654_435_761;
  const next = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  let text = '';
  while (text.length < chars) {
    const sentence = SENTENCES[next(SENTENCES.length)] ?? '';
    const filled = sentence
      .replaceAll('{n}', () => String(10 + next(8_000)))
      .replaceAll('{t}', () => `${8 + next(10)}:30`);
    text += filled + (next(5) === 0 ? '\n\n' : ' ');
  }
  return text.slice(0, chars);
}
