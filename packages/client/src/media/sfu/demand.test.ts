import { describe, expect, test } from 'vitest'
import { demandOf, substreamFor } from './demand.ts'
import type { FeedStream } from './janus-messages.ts'

const stream = (mid: string, type: 'audio' | 'video', description: string, disabled = false): FeedStream => ({
  mid,
  type,
  description,
  disabled,
})
const feeds = new Map([
  ['ann', [stream('0', 'audio', 'mic'), stream('1', 'video', 'cam'), stream('2', 'video', 'screen')]],
  ['bob', [stream('0', 'audio', 'mic'), stream('1', 'video', 'cam'), stream('2', 'video', 'screen', true)]],
])
const wanted = (...args: Parameters<typeof demandOf>) =>
  demandOf(...args).map(({ feed, mid, send, substream }) => `${feed}/${mid} ${send ? substream : 'paused'}`)
const none = () => false

describe('V1 what is received', () => {
  test('without a view everything, at its best, but no stream that is switched off', () => {
    expect(wanted(feeds, null, none)).toEqual(['ann/0 2', 'ann/1 2', 'ann/2 2', 'bob/0 2', 'bob/1 2'])
  })

  test('with a view all sound, and only the pictures that are shown, in the size that is needed', () => {
    const view = { cameras: new Map([['bob', 180]]), screens: new Set(['ann']) }
    expect(wanted(feeds, view, none)).toEqual(['ann/0 2', 'ann/2 2', 'bob/0 2', 'bob/1 0'])
  })

  test('a picture that was shown is paused, not given up', () => {
    const view = { cameras: new Map<string, number>(), screens: new Set<string>() }
    const known = (feed: string, mid: string) => feed === 'ann' && mid === '1'
    expect(wanted(feeds, view, known)).toEqual(['ann/0 2', 'ann/1 paused', 'bob/0 2'])
  })

  test('the quality is the smallest that fills the place', () => {
    expect([90, 220, 221, 440, 441, 1080].map(substreamFor)).toEqual([0, 0, 1, 1, 2, 2])
  })
})
