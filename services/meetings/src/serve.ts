import {
  invitesOperations,
  lobbyOperations,
  meetingsOperations,
  moderationOperations,
  statsOperations,
} from '@parley/contracts'
import { serveOperations, type HttpServer, type ServeOptions } from '@parley/kit'
import { createCodeLimit } from './code-limit.ts'
import type { Context } from './context.ts'
import { createInviteRoutes } from './invites/routes.ts'
import { createLobbyRoutes } from './lobby/routes.ts'
import { createModerationRoutes } from './moderation/routes.ts'
import { createRoutes } from './routes.ts'
import { createStatsRoutes } from './stats/routes.ts'

/** The REST operations of the service, a table per subject. */
export function serveRoutes(app: HttpServer, context: Context, options: ServeOptions): void {
  const codes = createCodeLimit(context.kv)
  serveOperations(app, meetingsOperations, createRoutes(context, codes), options)
  serveOperations(app, moderationOperations, createModerationRoutes(context), options)
  serveOperations(app, lobbyOperations, createLobbyRoutes(context, codes), options)
  serveOperations(app, invitesOperations, createInviteRoutes(context), options)
  serveOperations(app, statsOperations, createStatsRoutes(context), options)
}
