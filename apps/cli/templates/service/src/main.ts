import { createApp } from '@krepis/core';
import { appModule } from './app.module.ts';

const app = await createApp(appModule);
const { url } = await app.listen({ port: Number(process.env.PORT ?? 3000) });
console.log(`listening on ${url}`);
