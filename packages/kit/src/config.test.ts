import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Type from 'typebox'
import { expect, test } from 'vitest'
import { commonConfig } from './config-common.ts'
import { ConfigError, describeConfig, readConfig } from './config.ts'

const schema = Type.Object({
  PORT: Type.Integer({ default: 8080, minimum: 1, maximum: 65535 }),
  DEBUG: Type.Boolean({ default: false }),
  ORIGINS: Type.Array(Type.String(), { default: [] }),
  MODE: Type.Union([Type.Literal('fast'), Type.Literal('safe')], { default: 'safe', description: 'how to run' }),
  SECRET: Type.String({ minLength: 8, default: 'only-for-trying', secret: true, requiredInProduction: true }),
  LABEL: Type.Optional(Type.String()),
})
const faultsOf = (env: Record<string, string>): readonly string[] => {
  try {
    readConfig(schema, env)
  } catch (error) {
    if (error instanceof ConfigError) return error.faults
  }
  return []
}

test('text becomes what the schema asks for; the rest is defaults; the result is frozen', () => {
  const config = readConfig(schema, { PORT: '99', DEBUG: 'true', ORIGINS: 'a, b,,c', MODE: '', OTHER: 'x' })
  expect(config).toEqual({ PORT: 99, DEBUG: true, ORIGINS: ['a', 'b', 'c'], MODE: 'safe', SECRET: 'only-for-trying' })
  expect(Object.isFrozen(config)).toBe(true)
})

test('all faults come together, name the variable and what is expected', () => {
  expect(faultsOf({ PORT: '70000', DEBUG: 'yes', MODE: 'slow' })).toEqual([
    'PORT: "70000" does not fit; expected an integer from 1 to 65535',
    'DEBUG: "yes" does not fit; expected true or false',
    'MODE: "slow" does not fit; expected one of fast, safe (how to run)',
  ])
})

test('a secret is never printed', () => {
  expect(faultsOf({ SECRET: 'hunter2' })).toEqual([
    'SECRET: its value does not fit; expected text of at least 8 characters',
  ])
  expect(JSON.stringify(describeConfig(schema))).not.toContain('only-for-trying')
})

test('production refuses a default that is only for trying', () => {
  expect(faultsOf({ NODE_ENV: 'production' })).toEqual([
    'SECRET: must be set in production; expected text of at least 8 characters',
  ])
})

test('X_FILE reads a file, without its last line break; both at once are refused', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'config-')), 'secret')
  writeFileSync(file, 'from-a-file\n')
  expect(readConfig(schema, { SECRET_FILE: file }).SECRET).toBe('from-a-file')
  expect(faultsOf({ SECRET: 'from-the-env', SECRET_FILE: file })[0]).toContain('set twice')
  expect(faultsOf({ SECRET_FILE: '/nowhere/at/all' })[0]).toContain('cannot be read (ENOENT)')
})

test('a missing variable without a default is a fault', () => {
  expect(() => readConfig(Type.Object({ NEEDED: Type.String() }), {})).toThrow('NEEDED: is missing; expected text')
})

test('the common config stands on its defaults, except in production', () => {
  expect(readConfig(Type.Object(commonConfig), {})).toMatchObject({
    HOST: '127.0.0.1',
    DRAIN_MS: 25_000,
    TRUST_PROXY: [],
  })
  expect(() => readConfig(Type.Object(commonConfig), { NODE_ENV: 'production' })).toThrow(
    /NATS_URL: must be set.*\n.*REDIS_URL/,
  )
  expect(() => readConfig(Type.Object(commonConfig), { TRUST_PROXY: 'evil host' })).toThrow('TRUST_PROXY')
})
