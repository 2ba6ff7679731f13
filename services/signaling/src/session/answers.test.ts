import { describe, expect, it } from 'vitest'
import { Answers, printOf } from './answers.ts'

const answerOf = (length: number) => ({ length, text: () => 'x'.repeat(length) })
const ask = (answers: Answers, requestId: string, length: number, entering = false): Promise<void> => {
  const answering = Promise.resolve(answerOf(length))
  answers.keep({ requestId, print: printOf(Buffer.from(requestId)) }, answering, { entering, now: 0 })
  return answering.then(() => {})
}
const known = (answers: Answers, requestId: string): boolean =>
  answers.get(requestId, printOf(Buffer.from(requestId))) !== undefined

describe('X30 kept answers', () => {
  it('are bounded by their length, the oldest go first', async () => {
    const answers = new Answers()
    for (let n = 0; n < 64; n += 1) await ask(answers, `${n}`, 15_000)
    expect(answers.length).toBeLessThanOrEqual(32_768)
    expect([known(answers, '63'), known(answers, '62'), known(answers, '60')]).toEqual([true, true, false])
  })

  it('of short ones 64 are kept', async () => {
    const answers = new Answers()
    for (let n = 0; n < 80; n += 1) await ask(answers, `${n}`, 100)
    expect([known(answers, '15'), known(answers, '16'), known(answers, '79')]).toEqual([false, true, true])
  })

  it('keep what entered the room while its client may ask for it again', async () => {
    const answers = new Answers()
    await ask(answers, 'join', 20_000, true)
    for (let n = 0; n < 10; n += 1) await ask(answers, `${n}`, 10_000)
    expect(known(answers, 'join')).toBe(true)
    answers.forgetPassing(60_000)
    expect(known(answers, 'join')).toBe(false)
  })
})
