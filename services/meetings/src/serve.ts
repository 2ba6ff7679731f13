import {
  invitesOperations,
  lobbyOperations,
  meetingsOperations,
  moderationOperations,
  statsOperations,
  webhooksOperations,
} from '@parley/contracts'
import { serveOperations, type HttpServer, type ServeOptions } from '@parley/kit'
import { createCodeLimit } from './code-limit.ts'
import type { Context } from './context.ts'
import { createInviteRoutes } from './invites/routes.ts'
import { createLobbyRoutes } from './lobby/routes.ts'
import type { Goodbyes } from './moderation/goodbyes.ts'
import { createModerationRoutes } from './moderation/routes.ts'
import { createPasscodeCheck } from './passcode-check.ts'
import { createRoutes } from './routes.ts'
import { createStatsRoutes } from './stats/routes.ts'
import { createWebhookRoutes } from './webhooks/routes.ts'

/** The REST operations of the service, a table per subject. */
export function serveRoutes(app: HttpServer, context: Context, goodbyes: Goodbyes, options: ServeOptions): void {
  const codes = createCodeLimit(context.kv)
  const passcodes = createPasscodeCheck(context.kv)
  serveOperations(app, meetingsOperations, createRoutes(context, codes, passcodes), options)
  serveOperations(app, moderationOperations, createModerationRoutes(context, passcodes, goodbyes), options)
  serveOperations(app, lobbyOperations, createLobbyRoutes(context, codes, passcodes), options)
  serveOperations(app, invitesOperations, createInviteRoutes(context), options)
  serveOperations(app, statsOperations, createStatsRoutes(context), options)
  serveOperations(app, webhooksOperations, createWebhookRoutes(context), options)
}
