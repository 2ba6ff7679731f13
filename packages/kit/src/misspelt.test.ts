import Type from 'typebox'
import { expect, test } from 'vitest'
import { findMisspelt } from './misspelt.ts'
import { socketsThatFit } from './open-files.ts'

const schema = Type.Object({ PUBLIC_URL: Type.String(), RATE_LIMIT_UPGRADES: Type.Integer(), PORT: Type.Integer() })

test('O21 a variable that is a letter or two off a known one is named, with what was meant', () => {
  const env = {
    RATE_LIMT_UPGRADES: '1',
    PULBIC_URL: 'x',
    PUBLIC_URLS: 'x',
    public_url: 'x',
    RATE_LIMIT_UPGRADES_FIL: '/x',
  }
  expect(findMisspelt(env, [schema])).toEqual([
    { name: 'RATE_LIMT_UPGRADES', meant: 'RATE_LIMIT_UPGRADES' },
    { name: 'PULBIC_URL', meant: 'PUBLIC_URL' },
    { name: 'PUBLIC_URLS', meant: 'PUBLIC_URL' },
    { name: 'public_url', meant: 'PUBLIC_URL' },
    { name: 'RATE_LIMIT_UPGRADES_FIL', meant: 'RATE_LIMIT_UPGRADES_FILE' },
  ])
})

test('O21 other variables are nobody’s business: known ones, short ones, those that are further off', () => {
  const env = { PUBLIC_URL: 'x', PUBLIC_URL_FILE: '/x', PART: '1', PATH: '/bin', HOSTNAME: 'pod-1', PUBLIC_IP: 'x' }
  expect(findMisspelt(env, [schema])).toEqual([])
})

test('O21 no more sockets are taken than open files allow', () => {
  expect(socketsThatFit(20_000, 2, 1_048_576)).toBe(20_000)
  expect(socketsThatFit(20_000, 2, 1_024)).toBe(437)
  expect(socketsThatFit(20_000, 1, 100)).toBe(1)
})
