/** A language, or another form of code, with the lines that only it (or its close kin) has. */
export interface Language {
  readonly id: string;
  readonly title: string;
  /** Tested on one line of at most 400 characters; every quantifier is bounded. */
  readonly line: RegExp;
}

/** In order of precedence: a line counts for the first language that it fits. */
export const LANGUAGES = [
  {
    id: 'diff',
    title: 'a diff',
    line: /^(?:diff --git a\/|index [0-9a-f]{7,40}\.\.[0-9a-f]{7,40}|@@ -\d{1,7}(?:,\d{1,7})? \+\d|--- a\/|\+\+\+ b\/|[+-](?:\s{2,40}|\t)\S.{0,300}[;{}(),:]$)/,
  },
  {
    id: 'stack-trace',
    title: 'a stack trace',
    line: /^(?:\s{1,12}at [\w.$<>/[\] ]{1,200}(?:\(|:\d)|\s{0,12}File "[^"]{1,200}", line \d{1,7}|Traceback \(most recent|Caused by: [\w.]{3,160}|Exception in thread "|\s{1,12}\.\.\. \d{1,4} more|[\w.]{3,120}(?:Exception|Error): |goroutine \d{1,9} \[|thread '[^']{1,60}' panicked at|#\d{1,3}\s{1,4}0x[0-9a-f]{6,16} in )/,
  },
  {
    id: 'sql',
    title: 'SQL',
    line: /^\s{0,40}(?:CREATE (?:OR REPLACE )?(?:TEMP(?:ORARY)? |UNIQUE |MATERIALIZED )?(?:TABLE|INDEX|VIEW|FUNCTION|PROCEDURE|TRIGGER|SCHEMA|SEQUENCE|TYPE)\b|ALTER TABLE |DROP (?:TABLE|INDEX|VIEW) |INSERT INTO |UPDATE \w{1,60} SET |DELETE FROM |SELECT\b.{0,200}|FROM \w|(?:LEFT |RIGHT |INNER |OUTER |FULL |CROSS )(?:OUTER )?JOIN |WHERE \w|GROUP BY |ORDER BY |HAVING |PRIMARY KEY|FOREIGN KEY|CONSTRAINT \w|"?\w{1,60}"? (?:INT|INTEGER|BIGINT|SERIAL|BIGSERIAL|VARCHAR|TEXT|TIMESTAMP|TIMESTAMPTZ|BOOLEAN|NUMERIC|DECIMAL|UUID|JSONB?|DATE|CHAR)\b)/,
  },
  {
    id: 'rust',
    title: 'Rust',
    line: /^\s{0,60}(?:(?:pub(?:\(crate\))? )?(?:async )?fn \w{1,60}\s?[<(]|(?:pub )?(?:struct|enum|trait|mod) \w{1,60}\s?[{<;(]|impl(?:<[^>]{1,60}>)? \w|use (?:crate|std|super|self|\w{2,40})::|let mut \w|match \w.{0,80}\{|#\[\w|\w{1,40}!\(|Ok\(|Some\(|Err\()/,
  },
  {
    id: 'go',
    title: 'Go',
    line: /^\s{0,60}(?:package [a-z]\w{0,40}$|func (?:\(\w{1,30} \*?\w{1,40}\) )?\w{1,60}\(|type \w{1,60} (?:struct|interface) ?\{|import \($|\w{1,40}(?:, \w{1,40})? := |if err != nil|defer \w|go func\()/,
  },
  {
    id: 'kotlin',
    title: 'Kotlin',
    line: /^\s{0,60}(?:(?:private |internal |override |suspend |inline |open |public ){0,3}fun (?:<\w> )?(?:\w{1,40}\.)?\w{1,60}\(|(?:data|sealed) class \w|va[lr] \w{1,40}\s?(?::\s?\w|=)|companion object|when \()/,
  },
  {
    id: 'swift',
    title: 'Swift',
    line: /^\s{0,60}(?:(?:private |public |internal |static |override |fileprivate |@\w{1,30} ){0,3}func \w{1,60}(?:<[^>]{1,40}>)?\(|guard (?:let|var) |if let \w{1,40} =|import (?:Foundation|UIKit|SwiftUI|Combine)$|(?:extension|protocol) \w{1,60}\s?[:{])/,
  },
  {
    id: 'csharp',
    title: 'C#',
    line: /^\s{0,60}(?:using (?:System|Microsoft|static )[\w.]{0,80};|namespace [\w.]{1,80}\s?[;{]?$|\[\w{1,40}(?:\(.{0,80}\))?\]$|(?:public|private|protected|internal) (?:static |async |override |virtual |readonly |sealed |partial ){0,3}(?:Task|string|IEnumerable|I[A-Z]\w|var|bool|int|void|class|record|interface)\b.{0,120}|var \w{1,40} = (?:new|await) )/,
  },
  {
    id: 'java',
    title: 'Java',
    line: /^\s{0,60}(?:package [a-z][\w.]{1,80};|import (?:static )?[a-z][\w.]{2,100}(?:\.\*)?;|(?:public|private|protected) (?:static |final |abstract |synchronized ){0,3}[\w<>[\],.? ]{1,80}[({;=]|@(?:Override|Autowired|Test|Entity|Service|Component|RestController|GetMapping|PostMapping|Bean|Inject)\b|System\.out\.print)/,
  },
  {
    id: 'python',
    title: 'Python',
    line: /^\s{0,60}(?:(?:async )?def \w{1,60}\s?\((?:.{0,240}:)?$|class \w{1,60}(?:\(.{0,80}\))?:$|from [\w.]{1,80} import [\w(*]|import [a-z_][\w.]{0,60}(?: as \w{1,30})?$|(?:if|elif|while|for|with|except) .{1,160}:$|(?:else|try|finally):$|@\w[\w.]{0,60}(?:\(.{0,100}\))?$|self\.\w{1,60}|print\(|if __name__ ==)/,
  },
  {
    id: 'ruby',
    title: 'Ruby',
    line: /^\s{0,60}(?:def (?:self\.)?\w{1,60}[?!]?(?:\(.{0,100}\))?$|class \w{1,60}(?: < [\w:]{1,60})?$|module [A-Z]\w{0,60}$|require(?:_relative)? ['"]|attr_(?:accessor|reader|writer) :|\w{1,60}\.(?:each|map|select) do \||puts |end$)/,
  },
  {
    id: 'php',
    title: 'PHP',
    line: /^\s{0,60}(?:<\?php|\$\w{1,40}(?:->\w{1,40}|\[.{1,60}\])?\s?[.+-]?=|(?:public |private |protected |static ){1,3}function \w|function \w{1,60}\(.{0,60}\$|echo \$|\$this->|use [A-Z]\w{1,40}\\|namespace [A-Z][\w\\]{1,60};)/,
  },
  {
    id: 'cpp',
    title: 'C or C++',
    line: /^\s{0,60}(?:#\s?(?:include\s?[<"]|define \w|if(?:n?def)? |endif|pragma )|(?:static |const |inline |extern |virtual |unsigned ){0,3}(?:void|int|char|float|double|bool|size_t|uint\d{1,2}_t|std::\w{1,30}(?:<[^>]{1,60}>)?|auto|long|struct \w{1,40})[ *&]{1,4}\w{1,60}\s?[;=([{,]|template\s?<|using namespace |std::|typedef )/,
  },
  {
    id: 'typescript',
    title: 'JavaScript or TypeScript',
    line: /^\s{0,60}(?:import (?:type )?(?:[\w*{][\w\s,{}*$]{0,160} from )?['"]|export (?:default |async |const |function|class|interface|type|enum|\{|\*)|(?:const|let|var) [\w${[][\w\s,$:{}[\]<>|]{0,120} ?=|(?:async )?function ?\*?\s?\w{0,60}\s?\(|(?:interface|class) \w{1,60}(?:<[^>]{1,40}>)?(?: (?:extends|implements) [\w<>, ]{1,80})? \{|await .{0,200};$|module\.exports|console\.(?:log|error)\(|.{0,120}=> \{$|describe\(|it\()/,
  },
  {
    id: 'scala',
    title: 'Scala',
    line: /^\s{0,60}(?:object \w{1,60}(?: extends \w.{0,80})?\s?\{|case class \w|def \w{1,60}(?:\[\w{1,20}\])?(?:\(.{0,120}\))?(?:: ?[\w[\]]{1,60})? =|import [a-z]\w{1,30}\.[\w.]{1,80}(?:\.\{.{1,80}\}|\._)?$)/,
  },
  {
    id: 'shell',
    title: 'a shell script',
    line: /^\s{0,60}(?:#!\/|(?:sudo |apt-get |yum |docker |kubectl |git |npm |pip |curl |export [A-Z_]{2,40}=|chmod |mkdir |echo ["$])|if \[\[? |for \w{1,30} in .{1,80}; do|while .{1,80}; do|(?:fi|done|esac)$|[A-Z_]{2,40}=\$?["(]?.{0,160}$|\w{1,40}\(\) ?\{$)/,
  },
  {
    id: 'terraform',
    title: 'Terraform',
    line: /^\s{0,40}(?:resource|data|module|variable|provider|output|terraform|locals) (?:"[\w-]{1,60}" ){0,2}\{$/,
  },
  {
    id: 'markup',
    title: 'markup or a style sheet',
    line: /^\s{0,80}(?:<(?:!DOCTYPE|\/?(?:html|head|body|div|span|script|style|table|tr|td|ul|li|a|p|form|input|button|template|svg|link|meta|section|nav|img|label|h[1-6])\b)[^>]{0,300}>?|<\?xml |<\/?[a-zA-Z][\w:.-]{0,60}(?:\s[^>]{0,240})?>|[.#@]?[\w-]{1,60}(?:[ ,.:>#\w-]{0,80})? \{$|[a-z-]{2,40}: [^;]{1,100};$)/,
  },
  {
    id: 'assembly',
    title: 'assembly',
    line: /^\s{0,20}(?:[\w.]{1,40}:\s{0,8}$|(?:mov[lqbw]?|push[lq]?|pop[lq]?|lea[lq]?|call[q]?|jmp|jn?[ezlg]|cmp[lqb]?|xor[lq]?|add[lq]?|sub[lq]?|ret[q]?|nop)\s{1,8}[%$\w([-].{0,80}$|\.(?:section|globl|text|data|align)\b)/,
  },
] as const satisfies readonly Language[];

export const LANGUAGE_IDS = LANGUAGES.map(({ id }) => id) as [
  (typeof LANGUAGES)[number]['id'],
  ...(typeof LANGUAGES)[number]['id'][],
];
