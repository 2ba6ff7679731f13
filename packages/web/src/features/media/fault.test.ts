import { expect, test } from 'vitest'
import { describeFault, mediaFault } from './fault.ts'

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
