import { Id, type TimelineNote } from '@parley/contracts'
import { compile, newId, type Clock, type HttpServer } from '@parley/kit'
import type { Note } from './store.ts'

const prefix = '/v1/meetings/'
const faultsOfId = compile(Id)

type About = Pick<TimelineNote, 'meetingId'> | { code: string }

/** Notes each request to change or enter a meeting, refused ones too: by whom, with what outcome, under which request id. */
export function noteRequests(app: HttpServer, clock: Clock, note: (note: Note) => void): void {
  app.addHook('onResponse', async (request) => {
    const route = request.routeOptions.url ?? ''
    if (request.method === 'GET' || request.method === 'HEAD' || !route.startsWith(prefix)) return
    const { userId, code = 'ok' } = request.noted ?? {}
    const about = aboutOf(request.params, request.body)
    // Without a person it tells nothing, and anybody could fill the timeline.
    if (userId === undefined || about === null) return
    note({
      ...about,
      id: newId(),
      at: new Date(clock.now()).toISOString(),
      kind: `${request.method} ${route}`,
      outcome: code,
      userId,
      requestId: request.id,
    })
  })
}

/** By the id in the path, or the code in the path or the body. */
function aboutOf(params: unknown, body: unknown): About | null {
  const { id, code = (body as { code?: unknown } | null | undefined)?.code } = (params ?? {}) as Record<string, unknown>
  if (typeof id === 'string' && faultsOfId(id).length === 0) return { meetingId: id }
  return typeof code === 'string' && code.length <= mostCode ? { code } : null
}

const mostCode = 64
