import Type from 'typebox'
import { expect, test } from 'vitest'
import { advertisedUrl } from './advertised.ts'
import { commonConfig } from './config-common.ts'
import { readConfig } from './config.ts'

const of = (env: Record<string, string>): string =>
  advertisedUrl(readConfig(Type.Object(commonConfig), env), 'http://127.0.0.1:8080')

test('O1 an advertised IPv6 address gets brackets, and the port where it belongs', () => {
  expect(of({})).toBe('http://127.0.0.1:8080')
  expect(of({ ADVERTISE_HOST: '10.1.2.3' })).toBe('http://10.1.2.3:8080')
  expect(of({ ADVERTISE_HOST: 'fd00::1' })).toBe('http://[fd00::1]:8080')
  expect(of({ ADVERTISE_HOST: 'chat-0.chat' })).toBe('http://chat-0.chat:8080')
  expect(of({ ADVERTISE_HOST: 'fd00::1', ADVERTISE_URL: 'http://[fd00::2]:80' })).toBe('http://[fd00::2]:80')
})

test('O1 an IPv6 address without brackets is refused at the start, not dialled in vain', () => {
  for (const url of ['http://fd00::1:8080', 'http://[fd00::1:8080', 'http://a:b', 'http://a/b'])
    expect(() => of({ ADVERTISE_URL: url }), url).toThrow('an IPv6 address in brackets')
})
