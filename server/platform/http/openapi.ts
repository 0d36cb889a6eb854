import { ApiError, PERMISSIONS, type RouteContract } from '@bartizan/contracts';
import { z } from 'zod';

type Json = Record<string, unknown>;

/** What the rest of a path, `*` in contracts, is called in the document. */
const REST = 'path';

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest as Json;
}

function parametersOf(contract: RouteContract): Json[] {
  const of = (schema: z.ZodType | undefined, where: 'path' | 'query'): Json[] => {
    if (!schema) return [];
    const json = schemaOf(schema, 'input');
    const required = new Set((json.required as string[] | undefined) ?? []);
    return Object.entries((json.properties as Record<string, Json> | undefined) ?? {}).map(
      ([name, part]) => ({
        name: name === '*' ? REST : name,
        in: where,
        required: where === 'path' || required.has(name),
        schema: part,
      }),
    );
  };
  const inPath = of(contract.params, 'path');
  // A path of any rest needs no schema for it in the contract, but OpenAPI wants each parameter declared.
  if (contract.path.endsWith('*') && !inPath.some(({ name }) => name === REST)) {
    inPath.push({ name: REST, in: 'path', required: true, schema: { type: 'string' } });
  }
  return [...inPath, ...of(contract.query, 'query')];
}

function securityOf(contract: RouteContract): Json {
  switch (contract.access) {
    case 'public':
      return { security: [] };
    case 'signed-in':
    case 'gateway':
    case 'scim':
      return {};
    default:
      return { 'x-permission': contract.access, description: `Needs: ${PERMISSIONS[contract.access]}.` };
  }
}

function operationOf(contract: RouteContract): Json {
  const json = contract.mediaType ?? 'application/json';
  const answer = contract.response
    ? { [json]: { schema: schemaOf(contract.response, 'output') } }
    : { [contract.streams ?? json]: { schema: { type: 'string' } } };
  const responses = contract.redirects
    ? { 303: { description: 'The address to go to, in Location' } }
    : { 200: { description: 'Done', content: answer } };
  return {
    operationId: contract.id,
    summary: contract.summary,
    tags: [contract.id.split('.')[0]],
    ...securityOf(contract),
    parameters: parametersOf(contract),
    ...(contract.body
      ? {
          requestBody: {
            required: true,
            content: { [json]: { schema: schemaOf(contract.body, 'input') } },
          },
        }
      : {}),
    responses: {
      ...responses,
      default: {
        description: 'It did not work; the error says why and what to do',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/ApiError' } } },
      },
    },
  };
}

/** The OpenAPI 3.1 document of the control plane, drawn from the contracts. Internal routes are left out. */
export function openApiDocument(contracts: readonly RouteContract[], version: string): Json {
  const paths: Record<string, Json> = {};
  for (const contract of contracts) {
    if (contract.access === 'gateway') continue;
    const path = contract.path.replace(/:([a-zA-Z]+)/g, '{$1}').replace(/\*$/, `{${REST}}`);
    paths[path] = { ...paths[path], [contract.method.toLowerCase()]: operationOf(contract) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Bartizan control plane',
      version,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    security: [{ session: [] }, { key: [] }],
    paths,
    components: {
      schemas: { ApiError: schemaOf(ApiError, 'output') },
      securitySchemes: {
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'bartizan-<instance>',
          description: 'Set by signing in',
        },
        key: { type: 'http', scheme: 'bearer', description: 'An API key with the scopes it needs' },
      },
    },
  };
}
