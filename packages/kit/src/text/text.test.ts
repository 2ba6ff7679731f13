import { fromClient, operations, textKeyword, type Operation, type Operations } from '@parley/contracts'
import { expect, test } from 'vitest'
import { compileInput } from '../http/faults.ts'
import { mailboxOf, readAddress, shownAddress } from './address.ts'
import { loggable } from './log-line.ts'
import { readCode } from './code.ts'
import { readInstant } from './instant.ts'
import { readName, repairName } from './name.ts'
import { readProse } from './prose.ts'
import { quoted, withoutLinks } from './quoted.ts'
import { isReaction } from './reaction.ts'
import { passcodeForm, secretForm } from './secret.ts'
import { hasVisible } from './visible.ts'

const valueOf = (read: { value: string } | { fault: string }): string | null => ('value' in read ? read.value : null)
const name = (text: string): string | null => valueOf(readName(text))
const address = (text: string): string | null => valueOf(readAddress(text))

test('A1 X11 names have no odd spaces and are composed', () => {
  expect(name('  Ana\u00a0\u3000 Host ')).toBe('Ana Host')
  expect(name('Zoe\u0308')).toBe('Zoë')
  expect(name('Ana\u2800Host')).toBe('Ana Host')
})

test.each([
  ['Persian with a non-joiner', 'می‌خواهم'],
  ['Sinhala with a joiner', 'ශ්‍රී'],
  ['Devanagari with a joiner', 'क्‍ष'],
  ['a family', 'Ann 👨‍👩‍👧'],
  ['a heart in colour', 'Ann ❤️'],
  ['a flag of tags', '🏴󠁧󠁢󠁥󠁮󠁧󠁿 Ann'],
  ['a key cap', 'Team 1️⃣'],
  ['a skin tone', '👋🏽'],
  ['a variant of an ideograph', '葛\u{e0100}城'],
  ['Thai marks', 'น้ำ'],
  ['Vietnamese', 'Nguyễn'],
  ['Hebrew points', 'שָׁלוֹם'],
  ['quotes and formulas', '=1+1 "O’Neil" <b>'],
])('A1 a name may have %s', (_what, text) => {
  expect(name(text)).toBe(text.normalize('NFC'))
})

const invisible = [
  ['\u200b', 'ZERO WIDTH SPACE'],
  ['\u202e', 'RIGHT-TO-LEFT OVERRIDE'],
  ['\u2067', 'RIGHT-TO-LEFT ISOLATE'],
  ['\u200e', 'LEFT-TO-RIGHT MARK'],
  ['\u061c', 'ARABIC LETTER MARK'],
  ['\u3164', 'HANGUL FILLER'],
  ['\uffa0', 'HALFWIDTH HANGUL FILLER'],
  ['\u115f', 'HANGUL CHOSEONG FILLER'],
  ['\u00ad', 'SOFT HYPHEN'],
  ['\u034f', 'COMBINING GRAPHEME JOINER'],
  ['\u2060', 'WORD JOINER'],
  ['\ufeff', 'ZERO WIDTH NO-BREAK SPACE'],
  ['\u200d', 'ZERO WIDTH JOINER'],
  ['\u200c', 'ZERO WIDTH NON-JOINER'],
  ['\ufe0f', 'VARIATION SELECTOR-16'],
  ['\u{e0100}', 'VARIATION SELECTOR-17'],
  ['\u{e0041}', 'TAG LATIN CAPITAL LETTER A'],
  ['\u180e', 'MONGOLIAN VOWEL SEPARATOR'],
  ['\u17b4', 'KHMER VOWEL INHERENT AQ'],
  ['\u0000', 'NULL'],
  ['\u0007', 'BELL'],
  ['\n', 'LINE FEED'],
  ['\u0085', 'NEXT LINE'],
  ['\u009b', 'CONTROL SEQUENCE INTRODUCER'],
  ['\u2028', 'LINE SEPARATOR'],
  ['\u2029', 'PARAGRAPH SEPARATOR'],
  ['\ufff9', 'INTERLINEAR ANNOTATION ANCHOR'],
  ['\ue000', 'a private use character'],
  ['\ufffe', 'a noncharacter'],
] as const

test.each(invisible)('A1 no name hides %j (%s), anywhere', (character) => {
  for (const text of [character, `Ana Host${character}`, `${character}Ana Host`, `Ana${character}Host`])
    expect(readName(text)).toHaveProperty('fault')
})

test('A1 a name has something to see, and no pile of marks', () => {
  for (const text of [
    '',
    ' ',
    '\u3000\u00a0',
    '\u2800',
    '\u0301',
    '\u0301Ana',
    `a${'\u0301'.repeat(79)}`,
    'a\u0300\u0301\u0302\u0303\u0304',
  ])
    expect(readName(text)).toHaveProperty('fault')
})

