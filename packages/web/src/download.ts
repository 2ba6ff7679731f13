import { ParleyError, type Parley } from '@parley/client'
import type { Problem } from '@parley/contracts'

const deadlineMs = 30_000

/**
 * Saves a file of the API under a name, in the name of who is signed in. @throws ParleyError if there is none for them,
 * or the reason of the deadline.
 */
export async function download(parley: Parley, path: string, fileName: string): Promise<void> {
  const authorization = `Bearer ${await parley.accessToken()}`
  const response = await fetch(path, { headers: { authorization }, signal: AbortSignal.timeout(deadlineMs) })
  if (!response.ok) throw new ParleyError(refusal(response))
  const url = URL.createObjectURL(await response.blob())
  const link = document.createElement('a')
  link.href = url
  link.download = fileName
  link.click()
  // The browser reads it after the click; a minute is more than it needs.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

function refusal(response: Response): Problem {
  const code = response.status === 401 ? 'unauthenticated' : response.status === 404 ? 'not-found' : 'unavailable'
  return {
    type: `/problems/${code}`,
    title: 'The file could not be read',
    status: response.status,
    detail: `The server answered ${response.status}`,
    code,
    retryable: code === 'unavailable',
  }
}
