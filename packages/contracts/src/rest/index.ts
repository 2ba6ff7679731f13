import { authOperations } from './auth.ts'
import { chatOperations } from './chat.ts'
import { eventsOperations } from './events.ts'
import { invitesOperations } from './invites.ts'
import { lobbyOperations } from './lobby.ts'
import { mediaOperations } from './media.ts'
import { meetingsOperations } from './meetings.ts'
import { moderationOperations } from './moderation.ts'
import { signalingOperations } from './signaling.ts'
import type { Operations, ServiceName } from './operation.ts'
import { statsOperations } from './stats.ts'
import { webhooksOperations } from './webhooks.ts'

/** Every REST operation by the service that serves it. Routing, documents and client come from this table. */
export const operations = {
  auth: authOperations,
  meetings: {
    ...meetingsOperations,
    ...moderationOperations,
    ...lobbyOperations,
    ...invitesOperations,
    ...statsOperations,
    ...webhooksOperations,
  },
  chat: chatOperations,
  media: mediaOperations,
  signaling: { ...signalingOperations, ...eventsOperations },
} as const satisfies Partial<Record<ServiceName, Operations>>
