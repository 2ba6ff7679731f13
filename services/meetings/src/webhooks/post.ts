import { request as requestHttp, type IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import { TargetRefusedError, type Targets } from './target.ts'

export interface PostAnswer {
  status: number
  /** The wait that the receiver asks for in `Retry-After`, if it does. */
  retryAfterMs: number | null
}

const maxAnswerBytes = 65_536
const longestWaitMs = 3_600_000

/**
 * Posts a body, on a connection of its own, to an address that `targets` has judged. Redirects are answers like others. Of the answer
 * only its head is used; at most 64 KiB are read. Rejects when there is no answer within `timeoutMs`.
 */
export function post(
  targets: Targets,
  { url, headers, body, timeoutMs }: { url: string; headers: Record<string, string>; body: Buffer; timeoutMs: number },
): Promise<PostAnswer> {
  const fault = targets.fault(url)
  if (fault !== null) return Promise.reject(new TargetRefusedError(`the URL ${fault}`))
  const target = new URL(url)
  const send = target.protocol === 'https:' ? requestHttps : requestHttp
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs)
    const failed = (error: Error): void =>
      reject(signal.aborted ? new Error(`no answer within ${timeoutMs} ms`, { cause: error }) : error)
    const sending = send(
      target,
      {
        method: 'POST',
        agent: false,
        lookup: targets.lookup,
        signal,
        maxHeaderSize: 16_384,
        headers: { ...headers, 'content-length': body.length },
      },
      (answer) => drain(answer, () => resolve(readAnswer(answer)), failed),
    )
    sending.on('error', failed)
    sending.end(body)
  })
}

function drain(answer: IncomingMessage, done: () => void, failed: (error: Error) => void): void {
  let bytes = 0
  answer.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= maxAnswerBytes) return
    done()
    answer.destroy()
  })
  answer.on('end', done)
  answer.on('error', failed)
}

function readAnswer({ statusCode = 0, headers }: IncomingMessage): PostAnswer {
  const asked = headers['retry-after'] ?? ''
  const seconds = /^\d{1,6}$/.test(asked) ? Number(asked) : null
  return { status: statusCode, retryAfterMs: seconds === null ? null : Math.min(seconds * 1000, longestWaitMs) }
}
