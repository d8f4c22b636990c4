'use strict';

/** Every error of the launcher; docs/reference/errors.md is generated from this table. */
const errors = {
  NO_BINARY: {
    code: 'KRP1900',
    exit: 70,
    message: 'There is no krepis binary for this platform.',
    hint: 'Install again with optional dependencies (npm: `npm install --include=optional`), or set KREPIS_BIN to a krepis binary.',
  },
  CANNOT_START: {
    code: 'KRP1901',
    exit: 70,
    message: 'The krepis binary cannot be started.',
    hint: 'Check KREPIS_BIN, and that the file is executable and made for this platform.',
  },
};

/** An error with the parts that krepis prints: code, message, reason, hint. */
class LauncherError extends Error {
  constructor(row, reason, hint = row.hint) {
    super(`${row.code}: ${row.message}\n  reason: ${reason}\n  hint: ${hint}`);
    this.code = row.code;
    this.exit = row.exit;
    this.parts = { code: row.code, message: row.message, reason, hint };
  }
}

module.exports = { errors, LauncherError };
