/** Key and secret of the examples in Pusher's documents. */
export const DOCUMENTED = { key: '278d425bdf160c739803', secret: '7ad3773142a6692b25b8' };
