/** The built-in generators as a bundle of their own. */
export { generate } from '@krepis/generator';
