import type { ErrorDefinition } from '@krepis/plugin';

/**
 * Every reason for which a generator says no. KRP60xx: what was asked for is malformed (exit 2). KRP61xx: it was understood,
 * and the code it meets does not allow it (exit 1).
 */
export const errors = {
  UNKNOWN_KIND: {
    code: 'KRP6001',
    exit: 2,
    message: 'there is no generator `{kind}`',
    hint: 'the generators are {kinds}',
  },
  BAD_ARGUMENTS: {
    code: 'KRP6002',
    exit: 2,
    message: '`{kind}` takes {expected}, not {count} argument(s)',
    hint: 'write `krepis g {usage}`',
  },
  BAD_NAME: {
    code: 'KRP6003',
    exit: 2,
    message: '`{name}` cannot be the name of a {what}',
    hint: 'begin with a letter; go on with letters, digits, `-` and `_`; folders come before it with `/`, as in `orders/refund`',
  },
  OUTSIDE: {
    code: 'KRP6004',
    exit: 2,
    message: '`{path}` is not a path inside the workspace',
    hint: 'name a path relative to the workspace root, with `/`, without `..`',
  },
  BAD_SIGNATURE: {
    code: 'KRP6005',
    exit: 2,
    message: '`{signature}` is not the signature of one method',
    hint: "write it as in a class: 'total(amounts: readonly number[]): number'",
  },
  BAD_BODY: {
    code: 'KRP6006',
    exit: 2,
    message: 'the body of `{method}` does not parse, line {line}',
    hint: 'give the statements between the braces, without the braces',
  },
  BAD_DECORATOR: {
    code: 'KRP6007',
    exit: 2,
    message: '`{text}` is not one decorator',
    hint: 'write it as in the code: \'@Roles("admin")\'',
  },
  MODULE_NOT_FOUND: {
    code: 'KRP6008',
    exit: 2,
    message: '`--module {module}` names no module',
    hint: 'give the file that declares it, as in `--module src/app.module.ts`, or `FILE#NAME` where a file declares several',
  },
  FILE_NOT_FOUND: {
    code: 'KRP6009',
    exit: 2,
    message: '{file} does not declare {name}',
    hint: 'give the file that declares the class, relative to the workspace root',
  },
  BAD_OPTION: {
    code: 'KRP6010',
    exit: 2,
    message: 'the option `{option}` must be {expected}',
    hint: 'see `krepis g --help`',
  },
  UNKNOWN_CLASS: {
    code: 'KRP6101',
    exit: 1,
    message: 'no class {name} in this workspace',
    hint: 'check the spelling; upper and lower case count',
  },
  AMBIGUOUS_CLASS: {
    code: 'KRP6102',
    exit: 1,
    message: 'there are {count} classes {name}: {places}',
    hint: 'say which one with `{option} FILE`',
  },
  SYNTAX_ERROR: {
    code: 'KRP6103',
    exit: 1,
    message: '{path} has a syntax error',
    hint: 'mend it first: code that does not parse is not edited',
  },
  NO_MODULE: {
    code: 'KRP6104',
    exit: 1,
    message: 'no module above {folder} to register {name} in',
    hint: 'name one with `--module FILE`, or write one into the folder of the sources',
  },
  SEVERAL_MODULES: {
    code: 'KRP6105',
    exit: 1,
    message: '{name} can be registered in {count} modules: {places}',
    hint: 'say which one with `--module FILE`',
  },
  UNKNOWN_PROJECT: {
    code: 'KRP6106',
    exit: 1,
    message: '{folder} belongs neither to a Krepis nor to a NestJS project',
    hint: 'add `@krepis/core` or `@nestjs/common` to the dependencies in package.json',
  },
  PATH_TAKEN: {
    code: 'KRP6107',
    exit: 1,
    message: '{path} exists and does not declare {name}',
    hint: 'choose another name or another `--dir`',
  },
  MEMBER_DIFFERS: {
    code: 'KRP6108',
    exit: 1,
    message: '{class} has another member `{member}` already',
    hint: 'change it by hand, or choose another name',
  },
  BODY_MISSING: {
    code: 'KRP6109',
    exit: 1,
    message: '`{method}` returns {type}, and there is no body that does',
    hint: 'give the body with `--body FILE` (`--body -` reads standard input)',
  },
  GENERATED_FILE: {
    code: 'KRP6110',
    exit: 1,
    message: '{path} is generated and not meant to be edited',
    hint: 'change what it is generated from',
  },
  MODULE_SHAPE: {
    code: 'KRP6111',
    exit: 1,
    message: '`{key}` of {module} cannot be edited',
    hint: 'write it as an array literal in the module, or add {name} by hand',
  },
  CONSTRUCTOR_SHAPE: {
    code: 'KRP6112',
    exit: 1,
    message: 'the constructor of {class} cannot take another dependency',
    hint: 'add the dependency by hand',
  },
  DECORATOR_DIFFERS: {
    code: 'KRP6113',
    exit: 1,
    message: '{target} has a decorator @{decorator} with other arguments already',
    hint: 'change its arguments by hand',
  },
  UNKNOWN_NAME: {
    code: 'KRP6114',
    exit: 1,
    message: '{name} is not known in {path}',
    hint: 'say where it comes from with `--from SPECIFIER`',
  },
  NOT_IN_SCOPE: {
    code: 'KRP6115',
    exit: 1,
    message: '{dependency} cannot be injected into {class}: {module} does not see it',
    hint: 'add {dependency} to `providers` of {module}, or let {module} import a module that exports it',
  },
  NAME_TAKEN: {
    code: 'KRP6116',
    exit: 1,
    message: 'the name `{member}` is taken in {class}',
    hint: 'rename that member, or add the dependency by hand',
  },
  NOT_EXPORTED: {
    code: 'KRP6117',
    exit: 1,
    message: '{name} is not exported by its file',
    hint: 'write `export` before it',
  },
  UNPROVEN: {
    code: 'KRP6118',
    exit: 1,
    message: 'the edit of {path} would not leave the rest of the file as it is',
    hint: 'make this change by hand; please report the file, it is a fault of the generator',
  },
  DI_CYCLE: {
    code: 'KRP6119',
    exit: 1,
    message: '{dependency} cannot be injected into {class}: they would need each other in a circle',
    hint: 'move what both need into a third class',
  },
  NOT_A_CLASS: {
    code: 'KRP6120',
    exit: 1,
    message: '{name} is not a class, so its type says nothing at run time',
    hint: 'inject it by hand with `@Inject({name})` and its type',
  },
  UNKNOWN_MEMBER: {
    code: 'KRP6121',
    exit: 1,
    message: '{class} has no member {member}',
    hint: 'check the spelling; create it with `krepis g method`',
  },
} as const satisfies Record<string, ErrorDefinition>;
