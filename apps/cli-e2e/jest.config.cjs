module.exports = {
  ...require('../../jest.preset.cjs'),
  displayName: require('./package.json').name,
  rootDir: __dirname,
  globalSetup: '<rootDir>/src/build.ts',
  testTimeout: 300_000,
  maxWorkers: 2,
};