test('A7 a name of a provider is repaired, never refused', () => {
  expect(repairName('Ana\u200b\u202e Host\n', 'User')).toBe('Ana Host')
  expect(repairName('\u200b', 'User')).toBe('User')
  expect(repairName('a\ud83d', 'User')).toBe('a\ufffd')
  expect(repairName(`a${'\u0301'.repeat(79)}`, 'User')).toBe('a')
})

test('C1 nothing but blanks is nothing to see', () => {
  for (const text of ['', '  \n ', '\u2800', '\u200b\u202e', '\u3164', '\ufeff', '\u0301', '\u{1d159}'])
    expect(hasVisible(text)).toBe(false)
  for (const text of ['.', '👍', '１', 'ا', ' a ']) expect(hasVisible(text)).toBe(true)
})

test('M1 prose keeps its lines and loses its control characters', () => {
  expect(valueOf(readProse('a\r\nb\tc\u202e', true))).toBe('a\nb\tc\u202e')
  expect(valueOf(readProse(' \u200b', true))).toBe('')
  for (const text of ['a\u0000', 'a\u001b[2J', 'a\u0085']) expect(readProse(text, true)).toHaveProperty('fault')
  expect(readProse('\u2800', false)).toHaveProperty('fault')
})

test('R3 a reaction is one emoji', () => {
  for (const text of ['👍', '👍🏽', '❤️', '❤', '👨‍👩‍👧', '🇩🇪', '1️⃣', '🏴󠁧󠁢󠁥󠁮󠁧󠁿']) expect(isReaction(text)).toBe(true)
  for (const text of ['', ' ', 'x', '1', '#', ' \u200b', 'sixteen letters!', '👍👍', '👍x', '\u202e👍', '👍\u200b'])
    expect(isReaction(text)).toBe(false)
})

test('A1 passwords are the same from every keyboard (RFC 8265)', () => {
  expect(secretForm('longenoughe\u0301')).toBe('longenough\u00e9')
  expect(secretForm('a\u00a0b\u3000')).toBe('a b ')
  expect(secretForm('Ａa')).toBe('Ａa')
})

test('M1 passcodes are the same from every phone', () => {
  for (const text of ['1234', '１２３４', '١٢٣٤', '۱۲۳۴', ' 1234\u3000', '१२३४', '𝟏𝟐𝟑𝟒', '𝟷𝟸𝟹𝟺'])
    expect(passcodeForm(text)).toBe('1234')
  expect(passcodeForm('ａＢ-１')).toBe('aB-1')
})

test('A1 an address has one spelling', () => {
  expect(address('z@bücher.example')).toBe('z@xn--bcher-kva.example')
  expect(address('z@bu\u0308cher.example')).toBe('z@xn--bcher-kva.example')
  expect(address('Z@XN--BCHER-KVA.example ')).toBe('z@xn--bcher-kva.example')
  expect(address('a@b\u3002example')).toBe('a@b.example')
  expect(address('a@ｂ．example')).toBe('a@b.example')
  expect(address('Zoe\u0308@example.org')).toBe('zoë@example.org')
  expect(address("o'neil+x.y@localhost")).toBe("o'neil+x.y@localhost")
  expect(shownAddress('z@xn--bcher-kva.example')).toBe('z@bücher.example')
  expect(mailboxOf('victim+12@example.org')).toBe('victim@example.org')
  expect(mailboxOf('a.b@example.org')).toBe('a.b@example.org')
})

test.each([
  'a@b..c',
  '.a@b.c',
  'a.@b.c',
  'a..b@c.d',
  'a@b.c.',
  'a@.b',
  '@b.c',
  'a@',
  'a',
  'a b@c.d',
  'a@b c',
  'a@b@c.d',
  '"a b"@c.d',
  'a@[127.0.0.1]',
  'a@127.0.0.1',
  'a@1',
  'nora@x',
  'a@b:25',
  'a@b%2ec',
  'a@-b.c',
  'a@b-.c',
  'a@xn--a',
  `${'a'.repeat(65)}@b.c`,
  'a<b@c.d',
  ...invisible.map(([character]) => `a${character}@b.example`),
  ...invisible.map(([character]) => `a@b${character}.example`),
])('A1 %j is no address', (text) => {
  expect(address(text)).toBeNull()
})

test.each([
  'abc-defg-hij',
  'ABC-DEFG-HIJ',
  'AbcDefgHij',
  ' abc defg hij ',
  'abc\u2013defg\u2014hij',
  'ａｂｃ-defg-hij',
])('M2 %j is a code', (text) => expect(readCode(text)).toEqual({ value: 'abc-defg-hij' }))

test.each(['', 'abc', 'abc-defg-hi', 'abc-defg-hijk', 'abc_defg_hij', '123-4567-890'])('M2 %j is no code', (text) =>
  expect(readCode(text)).toEqual({ value: text }),
)

