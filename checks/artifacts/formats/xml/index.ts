import { z } from 'zod';
import { MODEL_FILE_MAPS } from '../../maps.ts';
import type { OutcomeBuilder } from '../../outcome.ts';
import { type ArtifactFinding, defineArtifactCheck, ScanFault } from '../../types.ts';
import { judged } from '../core/judge.ts';
import { payloadsIn } from '../core/payload.ts';
import { sampleInput } from '../core/sample.ts';
import { byteOffset, cut, probeText, readText, TEXT_LIMIT_BYTES } from '../core/text.ts';
import { xmlTokens } from './tokens.ts';

const CHECK = 'artifacts/pmml';
const CODE =
  /\bjava\.(?:lang|io|net|nio)\.|\bjavax\.script\b|ScriptEngine|ProcessBuilder|getRuntime\s{0,9}\(|xalan\/java|\bClass\.forName\b/;
const FOREIGN_NAMESPACES =
  /xml\.apache\.org\/xalan\/java|www\.w3\.org\/1999\/XSL\/Transform|www\.w3\.org\/2001\/XInclude/;

export const pmmlCheck = defineArtifactCheck({
  id: CHECK,
  title: 'PMML and XML',
  description:
    'Reads XML as tokens, with limits and without resolving anything: document types, entities, inclusion of other files, script in extensions.',
  maps: MODEL_FILE_MAPS,
  config: z.object({}),
  samples: [
    {
      title: 'an entity that reads a file',
      input: sampleInput(
        '<?xml version="1.0"?><!DOCTYPE PMML [<!ENTITY x SYSTEM "file:///etc/passwd">]><PMML version="4.4">&x;</PMML>',
      ),
      found: true,
    },
    {
      title: 'a script in an extension',
      input: sampleInput(
        '<PMML version="4.4"><Header><Extension name="script" value="java.lang.Runtime.getRuntime().exec(\'id\')"/></Header></PMML>',
      ),
      found: true,
    },
    {
      title: 'an ordinary model',
      input: sampleInput(
        '<?xml version="1.0"?><PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header/><DataDictionary/></PMML>',
      ),
      found: false,
    },
  ],
  recognise(probe) {
    const text = probeText(probe);
    if (text === null || !/^\ufeff?\s{0,1000}<(?:\?xml|!DOCTYPE|!--|[A-Za-z])/.test(text)) return 'no';
    if (/^\ufeff?\s{0,1000}<(?:!DOCTYPE\s{1,9}html|html)[\s>]/i.test(text)) return 'no';
    if (/^\ufeff?\s{0,1000}<\?xml|<(?:\w{1,20}:)?PMML[\s>]/.test(text)) return 'yes';
    return text.includes('<!ENTITY') ? 'maybe' : 'no';
  },
  judge: (input) => {
    let isXml = false;
    return judged(input, { check: CHECK, format: 'xml', isCertain: () => isXml }, async (outcome) => {
      const text = await readText(input.source, TEXT_LIMIT_BYTES);
      if (text === null) throw new ScanFault(`more than ${TEXT_LIMIT_BYTES} bytes`);
      const root = judgeDocument(text, outcome);
      isXml = root !== null;
      if (root === null) {
        if (input.recognition === 'maybe') return 'unknown';
        throw new ScanFault('has no element');
      }
      return root === 'PMML' ? 'pmml' : 'xml';
    });
  },
});

/** Answers the local name of the root element, null for none. */
function judgeDocument(text: string, outcome: OutcomeBuilder): string | null {
  const find = (
    severity: ArtifactFinding['severity'],
    kind: ArtifactFinding['kind'],
    message: string,
    index: number,
  ) =>
    outcome.find({
      check: CHECK,
      severity,
      kind,
      message,
      offset: byteOffset(text, index),
      evidence: { excerpt: [cut(text.slice(index, index + 200))] },
    });
  let root: string | null = null;
  for (const token of xmlTokens(text)) {
    if (token.kind === 'doctype') judgeDoctype(token.text, token.offset, find);
    else if (token.kind === 'instruction' && token.text.startsWith('<?xml-stylesheet')) {
      find('low', 'unsafe-config', 'The document names a style sheet that readers may run.', token.offset);
    } else if (token.kind === 'open') {
      root ??= token.name.split(':').at(-1) ?? token.name;
      if (root === 'PMML') judgeElement(token.text, token.name, token.offset, find);
    } else if (token.kind === 'text' && root === 'PMML' && CODE.test(token.text.slice(0, 100_000))) {
      find('medium', 'embedded-payload', 'Text of the document is code for the Java platform.', token.offset);
    }
  }
  return root;
}

type Find = (
  severity: ArtifactFinding['severity'],
  kind: ArtifactFinding['kind'],
  message: string,
  index: number,
) => void;

function judgeDoctype(text: string, offset: number, find: Find): void {
  // Pictures and web pages name their public document type, which no reader fetches any more.
  if (/<!ENTITY[^>]{0,2000}\b(?:SYSTEM|PUBLIC)\b/.test(text)) {
    find('high', 'unsafe-path', 'An entity takes the content of another file (XXE).', offset);
  } else if (/<!ENTITY/.test(text)) {
    find('medium', 'resource-abuse', 'The document declares entities, which can grow without bound.', offset);
  } else if (/\b(?:SYSTEM|PUBLIC)\b/.test(text)) {
    find(
      /<!DOCTYPE\s{1,9}PMML/.test(text) ? 'low' : 'info',
      'unsafe-config',
      'The document type lies in another file.',
      offset,
    );
  }
}

function judgeElement(text: string, name: string, offset: number, find: Find): void {
  const local = name.split(':').at(-1)?.toLowerCase();
  if (FOREIGN_NAMESPACES.test(text)) {
    find('medium', 'unsafe-config', 'A namespace of the document runs code or includes other files.', offset);
  }
  if (local === 'script') find('medium', 'embedded-payload', 'The document holds a script.', offset);
  if (CODE.test(text.slice(0, 100_000))) {
    find('high', 'executes-on-use', 'An attribute is code for the Java platform.', offset);
  } else if (local === 'extension') {
    const [payload] = payloadsIn(text);
    if (payload) find('medium', 'embedded-payload', `An extension holds ${payload.what}.`, offset);
  }
}
