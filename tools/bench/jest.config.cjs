module.exports = {
  ...require('../../jest.preset.cjs'),
  displayName: require('./package.json').name,
  rootDir: __dirname,
  // Other programs are started, on machines that do other things, too.
  testTimeout: 60_000,
};
