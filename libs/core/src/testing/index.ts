export { createTestApp, type StandIn, TestApp, type TestAppOptions } from './test-app.ts';
