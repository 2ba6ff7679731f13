import { expect, test } from 'vitest'
import { createOriginPolicy, foreignOrigin, originAt } from './origin.ts'

const policy = createOriginPolicy({
  allowed: ['https://App.example:443', 'http://localhost:5173'],
  crossSite: ['https://other.example'],
})
const own = [originAt('https', 'MEET.example:443'), originAt('http', null)]

test.each<[string[] | undefined, string]>([
  [undefined, 'none'],
  [['https://meet.example'], 'own'],
  [['HTTPS://Meet.Example:443'], 'own'],
  [['https://app.example'], 'allowed'],
  [['http://localhost:5173'], 'allowed'],
  [['https://other.example'], 'cross-site'],
  [['http://meet.example'], 'foreign'],
  [['https://meet.example:444'], 'foreign'],
  [['https://meet.example.evil.example'], 'foreign'],
  [['https://evilmeet.example'], 'foreign'],
  [['https://meet.example', 'https://meet.example'], 'foreign'],
  [['https://meet.example, https://meet.example'], 'foreign'],
  [['https://meet.example/'], 'foreign'],
  [['https://user@meet.example'], 'foreign'],
  [['null'], 'foreign'],
  [[''], 'foreign'],
  [[`https://${'a'.repeat(400)}.example`], 'foreign'],
])('H3 the Origin %o is %s', (given, verdict) => expect(policy(given, own)).toBe(verdict))

test('H3 a refusal names the settings that end it', () => {
  expect(foreignOrigin(['https://meet.test']).message).toMatch(
    /https:\/\/meet\.test .*PUBLIC_URL.*TRUST_PROXY.*ALLOWED_ORIGINS/,
  )
})
