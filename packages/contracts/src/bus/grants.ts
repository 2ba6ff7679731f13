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
  /** Requests that it sends, and that it answers. */
  asks: readonly Named[]
  answers: readonly Named[]
  /** Events that it publishes, and that it subscribes to. */
  tells: readonly Named[]
  hears: readonly Named[]
}

/** For every service that checks access tokens. */
const edge = { asks: [authBus.keys, authBus.revocations], hears: [authBus.revoked] }

/**
 * The least that each service needs on the bus. The permissions of its NATS user are written from this; `tests/bus-grants.test.ts`
 * compares it with what the code does.
 */
export const busGrants: Readonly<Record<ServiceName | 'gateway', BusGrant>> = {
  gateway: {
    asks: [...edge.asks, mediaBus.janusAccess, mediaBus.janusEnded, mediaBus.freeFeed],
    answers: [],
    tells: [],
    hears: [...edge.hears, signalingBus.room],
  },
  auth: {
    asks: [
      filesBus.useAvatar,
      privacyBus.eraseInMeetings,
      privacyBus.eraseInChat,
      privacyBus.eraseInMedia,
      privacyBus.exportFromMeetings,
      privacyBus.exportFromChat,
      privacyBus.exportFromMedia,
    ],
    answers: [authBus.keys, authBus.revocations, authBus.account, authBus.gone],
    tells: [authBus.revoked, authBus.renamed],
    hears: [authBus.revoked],
  },
  meetings: {
    asks: [
      ...edge.asks,
      authBus.account,
      chatBus.head,
      chatBus.system,
      privacyBus.eraseFromNotices,
      privacyBus.eraseFromRecordings,
      signalingBus.command,
      signalingBus.roster,
    ],
    answers: [
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
      privacyBus.eraseInMeetings,
      privacyBus.exportFromMeetings,
    ],
    tells: [signalingBus.roomLobby, meetingsBus.accessChanged, meetingsBus.news],
    hears: [...edge.hears, authBus.renamed],
  },
  chat: {
    asks: [...edge.asks, filesBus.attach, filesBus.detach, meetingsBus.access],
    answers: [
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
    tells: [signalingBus.roomChat],
    hears: [...edge.hears, meetingsBus.accessChanged],
  },
  media: {
    asks: [
      ...edge.asks,
      authBus.gone,
      chatBus.system,
      meetingsBus.access,
      meetingsBus.readers,
      meetingsBus.deleted,
      signalingBus.recording,
      signalingBus.roster,
      signalingBus.shown,
    ],
    answers: [
      filesBus.attach,
      filesBus.detach,
      filesBus.useAvatar,
      mediaBus.sfu,
      mediaBus.sfuHeads,
      mediaBus.janusAccess,
      mediaBus.janusEnded,
      mediaBus.freeFeed,
      mediaBus.drainJanus,
      privacyBus.eraseInMedia,
      privacyBus.exportFromMedia,
      privacyBus.eraseFromRecordings,
    ],
    tells: [mediaBus.sfuChanged],
    hears: [...edge.hears, signalingBus.room],
  },
  signaling: {
    asks: [
      ...edge.asks,
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
      signalingBus.takeOver,
      signalingBus.relayAgain,
    ],
    answers: [
      signalingBus.command,
      signalingBus.recording,
      signalingBus.roster,
      signalingBus.shown,
      signalingBus.takeOver,
      signalingBus.relayAgain,
    ],
    tells: [signalingBus.room, signalingBus.relay, signalingBus.relayHead],
    hears: [
      ...edge.hears,
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
