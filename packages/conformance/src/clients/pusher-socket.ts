import assert from 'node:assert/strict';
import type { AppCredentials } from '../target.ts';
import { dataOf, type Frame, presenceOf, type PresenceList } from './frames.ts';
import { RawSocket, type RawSocketOptions } from './raw-socket.ts';
import { channelAuth, signInAuth } from './signature.ts';

export interface PusherSocketOptions extends RawSocketOptions {
  readonly app: AppCredentials;
}

/** Fields of a subscription that take the place of what the channel's kind calls for; undefined leaves one out. */
export interface SubscribeData {
  readonly auth?: unknown;
  readonly channel_data?: unknown;
}

export interface Member {
  readonly user_id: unknown;
  readonly user_info?: unknown;
}

/** The channel that carries the events of a user. */
export function channelOfUser(userId: string): string {
  return `#server-to-user-${userId}`;
}

/** A raw socket that can sign as the app's own server would. */
export class PusherSocket extends RawSocket {
  readonly app: AppCredentials;

  constructor(options: PusherSocketOptions) {
    super(options);
    this.app = options.app;
  }

  /** The `auth` of a channel for this socket. */
  authFor(channel: string, channelData?: string): string {
    const claim = { socketId: this.id, channel };
    return channelAuth(this.app, channelData === undefined ? claim : { ...claim, channelData });
  }

  sendSubscribe(channel: unknown, data: SubscribeData = {}): void {
    this.send({ event: 'pusher:subscribe', data: { ...data, channel } });
  }

  sendUnsubscribe(channel: string): void {
    this.send({ event: 'pusher:unsubscribe', data: { channel } });
  }

  sendClientEvent(channel: string, data: unknown, event = 'client-x'): void {
    this.send({ event, channel, data });
  }

  /** Asks for a presence channel, signed, without waiting for the answer. */
  sendJoin(channel: string, member: Member): void {
    const channelData = JSON.stringify(member);
    this.sendSubscribe(channel, { auth: this.authFor(channel, channelData), channel_data: channelData });
  }

  /**
   * Subscribes to a channel that is not a presence channel, signed where it has to be. A step on the way of a row: what
   * else the success holds is for the rows that are about it.
   */
  async subscribe(channel: string): Promise<void> {
    this.sendSubscribe(channel, { auth: channel.startsWith('private-') ? this.authFor(channel) : '' });
    const success = await this.expectEvent('pusher_internal:subscription_succeeded');
    assert.equal(success['channel'], channel);
  }

  /** The success of a subscription without presence, exactly as Pusher sends it. */
  async expectSubscribed(channel: string): Promise<void> {
    await this.expectFrame({ event: 'pusher_internal:subscription_succeeded', channel, data: '{}' });
  }

  async join(channel: string, member: Member): Promise<PresenceList> {
    this.sendJoin(channel, member);
    return this.expectJoined(channel);
  }

  async expectJoined(channel: string): Promise<PresenceList> {
    const frame = await this.expectEvent('pusher_internal:subscription_succeeded');
    assert.equal(frame['channel'], channel);
    return presenceOf(frame);
  }

  /** Waits for the list of a presence channel, or its refusal, and leaves it among the frames. */
  async listArrived(): Promise<void> {
    await this.until('its list', () => (this.frames.length > 0 ? true : undefined));
  }

  /** The refusal of a subscription: Pusher's error frame, after which the connection works and is not subscribed. */
  async expectRefused(channel: string, message: string | RegExp): Promise<string> {
    const text = await this.expectError(null, message);
    await this.expectAlive();
    await this.expectNotSubscribed(channel);
    return text;
  }

  async expectNotSubscribed(channel: string): Promise<void> {
    this.sendUnsubscribe(channel);
    await this.expectError(null, /^No current subscription to channel /);
  }

  async expectMemberAdded(channel: string): Promise<Frame> {
    return this.#expectMemberEvent('pusher_internal:member_added', channel);
  }

  /** The departure of a member, with the id and nothing else. */
  async expectMemberRemoved(channel: string, userId: string): Promise<void> {
    assert.deepEqual(await this.#expectMemberEvent('pusher_internal:member_removed', channel), { user_id: userId });
  }

  /** Asks to be signed in with this user_data, signed unless the row gives an `auth` of its own. */
  sendSignIn(userData: string, auth: string = signInAuth(this.app, this.id, userData)): void {
    this.send({ event: 'pusher:signin', data: { auth, user_data: userData } });
  }

  /** Signs in, a step as `subscribe` is. */
  async signIn(user: Readonly<Record<string, unknown>>): Promise<void> {
    this.sendSignIn(JSON.stringify(user));
    await this.expectEvent('pusher:signin_success');
  }

  /** The success of a sign-in, with the very text that was signed. */
  async expectSignedIn(userData: string): Promise<void> {
    const success = await this.expectEvent('pusher:signin_success');
    assert.equal(dataOf(success)['user_data'], userData);
  }

  /** The connection may not have the events of a user. */
  async expectNotSignedInAs(userId: string): Promise<void> {
    const channel = channelOfUser(userId);
    this.sendSubscribe(channel, { auth: '' });
    await this.expectRefused(channel, /./);
  }

  async #expectMemberEvent(event: string, channel: string): Promise<Frame> {
    const frame = await this.expectEvent(event);
    assert.deepEqual(Object.keys(frame).sort(), ['channel', 'data', 'event']);
    assert.equal(frame['channel'], channel);
    return dataOf(frame);
  }
}
