/** Greets people. */
export class HelloService {
  greeting(name: string): string {
    return `Hello, ${name}!`;
  }
}
