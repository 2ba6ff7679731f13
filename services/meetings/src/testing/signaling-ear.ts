import { signalingBus, type RoomCommand } from '@parley/contracts'
import { answer, type BusSubscription } from '@parley/kit'
import type { TestWorld } from './world.ts'

/** Acknowledges commands to rooms in the place of signaling, and remembers them; it can be away. */
export function createSignalingEar({ bus, log }: TestWorld) {
  const told: { meetingId: string; command: RoomCommand }[] = []
  let subscription: BusSubscription | undefined
  return {
    async find(): Promise<void> {
      subscription = answer(bus, signalingBus.command, 'signaling', async (input) => (told.push(input), {}), log)
      await subscription.ready()
    },
    lose: (): void => subscription?.unsubscribe(),
    toldTo: (meetingId: string): RoomCommand[] =>
      told.filter((entry) => entry.meetingId === meetingId).map(({ command }) => command),
  }
}
