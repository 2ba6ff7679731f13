import { closeCodes } from '@parley/contracts'
import { anAccount } from '../support/accounts.ts'
import { frame, RawSocket } from '../support/raw-socket.ts'
import { hostileFrames } from './frames.ts'

export interface FramesReport {
  tried: number
  faults: string[]
}

const documented = new Set<number>(Object.values(closeCodes).map(({ code }) => code))
const closeWithinMs = 8_000
const atOnce = 8

/** Sends every hostile sequence of bytes through the gateway. Each has a socket of its own. */
export async function tryFrames(gateway: string): Promise<FramesReport> {
  const { token } = await anAccount(gateway, 'Frames')
  const faults: string[] = []
  const waiting = [...hostileFrames]
  const tried = waiting.length
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { name, bytes, ends } = next
      const fault = await attempt(gateway, token, { bytes: bytes(), ends })
      if (fault !== null) faults.push(`${name}: ${fault}`)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return { tried, faults }
}

/** The deviations; null: nothing. */
async function attempt(
  url: string,
  token: string,
  { bytes, ends }: { bytes: readonly Buffer[]; ends: readonly number[] | 'lives' },
): Promise<string | null> {
  const socket = await RawSocket.open(url, token)
  for (const part of bytes) socket.write(part)
  if (ends === 'lives') return stillLives(socket)
  const code = await socket.closeCode(closeWithinMs).catch((error: unknown) => String(error))
  socket.end()
  if (typeof code !== 'number') return code
  if (!ends.includes(code)) return `closed with ${code}, not ${ends.join(' or ')}`
  return documented.has(code) || code === 1005 ? null : `${code} is not documented`
}

async function stillLives(socket: RawSocket): Promise<string | null> {
  socket.write(frame(0x81, '{"type":"ping","requestId":"alive"}'))
  const fault = await socket.waitForText('"alive"').then(
    () => null,
    (error: unknown) => String(error),
  )
  socket.end()
  return fault
}