test.each([
  ['2031-03-01T09:00:00Z', '2031-03-01T09:00:00.000Z'],
  ['2031-03-01T09:00:00.5Z', '2031-03-01T09:00:00.500Z'],
  ['2031-03-01t09:00:00.123456z', '2031-03-01T09:00:00.123Z'],
  ['2031-03-01T10:00:00+01:00', '2031-03-01T09:00:00.000Z'],
  ['2031-03-01T00:30:00-09:30', '2031-03-01T10:00:00.000Z'],
  ['2028-02-29T23:59:59+14:00', '2028-02-29T09:59:59.000Z'],
])('M1 the time %s is %s', (text, value) => expect(readInstant(text)).toEqual({ value }))

test.each(['2031-02-29T09:00:00Z', '2031-02-31T09:00:00+02:00', '2031-01-01T24:30:00Z', '2031-01-01T00:00:00+25:00'])(
  'M1 %s is no time that exists',
  (text) => expect(readInstant(text)).toEqual({ fault: 'is not a date that exists' }),
)

test('S13 nothing in a log line acts on a terminal', () => {
  expect(loggable('a\u001b[2J\u202e\n\u2028\u009bb\tc')).toBe('a\\u001b[2J\\u202e\\u000a\\u2028\\u009bb\tc')
})

test.each([
  ['Your account is blocked! Confirm at evil.example/login', 'Your account is blocked! Confirm at [link left out]'],
  ['URGENT: verify at http://evil.example', 'URGENT: verify at [link left out]'],
  ['write to Eve@evil.example now', 'write to [link left out] now'],
  ['www.evil.example:8080/a?b#c', '[link left out]'],
  ['bücher.example', '[link left out]'],
  ['evil\u3002example', '[link left out]'],
  ['10.0.0.1/x', '[link left out]'],
  ['mailto:eve', '[link left out]'],
  ['Version 2.0, e.g. at 10.30', 'Version 2.0, e.g. at 10.30'],
  ['Planning: Q3', 'Planning: Q3'],
])('M12 a mail has no links of strangers: %s', (text, tame) => {
  expect(withoutLinks(text)).toBe(tame)
})

test('M12 a stranger’s text stands in one line, isolated', () => {
  expect(quoted(' a\n\u202eb ')).toBe('\u2068a b\u2069')
})

/** Every field of a body that takes text of a kind, as `operation/path`. */
function textsOf(schema: object, path: string): [string, string][] {
  const {
    properties = {},
    anyOf = [],
    [textKeyword]: kind,
  } = schema as Record<string, never> & {
    properties?: Record<string, object>
    anyOf?: object[]
  }
  if (kind !== undefined) return [[path, String(kind)]]
  return [
    ...Object.entries(properties).flatMap(([field, inner]) => textsOf(inner, `${path}/${field}`)),
    ...anyOf.flatMap((inner) => textsOf(inner, path)),
  ]
}
const all: [string, Operation][] = Object.values<Operations>(operations).flatMap((some) => Object.entries(some))
const rest = all.flatMap(([id, { body }]) => (body ? textsOf(body, id) : []))
const messages = Object.entries(fromClient).flatMap(([type, { payload }]) => textsOf(payload, type))

test('A1 every text that a person reads has a rule', () => {
  expect(Object.fromEntries([...rest, ...messages])).toEqual({
    'register/email': 'address',
    'register/password': 'secret',
    'register/name': 'name',
    'guest/name': 'name',
    'updateMe/name': 'name',
    'changePassword/newPassword': 'secret',
    'forgotPassword/email': 'address',
    'resetPassword/newPassword': 'secret',
    'createMeeting/title': 'name',
    'createWebhook/description': 'name',
    'createMeeting/description': 'prose',
    'createMeeting/passcode': 'passcode',
    'updateMeeting/title': 'name',
    'updateWebhook/description': 'name',
    'updateMeeting/description': 'prose',
    'updateMeeting/passcode': 'passcode',
    'createMeeting/scheduledAt': 'instant',
    'scheduleMeeting/scheduledAt': 'instant',
    'resolveCode/code': 'code',
    'join/code': 'code',
    'join/displayName': 'name',
    'roomToken/displayName': 'name',
    'createInvite/email': 'address',
    'createInvite/message': 'prose',
    'sendMessage/text': 'message',
    'editMessage/text': 'message',
    'chat.send/text': 'message',
    'chat.edit/text': 'message',
    'reaction.send/reaction': 'reaction',
  })
})

test.each(all.filter(([, { body }]) => body !== undefined && textsOf(body, '').length > 0))(
  'A1 %s answers 400 with the path of each bad text',
  (id, { body }) => {
    const check = compileInput(body ?? {})
    for (const [path] of textsOf(body ?? {}, '')) {
      const faults = check({ [path.slice(1)]: '\u200b\u202e' })
      const isSecret = rest.some(
        ([field, kind]) => field === `${id}${path}` && (kind === 'secret' || kind === 'passcode'),
      )
      if (path !== '/description') expect(faults.map((fault) => fault.path)).toContain(path)
      if (isSecret) expect(check({ [path.slice(1)]: ' '.repeat(20) }).map((fault) => fault.path)).toContain(path)
    }
  },
)
