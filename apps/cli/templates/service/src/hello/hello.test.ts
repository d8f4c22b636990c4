import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestApp } from '@krepis/core/testing';
import { appModule } from '../app.module.ts';

test('GET /hello/:name greets', async () => {
  const app = createTestApp(appModule);
  const response = await app.inject('/hello/Ada');
  assert.equal(response.status, 200);
  assert.deepEqual(response.json(), { greeting: 'Hello, Ada!' });
  await app.close();
});
