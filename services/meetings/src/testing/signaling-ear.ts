import {
  chatBus,
  signalingBus,
  type RoomCommand,
  type RosterEntry,
  type ShownParticipant,
  type SystemNotice,
} from '@parley/contracts'
import { respond, newId, ProblemError, type BusSubscription } from '@parley/kit'
import type { TestWorld } from './world.ts'

/** Acknowledges commands to rooms in the place of signaling, and remembers them; it can be away. */
export function createSignalingEar({ bus, log }: TestWorld) {
  const told: { meetingId: string; command: RoomCommand }[] = []
  const rosters = new Map<string, readonly RosterEntry[]>()
  const shown = new Map<string, ShownParticipant[]>()
  let askedForShown = 0
  let subscriptions: BusSubscription[] = []
  const toldTo = (meetingId: string): RoomCommand[] =>
    told.filter((entry) => entry.meetingId === meetingId).map(({ command }) => command)
  /** As a room does: a command that was asked for again, because its answer came late, is one. */
  const take = (input: (typeof told)[number]): void => {
    const { meetingId, command } = input
    if (!toldTo(meetingId).some(({ seq }) => seq !== undefined && seq === command.seq)) told.push(input)
  }
  return {
    async find(): Promise<void> {
      subscriptions = [
        respond(bus, signalingBus.command, 'signaling', async (input) => (take(input), {}), log),
        respond(bus, signalingBus.roster, 'signaling', async ({ meetingId }) => rosterOf(rosters, meetingId), log),
        respond(
          bus,
          signalingBus.shown,
          'signaling',
          async ({ meetingId }) => {
            askedForShown += 1
            const participants = shown.get(meetingId)
            if (participants === undefined) throw new ProblemError('unavailable')
            return { meeting: null, ended: false, people: participants }
          },
          log,
        ),
      ]
      await Promise.all(subscriptions.map((subscription) => subscription.ready()))
    },
    lose: (): void => subscriptions.forEach((subscription) => subscription.unsubscribe()),
    seat: (meetingId: string, participants: readonly RosterEntry[]): void => void rosters.set(meetingId, participants),
    show: (meetingId: string, participants: ShownParticipant[]): void => void shown.set(meetingId, participants),
    askedForShown: (): number => askedForShown,
    toldTo: (meetingId: string) => toldTo(meetingId).map(({ seq: _seq, ...command }) => command),
    numbersTo: (meetingId: string) => toldTo(meetingId).map(({ seq }) => seq),
  }
}

function rosterOf(rosters: ReadonlyMap<string, readonly RosterEntry[]>, meetingId: string) {
  const participants = rosters.get(meetingId)
  if (participants === undefined) throw new ProblemError('unavailable')
  return { people: [...participants] }
}

/** Stores notices in the place of chat, each once, and remembers them; it can be away. */
export function createChatEar({ bus, log }: TestWorld) {
  const said = new Map<string, { meetingId: string; text: string; system?: SystemNotice }>()
  let subscription: BusSubscription | undefined
  return {
    async find(): Promise<void> {
      subscription = respond(
        bus,
        chatBus.system,
        'chat',
        async ({ meetingId, noticeId, text, system }) => {
          said.set(noticeId, { meetingId, text, ...(system && { system }) })
          const sender = { id: meetingId, name: 'System' }
          const sentAt = new Date().toISOString()
          return {
            message: {
              id: newId(),
              seq: said.size,
              type: 'system' as const,
              text,
              sender,
              clientMessageId: noticeId,
              sentAt,
            },
          }
        },
        log,
      )
      await subscription.ready()
    },
    lose: (): void => subscription?.unsubscribe(),
    systemIn: (meetingId: string) =>
      [...said.values()].filter((entry) => entry.meetingId === meetingId).map(({ system }) => system),
    saidIn: (meetingId: string): string[] =>
      [...said.values()].filter((entry) => entry.meetingId === meetingId).map(({ text }) => text),
  }
}
