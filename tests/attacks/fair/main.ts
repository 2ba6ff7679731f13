import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Command } from 'commander'
import { anEmail, password } from '../../support/people.ts'
import { startStack } from '../../support/product.ts'
import type { AttackPlan } from './attackers.ts'
import { schoolClass } from './class.ts'
import { measureCpu } from './cpu.ts'
import { useHonestly, type Experience, type Person } from './honest.ts'
import { call } from './wire.ts'

const options = new Command('npm run fair --')
  .description(
    'Ten attackers of ten addresses at their limits, everything at once, beside honest people of other addresses.',
  )
  .option('--seconds <n>', 'how long each part lasts', '60')
  .option('--attackers <n>', 'how many addresses attack', '10')
  .option('--skip-class', 'not the class of 200 behind one address', false)
  .parse()
  .opts<{ seconds: string; attackers: string; skipClass: boolean }>()
const forMs = Number(options.seconds) * 1_000
const say = (text: string): void => void process.stdout.write(`${text}\n`)

/** The bounds for honest people, ms. */
const goals = { signIns: 1_000, joins: 500, chats: 150 } as const
const names = { signIns: 'sign-in', joins: 'join', chats: 'chat' } as const
const quantile = (took: readonly number[], share: number): number =>
  Math.round(
    [...took].sort((one, other) => one - other)[Math.min(took.length - 1, Math.floor(took.length * share))] ?? 0,
  )

function report(when: string, experience: Experience): boolean {
  let holds = experience.failures.size === 0
  for (const key of ['signIns', 'joins', 'chats'] as const) {
    const took = experience[key]
    const p99 = quantile(took, 0.99)
    if (p99 > goals[key]) holds = false
    const figures = `p50 ${quantile(took, 0.5)} ms, p99 ${p99} ms (goal ${goals[key]}), worst ${quantile(took, 1)} ms, ${took.length} times`
    say(`${when}: ${names[key].padEnd(7)} ${figures}`)
  }
  say(
    `${when}: ${experience.failures.size === 0 ? 'nobody refused or cut off' : JSON.stringify([...experience.failures])}`,
  )
  return holds
}

const stack = await startStack(
  ['--gateway', '2', '--signaling', '2', '--chat', '2', '--auth', '2', '--meetings', '2'],
  {
    TRUST_PROXY: 'loopback',
  },
)
try {
  const { gateways } = stack
  const first = gateways[0] ?? ''
  const people: Person[] = []
  for (let n = 0; n < 20; n += 1) {
    const [email, from] = [anEmail(), `10.20.0.${n + 1}`]
    const made = await call(first, from, ['POST', '/v1/auth/register'], {
      body: { email, password, name: `Person ${n}`, tokenDelivery: 'body' },
    })
    people.push({ email, from, token: String(made.body['accessToken']) })
  }
  const [host] = people as [Person]
  const meeting = async (more: object): Promise<string> => {
    const body = { type: 'public', title: 'Fair', ...more }
    return String((await call(first, host.from, ['POST', '/v1/meetings'], { token: host.token, body })).body['code'])
  }
  const [talk, visit] = [await meeting({}), await meeting({})]
  const plan: AttackPlan = {
    gateways,
    attackers: Number(options.attackers),
    open: talk,
    lobby: await meeting({ settings: { waitingRoom: true } }),
    locked: await meeting({ passcode: 'only we know' }),
    mailbox: people[1]?.email ?? '',
  }
  const honest = { gateways, people, talk, visit }
  report('before', await useHonestly(honest, Math.min(forMs, 15_000)))
  const attackers = spawn(process.execPath, [join(import.meta.dirname, 'attackers.ts'), JSON.stringify(plan)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let got = ''
  attackers.stdout.on('data', (chunk) => (got += String(chunk)))
  const ended = new Promise((resolve) => attackers.once('close', resolve))
  await sleep(3_000)
  const pidsOf = (some: readonly { pid: number }[]) => some.map(({ pid }) => pid)
  const { file } = stack
  const cpu = measureCpu({
    'the attackers': [attackers.pid ?? 0],
    'the honest': [process.pid],
    gateway: pidsOf(file.gateways),
    auth: pidsOf(file.auth),
    meetings: pidsOf(file.meetings),
    signaling: pidsOf(file.signaling),
    chat: pidsOf(file.chat),
    postgres: pidsOf([file.postgres]),
    redis: pidsOf([file.redis]),
    nats: pidsOf([file.nats]),
  })
  const holds = report('under attack', await useHonestly(honest, forMs))
  say(`CPU, percent of a core: ${JSON.stringify(cpu())}`)
  attackers.kill('SIGTERM')
  await ended
  say(`the attackers got ${got.trim()}`)
  const inTime = options.skipClass || (await schoolClass(gateways, host, say))
  if (!holds || !inTime) process.exitCode = 1
} finally {
  await stack.stop()
}
