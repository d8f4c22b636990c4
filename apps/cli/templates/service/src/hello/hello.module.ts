import { defineModule } from '@krepis/core';
import { helloRoutes } from './hello.routes.ts';
import { HelloService } from './hello.service.ts';

export const helloModule = defineModule({
  providers: [HelloService],
  routes: [helloRoutes],
  exports: [HelloService],
});
