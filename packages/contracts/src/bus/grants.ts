import type { ServiceName } from '../rest/operation.ts'
import { authBus } from './auth.ts'
import { chatBus } from './chat.ts'
import { filesBus } from './files.ts'
import { mediaBus } from './media.ts'
import { meetingsBus } from './meetings.ts'
import { privacyBus } from './privacy.ts'
import { signalingBus } from './signaling.ts'

interface Named {
  subject: string
}

/** The rights of one service on the bus. */
export interface BusGrant {
  /** Requests that it sends, and that it responds to. */
  requests: readonly Named[]
  responds: readonly Named[]
  /** Events that it publishes, and that it subscribes to. */
  publishes: readonly Named[]
  subscribes: readonly Named[]
}

/** For every service that checks access tokens. */
const edge = { requests: [authBus.keys, authBus.revocations], subscribes: [authBus.revoked] }

/**
 * The least that each service needs on the bus. The permissions of its NATS user are written from this; `tests/bus-grants.test.ts`
 * compares it with what the code does.
 */
export const busGrants: Readonly<Record<ServiceName | 'gateway', BusGrant>> = {
  gateway: {
    requests: [
      ...edge.requests,
      meetingsBus.noteTimeline,
      meetingsBus.timeline,
      mediaBus.janusAccess,
      mediaBus.janusEnded,
      mediaBus.freeFeed,
    ],
    responds: [],
    publishes: [],
    subscribes: [...edge.subscribes, signalingBus.room],
  },
  auth: {
    requests: [
      filesBus.useAvatar,
      meetingsBus.rename,
      meetingsBus.standing,
      privacyBus.eraseInMeetings,
      privacyBus.eraseInChat,
      privacyBus.eraseInMedia,
      privacyBus.exportFromMeetings,
      privacyBus.exportFromChat,
      privacyBus.exportFromMedia,
    ],
    responds: [authBus.keys, authBus.revocations, authBus.account, authBus.gone],
    publishes: [authBus.revoked, authBus.renamed],
    subscribes: [authBus.revoked],
  },
  meetings: {
    requests: [
      ...edge.requests,
      authBus.account,
      chatBus.head,
      chatBus.system,
      privacyBus.eraseFromNotices,
      privacyBus.eraseFromRecordings,
      signalingBus.command,
      signalingBus.roster,
      signalingBus.shown,
    ],
    responds: [
      meetingsBus.redeem,
      meetingsBus.access,
      meetingsBus.readers,
      meetingsBus.userEvents,
      meetingsBus.lobby,
      meetingsBus.decideLobby,
      meetingsBus.leaveLobby,
      meetingsBus.remove,
      meetingsBus.setRole,
      meetingsBus.deleted,
      meetingsBus.end,
      meetingsBus.noteTimeline,
      meetingsBus.timeline,
      meetingsBus.rename,
      meetingsBus.standing,
      privacyBus.eraseInMeetings,
      privacyBus.exportFromMeetings,
    ],
    publishes: [signalingBus.roomLobby, meetingsBus.accessChanged, meetingsBus.news],
    subscribes: [...edge.subscribes, authBus.renamed],
  },
  chat: {
    requests: [...edge.requests, filesBus.attach, filesBus.detach, meetingsBus.access],
    responds: [
      chatBus.send,
      chatBus.edit,
      chatBus.delete,
      chatBus.system,
      chatBus.after,
      chatBus.head,
      chatBus.heads,
      privacyBus.eraseInChat,
      privacyBus.exportFromChat,
      privacyBus.eraseFromNotices,
    ],
    publishes: [signalingBus.roomChat],
    subscribes: [...edge.subscribes, meetingsBus.accessChanged],
  },
  media: {
    requests: [
      ...edge.requests,
      authBus.gone,
      chatBus.system,
      meetingsBus.access,
      meetingsBus.readers,
      meetingsBus.deleted,
      signalingBus.recording,
      signalingBus.roster,
      signalingBus.shown,
    ],
    responds: [
      filesBus.attach,
      filesBus.detach,
      filesBus.useAvatar,
      mediaBus.sfu,
      mediaBus.sfuHeads,
      mediaBus.janusAccess,
      mediaBus.janusEnded,
      mediaBus.freeFeed,
      privacyBus.eraseInMedia,
      privacyBus.exportFromMedia,
      privacyBus.eraseFromRecordings,
    ],
    publishes: [mediaBus.sfuChanged],
    subscribes: [...edge.subscribes, signalingBus.room],
  },
  signaling: {
    requests: [
      ...edge.requests,
      authBus.account,
      chatBus.send,
      chatBus.edit,
      chatBus.delete,
      chatBus.after,
      chatBus.head,
      chatBus.heads,
      mediaBus.sfu,
      mediaBus.sfuHeads,
      meetingsBus.redeem,
      meetingsBus.access,
      meetingsBus.readers,
      meetingsBus.userEvents,
      meetingsBus.lobby,
      meetingsBus.decideLobby,
      meetingsBus.leaveLobby,
      meetingsBus.remove,
      meetingsBus.setRole,
      meetingsBus.end,
      meetingsBus.noteTimeline,
      signalingBus.takeOver,
      signalingBus.relayAgain,
    ],
    responds: [
      signalingBus.command,
      signalingBus.recording,
      signalingBus.roster,
      signalingBus.shown,
      signalingBus.takeOver,
      signalingBus.relayAgain,
    ],
    publishes: [signalingBus.room, signalingBus.relay, signalingBus.relayHead],
    subscribes: [
      ...edge.subscribes,
      signalingBus.room,
      signalingBus.roomLobby,
      signalingBus.roomChat,
      signalingBus.relay,
      signalingBus.relayHead,
      meetingsBus.accessChanged,
      meetingsBus.news,
      mediaBus.sfuChanged,
    ],
  },
}
