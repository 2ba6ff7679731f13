import type { Context } from '../context.ts'
import type { Loop } from '../loop.ts'
import { startFanOut } from './fan-out.ts'
import { startSender } from './sender.ts'

/** Brings events from the logs of accounts to their endpoints; several replicas share the work. */
export function startWebhooks(context: Context): Loop {
  const sender = startSender(context)
  const fanOut = startFanOut(context, () => sender.wake())
  return {
    wake() {
      fanOut.wake()
      sender.wake()
    },
    async stop() {
      await Promise.all([fanOut.stop(), sender.stop()])
    },
  }
}
