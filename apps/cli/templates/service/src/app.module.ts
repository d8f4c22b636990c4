import { defineModule } from '@krepis/core';
import { helloModule } from './hello/hello.module.ts';

export const appModule = defineModule({
  imports: [helloModule],
  providers: [],
});
