import { ts } from 'ts-morph';
import { isReferenceTo } from '../modules/declaration.ts';
import { type Source, unwrap } from '../source.ts';
import { referenceOf } from './known.ts';

/** One dependency of a class as its code says it. */
export interface Dependency {
  /** The token or type, as the file calls it. */
  readonly token: string;
  /** The parameter or field, and how it is called. */
  readonly node: ts.ParameterDeclaration | ts.PropertyDeclaration;
  readonly name: string;
}

/** What a class has injected: `inject()` fields, `static inject`, constructor parameters, `@Inject()` fields. */
export function dependenciesOf(source: Source, node: ts.ClassDeclaration): Dependency[] {
  return node.members.flatMap((member): Dependency[] => {
    if (ts.isConstructorDeclaration(member)) {
      return member.parameters.flatMap((parameter) => {
        const token = injectToken(source, parameter) ?? referenceOf(parameter.type);
        return token === undefined ? [] : [{ token, node: parameter, name: parameter.name.getText(source.file) }];
      });
    }
    if (!ts.isPropertyDeclaration(member)) return [];
    const declared = staticInject(source, member);
    if (declared !== undefined) return declared.map((token) => ({ token, node: member, name: 'inject' }));
    const token = injectToken(source, member) ?? injectCall(source, member.initializer);
    return token === undefined ? [] : [{ token, node: member, name: member.name.getText(source.file) }];
  });
}

/** `@Inject(X)`, or `@Inject()` with the type X; `undefined` without `@Inject`. */
export function injectToken(
  source: Source,
  node: ts.ParameterDeclaration | ts.PropertyDeclaration,
): string | undefined {
  for (const { expression } of ts.getDecorators(node) ?? []) {
    if (!ts.isCallExpression(expression) || !isReferenceTo(source, expression.expression, 'Inject', '@nestjs/common'))
      continue;
    return referenceOf(expression.arguments[0]) ?? referenceOf(node.type);
  }
  return undefined;
}

/** The token of `inject(X)`. */
export function injectCall(source: Source, node: ts.Expression | undefined): string | undefined {
  if (node === undefined || !ts.isCallExpression(node)) return undefined;
  return isReferenceTo(source, node.expression, 'inject', '@krepis/core') ? referenceOf(node.arguments[0]) : undefined;
}

/** The tokens of Krepis' `static inject = [X, Y] as const`. */
function staticInject({ file }: Source, node: ts.PropertyDeclaration): string[] | undefined {
  const isStatic = ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword) === true;
  if (!isStatic || node.name.getText(file) !== 'inject' || node.initializer === undefined) return undefined;
  const list = unwrap(node.initializer);
  if (!ts.isArrayLiteralExpression(list)) return undefined;
  return list.elements.map(referenceOf).filter((token) => token !== undefined);
}
