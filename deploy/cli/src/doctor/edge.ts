import { isIP } from 'node:net'
import { causeOf, type Finding, type Look } from './finding.ts'
import { Refused } from './api.ts'
import type { Visit } from './visit.ts'
import type { Environment } from '@parley/kit'

const readyMs = 10_000

/** Whether the product answers at all, and what it says of itself. Rejects when nothing answers. */
export async function reach(url: string): Promise<Finding[] | string> {
  const answer = await fetch(new URL('/readyz', url), { signal: AbortSignal.timeout(readyMs), redirect: 'manual' })
  const text = await answer.text()
  const health = readHealth(text)
  if (health === undefined)
    return [
      {
        what: `${url}/readyz answered ${answer.status}, and not as Parley does`,
        why: 'the proxy before it does not pass requests on, or names another server',
        mend: 'proxy_pass every path to the gateway (nginx: location / { proxy_pass http://gateway:8080; })',
      },
    ]
  const out = Object.entries(health.checks).flatMap(([name, good]) => (good ? [] : [name]))
  if (out.length === 0) return `ready, ${health.status}`
  return [
    {
      what: `the gateway does not have: ${out.join(', ')}`,
      why: 'requests that need it are answered with 503, or less is kept (docs/architecture.md, "What may fail")',
      mend: 'see the checks below for the servers, and the logs of the services that are named',
    },
  ]
}

function readHealth(text: string): { status: string; checks: Record<string, boolean> } | undefined {
  try {
    const value: unknown = JSON.parse(text)
    const fits = typeof value === 'object' && value !== null && 'checks' in value && 'status' in value
    return fits ? (value as { status: string; checks: Record<string, boolean> }) : undefined
  } catch {
    return undefined
  }
}

/** Whether the settings, the proxy and the address that people use agree. */
export const agreement =
  (url: string, env: Environment, visit: Visit): Look =>
  async () => {
    const { origin, protocol } = new URL(url)
    const findings: Finding[] = []
    const { PUBLIC_URL: configured } = env
    if (configured && new URL(configured).origin !== origin)
      findings.push({
        what: `PUBLIC_URL is ${configured}, and people come to ${origin}`,
        why: 'links in mails and to meetings lead elsewhere. In production, pages of the address that people use get no WebSocket',
        mend: `PUBLIC_URL=${origin}, for gateway, auth, meetings and media, and start them again`,
      })
    const told = new URL(visit.joining.signalingUrl)
    if (`${told.protocol}//${told.host}` !== `${protocol.replace('http', 'ws')}//${new URL(url).host}`)
      findings.push({
        what: `the product tells clients to open ${told.origin}, not a WebSocket of ${origin}`,
        why: 'their WebSockets go to an address that may not exist, or without TLS',
        mend: `PUBLIC_URL=${origin}; without it: pass Host and X-Forwarded-Proto on, and name the proxy in TRUST_PROXY`,
      })
    if (hidesClients(url, visit.seenFrom))
      findings.push({
        what: `everybody seems to come from ${visit.seenFrom}, an address of the inside`,
        why: 'limits by address count all people as one, so that a few shut out all others',
        mend: `TRUST_PROXY=${visit.seenFrom} for the gateway, and in the proxy: proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;`,
      })
    return findings.length > 0 ? findings : `${origin}, seen from ${visit.seenFrom ?? 'nowhere'}`
  }

const inside = /^(10\.|127\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|::1$|f[cd][\da-f]{2}:)/i

/** Told only where the product is reached by a name or address of the outside. */
function hidesClients(url: string, seen: string | null): boolean {
  const { hostname } = new URL(url)
  const local = hostname === 'localhost' || (isIP(hostname) !== 0 && inside.test(hostname))
  return !local && seen !== null && inside.test(seen)
}

/** The finding of a failed sign-in: of the settings more than of the doctor. */
export function visitFinding(error: unknown, url: string): Finding {
  if (error instanceof Refused && error.code === 'origin-not-allowed')
    return {
      what: `the product does not let pages of ${new URL(url).origin} in`,
      why: 'its PUBLIC_URL is another address, so browsers that come here get neither sign-in nor WebSocket',
      mend: `PUBLIC_URL=${new URL(url).origin}, or ALLOWED_ORIGINS where the page is served from elsewhere`,
    }
  const what = `nobody can sign in and make a meeting: ${causeOf(error)}`
  return {
    what,
    why: 'that is what people come for',
    mend: 'see the findings above, and the logs of auth and meetings',
  }
}
