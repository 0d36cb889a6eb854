/** Kinds of findings in model files; what each is stands in {@link FINDING_TEXTS}. */
export const FINDING_KINDS = [
  'executes-on-load',
  'imports-on-load',
  'unknown-import',
  'embedded-payload',
  'executes-on-use',
  'container-mismatch',
  'hidden-data',
  'unsafe-path',
  'unsafe-config',
  'resource-abuse',
  'note',
] as const;
export type FindingKindName = (typeof FINDING_KINDS)[number];

export interface FindingText {
  readonly title: string;
  /** Why it matters. */
  readonly why: string;
  /** What to do about it. */
  readonly advice: string;
}

/** What people are told of a finding of each kind. */
export const FINDING_TEXTS: Readonly<Record<FindingKindName, FindingText>> = Object.freeze({
  'executes-on-load': {
    title: 'Runs when the file is loaded',
    why: 'Opening the file with its usual library makes the call that is shown, with the rights of whoever loads it. No prediction has to be asked for.',
    advice:
      'Do not load it. If somebody has, treat that machine and its credentials as taken. Ask for the weights as safetensors, or build the model again from a source that you trust.',
  },
  'imports-on-load': {
    title: 'Imports something dangerous when loaded',
    why: 'Loading the file fetches a function that runs code, starts programs or reads files. No call of it was seen, but nothing harmless needs it in a model file.',
    advice: 'Do not load it before the excerpt is explained. Ask whoever made the file why it names this.',
  },
  'unknown-import': {
    title: 'Imports something that is not known to be harmless',
    why: 'Only what is known to be needed by models counts as harmless. This name is neither known to be harmless nor known to be an attack; a package of your own looks like this too.',
    advice:
      'See who owns the package and what the function does. If it is yours, accept the finding with that as the reason; better, save the model in a format without code.',
  },
  'embedded-payload': {
    title: 'Carries something dangerous as data',
    why: 'A program, a script or a second model file lies inside. Loading this file does not run it; something else may unpack and run it later.',
    advice: 'Find out what unpacks it. A model has no need to carry programs.',
  },
  'executes-on-use': {
    title: 'Runs when the model is used',
    why: 'Loading is quiet, but rendering its template, building its layers or running its graph makes the call that is shown.',
    advice:
      'Do not serve it. Replace the template or the layer by one from a source that you trust, and scan the result.',
  },
  'container-mismatch': {
    title: 'Two readers would see different files',
    why: 'The archive says one thing in one place and another elsewhere. That hides content from scanners which read it in another way than the loader.',
    advice: 'Ask for the file again from its source. If it is the same there, do not use it.',
  },
  'hidden-data': {
    title: 'Holds bytes that no reader needs',
    why: 'Data lies where the format expects none: behind the end, or in gaps. It can carry programs or stolen data.',
    advice: 'Save the model again with the usual library, which leaves such bytes out, and compare.',
  },
  'unsafe-path': {
    title: 'Leads out of its folder',
    why: 'Unpacking or loading it reads or overwrites files elsewhere on the machine.',
    advice: 'Do not unpack it. Ask for the file without such paths.',
  },
  'unsafe-config': {
    title: 'Tells the loader to run or fetch code',
    why: 'A setting makes the usual library run code that comes with the model or from the network.',
    advice:
      'Read that code as you would any dependency, pin it to a commit, or load the model with such code forbidden (trust_remote_code=False).',
  },
  'resource-abuse': {
    title: 'Made to exhaust whoever opens it',
    why: 'Small on disk, it unpacks to far more memory or disk than the machine has.',
    advice: 'Do not unpack it.',
  },
  note: {
    title: 'Worth knowing',
    why: 'No danger by itself.',
    advice: 'Nothing has to be done.',
  },
});

/** What a capability lets an attacker do, as evidence names it; others are shown as they are. */
export const CAPABILITY_TEXTS: Readonly<Record<string, string>> = Object.freeze({
  code: 'runs code of the attacker’s choice',
  process: 'starts programs',
  file: 'reads, writes or removes files',
  network: 'reaches other machines',
  deserialisation: 'unpacks further data that may run code',
  import: 'loads further code',
});
