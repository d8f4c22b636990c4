const preset = require('../../jest.preset.cjs');

// light-my-request, behind fastify's inject(), requires the ES module `cookie`; Jest's require cannot load one as it is.
const [[, swc]] = Object.entries(preset.transform);

module.exports = {
  ...preset,
  displayName: require('./package.json').name,
  rootDir: __dirname,
  transform: { ...preset.transform, '/node_modules/cookie/.+\\.js$': swc },
  transformIgnorePatterns: ['/node_modules/(?!\\.pnpm/cookie@|cookie/)'],
};
