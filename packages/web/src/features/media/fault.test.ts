import { expect, test } from 'vitest'
import { browserOf, describeFault, howToAllow, mediaFault } from './fault.ts'

test.each([
  ['NotAllowedError', 'denied'],
  ['NotFoundError', 'none'],
  ['OverconstrainedError', 'none'],
  ['NotReadableError', 'busy'],
  ['TypeError', 'unsupported'],
])('O8 %s means %s', (name, fault) => {
  expect(mediaFault(Object.assign(new Error('x'), { name }))).toBe(fault)
})

test('O8 every fault of a device is explained', () => {
  for (const fault of ['denied', 'none', 'busy', 'unsupported'] as const) {
    expect(describeFault('cam', fault)).toContain('camera')
    expect(describeFault('mic', fault)).toContain('microphone')
  }
})

test.each([
  ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'crossed-out'],
  [
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
    'left of the address',
  ],
  [
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15',
    'Safari',
  ],
  ['curl/8.0', 'settings of this site'],
])('O8 a denied device is explained for the browser %s', (userAgent, words) => {
  expect(howToAllow(browserOf(userAgent))).toContain(words)
})
