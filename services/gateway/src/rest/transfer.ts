import type { Operation, ServiceName } from '@parley/contracts'
import { limitKey, mayTakeLong } from '@parley/kit'
import { forward, type ForwardOptions } from './forward.ts'
import type { Asking } from './routes.ts'
import type { Streams } from './streams.ts'

/** How long bytes may stand still, either way. */
const stalledMs = 30_000

/** Passes bytes on, up or down, as fast as the slower side and without keeping them; for as long as they go on. */
export async function transfer(
  service: ServiceName,
  { request: body }: NonNullable<Operation['bytes']>,
  { request, reply, caller }: Asking,
  options: ForwardOptions & { transfers: Streams },
): Promise<void> {
  const { address } = options.clientFactsOf(request)
  const { giveBack } = options.transfers.takeOrThrow(caller === '' ? address : caller, limitKey(address))
  mayTakeLong(request.raw, stalledMs)
  reply.raw.setTimeout(stalledMs, () => reply.raw.destroy())
  try {
    // A request whose body was read in part cannot be repeated, and says so itself.
    await forward({ service, repeatable: true, bytes: { maxBytes: body?.maxBytes ?? 0 } }, request, reply, options)
  } finally {
    giveBack()
    // The rest of a body that nobody wants is discarded: its connection would stand still, and not even notice its end.
    request.raw.resume()
  }
}
