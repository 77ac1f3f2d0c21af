export interface AppFixture {
  readonly id: string;
  readonly key: string;
  readonly secret: string;
}

/** The app that tests use: key and secret are those of Pusher's published test vectors. */
export const APP: AppFixture = { id: '1001', key: '278d425bdf160c739803', secret: '7ad3773142a6692b25b8' };
