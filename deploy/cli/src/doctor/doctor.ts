import { systemClock, type Environment, type Logger } from '@parley/kit'
import { readingOf } from './config.ts'
import { agreement, reach, visitFinding } from './edge.ts'
import { lookAt, type Report } from './finding.ts'
import { eventStream, joinRoom } from './live.ts'
import { sfu, turnRelay } from './media.ts'
import { clockFinding, serverLooks } from './servers.ts'
import { beginVisit, type Login, type Visit } from './visit.ts'

export interface Examination {
  reports: Report[]
  /** The leftovers that the doctor could not clean up. */
  leftBehind: string | undefined
}

interface Options {
  /** Where people reach the product. */
  url: string
  login?: Login | undefined
  env: Environment
  log: Logger
}

/**
 * Looks at the settings of this environment, the servers that they name, and the product as people reach it.
 * @throws the error of fetch when nothing answers at the URL
 */
export async function examine({ url, login, env, log }: Options): Promise<Examination> {
  const reports = [await lookAt('settings', async () => readingOf(env))]
  for (const [name, look] of Object.entries(serverLooks(env, log))) reports.push(await lookAt(name, look))
  reports.push(await lookAt('product', () => reach(url)))
  const visit = await beginVisit(url, login, env).catch((error: unknown) => visitFinding(error, url))
  if (!('api' in visit)) {
    reports.push({ check: 'sign-in', state: 'findings', findings: [visit] })
    return { reports, leftBehind: undefined }
  }
  const askedAt = systemClock.now()
  let leftBehind: string | undefined
  try {
    reports.push(await lookAt('clock', async () => clockFinding('the product', visit.signedAt - askedAt)))
    reports.push(await lookAt('PUBLIC_URL and proxy', agreement(url, env, visit)))
    reports.push(await lookAt('event stream (SSE)', eventStream(visit)))
    reports.push(...(await inRoom(visit, env)))
  } finally {
    leftBehind = await visit.leave()
  }
  return { reports, leftBehind }
}

/** The checks that need a participant in a room. */
async function inRoom(visit: Visit, env: Environment): Promise<Report[]> {
  const room = await joinRoom(visit)
  if (Array.isArray(room)) return [{ check: 'WebSocket', state: 'findings', findings: room }]
  try {
    return [
      { check: 'WebSocket', state: 'well', said: 'upgrade, subprotocol, ping and join' },
      await lookAt('TURN relay', turnRelay(room.iceServers)),
      await lookAt('SFU', sfu(visit, room.participantId, Boolean(env['JANUS_SERVERS']))),
    ]
  } finally {
    room.socket.close()
  }
}
