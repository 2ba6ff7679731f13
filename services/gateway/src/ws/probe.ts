import { request } from 'node:http'
import { request as requestHttps } from 'node:https'
import { deadline } from './deadline.ts'

const answerMs = 700

/** Whether the event loop of the service at `url` turns: any answer of `/livez` in time counts. Never rejects. */
export const answersInTime = (url: string): Promise<boolean> =>
  new Promise((resolve) => {
    const send = url.startsWith('https:') ? requestHttps : request
    const probe = send(`${url}/livez`, { agent: false })
    const stop = deadline(answerMs, () => probe.destroy(new Error(`no answer within ${answerMs} ms`)))
    const settle = (answered: boolean): void => {
      stop()
      resolve(answered)
    }
    probe.once('response', (answer) => {
      answer.destroy()
      settle(true)
    })
    probe.once('error', () => settle(false))
    probe.end()
  })
