/** What a word or phrase can mean to the rules, one bit each. */
export const C = Object.freeze({
  /** ignore, disregard, forget */
  override: 1 << 0,
  /** drop, skip, disable: overrides only together with clear context */
  weaken: 1 << 1,
  /** instructions, rules, guidelines */
  instructions: 1 << 2,
  /** previous, above, earlier */
  prior: 1 << 3,
  /** your, you were given */
  yours: 1 << 4,
  all: 1 << 5,
  /** show, print, repeat, tell */
  reveal: 1 << 6,
  /** system prompt and its other names */
  prompt: 1 << 7,
  /** hidden, secret, internal */
  hidden: 1 << 8,
  /** password, key, code */
  secret: 1 << 9,
  fromNow: 1 << 10,
  /** you are, act as, pretend to be */
  role: 1 << 11,
  /** without restrictions, uncensored */
  unbound: 1 << 12,
  /** never refuse, no disclaimers */
  noRefusal: 1 << 13,
  /** new instructions, your real task */
  newTask: 1 << 14,
  /** AI, assistant, chatbot */
  machine: 1 << 15,
  must: 1 << 16,
  /** do not tell the user, silently */
  conceal: 1 << 17,
  /** send, approve, transfer, reply */
  act: 1 << 18,
  /** conversation, customer list, credentials */
  data: 1 << 19,
  /** other users, the last customer */
  others: 1 << 20,
  /** talk about attacks: prompt injection, phishing, an example */
  mention: 1 << 21,
  /** the text above, everything before this */
  above: 1 << 22,
  /** word for word */
  verbatim: 1 << 23,
  not: 1 << 24,
  /** how to, why, should I */
  asking: 1 << 25,
  /** dear AI, note to the assistant, if you are a language model */
  address: 1 << 26,
  /** my, our: the speaker's own */
  mine: 1 << 27,
  /** instead, rather */
  instead: 1 << 28,
  /** administrator, developer, OpenAI: claimed authority */
  authority: 1 << 29,
  /** the user, your summary, before answering: where orders to a machine are looked for */
  order: 1 << 30,
  /** stop being, you are no longer, respond only as: where a change of role is looked for */
  shift: 1 << 31,
});

export type Concept = keyof typeof C;

/**
 * A language's words by concept, separated by `|`; several words make a phrase, a trailing `*` any ending.
 * Written without accents: everything is folded before it is compared.
 */
export type Lexicon = Readonly<Partial<Record<Concept, string>>>;
