import { z } from 'zod';

const Count = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);
/** RFC 3986, section 4.2, without an authority: no scheme in the first segment, only characters of a path. */
const RelativeReference = z
  .string()
  .min(1)
  .regex(/^(?!\/\/)(?![^/]*:)(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-F]{2})+$/);
const Message = z.object({ text: z.string().min(1) });
const Location = z.object({
  physicalLocation: z.object({
    artifactLocation: z.object({ uri: RelativeReference }),
    region: z.object({ byteOffset: Count, byteLength: Count }).optional(),
  }),
  logicalLocations: z
    .array(z.object({ fullyQualifiedName: z.string(), kind: z.string(), name: z.string() }))
    .optional(),
});
const Level = z.enum(['none', 'note', 'warning', 'error']);
const Sarif = z.object({
  $schema: z.literal('https://json.schemastore.org/sarif-2.1.0.json'),
  version: z.literal('2.1.0'),
  runs: z
    .array(
      z.object({
        tool: z.object({
          driver: z.object({
            name: z.string().min(1),
            version: z.string(),
            rules: z.array(
              z.object({ id: z.string().min(1), shortDescription: Message, fullDescription: Message }),
            ),
          }),
        }),
        results: z.array(
          z.object({
            ruleId: z.string(),
            ruleIndex: Count,
            level: Level,
            message: Message,
            locations: z.array(Location).min(1),
          }),
        ),
        invocations: z.array(
          z.object({
            executionSuccessful: z.boolean(),
            toolExecutionNotifications: z.array(
              z.object({ level: Level, message: Message, locations: z.array(Location) }),
            ),
          }),
        ),
      }),
    )
    .min(1),
});

/**
 * What of a text is not as SARIF 2.1.0 (OASIS) wants it, as far as readers rely on it, or would do something to the
 * terminal or the viewer that shows it. Empty where all is well.
 */
export function sarifProblems(text: string): string[] {
  const parsed = Sarif.safeParse(JSON.parse(text));
  if (!parsed.success) return parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  return [
    ...(/[^\P{Cc}\n]|[\p{Cf}\u2028\u2029]/u.test(text) ? ['it has control characters'] : []),
    ...(/\\u00(?:0[0-8bcef]|1[0-9a-f])/i.test(text) ? ['a text has control characters'] : []),
    ...(text.isWellFormed() && !/\\ud[89a-f]/i.test(text) ? [] : ['a text is not well-formed']),
    ...parsed.data.runs.flatMap(({ tool, results }) => {
      const ids = tool.driver.rules.map(({ id }) => id);
      return [
        ...(new Set(ids).size === ids.length ? [] : ['rules have the same id']),
        ...results.flatMap(({ ruleId, ruleIndex, message }) => [
          ...(ids[ruleIndex] === ruleId ? [] : [`${ruleId} is not the rule ${ruleIndex}`]),
          ...(message.text.includes('](') ? ['a message has a link'] : []),
        ]),
      ];
    }),
  ];
}
