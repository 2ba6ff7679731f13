import { fillLink } from '@parley/kit'
import type { MeetingsConfig } from './config.ts'

type LinkConfig = Readonly<Pick<MeetingsConfig, 'FRONTEND_URL' | 'JOIN_LINK_TEMPLATE' | 'INVITE_LINK_TEMPLATE'>>

/** Where browsers reach the gateway, and the links that begin there or at the frontend of the settings. */
export interface Base {
  gateway: string
  /** The page of a meeting. */
  join(code: string): string
  /** The page of an invitation. */
  invite(inviteId: string, token: string): string
}

/** The base of links for a gateway that is reached at this address. */
export function baseAt(gateway: string, config: LinkConfig): Base {
  const frontend = config.FRONTEND_URL ?? gateway
  return {
    gateway,
    join: (code) => fillLink(config.JOIN_LINK_TEMPLATE, { frontend, code }),
    invite: (inviteId, token) => fillLink(config.INVITE_LINK_TEMPLATE, { frontend, inviteId, token }),
  }
}

/**
 * The join link for the one person who gets it by mail: it proves the invitation, so that it leads in for somebody whom the meeting
 * does not know yet. The token is in the fragment, which no server and no log gets to see.
 */
export function invitedLink(join: string, { inviteId, token }: { inviteId: string; token: string }): string {
  return `${join}${join.includes('#') ? '&' : '#'}invite=${inviteId}&token=${token}`
}

/** Where the WebSocket is; the meeting in it lets the gateway put the people of one meeting on one node. */
export const signalingUrl = (gateway: string, meetingId: string): string =>
  `${gateway.replace(/^http/, 'ws')}/v1/ws?meeting=${meetingId}`
