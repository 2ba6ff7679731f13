import { Command } from 'commander'
import { fanOut } from './commands/fan-out.ts'
import { growth } from './commands/growth.ts'
import { joins } from './commands/join.ts'
import { listing } from './commands/listing.ts'
import { login } from './commands/login.ts'
import { relay } from './commands/relay.ts'
import { restPaths } from './commands/rest.ts'
import { sfu } from './commands/sfu.ts'
import { sizing } from './commands/sizing.ts'
import { sockets } from './commands/sockets.ts'
import { startTimes } from './commands/start.ts'
import { storm } from './commands/storm.ts'

const number = (text: string): number => Number.parseInt(text, 10)

const program = new Command('npm run bench --').description(
  'Benchmarks: each prints ours beside its peers, measured in the same run, and the goal.',
)

interface Common {
  profile?: string
}

/** Adds a benchmark with the options that all have. */
function bench(name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option('--stack <file>', 'a stack that runs (`npm run stack -- --json FILE`) instead of one of its own')
    .option('--profile <file>', 'write a V8 CPU profile of the measured process, and print its top functions')
}

const withProfiling = <T extends Common>(options: T) => ({
  ...options,
  ...(options.profile === undefined ? {} : { profiling: { file: options.profile } }),
})

bench(
  'fan-out',
  'P1: CPU of all processes per delivered broadcast, beside bare ws and Socket.IO with Redis behind nginx',
)
  .option('--rooms <n>', 'rooms', number, 10)
  .option('--people <n>', 'people in each', number, 50)
  .option('--rate <n>', 'messages per second in each room', number, 20)
  .option('--nodes <n>', 'gateways and signaling nodes, the people of each room spread over the gateways', number, 1)
  .option('--send <what>', 'change (committed and numbered) or reaction', 'change')
  .option('--profile-of <service>', 'gateway or signaling', 'gateway')
  .option('--seconds <n>', 'how long', number, 9)
  .action((options) => fanOut({ ...withProfiling(options), perRoomPerSecond: options.rate }))
bench('relay', 'P2: rtc.signal from one to another, beside bare ws')
  .option('--per-second <n>', 'signals per second', number, 1_000)
  .option('--seconds <n>', 'how long', number, 9)
  .action((options) => relay(withProfiling(options)))
bench('join', 'P3: joins per second, and a room of 1,000')
  .option('--rooms <n>', 'rooms', number, 40)
  .option('--people <n>', 'people in each', number, 50)
  .option('--crowd <n>', 'people of the one large room', number, 1_000)
  .action((options) => joins(withProfiling(options)))
bench('growth', 'P8: cost per delivery as rooms, and their number, grow')
  .option('--seconds <n>', 'how long each', number, 6)
  .action((options) => growth(withProfiling(options)))
bench('sockets', 'P4: memory per idle joined socket, gateway and signaling together')
  .option('--count <n>', 'sockets', number, 10_000)
  .option('--people <n>', 'people in each room', number, 50)
  .action((options) => sockets(options))
bench('storm', 'P10: how soon all clients that were cut at once have resumed')
  .option('--clients <n>', 'clients', number, 2_000)
  .option('--people <n>', 'people in each room', number, 50)
  .action((options) => storm(withProfiling(options)))
bench('sfu', 'V1: what our services add while an SFU call just runs, and what Janus sends, beside a mesh')
  .option('--people <n>', 'people who publish', number, 16)
  .option('--watch <n>', 'how many others each receives: all of it is decrypted here', number, 4)
  .option('--mesh <n>', 'people of the mesh to compare with', number, 4)
  .option('--seconds <n>', 'how long each', number, 15)
  .action((options) => sfu(options))
bench('sizing', 'what joins, sockets, messages and changes cost each kind of process, and a typical load of all')
  .option('--meetings <n>', 'meetings', number, 20)
  .option('--people <n>', 'people in each', number, 8)
  .option('--seconds <n>', 'how long each phase', number, 8)
  .option('--json <file>', 'write the figures, for "parley size --measured"')
  .action((options) => sizing(options))
bench('login', 'P7: logins per second beside bcrypt alone, and other requests meanwhile')
  .option('--seconds <n>', 'of each part of the three rounds', number, 5)
  .option('--cost <n>', 'of bcrypt', number, 12)
  .action((options) => login(withProfiling(options)))
bench('listing', 'M3: the list of meetings with 10 and with 100,000 in the table')
  .option('--requests <n>', 'how many are timed', number, 300)
  .action((options) => listing(options))
bench('rest', 'P5: requests through the gateway, beside @fastify/http-proxy and nginx')
  .option('--seconds <n>', 'of each part of the three rounds', number, 3)
  .action((options) => restPaths(withProfiling(options)))
bench('start', 'P9: time and memory of a start of the embedded product').action(() => startTimes())

await program.parseAsync()
