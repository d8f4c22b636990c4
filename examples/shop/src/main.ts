import { createApp } from '@krepis/core';
import { appModule } from './app.module.ts';

const app = await createApp(appModule);
const { url } = await app.listen({
  port: Number(process.env.PORT ?? 3000),
  host: process.env.HOST ?? '127.0.0.1',
});
console.log(`listening on ${url}`);
