import { z } from 'zod';
import { MODEL_FILE_MAPS } from '../../maps.ts';
import { defineArtifactCheck, type FindingKind, ScanFault, type Severity } from '../../types.ts';
import { judged } from '../core/judge.ts';
import { sampleInput } from '../core/sample.ts';
import { byteOffset, cut, probeText, readText, TEXT_LIMIT_BYTES } from '../core/text.ts';

const CHECK = 'artifacts/python';

interface Rule {
  readonly pattern: RegExp;
  readonly severity: Severity;
  readonly kind: FindingKind;
  readonly message: string;
  readonly capability: string;
}

const use = (severity: Severity, capability: string, message: string, pattern: RegExp): Rule => ({
  pattern,
  severity,
  capability,
  message,
  kind: 'executes-on-use',
});

const DECODERS =
  '(?:b64decode|b32decode|b85decode|a85decode|decompress|fromhex|unhexlify|loads|rot13|urlopen|get)';

/** What code that comes with a model has no need for. Comments and strings are blanked but for the last three. */
const CODE_RULES: readonly Rule[] = [
  use(
    'high',
    'code',
    'runs code that it decodes first',
    new RegExp(
      `(?<![\\w.])(?:exec|eval|compile)\\s{0,9}\\((?:[^()\\n]{0,120}\\(){0,4}[^()\\n]{0,60}\\b${DECODERS}\\s{0,9}\\(`,
      'g',
    ),
  ),
  use('high', 'code', 'loads byte code', /\bmarshal\s{0,9}\.\s{0,9}loads\s{0,9}\(/g),
  use(
    'high',
    'process',
    'gives a terminal away',
    /\bpty\s{0,9}\.\s{0,9}spawn\s{0,9}\(|\bos\s{0,9}\.\s{0,9}dup2\s{0,9}\(/g,
  ),
  use(
    'medium',
    'process',
    'starts a process',
    /\bos\s{0,9}\.\s{0,9}(?:system|popen|exec[lv]p?e?|spawn[lv]p?e?|posix_spawn)\s{0,9}\(|\bsubprocess\s{0,9}\.\s{0,9}(?:run|call|Popen|check_call|check_output|getoutput|getstatusoutput)\s{0,9}\(/g,
  ),
  use('medium', 'code', 'runs code made at run time', /(?<![\w.])(?:exec|eval)\s{0,9}\(/g),
  use('medium', 'code', 'imports by computed name', /(?<![\w.])__import__\s{0,9}\(/g),
  use(
    'medium',
    'network',
    'opens a socket',
    /\bsocket\s{0,9}\.\s{0,9}(?:socket|create_connection)\s{0,9}\(/g,
  ),
  use('medium', 'code', 'loads a native library', /\bctypes\s{0,9}\.\s{0,9}(?:CDLL|PyDLL|WinDLL|cdll)\b/g),
];
const TEXT_RULES: readonly Rule[] = [
  use(
    'high',
    'process',
    'runs what it fetched in a shell',
    /(?:curl|wget)\s[^|\n]{1,200}\|\s{0,5}(?:ba|z)?sh\b/g,
  ),
  use('high', 'network', 'opens a shell to elsewhere', /\/dev\/tcp\/|\bnc\s{1,5}-e\s|bash\s{1,5}-i\s{1,5}>/g),
];
/** TorchScript is this language too; these operators read and write files or call out (torch.jit). */
const TORCHSCRIPT_RULES: readonly Rule[] = [
  use('high', 'file', 'TorchScript writes a file', /\btorch\.save\s{0,9}\(|\bops\.aten\.save\b/g),
  use('high', 'file', 'TorchScript maps a file', /\btorch\.from_file\s{0,9}\(|\bops\.aten\.from_file\b/g),
  use(
    'high',
    'network',
    'TorchScript calls another machine',
    /\btorch\.distributed\.rpc\b|\bops\.aten\.rpc\w{0,20}\b|\brpc_(?:async|sync|remote)\s{0,9}\(/g,
  ),
  use(
    'low',
    'code',
    'TorchScript uses an operator of a native library',
    /(?<![\w.])ops\.(?!aten\b|prim\b|prims\b|quantized\b|_quantized\b|quantized_decomposed\b|torchvision\b|torchaudio\b|torchtext\b|inductor\b|mkldnn\w*\b|onednn\b|sparse\b|rnn\b|xnnpack\b|profiler\b|cuda\b|fb\b|static_runtime\b|_caffe2\b|torch_(?:scatter|sparse|cluster)\b|fbgemm\b|vulkan_prepack\b|metal_prepack\b|bolt\w*\b)\w{1,60}\./g,
  ),
  use(
    'low',
    'code',
    'TorchScript uses a class of a native library',
    /\b__torch__\.torch\.classes\.(?!quantized|rnn|xnnpack|c10d|cuda|profiling)[\w.]{1,120}/g,
  ),
];

export const pythonCheck = defineArtifactCheck({
  id: CHECK,
  title: 'Python and TorchScript code',
  description:
    'Reads code that comes with a model, without running it: processes, sockets, decoded code, native libraries, and the TorchScript operators that touch files or the network.',
  maps: MODEL_FILE_MAPS,
  config: z.object({}),
  samples: [
    {
      title: 'runs decoded code',
      input: sampleInput('import base64\nexec(base64.b64decode("aW1wb3J0IG9z"))\n'),
      found: true,
    },
    {
      title: 'TorchScript that writes a file',
      input: sampleInput(
        'class Net(Module):\n  def forward(self: __torch__.Net, x: Tensor) -> Tensor:\n    torch.save(x, "/root/.bashrc")\n    return x\n',
      ),
      found: true,
    },
    {
      title: 'an ordinary layer',
      input: sampleInput(
        'import torch\nclass Net(torch.nn.Module):\n    def forward(self, x):\n        self.train(False)\n        return x\n',
      ),
      found: false,
    },
  ],
  recognise(probe) {
    const text = probeText(probe);
    if (text === null || isProse(text)) return 'no';
    if (SHELL.test(text)) return 'maybe';
    return STATEMENT.test(text) || (DANGER.test(text) && beginsWithStatement(text)) ? 'maybe' : 'no';
  },
  judge: (input) =>
    judged(input, { check: CHECK, format: 'python' }, async (outcome) => {
      const text = await readText(input.source, TEXT_LIMIT_BYTES);
      if (text === null) throw new ScanFault(`more than ${TEXT_LIMIT_BYTES} bytes`);
      const isTorchScript =
        /\bself: __torch__\.|^__parameters__ = \[|\bops\.(?:prim|aten)\.|^class \w{1,80}\(Module\):/m.test(
          text,
        );
      const code = codeOnly(text);
      for (const rule of isTorchScript ? [...CODE_RULES, ...TORCHSCRIPT_RULES] : CODE_RULES) {
        report(rule, code, text);
      }
      for (const rule of TEXT_RULES) report(rule, text, text);
      return isTorchScript ? 'torchscript' : 'python';

      function report({ pattern, ...rule }: Rule, where: string, whole: string): void {
        pattern.lastIndex = 0;
        const match = pattern.exec(where);
        if (match === null) return;
        const line =
          whole.slice(whole.lastIndexOf('\n', match.index) + 1, match.index + 200).split('\n', 1)[0] ?? '';
        outcome.find({
          check: CHECK,
          severity: rule.severity,
          kind: rule.kind,
          message:
            isTorchScript && rule.message.startsWith('Torch')
              ? `${rule.message}.`
              : `The code ${rule.message}.`,
          offset: byteOffset(whole, match.index),
          evidence: { capability: rule.capability, excerpt: [cut(line, 160)] },
        });
      }
    }),
});

const STATEMENT =
  /^(?:from\s{1,9}[\w.]{1,80}\s{1,9}import\s|import\s{1,9}[\w.]{1,80}|(?:async\s{1,9})?def\s{1,9}\w{1,80}\s{0,9}\(|class\s{1,9}\w{1,80}\s{0,9}[(:]|exec\s{0,9}\(|eval\s{0,9}\(|__import__\s{0,9}\()/m;
/** A program for the shell, or a cell of a notebook that hands a line to it. */
const SHELL = /^(?:#!|[!%])[^\n]{0,200}(?:\bsh\b|\bcurl\b|\bwget\b|\bnc\b)/m;
const DANGER = /__import__|\b(?:os|subprocess|socket|ctypes|marshal|pty)\.[a-z]|\b(?:exec|eval)\s{0,9}\(/;

/** Prose that shows code: there are fences at the left edge, and what comes first is no statement. */
function isProse(text: string): boolean {
  return /^ {0,3}```/m.test(text) && !beginsWithStatement(text);
}

function beginsWithStatement(text: string): boolean {
  const first = text.split('\n', 2000).find((line) => /^[^\s#]/.test(line)) ?? '';
  return /^(?:(?:from|import|def|class|async|if|for|while|with|try|assert|del|global|exec)\b|@|[rbuf]{0,2}["']|[\w.]{1,80}(?:\[[^\]\n]{0,80}\])?\s{0,20}[=(:+])/.test(
    first,
  );
}

/** The text with comments and the inside of strings blanked, offsets kept. */
function codeOnly(text: string): string {
  const units = text.split('');
  let at = 0;
  const blank = (from: number, to: number) => {
    for (let index = from; index < Math.min(to, units.length); index += 1) {
      if (units[index] !== '\n') units[index] = ' ';
    }
  };
  while (at < text.length) {
    const unit = text[at];
    if (unit === '#') {
      const end = text.indexOf('\n', at);
      blank(at, end < 0 ? text.length : end);
      at = end < 0 ? text.length : end;
    } else if (unit === '"' || unit === "'") {
      const end = stringEnd(text, at);
      blank(at + 1, end - 1);
      at = end;
    } else at += 1;
  }
  return units.join('');
}

function stringEnd(text: string, start: number): number {
  const quote = text[start] as string;
  const isLong = text.startsWith(quote.repeat(3), start);
  const closer = isLong ? quote.repeat(3) : quote;
  for (let at = start + closer.length; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (!isLong && text[at] === '\n') return at;
    else if (text.startsWith(closer, at)) return at + closer.length;
  }
  return text.length;
}
