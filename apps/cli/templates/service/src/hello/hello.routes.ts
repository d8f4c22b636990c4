import { inject, routes } from '@krepis/core';
import { HelloService } from './hello.service.ts';

export const helloRoutes = routes('/hello', {
  'GET /:name': (request) => ({ greeting: inject(HelloService).greeting(request.params.name) }),
});
