import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clientAddress, forwardedEntry } from '../src/index.ts';

interface Origin {
  readonly peer: string | undefined;
  readonly forwardedFor: string | undefined;
}

function addressOf({ peer, forwardedFor }: Origin, trustHops: number): string {
  return clientAddress({ socket: { remoteAddress: peer }, headers: { 'x-forwarded-for': forwardedFor } }, trustHops);
}

describe('the address of a client', () => {
  it('is the other end of its connection while no proxy is trusted, whatever it claims', () => {
    assert.equal(addressOf({ peer: '192.0.2.1', forwardedFor: '203.0.113.9' }, 0), '192.0.2.1');
    assert.equal(addressOf({ peer: '192.0.2.1', forwardedFor: undefined }, 2), '192.0.2.1');
    assert.equal(addressOf({ peer: undefined, forwardedFor: undefined }, 0), '');
  });

  it('is what the farthest trusted proxy says, not what the client wrote in front of it', () => {
    const forwardedFor = 'forged, 203.0.113.9, 198.51.100.2';
    assert.equal(addressOf({ peer: '192.0.2.1', forwardedFor }, 1), '198.51.100.2');
    assert.equal(addressOf({ peer: '192.0.2.1', forwardedFor }, 2), '203.0.113.9');
    assert.equal(addressOf({ peer: '192.0.2.1', forwardedFor: '203.0.113.9' }, 5), '203.0.113.9');
    assert.equal(addressOf({ peer: '192.0.2.1', forwardedFor: ' ' }, 1), '192.0.2.1');
  });

  it('has no port, and is the same in all its spellings', () => {
    for (const address of ['192.0.2.1', '192.0.2.1:443', '::ffff:192.0.2.1', '::FFFF:192.0.2.1']) {
      assert.equal(addressOf({ peer: address, forwardedFor: undefined }, 0), '192.0.2.1', address);
    }
    for (const address of [
      '2001:db8:0:7::1',
      '[2001:db8::7:1:2:3:4]:443',
      '2001:0DB8:0000:0007::',
      '2001:db8:0:7:1:2:3:4',
    ]) {
      assert.equal(addressOf({ peer: address, forwardedFor: undefined }, 0), '2001:db8:0:7::/64', address);
    }
    assert.equal(addressOf({ peer: '::1', forwardedFor: undefined }, 0), '0:0:0:0::/64');
  });

  it('is short, whatever a proxy passes on', () => {
    assert.ok(addressOf({ peer: '', forwardedFor: 'x'.repeat(5000) }, 1).length <= 64);
  });
});

describe('a forwarded entry', () => {
  it('is believed only of a trusted proxy', () => {
    assert.equal(forwardedEntry('https', 0), undefined);
    assert.equal(forwardedEntry('https', 1), 'https');
    assert.equal(forwardedEntry('http, https', 1), 'https');
    assert.equal(forwardedEntry('http, https', 2), 'http');
    assert.equal(forwardedEntry(undefined, 1), undefined);
  });
});
