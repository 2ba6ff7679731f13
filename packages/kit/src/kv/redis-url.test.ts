import Type from 'typebox'
import { expect, test } from 'vitest'
import { commonConfig } from '../config-common.ts'
import { readConfig } from '../config.ts'
import { StartupError } from '../startup-error.ts'
import { readSentinelUrl } from './redis-url.ts'

const schema = Type.Object({ REDIS_URL: commonConfig.REDIS_URL })
const read = (url: string) => readConfig(schema, { REDIS_URL: url }).REDIS_URL

test.each([
  'redis://127.0.0.1:6379',
  'redis://in-this-process',
  'rediss://user:secret@redis.example:6380/2',
  'redis-sentinel://one/parley',
  'redis-sentinel://one:26379,two:26379,10.0.0.3/my-master.1',
  'redis-sentinel://[::1]:26379,[2001:db8::2]/parley?db=3',
  'redis-sentinel://user:p%40ss@one:1,two:2/parley?db=0&sentinelPassword=s%26cret',
  'redis-sentinel://:secret@one/parley?sentinelPassword=x',
  'rediss-sentinel://one:26379,two/parley',
])('takes %s', (url) => {
  expect(read(url)).toBe(url)
})

test.each([
  'http://redis',
  'redis-sentinel://',
  'redis-sentinel://one:26379',
  'redis-sentinel://one:26379/',
  'redis-sentinel:///parley',
  'redis-sentinel://one:26379,/parley',
  'redis-sentinel://one:port/parley',
  'redis-sentinel://user:se/cret@one/parley',
  'redis-sentinel://one/parley/0',
  'redis-sentinel://one/parley?db=x',
  'redis-sentinel://one/parley?database=1',
  'redis-sentinel://one two/parley',
])('refuses %s, and says in plain words what it may be', (url) => {
  expect(() => read(url)).toThrow(
    'REDIS_URL: its value does not fit; expected redis://…, rediss://…, or redis-sentinel://[user:password@]host:port,host:port/<master name>',
  )
  expect(() => read(url)).not.toThrow('cret')
})

test('reads the parts of a URL of Sentinels', () => {
  const full = 'redis-sentinel://us%3Aer:p%40:ss@one:1,[::1]:2,three/parley?db=4&sentinelPassword=s%26cret'
  expect(readSentinelUrl(full)).toEqual({
    sentinels: [
      { host: 'one', port: 1 },
      { host: '::1', port: 2 },
      { host: 'three', port: 26_379 },
    ],
    name: 'parley',
    role: 'master',
    db: 4,
    secure: false,
    username: 'us:er',
    password: 'p@:ss',
    sentinelPassword: 's&cret',
  })
  const bare = { sentinels: [{ host: 'one', port: 26_379 }], name: 'm', role: 'master', db: 0, secure: false }
  expect(readSentinelUrl('redis-sentinel://one/m')).toEqual(bare)
  expect(readSentinelUrl('redis-sentinel://:secret@one/m')).toEqual({ ...bare, password: 'secret' })
  expect(readSentinelUrl('rediss-sentinel://one/m')).toEqual({ ...bare, secure: true })
  expect(readSentinelUrl('redis://one/0')).toBeNull()
  expect(() => readSentinelUrl('redis-sentinel://:%ff@one/m')).toThrow(StartupError)
})
