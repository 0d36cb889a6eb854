import type { PolicyDocument, PolicyRule } from '@bartizan/contracts';
import { PolicyDocument as Document } from '@bartizan/contracts';
import { Button, JsonInput, SegmentedControl } from '@mantine/core';
import { IconPlus, IconShieldCheck } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { checksQuery } from '../app/queries.ts';
import { Section } from '../ui/page.tsx';
import { EmptyState } from '../ui/states.tsx';
import { Catalogue } from './catalogue.tsx';
import { ModeChoice } from './mode.tsx';
import { RuleCard } from './rule-card.tsx';
import { ruleFor } from './rules.ts';

interface EditorProps {
  readonly document: PolicyDocument;
  readonly onChange: (document: PolicyDocument) => void;
  readonly disabled: boolean;
}

/** The rules of a policy as cards, or the whole document as JSON. */
export function RulesEditor({ document, onChange, disabled }: EditorProps) {
  const [view, setView] = useState<'cards' | 'json'>('cards');
  const [adding, setAdding] = useState(false);
  const [opened, setOpened] = useState<string | null>(null);
  const checks = useQuery(checksQuery);
  const replace = (rules: PolicyRule[]) => onChange({ ...document, rules });
  const add = (
    <Button leftSection={<IconPlus size={14} />} variant="default" onClick={() => setAdding(true)}>
      Add rule
    </Button>
  );
  return (
    <>
      <Section
        title="Rules"
        description="Every rule looks at the text it is for. When several find something, the strongest action wins: block, then redact, then flag."
        actions={
          <>
            <SegmentedControl
              size="xs"
              aria-label="View"
              value={view}
              onChange={(value) => setView(value as typeof view)}
              data={[
                { value: 'cards', label: 'Cards' },
                { value: 'json', label: 'JSON' },
              ]}
            />
            {disabled || view === 'json' ? null : add}
          </>
        }
      >
        <div style={{ marginBottom: 16 }}>
          <ModeChoice
            mode={document.mode}
            disabled={disabled}
            onChange={(mode) => onChange({ ...document, mode })}
          />
        </div>
        {view === 'json' ? (
          <JsonView document={document} onChange={onChange} disabled={disabled} />
        ) : document.rules.length === 0 ? (
          <EmptyState icon={IconShieldCheck} title="No rules" action={disabled ? null : add}>
            Without rules everything passes.
          </EmptyState>
        ) : (
          document.rules.map((rule, index) => (
            <RuleCard
              key={index}
              rule={rule}
              check={checks.data?.find((check) => check.id === rule.check)}
              taken={document.rules.filter((_, at) => at !== index).map((each) => each.id)}
              opened={opened === rule.id}
              disabled={disabled}
              first={index === 0}
              last={index === document.rules.length - 1}
              onToggle={() => setOpened(opened === rule.id ? null : rule.id)}
              onChange={(next) => {
                replace(document.rules.with(index, next));
                if (opened === rule.id) setOpened(next.id);
              }}
              onRemove={() => replace(document.rules.toSpliced(index, 1))}
              onMove={(step) => {
                const rules = document.rules.toSpliced(index, 1);
                replace(rules.toSpliced(index + step, 0, rule));
              }}
            />
          ))
        )}
      </Section>
      <Catalogue
        opened={adding}
        checks={checks.data ?? []}
        used={document.rules.map((rule) => rule.check)}
        onClose={() => setAdding(false)}
        onAdd={(check) => {
          const rule = ruleFor(
            check,
            document.rules.map((each) => each.id),
          );
          replace([...document.rules, rule]);
          setOpened(rule.id);
          setAdding(false);
        }}
      />
    </>
  );
}

/** The document as JSON. What is typed stays; it becomes the draft as soon as it is a policy. */
function JsonView({ document, onChange, disabled }: EditorProps) {
  const [text, setText] = useState(() => JSON.stringify(document, null, 2));
  const [problem, setProblem] = useState<string | null>(null);
  const change = (next: string) => {
    setText(next);
    try {
      const judged = Document.safeParse(JSON.parse(next));
      if (judged.success) {
        setProblem(null);
        onChange(judged.data);
      } else {
        const issue = judged.error.issues[0];
        setProblem(`${issue?.path.join('.') || 'document'}: ${issue?.message ?? 'not a policy'}`);
      }
    } catch {
      setProblem('This is not JSON yet');
    }
  };
  return (
    <JsonInput
      aria-label="Policy as JSON"
      autosize
      minRows={12}
      maxRows={40}
      readOnly={disabled}
      error={problem}
      styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 13 } }}
      value={text}
      onChange={change}
    />
  );
}
