export { type AppFixture, APP } from './app-fixture.ts';
export { findChromium } from './chromium.ts';
export { freePort } from './free-port.ts';
export { type ApiAnswer, ApiClient, type ApiRequest } from './api-client.ts';
export { RawClient, type ReceivedFrame } from './raw-client.ts';
export { channelAuth, presenceAuth } from './channel-auth.ts';
export { SluiceProcess, type SluiceOptions } from './sluice-process.ts';
export { TcpClient } from './tcp-client.ts';
export { until } from './until.ts';
