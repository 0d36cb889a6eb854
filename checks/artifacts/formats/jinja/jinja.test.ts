import { cpuMs } from '@bartizan/contracts/testing.ts';
import { describe, expect, it } from 'vitest';
import { judgeTemplate } from './judge.ts';
import { jinjaBlocks } from './tokens.ts';

const worst = (template: string): string => {
  const found = judgeTemplate(template).map(({ severity }) => severity);
  return found.includes('high') ? 'high' : (found[0] ?? 'none');
};

describe('templates that reach for the interpreter', () => {
  it.each([
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ x['__class__'] }}",
    '{{ x["\\x5f\\x5fclass\\x5f\\x5f"] }}',
    '{{ x["\\u005f_class__"] }}',
    "{{ x|attr('__class__') }}",
    "{{ x | attr('__cla' ~ 'ss__') }}",
    "{{ x|attr('__cla' 'ss__') }}",
    "{{ x['__cla'+'ss__'] }}",
    "{{ x[('__globals__')] }}",
    "{{ x[['__cla','ss__']|join] }}",
    "{{ x['__ssalc__'[::-1]] }}",
    "{{ x['__ssalc__'|reverse|join] }}",
    "{% set a = '__glo' %}{% set b = 'bals__' %}{{ x[a ~ b] }}",
    "{% set a = '__glo' %}{% set b = a ~ 'bals__' %}{{ x|attr(b) }}",
    "{{ messages|map(attribute='__class__')|list }}",
    "{{ '{0.__class__}'.format(x) }}",
    '{%- if lipsum.__globals__ -%}x{%- endif -%}',
    '{{ x.__ｃlass__ }}',
    '{{ dict(__class__=1)|join }}',
    "{{ config.from_object.__globals__['sys'] }}",
    '{{ namespace.__init__.__globals__ }}',
    '{{ {"a": x.__class__} }}',
    '{# harmless #}{{ x.f_globals }}',
  ])('%s', (template) => {
    expect(worst(template)).toBe('high');
  });

  it.each([
    "{% include 'secrets' %}",
    '{{ x[a ~ b] }}',
    '{{ x|attr(y) }}',
    "{{ '%c%c'|format(95, 95) }}",
    '{{ lipsum[x] }}',
  ])('are odd: %s', (template) => {
    expect(worst(template)).toBe('medium');
  });
});

describe('templates of honest models', () => {
  it.each([
    "{% for message in messages %}{% if loop.index0 % 2 == 0 %}{{ bos_token + '[INST] ' + message['content'] + ' [/INST]' }}{% else %}{{ message.content ~ eos_token }}{% endif %}{% endfor %}",
    "{%- if tools is not none %}{{- '\\n\\n' ~ tools | tojson(indent=4) }}{%- endif %}",
    "{% set ns = namespace(is_first=false, system_prompt='') %}{% set ns.is_first = true %}{{ raise_exception('roles must alternate') }}",
    "{{ messages[loop.index0 - 1]['role'] }}{{ messages[loop.index0 + 1].role }}{{ message['content'].split('</think>')[-1] }}",
    '{% macro render(x) %}{{ x }}{% endmacro %}{{ render(tool.function.name) }}{{ strftime_now("%d %b %Y") }}',
    '{% raw %}{{ x.__class__ }}{% endraw %}',
    '{# x.__class__ #}',
    '<|system|>__init__ is a method. {{ messages }}',
    "{{ '<__media__>' ~ message['image'] }}{{ {'role': 'user'} }}",
  ])('%s', (template) => {
    expect(judgeTemplate(template)).toEqual([]);
  });
});

describe('tokens', () => {
  it('reads strings with escapes, and braces inside of strings', () => {
    const [block] = jinjaBlocks("{{ 'a}}\\'b' ~ \"c\" }} after {{ d");
    expect(block?.tokens.map(({ text }) => text)).toEqual(["a}}'b", '~', 'c']);
    expect(jinjaBlocks('{{ d')[0]).toMatchObject({ isClosed: false });
  });

  it('takes long hostile texts in linear time', () => {
    const startedMs = cpuMs();
    for (const piece of ['{{', '{%', "{{'", '{#', '{% raw %}', '{{ x[', '{{ a~'])
      judgeTemplate(piece.repeat(20_000));
    expect(cpuMs() - startedMs).toBeLessThan(8_000);
  });
});
