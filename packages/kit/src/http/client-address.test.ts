import type { IncomingHttpHeaders } from 'node:http'
import { expect, test } from 'vitest'
import { createLoggedTrust, createProxyTrust } from './client-address.ts'
import { addressOfNode } from './node-address.ts'

test.each<[string, string | null]>([
  ['203.0.113.7', '203.0.113.7'],
  [' 203.0.113.7:51324 ', '203.0.113.7'],
  ['203.0.113.7:_port-1', '203.0.113.7'],
  ['"203.0.113.7:51324"', '203.0.113.7'],
  ['[2001:db8::7]', '2001:db8::7'],
  ['[2001:db8::7]:443', '2001:db8::7'],
  ['"[2001:DB8:0:0::7]:443"', '2001:db8::7'],
  ['2001:0db8:0000:0000:0000:0000:0000:0007', '2001:db8::7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['::ffff:cb00:7107', '203.0.113.7'],
  ['[::FFFF:CB00:7107]:80', '203.0.113.7'],
  ['fe80::1%eth0', 'fe80::1'],
  ['unknown', null],
  ['_hidden', null],
  ['', null],
  ['[203.0.113.7', null],
  ['203.0.113.7:99999999', null],
  ['203.0.113.256', null],
  ['203.0.113.7, 6.6.6.6', null],
])('H2 the node %s is the address %s', (node, address) => expect(addressOfNode(node)).toBe(address))

const asked = (remoteAddress: string, headers: IncomingHttpHeaders = {}) =>
  ({ socket: { remoteAddress }, headers }) as Parameters<ReturnType<typeof createProxyTrust>['addressOf']>[0]
const legacy = (value: string): IncomingHttpHeaders => ({ 'x-forwarded-for': value })
const { addressOf } = createProxyTrust(['loopback', '10.0.0.0/8'])

test.each<[string, IncomingHttpHeaders, string]>([
  ['198.51.100.7', legacy('6.6.6.6'), '198.51.100.7'],
  ['198.51.100.7', { forwarded: 'for=6.6.6.6' }, '198.51.100.7'],
  ['127.0.0.1', {}, '127.0.0.1'],
  ['::ffff:127.0.0.1', legacy('198.51.100.7'), '198.51.100.7'],
  ['127.0.0.1', legacy('6.6.6.6, 198.51.100.7, 10.1.2.3'), '198.51.100.7'],
  ['127.0.0.1', legacy('6.6.6.6, 198.51.100.7:1, 10.1.2.3:9999'), '198.51.100.7'],
  ['127.0.0.1', legacy('198.51.100.7, , '), '198.51.100.7'],
  ['127.0.0.1', legacy('nonsense'), '127.0.0.1'],
  ['127.0.0.1', legacy('6.6.6.6, nonsense'), '127.0.0.1'],
  ['::1', legacy('2001:db8::7'), '2001:db8::7'],
  ['127.0.0.1', { forwarded: 'for=192.0.2.43, for="[2001:db8:cafe::17]:4711"' }, '2001:db8:cafe::17'],
  ['127.0.0.1', { forwarded: 'proto=https;FOR=192.0.2.43;by=10.0.0.1' }, '192.0.2.43'],
  ['127.0.0.1', { forwarded: 'for=192.0.2.43;host="a\\"b;, for=6.6.6.6"' }, '192.0.2.43'],
  ['127.0.0.1', { forwarded: 'for=192.0.2.43; broken' }, '127.0.0.1'],
  ['127.0.0.1', { forwarded: 'for=unknown' }, '127.0.0.1'],
  // A proxy that writes one of the two passes the other one on as the client sent it.
  ['127.0.0.1', { forwarded: 'for=192.0.2.43', ...legacy('192.0.2.43:80') }, '192.0.2.43'],
  ['127.0.0.1', { forwarded: 'for=6.6.6.6', ...legacy('192.0.2.43') }, '127.0.0.1'],
])('H1 S6 peer %s with %o is %s', (peer, headers, expected) => expect(addressOf(asked(peer, headers))).toBe(expected))

test('H2 an unreadable value is logged once, shortened', () => {
  const lines: object[] = []
  const log = { warn: (line: object) => void lines.push(line) } as unknown as Parameters<typeof createLoggedTrust>[1]
  const trust = createLoggedTrust(['loopback'], log)
  for (let index = 0; index < 50; index += 1)
    trust.addressOf(asked('127.0.0.1', legacy(`nonsense-${'x'.repeat(200)}${index}`)))
  expect(lines).toEqual([{ entry: expect.stringMatching(/^nonsense-x{91}$/) }])
})
