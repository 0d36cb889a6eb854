import { expect, test } from 'vitest';
import { mlflowPath } from './mlflow-links.ts';

const run = '01a1fe5c585c79418a7f753131b84377';
const experiment = '01a1fe5c-5685-7cb2-ac51-70df82feb184';

test.each([
  [`/experiments/${experiment}/runs/${run}`, '/inventory/models/runs/01a1fe5c-585c-7941-8a7f-753131b84377'],
  [`/experiments/${experiment}`, `/inventory/models?tab=runs&experiment=${experiment}`],
  ['/models/credit%20scoring', '/inventory/models/credit%20scoring'],
  ['/models/credit/versions/3', '/inventory/models/credit/versions/3'],
  ['/models/%E0%A4%A', null],
  ['/experiments/1', null],
  ['main', null],
  ['', null],
  ['//evil.example/models/x', null],
])('%o', (hash, path) => {
  expect(mlflowPath(hash)).toBe(path);
});
