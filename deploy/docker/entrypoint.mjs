import { networkInterfaces } from 'node:os'

// Runs the part that the first argument names, in this very process: it is the one that gets the signals.
const entries = {
  embedded: '../embedded/src/main.ts',
  parley: '../cli/src/main.ts',
  migrate: '../embedded/src/migrate-main.ts',
  gateway: '../../services/gateway/src/main.ts',
  auth: '../../services/auth/src/main.ts',
  meetings: '../../services/meetings/src/main.ts',
  chat: '../../services/chat/src/main.ts',
  media: '../../services/media/src/main.ts',
  signaling: '../../services/signaling/src/main.ts',
}

const [name = ''] = process.argv.splice(2, 1)
const entry = Object.hasOwn(entries, name) ? entries[name] : undefined
if (entry === undefined) {
  process.stderr.write(`Say which part to run: ${Object.keys(entries).join(', ')}\n`)
  process.exitCode = 1
} else {
  // The others cannot reach "every address of this container": tell them the one that it has on their network.
  if (name !== 'embedded' && !process.env.ADVERTISE_URL) process.env.ADVERTISE_HOST ||= addressOfThisContainer()
  await import(entry)
}

/** IPv4 before IPv6: a container with both has an IPv6 address that other hosts may not reach. */
function addressOfThisContainer() {
  const outside = Object.values(networkInterfaces())
    .flat()
    .filter(({ internal, address }) => !internal && !address.startsWith('fe80:'))
  const found = outside.find(({ family }) => family === 'IPv4') ?? outside[0]
  return found?.address ?? '127.0.0.1'
}
