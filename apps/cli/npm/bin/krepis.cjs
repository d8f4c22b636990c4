#!/usr/bin/env node
'use strict';
const { spawn } = require('node:child_process');
const { constants } = require('node:os');
const { locate } = require('../lib/locate.cjs');

start();

function start() {
  let found;
  try {
    found = locate();
  } catch (error) {
    return fail(error);
  }
  const child = spawn(found.binary, process.argv.slice(2), { stdio: 'inherit', env: found.env, windowsHide: true });
  // A terminal signals the whole group; another process signals only us. Passing it on serves both.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    const { errors, LauncherError } = require('../lib/errors.cjs');
    fail(new LauncherError(errors.CANNOT_START, error.message));
  });
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0);
  });
}

function fail(error) {
  process.exitCode = error.exit ?? 70;
  if (process.argv.includes('--json')) {
    process.stdout.write(`${JSON.stringify({ schema: 1, error: error.parts ?? { message: error.message } })}\n`);
  } else {
    process.stderr.write(`${error.message}\n`);
  }
}
